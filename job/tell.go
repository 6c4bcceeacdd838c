package job

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// untilSlack is how late a pass may be before what it would have said counts as unsaid.
const untilSlack = time.Hour

// until returns when the next pass but one should have said more: by the model's schedule,
// else by the length of its windows.
func (p *pass) until() time.Time {
	now := p.Clock().UTC()
	if c := p.model.Cron(); c != nil {
		if next := c.Next(now); !next.IsZero() {
			if second := c.Next(next); !second.IsZero() {
				return second.UTC().Add(untilSlack)
			}
		}
	}
	grid := p.model.Grid()
	w := grid.Containing(now)
	return now.Add(grid.Next(w).End.Sub(w.Start)).Add(untilSlack)
}

// openBreaches returns the breaches that people know of, and false where that cannot
// be found out, which is tried once and told with the pass: then it knows those of this
// pass alone.
func (p *pass) openBreaches(ctx context.Context) (map[string]trigger.OpenBreach, bool) {
	if p.knownBreaches == nil {
		m := p.model
		newest := p.newestClosed()
		open, err := p.Ledger.OpenBreaches(ctx, m.Name, p.rules(), newest, m.Grid().LastMature(newest.End, m.GroundTruth.Delay).Start)
		if err != nil {
			p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("look for what was told: %w", err))
			p.breachesUnknown, open = true, map[string]trigger.OpenBreach{}
		}
		p.knownBreaches = open
	}
	return p.knownBreaches, !p.breachesUnknown
}

// breach returns the incident of a rule's breach that was first told of the window that
// starts at since.
func (p *pass) breach(rule string, since, opened time.Time) Incident {
	return Incident{
		ID: p.model.Name + "/rule/" + rule + "/" + since.UTC().Format(time.RFC3339), Rule: rule, Since: since.UTC(), Opened: opened.UTC(),
	}
}

// breachOf returns the incident that the breach of a rule on a grid's window belongs to.
func (p *pass) breachOf(ctx context.Context, grid string, w groundtruth.Window, rule string) Incident {
	told, ok, err := p.Ledger.BreachTold(ctx, p.model.Name, grid, w, rule)
	if err != nil {
		p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("look for what was told: %w", err))
	}
	if !ok {
		return p.breach(rule, w.Start, p.Clock())
	}
	return p.breach(rule, told.Since, told.At)
}

// launchOf returns the incident that a run belongs to: the breach that it was started for,
// or one of its own when a person started it.
func (p *pass) launchOf(ctx context.Context, l *trigger.Launch, first bool) Incident {
	if l.Rule != "" && l.Window != nil {
		return p.breachOf(ctx, l.Grid, *l.Window, l.Rule)
	}
	return Incident{ID: p.model.Name + "/run/" + l.Key, Since: l.LaunchedAt.UTC(), Opened: l.LaunchedAt.UTC(), First: first}
}

// tellBreach tells of a rule's breach, once per window.
func (p *pass) tellBreach(ctx context.Context, r rule.Result, o *Outcome, d *trigger.Decision) {
	if !p.tells() {
		return
	}
	// Where nobody can say what people know, a new incident is better than silence.
	open, _ := p.openBreaches(ctx)
	told := trigger.Told{
		Model: p.model.Name, Window: o.Window, Grid: p.grid(o.OnGrid), Rule: r.Name, State: trigger.ToldBreached, Since: o.Window.Start, At: p.Clock(), Reason: r.Reason,
	}
	b, known := open[r.Name]
	if known {
		told.Since = b.First.Since
	}
	if !p.claim(ctx, told) {
		return
	}
	if !known {
		b.First = told
	}
	b.Last = told
	open[r.Name] = b
	incident := p.breach(r.Name, b.First.Since, b.First.At)
	incident.First = !known
	e := Event{Kind: EventBreach, Incident: incident, Rules: []rule.Result{r}, Outcome: o, Decision: d}
	p.illustrate(ctx, &e)
	p.tell(ctx, e)
}

// tellResolved tells, of each rule whose breach people know of, that its newest
// verdict is healthy. An inconclusive verdict is no recovery.
func (p *pass) tellResolved(ctx context.Context, states []trigger.RuleState) {
	if !p.tells() || !slices.ContainsFunc(states, func(s trigger.RuleState) bool { return s.Verdict == rule.Healthy }) {
		return
	}
	open, ok := p.openBreaches(ctx)
	if !ok {
		return
	}
	for _, s := range states {
		b, known := open[s.Name]
		if !known || s.Verdict != rule.Healthy || s.Window.Start.Before(b.Last.Window.Start) {
			continue
		}
		delete(open, s.Name)
		// Claimed on the last window that was breached, so that the healthy ones after
		// this one tell nothing.
		if !p.claim(ctx, trigger.Told{Model: p.model.Name, Window: b.Last.Window, Grid: b.Last.Grid, Rule: s.Name, State: trigger.ToldResolved, Since: b.First.Since, At: p.Clock(), Reason: s.Reason}) {
			continue
		}
		e := Event{Kind: EventResolved, Incident: p.breach(s.Name, b.First.Since, b.First.At), Rules: []rule.Result{s.Result}}
		for _, judged := range p.judged {
			if judged.outcome.Window.Equal(s.Window) {
				e.Outcome = &judged.outcome
			}
		}
		p.illustrate(ctx, &e)
		p.tell(ctx, e)
	}
}

// tellNotStarted counts an attempt to start a run that failed, and tells of it.
func (p *pass) tellNotStarted(ctx context.Context, d *trigger.Decision, o *Outcome, cause error) {
	if !p.tells() {
		return
	}
	outage, tell, err := p.Ledger.Failed(ctx, p.model.Name, d.Key, o.Window, p.Clock())
	if err != nil {
		p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("tell that %s was not started: %w", d.Run, err))
		return
	}
	e := Event{Kind: EventLaunchFailed, Incident: p.breachOf(ctx, p.grid(o.OnGrid), o.Window, d.Rule), Failures: outage.Failures, Outcome: o, Decision: d, Err: cause}
	e.Incident.Opened = outage.Since.UTC()
	p.goesOn(ctx, e, tell)
}

// tellStarted tells of the decision's run once, and after how many attempts.
func (p *pass) tellStarted(ctx context.Context, d *trigger.Decision, o *Outcome) error {
	if !p.tells() {
		return nil
	}
	launches, err := p.launched(ctx)
	if err != nil {
		return err
	}
	for i := range launches {
		l := &launches[i].Launch
		if l.RunID != d.RunID {
			continue
		}
		if !p.claimStarted(ctx, l.Key) {
			continue
		}
		e := Event{Kind: EventRetrainStarted, Incident: p.launchOf(ctx, l, false), Outcome: o, Decision: d, Launch: l, RunURL: l.URL}
		outage, _, err := p.Ledger.Worked(ctx, p.model.Name, d.Key, o.Window, p.Clock())
		if err != nil {
			p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("tell that %s was started: %w", d.Run, err))
		} else if outage.Failures > 0 {
			e.Failures, e.Incident.Opened = outage.Failures, outage.Since.UTC()
		}
		p.tell(ctx, e)
	}
	return nil
}

// tellChanges tells what became of started runs; each change was recorded by this
// process alone, so it is told by this process alone.
func (p *pass) tellChanges(ctx context.Context, changes []trigger.Transition) {
	if !p.effects.tell {
		return
	}
	for i := range changes {
		c := &changes[i]
		e := Event{Launch: &c.Launch, State: &c.To, RunURL: c.URL}
		switch {
		case c.To.State == trigger.StateDuplicate:
			e.Kind = EventRetrainDuplicate
		case c.To.State == trigger.StateSucceeded:
			e.Kind = EventRetrainFinished
		case trigger.Terminal(c.To.State):
			e.Kind = EventRetrainFailed
		default:
			continue
		}
		e.Incident = p.launchOf(ctx, &c.Launch, false)
		p.tell(ctx, e)
	}
}

// tellFailing counts a failed pass, and tells of it.
func (p *pass) tellFailing(ctx context.Context, cause error) {
	if !p.tells() {
		return
	}
	closed := p.model.Grid().LastClosed(p.asOf)
	if p.opt.looks() {
		// A look is no pass: it begins no series of failures and ends none.
		w := closed
		if p.opt.Window != nil {
			w = *p.opt.Window
		}
		if p.claim(ctx, trigger.Told{Model: p.model.Name, Window: w, Rule: "evaluation", State: "failing", At: p.Clock()}) {
			p.tell(ctx, Event{Kind: EventEvaluationFailing, Incident: Incident{
				ID: p.model.Name + "/look/" + w.String(), Since: w.Start.UTC(), Opened: p.Clock().UTC(), First: true,
			}, Failures: 1, Err: cause})
		}
		return
	}
	outage, tell, err := p.Ledger.Failed(ctx, p.model.Name, trigger.OutageEvaluation, closed, p.Clock())
	if err != nil {
		p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("tell that the evaluation fails: %w", err))
		return
	}
	e := Event{Kind: EventEvaluationFailing, Incident: p.failing(outage), Failures: outage.Failures, Err: cause}
	e.Incident.First = outage.Failures == 1
	p.goesOn(ctx, e, tell)
}

// failing returns the incident of an outage of passes.
func (p *pass) failing(o trigger.Outage) Incident {
	return Incident{
		ID:    fmt.Sprintf("%s/evaluation/%d/%s", p.model.Name, o.Number, o.Since.UTC().Format(time.RFC3339)),
		Since: o.Window.Start.UTC(), Opened: o.Since.UTC(),
	}
}

// tellWorks tells that a pass succeeded after some that failed.
func (p *pass) tellWorks(ctx context.Context) {
	if !p.tells() || p.opt.looks() {
		return
	}
	outage, ended, err := p.Ledger.Worked(ctx, p.model.Name, trigger.OutageEvaluation, p.model.Grid().LastClosed(p.asOf), p.Clock())
	if err != nil {
		p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("tell that the evaluation works again: %w", err))
		return
	}
	if ended {
		p.tell(ctx, Event{Kind: EventEvaluationWorks, Incident: p.failing(outage), Failures: outage.Failures})
	}
}

// goesOn tells of an event of something that goes on. Where people know of it, the event
// is kept for keep alone.
func (p *pass) goesOn(ctx context.Context, e Event, tell bool) {
	if tell {
		p.tell(ctx, e)
		return
	}
	p.goingOn = append(p.goingOn, e)
}

// claimStarted claims the telling of a run's start.
func (p *pass) claimStarted(ctx context.Context, key string) bool {
	return p.claim(ctx, trigger.Told{Model: p.model.Name, Rule: key, State: "started", At: p.Clock()})
}

// claim claims a telling and reports whether it is this pass's to make.
func (p *pass) claim(ctx context.Context, t trigger.Told) bool {
	first, err := p.Ledger.Tell(ctx, t)
	if err != nil {
		p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("tell of %s %s: %w", t.Rule, t.State, err))
		return false
	}
	return first
}

// tells reports whether the pass tells people of anything.
func (p *pass) tells() bool { return p.effects.tell && len(p.Notifiers) > 0 }

// tell sends an event to everyone. A receiver that fails keeps it from no other.
func (p *pass) tell(ctx context.Context, e Event) {
	p.stamp(&e)
	if p.toldInPass == nil {
		p.toldInPass = map[string]bool{}
	}
	p.toldInPass[string(e.Kind)+" "+e.Incident.ID] = true
	for _, n := range p.Notifiers {
		p.undelivered(n, n.Notify(ctx, e))
	}
}

// stamp fills in what all events have.
func (p *pass) stamp(e *Event) {
	e.Model, e.Time, e.TimeZone, e.Until = p.model.Name, p.Clock().UTC(), p.model.Grid().Zone(), p.until()
	e.Err = p.Secrets.Error(e.Err)
	p.link(e)
}

// messageError says that a receiver did not take messages, all for the same reason.
// undelivered counts them in it.
type messageError struct {
	receiver string
	first    error
	messages int
}

// Error implements error.
func (e *messageError) Error() string {
	text := fmt.Sprintf("notify %s: %v", e.receiver, e.first)
	if e.messages > 1 {
		text += fmt.Sprintf(" (%d messages)", e.messages)
	}
	return text
}

// Unwrap returns what failed.
func (e *messageError) Unwrap() error { return e.first }

// undelivered notes that a message did not get through, counting what fails in the
// same way.
func (p *pass) undelivered(n Notifier, err error) {
	if err == nil {
		return
	}
	for _, old := range p.deliveryFailures {
		if m, ok := old.(*messageError); ok && m.receiver == n.Name() && m.first.Error() == err.Error() { //nolint:errorlint // the list's own elements
			m.messages++
			return
		}
	}
	p.deliveryFailures = append(p.deliveryFailures, &messageError{n.Name(), err, 1})
}

// keep says of all that people know of and that goes on that it does, to receivers
// that would take silence for its end.
func (p *pass) keep(ctx context.Context) {
	if !p.effects.tell || p.opt.looks() || !slices.ContainsFunc(p.Notifiers, func(n Notifier) bool { _, ok := n.(Keeper); return ok }) {
		return
	}
	if !p.breachesUnknown {
		p.knownBreaches = nil // another process may have told of an end since
	}
	open, _ := p.openBreaches(ctx)
	events := p.goingOn
	for _, name := range slices.Sorted(maps.Keys(open)) {
		b := open[name]
		events = append(events, Event{
			Kind: EventBreach, Incident: p.breach(name, b.First.Since, b.First.At),
			Rules: []rule.Result{{Name: name, Verdict: rule.Breached, Reason: b.Last.Reason}}, Window: &b.Last.Window,
		})
	}
	launches, err := p.launched(ctx)
	if err != nil {
		p.deliveryFailures = append(p.deliveryFailures, fmt.Errorf("look for runs that go on: %w", err))
	}
	for i := range launches {
		// Nobody looks after the runs of a pipeline that was taken out of the configuration.
		if l := &launches[i]; !l.Terminal && p.model.Retrain.Kubeflow != nil {
			events = append(events, Event{Kind: EventRetrainStarted, Incident: p.launchOf(ctx, &l.Launch, false), Launch: &l.Launch, RunURL: l.Launch.URL})
		}
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return p.toldInPass[string(e.Kind)+" "+e.Incident.ID] })
	if len(events) == 0 {
		return
	}
	for i := range events {
		p.stamp(&events[i])
	}
	for _, n := range p.Notifiers {
		if k, ok := n.(Keeper); ok {
			p.undelivered(n, k.Keep(ctx, events))
		}
	}
}
