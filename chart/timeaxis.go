package chart

import (
	"strconv"
	"time"
)

// timeScale maps times to lengths.
type timeScale struct {
	from, to time.Time
	x0, x1   float64
	zone     *time.Location
	half     time.Duration // half of the usual time from one window's start to the next
}

func (s timeScale) at(t time.Time) float64 {
	span := s.to.Sub(s.from).Seconds()
	if !(span > 0) {
		return (s.x0 + s.x1) / 2
	}
	share := min(max(t.Sub(s.from).Seconds()/span, 0), 1)
	return s.x0 + float64(share*(s.x1-s.x0))
}

// timeTick is a labelled time. Under is a second line: the day below hours, the year below days.
type timeTick struct {
	at          time.Time
	text, under string
}

// stride is a step between ticks of time, as a calendar has it.
type stride struct {
	minutes, days, months int
}

func strides() []stride {
	return []stride{
		{minutes: 1}, {minutes: 5}, {minutes: 15}, {minutes: 30}, {minutes: 60}, {minutes: 180}, {minutes: 360}, {minutes: 720},
		{days: 1}, {days: 2}, {days: 7}, {days: 14}, {months: 1}, {months: 2}, {months: 3}, {months: 6},
		{months: 12}, {months: 24}, {months: 60}, {months: 120}, {months: 600}, {months: 1200}, {months: 12000},
	}
}

// about is the length of a stride, nearly.
func (s stride) about() time.Duration {
	return time.Duration(s.minutes)*time.Minute + time.Duration(s.days)*24*time.Hour + time.Duration(float64(s.months)*30.44*24*float64(time.Hour))
}

// ticks are times that begin a minute, an hour, a day, a week or a month in the zone, as near as
// labels of the width fit.
func (s timeScale) ticks(labelWidth float64) []timeTick {
	room := max(1, float64(int((s.x1-s.x0)/labelWidth)))
	span := s.to.Sub(s.from)
	for _, every := range strides() {
		if every.about().Seconds()*room >= span.Seconds() {
			return s.labels(every, s.times(every))
		}
	}
	return nil
}

// times lists the times of a stride within the scale, by the clock on the wall: each day begins anew,
// whatever its length. A time that the clock leaves out is none.
func (s timeScale) times(every stride) []time.Time {
	y, m, d := s.from.In(s.zone).Date()
	date := func(y int, m time.Month, d, minutes int) time.Time {
		return time.Date(y, m, d, 0, minutes, 0, 0, time.UTC)
	}
	var wall func(k int) time.Time
	switch {
	case every.months >= 12:
		years := every.months / 12
		wall = func(k int) time.Time { return date(y-y%years+k*years, 1, 1, 0) }
	case every.months > 0:
		m = time.Month((int(m)-1)/every.months*every.months + 1)
		wall = func(k int) time.Time { return date(y, m+time.Month(k*every.months), 1, 0) }
	case every.days > 0:
		// Weeks begin on Monday; other days are counted from a Monday that never moves.
		day := int(date(y, m, d, 0).Unix()/86400) + 3
		wall = func(k int) time.Time { return date(y, m, d-day%every.days+k*every.days, 0) }
	default:
		first := s.from.In(s.zone)
		minute := (first.Hour()*60 + first.Minute()) / every.minutes * every.minutes
		wall = func(k int) time.Time { return date(y, m, d, minute+k*every.minutes) }
	}
	var times []time.Time
	for k := range 1000 {
		w := wall(k)
		t := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), 0, 0, s.zone)
		if t.After(s.to) {
			break
		}
		if !t.Before(s.from) && t.Day() == w.Day() && t.Hour() == w.Hour() && t.Minute() == w.Minute() {
			times = append(times, t)
		}
	}
	return times
}

// labels writes times with as much as tells them apart, and the rest below the first one and
// wherever it changes.
func (s timeScale) labels(every stride, times []time.Time) []timeTick {
	if len(times) == 0 {
		times = []time.Time{s.from.In(s.zone)}
	}
	ticks := make([]timeTick, len(times))
	last := ""
	for i, t := range times {
		text, under := t.Format("15:04"), t.Format("2 Jan 2006")
		switch {
		case every.months >= 12:
			text, under = strconv.Itoa(t.Year()), ""
		case every.months > 0:
			text, under = t.Format("Jan"), strconv.Itoa(t.Year())
		case every.days > 0:
			text, under = t.Format("2 Jan"), strconv.Itoa(t.Year())
		}
		if under == last {
			under = ""
		} else {
			last = under
		}
		ticks[i] = timeTick{t, text, under}
	}
	return ticks
}

// windowText writes a window as people do: "12 Jan 2026" for a day, "January 2026" for a month.
func windowText(start, end time.Time, zone *time.Location) string {
	start, end = start.In(zone), end.In(zone)
	midnight := func(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 }
	const day, minute = "2 Jan 2006", "2 Jan 2006 15:04"
	switch {
	case !end.After(start):
		return start.Format(minute)
	case midnight(start) && midnight(end) && start.Day() == 1 && start.AddDate(0, 1, 0).Equal(end):
		return start.Format("January 2006")
	case midnight(start) && start.AddDate(0, 0, 1).Equal(end):
		return start.Format(day)
	case midnight(start) && midnight(end):
		return start.Format(day) + " to " + end.AddDate(0, 0, -1).Format(day)
	case start.Format(day) == end.Format(day):
		return start.Format(minute) + " to " + end.Format("15:04")
	}
	return start.Format(minute) + " to " + end.Format(minute)
}
