//go:build !amd64

package exact

func productCuts(products, rests, xs, ys []float64, m1, m2 float64) (a1, a2 float64, rest bool) {
	return plainProductCuts(products, rests, xs, ys, m1, m2)
}
