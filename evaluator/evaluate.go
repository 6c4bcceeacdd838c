package evaluator

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Options say how a window is evaluated. The zero value means the defaults.
type Options struct {
	Drift   drift.Options
	Metric  metric.Options
	Workers int // threads; default 1
	// ReferenceSegments are the reference's segments whose metrics are computed too.
	ReferenceSegments []SegmentName
	// LabelBias has the rows with a label compared with those without.
	LabelBias bool
	// Coverage is what the join counted, for the checks of data quality, and LabelsRead whether it
	// read labels; nil where nothing was joined.
	Coverage   *groundtruth.Coverage
	LabelsRead bool
	// Bounds are those that predictions are expected to keep; nil for none.
	Bounds *summary.Bounds
	// Rolling says what the rolling reference is made of; nil where there is to be none.
	Rolling *RollingOptions
}

// Evaluate computes everything of a window from its Summary and, where there is
// one, the reference profile. It changes neither. It panics when the Summary was
// not built on the profile's Layout.
func Evaluate(cur *summary.Summary, ref *summary.Profile, opt Options) *Evaluation {
	if ref != nil && cur.Layout().ID() != ref.Layout.ID() {
		panic("evaluator: the summary is not built on the profile's layout")
	}
	out := &Evaluation{
		Versions: map[string]Group{},
		Segments: map[string]map[string]Group{},
	}
	opt.Metric.Task = cur.Task()
	var w work
	if ref != nil && cur.Predictions() > 0 {
		// What Prepare makes is kept, and needed by the columns, which come last.
		w.add(func(*drift.Scratch) { drift.Prepare() })
	}
	whole := sync.OnceValue(func() map[string]metric.Result {
		return metric.OfWindow(cur.Errors(), cur.Entities().Errors(), opt.Metric)
	})
	w.add(func(*drift.Scratch) { out.Metrics = whole() })
	w.add(func(*drift.Scratch) {
		out.Confusion, out.Calibration, out.ROC = metric.ConfusionOf(cur.Errors()), metric.Calibration(cur.Errors()), metric.ROC(cur.Errors())
	})
	var classes map[string]metric.ByClass
	w.add(func(*drift.Scratch) {
		classes = metric.ClassesOfWindow(cur.Errors(), cur.Entities().Errors(), opt.Metric)
	})
	finish := []func(){func() { out.Classes = groupsOfClasses(classes) }, w.groups(cur.Versions(), whole, opt.Metric, out.Versions)}
	for column, values := range cur.Segments() {
		out.Segments[column] = make(map[string]Group, len(values))
		finish = append(finish, w.groups(values, whole, opt.Metric, out.Segments[column]))
	}
	out.ByHour, out.ByWeekday = byHour(cur), byWeekday(cur)
	out.Quality = qualityOf(cur)
	w.add(func(*drift.Scratch) { out.Prediction = PredictionOf(cur) })
	if ref != nil {
		stratum := ref.For(spanOf(cur), opt.Drift.LeastRows())
		out.Reference = newReference(ref, stratum, cur)
		w.add(func(*drift.Scratch) {
			out.Reference.compute(ref, stratum, opt.Metric)
			out.Reference.addSegments(stratum.Summary(), opt.ReferenceSegments, opt.Metric)
		})
		w.add(func(*drift.Scratch) {
			out.Quality.compare(cur, stratum, unlikePredictions(ref, cur) == "")
			out.Quality.check(cur, ref, stratum, opt)
		})
		out.Drift = &drift.Drift{}
		finish = append(finish, w.columnsDrift(out.Drift, cur, ref, stratum, out.Reference.WindowDays, opt.Drift))
		if cur.HasScores() || len(cur.ScoredClasses()) > 0 {
			w.add(func(*drift.Scratch) { out.Estimated = estimated(cur, ref, stratum, opt.Metric) })
		}
	}
	if ref == nil {
		out.Quality.check(cur, nil, summary.Stratum{}, opt)
	}
	if opt.LabelBias {
		w.add(func(*drift.Scratch) { out.LabelBias = labelBiasOf(cur) })
	}
	if r := opt.Rolling; r != nil {
		out.Rolling = newRolling(r, cur)
		w.add(func(*drift.Scratch) { out.Rolling.compute(r.Errors, opt.Metric) })
	}
	w.do(max(opt.Workers, 1))
	if out.Reference != nil {
		metric.KnowTails(out.Metrics, out.Reference.Metrics)
	}
	for _, f := range finish {
		f()
	}
	return out
}

// estimated estimates the performance of a window with scores by all of the reference, whichever
// stratum it is compared with: what a score is worth is learnt of any rows.
func estimated(cur *summary.Summary, ref *summary.Profile, s summary.Stratum, opt metric.Options) *estimate.Estimated {
	labelled := ref.Whole().Errors().Classes()
	switch why := noLabels(ref, s); {
	case why != "":
		return estimate.None(why)
	case labelled == nil:
		return estimate.None("the reference's profile does not hold classes: make it anew with hindcast baseline")
	case labelled.Weighted():
		return estimate.None("rows have weights, and those without a label are counted without them")
	case labelled.Task() == groundtruth.Binary:
		scores := labelled.Scores()
		if scores == nil {
			return estimate.None("the reference has no scores")
		}
		return estimate.Binary(scores, cur.Scored(), opt)
	}
	var classes []estimate.Class
	for k, name := range cur.ScoredClasses() {
		c := estimate.Class{Name: name, Window: cur.ScoredClass(k)}
		if of := slices.Index(labelled.Scored(), name); of >= 0 {
			c.Reference = labelled.OneVsRest(of)
		}
		if c.Reference == nil || c.Window == nil {
			return estimate.None("the probabilities of a class are not known, of the reference or of the window: it has none there, or they are too many to keep")
		}
		classes = append(classes, c)
	}
	return estimate.Multiclass(classes, opt)
}

// work holds tasks of an evaluation that need nothing of one another, so that Evaluate
// can share them out to its threads.
type work struct{ tasks []func(*drift.Scratch) }

func (w *work) add(task func(*drift.Scratch)) { w.tasks = append(w.tasks, task) }

// do does all tasks on so many threads.
func (w *work) do(workers int) {
	var next atomic.Int64
	untilDone := func() {
		var mem drift.Scratch
		for {
			i := int(next.Add(1)) - 1
			if i >= len(w.tasks) {
				return
			}
			w.tasks[i](&mem)
		}
	}
	var others sync.WaitGroup
	for range min(workers, len(w.tasks)) - 1 {
		others.Go(untilDone)
	}
	untilDone()
	others.Wait()
}

// groups adds the metrics of each group to the work, which need those of the whole; finish
// then puts them into out.
func (w *work) groups(groups map[string]*summary.ErrorSums, whole func() map[string]metric.Result, opt metric.Options, out map[string]Group) (finish func()) {
	names := slices.Sorted(maps.Keys(groups))
	metrics := make([]map[string]metric.Result, len(names))
	for i, name := range names {
		w.add(func(*drift.Scratch) { metrics[i] = metric.OfPart(groups[name], whole(), opt) })
	}
	return func() {
		for i, name := range names {
			metric.KnowTails(metrics[i], whole())
			out[UniqueName(name)] = Group{N: groups[name].N(), Metrics: metrics[i]}
		}
	}
}

// columnsDrift adds the columns' drift from a stratum to the work; finish then counts it into d.
func (w *work) columnsDrift(d *drift.Drift, cur *summary.Summary, ref *summary.Profile, s summary.Stratum, windowDays float64, opt drift.Options) (finish func()) {
	reference := s.Summary()
	features := reference.Features()
	found := make([]drift.Column, len(features)+2)
	compare := func(out *drift.Column, r, c *summary.Column, days *drift.DayColumn, in func(*summary.Clusters) *summary.ClusterColumn) {
		w.add(func(mem *drift.Scratch) {
			alike := drift.Likeness{
				Days:      days,
				Reference: drift.DesignEffect(ref.Entities, in(ref.Entities)),
				Window:    drift.DesignEffect(cur.Entities(), in(cur.Entities())),
			}
			*out = drift.Compare(mem, r, c, alike, opt)
		})
	}
	days := drift.NewDays(ref, s, windowDays)
	for i, r := range features {
		compare(&found[i], r, cur.Feature(r.Name()), days.Feature(r.Name()), func(e *summary.Clusters) *summary.ClusterColumn { return e.Feature(r.Name()) })
	}
	prediction, label := &found[len(features)], &found[len(features)+1]
	unlike := unlikePredictions(ref, cur)
	if unlike == "" {
		compare(prediction, reference.Prediction(), cur.Prediction(), days.Prediction(), (*summary.Clusters).Prediction)
	} else {
		*prediction = drift.Column{Kind: "number", N: cur.Prediction().N(), Measures: map[string]drift.Measure{}}
	}
	if cur.Matched() > 0 {
		compare(label, reference.Label(), cur.Label(), days.Label(), (*summary.Clusters).Label)
	}
	return func() {
		if why := cmp.Or(noPredictions(ref, s), unlike); why != "" {
			prediction.Unfit(why)
		}
		if why := noLabels(ref, s); why != "" {
			label.Unfit(why)
		}
		*d = opt.Of(found[:len(features)])
		d.LeftOut = ref.Layout.LeftOut
		d.Columns[drift.PredictionColumn] = *prediction
		if cur.Matched() > 0 {
			d.Columns[drift.LabelColumn] = *label
		}
		for i, r := range features {
			d.Columns[UniqueName(r.Name())] = found[i]
		}
	}
}
