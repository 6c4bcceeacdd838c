package job_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
)

// due asks whether something was due at 03:00 of day n. That writes nothing.
func (w *world) due(n int) bool {
	w.t.Helper()
	before := slices.Sorted(maps.Keys(w.stateObjects()))
	due, err := w.r.Due(w.t.Context(), w.model, dayStart(n).Add(3*time.Hour))
	if err != nil {
		w.t.Fatal(err)
	}
	if after := slices.Sorted(maps.Keys(w.stateObjects())); !slices.Equal(before, after) {
		w.t.Errorf("asking what was due on day %d left %d objects of %d", n, len(after), len(before))
	}
	return due
}

func TestDue(t *testing.T) {
	w := newWorld(t, settings{model: "catch_up: 2"})
	w.logs(1, good, good, good, good, good, good, good, good, good)
	w.at(5)
	if !w.due(5) {
		t.Error("nothing is due of a model that was never judged")
	}
	w.night(5) // judges day 2 as mature, and day 4
	w.now = dayStart(5).Add(20 * time.Hour)
	if w.due(5) {
		t.Error("what the pass has recorded is due")
	}
	w.now = dayStart(6).Add(10 * time.Hour)
	if w.due(5) || !w.due(6) {
		t.Errorf("on day 6 something of day 5 is due: %t; of day 6: %t", w.due(5), w.due(6))
	}
	// A late pass judges as of its slot, and acts.
	out := w.pass(job.Options{AsOf: dayStart(6).Add(3 * time.Hour), Late: true})
	wantLines(t, "a late pass", brief(out), "3 mature healthy none", "5 closed healthy none")
	if asOf := out[0].AsOf; !asOf.Equal(dayStart(6).Add(3 * time.Hour)) {
		t.Errorf("judged as of %s", asOf)
	}
	if w.due(6) {
		t.Error("what the late pass has recorded is due")
	}
	// More than catch_up are left: the next start goes on with them.
	w.at(10)
	w.pass(job.Options{})
	if !w.due(10) {
		t.Error("what a pass left to later ones is not due")
	}
	w.pass(job.Options{})
	if w.due(10) {
		t.Error("something is due though all is recorded")
	}
	if w.due(8) {
		t.Error("something is due at a slot that passes have gone beyond")
	}
}

// A late pass tells people, and once: the next pass has nothing new to tell.
func TestLatePassActs(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good, drifted)
	w.now = dayStart(7).Add(12 * time.Hour)
	w.pass(job.Options{AsOf: dayStart(7).Add(3 * time.Hour), Late: true})
	wantLines(t, "told", w.told.take(), "breach drift 6")
	w.pass(job.Options{})
	wantLines(t, "told by the next pass", w.told.take())
}
