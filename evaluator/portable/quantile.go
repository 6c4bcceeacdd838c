package portable

import "math"

// NormalQuantile returns the quantile of the standard normal distribution for 0 <= p <= 1:
// Wichura's algorithm AS 241 (PPND16), Applied Statistics 37, 1988, with its coefficients.
// The error is at most 1e-15 of the value. It is -Inf for 0, Inf for 1 and NaN outside.
func NormalQuantile(p float64) float64 {
	switch {
	case !(0 <= p && p <= 1):
		return math.NaN()
	case p == 0:
		return math.Inf(-1)
	case p == 1:
		return math.Inf(1)
	}
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - float64(q*q)
		return q * polynomial(r, 3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
			4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3) /
			polynomial(r, 1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
				2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3)
	}
	return math.Copysign(normalTail(min(p, 1-p)), q)
}

// normalTail returns what a normal number exceeds with the probability p, at most 0.075.
func normalTail(p float64) float64 {
	r := math.Sqrt(-Log(p))
	if r <= 5 {
		r -= 1.6
		return polynomial(r, 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
			1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4) /
			polynomial(r, 1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
				1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9)
	}
	r -= 5
	return polynomial(r, 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
		2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7) /
		polynomial(r, 1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
			7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15)
}

// polynomial returns the sum of c[i] x^i, by Horner's rule.
func polynomial(x float64, c ...float64) float64 {
	sum := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		sum = float64(sum*x) + c[i]
	}
	return sum
}

// StudentQuantile returns the quantile of Student's t distribution with df degrees of
// freedom, at least a half of one, for 0 <= p <= 1. The error is at most 2e-14 of the value,
// or 1e-15. It is -Inf for 0, Inf for 1, and NaN outside.
//
// It is solved for by Newton's method for the logarithm of the upper tail as a function of
// the logarithm of t. That function is concave and falls, so that from wherever it starts
// the method comes down to the quantile from above.
func StudentQuantile(p, df float64) float64 {
	switch {
	case !(df >= 0.5):
		return math.NaN()
	case !(0 < p && p < 1) || p == 0.5 || math.IsInf(df, 1):
		return NormalQuantile(p)
	}
	upper := min(p, 1-p)
	density := studentDensity(df)
	t := -NormalQuantile(upper)
	for first := true; ; first = false {
		tail, slope := studentTail(t, df, density)
		next := float64(t * Exp(Log(tail/upper)*tail/slope))
		if next == t || !first && !(next < t) {
			return math.Copysign(t, p-0.5)
		}
		t = next
	}
}

// studentDensity returns the density of Student's t at 0, Gamma(a+1/2) / Gamma(a) /
// sqrt(df pi) with a = df/2. The quotient of the two is a / (a+1/2) times that of a+1, and
// for a large a the root of a times a series in 1/a (Tricomi and Erdelyi, Pacific J. Math.
// 1, 1951).
func studentDensity(df float64) float64 {
	a, quotient := float64(df/2), 1.0
	for ; a < 32; a++ {
		quotient = float64(quotient * (a / (a + 0.5)))
	}
	series := polynomial(1/a, 1, -1.0/8, 1.0/128, 5.0/1024, -21.0/32768, -399.0/262144, 869.0/4194304, 39325.0/33554432)
	return float64(quotient * series * math.Sqrt(a/df/math.Pi))
}

// studentTail returns the probability that Student's t exceeds t > 0, and t times the
// density there; density is the one at 0.
func studentTail(t, df, density float64) (tail, slope float64) {
	u := float64(t * (t / df))
	slope = float64(density * t * Exp(float64(-(df+1)*Log1p(u)/2)))
	if u*(df+2) >= 3 {
		return float64(slope * studentFraction(t, u, df) / 2), slope
	}
	// The probability of 0 to t is t times the density there times the series
	// 1 + (df+1)/3 y + (df+1)(df+3)/(3*5) y^2 + ... of the incomplete beta function, with
	// y = t^2 / (df + t^2).
	y, term, sum := u/(1+u), 1.0, 1.0
	for k := 1.0; term > 0x1p-60*sum; k += 2 {
		term = float64(term * y * ((df + k) / (k + 2)))
		sum += term
	}
	return 0.5 - float64(slope*sum), slope
}

// studentFraction is the continued fraction of the incomplete beta function that Didonato
// and Morris give (Algorithm 708, ACM TOMS 18, 1992, BFRAC), for a = df/2, b = 1/2,
// x = 1/(1+u) and y = u/(1+u), by Lentz's method. Their lambda, (a+b)y - b, is
// (t^2-1) / (2(1+u)), which loses nothing for a large df.
func studentFraction(t, u, df float64) float64 {
	a, x := float64(df/2), 1/(1+u)
	lambda := float64((t - 1) * (t + 1) * x / 2)
	below := float64(a / (a + 1) * (lambda + 1))
	c, d := below, 0.0
	for n := 1.0; ; n++ {
		w := a + float64(2*n)
		s := float64(n * (0.5 - n) * x / (w - 1))
		alpha := float64((a + n - 1) * (a + n - 0.5) * x / (w - 1) * s)
		beta := n + s + float64((a+n)/(w+1)*(lambda+1+float64(n*(1+float64(u*x)))))
		c = beta + alpha/c
		d = 1 / (beta + float64(alpha*d))
		step := float64(c * d)
		below = float64(below * step)
		if math.Abs(step-1) <= 0x1p-52 {
			return 1 / below
		}
	}
}
