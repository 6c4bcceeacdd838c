package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/trigger"
)

// ErrNoPipelines marks a run that is to be started where no pipeline is configured.
var ErrNoPipelines = errors.New("no retrain.kubeflow is configured")

// launcher returns what starts and follows a model's runs.
func (r *Runner) launcher(m *config.Model, p trigger.Pipelines) *trigger.Launcher {
	return &trigger.Launcher{
		Ledger: r.Ledger, Pipelines: p, Settle: m.Retrain.Settle, Now: r.Clock, Identity: r.Identity, Log: r.Log, Hook: r.Hook,
	}
}

// act carries a decision out: it tells people, and starts the run. A run that cannot
// be started is told and put into the pass's failures; the window is recorded all the
// same, and the next pass decides on it again.
func (p *pass) act(ctx context.Context, d *trigger.Decision, e *evaluated) error {
	d.DryRun = p.opt.DryRun
	o := &e.outcome
	for _, rule := range o.Rules {
		if rule.Acts {
			p.tellBreach(ctx, rule, o, d)
		}
	}
	switch {
	case d.Guard == trigger.GuardMode && p.model.Retrain.Mode == trigger.ModeSuggest && p.effects.write && p.effects.tell:
		return p.suggest(ctx, d, o)
	case d.RunID != "" && !d.DryRun && (d.Action == trigger.ActionRetrain || d.Guard == trigger.GuardInFlight):
		// Started before; a process that was killed right after may not have told it.
		return p.tellStarted(ctx, d, o)
	case d.Action != trigger.ActionRetrain || d.DryRun:
		return nil
	case !p.effects.launch:
		d.Action, d.Guard = trigger.ActionSuppressed, GuardLook
		d.Reason += "; a look at a window or a time in the past starts nothing without --launch"
		return nil
	}
	changes, err := p.launch(ctx, d, e)
	if err != nil {
		d.Action, d.Guard = trigger.ActionSuppressed, GuardError
		d.Reason += "; the run could not be started: " + p.Secrets.Text(err.Error())
		p.launchFailures = append(p.launchFailures, err)
		p.tellNotStarted(ctx, d, o, err)
		return nil
	}
	p.tellChanges(ctx, changes)
	return p.tellStarted(ctx, d, o)
}

// What suppresses a run beside the policy's guards.
const (
	GuardLook  = "look"  // the pass only looks
	GuardError = "error" // the run could not be started
)

// launch starts the run of a decision and fills its id in.
func (p *pass) launch(ctx context.Context, d *trigger.Decision, e *evaluated) ([]trigger.Transition, error) {
	w := e.outcome.Window
	need := 0
	if i := slices.IndexFunc(e.outcome.Rules, func(r rule.Result) bool { return r.Name == d.Rule }); i >= 0 {
		need = e.outcome.Rules[i].For
	}
	meta := trigger.Launch{
		Model: p.model.Name, Key: d.Key, Episode: d.Episode, Attempt: d.Attempt, Window: &w, Grid: trigger.GridBeside(w, p.grid(e.outcome.OnGrid)),
		Versions: e.versions, Rule: d.Rule, For: need, Reason: d.Reason, PolicyHash: p.model.PolicyHash(),
	}
	req, err := request(p.model, meta, p.asOf)
	if err != nil {
		return nil, err
	}
	if p.pipelines == nil {
		return nil, fmt.Errorf("start retraining of %s: %w", p.model.Name, ErrNoPipelines)
	}
	p.launches = nil
	out, err := p.launcher(p.model, p.pipelines).Launch(ctx, req, meta)
	if err != nil {
		return nil, err
	}
	d.RunID, d.Run, d.Started = out.Launch.RunID, out.Launch.Run, out.Started
	return out.Changes, nil
}

// request renders the run that a launch asks for.
func request(m *config.Model, meta trigger.Launch, asOf time.Time) (trigger.LaunchRequest, error) {
	k := m.Retrain.Kubeflow
	if k == nil {
		return trigger.LaunchRequest{}, fmt.Errorf("start retraining of %s: %w", m.Name, ErrNoPipelines)
	}
	params, err := trigger.RenderParameters(k.Parameters, trigger.NewTemplateData(meta, asOf))
	if err != nil {
		return trigger.LaunchRequest{}, fmt.Errorf("start retraining of %s: %w", m.Name, err)
	}
	return trigger.LaunchRequest{
		Description: "Started by Hindcast: " + meta.Reason,
		Pipeline:    k.Pipeline, Version: k.Version, Experiment: k.Experiment, Namespace: k.Namespace,
		Parameters: params, ServiceAccount: k.ServiceAccount, PipelineRoot: k.PipelineRoot,
	}, nil
}

// suggest records what mode auto would have started, and tells it once.
func (p *pass) suggest(ctx context.Context, d *trigger.Decision, o *Outcome) error {
	first, err := p.Ledger.Suggest(ctx, trigger.Suggestion{
		Key: d.Key, Model: p.model.Name, Window: o.Window, Rule: d.Rule, Episode: *d.Episode, Attempt: d.Attempt, Reason: d.Reason, At: p.Clock().UTC(),
	})
	if err != nil {
		return err
	}
	if first && p.effects.tell {
		p.tell(ctx, Event{Kind: EventRetrainSuggested, Incident: p.breachOf(ctx, p.grid(o.OnGrid), o.Window, d.Rule), Outcome: o, Decision: d})
	}
	return nil
}

// follow looks after started runs. What fails is logged and told with the pass: the
// decision goes by the last known states.
func (p *pass) follow(ctx context.Context) {
	if p.pipelines == nil {
		return
	}
	launches, changes, err := p.launcher(p.model, p.pipelines).Follow(ctx, p.model.Name)
	p.launches = launches
	if err != nil {
		p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("follow started runs: %w", err))
	}
	p.tellChanges(ctx, changes)
}
