package evaluator

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// predictionsOf returns a batch of predictions.
func predictionsOf(xs []float64) *groundtruth.Batch {
	b := evaltest.Table(len(xs), map[string]any{"x": xs})
	b.Predictions = xs
	return b
}

// invertedCDF is the quantile of a percentage as NumPy's method inverted_cdf has it.
func invertedCDF(xs []float64, percent int) float64 {
	sorted := slices.Sorted(slices.Values(xs))
	return sorted[max((percent*len(xs)+99)/100, 1)-1]
}

// TestQuantilesOfPredictions compares them with those of the rows: equal where the values are
// known, and else between the same edges, or outside of all.
func TestQuantilesOfPredictions(t *testing.T) {
	t.Parallel()
	exact, within := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64Range(-5, 5), rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }))
		ref := rapid.SliceOfN(number, 1, 200).Draw(t, "reference")
		layout := summary.ProfilerOptions{ExactValues: rapid.SampledFrom([]int{4, 20, 1000}).Draw(t, "exact values")}
		for range 5 { // so that a short run draws enough
			cur := rapid.SliceOfN(rapid.OneOf(number, rapid.SampledFrom(ref)), 1, 200).Draw(t, "window")
			e, w := checkQuantiles(t, ref, layout, cur)
			exact, within = exact+e, within+w
		}
	})
	if exact < 100 || exact < 2*within {
		t.Errorf("%d exact, %d near", exact, within)
	}
	t.Logf("%d exact, %d near", exact, within)
}

// checkQuantiles compares the predictions of a window with its rows, and returns how many of the
// quantiles are equal to theirs, and how many near.
func checkQuantiles(t *rapid.T, ref []float64, layout summary.ProfilerOptions, cur []float64) (exact, within int) {
	profile, s := summarytest.Summaries(predictionsOf(ref), layout, predictionsOf(cur))
	p := Evaluate(s, profile, Options{}).Prediction
	mean := 0.0
	for _, x := range cur {
		mean += x / float64(len(cur))
	}
	if math.Abs(float64(p.Mean)-mean) > 1e-12 || len(p.Quantiles) != 5 || p.Ratios != nil {
		t.Fatalf("got %+v, want a mean of %g and five quantiles", p, mean)
	}
	c := s.Prediction()
	for percent, name := range map[int]string{5: "0.05", 25: "0.25", 50: "0.5", 75: "0.75", 95: "0.95"} {
		got, want := float64(p.Quantiles[name]), invertedCDF(cur, percent)
		if got == want {
			exact++
			continue
		}
		edge, on := slices.BinarySearch(c.Edges(), want)
		low, high := c.Min(), c.Max()
		if edge > 0 {
			low = c.Edges()[edge-1]
		}
		if edge < len(c.Edges()) {
			high = c.Edges()[edge]
		}
		if on || c.InteriorKnown() || got < low || got > high {
			t.Fatalf("quantile %s of %v is %g, want %g, between %g and %g", name, cur, got, want, low, high)
		}
		within++
	}
	return exact, within
}

// TestQuantilesBetweenEdges has more values between the edges than are known.
func TestQuantilesBetweenEdges(t *testing.T) {
	t.Parallel()
	ref, cur := evaltest.Series(50_000, func(i int) float64 { return float64(i) }), evaltest.Series(50_000, func(i int) float64 { return float64(i) + 0.5 })
	profile, s := summarytest.Summaries(predictionsOf(ref), summary.ProfilerOptions{ExactValues: 100}, predictionsOf(cur))
	if s.Prediction().InteriorKnown() {
		t.Fatal("all values are known")
	}
	p := Evaluate(s, profile, Options{}).Prediction
	for percent, name := range map[int]string{5: "0.05", 25: "0.25", 50: "0.5", 75: "0.75", 95: "0.95"} {
		if got, want := float64(p.Quantiles[name]), invertedCDF(cur, percent); math.Abs(got-want) > 1 {
			t.Errorf("quantile %s is %g, want %g", name, got, want)
		}
	}
}

// TestPredictionsWithoutReference have a mean alone, and no predictions have nothing.
func TestPredictionsWithoutReference(t *testing.T) {
	t.Parallel()
	b := summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{})
	if p := Evaluate(b.Summary(), nil, Options{}).Prediction; p != nil {
		t.Errorf("of no predictions: %+v", p)
	}
	b = summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{})
	b.AddPredictions(predictionsOf([]float64{1, 2, 6}))
	if p := Evaluate(b.Summary(), nil, Options{}).Prediction; p.Mean != 3 || p.Quantiles != nil || p.Ratios != nil {
		t.Errorf("got %+v", p)
	}
}

// TestRatiosOfPredictedClasses are shares of all predictions, with a label or without.
func TestRatiosOfPredictedClasses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		opt  summary.BuilderOptions
		add  func(b *groundtruth.Batch)
		want string
	}{
		{"binary", summary.BuilderOptions{Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Scored: true}}, func(b *groundtruth.Batch) {
			b.Predictions, b.Positive = []float64{0.25, 0.75, 0.75, 0.25}, []bool{false, true, true, true}
		}, `{"mean":0.5,"ratios":{"0":0.25,"1":0.75}}`},
		{"multiclass", summary.BuilderOptions{Task: groundtruth.Multiclass, Classifier: summary.ClassifierOptions{Classes: []string{"cat", "dog"}}}, func(b *groundtruth.Batch) {
			b.Predictions, b.Class = nil, evaltest.TextRows([]string{"cat", "dog", "dog", "dog"})
		}, `{"mean":null,"ratios":{"cat":0.25,"dog":0.75}}`},
	} {
		batch := evaltest.Table(4, nil)
		c.add(batch)
		start := time.Unix(0, 0)
		b := summary.NewBuilder(nil, groundtruth.Window{Start: start, End: start.Add(time.Hour)}, nil, c.opt)
		b.AddPredictions(batch)
		got, err := json.Marshal(PredictionOf(b.Summary()))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.name, got, err, c.want)
		}
	}
}

// TestPredictionInRecords reads what was written before there was this block, and what is written now.
func TestPredictionInRecords(t *testing.T) {
	t.Parallel()
	var old, now Evaluation
	if err := json.Unmarshal([]byte(`{"metrics":{},"reference":null,"drift":null,"versions":{},"segments":{},"quality":null}`), &old); err != nil || old.Prediction != nil {
		t.Errorf("got %+v (%v)", old.Prediction, err)
	}
	written, err := json.Marshal(Evaluation{Prediction: &Prediction{Mean: stat.Number(math.NaN()), Ratios: map[string]stat.Number{"cat": 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(written, &now); err != nil || now.Prediction.Ratios["cat"] != 1 || !math.IsNaN(float64(now.Prediction.Mean)) {
		t.Errorf("got %+v (%v)", now.Prediction, err)
	}
}
