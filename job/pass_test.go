package job_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
)

func TestSemantics1_FirstPassTakesTheNewestMatureWindowOnly(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good, good)
	wantLines(t, "first pass", brief(w.night(7)), "4 mature healthy none", "6 closed healthy none")
	wantLines(t, "history", w.history(), "4 r1 mature healthy none", "6 r1 closed healthy none")
}

func TestSemantics1_CatchUpOldestFirst(t *testing.T) {
	w := newWorld(t, settings{model: "catch_up: 3"})
	w.logs(1, good, good, good, good, good, good, good, good, good, good, good, good)
	w.night(4) // judges day 1
	// Days 2 to 8 have become mature: the three oldest are judged, shown newest first,
	// and the newest closed one though it isn't among them.
	wantLines(t, "second pass", brief(w.night(11)), "4 mature healthy none", "3 mature healthy none", "2 mature healthy none", "10 closed healthy none")
	wantLines(t, "third pass", brief(w.pass(job.Options{})), "7 mature healthy none", "6 mature healthy none", "5 mature healthy none", "10 closed healthy none")
	wantLines(t, "fourth pass", brief(w.pass(job.Options{})), "8 mature healthy none", "10 closed healthy none")
	wantLines(t, "fifth pass", brief(w.pass(job.Options{})), "10 closed healthy none")
	wantLines(t, "history", w.history(),
		"1 r1 mature healthy none", "2 r1 mature healthy none", "3 r1 closed healthy none", "3 r2 mature healthy none", "4 r1 mature healthy none",
		"5 r1 mature healthy none", "6 r1 mature healthy none", "7 r1 mature healthy none", "8 r1 mature healthy none", "10 r1 closed healthy none")
}

func TestSemantics1_NewestClosedWindowMayBeAmongTheMature(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleDrift + "]"})
	w.model.GroundTruth.Delay = 0
	w.logs(1, good, good, good)
	wantLines(t, "pass", brief(w.night(4)), "3 mature healthy none")
}

func TestSemantics1_LabelRulesWaitOnClosedWindows(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good, drifted)
	out := w.night(7)
	closed := of(t, out, 6)
	if got := ruleOf(closed, "drift"); got != "breached 1 acts" {
		t.Errorf("drift on the closed window is %q", got)
	}
	if len(closed.NotJudged) != 1 || closed.NotJudged[0].Name != "rmse" || closed.NotJudged[0].Reason != "labels are mature at 2026-01-09T00:00:00Z" {
		t.Errorf("not judged: %+v", closed.NotJudged)
	}
	if c := closed.Coverage; c.Predictions != perDay || c.Labels != nil || c.Matched != nil || c.Reason == "" {
		t.Errorf("coverage of the closed window: %+v", c)
	}
	if m := closed.Metrics["rmse"]; m.Reason != "labels are not mature" {
		t.Errorf("rmse of the closed window: %+v", m)
	}
	mature := of(t, out, 4)
	if ruleOf(mature, "rmse") != "healthy 0" || ruleOf(mature, "drift") != "healthy 0" || len(mature.NotJudged) != 0 {
		t.Errorf("mature window: %+v, %+v", mature.Rules, mature.NotJudged)
	}
	if c := mature.Coverage; c.Matched == nil || *c.Matched != perDay || c.Coverage != 1 {
		t.Errorf("coverage of the mature window: %+v", c)
	}
	wantLines(t, "told", w.told.take(), "breach drift 6")
}

func TestSemantics1_RulesActOnTheNewestWindowTheyAreJudgedOn(t *testing.T) {
	w := newWorld(t, settings{rules: "[{name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 100, action: alert}, " + ruleDrift + "]"})
	w.logs(1, good, wrong, wrong, drifted, drifted, drifted)
	w.night(4)
	w.told.take()
	// Days 2, 3 and 4 become mature at once; rmse acts on day 4 if at all, drift on day 6.
	out := w.night(7)
	wantLines(t, "pass", brief(out), "4 mature breached none", "3 mature breached none", "2 mature breached none", "6 closed breached alert")
	for n, want := range map[int]string{2: "breached 1", 3: "breached 2", 4: "healthy 0"} {
		if got := ruleOf(of(t, out, n), "rmse"); got != want {
			t.Errorf("rmse on day %d is %q, want %q", n, got, want)
		}
	}
	// Day 5 has no record, which ends the streak.
	if got := ruleOf(of(t, out, 6), "drift"); got != "breached 1 acts" {
		t.Errorf("drift on day 6 is %q", got)
	}
	if got := ruleOf(of(t, out, 4), "drift"); got != "breached 1" {
		t.Errorf("drift on day 4 is %q", got)
	}
	wantLines(t, "told", w.told.take(), "breach drift 6")
}

func TestSemantics1_WindowOnTheGridIsAReEvaluation(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRMSE2 + ", " + ruleDrift + "]"})
	w.logs(1, good, good, wrong, wrong, good, good)
	w.night(6) // day 3 is mature
	w.told.take()
	pushed := len(w.pub.snapshots)
	win := day(3)

	again := w.pass(job.Options{Window: &win})
	wantLines(t, "the same again", brief(again), "3 mature breached none")
	if again[0].Revision != 1 || !again[0].OnGrid {
		t.Errorf("nothing changed, but the revision is %d (on grid: %t)", again[0].Revision, again[0].OnGrid)
	}
	// Corrected labels make it a new revision, and the streak goes by the newest.
	corrected := makePairs(perDay, dayStart(3), good, "v1")
	w.labels(3, corrected)
	again = w.pass(job.Options{Window: &win})
	wantLines(t, "after a correction", brief(again), "3 mature healthy none")
	if again[0].Revision != 2 {
		t.Errorf("revision %d after a correction, want 2", again[0].Revision)
	}
	out := w.night(7)
	if got := ruleOf(of(t, out, 4), "rmse"); got != "breached 1" {
		t.Errorf("rmse on day 4 is %q: the streak counts a revision that is no longer the newest", got)
	}
	if n := len(w.pub.snapshots); n != pushed+1 {
		t.Errorf("%d snapshots were pushed by two re-evaluations and a pass", n-pushed)
	}
	wantLines(t, "told", w.told.take())
}

func TestSemantics1_WindowOffTheGridIsKeptApart(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRMSE2 + "]"})
	w.logs(1, wrong, wrong, wrong, wrong, wrong, wrong)
	w.night(4) // day 1 is mature, streak 1
	before := w.history()
	off := groundtruth.Window{Start: dayStart(2).Add(12 * time.Hour), End: dayStart(3).Add(12 * time.Hour)} // day 1 ends before it
	w.at(7)
	out := w.pass(job.Options{Window: &off, Launch: true, Push: true})
	if len(out) != 1 || out[0].OnGrid || out[0].Verdict.String() != "breached" || out[0].Decision.Action != "none" || ruleOf(&out[0], "rmse") != "breached 1" {
		t.Errorf("off the grid: %s", encode(t, out))
	}
	wantLines(t, "history", w.history(), before...)
	apart := 0
	for key := range w.stateObjects() {
		if strings.HasPrefix(key, "adhoc/m/") {
			apart++
		}
	}
	if apart != 1 {
		t.Errorf("%d windows kept apart, want 1", apart)
	}
	if len(w.kfp.runs) != 0 {
		t.Errorf("a window off the grid started %+v", w.kfp.runs)
	}
	// The next pass goes on after day 1, and its streak knows nothing of the other.
	out = w.pass(job.Options{})
	wantLines(t, "next pass", brief(out), "4 mature breached retrain", "3 mature breached none", "2 mature breached none", "6 closed inconclusive none")
	if got := ruleOf(of(t, out, 2), "rmse"); got != "breached 2" {
		t.Errorf("rmse on day 2 is %q", got)
	}
}

func TestSemantics1_LooksActOnlyWhereAsked(t *testing.T) {
	win := day(3)
	past := dayStart(6).Add(time.Hour)
	for name, look := range map[string]job.Options{"window": {Window: &win}, "as of the past": {AsOf: past}} {
		t.Run(name, func(t *testing.T) {
			prepare := func(t *testing.T) *world {
				w := newWorld(t, settings{})
				w.logs(1, good, good, wrong)
				w.at(6)
				return w
			}
			t.Run("plain", func(t *testing.T) {
				w := prepare(t)
				out := w.pass(look)
				o := of(t, out, 3)
				if o.Verdict.String() != "breached" || o.Decision.Action != "suppressed" || o.Decision.Guard != job.GuardLook || o.Revision != 1 {
					t.Errorf("decision %+v, revision %d", o.Decision, o.Revision)
				}
				if len(w.kfp.runs)+len(w.pub.snapshots)+len(w.pub.failures)+len(w.told.events) != 0 {
					t.Errorf("a look started %v, pushed %v, told %v", w.kfp.runs, w.pub.snapshots, w.told.take())
				}
			})
			t.Run("push", func(t *testing.T) {
				w := prepare(t)
				opt := look
				opt.Push = true
				w.pass(opt)
				if len(w.kfp.runs) != 0 || len(w.pub.snapshots) != 1 {
					t.Errorf("--push started %d runs and pushed %d times", len(w.kfp.runs), len(w.pub.snapshots))
				}
				wantLines(t, "told", w.told.take(), "breach rmse 3")
			})
			t.Run("launch", func(t *testing.T) {
				w := prepare(t)
				opt := look
				opt.Launch = true
				if o := of(t, w.pass(opt), 3); o.Decision.Action != "retrain" || o.Decision.RunID != "run-1" || !o.Decision.Started {
					t.Errorf("decision %+v", o.Decision)
				}
				if len(w.kfp.runs) != 1 || len(w.pub.snapshots) != 0 {
					t.Errorf("--launch started %d runs and pushed %d times", len(w.kfp.runs), len(w.pub.snapshots))
				}
				wantLines(t, "told", w.told.take(), "breach rmse 3", "retrain_started 3")
			})
			t.Run("failing", func(t *testing.T) {
				w := prepare(t)
				w.write("predictions/dt=2026-01-03/part.csv", "id,ts,x,version", []string{"a,2026-01-03T00:00:00Z,1,v1"})
				if _, err := w.r.Pass(t.Context(), w.model, look); err == nil {
					t.Error("a look without its column succeeds")
				}
				if len(w.pub.failures)+len(w.told.events) != 0 {
					t.Errorf("a failing look pushed %v, told %v", w.pub.failures, w.told.take())
				}
			})
		})
	}
}

// A look at a window whose run was started shows the run, and starts nothing.
func TestSemantics1_LookAtAWindowThatWasActedOn(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong)
	w.night(4)
	w.told.take()
	win := day(1)
	for _, opt := range []job.Options{{Window: &win}, {Window: &win, Launch: true}} {
		if d := w.pass(opt)[0].Decision; d.Action != "retrain" || d.RunID != "run-1" || d.Started {
			t.Errorf("%+v: decision %+v", opt, d)
		}
	}
	if len(w.kfp.runs) != 1 {
		t.Errorf("%d runs", len(w.kfp.runs))
	}
	wantLines(t, "told", w.told.take())
}

// A look as of the past sees the labels that were there then.
func TestSemantics1_AsOfSeesWhatWasThere(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good, good)
	w.at(7)
	win := day(3)
	all := w.pass(job.Options{Window: &win})[0].Coverage
	half := w.pass(job.Options{Window: &win, AsOf: dayStart(4).Add(12 * time.Hour)})[0]
	if half.Stage != "closed" || *all.Matched != perDay || *half.Coverage.Matched != perDay/2+1 || half.Coverage.HiddenLabels != perDay/2-1 {
		t.Errorf("matched %d in all, %d at noon after (%d hidden, stage %s)", *all.Matched, *half.Coverage.Matched, half.Coverage.HiddenLabels, half.Stage)
	}
	if !half.AsOfApplied || !half.AsOf.Equal(dayStart(4).Add(12*time.Hour)) {
		t.Errorf("as of %s, applied %t", half.AsOf, half.AsOfApplied)
	}
}

func TestSemantics1_DryRunWritesNothing(t *testing.T) {
	for _, tc := range []struct {
		name, mode string
		setup      func(*world)
		action     string
	}{
		{"first pass, auto", "auto", func(*world) {}, "retrain"},
		{"first pass, suggest", "suggest", func(*world) {}, "suppressed"},
		{"with a ledger and a run that has ended", "auto", func(w *world) {
			w.night(5)
			w.kfp.set("run-1", "FAILED", w.now)
			if _, err := w.r.Follow(w.t.Context(), w.model); err != nil {
				w.t.Fatal(err)
			}
		}, "retrain"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, settings{mode: tc.mode})
			w.logs(1, wrong, wrong, wrong, drifted, drifted)
			tc.setup(w)
			before, runs := w.stateObjects(), len(w.kfp.runs)
			w.told.take()
			w.pub.snapshots = nil
			w.at(6)
			out := w.pass(job.Options{DryRun: true})
			wantSame(t, before, w.stateObjects())
			for _, o := range out {
				if !o.Decision.DryRun {
					t.Errorf("the decision on %s does not say that it is a dry run: %+v", o.Window, o.Decision)
				}
				if o.Revision != 0 {
					t.Errorf("revision %d of a window that isn't recorded", o.Revision)
				}
			}
			if o := of(t, out, 3); string(o.Decision.Action) != tc.action {
				t.Errorf("decision %+v, want %s", o.Decision, tc.action)
			}
			if len(w.kfp.runs) != runs || len(w.pub.snapshots)+len(w.pub.failures)+len(w.told.events) != 0 {
				t.Errorf("a dry run started %v, pushed %v, told %v", w.kfp.runs[runs:], w.pub.snapshots, w.told.take())
			}
			wantLines(t, "the real pass, beside the dry run", brief(w.pass(job.Options{})), brief(out)...)
		})
	}
}

func TestDryRunOverFilesMakesNoFolder(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, settings{state: "file://" + dir + "/state"})
	w.logs(1, good, good, good)
	w.at(6)
	w.pass(job.Options{DryRun: true})
	if _, err := open(t, "file://"+dir).Read(t.Context(), "state"); !errors.Is(err, objstore.ErrNotExist) {
		t.Errorf("read of the state: %v", err)
	}
	wantSame(t, nil, contents(t, open(t, "file://"+dir)))
}

// A pass that repeats itself records nothing anew.
func TestSemantics1_RepeatedPassRecordsNothing(t *testing.T) {
	w := newWorld(t, settings{mode: "suggest"})
	w.logs(1, good, good, wrong, good, drifted)
	first := w.night(6)
	before := w.stateObjects()
	w.told.take()
	second := w.pass(job.Options{})
	wantSame(t, before, w.stateObjects())
	wantLines(t, "second pass", brief(second), "5 closed breached alert")
	if a, b := encode(t, of(t, first, 5)), encode(t, of(t, second, 5)); a != b {
		t.Errorf("the same window again gives\n%s\nafter\n%s", b, a)
	}
	wantLines(t, "told again", w.told.take())
}

func TestSnapshotShowsTheNewestMatureAndTheNewestClosedWindow(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good)
	w.night(6)
	w.night(6) // judges day 5 alone: day 3 comes from the ledger
	if len(w.pub.snapshots) != 2 {
		t.Fatalf("%d snapshots", len(w.pub.snapshots))
	}
	for i, s := range w.pub.snapshots {
		if s.Status.Err != nil || s.Performance == nil || s.Drift == nil || !s.Performance.Window.Equal(day(3)) || !s.Drift.Window.Equal(day(5)) {
			t.Fatalf("snapshot %d: %+v", i, s)
		}
		if m := s.Performance.Metrics["rmse"]; m.N != perDay || !(m.Value > 0.5 && m.Value < 1.5) {
			t.Errorf("snapshot %d: rmse %+v", i, m)
		}
	}
}

// A window that cannot be read does not hide the others: they are shown, and those that a
// pass records before it decides are recorded. Nothing is decided, and nobody is told but of
// the failure.
func TestAnUnreadableWindowDoesNotHideTheOthers(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRMSE + ", " + ruleDrift + "]"})
	w.logs(1, good, good, good, wrong, wrong, drifted)
	w.night(4)
	w.told.take()
	broken := "predictions/dt=2026-01-02/part.csv"
	whole, err := w.data.Read(t.Context(), broken)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.data.Write(t.Context(), broken, []byte("id\n\"")); err != nil {
		t.Fatal(err)
	}
	w.at(7)
	out, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil || !strings.Contains(err.Error(), "2026-01-02/2026-01-03") {
		t.Errorf("the error is %v", err)
	}
	wantLines(t, "shown", brief(out), "4 mature breached none", "3 mature healthy none", "6 closed breached none")
	wantLines(t, "told", w.told.take(), "evaluation_failing")
	wantLines(t, "history", w.history(), "1 r1 mature healthy none", "3 r1 closed healthy none", "3 r2 mature healthy none")
	if err := w.data.Write(t.Context(), broken, whole); err != nil {
		t.Fatal(err)
	}
	wantLines(t, "mended", brief(w.pass(job.Options{})), "4 mature breached retrain", "2 mature healthy none", "6 closed breached alert")
}
