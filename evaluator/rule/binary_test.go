package rule

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// classifierRules compiles rules of a binary classifier.
func classifierRules(t *testing.T, whens ...string) *Set {
	t.Helper()
	var specs []Spec
	for _, when := range whens {
		specs = append(specs, Spec{Name: when, When: when, For: 1, Action: "retrain"})
	}
	set, errs := Compile(specs, Env{Task: groundtruth.Binary, HasReference: true, HasRolling: true, Segments: []string{"city"}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return set
}

// TestRulesOfClassifiersNameTheirMetrics holds names to the task, and finds comparisons that are
// the wrong way round.
func TestRulesOfClassifiersNameTheirMetrics(t *testing.T) {
	const tail = " looks reversed: it turns true as the model gets better"
	for _, spec := range metric.Specs(groundtruth.Binary) {
		good, bad := ">", "<"
		if spec.Worse == metric.WorseRises {
			good, bad = bad, good
		}
		for _, when := range []string{"%s %s 0.9", "%[1]s %[2]s 0.9 * reference.%[1]s", "%[1]s %[2]s rolling.%[1]s", `segments["city"]["Oslo"].%s %s 0.9`, "1 - %[1]s %[3]s 0.1", "0.5 %[3]s ci.%[1]s.low"} {
			right, wrong := fmt.Sprintf(when+"%.0[1]s%.0[2]s%.0[3]s", spec.Name, bad, good), fmt.Sprintf(when+"%.0[1]s%.0[2]s%.0[3]s", spec.Name, good, bad)
			set := classifierRules(t, right, wrong)
			if got := set.Warnings(); len(got) != 1 || !strings.HasSuffix(got[0], wrong+tail) {
				t.Errorf("%s: warnings %q", right, got)
			}
		}
	}
	for when, want := range map[string]string{
		"rmse > 1":                          "rmse is a metric of task regression; this model's task is binary",
		"reference.mae > 1":                 "mae is a metric of task regression; this model's task is binary",
		`segments["city"]["Oslo"].r2 < 0.9`: "r2 is a metric of task regression; this model's task is binary",
		"auc < 0.9":                         "did you mean roc_auc?",
		"roc_auc.low < 0.9":                 "its interval is ci.roc_auc.low",
	} {
		_, errs := Compile([]Spec{{Name: "r", When: when, For: 1, Action: "alert"}}, Env{Task: groundtruth.Binary, HasReference: true, Segments: []string{"city"}})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: %v, want %q", when, errs, want)
		}
	}
}

// judgeClassifier judges rows of a window.
func judgeClassifier(rules *Set, rows *summarytest.Binary, reference map[string]metric.Result) map[string]Result {
	ev := evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{})
	ev.Reference = &evaluator.Reference{Rows: 5000, Metrics: reference}
	n := int64(len(rows.Labels))
	results, _ := rules.Judge(Facts{Evaluation: ev, Predictions: n, Matched: n, Coverage: 1, Mature: true})
	out := map[string]Result{}
	for _, r := range results {
		out[r.Name] = r
	}
	return out
}

// TestClassifiersThatGetBetterBreachNothing has a model that is far better than its reference, one
// that is far worse, and one of which too few rows are positive.
func TestClassifiersThatGetBetterBreachNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	draw := func(rows int, prevalence, apart float64) *summarytest.Binary {
		b := summarytest.Classified{Prevalence: prevalence, Apart: apart}.Draw(rng, rows, 0)
		return &b
	}
	reference := evaluator.Evaluate(draw(5000, 0.3, 1.5).Summary(time.Hour), nil, evaluator.Options{}).Metrics
	var whens []string
	for _, spec := range metric.Specs(groundtruth.Binary) {
		switch {
		case spec.Name == "business_value" || spec.Name == "ece":
		case spec.Worse == metric.WorseRises:
			whens = append(whens, fmt.Sprintf("%[1]s > 1.1 * reference.%[1]s", spec.Name))
		default:
			whens = append(whens, fmt.Sprintf("%[1]s < 0.9 * reference.%[1]s", spec.Name))
		}
	}
	rules := classifierRules(t, whens...)
	for name, c := range map[string]struct {
		rows   *summarytest.Binary
		want   Verdict
		reason string
	}{
		"better": {draw(2000, 0.3, 3), Healthy, ""},
		"worse":  {draw(2000, 0.5, 0.3), Breached, ""},
		"rare":   {draw(400, 0.05, 0.3), Inconclusive, "labels are 1: an interval needs 50 rows or more of each class"},
	} {
		for when, r := range judgeClassifier(rules, c.rows, reference) {
			undefined := strings.Contains(r.Reason, "nothing is predicted") || strings.Contains(r.Reason, "of one class")
			switch {
			case undefined:
			case name == "worse" && (strings.HasPrefix(when, "recall") || strings.HasPrefix(when, "f")): // half are positive, which helps
			case r.Verdict != c.want || !strings.Contains(r.Reason, c.reason):
				t.Errorf("%s: %s is %v (%s), want %v", name, when, r.Verdict, r.Reason, c.want)
			}
		}
	}
}

// TestNothingPredictedIsNotHealthy has a model that predicts no positive row, as it did in the
// reference: no f1 is below nine tenths of 0, which says nothing for the model.
func TestNothingPredictedIsNotHealthy(t *testing.T) {
	idle := func(every int) *summarytest.Binary {
		b := &summarytest.Binary{}
		for i := range 400 {
			b.Labels = append(b.Labels, float64(i%4/3))
			b.Predicted = append(b.Predicted, every > 0 && i%(4*every) == 3)
		}
		return b
	}
	of := func(b *summarytest.Binary) map[string]metric.Result {
		return evaluator.Evaluate(b.Summary(time.Hour), nil, evaluator.Options{}).Metrics
	}
	const when, rising = "f1 < 0.9 * reference.f1", "f1 > 0.9 * reference.f1"
	rules := classifierRules(t, when, rising, "recall < reference.recall - 0.1")
	for _, c := range []struct {
		name              string
		window, reference *summarytest.Binary
		rule              string
		want              Verdict
		words             string
	}{
		{"as idle", idle(0), idle(0), when, Inconclusive, "f1 can fall no further, and beside so low a reference no window breaches this (judge another metric too): f1 0"},
		{"better than idle", idle(2), idle(0), when, Healthy, "f1 0.6667"},
		{"idle now", idle(0), idle(2), when, Breached, "f1 0"},
		{"as idle, of a rule on what gets better", idle(0), idle(0), rising, Healthy, "f1 0"},
		{"nearly as idle, by a difference", idle(0), idle(20), "recall < reference.recall - 0.1", Inconclusive, "recall can fall no further"},
	} {
		if r := judgeClassifier(rules, c.window, of(c.reference))[c.rule]; r.Verdict != c.want || !strings.Contains(r.Reason, c.words) {
			t.Errorf("%s: %s is %s (%s), want %s with %q", c.name, c.rule, r.Verdict, r.Reason, c.want, c.words)
		}
	}
}

// TestSignificanceOfClassifiersHoldsItsLevel draws windows of a model that has not changed, and
// counts how often rules fire whose threshold is what the reference has: in 5 % of them.
func TestSignificanceOfClassifiersHoldsItsLevel(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	whens := []string{
		"roc_auc < reference.roc_auc", "accuracy < reference.accuracy", "f1 < reference.f1",
		"log_loss > reference.log_loss", "brier > reference.brier",
	}
	rules := classifierRules(t, whens...)
	const trials = 1000
	const slack = 3.5 * 0.0069 // 1,000 trials have a standard error of 0.69 points
	for _, c := range []struct {
		rows, reference   int
		prevalence, apart float64
		rho               float64
	}{
		{1000, 5000, 0.5, 2, 0}, {1000, 1000, 0.1, 2, 0}, {1000, 5000, 0.1, 3, 0}, {2000, 5000, 0.3, 1, 0.7},
	} {
		t.Run(fmt.Sprintf("%d rows, reference of %d, %g positive, %g apart, AR(1) %g", c.rows, c.reference, c.prevalence, c.apart, c.rho), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(c.rows), uint64(100*c.prevalence)))
			model := summarytest.Classified{Prevalence: c.prevalence, Apart: c.apart}
			fired, known := map[string]float64{}, 0.0
			var reference map[string]metric.Result
			for trial := range trials {
				if trial%2 == 0 || c.reference == c.rows {
					rows := model.Draw(rng, c.reference, 0)
					reference = metric.OfWindow(rows.Summary(time.Nanosecond).Errors(), nil, metric.Options{Task: groundtruth.Binary})
				}
				rows := model.Draw(rng, c.rows, c.rho)
				for when, r := range judgeClassifier(rules, &rows, reference) {
					if r.Verdict == Breached {
						fired[when]++
					}
				}
				known++
			}
			for _, when := range whens {
				share := fired[when] / known
				t.Logf("%s fires in %.1f %%", when, 100*share)
				if !(share >= 0.05-slack && share <= 0.05+slack) {
					t.Errorf("%s fires in %.1f %% of windows at the threshold, want 5 %%", when, 100*share)
				}
			}
		})
	}
}

// TestOrdinaryDaysOfClassifiers draws references by day, whose days differ or don't, and counts how
// often rules fire on a day without change, and on one of a worse model.
func TestOrdinaryDaysOfClassifiers(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	rules := classifierRules(t, "roc_auc < 0.97 * reference.roc_auc", "roc_auc < 0.97 * rolling.roc_auc", "log_loss > 1.1 * reference.log_loss")
	const trials, daily = 150, 600
	for _, c := range []struct {
		name          string
		sd, apart     float64
		least, atMost float64
	}{
		{"days alike, unchanged", 0, 1.5, 0, 0.03},
		{"days that differ, unchanged", 0.3, 1.5, 0, 0.1},
		{"days alike, worse", 0, 0.8, 0.97, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(15, uint64(10*c.sd)))
			draw := func(to []summarytest.Row, d int, apart float64) []summarytest.Row {
				model := summarytest.Classified{Prevalence: 0.3, Apart: apart + c.sd*rng.NormFloat64()}
				b := model.Draw(rng, daily, 0)
				for i := range b.Labels {
					at := monday().AddDate(0, 0, d).Add(time.Duration(i) * 24 * time.Hour / daily)
					to = append(to, summarytest.Row{Time: at.UnixNano(), Label: b.Labels[i], Prediction: b.Scores[i]})
				}
				return to
			}
			fired, byDays := map[string]float64{}, 0
			var profile *summary.Profile
			var before []*summary.ErrorSums
			window := func(d int, apart float64) *summary.Summary {
				w := groundtruth.Window{Start: monday().AddDate(0, 0, d), End: monday().AddDate(0, 0, d+1)}
				return summarytest.Window(profile, w, draw(nil, d, apart), summary.BuilderOptions{})
			}
			for trial := range trials {
				if trial%5 == 0 {
					var rows []summarytest.Row
					for d := range 20 {
						rows = draw(rows, d, 1.5)
					}
					profile = summarytest.Profile(rows, summary.ProfilerOptions{Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Scored: true}})
					before = nil
					for d := range 12 {
						before = append(before, window(d, 1.5).Errors())
					}
				}
				ev := evaluator.Evaluate(window(30, c.apart), profile, evaluator.Options{Rolling: &evaluator.RollingOptions{Errors: summary.PoolErrors(before)}})
				if ev.Reference.Metrics["roc_auc"].Estimate.ByDays == 20 && ev.Rolling.Metrics["roc_auc"].Estimate.ByDays == 12 {
					byDays++
				}
				results, _ := rules.Judge(Facts{Evaluation: ev, Predictions: daily, Matched: daily, Coverage: 1, Mature: true})
				for _, r := range results {
					if r.Verdict == Breached {
						fired[r.Name]++
					}
				}
			}
			if byDays != trials {
				t.Errorf("%d of %d references have intervals by their days", byDays, trials)
			}
			for _, r := range rules.Rules() {
				share := fired[r.Name] / trials
				t.Logf("%s fires in %.1f %%", r.When, 100*share)
				if share < c.least || share > c.atMost {
					t.Errorf("%s fires in %.1f %%, want %.0f to %.0f %%", r.When, 100*share, 100*c.least, 100*c.atMost)
				}
			}
		})
	}
}
