package table

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

const (
	minuteSeconds = 60
	hourSeconds   = 60 * minuteSeconds
	// DaySeconds are the seconds of a day.
	DaySeconds = 24 * hourSeconds
)

// Cut-offs of epoch numbers: by its magnitude a number counts seconds, milliseconds,
// microseconds or nanoseconds. Seconds reach past the year 2262, where nanoseconds
// end; each other unit begins in March 1973.
const (
	epochSecondsBelow = 1e11
	epochMillisBelow  = 1e14
	epochMicrosBelow  = 1e17
)

// The range of int64 Unix nanoseconds in whole seconds: 1677-09-21 to 2262-04-11.
const (
	minUnixSeconds = math.MinInt64/1_000_000_000 + 1
	maxUnixSeconds = math.MaxInt64/1_000_000_000 - 1
)

// ParseTime reads a point in time and returns Unix nanoseconds: RFC 3339, a date, a
// date and time parted by T or a space with an optional fraction (more than nine
// digits are cut) and an optional zone (Z, UTC, ±hh, ±hhmm, ±hh:mm; none is UTC), or
// an epoch number by magnitude: below 1e11 seconds, below 1e14 milliseconds, below
// 1e17 microseconds, else nanoseconds. Times that int64 nanoseconds cannot hold are
// refused, and so are days that the calendar does not have.
func ParseTime(s []byte) (int64, bool) {
	if t, ok := parseStamp(s); ok {
		return t, true
	}
	s = TrimSpace(s)
	if len(s) >= 10 && s[4] == '-' && s[7] == '-' {
		return parseCalendarTime(s)
	}
	return parseEpochText(s)
}

// parseStamp reads the usual timestamps: a date and a time to the second in their
// fixed places, a fraction of at most nine digits or none, and a zone or none. What
// it refuses may be a time in another way.
func parseStamp(s []byte) (int64, bool) {
	const dateDashes, timeColons = uint64('-'^'0')<<32 | uint64('-'^'0')<<56, uint64(':'^'0')<<16 | uint64(':'^'0')<<40
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	date := binary.LittleEndian.Uint64(s) ^ dateDashes
	clock := binary.LittleEndian.Uint64(s[11:]) ^ timeColons
	ten, one := s[8]-'0', s[9]-'0'
	if !areDigits(date) || !areDigits(clock) || ten > 3 || one > 9 {
		return 0, false
	}
	// Each byte becomes the number of two digits that it begins.
	date &= 0x0f0f0f0f0f0f0f0f
	date = date*10 + date>>8
	clock &= 0x0f0f0f0f0f0f0f0f
	clock = clock*10 + clock>>8
	year, month, day := int(date&0xff*100+date>>16&0xff), int(date>>40&0xff), int(ten*10+one)
	hour, minute, second := clock&0xff, clock>>24&0xff, clock>>48&0xff
	if year < 1678 || year > 2261 || month-1 > 11 || month < 1 || day < 1 || day > 28 && day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	y, m := uint64(year), uint64(month)
	if m <= 2 {
		y--
		m += 12
	}
	days := int64(365*y+y/4-y/100+y/400+(153*(m-3)+2)/5) + int64(day) - civilEpoch
	seconds := days*DaySeconds + int64(hour*hourSeconds+minute*minuteSeconds+second)
	s = s[19:]
	var nanos int64
	if len(s) > 0 && s[0] == '.' {
		var n int
		if nanos, n = parseFraction(s[1:]); n == 0 || n > 9 {
			return 0, false
		}
		s = s[1+n:]
	}
	if len(s) == 1 && s[0] == 'Z' {
		return seconds*1_000_000_000 + nanos, true
	}
	offset, ok := parseZone(s)
	return (seconds-offset)*1_000_000_000 + nanos, ok
}

// parseCalendarTime reads what begins with a date of year, month and day, in all the ways that
// ParseTime knows.
func parseCalendarTime(s []byte) (int64, bool) {
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	seconds := civilDays(year, month, day) * DaySeconds
	s = s[10:]
	if len(s) == 0 {
		return UnixNanos(seconds, 0)
	}
	if s[0] != 'T' && s[0] != 't' && s[0] != ' ' {
		return 0, false
	}
	s = s[1:]
	if len(s) < 5 || s[2] != ':' {
		return 0, false
	}
	hour, ok1 := digits(s[0:2])
	minute, ok2 := digits(s[3:5])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	seconds += int64(hour)*hourSeconds + int64(minute)*minuteSeconds
	s = s[5:]
	var nanos int64
	if len(s) > 0 && s[0] == ':' {
		if len(s) < 3 {
			return 0, false
		}
		second, ok := digits(s[1:3])
		if !ok || second > 59 {
			return 0, false
		}
		seconds += int64(second)
		s = s[3:]
		if len(s) > 0 && (s[0] == '.' || s[0] == ',') {
			var n int
			if nanos, n = parseFraction(s[1:]); n == 0 {
				return 0, false
			}
			s = s[1+n:]
		}
	}
	offset, ok := parseZone(s)
	if !ok {
		return 0, false
	}
	return UnixNanos(seconds-offset, nanos)
}

// parseFraction reads the digits that s begins with as a fraction of a second, of which it
// cuts what lies below a nanosecond, and returns how many digits there are.
func parseFraction(s []byte) (nanos int64, digits int) {
	for digits < len(s) {
		c := s[digits] - '0'
		if c > 9 {
			break
		}
		if digits < 9 {
			nanos = nanos*10 + int64(c)
		}
		digits++
	}
	for n := digits; n < 9; n++ {
		nanos *= 10
	}
	return nanos, digits
}

// parseZone returns the seconds east of UTC.
func parseZone(s []byte) (int64, bool) {
	if len(s) > 0 && s[0] == ' ' {
		s = s[1:]
		if len(s) == 0 {
			return 0, false
		}
	}
	switch string(s) {
	case "", "Z", "z", "UTC":
		return 0, true
	}
	var sign int64
	switch s[0] {
	case '+':
		sign = 1
	case '-':
		sign = -1
	default:
		return 0, false
	}
	var hour, minute int
	var ok1, ok2 bool
	switch {
	case len(s) == 3:
		hour, ok1 = digits(s[1:3])
		ok2 = true
	case len(s) == 5:
		hour, ok1 = digits(s[1:3])
		minute, ok2 = digits(s[3:5])
	case len(s) == 6 && s[3] == ':':
		hour, ok1 = digits(s[1:3])
		minute, ok2 = digits(s[4:6])
	}
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	return sign * (int64(hour)*hourSeconds + int64(minute)*minuteSeconds), true
}

// parseEpochText reads a text that is an epoch number.
func parseEpochText(s []byte) (int64, bool) {
	if len(s) == 0 || s[0] > '9' { // no number, nor the words that are read as one
		return 0, false
	}
	plain := s
	if plain[0] == '-' {
		plain = plain[1:]
	}
	for i, c := range plain {
		if c < '0' || c > '9' {
			break
		}
		if i == len(plain)-1 {
			if n, err := strconv.ParseInt(string(s), 10, 64); err == nil {
				return EpochInt(n)
			}
		}
	}
	if fraction, ok := parseDecimalSeconds(s); ok {
		return fraction, true
	}
	x, state := ParseNumber(s)
	if state != NumberOK {
		return 0, false
	}
	return EpochFloat(x)
}

// parseDecimalSeconds reads SECONDS.FRACTION exactly: as a float64 it would lose
// what lies below a quarter of a microsecond.
func parseDecimalSeconds(s []byte) (int64, bool) {
	point := -1
	for i, c := range s {
		switch {
		case c == '.' && point < 0:
			point = i
		case c < '0' || c > '9':
			return 0, false
		}
	}
	if point < 1 || point > 11 || point == len(s)-1 {
		return 0, false
	}
	seconds, err := strconv.ParseInt(string(s[:point]), 10, 64)
	if err != nil {
		return 0, false
	}
	nanos, _ := parseFraction(s[point+1:])
	return UnixNanos(seconds, nanos)
}

// EpochInt reads an epoch number by its magnitude.
func EpochInt(n int64) (int64, bool) {
	switch {
	case n > -epochSecondsBelow && n < epochSecondsBelow:
		return UnixNanos(n, 0)
	case n > -epochMillisBelow && n < epochMillisBelow:
		return UnixNanos(groundtruth.FloorDiv(n, 1_000), (n-groundtruth.FloorDiv(n, 1_000)*1_000)*1_000_000)
	case n > -epochMicrosBelow && n < epochMicrosBelow:
		return UnixNanos(groundtruth.FloorDiv(n, 1_000_000), (n-groundtruth.FloorDiv(n, 1_000_000)*1_000_000)*1_000)
	default:
		return n, true
	}
}

// EpochFloat reads an epoch number by its magnitude; fractions are rounded to the
// nanosecond.
func EpochFloat(x float64) (int64, bool) {
	size := math.Abs(x)
	var perSecond float64
	switch {
	case size < epochSecondsBelow:
		perSecond = 1
	case size < epochMillisBelow:
		perSecond = 1e3
	case size < epochMicrosBelow:
		perSecond = 1e6
	case size < math.MaxInt64:
		return int64(x), true
	default:
		return 0, false // too large, or NaN
	}
	whole := math.Floor(x / perSecond)
	rest := x - float64(whole*perSecond)
	return UnixNanos(int64(whole), int64(math.Round(rest*(1e9/perSecond))))
}

// UnixNanos returns seconds and nanos as Unix nanoseconds, when they fit.
func UnixNanos(seconds, nanos int64) (int64, bool) {
	if seconds < minUnixSeconds || seconds > maxUnixSeconds {
		return 0, false
	}
	return seconds*1_000_000_000 + nanos, true
}

// digits reads decimal digits only.
func digits(s []byte) (int, bool) {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// daysIn returns how many days a month has.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// civilDays returns the days from 1970-01-01 to a date of the proleptic Gregorian
// calendar, years 0 to 9999.
func civilDays(year, month, day int) int64 {
	// Counting years from March puts the leap day at the end of a year, so that the
	// days before a month are a linear formula.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + groundtruth.FloorDiv(y, 4) - groundtruth.FloorDiv(y, 100) + groundtruth.FloorDiv(y, 400) + (153*(m-3)+2)/5 + int64(day) - civilEpoch
}

// civilEpoch numbers the day 1970-01-01 in the count of civilDays.
const civilEpoch = 719469

// AppendTimeText appends a time, given in Unix nanoseconds, as text: RFC 3339 in UTC.
func AppendTimeText(dst []byte, nanos int64) []byte {
	return time.Unix(0, nanos).UTC().AppendFormat(dst, time.RFC3339Nano)
}

// EpochUnit numbers the unit that an epoch number is read in, the largest first, so that
// numbers of one unit can be told.
func EpochUnit(n int64) int {
	switch {
	case n > -epochSecondsBelow && n < epochSecondsBelow:
		return 0
	case n > -epochMillisBelow && n < epochMillisBelow:
		return 1
	case n > -epochMicrosBelow && n < epochMicrosBelow:
		return 2
	default:
		return 3
	}
}
