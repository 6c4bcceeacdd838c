package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/groundtruth"
)

// errDuration says what a duration looks like.
var errDuration = errors.New("want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)")

// durationUnit is a unit that FormatDuration writes.
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
	if _, text, ok := meantDuration(s); ok {
		return 0, fmt.Errorf("%q is no duration (did you mean %q?)", s, text)
	}
	return 0, fmt.Errorf("%q is no duration: %w", s, errDuration)
}

// FormatDuration is the inverse of ParseDuration: exact and short. Prometheus's own
// writer would not do, for it writes 365d as 1y, which ParseDuration refuses.
func FormatDuration(d time.Duration) string {
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

// durationWords lists how people and other tools write the units.
func durationWords() map[string]time.Duration {
	words := map[string]time.Duration{
		"week": 7 * 24 * time.Hour, "wk": 7 * 24 * time.Hour, "day": 24 * time.Hour, "hour": time.Hour, "hr": time.Hour,
		"minute": time.Minute, "min": time.Minute, "second": time.Second, "sec": time.Second,
	}
	for word, size := range words {
		words[word+"s"] = size
	}
	for _, u := range durationUnits() {
		words[u.name] = u.size
	}
	return words
}

// written matches a number with its unit, as people write it.
var written = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)[\s,]*(?:and\s+)?`)

// meantDuration reads a duration that is written in another way than ParseDuration takes,
// such as 7 days, 1.5h, 2D, P7D or 12h1d, for a message to suggest what was meant: text is
// how ParseDuration takes it.
func meantDuration(s string) (meant time.Duration, text string, ok bool) {
	rest := strings.ToLower(strings.TrimSpace(s))
	if iso, ok := strings.CutPrefix(rest, "p"); ok {
		rest = strings.Replace(iso, "t", "", 1)
	}
	words := durationWords()
	parts := map[time.Duration]float64{} // by the size of the unit
	for rest != "" {
		m := written.FindStringSubmatch(rest)
		if m == nil {
			return 0, "", false
		}
		size, known := words[m[2]]
		n, err := strconv.ParseFloat(m[1], 64)
		if _, twice := parts[size]; !known || twice || err != nil {
			return 0, "", false
		}
		parts[size] = n
		rest = rest[len(m[0]):]
	}
	total := 0.0
	for _, u := range durationUnits() {
		n := parts[u.size]
		total += float64(n * float64(u.size))
		if n == math.Trunc(n) && len(parts) == 1 && n > 0 {
			text = strconv.FormatFloat(n, 'f', 0, 64) + u.name // in the unit that the person chose
		}
	}
	if !(total > 0 && total < math.MaxInt64/2) {
		return 0, "", false
	}
	meant = time.Duration(total).Round(time.Millisecond)
	return meant, cmp.Or(text, FormatDuration(meant)), true
}

// meantWindow reads the size of a window that is written in another way than
// groundtruth.ParseGrid takes, for a message to suggest what was meant.
func meantWindow(s string) (string, bool) {
	for word, size := range map[string]string{"hourly": "1h", "daily": "1d", "weekly": "7d", "monthly": "1mo", "1 month": "1mo", "1month": "1mo"} {
		if strings.EqualFold(s, word) {
			return size, true
		}
	}
	meant, _, ok := meantDuration(s)
	if !ok || meant%time.Minute != 0 {
		return "", false
	}
	grid, err := groundtruth.ParseGrid(fmt.Sprintf("%dm", meant/time.Minute))
	return grid.String(), err == nil
}
