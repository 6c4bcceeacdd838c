package summary

import "slices"

// rowOrder takes the rows of a piece apart by a number that each has, its cell.
type rowOrder struct {
	order  []int32 // the rows by cell
	starts []int32
}

// group orders the rows by their cells, of which there are so many.
func (k *rowOrder) group(cellOf []int32, cells int) {
	k.starts = zeroed(k.starts, cells+1)
	for _, c := range cellOf {
		k.starts[c+1]++
	}
	for c := range cells {
		k.starts[c+1] += k.starts[c]
	}
	k.order = slices.Grow(k.order[:0], len(cellOf))[:len(cellOf)]
	for i, c := range cellOf {
		k.order[k.starts[c]] = int32(i)
		k.starts[c]++
	}
	// Each start has moved to the end of its cell's rows.
	copy(k.starts[1:], k.starts)
	k.starts[0] = 0
}

// zeroed returns n zeros in the memory of s where it has room.
func zeroed(s []int32, n int) []int32 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// rows returns the rows of a cell.
func (k *rowOrder) rows(cell int) []int32 { return k.order[k.starts[cell]:k.starts[cell+1]] }
