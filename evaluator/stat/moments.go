package stat

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/exact"
)

// Estimate is a metric as inference sees it: a smooth function g of the mean of
// a series u, with what a one-sided test of g needs. A metric without an
// interval has SE NaN.
type Estimate struct {
	Value     float64 // the metric
	SE        float64 // standard error, autocorrelation counted
	DF        float64 // degrees of freedom of SE (Satterthwaite)
	Skew      float64 // mu3 / (sigma^3 sqrt n) of u
	Curvature float64 // g'' sigma / (g' sqrt n)
	NEff      float64 // effective sample size
	Kurtosis  float64 // of u
	Reason    string  // why SE is NaN
}

// IntervalLevel is the level of confidence intervals.
const IntervalLevel = 0.95

// Moments are the central moments of a series of n values.
type Moments struct {
	N        float64
	Mean     float64
	Variance float64 // with n-1
	skew     float64 // mu3 / sigma^3, 0 where it cannot be told
	Kurtosis float64 // mu4 / sigma^4, 3 where it cannot be told
}

// Rounding limits what sums of rounded powers can tell of the spread about a mean.
const (
	// A variance below this share of the squared mean is rounding alone.
	leastSpread = 1e-15
	// The greatest power of mean/sigma at which the central moment of that order has
	// two digits left.
	greatestOffset = 1e13
)

// CentralMoments computes moments of n values from their sum, the sum of their
// squares, and the sums s3 and s4 of their third and fourth powers.
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

// split returns a sum as an unevaluated sum of two numbers, the second 0 where the
// first is not finite.
func split(s *exact.Sum) (high, low float64) {
	high = s.Float64()
	if math.IsNaN(high) || math.IsInf(high, 0) {
		return high, 0
	}
	rest := *s
	rest.Add(-high)
	return high, rest.Float64()
}

// varianceDF returns the Satterthwaite degrees of freedom of a sample variance,
//
//	df = 2 sigma^4 / Var(s^2),  Var(s^2) = sigma^4 (kappa/n - (n-3)/(n(n-1))),
//
// which is n-1 for normal values and far less for heavy tails, where the
// standard error is itself uncertain and the interval has to be wider.
func varianceDF(n, kurtosis float64) float64 {
	v := kurtosis/n - (n-3)/(n*(n-1))
	df := 2 / v
	if !(df > 0) || df > n-1 {
		return n - 1
	}
	return math.Max(df, 1)
}

// BlockSeries holds, per time block in order, the number of rows and the sum of
// the centred series u.
type BlockSeries struct {
	N []float64
	U []float64
}

// Limits of the long-run variance.
const (
	minBlocks       = 8    // fewer time blocks with rows say nothing about autocorrelation
	minRowsPerBlock = 3    // neighbours are merged until blocks hold that many on average
	blockTestZ      = 1.3  // the one-sided 90 % point: above it, rows are taken as autocorrelated
	maxBlockCorr    = 0.25 // neighbouring blocks more correlated than that are merged further
)

// merged returns the series with neighbouring blocks merged pairwise.
func (b BlockSeries) merged() BlockSeries {
	half := (len(b.N) + 1) / 2
	out := BlockSeries{N: make([]float64, half), U: make([]float64, half)}
	for i := range b.N {
		out.N[i/2] += b.N[i]
		out.U[i/2] += b.U[i]
	}
	return out
}

// longRun compares the variance between time blocks with what independent rows
// of variance v would give. It returns the factor by which autocorrelation
// inflates the variance of the mean and the degrees of freedom of that factor;
// (1, +Inf) where the blocks don't speak against independence.
//
// With block sums u_b centred on the overall mean, L0 = sum u_b^2 has the mean
// v (n - sum n_b^2/n) for independent rows, whatever their distribution, and a
// relative standard deviation of about sqrt(2 sum n_b (n_b-1))/n. Where L0 is
// above that, the long-run variance is the lag-one batch-means estimator
// L0 + 2 L1, L1 = sum u_b u_{b+1}, on blocks merged until neighbours correlate
// little, each term divided by its mean under independence; it has about K/2.5
// degrees of freedom for K blocks (the truncated kernel's asymptotic variance,
// Priestley, Spectral Analysis and Time Series, 1981, 6.2.3).
func longRun(b BlockSeries, n, v float64) (inflation, df float64) {
	b = b.withoutEmpty()
	for len(b.N) >= 2*minBlocks && n/float64(len(b.N)) < minRowsPerBlock {
		b = b.merged()
	}
	if len(b.N) < minBlocks || !(v > 0) {
		return 1, math.Inf(1)
	}
	var l0, sq, pairs float64
	for i := range b.N {
		l0 += float64(b.U[i] * b.U[i])
		sq += float64(b.N[i] * b.N[i])
		pairs += float64(b.N[i] * (b.N[i] - 1))
	}
	expected := float64(v * (n - sq/n))
	if !(expected > 0) || !(pairs > 0) {
		return 1, math.Inf(1)
	}
	if z := (l0/expected - 1) / (math.Sqrt(2*pairs) / n); z < blockTestZ {
		return 1, math.Inf(1)
	}
	for {
		k := len(b.N)
		var l0, l1, sq, sq1 float64
		for i := range b.N {
			l0 += float64(b.U[i] * b.U[i])
			sq += float64(b.N[i] * b.N[i])
			if i > 0 {
				l1 += float64(b.U[i] * b.U[i-1])
				sq1 += float64(b.N[i] * b.N[i-1])
			}
		}
		if l1 > maxBlockCorr*l0 && k >= 2*minBlocks {
			b = b.merged()
			continue
		}
		sum := l0 + float64(2*math.Max(l1, 0))
		norm := float64(n * (1 - (sq+float64(2*sq1))/(n*n)))
		if l1 <= 0 {
			norm = float64(n * (1 - sq/(n*n)))
		}
		// So many blocks of one size would vary as these.
		even := n * n / sq
		if even < minBlocks/2 || !(norm > 0) {
			return 1, math.Inf(1)
		}
		return math.Max(1, sum/(norm*v)), math.Max(1, even/2.5)
	}
}

func (b BlockSeries) withoutEmpty() BlockSeries {
	var out BlockSeries
	for i := range b.N {
		if b.N[i] > 0 {
			out.N = append(out.N, b.N[i])
			out.U = append(out.U, b.U[i])
		}
	}
	return out
}

// EstimateMean returns the estimate of g(mean) for a series with these moments:
// value is g at the mean, slope g' and bend g”/g' there.
func EstimateMean(m Moments, b BlockSeries, value, slope, bend float64) Estimate {
	est := Estimate{Value: value, SE: math.NaN(), DF: math.NaN(), NEff: m.N, Kurtosis: m.Kurtosis}
	switch {
	case m.N < 2:
		est.Reason = "an interval needs two rows or more"
		return est
	case !IsNumber(m.Variance) || !IsNumber(m.skew) || !IsNumber(m.Kurtosis):
		est.Reason = "the powers of such large errors, which an interval needs, are beyond the range of numbers"
		return est
	case m.Variance == 0:
		est.SE, est.DF = 0, m.N-1
		return est
	}
	inflation, df := longRun(b, m.N, m.Variance)
	est.NEff = m.N / inflation
	mean := math.Sqrt(m.Variance / est.NEff) // standard error of the mean
	est.SE = float64(math.Abs(slope) * mean)
	est.DF = math.Min(df, varianceDF(m.N, m.Kurtosis))
	sign := 1.0
	if slope < 0 {
		sign = -1
	}
	est.Skew = sign * m.skew / math.Sqrt(est.NEff)
	est.Curvature = float64(sign * bend * mean)
	return est
}

// Interval returns the two-sided interval of the estimate at the level, by
// Student's t with its degrees of freedom. Where the errors are heavy-tailed either
// end is the one-sided test's bound instead (see OneSided), which corrects for the
// skewness of u and the curvature of g: for an RMSE of 200 errors that are t with 3
// degrees of freedom it covers 85 % rather than 78 %, and 95 % as before where the
// tails are light.
func (e Estimate) Interval(level float64, heavy bool) (low, high float64) {
	if math.IsNaN(e.SE) || !(e.DF > 0) {
		return math.NaN(), math.NaN()
	}
	if e.SE == 0 {
		return e.Value, e.Value
	}
	p := 0.5 + float64(level/2)
	if !heavy {
		t := (&OneSided{Variance: 1, InverseDF: 1 / e.DF}).Quantile(p)
		return e.Value - float64(t*e.SE), e.Value + float64(t*e.SE)
	}
	below := OneSided{Variance: 1, InverseDF: 1 / e.DF, skew: e.Skew, curvature: e.Curvature}
	above := OneSided{Variance: 1, InverseDF: 1 / e.DF, skew: -e.Skew, curvature: -e.Curvature}
	return e.Value + float64(below.Bound(p)*e.SE), e.Value - float64(above.Bound(p)*e.SE)
}
