package trigger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
)

// zonedGrid returns the grid of a name.
func zonedGrid(t *testing.T, name string) groundtruth.Grid {
	t.Helper()
	g, err := groundtruth.NamedGrid(name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// recordWindows records n windows of a grid up to one, all breached, and returns them.
func recordWindows(t *testing.T, l *Ledger, g groundtruth.Grid, last groundtruth.Window, n int) []groundtruth.Window {
	t.Helper()
	windows := make([]groundtruth.Window, n)
	for i := n - 1; i >= 0; i-- {
		windows[i] = last
		last = g.Prev(last)
	}
	for _, w := range windows {
		r := rec(1, "rmse", breached)
		r.Window, r.Grid, r.OnGrid, r.Stage = w, g.String(), true, StageMature
		if _, created, err := l.Append(t.Context(), r); err != nil || !created {
			t.Fatalf("%s: %v, %v", w, created, err)
		}
	}
	return windows
}

// In a zone, the windows of a grid are not of one length: a streak that ends on a short
// one is as long as it is, and so is the list of what is recorded.
func TestSemantics8_StreaksAcrossChangesOfClocks(t *testing.T) {
	for _, c := range []struct{ grid, newest, length string }{
		{"1d@Europe/Oslo", "2026-10-26T12:00:00Z", "24h0m0s"},
		{"1d@Europe/Oslo", "2026-03-29T12:00:00Z", "23h0m0s"},
		{"1d@Australia/Lord_Howe", "2026-10-04T00:00:00Z", "23h30m0s"},
		{"1h@Australia/Lord_Howe", "2026-10-04T12:59:00Z", "30m0s"},
		{"23h@Europe/Oslo", "2026-10-24T21:59:00Z", "1h0m0s"},
		{"1439m@Europe/Oslo", "2026-10-24T21:59:00Z", "1m0s"},
	} {
		t.Run(c.grid+" "+c.length, func(t *testing.T) {
			g := zonedGrid(t, c.grid)
			at, err := groundtruth.ParseTime(c.newest)
			if err != nil {
				t.Fatal(err)
			}
			newest := g.Containing(at)
			if newest.Duration().String() != c.length {
				t.Fatalf("the newest window is %s long", newest.Duration())
			}
			store := newMemStore()
			l := NewLedger(store).WithIndex(store)
			const n = 400
			windows := recordWindows(t, l, g, newest, n)
			rules := []Rule{{Name: "rmse", Action: rule.ActionAlert, For: 1}}
			records, err := l.Recent(t.Context(), "m", c.grid, newest, newest, rules, nil, func(r []Record) bool { return len(r) >= n })
			if err != nil || len(records) != n {
				t.Fatalf("recent are %d, %v", len(records), err)
			}
			if states := NewestVerdicts(g, records, rules); states[0].Streak != n || states[0].Window != newest {
				t.Errorf("the streak on %s is %d", states[0].Window, states[0].Streak)
			}
			marked, err := l.MatureWindows(t.Context(), "m", c.grid, windows[0].Start, newest)
			if err != nil || len(marked) != n || marked[0] != windows[0] || marked[n-1] != newest {
				t.Errorf("%d windows are marked, %v", len(marked), err)
			}
			if last, ok, err := l.LastMature(t.Context(), "m", c.grid, newest); err != nil || !ok || last != newest {
				t.Errorf("the last is %v, %v, %v", last, ok, err)
			}
			if got := records[0].Zone(); got != g.Zone() {
				t.Errorf("the records' zone is %s", got)
			}
		})
	}
}

// Windows of UTC of the same days are another grid's.
func TestSemantics8_ChangeOfZone(t *testing.T) {
	l := NewLedger(newMemStore())
	utc, oslo := zonedGrid(t, "1d"), zonedGrid(t, "1d@Europe/Oslo")
	noon := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	recordWindows(t, l, utc, utc.Containing(noon), 3)
	recordWindows(t, l, oslo, oslo.Containing(noon), 2)
	for grid, want := range map[string]int{"1d": 3, "1d@Europe/Oslo": 2, "1d@Europe/Paris": 0} {
		last := zonedGrid(t, grid).Containing(noon)
		records, err := l.Recent(t.Context(), "m", grid, last, last, nil, nil, never)
		if err != nil || len(records) != want {
			t.Errorf("%s: %d records, %v", grid, len(records), err)
		}
	}
	all, err := l.LastWindows(t.Context(), "m", oslo.Containing(noon), 10)
	if err != nil || len(all) != 5 {
		t.Errorf("%d windows of both, %v", len(all), err)
	}
	if got, err := l.Grids(t.Context(), "m"); err != nil || fmt.Sprint(got) != "[1d 1d@Europe/Oslo]" {
		t.Errorf("grids %v, %v", got, err)
	}
}

// People are told of an interval once for each grid whose window it is. What was told of a
// grid in UTC lies where it always did.
func TestSemantics8_TellingsOfTwoGrids(t *testing.T) {
	ctx, store := t.Context(), newMemStore()
	l := NewLedger(store).WithIndex(store)
	rules := []Rule{{Name: "rmse", Action: rule.ActionAlert, For: 1}}
	tell := func(grid string, n int, state string) {
		t.Helper()
		told := Told{Model: "m", Window: day(n), Grid: grid, Rule: "rmse", State: state, Since: day(1).Start, At: day(n).End, Reason: grid}
		if first, err := l.Tell(ctx, told); err != nil || !first {
			t.Fatalf("day %d of %s, %s: %v, %v", n, grid, state, first, err)
		}
		if first, err := l.Tell(ctx, told); err != nil || first {
			t.Fatalf("day %d of %s, %s, again: %v, %v", n, grid, state, first, err)
		}
	}
	open := func(want string) {
		t.Helper()
		got, err := l.OpenBreaches(ctx, "m", rules, day(9), day(9).Start)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if b, ok := got["rmse"]; ok {
			text = b.First.Reason + " to " + b.Last.Reason + ", " + b.Last.Grid
		}
		if text != want {
			t.Errorf("open: %q, want %q", text, want)
		}
	}
	const zoned = "1d@Africa/Abidjan" // whose days are those of UTC
	tell("1d", 1, ToldBreached)
	open("1d to 1d, ")
	tell(zoned, 1, ToldBreached)
	open(zoned + " to " + zoned + ", " + zoned)
	tell(zoned, 2, ToldBreached)
	open(zoned + " to " + zoned + ", " + zoned)
	tell(zoned, 2, ToldResolved)
	open("")
	tell("1d", 3, ToldBreached)
	open("1d to 1d, ")
	if _, ok, err := l.BreachTold(ctx, "m", zoned, day(3), "rmse"); ok || err != nil {
		t.Errorf("told of the other grid: %v, %v", ok, err)
	}
	if told, ok, err := l.BreachTold(ctx, "m", zoned, day(2), "rmse"); !ok || err != nil || told.Grid != zoned {
		t.Errorf("%+v, %v, %v", told, ok, err)
	}
	data, err := store.Read(ctx, "told/m/20260101T000000Z_20260102T000000Z/rmse/breached")
	if err != nil || strings.Contains(string(data), "grid") {
		t.Errorf("the telling in UTC: %s, %v", data, err)
	}
}
