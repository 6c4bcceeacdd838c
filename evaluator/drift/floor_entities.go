package drift

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/summary"
)

// Rows of one entity are alike, and tell less than their number. Entities are dealt to groups by
// chance, so that the groups' counts vary by as much more than those of independent rows as
// there are rows for one that tells something: the design effect.

// Likeness says by how much rows of a column are alike. The zero value is of rows that are not.
type Likeness struct {
	Days *DayColumn // of the reference, nil where they are not known
	// Reference and Window are how many rows tell as much as one that is like no other, at
	// least 1; 0 is 1.
	Reference, Window float64
}

// byChance returns in what share of windows without change a column may be above its floors.
// Where days differ, their deviations are above thresholds too, so that nothing else keeps
// chance from making two of 20 columns drift: then it may be so in a quarter as many.
func (l Likeness) byChance() float64 {
	if l.Days != nil {
		return 0.0125
	}
	return 0.05
}

// withoutDays returns the same of rows that no day moves.
func (l Likeness) withoutDays() Likeness {
	l.Days = nil
	return l
}

// rows returns what numbers of rows of the reference and of the window come to.
func (l Likeness) rows(n, m float64) (refRows, rows float64) {
	return n / max(1, l.Reference), m / max(1, l.Window)
}

// wholeRows is rows in whole numbers, rounded up.
func (l Likeness) wholeRows(n, m int64) (refRows, rows int64) {
	ofRef, of := l.rows(float64(n), float64(m))
	return int64(math.Ceil(ofRef)), int64(math.Ceil(of))
}

// clearEffect is the one-sided 95 % quantile that a design effect has to be above to count.
const clearEffect = 1.645

// DesignEffect returns by how much the counts of groups of entities vary more than those of
// independent rows, on the column's coarse bins: the dispersion of their chi-squared statistic.
// It is 1 where that may be chance, and where the groups are not known. One group tells
// nothing of how entities differ: all of its rows may be of one, and count as one row.
func DesignEffect(groups *summary.Clusters, column *summary.ClusterColumn) float64 {
	if column == nil {
		return 1
	}
	size := column.Coarse().Bins() + 2
	sum := make(bins, size)
	rows := make([]float64, groups.Len())
	for g := range rows {
		for i, n := range column.Counts(g) {
			sum[i] += float64(n)
			rows[g] += float64(n)
		}
	}
	n := sum.total()
	var square, used, filled float64
	for i := range sum {
		if sum[i] > 0 {
			used++
		}
	}
	for g := range rows {
		if rows[g] == 0 {
			continue
		}
		filled++
		for i, count := range column.Counts(g) {
			if sum[i] > 0 {
				expected := float64(rows[g] * (sum[i] / n))
				d := float64(count) - expected
				square += float64(d*d) / expected
			}
		}
	}
	if filled == 1 {
		return n
	}
	df := float64((used - 1) * (filled - 1))
	if df <= 0 {
		return 1
	}
	if effect := square / df; effect > 1+float64(clearEffect*math.Sqrt(2/df)) {
		return effect
	}
	return 1
}
