package evaluator

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// The names of the regression metrics, in the order in which people read them.
func regressionMetrics() []string {
	return []string{"me", "mae", "mse", "rmse", "medae", "mape", "smape", "r2", "max_error"}
}

// Regression computes the regression metrics of e (statistics: Regression) with
// two-sided intervals at the level, by the delta method on exact moments. With
// e = prediction - label:
//
//	me = mean(e), mae = mean|e|, mse = mean(e^2), rmse = sqrt(mse),
//	medae = median|e|, mape = mean(|e|/|y|) over y != 0,
//	smape = mean(2|e|/(|y|+|p|)), r2 = 1 - sum e^2 / sum (y - mean y)^2,
//	max_error = max|e|.
//
// Without rows every value is NaN with a reason.
func Regression(e *ErrorSums, level float64) map[string]Metric {
	out := make(map[string]Metric, 9)
	if e == nil || e.N() == 0 {
		for _, name := range regressionMetrics() {
			out[name] = missingMetric(0, "no matched rows")
		}
		return out
	}
	n := e.N()
	em := e.moments(n, SumE, SumE2, SumE3, SumE4)
	abs := e.moments(n, SumAbsE, SumE2, SumAbsE3, SumE4)
	sq := e.moments(n, SumE2, SumE4, SumE6, SumE8)
	s := e.moments(n, SumS1, SumS2, SumS3, SumS4)
	tail := em.kurtosis

	sqBlocks := e.series(SumE2, sq.mean)
	mae := estimateMean(abs, e.series(SumAbsE, abs.mean), abs.mean, 1, 0)
	out["me"] = toMetric(estimateMean(em, e.series(SumE, em.mean), em.mean, 1, 0), n, level, math.Inf(-1), math.Inf(1), tail)
	out["mae"] = toMetric(mae, n, level, 0, math.Inf(1), tail)
	out["mse"] = toMetric(estimateMean(sq, sqBlocks, sq.mean, 1, 0), n, level, 0, math.Inf(1), tail)
	out["rmse"] = toMetric(rootMeanSquare(sq, sqBlocks), n, level, 0, math.Inf(1), tail)
	out["medae"] = medianAbsError(e, level, mae.NEff)
	out["mape"] = meanPercentage(e, level)
	out["smape"] = toMetric(estimateMean(s, e.series(SumS1, s.mean), s.mean, 1, 0), n, level, 0, 2, s.kurtosis)
	out["r2"] = rSquared(e, sq, level, tail)
	out["max_error"] = maxError(e)
	return out
}

func (e *ErrorSums) moments(n int64, k1, k2, k3, k4 SumKind) moments {
	return centralMoments(n, &e.sums[k1], &e.sums[k2], e.Sum(k3), e.Sum(k4))
}

// rootMeanSquare is sqrt of the mean of squares: g' = 1/(2 rmse), g”/g' = -1/(2 mse).
// Errors that are all 0 have no slope and no uncertainty.
func rootMeanSquare(sq moments, b blockSeries) estimate {
	if sq.mean == 0 {
		return estimateMean(sq, b, 0, 0, 0)
	}
	rmse := math.Sqrt(sq.mean)
	return estimateMean(sq, b, rmse, 1/(2*rmse), -1/(2*sq.mean))
}

func maxError(e *ErrorSums) Metric {
	m := missingMetric(e.N(), notFinite)
	if v := e.MaxAbs(); isNumber(v) {
		m.Value, m.Reason, m.est.Value = Number(v), "a maximum has no interval", v
	}
	return m
}

const notFinite = "not a finite number"

func missingMetric(n int64, reason string) Metric {
	nan := Number(math.NaN())
	return Metric{Value: nan, Low: nan, High: nan, N: n, Reason: reason, est: estimate{Value: math.NaN(), SE: math.NaN()}}
}

// Above this kurtosis errors count as heavy-tailed: the normal distribution has 3,
// the Laplace distribution 6.
const heavyTails = 5

// toMetric turns an estimate into a metric whose interval stays within its limits.
func toMetric(est estimate, n int64, level, least, most, kurtosis float64) Metric {
	if !isNumber(est.Value) {
		return missingMetric(n, notFinite)
	}
	heavy := kurtosis > heavyTails
	low, high := est.interval(level, heavy)
	m := Metric{Value: Number(est.Value), Low: Number(low), High: Number(high), N: n, est: est}
	if math.IsNaN(est.SE) {
		m.Reason = est.Reason
		return m
	}
	if low < least {
		m.Low = Number(least)
	}
	if high > most {
		m.High = Number(most)
	}
	if est.NEff < 0.999*float64(n) {
		m.note("autocorrelated errors: %d rows count as %.0f", n, est.NEff)
	}
	if heavy && est.SE > 0 {
		m.note("heavy-tailed errors (kurtosis %.3g): interval corrected for skewness, by t with %.1f degrees of freedom", kurtosis, est.DF)
	}
	return m
}

// note adds to how the interval was made.
func (m *Metric) note(format string, args ...any) {
	if m.Note != "" {
		m.Note += "; "
	}
	m.Note += fmt.Sprintf(format, args...)
}

// series returns the time blocks of a sum, centred on the mean.
func (e *ErrorSums) series(k SumKind, mean float64) blockSeries {
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockN(i))
		b.u[i] = e.BlockSum(i, k) - float64(b.n[i]*mean)
	}
	return b
}

// meanPercentage is the MAPE over the rows whose label isn't 0.
func meanPercentage(e *ErrorSums, level float64) Metric {
	n := e.NonZero()
	if n == 0 {
		return missingMetric(0, "every label is 0")
	}
	m := e.moments(n, SumA1, SumA2, SumA3, SumA4)
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockNonZero(i))
		b.u[i] = e.BlockSum(i, SumA1) - float64(b.n[i]*m.mean)
	}
	out := toMetric(estimateMean(m, b, m.mean, 1, 0), n, level, 0, math.Inf(1), m.kurtosis)
	if zero := e.N() - n; zero > 0 {
		out.note("%d rows with label 0 left out", zero)
	}
	return out
}

// medianAbsError is the median of |e| with the distribution-free interval of its
// order statistics, those of the ranks l and n+1-l with
//
//	l = floor((n+1)/2 - z sqrt(n)/2),
//
// the binomial distribution's quantile by the normal one with continuity
// correction. Autocorrelation pushes them apart by sqrt(n/nEff), with the mean
// absolute error's effective sample size.
func medianAbsError(e *ErrorSums, level, nEff float64) Metric {
	n := e.N()
	entries := e.abs.sorted()
	value, bound := e.abs.orderStatistic(entries, (n-1)/2)
	if n%2 == 0 {
		upper, upperBound := e.abs.orderStatistic(entries, n/2)
		// The difference of such numbers doesn't overflow: both are at least 0.
		value, bound = value+float64((upper-value)/2), float64(bound/2)+float64(upperBound/2)
	}
	if !isNumber(value) || !isNumber(bound) {
		return missingMetric(n, notFinite)
	}
	nan := Number(math.NaN())
	m := Metric{Value: Number(value), Low: nan, High: nan, N: n, est: estimate{Value: value, SE: math.NaN()}}
	z := portable.NormalQuantile(0.5 + float64(level/2))
	rank := int64(math.Floor(float64(float64(n+1)/2) - z*float64(n)/(2*math.Sqrt(nEff))))
	if rank < 1 {
		m.Reason = fmt.Sprintf("an interval of the median needs more rows than %d", n)
	} else {
		low, lowBound := e.abs.orderStatistic(entries, rank-1)
		high, highBound := e.abs.orderStatistic(entries, n-rank)
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
func rSquared(e *ErrorSums, sq moments, level, tail float64) Metric {
	n := e.N()
	f := float64(n)
	label := e.moments(n, SumZ1, SumZ2, SumZ3, SumZ4)
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
	return toMetric(estimateMean(m, b, value, -1/spread, 0), n, level, math.Inf(-1), 1, tail)
}
