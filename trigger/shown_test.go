package trigger

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// shownText writes what Shown returns: the days of windows up to | and after, c of closed ones,
// and the number of revisions where there are several.
func shownText(upTo, after []Shown) string {
	var b strings.Builder
	text := func(s Shown) {
		fmt.Fprintf(&b, "%d", s.Window.Start.Day())
		if s.Stage == StageClosed {
			b.WriteString("c")
		}
		if s.Revisions > 1 {
			fmt.Fprintf(&b, "x%d", s.Revisions)
		}
		b.WriteString(" ")
	}
	for _, s := range upTo {
		text(s)
	}
	b.WriteString("|")
	for _, s := range after {
		b.WriteString(" ")
		text(s)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestShown(t *testing.T) {
	ctx := t.Context()
	store := newMemStore()
	l := NewLedger(store)
	for n := 1; n <= 20; n++ {
		stages := []string{StageClosed}
		switch {
		case n == 5:
			stages = []string{StageMature, StageClosed} // a look as of early
		case n <= 10:
			stages = []string{StageClosed, StageMature}
		case n == 12:
			continue
		}
		for i, stage := range stages {
			if _, _, err := l.Append(ctx, evaluatedAsOf(n, stage, n+i, n+i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	weekly := evaluated(1, 1)
	weekly.Window.End, weekly.Grid = day(7).End, "7d"
	if _, _, err := l.Append(ctx, weekly); err != nil {
		t.Fatal(err)
	}
	at := func(n int) *groundtruth.Window { w := day(n); return &w }
	for _, c := range []struct {
		name string
		at   *groundtruth.Window
		n    int
		want string
	}{
		{"newest", nil, 3, "8x2 9x2 10x2 | 11c 13c 14c 15c 16c 17c 18c 19c 20c"},
		{"newest alone", nil, 1, "10x2 | 11c 13c 14c 15c 16c 17c 18c 19c 20c"},
		{"all", nil, 100, "1x2 2x2 3x2 4x2 5x2 6x2 7x2 8x2 9x2 10x2 | 11c 13c 14c 15c 16c 17c 18c 19c 20c"},
		{"in the middle", at(6), 3, "4x2 5x2 6x2 |"},
		{"the newest mature one", at(10), 2, "9x2 10x2 | 11c 13c 14c 15c 16c 17c 18c 19c 20c"},
		{"a closed one", at(14), 3, "11c 13c 14c | 15c 16c 17c 18c 19c 20c"},
		{"without a record", at(12), 2, "10x2 11c | 13c 14c 15c 16c 17c 18c 19c 20c"},
		{"after all", at(25), 2, "19c 20c |"},
	} {
		upTo, after, err := l.Shown(ctx, "m", "1d", day(25), c.at, c.n)
		if got := shownText(upTo, after); err != nil || got != c.want {
			t.Errorf("%s: %s, want %s; %v", c.name, got, c.want, err)
		}
	}
	before := store.requests
	if _, _, err := l.Shown(ctx, "m", "1d", day(25), nil, 3); err != nil {
		t.Fatal(err)
	}
	if n := store.requests - before; n > 25 {
		t.Errorf("%d requests for 12 windows", n)
	}
	upTo, after, err := l.Shown(ctx, "other", "1d", day(25), nil, 3)
	if len(upTo)+len(after) > 0 || err != nil {
		t.Errorf("of a model without records: %v %v %v", upTo, after, err)
	}
}

func TestShownWithoutLabels(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	for n := 1; n <= 12; n++ {
		if _, _, err := l.Append(ctx, evaluatedAsOf(n, StageClosed, n, n)); err != nil {
			t.Fatal(err)
		}
	}
	upTo, after, err := l.Shown(ctx, "m", "1d", day(25), nil, 3)
	if got := shownText(upTo, after); err != nil || got != "10c 11c 12c |" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestShownOfALongHistory asks a state of ten years of days for no more than one of three years.
func TestShownOfALongHistory(t *testing.T) {
	ctx := t.Context()
	requests := func(days int) int {
		store := newMemStore()
		l := NewLedger(store)
		for n := range days {
			r := evaluatedAsOf(-n, StageMature, 1, 1)
			if _, _, err := l.Append(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		before := store.requests
		for _, at := range []*groundtruth.Window{nil, {Start: day(-5).Start, End: day(-5).End}} {
			upTo, after, err := l.Shown(ctx, "m", "1d", day(9), at, 20)
			if len(upTo) != 20 || len(after) != 0 || err != nil {
				t.Fatalf("%s: %v", shownText(upTo, after), err)
			}
		}
		return store.requests - before
	}
	if few, many := requests(1100), requests(3650); many > few {
		t.Errorf("%d requests of ten years, %d of three", many, few)
	}
}

func TestShownOffGrid(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	r := evaluated(1, 1)
	r.Window.End = r.Window.End.Add(-1)
	r.OnGrid, r.Grid = false, ""
	if _, ok, err := l.ShownOffGrid(ctx, "m", r.Window); ok || err != nil {
		t.Fatalf("%t, %v", ok, err)
	}
	if _, _, err := l.Append(ctx, r); err != nil {
		t.Fatal(err)
	}
	got, ok, err := l.ShownOffGrid(ctx, "m", r.Window)
	if err != nil || !ok || got.Revisions != 1 || len(got.Output) == 0 {
		t.Errorf("%+v, %t, %v", got, ok, err)
	}
}
