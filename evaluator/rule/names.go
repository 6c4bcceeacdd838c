package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
)

// names knows which variables the rules of a model may name, for the compiler.
type names struct {
	env     Env
	task    groundtruth.Task
	metrics []string
}

func newNames(env Env) *names {
	n := &names{env: env, task: cmp.Or(env.Task, groundtruth.Regression)}
	n.metrics = metric.Names(n.task)
	if env.AnyTask {
		n.metrics = nil
		for _, spec := range metric.All() {
			n.metrics = append(n.metrics, spec.Name)
		}
	}
	return n
}

// metricsWithInterval lists the metrics of the task to which significance applies.
func (n *names) metricsWithInterval() []string {
	var out []string
	for _, spec := range metric.Specs(n.task) {
		if spec.HasInterval {
			out = append(out, spec.Name)
		}
	}
	return out
}

// qualityFields lists what a rule can name of a column's quality.
func qualityFields() []string {
	return append([]string{"missing", "out_of_range", "unseen", "invalid"}, qualityFlags()...)
}

// qualityFlags lists those of them that are true or false.
func qualityFlags() []string { return []string{"absent", "type_changed", "constant"} }

// checks lists the checks of data quality that the model has.
func (n *names) checks() []string {
	var out []string
	for _, c := range evaluator.Checks() {
		if (n.env.HasReference || !c.NeedsReference) && (n.env.HasBounds || !c.NeedsBounds) {
			out = append(out, c.Name)
		}
	}
	return out
}

// step is one name of a path such as drift.columns["x"].psi.
type step struct {
	name    string
	literal bool // written in brackets
	offset  int
}

// canonical rewrites which steps are in brackets: those that the data names, the
// columns, segments and classes, and no others. CEL itself takes m.x and m["x"] for one.
func canonical(path []step) {
	for i := range path {
		switch path[0].name {
		case "segments":
			path[i].literal = i == 1 || i == 2
		case "classes":
			path[i].literal = i == 1
		case "reference":
			path[i].literal = i == 2 && path[1].name == "classes" || (i == 2 || i == 3) && path[1].name == "segments"
		case "drift", "quality":
			path[i].literal = i == 2
		default:
			path[i].literal = false
		}
	}
}

// pathName writes a path in its canonical form.
func pathName(path []step) string {
	var b strings.Builder
	for i, s := range path {
		switch {
		case i == 0:
			b.WriteString(s.name)
		case s.literal:
			b.WriteString("[" + strconv.Quote(s.name) + "]")
		default:
			b.WriteString("." + s.name)
		}
	}
	return b.String()
}

// resolve returns the variable that the path names, or what is wrong with it.
func (n *names) resolve(path []step) (*variable, *fault) {
	canonical(path)
	v := &variable{}
	var f *fault
	switch path[0].name {
	case "matched", "coverage", "predictions":
		v.kind = map[string]variableKind{
			"matched": varMatched, "coverage": varCoverage, "predictions": varPredictions,
		}[path[0].name]
		f = n.ends(path, 1)
	case "ci":
		v.kind = varInterval
		f = n.fields(path, []string{"", "a metric", "low or high"}, nil, n.metrics, []string{"low", "high"})
		if f == nil {
			v.metric, v.field = path[1].name, path[2].name
		}
	case "reference":
		f = n.reference(path, v)
	case "rolling":
		v.kind = varRolling
		f = n.fields(path, []string{"", "a metric"}, nil, n.metrics)
		if f == nil {
			v.metric = path[1].name
			f = n.needsRolling(path)
		}
	case "estimated":
		v.kind = varEstimated
		f = n.estimated(path, v)
	case "classes":
		v.kind = varClass
		f = n.class(path, 1, v)
	case "segments":
		v.kind = varSegment
		f = n.segment(path, 1, v)
	case "drift":
		f = n.drift(path, v)
	case "quality":
		f = n.quality(path, v)
	case "prometheus":
		v.kind = varPrometheus
		f = n.prometheus(path, v)
	default:
		v.kind, v.metric = varMetric, path[0].name
		if !slices.Contains(n.metrics, path[0].name) {
			return nil, n.unknown(path, 0, n.roots())
		}
		if len(path) == 2 && (path[1].name == "low" || path[1].name == "high") {
			return nil, &fault{
				msg:    fmt.Sprintf("%s is a number and has no parts; its interval is ci.%s.%s", v.metric, v.metric, path[1].name),
				offset: path[0].offset,
			}
		}
		f = n.ends(path, 1)
	}
	if f == nil {
		f = n.needsInput(path, v)
	}
	if f != nil {
		return nil, f
	}
	v.name = pathName(path)
	return v, nil
}

// fields checks a path against the names allowed at each step; what says in
// words what a step is. A nil list allows any name.
func (n *names) fields(path []step, what []string, allowed ...[]string) *fault {
	for i := 1; i < len(allowed); i++ {
		if i >= len(path) {
			msg := fmt.Sprintf("%s is not a value: %s has to follow", pathName(path), what[i])
			if len(allowed[i]) > 0 {
				msg += "; known are " + strings.Join(allowed[i], ", ")
			}
			return &fault{msg: msg, offset: path[0].offset}
		}
		if allowed[i] != nil && !slices.Contains(allowed[i], path[i].name) {
			return n.unknown(path, i, allowed[i])
		}
	}
	return n.ends(path, len(allowed))
}

// ends refuses what follows the first steps of a path.
func (n *names) ends(path []step, at int) *fault {
	if len(path) <= at {
		return nil
	}
	return &fault{
		msg:    fmt.Sprintf("%s is a value and has no parts; remove what follows it", pathName(path[:at])),
		offset: path[at].offset,
	}
}

// reference resolves a path that begins with reference.
func (n *names) reference(path []step, v *variable) *fault {
	v.kind = varReference
	switch {
	case len(path) > 1 && path[1].name == "segments":
		v.kind = varReferenceSegment
		if f := n.segment(path, 2, v); f != nil {
			return f
		}
	case len(path) > 1 && path[1].name == "classes":
		v.kind = varReferenceClass
		if f := n.class(path, 2, v); f != nil {
			return f
		}
	default:
		known := append([]string{"rows"}, n.metrics...)
		if len(n.env.Segments) > 0 {
			known = append(known, "segments")
		}
		if n.task == groundtruth.Multiclass {
			known = append(known, "classes")
		}
		if f := n.fields(path, []string{"", "a metric or rows"}, nil, known); f != nil {
			return f
		}
		v.metric = path[1].name
		if v.metric == "rows" {
			v.kind, v.metric = varReferenceRows, ""
		}
	}
	f := n.needsReference(path)
	if f == nil && v.kind != varReferenceRows {
		f = n.needsColumns(path, n.env.NoPredictions, n.env.NoLabels)
	}
	return f
}

// estimated resolves a path that begins with estimated.
func (n *names) estimated(path []step, v *variable) *fault {
	known := estimate.Names(n.task)
	switch {
	case known == nil:
		return &fault{msg: fmt.Sprintf("performance is not estimated of models of task %s", n.task), offset: path[0].offset}
	case n.noScores():
		return &fault{msg: "performance is estimated by probabilities, and there are none; name the columns of predictions, and of the reference's rows, that have them", offset: path[0].offset}
	case n.env.Weighted:
		return &fault{msg: "performance is estimated of rows that all count alike, and predictions.columns.weight says that these don't: name a metric that waits for labels, or leave weight out", offset: path[0].offset}
	}
	f := n.fields(path, []string{"", "a metric"}, nil, known)
	if f == nil {
		f = n.needsReference(path)
	}
	if f == nil {
		v.metric = path[1].name
		f = n.needsColumns(path, n.env.NoPredictions, n.env.NoLabels)
	}
	return f
}

// noScores reports whether predictions or the reference's rows have no probabilities.
func (n *names) noScores() bool {
	return n.env.Lacks[metric.Scores] != "" || n.env.ReferenceLacks[metric.Scores] != ""
}

// needsRolling refuses a path that needs a rolling reference where there is none.
func (n *names) needsRolling(path []step) *fault {
	if n.env.HasRolling {
		return nil
	}
	return &fault{
		msg:    pathName(path) + " needs a rolling reference and this model has none; configure reference.rolling",
		offset: path[0].offset,
	}
}

// needsReference refuses a path that needs a reference where there is none.
func (n *names) needsReference(path []step) *fault {
	if n.env.HasReference {
		return nil
	}
	return &fault{
		msg:    pathName(path) + " needs a reference and this model has none; configure reference",
		offset: path[0].offset,
	}
}

// needsColumns refuses a path that needs the predictions or the labels of a reference that
// has none, as the arguments say.
func (n *names) needsColumns(path []step, noPredictions, noLabels bool) *fault {
	var lacks, key string
	switch {
	case noPredictions:
		lacks, key = "predictions", "prediction"
	case noLabels:
		lacks, key = "labels", "label"
	default:
		return nil
	}
	return &fault{
		msg:    fmt.Sprintf("%s can never be known: the reference has no %s, as reference.columns.%s says", pathName(path), lacks, key),
		offset: path[0].offset,
	}
}

// needsInput refuses a metric that goes by something that the model or its reference hasn't.
func (n *names) needsInput(path []step, v *variable) *fault {
	spec, ok := metric.Find(v.metric)
	if !ok || spec.Needs == 0 {
		return nil
	}
	what := map[metric.Input]string{
		metric.Scores: "probabilities", metric.PredictedQuantiles: "predicted quantiles", metric.WorthOfRows: "what rows are worth",
	}[spec.Needs]
	f := &fault{offset: path[0].offset}
	if key, lacks := n.env.Lacks[spec.Needs]; lacks {
		f.msg = fmt.Sprintf("%s goes by %s, which this model has not: configure %s", v.metric, what, key)
		return f
	}
	if key, lacks := n.env.ReferenceLacks[spec.Needs]; lacks && v.ofReference() && v.kind != varRolling {
		f.msg = fmt.Sprintf("%s can never be known: the reference has no %s, as %s says", pathName(path), what, key)
		return f
	}
	return nil
}

// segment resolves a path whose first steps, so many, end with segments.
func (n *names) segment(path []step, from int, v *variable) *fault {
	if len(n.env.Segments) == 0 {
		return &fault{msg: "this model has no segments; configure segments", offset: path[0].offset}
	}
	what := append(make([]string, from), `a segment column in brackets, as in ["city"]`, `a segment in brackets, as in ["Oslo"]`, "a metric")
	if f := n.fields(path, what, append(make([][]string, from), n.env.Segments, nil, n.metrics)...); f != nil {
		return f
	}
	v.column, v.value, v.metric = path[from].name, path[from+1].name, path[from+2].name
	return nil
}

// class resolves a path whose first steps, so many, end with classes.
func (n *names) class(path []step, from int, v *variable) *fault {
	if n.task != groundtruth.Multiclass {
		return &fault{
			msg:    fmt.Sprintf("metrics of single classes are those of models of task %s; this model's task is %s", groundtruth.Multiclass, n.task),
			offset: path[0].offset,
		}
	}
	what := append(make([]string, from), `a class in brackets, as in ["cat"]`, "a metric")
	if f := n.fields(path, what, append(make([][]string, from), nil, metric.OfClassNames())...); f != nil {
		return f
	}
	if n.env.ClassText != nil {
		path[from].name = n.env.ClassText(path[from].name)
	}
	v.value, v.metric = path[from].name, path[from+1].name
	return nil
}

// drift resolves a path that begins with drift.
func (n *names) drift(path []step, v *variable) *fault {
	first := []string{"share", "count", "columns"}
	if len(path) > 1 && path[1].name == "columns" {
		v.kind = varDriftMeasure
		f := n.fields(path, []string{"", "", `a column in brackets, as in ["size"]`, "a measure or drifted"},
			nil, first, nil, append(drift.Names(), "drifted"))
		if f != nil {
			return f
		}
		v.column, v.field = path[2].name, path[3].name
		if v.field == "drifted" {
			v.kind = varDrifted
		}
		if f := n.isCompared(path); f != nil {
			return f
		}
		if f := n.needsReference(path); f != nil {
			return f
		}
		return n.needsColumns(path, n.env.NoPredictions && v.column == drift.PredictionColumn, n.env.NoLabels && v.column == drift.LabelColumn)
	}
	if f := n.fields(path, []string{"", "share, count or columns"}, nil, first); f != nil {
		return f
	}
	v.kind = varDriftShare
	if path[1].name == "count" {
		v.kind = varDriftCount
	}
	return n.needsReference(path)
}

// isCompared refuses a path of drift or quality to a column that these have under another name.
func (n *names) isCompared(path []step) *fault {
	column := path[2].name
	if column == drift.PredictionColumn || !slices.Contains(n.env.OfPrediction, column) {
		return nil
	}
	return &fault{
		msg:    fmt.Sprintf("the column %q is no feature, it tells what was predicted: write %s.columns[%q]", column, path[0].name, drift.PredictionColumn),
		offset: path[2].offset,
	}
}

// quality resolves a path that begins with quality.
func (n *names) quality(path []step, v *variable) *fault {
	first := append(append([]string{"missing_share"}, n.checks()...), "columns")
	if len(path) > 1 {
		if c, ok := evaluator.FindCheck(path[1].name); ok {
			return n.check(path, v, c)
		}
	}
	if len(path) > 1 && path[1].name == "columns" {
		v.kind = varQuality
		f := n.fields(path, []string{"", "", `a column in brackets, as in ["size"]`, "a field"}, nil, first, nil, qualityFields())
		if f != nil {
			return f
		}
		v.column, v.field = path[2].name, path[3].name
		if slices.Contains(qualityFlags(), v.field) {
			v.kind = varQualityFlag
		}
		if f := n.isCompared(path); f != nil {
			return f
		}
		if v.needsReference() {
			return n.needsReference(path)
		}
		return nil
	}
	v.kind = varMissingShare
	return n.fields(path, []string{"", "missing_share, a check or columns"}, nil, first)
}

// check resolves a path to a check of data quality.
func (n *names) check(path []step, v *variable, c evaluator.CheckSpec) *fault {
	v.kind, v.field = varCheck, c.Name
	if f := n.ends(path, 2); f != nil {
		return f
	}
	switch {
	case c.NeedsReference:
		return n.needsReference(path)
	case c.NeedsBounds && !n.env.HasBounds:
		return &fault{msg: pathName(path) + " needs bounds and this model has none; configure predictions.bounds", offset: path[0].offset}
	}
	return nil
}

// prometheus resolves a path that begins with prometheus.
func (n *names) prometheus(path []step, v *variable) *fault {
	if len(n.env.Prometheus) == 0 {
		return &fault{msg: "this model has no prometheus queries to name", offset: path[0].offset}
	}
	if f := n.fields(path, []string{"", "the name of a query"}, nil, n.env.Prometheus); f != nil {
		return f
	}
	v.field = path[1].name
	return nil
}
