package metric

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Metrics that hold errors against those of a model that knows the labels' mean, or their
// median, and nothing else: of these rows' own labels, as r2 does.

// relative is the mean of some squares of errors over the variance of the labels, the ratio, and the
// series by which it varies: the influence function of the ratio times that variance,
//
//	u_i = square_i - ratio (y_i - mean y)^2.
type relative struct {
	ratio, spread float64 // spread is the labels' variance, by n
	moments       stat.Moments
	series        blocks
	crossed       float64 // the mean of square (y - mean y)^2, with squares of weights
	fourth        float64 // likewise of (y - mean y)^4
}

// labelsOf returns the moments of the labels about the sums' centre, and their variance by n; ok is
// false where they do not vary.
func (m *errorMoments) labelsOf() (label stat.Moments, spread float64, ok bool) {
	f := float64(m.n)
	label = momentsOf(m.e, summary.AllRows, summary.SumZ1, summary.SumZ2, summary.SumZ3, summary.SumZ4)
	spread = label.Variance * (f - 1) / f
	if m.e.Weighted() {
		spread = first(m.e, summary.SumZ2) - float64(label.Mean*label.Mean)
	}
	return label, spread, m.n >= 2 && label.Variance > 0 && spread > 0
}

const labelsDoNotVary = "the labels do not vary, or less than rounding shows"

// ofErrors returns the relative of squared errors, whose ratio is 1 - r2.
func (m *errorMoments) ofErrors() (relative, bool) {
	e, f, sq := m.e, float64(m.n), m.squared
	label, spread, ok := m.labelsOf()
	if !ok {
		return relative{}, false
	}
	d := label.Mean // the label's, from the centre
	r := relative{ratio: sq.Mean / spread, spread: spread}
	r.crossed = inVariance(e, e.SquaredSum(summary.SumE2Z2)-float64(2*d*e.SquaredSum(summary.SumE2Z))+float64(d*d*e.SquaredSum(summary.SumE2)))
	r.fourth = m.fourthOfLabels(label, spread)
	variance := math.Max(0, second(e, summary.SumE4)-float64(2*r.ratio*r.crossed)+float64(r.ratio*r.ratio*r.fourth)) * f / (f - 1)
	r.series = seriesOf(summary.AllRows, func(e *summary.ErrorSums, i int) float64 {
		return e.BlockSum(i, summary.SumE2) - float64(r.ratio*squaresOf(e, i, d))
	})
	// The third cumulants of independent terms add up. That of (y - mean y)^2 takes sums of its
	// cube, which nobody keeps.
	third := sq.Third() - float64(r.ratio*r.ratio*r.ratio*thirdOfSquares(m.labelKurtosis(label), spread)*inThird(e))
	r.moments = stat.Moments{N: f, Variance: variance, Kurtosis: sq.Kurtosis}.WithThird(third)
	return r, true
}

// thirdOfSquares returns the third cumulant of the square of what has this variance and kurtosis:
// that of a gamma distribution with its variance, as normal numbers have it.
func thirdOfSquares(kurtosis, variance float64) float64 {
	more := kurtosis - 1
	return float64(variance * variance * variance * 2 * more * more)
}

// labelKurtosis returns the kurtosis of the labels alone, of which these are the moments.
func (m *errorMoments) labelKurtosis(label stat.Moments) float64 {
	return kurtosisOf(m.e, label, summary.SumZ2, summary.SumZ3, summary.SumZ4)
}

// squaresOf returns the sum of (y - mean y)^2 over a block's rows, with the mean d from the centre.
func squaresOf(e *summary.ErrorSums, i int, d float64) float64 {
	return e.BlockSum(i, summary.SumZ2) - float64(2*d*e.BlockSum(i, summary.SumZ1)) + float64(d*d*e.BlockMass(i, summary.AllRows))
}

// fourthOfLabels returns the mean of (y - mean y)^4, with squares of weights.
func (m *errorMoments) fourthOfLabels(label stat.Moments, spread float64) float64 {
	if !m.e.Weighted() {
		return float64(label.Kurtosis * spread * spread)
	}
	return m.fourth(label.Mean, summary.SumZ1, summary.SumZ2, summary.SumZ3, summary.SumZ4)
}

// fourth returns the mean of the fourth power of the distance of a series from d, with squares of
// weights, by the sums of its powers.
func (m *errorMoments) fourth(d float64, k1, k2, k3, k4 summary.SumKind) float64 {
	e := m.e
	return second(e, k4) - float64(4*d*second(e, k3)) + float64(6*d*d*second(e, k2)) - float64(4*d*d*d*second(e, k1)) + float64(d*d*d*d*designEffect(e))
}

// rSquared is r2 = 1 - sum e^2 / sum (y - mean y)^2, up to 1, of labels that vary. Its
// interval is that of the mean of its influence function (relative), with the skewness that it
// has where errors don't depend on labels.
func rSquared(s *Spec, rows *errorMoments) Result {
	r, ok := rows.ofErrors()
	if !ok {
		return missingMetric(rows.n, labelsDoNotVary)
	}
	est := rows.estimate(r.moments, r.series, 1-r.ratio, -1/r.spread, 0)
	return s.metric(rows.ofSquares(est), rows.n, rows.errors.Kurtosis)
}

// skillOverMean is skill_mean = 1 - rmse / sd(y), up to 1: how much less the rmse is than that of
// whoever always says the mean of these rows' labels. It is 1 - sqrt(1-r2).
func skillOverMean(s *Spec, rows *errorMoments) Result {
	r, ok := rows.ofErrors()
	if !ok {
		return missingMetric(rows.n, labelsDoNotVary)
	}
	value, slope, bend := 1.0, 0.0, 0.0
	if r.ratio > 0 {
		root := math.Sqrt(r.ratio)
		value = 1 - root
		slope, bend = -1/(2*root*r.spread), -1/(2*r.ratio*r.spread)
	}
	est := rows.estimate(r.moments, r.series, value, slope, bend)
	return s.metric(rows.ofSquares(est), rows.n, rows.errors.Kurtosis)
}

// explainedVariance is explained_variance = 1 - var(e) / var(y), up to 1: r2 of predictions whose
// bias is taken off. Its interval is as that of r2, with e less its mean for e.
func explainedVariance(s *Spec, rows *errorMoments) Result {
	e, f := rows.e, float64(rows.n)
	label, spread, ok := rows.labelsOf()
	switch {
	case !ok:
		return missingMetric(rows.n, labelsDoNotVary)
	case !e.LogsKnown():
		return missingMetric(rows.n, "sums that it needs were not counted: make again what an earlier version made")
	}
	m, d := rows.errors.Mean, label.Mean
	variance := rows.errors.Variance * (f - 1) / f
	if e.Weighted() {
		variance = math.Max(0, first(e, summary.SumE2)-float64(m*m))
	}
	ratio := variance / spread
	sum := func(k summary.SumKind) float64 { return second(e, k) }
	crossed := sum(summary.SumE2Z2) - float64(2*d*sum(summary.SumE2Z)) + float64(d*d*sum(summary.SumE2)) -
		float64(2*m*(sum(summary.SumEZ2)-float64(2*d*sum(summary.SumEZ))+float64(d*d*sum(summary.SumE)))) +
		float64(m*m*(sum(summary.SumZ2)-float64(2*d*sum(summary.SumZ1))+float64(d*d*designEffect(e))))
	fourth := rows.fourth(m, summary.SumE, summary.SumE2, summary.SumE3, summary.SumE4)
	spreadOfU := math.Max(0, fourth-float64(2*ratio*crossed)+float64(ratio*ratio*rows.fourthOfLabels(label, spread))) * f / (f - 1)
	third := float64(inThird(e) * (thirdOfSquares(rows.errorKurtosis(), variance) - float64(ratio*ratio*ratio*thirdOfSquares(rows.labelKurtosis(label), spread))))
	moments := stat.Moments{N: f, Variance: spreadOfU, Kurtosis: rows.squared.Kurtosis}.WithThird(third)
	series := seriesOf(summary.AllRows, func(e *summary.ErrorSums, i int) float64 {
		squares := e.BlockSum(i, summary.SumE2) - float64(2*m*e.BlockSum(i, summary.SumE)) + float64(m*m*e.BlockMass(i, summary.AllRows))
		return squares - float64(ratio*squaresOf(e, i, d))
	})
	est := rows.estimate(moments, series, 1-ratio, -1/spread, 0)
	return s.metric(rows.ofSquares(est), rows.n, rows.errors.Kurtosis)
}

// skillOverMedian is skill_median = 1 - mae / mean|y - median y|, up to 1: how much less the mae is
// than that of whoever always says the median of these rows' labels. The median is where that
// mean is least, so that its own uncertainty doesn't matter, and the influence function is
//
//	u_i = |e_i| - ratio |y_i - median y|,  ratio = mae / mean|y - median y|.
//
// Of it the variances of both terms are known. What they have in common is taken from their
// squares: the correlation is that of e^2 and (y - mean y)^2, and rows vary together as they do in
// the series of r2, which is made of these.
func skillOverMedian(s *Spec, rows *errorMoments) Result {
	r, ok := rows.ofErrors()
	if !ok {
		return missingMetric(rows.n, labelsDoNotVary)
	}
	median, mean, bound, ok := rows.e.LabelSpread()
	switch {
	case !ok:
		return missingMetric(rows.n, "the labels of a version or a segment are not counted apart")
	case bound > mean:
		return missingMetric(rows.n, "the bins that labels are counted on are too wide to tell their median")
	case !(mean > 0):
		return missingMetric(rows.n, "half of the labels or more are the median")
	}
	label, spread, _ := rows.labelsOf()
	ratio := rows.absolute.Mean / mean
	off := label.Mean + rows.e.Center() - median
	labels := float64(math.Max(0, spread+float64(off*off)-float64(mean*mean)) * designEffect(rows.e))
	common := 0.0
	e4 := second(rows.e, summary.SumE4)
	mse := second(rows.e, summary.SumE2)
	scale := designEffect(rows.e)
	if of := math.Sqrt(float64((e4 - float64(mse*mse/scale)) * (r.fourth - float64(spread*spread*scale)))); of > 0 {
		correlation := math.Max(-1, math.Min((r.crossed-float64(mse*spread))/of, 1))
		common = float64(correlation * math.Sqrt(float64(rows.absolute.Variance*labels)))
	}
	variance := math.Max(0, rows.absolute.Variance-float64(2*ratio*common)+float64(ratio*ratio*labels))
	series, times := r.series, 0.0
	if r.moments.Variance > 0 {
		times = math.Sqrt(variance / r.moments.Variance)
	}
	scaled := func(e *summary.ErrorSums) stat.BlockSeries {
		b := series(e)
		for i := range b.U {
			b.U[i] = float64(b.U[i] * times)
		}
		return b
	}
	third := 0.0 // as skewed as |e|
	if v := rows.absolute.Variance; v > 0 {
		third = float64(rows.absolute.Third() / v / math.Sqrt(v) * variance * math.Sqrt(variance))
	}
	moments := stat.Moments{N: rows.absolute.N, Variance: variance, Kurtosis: rows.absolute.Kurtosis}.WithThird(third)
	out := s.metric(rows.estimate(moments, scaled, 1-ratio, -1/mean, 0), rows.n, rows.absolute.Kurtosis)
	if bound > 0 {
		out.note("the labels' median from bins, so that it is within %.2g", float64(ratio*bound)/mean)
	}
	return out
}
