package exact

import "golang.org/x/sys/cpu"

// vectorProductCuts does what plainProductCuts does, with n values, a positive multiple of
// ProductLanes.
//
//go:noescape
func vectorProductCuts(products, rests, xs, ys *float64, n int, m1, m2 float64) (a1, a2 float64, rest uint64)

// productCuts does what plainProductCuts does, by vectors where the processor has them.
// Products calls it.
func productCuts(products, rests, xs, ys []float64, m1, m2 float64) (a1, a2 float64, rest bool) {
	if !cpu.X86.HasAVX2 {
		return plainProductCuts(products, rests, xs, ys, m1, m2)
	}
	_, _, _ = rests[len(products)-1], xs[len(products)-1], ys[len(products)-1]
	a1, a2, bits := vectorProductCuts(&products[0], &rests[0], &xs[0], &ys[0], len(products), m1, m2)
	return a1, a2, bits != 0
}
