package evaluator

import (
	"fmt"
	"math"
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
	em := centralMoments(n, e.Sum(SumE), e.Sum(SumE2), e.Sum(SumE3), e.Sum(SumE4))
	abs := centralMoments(n, e.Sum(SumAbsE), e.Sum(SumE2), e.Sum(SumAbsE3), e.Sum(SumE4))
	sq := centralMoments(n, e.Sum(SumE2), e.Sum(SumE4), e.Sum(SumE6), e.Sum(SumE8))
	rmse := math.Sqrt(sq.mean)

	me := estimateMean(em, e.series(SumE, em.mean), em.mean, 1, 0)
	mae := estimateMean(abs, e.series(SumAbsE, abs.mean), abs.mean, 1, 0)
	sqBlocks := e.series(SumE2, sq.mean)
	mse := estimateMean(sq, sqBlocks, sq.mean, 1, 0)
	root := estimate{Value: 0, SE: 0, DF: float64(n - 1), NEff: float64(n), Kurtosis: 3}
	if rmse > 0 {
		root = estimateMean(sq, sqBlocks, rmse, 1/(2*rmse), -1/(4*rmse*rmse*rmse))
	}
	out["me"] = toMetric(me, n, level, math.Inf(-1), em.kurtosis)
	out["mae"] = toMetric(mae, n, level, 0, em.kurtosis)
	out["mse"] = toMetric(mse, n, level, 0, em.kurtosis)
	out["rmse"] = toMetric(root, n, level, 0, em.kurtosis)
	out["medae"] = medianAbsError(e, level)
	out["mape"] = meanPercentage(e, level)
	s := centralMoments(n, e.Sum(SumS1), e.Sum(SumS2), e.Sum(SumS3), e.Sum(SumS4))
	out["smape"] = toMetric(estimateMean(s, e.series(SumS1, s.mean), s.mean, 1, 0), n, level, 0, s.kurtosis)
	out["r2"] = rSquared(e, sq, level)
	out["max_error"] = Metric{
		Value: Number(e.MaxAbs()), Low: Number(math.NaN()), High: Number(math.NaN()), N: n,
		Reason: "a maximum has no interval", est: estimate{Value: e.MaxAbs(), SE: math.NaN()},
	}
	return out
}

func missingMetric(n int64, reason string) Metric {
	nan := Number(math.NaN())
	return Metric{Value: nan, Low: nan, High: nan, N: n, Reason: reason, est: estimate{Value: math.NaN(), SE: math.NaN()}}
}

// toMetric turns an estimate into a metric whose interval stays at or above floor.
func toMetric(est estimate, n int64, level, floor, kurtosis float64) Metric {
	if math.IsNaN(est.Value) || math.IsInf(est.Value, 0) {
		return missingMetric(n, "not a finite number")
	}
	low, high := est.interval(level)
	if low < floor {
		low = floor
	}
	m := Metric{Value: Number(est.Value), Low: Number(low), High: Number(high), N: n, est: est}
	switch {
	case math.IsNaN(est.SE):
		m.Reason = "an interval needs two rows or more"
	case est.NEff < 0.999*float64(n):
		m.Note = fmt.Sprintf("autocorrelated errors: %d rows count as %.0f", n, est.NEff)
	case est.DF < 30 && est.DF < float64(n-1):
		m.Note = fmt.Sprintf("heavy-tailed errors (kurtosis %.3g): interval widened to t with %.1f degrees of freedom", kurtosis, est.DF)
	}
	return m
}

// series returns the time blocks of a sum, centred on the mean.
func (e *ErrorSums) series(k SumKind, mean float64) blockSeries {
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockN(i))
		b.u[i] = e.BlockSum(i, k) - b.n[i]*mean
	}
	return b
}

// meanPercentage is the MAPE over the rows whose label isn't 0.
func meanPercentage(e *ErrorSums, level float64) Metric {
	n := e.NonZero()
	if n == 0 {
		return missingMetric(0, "every label is 0")
	}
	m := centralMoments(n, e.Sum(SumA1), e.Sum(SumA2), e.Sum(SumA3), e.Sum(SumA4))
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockNonZero(i))
		b.u[i] = e.BlockSum(i, SumA1) - b.n[i]*m.mean
	}
	out := toMetric(estimateMean(m, b, m.mean, 1, 0), n, level, 0, m.kurtosis)
	if zero := e.N() - n; zero > 0 && out.Note == "" {
		out.Note = fmt.Sprintf("%d rows with label 0 left out", zero)
	}
	return out
}

// medianAbsError is the median of |e| with the distribution-free interval of its
// order statistics, p +- z sqrt(p(1-p)/n).
func medianAbsError(e *ErrorSums, level float64) Metric {
	n := e.N()
	value, bound := e.AbsQuantile(0.5)
	half := 0.5 * math.Sqrt2 * math.Erfinv(level) / math.Sqrt(float64(n))
	low, _ := e.AbsQuantile(math.Max(0, 0.5-half))
	high, _ := e.AbsQuantile(math.Min(1, 0.5+half))
	m := Metric{Value: Number(value), Low: Number(low), High: Number(high), N: n, est: estimate{Value: value, SE: math.NaN()}}
	if bound > 0 {
		m.Note = fmt.Sprintf("from a sketch, within %.2g", bound)
	}
	return m
}

// rSquared is R2 with the influence function
//
//	u_i = e_i^2 - (1-R2) (y_i - mean y)^2,  R2 - E[R2] ~ -mean(u) / var(y).
func rSquared(e *ErrorSums, sq moments, level float64) Metric {
	n := e.N()
	f := float64(n)
	d := e.Sum(SumZ1) / f // the label's mean, from the centre
	spread := e.Sum(SumZ2)/f - d*d
	if n < 2 || !(spread > 1e-14*d*d) {
		return missingMetric(n, "the labels do not vary")
	}
	ratio := sq.mean / spread // 1 - R2
	value := 1 - ratio
	e2y2 := (e.Sum(SumE2Z2) - 2*d*e.Sum(SumE2Z) + d*d*e.Sum(SumE2)) / f
	label := centralMoments(n, e.Sum(SumZ1), e.Sum(SumZ2), e.Sum(SumZ3), e.Sum(SumZ4))
	y4 := label.kurtosis * spread * spread
	variance := math.Max(0, e.Sum(SumE4)/f-2*ratio*e2y2+ratio*ratio*y4) * f / (f - 1)
	b := blockSeries{n: make([]float64, e.Blocks()), u: make([]float64, e.Blocks())}
	for i := range b.n {
		b.n[i] = float64(e.BlockN(i))
		b.u[i] = e.BlockSum(i, SumE2) - ratio*(e.BlockSum(i, SumZ2)-2*d*e.BlockSum(i, SumZ1)+d*d*b.n[i])
	}
	m := moments{n: f, variance: variance, kurtosis: sq.kurtosis}
	return toMetric(estimateMean(m, b, value, -1/spread, 0), n, level, math.Inf(-1), sq.kurtosis)
}
