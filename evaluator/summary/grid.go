package summary

import "math"

// A grid cuts numbers into cells of one width, 2^level: cell i has those from i*2^level on and
// below (i+1)*2^level. Two neighbours, of which the first has an even number, are one cell of the
// next level. A grid is made coarser level by level and never finer, as far as its cells have to
// be few; so it depends on the multiset of numbers alone, whatever the order and the way of merging.
type grid struct {
	level int
	scale float64 // 2^-level
}

const (
	// cellBits bounds the numbers of cells: the greatest number is below 2^(cellBits+1) of them.
	cellBits = 30
	// The finest level, at which the greatest number may be as near to 0 as it will, and the
	// coarsest, at which all numbers are in two cells.
	finestLevel, coarsestLevel = -1000, 1024
)

func newGrid() grid { return gridOf(finestLevel) }

func gridOf(level int) grid { return grid{level, math.Ldexp(1, -level)} }

// levelOf returns the finest level at which the numbers of cells are bounded, of numbers whose
// greatest absolute value is given.
func levelOf(greatest float64) int {
	if greatest == 0 {
		return finestLevel
	}
	_, exponent := math.Frexp(greatest) // greatest is below 2^exponent
	return max(exponent-1-cellBits, finestLevel)
}

// cell returns the cell of a number.
func (g grid) cell(x float64) int32 {
	scaled := float64(x * g.scale) // exact but of numbers so near to 0 that only their sign counts
	i := int32(scaled)
	if x < 0 && (i == 0 || scaled < float64(i)) {
		i-- // the conversion rounds towards 0
	}
	return i
}

// edge returns where a cell begins, and within the range of numbers where that is beyond.
func (g grid) edge(cell int64) float64 {
	return min(max(math.Ldexp(float64(cell), g.level), -math.MaxFloat64), math.MaxFloat64)
}

// greatestOf returns the greatest absolute value of some numbers, at least one.
func greatestOf(xs []float64) float64 {
	low, high := bounds(xs)
	return max(-low, high)
}
