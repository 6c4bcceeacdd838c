package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// again is a window that a pass takes up and judges once more (semantics, section 7).
type again struct {
	old      trigger.Record // the newest that judged it as mature, without inputs and output
	revision int            // the newest recorded
	kept     bool           // it is judged from its kept Summary, for only the rules are other ones
	why      string         // for the log
}

// relookTenth bounds from below what counts as a window's age since it became mature: this
// part of relook. So a window is not read night after night while it is young.
const relookTenth = 10

// mostListed bounds for how many windows that lack labels a pass looks whether other objects
// are there. Labels that come change what is listed of all windows before them, and so of the
// longest unseen, which are looked at first.
const mostListed = 100

// relookFrom returns the oldest window that may be judged again: the first that became
// mature within relook, or the one so far back as a pass looks. It is false where none may.
func (p *pass) relookFrom() (groundtruth.Window, bool) {
	m := p.model
	if m.Relook <= 0 || p.opt.looks() {
		return groundtruth.Window{}, false
	}
	grid := m.Grid()
	w := grid.LastMature(p.asOf, m.GroundTruth.Delay)
	if p.maturity(w) > m.Relook {
		return w, false
	}
	for range trigger.Farthest {
		before := grid.Prev(w)
		if p.maturity(before) > m.Relook {
			break
		}
		w = before
	}
	return w, true
}

// maturity returns how long the window has been mature at the pass's as-of.
func (p *pass) maturity(w groundtruth.Window) time.Duration {
	return p.asOf.Sub(w.End.Add(p.model.GroundTruth.Delay))
}

// counted returns what of a window's age since it became mature counts.
func (p *pass) counted(age time.Duration) time.Duration {
	return max(age, p.model.Relook/relookTenth)
}

// nextReading returns from when on a window that was read then may be read again for new
// objects: once its age has doubled. It is false where that is beyond relook.
func (p *pass) nextReading(w groundtruth.Window, read time.Time) (time.Time, bool) {
	mature := w.End.Add(p.model.GroundTruth.Delay)
	age := 2 * p.counted(read.Sub(mature))
	return mature.Add(age).UTC(), age <= p.model.Relook
}

// relook adds to the windows of a plan those that are to be read again, as many as
// catch_up leaves room for: first those that were read otherwise than now, or lack
// labels and have other objects, longest unseen first. Those that only other rules have
// judged are left to judgeKept.
func (p *pass) relook(ctx context.Context, windows []planned, records []trigger.Record) ([]planned, error) {
	from, ok := p.relookFrom()
	if !ok || p.overtaken(records) {
		return windows, nil
	}
	var unread []again
	for _, c := range p.takenUp(from, windows, records) {
		due, _ := p.nextReading(c.old.Window, c.old.WasReadAsOf())
		switch {
		case trigger.OtherHash(c.old.ReadHash, p.model.ReadHash()), p.lacks(c.old.Predictions, c.old.Matched) && !due.After(p.asOf):
			unread = append(unread, c)
		case trigger.OtherHash(c.old.RulesHash, p.model.RulesHash()):
			p.otherRules = append(p.otherRules, c)
		}
	}
	slices.SortStableFunc(unread, func(a, b again) int { return a.old.WasReadAsOf().Compare(b.old.WasReadAsOf()) })
	room, listed, failed := p.room(windows, records), 0, 0
	var unreadable []again // last time
	for _, c := range unread {
		if room == 0 {
			break
		}
		c.why = "another configuration has read it"
		if !trigger.OtherHash(c.old.ReadHash, p.model.ReadHash()) {
			if listed == mostListed || failed > 1 { // two are taken for a store that doesn't answer
				continue
			}
			listed++
			c.why = "it lacked labels or predictions, and other objects are there"
			changed, err := p.changed(ctx, c.old)
			if err != nil {
				if ctx.Err() != nil {
					return nil, err
				}
				failed++
				p.leave(c.old.Window, err)
				continue
			}
			if !changed {
				if trigger.OtherHash(c.old.RulesHash, p.model.RulesHash()) {
					p.otherRules = append(p.otherRules, c)
				}
				continue
			}
		}
		tried, err := p.Ledger.WasTold(ctx, p.unreadableMark(c.old.Window))
		if err != nil {
			return nil, err
		}
		if tried {
			unreadable = append(unreadable, c)
			continue
		}
		room--
		windows = p.take(windows, c)
	}
	for _, c := range unreadable[:min(room, len(unreadable))] {
		windows = p.take(windows, c)
	}
	return windows, nil
}

// unreadableMark says of a window that it could not be read again by the configuration of
// now. Such windows come after the others, which they would keep from being judged else.
func (p *pass) unreadableMark(w groundtruth.Window) trigger.Told {
	return trigger.Told{Model: p.model.Name, Window: w, Grid: p.grid(true), Rule: "relook", State: "unreadable-" + p.model.ReadHash(), At: p.Clock()}
}

// overtaken reports whether windows were judged from a later moment than the one of a late
// pass or of shards. A judgement again as of then would seem to be older than they are, and
// have rules act on them that found their breach before it. It is left to the next pass.
func (p *pass) overtaken(records []trigger.Record) bool {
	return (p.opt.Late || p.opt.Merge) && slices.ContainsFunc(records, func(r trigger.Record) bool { return r.AsOf.After(p.asOf) })
}

// takenUp returns the windows from one on that are recorded as mature and are in no plan,
// oldest first.
func (p *pass) takenUp(from groundtruth.Window, windows []planned, records []trigger.Record) []again {
	in := make(map[int64]bool, len(windows))
	for _, w := range windows {
		in[w.window.Start.Unix()] = true
	}
	var out []again
	for _, rec := range records {
		w := rec.Window
		if w.Start.Before(from.Start) || p.maturity(w) < 0 || in[w.Start.Unix()] {
			continue
		}
		if n := len(out); n > 0 && out[n-1].old.Window.Equal(w) { // judged as closed only, after it was judged as mature
			out[n-1].revision = max(out[n-1].revision, rec.Revision)
			continue
		}
		if rec.Stage == trigger.StageMature {
			out = append(out, again{old: rec, revision: rec.Revision})
		}
	}
	return out
}

// room returns how many windows a pass may judge beside those that were never judged.
func (p *pass) room(windows []planned, records []trigger.Record) int {
	recorded := make(map[int64]bool, len(records))
	for _, r := range records {
		recorded[r.Window.Start.Unix()] = recorded[r.Window.Start.Unix()] || r.Stage == trigger.StageMature
	}
	never := 0
	for _, w := range windows {
		if w.stage == trigger.StageMature && !recorded[w.window.Start.Unix()] {
			never++
		}
	}
	return max(0, p.model.CatchUp-never)
}

// take puts a window that is judged again into the plan, which stays in the windows' order.
func (p *pass) take(windows []planned, c again) []planned {
	p.again = append(p.again, c)
	i, _ := slices.BinarySearchFunc(windows, c.old.Window, func(o planned, w groundtruth.Window) int { return o.window.Start.Compare(w.Start) })
	return slices.Insert(windows, i, planned{window: c.old.Window, stage: trigger.StageMature, onGrid: true})
}

// judgedAgain returns what the pass knows of a window that it judges again, nil of others.
func (p *pass) judgedAgain(w groundtruth.Window) *again {
	for i := range p.again {
		if p.again[i].old.Window.Equal(w) {
			return &p.again[i]
		}
	}
	return nil
}

// lacks reports whether a window with so many predictions and matches has no predictions,
// or fewer labels than a rule asks for. Of counts that are not known it says no.
func (p *pass) lacks(predictions, matched *int64) bool {
	if predictions == nil || matched == nil {
		return false
	}
	return *predictions == 0 || p.model.Rules().LacksLabels(*predictions, *matched)
}

// changed reports whether the objects that may hold a window's rows are other ones than
// those that its record lists. Where the predictions that it had are gone, as where old ones
// are removed, nothing is there to judge it by.
func (p *pass) changed(ctx context.Context, rec trigger.Record) (bool, error) {
	whole, err := p.Ledger.Whole(ctx, []trigger.Record{rec})
	if err != nil {
		return false, err
	}
	now, err := p.summaries().Inputs(ctx, WindowQuery{Model: p.model, Window: rec.Window, AsOf: p.asOf, Labels: true})
	if err != nil || sameInputs(now, whole[0].Inputs) {
		return false, err
	}
	gone, err := p.gone(ctx, rec)
	return !gone, err
}

// gone reports whether a window had predictions, and no object is there now that may hold
// any: its judgement is better than one by nothing.
func (p *pass) gone(ctx context.Context, rec trigger.Record) (bool, error) {
	if rec.Predictions == nil || *rec.Predictions == 0 {
		return false, nil
	}
	exact := *p.model
	exact.Predictions.Slack = 0 // the windows beside it may have objects
	inputs, err := p.summaries().Inputs(ctx, WindowQuery{Model: &exact, Window: rec.Window, AsOf: p.asOf})
	return len(inputs) == 0, err
}

// keepJudgement records that the configuration of now has looked for a window and found no
// predictions of it: the judgement is that of before, and no pass reads the window again.
// That is no judgement again, so as-of and streaks stay as they are.
func (p *pass) keepJudgement(ctx context.Context, old trigger.Record) error {
	p.gonePredictions = append(p.gonePredictions, old.Window)
	whole, err := p.Ledger.Whole(ctx, []trigger.Record{old})
	if err != nil {
		return err
	}
	kept, e := whole[0], &evaluated{}
	if e.outcome, err = recordedOutcome(kept); err != nil {
		return err
	}
	e.outcome.Notes = append(e.outcome.Notes, "by another configuration no object of its predictions is there: it stays as it was judged")
	e.outcome.Decision = trigger.Decision{Action: trigger.ActionNone, Reason: "recorded: it stays as it was judged; rules act on the newest window"}
	kept.Decision, kept.ReadHash, kept.RecordedAt = e.outcome.Decision, p.model.ReadHash(), p.Clock().UTC()
	return p.append(ctx, kept, e)
}

// goneNote says of the windows whose predictions are not where the configuration of now
// looks for them that they stay as they are, and what to do.
func goneNote(windows []groundtruth.Window, zone groundtruth.Zone) string {
	if len(windows) == 0 {
		return ""
	}
	newest := windows[len(windows)-1] // they come oldest first
	text := fmt.Sprintf("a window, %s, was read by another configuration and stays as it was judged: it had predictions, and predictions.url of now has no object of its time", newest.Text(zone, "/"))
	if n := len(windows); n > 1 {
		text = fmt.Sprintf("%d windows, from %s to %s, were read by another configuration and stay as they were judged: they had predictions, and predictions.url of now has no object of their time", n, windows[0].Text(zone, "/"), newest.Text(zone, "/"))
	}
	return text + fmt.Sprintf("; where that is not meant, correct predictions.url or copy the objects there, and hindcast run --window %s reads it", newest)
}

// leave leaves a window that was to be judged again as it is, for it cannot be read, or its
// queries cannot be asked. That keeps nothing else from being judged, and is told with the
// pass.
func (p *pass) leave(w groundtruth.Window, err error) {
	p.notReadAgain = append(p.notReadAgain, fmt.Errorf("judge window %s again, which stays as it was judged: %w", w.Text(p.model.Grid().Zone(), "/"), err))
}

// judgeKept adds to the plan the windows that are judged again by other rules, from
// their kept Summaries, newest first, as many as catch_up leaves room for. Of those
// without one that can be used logNotes makes a note.
func (p *pass) judgeKept(ctx context.Context, windows []planned, records []trigger.Record) ([]planned, error) {
	if len(p.otherRules) == 0 {
		return windows, nil
	}
	slices.SortFunc(p.otherRules, func(a, b again) int { return b.old.Window.Start.Compare(a.old.Window.Start) })
	kept, err := p.keptSummaries(ctx)
	if err != nil {
		return nil, err
	}
	room := p.room(windows, records) - len(p.again)
	for _, c := range p.otherRules {
		switch {
		case !kept[summaryKey(p.model, c.old.Window)]:
			p.unusable.add(c.old.Window, "no Summary of it is kept")
		case c.old.Layout != p.layout:
			p.unusable.add(c.old.Window, "its Summary was counted on the layout of another reference")
		case room > 0:
			room--
			c.kept, c.why = true, "other rules have judged it"
			windows = p.take(windows, c)
		}
	}
	return windows, nil
}

// unusable are the windows that other rules have judged and that stay as they are, for
// there is no Summary by which they could be judged again.
type unusable struct {
	windows []groundtruth.Window
	why     []string // of each
}

func (u *unusable) add(w groundtruth.Window, why string) {
	u.windows, u.why = append(u.windows, w), append(u.why, why)
}

// note says of all of them together that they stay as they are, and what to do.
func (u *unusable) note(zone groundtruth.Zone) string {
	if len(u.windows) == 0 {
		return ""
	}
	oldest, newest := u.windows[0], u.windows[0]
	why := u.why[0]
	for i, w := range u.windows {
		if w.Start.Before(oldest.Start) {
			oldest = w
		}
		if w.Start.After(newest.Start) {
			newest, why = w, u.why[i]
		}
	}
	text := fmt.Sprintf("%d windows, from %s to %s, were judged by other rules and stay as they are: of the newest, ", len(u.windows), oldest.Text(zone, "/"), newest.Text(zone, "/"))
	if len(u.windows) == 1 {
		text = fmt.Sprintf("a window, %s, was judged by other rules and stays as it is: ", newest.Text(zone, "/"))
	}
	return text + why + fmt.Sprintf("; hindcast run --window %s reads it and judges it by the rules of now", newest)
}

// noteLacks says of a mature window that was read that it has no predictions or too few
// labels, and when it is read again; nothing of one that has enough, and of none where no
// pass goes on from this one. again says that it was read before, and lacked them then.
func (p *pass) noteLacks(w planned, c groundtruth.Coverage, again bool) string {
	goesOn := w.stage == trigger.StageMature && p.model.Relook > 0 && !p.opt.looks() && !p.replays
	if !goesOn || !p.lacks(&c.Predictions, &c.Matched) {
		return ""
	}
	text := "the window has "
	if again {
		text = "read again, the window still has "
	}
	if c.Predictions == 0 {
		text += "no predictions"
	} else {
		text += fmt.Sprintf("labels for %d of its %d predictions, fewer than a rule asks for", c.Matched, c.Predictions)
	}
	if next, ok := p.nextReading(w.window, p.asOf); ok {
		return fmt.Sprintf("%s; passes read it again from %s on if other objects are there then, and as soon as the configuration reads its logs otherwise; hindcast run --window %s reads it now", text, next.Format(time.RFC3339), w.window)
	}
	return fmt.Sprintf("%s; no pass reads it again (relook), hindcast run --window %s does", text, w.window)
}

// beforeNewest reports whether a window lies before one that is recorded as mature: a judgement
// again of it starts nothing.
func beforeNewest(w groundtruth.Window, records []trigger.Record) bool {
	return slices.ContainsFunc(records, func(r trigger.Record) bool {
		return r.Stage == trigger.StageMature && r.Window.Start.After(w.Start)
	})
}
