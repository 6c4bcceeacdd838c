package prometheus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/deploy/prometheus"
)

// TestWithin picks a bucket as servers write its bound: a whole number with or without a point.
func TestWithin(t *testing.T) {
	t.Parallel()
	for limit, want := range map[float64]string{0.5: `le="0.5"`, 1: `le=~"1([.]0)?"`, 2.5: `le="2.5"`} {
		if got := prometheus.Within(limit); got != want {
			t.Errorf("%g s: %s, want %s", limit, got, want)
		}
	}
}

// TestObjectivesFollowTheirOptions looks for other objectives and windows in the rules.
func TestObjectivesFollowTheirOptions(t *testing.T) {
	t.Parallel()
	o := prometheus.DefaultOptions()
	o.ErrorObjective, o.LatencyObjective, o.Latency, o.BudgetPeriod, o.MinRate = 0.995, 0.9, 2, 7*24*time.Hour, 3
	o.FastBurn = []prometheus.Burn{{Rate: 9, Long: 2 * time.Hour, Short: 10 * time.Minute}}
	o.SlowBurn = []prometheus.Burn{{Rate: 2, Long: 12 * time.Hour, Short: time.Hour}}
	all := map[string]prometheus.Rule{}
	for _, r := range prometheus.Objectives(o).Rules {
		all[r.Record+r.Alert] = r
	}
	if len(all) != 2*4+4 {
		t.Errorf("%d rules, want four windows and two alerts of each objective", len(all))
	}
	for alert, wants := range map[string][]string{
		"ModelServiceErrorBudgetBurnsFast": {
			"namespace_model:model_prediction_errors:ratio_rate2h / 0.005 > 9", "namespace_model:model_prediction_errors:ratio_rate10m / 0.005 > 9", "[2h])) >= 3",
		},
		"ModelServiceLatencyBudgetBurnsSlowly": {
			"namespace_model:model_predictions_slow:ratio_rate12h / 0.1 > 2", "namespace_model:model_predictions_slow:ratio_rate1h / 0.1 > 2", "[12h])) >= 3",
		},
	} {
		for _, want := range wants {
			if !strings.Contains(all[alert].Expr, want) {
				t.Errorf("%s has no %s:\n%s", alert, want, all[alert].Expr)
			}
		}
	}
	if got := all["ModelServiceLatencyBudgetBurnsSlowly"].Annotations["description"]; !strings.Contains(got, "90 % of predictions take at most 2 s over 1w; the limits are 2 over 12h.") {
		t.Errorf("description %s", got)
	}
}
