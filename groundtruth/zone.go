package groundtruth

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Zone is a time zone of the IANA database, in which clocks show wall time. Zones of the
// same name are equal by ==. The zero Zone is UTC.
//
// Wall times are held as a time.Time in UTC that reads as the clocks do. Where clocks are
// put back the same wall time comes twice, where they are put forward some never come,
// and a place that moved over the date line left out a whole day.
type Zone struct{ location *time.Location } // nil for UTC

// locations holds the zones that were asked for, by name, so that a name has one of them.
var locations sync.Map //nolint:gochecknoglobals // the process knows a zone once, as package time does

// longestOffset is more than any zone has ever been off UTC.
const longestOffset = 26 * time.Hour

// ParseZone reads a name of the IANA database, such as Europe/Oslo. A zone that always
// is at UTC, such as Etc/UTC, is UTC. What machines have beside the database is refused,
// for it differs from one to the next: their own zone, and copies of zones by other names.
func ParseZone(name string) (Zone, error) {
	if name == "UTC" {
		return Zone{}, nil
	}
	folder, _, _ := strings.Cut(name, "/")
	if slices.Contains([]string{"", "Local", "localtime", "posixrules", "posix", "right"}, folder) {
		return Zone{}, fmt.Errorf("%q names no time zone", name)
	}
	if l, ok := locations.Load(name); ok {
		return Zone{l.(*time.Location)}, nil //nolint:forcetypeassert // only locations are stored
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return Zone{}, fmt.Errorf("unknown time zone %q", name)
	}
	start, end := time.Unix(0, 0).In(l).ZoneBounds()
	if _, offset := time.Unix(0, 0).In(l).Zone(); offset == 0 && start.IsZero() && end.IsZero() {
		return Zone{}, nil
	}
	kept, _ := locations.LoadOrStore(name, l)
	return Zone{kept.(*time.Location)}, nil //nolint:forcetypeassert // only locations are stored
}

// IsUTC reports whether the zone is UTC.
func (z Zone) IsUTC() bool { return z.location == nil }

// String returns the zone's name.
func (z Zone) String() string { return z.Location().String() }

// suffix is what follows a text whose times are in the zone: nothing for UTC.
func (z Zone) suffix() string {
	if z.IsUTC() {
		return ""
	}
	return " " + z.String()
}

// MarshalText returns the zone's name, for fingerprints of what has a zone in it.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// UnmarshalText reads what MarshalText gives.
func (z *Zone) UnmarshalText(text []byte) (err error) {
	*z, err = ParseZone(string(text))
	return err
}

// Location returns the zone as package time knows it.
func (z Zone) Location() *time.Location {
	if z.location == nil {
		return time.UTC
	}
	return z.location
}

// Wall returns what the zone's clocks show at t.
func (z Zone) Wall(t time.Time) time.Time {
	if z.IsUTC() {
		return t.UTC()
	}
	_, offset := t.In(z.location).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// day returns the date that t belongs to, as its midnight in wall time: the newest that
// has begun.
func (z Zone) day(t time.Time) time.Time {
	day := z.Wall(t).Truncate(24 * time.Hour)
	// Clocks that were put back over midnight show the old date once more.
	for next := day.AddDate(0, 0, 1); !z.First(next).After(t); next = next.AddDate(0, 0, 1) {
		day = next
	}
	return day
}

// beginsDay reports whether a date begins at t.
func (z Zone) beginsDay(t time.Time) bool {
	return z.First(z.Wall(t).Truncate(24 * time.Hour)).Equal(t)
}

// First returns the first instant at which the zone's clocks show wall or later: of a wall
// time that comes twice its first, and where it never comes the instant at which clocks
// were put forward over it.
func (z Zone) First(wall time.Time) time.Time {
	if z.IsUTC() {
		return wall
	}
	for t := wall.Add(-longestOffset); ; {
		offset, end := z.setting(t)
		// Where clocks were put forward over wall, they show more than it from t on.
		if there := later(wall.Add(-offset), t); end.IsZero() || there.Before(end) {
			return there
		}
		t = end
	}
}

// After returns the instant from which on the zone's clocks never show a time before wall
// again: of a wall time that comes twice its second.
func (z Zone) After(wall time.Time) time.Time {
	if z.IsUTC() {
		return wall
	}
	out := wall.Add(-longestOffset)
	for t := out; !t.After(wall.Add(longestOffset)); {
		offset, end := z.setting(t)
		there := wall.Add(-offset)
		if !end.IsZero() && end.Before(there) {
			there = end
		}
		if there.After(t) { // clocks show less than wall from t until there
			out = there
		}
		if end.IsZero() {
			break
		}
		t = end
	}
	return out
}

// WallBounds returns a range of wall time that holds all that the zone's clocks show from
// one instant on until, but not at, another.
func (z Zone) WallBounds(from, to time.Time) (lowest, highest time.Time) {
	lowest, highest = z.Wall(from), z.Wall(to.Add(-1)).Add(1)
	if z.IsUTC() {
		return lowest, highest
	}
	for _, end := z.setting(from); !end.IsZero() && end.Before(to); _, end = z.setting(end) {
		highest = later(highest, z.Wall(end.Add(-1)).Add(1))
		if back := z.Wall(end); back.Before(lowest) {
			lowest = back
		}
	}
	return lowest, highest
}

// setting returns how far the zone's clocks are before UTC at t, and until when they are
// set so at least; zero for ever.
func (z Zone) setting(t time.Time) (offset time.Duration, end time.Time) {
	local := t.In(z.Location())
	_, seconds := local.Zone()
	offset = time.Duration(seconds) * time.Second
	_, end = local.ZoneBounds()
	if end.IsZero() {
		return offset, end
	}
	if !end.After(t) {
		// On the last day of a leap year, package time says that it was set anew when that
		// day began. No zone's rules change clocks on it.
		end = t.Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	return offset, end.UTC()
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
