package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	kfpcron "github.com/hindcast/hindcast/trigger/kubeflow/cron"
)

// minEvery is the shortest interval of @every, which is the resolution of cron.
const minEvery = time.Minute

// Schedule is when a model is evaluated: cron in a time zone. It implements the
// Schedule interface of robfig/cron.
//
// An entry for fixed hours fires once on every day that it names: a time that the
// clocks skip in spring is taken as much later as they are put forward, and one
// that they repeat in autumn is its first. An entry for every hour, or @every, goes
// by elapsed time.
type Schedule struct {
	spec  string
	inner cron.Schedule
	loc   *time.Location
	fixed bool // fires at fixed hours of the wall clock
}

// ParseSchedule reads five cron fields or a descriptor such as @daily, to be taken
// in loc. Time zones inside, a sixth field, and schedules that never fire are refused.
func ParseSchedule(spec string, loc *time.Location) (s *Schedule, err error) {
	text := strings.TrimSpace(spec)
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		return nil, errors.New("the time zone stands beside the schedule, in time_zone, not in it")
	}
	fields := strings.Fields(text)
	switch {
	case len(fields) == 0:
		return nil, errors.New("the schedule is empty")
	case strings.HasPrefix(text, "@every"):
		return parseEvery(text, loc)
	case text == "@reboot":
		return nil, errors.New("@reboot has no time; want five cron fields or @hourly, @daily, @weekly, @monthly, @yearly, @every 6h")
	case strings.HasPrefix(text, "@"):
	case len(fields) == 6:
		return nil, fmt.Errorf("six fields; a schedule has five, without seconds: %q", strings.Join(fields[1:], " "))
	case len(fields) != 5:
		return nil, fmt.Errorf("want five fields (minute, hour, day of month, month, day of week), got %d", len(fields))
	}
	defer func() {
		// The parser panics on some malformed input; a configuration may hold any.
		if p := recover(); p != nil {
			s, err = nil, errors.New("the schedule cannot be read as cron")
		}
	}()
	inner, err := cron.ParseStandard(strings.Join(fields, " "))
	if err != nil {
		return nil, fmt.Errorf("the schedule cannot be read as cron: %w", err)
	}
	out := &Schedule{spec: text, inner: inner, loc: loc}
	if c, ok := inner.(*cron.SpecSchedule); ok {
		c.Location = time.UTC // wall-clock times are carried in UTC
		const allHours = 1<<24 - 1
		out.fixed = c.Hour&allHours != allHours
		if !out.fixed {
			c.Location = loc
		}
	}
	// Any instant serves: cron looks five years ahead, which holds a leap day here.
	if out.Next(time.Date(2023, time.March, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("the schedule never fires: there is no such day")
	}
	return out, nil
}

// parseEvery reads @every DURATION.
func parseEvery(text string, loc *time.Location) (*Schedule, error) {
	every, err := ParseDuration(strings.TrimSpace(strings.TrimPrefix(text, "@every")))
	if err != nil {
		return nil, fmt.Errorf("@every: %w", err)
	}
	if every < minEvery {
		return nil, fmt.Errorf("@every must be at least %s", FormatDuration(minEvery))
	}
	return &Schedule{spec: text, inner: cron.Every(every), loc: loc}, nil
}

// String returns the schedule as configured.
func (s *Schedule) String() string { return s.spec }

// Location returns the schedule's time zone.
func (s *Schedule) Location() *time.Location { return s.loc }

// Kubeflow returns the schedule as Kubeflow Pipelines wants it, whose controller reads
// cron in the zone controller.
func (s *Schedule) Kubeflow(controller *time.Location, now time.Time) (kfpcron.Trigger, error) {
	return kfpcron.Convert(s.inner, s.loc, controller, now)
}

// Next returns the first time after t at which the schedule fires, in its time
// zone; the zero time when there is none within five years.
func (s *Schedule) Next(t time.Time) time.Time {
	if !s.fixed {
		next := s.inner.Next(t.In(s.loc))
		if next.IsZero() {
			return next
		}
		return next.In(s.loc)
	}
	local := t.In(s.loc)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
	// Where the clocks were just put forward, a skipped time is still to come; and
	// it may come after a later one that is not skipped, so a few hours are compared.
	wall = wall.Add(-maxShift)
	var best, last time.Time
	for {
		if wall = s.inner.Next(wall); wall.IsZero() || !best.IsZero() && wall.After(last) {
			return best
		}
		next := s.instant(wall)
		if !next.After(t) {
			continue
		}
		if best.IsZero() {
			best, last = next, wall.Add(maxGap)
		} else if next.Before(best) {
			best = next
		}
	}
}

// Last returns the last time up to t at which the schedule fired, the zero time where that is
// more than a year ago. For one by @every it is t itself, as for AtOrAfter.
func (s *Schedule) Last(t time.Time) time.Time {
	if s.every() {
		return t.In(s.loc)
	}
	const day = 24 * time.Hour
	for _, back := range []time.Duration{time.Hour, day, 8 * day, 32 * day, 366 * day} {
		var last time.Time
		for next := s.Next(t.Add(-back)); !next.IsZero() && !next.After(t); next = s.Next(next) {
			last = next
		}
		if !last.IsZero() {
			return last
		}
	}
	return time.Time{}
}

// AtOrAfter returns the first time at t or after it at which the schedule fires. One by
// @every counts from when somebody began to wait for it, which is no moment of the past:
// for it that is t itself. The zero time says that there is none within five years.
func (s *Schedule) AtOrAfter(t time.Time) time.Time {
	if s.every() {
		return t.In(s.loc)
	}
	return s.Next(t.Add(-1))
}

// every reports whether the schedule is one by @every.
func (s *Schedule) every() bool {
	_, every := s.inner.(cron.ConstantDelaySchedule)
	return every
}

// maxGap is more than what a daylight saving time skips.
const maxGap = 3 * time.Hour

// maxShift is more than any time zone has ever moved its clocks at once.
const maxShift = 26 * time.Hour

// instant is when the wall clock shows wall for the first time; where it skips
// wall, as long after midnight as it would have been without the skip.
func (s *Schedule) instant(wall time.Time) time.Time {
	offset := func(t time.Time) time.Duration {
		_, seconds := t.In(s.loc).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, behind := offset(wall.Add(-maxShift)), offset(wall.Add(maxShift))
	early, late := wall.Add(-before), wall.Add(-behind)
	if late.Before(early) {
		early, late = late, early
	}
	for _, t := range []time.Time{early, late} {
		if offset(t) == wall.Sub(t) {
			return t.In(s.loc)
		}
	}
	return wall.Add(-before).In(s.loc)
}

// schedule reads the schedule and its time zone.
func (d *decoder) schedule(o *object, m *Model) {
	zone := d.zone(o, "time_zone", &m.TimeZone)
	v, ok := o.text("schedule", &m.Schedule)
	if !ok {
		if o.has("time_zone") && !o.has("schedule") {
			d.failAt(o.keyPos("time_zone"), join(o.v.path, "time_zone"), "time_zone belongs to schedule, which is missing; the time zone of windows is window_time_zone")
		}
		return
	}
	s, err := ParseSchedule(m.Schedule, zone.Location())
	if err != nil {
		d.fail(v, "%v", err)
		return
	}
	m.schedule = s
}
