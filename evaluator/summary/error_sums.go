package summary

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/exact"
)

// ErrorSums holds exact sums over matched rows: see SumKind for the terms. It is
// mergeable, and all that the performance metrics and their intervals need.
type ErrorSums struct {
	n       int64
	nonZero int64
	center  float64
	sums    []exact.Sum // up to numFirstSums; nil of a classifier, and of parts of days
	// logs are the sums that came later, nil where they are not known, as of a profile from
	// before; quantiles those of rows with predicted quantiles, nil where there are none;
	// weights what is kept of rows with weights, nil where they have none.
	logs, quantiles *moreSums
	weights         *weightSums
	crossed         int64   // rows whose highest predicted quantile is below the lowest
	maxAbs          float64 // of rows whose weight is not 0
	abs             tally
	blocks          []blockSums // nil, or NumBlocks
	// byBlock counts the rows of a version or segment by time block: how many, and no more,
	// since the whole's blocks tell the rest. It is nil where that is not known.
	byBlock []int64
	// span is how long the blocks are together in nanoseconds, 0 where they aren't of time.
	span int64
	// figures stand for the blocks of sums that are only read; nil of all others.
	figures []blockFigures
	// timeless counts rows without time: with any, the blocks don't add up to the whole.
	timeless int64
	// The labels of all rows of a window or stratum, counted on its layout or, where there is
	// none, in a sketch; both nil of others.
	label  *Column
	labels *tally
	// classes are what is counted of a classifier, which has no sums, no errors and no blocks
	// here; nil of a regression.
	classes *Classes
}

// blockSums is the part of ErrorSums that is kept of a time block.
type blockSums struct {
	n               int64
	nonZero         int64
	sums            [numBlockSums]exact.Sum
	logs, quantiles *moreSums
	mass            *blockMass // nil where rows have no weights
}

// blockFigures are the sums of a block, each rounded: a hundredth of their size, and as
// much quicker to read.
type blockFigures struct {
	rows [numRows]int64
	sums [numBlockSums]float64
	more [blockLogSums + blockQuantileSums]float64 // SumL1, and from SumQ1 on
	mass *[numRows]float64
}

// figures returns the block's sums rounded.
func (b *blockSums) figures() blockFigures {
	f := blockFigures{rows: b.rows()}
	for k := range b.sums {
		f.sums[k] = b.sums[k].Float64()
	}
	f.more[0] = b.logs.sum(0)
	for k := range blockQuantileSums {
		f.more[blockLogSums+k] = b.quantiles.sum(k)
	}
	if b.mass != nil {
		f.mass = new([numRows]float64)
		for r := range f.mass {
			f.mass[r] = b.mass[r].Float64()
		}
	}
	return f
}

func (b *blockSums) rows() [numRows]int64 {
	return [numRows]int64{AllRows: b.n, NonZeroRows: b.nonZero, LogRows: b.logs.rows(), QuantileRows: b.quantiles.rows()}
}

// N returns the number of rows.
func (e *ErrorSums) N() int64 { return e.n }

// NonZero returns the number of rows whose label isn't 0.
func (e *ErrorSums) NonZero() int64 { return e.nonZero }

// Rows returns the number of some of the rows.
func (e *ErrorSums) Rows(r Rows) int64 {
	return [numRows]int64{AllRows: e.n, NonZeroRows: e.nonZero, LogRows: e.logs.rows(), QuantileRows: e.quantiles.rows()}[r]
}

// LogsKnown reports whether the sums of LogRows are known, as they are but of a profile that
// was made before there were any, and SumEZ and SumEZ2 with them.
func (e *ErrorSums) LogsKnown() bool { return e.logs != nil }

// Crossed returns the number of rows whose highest predicted quantile is below their lowest.
func (e *ErrorSums) Crossed() int64 { return e.crossed }

// Center returns the constant that z is centred at: the mean of the reference's
// labels, 0 without a reference.
func (e *ErrorSums) Center() float64 { return e.center }

// Sum returns a sum over all rows, rounded once; 0 without rows.
func (e *ErrorSums) Sum(k SumKind) float64 { return e.ExactSum(k).Float64() }

// MaxAbs returns the greatest |e|, NaN without rows whose weight is above 0.
func (e *ErrorSums) MaxAbs() float64 {
	if !(e.Mass(AllRows, 1) > 0) {
		return math.NaN()
	}
	return e.maxAbs
}

// ExactSum returns a sum over all rows, which the caller must not change.
func (e *ErrorSums) ExactSum(k SumKind) *exact.Sum {
	switch {
	case int(k) < len(e.sums):
		return &e.sums[k]
	case k >= numFirstSums && k < endOfLogSums && e.logs != nil:
		return &e.logs.sums[k-numFirstSums]
	case k >= endOfLogSums && e.quantiles != nil:
		return &e.quantiles.sums[k-endOfLogSums]
	}
	return new(exact.Sum)
}

// AbsErrors returns the order statistics of |e|.
func (e *ErrorSums) AbsErrors() OrderStatistics {
	return OrderStatistics{tally: &e.abs, entries: e.abs.sorted()}
}

// OrderStatistics are the order statistics of some values, as far as a sketch knows them.
type OrderStatistics struct {
	tally   *tally
	entries []Entry
}

// At returns the value of the 0-based rank, and the greatest absolute error that it can
// have: 0 as long as the distinct values fit the sketch. It panics where there are no
// more than rank values.
func (o OrderStatistics) At(rank int64) (value, bound float64) {
	return o.tally.orderStatistic(o.entries, rank)
}

// Blocks returns the number of time blocks: 64, or 0 where none are kept (model
// versions, segments, rows without time, a span of no length).
func (e *ErrorSums) Blocks() int {
	switch {
	case e.timeless != 0:
		return 0
	case e.classes != nil:
		return e.classes.Blocks()
	}
	return max(len(e.blocks), len(e.figures))
}

// RowsByBlock returns how many rows of a version or segment each time block has, nil where
// that is not known of all of them.
func (e *ErrorSums) RowsByBlock() []int64 {
	var n int64
	for _, rows := range e.byBlock {
		n += rows
	}
	if n != e.n {
		return nil
	}
	return e.byBlock
}

// Days returns how many days the time blocks are long together, 0 where there are none.
func (e *ErrorSums) Days() float64 {
	const day = 24 * 60 * 60 * 1e9
	if e.Blocks() == 0 {
		return 0
	}
	return float64(e.span) / day
}

// BlockN returns the number of rows in block i.
func (e *ErrorSums) BlockN(i int) int64 {
	if e.classes != nil {
		return e.classes.blockRows(i)
	}
	return e.BlockRows(i, AllRows)
}

// BlockRows returns the number of some of the rows in block i; 0 of a classifier.
func (e *ErrorSums) BlockRows(i int, r Rows) int64 {
	if e.classes != nil {
		return 0
	}
	if e.figures != nil {
		return e.figures[i].rows[r]
	}
	return e.blocks[i].rows()[r]
}

// BlockNonZero returns the number of rows in block i whose label isn't 0.
func (e *ErrorSums) BlockNonZero(i int) int64 { return e.BlockRows(i, NonZeroRows) }

// BlockSum returns a sum over the rows of block i, one of those that are kept of blocks; 0
// of a classifier.
func (e *ErrorSums) BlockSum(i int, k SumKind) float64 {
	if e.classes != nil {
		return 0
	}
	if e.figures != nil {
		f := &e.figures[i]
		switch {
		case k < numFirstSums:
			return f.sums[k]
		case k < endOfLogSums:
			return f.more[k-numFirstSums]
		}
		return f.more[blockLogSums+k-endOfLogSums]
	}
	b := &e.blocks[i]
	switch {
	case k < numFirstSums:
		return b.sums[k].Float64()
	case k < endOfLogSums:
		return b.logs.sum(int(k - numFirstSums))
	}
	return b.quantiles.sum(int(k - endOfLogSums))
}
