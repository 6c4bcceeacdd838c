package config

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// errDuration says what a duration looks like.
var errDuration = errors.New("want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)")

// durationUnit is a unit of durations.
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

// ParseDuration reads whole numbers with the units w, d, h, m, s and ms, each at
// most once and the largest first: 30m, 24h, 7d, 1h30m, 2w. 0 needs no unit.
// Months, fractions and negative values are refused.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if len(s) > 1 && s[0] == '-' {
		return 0, fmt.Errorf("%q is negative: %w", s, errDuration)
	}
	units := durationUnits()
	rest, next, total := s, 0, int64(0)
	for rest != "" {
		digits := 0
		n := int64(0)
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			d := int64(rest[digits] - '0')
			if n > (math.MaxInt64-d)/10 {
				return 0, fmt.Errorf("%q is too long: the longest duration is about 292 years", s)
			}
			n = n*10 + d
			digits++
		}
		letters := digits
		for letters < len(rest) && rest[letters] >= 'a' && rest[letters] <= 'z' {
			letters++
		}
		name := rest[digits:letters]
		if digits == 0 || name == "" {
			return 0, fmt.Errorf("%q is no duration: %w", s, errDuration)
		}
		if name == "mo" {
			return 0, fmt.Errorf("%q counts months, which only a window may: write days instead", s)
		}
		for next < len(units) && units[next].name != name {
			next++
		}
		if next == len(units) {
			return 0, fmt.Errorf("%q is no duration: %w", s, errDuration)
		}
		size := int64(units[next].size)
		if n > (math.MaxInt64-total)/size {
			return 0, fmt.Errorf("%q is too long: the longest duration is about 292 years", s)
		}
		total += n * size
		next++
		rest = rest[letters:]
	}
	if s == "" {
		return 0, errDuration
	}
	return time.Duration(total), nil
}

// formatDuration is the inverse of ParseDuration: exact and short.
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
