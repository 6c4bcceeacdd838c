package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
)

// leastMemory is the least that each of several passes is given of --memory: with less
// they would do little but spill.
const leastMemory = 8 << 20

// divide says how many of the models are worked on at once, and what each of these
// passes may use: --memory and --workers are the process's, and are divided among them.
func divide(cfg *config.Config, models int, limits groundtruth.Limits) (atOnce int, each groundtruth.Limits, err error) {
	workers := limits.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	atOnce = cfg.Concurrency
	if atOnce == 0 {
		atOnce = workers
		if limits.MemoryBytes > 0 {
			atOnce = min(atOnce, int(limits.MemoryBytes/leastMemory))
		}
	}
	atOnce = max(1, min(atOnce, models))
	if atOnce == 1 {
		return 1, limits, nil
	}
	if each := limits.MemoryBytes / int64(atOnce); limits.MemoryBytes > 0 && each < leastMemory {
		return 0, limits, usagef("%s has %s worked on at once, and --memory leaves each %s; give at least %s, or lower concurrency in %s",
			cfg.File, count(int64(atOnce), "model"), job.ByteSize(each), job.ByteSize(int64(atOnce)*leastMemory), cfg.File)
	}
	limits.Workers = max(1, workers/atOnce)
	limits.MemoryBytes /= int64(atOnce)
	return atOnce, limits, nil
}

// inTurn calls work for 0 to n-1, the lower ones first, at most atOnce of them at a time.
// When ctx ends, no more are begun; it returns when those that were have ended.
func inTurn(ctx context.Context, n, atOnce int, work func(i int)) {
	var (
		wg   sync.WaitGroup
		next atomic.Int64
	)
	for range min(n, atOnce) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				work(i)
			}
		})
	}
	wg.Wait()
}

// passes does the pass of each model, with the options that are its. What they found and what failed are in the order
// of the configuration, whichever ended first; one model's failure leaves the others
// alone. Told to stop, it leaves the models that are not begun to the next call. The
// error is of what no one model failed in.
func (c *connected) passes(ctx context.Context, options func(*config.Model) job.Options) ([]job.Outcome, []report.Failure, error) {
	if c.textfile != nil {
		c.textfile.Hold()
	}
	total := newTally(c.Clock())
	c.Observe = total.add
	found := make([][]job.Outcome, len(c.models))
	failed := make([]error, len(c.models))
	c.screen.begin(len(c.models))
	inTurn(ctx, len(c.models), c.atOnce, func(i int) {
		m := c.models[i]
		found[i], failed[i] = c.Pass(ctx, m, options(m))
		if failed[i] != nil {
			c.Log.Error("pass failed", "model", m.Name, "err", failed[i])
		}
		total.pass(failed[i] != nil)
		c.screen.model()
	})
	c.screen.end()
	c.Log.Info("run finished", total.values(c.Clock())...)
	var outcomes []job.Outcome
	var failures []report.Failure
	for i, m := range c.models {
		outcomes = append(outcomes, found[i]...)
		if failed[i] != nil {
			failures = append(failures, report.Failure{Model: m.Name, Err: failed[i]})
		}
	}
	// Told to stop, it still writes what passes have published.
	return outcomes, failures, c.flush(context.WithoutCancel(ctx))
}

// tally sums up what passes took, for the last line of a run.
type tally struct {
	mu                      sync.Mutex
	started                 time.Time
	work                    job.Work
	models, failed, windows int
}

func newTally(now time.Time) *tally { return &tally{started: now} }

// add counts a window or a reference.
func (t *tally) add(w job.Work) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.Window != nil {
		t.windows++
	}
	t.work.RowsRead += w.RowsRead
	t.work.BytesRead += w.BytesRead
	t.work.BytesSpilled += w.BytesSpilled
}

// pass counts the end of a model's pass.
func (t *tally) pass(failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.models++
	if failed {
		t.failed++
	}
}

// values returns the keys and values of the line.
func (t *tally) values(now time.Time) []any {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.work.Duration = now.Sub(t.started)
	return append([]any{"models", t.models, "failed", t.failed, "windows", t.windows}, t.work.LogValues(peakMemory())...)
}
