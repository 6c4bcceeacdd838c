package rule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
)

// petsRight returns the evaluation of rows of three classes of which so many are right, by class.
func petsRight(seed uint64, rows int, right map[string]float64) *evaluator.Evaluation {
	rng := rand.New(rand.NewPCG(seed, 8))
	pets := []string{"cat", "dog", "ø"}
	var m summarytest.Multiclass
	for range rows {
		actual := pets[rng.IntN(3)]
		predicted := actual
		if rng.Float64() > right[actual] {
			predicted = pets[rng.IntN(3)]
		}
		m.Actual, m.Predicted = append(m.Actual, actual), append(m.Predicted, predicted)
	}
	return evaluator.Evaluate(m.Summary(time.Hour), nil, evaluator.Options{})
}

// TestRulesOfClasses judges rules on single classes: one that is worse than in the reference
// breaches, one that is as good doesn't, and one that isn't there is inconclusive.
func TestRulesOfClasses(t *testing.T) {
	whens := []string{
		`classes["cat"].recall < 0.9 * reference.classes["cat"].recall`,
		`classes.dog.f1 < 0.9 * reference.classes.dog.f1`,
		`classes["horse"].precision < 0.5`,
		`classes["cat"].roc_auc < 0.5`,
		`reference.classes["horse"].recall > 0`,
	}
	var specs []Spec
	for i, when := range whens {
		specs = append(specs, Spec{Name: fmt.Sprint("rule-", i), When: when, For: 1, Action: "alert"})
	}
	set, errs := Compile(specs, Env{Task: groundtruth.Multiclass, HasReference: true})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	ev := petsRight(1, 3000, map[string]float64{"cat": 0.5, "dog": 0.9, "ø": 0.9})
	ref := petsRight(2, 3000, map[string]float64{"cat": 0.9, "dog": 0.9, "ø": 0.9})
	ev.Reference = &evaluator.Reference{Rows: 3000, Metrics: ref.Metrics, Classes: ref.Classes}
	results, _ := set.Judge(Facts{Evaluation: ev, Predictions: 3000, Matched: 3000, Coverage: 1, Mature: true})
	for i, want := range []struct {
		verdict Verdict
		words   string
	}{
		{Breached, "class cat recall"},
		{Healthy, "class dog f1"},
		{Inconclusive, "no row of this window is of class \"horse\" or is predicted to be; there are \"cat\", \"dog\", \"ø\""},
		{Inconclusive, `classes["cat"].roc_auc is missing`},
		{Inconclusive, `no row of the reference is of class "horse"`},
	} {
		if r := results[i]; r.Verdict != want.verdict || !strings.Contains(r.Reason, want.words) {
			t.Errorf("%s is %s (%s), want %s with %q", whens[i], r.Verdict, r.Reason, want.verdict, want.words)
		}
	}
}

// TestClassesAreNamedAsTheyAreWritten finds a class that is a number however a rule writes it.
func TestClassesAreNamedAsTheyAreWritten(t *testing.T) {
	when := `classes["1.0"].recall < 0.5 || reference.classes[" 2 "].recall < 0.5`
	numbers := map[string]string{"1.0": "1", " 2 ": "2"}
	env := Env{Task: groundtruth.Multiclass, HasReference: true, ClassText: func(s string) string { return numbers[s] }}
	set, errs := Compile([]Spec{{Name: "r", When: when, For: 1, Action: "alert"}}, env)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if got := set.Classes(); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("the rule names the classes %q", got)
	}
	m := summarytest.Multiclass{}
	for range 100 {
		m.Actual, m.Predicted = append(m.Actual, "1", "2"), append(m.Predicted, "1", "2")
	}
	ev := evaluator.Evaluate(m.Summary(time.Hour), nil, evaluator.Options{})
	ev.Reference = &evaluator.Reference{Rows: 200, Metrics: ev.Metrics, Classes: ev.Classes}
	if r, _ := set.Judge(Facts{Evaluation: ev, Predictions: 200, Matched: 200, Coverage: 1, Mature: true}); r[0].Verdict != Healthy {
		t.Errorf("the rule is %s (%s)", r[0].Verdict, r[0].Reason)
	}
}

// TestClassesAreNamedInBrackets holds names of classes and their metrics to what there is.
func TestClassesAreNamedInBrackets(t *testing.T) {
	multi := Env{Task: groundtruth.Multiclass, HasReference: true}
	unscored := multi
	unscored.ReferenceLacks = map[metric.Input]string{metric.Scores: "reference.columns.scores"}
	for _, tc := range []struct {
		when, want string
		env        Env
	}{
		{`classes["cat"].recall < 0.5`, "this model's task is regression", Env{HasReference: true}},
		{`reference.classes["cat"].recall < 0.5`, "this model's task is binary", Env{Task: groundtruth.Binary, HasReference: true}},
		{`classes["cat"].accuracy < 0.5`, "known are precision, recall, f1, roc_auc", multi},
		{`classes["cat"] < 0.5`, "a metric has to follow", multi},
		{`classes.recall < 0.5`, "a metric has to follow", multi},
		{`reference.classes["cat"].recall < 0.5`, "this model has none; configure reference", Env{Task: groundtruth.Multiclass}},
		{`classes["cat"].roc_auc < reference.classes["cat"].roc_auc`, "the reference has no probabilities, as reference.columns.scores says", unscored},
		{`top_k < 0.5`, "did you mean top_k_accuracy?", multi},
	} {
		_, errs := Compile([]Spec{{Name: "r", When: tc.when, For: 1, Action: "alert"}}, tc.env)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.when, errs, tc.want)
		}
	}
	set, errs := Compile([]Spec{{Name: "r", When: `classes["cat"].recall > 0.5`, For: 1, Action: "alert"}}, multi)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if w := set.Warnings(); len(w) != 1 || !strings.Contains(w[0], "turns true as the model gets better") {
		t.Errorf("a rule the wrong way round has the warnings %q", w)
	}
}
