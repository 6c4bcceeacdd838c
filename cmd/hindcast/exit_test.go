package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
)

func TestSemantics6_DetailedExitStatus(t *testing.T) {
	window := func(v rule.Verdict, judged, started bool) job.Outcome {
		o := job.Outcome{Verdict: v}
		if judged {
			o.Rules = []rule.Result{{Name: "r", Verdict: v}}
		}
		o.Decision.Started = started
		if started {
			o.Decision.RunID = "run"
		}
		return o
	}
	healthy, breached := window(rule.Healthy, true, false), window(rule.Breached, true, false)
	unclear, waiting := window(rule.Inconclusive, true, false), window(rule.Inconclusive, false, false)
	started := window(rule.Breached, true, true)
	before := breached // its run was started by an earlier pass
	before.Decision.RunID = "run"
	for name, tc := range map[string]struct {
		outcomes []job.Outcome
		want     int
	}{
		"nothing judged":                  {nil, 0},
		"healthy":                         {[]job.Outcome{healthy, healthy}, 0},
		"breached":                        {[]job.Outcome{breached}, 10},
		"inconclusive":                    {[]job.Outcome{unclear}, 12},
		"waits for labels":                {[]job.Outcome{healthy, waiting}, 0},
		"a run was started":               {[]job.Outcome{started}, 11},
		"started by an earlier pass":      {[]job.Outcome{before}, 10},
		"breached beats inconclusive":     {[]job.Outcome{unclear, breached, unclear}, 10},
		"started beats breached, before":  {[]job.Outcome{started, breached, unclear}, 11},
		"started beats breached, behind":  {[]job.Outcome{unclear, breached, started}, 11},
		"inconclusive beats healthy":      {[]job.Outcome{healthy, unclear, healthy}, 12},
		"healthy after breached is still": {[]job.Outcome{breached, healthy}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			if got := detailedStatus(tc.outcomes); got != tc.want {
				t.Errorf("status %d, want %d", got, tc.want)
			}
		})
	}
}

// TestFlagThatSwallowsTheNext has a flag without its value before another: the other would be
// taken for the value, and not be heeded.
func TestFlagThatSwallowsTheNext(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"run", "--report", "--dry-run"}, {"report", "--out", "--open"}, {"run", "-c", "--quiet"}} {
		code, _, said := inProcess(t.Context(), time.Now(), args...)
		if code != 2 || !strings.Contains(said, " needs a value, and "+args[2]+" is none") {
			t.Errorf("%q: %d, %s", args, code, said)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("%v was written, %v", left, err)
	}
}

func TestHumanDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"7d": 7 * 24 * time.Hour, "10m": 10 * time.Minute, "6h": 6 * time.Hour, "1h30m": 90 * time.Minute, "20m30s": 20*time.Minute + 30*time.Second, "0s": 0, "10s": 10 * time.Second,
	} {
		if got := humanDuration(d); got != want {
			t.Errorf("%s is shown as %s, want %s", d, got, want)
		}
	}
}
