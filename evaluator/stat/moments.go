package stat

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/exact"
)

// Moments holds the mean and the central moments of a series of N values.
type Moments struct {
	N        float64
	Mean     float64
	Variance float64 // of the sample, with N-1
	skew     float64 // mu3 / sigma^3, 0 where rounding leaves nothing of it
	Kurtosis float64 // mu4 / sigma^4, 3 where rounding leaves nothing of it
}

// Third returns the third central moment, the skewness times the cube of the standard
// deviation.
func (m Moments) Third() float64 {
	return float64(m.skew * m.Variance * math.Sqrt(m.Variance))
}

// WithThird returns the moments with that third central moment.
func (m Moments) WithThird(third float64) Moments {
	if m.skew = third / m.Variance / math.Sqrt(m.Variance); !(m.Variance > 0) {
		m.skew = 0
	}
	return m
}

// Rounding limits what sums of rounded powers can tell of the spread about a mean.
const (
	// A variance below this share of the squared mean is rounding alone.
	leastSpread = 1e-15
	// The greatest power of mean/sigma at which the central moment of that order has
	// two digits left.
	greatestOffset = 1e13
)

// CentralMoments computes the moments of n values from their sum S1, the sum S2 of their
// squares, and the sums s3 and s4 of their third and fourth powers: with m = S1/n,
//
//	mu2 = (n S2 - S1^2) / n^2
//	mu3 = s3/n - 3 m S2/n + 2 m^3
//	mu4 = s4/n - 4 m s3/n + 6 m^2 S2/n - 3 m^4
//
// and sigma^2 = mu2 in the skewness and the kurtosis.
func CentralMoments(n int64, sum1, sum2 *exact.Sum, s3, s4 float64) Moments {
	f := float64(n)
	m := sum1.Float64() / f
	mu2 := meanSquare(n, sum1, sum2)
	if mu2 <= leastSpread*m*m {
		mu2 = 0
	}
	out := Moments{N: f, Mean: m, Variance: mu2 * f / (f - 1), Kurtosis: 3}
	if !(mu2 > 0) {
		return out
	}
	s2 := sum2.Float64()
	offset := math.Abs(m) / math.Sqrt(mu2)
	mu3 := s3/f - float64(3*m*(s2/f)) + float64(2*m*m*m)
	mu4 := s4/f - float64(4*m*(s3/f)) + float64(6*m*m*(s2/f)) - float64(3*m*m*m*m)
	// Divided in steps, because mu2^2 may be beyond the range of float64.
	if skew := mu3 / mu2 / math.Sqrt(mu2); offset*offset*offset < greatestOffset {
		out.skew = skew
	}
	// No kurtosis is below 1: less is what underflow left.
	if kurtosis := mu4 / mu2 / mu2; offset*offset*offset*offset < greatestOffset && !(kurtosis < 1-1e-6) {
		out.Kurtosis = math.Max(1, kurtosis)
	}
	return out
}

// meanSquare returns the mean squared distance of n values from their mean, from the
// sums of the values and of their squares: (n S2 - S1^2) / n^2, which is rounded
// once, so that nothing is lost by cancellation beyond what S2's terms have lost.
func meanSquare(n int64, sum1, sum2 *exact.Sum) float64 {
	f := float64(n)
	h1, l1 := split(sum1)
	h2, l2 := split(sum2)
	var t exact.Sum
	t.AddProduct(f, h2)
	t.AddProduct(f, l2)
	t.AddProduct(-h1, h1)
	t.AddProduct(float64(-2*h1), l1)
	t.AddProduct(-l1, l1)
	v := t.Float64() / f / f
	if v < 0 {
		return 0
	}
	return v
}

// split returns a sum as two numbers that add up to it, the second 0 where the first is
// not finite.
func split(s *exact.Sum) (high, low float64) {
	high = s.Float64()
	if math.IsNaN(high) || math.IsInf(high, 0) {
		return high, 0
	}
	rest := *s
	rest.Add(-high)
	return high, rest.Float64()
}
