package metric

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// errorMoments holds what the metrics of some matched rows are computed from. Every row
// of the table is given it.
type errorMoments struct {
	*origin
	errors    stat.Moments // of e
	absolute  stat.Moments // of |e|
	squared   stat.Moments // of e^2
	symmetric stat.Moments // of 2|e|/(|y|+|p|)

	meanAbsolute stat.Estimate // the mean of |e|
}

func newErrorMoments(of *origin) *errorMoments {
	e, n := of.e, of.n
	m := &errorMoments{
		origin:    of,
		errors:    momentsOf(e, n, summary.SumE, summary.SumE2, summary.SumE3, summary.SumE4),
		absolute:  momentsOf(e, n, summary.SumAbsE, summary.SumE2, summary.SumAbsE3, summary.SumE4),
		squared:   momentsOf(e, n, summary.SumE2, summary.SumE4, summary.SumE6, summary.SumE8),
		symmetric: momentsOf(e, n, summary.SumS1, summary.SumS2, summary.SumS3, summary.SumS4),
	}
	of.metric = "mae"
	m.meanAbsolute = m.mean(m.absolute, summary.SumAbsE)
	if n < fewAlike && m.parts == nil {
		m.fewAlike = m.meanAbsolute.InTime > 1 || m.mean(m.errors, summary.SumE).InTime > 1
	}
	return m
}

// result implements rows.
func (m *errorMoments) result(s *Spec) Result {
	r := s.regression(s, m)
	m.noteUnderflow(&r)
	return r
}

// mean returns the estimate of a metric that is the mean of the series whose sum is k.
func (m *errorMoments) mean(of stat.Moments, k summary.SumKind) stat.Estimate {
	return m.estimate(of, centred(k, of.Mean), of.Mean, 1, 0)
}

// Greatest errors below which numbers lose what is computed of them: the square, and the square
// of that, which intervals of squares need.
const (
	leastSquared = 0x1p-500
	leastFourth  = 0x1p-250
)

// noteUnderflow tells people of a metric that hangs on powers of errors too small for these.
func (m *errorMoments) noteUnderflow(r *Result) {
	least := 0.0
	switch m.metric {
	case "mse", "rmse", "r2":
		least = leastFourth
	case "me", "mae":
		least = leastSquared
	}
	if greatest := m.e.MaxAbs(); greatest > 0 && greatest < least {
		r.note("errors of at most %.2g: powers of such small numbers are lost, and with them the interval and perhaps the value; choose a smaller unit for predictions and labels", greatest)
	}
}

// tails is how heavy the errors' tails are: their kurtosis times (rmse/mae)^6. It is 12 for
// normal errors, 48 for those of Laplace's distribution and 57 for Student's with 5 degrees of
// freedom; with 3 it has no limit as rows grow. The kurtosis alone hangs on few rows; the
// quotient varies less and tells how much of the errors is far out.
func (m *errorMoments) tails() float64 {
	q := m.squared.Mean / m.absolute.Mean / m.absolute.Mean
	return float64(m.errors.Kurtosis * q * q * q)
}

// ofSquares returns the estimate of a metric that squares errors, with the reason why it has
// no interval where their tails are too heavy for one that holds. Rows seldom have the few
// great errors of such tails, so that the errors seem smaller than they are much more often than
// greater: that they are as bad as they seem can still be told (Result.ForTest).
func (m *errorMoments) ofSquares(est stat.Estimate) stat.Estimate {
	if est.SE > 0 && m.tails() > greatestTails {
		est.Reason = fmt.Sprintf("a few great errors decide on it, so that no interval holds (kurtosis %.3g, rmse %.3g times mae): judge mae or medae instead",
			m.errors.Kurtosis, math.Sqrt(m.squared.Mean)/m.absolute.Mean)
	}
	return est
}

// meanError is me = mean(e), in the whole range of numbers.
func meanError(s *Spec, m *errorMoments) Result {
	return s.metric(m.mean(m.errors, summary.SumE), m.n, m.errors.Kurtosis)
}

// meanAbsoluteError is mae = mean|e|, from 0.
func meanAbsoluteError(s *Spec, m *errorMoments) Result {
	return s.metric(m.meanAbsolute, m.n, m.errors.Kurtosis)
}

// meanSquaredError is mse = mean(e^2), from 0.
func meanSquaredError(s *Spec, m *errorMoments) Result {
	return s.metric(m.ofSquares(m.mean(m.squared, summary.SumE2)), m.n, m.errors.Kurtosis)
}

// rootMeanSquaredError is rmse = sqrt(mean(e^2)), from 0. The first derivative of the square
// root is 1/(2 rmse) there, the second one over the first is -1/(2 mse). Errors that are all
// 0 have no slope and no uncertainty.
func rootMeanSquaredError(s *Spec, m *errorMoments) Result {
	value, slope, bend := 0.0, 0.0, 0.0
	if mse := m.squared.Mean; mse != 0 {
		value = math.Sqrt(mse)
		slope, bend = 1/(2*value), -1/(2*mse)
	}
	return s.metric(m.ofSquares(m.estimate(m.squared, centred(summary.SumE2, m.squared.Mean), value, slope, bend)), m.n, m.errors.Kurtosis)
}

// meanSymmetricError is smape = mean(2|e| / (|y|+|p|)), from 0 to 2; a row where both are 0
// counts 0.
func meanSymmetricError(s *Spec, m *errorMoments) Result {
	return s.metric(m.mean(m.symmetric, summary.SumS1), m.n, m.symmetric.Kurtosis)
}

// momentsOf returns the moments of a series whose sum and sums of powers e keeps.
func momentsOf(e *summary.ErrorSums, n int64, k1, k2, k3, k4 summary.SumKind) stat.Moments {
	return stat.CentralMoments(n, e.ExactSum(k1), e.ExactSum(k2), e.Sum(k3), e.Sum(k4))
}

// maxError is max_error = max|e|, from 0. A maximum has no interval.
func maxError(_ *Spec, rows *errorMoments) Result {
	m := missingMetric(rows.n, notFinite)
	if v := rows.e.MaxAbs(); stat.IsNumber(v) {
		m.Value, m.Reason, m.Estimate.Value = stat.Number(v), "a maximum has no interval", v
	}
	return m
}

// metric turns an estimate from n rows into the metric's result. The kurtosis is that of the
// errors, which tells how heavy their tails are.
func (s *Spec) metric(est stat.Estimate, n int64, kurtosis float64) Result {
	alike := est.ByDays == 0 && est.NEff < 0.999*float64(n)
	m := s.result(est, n, kurtosis > skewedKurtosis || alike)
	if kurtosis > heavyTails && est.SE > 0 && m.Reason == "" {
		m.note("heavy-tailed errors (kurtosis %.3g): interval corrected for skewness, by t with %.1f degrees of freedom", kurtosis, est.DF)
		if n < fewRows && kurtosis > fewRowsKurtosis {
			m.note("as a reference, so few such errors let rules fire up to twice as often as they should: judge medae, or give it %d rows", fewRows)
		}
	}
	return m
}

// centred gives the series whose sum is k, centred on the mean.
func centred(k summary.SumKind, mean float64) blocks {
	return func(e *summary.ErrorSums) stat.BlockSeries {
		b := stat.BlockSeries{N: make([]float64, e.Blocks()), U: make([]float64, e.Blocks())}
		for i := range b.N {
			b.N[i] = float64(e.BlockN(i))
			b.U[i] = e.BlockSum(i, k) - float64(b.N[i]*mean)
		}
		return b
	}
}

// meanPercentageError is mape = mean(|e|/|y|), from 0, over the rows whose label isn't 0.
func meanPercentageError(s *Spec, rows *errorMoments) Result {
	e := rows.e
	n := e.NonZero()
	if n == 0 {
		return missingMetric(0, "every label is 0")
	}
	m := momentsOf(e, n, summary.SumA1, summary.SumA2, summary.SumA3, summary.SumA4)
	series := func(e *summary.ErrorSums) stat.BlockSeries {
		b := stat.BlockSeries{N: make([]float64, e.Blocks()), U: make([]float64, e.Blocks())}
		for i := range b.N {
			b.N[i] = float64(e.BlockNonZero(i))
			b.U[i] = e.BlockSum(i, summary.SumA1) - float64(b.N[i]*m.Mean)
		}
		return b
	}
	out := s.metric(rows.estimate(m, series, m.Mean, 1, 0), n, m.Kurtosis)
	if zero := e.N() - n; zero > 0 {
		out.note("%d rows with label 0 left out", zero)
	}
	return out
}

// medianAbsoluteError is medae = median|e|, from 0, in the middle of the two middle values
// of an even number of rows. Its interval assumes no distribution: it is that of the order
// statistics of the ranks l and n+1-l with
//
//	l = floor((n+1)/2 - z sqrt(n)/2),
//
// the binomial distribution's quantile by the normal one with continuity
// correction. Rows that are alike push them apart by sqrt(n/nEff): rowsOfMedian.
func medianAbsoluteError(_ *Spec, rows *errorMoments) Result {
	e, n, nEff := rows.e, rows.n, rows.rowsOfMedian()
	abs := e.AbsErrors()
	value, bound := abs.At((n - 1) / 2)
	if n%2 == 0 {
		upper, upperBound := abs.At(n / 2)
		// The difference of such numbers doesn't overflow: both are at least 0.
		value, bound = value+float64((upper-value)/2), float64(bound/2)+float64(upperBound/2)
	}
	if !stat.IsNumber(value) || !stat.IsNumber(bound) {
		return missingMetric(n, notFinite)
	}
	nan := stat.Number(math.NaN())
	m := Result{Value: stat.Number(value), Low: nan, High: nan, N: n, Estimate: stat.Estimate{Value: value, SE: math.NaN()}}
	z := portable.NormalQuantile(0.5 + stat.IntervalLevel/2)
	rank := int64(math.Floor(float64(float64(n+1)/2) - z*float64(n)/(2*math.Sqrt(nEff))))
	switch {
	case rows.meanAbsolute.Entities.Unknown():
		m.Reason = rows.meanAbsolute.Reason
	case rank < 1:
		m.Reason = fmt.Sprintf("an interval of the median needs more rows than %d", n)
	default:
		low, lowBound := abs.At(rank - 1)
		high, highBound := abs.At(n - rank)
		m.Low, m.High = stat.Number(math.Max(0, low-lowBound)), stat.Number(high+highBound)
		m.noteAlike(&rows.meanAbsolute, n)
	}
	if bound > 0 {
		m.note("from a sketch, within %.2g", bound)
	}
	return m
}

// rowsOfMedian returns the effective number of rows of the median of |e|, by that of its mean.
// What makes rows alike moves the size of their errors. A size that is greater by a part of
// itself moves the mean of |e| by that part of mean/sd standard deviations, and the share of
// |e| below the median by at most that part of one, as long as small errors are more frequent
// than great ones. So of what likeness adds to the variance of the mean the median's has at most
// (sd/mean)^2, and all of it at the most.
func (m *errorMoments) rowsOfMedian() float64 {
	n := float64(m.n)
	cv2 := m.absolute.Variance / (m.absolute.Mean * m.absolute.Mean)
	if added := n/m.meanAbsolute.NEff - 1; added > 0 && cv2 < 1 {
		return n / (1 + float64(cv2*added))
	}
	return m.meanAbsolute.NEff
}

// rSquared is r2 = 1 - sum e^2 / sum (y - mean y)^2, up to 1, of labels that vary. Its
// interval is that of the mean of its influence function:
//
//	u_i = e_i^2 - (1-R2) (y_i - mean y)^2,  R2 - E[R2] ~ -mean(u) / var(y),
//
// with the skewness that it has where errors don't depend on labels.
func rSquared(s *Spec, rows *errorMoments) Result {
	e, n, sq := rows.e, rows.n, rows.squared
	f := float64(n)
	label := momentsOf(e, n, summary.SumZ1, summary.SumZ2, summary.SumZ3, summary.SumZ4)
	d := label.Mean // the label's, from the centre
	spread := label.Variance * (f - 1) / f
	if n < 2 || label.Variance == 0 {
		return missingMetric(n, "the labels do not vary, or less than rounding shows")
	}
	ratio := sq.Mean / spread // 1 - R2
	value := 1 - ratio
	e2y2 := (e.Sum(summary.SumE2Z2) - float64(2*d*e.Sum(summary.SumE2Z)) + float64(d*d*e.Sum(summary.SumE2))) / f
	y4 := float64(label.Kurtosis * spread * spread)
	variance := math.Max(0, e.Sum(summary.SumE4)/f-float64(2*ratio*e2y2)+float64(ratio*ratio*y4)) * f / (f - 1)
	series := func(e *summary.ErrorSums) stat.BlockSeries {
		b := stat.BlockSeries{N: make([]float64, e.Blocks()), U: make([]float64, e.Blocks())}
		for i := range b.N {
			b.N[i] = float64(e.BlockN(i))
			b.U[i] = e.BlockSum(i, summary.SumE2) - float64(ratio*(e.BlockSum(i, summary.SumZ2)-float64(2*d*e.BlockSum(i, summary.SumZ1))+float64(d*d*b.N[i])))
		}
		return b
	}
	// The third cumulants of independent terms add up. That of (y - mean y)^2 takes sums of its
	// cube, which nobody keeps: it is that of a gamma distribution with its variance, as
	// normal labels have it.
	spreadOfSquares := label.Kurtosis - 1
	third := sq.Third() - float64(ratio*ratio*ratio*spread*spread*spread*2*spreadOfSquares*spreadOfSquares)
	m := stat.Moments{N: f, Variance: variance, Kurtosis: sq.Kurtosis}.WithThird(third)
	return s.metric(rows.ofSquares(rows.estimate(m, series, value, -1/spread, 0)), n, rows.errors.Kurtosis)
}
