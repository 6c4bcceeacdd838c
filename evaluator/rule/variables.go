package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// variableKind says where a variable's value comes from.
type variableKind uint8

const (
	varMetric variableKind = iota
	varInterval
	varReference
	varReferenceRows
	varReferenceSegment
	varRolling
	varEstimated
	varMatched
	varCoverage
	varPredictions
	varSegment
	varClass
	varReferenceClass
	varDriftShare
	varDriftCount
	varDriftMeasure
	varDrifted
	varMissingShare
	varQuality
	varQualityFlag
	varCheck
	varPrometheus
)

// variable is a value of the window that a rule names. Within a rule there is one per
// name, so that pointers are equal where names are.
type variable struct {
	kind   variableKind
	name   string // as rules write it, in canonical form
	metric string // varMetric, varInterval, varReference, varReferenceSegment, varRolling, varEstimated, varSegment, varClass, varReferenceClass
	column string // varSegment, varReferenceSegment, varDriftMeasure, varDrifted, varQuality, varQualityFlag
	value  string // varSegment, varReferenceSegment: the segment; varClass, varReferenceClass: the class
	field  string // varInterval: low or high; varDriftMeasure: the measure; varQuality, varQualityFlag: its field; varCheck: its name; varPrometheus: the query
}

// reading is the value that a variable has in one window, or why it has none.
type reading struct {
	value   float64
	flag    bool          // the value of a variable that is true or false
	metric  metric.Result // what the value is of, with its interval; zero where it is of no metric
	missing string        // why there is no value; empty where there is one
}

// isFlag tells true-or-false variables from numbers.
func (v *variable) isFlag() bool { return v.kind == varDrifted || v.kind == varQualityFlag }

// needsLabels reports whether the value is only known once labels are in. The
// drift of the label itself is, whatever other columns' drift needs.
func (v *variable) needsLabels() bool {
	switch v.kind {
	case varMetric, varInterval, varMatched, varCoverage, varSegment, varClass:
		return true
	case varDriftMeasure, varDrifted:
		return v.column == drift.LabelColumn
	case varCheck:
		c, _ := evaluator.FindCheck(v.field)
		return c.NeedsLabels
	default:
		return false
	}
}

// tellsVolume reports whether the value tells how many rows there are, and nothing of these.
func (v *variable) tellsVolume() bool {
	return v.kind == varPredictions || v.kind == varCoverage || v.kind == varCheck && v.field == evaluator.CheckVolume
}

// needsReference reports whether the value is one of the reference, or compares with it.
func (v *variable) needsReference() bool {
	switch v.kind {
	case varReference, varReferenceRows, varReferenceSegment, varReferenceClass, varRolling, varEstimated, varDriftShare, varDriftCount, varDriftMeasure, varDrifted, varQualityFlag:
		return true
	case varCheck:
		c, _ := evaluator.FindCheck(v.field)
		return c.NeedsReference
	case varQuality:
		return v.field == "out_of_range" || v.field == "unseen"
	default:
		return false
	}
}

// ofWindow reports whether the variable is a metric of the window, as labels show it or as it is
// estimated before they come.
func (v *variable) ofWindow() bool {
	return v.kind == varMetric || v.kind == varSegment || v.kind == varClass || v.kind == varEstimated
}

// hasInterval reports whether significance applies to the variable.
func (v *variable) hasInterval() bool {
	if !v.ofWindow() && !v.ofReference() {
		return false
	}
	spec, ok := metric.Find(v.metric)
	return ok && spec.HasInterval
}

// noCoverage says why there is no coverage.
func noCoverage(facts *Facts) string {
	if facts.Predictions == 0 {
		return "coverage is missing: no predictions"
	}
	return "coverage is missing"
}

// read looks the variable up in what is known of a window.
func (v *variable) read(facts *Facts) reading {
	switch v.kind {
	case varPredictions:
		return reading{value: float64(facts.Predictions)}
	case varMatched:
		return reading{value: float64(facts.Matched)}
	case varCoverage:
		if !stat.IsNumber(facts.Coverage) {
			return reading{missing: noCoverage(facts)}
		}
		return reading{value: facts.Coverage}
	case varPrometheus:
		answer, asked := facts.Prometheus[v.field]
		switch {
		case !asked:
			return v.missingFor("it was not asked for in this window")
		case answer.Missing():
			return v.missingFor(answer.Reason)
		}
		return reading{value: float64(answer.Value)}
	}
	ev := facts.Evaluation
	if ev == nil {
		return reading{missing: v.name + " is missing: the window was not evaluated"}
	}
	switch v.kind {
	case varReference, varReferenceRows, varReferenceSegment, varReferenceClass:
		return v.readReference(ev.Reference)
	case varRolling:
		if ev.Rolling == nil {
			return v.missingFor("no rolling reference")
		}
		return v.readMetric(ev.Rolling.Metrics, 0)
	case varEstimated:
		return v.readEstimated(ev.Estimated)
	case varSegment:
		group, ok := ev.Segments[v.column][v.value]
		if !ok {
			return reading{missing: fmt.Sprintf("no segment %s=%s in this window", v.column, v.value)}
		}
		return v.readMetric(group.Metrics, facts.times)
	case varClass:
		return v.readClass(ev.Classes, "this window", facts.times)
	case varDriftShare, varDriftCount, varDriftMeasure, varDrifted:
		return v.readDrift(ev.Drift)
	case varMissingShare, varQuality, varQualityFlag, varCheck:
		return v.readQuality(ev.Quality)
	default:
		return v.readMetric(ev.Metrics, facts.times)
	}
}

// missingFor returns the reading of a variable that is missing, with the reason.
func (v *variable) missingFor(reason string) reading {
	if reason == "" {
		return reading{missing: v.name + " is missing"}
	}
	return reading{missing: v.name + " is missing: " + reason}
}

// readMetric looks it up among the metrics of the window, of a segment or of a reference,
// as it would be with so many times the rows where times isn't 0.
func (v *variable) readMetric(metrics map[string]metric.Result, times float64) reading {
	m, ok := metrics[v.metric]
	if !ok {
		return v.missingFor("")
	}
	if times > 0 {
		m = m.WithRows(times)
	}
	value := float64(m.Value)
	if v.kind == varInterval {
		value = float64(m.Low)
		if v.field == "high" {
			value = float64(m.High)
		}
	}
	if !stat.IsNumber(value) {
		return v.missingFor(m.Reason)
	}
	return reading{value: value, metric: m}
}

// readEstimated looks it up in the estimated performance. More rows would leave what the reference
// doesn't tell of the estimate as it is, so that nothing is said of them.
func (v *variable) readEstimated(e *estimate.Estimated) reading {
	switch {
	case e == nil:
		return v.missingFor("no performance is estimated of this window")
	case e.Reason != "":
		return v.missingFor(e.Reason)
	}
	return v.readMetric(e.Metrics, 0)
}

// readReference looks it up in the reference.
func (v *variable) readReference(ref *evaluator.Reference) reading {
	if ref == nil {
		return v.missingFor("no reference")
	}
	switch v.kind {
	case varReferenceRows:
		return reading{value: float64(ref.Rows)}
	case varReferenceClass:
		return v.readClass(ref.Classes, "the reference", 0)
	case varReferenceSegment:
		group, ok := ref.Segments[v.column][v.value]
		if !ok {
			return v.missingFor(fmt.Sprintf("the reference has no labelled rows of %s=%s by themselves", v.column, v.value))
		}
		return v.readMetric(group.Metrics, 0)
	}
	return v.readMetric(ref.Metrics, 0)
}

// readClass looks it up among the classes of the window or of the reference.
func (v *variable) readClass(classes map[string]evaluator.Group, of string, times float64) reading {
	class, ok := classes[v.value]
	switch {
	case ok:
		return v.readMetric(class.Metrics, times)
	case len(classes) == 0:
		return v.missingFor("no classes in " + of)
	}
	there := quotedNames(slices.Sorted(maps.Keys(classes)))
	return v.missingFor(fmt.Sprintf("no row of %s is of class %q or is predicted to be; there are %s", of, shorten(v.value, maxNameLength), there))
}

// readDrift looks it up in the drift of the window.
func (v *variable) readDrift(d *drift.Drift) reading {
	if d == nil {
		return v.missingFor("no reference")
	}
	switch v.kind {
	case varDriftShare, varDriftCount:
		// Without one conclusive column both are 0 for lack of data.
		if d.Judged == 0 {
			return v.missingFor(d.Reason)
		}
		if v.kind == varDriftCount {
			return reading{value: float64(d.Count)}
		}
		// Not a number where its bounds are far apart; comparisons go by these.
		return reading{value: float64(d.Share)}
	}
	c, ok := d.Columns[v.column]
	if !ok {
		if why, left := d.LeftOut[v.column]; left {
			return v.missingFor("the column is left out: " + why)
		}
		return v.missingFor("no such column in this window's drift")
	}
	if v.kind == varDrifted {
		if c.Drifted == nil {
			return v.missingFor(c.Reason)
		}
		return reading{flag: *c.Drifted}
	}
	m, ok := c.Measures[v.field]
	switch {
	case !ok && c.Reason != "":
		return v.missingFor(c.Reason)
	case !ok && len(c.Measures) > 0:
		return v.missingFor("of this column are computed " + strings.Join(slices.Sorted(maps.Keys(c.Measures)), ", "))
	case !ok:
		return v.missingFor("")
	case !stat.IsNumber(float64(m.Value)) && m.Reason == "":
		return v.missingFor(c.Reason)
	case !stat.IsNumber(float64(m.Value)):
		return v.missingFor(m.Reason)
	}
	return reading{value: float64(m.Value)}
}

// readQuality looks it up in the data quality of the window.
func (v *variable) readQuality(q *evaluator.Quality) reading {
	if q == nil {
		return v.missingFor("no data quality in this window")
	}
	if v.kind == varMissingShare {
		if !stat.IsNumber(float64(q.MissingShare)) {
			return v.missingFor("no feature values")
		}
		return reading{value: float64(q.MissingShare)}
	}
	if v.kind == varCheck {
		c, ok := q.Checks[v.field]
		switch {
		case !ok:
			return v.missingFor("it was not counted of this window")
		case !stat.IsNumber(float64(c.Value)):
			return v.missingFor(c.Reason)
		}
		return reading{value: float64(c.Value)}
	}
	c, ok := q.Columns[v.column]
	if !ok {
		return v.missingFor("no such column in this window's data quality")
	}
	if v.kind == varQualityFlag {
		return reading{flag: map[string]bool{"absent": c.Absent, "type_changed": c.TypeChanged, "constant": c.Constant}[v.field]}
	}
	var value stat.Number
	switch v.field {
	case "missing":
		value = c.Missing
	case "out_of_range":
		value = c.OutOfRange
	case "unseen":
		value = c.Unseen
	default:
		value = c.Invalid
	}
	if !stat.IsNumber(float64(value)) {
		return v.missingFor("no rows to take the share of")
	}
	return reading{value: float64(value)}
}
