package evaluator

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// Regression computes the regression metrics of e (statistics: Regression) with
// two-sided intervals at IntervalLevel, by the delta method on exact moments. With
// e = prediction - label:
//
//	me = mean(e), mae = mean|e|, mse = mean(e^2), rmse = sqrt(mse),
//	medae = median|e|, mape = mean(|e|/|y|) over y != 0,
//	smape = mean(2|e|/(|y|+|p|)), r2 = 1 - sum e^2 / sum (y - mean y)^2,
//	max_error = max|e|.
//
// Without rows every value is NaN with a reason.
func Regression(e *ErrorSums) map[string]Metric {
	specs := RegressionSpecs()
	out := make(map[string]Metric, len(specs))
	if e == nil || e.N() == 0 {
		for _, spec := range specs {
			out[spec.Name] = missingMetric(0, "no matched rows")
		}
		return out
	}
	rows := newErrorMoments(e)
	for i := range specs {
		out[specs[i].Name] = specs[i].compute(&specs[i], rows)
	}
	return out
}

// errorMoments are what the metrics of some matched rows are computed from.
type errorMoments struct {
	e         *ErrorSums
	n         int64
	errors    moments // of e
	absolute  moments // of |e|
	squared   moments // of e^2
	symmetric moments // of 2|e|/(|y|+|p|)

	squaredBlocks blockSeries
	meanAbsolute  estimate // the mean of |e|
}

func newErrorMoments(e *ErrorSums) *errorMoments {
	n := e.N()
	m := &errorMoments{
		e: e, n: n,
		errors:    momentsOf(e, n, SumE, SumE2, SumE3, SumE4),
		absolute:  momentsOf(e, n, SumAbsE, SumE2, SumAbsE3, SumE4),
		squared:   momentsOf(e, n, SumE2, SumE4, SumE6, SumE8),
		symmetric: momentsOf(e, n, SumS1, SumS2, SumS3, SumS4),
	}
	m.squaredBlocks = seriesOf(e, SumE2, m.squared.mean)
	m.meanAbsolute = estimateMean(m.absolute, seriesOf(e, SumAbsE, m.absolute.mean), m.absolute.mean, 1, 0)
	return m
}

func meanError(s *Spec, m *errorMoments) Metric {
	mean := m.errors.mean
	return s.metric(estimateMean(m.errors, seriesOf(m.e, SumE, mean), mean, 1, 0), m.n, m.errors.kurtosis)
}

func meanAbsoluteError(s *Spec, m *errorMoments) Metric {
	return s.metric(m.meanAbsolute, m.n, m.errors.kurtosis)
}

func meanSquaredError(s *Spec, m *errorMoments) Metric {
	return s.metric(estimateMean(m.squared, m.squaredBlocks, m.squared.mean, 1, 0), m.n, m.errors.kurtosis)
}

// rootMeanSquaredError is sqrt of the mean of squares: g' = 1/(2 rmse), g”/g' = -1/(2 mse).
// Errors that are all 0 have no slope and no uncertainty.
func rootMeanSquaredError(s *Spec, m *errorMoments) Metric {
	value, slope, bend := 0.0, 0.0, 0.0
	if mse := m.squared.mean; mse != 0 {
		value = math.Sqrt(mse)
		slope, bend = 1/(2*value), -1/(2*mse)
	}
	return s.metric(estimateMean(m.squared, m.squaredBlocks, value, slope, bend), m.n, m.errors.kurtosis)
}

func meanSymmetricError(s *Spec, m *errorMoments) Metric {
	mean := m.symmetric.mean
	return s.metric(estimateMean(m.symmetric, seriesOf(m.e, SumS1, mean), mean, 1, 0), m.n, m.symmetric.kurtosis)
}

// momentsOf returns the moments of a series whose sum and sums of powers e keeps.
func momentsOf(e *ErrorSums, n int64, k1, k2, k3, k4 SumKind) moments {
	return centralMoments(n, e.ExactSum(k1), e.ExactSum(k2), e.Sum(k3), e.Sum(k4))
}

func maxError(_ *Spec, rows *errorMoments) Metric {
	m := missingMetric(rows.n, notFinite)
	if v := rows.e.MaxAbs(); isNumber(v) {
		m.Value, m.Reason, m.est.Value = Number(v), "a maximum has no interval", v
	}
	return m
}

// metric turns an estimate into the metric, whose interval stays within its limits. The
// kurtosis is that of the errors, which tells how heavy their tails are.
func (s *Spec) metric(est estimate, n int64, kurtosis float64) Metric {
	if !isNumber(est.Value) {
		return missingMetric(n, notFinite)
	}
	heavy := kurtosis > heavyTails
	low, high := est.interval(IntervalLevel, heavy)
	m := Metric{Value: Number(est.Value), Low: Number(low), High: Number(high), N: n, est: est}
	if math.IsNaN(est.SE) {
		m.Reason = est.Reason
		return m
	}
	if low < s.Least {
		m.Low = Number(s.Least)
	}
	if high > s.Most {
		m.High = Number(s.Most)
	}
	if est.NEff < 0.999*float64(n) {
		m.note("autocorrelated errors: %d rows count as %.0f", n, est.NEff)
	}
	if heavy && est.SE > 0 {
		m.note("heavy-tailed errors (kurtosis %.3g): interval corrected for skewness, by t with %.1f degrees of freedom", kurtosis, est.DF)
	}
	return m
}

// seriesOf returns the time blocks of a sum, centred on the mean.
func seriesOf(e *ErrorSums, k SumKind, mean float64) blockSeries {
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockN(i))
		b.u[i] = e.BlockSum(i, k) - float64(b.n[i]*mean)
	}
	return b
}

// meanPercentageError is the MAPE over the rows whose label isn't 0.
func meanPercentageError(s *Spec, rows *errorMoments) Metric {
	e := rows.e
	n := e.NonZero()
	if n == 0 {
		return missingMetric(0, "every label is 0")
	}
	m := momentsOf(e, n, SumA1, SumA2, SumA3, SumA4)
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockNonZero(i))
		b.u[i] = e.BlockSum(i, SumA1) - float64(b.n[i]*m.mean)
	}
	out := s.metric(estimateMean(m, b, m.mean, 1, 0), n, m.kurtosis)
	if zero := e.N() - n; zero > 0 {
		out.note("%d rows with label 0 left out", zero)
	}
	return out
}

// medianAbsoluteError is the median of |e| with the distribution-free interval of its
// order statistics, those of the ranks l and n+1-l with
//
//	l = floor((n+1)/2 - z sqrt(n)/2),
//
// the binomial distribution's quantile by the normal one with continuity
// correction. Autocorrelation pushes them apart by sqrt(n/nEff), with the mean
// absolute error's effective sample size.
func medianAbsoluteError(_ *Spec, rows *errorMoments) Metric {
	e, n, nEff := rows.e, rows.n, rows.meanAbsolute.NEff
	abs := e.AbsErrors()
	value, bound := abs.At((n - 1) / 2)
	if n%2 == 0 {
		upper, upperBound := abs.At(n / 2)
		// The difference of such numbers doesn't overflow: both are at least 0.
		value, bound = value+float64((upper-value)/2), float64(bound/2)+float64(upperBound/2)
	}
	if !isNumber(value) || !isNumber(bound) {
		return missingMetric(n, notFinite)
	}
	nan := Number(math.NaN())
	m := Metric{Value: Number(value), Low: nan, High: nan, N: n, est: estimate{Value: value, SE: math.NaN()}}
	z := portable.NormalQuantile(0.5 + IntervalLevel/2)
	rank := int64(math.Floor(float64(float64(n+1)/2) - z*float64(n)/(2*math.Sqrt(nEff))))
	if rank < 1 {
		m.Reason = fmt.Sprintf("an interval of the median needs more rows than %d", n)
	} else {
		low, lowBound := abs.At(rank - 1)
		high, highBound := abs.At(n - rank)
		m.Low, m.High = Number(math.Max(0, low-lowBound)), Number(high+highBound)
		if nEff < 0.999*float64(n) {
			m.note("autocorrelated errors: %d rows count as %.0f", n, nEff)
		}
	}
	if bound > 0 {
		m.note("from a sketch, within %.2g", bound)
	}
	return m
}

// rSquared is R2 with the influence function
//
//	u_i = e_i^2 - (1-R2) (y_i - mean y)^2,  R2 - E[R2] ~ -mean(u) / var(y).
func rSquared(s *Spec, rows *errorMoments) Metric {
	e, n, sq := rows.e, rows.n, rows.squared
	f := float64(n)
	label := momentsOf(e, n, SumZ1, SumZ2, SumZ3, SumZ4)
	d := label.mean // the label's, from the centre
	spread := label.variance * (f - 1) / f
	if n < 2 || label.variance == 0 {
		return missingMetric(n, "the labels do not vary, or less than rounding shows")
	}
	ratio := sq.mean / spread // 1 - R2
	value := 1 - ratio
	e2y2 := (e.Sum(SumE2Z2) - float64(2*d*e.Sum(SumE2Z)) + float64(d*d*e.Sum(SumE2))) / f
	y4 := float64(label.kurtosis * spread * spread)
	variance := math.Max(0, e.Sum(SumE4)/f-float64(2*ratio*e2y2)+float64(ratio*ratio*y4)) * f / (f - 1)
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockN(i))
		b.u[i] = e.BlockSum(i, SumE2) - float64(ratio*(e.BlockSum(i, SumZ2)-float64(2*d*e.BlockSum(i, SumZ1))+float64(d*d*b.n[i])))
	}
	m := moments{n: f, variance: variance, kurtosis: sq.kurtosis}
	return s.metric(estimateMean(m, b, value, -1/spread, 0), n, rows.errors.kurtosis)
}
