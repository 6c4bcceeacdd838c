package trigger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/wait"
)

// memStore is a Store in memory whose writes can be made to fail.
type memStore struct {
	mu      sync.Mutex
	objects map[string][]byte
	failOn  func(key string) error
	reads   int
	// requests counts what an object store would be asked: a listing takes one for
	// each thousand keys.
	requests int
}

// Write implements IndexWriter.
func (m *memStore) Write(_ context.Context, key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	m.objects[key] = slices.Clone(data)
	return nil
}

func newMemStore() *memStore { return &memStore{objects: map[string][]byte{}} }

func (m *memStore) Read(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	m.requests++
	b, ok := m.objects[key]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", key, objstore.ErrNotExist)
	}
	return slices.Clone(b), nil
}

func (m *memStore) Create(_ context.Context, key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	if m.failOn != nil {
		if err := m.failOn(key); err != nil {
			return err
		}
	}
	if _, ok := m.objects[key]; ok {
		return fmt.Errorf("create %s: %w", key, objstore.ErrExists)
	}
	m.objects[key] = slices.Clone(data)
	return nil
}

func (m *memStore) List(_ context.Context, prefix string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) {
		keys := m.keys(prefix)
		m.mu.Lock()
		m.requests += 1 + max(len(keys)-1, 0)/1000
		m.mu.Unlock()
		if len(keys) == 0 {
			yield(objstore.Object{}, fmt.Errorf("list %s: %w", prefix, objstore.ErrNotExist))
			return
		}
		for _, k := range keys {
			m.mu.Lock()
			data := m.objects[k]
			m.mu.Unlock()
			if !yield(objstore.Object{Key: k, Size: int64(len(data)), ETag: digest(string(data))}, nil) {
				return
			}
		}
	}
}

func (m *memStore) keys(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for k := range m.objects {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// answer is how the fake server takes one POST.
type answer int

const (
	answerOK          answer = iota
	answerLost               // the run is made, the response is lost after the time-out
	answer500After           // the run is made, and the answer is a 500
	answer500Before          // no run is made, and the answer is a 500
	answerLate               // time-out; the request is delivered 10 s later, within settle
	answerTooLate            // time-out; the request is delivered after settle
	answerRejected           // 400
	answerUnreachable        // nothing was sent
	numAnswers
)

// fakePipelines is a server that knows no idempotency: every POST that arrives
// makes a run.
type fakePipelines struct {
	mu         sync.Mutex
	answers    []answer // of the POSTs in their order; then answerOK
	posts      int
	runs       []Run
	gone       map[string]bool
	finds      int
	failFinds  int           // how many looks fail
	findDelay  time.Duration // how long a look takes
	terminated []string
	denyStop   bool
	rejectAll  error // what Check says
	delivering sync.WaitGroup
}

var (
	errUnreachable = errors.New("connection refused")
	errLook        = errors.New("look failed")
)

func (f *fakePipelines) Check(context.Context, LaunchRequest) error { return f.rejectAll }

func (f *fakePipelines) Find(ctx context.Context, req LaunchRequest) ([]Run, error) {
	if err := wait.For(ctx, 10*time.Millisecond+f.findDelay); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.finds++
	if f.failFinds > 0 {
		f.failFinds--
		return nil, errLook
	}
	var out []Run
	for _, r := range f.runs {
		if r.Name == req.Name && !f.gone[r.ID] {
			out = append(out, r)
		}
	}
	return out, nil
}

func (f *fakePipelines) make(name string) Run {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := Run{ID: fmt.Sprintf("run-%d", len(f.runs)+1), Name: name, State: StatePending, CreatedAt: time.Now(), URL: "http://ui/" + name}
	f.runs = append(f.runs, r)
	return r
}

func (f *fakePipelines) Create(ctx context.Context, req LaunchRequest) (Run, error) {
	f.mu.Lock()
	a := answerOK
	if f.posts < len(f.answers) {
		a = f.answers[f.posts]
	}
	if !req.NotAfter.IsZero() && time.Now().After(req.NotAfter) {
		f.mu.Unlock()
		return Run{}, ErrTooLate
	}
	f.posts++
	f.mu.Unlock()
	const timeout = 10 * time.Second
	switch a {
	case answerLost:
		f.make(req.Name)
		_ = wait.For(ctx, timeout)
		return Run{}, fmt.Errorf("no answer: %w", ErrUnclear)
	case answer500After:
		f.make(req.Name)
		return Run{}, fmt.Errorf("500: %w", ErrUnclear)
	case answer500Before:
		return Run{}, fmt.Errorf("500: %w", ErrUnclear)
	case answerLate, answerTooLate:
		delay := 20 * time.Second
		if a == answerTooLate {
			delay = 150 * time.Second
		}
		f.delivering.Add(1)
		go func() {
			defer f.delivering.Done()
			time.Sleep(delay)
			f.make(req.Name)
		}()
		_ = wait.For(ctx, timeout)
		return Run{}, fmt.Errorf("no answer: %w", ErrUnclear)
	case answerRejected:
		return Run{}, fmt.Errorf("400: %w", ErrRejected)
	case answerUnreachable:
		return Run{}, errUnreachable
	}
	time.Sleep(50 * time.Millisecond)
	return f.make(req.Name), nil
}

func (f *fakePipelines) Get(_ context.Context, id string) (Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.runs {
		if r.ID == id && !f.gone[id] {
			return r, nil
		}
	}
	return Run{}, fmt.Errorf("run %s: %w", id, ErrRunGone)
}

func (f *fakePipelines) Terminate(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denyStop {
		return errors.New("403: terminate is not allowed")
	}
	f.terminated = append(f.terminated, id)
	for i := range f.runs {
		if f.runs[i].ID == id {
			f.runs[i].State = StateCanceled
		}
	}
	return nil
}

func (f *fakePipelines) set(id, state string, finished time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.runs {
		if f.runs[i].ID == id {
			f.runs[i].State, f.runs[i].FinishedAt = state, finished
		}
	}
}

// days is a grid of days.
type days struct{}

func (days) Prev(w groundtruth.Window) groundtruth.Window {
	return groundtruth.Window{Start: w.Start.AddDate(0, 0, -1), End: w.Start}
}

func day(n int) groundtruth.Window {
	start := time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)
	return groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}
}

const (
	healthy      = rule.Healthy
	breached     = rule.Breached
	inconclusive = rule.Inconclusive
)

// rec is a mature record of day n with one rule's verdict.
func rec(n int, name string, v rule.Verdict) Record {
	return Record{
		Model: "m", Window: day(n), OnGrid: true, Stage: StageMature, Revision: 1, Verdict: v,
		Rules: []rule.Result{{Name: name, Verdict: v, Reason: "because"}},
	}
}

// recs are mature records from day 1 on; a '-' is a day without a record.
func recs(name, verdicts string) []Record {
	var out []Record
	for n, c := range verdicts {
		if v, ok := map[rune]rule.Verdict{'h': healthy, 'b': breached, 'i': inconclusive}[c]; ok {
			out = append(out, rec(n+1, name, v))
		}
	}
	return out
}
