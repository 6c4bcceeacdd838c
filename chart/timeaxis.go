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

// times lists the times of a stride within the scale.
func (s timeScale) times(every stride) []time.Time {
	first := s.from.In(s.zone)
	y, m, d := first.Date()
	var next func(k int) time.Time
	switch {
	case every.months >= 12:
		years := every.months / 12
		next = func(k int) time.Time { return time.Date(y-y%years+k*years, 1, 1, 0, 0, 0, 0, s.zone) }
	case every.months > 0:
		m = time.Month((int(m)-1)/every.months*every.months + 1)
		next = func(k int) time.Time { return time.Date(y, m+time.Month(k*every.months), 1, 0, 0, 0, 0, s.zone) }
	case every.days > 0:
		// Weeks begin on Monday; two days or two weeks are counted from one that never moves.
		day := int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
		back := ((day+3)%every.days + every.days) % every.days
		next = func(k int) time.Time { return time.Date(y, m, d-back+k*every.days, 0, 0, 0, 0, s.zone) }
	default:
		hour, minute := first.Hour(), first.Minute()
		minute = (hour*60 + minute) / every.minutes * every.minutes
		next = func(k int) time.Time {
			// By the clock on the wall: each day begins anew, whatever its length.
			at := minute + k*every.minutes
			return time.Date(y, m, d+at/1440, 0, at%1440, 0, 0, s.zone)
		}
	}
	var times []time.Time
	for k := 0; k < 1000; k++ {
		t := next(k)
		if t.After(s.to) {
			break
		}
		if !t.Before(s.from) && (len(times) == 0 || t.After(times[len(times)-1])) {
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
