package portable

// plainLog1ps is Log1ps where there are no vectors.
func plainLog1ps(xs []float64) {
	for i, x := range xs {
		xs[i] = Log1p(x)
	}
}
