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
		errors:    momentsOf(e, summary.AllRows, summary.SumE, summary.SumE2, summary.SumE3, summary.SumE4),
		absolute:  momentsOf(e, summary.AllRows, summary.SumAbsE, summary.SumE2, summary.SumAbsE3, summary.SumE4),
		squared:   momentsOf(e, summary.AllRows, summary.SumE2, summary.SumE4, summary.SumE6, summary.SumE8),
		symmetric: momentsOf(e, summary.AllRows, summary.SumS1, summary.SumS2, summary.SumS3, summary.SumS4),
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
	if !(m.e.Mass(summary.AllRows, 1) > 0) {
		return missingMetric(m.n, "the weight of every row is 0")
	}
	r := s.regression(s, m)
	m.noteUnderflow(&r)
	return r
}

// mean returns the estimate of a metric that is the mean of the series whose sum is k.
func (m *errorMoments) mean(of stat.Moments, k summary.SumKind) stat.Estimate {
	return m.estimate(of, centred(k, summary.AllRows, of.Mean), of.Mean, 1, 0)
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
	case "mse", "rmse", "r2", "explained_variance", "skill_mean":
		least = leastFourth
	case "me", "mae", "skill_median":
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
	return float64(m.errorKurtosis() * q * q * q)
}

// errorKurtosis returns the kurtosis of the errors alone: that of m.errors has what weights add.
func (m *errorMoments) errorKurtosis() float64 {
	return kurtosisOf(m.e, m.errors, summary.SumE2, summary.SumE3, summary.SumE4)
}

// ofSquares returns the estimate of a metric that squares errors, with the reason why it has
// no interval where their tails are too heavy for one that holds. Rows seldom have the few
// great errors of such tails, so that the errors seem smaller than they are much more often than
// greater: that they are as bad as they seem can still be told (Result.ForTest).
func (m *errorMoments) ofSquares(est stat.Estimate) stat.Estimate {
	if est.SE > 0 && m.tails() > greatestTails {
		est.Reason = fmt.Sprintf("a few great errors decide on it, so that no interval holds (kurtosis %.3g, rmse %.3g times mae): judge mae or medae instead",
			m.errorKurtosis(), math.Sqrt(m.squared.Mean)/m.absolute.Mean)
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
	return s.metric(m.ofSquares(m.estimate(m.squared, centred(summary.SumE2, summary.AllRows, m.squared.Mean), value, slope, bend)), m.n, m.errors.Kurtosis)
}

// rootMeanSquaredLogError is rmsle = sqrt(mean (log(1+p) - log(1+y))^2), from 0, over the rows whose
// prediction and label are above -1. It is rmse with logarithms for numbers.
func rootMeanSquaredLogError(s *Spec, rows *errorMoments) Result {
	e := rows.e
	if !e.LogsKnown() {
		return missingMetric(rows.n, "no logarithms were counted: make again what an earlier version made")
	}
	n := e.Rows(summary.LogRows)
	if n == 0 || !(e.Mass(summary.LogRows, 1) > 0) {
		return missingMetric(0, "no row has a prediction and a label above -1")
	}
	m := momentsOf(e, summary.LogRows, summary.SumL1, summary.SumL2, summary.SumL3, summary.SumL4)
	value, slope, bend := 0.0, 0.0, 0.0
	if m.Mean != 0 {
		value = math.Sqrt(m.Mean)
		slope, bend = 1/(2*value), -1/(2*m.Mean)
	}
	kurtosis := 3.0 // of the logarithms' differences about 0
	if m.Mean > 0 {
		kurtosis = e.Sum(summary.SumL2) / m.Mean / m.Mean / e.Mass(summary.LogRows, 1)
	}
	out := s.metric(rows.estimate(m, centred(summary.SumL1, summary.LogRows, m.Mean), value, slope, bend), n, kurtosis)
	if without := e.N() - n; without > 0 {
		out.note("%d rows with a prediction or label of -1 or less left out", without)
	}
	return out
}

// meanSymmetricError is smape = mean(2|e| / (|y|+|p|)), from 0 to 2; a row where both are 0
// counts 0.
func meanSymmetricError(s *Spec, m *errorMoments) Result {
	return s.metric(m.mean(m.symmetric, summary.SumS1), m.n, m.symmetric.Kurtosis)
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

// meanPercentageError is mape = mean(|e|/|y|), from 0, over the rows whose label isn't 0.
func meanPercentageError(s *Spec, rows *errorMoments) Result {
	e := rows.e
	n := e.NonZero()
	if n == 0 || !(e.Mass(summary.NonZeroRows, 1) > 0) {
		return missingMetric(0, "every label is 0")
	}
	m := momentsOf(e, summary.NonZeroRows, summary.SumA1, summary.SumA2, summary.SumA3, summary.SumA4)
	series := centred(summary.SumA1, summary.NonZeroRows, m.Mean)
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
//
// Where rows have weights it is where the sum of these reaches half, and the limits of the interval
// are where it reaches the shares 1/2 -+ (z/(2 sqrt(nEff)) + 1/(2n)).
func medianAbsoluteError(_ *Spec, rows *errorMoments) Result {
	e, n, nEff := rows.e, rows.n, rows.rowsOfMedian()
	if e.Weighted() {
		return rows.weightedMedian(nEff)
	}
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
	m := withoutInterval(value, n)
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

// weightedMedian is medianAbsoluteError of rows with weights, of which so many count.
func (m *errorMoments) weightedMedian(nEff float64) Result {
	value, bound := m.e.AbsErrorAt(0.5)
	if !stat.IsNumber(value) || !stat.IsNumber(bound) {
		return missingMetric(m.n, notFinite)
	}
	out := withoutInterval(value, m.n)
	z := portable.NormalQuantile(0.5 + stat.IntervalLevel/2)
	off := z/(2*math.Sqrt(nEff)) + 1/float64(2*m.n)
	switch {
	case m.meanAbsolute.Entities.Unknown():
		out.Reason = m.meanAbsolute.Reason
	case !(off < 0.5):
		out.Reason = fmt.Sprintf("an interval of the median needs more rows than %d with such weights", m.n)
	default:
		low, lowBound := m.e.AbsErrorAt(0.5 - off)
		high, highBound := m.e.AbsErrorAt(0.5 + off)
		out.Low, out.High = stat.Number(math.Max(0, low-lowBound)), stat.Number(high+highBound)
		out.noteAlike(&m.meanAbsolute, m.n)
	}
	if bound > 0 {
		out.note("from a sketch, within %.2g", bound)
	}
	return out
}

// withoutInterval returns the result of a value from n rows whose interval is yet to be told.
func withoutInterval(value float64, n int64) Result {
	nan := stat.Number(math.NaN())
	return Result{Value: stat.Number(value), Low: nan, High: nan, N: n, Estimate: stat.Estimate{Value: value, SE: math.NaN()}}
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
	if m.e.Weighted() {
		n /= designEffect(m.e)
		cv2 = first(m.e, summary.SumE2)/(m.absolute.Mean*m.absolute.Mean) - 1
		return n / (1 + float64(math.Min(cv2, 1)*math.Max(0, float64(m.n)/m.meanAbsolute.NEff-1)))
	}
	if added := n/m.meanAbsolute.NEff - 1; added > 0 && cv2 < 1 {
		return n / (1 + float64(cv2*added))
	}
	return m.meanAbsolute.NEff
}
