// Package cron writes schedules as Kubeflow Pipelines reads them: as six cron fields,
// seconds first, in the one time zone of its controller. A schedule has five fields and
// a zone of its own, so that its times may have to be moved, and some cannot be. The
// package stands apart from kubeflow, the client, so that config can use it without
// what the client brings along. Begin at Convert.
package cron

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Trigger says when a recurring run of Kubeflow Pipelines fires: by six cron fields,
// seconds first, or by an interval. One of the two is set.
type Trigger struct {
	Cron  string
	Every time.Duration
}

// cronStar marks a field given as * or ?, as the cron library does. Days match when
// both day fields do if one of them is marked, else when either does.
const cronStar = 1 << 63

// Convert returns a schedule whose wall-clock times are in zone as Kubeflow Pipelines
// wants it. KFP's cron has no time zone of its own: its controller reads every schedule
// in one zone, here called controller. A schedule in another zone can be moved there
// only where both keep their offset from now on, and no day of the month or month would
// have to move.
//
// Fields are written as numbers, ranges and steps. A step over * is written out, for
// KFP's parser (robfig/cron v1.2) takes a day field of */2 for unrestricted, which
// changes how the two day fields combine.
func Convert(schedule cron.Schedule, zone, controller *time.Location, now time.Time) (Trigger, error) {
	switch s := schedule.(type) {
	case cron.ConstantDelaySchedule:
		return Trigger{Every: s.Delay}, nil
	case *cron.SpecSchedule:
		shift := time.Duration(0)
		if zone.String() != controller.String() {
			var err error
			if shift, err = zoneShift(zone, controller, now); err != nil {
				return Trigger{}, err
			}
		}
		text, err := sixFields(s, shift)
		return Trigger{Cron: text}, err
	}
	return Trigger{}, fmt.Errorf("a schedule of the type %T has no form in Kubeflow Pipelines", schedule)
}

// zoneShift returns what to add to a wall-clock time in from to have it in to.
func zoneShift(from, to *time.Location, now time.Time) (time.Duration, error) {
	var offsets [2]int
	for i, loc := range []*time.Location{from, to} {
		t := now.In(loc)
		if _, end := t.ZoneBounds(); !end.IsZero() {
			return 0, fmt.Errorf("the clocks of %s change: cron in Kubeflow Pipelines, which its controller reads in %s, cannot follow them; "+
				"give a schedule in %s (--cron with --time-zone %s), or use a CronJob, which has a time zone", loc, to, to, to)
		}
		_, offsets[i] = t.Zone()
	}
	shift := time.Duration(offsets[1]-offsets[0]) * time.Second
	if shift%time.Minute != 0 {
		return 0, fmt.Errorf("%s lies no whole minutes from %s: give a schedule in %s", from, to, to)
	}
	return shift, nil
}

// The sets of all numbers that a field of cron may have, number n as bit n.
const (
	allMinutes = 1<<60 - 1
	allHours   = 1<<24 - 1
	allMonths  = 1<<13 - 2
	allDays    = 1<<32 - 2
	allWeek    = 1<<7 - 1
)

// sixFields writes the schedule moved by shift.
func sixFields(c *cron.SpecSchedule, shift time.Duration) (string, error) {
	minutes, hours, days, err := shiftTimes(c.Minute&allMinutes, c.Hour&allHours, int(shift/time.Minute))
	if err != nil {
		return "", err
	}
	month, dom, dow := c.Month&allMonths, c.Dom, c.Dow
	everyDay := dom&allDays == allDays && dow&allWeek == allWeek
	if (dom|dow)&cronStar == 0 {
		everyDay = dom&allDays == allDays || dow&allWeek == allWeek
	}
	if everyDay {
		dom, dow = dom|allDays|cronStar, dow|allWeek|cronStar
	}
	if !everyDay || month != allMonths {
		switch {
		case len(days) > 1:
			return "", errors.New("in the controller's zone some of its hours fall on another day than the others, and it names days: " +
				"give one schedule in that zone (--cron with --time-zone), or use a CronJob, which has a time zone")
		case days[0] == 0:
		case month != allMonths || dom&cronStar == 0:
			return "", errors.New("in the controller's zone its hours fall on another day, and a day of the month or a month cannot be moved by one: " +
				"give a schedule in that zone (--cron with --time-zone), or use a CronJob, which has a time zone")
		default:
			dow = rotate(dow&allWeek, days[0])
		}
	}
	return strings.Join([]string{
		"0",
		cronField(minutes, allMinutes, false),
		cronField(hours, allHours, false),
		cronField(dom&allDays, allDays, dom&cronStar == 0),
		cronField(month, allMonths, false),
		cronField(dow&allWeek, allWeek, dow&cronStar == 0),
	}, " "), nil
}

// shiftTimes moves the times of a day by minutes, and says by how many days that moves
// them: the distinct numbers, in order.
func shiftTimes(minutes, hours uint64, by int) (newMinutes, newHours uint64, days []int, err error) {
	const day = 24 * 60
	seen := map[int]bool{}
	times := 0
	for h := range 24 {
		for m := range 60 {
			if hours>>h&1 == 0 || minutes>>m&1 == 0 {
				continue
			}
			t := h*60 + m + by
			d := 0
			for ; t < 0; t += day {
				d--
			}
			for ; t >= day; t -= day {
				d++
			}
			seen[d] = true
			times++
			newHours |= 1 << (t / 60)
			newMinutes |= 1 << (t % 60)
		}
	}
	// Each time has one image, so that counting them shows whether cron's fields, which
	// give every minute in every hour, hold just these.
	if bits.OnesCount64(newHours)*bits.OnesCount64(newMinutes) != times {
		return 0, 0, nil, errors.New("in the controller's zone its minutes differ from hour to hour, which one cron schedule cannot say: " +
			"give a schedule in that zone (--cron with --time-zone), or use a CronJob, which has a time zone")
	}
	for d := -2; d <= 2; d++ {
		if seen[d] {
			days = append(days, d)
		}
	}
	return newMinutes, newHours, days, nil
}

// rotate moves days of the week on by days.
func rotate(week uint64, days int) uint64 {
	var out uint64
	for d := range 7 {
		if week>>d&1 == 1 {
			out |= 1 << ((d + days + 7) % 7)
		}
	}
	return out
}

// cronField writes a set of numbers; the whole of it as *, or, where a star would say
// too much, as a range.
func cronField(set, all uint64, noStar bool) string {
	if set == all && !noStar {
		return "*"
	}
	var numbers []int
	for i := range 63 {
		if set>>i&1 == 1 {
			numbers = append(numbers, i)
		}
	}
	if step := progression(numbers); step > 1 {
		return fmt.Sprintf("%d-%d/%d", numbers[0], numbers[len(numbers)-1], step)
	}
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if j-i >= 2 {
			parts = append(parts, fmt.Sprintf("%d-%d", numbers[i], numbers[j]))
			i = j + 1
			continue
		}
		parts = append(parts, strconv.Itoa(numbers[i]))
		i++
	}
	return strings.Join(parts, ",")
}

// progression returns the step between numbers that all lie equally far apart, three of
// them at least; else 0.
func progression(numbers []int) int {
	if len(numbers) < 3 {
		return 0
	}
	step := numbers[1] - numbers[0]
	for i := 2; i < len(numbers); i++ {
		if numbers[i]-numbers[i-1] != step {
			return 0
		}
	}
	return step
}
