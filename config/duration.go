package config

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/common/model"
)

// errDuration says what a duration looks like.
var errDuration = errors.New("want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)")

// durationUnit is a unit that formatDuration writes.
type durationUnit struct {
	name string
	size time.Duration
}

// durationUnits lists the units from the largest; a day is 24 hours.
func durationUnits() []durationUnit {
	return []durationUnit{
		{"w", 7 * 24 * time.Hour},
		{"d", 24 * time.Hour},
		{"h", time.Hour},
		{"m", time.Minute},
		{"s", time.Second},
		{"ms", time.Millisecond},
	}
}

// durationShape is what a duration that this version takes looks like.
var durationShape = regexp.MustCompile(`^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$`)

// monthsPattern finds months, which only a window has.
var monthsPattern = regexp.MustCompile(`^([0-9]+(w|d|h|m|s|ms))*[0-9]+mo([^a-z]|$)`)

// ParseDuration reads whole numbers with the units w, d, h, m, s and ms, each at
// most once and the largest first: 30m, 24h, 7d, 1h30m, 2w. 0 needs no unit. They are
// Prometheus's durations, less the years. Months, fractions and negative values are
// refused.
func ParseDuration(s string) (time.Duration, error) {
	d, err := model.ParseDuration(s)
	switch {
	case s == "":
		return 0, errDuration
	case s == "0" || err == nil && durationShape.MatchString(s):
		return time.Duration(d), nil
	case durationShape.MatchString(s): // the library can only have found it too long
		return 0, fmt.Errorf("%q is too long: the longest duration is about 292 years", s)
	case len(s) > 1 && s[0] == '-':
		return 0, fmt.Errorf("%q is negative: %w", s, errDuration)
	case monthsPattern.MatchString(s):
		return 0, fmt.Errorf("%q counts months, which only a window may: write days instead", s)
	}
	return 0, fmt.Errorf("%q is no duration: %w", s, errDuration)
}

// formatDuration is the inverse of ParseDuration: exact and short. Prometheus's own
// writer would not do, for it writes 365d as 1y, which ParseDuration refuses.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	out := ""
	for _, u := range durationUnits() {
		if u.name == "w" && d%u.size != 0 {
			continue // 8d reads better than 1w1d
		}
		if n := d / u.size; n > 0 {
			out += fmt.Sprintf("%d%s", n, u.name)
			d -= n * u.size
		}
	}
	if d > 0 {
		out += fmt.Sprintf("%dns", d)
	}
	return out
}
