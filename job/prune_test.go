package job_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// prunedAge is as young as the configuration of prunable allows: a delay of 2 days, and 2
// windows of catch_up and 2 of a streak, or one that may be judged again 3 days later.
const prunedAge = 6 * 24 * time.Hour

const prunedNights = 60

// The age that is told is enough: of all models, and for all that each needs.
func TestOldEnoughTellsTheLargest(t *testing.T) {
	model := func(name, keys string) *config.Model {
		m := newWorld(t, settings{model: keys}).model
		m.Name = name
		return m
	}
	models := []*config.Model{model("a", "catch_up: 2\nrelook: 3d"), model("b", "catch_up: 5\nrelook: 14d"), model("c", "catch_up: 9\nrelook: 3d")}
	for n, want := range map[int]string{1: "b needs at least 17 days", 12: "b needs at least 17 days", 16: "b needs at least 17 days", 17: ""} {
		err := job.OldEnough(models, time.Duration(n)*24*time.Hour)
		if want == "" && err != nil || want != "" && (!errors.Is(err, job.ErrTooYoung) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d days: %v", n, err)
		}
	}
	if err := job.OldEnough(models[2:], 24*time.Hour); err == nil || !strings.Contains(err.Error(), "c needs at least 12 days, for the delay of its labels and 10 windows of 1d (catch_up") {
		t.Error(err)
	}
}

// prunable has 60 nights behind it, of a ragged log whose last 20 days are breached.
func prunable(t *testing.T, k kind, mode string) (w *world, s settings) {
	t.Helper()
	s = settings{rules: raggedRules, mode: mode, data: memory() + "/data", model: "catch_up: 2\nrelook: 3d", retrain: "cooldown: 3d"}
	w = newWorld(t, s)
	w.ragged(dayStart(1), 24*time.Hour, prunedNights-20, perDay, 20*time.Hour)
	for d := prunedNights - 19; d <= prunedNights+10; d++ {
		pairs := makePairs(perDay, dayStart(d), k, "v3")
		w.predictions(d, pairs)
		w.labels(d, pairs)
	}
	for d := 2; d <= prunedNights; d++ {
		w.at(d)
		if d%17 == 0 { // the logs cannot be read, which ends with the next night
			format := w.model.Predictions.Format
			w.model.Predictions.Format = "parquet"
			if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
				t.Fatal("the pass did not fail")
			}
			w.model.Predictions.Format = format
			continue
		}
		w.pass(job.Options{})
		w.endRuns()
	}
	window := day(20)
	window.Start = window.Start.Add(time.Hour)
	w.pass(job.Options{Window: &window}) // off the grid
	if err := errors.Join(
		w.state.Write(t.Context(), "summaries/m/20260110T000000Z_20260111T000000Z-0123456789abcdef", []byte("old")),
		w.state.Write(t.Context(), "summaries/m/20260225T000000Z_20260226T000000Z-0123456789abcdef", []byte("new")),
		w.state.Write(t.Context(), "shards/m/20260111T030000Z/20260110T000000Z_20260111T000000Z-0123456789abcdef", []byte("old")),
	); err != nil {
		t.Fatal(err)
	}
	return w, s
}

// endRuns has all runs succeed.
func (w *world) endRuns() {
	for _, r := range w.kfp.runs {
		if !trigger.Terminal(r.State) {
			w.kfp.set(r.ID, trigger.StateSucceeded, w.now)
		}
	}
}

// copied is a world with a copy of the state, and of what the pipelines server has.
func (w *world) copied(s settings) *world {
	w.t.Helper()
	out := w.twin(s, s.data)
	for key, text := range w.stateObjects() {
		if err := out.state.Write(w.t.Context(), key, []byte(text)); err != nil {
			w.t.Fatal(err)
		}
	}
	out.now = w.now
	out.kfp.runs = slices.Clone(w.kfp.runs)
	return out
}

// nights does the passes of ten nights and returns what they show and tell, and what they
// ask of the ledger's store.
func (w *world) nights(first int) (shown string, requests int64) {
	w.t.Helper()
	store := &countingStore{Store: w.state}
	w.r.Ledger = trigger.NewLedger(store).WithIndex(store)
	w.told.take()
	for d := first; d < first+10; d++ {
		shown += encode(w.t, w.night(d)) + strings.Join(w.told.take(), "\n") + "\n"
		s := w.pub.snapshots[len(w.pub.snapshots)-1]
		shown += encode(w.t, s.Performance) + encode(w.t, s.Launches) + "\n"
	}
	return shown, store.requests.Load()
}

// A pass after a prune does, asks, shows and tells what it would have without, wherever the
// prune was killed.
func TestPassesGoOnAfterAPrune(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		kind       kind
	}{{"healthy", "suggest", good}, {"an episode that goes on", "suggest", wrong}, {"runs", "auto", wrong}, {"drift alone", "auto", drifted}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, s := prunable(t, c.kind, c.mode)
			whole := w.copied(s)
			whole.night(prunedNights + 1) // writes the index
			whole.now = w.now
			keys, err := job.OldKeys(t.Context(), whole.r, whole.model, whole.now.Add(-prunedAge))
			if err != nil {
				t.Fatal(err)
			}
			states := map[int]*world{}
			for _, killed := range []int{0, 1, len(keys) / 3, len(keys) - 1} {
				states[killed] = whole.copied(s)
			}
			before := whole.stateObjects()
			want, asked := whole.nights(prunedNights + 1)
			var pruned map[string]string
			for _, killed := range slices.Sorted(maps.Keys(states)) {
				w := states[killed]
				for _, key := range keys[:killed] {
					if err := w.state.Delete(t.Context(), key); err != nil {
						t.Fatal(err)
					}
				}
				if killed == len(keys)-1 { // what a kill leaves serves as well
					if got, _ := w.nights(prunedNights + 1); got != want {
						t.Errorf("killed after %d of %d: %s", killed, len(keys), firstDifference(want, got))
					}
					continue
				}
				out, err := w.r.Prune(t.Context(), w.model, prunedAge, false)
				if err != nil {
					t.Fatal(err)
				}
				state := w.stateObjects()
				maps.DeleteFunc(state, func(key, _ string) bool { return strings.HasPrefix(key, "index/") })
				if pruned == nil {
					pruned = state
					t.Logf("%d of %d objects are left, kept: %v", len(state), len(before), out.Kept)
				} else if !maps.Equal(state, pruned) {
					t.Errorf("killed after %d of %d and done again, something else is left", killed, len(keys))
				}
				if killed == 1 { // the index is lost, which may always be
					for key := range w.stateObjects() {
						if strings.HasPrefix(key, "index/") {
							if err := w.state.Delete(t.Context(), key); err != nil {
								t.Fatal(err)
							}
						}
					}
				}
				got, now := w.nights(prunedNights + 1)
				if got != want {
					t.Errorf("killed after %d: %s", killed, firstDifference(want, got))
				}
				if now > asked && killed != 1 {
					t.Errorf("killed after %d: %d requests, %d without", killed, now, asked)
				}
			}
		})
	}
}
