package groundtruth

import (
	"fmt"
	"strings"
	"time"
)

// Window is a half-open interval [Start, End) of prediction time, in UTC.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Contains reports whether t lies in [Start, End).
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.Start) && t.Before(w.End)
}

// Duration returns End - Start.
func (w Window) Duration() time.Duration {
	return w.End.Sub(w.Start)
}

// Closed reports whether the window has ended: End <= asOf.
func (w Window) Closed(asOf time.Time) bool {
	return !w.End.After(asOf)
}

// Mature reports whether the labels of the window are expected to be in:
// End + delay <= asOf.
func (w Window) Mature(asOf time.Time, delay time.Duration) bool {
	return !w.End.Add(delay).After(asOf)
}

// Equal reports whether both windows are the same interval.
func (w Window) Equal(o Window) bool {
	return w.Start.Equal(o.Start) && w.End.Equal(o.End)
}

// String returns START/END as ParseWindowIn reads it in UTC: dates where both bounds are
// midnights in UTC, else RFC 3339.
func (w Window) String() string { return w.dates(Zone{}, time.RFC3339Nano, "/") }

// Text returns the window as people in a zone read it, its bounds joined by sep: dates
// where both begin one, else RFC 3339 to the second; and which zone it is, but for UTC.
func (w Window) Text(z Zone, sep string) string { return w.dates(z, time.RFC3339, sep) + z.suffix() }

// Format returns the window's bounds in a zone, each by a layout of package time, joined
// by sep.
func (w Window) Format(z Zone, layout, sep string) string {
	return w.Start.In(z.Location()).Format(layout) + sep + w.End.In(z.Location()).Format(layout)
}

// Days writes a window of whole days by the first and the last of them, as people count days,
// and another one by its bounds.
func (w Window) Days(z Zone) string {
	if !z.beginsDay(w.Start) || !z.beginsDay(w.End) {
		return w.Text(z, " to ")
	}
	first, last := w.Start.In(z.Location()).Format(time.DateOnly), w.End.Add(-1).In(z.Location()).Format(time.DateOnly)
	if last != first {
		first += " to " + last
	}
	return first + z.suffix()
}

// dates formats the bounds as dates where both begin one in the zone, else by layout.
func (w Window) dates(z Zone, layout, sep string) string {
	if z.beginsDay(w.Start) && z.beginsDay(w.End) {
		layout = time.DateOnly
	}
	return w.Format(z, layout, sep)
}

// ParseWindowIn reads START/END, each RFC 3339 or a date, which begins by the clocks of a
// zone. The window is half-open; an empty or reversed one is an error, and so is a time
// that lies outside the years 1678 to 2261, which nanoseconds cannot hold.
func ParseWindowIn(s string, z Zone) (Window, error) {
	first, second, ok := strings.Cut(s, "/")
	if !ok {
		return Window{}, fmt.Errorf("parse window %q: want START/END, such as 2026-01-01/2026-01-02", s)
	}
	start, err := ParseTimeIn(first, z)
	if err != nil {
		return Window{}, fmt.Errorf("parse window %q: start: %w", s, err)
	}
	end, err := ParseTimeIn(second, z)
	if err != nil {
		return Window{}, fmt.Errorf("parse window %q: end: %w", s, err)
	}
	switch {
	case start.Equal(end) && first != second:
		return Window{}, fmt.Errorf("parse window %q: it is empty: both are the same instant in %s", s, z)
	case start.Equal(end):
		return Window{}, fmt.Errorf("parse window %q: it is empty: the end is not part of a window, so a day is DATE/NEXT-DATE", s)
	case end.Before(start):
		return Window{}, fmt.Errorf("parse window %q: the end lies before the start", s)
	}
	return Window{Start: start, End: end}, nil
}

// ParseTime reads a point in time as people write it: RFC 3339, or a date, which begins
// in UTC.
func ParseTime(s string) (time.Time, error) { return ParseTimeIn(s, Zone{}) }

// ParseTimeIn reads what ParseTime does, with a date that begins in a zone.
func ParseTimeIn(s string, z Zone) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, s); err == nil {
			t = z.First(t)
		}
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither RFC 3339 (2026-01-01T00:00:00Z) nor a date (2026-01-01)", s)
	}
	t = t.UTC()
	if t.Year() < 1678 || t.Year() > 2261 {
		return time.Time{}, fmt.Errorf("%q lies outside the years 1678 to 2261", s)
	}
	return t, nil
}
