package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// Backfill is the list of what a backfill of one model judges: PlanBackfill makes it, and
// Runner.Backfill goes through it. It is made before anything is read.
type Backfill struct {
	model   *config.Model
	moments []moment // in the order of time
	first   groundtruth.Window
	last    groundtruth.Window
}

// Windows returns the first and the last window of the backfill.
func (b *Backfill) Windows() (first, last groundtruth.Window) { return b.first, b.last }

// moment is one of the passes that a backfill stands for: when it looked, and the windows
// that it judged, oldest first.
type moment struct {
	asOf    time.Time
	windows []planned
}

// mostBackfilled bounds the windows of a backfill, against slips of the keyboard.
const mostBackfilled = 100_000

// PlanBackfill lists the judgements of the windows of the model's grid in [from, to). Each
// window is due at its closing and at its maturity, each time as of the first slot of the
// model's schedule then or after, and without a schedule at the moment itself. Moments
// after now are left out.
func (r *Runner) PlanBackfill(m *config.Model, from, to time.Time) (*Backfill, error) {
	s, now := scheduleOf(m), r.Clock().UTC()
	if to.After(now) {
		to = now
	}
	if n := to.Sub(from) / s.grid.Length(); n > mostBackfilled {
		return nil, fmt.Errorf("%s has about %d windows of %s from %s to %s, and a backfill takes %d at most: begin later, or go on piece by piece",
			m.Name, n, s.grid, from.Format(time.RFC3339), to.Format(time.RFC3339), mostBackfilled)
	}
	b := &Backfill{model: m, moments: s.moments(from, to, now, slots(m), slots(m))}
	if len(b.moments) == 0 {
		return nil, fmt.Errorf("%s has no window of %s from %s to %s that is due by now", m.Name, s.grid, from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	b.first, b.last = b.moments[0].windows[0].window, b.moments[0].windows[0].window
	for _, at := range b.moments {
		for _, w := range at.windows {
			if w.window.Start.Before(b.first.Start) {
				b.first = w.window
			}
			if w.window.Start.After(b.last.Start) {
				b.last = w.window
			}
		}
	}
	return b, nil
}

// slots returns what finds the first slot of the model's schedule at or after a moment. It
// is quick where moments come in their order: many may have one slot.
func slots(m *config.Model) func(time.Time) time.Time {
	cron := m.Cron()
	if cron == nil {
		return func(t time.Time) time.Time { return t }
	}
	var asked, slot time.Time
	return func(t time.Time) time.Time {
		if t.Before(asked) || t.After(slot) {
			asked, slot = t, cron.AtOrAfter(t).UTC()
		}
		return slot
	}
}

// moments lists when the windows in [from, to) are due, by the same rules as plan: at its
// slot a window is judged as mature, and the newest closed one of a slot as closed. closes
// and matures find these slots.
// catch_up does not bound them, for nothing is left to a later pass.
func (s schedule) moments(from, to, now time.Time, closes, matures func(time.Time) time.Time) []moment {
	byTime := map[int64]int{}
	var out []moment
	due := func(at time.Time, w groundtruth.Window, stage string) {
		if at.IsZero() || at.After(now) {
			return
		}
		i, ok := byTime[at.UnixNano()]
		if !ok {
			i = len(out)
			byTime[at.UnixNano()] = i
			out = append(out, moment{asOf: at})
		}
		out[i].windows = append(out[i].windows, planned{window: w, stage: stage, onGrid: true})
	}
	w := s.grid.Containing(from)
	if w.Start.Before(from) {
		w = s.grid.Next(w)
	}
	for ; !w.End.After(to); w = s.grid.Next(w) {
		closing, maturity := closes(w.End), matures(w.End.Add(s.delay))
		if !closing.Equal(maturity) && s.grid.LastClosed(closing).Equal(w) {
			due(closing, w, trigger.StageClosed)
		}
		due(maturity, w, trigger.StageMature)
	}
	slices.SortFunc(out, func(a, b moment) int { return a.asOf.Compare(b.asOf) })
	for _, m := range out {
		slices.SortFunc(m.windows, func(a, b planned) int { return a.window.Start.Compare(b.window.Start) })
		newest := s.grid.LastMature(m.asOf, s.delay)
		for i := range m.windows {
			m.windows[i].older = m.windows[i].stage == trigger.StageMature && newest.End.After(to)
		}
	}
	return out
}

// BackfillOptions say what a backfill does beyond the usual.
type BackfillOptions struct {
	DryRun bool // records nothing
	Push   bool // pushes the figures of the newest window in the end
	// Night is told of each moment when it is done with, with its windows, the oldest
	// first; nil for nobody. Its error ends the backfill.
	Night func(asOf time.Time, outcomes []Outcome) error
}

// Backfill judges the windows of the past as the passes of those days would have, had
// there been any, and records each that has no record of its stage or a later one. It
// goes through the moments of the plan; at each it is a pass as of then, which sees no
// label, record or run of later, decides as in mode suggest, and claims, tells and starts
// nothing. What is recorded already is shown as it was recorded last in its stage, so
// that a backfill that was killed goes on where it was.
func (r *Runner) Backfill(ctx context.Context, plan *Backfill, opt BackfillOptions) error {
	b := newBackfill(r, plan.model, opt)
	if err := b.begin(ctx, plan); err != nil {
		return err
	}
	for _, at := range plan.moments {
		outcomes, err := b.judge(ctx, at)
		if len(outcomes) > 0 && opt.Night != nil {
			err = errors.Join(err, opt.Night(at.asOf, outcomes))
		}
		if err != nil {
			return fmt.Errorf("backfill as of %s: %w", at.asOf.Format(time.RFC3339), err)
		}
	}
	return b.end(ctx, plan)
}

// backfill is a backfill that goes on: a pass whose moment moves, and what it needs from
// one moment to the next.
type backfill struct {
	pass
	started  time.Time
	ledger   *trigger.Ledger // of now; that of the pass is as of its moment
	ref      *reference
	launches []trigger.LaunchStatus   // all of the model's
	recorded map[int64]map[string]int // see trigger.NewestOfStages
	newest   map[string]Outcome       // the newest window of each stage, for the push
	unhidden bool                     // it is said that later labels were seen
}

func newBackfill(r *Runner, m *config.Model, opt BackfillOptions) *backfill {
	own := *r
	if opt.DryRun {
		own.Ledger = r.Ledger.WithIndex(nil)
	}
	return &backfill{
		pass: pass{
			Runner: &own, model: m, opt: Options{DryRun: opt.DryRun},
			effects: effects{write: !opt.DryRun, push: opt.Push && !opt.DryRun}, replays: true,
		},
		started: r.Clock(), ledger: own.Ledger, newest: map[string]Outcome{},
	}
}

// begin reads what all moments need, once.
func (b *backfill) begin(ctx context.Context, plan *Backfill) error {
	var err error
	if b.recorded, err = b.ledger.NewestOfStages(ctx, b.model.Name, b.model.Grid().String(), plan.first, plan.last); err != nil {
		return err
	}
	if b.launches, err = b.ledger.Launches(ctx, b.model.Name); err != nil {
		return err
	}
	if b.ref, err = b.reference(ctx, b.model, b.effects.write); err != nil {
		return err
	}
	b.setReference(b.ref)
	return b.loadOrdinary(ctx, b.ref)
}

// judge does the pass of one moment and returns its windows, the oldest first. Beside an
// error they are those that are recorded.
func (b *backfill) judge(ctx context.Context, at moment) ([]Outcome, error) {
	p := &b.pass
	p.asOf, p.judged = at.asOf, nil
	p.launches = trigger.LaunchesAsOf(b.launches, at.asOf)
	p.Ledger = b.ledger.AsOf(at.asOf)
	b.forget()
	windows := slices.Clone(at.windows)
	var outcomes []Outcome
	for i := range windows {
		w := &windows[i]
		stages := b.recorded[w.window.Start.Unix()]
		if revision := stages[w.stage]; revision > 0 {
			o, err := b.take(ctx, w.window, revision)
			if err != nil {
				return nil, err
			}
			w.recorded = true
			outcomes = append(outcomes, o)
		}
		w.shown = !w.recorded && stages[trigger.StageMature] > 0
	}
	var err error
	if len(outcomes) < len(windows) {
		var records []trigger.Record
		if records, err = p.recent(ctx, p.launches, windows[0].window); err == nil {
			err = p.judgeAll(ctx, b.ref, windows, records)
		}
	}
	for _, e := range p.judged {
		if err != nil && !e.decided {
			continue
		}
		outcomes = append(outcomes, e.outcome)
		if e.unrecorded || !p.effects.write {
			b.remember(p.record(e))
		}
	}
	slices.SortFunc(outcomes, func(x, y Outcome) int { return x.Window.Start.Compare(y.Window.Start) })
	for i := range outcomes {
		b.note(&outcomes[i])
	}
	return outcomes, err
}

// take returns a window as it was recorded. Where that was done later than at the
// backfill's moment, its record counts from here on all the same.
func (b *backfill) take(ctx context.Context, w groundtruth.Window, revision int) (Outcome, error) {
	record, err := b.ledger.Revision(ctx, b.model.Name, b.model.Grid().String(), w, revision)
	if err != nil {
		return Outcome{}, err
	}
	b.drop(w)
	if record.AsOf.After(b.asOf) {
		b.remember(record)
	}
	o, err := recordedOutcome(record)
	o.Recorded = true
	return o, err
}

// remember keeps a record that the ledger does not show at the moments to come, instead of
// what was kept of its window before.
func (b *backfill) remember(r trigger.Record) {
	b.drop(r.Window)
	r.Output, r.Inputs = nil, nil // no decision rests on them
	b.beside = append(b.beside, r)
}

func (b *backfill) drop(w groundtruth.Window) {
	b.beside = slices.DeleteFunc(b.beside, func(old trigger.Record) bool { return old.Window.Equal(w) })
}

// forget drops what is kept of windows so far back that no pass looks at them.
func (b *backfill) forget() {
	grid := b.model.Grid()
	farthest := grid.LastMature(b.asOf, b.model.GroundTruth.Delay).Start.Add(-trigger.Farthest * grid.Length())
	b.beside = slices.DeleteFunc(b.beside, func(r trigger.Record) bool { return r.Window.Start.Before(farthest) })
}

// note keeps a window that may be the newest of its stage, and says on the first one that
// it concerns, beside what is recorded of it, that later labels were seen.
func (b *backfill) note(o *Outcome) {
	if old, ok := b.newest[o.Stage]; !ok || o.Window.Start.After(old.Window.Start) {
		b.newest[o.Stage] = *o
	}
	if b.unhidden || o.AsOfApplied || o.Coverage.Matched == nil {
		return
	}
	b.unhidden = true
	const note = "labels have no ingest time, so labels that came in later were seen as well: these figures may be better founded than those of that night; " +
		"map ground_truth.columns.ingested_at, or have a {date} in ground_truth.url, to hide them"
	b.Log.Warn(Noted, "model", b.model.Name, "note", note)
	o.Notes = append(slices.Clip(o.Notes), note)
}

// end has reports written, pushes the figures of the newest window where that is asked for,
// and returns what could not be asked or pushed.
func (b *backfill) end(ctx context.Context, plan *Backfill) error {
	p := &b.pass
	p.Ledger, p.launches = b.ledger, b.launches
	if p.launches == nil {
		p.launches = []trigger.LaunchStatus{}
	}
	var newest []Outcome
	for _, stage := range trigger.Stages() {
		if o, ok := b.newest[stage]; ok {
			newest = append(newest, o)
		}
	}
	reportErrors := b.report(ctx, plan)
	return p.publish(ctx, RunStatus{Model: p.model.Name, Start: b.started, Duration: p.Clock().Sub(b.started), ReportErrors: reportErrors}, newest)
}
