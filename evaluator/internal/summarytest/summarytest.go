// Package summarytest makes Summaries of a few numbers, for the tests of what reads them.
package summarytest

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Summaries sends the batches through both passes: the reference's profile, and the
// Summary of the others.
func Summaries(ref *groundtruth.Batch, opts summary.ProfilerOptions, cur ...*groundtruth.Batch) (*summary.Profile, *summary.Summary) {
	features := []groundtruth.FeatureSpec{{Name: "x", Kind: ref.Features[0].Kind}}
	p := summary.NewProfiler(features, nil, opts)
	p.AddPredictions(ref)
	layout := p.Layout()
	build := func(batches ...*groundtruth.Batch) *summary.Summary {
		b := summary.NewBuilder(layout, groundtruth.Window{}, nil, summary.BuilderOptions{})
		for _, batch := range batches {
			b.AddPredictions(batch)
		}
		return b.Summary()
	}
	return summary.NewProfile(build(ref)), build(cur...)
}

// Row is a row of a reference: its time in Unix nanoseconds, its features by name, numbers of
// type float64 (NaN for missing) or texts of type string ("" for missing), its prediction, and
// its label, NaN for none. Of a binary classifier the prediction is the score, and from 1/2 on the
// positive class is predicted.
type Row struct {
	Time              int64
	Features          map[string]any
	Prediction, Label float64
}

// Profile returns the profile of a reference of these rows, taken apart by time as opts have
// it. All rows have the features of the first one.
func Profile(rows []Row, opts summary.ProfilerOptions) *summary.Profile {
	var features []groundtruth.FeatureSpec
	for name, value := range rows[0].Features {
		kind := groundtruth.Number
		if _, ok := value.(string); ok {
			kind = groundtruth.Text
		}
		features = append(features, groundtruth.FeatureSpec{Name: name, Kind: kind})
	}
	profiler := summary.NewProfiler(features, nil, opts)
	Feed(profiler, rows, nil)
	partition := profiler.Partition()
	builder := summary.NewProfileBuilder(profiler.Layout(), partition, nil, nil)
	Feed(builder, rows, partition)
	return builder.Profile()
}

// Window returns the Summary of rows as those of a window, on the profile's layout.
func Window(p *summary.Profile, w groundtruth.Window, rows []Row, opts summary.BuilderOptions) *summary.Summary {
	b := summary.NewBuilder(p.Layout, w, nil, opts)
	Feed(b, rows, nil)
	return b.Summary()
}

// Feed sends rows to a sink, those of each group of the partition by themselves.
func Feed(sink groundtruth.Sink, rows []Row, partition *summary.Partition) {
	groups := map[int64][]Row{}
	for _, r := range rows {
		var group int64
		if partition != nil {
			group = partition.Group(r.Time)
		}
		groups[group] = append(groups[group], r)
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		batch, matches := tablesOf(groups[group])
		batch.Group, matches.Group = group, group
		sink.AddPredictions(batch)
		sink.AddMatches(matches)
	}
}

// tablesOf returns rows as a scan sends them.
func tablesOf(rows []Row) (*groundtruth.Batch, *groundtruth.Matches) {
	columns := map[string]any{}
	for name, first := range rows[0].Features {
		if _, ok := first.(string); ok {
			columns[name] = columnOf[string](rows, name)
		} else {
			columns[name] = columnOf[float64](rows, name)
		}
	}
	batch := evaltest.Table(len(rows), columns)
	batch.HasTime = true
	matches := &groundtruth.Matches{HasTime: true, Version: groundtruth.Column{Kind: groundtruth.Absent}}
	for i, r := range rows {
		batch.Times[i], batch.Predictions[i] = r.Time, r.Prediction
		batch.Positive = append(batch.Positive, r.Prediction >= 0.5)
		if math.IsNaN(r.Label) {
			continue
		}
		matches.Len++
		matches.Times = append(matches.Times, r.Time)
		matches.Predictions, matches.Labels = append(matches.Predictions, r.Prediction), append(matches.Labels, r.Label)
		matches.Positive = append(matches.Positive, r.Prediction >= 0.5)
	}
	return batch, matches
}

// columnOf returns a feature of rows.
func columnOf[V any](rows []Row, name string) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = r.Features[name].(V) //nolint:forcetypeassert // all rows have the first one's features
	}
	return out
}

// ErrorSums returns what a Summary keeps of these predictions and labels, in time order and
// evenly spread over its window, of a nanosecond each. The labels are centred at center.
func ErrorSums(center float64, predictions, labels []float64) *summary.ErrorSums {
	return Matched{Predictions: predictions, Labels: labels}.ErrorSums(center, time.Duration(len(labels)))
}

// Matched are matched rows, perhaps with weights and with predicted quantiles of some orders.
type Matched struct {
	Predictions, Labels, Weights []float64
	Orders                       []float64
	Quantiles                    [][]float64
}

// ErrorSums is ErrorSums of a window that is so long.
func (r Matched) ErrorSums(center float64, long time.Duration) *summary.ErrorSums {
	labels := r.Labels
	number := summary.ColumnLayout{Name: "label", Kind: groundtruth.Number, Center: center}
	layout := &summary.Layout{Prediction: number, Label: number, ExactValues: summary.DefaultExactValues, MaxSegments: 1}
	start := time.Unix(1, 0)
	b := summary.NewBuilder(layout, groundtruth.Window{Start: start, End: start.Add(long)}, nil, summary.BuilderOptions{Quantiles: r.Orders})
	m := &groundtruth.Matches{
		Len: len(labels), HasTime: true, Times: make([]int64, len(labels)), Weights: r.Weights, Quantiles: r.Quantiles,
		Predictions: r.Predictions, Labels: labels, Version: groundtruth.Column{Kind: groundtruth.Absent},
	}
	for i := range labels {
		m.Times[i] = start.UnixNano() + int64(float64(long)/float64(len(labels))*float64(i))
	}
	b.AddMatches(m)
	return b.Summary().Errors()
}

// ErrorSumsOver returns what a Summary keeps of matched rows with these errors, in time order
// and evenly spread over a window of so many days.
func ErrorSumsOver(days float64, errs []float64) *summary.ErrorSums {
	predictions, labels := make([]float64, len(errs)), make([]float64, len(errs))
	for i, e := range errs {
		predictions[i], labels[i] = 100+e, 100
	}
	return Matched{Predictions: predictions, Labels: labels}.ErrorSums(0, time.Duration(days*24*float64(time.Hour)))
}

// ErrorSumsOf returns what a Summary keeps of matched rows with these errors.
func ErrorSumsOf(errs []float64) *summary.ErrorSums {
	predictions, labels := make([]float64, len(errs)), make([]float64, len(errs))
	for i, e := range errs {
		predictions[i], labels[i] = 100+e, 100
	}
	return ErrorSums(0, predictions, labels)
}

// Multiclass are rows of a classifier of several classes. Scores, by row and class of Names, are
// nil where there are none, and Weights likewise.
type Multiclass struct {
	Actual, Predicted []string
	Names             []string
	Scores            [][]float64
	Weights           []float64
}

// Options are those of a builder of such rows.
func (c *Multiclass) Options() summary.BuilderOptions {
	spec := groundtruth.Spec{Task: groundtruth.Multiclass}
	for _, name := range c.Names {
		spec.PredictionColumns.Scores = append(spec.PredictionColumns.Scores, groundtruth.ClassScore{Class: name})
	}
	return summary.BuilderOptions{Task: spec.Task, Classifier: summary.ClassifierOf(&spec, spec.PredictionColumns)}
}

// Feed sends the rows, in time order and evenly spread over a window from start on that is so long.
func (c *Multiclass) Feed(to groundtruth.Sink, start time.Time, long time.Duration) {
	const chunk = 1 << 13
	n := len(c.Actual)
	for first := 0; first < n; first += chunk {
		next := min(first+chunk, n)
		m := &groundtruth.Matches{Len: next - first, HasTime: true, Version: groundtruth.Column{Kind: groundtruth.Absent}, LabelClass: evaltest.TextRows(c.Actual[first:next])}
		m.Class = evaltest.TextRows(c.Predicted[first:next])
		for i := first; i < next; i++ {
			m.Times = append(m.Times, start.UnixNano()+int64(float64(long)/float64(n)*float64(i)))
		}
		if c.Weights != nil {
			m.Weights = c.Weights[first:next]
		}
		for k := range c.Names {
			var of []float64
			for i := first; i < next; i++ {
				of = append(of, c.Scores[i][k])
			}
			m.Scores = append(m.Scores, of)
		}
		b := &groundtruth.Batch{Len: m.Len, HasTime: true, Times: m.Times, Classifier: m.Classifier}
		to.AddPredictions(b)
		to.AddMatches(m)
	}
}

// Summary returns the Summary of the rows, of a window that is so long.
func (c *Multiclass) Summary(long time.Duration) *summary.Summary {
	start := time.Unix(1, 0)
	b := summary.NewBuilder(nil, groundtruth.Window{Start: start, End: start.Add(long)}, nil, c.Options())
	c.Feed(b, start, long)
	return b.Summary()
}
