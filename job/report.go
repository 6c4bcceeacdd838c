package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

const (
	// reportBack is how many windows with labels a report that a pass writes goes back: a quarter
	// of a year of days. There is one for each window, and each repeats what came before.
	reportBack = 90
	// mostReported bounds the reports of a backfill, which are of the newest windows.
	mostReported = 90
	// mostHeld bounds the Summaries that are held for reports: those of the windows that a pass
	// judged last, of which a pass that records holds one or two.
	mostHeld = 4
	// reportPatience, and so much for each window, is how long reporters of a pass may take
	// together: what is shown of the model waits for them.
	reportPatience, windowPatience = time.Minute, 10 * time.Second
)

// Judged is what a pass has judged, as a Reporter is given it.
type Judged struct {
	Model   string
	Zone    groundtruth.Zone // of the model's windows
	Windows []Told           // that the pass judged: mature before closed, newest first
	Lines   []trigger.Record // of the newest windows, as Runner.Lines returns them

	teller *storyteller
	around []Told // windows of the grid, oldest first: what the Stories of Windows tell of
	held   []held
}

// held is the Summary of a window that a pass has judged and that the state doesn't keep, until its
// report is written.
type held struct {
	window  groundtruth.Window
	counted *summary.Summary
}

// setReference says what the pass compares windows with.
func (p *pass) setReference(ref *reference) {
	p.layout = ref.layoutID()
	if ref != nil {
		p.profile = ref.profile
	}
}

// reporters are those who are given what the pass judges.
func (p *pass) reporters() []Reporter {
	var out []Reporter
	if p.Reporter != nil && p.effects.write {
		out = append(out, p.Reporter)
	}
	if p.opt.Reporter != nil {
		out = append(out, p.opt.Reporter)
	}
	return out
}

// hold holds a window's Summary for its report, unless the state keeps it: it is large.
func (p *pass) hold(w planned, counted *summary.Summary) {
	kept := p.effects.write && w.onGrid && w.stage == trigger.StageMature && w.window.End.After(p.keepFrom())
	if kept || len(p.reporters()) == 0 {
		return
	}
	p.held = append(p.held, held{w.window, counted})
	if len(p.held) > mostHeld {
		p.held = slices.Delete(p.held, 0, 1)
	}
}

// report gives reporters what the pass judged and recorded, whether or not a later step of it
// failed, and returns how many of them failed; nil where there are none.
func (p *pass) report(ctx context.Context) *int {
	return p.tellReporters(ctx, func() (*Judged, error) {
		judged := slices.Concat(p.judged, p.redecided)
		if len(judged) == 0 {
			return nil, nil
		}
		return p.judgedOf(ctx, judged)
	})
}

// tellReporters gives reporters what gather returns, unless that is nil. A report that fails is
// warned of and counted. It changes nothing else: neither a decision, nor the ledger, nor how
// the pass ends.
func (p *pass) tellReporters(ctx context.Context, gather func() (*Judged, error)) *int {
	reporters := p.reporters()
	if len(reporters) == 0 {
		return nil
	}
	failures := 0
	if ctx.Err() != nil {
		return &failures
	}
	j, err := gather()
	if err != nil {
		p.warnOfReport(fmt.Errorf("read what reports tell: %w", err))
		failures = len(reporters)
		return &failures
	}
	if j == nil {
		return &failures
	}
	patience := reportPatience + time.Duration(len(j.Windows))*windowPatience
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for _, reporter := range reporters {
		if err := reporter.Report(ctx, j); err != nil {
			if ctx.Err() != nil {
				err = fmt.Errorf("given up after %s: %w", patience, err)
			}
			p.warnOfReport(err)
			failures++
		}
	}
	return &failures
}

// report gives reporters the newest windows of the backfill, when all are judged, those that
// were recorded before it among them: so it goes on where it was killed.
func (b *backfill) report(ctx context.Context, plan *Backfill) *int {
	return b.tellReporters(ctx, func() (*Judged, error) {
		upTo, _, err := b.Ledger.Shown(ctx, b.model.Name, b.model.Grid().String(), b.model.Grid().LastClosed(b.Clock()), &plan.last, mostReported)
		if err != nil {
			return nil, err
		}
		upTo = slices.DeleteFunc(upTo, func(s trigger.Shown) bool { return s.Window.Start.Before(plan.first.Start) })
		if len(upTo) == 0 {
			return nil, nil
		}
		windows, err := toldOfEach(upTo)
		if err != nil {
			return nil, err
		}
		slices.Reverse(windows)
		return b.newJudged(ctx, windows)
	})
}

// warnOfReport tells people of a report that failed.
func (p *pass) warnOfReport(err error) {
	p.Log.Warn("a report could not be written; what was judged and decided stands, and the next pass writes reports again", "model", p.model.Name, "err", p.Secrets.Error(err))
}

// judgedOf gathers what a Reporter needs of the windows of a pass.
func (p *pass) judgedOf(ctx context.Context, judged []*evaluated) (*Judged, error) {
	byWindow := map[groundtruth.Window]*evaluated{}
	for _, e := range judged {
		byWindow[e.outcome.Window] = e
	}
	var windows []Told
	for _, o := range p.outcomesOf(judged) {
		e := byWindow[o.Window]
		windows = append(windows, Told{
			Outcome: o, PolicyHash: p.model.PolicyHash(), Inputs: e.inputs, layout: p.layout, readAsOf: e.readAsOf,
		})
	}
	return p.newJudged(ctx, windows)
}

// newJudged reads the windows around those that a pass judged. Of one that is recorded it
// takes the record, so that its report says what one says that is made of the state later.
func (p *pass) newJudged(ctx context.Context, windows []Told) (*Judged, error) {
	t := newStoryteller(p.Runner, p.model)
	if p.profile != nil {
		t.profiles[p.layout] = foundProfile{profile: p.profile}
	}
	oldest, newest := span(windows)
	unlabelled := (newest.Start.Sub(oldest.Start) + p.model.GroundTruth.Delay) / p.model.Grid().Length()
	if err := t.read(ctx, &newest, reportBack+int(unlabelled)+1); err != nil {
		return nil, err
	}
	j := &Judged{Model: p.model.Name, Zone: p.model.Grid().Zone(), Windows: windows, teller: t, around: slices.Concat(t.told, t.newer), held: p.held}
	for i := range windows {
		w := &windows[i]
		at, found := slices.BinarySearchFunc(j.around, w.Window, byStart)
		switch {
		case !w.OnGrid:
		case found && w.Revision > 0:
			*w = j.around[at]
		case found:
			j.around[at] = *w
		default:
			j.around = slices.Insert(j.around, at, *w)
		}
	}
	var err error
	j.Lines, err = p.Lines(ctx, p.model, DefaultStory)
	return j, err
}

// byStart orders windows of a grid.
func byStart(of Told, w groundtruth.Window) int { return of.Window.Start.Compare(w.Start) }

// span returns the oldest and the newest of windows.
func span(windows []Told) (oldest, newest groundtruth.Window) {
	oldest, newest = windows[0].Window, windows[0].Window
	for _, w := range windows {
		if w.Window.Start.Before(oldest.Start) {
			oldest = w.Window
		}
		if w.Window.Start.After(newest.Start) {
			newest = w.Window
		}
	}
	return oldest, newest
}

// Story returns the Story of one of the windows that the pass judged.
func (j *Judged) Story(ctx context.Context, i int) (Story, error) {
	of := j.Windows[i]
	at, found := slices.BinarySearchFunc(j.around, of.Window, byStart)
	if found {
		at++
	}
	mature := at // after the newest window with labels
	for mature > 0 && j.around[mature-1].Stage != trigger.StageMature {
		mature--
	}
	told, newer := j.around[max(0, mature-reportBack):at], j.around[at:]
	if !of.OnGrid {
		told, newer = append(slices.Clone(told), of), nil
	}
	if slices.ContainsFunc(newer, func(w Told) bool { return w.Stage == trigger.StageMature }) {
		newer = nil
	}
	var fresh *summary.Summary
	for _, h := range j.held {
		if h.window.Equal(of.Window) {
			fresh = h.counted
		}
	}
	return j.teller.story(ctx, told, newer, fresh)
}
