package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// withMissing is so many values of a normal distribution, each missing with a probability.
func withMissing(rng *rand.Rand, n int, missing float64) []float64 {
	return evaltest.Series(n, func(int) float64 {
		if rng.Float64() < missing {
			return math.NaN()
		}
		return rng.NormFloat64()
	})
}

// logChoose is the logarithm of n over k.
func logChoose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}

func TestTailsOfSharesEqualTheirFormulas(t *testing.T) {
	for _, c := range []struct{ marked, n, m float64 }{
		{0, 5000, 200}, {1, 5000, 200}, {30, 200, 200}, {400, 200, 200}, {700, 5000, 1000}, {5900, 5000, 1000}, {2000, 500000, 1000}, {300, 200, 1e6},
	} {
		h := newHypergeometric(int64(c.marked), c.n, c.m)
		tail := 0.0
		for x := math.Min(c.marked, c.m); x >= math.Max(0, c.marked-c.n); x-- {
			tail += math.Exp(logChoose(c.marked, x) + logChoose(c.n+c.m-c.marked, c.m-x) - logChoose(c.n+c.m, c.m))
			if got := h.atLeast(int64(x)); math.Abs(got-tail) > 1e-8*tail+1e-15 {
				t.Fatalf("%+v: %g or more are as likely as %g, want %g", c, x, got, tail)
			}
		}
	}
	// Beyond two ends, as many as a negative binomial of two.
	a, b := evaltest.NumbersBatch(evaltest.Series(500, func(i int) float64 { return float64(i) })), evaltest.NumbersBatch(evaltest.Series(300, func(i int) float64 { return float64(i) }))
	profile, cur := summarytest.Summaries(a, summary.ProfilerOptions{}, b)
	s := outOfRange(profile.Summary().Feature("x"), cur.Feature("x"), Likeness{})
	p, below := 500./800, 0.0
	for k := range 40 {
		if got := s.atLeast(int64(k)); math.Abs(got-(1-below)) > 1e-12 {
			t.Errorf("%d or more out of range are as likely as %g, want %g", k, got, 1-below)
		}
		below += float64(k+1) * p * p * math.Pow(1-p, float64(k))
	}
}

// TestSharesHoldTheirLevel draws samples without change, of values that come once or as those of
// an entity ten times: neither measure is above its floor in more than 0.5 % of them.
func TestSharesHoldTheirLevel(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	const trials = 1500
	for _, missing := range []float64{0, 0.01, 0.3} {
		for _, rows := range []int{200, 2000} {
			for _, times := range []int{1, 10} {
				t.Run(fmt.Sprintf("%g of %d, each %d times", missing, rows, times), func(t *testing.T) {
					t.Parallel()
					rng := rand.New(rand.NewPCG(uint64(rows), uint64(missing*1e4)))
					draw := func(rows int) *groundtruth.Batch {
						xs := withMissing(rng, rows/times, missing)
						return evaltest.NumbersBatch(slices.Repeat(xs, times))
					}
					over := map[string]int{}
					for range trials {
						profile, cur := summarytest.Summaries(draw(500), summary.ProfilerOptions{}, draw(rows))
						for _, s := range Specs() {
							if s.Beside() {
								share := s.shares(profile.Summary().Feature("x"), cur.Feature("x"), Likeness{Reference: float64(times), Window: float64(times)})
								if found := share.measured(); found.value > found.null.floor {
									over[s.Name]++
								}
							}
						}
					}
					for name, n := range over {
						if share, most := float64(n)/trials, 0.005+3*math.Sqrt(0.005/trials); share > most {
							t.Errorf("%s is above its floor in %.2f %% of draws without change", name, 100*share)
						}
					}
				})
			}
		}
	}
}

// TestMissingDoesNotDependOnTheReferencesSize holds that values newly missing are one measure,
// whatever the size of the reference, and none of psi's: an empty bin of the reference made
// psi 0.096 at 1,000 rows and 0.201 at 500,000.
func TestMissingDoesNotDependOnTheReferencesSize(t *testing.T) {
	for _, size := range []int{1000, 5000, 50_000, 500_000} {
		rng := rand.New(rand.NewPCG(uint64(size), 3))
		cur := withMissing(rng, 5000, 0)
		for i := range 100 {
			cur[i*50] = math.NaN()
		}
		found := driftOfX(evaltest.NumbersBatch(withMissing(rng, size, 0)), evaltest.NumbersBatch(cur), summary.ProfilerOptions{})
		missing, psi := found.Measures["missing"], found.Measures["psi"]
		if missing.Value != 0.02 || missing.Drifted == nil || !*missing.Drifted || !*found.Drifted {
			t.Errorf("a reference of %d rows: missing %s", size, evaltest.AsJSON(t, missing))
		}
		if psi.Value > 0.02 || *psi.Drifted {
			t.Errorf("a reference of %d rows: psi %s", size, evaltest.AsJSON(t, psi))
		}
	}
}

// TestSharesJudgeBesideEveryMethod holds that a column that a window has lost, and one that
// has left its range, drift whatever compares their values; and that they take no level from
// the other measures where they can flag nothing.
func TestSharesJudgeBesideEveryMethod(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	ref := withMissing(rng, 5000, 0)
	lost := evaltest.Series(1000, func(int) float64 { return math.NaN() })
	beyond := withMissing(rng, 1000, 0)
	for i := range 30 {
		beyond[i] = 100
	}
	half := 0.5
	for _, c := range []struct {
		name string
		opt  Options
	}{
		{"auto", Options{}},
		{"ks", Options{Methods: []string{"ks"}}},
		{"one threshold for the rest", Options{Methods: []string{"psi"}, Threshold: &half}},
	} {
		for by, cur := range map[string][]float64{"missing": lost, "out_of_range": beyond} {
			profile, s := summarytest.Summaries(evaltest.NumbersBatch(ref), summary.ProfilerOptions{}, evaltest.NumbersBatch(cur))
			got := Compare(new(Scratch), profile.Summary().Feature("x"), s.Feature("x"), Likeness{}, c.opt)
			if m := got.Measures[by]; got.Drifted == nil || !*got.Drifted || m.Drifted == nil || !*m.Drifted || *m.Threshold != 0.01 {
				t.Errorf("%s, %s: %s", c.name, by, evaltest.AsJSON(t, got))
			}
			c.opt.Thresholds = map[string]float64{by: 1}
			got = Compare(new(Scratch), profile.Summary().Feature("x"), s.Feature("x"), Likeness{}, c.opt)
			if m := got.Measures[by]; m.Drifted == nil || *m.Drifted {
				t.Errorf("%s, %s above its threshold of 1: %s", c.name, by, evaltest.AsJSON(t, m))
			}
			c.opt.Thresholds = nil
		}
	}
	texts := make([]string, 1000)
	profile, s := summarytest.Summaries(evaltest.TextBatch([]string{"a", "b", "c", "a", "b", "c"}), summary.ProfilerOptions{}, evaltest.TextBatch(texts))
	got := Compare(new(Scratch), profile.Summary().Feature("x"), s.Feature("x"), Likeness{}, Options{Methods: []string{"ks"}, MinRows: 5})
	if got.Drifted == nil || !*got.Drifted || got.NotApplicable {
		t.Errorf("a text column that is lost, with ks: %s", evaltest.AsJSON(t, got))
	}
	full := driftOfX(evaltest.NumbersBatch(ref), evaltest.NumbersBatch(withMissing(rng, 1000, 0)), summary.ProfilerOptions{})
	if floor, want := float64(*full.Measures["ks"].NoiseFloor), ksNull(5000, 1000, 0.95).floor; math.Abs(floor-want) > 1e-6 {
		t.Errorf("the floor of ks is %g, where but one measure can flag by chance, want %g", floor, want)
	}
}
