package rule

import (
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestRollingReferencesHold draws windows and those before them, and counts how often rules
// fire that compare the two: at the threshold as often as they are to, where nothing has
// changed seldom, whatever rows of a window have in common, and mostly where errors have grown.
func TestRollingReferencesHold(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	rules, errs := Compile([]Spec{
		{Name: "rmse", When: "rmse > 1.2 * rolling.rmse", For: 1, Action: "retrain"},
		{Name: "mae", When: "mae > 1.2 * rolling.mae", For: 1, Action: "retrain"},
	}, Env{Task: "regression", HasReference: true, HasRolling: true})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	const references, windows = 60, 8
	const trials = references * windows
	for _, c := range []struct {
		name          string
		windows       int
		sd, rho       float64
		times         float64
		least, atMost float64
	}{
		{"8 windows alike, at the threshold", 8, 0, 0, 1.2, 0.02, 0.08},
		{"28 windows alike, at the threshold", 28, 0, 0, 1.2, 0.02, 0.08},
		{"28 windows of AR(1) 0.7, at the threshold", 28, 0, 0.7, 1.2, 0.02, 0.08},
		{"8 windows of AR(1) 0.7, unchanged", 8, 0, 0.7, 1, 0, 0.01},
		{"28 windows, sd 0.2, unchanged", 28, 0.2, 0, 1, 0, 0.05},
		{"28 windows alike, 1.4 times as large", 28, 0, 0, 1.4, 0.95, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := errorsByDay{rng: rand.New(rand.NewPCG(11, uint64(c.windows))), sd: c.sd, weekend: 1, rho: c.rho}
			profile := e.reference(1)
			window := func(d int, times float64) *summary.Summary {
				w := groundtruth.Window{Start: monday().AddDate(0, 0, d), End: monday().AddDate(0, 0, d+1)}
				return summarytest.Window(profile, w, e.draw(nil, d, 500, times), summary.BuilderOptions{})
			}
			fired := map[string]float64{}
			for range references {
				var before []*summary.ErrorSums
				for d := range c.windows {
					before = append(before, window(d, 1).Errors())
				}
				opt := evaluator.Options{Rolling: &evaluator.RollingOptions{Errors: summary.PoolErrors(before)}}
				for range windows {
					ev := evaluator.Evaluate(window(c.windows, c.times), profile, opt)
					results, _ := rules.Judge(Facts{Evaluation: ev, Predictions: 500, Matched: 500, Coverage: 1, Mature: true})
					for _, r := range results {
						if r.Verdict == Breached {
							fired[r.Name] += 1.0 / trials
						}
					}
				}
			}
			for _, name := range []string{"rmse", "mae"} {
				t.Logf("%s fires in %.1f %%", name, 100*fired[name])
				if fired[name] < c.least || fired[name] > c.atMost {
					t.Errorf("%s fires in %.1f %% of windows, want %v to %v %%", name, 100*fired[name], 100*c.least, 100*c.atMost)
				}
			}
		})
	}
}

// TestWindowsLackHoursOfTheRollingReference holds that half a day is no breach by the windows
// before it.
func TestWindowsLackHoursOfTheRollingReference(t *testing.T) {
	facts := testFacts()
	facts.Evaluation.Rolling.EmptyHours, facts.Evaluation.Rolling.EmptyShare = []int{12, 13}, 0.25
	got := judgeOne(t, defaultSpec("rmse > rolling.rmse"), facts)
	if want := "rmse cannot be compared with the rolling reference: no rows from 12:00 to 14:00, where it has 25 % of its rows"; got.Verdict != Inconclusive || got.Reason != want {
		t.Errorf("got  %v: %s\nwant %s", got.Verdict, got.Reason, want)
	}
	if got := judgeOne(t, defaultSpec("rmse > 1.2 * reference.rmse"), facts); got.Verdict != Breached {
		t.Errorf("compared with the reference alone: %v: %s", got.Verdict, got.Reason)
	}
}

// TestOrdinaryWindowsCount holds that the variation between windows counts where they alone
// tell it, and the reference's days where these do.
func TestOrdinaryWindowsCount(t *testing.T) {
	facts := testFacts()
	m := facts.Evaluation.Rolling.Metrics["rmse"]
	m.DaySD, m.DayDF = 0.4, 1e9
	facts.Evaluation.Rolling.Metrics["rmse"] = m
	// sqrt(0.1^2 + 0.05^2 + 0.4^2) = 0.41533
	got := judgeOne(t, defaultSpec("rmse > rolling.rmse"), facts)
	if want := "rmse 1.9 (1.7 to 2.1) > rolling reference 1.7 is not significant at 95 %, as ordinary windows make it vary by ±0.4: the difference 0.2 may be as low as -0.4832"; got.Verdict != Inconclusive || got.Reason != want {
		t.Errorf("got  %v: %s\nwant %s", got.Verdict, got.Reason, want)
	}
	ref := facts.Evaluation.Reference
	of := ref.Metrics["rmse"]
	of.DaySD, of.DayDF = 0.02, 1e9
	ref.Metrics["rmse"] = of
	// sqrt(0.1^2 + 0.05^2 + 0.02^2) = 0.11358
	got = judgeOne(t, defaultSpec("rmse > max(reference.rmse, rolling.rmse)"), facts)
	if want := "rmse 1.9 (1.7 to 2.1) > max(reference 1.4, rolling reference 1.7) = 1.7 at 95 %, as ordinary days make it vary by ±0.02"; got.Verdict != Breached || got.Reason != want {
		t.Errorf("got  %v: %s\nwant %s", got.Verdict, got.Reason, want)
	}
}
