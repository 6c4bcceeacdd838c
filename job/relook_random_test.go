package job_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// TestSemantics7_AnyHistory has labels come at any time, configurations change and passes
// repeat, and holds what is so whatever happens: a run is started and people are told on
// the newest window alone, and on one that this pass judged first or itself again; work is
// bounded; and a pass after a pass finds nothing to record.
func TestSemantics7_AnyHistory(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { anyHistory(t, rand.New(rand.NewPCG(seed, 5))) })
	}
}

// dayOf counts days as dayStart does.
func dayOf(w groundtruth.Window) int { return int(w.Start.Sub(dayStart(1))/day24) + 1 }

func anyHistory(t *testing.T, rng *rand.Rand) {
	const nights, catchUp = 14, 5
	delay := rng.IntN(3)
	w := newWorld(t, settings{rules: "[" + ruleRMSE2 + ", " + ruleDrift + "]", retrain: "cooldown: 0s\nbudget: {runs: 100, per: 1d}", model: fmt.Sprintf("catch_up: %d\nrelook: 7d", catchUp)})
	w.model.GroundTruth.Delay = time.Duration(delay) * day24
	kinds := []kind{good, wrong, wrong, drifted}
	logged := map[int][]pair{}
	changes := 0
	newest := func(stage string) int { return newestOfStage(w.records(), stage) }
	for n := 2; n <= nights; n++ {
		pairs := makePairs(perDay, dayStart(n-1), kinds[rng.IntN(4)], "v1")
		logged[n-1] = pairs
		w.predictions(n-1, pairs)
		if rng.IntN(3) > 0 {
			w.someLabels(n-1, "all", pairs, 0)
		} else {
			w.someLabels(n-1, "some", pairs[:rng.IntN(perDay)], 0)
		}
		if n > 5 && rng.IntN(8) == 0 {
			changes++
			w.model.GroundTruth.Resolve = map[bool]groundtruth.Resolve{true: groundtruth.ResolveFirst, false: groundtruth.ResolveLatest}[w.model.GroundTruth.Resolve == groundtruth.ResolveLatest]
		}
		w.at(n)
		for pass := range 1 + rng.IntN(3) {
			if late := max(1, n-1-delay-rng.IntN(4)); rng.IntN(2) == 0 {
				w.someLabels(late, fmt.Sprintf("late-%d-%d", n, pass), logged[late], time.Duration(n-late-1)*day24)
			}
			before := map[int]trigger.Record{} // by day, as mature
			for _, r := range w.records() {
				if r.Stage == trigger.StageMature {
					before[dayOf(r.Window)] = r
				}
			}
			runs, told := len(w.kfp.requests), len(w.told.events)
			out := w.pass(job.Options{})
			judged := map[int]trigger.Record{}
			mature := 0
			for _, r := range w.records() {
				judged[dayOf(r.Window)] = r
			}
			for _, o := range out {
				if o.Stage == trigger.StageMature && before[dayOf(o.Window)].Revision < o.Revision {
					mature++
				}
			}
			if mature > catchUp+1 {
				t.Errorf("night %d: %d mature windows are recorded", n, mature)
			}
			if started := len(w.kfp.requests) - runs; started > 0 {
				launches, err := w.r.Ledger.Launches(t.Context(), "m")
				if err != nil {
					t.Fatal(err)
				}
				d := dayOf(*launches[len(launches)-1].Launch.Window)
				r := judged[d]
				if d != newest(trigger.StageMature) {
					t.Errorf("night %d: a run is started for day %d, and day %d is the newest", n, d, newest(trigger.StageMature))
				}
				// No gap is ever closed here, so a breach that was known and did not act acts
				// only where its window was judged again, or by another configuration.
				if old, known := before[d]; known && breachedIdle(old) && r.JudgedAgain <= old.JudgedAgain && r.ReadHash == old.ReadHash {
					t.Errorf("night %d: a run is started for day %d, whose breach was known", n, d)
				}
			}
			toldOfTheNewest(t, w.told.events[told:], newest)
			w.now = w.now.Add(time.Duration(1+rng.IntN(7)) * time.Hour)
		}
		evaluations := func() map[string]string {
			out := w.stateObjects()
			maps.DeleteFunc(out, func(key, _ string) bool { return !strings.HasPrefix(key, "evaluations/") })
			return out
		}
		for range 2 { // as many as a change of the configuration may need
			w.pass(job.Options{})
		}
		objects := evaluations()
		w.pass(job.Options{})
		wantSame(t, objects, evaluations())
		for i := range w.kfp.runs { // every run ends at once, and has helped or not
			if w.kfp.runs[i].State == trigger.StatePending {
				w.kfp.set(w.kfp.runs[i].ID, []string{trigger.StateSucceeded, trigger.StateFailed}[rng.IntN(2)], w.now)
			}
		}
	}
	revisions := map[int]int{}
	for _, r := range w.records() {
		if r.Stage == trigger.StageMature {
			revisions[dayOf(r.Window)]++
		}
	}
	// Read as the newest closed one, as mature, and three times more as its age doubles.
	if most := slices.Max(slices.Collect(maps.Values(revisions))); most > 6+2*changes {
		t.Errorf("after %d changes windows have up to %d revisions: %v", changes, most, revisions)
	}
}

// newestOfStage returns the day of the newest record of a stage, -1 without one.
func newestOfStage(records []trigger.Record, stage string) int {
	out := -1
	for _, r := range records {
		if r.Stage == stage {
			out = max(out, dayOf(r.Window))
		}
	}
	return out
}

// toldOfTheNewest holds that people are told of breaches on the newest window of a stage.
func toldOfTheNewest(t *testing.T, events []job.Event, newest func(stage string) int) {
	t.Helper()
	for _, e := range events {
		if e.Kind == job.EventBreach && dayOf(e.Outcome.Window) != newest(e.Outcome.Stage) {
			t.Errorf("told of day %d, which is not the newest", dayOf(e.Outcome.Window))
		}
	}
}

// breachedIdle reports whether the record has found rmse breached, and the rule did not act.
func breachedIdle(r trigger.Record) bool {
	return slices.ContainsFunc(r.Rules, func(of rule.Result) bool { return of.Name == "rmse" && of.Verdict == rule.Breached && !of.Acts })
}
