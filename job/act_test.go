package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// A streak of two over three nights: it counts, then acts.
func TestSemantics3_StreakOverPasses(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRMSE2 + "]"})
	w.logs(1, good, wrong, wrong, good, wrong)
	for _, night := range []struct {
		day  int
		want string
		acts []string
	}{
		{4, "healthy 0", nil},
		{5, "breached 1", nil},
		{6, "breached 2 acts", []string{"breach rmse 3", "retrain_started 3"}},
		{7, "healthy 0", []string{"resolved rmse 4"}},
		{8, "breached 1", nil},
	} {
		out := w.night(night.day)
		if got := ruleOf(of(t, out, night.day-3), "rmse"); got != night.want {
			t.Errorf("night %d: rmse is %q, want %q", night.day, got, night.want)
		}
		wantLines(t, fmt.Sprintf("told in night %d", night.day), w.told.take(), night.acts...)
	}
	wantLines(t, "history", w.history(), "1 r1 mature healthy none", "2 r1 mature breached none", "3 r1 closed inconclusive none", "3 r2 mature breached retrain",
		"4 r1 closed inconclusive none", "4 r2 mature healthy none", "5 r1 closed inconclusive none", "5 r2 mature breached none",
		"6 r1 closed inconclusive none", "7 r1 closed inconclusive none")
}

// An inconclusive window neither adds nor resets, however many there are.
func TestSemantics3_InconclusiveWindowsKeepAStreak(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + strings.Replace(ruleRMSE2, "action: retrain", "action: alert", 1) + "]"})
	const gap = 24
	w.logs(1, wrong)
	w.night(4)
	w.at(5)
	w.logs(gap+2, wrong) // between the two no predictions at all
	for n := 2; n <= gap+2; n++ {
		w.at(n + 3)
		out := w.pass(job.Options{})
		want := "inconclusive 1"
		if n == gap+2 {
			want = "breached 2 acts"
		}
		if got := ruleOf(of(t, out, n), "rmse"); got != want {
			t.Errorf("day %d: rmse is %q, want %q", n, got, want)
		}
	}
}

func TestSemantics3_NoDataIsInconclusive(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good)
	out := w.night(9) // day 6 is mature, day 8 closed, and neither has any object
	wantLines(t, "pass", brief(out), "6 mature inconclusive none", "8 closed inconclusive none")
	for _, o := range out {
		if o.Coverage.Predictions != 0 || len(o.Notes) == 0 || !strings.Contains(strings.Join(o.Notes, " "), "predictions") {
			t.Errorf("%s: predictions %d, notes %q", o.Window, o.Coverage.Predictions, o.Notes)
		}
	}
	if len(w.kfp.runs) != 0 {
		t.Errorf("missing data started %+v", w.kfp.runs)
	}
	wantLines(t, "told", w.told.take())
}

func TestSemantics4_SuggestLeavesTheKeyFreeAndTellsOnce(t *testing.T) {
	w := newWorld(t, settings{mode: "suggest"})
	w.logs(1, wrong, wrong, wrong)
	w.at(4)
	o := of(t, w.pass(job.Options{}), 1)
	if d := o.Decision; d.Action != trigger.ActionSuppressed || d.Guard != trigger.GuardMode || d.Attempt != 1 || !d.Episode.Equal(dayStart(1)) || d.Key != trigger.Key("m", dayStart(1), 1) {
		t.Errorf("decision %+v", d)
	}
	wantLines(t, "told", w.told.take(), "breach rmse 1", "retrain_suggested 1")
	w.at(5) // the second window of one episode: a breach of its own, and the same suggestion
	w.pass(job.Options{})
	w.pass(job.Options{})
	wantLines(t, "told in the next night", w.told.take(), "breach rmse 2")
	suggestions, err := w.r.Ledger.Suggestions(t.Context(), "m")
	if err != nil || len(suggestions) != 1 || suggestions[0].Key != o.Decision.Key || !suggestions[0].Window.Equal(day(1)) {
		t.Errorf("suggestions %+v, %v", suggestions, err)
	}
	for key := range w.stateObjects() {
		if strings.HasPrefix(key, "claims/") || strings.HasPrefix(key, "launches/") {
			t.Errorf("suggest wrote %s", key)
		}
	}
	// With the key free, mode auto starts that very run.
	w.model.Retrain.Mode = trigger.ModeAuto
	w.at(6)
	if d := of(t, w.pass(job.Options{}), 3).Decision; d.Key != o.Decision.Key || d.RunID != "run-1" || !d.Started {
		t.Errorf("decision in mode auto: %+v", d)
	}
}

func TestSemantics4_ModeOffOnlyAlerts(t *testing.T) {
	w := newWorld(t, settings{mode: "off"})
	w.logs(1, wrong)
	if d := of(t, w.night(4), 1).Decision; d.Guard != trigger.GuardMode || d.Reason != "mode is off" {
		t.Errorf("decision %+v", d)
	}
	wantLines(t, "told", w.told.take(), "breach rmse 1")
}

func TestSemantics4_AutoLaunchesOnce(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, wrong, good)
	o := of(t, w.night(4), 1)
	if d := o.Decision; d.Action != trigger.ActionRetrain || !d.Started || d.RunID != "run-1" || d.Run != trigger.RunName(d.Key) || d.Reason != "rmse breached" {
		t.Errorf("decision %+v", d)
	}
	if len(w.kfp.requests) != 1 {
		t.Fatalf("%d requests", len(w.kfp.requests))
	}
	if req := w.kfp.requests[0]; req.Parameters["until"] != trigger.Rendered("2026-01-02T00:00:00Z") || req.Pipeline != "retrain" || req.Experiment != "retraining" || req.Description != "Started by Hindcast: rmse breached" {
		t.Errorf("request %+v", req)
	}
	launches, err := w.r.Ledger.Launches(t.Context(), "m")
	if err != nil || len(launches) != 1 {
		t.Fatalf("launches %+v, %v", launches, err)
	}
	if l := launches[0].Launch; !l.Window.Equal(day(1)) || l.Rule != "rmse" || len(l.Versions) != 1 || l.Versions[0] != "v1" || l.PolicyHash != w.model.PolicyHash() || l.URL == "" {
		t.Errorf("launch %+v", l)
	}
	if s := w.pub.snapshots[0]; len(s.Launches) != 1 {
		t.Errorf("pushed with %d runs", len(s.Launches))
	}
	wantLines(t, "told", w.told.take(), "breach rmse 1", "retrain_started 1")
	w.pass(job.Options{})
	// The next window of the episode finds the run in flight.
	if d := of(t, w.night(5), 2).Decision; d.Guard != trigger.GuardInFlight || d.Started {
		t.Errorf("next night: %+v", d)
	}
	if len(w.kfp.runs) != 1 {
		t.Errorf("%d runs", len(w.kfp.runs))
	}
	wantLines(t, "told later", w.told.take(), "breach rmse 2")
}

// errKilled is what a hook panics with in place of kill -9.
var errKilled = errors.New("killed")

// killed runs a pass that is killed at a step.
func (w *world) killed(step string) {
	w.t.Helper()
	w.r.Hook = func(s string) {
		if s == step {
			panic(errKilled)
		}
	}
	defer func() {
		w.r.Hook = nil
		if p := recover(); p != errKilled { //nolint:errorlint // the very value that was thrown
			w.t.Errorf("the pass ended with %v before %s", p, step)
		}
	}()
	_, err := w.r.Pass(w.t.Context(), w.model, job.Options{})
	w.t.Errorf("the pass was not killed at %s: %v", step, err)
}

func TestSemantics4_KilledAtAnyStepOfALaunch(t *testing.T) {
	for _, step := range []string{trigger.StepChecked, trigger.StepClaimed, trigger.StepLooked, trigger.StepPosted, trigger.StepRecorded} {
		t.Run(step, func(t *testing.T) {
			w := newWorld(t, settings{})
			w.logs(1, wrong)
			w.at(4)
			w.killed(step)
			if h := w.history(); len(h) != 0 {
				t.Errorf("recorded before its decision: %q", h)
			}
			o := of(t, w.pass(job.Options{}), 1)
			if len(w.kfp.runs) != 1 || o.Decision.Action != trigger.ActionRetrain || o.Decision.RunID != "run-1" {
				t.Errorf("runs %+v, decision %+v", w.kfp.runs, o.Decision)
			}
			wantLines(t, "history", w.history(), "1 r1 mature breached retrain", "3 r1 closed inconclusive none")
			wantLines(t, "told", w.told.take(), "breach rmse 1", "retrain_started 1")
			w.pass(job.Options{})
			if len(w.kfp.runs) != 1 {
				t.Errorf("%d runs after one more pass", len(w.kfp.runs))
			}
			wantLines(t, "told again", w.told.take())
		})
	}
}

func TestSemantics4_FailedRunIsFollowedByTheNextAttemptAfterTheCooldown(t *testing.T) {
	w := newWorld(t, settings{retrain: "cooldown: 2h"})
	w.logs(1, wrong)
	w.night(4)
	w.kfp.set("run-1", trigger.StateFailed, dayStart(4).Add(4*time.Hour))
	w.told.take()
	w.now = dayStart(4).Add(5 * time.Hour)
	wantLines(t, "pass within the cooldown", brief(w.pass(job.Options{})), "3 closed inconclusive none")
	wantLines(t, "told of the failure", w.told.take(), "retrain_failed")
	if len(w.kfp.runs) != 1 {
		t.Fatalf("%d runs within the cooldown", len(w.kfp.runs))
	}
	w.now = dayStart(4).Add(7 * time.Hour) // and no window has become mature
	out := w.pass(job.Options{})
	wantLines(t, "pass after the cooldown", brief(out), "1 mature breached retrain", "3 closed inconclusive none")
	o := of(t, out, 1)
	if d := o.Decision; d.Attempt != 2 || d.RunID != "run-2" || !d.Started || d.Key != trigger.Key("m", dayStart(1), 2) {
		t.Errorf("decision %+v", d)
	}
	if ruleOf(o, "rmse") != "breached 1 acts" || o.Revision != 2 || o.Metrics["rmse"].N != perDay {
		t.Errorf("the window decided on again: %s", encode(t, o))
	}
	wantLines(t, "told", w.told.take(), "retrain_started 1")
	// After that one succeeded, the old window starts nothing more.
	w.kfp.set("run-2", trigger.StateSucceeded, dayStart(4).Add(8*time.Hour))
	w.now = dayStart(4).Add(20 * time.Hour)
	wantLines(t, "pass after success", brief(w.pass(job.Options{})), "3 closed inconclusive none")
	w.pass(job.Options{})
	if len(w.kfp.runs) != 2 {
		t.Errorf("%d runs", len(w.kfp.runs))
	}
	wantLines(t, "told at last", w.told.take(), "retrain_finished")
}

// After a run the old model's windows never launch again; new ones of a new version do.
func TestSemantics4_AfterARunOnlyNewWindowsCount(t *testing.T) {
	w := newWorld(t, settings{retrain: "cooldown: 1h"})
	w.logs(1, wrong, wrong, wrong, wrong)
	w.night(4)
	w.kfp.set("run-1", trigger.StateSucceeded, dayStart(4).Add(5*time.Hour))
	for n := 5; n <= 7; n++ {
		if d := of(t, w.night(n), n-3).Decision; d.Guard != trigger.GuardNewWindows {
			t.Errorf("night %d: %+v", n, d)
		}
	}
	w.versionLogs(5, wrong, "v2")
	if d := of(t, w.night(8), 5).Decision; d.Action != trigger.ActionRetrain || d.Attempt != 2 || d.RunID != "run-2" {
		t.Errorf("a new version's window: %+v", d)
	}
}

func TestSemantics4_CooldownAndBudgetSayUntilWhen(t *testing.T) {
	for _, tc := range []struct {
		name, retrain, guard string
		until                time.Time
	}{
		{"cooldown", "cooldown: 40h", trigger.GuardCooldown, dayStart(5).Add(20 * time.Hour)},
		{"budget", "cooldown: 0s\nbudget: {runs: 1, per: 36h}", trigger.GuardBudget, dayStart(5).Add(15 * time.Hour)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, settings{retrain: tc.retrain})
			w.logs(1, wrong, wrong)
			w.night(4)
			w.kfp.set("run-1", trigger.StateFailed, dayStart(4).Add(4*time.Hour))
			d := of(t, w.night(5), 2).Decision
			if d.Guard != tc.guard || d.Until == nil || !d.Until.Equal(tc.until) || !strings.Contains(d.Reason, tc.until.Format(time.RFC3339)) {
				t.Errorf("decision %+v until %v", d, d.Until)
			}
			if len(w.kfp.runs) != 1 {
				t.Errorf("%d runs", len(w.kfp.runs))
			}
			// When it is over, the last breached window starts the next attempt.
			w.now = tc.until.Add(time.Minute)
			w.pass(job.Options{})
			if len(w.kfp.runs) != 2 {
				t.Errorf("%d runs after %s", len(w.kfp.runs), tc.until)
			}
		})
	}
}

func TestSemantics4_BlockHoldsRuns(t *testing.T) {
	block := "{name: bad-data, when: \"quality.columns['x'].missing > 0.5\", min_samples: 100, action: block}"
	for _, tc := range []struct {
		name string
		day3 func(*world) // the newest closed window
		hold bool
	}{
		{"healthy", func(w *world) { w.logs(3, good) }, false},
		{"breached", func(w *world) {
			pairs := makePairs(perDay, dayStart(3), good, "v1")
			rows := make([]string, len(pairs))
			for i, p := range pairs {
				rows[i] = fmt.Sprintf("%s,%s,,%v,v1", p.id, p.at.Format(time.RFC3339), p.pred)
			}
			w.write("predictions/dt=2026-01-03/part.csv", predictionHeader, rows)
		}, true},
		{"inconclusive", func(*world) {}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, settings{rules: "[" + ruleRMSE + ", " + block + "]"})
			w.logs(1, wrong)
			tc.day3(w)
			d := of(t, w.night(4), 1).Decision
			if held := d.Guard == trigger.GuardBlock && len(w.kfp.runs) == 0; held != tc.hold {
				t.Errorf("decision %+v, %d runs", d, len(w.kfp.runs))
			}
			if tc.hold && !strings.Contains(d.Reason, "bad-data is "+tc.name) {
				t.Errorf("reason %q", d.Reason)
			}
		})
	}
}

// A launch that fails leaves the window recorded and the next pass starts the run.
func TestSemantics4_LaunchErrorIsTriedAgain(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, good, good)
	w.at(4)
	w.kfp.createErr = fmt.Errorf("unknown pipeline retrain: %w", trigger.ErrRejected)
	out, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if !errors.Is(err, trigger.ErrRejected) {
		t.Fatalf("error %v", err)
	}
	d := of(t, out, 1).Decision
	if d.Action != trigger.ActionSuppressed || d.Guard != job.GuardError || !strings.Contains(d.Reason, "unknown pipeline retrain") {
		t.Errorf("decision %+v", d)
	}
	wantLines(t, "history", w.history(), "1 r1 mature breached suppressed", "3 r1 closed healthy none")
	wantLines(t, "told", w.told.take(), "breach rmse 1", "retrain_not_started 1")
	if len(w.pub.snapshots) != 1 || w.pub.snapshots[0].Status.Err == nil || w.pub.snapshots[0].Performance == nil {
		t.Errorf("pushed %+v", w.pub.snapshots)
	}
	if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
		t.Error("a second failing pass succeeds")
	}
	wantLines(t, "told again", w.told.take())

	w.kfp.createErr = nil
	out = w.pass(job.Options{})
	wantLines(t, "when the server is well again", brief(out), "1 mature breached retrain", "3 closed healthy none")
	if d := of(t, out, 1).Decision; d.RunID != "run-1" || !d.Started {
		t.Errorf("decision %+v", d)
	}
	wantLines(t, "told at last", w.told.take(), "retrain_started 1")
}

// A server that is down fails the pass and changes no verdict.
func TestSemantics4_ServerDown(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong)
	w.at(4)
	w.kfp.down = errors.New("connection refused")
	out, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error %v", err)
	}
	wantLines(t, "pass", brief(out), "1 mature breached suppressed error", "3 closed inconclusive none")
	w.kfp.down = nil
	w.pass(job.Options{})
	if len(w.kfp.runs) != 1 {
		t.Errorf("%d runs", len(w.kfp.runs))
	}
}

func TestSemantics4_ToldOncePerRuleWindowAndState(t *testing.T) {
	w := newWorld(t, settings{mode: "off"})
	w.logs(1, wrong, good, drifted)
	w.at(4)
	w.pass(job.Options{})
	wantLines(t, "told", w.told.take(), "breach drift 3", "breach rmse 1")
	w.pass(job.Options{})
	// Another pod with a memory of its own, on the same state.
	other := *w.r
	if _, err := other.Pass(t.Context(), w.model, job.Options{}); err != nil {
		t.Fatal(err)
	}
	wantLines(t, "told again", w.told.take())
}

// A failed push or message is an error of the pass and changes no decision.
func TestDeliveryFailureChangesNoDecision(t *testing.T) {
	down := errors.New("receiver is down")
	for name, break_ := range map[string]func(*world){
		"push":    func(w *world) { w.pub.err = down },
		"message": func(w *world) { w.told.err = down },
	} {
		t.Run(name, func(t *testing.T) {
			well, ill := newWorld(t, settings{}), newWorld(t, settings{})
			break_(ill)
			for _, w := range []*world{well, ill} {
				w.logs(1, wrong, good, drifted)
				w.at(4)
			}
			want := well.pass(job.Options{})
			got, err := ill.r.Pass(t.Context(), ill.model, job.Options{})
			var delivery *job.DeliveryError
			if !errors.Is(err, down) || !errors.As(err, &delivery) {
				t.Errorf("error %v", err)
			}
			if a, b := encode(t, want), encode(t, got); a != b {
				t.Errorf("the decision differs:\n%s\n%s", a, b)
			}
			wantLines(t, "history", ill.history(), well.history()...)
		})
	}
}

func TestEvaluationFailureIsPushedAndToldOnce(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good)
	w.night(4)
	w.told.take()
	w.write("predictions/dt=2026-01-02/part.csv", "id,ts,x,version", []string{"a,2026-01-02T00:00:00Z,1,v1"})
	before := w.history()
	w.at(5)
	for range 2 {
		out, err := w.r.Pass(t.Context(), w.model, job.Options{})
		if err == nil || !strings.Contains(err.Error(), "pred") || !strings.Contains(err.Error(), "dt=2026-01-02/part.csv") {
			t.Errorf("error %v", err)
		}
		wantLines(t, "the window that can be read", brief(out), "4 closed healthy none")
	}
	if len(w.pub.failures) != 2 || w.pub.failures[0].Err == nil || w.pub.failures[0].Model != "m" || len(w.pub.snapshots) != 1 {
		t.Errorf("failures %+v, %d snapshots", w.pub.failures, len(w.pub.snapshots))
	}
	wantLines(t, "told", w.told.take(), "evaluation_failing")
	wantLines(t, "history", w.history(), before...)
	// Nothing is lost: with the object put right the window is judged.
	w.logs(2, wrong)
	wantLines(t, "put right", brief(w.pass(job.Options{})), "2 mature breached retrain", "4 closed healthy none")
}

// What was judged before a failure is shown with a decision that says so.
func TestFailureAfterAVerdict(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, wrong, good)
	w.write("predictions/dt=2026-01-04/part.csv", "id,ts,x,version", []string{"a,2026-01-04T00:00:00Z,1,v1"})
	w.at(5)
	out, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil {
		t.Fatal("no error")
	}
	wantLines(t, "pass", brief(out), "2 mature breached none")
	if d := of(t, out, 2).Decision; !strings.Contains(d.Reason, "not decided") {
		t.Errorf("decision %+v", d)
	}
	wantLines(t, "history", w.history())
	if len(w.kfp.runs) != 0 {
		t.Errorf("%d runs", len(w.kfp.runs))
	}
}

// A state that cannot be written fails the pass and starts nothing: a run without a
// claim could be started twice.
func TestReadOnlyStateStartsNothing(t *testing.T) {
	dir := t.TempDir()
	blocked := open(t, "file://"+dir)
	if err := blocked.Write(t.Context(), "state", []byte("a file in the folder's place")); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, settings{state: "file://" + dir + "/state"})
	w.logs(1, wrong)
	w.at(4)
	_, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil || !strings.Contains(err.Error(), dir+"/state") && !strings.Contains(err.Error(), "folder") {
		t.Errorf("error %v", err)
	}
	if len(w.kfp.runs) != 0 {
		t.Errorf("started %+v", w.kfp.runs)
	}
	if data, err := blocked.Read(t.Context(), "state"); err != nil || string(data) != "a file in the folder's place" {
		t.Errorf("the file is %q, %v", data, err)
	}
}

func TestRetrainByHand(t *testing.T) {
	w := newWorld(t, settings{mode: "off"})
	w.logs(1, good)
	w.night(4)
	first, started, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "new features", Key: "k"})
	if err != nil || !started || first.RunID != "run-1" || !first.Manual || first.Reason != "new features" || !first.Window.Equal(day(1)) {
		t.Fatalf("launch %+v, %v", first, err)
	}
	again, startedAgain, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "new features", Key: "k"})
	if err != nil || startedAgain || again.RunID != "run-1" || len(w.kfp.runs) != 1 {
		t.Errorf("repeated: %+v, %v, %d runs", again, err, len(w.kfp.runs))
	}
	wantLines(t, "told", w.told.take(), "retrain_started")
	if _, _, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "another"}); !errors.Is(err, trigger.ErrInFlight) {
		t.Errorf("in flight: %v", err)
	}
	if _, _, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "another", Force: true}); err != nil || len(w.kfp.runs) != 2 {
		t.Errorf("forced: %v, %d runs", err, len(w.kfp.runs))
	}
	if _, _, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{}); err == nil || len(w.kfp.runs) != 2 {
		t.Errorf("without a reason: %v, %d runs", err, len(w.kfp.runs))
	}
	w.model.Retrain.Kubeflow = nil
	w.kfp.down = nil
	if _, _, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "no pipeline", Force: true}); !errors.Is(err, job.ErrNoPipelines) {
		t.Errorf("without a pipeline: %v", err)
	}
}

func TestFollowRecordsPushesAndTells(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong)
	w.night(4)
	w.told.take()
	for _, tc := range []struct {
		state string
		told  []string
	}{
		{trigger.StateRunning, nil},
		{trigger.StateRunning, nil},
		{trigger.StateSucceeded, []string{"retrain_finished"}},
		{trigger.StateSucceeded, nil},
	} {
		w.kfp.set("run-1", tc.state, w.now)
		runs, err := w.r.Follow(t.Context(), w.model)
		if err != nil || len(runs) != 1 || runs[0].Latest != tc.state {
			t.Errorf("%s: %+v, %v", tc.state, runs, err)
		}
		wantLines(t, tc.state, w.told.take(), tc.told...)
	}
	if w.pub.runs != 4 {
		t.Errorf("pushed %d times", w.pub.runs)
	}
}

// Several pods at once on one state: one run, and people are told once.
func TestSemantics4_PassesAtOnceStartOneRun(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, good, drifted)
	w.at(4)
	const pods = 4
	told := make([]fakeNotifier, pods)
	errs := make([]error, pods)
	var group sync.WaitGroup
	for i := range pods {
		r := *w.r
		r.Log, r.Notifiers, r.Publishers, r.Identity = slog.New(slog.DiscardHandler), []job.Notifier{&told[i]}, nil, fmt.Sprint("pod-", i)
		group.Go(func() { _, errs[i] = r.Pass(t.Context(), w.model, job.Options{}) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if len(w.kfp.runs) != 1 {
		t.Errorf("%d runs", len(w.kfp.runs))
	}
	var all []string
	for i := range told {
		all = append(all, told[i].take()...)
	}
	slices.Sort(all)
	wantLines(t, "told", all, "breach drift 3", "breach rmse 1", "retrain_started 1")
	wantLines(t, "history", w.history(), "1 r1 mature breached retrain", "3 r1 closed breached alert")
}

// A pass that is told to stop shows that it failed, tells nobody, and leaves what the
// next pass finishes.
func TestStoppedInTheMiddle(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, good, good)
	w.at(4)
	ctx, cancel := context.WithCancel(t.Context())
	w.pub.check = func(ctx context.Context) error { return ctx.Err() }
	w.r.Progress = func(label string) func(int64, int64) {
		return func(int64, int64) {
			if strings.Contains(label, day(3).String()) {
				cancel()
			}
		}
	}
	out, err := w.r.Pass(ctx, w.model, job.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	wantLines(t, "stopped pass", brief(out), "1 mature breached none")
	if len(w.pub.failures) != 1 || w.pub.err != nil {
		t.Errorf("failures pushed: %+v, %v", w.pub.failures, w.pub.err)
	}
	wantLines(t, "told", w.told.take())
	wantLines(t, "history", w.history())

	w.r.Progress = nil
	wantLines(t, "next pass", brief(w.pass(job.Options{})), "1 mature breached retrain", "3 closed healthy none")
	if len(w.kfp.runs) != 1 {
		t.Errorf("%d runs", len(w.kfp.runs))
	}
}

// Nothing that failed on the way is lost when the pass fails later.
func TestEarlierFailuresAreInTheError(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, good)
	w.night(4)
	w.kfp.down = errors.New("connection refused")
	w.write("predictions/dt=2026-01-02/part.csv", "id,ts,x,version", []string{"a,2026-01-02T00:00:00Z,1,v1"})
	w.at(5)
	_, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil || !strings.Contains(err.Error(), "follow started runs") || !strings.Contains(err.Error(), `no column "pred"`) {
		t.Errorf("error %v", err)
	}
}
