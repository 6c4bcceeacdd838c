package summary

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

// Column holds what drift and data quality need of one column: moments, and
// the counts of its layout's points and open intervals, or of its categories.
//
// A numeric column with the edges v_0 < ... < v_{k-1} has the points v_i and the
// open intervals 0..k: interval i is (v_{i-1}, v_i), interval 0 all below v_0 and
// interval k all above v_{k-1}. Without edges interval 0 is everything.
type Column struct {
	layout  *ColumnLayout
	rows    int64
	valid   int64
	invalid int64

	// Number.
	points   []int64
	opens    []int64
	places   []place // inner intervals only; 0 and k are in low and high
	low      exact.Sum
	high     exact.Sum
	total    exact.Sum
	squares  exact.Sum // about the layout's centre
	min, max float64
	interior tally
	// While numbers are added, what came so far may be in the bins.
	bins             *binner
	noBins           bool      // the layout has none
	outside, between []float64 // memory of the bins' results
	// What values of 32 bits and a layout of 64 need, or the other way round.
	narrow  *narrowEdges
	changed []float64

	// Text.
	categories []int64
	unseen     int64
}

// Name returns the column's name.
func (c *Column) Name() string { return c.layout.Name }

// Kind returns Number or Text; Absent without a reference when no object had the
// column.
func (c *Column) Kind() groundtruth.Kind { return c.layout.Kind }

// Layout returns the column's layout. Without a reference it has no edges.
func (c *Column) Layout() *ColumnLayout { return c.layout }

// N returns the number of rows that have a value.
func (c *Column) N() int64 { return c.valid }

// Missing returns the number of rows that have no value, the invalid ones included.
func (c *Column) Missing() int64 { return c.rows - c.valid }

// Invalid returns the number of rows whose value isn't of the column's kind.
func (c *Column) Invalid() int64 { return c.invalid }

// Edges returns the sorted points v_i, which the caller must not change.
func (c *Column) Edges() []float64 { return c.layout.Edges }

// Point returns the number of values equal to v_i.
func (c *Column) Point(i int) int64 { return c.points[i] }

// Open returns the number of values in the open interval i.
func (c *Column) Open(i int) int64 { return c.opens[i] }

// OpenExcess returns the sum of x - v_{i-1} over the values x in the inner open
// interval i, with 0 < i < len(Edges): its integral of the empirical distribution
// function is Open(i) * (v_i - v_{i-1}) - OpenExcess(i). Each value's place is rounded to
// 2^-40 of the width, so the sum is within Open(i) * 2^-41 * (v_i - v_{i-1}) of the
// exact one, and rounding. Where the width is infinite, it is too, unless there are no values.
func (c *Column) OpenExcess(i int) float64 {
	part := c.places[i].float64()
	if part == 0 {
		return 0
	}
	a, b := c.layout.Edges[i-1], c.layout.Edges[i]
	return float64(part * (b - a))
}

// OpenPlace returns the sum of the places of the values in the inner open interval i,
// each 0 at its lower end and 1 at its upper one.
func (c *Column) OpenPlace(i int) float64 { return c.places[i].float64() }

// LowSum and HighSum return the exact sums of the values below the least edge and
// above the greatest one.
func (c *Column) LowSum() exact.Sum { return c.low }

// HighSum is described at LowSum.
func (c *Column) HighSum() exact.Sum { return c.high }

// InteriorKnown reports whether the distinct values in the open intervals are known: there
// are at most the layout's limit, and there is a layout.
func (c *Column) InteriorKnown() bool { return c.interior.isExact() }

// InteriorEntries returns the distinct values in the open intervals and their counts, in
// order, where they are known.
func (c *Column) InteriorEntries() []Entry { return c.interior.sorted() }

// Sum returns the sum of the values, exact and rounded once.
func (c *Column) Sum() float64 { return c.total.Float64() }

// Mean returns the mean of the values, NaN without any.
func (c *Column) Mean() float64 {
	if c.valid == 0 {
		return math.NaN()
	}
	return c.total.Float64() / float64(c.valid)
}

// Variance returns the variance of the values with the divisor n,
//
//	(sum (x-c)^2)/n - (mean-c)^2
//
// with c the layout's Center, which keeps it accurate for the reference whatever its
// mean. NaN without values; never negative.
func (c *Column) Variance() float64 {
	if c.valid == 0 {
		return math.NaN()
	}
	n := float64(c.valid)
	d := c.Mean() - c.layout.Center
	v := c.squares.Float64()/n - float64(d*d)
	if v < 0 {
		return 0
	}
	return v
}

// Min returns the least value, NaN without any.
func (c *Column) Min() float64 {
	if c.valid == 0 {
		return math.NaN()
	}
	return c.min
}

// Max returns the greatest value, NaN without any.
func (c *Column) Max() float64 {
	if c.valid == 0 {
		return math.NaN()
	}
	return c.max
}

// Categories returns the layout's sorted categories, which the caller must not
// change.
func (c *Column) Categories() []string { return c.layout.Categories }

// Category returns the number of values equal to category i.
func (c *Column) Category(i int) int64 { return c.categories[i] }

// Unseen returns the number of values that are none of the layout's categories.
func (c *Column) Unseen() int64 { return c.unseen }
