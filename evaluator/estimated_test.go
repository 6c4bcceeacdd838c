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
	p := summary.NewProfiler(nil, nil, summary.ProfilerOptions{Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Scored: true}})
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
		{"weights", reference, true, "rows have weights, and those without a label are counted without them"},
	} {
		profile, cur := scoredProfile(c.reference, window, c.weighted)
		if got := Evaluate(cur, profile, Options{}).Estimated; got == nil || got.Reason != c.reason || len(got.Metrics) > 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	b := summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Scored: true}})
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

// TestEstimatedOfSeveralClasses holds the estimates of a Summary of several classes to those of its
// rows' counts, and finds the bias of its labels.
func TestEstimatedOfSeveralClasses(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	column := func(codes []uint32) groundtruth.Column {
		valid := make([]bool, len(codes))
		for i := range valid {
			valid[i] = true
		}
		return groundtruth.Column{Name: "class", Kind: groundtruth.Text, Codes: codes, Dict: names, Valid: valid}
	}
	classifier := summary.ClassifierOptions{Classes: names}
	counts := func() (cells [3][]summary.ScoreCell) {
		for k := range cells {
			cells[k] = make([]summary.ScoreCell, 65)
			for i := range cells[k] {
				cells[k][i].Score = float64(i) / 64
			}
		}
		return cells
	}
	// Rows are sent to a sink and counted; labelled says which have a label.
	send := func(to groundtruth.Sink, seed uint64, n int, labelled func(predicted int) bool) [3][]summary.ScoreCell {
		rng := rand.New(rand.NewPCG(seed, 3))
		cells := counts()
		b, m := &groundtruth.Batch{Len: n, Times: make([]int64, n)}, &groundtruth.Matches{}
		b.Scores, m.Scores = make([][]float64, 3), make([][]float64, 3)
		var said, saidOf, actualOf []uint32
		for range n {
			first := rng.IntN(65)
			second := rng.IntN(65 - first)
			scores := []int{first, second, 64 - first - second}
			actual, predicted := 0, 0
			for u := rng.IntN(64) - scores[0]; u >= 0 && actual < 2; u -= scores[actual] {
				actual++
			}
			for k := range 3 {
				if scores[k] > scores[predicted] {
					predicted = k
				}
			}
			is := func(of, k int) int {
				if of == k {
					return 1
				}
				return 0
			}
			has := labelled(predicted)
			for k := range 3 {
				b.Scores[k] = append(b.Scores[k], float64(scores[k])/64)
				if has {
					m.Scores[k] = append(m.Scores[k], float64(scores[k])/64)
				}
				cells[k][scores[k]].Mass[is(actual, k)][is(predicted, k)].N++
			}
			said = append(said, uint32(predicted))
			if has {
				m.Len++
				saidOf, actualOf = append(saidOf, uint32(predicted)), append(actualOf, uint32(actual))
			}
		}
		b.Class, m.Class, m.LabelClass, m.Times = column(said), column(saidOf), column(actualOf), make([]int64, m.Len)
		to.AddPredictions(b)
		to.AddMatches(m)
		return cells
	}
	all := func(int) bool { return true }
	p := summary.NewProfiler(nil, nil, summary.ProfilerOptions{Task: groundtruth.Multiclass, Classifier: classifier})
	send(p, 1, 4000, all)
	builder := func() *summary.Builder {
		return summary.NewBuilder(p.Layout(), groundtruth.Window{}, nil, summary.BuilderOptions{})
	}
	ref, cur := builder(), builder()
	reference := send(ref, 1, 4000, all)
	window := send(cur, 2, 2000, func(predicted int) bool { return predicted != 2 })
	profile := summary.NewProfile(ref.Summary())
	opt := metric.Options{Task: groundtruth.Multiclass}
	got := estimated(cur.Summary(), profile, profile.For(groundtruth.Window{}, 200), opt)
	var classes []estimate.Class
	for k, name := range names {
		for i := range window[k] {
			m := &window[k][i].Mass
			m[0][0].N, m[0][1].N, m[1] = m[0][0].N+m[1][0].N, m[0][1].N+m[1][1].N, [2]summary.Mass{}
		}
		classes = append(classes, estimate.Class{Name: name, Reference: reference[k], Window: window[k]})
	}
	want := estimate.Multiclass(classes, opt)
	if len(got.Metrics) != 7 || got.Calibration.Rows < 3900 || got.Calibration.Rows > 4100 {
		t.Fatalf("%+v", got)
	}
	for name, m := range want.Metrics {
		if g := got.Metrics[name]; math.Abs(float64(g.Value-m.Value)) > 1e-12 || math.Abs(float64(g.Low-m.Low)) > 1e-9 || g.N != 2000 {
			t.Errorf("%s is %+v, want %+v", name, g, m)
		}
	}
	b := labelBiasOf(cur.Summary())
	if !b.Biased || len(b.Columns) != 2 || b.Columns["prediction"].Distance != 1 || b.Columns["score"].Distance > 0.3 || b.Reason != "label bias: 0 % of 433 rows predicted to be c have a label, and 78.35 % of all" {
		t.Errorf("%+v", b)
	}
}
