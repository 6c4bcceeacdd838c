package rule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// An errorsByDay draws days of errors. Their size differs from day to day, by a standard
// deviation of its logarithm, and on weekends.
type errorsByDay struct {
	rng     *rand.Rand
	sd      float64
	weekend float64 // how many times as large
	rho     float64 // autocorrelation of rows
}

// monday is the first day of what is drawn.
func monday() time.Time { return time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) }

// draw appends so many rows of day d, whose errors are so many times as large, evenly over the day.
func (e errorsByDay) draw(to []summarytest.Row, d, rows int, times float64) []summarytest.Row {
	start := monday().AddDate(0, 0, d)
	if d%7 >= 5 {
		times *= e.weekend
	}
	size := times * math.Exp(e.sd*e.rng.NormFloat64())
	last := e.rng.NormFloat64()
	for i := range rows {
		last = e.rho*last + math.Sqrt(1-e.rho*e.rho)*e.rng.NormFloat64()
		at := start.Add(time.Duration(i) * 24 * time.Hour / time.Duration(rows))
		label := 10 * e.rng.NormFloat64()
		to = append(to, summarytest.Row{Time: at.UnixNano(), Label: label, Prediction: label + size*last})
	}
	return to
}

// reference draws a reference of so many days with 90 rows each, whose weekends are apart.
func (e errorsByDay) reference(days int) *summary.Profile {
	var rows []summarytest.Row
	for d := range days {
		rows = e.draw(rows, d, 90, 1)
	}
	return summarytest.Profile(rows, summary.ProfilerOptions{Strata: summary.WeekendStrata})
}

// judge judges day d with so many rows, whose errors are so many times as large.
func (e errorsByDay) judge(rules *Set, p *summary.Profile, d, rows int, times float64) []Result {
	w := groundtruth.Window{Start: monday().AddDate(0, 0, d), End: monday().AddDate(0, 0, d+1)}
	ev := evaluator.Evaluate(summarytest.Window(p, w, e.draw(nil, d, rows, times), summary.BuilderOptions{}), p, evaluator.Options{})
	results, _ := rules.Judge(Facts{Evaluation: ev, Predictions: int64(rows), Matched: int64(rows), Coverage: 1, Mature: true})
	return results
}

// TestOrdinaryDaysBreachNothing draws days that differ, and counts how often rules fire that
// compare with the reference: seldom where nothing has changed, and mostly where errors have grown.
func TestOrdinaryDaysBreachNothing(t *testing.T) {
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
	const references, windows = 30, 14
	for _, c := range []struct {
		name          string
		sd, weekend   float64
		rho           float64
		times         float64
		weekends      bool // windows are weekends alone
		least, atMost float64
	}{
		{name: "days alike, at the threshold", times: 1.2, least: 0.02, atMost: 0.08},
		{name: "days alike with AR(1) 0.7, at the threshold", rho: 0.7, times: 1.2, least: 0.01, atMost: 0.08},
		{name: "sd 0.2, unchanged", sd: 0.2, times: 1, atMost: 0.05},
		{name: "sd 0.1, 1.6 times as large", sd: 0.1, times: 1.6, least: 0.8, atMost: 1},
		{name: "weekends 1.7 times as large with sd 0.1, unchanged", weekend: 1.7, sd: 0.1, times: 1, weekends: true, atMost: 0.05},
		{name: "weekends 1.7 times as large, at the threshold", weekend: 1.7, times: 1.2, weekends: true, least: 0.005, atMost: 0.09},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := errorsByDay{rng: rand.New(rand.NewPCG(7, uint64(100*c.sd))), sd: c.sd, weekend: max(1, c.weekend), rho: c.rho}
			fired := map[string]float64{}
			for range references {
				p := e.reference(56)
				for i := range windows {
					d := 70 + i
					if c.weekends {
						d = 70 + 7*(i/2) + 5 + i%2
					}
					for _, r := range e.judge(rules, p, d, 1000, c.times) {
						if r.Verdict == Breached {
							fired[r.Name] += 1.0 / (references * windows)
						}
					}
				}
			}
			for _, name := range []string{"rmse", "mae", "medae"} {
				t.Logf("%s fires in %.1f %%", name, 100*fired[name])
				least := c.least
				if name == "medae" {
					least *= 0.6 // its interval is wider than it need be
				}
				if fired[name] < least || fired[name] > c.atMost {
					t.Errorf("%s fires in %.1f %% of windows, want %v to %v %%", name, 100*fired[name], 100*least, 100*c.atMost)
				}
			}
		})
	}
}

// TestOrdinaryDaysCount works out tests by hand to which the variation from day to day is
// added, or of which it is no part.
func TestOrdinaryDaysCount(t *testing.T) {
	facts := func(window float64) Facts {
		f := testFacts()
		f.Evaluation.Metrics["rmse"] = testMetric(1.9, 0.1)
		f.Evaluation.Segments["city"]["Oslo"].Metrics["rmse"] = testMetric(1.9, 0.1)
		ref := f.Evaluation.Reference
		ref.WindowDays = window
		rmse := testMetric(1.4, 0.02)
		rmse.DaySD, rmse.DayDF = 0.3, 20
		ref.Metrics["rmse"] = rmse
		return f
	}
	for _, c := range []struct {
		when    string
		days    float64
		verdict Verdict
		reason  string
	}{
		// D = 1.9 - 1.1 * 1.4 = 0.36, V = 0.1^2 + (1.1 * 0.02)^2 = 0.010484, T = 3.52; with
		// 0.3^2 added T = 0.36/0.31699 = 1.14. The bound takes off, at the degrees of
		// freedom of V^2/(0.3^4/20) = 24.9, where t is 1.7083, times 0.31699.
		{"rmse > 1.1 * reference.rmse", 1, Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.1 * reference 1.4 = 1.54 is not significant at 95 %, as ordinary days make it vary by ±0.3: the difference 0.36 may be as low as -0.1815"},
		{`segments["city"]["Oslo"].rmse > 1.1 * reference.rmse`, 1, Inconclusive, "city=Oslo rmse 1.9 (1.7 to 2.1) > 1.1 * reference 1.4 = 1.54 is not significant at 95 %, as ordinary days make it vary by ±0.3: the difference 0.36 may be as low as -0.1815"},
		// Nine days vary by a third of it: V = 0.010484 + 0.01, T = 2.52.
		{"rmse > 1.1 * reference.rmse", 9, Breached, "rmse 1.9 (1.7 to 2.1) > 1.1 * reference 1.4 = 1.54 at 95 %, as ordinary days make it vary by ±0.1"},
		// Half a day is no less off than a day.
		{"rmse - reference.rmse > 0.14", 0.5, Inconclusive, "rmse 1.9 (1.7 to 2.1) - reference 1.4 = 0.5 > 0.14 is not significant at 95 %, as ordinary days make it vary by ±0.3: the difference 0.36 may be as low as -0.1813"},
		// It is not the reference that this compares with.
		{"rmse > 1.54", 1, Breached, "rmse 1.9 (1.7 to 2.1) > 1.54 at 95 %"},
		// The days of mae are alike.
		{"mae > 1.1 * reference.mae", 1, Breached, "mae 1.2 (1.1 to 1.3) > 1.1 * reference 1 = 1.1 at 95 %"},
	} {
		got := judgeOne(t, defaultSpec(c.when), facts(c.days))
		if got.Verdict != c.verdict || got.Reason != c.reason {
			t.Errorf("%s, %v days: %s: %s\nwant %s: %s", c.when, c.days, got.Verdict, got.Reason, c.verdict, c.reason)
		}
	}
}

// TestHalfADayIsNoBreach has windows without the rows of some hours.
func TestHalfADayIsNoBreach(t *testing.T) {
	facts := testFacts()
	ref := facts.Evaluation.Reference
	ref.EmptyHours, ref.EmptyShare = []int{0, 1, 2, 3, 4, 5, 22, 23}, 0.312
	why := "no rows from 00:00 to 06:00 and 22:00 to 24:00, where it has 31 % of its rows"
	for _, c := range []struct {
		when    string
		verdict Verdict
		reason  string
	}{
		{"rmse > 1.2 * reference.rmse", Inconclusive, "rmse cannot be compared with the reference: " + why},
		{"rmse > 9 * reference.rmse", Inconclusive, "rmse cannot be compared with the reference: " + why},
		{"ci.rmse.low > reference.rmse", Inconclusive, "ci.rmse.low cannot be compared with the reference: " + why},
		{"rmse > 1.2", Breached, "rmse 1.9 (1.7 to 2.1) > 1.2 at 95 %"},
	} {
		if got := judgeOne(t, defaultSpec(c.when), facts); got.Verdict != c.verdict || got.Reason != c.reason {
			t.Errorf("%s: %s: %s\nwant %s: %s", c.when, got.Verdict, got.Reason, c.verdict, c.reason)
		}
	}
}
