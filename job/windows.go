package job

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// plan lists the windows to read, oldest first, and the records that streaks and
// decisions rest on.
func (p *pass) plan(ctx context.Context) ([]planned, []trigger.Record, error) {
	windows, err := p.windows(ctx)
	if err != nil {
		return nil, nil, err
	}
	launches, err := p.launched(ctx)
	if err != nil {
		return nil, nil, err
	}
	p.earlier = launches
	records, err := p.recent(ctx, launches, p.oldest(windows))
	if err != nil {
		return nil, nil, err
	}
	windows, err = p.relook(ctx, windows, records)
	return windows, records, err
}

// oldest returns the oldest window that the pass may judge, of those in its plan and of
// those that may be judged again.
func (p *pass) oldest(windows []planned) groundtruth.Window {
	if from, ok := p.relookFrom(); ok && from.Start.Before(windows[0].window.Start) {
		return from
	}
	return windows[0].window
}

// windows lists what was never judged, oldest first, with the newest closed window, and
// notes what people must know of the list: what is left to later passes, and that the grid is another one.
func (p *pass) windows(ctx context.Context) ([]planned, error) {
	m := p.model
	s := scheduleOf(m)
	if w := p.opt.Window; w != nil {
		return []planned{{window: *w, stage: s.stage(*w, p.asOf), onGrid: m.Grid().OnGrid(*w)}}, nil
	}
	first, err := p.first(ctx, s)
	if err != nil {
		return nil, err
	}
	from, recorded, err := p.recorded(ctx, s.grid, first)
	if err != nil {
		return nil, err
	}
	if n := len(recorded); n > 0 {
		last := recorded[n-1]
		if p.opt.Merge && s.stage(last, p.asOf) != trigger.StageMature {
			return nil, fmt.Errorf("merge as of %s: %w; make a pass without --merge", p.asOf.Format(time.RFC3339), ErrJudgedSince)
		}
		if p.opt.looks() && last.Start.After(p.asOf) {
			// A look at a time that passes have gone beyond shows its windows again.
			from, recorded = s.grid.LastMature(p.asOf, s.delay), nil
		}
	}
	windows, left := s.plan(from, recorded, p.asOf)
	if left.windows > 0 {
		p.note(fmt.Sprintf("%s; a pass judges %d of them at most (catch_up)", left, s.catchUp))
	}
	return windows, nil
}

// indexGapsEvery is how many windows without a gap the index may lack before recorded
// writes it again.
const indexGapsEvery = 8

// recorded returns the windows from one on, which is first or a later one before which
// there is no gap, that are recorded as mature.
func (p *pass) recorded(ctx context.Context, grid groundtruth.Grid, first groundtruth.Window) (from groundtruth.Window, windows []groundtruth.Window, err error) {
	name := grid.String()
	from, ok, err := p.Ledger.ClosedThrough(ctx, p.model.Name, name, first)
	if err != nil {
		return from, nil, err
	}
	if !ok {
		from = first
	}
	windows, err = p.Ledger.MatureWindows(ctx, p.model.Name, name, from.Start, p.newestClosed())
	if err != nil {
		return from, nil, err
	}
	closed := 0
	for w := from; closed < len(windows) && windows[closed].Equal(w); w = grid.Next(w) {
		closed++
	}
	if closed > indexGapsEvery {
		p.Ledger.KeepClosedThrough(ctx, p.model.Name, name, first, windows[closed-1])
	}
	return from, windows, nil
}

// first returns the window from which on the pass leaves no mature one out. The first
// pass on a grid keeps it, and says so where the model was judged on another one before,
// or has predictions of earlier windows.
func (p *pass) first(ctx context.Context, s schedule) (groundtruth.Window, error) {
	grid := s.grid.String()
	first, began, err := p.Ledger.First(ctx, p.model.Name, grid)
	if err != nil || began {
		return first, err
	}
	none := first == (groundtruth.Window{})
	if none {
		first = s.grid.LastMature(p.asOf, s.delay)
	}
	if p.opt.looks() {
		// Where no pass has been yet, looks at later and later times go on from one another.
		if last, ok, err := p.Ledger.LastMature(ctx, p.model.Name, grid, p.newestClosed()); err != nil || ok && none {
			return last, err
		}
		return first, nil
	}
	others, err := p.Ledger.Grids(ctx, p.model.Name)
	if err != nil {
		return first, err
	}
	if others = slices.DeleteFunc(others, func(o string) bool { return o == grid }); len(others) > 0 {
		p.note(fmt.Sprintf("windows are of %s from this pass on; those of %s stay in the ledger and count in no streak, gap or decision", grid, strings.Join(others, ", ")))
	}
	if none {
		if err := p.noteLeftOut(ctx, s.grid, first); err != nil {
			return first, err
		}
	}
	if !p.effects.write {
		return first, nil
	}
	return p.Ledger.Begin(ctx, p.model.Name, grid, first)
}

// note adds a note that is on the pass itself, and on no window.
func (p *pass) note(text string) { p.notes = append(p.notes, text) }

// logNotes logs the notes on the pass, once it has all of them.
func (p *pass) logNotes() {
	zone := p.model.Grid().Zone()
	for _, note := range []string{p.unusable.note(zone), goneNote(p.gonePredictions, zone)} {
		if note != "" {
			p.note(note)
		}
	}
	for _, note := range p.notes {
		p.Log.Warn(Noted, "model", p.model.Name, "note", note)
	}
}

// grid returns what a record says of its grid: its name, or nothing off the grid.
func (p *pass) grid(onGrid bool) string {
	if !onGrid {
		return ""
	}
	return p.model.Grid().String()
}
