package groundtruth

import (
	"slices"
	"time"
)

// The ways to tell windows by their kind, which say what of time windows have in common that
// are compared. Configuration keys have them as words.
const (
	KindNone      = "none"        // all windows are of one kind
	KindWeekend   = "weekend"     // Saturdays and Sundays, or other days
	KindDayOfWeek = "day_of_week" // by the day of the week
	KindHourOfDay = "hour_of_day" // by the hour of the day
)

// Kinds lists the ways to tell windows by their kind.
func Kinds() []string { return []string{KindNone, KindWeekend, KindDayOfWeek, KindHourOfDay} }

const (
	aDay  = 24 * time.Hour
	aWeek = 7 * aDay
)

// LongestOfKind returns how long windows may be that are told by their kind; 0 for any.
func LongestOfKind(by string) time.Duration {
	switch by {
	case KindWeekend, KindDayOfWeek:
		return aDay
	case KindHourOfDay:
		return aDay / 2
	default:
		return 0
	}
}

// PeriodOfKind returns after how long a kind comes again, and how much of that it lasts: of
// the rarest one. Both are 0 where all windows are of one kind.
func PeriodOfKind(by string) (period, lasts time.Duration) {
	switch by {
	case KindWeekend:
		return aWeek, 2 * aDay
	case KindDayOfWeek:
		return aWeek, aDay
	case KindHourOfDay:
		return aDay, time.Hour
	default:
		return 0, 0
	}
}

// KindOf returns the number of the window's kind by the clocks of the zone: windows of the
// same number are of one kind.
func (w Window) KindOf(by string, z Zone) int {
	start := z.Wall(w.Start)
	switch by {
	case KindWeekend:
		if slices.Contains([]time.Weekday{time.Saturday, time.Sunday}, start.Weekday()) {
			return 1
		}
		return 0
	case KindDayOfWeek:
		return int(start.Weekday())
	case KindHourOfDay:
		return start.Hour()
	default:
		return 0
	}
}
