package groundtruth

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// scanZone returns the zone of a name.
func scanZone(t testing.TB, name string) Zone {
	t.Helper()
	z, err := ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// zonedGrid returns the grid of a name.
func zonedGrid(t testing.TB, name string) Grid {
	t.Helper()
	g, err := NamedGrid(name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestParseZone(t *testing.T) {
	for name, want := range map[string]string{
		"UTC": "UTC", "Etc/UTC": "UTC", "Zulu": "UTC", "Europe/Oslo": "Europe/Oslo", "EST5EDT": "EST5EDT", "Etc/GMT-1": "Etc/GMT-1", "Africa/Abidjan": "Africa/Abidjan",
	} {
		z, err := ParseZone(name)
		if err != nil || z.String() != want || z.IsUTC() != (want == "UTC") {
			t.Errorf("%s: got %s (%v), want %s", name, z, err, want)
		}
		if again, _ := ParseZone(name); again != z {
			t.Errorf("%s read twice is two zones", name)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Olso", "CET+1", "../UTC", "/etc/localtime", "localtime", "posixrules", "right/Europe/Oslo"} {
		if z, err := ParseZone(name); err == nil {
			t.Errorf("%q is taken for %s", name, z)
		}
	}
}

// The instants are the zones' rules put into UTC by hand: Norway's clocks change at 01:00
// UTC; those of New York at 02:00 in the zone; Lord Howe's by half an hour; Brazil's
// changed at midnight until 2019; Samoa left out 30 December 2011; Newfoundland put
// clocks back at 00:01 in 2010, so that the day before came back for 59 minutes; Morocco
// leaves UTC+1 for Ramadan.
func TestSemantics8_DaysOfZones(t *testing.T) {
	for _, c := range []struct{ name, grid, time, want, hours string }{
		{"a day in winter", "1d@Europe/Oslo", "2026-01-05T23:00:00Z", "2026-01-05T23:00:00Z/2026-01-06T23:00:00Z", "24"},
		{"clocks are put forward", "1d@Europe/Oslo", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z", "23"},
		{"an instant before that day", "1d@Europe/Oslo", "2026-03-28T22:59:59.999999999Z", "2026-03-27T23:00:00Z/2026-03-28T23:00:00Z", "24"},
		{"clocks are put back", "1d@Europe/Oslo", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z/2026-10-25T23:00:00Z", "25"},
		{"New York, forward", "1d@America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T05:00:00Z/2026-03-09T04:00:00Z", "23"},
		{"New York, back", "1d@America/New_York", "2026-11-02T04:59:59Z", "2026-11-01T04:00:00Z/2026-11-02T05:00:00Z", "25"},
		{"Lord Howe, back by half an hour", "1d@Australia/Lord_Howe", "2026-04-05T00:00:00Z", "2026-04-04T13:00:00Z/2026-04-05T13:30:00Z", "24.5"},
		{"Lord Howe, forward by half an hour", "1d@Australia/Lord_Howe", "2026-10-04T00:00:00Z", "2026-10-03T13:30:00Z/2026-10-04T13:00:00Z", "23.5"},
		{"no midnight", "1d@America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z/2018-11-05T02:00:00Z", "23"},
		{"clocks put back to the day before", "1d@America/Sao_Paulo", "2019-02-17T02:30:00Z", "2019-02-16T02:00:00Z/2019-02-17T03:00:00Z", "25"},
		{"midnight twice", "1d@America/St_Johns", "2010-11-07T02:45:00Z", "2010-11-07T02:30:00Z/2010-11-08T03:30:00Z", "25"},
		{"the day before a day that was left out", "1d@Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z/2011-12-30T10:00:00Z", "24"},
		{"the day after it", "1d@Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z/2011-12-31T10:00:00Z", "24"},
		{"quarters of an hour", "1d@Asia/Kathmandu", "2026-03-05T00:00:00Z", "2026-03-04T18:15:00Z/2026-03-05T18:15:00Z", "24"},
		{"the last day of a leap year", "1d@Europe/Oslo", "2040-12-31T12:00:00Z", "2040-12-30T23:00:00Z/2040-12-31T23:00:00Z", "24"},
		{"Ramadan begins", "1d@Africa/Casablanca", "2026-02-15T12:00:00Z", "2026-02-14T23:00:00Z/2026-02-16T00:00:00Z", "25"},
		{"Ramadan ends", "1d@Africa/Casablanca", "2026-03-22T12:00:00Z", "2026-03-22T00:00:00Z/2026-03-22T23:00:00Z", "23"},

		{"two days", "2d@Europe/Oslo", "2026-03-29T12:00:00Z", "2026-03-27T23:00:00Z/2026-03-29T22:00:00Z", "47"},
		{"two days of which one was left out", "2d@Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z/2011-12-31T10:00:00Z", "24"},
		{"a week from Monday", "1w@Europe/Oslo", "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z/2026-03-29T22:00:00Z", "167"},
		{"a month", "1mo@Europe/Oslo", "2026-03-01T00:00:00Z", "2026-02-28T23:00:00Z/2026-03-31T22:00:00Z", "743"},
		{"an hour that comes twice, first", "1h@Europe/Oslo", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z/2026-10-25T01:00:00Z", "1"},
		{"an hour that comes twice, second", "1h@Europe/Oslo", "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z/2026-10-25T02:00:00Z", "1"},
		{"hours at quarters", "1h@Asia/Kathmandu", "2026-03-05T00:00:00Z", "2026-03-04T23:15:00Z/2026-03-05T00:15:00Z", "1"},
		{"the last of a long day", "6h@Europe/Oslo", "2026-10-25T22:30:00Z", "2026-10-25T22:00:00Z/2026-10-25T23:00:00Z", "1"},
		{"the last of a short day", "6h@Europe/Oslo", "2026-03-29T21:00:00Z", "2026-03-29T17:00:00Z/2026-03-29T22:00:00Z", "5"},
		{"a size that does not divide the day", "7h@Europe/Oslo", "2026-01-06T22:00:00Z", "2026-01-06T20:00:00Z/2026-01-06T23:00:00Z", "3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := zonedGrid(t, c.grid)
			w := g.Containing(at(t, c.time))
			if w.String() != c.want || strconv.FormatFloat(w.Duration().Hours(), 'f', -1, 64) != c.hours {
				t.Errorf("got %s of %s, want %s of %sh", w, w.Duration(), c.want, c.hours)
			}
			if !g.OnGrid(w) {
				t.Error("the window is off its grid")
			}
		})
	}
}

func TestSemantics8_LastWindowsOfAZone(t *testing.T) {
	g := zonedGrid(t, "1d@Europe/Oslo")
	asOf := at(t, "2026-03-29T22:00:00Z") // midnight in Oslo
	if w := g.LastClosed(asOf); w.String() != "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z" {
		t.Errorf("closed at midnight: %s", w)
	}
	if w := g.LastClosed(asOf.Add(-1)); w.String() != "2026-03-27T23:00:00Z/2026-03-28T23:00:00Z" {
		t.Errorf("closed an instant before: %s", w)
	}
	// A delay of 1d is 24 hours: the short day is mature an hour before the next day's end.
	day := 24 * time.Hour
	if w := g.LastMature(at(t, "2026-03-29T23:00:00Z"), day); w.String() != "2026-03-27T23:00:00Z/2026-03-28T23:00:00Z" {
		t.Errorf("mature: %s", w)
	}
}

func TestGridInZones(t *testing.T) {
	for _, size := range []string{"36h", "25h", "1500m"} {
		_, err := NamedGrid(size + "@Europe/Oslo")
		if err == nil || !strings.Contains(err.Error(), "whole days or shorter than a day") {
			t.Errorf("%s: got %v", size, err)
		}
		if _, err := NamedGrid(size); err != nil {
			t.Errorf("%s: %v", size, err)
		}
	}
	if _, err := NamedGrid("1d@Europe/Olso"); err == nil {
		t.Error("an unknown zone passes")
	}
	if zonedGrid(t, "24h@Europe/Oslo") != zonedGrid(t, "1d@Europe/Oslo") || zonedGrid(t, "1d@Etc/UTC") != zonedGrid(t, "1d") || zonedGrid(t, "1d@Europe/Oslo") == zonedGrid(t, "1d@Europe/Paris") {
		t.Error("grids are not equal by size and zone")
	}
}

// oddZones holds zones whose clocks did what clocks do somewhere.
func oddZones() []string {
	return []string{
		"Europe/Oslo", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu",
		"Africa/Casablanca", "America/St_Johns", "Pacific/Kwajalein", "Asia/Beirut", "Africa/Cairo", "America/Havana", "Asia/Gaza",
		"Antarctica/Troll", "America/Juneau", "Asia/Manila", "Pacific/Kiritimati", "Africa/Monrovia", "Etc/GMT+12", "EST5EDT", "America/Asuncion",
	}
}

// drawInstant draws a time, often one at or near a change of a zone's clocks.
func drawInstant(t *rapid.T, z Zone) time.Time {
	u := time.Unix(rapid.Int64Range(-4e9, 6e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
	if _, end := u.In(z.Location()).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
		u = end.Add(time.Duration(rapid.Int64Range(-30, 30).Draw(t, "half hours")) * 30 * time.Minute)
	}
	return u.UTC()
}

func TestSemantics8_ZonedGridProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, err := ParseZone(rapid.SampledFrom(oddZones()).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		size := rapid.SampledFrom([]string{"1m", "17m", "30m", "1h", "90m", "5h", "6h", "12h", "23h", "1439m", "1d", "2d", "3d", "5d", "1w", "2w", "1mo", "3mo", "12mo"}).Draw(t, "size")
		g, err := NamedGrid(size + "@" + z.String())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := NamedGrid(g.String()); err != nil || again != g {
			t.Fatalf("%s reads back as %s (%v)", g, again, err)
		}
		u := drawInstant(t, z)
		w := g.Containing(u)
		if !w.Contains(u) || !g.OnGrid(w) || w.Start.Location() != time.UTC || w.End.Location() != time.UTC {
			t.Fatalf("window %s does not hold %s or is off the grid", w, u)
		}
		if g.Containing(w.Start) != w || g.Containing(w.End.Add(-1)) != w || g.Containing(w.End) == w {
			t.Fatalf("window %s does not begin and end at its bounds", w)
		}
		if next := g.Next(w); !next.Start.Equal(w.End) || !g.OnGrid(next) || g.Prev(next) != w {
			t.Fatalf("next of %s is %s", w, next)
		}
		if prev := g.Prev(w); !prev.End.Equal(w.Start) || !g.OnGrid(prev) || g.Next(prev) != w {
			t.Fatalf("prev of %s is %s", w, prev)
		}
		if closed := g.LastClosed(u); closed != g.Prev(w) || !closed.Closed(u) {
			t.Fatalf("%s is the last closed window at %s, in %s", closed, u, w)
		}
		if g.LastClosed(w.End) != w || g.LastMature(w.End.Add(time.Hour), time.Hour) != w {
			t.Fatalf("%s is not closed at its end", w)
		}
		checkOffGrid(t, g, Window{Start: w.Start.Add(time.Nanosecond), End: w.End.Add(time.Nanosecond)})
		if g.Length() < 24*time.Hour && w.Duration() > g.Length() {
			t.Fatalf("window %s is longer than %s", w, g)
		}
		if g.Length() >= 24*time.Hour && (!z.beginsDay(w.Start) || !z.beginsDay(w.End)) {
			t.Fatalf("window %s of %s does not begin or end with a day", w, g)
		}
	})
}

// checkOffGrid looks for the neighbours of a window that is off a grid.
func checkOffGrid(t *rapid.T, g Grid, off Window) {
	if g.OnGrid(off) {
		t.Fatal("a window off the grid passes as on it")
	}
	if next := g.Next(off); next.Start.Before(off.End) || !g.OnGrid(next) || !g.Prev(next).Start.Before(off.End) {
		t.Fatalf("next of %s off the grid is %s", off, next)
	}
	if prev := g.Prev(off); prev.End.After(off.Start) || !g.OnGrid(prev) {
		t.Fatalf("prev of %s off the grid is %s", off, prev)
	}
}

// A zone's wall times are what package time says of each of its instants.
func TestZoneWallTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, err := ParseZone(rapid.SampledFrom(oddZones()).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		u := drawInstant(t, z)
		wall := z.Wall(u)
		if got, want := wall.Format(time.DateTime), u.In(z.Location()).Format(time.DateTime); got != want {
			t.Fatalf("at %s clocks show %s, not %s", u, want, got)
		}
		first, after := z.First(wall), z.After(wall)
		if first.After(u) || !z.Wall(first).Equal(wall) || !z.Wall(first.Add(-1)).Before(wall) {
			t.Fatalf("%s is not the first time that clocks show %s", first, wall)
		}
		if after.Before(first) || z.Wall(after).Before(wall) || !z.Wall(after.Add(-1)).Before(wall) {
			t.Fatalf("clocks show a time before %s after %s", wall, after)
		}
		for range 50 {
			v := u.Add(time.Duration(rapid.Int64Range(-3000, 3000).Draw(t, "minutes")) * time.Minute)
			earlier := z.Wall(v).Before(wall)
			if v.Before(first) && !earlier || !v.Before(after) && earlier {
				t.Fatalf("at %s clocks show %s; %s is shown from %s to %s", v, z.Wall(v), wall, first, after)
			}
			if from, to := u, v; from.Before(to) {
				lowest, highest := z.WallBounds(from, to)
				x := from.Add(time.Duration(rapid.Int64Range(0, int64(to.Sub(from))-1).Draw(t, "within")))
				if w := z.Wall(x); w.Before(lowest) || !w.Before(highest) {
					t.Fatalf("clocks show %s at %s, and only %s to %s from %s to %s", w, x, lowest, highest, from, to)
				}
			}
		}
	})
}

func TestParseWindowIn(t *testing.T) {
	oslo, apia := scanZone(t, "Europe/Oslo"), scanZone(t, "Pacific/Apia")
	for _, c := range []struct {
		name, text string
		zone       Zone
		want, err  string
	}{
		{"a short day", "2026-03-29/2026-03-30", oslo, "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z", ""},
		{"times say where they are", "2026-03-29T00:00:00Z/2026-03-29T12:00:00+02:00", oslo, "2026-03-29T00:00:00Z/2026-03-29T10:00:00Z", ""},
		{"a date and a time", "2026-03-29/2026-03-29T12:00:00Z", oslo, "2026-03-28T23:00:00Z/2026-03-29T12:00:00Z", ""},
		{"a day that was left out", "2011-12-30/2011-12-31", apia, "", "both are the same instant in Pacific/Apia"},
		{"a day and one that was left out", "2011-12-29/2011-12-31", apia, "2011-12-29T10:00:00Z/2011-12-30T10:00:00Z", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := ParseWindowIn(c.text, c.zone)
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

func FuzzParseWindowIn(f *testing.F) {
	f.Add("2026-03-29/2026-03-30", "Europe/Oslo")
	f.Add("2011-12-30/2011-12-31", "Pacific/Apia")
	f.Add("2018-11-04/2018-11-04T03:00:01Z", "America/Sao_Paulo")
	f.Fuzz(func(t *testing.T, text, zone string) {
		z, err := ParseZone(zone)
		if err != nil {
			return
		}
		w, err := ParseWindowIn(text, z)
		if err != nil {
			return
		}
		if !w.Start.Before(w.End) {
			t.Fatalf("%q is the empty window %s", text, w)
		}
		if again, err := ParseWindowIn(w.String(), Zone{}); err != nil || again != w {
			t.Fatalf("%q reads back as %s (%v)", w, again, err)
		}
	})
}

func TestWindowTextsInZones(t *testing.T) {
	for _, c := range []struct{ name, grid, time, want string }{
		{"UTC", "1d", "2026-03-29T12:00:00Z", "2026-03-29/2026-03-30"},
		{"a short day", "1d@Europe/Oslo", "2026-03-29T12:00:00Z", "2026-03-29/2026-03-30 Europe/Oslo"},
		{"an hour", "1h@Europe/Oslo", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00+02:00/2026-10-25T02:00:00+01:00 Europe/Oslo"},
		{"no midnight", "1d@America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04/2018-11-05 America/Sao_Paulo"},
		{"before a day that was left out", "1d@Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-29/2011-12-31 Pacific/Apia"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := zonedGrid(t, c.grid)
			w := g.Containing(at(t, c.time))
			if got := w.Text(g.Zone(), "/"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			interval, _, _ := strings.Cut(c.want, " ")
			if back, err := ParseWindowIn(interval, g.Zone()); err != nil || back != w {
				t.Errorf("%s reads back as %s (%v)", c.want, back, err)
			}
		})
	}
}

func FuzzNamedGrid(f *testing.F) {
	f.Add("1d@Europe/Oslo", int64(1_774_746_000))
	f.Add("7h@Australia/Lord_Howe", int64(1_775_314_800))
	f.Add("1mo@Etc/UTC", int64(0))
	f.Add("1d@../UTC", int64(0))
	f.Fuzz(func(t *testing.T, name string, seconds int64) {
		g, err := NamedGrid(name)
		if err != nil {
			return
		}
		if again, err := NamedGrid(g.String()); err != nil || again != g {
			t.Fatalf("%q is %s, which reads back as %s (%v)", name, g, again, err)
		}
		u := time.Unix(seconds%6e9, 0)
		if w := g.Containing(u); !w.Contains(u) || !g.OnGrid(w) {
			t.Fatalf("%s of %s does not hold %s", w, g, u)
		}
	})
}

func BenchmarkZonedGridNext(b *testing.B) {
	g := zonedGrid(b, "1h@Europe/Oslo")
	w := g.Containing(time.Unix(1.7e9, 0))
	for b.Loop() {
		w = g.Next(w)
	}
}
