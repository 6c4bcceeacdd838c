package trigger

import (
	"context"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// Shown is a window as people are shown it: its newest revision, or the newest mature one
// where the newest judged it as closed only. The record is whole.
type Shown struct {
	Record
	Revisions int // how many the window has
}

// Shown returns windows of a grid, oldest first: upTo are the n windows up to the one at, and
// after are those after it, as far as all of them are judged as closed only. Where a window
// after it is mature, after is empty. Without at it is the newest mature window, or where
// there is none the newest one. Where at has no record, upTo ends before it. No window starts
// later than newest.
//
// It costs a request for each revision that it reads: those that it returns and at most a few
// windows beside them; and the listing of the eras that they may lie in, or of all the model's
// evaluations where there are few, or a long gap. Neither list is longer than Farthest.
func (l *Ledger) Shown(ctx context.Context, model, grid string, newest groundtruth.Window, at *groundtruth.Window, n int) (upTo, after []Shown, err error) {
	n = min(n, Farthest)
	if at == nil {
		windows, err := l.windowsUpTo(ctx, model, grid, newest, n+Farthest)
		if err != nil {
			return nil, nil, err
		}
		return l.shownNewest(ctx, windows, n)
	}
	windows, err := l.windowsUpTo(ctx, model, grid, *at, n)
	if err != nil {
		return nil, nil, err
	}
	if upTo, err = l.shown(ctx, windows[max(0, len(windows)-n):]); err != nil {
		return nil, nil, err
	}
	after, err = l.shownAfter(ctx, model, grid, *at, newest)
	return upTo, after, err
}

// windowsUpTo lists the newest windows of a grid that are no later than last, oldest first: n of
// them at the least, if there are so many.
func (l *Ledger) windowsUpTo(ctx context.Context, model, grid string, last groundtruth.Window, n int) ([]windowKeys, error) {
	in := func(p place) bool { return p.on(grid) && compareWindows(p.window, last) <= 0 }
	full := fullWindow(last, grid)
	var out []windowKeys
	for _, era := range slices.Backward(erasBetween(farthestBefore(full), last.Start, eraDigits(full))) {
		windows, err := l.windowsOfEra(ctx, model, era, in)
		if err != nil {
			return nil, err
		}
		if out = slices.Concat(windows, out); len(out) >= n {
			return out, nil
		}
	}
	return l.windowsOfEra(ctx, model, "", in)
}

// windowsOfEra lists the windows of an era, or of all of them, that in says yes to.
func (l *Ledger) windowsOfEra(ctx context.Context, model, era string, in func(place) bool) ([]windowKeys, error) {
	dir := evaluationDir(model, true)
	objects, err := l.objects(ctx, dir+era)
	if err != nil {
		return nil, err
	}
	return revisions(dir, objects, in)
}

// shownNewest returns what Shown does without a window to end at.
func (l *Ledger) shownNewest(ctx context.Context, windows []windowKeys, n int) (upTo, after []Shown, err error) {
	var newest []Shown // of all windows, oldest first
	mature := -1       // the newest mature one in it
	for left := windows; len(left) > 0 && mature < 0 && len(newest) < Farthest; {
		lot := left[max(0, len(left)-readers):]
		left = left[:len(left)-len(lot)]
		read, err := l.shown(ctx, lot)
		if err != nil {
			return nil, nil, err
		}
		newest = slices.Concat(read, newest)
		for i, s := range read {
			if s.Stage == StageMature {
				mature = i
			}
		}
	}
	end := len(newest) // of upTo in newest
	if mature >= 0 {
		end = mature + 1
	}
	upTo, after = newest[:end], newest[end:]
	if lacks := n - len(upTo); lacks > 0 {
		left := windows[:len(windows)-len(newest)]
		older, err := l.shown(ctx, left[max(0, len(left)-lacks):])
		if err != nil {
			return nil, nil, err
		}
		upTo = slices.Concat(older, upTo)
	}
	return upTo[max(0, len(upTo)-n):], after, nil
}

// shownAfter reads the windows of a grid that are later than at and no later than newest, oldest
// first, as far as none of them is mature: where one is, it returns none.
func (l *Ledger) shownAfter(ctx context.Context, model, grid string, at, newest groundtruth.Window) ([]Shown, error) {
	in := func(p place) bool {
		return p.on(grid) && compareWindows(p.window, at) > 0 && compareWindows(p.window, newest) <= 0
	}
	var out []Shown
	for _, era := range erasToList(at.Start, newest.Start, eraDigits(fullWindow(at, grid))) {
		windows, err := l.windowsOfEra(ctx, model, era, in)
		if err != nil {
			return nil, err
		}
		for lot := range slices.Chunk(windows[:min(len(windows), Farthest-len(out))], readers) {
			read, err := l.shown(ctx, lot)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(read, func(s Shown) bool { return s.Stage == StageMature }) {
				return nil, nil
			}
			out = append(out, read...)
		}
	}
	return out, nil
}

// ShownOffGrid returns a window off the grid, and false where it has no record.
func (l *Ledger) ShownOffGrid(ctx context.Context, model string, w groundtruth.Window) (Shown, bool, error) {
	dir := evaluationDir(model, false)
	objects, err := l.objects(ctx, dir+placeOf(w, "").String()+"/")
	if err != nil {
		return Shown{}, false, err
	}
	windows, err := revisions(dir, objects, anyGrid)
	if err != nil || len(windows) == 0 {
		return Shown{}, false, err
	}
	read, err := l.shown(ctx, windows[:1])
	if err != nil {
		return Shown{}, false, err
	}
	return read[0], true, nil
}

// shown reads one record of each window, several at a time.
func (l *Ledger) shown(ctx context.Context, windows []windowKeys) ([]Shown, error) {
	records, err := readEach(ctx, windows, func(ctx context.Context, w windowKeys) ([]Record, error) {
		found, err := l.newestOf(w, func(key string) (Record, error) { return l.evaluation(ctx, key) })
		return found[:min(1, len(found))], err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Shown, len(records))
	for i, r := range records {
		out[i] = Shown{r, len(windows[i].keys)}
	}
	return out, nil
}
