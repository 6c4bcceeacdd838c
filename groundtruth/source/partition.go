package source

import (
	"fmt"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// partition holds what the placeholders of a key have said of its partition so far; a negative
// field is not known.
type partition struct {
	year, month, day, hour int
}

// noPartition returns a partition of which nothing is known.
func noPartition() partition { return partition{-1, -1, -1, -1} }

// with adds a placeholder's text. It fails where the text is no date or hour, or
// contradicts what an earlier placeholder said.
func (p partition) with(f field, text string) (partition, bool) {
	set := func(to *int, s string, low, high int) bool {
		v, ok := decimal(s)
		if !ok || v < low || v > high || (*to >= 0 && *to != v) {
			return false
		}
		*to = v
		return true
	}
	ok := true
	switch f {
	case fieldDate:
		ok = len(text) == 10 && set(&p.year, text[0:4], 0, 9999) && set(&p.month, text[5:7], 1, 12) && set(&p.day, text[8:10], 1, 31)
	case fieldHour:
		ok = set(&p.hour, text, 0, 23)
	case fieldYear:
		ok = set(&p.year, text, 0, 9999)
	case fieldMonth:
		ok = set(&p.month, text, 1, 12)
	case fieldDay:
		ok = set(&p.day, text, 1, 31)
	}
	if ok && p.year >= 0 && p.month >= 0 && p.day >= 0 {
		ok = time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC).Day() == p.day
	}
	return p, ok
}

// decimal reads decimal digits only, of which a placeholder has few.
func decimal(s string) (int, bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// wall returns the wall time that the partition stands for, when its year is known.
func (p partition) wall() (groundtruth.Window, bool) {
	step := fieldHour
	switch {
	case p.year < 0:
		return groundtruth.Window{}, false
	case p.month < 0:
		step, p.month, p.day, p.hour = fieldYear, 1, 1, 0
	case p.day < 0:
		step, p.day, p.hour = fieldMonth, 1, 0
	case p.hour < 0:
		step, p.hour = fieldDay, 0
	}
	start := time.Date(p.year, time.Month(p.month), p.day, p.hour, 0, 0, 0, time.UTC)
	return groundtruth.Window{Start: start, End: advance(start, step)}, true
}

// span returns the time in which the clocks of a zone show the partition's wall time, when
// its year is known. An hour or a date that comes twice there is all of both; one that
// never comes is empty, where clocks were put forward over it.
func (p partition) span(z groundtruth.Zone) (groundtruth.Window, bool) {
	wall, ok := p.wall()
	if !ok {
		return wall, false
	}
	return groundtruth.Window{Start: z.First(wall.Start), End: z.After(wall.End)}, true
}

// partitionOf returns the hour of a wall time as a partition.
func partitionOf(t time.Time) partition {
	return partition{t.Year(), int(t.Month()), t.Day(), t.Hour()}
}

// format returns what stands for a placeholder; all of the partition is known.
func (p partition) format(f field) string {
	switch f {
	case fieldDate:
		return fmt.Sprintf("%04d-%02d-%02d", p.year, p.month, p.day)
	case fieldHour:
		return fmt.Sprintf("%02d", p.hour)
	case fieldYear:
		return fmt.Sprintf("%04d", p.year)
	case fieldMonth:
		return fmt.Sprintf("%02d", p.month)
	default:
		return fmt.Sprintf("%02d", p.day)
	}
}

// text returns what format does, where the field is known.
func (p partition) text(f field) (string, bool) {
	known := map[field]bool{
		fieldDate:  p.year >= 0 && p.month >= 0 && p.day >= 0,
		fieldHour:  p.hour >= 0,
		fieldYear:  p.year >= 0,
		fieldMonth: p.month >= 0,
		fieldDay:   p.day >= 0,
	}[f]
	if !known {
		return "", false
	}
	return p.format(f), true
}

// step returns the finest known field, when all the coarser ones are known too.
func (p partition) step() (field, bool) {
	switch {
	case p.year < 0:
		return 0, false
	case p.month < 0:
		return fieldYear, p.day < 0 && p.hour < 0
	case p.day < 0:
		return fieldMonth, p.hour < 0
	case p.hour < 0:
		return fieldDay, true
	}
	return fieldHour, true
}

// truncate returns the start of the year, month, day or hour that a wall time lies in.
func truncate(t time.Time, step field) time.Time {
	switch step {
	case fieldYear:
		return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	case fieldMonth:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case fieldDay:
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	default:
		return t.Truncate(time.Hour)
	}
}

// advance returns the wall time one year, month, day or hour later.
func advance(t time.Time, step field) time.Time {
	switch step {
	case fieldYear:
		return t.AddDate(1, 0, 0)
	case fieldMonth:
		return t.AddDate(0, 1, 0)
	case fieldDay:
		return t.AddDate(0, 0, 1)
	default:
		return t.Add(time.Hour)
	}
}
