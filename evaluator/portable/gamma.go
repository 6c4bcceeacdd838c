package portable

import "math"

// GammaTail returns the probability that a gamma-distributed number of the given shape, above
// 0, and scale 1 exceeds x, which is the regularised upper incomplete gamma function. The error
// is at most 1e-10 of the value for shapes up to 1e4. It is NaN for a shape that isn't above 0.
//
// Below the mean it is made of the lower tail's series, above it of the continued fraction
// (Abramowitz and Stegun, Handbook of Mathematical Functions, 6.5.29 and 6.5.31).
func GammaTail(shape, x float64) float64 {
	switch {
	case !(shape > 0) || math.IsInf(shape, 1) || x != x:
		return math.NaN()
	case x <= 0:
		return 1
	case math.IsInf(x, 1):
		return 0
	}
	density := Exp(float64(shape*Log(x)) - x - logGamma(shape))
	if x < shape+1 {
		return 1 - float64(density*gammaSeries(shape, x))
	}
	return float64(density * gammaFraction(shape, x))
}

// gammaSeries is the lower tail over x^shape e^-x / Gamma(shape).
func gammaSeries(shape, x float64) float64 {
	term := 1 / shape
	sum := term
	for n := 1.0; term > float64(sum*0x1p-54); n++ {
		term = float64(term * (x / (shape + n)))
		sum += term
	}
	return sum
}

// gammaFraction is the upper tail over the same, by the method of Lentz (Applied Optics 15,
// 1976). No denominator comes near to 0 where x is above the shape.
func gammaFraction(shape, x float64) float64 {
	b := x + 1 - shape
	c, d := math.Inf(1), 1/b
	value := d
	for n := 1.0; n < 1e6; n++ {
		a := float64(-n * (n - shape))
		b += 2
		d = 1 / (float64(a*d) + b)
		c = b + a/c
		step := float64(c * d)
		value = float64(value * step)
		if math.Abs(step-1) < 0x1p-52 {
			break
		}
	}
	return value
}

// logGamma returns ln Gamma(x) for x > 0, by Stirling's series from 16 on, with an error below
// 1e-15 of the greater of 1 and the value.
func logGamma(x float64) float64 {
	product := 1.0
	for x < 16 {
		product = float64(product * x)
		x++
	}
	u := 1 / x
	rest := float64(u * polynomial(float64(u*u), 1.0/12, -1.0/360, 1.0/1260, -1.0/1680, 1.0/1188, -691.0/360360, 1.0/156))
	const halfLogTwoPi = 0.91893853320467274178
	return float64((x-0.5)*Log(x)) - x + halfLogTwoPi + rest - Log(product)
}
