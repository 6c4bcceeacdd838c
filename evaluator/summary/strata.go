package summary

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// StrataKind says which windows are compared with which rows of the reference: those of the
// same kind of time, so that a weekend is not held against working days.
type StrataKind string

// The kinds of strata.
const (
	NoStrata        StrataKind = "none"
	WeekendStrata   StrataKind = "weekend"
	DayOfWeekStrata StrataKind = "day_of_week"
	HourOfDayStrata StrataKind = "hour_of_day"
)

// StrataKinds returns all kinds.
func StrataKinds() []StrataKind {
	return []StrataKind{NoStrata, WeekendStrata, DayOfWeekStrata, HourOfDayStrata}
}

// LongestWindow returns the length from which on every window reaches into all strata of the
// kind, so that these are of no use.
func (k StrataKind) LongestWindow() time.Duration {
	switch k {
	case HourOfDayStrata:
		return allHours * time.Hour
	case WeekendStrata, DayOfWeekStrata:
		return allDays * 24 * time.Hour
	default:
		return math.MaxInt64
	}
}

const (
	// minStratumDays is how many days a stratum needs; with fewer, a coarser one serves.
	minStratumDays = 8
	// strataBins is how many bins a number has where there are more than two strata, each of
	// which has counts of its own.
	strataBins = 256

	weekdays = 5 // the strata of working days among those of the days of the week, the first
	allDays  = 7
	allHours = 24
)

// count returns the number of strata.
func (k StrataKind) count() int {
	switch k {
	case WeekendStrata:
		return 2
	case DayOfWeekStrata:
		return allDays
	case HourOfDayStrata:
		return allHours
	default:
		return 0
	}
}

// Stratum is the part of a reference that a window is compared with: the rows of the same
// kind of time, or all rows.
type Stratum struct {
	Name string // "weekend", say; empty of the whole reference
	// Days are the days that the stratum has rows of; nil where days are not known. Of hours
	// they are the reference's, each with all of its hours.
	Days *Clusters
	part *part
}

// Partition says how the rows of a reference are taken apart by time, into strata and days.
type Partition struct {
	kind     StrataKind
	calendar *groundtruth.Calendar
}

// Group returns the number of the group that rows of a time, in Unix nanoseconds, belong to:
// what groundtruth.Batch.Group has when the ProfileBuilder gets it.
func (p *Partition) Group(t int64) int64 {
	day := p.calendar.Day(t)
	if p.kind == HourOfDayStrata {
		return day*allHours + int64(p.calendar.Hour(t))
	}
	return day
}

// of returns the day of a group and its stratum, which is 0 where there are no strata.
func (p *Partition) of(group int64) (day int64, stratum int) {
	if p.kind == HourOfDayStrata {
		day = groundtruth.FloorDiv(group, allHours)
		return day, int(group - day*allHours)
	}
	return group, p.ofDay(group)
}

// ofDay returns the stratum of a day, where a day is of one.
func (p *Partition) ofDay(day int64) int {
	fromMonday := (int(groundtruth.Weekday(day)) + 6) % allDays
	switch {
	case p.kind == DayOfWeekStrata:
		return fromMonday
	case p.kind == WeekendStrata && fromMonday >= weekdays:
		return 1
	default:
		return 0
	}
}

// covered returns the strata that a window reaches into, each a bit.
func (p *Partition) covered(w groundtruth.Window) (strata uint32) {
	// Clocks are set by quarters of an hour, and no more than all strata are in a week.
	const step = 15 * time.Minute
	if p.kind == HourOfDayStrata {
		for t := w.Start; t.Before(w.End) && t.Before(w.Start.AddDate(0, 0, 2)); t = t.Add(step) {
			strata |= 1 << p.calendar.Hour(t.UnixNano())
		}
		return strata | 1<<p.calendar.Hour(w.End.UnixNano()-1)
	}
	first, last := p.calendar.Day(w.Start.UnixNano()), p.calendar.Day(w.End.UnixNano()-1)
	for day := first; day <= min(last, first+allDays-1); day++ {
		strata |= 1 << p.ofDay(day)
	}
	return strata
}

// names returns the names of the kind's strata, in their order.
func (k StrataKind) names() []string {
	switch k {
	case WeekendStrata:
		return []string{"weekday", "weekend"}
	case DayOfWeekStrata:
		return []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	case HourOfDayStrata:
		out := make([]string, allHours)
		for h := range out {
			out[h] = hours(h, 1)
		}
		return out
	default:
		return nil
	}
}

// hours names so many hours of the day from one on.
func hours(from, n int) string {
	return fmt.Sprintf("%02d:00-%02d:00", from, (from+n-1)%allHours+1)
}

// nameOf names some strata together.
func (k StrataKind) nameOf(strata uint32) string {
	if k == HourOfDayStrata {
		// The hours of a window follow one another, over midnight too.
		n := bits.OnesCount32(strata)
		for h := range allHours {
			if strata>>h&1 == 1 && strata>>((h+allHours-1)%allHours)&1 == 0 {
				return hours(h, n)
			}
		}
	}
	var names []string
	for i, name := range k.names() {
		if strata>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// For returns what a window is compared with: the strata that it reaches into, where these
// have days and rows enough and are not all that there are; else the coarser ones of weekends
// and working days, where the strata are the days of a week; else the whole reference.
// Strata of fewer than minRows rows judge nothing.
func (p *Profile) For(w groundtruth.Window, minRows int64) Stratum {
	whole := p.Whole()
	if len(p.Strata) == 0 || !w.End.After(w.Start) {
		return whole
	}
	kind, all := p.partition.kind, uint32(1)<<len(p.Strata)-1
	strata := p.partition.covered(w)
	if strata == all {
		return whole
	}
	if s, ok := p.union(strata, kind.nameOf(strata), minRows); ok {
		return s
	}
	const working, weekend = 1<<weekdays - 1, (1<<allDays - 1) &^ (1<<weekdays - 1)
	if kind == DayOfWeekStrata && (strata&working == 0 || strata&weekend == 0) {
		coarser := uint32(working)
		if strata&working == 0 {
			coarser = weekend
		}
		if s, ok := p.union(coarser, WeekendStrata.nameOf(uint32(one(coarser == weekend))+1), minRows); ok {
			return s
		}
	}
	return whole
}

// union returns some strata together, and false where they have too few days or rows.
func (p *Profile) union(strata uint32, name string, minRows int64) (Stratum, bool) {
	var rows int64
	for i := range p.Strata {
		if strata>>i&1 == 1 {
			rows += p.Strata[i].Rows()
		}
	}
	within := func(g *cluster) bool { return g.strata&strata != 0 }
	out := Stratum{Name: name, Days: p.Days.only(within)}
	if out.Days.Len() < minStratumDays || rows < minRows {
		return Stratum{}, false
	}
	if p.partition.kind == HourOfDayStrata {
		out.Days = p.Days
	}
	if bits.OnesCount32(strata) == 1 {
		out.part = p.Strata[bits.TrailingZeros32(strata)].part
		return out, true
	}
	var parts []*part
	for i := range p.Strata {
		if strata>>i&1 == 1 {
			parts = append(parts, p.Strata[i].part)
		}
	}
	out.part = together(parts)
	return out, true
}

// mergedStrata returns strata together, which are of one reference and so can be merged.
func mergedStrata(parts []*Summary) *Summary {
	s := parts[0]
	out := newSummary(s.task, s.classifier, s.layout, s.start, s.end, s.segNames, s.maxSegments)
	if s.hours != nil {
		out.hours = &hourCounts{zone: s.hours.zone}
	}
	for _, part := range parts {
		if err := out.Merge(part); err != nil {
			panic("summary: strata of one reference do not merge: " + err.Error())
		}
	}
	return out
}
