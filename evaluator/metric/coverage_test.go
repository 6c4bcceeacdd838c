package metric

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// TestIntervalsOfFurtherMetricsCover draws windows with normal labels, errors and quantiles, with
// and without weights, and counts how often intervals hold what the metric is of very many rows.
func TestIntervalsOfFurtherMetricsCover(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	const trials, n = 400, 1000
	rng := rand.New(rand.NewPCG(11, 3))
	orders := []float64{0.1, 0.9}
	z := portable.NormalQuantile(0.9)
	draw := func(n int, weighted bool) map[string]Result {
		rows := summarytest.Matched{Orders: orders, Quantiles: make([][]float64, 2)}
		for range n {
			y, e := 20+4*rng.NormFloat64(), 0.3+2*rng.NormFloat64()
			wide := 2 * z * math.Exp(0.2*rng.NormFloat64())
			rows.Labels, rows.Predictions = append(rows.Labels, y), append(rows.Predictions, y+e)
			rows.Quantiles[0] = append(rows.Quantiles[0], y+e-0.3-wide)
			rows.Quantiles[1] = append(rows.Quantiles[1], y+e-0.3+wide)
			if weighted {
				rows.Weights = append(rows.Weights, 0.2+rng.ExpFloat64())
			}
		}
		return OfWindow(rows.ErrorSums(20, time.Hour), nil, Options{Quantiles: orders})
	}
	names := []string{"mae", "rmse", "medae", "r2", "rmsle", "explained_variance", "skill_mean", "skill_median", "pinball_loss", "interval_coverage", "interval_width"}
	truth := draw(400_000, false)
	// Of so many labels the median is not known, but of their distribution.
	truth["skill_median"] = Result{Value: 1 - truth["mae"].Value/(4*stat.Number(math.Sqrt(2/math.Pi)))}
	for _, weighted := range []bool{false, true} {
		covered := map[string]int{}
		for range trials {
			for name, m := range draw(n, weighted) {
				if want := truth[name].Value; m.Low <= want && want <= m.High {
					covered[name]++
				}
			}
		}
		for _, name := range names {
			// 400 draws are within 2.2 points of 95 % by chance, and the truth is off a little.
			if got := 100 * float64(covered[name]) / trials; got < 91.5 || got > 98 {
				t.Errorf("%s, weights %v: the interval covers in %.1f %%, want about 95 %%", name, weighted, got)
			}
		}
	}
}

// TestShareLiesInItsInterval holds Wilson's interval of a share to the share, which rounding would
// leave outside of it where it is 0 or 1.
func TestShareLiesInItsInterval(t *testing.T) {
	for n := 1.0; n < 3000; n++ {
		for _, share := range []float64{0, 1 / n, 0.5, 1 - 1/n, 1} {
			if low, high := Wilson(share, n); !(0 <= low && low <= share && share <= high && high <= 1) {
				t.Fatalf("share %v of %v rows: %v to %v", share, n, low, high)
			}
		}
	}
}
