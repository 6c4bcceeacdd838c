package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// fakeKeeper is a fakeNotifier that is also reminded of what goes on.
type fakeKeeper struct {
	fakeNotifier
	kept []job.Event
}

func (k *fakeKeeper) Keep(_ context.Context, open []job.Event) error {
	k.kept = append(k.kept, open...)
	return k.err
}

// takeKept returns what the keeper was reminded of since the last call.
func (k *fakeKeeper) takeKept() []string {
	out := []string{}
	for _, e := range k.kept {
		s := string(e.Kind)
		for _, r := range e.Rules {
			s += " " + r.Name + ": " + r.Reason
		}
		if e.Failures > 0 {
			s += fmt.Sprint(" ", e.Failures)
		}
		out = append(out, s)
	}
	k.kept = nil
	return out
}

func TestSemantics4_ResolvedIsToldOnce(t *testing.T) {
	w := newWorld(t, settings{mode: "off", rules: "[" + strings.Replace(ruleRMSE, "retrain", "alert", 1) + "]"})
	w.logs(1, good, wrong, wrong)
	// Day 4 has no data.
	w.logs(5, good, good, wrong, good)
	var incidents []job.Incident
	for _, night := range []struct {
		day  int
		want []string
	}{
		{1, nil},
		{2, []string{"breach rmse 2"}},
		{3, []string{"breach rmse 3"}},
		{4, nil}, // inconclusive is no recovery
		{5, []string{"resolved rmse 5"}},
		{6, nil},
		{7, []string{"breach rmse 7"}},
		{8, []string{"resolved rmse 8"}},
	} {
		w.night(night.day + 3)
		w.pass(job.Options{}) // a retried pod
		for _, e := range w.told.events {
			incidents = append(incidents, e.Incident)
		}
		wantLines(t, fmt.Sprint("told of day ", night.day), w.told.take(), night.want...)
	}
	opened := func(n int) time.Time { return dayStart(n + 3).Add(3 * time.Hour) }
	for i, want := range []job.Incident{
		{ID: "m/rule/rmse/2026-01-02T00:00:00Z", Rule: "rmse", Since: dayStart(2), Opened: opened(2), First: true},
		{ID: "m/rule/rmse/2026-01-02T00:00:00Z", Rule: "rmse", Since: dayStart(2), Opened: opened(2)},
		{ID: "m/rule/rmse/2026-01-02T00:00:00Z", Rule: "rmse", Since: dayStart(2), Opened: opened(2)},
		{ID: "m/rule/rmse/2026-01-07T00:00:00Z", Rule: "rmse", Since: dayStart(7), Opened: opened(7), First: true},
		{ID: "m/rule/rmse/2026-01-07T00:00:00Z", Rule: "rmse", Since: dayStart(7), Opened: opened(7)},
	} {
		if i >= len(incidents) || incidents[i] != want {
			t.Fatalf("incident %d of %+v, want %+v", i, incidents, want)
		}
	}
}

// What nobody was told of is not told to be over: a breach that never acted, a look.
func TestSemantics4_ResolvedOnlyOfWhatWasTold(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRMSE2 + "]"})
	w.logs(1, wrong, good, good)
	w.night(4)
	w.night(5)
	wantLines(t, "told", w.told.take())
	w = newWorld(t, settings{mode: "off"})
	w.logs(1, wrong, good, good, good)
	w.at(4)
	w.r.Notifiers = nil
	w.pass(job.Options{})
	w.r.Notifiers = []job.Notifier{w.told}
	w.night(5)
	wantLines(t, "told of a breach before there was anybody to tell", w.told.take())
}

// The run that a breach leads to belongs to the breach's incident, also when it ends
// after the breach.
func TestIncidentOfARun(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, good, good)
	w.night(4)
	w.night(5)
	w.kfp.set("run-1", trigger.StateFailed, w.now)
	w.night(6)
	if _, _, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "by hand", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range w.told.events {
		got = append(got, fmt.Sprintf("%s %s %t", e.Kind, e.Incident.ID, e.Incident.First))
	}
	breach := " m/rule/rmse/2026-01-01T00:00:00Z "
	wantLines(t, "told", got, "breach"+breach+"true", "retrain_started"+breach+"false", "resolved"+breach+"false",
		"retrain_failed"+breach+"false", "retrain_started m/run/"+trigger.ManualKey("m", "k")+" true")
}

// An outage of days: people hear of its start, once a day, and of its end.
func TestFailingPassesAreOneIncident(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good)
	w.night(4)
	w.write("predictions/dt=2026-01-02/part.csv", "id,ts,x,version", []string{"a,2026-01-02T00:00:00Z,1,v1"})
	ids := map[string]bool{}
	for hour := 24; hour <= 24+60; hour += 6 {
		w.now = dayStart(4).Add(3*time.Hour + time.Duration(hour)*time.Hour)
		if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
			t.Fatal("no error")
		}
		var got []string
		for _, e := range w.told.events {
			ids[e.Incident.ID] = true
			got = append(got, fmt.Sprintf("%s %d first=%t", e.Kind, e.Failures, e.Incident.First))
		}
		w.told.take()
		var want []string
		switch hour {
		case 24:
			want = []string{"evaluation_failing 1 first=true"}
		case 48:
			want = []string{"evaluation_failing 5 first=false"}
		case 72:
			want = []string{"evaluation_failing 9 first=false"}
		}
		wantLines(t, fmt.Sprintf("hour %d", hour), got, want...)
	}
	w.logs(2, good)
	w.pass(job.Options{})
	if e := w.told.events; len(e) != 1 || e[0].Kind != job.EventEvaluationWorks || e[0].Failures != 11 || !e[0].Incident.Opened.Equal(dayStart(5).Add(3*time.Hour)) || !e[0].Incident.Since.Equal(dayStart(4)) {
		t.Errorf("told when it works again: %+v", e)
	} else if ids[e[0].Incident.ID] = true; len(ids) != 1 {
		t.Errorf("incidents %v", ids)
	}
	w.told.take()
	w.pass(job.Options{})
	wantLines(t, "told after that", w.told.take())
}

func TestFailedLaunchesAreCounted(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, wrong, wrong)
	w.at(4)
	w.kfp.createErr = fmt.Errorf("unknown pipeline retrain: %w", trigger.ErrRejected)
	for i, want := range []string{"breach 0, retrain_not_started 1", "", "", "", "breach 0, retrain_not_started 5"} {
		w.now = dayStart(4).Add(3*time.Hour + time.Duration(i)*6*time.Hour)
		if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
			t.Fatal("no error")
		}
		var got []string
		for _, e := range w.told.events {
			got = append(got, fmt.Sprintf("%s %d", e.Kind, e.Failures))
		}
		w.told.take()
		if strings.Join(got, ", ") != want {
			t.Errorf("pass %d: told %q, want %q", i, got, want)
		}
	}
	w.kfp.createErr = nil
	w.pass(job.Options{})
	started := slices.IndexFunc(w.told.events, func(e job.Event) bool { return e.Kind == job.EventRetrainStarted })
	if started < 0 || w.told.events[started].Failures != 5 || !w.told.events[started].Incident.Opened.Equal(dayStart(4).Add(3*time.Hour)) {
		t.Errorf("told %+v", w.told.events)
	}
}

func TestKeeperIsRemindedOfWhatGoesOn(t *testing.T) {
	w := newWorld(t, settings{})
	keeper := &fakeKeeper{}
	w.r.Notifiers = []job.Notifier{keeper}
	w.logs(1, wrong)
	w.logs(3, good)
	w.night(4)
	wantLines(t, "told", keeper.take(), "breach rmse 1", "retrain_started 1")
	wantLines(t, "kept in the same pass", keeper.takeKept())
	w.night(5) // day 2 has no data
	wantLines(t, "told on the second night", keeper.take())
	if until := keeper.kept[0].Until; !until.Equal(w.now.Add(49 * time.Hour)) {
		t.Errorf("kept until %s at %s", until, w.now)
	}
	got := keeper.takeKept()
	if len(got) != 2 || !strings.HasPrefix(got[0], "breach rmse: rmse ") || got[1] != "retrain_started" {
		t.Errorf("kept on an inconclusive night: %q", got)
	}
	w.write("predictions/dt=2026-01-03/part.csv", "id,ts,x,version", []string{"a,2026-01-03T00:00:00Z,1,v1"})
	for try := range 2 { // a pass that fails is no recovery, and is itself kept in sight
		w.at(6)
		if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
			t.Fatal("no error")
		}
		got := keeper.takeKept()
		if want := 2 + try; len(got) != want || try == 1 && got[0] != "evaluation_failing 2" {
			t.Errorf("kept in failing pass %d: %q", try, got)
		}
	}
	keeper.take()
	w.kfp.set("run-1", trigger.StateSucceeded, w.now)
	w.logs(3, good)
	w.pass(job.Options{})
	wantLines(t, "told in the end", keeper.take(), "retrain_finished", "resolved rmse 3", "evaluation_works")
	wantLines(t, "kept in the end", keeper.takeKept())
}

// A receiver that is down keeps nothing from the others, and is named once.
func TestReceiversDoNotWaitForEachOther(t *testing.T) {
	w := newWorld(t, settings{mode: "off"})
	w.logs(1, wrong, good, drifted)
	broken := &fakeNotifier{err: errors.New("connection refused")}
	w.r.Notifiers = []job.Notifier{broken, w.told}
	w.at(4)
	_, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil || err.Error() != "notify the people: connection refused (2 messages)" {
		t.Errorf("error %v", err)
	}
	wantLines(t, "told", w.told.take(), "breach drift 3", "breach rmse 1")
	if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err != nil {
		t.Errorf("told again: %v", err)
	}
}

// A run that was made and not recorded is found by a later pass, on another window: it
// is told, and with it the end of what kept it from being started.
func TestRecoveredRunIsToldOnALaterWindow(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, wrong, wrong, wrong, wrong, wrong)
	w.at(4)
	w.kfp.createErr = fmt.Errorf("unknown pipeline retrain: %w", trigger.ErrRejected)
	if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
		t.Fatal("no error")
	}
	w.kfp.createErr = nil
	w.killed(trigger.StepPosted)
	wantLines(t, "told before", w.told.take(), "breach rmse 1", "retrain_not_started 1")
	if d := of(t, w.night(5), 2).Decision; d.Guard != trigger.GuardInFlight || d.RunID != "run-1" {
		t.Errorf("decision %+v", d)
	}
	started := slices.IndexFunc(w.told.events, func(e job.Event) bool { return e.Kind == job.EventRetrainStarted })
	if started < 0 || w.told.events[started].Failures != 1 {
		t.Errorf("told %+v", w.told.events)
	}
	wantLines(t, "told", w.told.take(), "breach rmse 2", "retrain_started 2")
	w.night(6)
	wantLines(t, "told after that", w.told.take(), "breach rmse 3")
}

// A look at a time in the past begins no series of failures and ends none.
func TestLooksAreNoPasses(t *testing.T) {
	w := newWorld(t, settings{})
	keeper := &fakeKeeper{}
	w.r.Notifiers = []job.Notifier{keeper}
	w.logs(1, good, good, good, good, good)
	w.night(4)
	past := job.Options{AsOf: w.now, Push: true}
	w.write("predictions/dt=2026-01-02/part.csv", "id,ts,x,version", []string{"a,2026-01-02T00:00:00Z,1,v1"})
	w.at(5)
	look := job.Options{AsOf: w.now, Push: true}
	for range 2 {
		if _, err := w.r.Pass(t.Context(), w.model, look); err == nil {
			t.Fatal("no error")
		}
	}
	if e := keeper.events; len(e) != 1 || !strings.HasPrefix(e[0].Incident.ID, "m/look/") || !e[0].Incident.Since.Equal(dayStart(4)) {
		t.Errorf("told of a look that fails: %+v", e)
	}
	keeper.take()
	if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
		t.Fatal("no error")
	}
	wantLines(t, "told of a pass that fails", keeper.take(), "evaluation_failing")
	keeper.takeKept()
	w.pass(past)
	wantLines(t, "told of a look that succeeds", keeper.take())
	wantLines(t, "kept by a look", keeper.takeKept())
	w.logs(2, good)
	w.pass(job.Options{})
	wantLines(t, "told of a pass that succeeds", keeper.take(), "evaluation_works")
}

// Where nobody can say what people know, they are told, and the pass says so once.
func TestBreachIsToldThoughTheToldCannotBeRead(t *testing.T) {
	w := newWorld(t, settings{mode: "off"})
	keeper := &fakeKeeper{}
	w.r.Notifiers = []job.Notifier{keeper}
	w.logs(1, wrong, good, drifted)
	for key := range w.stateObjects() {
		t.Fatalf("there is %s already", key)
	}
	if ok, err := w.r.Ledger.Tell(t.Context(), trigger.Told{Model: "m", Window: day(9), Rule: "rmse", State: trigger.ToldBreached, At: dayStart(10)}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	for key := range w.stateObjects() {
		if err := w.r.State.Write(t.Context(), key, []byte("{")); err != nil {
			t.Fatal(err)
		}
	}
	w.at(4)
	_, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil || strings.Count(err.Error(), "look for what was told") != 1 {
		t.Errorf("error %v", err)
	}
	wantLines(t, "told", keeper.take(), "breach drift 3", "breach rmse 1")
}

// Of a pipeline that was taken out of the configuration nobody follows the runs, so
// none is said to go on.
func TestRunsOfNoPipelineAreNotKept(t *testing.T) {
	w := newWorld(t, settings{})
	keeper := &fakeKeeper{}
	w.r.Notifiers = []job.Notifier{keeper}
	w.logs(1, wrong)
	w.night(4)
	keeper.take()
	w.model.Retrain.Kubeflow = nil
	w.r.Pipelines = func(*config.Model) (trigger.Pipelines, error) { return nil, nil }
	w.night(5)
	if got := keeper.takeKept(); len(got) != 1 || !strings.HasPrefix(got[0], "breach rmse") {
		t.Errorf("kept %q", got)
	}
}

// resolving is a keeper during whose messages another process tells the end of a breach.
type resolving struct {
	fakeKeeper
	during func()
}

func (k *resolving) Notify(ctx context.Context, e job.Event) error {
	k.during()
	return k.fakeKeeper.Notify(ctx, e)
}

// What another process told the end of in the meantime is not said to go on.
func TestEndToldByAnotherProcessIsNotKept(t *testing.T) {
	for name, ended := range map[string]bool{"open": false, "ended": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, settings{mode: "off"})
			keeper := &resolving{during: func() {}}
			w.r.Notifiers = []job.Notifier{keeper}
			w.logs(1, wrong)
			w.logs(3, good, drifted)
			w.night(4)
			wantLines(t, "told", keeper.take(), "breach rmse 1")
			keeper.during = func() {
				if !ended {
					return
				}
				if ok, err := w.r.Ledger.Tell(t.Context(), trigger.Told{Model: "m", Window: day(1), Rule: "rmse", State: trigger.ToldResolved, At: w.now}); err != nil || !ok {
					t.Errorf("tell: %t, %v", ok, err)
				}
			}
			w.night(5) // day 2 has no data
			wantLines(t, "told on the second night", keeper.take(), "breach drift 4")
			if got := keeper.takeKept(); (len(got) == 0) != ended {
				t.Errorf("kept %q", got)
			}
		})
	}
}
