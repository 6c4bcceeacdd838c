package job

import (
	"context"
	"fmt"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// reading is all that judge needs of a window. readWindow has it made, keptReading
// takes it from what a shard has kept, and keptSummary from what an earlier pass has kept.
type reading struct {
	result  groundtruth.Result
	summary *summary.Summary
	rolling *evaluator.RollingOptions // what its rolling reference is made of; nil where the model has none
	work    Work                      // that it took
}

// summaries is where the runner has its Summaries made.
func (r *Runner) summaries() Summaries {
	if r.Summaries != nil {
		return r.Summaries
	}
	return Logs{Stores: r.Stores, Limits: r.Limits, Log: r.Log, Progress: r.Progress}
}

// query asks for a window as of a moment that is not past, with labels where it is
// mature. ref may be nil.
func (ref *reference) query(m *config.Model, w planned, asOf time.Time) WindowQuery {
	q := WindowQuery{Model: m, Window: w.window, AsOf: asOf, Labels: w.stage == trigger.StageMature}
	if ref != nil {
		q.Profile = ref.profile
	}
	return q
}

// readWindow has the Summary of a window made.
func (r *Runner) readWindow(ctx context.Context, q WindowQuery) (*reading, error) {
	started := r.Clock()
	counted, result, err := r.summaries().Window(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("evaluate window %s: %w", q.Window, err)
	}
	work := Work{Model: q.Model.Name, Window: &q.Window, Duration: r.Clock().Sub(started)}
	work.add(result)
	return &reading{result: result, summary: counted, work: work}, nil
}

// read reads a window, or takes what a shard or an earlier pass has kept of it. It returns
// as of when it was read.
func (p *pass) read(ctx context.Context, ref *reference, w planned, labels bool) (*reading, time.Time, error) {
	if c := p.judgedAgain(w.window); c != nil && c.kept {
		return p.keptSummary(ctx, c.old)
	}
	if p.opt.Merge {
		kept, err := p.keptReading(ctx, p.model, ref, w, p.asOf)
		if err != nil || kept != nil {
			if kept != nil {
				kept.work = Work{Model: p.model.Name, Window: &w.window}
			}
			return kept, p.asOf, err
		}
	}
	q := ref.query(p.model, w, p.asOf)
	q.Past, q.Labels = p.opt.past() || p.replays, labels
	read, err := p.readWindow(ctx, q)
	return read, p.asOf, err
}
