package metric

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// ofQuantiles returns the number of rows with predicted quantiles, or why a metric of them has no
// value: it needs so many orders.
func (m *errorMoments) ofQuantiles(orders int) (n int64, missing *Result) {
	n = m.e.Rows(summary.QuantileRows)
	var reason string
	switch {
	case len(m.Quantiles) < orders && orders > 1:
		reason = oneQuantile
	case len(m.Quantiles) < orders:
		reason = noQuantiles
	case n == 0 || !(m.e.Mass(summary.QuantileRows, 1) > 0):
		reason = "no row has predicted quantiles"
	default:
		return n, nil
	}
	out := missingMetric(0, reason)
	return 0, &out
}

// pinballLoss is pinball_loss, from 0: the mean over the rows and over the orders q of the predicted
// quantiles f of q (y-f) where y is at least f, and (1-q) (f-y) elsewhere.
func pinballLoss(s *Spec, rows *errorMoments) Result {
	n, missing := rows.ofQuantiles(1)
	if missing != nil {
		return *missing
	}
	m := momentsOf(rows.e, summary.QuantileRows, summary.SumQ1, summary.SumQ2, summary.SumQ3, summary.SumQ4)
	return s.metric(rows.estimate(m, centred(summary.SumQ1, summary.QuantileRows, m.Mean), m.Mean, 1, 0), n, rows.errors.Kurtosis)
}

// intervalWidth is interval_width: the mean of the highest predicted quantile less the lowest.
func intervalWidth(s *Spec, rows *errorMoments) Result {
	n, missing := rows.ofQuantiles(2)
	if missing != nil {
		return *missing
	}
	m := momentsOf(rows.e, summary.QuantileRows, summary.SumW1, summary.SumW2, summary.SumW3, summary.SumW4)
	out := s.metric(rows.estimate(m, centred(summary.SumW1, summary.QuantileRows, m.Mean), m.Mean, 1, 0), n, m.Kurtosis)
	rows.noteCrossed(&out)
	return out
}

// intervalCoverage is interval_coverage, from 0 to 1: the share of rows whose label is from the
// lowest predicted quantile to the highest, both included. Its interval is Wilson's (Journal of
// the American Statistical Association 22, 1927), with the effective number of rows.
func intervalCoverage(s *Spec, rows *errorMoments) Result {
	n, missing := rows.ofQuantiles(2)
	if missing != nil {
		return *missing
	}
	const k = summary.SumC1 // and its powers are it again
	m := momentsOf(rows.e, summary.QuantileRows, k, k, k, k)
	est := rows.estimate(m, centred(k, summary.QuantileRows, m.Mean), m.Mean, 1, 0)
	out := s.metric(est, n, 0)
	if out.Reason == "" {
		nEff := float64(n) / designEffect(rows.e)
		if est.SE > 0 {
			nEff = m.Mean * (1 - m.Mean) / (est.SE * est.SE)
		}
		low, high := Wilson(m.Mean, nEff)
		out.Low, out.High = stat.Number(low), stat.Number(high)
	}
	rows.noteCrossed(&out)
	return out
}

// Wilson returns the interval of a share of n independent rows, at stat.IntervalLevel. The share lies
// in it whatever rounding does, also where it is 0 or 1.
func Wilson(share, n float64) (low, high float64) {
	z := portable.NormalQuantile(0.5 + stat.IntervalLevel/2)
	zz := float64(z * z)
	middle := (share + zz/(2*n)) / (1 + zz/n)
	half := float64(z / (1 + zz/n) * math.Sqrt(share*(1-share)/n+zz/(4*n*n)))
	return math.Max(0, math.Min(share, middle-half)), math.Min(1, math.Max(share, middle+half))
}

// noteCrossed says of how many rows the quantiles contradict one another.
func (m *errorMoments) noteCrossed(r *Result) {
	if n := m.e.Crossed(); n > 0 {
		r.note("%d rows have their highest quantile below their lowest, and no label between them: look at how quantiles are predicted", n)
	}
}

// Target returns the value that a metric which gets worse as it leaves its target should have: of
// interval_coverage the difference of the highest and the lowest order. It is false where there
// is none.
func (s *Spec) Target(opt Options) (float64, bool) {
	if s.Worse != WorseLeavesTarget || len(opt.Quantiles) < 2 {
		return 0, false
	}
	return opt.Quantiles[len(opt.Quantiles)-1] - opt.Quantiles[0], true
}
