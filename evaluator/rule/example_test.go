package rule_test

import (
	"fmt"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// Compile says what is wrong with a rule, and where.
func ExampleCompile() {
	specs := []rule.Spec{{Name: "error", When: "rmse > 1.2 * reference.rmse", For: 1, Action: "alert"}}
	_, errs := rule.Compile(specs, rule.Env{})
	fmt.Println(errs[0])

	set, _ := rule.Compile(specs, rule.Env{HasReference: true})
	fmt.Println(set.Rules()[0].Variables)
	// Output:
	// rule "error": when, character 14: reference.rmse needs a reference and this model has none; configure reference
	// [rmse reference.rmse]
}

// The RMSE is above the limit in both windows, but only in the second by more than its
// uncertainty.
func ExampleSet_Judge() {
	set, errs := rule.Compile([]rule.Spec{{Name: "error", When: "rmse > 1", MinSamples: 200, MinCoverage: 0.8, For: 1, Action: "retrain"}}, rule.Env{})
	if len(errs) > 0 {
		fmt.Println(errs)
		return
	}
	for _, rmse := range []float64{1.05, 1.25} {
		metrics := map[string]metric.Result{"rmse": {
			Value: stat.Number(rmse), Low: stat.Number(rmse - 0.2), High: stat.Number(rmse + 0.2), N: 450,
			Estimate: stat.Estimate{Value: rmse, SE: 0.1, DF: 449},
		}}
		results, _ := set.Judge(rule.Facts{
			Evaluation: &evaluator.Evaluation{Metrics: metrics}, Predictions: 500, Matched: 450, Coverage: 0.9, Mature: true,
		})
		fmt.Printf("%s: %s\n", results[0].Verdict, results[0].Reason)
	}
	// Output:
	// inconclusive: rmse 1.05 (0.85 to 1.25) > 1 is not significant at 95 %: the difference 0.05 may be as low as -0.1148
	// breached: rmse 1.25 (1.05 to 1.45) > 1 at 95 %
}
