package evaluator

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// scoredRow is a row of a binary classifier. A label is positive with the square of the score for
// its probability.
type scoredRow struct {
	score              float64
	positive, labelled bool
}

// scoredRows draws rows, which have a label as labelled says.
func scoredRows(seed uint64, n int, labelled func(score float64) bool) []scoredRow {
	rng := rand.New(rand.NewPCG(seed, 44))
	out := make([]scoredRow, n)
	for i := range out {
		s := math.Round(rng.Float64()*100) / 100
		out[i] = scoredRow{s, rng.Float64() < s*s, labelled(s)}
	}
	return out
}

// feed sends rows to a sink.
func feed(to groundtruth.Sink, rows []scoredRow, weighted bool) {
	b, m := &groundtruth.Batch{Len: len(rows)}, &groundtruth.Matches{}
	for _, r := range rows {
		b.Times, b.Predictions, b.Positive = append(b.Times, 0), append(b.Predictions, r.score), append(b.Positive, r.score >= 0.5)
		if !r.labelled {
			continue
		}
		label := 0.0
		if r.positive {
			label = 1
		}
		m.Len++
		m.Times, m.Predictions, m.Positive = append(m.Times, 0), append(m.Predictions, r.score), append(m.Positive, r.score >= 0.5)
		m.Labels = append(m.Labels, label)
		if weighted {
			m.Weights = append(m.Weights, 2)
		}
	}
	to.AddPredictions(b)
	to.AddMatches(m)
}

// scoredProfile makes the profile of a reference, and a Summary of a window on its layout.
func scoredProfile(reference, window []scoredRow, weighted bool) (*summary.Profile, *summary.Summary) {
	p := summary.NewProfiler(nil, nil, summary.ProfilerOptions{Task: groundtruth.Binary, Binary: summary.BinaryOptions{Scored: true}})
	feed(p, reference, weighted)
	layout := p.Layout()
	build := func(rows []scoredRow) *summary.Summary {
		b := summary.NewBuilder(layout, groundtruth.Window{}, nil, summary.BuilderOptions{})
		feed(b, rows, weighted)
		return b.Summary()
	}
	return summary.NewProfile(build(reference)), build(window)
}

// TestEstimatedOfSummaries holds the estimates of a window to those of its rows' counts, at its
// closing as at its maturity, and asks why there are none where the reference lacks what it takes.
func TestEstimatedOfSummaries(t *testing.T) {
	t.Parallel()
	all, none := func(float64) bool { return true }, func(float64) bool { return false }
	reference := scoredRows(1, 3000, all)
	count := func(rows []scoredRow, labels bool) []summary.ScoreCell {
		cells := make([]summary.ScoreCell, 101)
		for i := range cells {
			cells[i].Score = float64(i) / 100
		}
		for _, r := range rows {
			label, predicted := 0, 0
			if r.positive && labels {
				label = 1
			}
			if r.score >= 0.5 {
				predicted = 1
			}
			cells[int(math.Round(100*r.score))].Mass[label][predicted].N++
		}
		return cells
	}
	for name, labelled := range map[string]func(float64) bool{"closed": none, "mature": all} {
		window := scoredRows(2, 1000, labelled)
		profile, cur := scoredProfile(reference, window, false)
		opt := Options{Metric: metric.Options{Task: groundtruth.Binary}}
		got := Evaluate(cur, profile, opt).Estimated
		want := estimate.Binary(count(reference, true), count(window, false), opt.Metric)
		if got == nil || len(got.Metrics) == 0 || !got.Calibration.Applied {
			t.Fatalf("%s: %+v", name, got)
		}
		for metric, m := range want.Metrics {
			if g := got.Metrics[metric]; g.Value != m.Value && !math.IsNaN(float64(m.Value)) || g.N != 1000 || !reflect.DeepEqual(g.Reason, m.Reason) {
				t.Errorf("%s: %s is %+v, want %+v", name, metric, g, m)
			}
		}
	}
	window := scoredRows(2, 1000, none)
	for _, c := range []struct {
		name      string
		reference []scoredRow
		weighted  bool
		reason    string
	}{
		{"no labels", scoredRows(1, 3000, none), false, "the reference has no labels"},
		{"weights", reference, true, "rows have weights, and those of rows without a label are not known"},
	} {
		profile, cur := scoredProfile(c.reference, window, c.weighted)
		if got := Evaluate(cur, profile, Options{}).Estimated; got == nil || got.Reason != c.reason || len(got.Metrics) > 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	b := summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{Task: groundtruth.Binary, Binary: summary.BinaryOptions{Scored: true}})
	feed(b, window, false)
	if got := Evaluate(b.Summary(), nil, Options{}).Estimated; got != nil {
		t.Errorf("without a reference: %+v", got)
	}
}

// TestLabelBiasOfClassifier finds the bias of a classifier's rows in a Summary.
func TestLabelBiasOfClassifier(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		labelled func(score float64) bool
		biased   string
	}{
		{"any", func(s float64) bool { return int(100*s+0.5)%4 != 0 }, ""},
		{"the unlikely", func(s float64) bool { return s < 0.7 }, "label bias: the 1382 rows with a label differ in score from the 618 without by 1, where 1 is most"},
	} {
		_, cur := scoredProfile(scoredRows(1, 500, func(float64) bool { return true }), scoredRows(3, 2000, c.labelled), false)
		b := Evaluate(cur, nil, Options{LabelBias: true}).LabelBias
		if b == nil || b.Reason != c.biased || len(b.Columns) != 2 {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
}
