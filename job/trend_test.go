package job_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// TestTrendOf says which figures of a window a trend has, and which are missing.
func TestTrendOf(t *testing.T) {
	full := job.Told{Outcome: job.Outcome{
		Stage: trigger.StageMature, Coverage: job.Coverage{Predictions: 900, Coverage: 0.9},
		Evaluation: evaluator.Evaluation{
			Metrics:   map[string]metric.Result{"rmse": {Value: 1.9, Low: 1.8, High: 2, N: 810}},
			Reference: &evaluator.Reference{Metrics: map[string]metric.Result{"rmse": {Value: 1.4}}},
			Rolling:   &evaluator.Rolling{Metrics: map[string]metric.Result{"rmse": {Value: 1.5}}},
			Estimated: &estimate.Estimated{Metrics: map[string]metric.Result{"rmse": {Value: 1.6, Low: 1.3, High: 1.7}}},
			Drift:     &drift.Drift{Share: 0.5, Low: 0.25, High: 0.75},
		},
		Rules: []rule.Result{
			{Name: "other", Verdict: rule.Breached, Comparisons: []rule.Comparison{{Left: "mae", Variable: "mae", RightValue: 9}}},
			{Name: "lax", Verdict: rule.Healthy, Comparisons: []rule.Comparison{{Left: "rmse", Variable: "rmse", RightValue: 3}}},
			{Name: "strict", Verdict: rule.Breached, Comparisons: []rule.Comparison{{Left: "1.68", Right: "rmse", Variable: "rmse", LeftValue: 1.68}}},
		},
		Decision: trigger.Decision{Started: true, Run: "retrain-1"},
	}}
	empty := job.Told{Outcome: job.Outcome{Stage: trigger.StageClosed, Coverage: job.Coverage{Coverage: stat.Number(math.NaN())}}}

	trend := job.TrendOf([]job.Told{empty, full}, "rmse")
	if trend.Title != "RMSE" || trend.Worse != metric.WorseRises || len(trend.Points) != 2 {
		t.Errorf("got %+v", trend)
	}
	p := trend.Points[1]
	got := []stat.Number{p.Value, p.Low, p.High, p.Reference, p.Rolling, p.Threshold, p.Estimated, p.EstimatedLow, p.EstimatedHigh, p.Coverage}
	if want := []stat.Number{1.9, 1.8, 2, 1.4, 1.5, 1.68, 1.6, 1.3, 1.7, 0.9}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if p.N != 810 || !p.Judged || p.Verdict != rule.Breached || !slices.Equal(p.Runs, []string{"retrain-1"}) {
		t.Errorf("got %+v", p)
	}
	p = trend.Points[0]
	for _, n := range []stat.Number{p.Value, p.Low, p.High, p.Reference, p.Rolling, p.Threshold, p.Estimated, p.EstimatedLow, p.EstimatedHigh, p.Coverage} {
		if stat.IsNumber(float64(n)) {
			t.Errorf("got %v of a window without figures", n)
		}
	}
	if p.Judged || p.Verdict != rule.Inconclusive || p.Runs != nil {
		t.Errorf("got %+v of a window without rules", p)
	}

	share := job.TrendOf([]job.Told{full}, job.DriftShare).Points[0]
	if share.Value != 0.5 || share.Low != 0.25 || share.High != 0.75 || share.N != 900 || share.Judged {
		t.Errorf("got %+v", share)
	}
}
