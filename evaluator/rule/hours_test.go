package rule

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
)

// TestHoursDoNotBlindRules gives the errors of a day, and of the reference's 56 days, a
// pattern of the day. Rules see greater errors and a bias as they do without one.
func TestHoursDoNotBlindRules(t *testing.T) {
	rules, errs := Compile([]Spec{
		{Name: "rmse", When: "rmse > 1.2 * reference.rmse", For: 1, Action: "retrain"},
		{Name: "mae", When: "mae > 1.2 * reference.mae", For: 1, Action: "retrain"},
		{Name: "me", When: "me > 0.2", For: 1, Action: "retrain"},
	}, Env{Task: "regression", HasReference: true})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	const trials, rows, referenceRows = 60, 1000, 5000
	// share returns in how many windows each rule fires.
	share := func(scale, bias, times, shift float64) map[string]float64 {
		rng := rand.New(rand.NewPCG(8, 8))
		draw := func(rows int, days, times, shift float64) map[string]metric.Result {
			errs := evaltest.ErrorsOf(rng, rows, 0)
			evaltest.Hours(errs, days, scale, bias)
			for i := range errs {
				errs[i] = times*errs[i] + shift
			}
			return metric.OfWindow(summarytest.ErrorSumsOver(days, errs), nil, metric.Options{})
		}
		var references []map[string]metric.Result
		for range 10 {
			references = append(references, draw(referenceRows, 56, 1, 0))
		}
		fired := map[string]float64{}
		for trial := range trials {
			ev := &evaluator.Evaluation{
				Metrics:   draw(rows, 1, times, shift),
				Reference: &evaluator.Reference{Rows: referenceRows, Metrics: references[trial%len(references)]},
			}
			results, _ := rules.Judge(Facts{Evaluation: ev, Predictions: rows, Matched: rows, Coverage: 1, Mature: true})
			for _, r := range results {
				if r.Verdict == Breached {
					fired[r.Name] += 1.0 / trials
				}
			}
		}
		return fired
	}
	for _, change := range []struct{ times, shift float64 }{{1.3, 0.4}, {1.4, 0}, {1.6, 0}} {
		plain := share(0, 0, change.times, change.shift)
		for _, pattern := range []struct{ scale, bias float64 }{{0.2, 0}, {0.4, 0}, {0.6, 0}, {0, 0.5}} {
			name := fmt.Sprintf("errors times %g and %g more, size +-%g, bias %g", change.times, change.shift, pattern.scale, pattern.bias)
			got := share(pattern.scale, pattern.bias, change.times, change.shift)
			for rule, want := range plain {
				t.Logf("%s: %s fires in %.0f %%, without the pattern in %.0f %%", name, rule, 100*got[rule], 100*want)
				if want > 0.9 && got[rule] < want-0.05 {
					t.Errorf("%s: %s fires in %.0f %% of windows, without the pattern in %.0f %%", name, rule, 100*got[rule], 100*want)
				}
			}
		}
	}
}
