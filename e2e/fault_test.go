//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/faultproxy"
	"github.com/hindcast/hindcast/internal/slackstand"
)

const runsPath = "/apis/v2beta1/runs"

// proxied returns a scenario whose KFP lies behind a proxy.
func proxied(t *testing.T, choose func(method, path string, n int) faultproxy.Fault) (*scenario, *faultproxy.Proxy) {
	t.Helper()
	p := faultproxy.New(setup(t).Stack.KFP, choose)
	t.Cleanup(p.Close)
	return newScenario(t, worseNoise, func(c *settings) { c.KFP, c.Settle, c.Timeout = p.URL, "6s", "1s" }), p
}

// TestUnclearLaunch shows that an answer that says nothing about the run is followed by
// looking, not by another POST.
func TestUnclearLaunch(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultproxy.Fault{
		"500 after the run was made": faultproxy.ErrorAfter, "no answer": faultproxy.HangAfter, "connection cut": faultproxy.DropAfter,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := proxied(t, func(method, path string, _ int) faultproxy.Fault {
				if method == http.MethodPost && path == runsPath {
					return fault
				}
				return faultproxy.None
			})
			o := s.judged(t)
			run := s.oneRun(t)
			if o.Decision.Action != "retrain" || o.Decision.RunID != run.ID {
				t.Errorf("decision %+v, KFP has %s", o.Decision, run.ID)
			}
			if came, _ := p.Count(http.MethodPost, runsPath); came != 1 {
				t.Errorf("%d POSTs, want one", came)
			}
			s.judged(t)
			s.oneRun(t)
			if n := s.told(run.ID); n != 1 {
				t.Errorf("the run is told %d times: %+v", n, s.slack.Messages())
			}
		})
	}
}

// TestLaunchThatNeverArrived shows that a POST that got lost leaves the cause open, and
// that the next pass starts the run.
func TestLaunchThatNeverArrived(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultproxy.Fault{"hangs": faultproxy.Hang, "connection cut": faultproxy.DropBefore} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := proxied(t, func(method, path string, n int) faultproxy.Fault {
				if method == http.MethodPost && path == runsPath && n == 1 {
					return fault
				}
				return faultproxy.None
			})
			s.notStarted(t, "may have been started")
			if runs := s.runs(t); len(runs) != 0 {
				t.Fatalf("runs %+v", runs)
			}
			if came, _ := p.Count(http.MethodPost, runsPath); came != 1 {
				t.Errorf("%d POSTs in the first pass, want one", came)
			}
			o := s.judged(t)
			if run := s.oneRun(t); o.Decision.RunID != run.ID {
				t.Errorf("decision %+v, KFP has %s", o.Decision, run.ID)
			}
		})
	}
}

// TestLateDelivery shows what remains (semantics, section 5): a POST that is delivered
// after the settle time makes a second run, which the next look finds and terminates.
func TestLateDelivery(t *testing.T) {
	t.Parallel()
	p := faultproxy.New(setup(t).Stack.KFP, func(method, path string, n int) faultproxy.Fault {
		if method == http.MethodPost && path == runsPath && n == 1 {
			return faultproxy.DelayForward
		}
		return faultproxy.None
	})
	p.Delay = 15 * time.Second
	t.Cleanup(p.Close)
	s := newScenario(t, worseNoise, func(c *settings) { c.KFP, c.Settle, c.Timeout = p.URL, "3s", "1s" })
	s.notStarted(t, "may have been started")
	first := s.judged(t).Decision.RunID
	if first == "" {
		t.Fatal("the second pass started nothing")
	}
	s.oneRun(t)
	eventually(t, 30*time.Second, func(context.Context) error {
		if n := len(s.runs(t)); n != 2 {
			return fmt.Errorf("%d runs", n)
		}
		return nil
	})
	s.follow(t)
	for _, r := range s.runs(t) {
		ended := r.State == "CANCELING" || r.State == "CANCELED" || r.State == "FAILED"
		if ended == (r.ID == first) {
			t.Errorf("run %s (first %s) is %s", r.ID, first, r.State)
		}
	}
	if n := s.told(s.Model, "duplicate"); n != 1 {
		t.Errorf("the duplicate is told %d times: %+v", n, s.slack.Messages())
	}
}

// TestKFPDown shows that a KFP that hangs, answers 500 or 503, cuts the connection or
// isn't there fails the pass clearly and in time, and that the next pass makes up for it.
func TestKFPDown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultproxy.Fault{
		"hangs": faultproxy.Hang, "500": faultproxy.ErrorAfter, "503": faultproxy.Refuse, "connection cut": faultproxy.DropBefore, "nothing listens": faultproxy.None,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var up atomic.Bool
			s, p := proxied(t, func(string, string, int) faultproxy.Fault {
				if up.Load() {
					return faultproxy.None
				}
				return fault
			})
			if name == "nothing listens" {
				s.KFP = "http://" + closedPort(t)
				s.write(t)
			}
			from := time.Now()
			s.notStarted(t, strings.TrimPrefix(s.KFP, "http://"))
			if d := time.Since(from); d > 30*time.Second {
				t.Errorf("it took %s", d)
			}
			up.Store(true)
			s.KFP = p.URL
			s.write(t)
			s.judged(t)
			s.oneRun(t)
			s.slackClean(t)
		})
	}
}

// TestRefused shows that what can't work is refused before anything is claimed or sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*settings)
		want   string
	}{
		"unknown pipeline":   {func(c *settings) { c.Pipeline = "no-such-pipeline" }, "no-such-pipeline"},
		"missing parameter":  {func(c *settings) { c.Parameters = "{model_name: m}" }, "data_until"},
		"unknown parameter":  {func(c *settings) { c.Parameters = "{model_name: m, data_until: x, learn_rate: 1}" }, "learn_rate"},
		"mistyped parameter": {func(c *settings) { c.Parameters = "{model_name: m, data_until: x, epochs: many}" }, "epochs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := proxied(t, func(string, string, int) faultproxy.Fault { return faultproxy.None })
			s.Settle = "2m" // so long that no load of the machine makes a pass take it
			good := s.settings
			tt.change(&s.settings)
			s.write(t)
			s.notStarted(t, tt.want)
			if came, _ := p.Count(http.MethodPost, runsPath); came != 0 {
				t.Errorf("%d POSTs of what can't work", came)
			}
			s.settings = good
			s.write(t)
			from := time.Now()
			s.judged(t)
			s.oneRun(t)
			if d := time.Since(from); d > time.Minute { // a claim would be waited for
				t.Errorf("it took %s: the refused run was claimed", d)
			}
		})
	}
}

// closedPort returns an address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestDelivery shows that a Pushgateway that is down and a Slack that answers 429 or
// 500 change no decision and don't pass unseen.
func TestDelivery(t *testing.T) {
	t.Parallel()
	t.Run("pushgateway down", func(t *testing.T) {
		t.Parallel()
		address := closedPort(t)
		s := newScenario(t, worseNoise, func(c *settings) { c.Push = "http://" + address })
		s.undelivered(t, address)
	})
	t.Run("pushgateway hangs", func(t *testing.T) {
		t.Parallel()
		p := faultproxy.New(setup(t).Pushgateway, func(string, string, int) faultproxy.Fault { return faultproxy.Hang })
		t.Cleanup(p.Close)
		s := newScenario(t, worseNoise, func(c *settings) { c.Push = p.URL })
		s.undelivered(t, strings.TrimPrefix(p.URL, "http://"))
	})
	t.Run("slack refuses the token", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, worseNoise, nil)
		writeFile(t, s.SlackToken, "xoxb-wrong")
		s.undelivered(t, "invalid_auth")
	})
	t.Run("slack answers 500", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, worseNoise, nil)
		s.slack.Fail(http.StatusInternalServerError)
		s.undelivered(t, "lack")
	})
	t.Run("slack answers 429 once", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, worseNoise, nil)
		s.slack.Limit(1, time.Second)
		s.judged(t)
		run := s.oneRun(t)
		if s.told(s.Model, run.ID) == 0 {
			t.Errorf("nothing came through after the wait: %+v", s.slack.Calls())
		}
		s.slackClean(t) // also that it waited
	})
	t.Run("slack answers 429 for ever", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, worseNoise, nil)
		s.slack.Limit(1000, 60*time.Second)
		from := time.Now()
		s.undelivered(t, "lack")
		if d := time.Since(from); d > 40*time.Second {
			t.Errorf("it took %s", d)
		}
	})
	t.Run("webhook", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, worseNoise, func(c *settings) { c.Webhook = filepath.Join(t.TempDir(), "hook") })
		writeFile(t, s.Webhook, s.slack.WebhookURL()+"\n")
		s.judged(t)
		if run := s.oneRun(t); s.told(s.Model, run.ID) == 0 {
			t.Errorf("the run isn't told: %+v", s.slack.Calls())
		}
		s.slackClean(t)
		// A webhook's address is a secret.
		s.slack.Fail(http.StatusForbidden)
		s.worsen(t)
		if r := s.pass(t); strings.Contains(r.stderr+r.stdout, slackstand.WebhookPath) {
			t.Errorf("the webhook's address is shown:\n%s", r.stderr)
		}
	})
}

// worsen empties the state, so that a pass tells everything again.
func (s *scenario) worsen(t *testing.T) {
	t.Helper()
	s.State = s.Stack.URL(s.Model + "/state-2")
	s.Mode = "suggest"
	s.write(t)
}

// undelivered runs a pass of which something doesn't get through.
func (s *scenario) undelivered(t *testing.T, want string) {
	t.Helper()
	r := s.pass(t)
	o := one(t, r)
	run := s.oneRun(t)
	if o.Verdict != "breached" || o.Decision.Action != "retrain" || o.Decision.RunID != run.ID {
		t.Errorf("verdict %s, decision %+v, run %s", o.Verdict, o.Decision, run.ID)
	}
	if r.code != 1 || !strings.Contains(r.stderr, want) {
		t.Errorf("status %d, want 1 and %q:\n%s", r.code, want, r.stderr)
	}
	if token, err := os.ReadFile(s.SlackToken); err != nil || strings.Contains(r.stderr+r.stdout, strings.TrimSpace(string(token))) {
		t.Errorf("the token is shown, or %v", err)
	}
}

// TestTerminated shows that SIGTERM in the middle of a launch ends the process soon and
// leaves a state from which the next pass goes on.
func TestTerminated(t *testing.T) {
	t.Parallel()
	s, p := proxied(t, func(method, path string, n int) faultproxy.Fault {
		if method == http.MethodPost && path == runsPath && n == 1 {
			return faultproxy.HangAfter
		}
		return faultproxy.None
	})
	cmd := s.command(t.Context(), s.Binary, nil, "run", "-c", s.config, "-o", "json")
	r := finish(t, cmd, func() error {
		if err := cmd.Start(); err != nil {
			return err
		}
		eventually(t, 20*time.Second, func(context.Context) error {
			if came, _ := p.Count(http.MethodPost, runsPath); came == 0 {
				return fmt.Errorf("no POST yet")
			}
			return nil
		})
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		from := time.Now()
		err := cmd.Wait()
		if d := time.Since(from); d > 15*time.Second {
			t.Errorf("it took %s to stop", d)
		}
		return err
	})
	if r.code == 0 {
		t.Errorf("status 0 for a pass that was stopped:\n%s", r.stdout)
	}
	s.judged(t)
	s.oneRun(t)
}
