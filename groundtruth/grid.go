package groundtruth

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Grid cuts time into windows of one size that follow one another without gaps: days at
// midnight, hours on the hour, weeks from Monday, months by the calendar and other
// sizes from the Unix epoch, in UTC or by the clocks of another zone. Grids of the same
// size and zone are equal by ==. The zero Grid is no grid: its methods panic.
//
// In a zone, sizes of whole days, weeks and months begin where the zone's days begin, and
// are as long as these days are. Smaller ones are cut from the beginning of each day in
// elapsed time, and the last of a day ends with it. A day begins at the first instant at
// which clocks show its date, whether or not they show midnight; of a date that the zone
// left out there is no window.
type Grid struct {
	months  int64 // calendar months, or
	seconds int64 // a fixed size
	zone    Zone
}

const (
	minuteSeconds = 60
	hourSeconds   = 60 * minuteSeconds
	daySeconds    = 24 * hourSeconds
	weekSeconds   = 7 * daySeconds

	// maxGridDays bounds the size of a window.
	maxGridDays = 3660
	// monthSeconds is the mean Gregorian month: 365.2425 days / 12.
	monthSeconds = 2629746
)

// ParseGrid reads a window size: a whole number and one of m (minutes), h, d, w and
// mo (calendar months), such as 1d, 1h, 90m, 7d or 1mo, from 1m to 3660d. Sizes of
// equal length are the same grid: 7d is 1w, 24h is 1d. Several weeks start on
// Mondays too, counted from the week of the epoch (Monday 29 December 1969);
// several months are counted from January 1970, so that 3mo are the quarters.
func ParseGrid(s string) (Grid, error) {
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits == 0 || digits == len(s) {
		return Grid{}, fmt.Errorf("parse window size %q: want a whole number and a unit, such as 1d, 1h, 90m, 7d or 1mo", s)
	}
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if err != nil || n > maxGridDays*daySeconds {
		return Grid{}, fmt.Errorf("parse window size %q: the number is too large: at most %dd", s, maxGridDays)
	}
	if n == 0 {
		return Grid{}, fmt.Errorf("parse window size %q: a window cannot be empty", s)
	}
	var g Grid
	switch unit := s[digits:]; unit {
	case "m":
		g.seconds = n * minuteSeconds
	case "h":
		g.seconds = n * hourSeconds
	case "d":
		g.seconds = n * daySeconds
	case "w":
		g.seconds = n * weekSeconds
	case "mo":
		g.months = n
	case "s", "ms", "us", "ns":
		return Grid{}, fmt.Errorf("parse window size %q: the smallest window is a minute (1m)", s)
	default:
		return Grid{}, fmt.Errorf("parse window size %q: unknown unit %q: want m (minutes), h, d, w or mo (months)", s, unit)
	}
	if g.seconds > maxGridDays*daySeconds || g.months > maxGridDays/30 {
		return Grid{}, fmt.Errorf("parse window size %q: too large: at most %dd or %dmo", s, maxGridDays, maxGridDays/30)
	}
	return g, nil
}

// In returns the grid of the same size by the clocks of a zone. A size beyond a day that
// is not of whole days has no place to begin there, and is an error.
func (g Grid) In(z Zone) (Grid, error) {
	if !z.IsUTC() && g.seconds > daySeconds && g.seconds%daySeconds != 0 {
		return Grid{}, fmt.Errorf("windows of %s cannot be cut in the zone %s: days there begin at midnight, so a window is whole days or shorter than a day", g, z)
	}
	g.zone = z
	return g, nil
}

// Zone returns the zone by whose clocks the grid is cut.
func (g Grid) Zone() Zone { return g.zone }

// NamedGrid returns the grid of a name that String gives.
func NamedGrid(name string) (Grid, error) {
	size, place, zoned := strings.Cut(name, "@")
	g, err := ParseGrid(size)
	if err != nil || !zoned {
		return g, err
	}
	z, err := ParseZone(place)
	if err != nil {
		return Grid{}, fmt.Errorf("parse grid %q: %w", name, err)
	}
	return g.In(z)
}

// IsZero reports whether g is the zero Grid, which is no grid.
func (g Grid) IsZero() bool { return g == Grid{} }

// String returns the grid's name: its size, such as 1d, and the zone where that is not
// UTC, as in 1d@Europe/Oslo.
func (g Grid) String() string {
	if g.zone.IsUTC() {
		return g.size()
	}
	return g.size() + "@" + g.zone.String()
}

// size returns the size in its largest fitting unit, as ParseGrid reads it: a week is 7d.
func (g Grid) size() string {
	switch {
	case g.months > 0:
		return strconv.FormatInt(g.months, 10) + "mo"
	case g.seconds%daySeconds == 0:
		return strconv.FormatInt(g.seconds/daySeconds, 10) + "d"
	case g.seconds%hourSeconds == 0:
		return strconv.FormatInt(g.seconds/hourSeconds, 10) + "h"
	default:
		return strconv.FormatInt(g.seconds/minuteSeconds, 10) + "m"
	}
}

// Length returns the nominal length of a window: exact for fixed sizes in UTC, and a mean
// Gregorian month of 30.436875 days for each calendar month. In a zone, windows on days
// when clocks change are longer or shorter.
func (g Grid) Length() time.Duration {
	if g.months > 0 {
		return time.Duration(g.months) * monthSeconds * time.Second
	}
	return time.Duration(g.seconds) * time.Second
}

// Times returns the size of windows so many times as long, as ParseGrid reads it, and false
// where there is no such grid in the zone.
func (g Grid) Times(n int64) (size string, ok bool) {
	longer := Grid{months: g.months * n, seconds: g.seconds * n}
	again, err := ParseGrid(longer.size())
	if err == nil {
		_, err = again.In(g.zone)
	}
	return longer.size(), err == nil
}

// Containing returns the window of the grid that holds t.
func (g Grid) Containing(t time.Time) Window {
	if g.zone.IsUTC() {
		return g.at(g.index(t.UTC()))
	}
	day := g.zone.day(t)
	if g.months == 0 && g.seconds < daySeconds {
		start, end, size := g.zone.First(day), g.zone.First(day.AddDate(0, 0, 1)), g.Length()
		start = start.Add(t.Sub(start) / size * size)
		if next := start.Add(size); next.Before(end) {
			end = next
		}
		return Window{Start: start, End: end}
	}
	// The dates are counted as those of UTC are.
	w := g.at(g.index(day))
	return Window{Start: g.zone.First(w.Start), End: g.zone.First(w.End)}
}

// Next returns the first window of the grid that starts at w.End or later: the one
// after w, when w is on the grid.
func (g Grid) Next(w Window) Window {
	next := g.Containing(w.End)
	if next.Start.Before(w.End) {
		return g.Containing(next.End)
	}
	return next
}

// Prev returns the last window of the grid that ends at w.Start or earlier: the one
// before w, when w is on the grid.
func (g Grid) Prev(w Window) Window {
	return g.LastClosed(w.Start)
}

// OnGrid reports whether w is a window of the grid.
func (g Grid) OnGrid(w Window) bool {
	return g.Containing(w.Start).Equal(w)
}

// GridOf returns the grid in UTC whose window w is, and false where there is none. An interval
// of whole months by the calendar is one of months, though days of that number may be
// a grid with that window too.
func GridOf(w Window) (Grid, bool) {
	start, end := w.Start.UTC(), w.End.UTC()
	if months := (end.Year()-start.Year())*12 + int(end.Month()) - int(start.Month()); months > 0 {
		if g := (Grid{months: int64(months)}); g.OnGrid(w) {
			return g, true
		}
	}
	seconds := end.Unix() - start.Unix()
	if seconds < minuteSeconds || seconds%minuteSeconds != 0 {
		return Grid{}, false
	}
	g := Grid{seconds: seconds}
	return g, g.OnGrid(w)
}

// LastClosed returns the newest window that has ended: End <= asOf.
func (g Grid) LastClosed(asOf time.Time) Window {
	return g.Containing(g.Containing(asOf).Start.Add(-1))
}

// LastMature returns the newest window whose labels are expected to be in:
// End + delay <= asOf.
func (g Grid) LastMature(asOf time.Time, delay time.Duration) Window {
	return g.LastClosed(asOf.Add(-delay))
}

// index numbers the windows in UTC; t is in UTC.
func (g Grid) index(t time.Time) int64 {
	if g.months > 0 {
		return FloorDiv((int64(t.Year())-1970)*12+int64(t.Month())-1, g.months)
	}
	if g.seconds <= 0 {
		panic("groundtruth: use of the zero Grid")
	}
	return FloorDiv(t.Unix()-g.origin(), g.seconds)
}

// at returns the window in UTC of a number that index gives.
func (g Grid) at(i int64) Window {
	if g.months > 0 {
		month := func(i int64) time.Time {
			// time.Date normalises months beyond the year, negative ones too.
			return time.Date(1970, time.Month(1+i*g.months), 1, 0, 0, 0, 0, time.UTC)
		}
		return Window{Start: month(i), End: month(i + 1)}
	}
	start := g.origin() + i*g.seconds
	return Window{Start: time.Unix(start, 0).UTC(), End: time.Unix(start+g.seconds, 0).UTC()}
}

// origin returns the start of a window of a fixed size, in Unix seconds.
func (g Grid) origin() int64 {
	if g.seconds%weekSeconds == 0 {
		return -3 * daySeconds // the epoch was a Thursday
	}
	return 0
}

// FloorDiv divides, rounding down: times before the epoch are negative.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && a < 0 {
		q--
	}
	return q
}
