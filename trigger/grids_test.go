package trigger

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

func TestPlaces(t *testing.T) {
	month := groundtruth.Window{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		window groundtruth.Window
		grid   string
		want   string
	}{
		{day(1), "1d", "20260101T000000Z_20260102T000000Z"},
		{day(1), "", "20260101T000000Z_20260102T000000Z"},
		{month, "1mo", "20260101T000000Z_20260201T000000Z"},
		{month, "31d", "20260101T000000Z_20260201T000000Z@31d"},
		{day(1), "1d@Africa/Abidjan", "20260101T000000Z_20260102T000000Z@1d-Africa-Abidjan~" + digest("1d@Africa/Abidjan")},
	} {
		p := placeOf(c.window, c.grid)
		if p.String() != c.want {
			t.Errorf("%s of %q is %s, want %s", c.window, c.grid, p, c.want)
		}
		back, err := parsePlace(p.String())
		if err != nil || back != p {
			t.Errorf("%s reads as %v, %v", p, back, err)
		}
		for _, grid := range []string{"1d", "1mo", "31d", "1h", "1d@Africa/Abidjan"} {
			if got, want := back.on(grid), grid == c.grid || c.grid == "" && grid == "1d"; got != want {
				t.Errorf("%s is on %s: %v", p, grid, got)
			}
		}
	}
	if _, err := parsePlace("20260101T000000Z_20260102T000000Z@"); err == nil {
		t.Error("a grid without a name is read")
	}
}

// The same interval on two grids has revisions, marks and a beginning for each.
func TestSemantics8_RecordsOfTwoGrids(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	grids := []string{"1d", "1d@Africa/Abidjan"}
	for n := 1; n <= 3; n++ {
		for i, grid := range grids {
			r := evaluated(n, 5*n+i)
			r.Grid = grid
			if got, created, err := l.Append(ctx, r); err != nil || !created || got.Revision != 1 {
				t.Fatalf("day %d of %s: revision %d, created %v, %v", n, grid, got.Revision, created, err)
			}
		}
	}
	for i, grid := range grids {
		recent, err := l.Recent(ctx, "m", grid, day(3), day(3), nil, nil, never)
		if err != nil || len(recent) != 3 || recent[0].GridName() != grid {
			t.Fatalf("recent of %s: %+v, %v", grid, recent, err)
		}
		latest, err := l.Newest(ctx, "m", grid, day(3))
		if err != nil || len(latest) != 1 || latest[0].GridName() != grid {
			t.Fatalf("newest of %s: %+v, %v", grid, latest, err)
		}
		var out struct{ Metrics struct{ MAE int } }
		if err := json.Unmarshal(latest[0].Output, &out); err != nil || out.Metrics.MAE != 15+i {
			t.Errorf("latest of %s is another grid's: %s", grid, latest[0].Output)
		}
		windows, err := l.MatureWindows(ctx, "m", grid, day(2).Start, day(3))
		if err != nil || len(windows) != 2 || windows[0] != day(2) {
			t.Errorf("mature windows of %s: %v, %v", grid, windows, err)
		}
		if first, began, err := l.First(ctx, "m", grid); err != nil || began || !first.Start.IsZero() {
			t.Errorf("%s began by itself: %v %v %v", grid, first, began, err)
		}
		for _, n := range []int{i + 1, 9} { // the first says which
			if first, err := l.Begin(ctx, "m", grid, day(n)); err != nil || first != day(i+1) {
				t.Errorf("%s begins with %v, %v", grid, first, err)
			}
		}
		if first, began, err := l.First(ctx, "m", grid); err != nil || !began || first != day(i+1) {
			t.Errorf("%s began with %v %v %v", grid, first, began, err)
		}
	}
	if got, err := l.Grids(ctx, "m"); err != nil || fmt.Sprint(got) != fmt.Sprint(grids) {
		t.Errorf("grids %v, %v", got, err)
	}
}
