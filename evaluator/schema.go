package evaluator

import (
	"fmt"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// mostOddDays is the share of the reference's days on which a column may have been empty, or have
// had one value, if it is to be told that it is so in a window. A column that says which day of
// the week it is has one value every day.
const mostOddDays = 0.05

// compare finds which columns of a window the reference has, and the window lacks, has of another
// kind, or has with one value alone. Alike says that the predictions of both can be compared.
func (q *Quality) compare(cur *summary.Summary, s summary.Stratum, alike bool) {
	reference := s.Summary()
	for _, r := range reference.Features() {
		q.compareColumn(UniqueName(r.Name()), cur.Feature(r.Name()), r, s.Days.Feature(r.Name()))
	}
	out, ok := q.Columns[drift.PredictionColumn]
	if !ok {
		return
	}
	if alike {
		q.compareColumn(drift.PredictionColumn, cur.Prediction(), reference.Prediction(), s.Days.Prediction())
		return
	}
	out.OutOfRange, out.Unseen = stat.Number(math.NaN()), stat.Number(math.NaN())
	q.Columns[drift.PredictionColumn] = out
}

// oddColumn is a column of which a check tells, and what it tells.
type oddColumn struct{ name, words string }

// compareColumn compares a column with the reference's, of which days are known or nil.
func (q *Quality) compareColumn(name string, c, r *summary.Column, days *summary.ClusterColumn) {
	rows, of := c.N()+c.Missing(), r.N()+r.Missing()
	if rows == 0 || r.N() == 0 {
		return
	}
	out, check, words := q.Columns[name], "", ""
	switch {
	case c.N() == 0 && c.Invalid() == 0:
		// By chance a column of few values has none in a window.
		out.Absent = float64(rows)*float64(r.N())/float64(of) >= leastExpected && !often(days, func(bins []int64) bool { return filled(bins) == 0 })
		if out.Absent {
			check, words = CheckAbsentColumns, fmt.Sprintf("%s of the reference's rows have one", percent(float64(r.N())/float64(of)))
		}
	case c.Invalid() > c.N():
		out.TypeChanged = c.Invalid() >= leastExpected && r.N() >= r.Invalid()
		if out.TypeChanged {
			check, words = CheckTypeChanges, fmt.Sprintf("%d of %d values, and in the reference %d of %d", c.Invalid(), c.Invalid()+c.N(), r.Invalid(), r.Invalid()+r.N())
		}
	default:
		alike, one := constant(c, r)
		out.Constant = one && !often(days, func(bins []int64) bool { return filled(bins) == 1 })
		if out.Constant {
			check, words = CheckConstantColumns, fmt.Sprintf("%d rows, and at most %s of the reference's have that value", c.N(), percent(alike))
		}
	}
	q.Columns[name] = out
	if check != "" {
		if q.odd == nil {
			q.odd = map[string][]oddColumn{}
		}
		q.odd[check] = append(q.odd[check], oddColumn{name, words})
	}
}

// constant reports whether a column has one value, where the reference has several and so many
// rows as these would be expected to have others too, and which share of the reference's values,
// at most, are that one.
func constant(c, r *summary.Column) (alike float64, is bool) {
	if _, one := onlyValue(r); one {
		return 0, false
	}
	in, one := onlyValue(c)
	if !one {
		return 0, false
	}
	alike = float64(in(r)) / float64(r.N())
	return alike, float64(float64(c.N())*(1-alike)) >= leastExpected
}

// onlyValue reports whether all values of a column that has some are one, as far as is known. It
// returns a function that tells how many values of another column, on the same layout, may be
// that one: those of its bin.
func onlyValue(c *summary.Column) (alike func(*summary.Column) int64, one bool) {
	if c.Kind() == groundtruth.Number {
		at, isPoint := slices.BinarySearch(c.Edges(), c.Min())
		return func(o *summary.Column) int64 {
			if isPoint {
				return o.Point(at)
			}
			return o.Open(at)
		}, c.Min() == c.Max()
	}
	for i := range c.Categories() {
		if c.Category(i) == c.N() {
			return func(o *summary.Column) int64 { return o.Category(i) }, true
		}
	}
	return nil, false
}

// often reports whether something is so on more than a few days, by a column's coarse bins.
func often(days *summary.ClusterColumn, is func(bins []int64) bool) bool {
	if days == nil {
		return false
	}
	n := 0
	for g := range days.Len() {
		if is(days.Counts(g)) {
			n++
		}
	}
	return float64(n) > mostOddDays*float64(days.Len())
}

// filled returns how many of a day's coarse bins have rows, but for that of the rows without a
// value.
func filled(bins []int64) int {
	n := 0
	for _, rows := range bins[:len(bins)-1] {
		if rows > 0 {
			n++
		}
	}
	return n
}
