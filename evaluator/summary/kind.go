package summary

import (
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// Of returns which strata of the kind a window reaches into, by the clocks of a zone, each a
// bit: windows of which it is the same are of one kind.
func (k StrataKind) Of(w groundtruth.Window, z groundtruth.Zone) (strata uint32) {
	p := Partition{kind: k, calendar: groundtruth.NewCalendar(z, w.Start, w.End)}
	return p.covered(w)
}

// Period returns after how long a stratum comes again, and how long it lasts then, the
// rarest one. Both are 0 where all time is of one.
func (k StrataKind) Period() (period, lasts time.Duration) {
	const day = 24 * time.Hour
	switch k {
	case WeekendStrata:
		return 7 * day, 2 * day
	case DayOfWeekStrata:
		return 7 * day, day
	case HourOfDayStrata:
		return day, time.Hour
	default:
		return 0, 0
	}
}
