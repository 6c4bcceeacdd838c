package rule

import (
	"math"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

func scoredEnv() Env { return Env{Task: groundtruth.Binary, HasReference: true} }

// estimatedFacts is a window that has only closed: no labels are in.
func estimatedFacts() Facts {
	facts := testFacts()
	facts.Matched, facts.Mature = 0, false
	facts.Evaluation.Metrics = nil
	facts.Evaluation.Reference.Metrics = map[string]metric.Result{"f1": testMetric(0.8, 0.01), "log_loss": testMetric(0.3, 0.01)}
	without := testMetric(0.7, 0.1)
	nan := stat.Number(math.NaN())
	without.Low, without.High, without.Reason = nan, nan, "a band needs 50 rows of each class, and so many are not expected"
	without.Estimate.SE = math.NaN()
	facts.Evaluation.Estimated = &estimate.Estimated{Method: estimate.CBPE, Metrics: map[string]metric.Result{
		"f1": testMetric(0.6, 0.02), "roc_auc": testMetric(0.7, 0.3), "recall": without, "log_loss": testMetric(0.5, 0.02),
	}}
	return facts
}

// TestEstimatesAreJudgedWithoutLabels judges rules on estimated performance on a window that has
// only closed: by the band, and against the reference as any metric of the window.
func TestEstimatesAreJudgedWithoutLabels(t *testing.T) {
	t.Parallel()
	ordinary := estimatedFacts()
	f1 := ordinary.Evaluation.Reference.Metrics["f1"]
	f1.DaySD, f1.DayDF = 0.1, 100
	ordinary.Evaluation.Reference.Metrics["f1"] = f1
	hours := estimatedFacts()
	hours.Evaluation.Reference.EmptyHours, hours.Evaluation.Reference.EmptyShare = []int{3}, 0.2
	none := estimatedFacts()
	none.Evaluation.Estimated = estimate.None("the reference has no labels")
	nothing := estimatedFacts()
	nothing.Evaluation.Estimated = nil
	for _, c := range []struct {
		when    string
		facts   Facts
		verdict Verdict
		reason  string
	}{
		{"estimated.f1 < 0.9 * reference.f1", estimatedFacts(), Breached, "estimated f1 0.6 (0.56 to 0.64) < 0.9 * reference 0.8 = 0.72 at 95 %"},
		{"estimated.log_loss > 1.6 * reference.log_loss", estimatedFacts(), Inconclusive, "estimated log_loss 0.5 (0.46 to 0.54) > 1.6 * reference 0.3 = 0.48 is not significant at 95 %: the difference 0.02 may be as low as -0.02213"},
		{"estimated.f1 < 0.5", estimatedFacts(), Healthy, "estimated f1 0.6 (0.56 to 0.64) >= 0.5"},
		{"estimated.roc_auc < 0.8", estimatedFacts(), Inconclusive, "estimated roc_auc 0.7 (0.1 to 1.3) < 0.8 is not significant at 95 %: the difference 0.1 may be as low as -0.3935"},
		{"estimated.recall < 0.8", estimatedFacts(), Inconclusive, "no interval for estimated.recall (a band needs 50 rows of each class, and so many are not expected): estimated recall 0.7 < 0.8"},
		{"estimated.f1 < 0.9 * reference.f1", ordinary, Inconclusive, "estimated f1 0.6 (0.56 to 0.64) < 0.9 * reference 0.8 = 0.72 is not significant at 95 %, as ordinary days make it vary by ±0.1: the difference 0.12 may be as low as -0.04983"},
		{"estimated.f1 < 0.9 * reference.f1", hours, Inconclusive, "estimated.f1 cannot be compared with the reference: no rows from 03:00 to 04:00, where it has 20 % of its rows"},
		{"estimated.f1 < 0.5", none, Inconclusive, "estimated.f1 is missing: the reference has no labels"},
		{"estimated.f1 < 0.5", nothing, Inconclusive, "estimated.f1 is missing: no performance is estimated of this window"},
	} {
		set, errs := Compile([]Spec{defaultSpec(c.when)}, scoredEnv())
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if r := set.Rules()[0]; r.NeedsLabels || r.Significance != DefaultSignificance {
			t.Errorf("%s: %+v", c.when, r)
		}
		results, waiting := set.Judge(c.facts)
		if len(waiting) > 0 || len(results) != 1 {
			t.Fatalf("%s waits", c.when)
		}
		got := results[0]
		if got.Verdict != c.verdict || got.Reason != c.reason || got.NeedsRows != 0 {
			t.Errorf("%s: %v, needs %d\n got %s\nwant %s", c.when, got.Verdict, got.NeedsRows, got.Reason, c.reason)
		}
	}
}

// TestEstimatesAreNamed refuses what can never be known, and warns of what is the wrong way round.
func TestEstimatesAreNamed(t *testing.T) {
	t.Parallel()
	noScores, noLabels := scoredEnv(), scoredEnv()
	noScores.Lacks, noLabels.NoLabels = map[metric.Input]string{metric.Scores: "predictions.columns.score"}, true
	for _, c := range []struct {
		when string
		env  Env
		msg  string
	}{
		{"estimated.f1 < 0.5", Env{Task: groundtruth.Binary}, "estimated.f1 needs a reference and this model has none; configure reference"},
		{"estimated.f1 < 0.5", noScores, "performance is estimated by probabilities, and there are none; name the columns of predictions, and of the reference's rows, that have them"},
		{"estimated.f1 < 0.5", noLabels, "estimated.f1 can never be known: the reference has no labels, as reference.columns.label says"},
		{"estimated.rmse > 1", Env{HasReference: true}, "performance is not estimated of models of task regression"},
		{"estimated.ece > 1", scoredEnv(), "unknown variable estimated.ece; did you mean estimated.mcc? known are accuracy, balanced_accuracy, precision, recall, specificity, f1, f_beta, mcc, cohen_kappa, roc_auc, average_precision, log_loss, brier, business_value"},
		{"estimated.roc_auk < 0.5", scoredEnv(), "unknown variable estimated.roc_auk; did you mean estimated.roc_auc?"},
		{"estimated < 0.5", scoredEnv(), "estimated is not a value: a metric has to follow; known are accuracy, balanced_accuracy, precision, recall"},
		{"estimated.f1.low < 0.5", scoredEnv(), "estimated.f1 is a value and has no parts; remove what follows it"},
		{"estimated.f1 < f1", scoredEnv(), "estimated.f1 and f1 are two metrics of the window in one comparison, and how they vary together is not known"},
	} {
		_, errs := Compile([]Spec{defaultSpec(c.when)}, c.env)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.msg) {
			t.Errorf("%s: %v, want %s", c.when, errs, c.msg)
		}
	}
	for when, warned := range map[string]bool{
		"estimated.f1 > 0.9 * reference.f1": true, "estimated.f1 < 0.9 * reference.f1": false,
		"estimated.log_loss < 0.5": true, "estimated.log_loss > 0.5": false,
	} {
		set, errs := Compile([]Spec{defaultSpec(when)}, scoredEnv())
		if len(errs) > 0 || (len(set.Warnings()) > 0) != warned {
			t.Errorf("%s: %v, warnings %q", when, errs, set.Warnings())
		}
	}
}

// TestLabelBiasLeavesRulesOnLabelsInconclusive judges rules where the rows with a label are unlike
// those without: all that needs labels is inconclusive, but how many there are.
func TestLabelBiasLeavesRulesOnLabelsInconclusive(t *testing.T) {
	t.Parallel()
	const why = "label bias: the 940 rows with a label differ in prediction from the 60 without by 0.9, where 1 is most"
	for when, want := range map[string]string{
		"rmse > 1.2 * reference.rmse":              why,
		"rmse < 5":                                 why,
		"rmse > 1 && drift.share > 0.1":            why,
		"coverage < 0.9":                           "coverage 0.94 >= 0.9",
		`drift.columns["size"].psi > 0.2`:          "drift of size psi 0.31 > 0.2",
		"predictions < 10":                         "predictions 1000 >= 10",
		`segments["city"]["Oslo"].rmse > 5`:        why,
		`drift.columns["label"].psi > 0.1`:         why,
		"rolling.rmse > 1.2 * reference.rmse - 10": "rolling rmse 1.7 > 1.2 * reference rmse 1.4 - 10 = -8.32 at 95 %",
	} {
		facts := testFacts()
		facts.LabelBias = why
		got := judgeOne(t, defaultSpec(when), facts)
		if !strings.Contains(got.Reason, want) || (got.Verdict == Inconclusive) != (want == why) || want == why && got.NeedsRows != 0 {
			t.Errorf("%s: %v, needs %d: %s", when, got.Verdict, got.NeedsRows, got.Reason)
		}
	}
}
