package diagnose

import (
	"fmt"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// Times is a range of timestamps, those of rows that lie outside of a window or of the date of
// their folder.
type Times struct {
	First, Last int64 // Unix nanoseconds
	Midnights   bool  // all of them are the start of a day in UTC
	// Unzoned is one of them as it is written, where they have no time zone, and so are read as
	// UTC.
	Unzoned string
	// Before and After are how far they reach before and after the dates of their folders,
	// where that is what they lie outside of.
	Before, After time.Duration
}

// Cause is what probably made something odd.
type Cause struct {
	Kind string // for programs, such as "date key"
	// Text says what it is, and Remedy what to do: a clause each.
	Text, Remedy string
}

// Words says what it is and what to do.
func (c Cause) Words() string { return c.Text + ": " + c.Remedy }

// Displaced reports whether rows were read as what they are, and lie outside all the same.
func (c Cause) Displaced() bool {
	return c.Kind == zoneKind || c.Kind == lateKind || c.Kind == futureKind
}

// The kinds of causes where rows lie near what they lie outside of.
const (
	zoneKind   = "time zone"
	lateKind   = "late"
	futureKind = "future"
)

const (
	day = 24 * time.Hour
	// MostZone is the most that a time zone lies from UTC: UTC-12 to UTC+14.
	MostZone = 14 * time.Hour
	// mostLate is how far rows may lie from their date where they only came late.
	mostLate = 7 * day
	// nearYears is how near to a window a log's times lie where they are read as what they
	// are: a log holds some years, while a number that is read as another thing lies decades off.
	nearYears = 3 * 366 * day
)

// Outside finds the likely cause where rows lie outside of w, and false where it knows none.
// asOf is the moment from which the log is looked at, zero where there is none. Slack says
// whether w is the date of the rows' folders, so that the key slack helps.
func (t Times) Outside(w groundtruth.Window, asOf time.Time, slack bool) (Cause, bool) {
	if !t.near(w, nearYears) {
		return t.misread(w)
	}
	before, after := t.Before, t.After
	if max(before, after) == 0 {
		before, after = t.distance(w)
	}
	off := max(before, after)
	switch {
	case !asOf.IsZero() && t.First > asOf.UnixNano() && t.Last-asOf.UnixNano() <= int64(MostZone):
		return Cause{futureKind, "they lie at most " + Delay(time.Duration(t.Last-asOf.UnixNano())) + " after as-of, as local times do that are taken for UTC",
			"write timestamps in UTC or with their offset"}, true
	case t.Midnights && w.Duration() < day:
		return Cause{"dates", "they are dates without a time of day", "set window: 1d, or map a column that has the time"}, true
	case off > mostLate || !slack && off > MostZone:
		return Cause{}, false
	case (before == 0 || after == 0) && off <= MostZone:
		where := "before"
		if after > 0 {
			where = "after"
		}
		off = (off + time.Hour - 1).Truncate(time.Hour) // as zones mostly are
		lie, inUTC := fmt.Sprintf("lie at most %s %s it", Delay(off), where), "write timestamps in UTC or with their offset"
		switch {
		case t.Unzoned != "": // other dates of folders would hide that the times are wrong
			return Cause{zoneKind, fmt.Sprintf("they have no time zone, such as %s, and %s, as local times do that are taken for UTC", table.Quote(t.Unzoned), lie), inUTC}, true
		case slack:
			return Cause{zoneKind, fmt.Sprintf("they %s, as where the dates of folders are local", lie),
				"set predictions.partition_time_zone to the time zone of the folders, or predictions.slack: " + Delay(off) + " to have neighbouring folders read too"}, true
		}
		return Cause{zoneKind, fmt.Sprintf("they %s, as where one of the two is in local time and the other in UTC", lie), inUTC}, true
	case slack:
		return Cause{lateKind, fmt.Sprintf("they lie at most %s from it, as where rows are stored by the time of their arrival", Delay(off)),
			"set predictions.slack: " + Delay(off) + " to have neighbouring folders read too"}, true
	}
	return Cause{}, false
}

// near reports whether some of the range lies within d of a window.
func (t Times) near(w groundtruth.Window, d time.Duration) bool {
	first, last := time.Unix(0, t.First), time.Unix(0, t.Last)
	return !last.Before(w.Start.Add(-d)) && first.Before(w.End.Add(d))
}

// distance returns how far the range reaches before a window and after it.
func (t Times) distance(w groundtruth.Window) (before, after time.Duration) {
	before = max(0, w.Start.Sub(time.Unix(0, t.First)))
	if last := time.Unix(0, t.Last); !last.Before(w.End) {
		after = last.Sub(w.End) + 1
	}
	return before, after
}

// reading is a number that was taken for seconds or milliseconds since 1970, though it is
// another thing.
type reading struct {
	kind, text string
	unit       time.Duration // that it was taken for
	at         func(n int64) (time.Time, bool)
}

// misread finds what numbers were that lie far from a window and near to it when they are
// read as another thing.
func (t Times) misread(w groundtruth.Window) (Cause, bool) {
	for _, r := range readings() {
		if t.First%int64(r.unit) != 0 || t.Last%int64(r.unit) != 0 {
			continue
		}
		raw := t.First / int64(r.unit)
		first, ok1 := r.at(raw)
		last, ok2 := r.at(t.Last / int64(r.unit))
		if !ok1 || !ok2 {
			continue
		}
		as := Times{First: first.UnixNano(), Last: last.UnixNano()}
		if as.First > as.Last || !as.near(w, nearYears) {
			continue
		}
		return Cause{r.kind, fmt.Sprintf("they were read as time since 1970, and are %s such as %d", r.text, raw),
			"have the job that writes them write " + first.UTC().Format(time.RFC3339) + ", or seconds since 1970"}, true
	}
	return Cause{}, false
}

// readings are the things that misread knows. The earliest that fits is taken.
func readings() []reading {
	since := func(epoch time.Time, unit time.Duration) func(int64) (time.Time, bool) {
		return func(n int64) (time.Time, bool) {
			most := int64(200*366*day) / int64(unit)
			return epoch.Add(time.Duration(n) * unit), n > -most && n < most
		}
	}
	excel, unix := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC), time.Unix(0, 0)
	return []reading{
		{"date key", "date keys", time.Second, key("20060102")},
		{"date key", "keys of hours", time.Second, key("2006010215")},
		{"date key", "keys of minutes", time.Millisecond, key("200601021504")},
		{"date key", "keys of months", time.Second, key("200601")},
		{"excel", "days of a spreadsheet, counted from 1900 on,", time.Second, since(excel, day)},
		{"days", "days since 1970", time.Second, since(unix, day)},
		{"hours", "hours since 1970", time.Second, since(unix, time.Hour)},
		{"minutes", "minutes since 1970", time.Second, since(unix, time.Minute)},
		// A column's type may name a finer unit than the numbers in it have.
		{"unit", "seconds in a column of milliseconds", time.Millisecond, since(unix, time.Second)},
		{"unit", "milliseconds in a column of microseconds", time.Microsecond, since(unix, time.Millisecond)},
		{"unit", "seconds in a column of microseconds", time.Microsecond, since(unix, time.Second)},
		{"unit", "microseconds in a column of nanoseconds", time.Nanosecond, since(unix, time.Microsecond)},
		{"unit", "milliseconds in a column of nanoseconds", time.Nanosecond, since(unix, time.Millisecond)},
		{"unit", "seconds in a column of nanoseconds", time.Nanosecond, since(unix, time.Second)},
	}
}

// key reads numbers that are dates when their digits are parted.
func key(layout string) func(n int64) (time.Time, bool) {
	return func(n int64) (time.Time, bool) {
		t, err := time.Parse(layout, strconv.FormatInt(n, 10))
		return t, err == nil && t.Year() >= 1900 && t.Year() < 2200
	}
}
