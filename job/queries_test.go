package job_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// fakePrometheus answers by the text of a query and remembers what it was asked.
type fakePrometheus struct {
	mu     sync.Mutex
	asked  []string
	values map[string]float64 // NaN: no series
	down   error
}

func (p *fakePrometheus) Query(_ context.Context, query string, at time.Time) (rule.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, query+" @ "+at.Format(time.DateOnly))
	answer := rule.Answer{Value: stat.Number(math.NaN()), Query: query, Time: at}
	if p.down != nil {
		answer.Reason = p.down.Error()
		return answer, p.down
	}
	answer.Value = stat.Number(p.values[query])
	if answer.Missing() {
		answer.Reason = "the query gave no series"
	}
	return answer, nil
}

// take returns what was asked since, in order.
func (p *fakePrometheus) take() []string {
	out := p.asked
	p.asked = nil
	slices.Sort(out)
	return out
}

const (
	slowQuery = "max(latency[1d])"
	ruleSlow  = "{name: slow, when: prometheus.p95 > 0.5, action: alert}"
)

// newQueryWorld is a world with two queries and a rule on one of them.
func newQueryWorld(t *testing.T) (*world, *fakePrometheus) {
	t.Helper()
	w := newWorld(t, settings{
		rules: "[" + ruleSlow + ", " + ruleRMSE + "]",
		model: "prometheus:\n  p95: max(latency[$window])\n  up: up\n",
		top:   "prometheus: {url: 'http://prometheus.test'}\n",
	})
	p := &fakePrometheus{values: map[string]float64{slowQuery: 0.7, "up": 1}}
	w.r.Querier = p
	return w, p
}

// reasonOf is why a rule is as it is.
func reasonOf(o *job.Outcome, name string) string {
	for _, r := range o.Rules {
		if r.Name == name {
			return r.Reason
		}
	}
	return ""
}

func TestQueriesAreAskedOncePerWindow(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, good, good, good, good, good)

	// Two windows in the first pass: the newest mature one and the newest closed one.
	out := w.night(4)
	wantLines(t, "judged", brief(out), "1 mature breached none", "3 closed breached alert")
	wantLines(t, "asked", p.take(), slowQuery+" @ 2026-01-02", slowQuery+" @ 2026-01-04", "up @ 2026-01-02", "up @ 2026-01-04")
	o := of(t, out, 3)
	if got := ruleOf(o, "slow"); got != "breached 1 acts" || reasonOf(o, "slow") != "prometheus.p95 0.7 > 0.5" {
		t.Errorf("%s: %s", got, reasonOf(o, "slow"))
	}
	if a := o.Prometheus["p95"]; a.Value != 0.7 || a.Query != slowQuery || !a.Time.Equal(dayStart(4)) || o.Prometheus["up"].Value != 1 {
		t.Errorf("answers %+v", o.Prometheus)
	}

	// The server says otherwise by now; what is kept counts, at the mature stage too.
	p.values[slowQuery] = 0.1
	same := w.pass(job.Options{})
	if a := of(t, same, 3).Prometheus["p95"]; a.Value != 0.7 {
		t.Errorf("a second pass judges by %+v", a)
	}
	window := day(1)
	if a := of(t, w.pass(job.Options{Window: &window}), 1).Prometheus["p95"]; a.Value != 0.7 {
		t.Errorf("a look judges by %+v", a)
	}
	wantLines(t, "asked again", p.take())
	w.night(5) // day 2 is mature, day 4 closed: neither was judged before
	wantLines(t, "asked about days 2 and 4", p.take(), slowQuery+" @ 2026-01-03", slowQuery+" @ 2026-01-05", "up @ 2026-01-03", "up @ 2026-01-05")
	out = w.night(6) // day 3 is mature
	wantLines(t, "asked about day 5", p.take(), slowQuery+" @ 2026-01-06", "up @ 2026-01-06")
	if o := of(t, out, 3); o.Stage != "mature" || ruleOf(o, "slow") != "breached 1" || o.Prometheus["p95"].Value != 0.7 {
		t.Errorf("mature: %s %s, %+v", o.Stage, ruleOf(o, "slow"), o.Prometheus)
	}
	records, err := w.r.Ledger.History(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	if out := string(records[0].Output); !strings.Contains(out, `"prometheus":{"p95":{"value":0.7,"query":"max(latency[1d])","time":"2026-01-02T00:00:00Z"}`) {
		t.Errorf("recorded %s", out)
	}
}

// An answer without a number makes the rule inconclusive and is asked again by the
// next pass: the series may come late.
func TestMissingAnswer(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, good, good, good)
	p.values[slowQuery] = math.NaN()
	o := of(t, w.night(4), 3)
	if ruleOf(o, "slow") != "inconclusive 0" || reasonOf(o, "slow") != "prometheus.p95 is missing: the query gave no series" {
		t.Errorf("%s: %s", ruleOf(o, "slow"), reasonOf(o, "slow"))
	}
	p.take()
	p.values[slowQuery] = 0.6
	o = of(t, w.pass(job.Options{}), 3)
	if ruleOf(o, "slow") != "breached 1 acts" {
		t.Errorf("%s: %s", ruleOf(o, "slow"), reasonOf(o, "slow"))
	}
	wantLines(t, "asked", p.take(), slowQuery+" @ 2026-01-04")
}

// A Prometheus that is away makes the rules that need it inconclusive, and the pass an
// error that changes no other verdict and no record.
func TestPrometheusIsAway(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, wrong, good, good)
	p.down = errors.New("reach Prometheus http://prometheus.test: connection refused")
	w.at(4)
	out, err := w.r.Pass(t.Context(), w.model, job.Options{})
	var delivery *job.DeliveryError
	if !errors.Is(err, p.down) || !errors.As(err, &delivery) {
		t.Errorf("error %v", err)
	}
	if want := "query p95 about window 2026-01-01/2026-01-02: reach Prometheus"; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	wantLines(t, "judged", brief(out), "1 mature breached retrain", "3 closed inconclusive none")
	o := of(t, out, 1)
	if ruleOf(o, "rmse") != "breached 1 acts" || ruleOf(o, "slow") != "inconclusive 0" {
		t.Errorf("rmse %s, slow %s", ruleOf(o, "rmse"), ruleOf(o, "slow"))
	}
	if got := reasonOf(o, "slow"); got != "prometheus.p95 is missing: reach Prometheus http://prometheus.test: connection refused" {
		t.Errorf("reason %s", got)
	}
	wantLines(t, "history", w.history(), "1 r1 mature breached retrain", "3 r1 closed inconclusive none")
	if n := strings.Count(w.log.String(), `level=WARN msg="query not answered"`); n != 4 {
		t.Errorf("%d warnings:\n%s", n, w.log.String())
	}
	if len(w.pub.snapshots) != 1 || w.pub.snapshots[0].Status.Err != nil || len(w.pub.failures) != 0 {
		t.Errorf("%d snapshots, %d failures", len(w.pub.snapshots), len(w.pub.failures))
	}
}

// A Prometheus that hangs is waited for once in a pass, not once for each query of each
// window; the next pass asks again.
func TestPrometheusHangs(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, good, good, good)
	w.at(4)
	p.down = fmt.Errorf("no answer in 10s: %w", context.DeadlineExceeded)
	out, err := w.r.Pass(t.Context(), w.model, job.Options{DryRun: true})
	if n := strings.Count(fmt.Sprint(err), p.down.Error()); n != 4 || !errors.Is(err, p.down) {
		t.Errorf("%d failures in %v", n, err)
	}
	for _, o := range out {
		if got := reasonOf(&o, "slow"); got != "prometheus.p95 is missing: "+p.down.Error() {
			t.Errorf("%s: reason %s", o.Window, got)
		}
	}
	// Those of one window are asked side by side.
	windows := map[string]bool{}
	asked := p.take()
	for _, a := range asked {
		_, window, _ := strings.Cut(a, " @ ")
		windows[window] = true
	}
	if len(asked) > 2 || len(windows) != 1 {
		t.Errorf("asked %q", asked)
	}
	p.down = nil
	if o := of(t, w.pass(job.Options{}), 3); o.Prometheus["p95"].Value != 0.7 {
		t.Errorf("answers %+v", o.Prometheus)
	}
	if n := len(p.take()); n != 4 {
		t.Errorf("%d queries in the next pass", n)
	}
}

// A dry run asks and keeps nothing.
func TestDryRunAsks(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, good, good, good)
	w.at(4)
	before := w.stateObjects()
	if o := of(t, w.pass(job.Options{DryRun: true}), 3); o.Prometheus["p95"].Value != 0.7 {
		t.Errorf("answers %+v", o.Prometheus)
	}
	wantSame(t, before, w.stateObjects())
	p.take()
	w.pass(job.Options{})
	if n := len(p.take()); n != 4 {
		t.Errorf("%d queries after the dry run", n)
	}
}

// As of a time at which a window had not closed, its end is not asked about.
func TestNoAnswerBeforeTheWindowCloses(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, good, good)
	w.at(4)
	window := day(2)
	o := of(t, w.pass(job.Options{Window: &window, AsOf: dayStart(2).Add(time.Hour)}), 2)
	if got := reasonOf(o, "slow"); got != "prometheus.p95 is missing: it is asked about the window's end, which has not come" {
		t.Errorf("reason %s", got)
	}
	wantLines(t, "asked", p.take())
}

// A pass that is told to stop says nothing of the server.
func TestStoppedWhileAsking(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, good, good, good)
	w.at(4)
	ctx, stop := context.WithCancel(t.Context())
	w.r.Querier = stopping{fakePrometheus: p, stop: stop}
	if _, err := w.r.Pass(ctx, w.model, job.Options{}); !errors.Is(err, context.Canceled) || strings.Contains(w.log.String(), "query not answered") {
		t.Errorf("error %v\n%s", err, w.log.String())
	}
	wantLines(t, "history", w.history())
}

// stopping stops the pass while it is asked.
type stopping struct {
	*fakePrometheus
	stop func()
}

func (s stopping) Query(ctx context.Context, query string, at time.Time) (rule.Answer, error) {
	s.stop()
	a, _ := s.fakePrometheus.Query(ctx, query, at)
	return a, ctx.Err()
}

// Where nobody can be asked, a window that was to be judged again keeps its judgement, and
// is judged again once somebody answers.
func TestSemantics7_AnOutageOfPrometheusTakesNoJudgement(t *testing.T) {
	w, p := newQueryWorld(t)
	w.logs(1, good, good, good, good)
	w.night(4)
	w.model.GroundTruth.Resolve = groundtruth.ResolveFirst
	w.model.Prometheus["p95"] = "min(latency[$window])"
	p.down = errors.New("no route to host")
	_, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if err == nil || !strings.Contains(err.Error(), "judge window 2026-01-01/2026-01-02 again, which stays as it was judged: query p95") {
		t.Errorf("the pass ends with %v", err)
	}
	wantLines(t, "day 1", w.revisions(1, "slow"), "r1 breached 240")
	p.down, p.values["min(latency[1d])"] = nil, 0.1
	w.pass(job.Options{})
	wantLines(t, "day 1", w.revisions(1, "slow"), "r1 breached 240", "r2 healthy 240 again of r1")
}
