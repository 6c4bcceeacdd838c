package summary

import "golang.org/x/sys/cpu"

// vectors reports whether the processor has what the vector forms need.
func vectors() bool { return cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT }

// vectorBounds returns the least and the greatest of n > 0 values, a multiple of 8.
//
//go:noescape
func vectorBounds(xs *float64, n int) (low, high float64)

// vectorCellsByNumber sets where to what cellByNumber gives for n > 0 values, a
// multiple of 4.
//
//go:noescape
func vectorCellsByNumber(b *binner, xs *float64, n int)

// vectorCellsByKey sets where to what cellByKey gives for n > 0 values, a multiple of 4.
//
//go:noescape
func vectorCellsByKey(b *binner, xs *float64, n int)

// vectorCount counts n > 0 values whose cells are in where, leaves their bins there,
// and returns how many are on a point.
//
//go:noescape
func vectorCount(b *binner, xs *float64, n int) (points int)

func bounds(xs []float64) (low, high float64) {
	n := len(xs) &^ 7
	if n == 0 || !vectors() {
		return plainBounds(xs)
	}
	low, high = vectorBounds(&xs[0], n)
	for _, x := range xs[n:] {
		low, high = min(low, x), max(high, x)
	}
	return low, high
}

// count counts at most binnedAtOnce values, leaves their bins in where, and returns how
// many are on a point.
func (b *binner) count(xs []float64) (points int) {
	if !vectors() || len(xs) == 0 {
		return b.plainCount(xs)
	}
	if n := len(xs) &^ 3; n > 0 && b.byKey {
		vectorCellsByKey(b, &xs[0], n)
	} else if n > 0 {
		vectorCellsByNumber(b, &xs[0], n)
	}
	for k := len(xs) &^ 3; k < len(xs); k++ {
		b.where[k] = uint32(b.cell(xs[k]))
	}
	return vectorCount(b, &xs[0], len(xs))
}
