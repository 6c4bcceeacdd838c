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
	// hours has the hour of the week that clocks show in each quarter of an hour from base on; none
	// where that isn't one, or there would be too many.
	base  int64
	hours []uint8
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
	quarter      = int64(15 * time.Minute)
	// mostQuarters bounds the table of hours, which has some ten years.
	mostQuarters = 1 << 19
)

// NewCalendar returns the calendar of a zone, which is quick from one instant to another.
func NewCalendar(z Zone, from, to time.Time) *Calendar {
	c := &Calendar{zone: z}
	if to.Before(from) {
		return c
	}
	if !z.IsUTC() {
		c.addDays(from, to)
	}
	c.addHours(from.UnixNano(), to.UnixNano())
	return c
}

// addDays makes the days from one instant to another known.
func (c *Calendar) addDays(from, to time.Time) {
	z := c.zone
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
}

// addHours makes the table of hours from one instant to another. Clocks are set by quarters of
// an hour today; where they were not, there is none.
func (c *Calendar) addHours(from, to int64) {
	first, last := floorDiv(from, quarter), floorDiv(to, quarter)
	if last-first >= mostQuarters {
		return
	}
	hours := make([]uint8, last-first+1)
	for i := range hours {
		start := (first + int64(i)) * quarter
		h := c.HourOfWeek(start)
		if c.HourOfWeek(start+quarter-1) != h {
			return
		}
		hours[i] = uint8(h)
	}
	c.base, c.hours = first*quarter, hours
}

// dayNumber numbers the dates from 1970-01-01 on.
func dayNumber(date time.Time) int64 { return FloorDiv(date.Unix(), daySeconds) }

// floorDiv is FloorDiv by a divisor that is constant where it is called, for many numbers.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a < q*b {
		q--
	}
	return q
}

// Zone returns the calendar's zone.
func (c *Calendar) Zone() Zone { return c.zone }

// Day returns the number of the date to which an instant, in Unix nanoseconds, belongs:
// 0 for 1970-01-01.
func (c *Calendar) Day(t int64) int64 {
	if c.zone.IsUTC() {
		return floorDiv(t, nanosPerDay)
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
	return int(floorDiv(t, nanosPerHour) - 24*floorDiv(t, nanosPerDay))
}

// HoursOfWeek is how many hours a week has.
const HoursOfWeek = 7 * 24

// HourOfWeek returns the hour of the week that the zone's clocks show at an instant: 0 for the
// first of a Monday, HoursOfWeek-1 for the last of a Sunday.
func (c *Calendar) HourOfWeek(t int64) int {
	fromMonday := (int(Weekday(c.Day(t))) + 6) % 7
	return 24*fromMonday + c.Hour(t)
}

// CountHours counts instants by their hour.
func (c *Calendar) CountHours(times []int64, counts *[24]int64) {
	var week [HoursOfWeek]int64
	hours := c.hours
	for _, t := range times {
		// What lies before base is a very large number.
		if i := uint64(t-c.base) / uint64(quarter); i < uint64(len(hours)) {
			week[hours[i]]++
			continue
		}
		week[c.HourOfWeek(t)]++
	}
	for h, n := range week {
		counts[h%24] += n
	}
}

// SetHoursOfWeek sets the hours of the week of instants in out, which is as long.
func (c *Calendar) SetHoursOfWeek(out []int32, times []int64) {
	out, hours := out[:len(times)], c.hours
	for row, t := range times {
		if i := uint64(t-c.base) / uint64(quarter); i < uint64(len(hours)) {
			out[row] = int32(hours[i])
			continue
		}
		out[row] = int32(c.HourOfWeek(t))
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
