package groundtruth

import (
	"sort"
	"time"
)

// Calendar tells on which day of a zone an instant lies, and in which hour of it: quickly
// between two instants, for the many rows of a scan, and beyond them too. It is made once and
// may be used by any number of goroutines.
type Calendar struct {
	zone  Zone
	first int64         // the number of the first day of days
	days  []calendarDay // one after the other; none in UTC, which needs none
}

// calendarDay is a day of a zone.
type calendarDay struct {
	start  int64 // Unix nanoseconds
	offset int64 // how far the clocks are before UTC, in nanoseconds
	even   bool  // offset holds for the whole day
}

const (
	nanosPerHour = int64(time.Hour)
	nanosPerDay  = 24 * nanosPerHour
)

// NewCalendar returns the calendar of a zone, which is quick from one instant to another.
func NewCalendar(z Zone, from, to time.Time) *Calendar {
	c := &Calendar{zone: z}
	if z.IsUTC() || to.Before(from) {
		return c
	}
	day := z.day(from)
	c.first = dayNumber(day)
	for start := z.First(day); !start.After(to); {
		day = day.AddDate(0, 0, 1)
		next := z.First(day)
		offset, until := z.setting(start)
		c.days = append(c.days, calendarDay{start.UnixNano(), int64(offset), until.IsZero() || !until.Before(next)})
		start = next
	}
	// The end of the last day, of which nothing else is known.
	c.days = append(c.days, calendarDay{start: z.First(day).UnixNano()})
	return c
}

// dayNumber numbers the dates from 1970-01-01 on.
func dayNumber(date time.Time) int64 { return FloorDiv(date.Unix(), daySeconds) }

// Zone returns the calendar's zone.
func (c *Calendar) Zone() Zone { return c.zone }

// Day returns the number of the date to which an instant, in Unix nanoseconds, belongs:
// 0 for 1970-01-01.
func (c *Calendar) Day(t int64) int64 {
	if c.zone.IsUTC() {
		return FloorDiv(t, nanosPerDay)
	}
	if i, ok := c.find(t); ok {
		return c.first + int64(i)
	}
	return dayNumber(c.zone.day(time.Unix(0, t)))
}

// Hour returns the hour, from 0 to 23, that the zone's clocks show at an instant.
func (c *Calendar) Hour(t int64) int {
	if !c.zone.IsUTC() {
		i, ok := c.find(t)
		if !ok || !c.days[i].even {
			return c.zone.Wall(time.Unix(0, t)).Hour()
		}
		t += c.days[i].offset
	}
	return int(FloorDiv(t, nanosPerHour) - 24*FloorDiv(t, nanosPerDay))
}

// CountHours counts instants by their hour.
func (c *Calendar) CountHours(times []int64, counts *[24]int64) {
	for _, t := range times {
		counts[c.Hour(t)]++
	}
}

// find returns the index of the day that holds an instant, and false beyond the days.
func (c *Calendar) find(t int64) (int, bool) {
	last := len(c.days) - 1
	if last < 1 || t < c.days[0].start || t >= c.days[last].start {
		return 0, false
	}
	// Days are about as long as in UTC. Of days that begin at once, which a zone left out, the
	// last counts.
	i := min(int((t-c.days[0].start)/nanosPerDay), last-1)
	if t < c.days[i].start || i+2 <= last && t >= c.days[i+2].start {
		i = sort.Search(last, func(i int) bool { return c.days[i+1].start > t })
	} else if t >= c.days[i+1].start {
		i++
	}
	return i, true
}

// Weekday returns the day of the week of a date by its number.
func Weekday(day int64) time.Weekday {
	return time.Weekday(((day+int64(time.Thursday))%7 + 7) % 7)
}
