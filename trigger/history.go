package trigger

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// Farthest is how many windows back a pass looks at records: a streak or
// an episode that is longer is taken to begin there.
const Farthest = 1000

// windowKeys holds the keys of one window's revisions, oldest first. revisions makes them
// of a listing, for everything here that reads records.
type windowKeys struct {
	place
	keys []string
}

// revisions sorts the objects below dir by window, grid and revision, and leaves out the
// places that in says no to.
func revisions(dir string, objects []objstore.Object, in func(place) bool) ([]windowKeys, error) {
	type revision struct {
		place
		n   int
		key string
	}
	all := make([]revision, 0, len(objects))
	for _, o := range objects {
		at, n, err := parseEvaluationKey(dir, o.Key)
		if err != nil {
			return nil, err
		}
		if in(at) {
			all = append(all, revision{at, n, o.Key})
		}
	}
	slices.SortFunc(all, func(a, b revision) int {
		return cmp.Or(compareWindows(a.window, b.window), cmp.Compare(a.grid, b.grid), cmp.Compare(a.n, b.n))
	})
	var out []windowKeys
	for _, r := range all {
		if len(out) == 0 || out[len(out)-1].place != r.place {
			out = append(out, windowKeys{place: r.place})
		}
		last := &out[len(out)-1]
		last.keys = append(last.keys, r.key)
	}
	return out, nil
}

// compareWindows orders windows by start, then by end.
func compareWindows(a, b groundtruth.Window) int {
	return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End))
}

// newestOf reads the newest revision of a window that is not hidden and, when that judged the window
// as closed only (a re-evaluation with an early as-of), the newest mature one before
// it too: a rule that needs labels was judged there. The newest comes last.
// Everything in this package that takes records wants them so.
func (l *Ledger) newestOf(w windowKeys, read func(key string) (Record, error)) ([]Record, error) {
	var out []Record
	for _, key := range slices.Backward(w.keys) {
		r, err := read(key)
		if err != nil {
			return nil, err
		}
		if l.hides(r) {
			continue
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

// Newest returns the newest revision of a window of a grid, the newest mature one
// before it where that judged the window as closed only; nothing where the window has
// no record.
func (l *Ledger) Newest(ctx context.Context, model, grid string, w groundtruth.Window) ([]Record, error) {
	dir := evaluationDir(model, true)
	objects, err := l.objects(ctx, dir+placeOf(w, grid).String()+"/")
	if err != nil {
		return nil, err
	}
	windows, err := revisions(dir, objects, anyGrid)
	if err != nil || len(windows) == 0 {
		return nil, err
	}
	return l.newestOf(windows[0], func(key string) (Record, error) { return l.evaluation(ctx, key) })
}

// Whole returns records with their inputs and outputs, which Recent, Brief and
// LastWindows leave out.
func (l *Ledger) Whole(ctx context.Context, records []Record) ([]Record, error) {
	out := make([]Record, len(records))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, r := range records {
		g.Go(func() (err error) {
			out[i], err = l.evaluation(ctx, evaluationKey(r.Model, placeOf(r.Window, r.Grid), r.OnGrid, r.Revision))
			return err
		})
	}
	return out, g.Wait()
}

// backward reads the windows that in says yes to from the newest back, a few at a time, and
// gives each lot to more, which says whether to go on. It begins with the era of the
// window from and ends with that of the window Farthest windows before the window to. With
// figures the records have them.
func (l *Ledger) backward(ctx context.Context, model string, in func(place) bool, figures bool, from, to groundtruth.Window, read func(*eraReader, context.Context, []windowKeys) ([]Record, error), more func(windows int, records []Record) bool) error {
	const lot = 2 * readers
	for _, era := range slices.Backward(erasBetween(farthestBefore(to), from.Start, eraDigits(from))) {
		e, err := l.openEra(ctx, model, era, in, figures)
		if err != nil {
			return err
		}
		for windows := e.windows; len(windows) > 0; {
			chunk := windows[max(0, len(windows)-lot):]
			windows = windows[:len(windows)-len(chunk)]
			records, err := read(e, ctx, chunk)
			if err != nil {
				return err
			}
			if !more(len(chunk), records) {
				e.page.close(ctx)
				return nil
			}
		}
		e.page.close(ctx)
	}
	return nil
}

// farthestBefore returns about when the window Farthest windows before w starts; no log
// is older than 1900.
func farthestBefore(w groundtruth.Window) time.Time {
	days := Farthest * w.End.Sub(w.Start).Hours() / 24
	t := w.Start.AddDate(0, 0, -int(days)-1)
	if first := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); t.Before(first) {
		return first
	}
	return t
}

// Recent returns what Streaks and Decide need, oldest first and without inputs and
// output: of each window of the grid its newest revision, and the newest mature one where that
// judged the window as closed only. It goes back from the window newest, on or after
// which no window is recorded later, to a window on which every retraining rule was
// judged healthy, or to the start of the newest episode that a run was started for,
// and until enough says that the records are. It never goes back further than the era
// of the window Farthest windows before oldest, the oldest window that a streak may
// have to be counted from. Pass the rules as configured now, and the
// model's launches.
func (l *Ledger) Recent(ctx context.Context, model, grid string, newest, oldest groundtruth.Window, rules []Rule, launches []LaunchStatus, enough func([]Record) bool) ([]Record, error) {
	var newestEpisode time.Time
	for _, s := range launches {
		if e := s.Launch.Episode; e != nil && e.After(newestEpisode) {
			newestEpisode = *e
		}
	}
	retrain := retraining(rules)
	begun := len(retrain) == 0 // the records go back to before the episode that is going on
	in := func(p place) bool { return p.on(grid) && !p.window.Start.After(newest.Start) }
	var out []Record
	err := l.backward(ctx, model, in, false, fullWindow(newest, grid), fullWindow(oldest, grid), (*eraReader).newest, func(_ int, records []Record) bool {
		if len(records) == 0 {
			return true // all of them are hidden
		}
		out = slices.Concat(records, out)
		begun = begun || !newestEpisode.IsZero() && !records[0].Window.Start.After(newestEpisode) ||
			slices.ContainsFunc(byWindow(records), func(w judged) bool { return w.of(retrain) == allHealthy })
		return !begun || !enough(out)
	})
	return out, err
}

// History returns every revision of every window of the model on its grids, by
// start, grid and revision.
func (l *Ledger) History(ctx context.Context, model string) ([]Record, error) {
	windows, err := l.windows(ctx, model)
	if err != nil {
		return nil, err
	}
	return readEach(ctx, windows, func(ctx context.Context, w windowKeys) ([]Record, error) {
		return readAll(w, func(key string) (Record, error) { return l.evaluation(ctx, key) })
	})
}

// windows lists every window of a model, on any of its grids.
func (l *Ledger) windows(ctx context.Context, model string) ([]windowKeys, error) {
	dir := evaluationDir(model, true)
	objects, err := l.objects(ctx, dir)
	if err != nil {
		return nil, err
	}
	return revisions(dir, objects, anyGrid)
}

// Brief returns what History does, without inputs and outputs and with Figures: it costs a
// request for a page of the index instead of one for each record.
func (l *Ledger) Brief(ctx context.Context, model string) ([]Record, error) {
	return l.briefOf(ctx, model, anyGrid)
}

// Since returns every revision of the windows on any grid that start at from or later, as Brief
// does, up to the era of the window newest.
func (l *Ledger) Since(ctx context.Context, model string, from time.Time, newest groundtruth.Window) ([]Record, error) {
	in := func(at place) bool { return !at.window.Start.Before(from) }
	to := newest.Start
	if to.Before(from) {
		to = from
	}
	eras := erasToList(from, to, eraDigits(newest))
	if eras[0] == "" {
		return l.briefOf(ctx, model, in)
	}
	return readEras(ctx, eras, func(ctx context.Context, era string) (*eraReader, error) {
		return l.openEra(ctx, model, era, in, true)
	})
}

// briefOf reads every revision of the windows that in says yes to, of all of time.
func (l *Ledger) briefOf(ctx context.Context, model string, in func(place) bool) ([]Record, error) {
	dir := evaluationDir(model, true)
	objects, err := l.objects(ctx, dir)
	if err != nil {
		return nil, err
	}
	byEra := map[string][]objstore.Object{}
	for _, o := range objects {
		at, _, err := parseEvaluationKey(dir, o.Key)
		if err != nil {
			return nil, err
		}
		era := eraOf(at.window.Start, eraDigits(at.window))
		byEra[era] = append(byEra[era], o)
	}
	return readEras(ctx, slices.Sorted(maps.Keys(byEra)), func(ctx context.Context, era string) (*eraReader, error) {
		return l.readEra(ctx, model, era, byEra[era], in, true)
	})
}

// readEras reads every revision of the windows of eras, several eras at a time, by start, grid
// and revision.
func readEras(ctx context.Context, eras []string, open func(ctx context.Context, era string) (*eraReader, error)) ([]Record, error) {
	found := make([][]Record, len(eras))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, era := range eras {
		g.Go(func() error {
			e, err := open(ctx, era)
			if err != nil {
				return err
			}
			if found[i], err = e.all(ctx, e.windows); err != nil {
				return err
			}
			e.page.close(ctx)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := slices.Concat(found...)
	slices.SortStableFunc(out, func(a, b Record) int {
		return cmp.Or(compareWindows(a.Window, b.Window), cmp.Compare(placeOf(a.Window, a.Grid).grid, placeOf(b.Window, b.Grid).grid), cmp.Compare(a.Revision, b.Revision))
	})
	return out, nil
}

// LastWindows returns every revision of the newest n windows on any grid, up to the
// era of the window newest, by start and revision, without inputs and outputs and with Figures. Where
// they lie further back than Farthest windows of the grid, it lists all to find them.
func (l *Ledger) LastWindows(ctx context.Context, model string, newest groundtruth.Window, n int) ([]Record, error) {
	var out []Record
	seen := 0
	err := l.backward(ctx, model, anyGrid, true, newest, newest, (*eraReader).all, func(windows int, records []Record) bool {
		out = slices.Concat(records, out)
		seen += windows
		return seen < n
	})
	if err != nil {
		return nil, err
	}
	if seen < n {
		if out, err = l.Brief(ctx, model); err != nil {
			return nil, err
		}
		seen = 0
		for i, r := range out {
			if i == 0 || placeOf(r.Window, r.Grid) != placeOf(out[i-1].Window, out[i-1].Grid) {
				seen++
			}
		}
	}
	for ; seen > n; seen-- {
		first := placeOf(out[0].Window, out[0].Grid)
		out = out[slices.IndexFunc(out, func(r Record) bool { return placeOf(r.Window, r.Grid) != first }):]
	}
	return out, nil
}

// ShownOf returns, of every revision of some windows in the order of Brief, those that people
// are shown: of each window the newest, or the newest mature one where the newest judged it as
// closed only.
func ShownOf(records []Record) []Record {
	var out []Record
	for i, r := range records {
		same := i > 0 && placeOf(r.Window, r.Grid) == placeOf(records[i-1].Window, records[i-1].Grid)
		switch last := len(out) - 1; {
		case !same:
			out = append(out, r)
		case r.Stage == StageMature || out[last].Stage != StageMature:
			out[last] = r
		}
	}
	return out
}

// RunOf returns the newest run that was started for a record's window; nil where none was.
func RunOf(r Record, launches []LaunchStatus) *LaunchStatus {
	for i, l := range slices.Backward(launches) {
		if w := l.Launch.Window; w != nil && placeOf(*w, l.Launch.Grid) == placeOf(r.Window, r.Grid) {
			return &launches[i]
		}
	}
	return nil
}
