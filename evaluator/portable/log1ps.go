package portable

// plainLog1ps is Log1ps without vectors.
func plainLog1ps(xs []float64) {
	for i, x := range xs {
		xs[i] = Log1p(x)
	}
}
