package drift

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// numbersOf and textsOf draw a batch of one column.
func numbersOf(draw func(*rand.Rand) float64) func(*rand.Rand, int) *groundtruth.Batch {
	return func(r *rand.Rand, n int) *groundtruth.Batch {
		return evaltest.NumbersBatch(evaltest.Series(n, func(int) float64 { return draw(r) }))
	}
}

func textsOf(draw func(*rand.Rand) int) func(*rand.Rand, int) *groundtruth.Batch {
	return func(r *rand.Rand, n int) *groundtruth.Batch {
		xs := make([]string, n)
		for i := range xs {
			xs[i] = strconv.Itoa(draw(r))
		}
		return evaltest.TextBatch(xs)
	}
}

// The p-values of what 40,000 more draws exceed once in 100 and once in 1,000 are about that,
// and rather too large than too small.
func TestTailIsThatOfManyDraws(t *testing.T) {
	zipf := func(k int) func(*rand.Rand) int {
		return func(r *rand.Rand) int { return int(math.Pow(float64(k), r.Float64())) }
	}
	for _, c := range []struct {
		name string
		draw func(*rand.Rand, int) *groundtruth.Batch
	}{
		{"normal", numbersOf((*rand.Rand).NormFloat64)},
		{"integers", numbersOf(func(r *rand.Rand) float64 { return math.Round(5 + 3*r.NormFloat64()) })},
		{"few", numbersOf(func(r *rand.Rand) float64 { return math.Min(3, math.Max(0, math.Floor(2+r.NormFloat64()))) })},
		{"two values", numbersOf(func(r *rand.Rand) float64 { return math.Floor(1.3 * r.Float64()) })},
		{"12 texts", textsOf(zipf(12))},
		{"300 texts", textsOf(zipf(300))},
	} {
		for _, rows := range []int{200, 1000} {
			r := rand.New(rand.NewPCG(5, uint64(rows)))
			profile, s := summarytest.Summaries(c.draw(r, 5000), summary.ProfilerOptions{}, c.draw(r, rows))
			ref, cur := profile.Summary().Feature("x"), s.Feature("x")
			measures, _, _ := measuresOf(ref.Layout(), nil)
			again := newRedeal(binsOf(ref), binsOf(cur), ref.Layout().Ranged(), Likeness{})
			nulls := new(Scratch).binNulls(again, measures, func([]null) float64 { return 0.95 })
			const many = 40_000
			draws := make([][]float64, len(measures))
			for rng := (&normals{at: 1 << 40}); len(draws[0]) < many; {
				again.draw(rng)
				for i := range measures {
					draws[i] = append(draws[i], again.distance(measures[i].bins))
				}
			}
			for i, m := range measures {
				slices.Sort(draws[i])
				for _, p := range []float64{0.01, 0.001} {
					if got := nulls[i].p(draws[i][int(many*(1-p))]); got < p/1.8 || got > p*3 {
						t.Errorf("%s of %s, %d rows: p %.5f of what %g of the draws exceed", m.Name, c.name, rows, got, p)
					}
				}
			}
		}
	}
}

func TestNullOfAQuotient(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	draws := evaltest.Series(1000, func(int) float64 { return math.Abs(r.NormFloat64()) })
	quotients := evaltest.Series(1000, func(i int) float64 { return draws[i] / 3 })
	var whole, part null
	whole.drawn(draws, false)
	part.drawn(quotients, false)
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }
	if got := whole.over(3); !near(got.mean, part.mean) || !near(got.rms, part.rms) || !near(got.sd, part.sd) || !near(got.p(1), part.p(1)) {
		t.Errorf("%+v, want %+v", got, part)
	}
}

func TestNullOfNoChance(t *testing.T) {
	var n null
	n.drawn(make([]float64, 100), false)
	if n.p(0) != 1 || n.p(1e-9) != 0 {
		t.Errorf("p is %g of 0 and %g of more, want 1 and 0", n.p(0), n.p(1e-9))
	}
}
