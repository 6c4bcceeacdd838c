package stat

import (
	"math"
	"testing"
)

func TestVarianceDF(t *testing.T) {
	for _, c := range []struct {
		name        string
		n, kurtosis float64
		want        float64
	}{
		{"normal", 200, 3, 199},
		{"squares of normal errors", 1000, 15, 142.83672},
		{"lighter than normal", 50, 1.8, 49},
		{"two rows", 2, 1, 1},
		{"one value is all", 100, 98, 2.0614263},
		{"never below 1", 100, 1e6, 1},
	} {
		if got := varianceDF(c.n, c.kurtosis); math.Abs(got-c.want) > 1e-4*c.want {
			t.Errorf("%s: df is %g, want %g", c.name, got, c.want)
		}
	}
}
