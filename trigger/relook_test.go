package trigger

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
)

// nightly makes records that each were judged as of the night after their day.
func nightly(verdicts string) []Record {
	out := recs("rmse", verdicts)
	for i := range out {
		out[i].AsOf = out[i].Window.End.Add(3 * time.Hour)
		out[i].Rules[0].Action, out[i].Rules[0].For = rule.ActionRetrain, 2
	}
	out = withStreaks(out)
	return out
}

func withStreaks(out []Record) []Record {
	for i := range out {
		out[i].Rules = Streaks(days{}, out[:i], out[i].Window, out[i].Rules)
	}
	return out
}

// again is a judgement again of day n, as of the night of a later day.
func again(n int, v rule.Verdict, night int) Record {
	r := rec(n, "rmse", v)
	r.Revision, r.JudgedAgain, r.AsOf = 2, 1, day(night).Start.Add(3*time.Hour)
	r.Rules[0].For = 2
	return r
}

func stateOf(records []Record) RuleState {
	return NewestVerdicts(days{}, records, []Rule{{Name: "rmse", Action: rule.ActionRetrain, For: 2}})[0]
}

// What was judged again lengthens a streak, but does not have a rule act on a window that
// was found breached before that.
func TestSemantics7_ARevisionOfAnOlderWindowStartsNothing(t *testing.T) {
	for _, v := range []rule.Verdict{breached, inconclusive} {
		all := nightly("bhb")
		if v == breached {
			all = nightly("hib")
		}
		all = append(all, again(2, v, 4))
		s := stateOf(all)
		if s.Streak != 2 || s.Acts || s.Lengthened || !s.Waits {
			t.Errorf("after day 2 is %s: %+v", v, s)
		}
		want(t, Decide(DecideInput{Model: "m", Grid: days{}, Records: all, Rules: []RuleState{s}}), ActionNone, "", "judged again since", "next breached window")

		// The newest window is judged once more, by a pass of the same configuration.
		now := rec(3, "rmse", breached)
		now.Revision, now.AsOf = Unrecorded, day(5).Start
		now.BreachedAsOf = FirstBreached(all, now)
		if s := stateOf(append(slices.Clone(all), now)); s.Acts || !s.Waits {
			t.Errorf("judged in passing: %+v", s)
		}
		// As what it is recorded as, later.
		now.Revision = 2
		if s := stateOf(append(slices.Clone(all), now)); s.Acts || !s.Waits {
			t.Errorf("recorded so: %+v", s)
		}
		// By another configuration it is judged anew.
		old := slices.Clone(all)
		old[2].RulesHash = "a"
		now.Revision, now.RulesHash = Unrecorded, "b"
		now.BreachedAsOf = FirstBreached(old, now)
		if s := stateOf(append(old, now)); !s.Acts {
			t.Errorf("judged by other rules: %+v", s)
		}
		// Taken up itself it acts.
		itself := again(3, breached, 5)
		itself.Revision, itself.AsOf = Unrecorded, all[3].AsOf
		itself.BreachedAsOf = FirstBreached(all, itself)
		if s := stateOf(append(slices.Clone(all), itself)); !s.Acts || s.Waits {
			t.Errorf("judged again itself: %+v", s)
		}
		// The next breached window acts with the full streak.
		next := rec(4, "rmse", breached)
		next.Revision, next.AsOf = Unrecorded, day(5).Start
		next.BreachedAsOf = FirstBreached(all, next)
		if s := stateOf(append(slices.Clone(all), next)); !s.Acts || s.Streak != 3 {
			t.Errorf("the next window: %+v", s)
		}
	}
}

// A closed gap still lengthens, as long as nothing judged again lies between.
func TestSemantics7_AClosedGapStillLengthens(t *testing.T) {
	all := nightly("h-b")
	gap := rec(2, "rmse", breached)
	gap.AsOf = day(9).Start
	if s := stateOf(append(slices.Clone(all), gap)); !s.Lengthened || !s.Acts {
		t.Errorf("a closed gap: %+v", s)
	}
	// A rule that acted goes on to, though its window's streak holds one judged again.
	all = nightly("hbb")
	all[2].Rules[0].Acts = true
	if s := stateOf(append(all, again(2, breached, 4))); !s.Acts || s.Lengthened {
		t.Errorf("a rule that acted: %+v", s)
	}
	// It does no more where its streak has become too short.
	all = nightly("hbb")
	all[2].Rules[0].Acts = true
	if s := stateOf(append(all, again(2, healthy, 4))); s.Acts || s.Waits {
		t.Errorf("a rule whose streak is shorter now: %+v", s)
	}
}

func TestSemantics7_Retractions(t *testing.T) {
	at := day(4).Start
	run := launched(2, 1, 3, at, StateRunning, time.Time{})
	run.Launch.Rule = "rmse"
	for _, tc := range []struct {
		name    string
		records []Record
		want    bool
	}{
		{"as it was", nightly("hbb"), false},
		{"longer", nightly("hbbbb"), false},
		{"its window is healthy", append(nightly("hbb"), again(3, healthy, 5)), true},
		{"its window is inconclusive", append(nightly("hbb"), again(3, inconclusive, 5)), true},
		{"the window before it is healthy", append(nightly("hbb"), again(2, healthy, 5)), true},
		{"the window before it is inconclusive", append(nightly("bbb"), again(2, inconclusive, 5)), false},
		{"the streak goes on before the records", nightly("hbb")[2:], false},
		{"its window is not among the records", nightly("hbbb")[3:], false},
		{"another rule", recs("mae", "hhh"), false},
	} {
		got := Retractions(days{}, tc.records, []LaunchStatus{run})
		if (len(got) == 1) != tc.want {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	// A rule that was taken out or renamed was not judged by the newest revision of the window
	// before, which says nothing of what it would be.
	without := again(2, breached, 5)
	without.Rules[0].Name = "renamed"
	// A for that was raised since was not the one that the run was started by.
	raised := nightly("hbb")
	raised[2].Rules[0].For = 3
	for name, records := range map[string][]Record{"a rule that is gone": {nightly("hbb")[0], without, nightly("hbb")[2]}, "a raised for": raised} {
		started := run
		started.Launch.For = 2
		if got := Retractions(days{}, records, []LaunchStatus{started}); len(got) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := Retractions(days{}, []Record{nightly("hbb")[0], without, again(3, inconclusive, 5)}, []LaunchStatus{run}); len(got) != 1 {
		t.Errorf("its window is not breached, whatever was before: %+v", got)
	}
	// A window that is only closed has never counted for a rule on labels.
	closed := rec(1, "drift", healthy)
	closed.Stage = StageClosed
	if got := Retractions(days{}, []Record{closed, again(2, inconclusive, 5), nightly("hbb")[2]}, []LaunchStatus{run}); len(got) != 1 {
		t.Errorf("before it is a window that is only closed: %+v", got)
	}
	records := append(nightly("hbb"), again(3, healthy, 5))
	known := run
	known.Retracted = &RunState{}
	byHand := run
	byHand.Launch.Manual = true
	if got := Retractions(days{}, records, []LaunchStatus{known, byHand}); len(got) != 0 {
		t.Errorf("retracted twice, or by hand: %+v", got)
	}
}

// A retracted run still counts: a breach that goes on is its next attempt, and cooldown
// and budget count from it.
func TestSemantics7_ARetractedRunCounts(t *testing.T) {
	end := day(4).Start
	run := launched(1, 1, 2, day(3).Start.Add(3*time.Hour), StateFailed, end)
	run.Launch.Rule = "rmse"
	run.Retracted = &RunState{State: StateRetracted}
	in := input("hbb", 2, run) // day 1 was breached when the run was started
	in.Now = end.Add(time.Hour)
	d := Decide(in)
	want(t, d, ActionSuppressed, GuardCooldown)
	in.Now = day(25).Start
	if d = Decide(in); d.Attempt != 2 || !d.Episode.Equal(day(1).Start) || d.Action != ActionRetrain {
		t.Errorf("%+v", d)
	}
	// After a window on which all is well it is another cause.
	in = input("hhb", 1, run)
	in.Now = day(25).Start
	if d = Decide(in); d.Attempt != 1 || !d.Episode.Equal(day(3).Start) {
		t.Errorf("%+v", d)
	}
}

// A retraction is recorded once, and is no state of the run.
func TestSemantics7_ARetractionIsNoState(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	run := launched(2, 1, 3, day(4).Start, "", time.Time{})
	run.Launch.Schema = SchemaVersion
	if err := l.create(ctx, launchesDir+run.Launch.Key, run.Launch); err != nil {
		t.Fatal(err)
	}
	if _, err := l.recordState(ctx, RunState{Key: run.Launch.Key, RunID: run.Launch.RunID, State: StateRunning, ObservedAt: day(4).Start}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		first, err := l.Retract(ctx, Retraction{run, "because"}, day(5).Start)
		if err != nil || first != want {
			t.Errorf("call %d: %v, %v", i+1, first, err)
		}
	}
	all, err := l.Launches(ctx, "m")
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if s := all[0]; s.Latest != StateRunning || s.Terminal || len(s.States) != 1 || s.Retracted == nil || s.Retracted.Error != "because" {
		t.Errorf("%+v", s)
	}
}

// A judgement again is a revision though it says the same; a retried one is none, and
// neither is one that somebody else has recorded meanwhile.
func TestSemantics7_AJudgementAgainIsARevision(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	first := rec(1, "rmse", healthy)
	first.ReadHash, first.RulesHash = "a", "b"
	add := func(r Record, revision int, created bool) {
		t.Helper()
		got, ok, err := l.Append(ctx, r)
		if err != nil || got.Revision != revision || ok != created {
			t.Errorf("revision %d, created %v, %v; want %d, %v", got.Revision, ok, err, revision, created)
		}
	}
	add(first, 1, true)
	add(first, 1, false)
	taken := first
	taken.JudgedAgain, taken.AsOf = 1, day(5).Start
	add(taken, 2, true)
	add(taken, 2, false)
	for name, other := range map[string]func(*Record){"read": func(r *Record) { r.ReadHash = "c" }, "rules": func(r *Record) { r.RulesHash = "c" }} {
		r := first
		other(&r)
		got, ok, err := l.Append(ctx, r)
		if err != nil || !ok {
			t.Errorf("another %s hash: revision %d, created %v, %v", name, got.Revision, ok, err)
		}
	}
	unknown := first
	unknown.ReadHash, unknown.RulesHash = "", ""
	if got, ok, err := l.Append(ctx, unknown); err != nil || ok {
		t.Errorf("hashes that are not known: revision %d, created %v, %v", got.Revision, ok, err)
	}
}

// What says whether a window is judged again is kept, in the brief form too.
func TestSemantics7_RecordsKeepWhatJudgingAgainGoesBy(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	n, matched := int64(7), int64(0)
	r := rec(1, "rmse", healthy)
	r.Grid, r.ReadHash, r.RulesHash, r.Layout, r.ReadAsOf, r.JudgedAgain = "1d", "a", "b", "c", day(3).Start, 4
	r.Predictions, r.Matched, r.BreachedAsOf = &n, &matched, map[string]time.Time{"rmse": day(2).Start}
	if _, _, err := l.Append(ctx, r); err != nil {
		t.Fatal(err)
	}
	got, err := l.Brief(ctx, "m")
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if !reflect.DeepEqual(got[0], r) {
		t.Errorf("got %+v\nwant %+v", got[0], r)
	}
	if got := got[0].WasReadAsOf(); !got.Equal(day(3).Start) {
		t.Errorf("read as of %s", got)
	}
}
