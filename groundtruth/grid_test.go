package groundtruth

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// scanGrid returns the grid of a size.
func scanGrid(t testing.TB, s string) Grid {
	t.Helper()
	g, err := ParseGrid(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// at returns a point in time by its text.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	u, err := ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSemantics1_GridWindows(t *testing.T) {
	for _, c := range []struct{ name, size, time, want string }{
		{"day", "1d", "2026-03-05T12:00:00Z", "2026-03-05/2026-03-06"},
		{"day at its first instant", "1d", "2026-03-05T00:00:00Z", "2026-03-05/2026-03-06"},
		{"day at its last instant", "1d", "2026-03-05T23:59:59.999999999Z", "2026-03-05/2026-03-06"},
		{"24h is a day", "24h", "2026-03-05T12:00:00Z", "2026-03-05/2026-03-06"},
		{"other zone", "1d", "2026-03-05T23:30:00-05:00", "2026-03-06/2026-03-07"},
		{"hour", "1h", "2026-03-05T12:34:56Z", "2026-03-05T12:00:00Z/2026-03-05T13:00:00Z"},
		{"seven days start on Monday", "7d", "2026-03-05T12:00:00Z", "2026-03-02/2026-03-09"},
		{"a week starts on Monday", "1w", "2026-03-02T00:00:00Z", "2026-03-02/2026-03-09"},
		{"Sunday is the week's end", "1w", "2026-03-08T23:00:00Z", "2026-03-02/2026-03-09"},
		{"a week before the epoch", "1w", "1969-12-28T00:00:00Z", "1969-12-22/1969-12-29"},
		{"two weeks start on Monday", "2w", "1970-01-01T00:00:00Z", "1969-12-29/1970-01-12"},
		{"month", "1mo", "2026-02-28T23:59:59Z", "2026-02-01/2026-03-01"},
		{"leap month", "1mo", "2024-02-29T00:00:00Z", "2024-02-01/2024-03-01"},
		{"quarter", "3mo", "2026-05-10T00:00:00Z", "2026-04-01/2026-07-01"},
		{"year", "12mo", "2026-05-10T00:00:00Z", "2026-01-01/2027-01-01"},
		{"month before the epoch", "1mo", "1969-12-31T00:00:00Z", "1969-12-01/1970-01-01"},
		{"other sizes from the epoch", "90m", "1970-01-01T01:29:00Z", "1970-01-01T00:00:00Z/1970-01-01T01:30:00Z"},
		{"other sizes before the epoch", "5h", "1969-12-31T23:00:00Z", "1969-12-31T19:00:00Z/1970-01-01T00:00:00Z"},
		{"two days from the epoch", "2d", "1970-01-02T05:00:00Z", "1970-01-01/1970-01-03"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := time.Parse(time.RFC3339Nano, c.time)
			if err != nil {
				t.Fatal(err)
			}
			if got := scanGrid(t, c.size).Containing(u).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSemantics1_ClosedAndMature(t *testing.T) {
	for _, c := range []struct{ name, size, asOf, closed, mature string }{
		{"at midnight the day before is closed", "1d", "2026-01-09T00:00:00Z", "2026-01-08/2026-01-09", "2026-01-01/2026-01-02"},
		{"an instant before it is not", "1d", "2026-01-08T23:59:59.999999999Z", "2026-01-07/2026-01-08", "2025-12-31/2026-01-01"},
		{"months", "1mo", "2026-03-07T12:00:00Z", "2026-02-01/2026-03-01", "2026-01-01/2026-02-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, asOf, delay := scanGrid(t, c.size), at(t, c.asOf), 7*24*time.Hour
			closed, mature := g.LastClosed(asOf), g.LastMature(asOf, delay)
			if closed.String() != c.closed || mature.String() != c.mature {
				t.Errorf("closed %s, mature %s; want %s, %s", closed, mature, c.closed, c.mature)
			}
			if !closed.Closed(asOf) || g.Next(closed).Closed(asOf) {
				t.Error("the last closed window is not the last one")
			}
			if !mature.Mature(asOf, delay) || g.Next(mature).Mature(asOf, delay) {
				t.Error("the last mature window is not the last one")
			}
		})
	}
}

func TestSemantics1_GridProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"m", "h", "d", "w", "mo"}).Draw(t, "unit")
		n := rapid.IntRange(1, 100).Draw(t, "n")
		g, err := ParseGrid(strconv.Itoa(n) + unit)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseGrid(g.String())
		if err != nil || again != g {
			t.Fatalf("%s reads back as %v (%v)", g, again, err)
		}
		u := time.Unix(rapid.Int64Range(-1e9, 6e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
		w := g.Containing(u)
		if !w.Contains(u) || !g.OnGrid(w) {
			t.Fatalf("window %s does not hold %s or is off the grid", w, u)
		}
		if next := g.Next(w); !next.Start.Equal(w.End) || !g.OnGrid(next) || g.Prev(next) != w {
			t.Fatalf("next of %s is %s", w, next)
		}
		if prev := g.Prev(w); !prev.End.Equal(w.Start) || !g.OnGrid(prev) || g.Next(prev) != w {
			t.Fatalf("prev of %s is %s", w, prev)
		}
		if g.Containing(w.End.Add(-1)) != w || g.Containing(w.End) == w {
			t.Fatalf("window %s does not end at its end", w)
		}
		off := Window{Start: w.Start.Add(time.Nanosecond), End: w.End.Add(time.Nanosecond)}
		if g.OnGrid(off) || g.OnGrid(Window{Start: w.Start, End: w.End.Add(time.Second)}) || g.OnGrid(Window{Start: w.Start, End: w.Start}) {
			t.Fatal("a window off the grid passes as on it")
		}
		if next := g.Next(off); next.Start.Before(off.End) || !g.OnGrid(next) || !g.Prev(next).Start.Before(off.End) {
			t.Fatalf("next of %s off the grid is %s", off, next)
		}
		if prev := g.Prev(off); prev.End.After(off.Start) || !g.OnGrid(prev) {
			t.Fatalf("prev of %s off the grid is %s", off, prev)
		}
		if unit != "mo" && w.Duration() != g.Length() {
			t.Fatalf("window %s is not %s long", w, g.Length())
		}
		back, err := ParseWindowIn(w.String(), Zone{})
		if err != nil || back != w {
			t.Fatalf("window %s reads back as %s (%v)", w, back, err)
		}
	})
}

func TestParseGridErrors(t *testing.T) {
	for _, c := range []struct{ size, want string }{
		{"", "whole number and a unit"},
		{"d", "whole number and a unit"},
		{"1", "whole number and a unit"},
		{"-1d", "whole number and a unit"},
		{"1.5d", "unknown unit"},
		{"0d", "cannot be empty"},
		{"1y", "unknown unit"},
		{"1h30m", "unknown unit"},
		{"30s", "smallest window is a minute"},
		{"99999999999999999999d", "too large"},
		{"4000d", "too large"},
		{"1000mo", "too large"},
		{"99999999h", "too large"},
	} {
		t.Run(c.size, func(t *testing.T) {
			if _, err := ParseGrid(c.size); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestParseWindow(t *testing.T) {
	for _, c := range []struct{ name, text, want, err string }{
		{"dates", "2026-01-01/2026-01-02", "2026-01-01/2026-01-02", ""},
		{"times", "2026-01-01T06:00:00Z/2026-01-01T12:30:00.5Z", "2026-01-01T06:00:00Z/2026-01-01T12:30:00.5Z", ""},
		{"a date and a time", "2026-01-01/2026-01-01T12:00:00Z", "2026-01-01T00:00:00Z/2026-01-01T12:00:00Z", ""},
		{"zones", "2026-01-01T00:00:00+02:00/2026-01-02T00:00:00+02:00", "2025-12-31T22:00:00Z/2026-01-01T22:00:00Z", ""},
		{"one bound", "2026-01-01", "", "want START/END"},
		{"three bounds", "2026-01-01/2026-01-02/2026-01-03", "", "end:"},
		{"empty", "2026-01-01/2026-01-01", "", "empty"},
		{"reversed", "2026-01-02/2026-01-01", "", "before the start"},
		{"no date", "2026-02-30/2026-03-01", "", "start:"},
		{"beyond nanoseconds", "2026-01-01/2300-01-01", "", "1678 to 2261"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := ParseWindowIn(c.text, Zone{})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil || w.String() != c.want {
				t.Errorf("got %s (%v), want %s", w, err, c.want)
			}
		})
	}
}

func FuzzParseWindow(f *testing.F) {
	f.Add("2026-01-01/2026-01-02")
	f.Add("2026-01-01T06:00:00Z/2026-01-01T12:30:00.5+02:00")
	f.Add("/")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseWindowIn(s, Zone{})
		if err != nil {
			return
		}
		if !w.Start.Before(w.End) {
			t.Fatalf("%q is the empty window %s", s, w)
		}
		if again, err := ParseWindowIn(w.String(), Zone{}); err != nil || again != w {
			t.Fatalf("%q reads back as %s (%v)", w, again, err)
		}
	})
}

// An interval tells its grid, but for days that are months by the calendar too.
func TestGridOf(t *testing.T) {
	for _, size := range []string{"1m", "90m", "1h", "7h", "1d", "2d", "28d", "30d", "31d", "7d", "1mo", "3mo", "12mo"} {
		g, err := ParseGrid(size)
		if err != nil {
			t.Fatal(err)
		}
		w := g.Containing(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		for range 500 {
			w = g.Next(w)
			got, ok := GridOf(w)
			months := w.Start.Day() == 1 && w.End.Day() == 1 && w.Start.Equal(w.Start.Truncate(24*time.Hour)) && w.Duration() >= 28*24*time.Hour
			if !ok || got != g && !months {
				t.Fatalf("%s of %s is said to be of %v, %v", w, g, got, ok)
			}
		}
		w.End = w.End.Add(time.Second)
		if got, ok := GridOf(w); ok {
			t.Errorf("%s is said to be of %s", w, got)
		}
	}
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, w := range []Window{{noon, noon.AddDate(0, 0, 1)}, {noon, noon.AddDate(0, 1, 0)}, {noon, noon}, {noon.Add(1), noon.Add(time.Hour + 1)}} {
		if g, ok := GridOf(w); ok {
			t.Errorf("%s is said to be of %s", w, g)
		}
	}
}

func TestGridTimes(t *testing.T) {
	oslo, err := ParseZone("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size string
		zone Zone
		n    int64
		want string
		ok   bool
	}{
		{"1d", Zone{}, 2, "2d", true},
		{"1w", Zone{}, 3, "21d", true},
		{"1h", Zone{}, 36, "36h", true},
		{"1mo", Zone{}, 3, "3mo", true},
		{"3660d", Zone{}, 2, "7320d", false},
		{"1d", oslo, 3, "3d", true},
		{"13h", oslo, 2, "26h", false},
	} {
		g, err := ParseGrid(c.size)
		if err != nil {
			t.Fatal(err)
		}
		if g, err = g.In(c.zone); err != nil {
			t.Fatal(err)
		}
		if got, ok := g.Times(c.n); ok != c.ok || got != c.want {
			t.Errorf("%d times %s: %s, %t; want %s, %t", c.n, g, got, ok, c.want, c.ok)
		}
	}
}
