package summary

import "github.com/hindcast/hindcast/evaluator/exact"

// SumKind names an exact sum over matched rows. With label y, prediction p,
// e = p - y, z = y - Center, a = |e|/|y| over y != 0 and
// s = 2|e|/(|y|+|p|), which is 0 where both are 0. Where rows have weights, each
// term is the row's times its weight.
type SumKind int

// The sums that ErrorSums keeps; those up to numBlockSums are kept per time block too.
const (
	SumE SumKind = iota
	SumAbsE
	SumE2
	SumA1
	SumS1
	SumZ1
	SumZ2
	numBlockSums
)

// The sums that are kept for the whole only.
const (
	SumE3 SumKind = iota + numBlockSums
	SumAbsE3
	SumE4
	SumE6
	SumE8
	SumA2
	SumA3
	SumA4
	SumS2
	SumS3
	SumS4
	SumZ3
	SumZ4
	SumE2Z
	SumE2Z2
	numFirstSums // those of the first schemas end here
)

// The sums that came later, in the memory of a moreSums: with l = (log(1+p) - log(1+y))^2 of
// LogRows. SumL1 is kept per time block.
const (
	SumL1 SumKind = iota + numFirstSums
	SumL2
	SumL3
	SumL4
	SumEZ
	SumEZ2
	endOfLogSums
)

// The sums of QuantileRows, in the memory of another: with the mean q of the pinball losses of
// a row's predicted quantiles, c = 1 where the label is within the lowest and the highest
// of these, and 0 elsewhere, and w the highest less the lowest. The first three are kept per
// time block.
const (
	SumQ1 SumKind = iota + endOfLogSums
	SumC1
	SumW1
	SumQ2
	SumQ3
	SumQ4
	SumW2
	SumW3
	SumW4
	numSums
)

// How many sums a moreSums has, of all rows and of a time block.
const (
	numLogSums        = int(endOfLogSums - numFirstSums)
	numQuantileSums   = int(numSums - endOfLogSums)
	blockLogSums      = 1
	blockQuantileSums = 3
)

// Rows says which of the matched rows a sum is over.
type Rows int

// The rows that sums are over.
const (
	AllRows      Rows = iota
	NonZeroRows       // whose label isn't 0
	LogRows           // whose prediction and label are above -1
	QuantileRows      // that have predicted quantiles
	numRows
)

// moreSums are sums over some of the rows, and how many these are.
type moreSums struct {
	n    int64
	sums []exact.Sum
}

// ready returns the sums at to, which it makes where there are none yet.
func ready(to **moreSums, sums int) *moreSums {
	if *to == nil {
		*to = &moreSums{sums: make([]exact.Sum, sums)}
	}
	return *to
}

// addMore adds sums of other rows, nil for none, to those at to.
func addMore(to **moreSums, o *moreSums) {
	if o == nil {
		return
	}
	m := ready(to, len(o.sums))
	m.n += o.n
	for k := range m.sums {
		m.sums[k].Merge(&o.sums[k])
	}
}

// rows returns the number of the rows.
func (m *moreSums) rows() int64 {
	if m == nil {
		return 0
	}
	return m.n
}

// sum returns one of the sums rounded, 0 where there are none.
func (m *moreSums) sum(k int) float64 {
	if m == nil {
		return 0
	}
	return m.sums[k].Float64()
}

// bytes returns how much memory the sums take.
func (m *moreSums) bytes() int64 {
	if m == nil {
		return 0
	}
	return int64(len(m.sums)) * sumBytes
}
