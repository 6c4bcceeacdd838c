//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/faultproxy"
)

// TestRetraining takes a breach all the way: a run in KFP with its workflow in
// Kubernetes, followed to its end, pushed and told.
func TestRetraining(t *testing.T) {
	t.Parallel()
	for phase, end := range map[string]struct {
		state string
		word  string // what Slack says
	}{
		"Succeeded": {"SUCCEEDED", "succeeded"},
		"Failed":    {"FAILED", "failed"},
	} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, worseNoise, nil)
			o := s.judged(t)
			if o.Verdict != "breached" || o.Decision.Action != "retrain" || o.Decision.RunID == "" || o.Decision.Key == "" {
				t.Fatalf("verdict %s, decision %+v", o.Verdict, o.Decision)
			}
			run := s.oneRun(t)
			if run.ID != o.Decision.RunID || run.ServiceAccount != "pipeline-runner" {
				t.Errorf("run %+v, decision %+v", run, o.Decision)
			}
			reason, _ := run.Config.Parameters["reason"].(string)
			want := map[string]any{
				"model_name": s.Model, "data_until": s.day.AddDate(0, 0, 1).Format(time.RFC3339), "reason": reason,
				"learning_rate": 0.05, "epochs": 7.0, "warm_start": true,
			}
			if !maps.EqualFunc(run.Config.Parameters, want, func(a, b any) bool { return reflect.DeepEqual(a, b) }) || !strings.Contains(reason, "rmse") {
				t.Errorf("parameters %v, want %v", run.Config.Parameters, want)
			}
			var workflow json.RawMessage
			wfs, err := s.kube.Workflows(t.Context(), "kubeflow", run.ID)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.kube.Do(t.Context(), "GET", "/apis/argoproj.io/v1alpha1/namespaces/kubeflow/workflows/"+wfs[0].Metadata.Name, "", nil, &workflow); err != nil {
				t.Fatal(err)
			}
			if text := string(workflow); !strings.Contains(text, s.Model) || !strings.Contains(text, "0.05") || wfs[0].Spec.ServiceAccountName != "pipeline-runner" {
				t.Errorf("the workflow doesn't hold the parameters or the service account:\n%s", text)
			}
			selector := fmt.Sprintf(`{model=%q}`, s.Model)
			s.sample(t, "hindcast_retrain_last_trigger_timestamp_seconds"+selector+" > 0")
			if s.told(s.Model, "rmse", "breach") == 0 || s.told(s.Model, run.ID) == 0 {
				t.Errorf("the breach and the run aren't told: %+v", s.slack.Messages())
			}

			// Another pass starts nothing and tells nothing again.
			before := len(s.slack.Messages())
			s.judged(t)
			s.oneRun(t)
			if n := len(s.slack.Messages()); n != before {
				t.Errorf("%d messages after the same pass, %d before", n, before)
			}

			s.move(t, run.ID, "Running", "RUNNING")
			s.follow(t)
			s.sample(t, fmt.Sprintf(`hindcast_retrain_run_state{model=%q,state="RUNNING"} == 1`, s.Model))
			s.move(t, run.ID, phase, end.state)
			s.follow(t)
			s.sample(t, fmt.Sprintf(`hindcast_retrain_run_state{model=%q,state=%q} == 1`, s.Model, end.state))
			if n := s.told(s.Model, end.word); n != 1 {
				t.Errorf("the end is told %d times, want once: %+v", n, s.slack.Messages())
			}
			h := s.hindcast(t, "history", "-c", s.config, "--model", s.Model, "-o", "json")
			if h.code != 0 || !strings.Contains(h.stdout, end.state) || !strings.Contains(h.stdout, run.ID) {
				t.Errorf("history doesn't know the run's end: %s", h.stdout)
			}
			s.follow(t) // knows already
			if n := s.told(s.Model, end.word); n != 1 {
				t.Errorf("the end is told again: %+v", s.slack.Messages())
			}
			s.slackClean(t)
		})
	}
}

// follow runs hindcast follow.
func (s *scenario) follow(t *testing.T) {
	t.Helper()
	if r := s.hindcast(t, "follow", "-c", s.config); r.code != 0 {
		t.Errorf("follow: status %d\n%s", r.code, r.stderr)
	}
}

// TestFollowedByPass shows that a pass looks after started runs before it judges, and
// that a run that failed doesn't start the next one within the cooldown.
func TestFollowedByPass(t *testing.T) {
	t.Parallel()
	s := newScenario(t, worseNoise, nil)
	run := s.judged(t).Decision.RunID
	s.move(t, run, "Failed", "FAILED")
	s.judged(t)
	s.oneRun(t)
	s.sample(t, fmt.Sprintf(`hindcast_retrain_run_state{model=%q,state="FAILED"} == 1`, s.Model))
	if n := s.told(s.Model, "fail"); n != 1 {
		t.Errorf("told %d times, want once: %+v", n, s.slack.Messages())
	}
}

// TestAttempts shows that a run that failed is followed by the next attempt once the
// cooldown, here none, is over, and that a run that goes on is not.
func TestAttempts(t *testing.T) {
	t.Parallel()
	s := newScenario(t, worseNoise, func(c *settings) { c.Cooldown = "0s" })
	first := s.judged(t).Decision.RunID
	s.judged(t)
	s.oneRun(t) // the first goes on
	s.move(t, first, "Failed", "FAILED")
	s.judged(t)
	runs := s.runs(t)
	if len(runs) != 2 || runs[0].Name == runs[1].Name {
		t.Errorf("runs %+v, want two of different names", runs)
	}
}

// TestManual starts a run by hand, repeatably.
func TestManual(t *testing.T) {
	t.Parallel()
	s := newScenario(t, healthyNoise, func(c *settings) { c.Mode = "off"; c.Parameters = `{model_name: "{{ .Model }}", data_until: now}` })
	args := []string{"retrain", "-c", s.config, "--model", s.Model, "--reason", "new data", "--key", "release-7"}
	for range 2 {
		if r := s.hindcast(t, args...); r.code != 0 {
			t.Fatalf("status %d\n%s", r.code, r.stderr)
		}
	}
	if run := s.oneRun(t); !strings.Contains(run.Description, "new data") {
		t.Errorf("the run doesn't say why: %q", run.Description)
	}
}

// TestModes shows that suggest and off start nothing.
func TestModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"suggest", "off"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, worseNoise, func(c *settings) { c.Mode = mode })
			if o := s.judged(t); o.Verdict != "breached" || o.Decision.Action != "suppressed" || o.Decision.RunID != "" {
				t.Errorf("verdict %s, decision %+v", o.Verdict, o.Decision)
			}
			if runs := s.runs(t); len(runs) != 0 {
				t.Errorf("runs %+v", runs)
			}
			if mode == "off" {
				return
			}
			s.judged(t)
			if n := s.told(s.Model, "suggested"); n != 1 {
				t.Errorf("the suggestion is told %d times, want once: %+v", n, s.slack.Messages())
			}
			// A suggestion leaves the key free.
			s.Mode = "auto"
			s.write(t)
			s.judged(t)
			s.oneRun(t)
			s.slackClean(t)
		})
	}
	t.Run("dry run", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, worseNoise, nil)
		if o := s.judged(t, "--dry-run"); o.Verdict != "breached" || !o.Decision.DryRun {
			t.Errorf("verdict %s, decision %+v", o.Verdict, o.Decision)
		}
		if runs := s.runs(t); len(runs) != 0 || len(s.slack.Calls()) != 0 {
			t.Errorf("runs %+v, calls of Slack %+v", runs, s.slack.Calls())
		}
		if samples, err := s.prometheus.Query(t.Context(), fmt.Sprintf(`hindcast_last_run_success{model=%q}`, s.Model)); err != nil || len(samples) != 0 {
			t.Errorf("pushed %v, %v", samples, err)
		}
	})
}

// TestRace lets processes race for one cause. A proxy holds the first request of each
// to KFP, which comes right before the claim, until all of them have come that far.
func TestRace(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 10} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			p := faultproxy.New(setup(t).Stack.KFP, func(string, string, int) faultproxy.Fault { return faultproxy.None })
			t.Cleanup(p.Close)
			var arrived atomic.Int64
			together := make(chan struct{})
			p.Before = func(r *http.Request) {
				if arrived.Add(1) == int64(n) {
					close(together)
				}
				select {
				case <-together:
				case <-r.Context().Done():
				}
			}
			s := newScenario(t, worseNoise, func(c *settings) { c.KFP, c.Settle, c.Timeout = p.URL, "60s", "25s" })
			results := make([]result, n)
			var all sync.WaitGroup
			for i := range n {
				all.Go(func() { results[i] = s.pass(t) })
			}
			all.Wait()
			if p.Requests()[0].Path != "/apis/v2beta1/healthz" {
				t.Errorf("the processes were held at %s, which may not be right before the claim", p.Requests()[0].Path)
			}
			if came, _ := p.Count(http.MethodPost, runsPath); came != 1 {
				t.Errorf("%d POSTs, want one", came)
			}
			run := s.oneRun(t)
			decided, started := 0, 0
			for i, r := range results {
				if r.code != 0 {
					t.Errorf("process %d: status %d\n%s", i, r.code, r.stderr)
					continue
				}
				o := one(t, r)
				if o.Decision.Started {
					started++
				}
				if o.Decision.RunID != "" {
					decided++
					if o.Decision.RunID != run.ID {
						t.Errorf("process %d says run %s, KFP has %s", i, o.Decision.RunID, run.ID)
					}
				}
			}
			if decided == 0 || started != 1 {
				t.Errorf("%d processes know the run, %d say that they started it", decided, started)
			}
			if n := s.told(run.ID); n != 1 {
				t.Errorf("the run is told %d times: %+v", n, s.slack.Messages())
			}
			s.slackClean(t)
		})
	}
}

// TestCrash kills the process after each step of a launch, starts it again, and wants
// one run at the end.
func TestCrash(t *testing.T) {
	t.Parallel()
	for step, madeBefore := range map[string]int{"checked": 0, "claimed": 0, "looked": 0, "posted": 1, "recorded": 1} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, worseNoise, func(c *settings) { c.Settle, c.Timeout = "6s", "2s" })
			s.crash(t, step)
			if runs := s.runs(t); len(runs) != madeBefore {
				t.Fatalf("%d runs when killed after %s, want %d", len(runs), step, madeBefore)
			}
			o := s.judged(t)
			run := s.oneRun(t)
			if o.Decision.RunID != run.ID {
				t.Errorf("decision %+v, KFP has %s", o.Decision, run.ID)
			}
			s.judged(t)
			s.oneRun(t)
			s.follow(t)
			if n := s.told(run.ID); n != 1 {
				t.Errorf("the run is told %d times: %+v", n, s.slack.Messages())
			}
			s.slackClean(t)
		})
	}
}

// TestCrashTakeover lets two processes race to take over from one that was killed
// between claim and POST, and between POST and record.
func TestCrashTakeover(t *testing.T) {
	t.Parallel()
	for step, madeBefore := range map[string]bool{"claimed": false, "posted": true} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, worseNoise, func(c *settings) { c.Settle, c.Timeout = "6s", "2s" })
			s.crash(t, step)
			results := make([]result, 2)
			var all sync.WaitGroup
			for i := range results {
				all.Go(func() { results[i] = s.pass(t) })
			}
			all.Wait()
			run := s.oneRun(t)
			started := 0
			for _, r := range results {
				if r.code != 0 {
					t.Errorf("status %d\n%s", r.code, r.stderr)
					continue
				}
				o := one(t, r)
				if o.Decision.Started {
					started++
				}
				if o.Decision.RunID != run.ID && o.Decision.Guard != "in_flight" {
					t.Errorf("decision %+v, KFP has %s", o.Decision, run.ID)
				}
			}
			if want := map[bool]int{false: 1, true: 0}[madeBefore]; started != want {
				t.Errorf("%d processes say that they started the run, want %d", started, want)
			}
			s.judged(t)
			s.oneRun(t)
			if n := s.told(run.ID); n != 1 {
				t.Errorf("the run is told %d times: %+v", n, s.slack.Messages())
			}
		})
	}
}

// crash runs a pass that is killed at that step of the launch.
func (s *scenario) crash(t *testing.T, step string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, s.CrashBinary, []string{"HINDCAST_TEST_CRASH_AT=" + step}, "run", "-c", s.config, "-o", "json")
	r := finish(t, cmd, cmd.Run)
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || ctx.Err() != nil || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the process wasn't killed at %s: %v\n%s", step, cmd.ProcessState, r.stderr)
	}
}
