package rule

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
)

// TestSkewnessIsTakenOut tests means of lognormal errors against their true value to
// either side. The wrong sign of skewness or curvature would double the plain
// test's 8 %.
func TestSkewnessIsTakenOut(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	for _, c := range []struct {
		metric string
		sigma  float64
		truth  float64
	}{
		{"mae", 1, math.Exp(0.5)},
		{"rmse", 0.5, math.Exp(0.25)},
	} {
		rules, errs := Compile([]Spec{
			{Name: "above", When: fmt.Sprintf("%s > %.17g", c.metric, c.truth), For: 1, Action: "alert"},
			{Name: "below", When: fmt.Sprintf("%s < %.17g", c.metric, c.truth), For: 1, Action: "alert"},
		}, Env{Task: "regression"})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		rng := rand.New(rand.NewPCG(4, 4))
		const trials, rows = 1200, 200
		fired := map[string]int{}
		plain := 0
		for range trials {
			errs := make([]float64, rows)
			for i := range errs {
				errs[i] = math.Exp(c.sigma * rng.NormFloat64())
			}
			metrics := metric.OfWindow(summarytest.ErrorSumsOf(errs), nil, metric.Options{})
			if est := metrics[c.metric].Estimate; (est.Value-c.truth)/est.SE < -1.645 {
				plain++
			}
			results, _ := rules.Judge(Facts{Evaluation: &evaluator.Evaluation{Metrics: metrics}, Predictions: rows, Matched: rows, Coverage: 1, Mature: true})
			for _, r := range results {
				if r.Verdict == Breached {
					fired[r.Name]++
				}
			}
		}
		above, below := float64(fired["above"])/trials, float64(fired["below"])/trials
		t.Logf("%s: above %.1f %%, below %.1f %%, below without the correction %.1f %%", c.metric, 100*above, 100*below, 100*float64(plain)/trials)
		if above < 0.02 || above > 0.07 || below < 0.02 || below > 0.07 {
			t.Errorf("%s: fires above the truth in %.1f %%, below in %.1f %%, want 5 %%", c.metric, 100*above, 100*below)
		}
		if plain < int(0.07*trials) {
			t.Errorf("%s: the plain test fires in %d of %d: the simulation has lost its point", c.metric, plain, trials)
		}
	}
}

// TestSemantics3_SignificanceHoldsItsLevel draws windows whose true error lies
// exactly at the threshold and counts how often a rule at 0.95 fires: 5 % of them,
// with a small and a large reference, independent and autocorrelated errors.
func TestSemantics3_SignificanceHoldsItsLevel(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	rules, errs := Compile([]Spec{
		{Name: "rmse", When: "rmse > 1.2 * reference.rmse", For: 1, Action: "retrain"},
		{Name: "mae", When: "mae > 1.2 * reference.mae", For: 1, Action: "retrain"},
		{Name: "medae", When: "medae > 1.2 * reference.medae", For: 1, Action: "retrain"},
	}, Env{Task: "regression", HasReference: true})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	// 1,500 trials have a standard error of 0.56 points around 5 %. Autocorrelation is
	// estimated from the blocks of one window, which makes the test a little
	// conservative, never loose: 3.9 to 5.2 % over 10,000 trials each. So does the
	// median's interval of order statistics.
	const trials = 1500
	const slack = 3.5 * 0.0056
	least := map[string]float64{"rmse": 0.05 - slack, "mae": 0.05 - slack, "medae": 0.015}
	// A reference of 5,000 rows is a tenth of the uncertainty: 250 of them, each met by
	// six windows of every kind, are as good as 1,500.
	references := map[int][]map[string]metric.Result{200: make([]map[string]metric.Result, trials), 5000: make([]map[string]metric.Result, trials/6)}
	rng := rand.New(rand.NewPCG(200, 5000))
	for _, rows := range []int{200, 5000} {
		for i, pool := 0, references[rows]; i < len(pool); i++ {
			pool[i] = metric.OfWindow(summarytest.ErrorSumsOf(evaltest.ErrorsOf(rng, rows, 0)), nil, metric.Options{})
		}
	}
	for _, rows := range []int{500, 1000} {
		for _, reference := range []int{200, 5000} {
			for _, rho := range []float64{0, 0.7} {
				t.Run(fmt.Sprintf("%d rows, reference of %d, AR(1) %g", rows, reference, rho), func(t *testing.T) {
					t.Parallel()
					rng := rand.New(rand.NewPCG(uint64(rows), uint64(reference)+uint64(10*rho)))
					pool := references[reference]
					fired := map[string]int{}
					for trial := range trials {
						window := evaltest.ErrorsOf(rng, rows, rho)
						for i := range window {
							window[i] *= 1.2 // exactly the threshold
						}
						ev := &evaluator.Evaluation{
							Metrics:   metric.OfWindow(summarytest.ErrorSumsOf(window), nil, metric.Options{}),
							Reference: &evaluator.Reference{Rows: int64(reference), Metrics: pool[trial%len(pool)]},
						}
						results, _ := rules.Judge(Facts{Evaluation: ev, Predictions: int64(rows), Matched: int64(rows), Coverage: 1, Mature: true})
						for _, r := range results {
							if r.Verdict == Breached {
								fired[r.Name]++
							}
						}
					}
					for _, name := range []string{"rmse", "mae", "medae"} {
						share := float64(fired[name]) / trials
						t.Logf("%s fires in %.2f %% of %d windows", name, 100*share, trials)
						if !(share >= least[name] && share <= 0.05+slack) {
							t.Errorf("%s fires in %.2f %% of windows at the threshold, want 5 %%", name, 100*share)
						}
					}
				})
			}
		}
	}
}
