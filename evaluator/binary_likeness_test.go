package evaluator_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestVersionsOfClassifiersVaryTogetherAsTheWhole draws autocorrelated rows of two versions that
// follow one another. The intervals of each cover what they should.
func TestVersionsOfClassifiersVaryTogetherAsTheWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	const trials, rows = 200, 2000
	rng := rand.New(rand.NewPCG(16, 1))
	model := summarytest.Classified{Prevalence: 0.4, Apart: 1.5}
	truth, covered := model.Truth(), map[string]float64{}
	for range trials {
		b := model.Draw(rng, rows, 0.7)
		for i := range rows {
			b.Versions = append(b.Versions, []string{"old", "new"}[2*i/rows])
		}
		for version, group := range evaluator.Evaluate(b.Summary(time.Hour), nil, evaluator.Options{}).Versions {
			if group.N != rows/2 {
				t.Fatalf("%s has %d rows", version, group.N)
			}
			for name, want := range truth {
				if m := group.Metrics[name]; float64(m.Low) <= want && want <= float64(m.High) {
					covered[name]++
				}
			}
		}
	}
	for name := range truth {
		share := covered[name] / (2 * trials)
		t.Logf("%s covers %.1f %%", name, 100*share)
		if share < 0.9 {
			t.Errorf("%s covers %.1f %%, want 95 %%", name, 100*share)
		}
	}
}

// TestEntitiesOfClassifiersCountAsFewerRows draws rows of 100 entities, which are as easy or hard
// to classify as half of what makes them so is the entity's.
func TestEntitiesOfClassifiersCountAsFewerRows(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	const trials, rows, entities = 200, 2000, 100
	rng := rand.New(rand.NewPCG(17, 1))
	model := summarytest.Classified{Prevalence: 0.4, Apart: 1.5}
	truth, covered := model.Truth(), map[bool]map[string]float64{true: {}, false: {}}
	start := time.Unix(1, 0)
	for range trials {
		own, byGroup := evaltest.ErrorsOf(rng, rows, 0), map[int64]*summarytest.Binary{}
		of := evaltest.ErrorsOf(rng, entities, 0)
		for i, e := range own {
			entity := i % entities
			group := byGroup[int64(entity%groundtruth.EntityGroups)]
			if group == nil {
				group = &summarytest.Binary{}
				byGroup[int64(entity%groundtruth.EntityGroups)] = group
			}
			group.Add(model.Row(rng, math.Sqrt(0.5)*(e+of[entity])))
		}
		for _, known := range []bool{true, false} {
			b := summary.NewBuilder(nil, groundtruth.Window{Start: start, End: start.Add(time.Hour)}, nil, summary.BuilderOptions{
				Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Scored: true}, Entities: known,
			})
			for group, rows := range byGroup {
				m := rows.Matches(start, time.Hour)
				m.Group = group
				b.AddMatches(m)
			}
			for name, m := range evaluator.Evaluate(b.Summary(), nil, evaluator.Options{}).Metrics {
				if want, ok := truth[name]; ok && float64(m.Low) <= want && want <= float64(m.High) {
					covered[known][name]++
				}
			}
		}
	}
	for name := range truth {
		with, without := covered[true][name]/trials, covered[false][name]/trials
		t.Logf("%s covers %.1f %% with entities, %.1f %% without", name, 100*with, 100*without)
		if with < 0.9 || without > 0.85 {
			t.Errorf("%s covers %.1f %% with entities, %.1f %% without", name, 100*with, 100*without)
		}
	}
}

// TestWindowsForDaysOfClassifiers has a reference without times, and windows of the model in the
// place of its days, which differ.
func TestWindowsForDaysOfClassifiers(t *testing.T) {
	const daily = 2000
	rng := rand.New(rand.NewPCG(18, 1))
	rows := func(apart float64, day int) []summarytest.Row {
		b := summarytest.Classified{Prevalence: 0.3, Apart: apart}.Draw(rng, daily, 0)
		var out []summarytest.Row
		for i := range b.Labels {
			at := time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 24 * time.Hour / daily)
			out = append(out, summarytest.Row{Time: at.UnixNano(), Label: b.Labels[i], Prediction: b.Scores[i]})
		}
		return out
	}
	profile := summarytest.Profile(rows(1.5, 0), summary.ProfilerOptions{Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Scored: true}})
	profile.Days = nil
	window := func(day int, apart float64) *summary.Summary {
		w := groundtruth.Window{Start: time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 2+day, 0, 0, 0, 0, time.UTC)}
		return summarytest.Window(profile, w, rows(apart, day), summary.BuilderOptions{})
	}
	for name, differ := range map[string]float64{"alike": 0, "different": 0.4} {
		var counts []summary.WindowCounts
		for day := range 20 {
			c, ok := summary.CountsOf(window(day, 1.5+differ*rng.NormFloat64()))
			if !ok {
				t.Fatal("a window's counts are beyond the range of numbers")
			}
			counts = append(counts, c)
		}
		with, err := profile.WithWindows(counts)
		if err != nil {
			t.Fatal(err)
		}
		ev := evaluator.Evaluate(window(30, 1.5), with, evaluator.Options{})
		for _, metric := range []string{"roc_auc", "accuracy", "log_loss", "f1"} {
			sd := float64(ev.Reference.Metrics[metric].DaySD)
			t.Logf("windows that are %s: %s varies by %g", name, metric, sd)
			if known := sd > 0.02; known != (differ > 0) {
				t.Errorf("windows that are %s: %s varies by %g", name, metric, sd)
			}
		}
	}
}
