package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// Runner does passes. Its fields are set once, before the first.
type Runner struct {
	State      *objstore.Store
	Ledger     *trigger.Ledger
	Pipelines  func(*config.Model) (trigger.Pipelines, error) // nil, nil where a model has none
	Publishers []Publisher
	Notifiers  []Notifier
	Clock      func() time.Time
	Log        *slog.Logger
	Limits     groundtruth.Limits
	BaseDir    string                                     // relative URLs start here
	Identity   string                                     // who this is in the ledger, for people
	Progress   func(label string) func(done, total int64) // nil for none
	Hook       func(step string)                          // crash tests stop the process in it; nil for none
}

// Options say what a pass does beyond the usual. The zero value is a pass as of now
// that acts.
type Options struct {
	AsOf   time.Time           // zero: now
	Window *groundtruth.Window // judge just this one
	DryRun bool                // no push, launch, message or write
	Push   bool                // with Window or AsOf: push all the same
	Launch bool                // with Window or AsOf: launch all the same
}

// effects are what a pass may do (semantics, section 1).
type effects struct {
	write, push, launch, tell bool
}

func (o Options) effects() effects {
	looks := o.Window != nil || !o.AsOf.IsZero()
	e := effects{write: true, push: !looks || o.Push, launch: !looks || o.Launch}
	e.tell = e.push || e.launch
	if o.DryRun {
		e = effects{}
	}
	return e
}

// Pass judges a model: the windows that have become mature and the newest closed
// one, or the window that the options name. It returns what it judged, mature before
// closed and newest first, even where a later step failed. A failed push or message
// is logged and part of the error, and changes no decision.
func (r *Runner) Pass(ctx context.Context, m *config.Model, opt Options) ([]Outcome, error) {
	started := r.Clock()
	fx := opt.effects()
	asOf := opt.AsOf
	if asOf.IsZero() {
		asOf = started
	}
	asOf = asOf.UTC()
	p := &pass{Runner: r, model: m, opt: opt, fx: fx, asOf: asOf}
	outcomes, err := p.run(ctx)
	status := RunStatus{Model: m.Name, Start: started, Duration: r.Clock().Sub(started), Err: err}
	if err != nil {
		return outcomes, errors.Join(err, p.failed(ctx, status))
	}
	status.Err = errors.Join(p.failures...)
	return append(outcomes, p.later...), errors.Join(status.Err, p.evaluated(ctx, status, outcomes))
}

// pass is one pass over one model.
type pass struct {
	*Runner
	model *config.Model
	opt   Options
	fx    effects
	asOf  time.Time

	pipelines trigger.Pipelines
	told      []error   // failed messages
	failures  []error   // runs that could not be started
	later     []Outcome // windows of earlier passes that were decided on again
}

func (p *pass) run(ctx context.Context) ([]Outcome, error) {
	m := p.model
	var err error
	if p.pipelines, err = p.Pipelines(m); err != nil {
		return nil, err
	}
	if p.fx.launch {
		p.follow(ctx)
	}
	windows, err := p.windows(ctx)
	if err != nil {
		return nil, err
	}
	ref, err := p.reference(ctx, m, p.fx.write)
	if err != nil {
		return nil, err
	}
	launches, err := p.Ledger.Launches(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	records, err := p.Ledger.Recent(ctx, m.Name, p.rules(), launches, m.CatchUp+longestStreak(m))
	if err != nil {
		return nil, err
	}
	var judged []*evaluated
	for i, w := range windows {
		e, err := p.judge(ctx, m, ref, w, p.asOf, w.stage == trigger.StageMature || p.opt.Window != nil)
		if err != nil {
			return outcomesOf(judged), err
		}
		past := records
		if !w.onGrid {
			past = nil
		}
		e.outcome.Rules = trigger.Streaks(m.Grid(), past, w.window, e.outcome.Rules)
		judged = append(judged, e)
		if w.onGrid {
			records = append(records, p.record(e))
		}
		// All but the newest of each stage are done with: they are recorded at once, so
		// that a crash does not lose them. The newest ones wait for their decision, so
		// that a crash before it makes the next pass judge them again.
		if later := windows[i+1:]; slices.ContainsFunc(later, func(o planned) bool { return o.stage == w.stage }) {
			e.outcome.Decision = trigger.Decision{Action: trigger.ActionNone, DryRun: p.opt.DryRun, Reason: "recorded: rules act on the newest window"}
			if err := p.append(ctx, e); err != nil {
				return outcomesOf(judged), err
			}
			e.final = true
		}
	}
	if err := p.decide(ctx, judged, records); err != nil {
		return outcomesOf(judged), err
	}
	for _, e := range judged {
		if e.final {
			continue
		}
		if err := p.append(ctx, e); err != nil {
			return outcomesOf(judged), err
		}
	}
	return outcomesOf(judged), nil
}

// windows lists what to judge, oldest first.
func (p *pass) windows(ctx context.Context) ([]planned, error) {
	m := p.model
	s := schedule{grid: m.Grid(), delay: m.GroundTruth.Delay, catchUp: m.CatchUp}
	if w := p.opt.Window; w != nil {
		return []planned{{*w, s.stage(*w, p.asOf), m.Grid().OnGrid(*w)}}, nil
	}
	last, ok, err := p.Ledger.LastMature(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	if !ok || last.After(p.asOf) {
		return s.plan(nil, p.asOf), nil
	}
	w := m.Grid().Containing(last)
	return s.plan(&w, p.asOf), nil
}

// record turns an evaluated window into what the ledger keeps.
func (p *pass) record(e *evaluated) trigger.Record {
	o := e.outcome
	return trigger.Record{
		Model: o.Model, Window: o.Window, OnGrid: o.OnGrid, Stage: o.Stage,
		// Above every recorded revision: what is judged now is the newest.
		Revision: 1 << 30,
		AsOf:     o.AsOf, RecordedAt: p.Clock().UTC(), PolicyHash: p.model.PolicyHash(),
		Verdict: o.Verdict, Rules: o.Rules, Versions: e.versions, Inputs: e.inputs, Decision: o.Decision,
	}
}

// append records the window with its decision; a dry run leaves it out.
func (p *pass) append(ctx context.Context, e *evaluated) error {
	if !p.fx.write {
		return nil
	}
	rec := p.record(e)
	var err error
	if rec.Output, err = json.Marshal(e.outcome); err != nil {
		return fmt.Errorf("encode evaluation: %w", err)
	}
	rec, _, err = p.Ledger.Append(ctx, rec)
	if err != nil {
		return err
	}
	e.outcome.Revision = rec.Revision
	return nil
}

// decide finds what follows from the newest verdicts, acts, and puts each decision
// on the window that it rests on.
func (p *pass) decide(ctx context.Context, judged []*evaluated, records []trigger.Record) error {
	m := p.model
	launches, err := p.Ledger.Launches(ctx, m.Name)
	if err != nil {
		return err
	}
	claims, err := p.Ledger.OpenClaims(ctx, m.Name)
	if err != nil {
		return err
	}
	states := trigger.NewestVerdicts(m.Grid(), records, p.rules())
	done := map[groundtruth.Window]bool{}
	for _, e := range slices.Backward(judged) {
		o := &e.outcome
		if !o.OnGrid {
			o.Decision = trigger.Decision{Action: trigger.ActionNone, DryRun: p.opt.DryRun, Reason: "the window is off the grid: shown only"}
			continue
		}
		if e.final {
			continue
		}
		done[o.Window] = true
		o.Rules = trigger.Mark(o.Rules, states, o.Window)
		d := trigger.Decide(p.input(o.Window, states, records, launches, claims))
		if err := p.act(ctx, &d, e); err != nil {
			return err
		}
		o.Decision = d
		if d.Action == trigger.ActionRetrain {
			if launches, err = p.Ledger.Launches(ctx, m.Name); err != nil {
				return err
			}
			if claims, err = p.Ledger.OpenClaims(ctx, m.Name); err != nil {
				return err
			}
		}
	}
	if p.opt.Window != nil {
		return nil
	}
	return p.decideEarlier(ctx, done, states, records, launches, claims)
}

// decideEarlier decides on windows of earlier passes on which a retraining rule
// still acts: a run that failed may be followed by the next attempt without new
// windows.
func (p *pass) decideEarlier(ctx context.Context, done map[groundtruth.Window]bool, states []trigger.RuleState, records []trigger.Record, launches []trigger.LaunchStatus, claims []trigger.Claim) error {
	for _, s := range states {
		if !s.Acts || s.Action != trigger.RuleRetrain || done[s.Window] {
			continue
		}
		done[s.Window] = true
		d := trigger.Decide(p.input(s.Window, states, records, launches, claims))
		if d.Action != trigger.ActionRetrain || d.RunID != "" {
			continue
		}
		i := slices.IndexFunc(records, func(rec trigger.Record) bool { return rec.Window == s.Window })
		if i < 0 {
			continue
		}
		e := &evaluated{versions: records[i].Versions}
		if err := json.Unmarshal(records[i].Output, &e.outcome); err != nil {
			return fmt.Errorf("read recorded evaluation of %s: %w", s.Window, err)
		}
		if err := p.act(ctx, &d, e); err != nil {
			return err
		}
		e.outcome.Decision = d
		p.later = append(p.later, e.outcome)
		p.Log.Info("decision on an earlier window", "model", p.model.Name, "window_start", s.Window.Start, "window_end", s.Window.End,
			"action", string(d.Action), "reason", d.Reason, "run_id", d.RunID)
	}
	return nil
}

func (p *pass) rules() []trigger.Rule {
	rules := make([]trigger.Rule, 0, len(p.model.Rules().Rules()))
	for _, rule := range p.model.Rules().Rules() {
		rules = append(rules, trigger.Rule{Name: rule.Name, Action: rule.Action, For: rule.For})
	}
	return rules
}

// longestStreak is the number of windows that a rule's streak may have to look back
// on before it acts.
func longestStreak(m *config.Model) int {
	longest := 1
	for _, rule := range m.Rules().Rules() {
		longest = max(longest, rule.For)
	}
	return longest
}

func (p *pass) input(w groundtruth.Window, states []trigger.RuleState, records []trigger.Record, launches []trigger.LaunchStatus, claims []trigger.Claim) trigger.DecideInput {
	return trigger.DecideInput{
		Model: p.model.Name, Policy: p.model.Policy(), Grid: p.model.Grid(), Now: p.Clock().UTC(),
		Window: w, Rules: states, Records: records, Launches: launches, Claims: claims,
	}
}

// evaluated pushes the figures of a pass.
func (p *pass) evaluated(ctx context.Context, status RunStatus, outcomes []Outcome) error {
	errs := slices.Clone(p.told)
	if p.fx.push && len(p.Publishers) > 0 {
		snapshot, err := p.snapshot(ctx, status, outcomes)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, pub := range p.Publishers {
			if err := pub.Publish(ctx, snapshot); err != nil {
				errs = append(errs, fmt.Errorf("publish to %s: %w", pub.Name(), err))
			}
		}
	}
	return p.unseen(errs)
}

// unseen logs failed messages: they never change a decision and never pass unseen.
func (p *pass) unseen(errs []error) error {
	for _, err := range errs {
		p.Log.Error("a result did not get through", "model", p.model.Name, "err", err)
	}
	if len(errs) == 0 {
		return nil
	}
	return &DeliveryError{errs}
}

// DeliveryError says that the evaluation and its decision are done and recorded, but
// a push or a message failed.
type DeliveryError struct{ errs []error }

// Error implements error.
func (e *DeliveryError) Error() string { return errors.Join(e.errs...).Error() }

// Unwrap returns what failed.
func (e *DeliveryError) Unwrap() []error { return e.errs }

// failed shows that a pass failed, and tells people once per window that was to be
// judged.
func (p *pass) failed(ctx context.Context, status RunStatus) error {
	if errors.Is(status.Err, context.Canceled) {
		// The process was told to stop: a short grace for the last push alone.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
	}
	var errs []error
	if p.fx.push {
		for _, pub := range p.Publishers {
			if err := pub.PublishFailure(ctx, status); err != nil {
				errs = append(errs, fmt.Errorf("publish to %s: %w", pub.Name(), err))
			}
		}
	}
	if p.fx.tell && !errors.Is(status.Err, context.Canceled) {
		p.told = nil
		closed := p.model.Grid().LastClosed(p.asOf)
		p.tellOnce(ctx, closed, "evaluation", "failing", Event{Kind: EventEvaluationFailing, Err: status.Err})
		errs = append(errs, p.told...)
	}
	return p.unseen(errs)
}

// snapshot gathers what the receivers of metrics show: this pass's windows, and the
// newest mature one from the ledger where this pass judged none.
func (p *pass) snapshot(ctx context.Context, status RunStatus, outcomes []Outcome) (Snapshot, error) {
	s := Snapshot{Status: status}
	for i := range outcomes {
		o := &outcomes[i]
		if o.Stage == trigger.StageMature && (s.Performance == nil || o.Window.Start.After(s.Performance.Window.Start)) {
			s.Performance = o
		}
		if s.Drift == nil || o.Window.Start.After(s.Drift.Window.Start) {
			s.Drift = o
		}
	}
	var err error
	if s.Launches, err = p.Ledger.Launches(ctx, p.model.Name); err != nil {
		return s, err
	}
	if s.Performance != nil {
		return s, nil
	}
	last, ok, err := p.Ledger.LastMature(ctx, p.model.Name)
	if err != nil || !ok {
		return s, err
	}
	records, err := p.Ledger.Latest(ctx, p.model.Name, last)
	if err != nil {
		return s, err
	}
	for _, rec := range records {
		if rec.Window.Start.Equal(last) && rec.Stage == trigger.StageMature {
			var o Outcome
			if err := json.Unmarshal(rec.Output, &o); err != nil {
				return s, fmt.Errorf("read recorded evaluation of %s: %w", rec.Window, err)
			}
			s.Performance = &o
		}
	}
	return s, nil
}

// outcomesOf orders what was judged as people read it: mature before closed, newest
// first.
func outcomesOf(judged []*evaluated) []Outcome {
	var out []Outcome
	for _, stage := range []string{trigger.StageMature, trigger.StageClosed} {
		for _, e := range slices.Backward(judged) {
			if e.outcome.Stage == stage {
				out = append(out, e.outcome)
			}
		}
	}
	return out
}
