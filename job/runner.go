package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/trigger"
)

// Runner does passes. New makes one; what is optional may be set until the first pass.
type Runner struct {
	// Required.
	Stores    *objstore.Opener // opens the logs, the references and saved profiles
	State     *objstore.Store
	Ledger    *trigger.Ledger                                // the one in State
	Pipelines func(*config.Model) (trigger.Pipelines, error) // returns nil, nil where a model has none
	Clock     func() time.Time
	Log       *slog.Logger

	// Optional.
	Summaries     Summaries // nil reads the logs that the models name
	Querier       Querier   // nil where no Prometheus is configured
	Publishers    []Publisher
	Notifiers     []Notifier
	Links         config.Links    // the templates of the links in messages
	Illustrator   Illustrator     // nil leaves messages without sentences and pictures
	Reporter      Reporter        // of passes that record what they judge; nil where no reports are written
	Secrets       *redact.Secrets // are taken out of errors that are kept or told; nil for none
	Limits        groundtruth.Limits
	Identity      string                                     // who this is in the ledger, for people
	Progress      func(label string) func(done, total int64) // nil for none
	KeepSummaries time.Duration                              // how long after its end a window's Summary is kept; 0 keeps none
	Observe       func(Work)                                 // told what each window and reference took, from several goroutines; nil for nobody
	PeakMemory    func() int64                               // of the process, in bytes; 0 or nil where it is not known
	Hook          func(step string)                          // crash tests stop the process in it; nil for none
}

// New returns r, or an error that names each required field that it lacks.
func New(r Runner) (*Runner, error) {
	var missing []string
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"Stores", r.Stores != nil}, {"State", r.State != nil}, {"Ledger", r.Ledger != nil}, {"Pipelines", r.Pipelines != nil}, {"Clock", r.Clock != nil}, {"Log", r.Log != nil},
	} {
		if !field.set {
			missing = append(missing, field.name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("make a runner: set %s", strings.Join(missing, ", "))
	}
	return &r, nil
}

// Options say what a pass does beyond the usual. The zero value is a pass as of now
// that acts.
type Options struct {
	AsOf   time.Time           // zero: now
	Window *groundtruth.Window // judge just this one
	DryRun bool                // no push, launch, message or write
	Push   bool                // with Window or AsOf: push all the same
	Launch bool                // with Window or AsOf: launch all the same
	Merge  bool                // AsOf is that of shards: take what they kept, and act as a pass of now does
	Late   bool                // AsOf is a moment at which a pass should have been: act as that would have

	Reporter Reporter // of this pass, beside the Runner's: of a dry run too; nil for none
}

// effects say what a pass may do (semantics, section 1). Options decide on them.
type effects struct {
	write, push, launch, tell bool
}

// looks reports whether the pass only looks at a window or a time in the past.
func (o Options) looks() bool { return o.Window != nil || o.past() }

// past reports whether the pass looks from another moment than now. The shards of a pass
// of now agree on a moment, too, and a late pass has that of its slot, but neither looks back.
func (o Options) past() bool { return !o.AsOf.IsZero() && !o.Merge && !o.Late }

// effects returns what a pass with these options may do.
func (o Options) effects() effects {
	looks := o.looks()
	e := effects{write: true, push: !looks || o.Push, launch: !looks || o.Launch}
	e.tell = e.push || e.launch
	if o.DryRun {
		e = effects{}
	}
	return e
}

// Pass judges a model: the windows that have become mature and the newest closed
// one, or the window that the options name. It returns what it judged, mature before
// closed and newest first, even where a later step failed. A failed push, message or
// query is part of the error, and changes no decision.
func (r *Runner) Pass(ctx context.Context, m *config.Model, opt Options) ([]Outcome, error) {
	started := r.Clock()
	fx := opt.effects()
	asOf := opt.AsOf
	if asOf.IsZero() {
		asOf = started
	}
	asOf = asOf.UTC()
	if !fx.write {
		dry := *r
		dry.Ledger = r.Ledger.WithIndex(nil)
		r = &dry
	}
	p := &pass{Runner: r, model: m, opt: opt, effects: fx, asOf: asOf}
	err := p.run(ctx)
	p.tellRevised(ctx)
	outcomes := p.outcomes(slices.Concat(p.judged, p.redecided))
	reportErrors := p.report(ctx)
	status := RunStatus{Model: m.Name, Start: started, Duration: r.Clock().Sub(started), ReportErrors: reportErrors}
	status.Err = errors.Join(append([]error{err}, p.launchFailures...)...)
	if err != nil {
		return outcomes, errors.Join(status.Err, p.failed(ctx, status))
	}
	if opt.Merge {
		p.forgetUnits(ctx)
	}
	if fx.write && !opt.looks() {
		p.forgetSummaries(ctx)
	}
	return outcomes, errors.Join(status.Err, p.evaluated(ctx, status, p.outcomes(p.shown())))
}

// pass is one pass over one model: what it is asked to do, and what it has found and done
// so far. Runner makes one for each call.
type pass struct {
	*Runner
	model   *config.Model
	opt     Options
	effects effects
	asOf    time.Time
	replays bool // it is one moment of a backfill, which decides as a pass did then

	pipelines trigger.Pipelines
	launches  []trigger.LaunchStatus // the started runs, see launched; nil until they are read
	hungQuery hang                   // the query that the monitoring system did not answer in time

	layout          string                 // ID of the reference's layout, on which windows are counted; empty without one
	profile         *summary.Profile       // the reference's; nil without one
	ordinary        *ordinary              // the model's own windows, where the reference has no days and rules compare with it
	earlier         []trigger.LaunchStatus // the runs that were started before it
	again           []again                // the windows of its plan that were judged before
	otherRules      []again                // the windows that it is to judge again by other rules, without reading
	unusable        unusable               // the windows that it would judge again, had it their Summaries
	gonePredictions []groundtruth.Window   // the windows that it was to judge again and whose predictions are gone, oldest first
	judged          []*evaluated           // this pass's windows, oldest first, mature before closed
	redecided       []*evaluated           // windows of earlier passes that were decided on again
	held            []held                 // the Summaries of the windows that were judged last, for reports
	beside          []trigger.Record       // what a backfill knows of windows beside the ledger
	rolled          map[int64]rolled       // errors of windows that rolling references are made of, by the windows' starts in Unix seconds
	notes           []string               // what people must know of the pass, for its output alone: no window's record has them

	knownBreaches   map[string]trigger.OpenBreach // the breaches that people know of, by rule; nil until they are read
	breachesUnknown bool                          // knownBreaches could not be read
	toldInPass      map[string]bool               // what people were told in this pass: an event's kind and its incident's ID
	pictured        []Told                        // the recorded windows that the last picture was drawn of, up to picturedUpTo
	picturedUpTo    groundtruth.Window
	revised         []Revised            // what was judged otherwise now than people were told
	retracted       []trigger.Retraction // the runs that this pass has marked so
	goingOn         []Event              // what people know of and goes on, beside open breaches and runs

	launchFailures   []error // of runs that could not be started
	unaskedQueries   []error // of queries that nobody could be asked
	notReadAgain     []error // of windows that stay as they were judged
	unreadable       []error // of the other windows that could not be read
	deliveryFailures []error // of messages, and of what is read and pushed to make them
}

// run goes through the steps of a pass. Where one fails, what was judged before stays in
// the pass for its output.
func (p *pass) run(ctx context.Context) error {
	m := p.model
	var err error
	if p.pipelines, err = p.Pipelines(m); err != nil {
		return err
	}
	if p.effects.launch {
		p.follow(ctx)
	}
	windows, records, err := p.plan(ctx)
	if err != nil {
		return err
	}
	defer p.logNotes()
	if m.Reference != nil && p.Limits.Workers != 1 {
		// What the first judgement needs is made while profile and windows are read.
		var prepared sync.WaitGroup
		prepared.Go(drift.Prepare)
		defer prepared.Wait()
	}
	ref, err := p.reference(ctx, m, p.effects.write)
	if err != nil {
		return err
	}
	p.setReference(ref)
	if err := p.loadOrdinary(ctx, ref); err != nil {
		return err
	}
	if windows, err = p.judgeKept(ctx, windows, records); err != nil {
		return err
	}
	return p.judgeAll(ctx, ref, windows, records)
}

// judgeAll judges windows, which come oldest first, decides on the newest of them, acts
// and records. A backfill does it for each of its moments.
func (p *pass) judgeAll(ctx context.Context, ref *reference, windows []planned, records []trigger.Record) error {
	records, err := p.judgeWindows(ctx, ref, windows, records)
	if err != nil {
		return err
	}
	if err := p.decide(ctx, records); err != nil {
		return err
	}
	for _, e := range p.judged {
		if e.decided {
			continue
		}
		if err := p.append(ctx, p.record(e), e); err != nil {
			return err
		}
	}
	return p.retract(ctx, records)
}

// decide finds what follows from the newest verdicts, acts, and puts each decision
// on the window that it rests on.
func (p *pass) decide(ctx context.Context, records []trigger.Record) error {
	m := p.model
	launches, claims, err := p.launchedAndClaimed(ctx)
	if err != nil {
		return err
	}
	states := trigger.NewestVerdicts(m.Grid(), records, p.rules())
	if p.opt.Window == nil {
		p.tellResolved(ctx, states)
	}
	done := map[groundtruth.Window]bool{}
	for _, e := range slices.Backward(p.judged) {
		o := &e.outcome
		if !o.OnGrid {
			o.Decision = trigger.Decision{Action: trigger.ActionNone, DryRun: p.opt.DryRun, Reason: "the window is off the grid: shown only"}
			continue
		}
		if e.decided {
			continue
		}
		done[o.Window] = true
		o.Rules = trigger.Mark(o.Rules, states, o.Window)
		d := trigger.Decide(p.input(o.Window, states, records, launches, claims))
		err := p.act(ctx, &d, e)
		o.Decision = d // what was done stands, also where a later step failed
		if err != nil {
			return err
		}
		if d.Action == trigger.ActionRetrain {
			if launches, err = p.launched(ctx); err != nil {
				return err
			}
			if claims, err = p.Ledger.OpenClaims(ctx, m.Name, launches); err != nil {
				return err
			}
		}
	}
	if p.opt.Window != nil || p.replays {
		return nil
	}
	return p.decideEarlier(ctx, done, states, records, launches, claims)
}

// rules returns the model's rules as the policy needs them.
func (p *pass) rules() []trigger.Rule {
	rules := make([]trigger.Rule, 0, len(p.model.Rules().Rules()))
	for _, rule := range p.model.Rules().Rules() {
		rules = append(rules, trigger.Rule{Name: rule.Name, Action: rule.Action, For: rule.For, NoLabels: !rule.NeedsLabels})
	}
	return rules
}

// policy returns when a retraining is started: of a backfill never.
func (p *pass) policy() trigger.Policy {
	policy := p.model.Policy()
	if p.replays {
		policy.Mode = trigger.ModeSuggest
	}
	return policy
}

// now returns the moment that decisions are made at: that of the clock, and in a backfill
// the one that it looks from.
func (p *pass) now() time.Time {
	if p.replays {
		return p.asOf
	}
	return p.Clock().UTC()
}

// input returns what the decision on a window rests on.
func (p *pass) input(w groundtruth.Window, states []trigger.RuleState, records []trigger.Record, launches []trigger.LaunchStatus, claims []trigger.Claim) trigger.DecideInput {
	return trigger.DecideInput{
		Model: p.model.Name, Policy: p.policy(), Grid: p.model.Grid(), Now: p.now(),
		Window: w, Rules: states, Records: records, Launches: launches, Claims: claims,
	}
}

// evaluated tells that passes work again, where they did not, and pushes the figures.
func (p *pass) evaluated(ctx context.Context, status RunStatus, outcomes []Outcome) error {
	p.tellWorks(ctx)
	p.keep(ctx)
	return p.publish(ctx, status, outcomes)
}

// publish pushes the figures, and returns with what failed there what failed to be
// delivered or asked before.
func (p *pass) publish(ctx context.Context, status RunStatus, outcomes []Outcome) error {
	errs := slices.Concat(p.unaskedQueries, p.notReadAgain, p.deliveryFailures)
	if p.effects.push && len(p.Publishers) > 0 {
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
	return undelivered(errs)
}

// undelivered makes an error of what did not get through, to receivers or to a
// Prometheus: it never changes a decision and never passes unseen.
func undelivered(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return &DeliveryError{errs}
}

// DeliveryError says that the evaluation and its decision are done and recorded, but
// a push or a message failed, a query that a rule rests on could not be asked, or a window
// that was to be judged again could not be read and stays as it was judged.
type DeliveryError struct{ errs []error }

// Error implements error.
func (e *DeliveryError) Error() string { return errors.Join(e.errs...).Error() }

// Unwrap returns what failed.
func (e *DeliveryError) Unwrap() []error { return e.errs }

// failed shows receivers of metrics that a pass failed, and tells people: of the first of
// several, and once a day of those after it.
func (p *pass) failed(ctx context.Context, status RunStatus) error {
	if errors.Is(status.Err, context.Canceled) {
		// The process was told to stop: a short grace for the last push alone.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
	}
	errs := slices.Concat(p.unaskedQueries, p.notReadAgain, p.deliveryFailures)
	p.deliveryFailures = nil
	if p.effects.push {
		for _, pub := range p.Publishers {
			if err := pub.PublishFailure(ctx, status); err != nil {
				errs = append(errs, fmt.Errorf("publish to %s: %w", pub.Name(), err))
			}
		}
	}
	if p.effects.tell && !errors.Is(status.Err, context.Canceled) {
		p.tellFailing(ctx, status.Err)
		p.launches = nil // a pass may fail long after it read them
		p.keep(ctx)
		errs = append(errs, p.deliveryFailures...)
	}
	return undelivered(errs)
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
	if s.Launches, err = p.launched(ctx); err != nil {
		return s, err
	}
	if s.Performance != nil {
		return s, nil
	}
	grid := p.model.Grid().String()
	last, ok, err := p.Ledger.LastMature(ctx, p.model.Name, grid, p.newestClosed())
	if err != nil || !ok {
		return s, err
	}
	records, err := p.Ledger.Newest(ctx, p.model.Name, grid, last)
	if err != nil {
		return s, err
	}
	for _, rec := range records {
		if rec.Stage == trigger.StageMature {
			o, err := recordedOutcome(rec)
			if err != nil {
				return s, err
			}
			s.Performance = &o
		}
	}
	return s, nil
}

// shown returns the windows of this pass whose figures may be the newest: not the older
// ones that were judged again.
func (p *pass) shown() []*evaluated {
	return slices.DeleteFunc(slices.Clone(p.judged), func(e *evaluated) bool { return e.again != nil && e.decided })
}

// outcomes returns windows as outcomesOf does. The first of them has the notes on the pass.
func (p *pass) outcomes(windows []*evaluated) []Outcome {
	out := p.outcomesOf(windows)
	if len(out) > 0 && len(p.notes) > 0 {
		out[0].Notes = slices.Concat(out[0].Notes, p.notes)
	}
	return out
}

// outcomesOf orders windows as people read them: mature before closed, newest first.
func (p *pass) outcomesOf(windows []*evaluated) []Outcome {
	var out []Outcome
	for _, e := range windows {
		if e.outcome.Decision.Action == "" {
			e.outcome.Decision = trigger.Decision{Action: trigger.ActionNone, DryRun: p.opt.DryRun, Reason: "not decided: the pass failed before"}
		}
		out = append(out, e.outcome)
	}
	slices.SortStableFunc(out, func(a, b Outcome) int {
		if a.Stage != b.Stage {
			return cmp.Compare(b.Stage, a.Stage) // "mature" is the greater word
		}
		return b.Window.Start.Compare(a.Window.Start)
	})
	return out
}
