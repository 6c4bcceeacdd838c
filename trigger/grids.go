package trigger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// A grid is named by its size, as groundtruth.Grid writes it. The grid is part of what
// a window is in the ledger: the same interval on two grids is two windows.

// plainGrid returns the grid that an interval belongs to where its key names none, and
// nothing where it lies on no grid in UTC.
func plainGrid(w groundtruth.Window) string {
	g, ok := groundtruth.GridOf(w)
	if !ok {
		return ""
	}
	return g.String()
}

// GridName returns the name of the grid that the record's window belongs to; empty off
// the grid.
func (r Record) GridName() string {
	if r.Grid == "" && r.OnGrid {
		return plainGrid(r.Window)
	}
	return r.Grid
}

// Zone returns the time zone of the grid that the record's window belongs to; UTC off the
// grid, and where this machine does not know it.
func (r Record) Zone() groundtruth.Zone {
	g, err := groundtruth.NamedGrid(r.GridName())
	if err != nil {
		return groundtruth.Zone{}
	}
	return g.Zone()
}

// place is a window as an evaluation's key and a mark's key have it: the interval, and
// the grid where the interval alone does not tell it.
type place struct {
	window groundtruth.Window
	grid   string // part of the grid's name; empty for the plain one
}

// placeOf returns the place of a window of a grid. A record without a grid, of an
// earlier version or off the grid, is in the plain place.
func placeOf(w groundtruth.Window, grid string) place {
	if grid == "" || grid == plainGrid(w) {
		return place{window: w}
	}
	return place{w, part(grid)}
}

// on reports whether the place is one of the grid's.
func (p place) on(grid string) bool {
	if p.grid == "" {
		return grid == plainGrid(p.window)
	}
	return p.grid == part(grid)
}

// GridBeside returns the grid's name where the interval alone does not tell it, and
// nothing else: so much of it do records keep that have a window beside what they are of.
func GridBeside(w groundtruth.Window, grid string) string {
	if placeOf(w, grid).grid == "" {
		return ""
	}
	return grid
}

// fullWindow returns the window that w would be if it were as long as its grid's are. In a
// zone, windows of days on which clocks change are shorter, and the last ones of days.
func fullWindow(w groundtruth.Window, grid string) groundtruth.Window {
	g, err := groundtruth.NamedGrid(grid)
	if err != nil || g.Zone().IsUTC() || g.Length() <= w.Duration() {
		return w
	}
	return groundtruth.Window{Start: w.Start, End: w.Start.Add(g.Length())}
}

func anyGrid(place) bool { return true }

// String returns the place's part of a key: START_END, or START_END@GRID.
func (p place) String() string {
	if p.grid == "" {
		return windowPart(p.window)
	}
	return windowPart(p.window) + "@" + p.grid
}

func parsePlace(s string) (place, error) {
	interval, grid, named := strings.Cut(s, "@")
	w, err := parseWindowPart(interval)
	if err == nil && named && grid == "" {
		err = fmt.Errorf("parse window %q: no grid after @", s)
	}
	return place{w, grid}, err
}

// matureMark says in the ledger that a window is recorded as mature. Marks of earlier versions have
// no grid.
type matureMark struct {
	Schema int    `json:"schema"`
	Grid   string `json:"grid,omitempty"`
}

// matureMarks lists the marks of a model whose keys begin with an era, by window.
func (l *Ledger) matureMarks(ctx context.Context, model, era string) ([]place, error) {
	dir := matureDir + part(model) + "/"
	keys, err := l.keys(ctx, dir+era)
	if err != nil {
		return nil, err
	}
	out := make([]place, len(keys))
	for i, k := range keys {
		if out[i], err = parsePlace(strings.TrimPrefix(k, dir)); err != nil {
			return nil, fmt.Errorf("ledger record %s: %w", k, err)
		}
	}
	slices.SortFunc(out, func(a, b place) int { return compareWindows(a.window, b.window) })
	return out, nil
}

// MatureWindows returns the windows of a grid that start at from or later, up to the
// era of the window to, and are recorded as mature, oldest first. It lists marks, an
// era each, and reads nothing; a kill right after a window's record may leave that
// window out: judged again, it is found to be there.
func (l *Ledger) MatureWindows(ctx context.Context, model, grid string, from time.Time, to groundtruth.Window) ([]groundtruth.Window, error) {
	var out []groundtruth.Window
	for _, era := range erasToList(from, to.Start, eraDigits(fullWindow(to, grid))) {
		marks, err := l.matureMarks(ctx, model, era)
		if err != nil {
			return nil, err
		}
		for _, m := range marks {
			if m.on(grid) && !m.window.Start.Before(from) {
				out = append(out, m.window)
			}
		}
	}
	return out, nil
}

// LastMature returns the newest window of a grid that is recorded as mature, and false
// when there is none. It looks for it from the era of the window newest back, and among
// all where it is more than Farthest windows before.
func (l *Ledger) LastMature(ctx context.Context, model, grid string, newest groundtruth.Window) (groundtruth.Window, bool, error) {
	newest = fullWindow(newest, grid)
	eras := append([]string{""}, erasBetween(farthestBefore(newest), newest.Start, eraDigits(newest))...)
	for _, era := range slices.Backward(eras) {
		marks, err := l.matureMarks(ctx, model, era)
		if err != nil {
			return groundtruth.Window{}, false, err
		}
		for _, m := range slices.Backward(marks) {
			if m.on(grid) {
				return m.window, true, nil
			}
		}
	}
	return groundtruth.Window{}, false, nil
}

// closedIndex is the part of the index about gaps. It says that from First to Through
// every window of the grid is recorded as mature, which it stays.
type closedIndex struct {
	Schema  int                `json:"schema"`
	Grid    string             `json:"grid"`
	First   groundtruth.Window `json:"first"`
	Through groundtruth.Window `json:"through"`
}

func closedIndexKey(model, grid string) string {
	return indexDir + part(model) + "/closed-" + part(grid)
}

// ClosedThrough returns a window up to which no window of the grid from first on lacks
// a mature record, and false where the index knows of none.
func (l *Ledger) ClosedThrough(ctx context.Context, model, grid string, first groundtruth.Window) (groundtruth.Window, bool, error) {
	var index closedIndex
	err := l.readIndex(ctx, closedIndexKey(model, grid), &index)
	return index.Through, err == nil && index.Grid == grid && index.First.Equal(first), err
}

// KeepClosedThrough keeps for later passes that no window of the grid from first to
// through lacks a mature record.
func (l *Ledger) KeepClosedThrough(ctx context.Context, model, grid string, first, through groundtruth.Window) {
	l.writeIndex(ctx, closedIndexKey(model, grid), closedIndex{SchemaVersion, grid, first, through})
}

// gridStart says in the ledger where a model's windows on a grid begin.
type gridStart struct {
	Schema int                `json:"schema"`
	Model  string             `json:"model"`
	Grid   string             `json:"grid"`
	First  groundtruth.Window `json:"first"`
}

func gridKey(model, grid string) string { return gridsDir + part(model) + "/" + part(grid) }

// First returns the window that a model's windows on a grid begin with: from it on none
// is left out. began is false where no pass on the grid has kept it yet; then it is
// the oldest window that an earlier version, which kept none, recorded as mature, and
// the zero window where there is none either.
func (l *Ledger) First(ctx context.Context, model, grid string) (first groundtruth.Window, began bool, err error) {
	var kept gridStart
	err = l.read(ctx, gridKey(model, grid), &kept)
	if err == nil || !errors.Is(err, objstore.ErrNotExist) {
		return kept.First, err == nil, err
	}
	marks, err := l.matureMarks(ctx, model, "")
	if err != nil {
		return groundtruth.Window{}, false, err
	}
	for _, m := range marks {
		if !m.on(grid) {
			continue
		}
		var mark matureMark
		if err := l.read(ctx, matureDir+part(model)+"/"+m.String(), &mark); err != nil {
			return groundtruth.Window{}, false, err
		}
		if mark.Grid == "" {
			return m.window, false, nil
		}
	}
	return groundtruth.Window{}, false, nil
}

// Begin keeps the window that a model's windows on a grid begin with, once. Of several
// processes the first says which: Begin returns what is kept.
func (l *Ledger) Begin(ctx context.Context, model, grid string, first groundtruth.Window) (groundtruth.Window, error) {
	kept := gridStart{SchemaVersion, model, grid, first}
	key := gridKey(model, grid)
	err := l.create(ctx, key, kept)
	if errors.Is(err, objstore.ErrExists) {
		err = l.read(ctx, key, &kept)
	}
	return kept.First, err
}

// Grids returns the names of the grids that windows of a model are recorded on, sorted.
func (l *Ledger) Grids(ctx context.Context, model string) ([]string, error) {
	windows, err := l.windows(ctx, model)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	for _, w := range windows {
		name := w.grid
		if name == "" {
			name = plainGrid(w.window)
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		if w.grid != "" {
			// The key has no more than a part of the name.
			r, err := l.evaluation(ctx, w.keys[0])
			if err != nil {
				return nil, err
			}
			name = r.Grid
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
