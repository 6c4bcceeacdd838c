package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
)

// TestHeavyTailsHaveNoIntervalOfSquares draws errors of lighter and heavier tails. An interval
// of rmse covers what it should where there is one, and errors whose squares have no variance
// have none.
func TestHeavyTailsHaveNoIntervalOfSquares(t *testing.T) {
	student := func(rng *rand.Rand, df int) float64 {
		sum := 0.0
		for range df {
			x := rng.NormFloat64()
			sum += x * x
		}
		return rng.NormFloat64() / math.Sqrt(sum/float64(df))
	}
	const trials = 400
	for _, c := range []struct {
		name   string
		rows   int
		mse    float64
		draw   func(*rand.Rand) float64
		least  float64 // share of those that have an interval
		atMost float64
		covers float64
	}{
		{"normal", 200, 1, (*rand.Rand).NormFloat64, 1, 1, 0.925},
		{"Laplace", 200, 2, func(rng *rand.Rand) float64 { return rng.ExpFloat64() * float64(2*rng.IntN(2)-1) }, 0.91, 1, 0.915},
		{"Laplace", 1000, 2, func(rng *rand.Rand) float64 { return rng.ExpFloat64() * float64(2*rng.IntN(2)-1) }, 0.97, 1, 0.925},
		{"t with 5 df", 200, 5.0 / 3, func(rng *rand.Rand) float64 { return student(rng, 5) }, 0.88, 1, 0.89},
		{"t with 5 df", 1000, 5.0 / 3, func(rng *rand.Rand) float64 { return student(rng, 5) }, 0.88, 1, 0.92},
		{"lognormal", 200, math.Exp(2), func(rng *rand.Rand) float64 { return math.Exp(rng.NormFloat64()) }, 0, 0.17, 0},
		{"t with 3 df", 1000, 3, func(rng *rand.Rand) float64 { return student(rng, 3) }, 0, 0.25, 0},
		{"lognormal", 1000, math.Exp(2), func(rng *rand.Rand) float64 { return math.Exp(rng.NormFloat64()) }, 0, 0.02, 0},
	} {
		t.Run(fmt.Sprintf("%s, %d rows", c.name, c.rows), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(10, uint64(c.rows)))
			shown, covered := 0, 0
			for range trials {
				errs := make([]float64, c.rows)
				for i := range errs {
					errs[i] = c.draw(rng)
				}
				metrics := OfWindow(summarytest.ErrorSumsOf(errs), nil, Options{})
				m := metrics["rmse"]
				if few := strings.Contains(metrics["mae"].Note, "judge medae"); few && c.rows >= 1000 || few && c.name == "normal" {
					t.Fatalf("the note of mae is %q", metrics["mae"].Note)
				}
				if m.Reason != "" {
					if !math.IsNaN(float64(m.Low)) || !strings.HasSuffix(m.Reason, ": judge mae or medae instead") || metrics["mae"].Reason != "" {
						t.Fatalf("rmse is %+v, mae %+v", m, metrics["mae"])
					}
					// That it is no worse than something has to hold by more.
					above, _ := m.ForTest(1)
					below, ok := m.ForTest(-1)
					if !ok || above.SE != m.Estimate.SE || below.SE != 3*m.Estimate.SE {
						t.Fatalf("a test of whether it is above has the standard error %g, below %g; want %g, and three times that", above.SE, below.SE, m.Estimate.SE)
					}
					continue
				}
				shown++
				if truth := math.Sqrt(c.mse); float64(m.Low) <= truth && truth <= float64(m.High) {
					covered++
				}
			}
			share, covers := float64(shown)/trials, float64(covered)/float64(shown)
			t.Logf("%.1f %% have an interval, which covers %.1f %%", 100*share, 100*covers)
			if share < c.least || share > c.atMost || covers < c.covers {
				t.Errorf("%.1f %% have an interval, want %.0f to %.0f %%; it covers %.1f %%, want 95 %%", 100*share, 100*c.least, 100*c.atMost, 100*covers)
			}
		})
	}
}

// TestErrorsTooSmallForSquaresAreNoted has errors whose squares, or the squares of these,
// underflow.
func TestErrorsTooSmallForSquaresAreNoted(t *testing.T) {
	for _, c := range []struct {
		size  float64
		noted []string
	}{
		{1e-3, nil},
		{1e-70, nil},
		{1e-80, []string{"explained_variance", "mse", "r2", "rmse", "skill_mean"}},
		{1e-160, []string{"explained_variance", "mae", "me", "mse", "r2", "rmse", "skill_mean", "skill_median"}},
		{5e-324, []string{"explained_variance", "mae", "me", "mse", "r2", "rmse", "skill_mean", "skill_median"}},
		{0, nil},
	} {
		rng := rand.New(rand.NewPCG(1, 1))
		predictions, labels := make([]float64, 300), make([]float64, 300)
		for i := range labels {
			// Small labels, so that the errors are not rounded off.
			labels[i] = c.size * float64(rng.IntN(8))
			predictions[i] = labels[i] + c.size*float64(rng.IntN(3)-1)
		}
		var noted []string
		for name, m := range OfWindow(summarytest.ErrorSums(0, predictions, labels), nil, Options{}) {
			if strings.Contains(m.Note, "powers of such small numbers are lost") {
				noted = append(noted, name)
			}
		}
		slices.Sort(noted)
		if !slices.Equal(noted, c.noted) {
			t.Errorf("errors of %g: noted of %v, want %v", c.size, noted, c.noted)
		}
	}
}

// TestTailsOfTheModelAreKnown has a window too small to show the tails that its reference has.
func TestTailsOfTheModelAreKnown(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 1))
	draw := func(n int, draw func() float64) map[string]Result {
		errs := make([]float64, n)
		for i := range errs {
			errs[i] = draw()
		}
		return OfWindow(summarytest.ErrorSumsOf(errs), nil, Options{})
	}
	heavy := draw(5000, func() float64 { return math.Exp(rng.NormFloat64()) })
	for _, of := range []map[string]Result{heavy, draw(5000, rng.NormFloat64), draw(1, rng.NormFloat64)} {
		window := draw(200, rng.NormFloat64)
		KnowTails(window, of)
		for name, m := range window {
			switch name {
			case "r2", "explained_variance", "skill_mean", "skill_median", "max_error":
				continue // labels do not vary here, and a maximum has no interval
			}
			squares := name == "mse" || name == "rmse"
			if lost := math.IsNaN(float64(m.Low)) && m.N > 0; lost != (squares && of["rmse"].N > 1 && of["rmse"].Reason != "") {
				t.Errorf("%s has the interval from %g (%s), where the reference's reason is %q", name, m.Low, m.Reason, of["rmse"].Reason)
			}
			if want := squares && of["rmse"].N > 1 && of["rmse"].Reason != ""; (m.worse != 0) != want {
				t.Errorf("%s has heavy tails: %v", name, !want)
			}
			if est, ok := m.ForTest(1); squares && (!ok || est.SE != m.Estimate.SE) {
				t.Errorf("%s cannot be told to be bad: %v", name, est)
			}
		}
	}
}
