package summary

import "slices"

// rowOrder takes the rows of a piece apart by a number that each has, its cell.
type rowOrder struct {
	order  []int32 // the rows by cell
	starts []int32
}

// group orders the rows by their cells, of which there are so many.
func (k *rowOrder) group(cellOf []int32, cells int) {
	// The loops work on variables of their own, which stay in registers.
	starts := zeroed(k.starts, cells+1)
	for _, c := range cellOf {
		starts[c+1]++
	}
	for c := range cells {
		starts[c+1] += starts[c]
	}
	order := slices.Grow(k.order[:0], len(cellOf))[:len(cellOf)]
	for i, c := range cellOf {
		at := starts[c]
		order[at] = int32(i)
		starts[c] = at + 1
	}
	// Each start has moved to the end of its cell's rows.
	copy(starts[1:], starts)
	starts[0] = 0
	k.order, k.starts = order, starts
}

// zeroed returns n zeros in the memory of s where it has room.
func zeroed(s []int32, n int) []int32 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// rows returns the rows of a cell.
func (k *rowOrder) rows(cell int) []int32 { return k.order[k.starts[cell]:k.starts[cell+1]] }
