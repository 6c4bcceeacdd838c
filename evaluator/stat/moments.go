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

// WithThird returns the moments with that third central moment, or the nearest to it that
// values of their kurtosis can have: the square of the skewness is at most the kurtosis less 1
// (Pearson, Phil. Trans. R. Soc. A 216, 1916). Where it is the difference of two terms of nearly
// the same size, rounding or what the terms leave out may be beyond that.
func (m Moments) WithThird(third float64) Moments {
	m.skew = 0
	if m.Variance > 0 {
		most := math.Sqrt(math.Max(0, m.Kurtosis-1))
		m.skew = math.Max(-most, math.Min(third/m.Variance/math.Sqrt(m.Variance), most))
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

// WeightedSums are what WeightedMoments needs of n values x with weights w.
type WeightedSums struct {
	N int64
	// Mass are the sums of w, w^2, w^3 and w^4, and Sums those of w x, w x^2, w x^3 and w x^4.
	Mass, Sums [4]float64
	// Second are the sums of w^2, w^2 x and w^2 x^2.
	Second [3]*exact.Sum
}

// WeightedMoments computes the moments of n values with weights: the mean m = sum w x / sum w,
// and beyond it those of its influence u = w (x-m) / mean w, whose mean over the rows is 0 and
// whose variance over n is that of m:
//
//	mean u^2 = n sum w^2 (x-m)^2 / (sum w)^2.
//
// Its third and fourth moments are taken for those of the weights times those of the values, as
// they are where the two have nothing to do with each other. With equal weights all are those of
// CentralMoments.
func WeightedMoments(of WeightedSums) Moments {
	f, w := float64(of.N), of.Mass[0]
	m := of.Sums[0] / w
	var t exact.Sum
	q1, l1 := split(of.Second[1])
	q0, l0 := split(of.Second[0])
	t.Merge(of.Second[2])
	for _, x := range []float64{q1, l1} {
		t.AddProduct(float64(-2*m), x)
	}
	mm := float64(m * m)
	for _, square := range []float64{mm, math.FMA(m, m, -mm)} {
		t.AddProduct(square, q0)
		t.AddProduct(square, l0)
	}
	square := t.Float64()
	if square <= float64(leastSpread*mm*q0) {
		square = 0
	}
	mean2 := float64(square / w / w * f)
	out := Moments{N: f, Mean: m, Variance: mean2 * f / (f - 1), Kurtosis: 3}
	if !(mean2 > 0) {
		return out
	}
	s2, s3, s4 := of.Sums[1]/w, of.Sums[2]/w, of.Sums[3]/w
	mu2 := s2 - float64(m*m)
	mu3 := s3 - float64(3*m*s2) + float64(2*m*m*m)
	mu4 := s4 - float64(4*m*s3) + float64(6*m*m*s2) - float64(3*m*m*m*m)
	offset := math.Abs(m) / math.Sqrt(mu2)
	// The weights' own: mean w^k / (mean w)^k.
	w3, w4 := float64(of.Mass[2]/w/w/w*f*f), float64(of.Mass[3]/w/w/w/w*f*f*f)
	if skew := float64(w3 * mu3 / mean2 / math.Sqrt(mean2)); offset*offset*offset < greatestOffset {
		out.skew = skew
	}
	if kurtosis := float64(w4 * mu4 / mean2 / mean2); offset*offset*offset*offset < greatestOffset && !(kurtosis < 1-1e-6) {
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
