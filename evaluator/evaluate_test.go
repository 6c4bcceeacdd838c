package evaluator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

func evaluateTables(ref, cur *groundtruth.Batch, opts summary.ProfilerOptions, opt Options) *Evaluation {
	var features []groundtruth.FeatureSpec
	for _, c := range ref.Features {
		features = append(features, groundtruth.FeatureSpec{Name: c.Name, Kind: c.Kind})
	}
	p := summary.NewProfiler(features, nil, opts)
	p.AddPredictions(ref)
	layout := p.Layout()
	rb, cb := summary.NewBuilder(layout, groundtruth.Window{}, nil, summary.BuilderOptions{}), summary.NewBuilder(layout, groundtruth.Window{}, nil, summary.BuilderOptions{})
	rb.AddPredictions(ref)
	cb.AddPredictions(cur)
	return Evaluate(cb.Summary(), summary.NewProfile(rb.Summary()), opt)
}

func TestDriftShareIsBoundedByWhatInconclusiveColumnsMayBe(t *testing.T) {
	missingAfter := func(xs []float64, n int) []float64 {
		for i := n; i < len(xs); i++ {
			xs[i] = math.NaN()
		}
		return xs
	}
	ref := evaltest.Table(4000, map[string]any{
		"moves": evaltest.Series(4000, func(i int) float64 { return float64(i) }),
		"stays": evaltest.Series(4000, func(i int) float64 { return float64(i) }),
		// Values enough for PSI's bins of rows, too few for distribution functions.
		"sparse": missingAfter(evaltest.Series(4000, func(i int) float64 { return float64(i) }), 100),
	})
	cur := evaltest.Table(4000, map[string]any{
		"moves":  evaltest.Series(4000, func(i int) float64 { return float64(i) + 1200 }),
		"stays":  evaltest.Series(4000, func(i int) float64 { return float64(i) + 0.5 }),
		"sparse": missingAfter(evaltest.Series(4000, func(i int) float64 { return float64(i) }), 100),
	})
	d := evaluateTables(ref, cur, summary.ProfilerOptions{}, Options{}).Drift
	if s := d.Columns["sparse"]; s.Drifted != nil || !strings.Contains(s.Reason, "wasserstein_normed: too few values") {
		t.Errorf("sparse: drifted %v (%s), want inconclusive for too few values", s.Drifted, s.Reason)
	}
	if d.Share != 0.5 || d.Count != 1 || d.Judged != 2 || math.Abs(float64(d.Low)-1./3) > 1e-15 || math.Abs(float64(d.High)-2./3) > 1e-15 {
		t.Errorf("share %g of %d judged, %g to %g, want 0.5 of 2, 1/3 to 2/3", d.Share, d.Judged, d.Low, d.High)
	}
	// One column is judged by none: nothing is known.
	few := evaluateTables(ref, evaltest.Table(50, map[string]any{
		"moves": evaltest.Series(50, func(i int) float64 { return float64(i) }), "stays": evaltest.Series(50, func(i int) float64 { return float64(i) }),
		"sparse": evaltest.Series(50, func(i int) float64 { return float64(i) }),
	}), summary.ProfilerOptions{}, Options{}).Drift
	if !math.IsNaN(float64(few.Share)) || few.Low != 0 || few.High != 1 || few.Reason != "all 3 feature columns are inconclusive" {
		t.Errorf("of 50 rows share is %g (%g to %g; %s), want null", few.Share, few.Low, few.High, few.Reason)
	}
	for name, c := range few.Columns {
		if name != drift.LabelColumn && !strings.Contains(c.Reason, "50 rows against 4000 in the reference, fewer than min_rows 200") {
			t.Errorf("%s: reason %q", name, c.Reason)
		}
		if name == "moves" && len(c.Measures) == 0 {
			t.Error("measures of few rows are to be shown")
		}
	}
	none := evaluateTables(evaltest.Table(300, nil), evaltest.Table(300, nil), summary.ProfilerOptions{}, Options{}).Drift
	if !math.IsNaN(float64(none.Share)) || none.Reason != "no feature columns" {
		t.Errorf("without features share is %g (%s)", none.Share, none.Reason)
	}
}

// TestColumnsThatNoMeasureFitsCountNowhere holds that a text column and a constant leave the
// share to the columns that the configured measures can judge.
func TestColumnsThatNoMeasureFitsCountNowhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	normal := func(shift float64) []float64 {
		return evaltest.Series(600, func(int) float64 { return rng.NormFloat64() + shift })
	}
	cities := make([]string, 600)
	for i := range cities {
		cities[i] = fmt.Sprint(i % 7)
	}
	five := evaltest.Series(600, func(int) float64 { return 5 })
	opt := Options{Drift: drift.Options{Methods: []string{"wasserstein_normed"}, Thresholds: map[string]float64{"wasserstein_normed": 0.3}}}
	d := evaluateTables(evaltest.Table(600, map[string]any{"a": normal(0), "b": normal(0), "city": cities, "five": five}),
		evaltest.Table(600, map[string]any{"a": normal(1), "b": normal(0), "city": cities, "five": five}), summary.ProfilerOptions{}, opt).Drift
	if d.Share != 0.5 || d.Low != 0.5 || d.High != 0.5 || d.Judged != 2 || d.NotApplicable != 2 || d.Inconclusive() != 0 {
		t.Errorf("share %g (%g to %g) of %d judged, %d not applicable, %d inconclusive", d.Share, d.Low, d.High, d.Judged, d.NotApplicable, d.Inconclusive())
	}
	for name, want := range map[string]string{
		"city": "not applicable: wasserstein_normed compares numbers",
		"five": "not applicable: wasserstein_normed: the reference does not vary",
	} {
		if c := d.Columns[name]; c.Drifted != nil || !c.NotApplicable || c.Reason != want {
			t.Errorf("%s: %q, want %q", name, c.Reason, want)
		}
	}
	if grown := d.WithRows(1e6, 1e6); grown.NotApplicable != 2 || grown.Judged != 2 {
		t.Errorf("with more rows %d of %d are not applicable", grown.NotApplicable, grown.Judged)
	}
	none := evaluateTables(evaltest.Table(600, map[string]any{"city": cities}), evaltest.Table(600, map[string]any{"city": cities}), summary.ProfilerOptions{}, opt).Drift
	if want := "no feature column can be judged: not applicable: wasserstein_normed compares numbers"; !math.IsNaN(float64(none.Share)) || none.Judged != 0 || none.Reason != want {
		t.Errorf("share %g of %d judged (%s), want none (%s)", none.Share, none.Judged, none.Reason, want)
	}
}

func TestDriftOfOddColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	normal := func(scale, shift float64) []float64 {
		return evaltest.Series(500, func(int) float64 { return scale*rng.NormFloat64() + shift })
	}
	constant := func(x float64) []float64 { return evaltest.Series(500, func(int) float64 { return x }) }
	texts := func(f func(i int) string) []string {
		out := make([]string, 500)
		for i := range out {
			out[i] = f(i)
		}
		return out
	}
	for _, c := range []struct {
		name     string
		ref, cur any
		opt      drift.Options
		drifted  string
		reason   string
		null     map[string]string // measure to a part of its reason
	}{
		{name: "constant and the same", ref: constant(3), cur: constant(3), drifted: "false", null: map[string]string{"wasserstein_normed": "does not vary"}},
		{name: "constant and another", ref: constant(3), cur: constant(4), drifted: "true", null: map[string]string{"wasserstein_normed": "does not vary"}},
		{name: "constant, judged by what it has not", ref: constant(3), cur: constant(3), opt: drift.Options{Methods: []string{"wasserstein_normed"}}, drifted: "null", reason: "the reference does not vary"},
		{name: "constant and another, judged by what it has not", ref: constant(3), cur: constant(4), opt: drift.Options{Methods: []string{"wasserstein_normed"}}, drifted: "true"},
		{name: "zero and negative zero", ref: constant(0), cur: constant(math.Copysign(0, -1)), drifted: "false"},
		{name: "a reference without values", ref: constant(math.NaN()), cur: constant(1), drifted: "null", reason: "no values in the reference"},
		{name: "a window without values", ref: normal(1, 0), cur: constant(math.NaN()), drifted: "true", null: map[string]string{"ks": "no values in the window", "wasserstein": "no values in the window"}},
		{name: "a window without the column", ref: normal(1, 0), cur: nil, drifted: "true", null: map[string]string{"ks": "no values"}},
		{name: "numbers in the reference, text in the window", ref: normal(1, 0), cur: texts(func(int) string { return "x" }), drifted: "true"},
		{name: "text in the reference, numbers in the window", ref: texts(func(i int) string { return fmt.Sprint(i % 3) }), cur: normal(1, 0), drifted: "true"},
		{name: "no measure applies", ref: texts(func(i int) string { return fmt.Sprint(i % 3) }), cur: texts(func(i int) string { return fmt.Sprint(i % 3) }),
			opt: drift.Options{Methods: []string{"ks", "wasserstein_normed"}}, drifted: "null", reason: "not applicable: ks, wasserstein_normed compare numbers"},
		{name: "a measure without threshold", ref: normal(1, 0), cur: normal(1, 0), opt: drift.Options{Methods: []string{"wasserstein"}}, drifted: "null", reason: "not applicable: wasserstein without a threshold"},
		{name: "a threshold for it", ref: normal(1, 0), cur: normal(1, 5), opt: drift.Options{Methods: []string{"wasserstein"}, Thresholds: map[string]float64{"wasserstein": 2}}, drifted: "true"},
		{name: "squares overflow", ref: normal(1e200, 0), cur: normal(1e200, 0), drifted: "false", reason: "not a finite number", null: map[string]string{"wasserstein_normed": "not a finite number"}},
		{name: "widths overflow", ref: normal(1.7e307, 0), cur: normal(1.7e307, 0), drifted: "false", reason: "wasserstein_normed: not a finite number"},
		{name: "huge offset", ref: normal(1, 1e9), cur: normal(1, 1e9), drifted: "false", reason: "no drift beyond 0.1"},
		{name: "huge offset, shifted", ref: normal(1, 1e9), cur: normal(1, 1e9+1), drifted: "true"},
		{name: "every text another", ref: texts(func(i int) string { return fmt.Sprint(i % 10) }), cur: texts(func(i int) string { return fmt.Sprint(-i%10 - 1) }), drifted: "true"},
		{name: "a tenth of the texts new", ref: texts(func(i int) string { return fmt.Sprint(i % 9) }), cur: texts(func(i int) string { return fmt.Sprint(i % 10) }), drifted: "true"},
		{name: "texts all unique", ref: texts(func(i int) string { return fmt.Sprint(i) }), cur: texts(func(i int) string { return fmt.Sprint(-i - 1) }), drifted: "null", reason: "chance alone hides drift up to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := evaluateTables(evaltest.Table(500, map[string]any{"x": c.ref}), evaltest.Table(500, map[string]any{"x": c.cur}), summary.ProfilerOptions{}, Options{Drift: c.opt})
			d := ev.Drift.Columns["x"]
			if got := evaltest.AsJSON(t, d.Drifted); got != c.drifted || !strings.Contains(d.Reason, c.reason) {
				t.Errorf("drifted is %s (%s), want %s (%s)", got, d.Reason, c.drifted, c.reason)
			}
			if d.Drifted == nil && d.Reason == "" {
				t.Error("inconclusive without a reason")
			}
			for name, part := range c.null {
				if m := d.Measures[name]; !math.IsNaN(float64(m.Value)) || !strings.Contains(m.Reason, part) {
					t.Errorf("%s is %g (%s), want null (%s)", name, m.Value, m.Reason, part)
				}
			}
			for name, m := range d.Measures {
				if !stat.IsNumber(float64(m.Value)) && m.Reason == "" {
					t.Errorf("%s is null without a reason", name)
				}
				if m.NoiseFloor != nil && !stat.IsNumber(float64(*m.NoiseFloor)) {
					t.Errorf("%s has a noise floor of %g", name, *m.NoiseFloor)
				}
			}
			evaltest.AsJSON(t, ev)
		})
	}
}

func TestQualityCountsSharesOfRows(t *testing.T) {
	null := math.NaN()
	ref := evaltest.Table(4, map[string]any{"x": []float64{1, 2, 3, 4}, "empty": []float64{null, null, null, null}, "city": []string{"a", "b", "a", ""}})
	cur := evaltest.Table(5, map[string]any{"x": []float64{0, 1, 2.5, 9, null}, "empty": []float64{1, 2, null, null, null}, "city": []string{"a", "c", "", "", "b"}})
	q := evaluateTables(ref, cur, summary.ProfilerOptions{}, Options{}).Quality
	if x := q.Columns["x"]; x.Missing != 0.2 || x.OutOfRange != 0.4 || x.Unseen != 0 {
		t.Errorf("x: %+v, want 0.2 missing and 0.4 out of range", x)
	}
	if c := q.Columns["city"]; c.Missing != 0.4 || c.Unseen != 0.2 || c.OutOfRange != 0 {
		t.Errorf("city: %+v, want 0.4 missing and 0.2 unseen", c)
	}
	// A reference without values has no range to be out of.
	if e := q.Columns["empty"]; e.Missing != 0.6 || !math.IsNaN(float64(e.OutOfRange)) {
		t.Errorf("empty: %+v, want 0.6 missing and out_of_range null", e)
	}
	if want := 6. / 15; math.Abs(float64(q.MissingShare)-want) > 1e-15 {
		t.Errorf("missing share is %g, want %g", q.MissingShare, want)
	}
}

func TestEvaluationOfAnyTableHasNoNumberThatIsNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1, 2, -3.5, 1e9, 1e-320, 1e160, -1e308, 1e308, math.NaN()})
		column := func(what string) []float64 { return rapid.SliceOfN(value, 0, 30).Draw(t, what) }
		a, b := column("reference"), column("current")
		ev := evaluateTables(evaltest.Table(len(a), map[string]any{"x": a}), evaltest.Table(len(b), map[string]any{"x": b}),
			summary.ProfilerOptions{ExactValues: rapid.SampledFrom([]int{0, 3}).Draw(t, "exact values")}, Options{Drift: drift.Options{MinRows: 1}})
		d := ev.Drift.Columns["x"]
		if d.Drifted == nil && d.Reason == "" {
			t.Errorf("inconclusive without a reason: %s", evaltest.AsJSON(t, d))
		}
		for name, m := range d.Measures {
			if !stat.IsNumber(float64(m.Value)) && m.Reason == "" {
				t.Errorf("%s is null without a reason", name)
			}
			if m.Value < 0 && name != "missing" || m.Bound != nil && !(*m.Bound > 0 && stat.IsNumber(float64(*m.Bound))) {
				t.Errorf("%s: %s", name, evaltest.AsJSON(t, m))
			}
		}
		evaltest.AsJSON(t, ev)
	})
}

func TestEvaluateRefusesASummaryOfAnotherLayout(t *testing.T) {
	profile, _ := summarytest.Summaries(evaltest.NumbersBatch([]float64{1, 2}), summary.ProfilerOptions{}, evaltest.NumbersBatch(nil))
	_, other := summarytest.Summaries(evaltest.NumbersBatch([]float64{1, 3}), summary.ProfilerOptions{}, evaltest.NumbersBatch([]float64{1}))
	defer func() {
		if recover() == nil {
			t.Error("a summary on another layout is evaluated")
		}
	}()
	Evaluate(other, profile, Options{})
}
