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
// there is none the newest one. Where at has no record, upTo ends before it.
//
// It costs the listing of all the model's evaluations, and a request for each revision that
// it reads: those that it returns and at most a few windows beside them. Neither list is
// longer than Farthest.
func (l *Ledger) Shown(ctx context.Context, model, grid string, at *groundtruth.Window, n int) (upTo, after []Shown, err error) {
	objects, err := l.objects(ctx, evaluationDir(model, true))
	if err != nil {
		return nil, nil, err
	}
	windows, err := revisions(evaluationDir(model, true), objects, func(p place) bool { return p.on(grid) })
	if err != nil {
		return nil, nil, err
	}
	n = min(n, Farthest)
	if at == nil {
		return l.shownNewest(ctx, windows, n)
	}
	i, _ := slices.BinarySearchFunc(windows, *at, func(w windowKeys, at groundtruth.Window) int { return compareWindows(w.window, at) })
	if i < len(windows) && windows[i].window.Equal(*at) {
		i++
	}
	if after, err = l.shownAfter(ctx, windows[i:]); err != nil {
		return nil, nil, err
	}
	upTo, err = l.shown(ctx, windows[max(0, i-n):i])
	return upTo, after, err
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

// shownAfter reads windows, which are in their order, as far as none of them is mature: where
// one is, it returns none.
func (l *Ledger) shownAfter(ctx context.Context, windows []windowKeys) ([]Shown, error) {
	var out []Shown
	for lot := range slices.Chunk(windows[:min(len(windows), Farthest)], readers) {
		read, err := l.shown(ctx, lot)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(read, func(s Shown) bool { return s.Stage == StageMature }) {
			return nil, nil
		}
		out = append(out, read...)
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
