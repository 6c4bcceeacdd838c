// Package portable computes the elementary functions and the quantiles that figures rest
// on; the functions of package math differ by processor. It is for all that computes what
// is shown, stored or compared. elementary.go has logarithms, e^x and the cube root,
// quantile.go the quantiles of the normal and of Student's distribution, and gamma.go the
// tail of the gamma distribution.
//
// A result is the same to the last bit on every processor: it is made of additions,
// products, quotients and square roots, which IEEE 754 rounds in one way, and every
// product is converted to its type, which keeps the compiler from fusing it with what it
// is added to. A unit in the last place, by which errors are bounded, is the distance from
// a number to the next.
package portable

import "math"

// ln 2 in two parts, of which the first has so few bits that its product with an exponent
// is exact.
const (
	ln2High = 0x1.62e42feep-1
	ln2Low  = 0x1.a39ef35793c76p-33
)

const (
	mantissaBits = 52
	bias         = 1023
	infinity     = 0x7ff << mantissaBits // bits of an infinite number
	oneBits      = bias << mantissaBits  // bits of 1
	rootHalfBits = 0x3fe6a09e667f3bcd    // bits of the square root of 1/2
)

// Log returns the natural logarithm of x, within 1 unit in the last place. It is -Inf for
// 0, and NaN for less than 0.
func Log(x float64) float64 {
	switch {
	case x != x || x > math.MaxFloat64:
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	k, m := reduce(x)
	return logOf(k, m-1, 0)
}

// Log1p returns the natural logarithm of 1+x, within 1 unit in the last place. It is -Inf
// for -1, and NaN for less than -1.
func Log1p(x float64) float64 {
	switch {
	case x != x || x > math.MaxFloat64 || math.Abs(x) < 0x1p-54:
		return x
	case x < -1:
		return math.NaN()
	case x == -1:
		return math.Inf(-1)
	}
	if -0.25 < x && x < 0.375 {
		return logOf(0, x, 0)
	}
	// What rounding 1+x to u has lost is worth lost/u in the logarithm.
	u := 1 + x
	lost := x - (u - 1)
	if x > 1 {
		lost = 1 - (u - x)
	}
	k, m := reduce(u)
	return logOf(k, m-1, lost/u)
}

// Log2 returns the binary logarithm of x, within 2 units in the last place, and exactly
// of a power of two. It has Log's special cases.
func Log2(x float64) float64 {
	if !(x > 0) || x > math.MaxFloat64 {
		return Log(x)
	}
	k, m := reduce(x)
	return k + float64(logOf(0, m-1, 0)*(1/math.Ln2))
}

// reduce returns k and m with x = 2^k m and m from the root of 1/2 to that of 2; x is
// positive and finite.
func reduce(x float64) (k, m float64) {
	below := 0.0
	if x < 0x1p-1022 { // Subnormal.
		x, below = float64(x*0x1p54), 54
	}
	b := math.Float64bits(x) + (oneBits - rootHalfBits)
	k = float64(int(b>>mantissaBits)-bias) - below
	return k, math.Float64frombits(b&(1<<mantissaBits-1) + rootHalfBits)
}

// logOf returns c and the logarithm of 2^k (1+f). With s = f/(2+f) the logarithm of 1+f is
// 2 artanh s = 2s + s R, with R = 2/3 s^2 + 2/5 s^4 + ..., and since 2s = f - s f, it is
// f - (f^2/2 - s (f^2/2 + R)), of which only the small part is rounded. The seven
// coefficients of R, for f up to the root of 2 less 1, are those of FDLIBM (e_log.c); they
// leave an error below 2^-58.
func logOf(k, f, c float64) float64 {
	s := f / (2 + f)
	z := float64(s * s)
	w := float64(z * z)
	odd := float64(w * (0x1.999999997fa04p-2 + float64(w*(0x1.c71c51d8e78afp-3+float64(w*0x1.39a09d078c69fp-3)))))
	even := float64(z * (0x1.5555555555593p-1 + float64(w*(0x1.2492494229359p-2+float64(w*(0x1.7466496cb03dep-3+float64(w*0x1.2f112df3e5244p-3)))))))
	half := float64(0.5 * f * f)
	rest := float64(s*(half+(odd+even))) + (float64(k*ln2Low) + c)
	return float64(k*ln2High) - ((half - rest) - f)
}

// Exp returns e^x, within 1 unit in the last place.
func Exp(x float64) float64 {
	switch {
	case x != x || x > math.MaxFloat64:
		return x
	case x > 709.79:
		return math.Inf(1)
	case x < -745.14:
		return 0
	}
	// x = k ln 2 + r, with r as the difference of two numbers.
	k := math.Floor(float64(x*(1/math.Ln2)) + 0.5)
	high := x - float64(k*ln2High)
	low := float64(k * ln2Low)
	r := high - low
	// e^r = 1 + 2r/(R-r), where R = r (e^r+1)/(e^r-1) = 2 + r^2/6 - r^4/360 + ... has the
	// five coefficients of FDLIBM (e_exp.c), which leave an error below 2^-59.
	z := float64(r * r)
	c := r - float64(z*(0x1.555555555553ep-3+float64(z*(-0x1.6c16c16bebd93p-9+
		float64(z*(0x1.1566aaf25de2cp-14+float64(z*(-0x1.bbd41c5d26bf1p-20+float64(z*0x1.6376972bea4d0p-25)))))))))
	y := 1 - ((low - r*c/(2-c)) - high)
	return math.Ldexp(y, int(k))
}

// Cbrt returns the cube root of x, within 1 unit in the last place.
func Cbrt(x float64) float64 {
	if x == 0 || x != x || math.Abs(x) > math.MaxFloat64 {
		return x
	}
	m, k := math.Frexp(math.Abs(x))
	for k%3 != 0 {
		m, k = float64(m/2), k+1
	}
	// m is from 1/8 to 1, and the line is within an eighth of its root. Each step of Halley's
	// method triples the digits.
	t := 0.5 + float64(0.5*m)
	for range 3 {
		cube := float64(t * t * t)
		t = float64(t * ((cube + float64(2*m)) / (float64(2*cube) + m)))
	}
	// One step of Newton's method with the cube in two parts takes out what rounding left.
	square := float64(t * t)
	squareRest := math.FMA(t, t, -square)
	cube := float64(square * t)
	cubeRest := math.FMA(square, t, -cube) + float64(squareRest*t)
	t -= ((cube - m) + cubeRest) / float64(3*square)
	return math.Copysign(math.Ldexp(t, k/3), x)
}
