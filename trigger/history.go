package trigger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/groundtruth"
)

// maxRecent bounds how many windows Recent reads.
const maxRecent = 1000

// windowKeys are the revisions of one window, oldest first.
type windowKeys struct {
	place
	keys []string
}

// windows lists the revisions of every window of a model that starts at since or
// later and that in says yes to, oldest window first.
func (l *Ledger) windows(ctx context.Context, model string, onGrid bool, in func(place) bool, since time.Time) ([]windowKeys, error) {
	dir := evaluationDir(model, onGrid)
	keys, err := l.keys(ctx, dir)
	if err != nil {
		return nil, err
	}
	type revision struct {
		place
		n   int
		key string
	}
	revisions := make([]revision, 0, len(keys))
	for _, k := range keys {
		at, n, err := parseEvaluationKey(dir, k)
		if err != nil {
			return nil, err
		}
		if !at.window.Start.Before(since) && in(at) {
			revisions = append(revisions, revision{at, n, k})
		}
	}
	slices.SortFunc(revisions, func(a, b revision) int {
		return cmp.Or(compareWindows(a.window, b.window), cmp.Compare(a.grid, b.grid), cmp.Compare(a.n, b.n))
	})
	var out []windowKeys
	for _, r := range revisions {
		if len(out) == 0 || out[len(out)-1].grid != r.grid || compareWindows(out[len(out)-1].window, r.window) != 0 {
			out = append(out, windowKeys{place: r.place})
		}
		last := &out[len(out)-1]
		last.keys = append(last.keys, r.key)
	}
	return out, nil
}

func compareWindows(a, b groundtruth.Window) int {
	return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End))
}

// newest reads the newest revision of a window and, when that judged the window
// as closed only, the newest mature one before it too: a rule that needs labels
// was judged there. The newest comes last.
func (l *Ledger) newest(ctx context.Context, w windowKeys) ([]Record, error) {
	var out []Record
	for _, key := range slices.Backward(w.keys) {
		r, err := l.evaluation(ctx, key)
		if err != nil {
			return nil, err
		}
		if len(out) == 0 || r.Stage == StageMature {
			out = append(out, r)
		}
		if r.Stage == StageMature {
			break
		}
	}
	slices.Reverse(out)
	return out, nil
}

// Latest returns the newest revision of each of the model's windows on a grid
// that start at since or later, by start. Where the newest revision judged the
// window as closed only (a re-evaluation with an early as-of) and an older one as
// mature, the newest mature one comes before it: the rules that need labels were
// judged there. Everything in this package that takes records wants them so.
func (l *Ledger) Latest(ctx context.Context, model, grid string, since time.Time) ([]Record, error) {
	windows, err := l.windows(ctx, model, true, onGrid(grid), since)
	if err != nil {
		return nil, err
	}
	return l.readWindows(ctx, windows)
}

func (l *Ledger) readWindows(ctx context.Context, windows []windowKeys) ([]Record, error) {
	found := make([][]Record, len(windows))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, w := range windows {
		g.Go(func() (err error) {
			found[i], err = l.newest(ctx, w)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

// Recent returns what Streaks and Decide need: Latest's records back to a window
// on which every retraining rule was judged healthy, or to the start of the newest
// episode that a run was started for, and of the newest atLeast windows in any
// case. It never reads more than 1,000 windows: an episode longer than that without
// a run begins 1,000 windows ago. Pass the rules as configured now, and the model's
// launches.
func (l *Ledger) Recent(ctx context.Context, model, grid string, rules []Rule, launches []LaunchStatus, atLeast int) ([]Record, error) {
	windows, err := l.windows(ctx, model, true, onGrid(grid), time.Time{})
	if err != nil {
		return nil, err
	}
	var newestEpisode time.Time
	for _, s := range launches {
		if e := s.Launch.Episode; e != nil && e.After(newestEpisode) {
			newestEpisode = *e
		}
	}
	retrain := retraining(rules)
	var out []Record
	for n := 0; n < maxRecent && len(windows) > 0; {
		chunk := windows[max(0, len(windows)-readers*2):]
		windows = windows[:len(windows)-len(chunk)]
		n += len(chunk)
		records, err := l.readWindows(ctx, chunk)
		if err != nil {
			return nil, err
		}
		out = append(records, out...)
		if n < atLeast {
			continue
		}
		if len(retrain) == 0 {
			break
		}
		reached := !newestEpisode.IsZero() && !chunk[0].window.Start.After(newestEpisode)
		if reached || slices.ContainsFunc(byWindow(records), func(w judged) bool { return w.of(retrain) == allHealthy }) {
			break
		}
	}
	return out, nil
}

// HasStage reports whether any revision of a window of a grid judged it at that
// stage; at StageClosed a mature revision counts too.
func (l *Ledger) HasStage(ctx context.Context, model, grid string, w groundtruth.Window, stage string) (bool, error) {
	dir := evaluationDir(model, true)
	keys, err := l.keys(ctx, dir+placeOf(w, grid).String()+"/")
	if err != nil {
		return false, err
	}
	if len(keys) == 0 || stage == StageClosed {
		return len(keys) > 0, nil
	}
	for _, k := range slices.Backward(keys) {
		r, err := l.evaluation(ctx, k)
		if err != nil || r.Stage == StageMature {
			return err == nil, err
		}
	}
	return false, nil
}

// History returns every revision of every window of the model on its grids, by
// start, grid and revision.
func (l *Ledger) History(ctx context.Context, model string) ([]Record, error) {
	return l.all(ctx, model, true)
}

// AdHoc returns the evaluations of windows off the grid, by start and revision.
func (l *Ledger) AdHoc(ctx context.Context, model string) ([]Record, error) {
	return l.all(ctx, model, false)
}

func (l *Ledger) all(ctx context.Context, model string, onGrid bool) ([]Record, error) {
	windows, err := l.windows(ctx, model, onGrid, func(place) bool { return true }, time.Time{})
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, w := range windows {
		keys = append(keys, w.keys...)
	}
	out := make([]Record, len(keys))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, key := range keys {
		g.Go(func() (err error) {
			out[i], err = l.evaluation(ctx, key)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}
