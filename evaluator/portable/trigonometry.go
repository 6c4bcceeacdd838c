package portable

import "math"

// SinCos returns the sine and the cosine of so many turns, of 2 pi each, within 3e-16. They
// are NaN where turns is infinite or NaN.
func SinCos(turns float64) (sin, cos float64) {
	// Both differences are exact.
	turns -= math.Floor(turns + 0.5)
	quarter := math.Floor(float64(4*turns) + 0.5)
	x := float64(2 * math.Pi * (turns - float64(quarter/4))) // at most pi/4, where the series of Taylor end below a unit in the last place
	x2 := float64(x * x)
	sin = float64(x * polynomial(x2, 1, -1.0/6, 1.0/120, -1.0/5040, 1.0/362880, -1.0/39916800, 1.0/6227020800, -1.0/1307674368000))
	cos = polynomial(x2, 1, -1.0/2, 1.0/24, -1.0/720, 1.0/40320, -1.0/3628800, 1.0/479001600, -1.0/87178291200, 1.0/20922789888000)
	switch quarter {
	case 1:
		return cos, -sin
	case -1:
		return -cos, sin
	case 2, -2:
		return -sin, -cos
	}
	return sin, cos
}
