package job_test

import (
	"bytes"
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

const (
	perDay        = 240
	referenceRows = 600
	labelDelay    = 2 // days, as in the configuration of world
)

// dayStart is the start of day n of 2026, from 1.
func dayStart(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

func day(n int) groundtruth.Window {
	return groundtruth.Window{Start: dayStart(n), End: dayStart(n + 1)}
}

// pair is a prediction and its label.
type pair struct {
	id, version string
	at          time.Time
	x, pred, y  float64
}

// kind is what a day's log is like.
type kind struct {
	noise float64 // of the label around the prediction; the reference has 1
	shift float64 // of the feature x, in its standard deviations
}

var (
	good    = kind{noise: 1}
	wrong   = kind{noise: 3}           // the error is three times the reference's
	drifted = kind{noise: 1, shift: 3} // the feature is far from the reference's
)

// makePairs draws a day's log; the same day and kind give the same rows.
func makePairs(n int, day time.Time, k kind, version string) []pair {
	rng := rand.New(rand.NewPCG(uint64(day.Unix()), 7))
	out := make([]pair, n)
	for i := range out {
		p := &out[i]
		p.id, p.version = fmt.Sprintf("%s-%04d", day.Format("0102"), i), version
		p.at = day.Add(time.Duration(i) * 24 * time.Hour / time.Duration(n))
		p.x = rng.NormFloat64() + k.shift
		p.pred = 10 + p.x
		p.y = p.pred + k.noise*rng.NormFloat64()
	}
	return out
}

const (
	predictionHeader = "id,ts,x,pred,version"
	labelHeader      = "id,y,loaded"
)

func (p pair) prediction() string {
	return fmt.Sprintf("%s,%s,%v,%v,%s", p.id, p.at.Format(time.RFC3339Nano), p.x, p.pred, p.version)
}

// label is the pair's label as loaded so long after the prediction.
func (p pair) label(after time.Duration) string {
	return fmt.Sprintf("%s,%v,%s", p.id, p.y, p.at.Add(after).Format(time.RFC3339Nano))
}

// world is a model with its logs, its state and everyone who is told of it.
type world struct {
	t     *testing.T
	data  *objstore.Store
	state *objstore.Store
	model *config.Model
	now   time.Time
	kfp   *fakeKFP
	pub   *fakePublisher
	told  *fakeNotifier
	log   bytes.Buffer
	r     *job.Runner
}

// settings is what the tests' configurations vary in.
type settings struct {
	rules   string // flow sequence
	mode    string
	retrain string // more keys of retrain, a line each
	rolling string // flow mapping; none by default
	model   string // more keys of the model, a line each
	task    string // regression by default
	columns string // what predictions.columns has of the prediction; "prediction: pred" by default
	bounds  string // of predictions, flow mapping; none by default
	top     string // more keys of the file, a line each
	data    string // URL; a mem:// of the test's own by default
	state   string // likewise
}

const (
	ruleRMSE  = "{name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 100, action: retrain}"
	ruleRMSE2 = "{name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 100, for: 2, action: retrain}"
	ruleDrift = "{name: drift, when: drift.share >= 0.5, min_samples: 100, action: alert}"
)

// memory is the URL of a bucket that nobody else has: names are shared in the process.
func memory() string { return "mem://" + crand.Text() }

// newWorld makes a world with a reference and no logs yet, at 03:00 of day 1.
func newWorld(t *testing.T, s settings) *world {
	t.Helper()
	if s.data == "" {
		s.data = memory() + "/data"
	}
	if s.state == "" {
		s.state = memory() + "/state"
	}
	if s.rules == "" {
		s.rules = "[" + ruleRMSE + ", " + ruleDrift + "]"
	}
	if s.mode == "" {
		s.mode = "auto"
	}
	s.task, s.columns = cmp.Or(s.task, "regression"), cmp.Or(s.columns, "prediction: pred")
	indent := func(keys, by string) string {
		var b strings.Builder
		for line := range strings.Lines(keys) {
			b.WriteString("\n" + by + strings.TrimRight(line, "\n"))
		}
		return b.String()
	}
	rolling := ""
	if s.rolling != "" {
		rolling = ", rolling: " + s.rolling
	}
	bounds := ""
	if s.bounds != "" {
		bounds = "\n      bounds: " + s.bounds
	}
	text := fmt.Sprintf(`version: 1
state: {url: '%s'}
models:
  - name: m
    task: %s
    predictions:
      url: '%s/predictions/dt={date}/*.csv'
      columns: {id: id, timestamp: ts, %s, model_version: version}%s
    ground_truth:
      url: '%s/labels/dt={date}/*.csv'
      columns: {id: id, label: y, ingested_at: loaded}
      delay: %dd
    reference: {url: '%s/reference/*.csv'%s}
    drift: {method: ks, threshold: 0.3}
    rules: %s%s
    retrain:
      mode: %s
      settle: 200ms
      kubeflow:
        endpoint: http://kfp.test
        pipeline: retrain
        experiment: retraining
        timeout: 50ms
        parameters: {until: "{{ .Window.End }}"}%s%s
`, s.state, s.task, s.data, s.columns, bounds, s.data, labelDelay, s.data, rolling, s.rules, indent(s.model, "    "), s.mode, indent(s.retrain, "      "), indent(s.top, ""))
	cfg, err := config.Parse("hindcast.yaml", []byte(text), t.TempDir(), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	w := &world{t: t, model: cfg.Models[0], now: dayStart(1).Add(3 * time.Hour), kfp: &fakeKFP{}, pub: &fakePublisher{}, told: &fakeNotifier{}}
	w.data, w.state = open(t, s.data), open(t, s.state)
	w.kfp.now = func() time.Time { return w.now }
	w.r, err = job.New(job.Runner{
		Stores: objstore.NewOpener(cfg.Dir), State: w.state, Ledger: trigger.NewLedger(w.state).WithIndex(w.state),
		Pipelines:  func(*config.Model) (trigger.Pipelines, error) { return w.kfp, nil },
		Publishers: []job.Publisher{w.pub}, Notifiers: []job.Notifier{w.told},
		Clock: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Identity: "test", Limits: groundtruth.Limits{SpillDir: t.TempDir()}, KeepSummaries: cfg.State.KeepSummaries,
	})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for i, p := range makePairs(referenceRows, dayStart(1).AddDate(0, -1, 0), good, "v1") {
		p.id = fmt.Sprintf("ref-%d", i)
		rows = append(rows, fmt.Sprintf("%s,%v,%v,%v", p.id, p.x, p.pred, p.y))
	}
	w.write("reference/rows.csv", "id,x,pred,y", rows)
	return w
}

func open(t *testing.T, url string) *objstore.Store {
	t.Helper()
	s, err := objstore.NewOpener("").Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) write(key, header string, rows []string) {
	w.t.Helper()
	text := header + "\n" + strings.Join(rows, "\n") + "\n"
	if err := w.data.Write(w.t.Context(), key, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
}

// predictions writes day n's predictions.
func (w *world) predictions(n int, pairs []pair) {
	w.t.Helper()
	rows := make([]string, len(pairs))
	for i, p := range pairs {
		rows[i] = p.prediction()
	}
	w.write("predictions/dt="+dayStart(n).Format(time.DateOnly)+"/part.csv", predictionHeader, rows)
}

// labels writes day n's labels, which are loaded a day after the prediction.
func (w *world) labels(n int, pairs []pair) {
	w.t.Helper()
	byDay := map[string][]string{}
	for _, p := range pairs {
		d := p.at.Add(24 * time.Hour).Format(time.DateOnly)
		byDay[d] = append(byDay[d], p.label(24*time.Hour))
	}
	for d, rows := range byDay {
		w.write(fmt.Sprintf("labels/dt=%s/of-day-%d.csv", d, n), labelHeader, rows)
	}
}

// logs writes days of the kinds, from day first on.
func (w *world) logs(first int, kinds ...kind) {
	w.t.Helper()
	for i, k := range kinds {
		w.versionLogs(first+i, k, "v1")
	}
}

func (w *world) versionLogs(n int, k kind, version string) {
	w.t.Helper()
	pairs := makePairs(perDay, dayStart(n), k, version)
	w.predictions(n, pairs)
	w.labels(n, pairs)
}

// at sets the clock to 03:00 of day n, when day n-1-labelDelay has become mature and
// day n-1 has closed.
func (w *world) at(n int) { w.now = dayStart(n).Add(3 * time.Hour) }

// pass does a pass that must succeed.
func (w *world) pass(opt job.Options) []job.Outcome {
	w.t.Helper()
	out, err := w.r.Pass(w.t.Context(), w.model, opt)
	if err != nil {
		w.t.Fatalf("pass at %s: %v", w.now, err)
	}
	return out
}

// night does the pass of day n.
func (w *world) night(n int) []job.Outcome {
	w.t.Helper()
	w.at(n)
	return w.pass(job.Options{})
}

// stateObjects returns everything in the state, by key.
func (w *world) stateObjects() map[string]string {
	w.t.Helper()
	return contents(w.t, w.state)
}

func contents(t *testing.T, s *objstore.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for o, err := range s.List(t.Context(), "") {
		if errors.Is(err, objstore.ErrNotExist) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := s.Read(t.Context(), o.Key)
		if err != nil {
			t.Fatal(err)
		}
		out[o.Key] = string(data)
	}
	return out
}

// wantSame fails unless both states hold the same.
func wantSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if old, ok := before[key]; !ok {
			t.Errorf("%s was written", key)
		} else if old != after[key] {
			t.Errorf("%s was changed", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[key]; !ok {
			t.Errorf("%s is gone", key)
		}
	}
}

// history is what is recorded, a line for each revision.
func (w *world) history() []string {
	w.t.Helper()
	records, err := w.r.Ledger.History(w.t.Context(), w.model.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, r := range records {
		out = append(out, fmt.Sprintf("%d r%d %s %s %s", r.Window.Start.Day(), r.Revision, r.Stage, r.Verdict, r.Decision.Action))
	}
	return out
}

// brief is what a test looks at in an outcome: the window's first day, how it is
// judged and what follows.
func brief(outcomes []job.Outcome) []string {
	out := []string{}
	for _, o := range outcomes {
		s := fmt.Sprintf("%d %s %s %s", o.Window.Start.Day(), o.Stage, o.Verdict, o.Decision.Action)
		if o.Decision.Guard != "" {
			s += " " + o.Decision.Guard
		}
		out = append(out, s)
	}
	return out
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// of returns the outcome on day n.
func of(t *testing.T, outcomes []job.Outcome, n int) *job.Outcome {
	t.Helper()
	for i := range outcomes {
		if outcomes[i].Window.Equal(day(n)) {
			return &outcomes[i]
		}
	}
	t.Fatalf("no outcome on day %d: %q", n, brief(outcomes))
	return nil
}

// ruleOf is a rule's verdict and streak on an outcome, or - where it isn't judged.
func ruleOf(o *job.Outcome, name string) string {
	for _, r := range o.Rules {
		if r.Name == name {
			s := fmt.Sprintf("%s %d", r.Verdict, r.Streak)
			if r.Acts {
				s += " acts"
			}
			return s
		}
	}
	return "-"
}

func encode(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// fakeKFP is a pipelines server in memory. Every Create makes a run.
type fakeKFP struct {
	mu        sync.Mutex
	runs      []trigger.Run
	requests  []trigger.LaunchRequest
	createErr error // of the next Creates, which make no run
	down      error // of everything
	now       func() time.Time
}

func (f *fakeKFP) Find(_ context.Context, req trigger.LaunchRequest) ([]trigger.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []trigger.Run
	for _, r := range f.runs {
		if r.Name == req.Name {
			out = append(out, r)
		}
	}
	return out, f.down
}

func (f *fakeKFP) Create(_ context.Context, req trigger.LaunchRequest) (trigger.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := errors.Join(f.down, f.createErr); err != nil {
		return trigger.Run{}, err
	}
	r := trigger.Run{
		ID: fmt.Sprintf("run-%d", len(f.runs)+1), Name: req.Name, State: trigger.StatePending, CreatedAt: f.now(),
		URL: "http://kfp.test/" + req.Name,
	}
	f.runs, f.requests = append(f.runs, r), append(f.requests, req)
	return r, nil
}

func (f *fakeKFP) Get(_ context.Context, id string) (trigger.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		return trigger.Run{}, f.down
	}
	for _, r := range f.runs {
		if r.ID == id {
			return r, nil
		}
	}
	return trigger.Run{}, fmt.Errorf("run %s: %w", id, trigger.ErrRunGone)
}

func (f *fakeKFP) Terminate(_ context.Context, id string) error {
	f.set(id, trigger.StateCanceled, f.now())
	return nil
}

func (f *fakeKFP) set(id, state string, finished time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.runs {
		if f.runs[i].ID == id {
			f.runs[i].State, f.runs[i].FinishedAt = state, finished
		}
	}
}

// fakePublisher remembers what it is given.
type fakePublisher struct {
	snapshots []job.Snapshot
	failures  []job.RunStatus
	runs      int
	err       error                       // what every method returns
	check     func(context.Context) error // sets err in PublishFailure; nil for none
}

func (*fakePublisher) Name() string { return "the fake" }

func (p *fakePublisher) Publish(_ context.Context, s job.Snapshot) error {
	p.snapshots = append(p.snapshots, s)
	return p.err
}

func (p *fakePublisher) PublishFailure(ctx context.Context, s job.RunStatus) error {
	p.failures = append(p.failures, s)
	if p.check != nil {
		p.err = p.check(ctx)
	}
	return p.err
}

func (p *fakePublisher) PublishRuns(context.Context, string, []trigger.LaunchStatus) error {
	p.runs++
	return p.err
}

// fakeNotifier remembers what people are told.
type fakeNotifier struct {
	events []job.Event
	err    error
}

func (*fakeNotifier) Name() string { return "the people" }

func (n *fakeNotifier) Notify(_ context.Context, e job.Event) error {
	n.events = append(n.events, e)
	return n.err
}

// take returns what was told since the last call: kind, rules, and the window's day.
func (n *fakeNotifier) take() []string {
	out := []string{}
	for _, e := range n.events {
		s := string(e.Kind)
		for _, r := range e.Rules {
			s += " " + r.Name
		}
		if e.Outcome != nil {
			s += fmt.Sprintf(" %d", e.Outcome.Window.Start.Day())
		}
		out = append(out, s)
	}
	n.events = nil
	return out
}

// long leaves a test out where tests are to be short: under the race detector it takes ten
// times as long, and shares out no work that shorter ones don't.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("long")
	}
}
