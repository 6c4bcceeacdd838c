package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// subject is what a comparison of a rule is about, as a sentence tells of it.
type subject struct {
	name         string // what people call it, such as RMSE
	value, limit stat.Number
	from         stat.Number // what it was before; NaN where that isn't known
	where        string      // whose value that is: "on the reference"
	text         func(stat.Number) string
	op           string // value OP limit is the breach
	level        float64
	// plain says what the value is in words of its own, where "rose from" tells nothing: of drift
	// how many columns it is.
	plain string
}

// path takes the name of a variable apart, as rules write it: segments["city"]["Oslo"].rmse has
// the parts segments, city, Oslo and rmse.
func path(variable string) []string {
	var parts []string
	for rest := variable; rest != ""; {
		switch {
		case rest[0] == '.' || rest[0] == ']':
			rest = rest[1:]
		case rest[0] == '[':
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil {
				return nil
			}
			name, err := strconv.Unquote(quoted)
			if err != nil {
				return nil
			}
			parts, rest = append(parts, name), rest[1+len(quoted):]
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			parts, rest = append(parts, rest[:end]), rest[end:]
		}
	}
	return parts
}

// subjectOf returns what a comparison is about. It is false where neither side is a variable
// by itself, or a number is missing.
func subjectOf(o, previous *job.Outcome, c *rule.Comparison) (subject, bool) {
	variable, value, limit, ok := c.Threshold()
	if !ok || !isNumber(value) || !isNumber(limit) {
		return subject{}, false
	}
	s := subject{value: value, limit: limit, from: stat.Number(math.NaN()), text: figureText, op: c.Op, level: c.Level}
	against := c.Right
	if variable != c.Left {
		s.op, against = turned(c.Op), c.Left
	}
	parts := path(variable)
	if len(parts) == 0 {
		return subject{}, false
	}
	read := reader(parts)
	name, shares := subjectName(parts, o)
	if name == "" {
		return subject{}, false
	}
	s.name = name
	if shares {
		s.text = shareText
	}
	if parts[0] == "drift" && len(parts) == 2 {
		s.plain = driftWords(o)
	}
	switch {
	case read == nil:
	case strings.Contains(against, "reference."):
		s.from, s.where = referenceValue(o, parts), "on the reference"
	case strings.Contains(against, "rolling."):
		if o.Rolling != nil && len(parts) == 1 {
			s.from, s.where = o.Rolling.Metrics[parts[0]].Value, "in the windows before"
			if _, ok := o.Rolling.Metrics[parts[0]]; !ok {
				s.from = stat.Number(math.NaN())
			}
		}
	case previous != nil:
		s.from, s.where = read(previous), "in the window before"
	}
	return s, true
}

// turned is the comparison with its sides exchanged.
func turned(op string) string {
	if other, ok := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]; ok {
		return other
	}
	return op
}

// subjectName names what a variable stands for, and says whether it is written as a percentage.
// It is empty where a sentence had better say the rule's own words.
func subjectName(parts []string, o *job.Outcome) (name string, shares bool) {
	at := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return ""
	}
	switch parts[0] {
	case "estimated":
		return "estimated " + metricTitle(at(1)), false
	case "segments":
		return metricTitle(at(3)) + " of " + short(at(1)) + " " + short(at(2)), false
	case "classes":
		return metricTitle(at(2)) + " of class " + short(at(1)), false
	case "ci":
		end := map[string]string{"low": "lower", "high": "upper"}[at(2)]
		return "the " + end + " end of the interval of " + metricTitle(at(1)), false
	case "drift":
		if at(1) == "columns" {
			return measureTitle(at(3)) + " of " + short(at(2)), at(3) == "missing" || at(3) == "out_of_range"
		}
		return "drift", at(1) == "share"
	case "quality":
		return qualityName(parts, at)
	case "prometheus":
		return "the answer of Prometheus to " + short(at(1)), false
	case "coverage":
		return "coverage by labels", true
	case "matched":
		return "the number of predictions with a label", false
	case "predictions":
		return "the number of predictions", false
	}
	if _, ok := metric.Find(parts[0]); !ok {
		return "", false
	}
	return metricTitle(parts[0]), false
}

// qualityName names a variable of data quality.
func qualityName(parts []string, at func(int) string) (name string, shares bool) {
	if len(parts) == 4 {
		column := short(at(2))
		switch at(3) {
		case "missing":
			return "the share of missing values of " + column, true
		case "out_of_range":
			return "the share of values of " + column + " beyond the reference's range", true
		case "unseen":
			return "the share of values of " + column + " that the reference has not", true
		case "invalid":
			return "the share of values of " + column + " that are of another kind", true
		}
		return "", false
	}
	switch at(1) {
	case "missing_share":
		return "the share of missing values", true
	case evaluator.CheckVolume:
		return "the volume, of what was to be expected,", true
	case evaluator.CheckAbsentColumns:
		return "the number of columns without a value", false
	case evaluator.CheckTypeChanges:
		return "the number of columns of another kind", false
	case evaluator.CheckConstantColumns:
		return "the number of columns with one value alone", false
	case evaluator.CheckOutOfBounds:
		return "the share of predictions out of bounds", true
	case "empty_hours":
		return "the number of hours without predictions", false
	case "longest_gap_hours":
		return "the longest gap between predictions, in hours,", false
	}
	return "the share of " + strings.ReplaceAll(at(1), "_", " "), true
}

// reader returns what reads a variable's value from another window; nil of those whose value
// there tells nothing.
func reader(parts []string) func(*job.Outcome) stat.Number {
	none := stat.Number(math.NaN())
	of := func(metrics map[string]metric.Result, name string) stat.Number {
		if m, ok := metrics[name]; ok {
			return m.Value
		}
		return none
	}
	switch {
	case len(parts) == 1 && parts[0] == "coverage":
		return func(o *job.Outcome) stat.Number { return o.Coverage.Coverage }
	case len(parts) == 1 && parts[0] == "predictions":
		return func(o *job.Outcome) stat.Number { return stat.Number(o.Coverage.Predictions) }
	case len(parts) == 1 && parts[0] == "matched":
		return func(o *job.Outcome) stat.Number {
			if o.Coverage.Matched == nil {
				return none
			}
			return stat.Number(*o.Coverage.Matched)
		}
	case len(parts) == 1:
		return func(o *job.Outcome) stat.Number { return of(o.Metrics, parts[0]) }
	case parts[0] == "estimated" && len(parts) == 2:
		return func(o *job.Outcome) stat.Number {
			if o.Estimated == nil {
				return none
			}
			return of(o.Estimated.Metrics, parts[1])
		}
	case parts[0] == "segments" && len(parts) == 4:
		return func(o *job.Outcome) stat.Number { return of(o.Segments[parts[1]][parts[2]].Metrics, parts[3]) }
	case parts[0] == "classes" && len(parts) == 3:
		return func(o *job.Outcome) stat.Number { return of(o.Classes[parts[1]].Metrics, parts[2]) }
	case parts[0] == "prometheus" && len(parts) == 2:
		return func(o *job.Outcome) stat.Number {
			if a, ok := o.Prometheus[parts[1]]; ok {
				return a.Value
			}
			return none
		}
	case parts[0] == "drift" && len(parts) == 4:
		return func(o *job.Outcome) stat.Number {
			if o.Drift == nil {
				return none
			}
			if m, ok := o.Drift.Columns[parts[2]].Measures[parts[3]]; ok {
				return m.Value
			}
			return none
		}
	case parts[0] == "quality":
		return func(o *job.Outcome) stat.Number { return qualityValue(o.Quality, parts) }
	}
	return nil
}

// qualityValue reads a variable of data quality.
func qualityValue(q *evaluator.Quality, parts []string) stat.Number {
	none := stat.Number(math.NaN())
	switch {
	case q == nil:
		return none
	case len(parts) == 2 && parts[1] == "missing_share":
		return q.MissingShare
	case len(parts) == 2:
		if c, ok := q.Checks[parts[1]]; ok {
			return c.Value
		}
		return none
	}
	c, ok := q.Columns[parts[2]]
	if !ok || len(parts) < 4 {
		return none
	}
	switch parts[3] {
	case "missing":
		return c.Missing
	case "out_of_range":
		return c.OutOfRange
	case "unseen":
		return c.Unseen
	case "invalid":
		return c.Invalid
	}
	return none
}

// referenceValue is what a variable was on the reference.
func referenceValue(o *job.Outcome, parts []string) stat.Number {
	none := stat.Number(math.NaN())
	if o.Reference == nil {
		return none
	}
	metrics, name := o.Reference.Metrics, parts[len(parts)-1]
	switch parts[0] {
	case "segments":
		metrics = o.Reference.Segments[parts[1]][parts[2]].Metrics
	case "classes":
		metrics = o.Reference.Classes[parts[1]].Metrics
	}
	if m, ok := metrics[name]; ok {
		return m.Value
	}
	return none
}

// mostDrifted is how many drifted columns a sentence names.
const mostDrifted = 3

// driftWords says how many columns drifted, and names those that did most.
func driftWords(o *job.Outcome) string {
	d := o.Drift
	if d == nil {
		return ""
	}
	judged := counted(d.Judged, "column")
	if d.Count == 0 {
		return "none of " + judged + " drifted"
	}
	var names []string
	for _, c := range rankColumns(o) {
		if c.drifted && !c.reserved && len(names) < mostDrifted {
			names = append(names, short(c.name))
		}
	}
	text := strconv.Itoa(d.Count) + " of " + judged + " drifted"
	if len(names) == 0 {
		return text // of a line of a list, which has no names
	}
	if left := d.Count - len(names); left > 0 {
		names = append(names, strconv.Itoa(left)+" more")
	}
	return text + " (" + listed(names) + ")"
}
