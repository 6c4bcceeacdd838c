package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
)

// expected returns the mean, the mean absolute value and the root mean square of normal
// errors that evaltest.Hours has given a pattern.
func expected(rows int, days, scale, bias float64) map[string]float64 {
	ones, zeros := make([]float64, rows), make([]float64, rows)
	for i := range ones {
		ones[i] = 1
	}
	evaltest.Hours(ones, days, scale, bias)
	evaltest.Hours(zeros, days, scale, bias)
	me, mae, mse := 0.0, 0.0, 0.0
	for i, m := range zeros {
		s := ones[i] - m
		me += m / float64(rows)
		mae += (s*math.Sqrt(2/math.Pi)*math.Exp(-m*m/(2*s*s)) + m*math.Erf(m/s/math.Sqrt2)) / float64(rows)
		mse += (m*m + s*s) / float64(rows)
	}
	return map[string]float64{"me": me, "mae": mae, "rmse": math.Sqrt(mse)}
}

// TestHoursAreNoAutocorrelation draws errors with a pattern of the day, independent and
// autocorrelated ones. Intervals cover what they should, and those of independent errors are
// as narrow as without the pattern.
func TestHoursAreNoAutocorrelation(t *testing.T) {
	const trials, rows = 250, 1000
	for _, days := range []float64{1, 25.0 / 24, 7, 56} {
		for _, c := range []struct{ rho, scale, bias float64 }{{0, 0.4, 0}, {0, 0, 0.5}, {0.7, 0.6, 0}, {0.7, 0.4, 0.5}} {
			t.Run(fmt.Sprintf("%.3g days, AR(1) %g, size +-%g, bias %g", days, c.rho, c.scale, c.bias), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(12, uint64(days*100+10*c.scale)))
				truth := expected(rows, days, c.scale, c.bias)
				covered, nEff := map[string]int{}, map[string]float64{}
				for range trials {
					errs := evaltest.ErrorsOf(rng, rows, c.rho)
					evaltest.Hours(errs, days, c.scale, c.bias)
					for name, m := range OfWindow(summarytest.ErrorSumsOver(days, errs), nil, Options{}) {
						if want, ok := truth[name]; ok && float64(m.Low) <= want && want <= float64(m.High) {
							covered[name]++
						}
						nEff[name] += m.Estimate.NEff / trials
					}
				}
				for name := range truth {
					share := float64(covered[name]) / trials
					t.Logf("%s covers %.1f %%, with %.0f rows of %d", name, 100*share, nEff[name], rows)
					// 95 % of 250 trials have a standard error of 1.4 points.
					if share < 0.905 {
						t.Errorf("%s covers %.1f %%, want 95 %%", name, 100*share)
					}
					if c.rho == 0 && nEff[name] < 0.9*rows {
						t.Errorf("%s: %d independent rows count as %.0f", name, rows, nEff[name])
					}
				}
			})
		}
	}
}
