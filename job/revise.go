package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// Revised is a rule's breach on a window that people were told of, and that a judgement
// again does not find.
type Revised struct {
	Window groundtruth.Window
	Result rule.Result // what is found instead
}

// revise notes what of a window that was judged again is not any more as people were told:
// the breaches that are none. That a rule is healthy again on its newest window is told by
// itself: the window is the newest mature one, or the newest for rules that need no labels
// too.
func (p *pass) revise(ctx context.Context, e *evaluated, newestMature, newest bool) {
	if e.again == nil || !p.tells() {
		return
	}
	needsLabels := map[string]bool{}
	for _, r := range p.model.Rules().Rules() {
		needsLabels[r.Name] = r.NeedsLabels
	}
	for _, now := range e.outcome.Rules {
		was := slices.ContainsFunc(e.again.old.Rules, func(r rule.Result) bool { return r.Name == now.Name && r.Verdict == rule.Breached })
		resolved := now.Verdict == rule.Healthy && (newest || newestMature && needsLabels[now.Name])
		if !was || now.Verdict == rule.Breached || resolved {
			continue
		}
		w := e.outcome.Window
		_, told, err := p.Ledger.BreachTold(ctx, p.model.Name, p.grid(true), w, now.Name)
		if err != nil {
			p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("look for what was told: %w", err))
			continue
		}
		if told && p.claim(ctx, trigger.Told{Model: p.model.Name, Window: w, Grid: p.grid(true), Rule: now.Name, State: "revised", At: p.Clock()}) {
			p.revised = append(p.revised, Revised{w, now})
		}
	}
}

// retract marks the started runs that by the newest revisions nothing would have asked
// for, of those that earlier passes have started.
func (p *pass) retract(ctx context.Context, records []trigger.Record) error {
	if p.opt.looks() || p.replays || !p.effects.write {
		return nil
	}
	for _, r := range trigger.Retractions(p.model.Grid(), records, p.earlier) {
		first, err := p.Ledger.Retract(ctx, r, p.Clock())
		if err != nil {
			return err
		}
		if first {
			p.Log.Warn("run retracted", "model", p.model.Name, "run_id", r.Launch.Launch.RunID, "reason", r.Reason)
			p.retracted = append(p.retracted, r)
		}
		p.launches = nil
	}
	return nil
}

// tellRevised sums up, in one message, what is not any more as people were told.
func (p *pass) tellRevised(ctx context.Context) {
	if !p.tells() || len(p.revised)+len(p.retracted) == 0 {
		return
	}
	now := p.Clock().UTC()
	since := now
	for _, r := range p.revised {
		if r.Window.Start.Before(since) {
			since = r.Window.Start.UTC()
		}
	}
	for _, r := range p.retracted {
		if w := r.Launch.Launch.Window; w.Start.Before(since) {
			since = w.Start.UTC()
		}
	}
	p.tell(ctx, Event{Kind: EventRevised, Revised: p.revised, Retracted: p.retracted, Incident: Incident{
		ID: p.model.Name + "/revised/" + now.Format(time.RFC3339), Since: since, Opened: now, First: true,
	}})
}
