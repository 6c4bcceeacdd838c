package report

import (
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// TestGroupsAreWorseBeyondChance: a title names the worst group only where its interval leaves the
// figure of all rows out.
func TestGroupsAreWorseBeyondChance(t *testing.T) {
	t.Parallel()
	city := func(low, high float64) []grouped {
		return []grouped{{name: "Bergen", of: evaluator.Group{Metrics: map[string]metric.Result{"rmse": {Value: 2, Low: stat.Number(low), High: stat.Number(high)}}}}}
	}
	for want, groups := range map[string][]grouped{
		"RMSE is worst of city Bergen: 2, 1.5 of all rows":  city(1.6, 2.4),
		"No city is clearly worse: RMSE is 1.5 of all rows": city(1.4, 2.6),
	} {
		if got := dotsTitle("rmse", "city", groups, 1.5); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
