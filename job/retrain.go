package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/trigger"
)

// RetrainOptions say how a run is started by hand.
type RetrainOptions struct {
	Reason string // required
	Key    string // makes the call repeatable; empty: every call is a run of its own
	Force  bool   // also while another run is in flight
}

// Retrain starts a run by hand, pushes its state and tells of it; started is false
// where the key's run was there already. A launch with a run id and an error means
// that the run is started but not everyone could be told.
func (r *Runner) Retrain(ctx context.Context, m *config.Model, opt RetrainOptions) (launch trigger.Launch, started bool, err error) {
	p, err := r.handPass(m)
	if err != nil {
		return trigger.Launch{}, false, err
	}
	if p.pipelines == nil {
		return trigger.Launch{}, false, fmt.Errorf("start retraining of %s: %w", m.Name, ErrNoPipelines)
	}
	meta := trigger.Launch{Model: m.Name, Key: trigger.RandomKey(m.Name), Reason: opt.Reason, PolicyHash: m.PolicyHash()}
	if opt.Key != "" {
		meta.Key = trigger.ManualKey(m.Name, opt.Key)
	}
	if w, ok, err := r.Ledger.LastMature(ctx, m.Name, m.Grid().String(), p.newestClosed()); err != nil {
		return trigger.Launch{}, false, err
	} else if ok {
		// Templates may name the window; the newest one judged is what a person looks at.
		meta.Window = &w
	}
	req, err := request(m, meta, p.asOf)
	if err != nil {
		return trigger.Launch{}, false, err
	}
	out, err := r.launcher(m, p.pipelines).Manual(ctx, req, meta, opt.Key, opt.Force)
	if err != nil {
		return out.Launch, false, err
	}
	if p.tells() && p.claimStarted(ctx, out.Launch.Key) {
		p.tell(ctx, Event{Kind: EventRetrainStarted, Incident: p.launchOf(ctx, &out.Launch, true), Launch: &out.Launch, RunURL: out.Launch.URL})
	}
	p.tellChanges(ctx, out.Changes)
	launches, err := p.launched(ctx)
	if err != nil {
		return out.Launch, out.Started, errors.Join(append(p.deliveryFailures, err)...)
	}
	p.publishRuns(ctx, launches)
	return out.Launch, out.Started, undelivered(p.deliveryFailures)
}

// Follow looks after a model's started runs: it records, pushes and tells what
// changed, and returns them all.
func (r *Runner) Follow(ctx context.Context, m *config.Model) ([]trigger.LaunchStatus, error) {
	p, err := r.handPass(m)
	if err != nil {
		return nil, err
	}
	p.follow(ctx)
	launches, err := p.launched(ctx)
	if err != nil {
		return nil, errors.Join(append(p.deliveryFailures, err)...)
	}
	p.publishRuns(ctx, launches)
	return launches, undelivered(p.deliveryFailures)
}

// publishRuns shows the states of started runs.
func (p *pass) publishRuns(ctx context.Context, launches []trigger.LaunchStatus) {
	for _, pub := range p.Publishers {
		if err := pub.PublishRuns(ctx, p.model.Name, launches); err != nil {
			p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("publish to %s: %w", pub.Name(), err))
		}
	}
}

// handPass returns a pass that acts without judging, for Retrain and Follow.
func (r *Runner) handPass(m *config.Model) (*pass, error) {
	p := &pass{Runner: r, model: m, effects: effects{write: true, push: true, launch: true, tell: true}, asOf: r.Clock().UTC()}
	var err error
	p.pipelines, err = r.Pipelines(m)
	return p, err
}
