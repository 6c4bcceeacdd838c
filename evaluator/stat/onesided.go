package stat

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// OneSided is a one-sided test of whether a difference D of independent estimates
// is above 0. With the slope a_i of D by the estimate i, its standard error se_i
// and degrees of freedom df_i:
//
//	V  = sum (a_i se_i)^2                                the delta method,
//	df = V^2 / sum ((a_i se_i)^4 / df_i)                 Welch and Satterthwaite,
//	A  = sum sign(a_i) (|a_i| se_i)^3 skew_i / V^1.5     the skewness of D,
//	C  = the same with curvature_i                       that of the metric itself,
//	T  = D / sqrt(V),  q = A/3 + C/2,
//	T' = T + q T^2 + q^2 T^3/3 + A/6,
//
// and D is above 0 at the level s where T' exceeds Student's t quantile of s at
// df. T' takes out the skewness of a studentised mean (Johnson, Modified t tests
// and confidence intervals for asymmetrical populations, JASA 73, 1978) by the
// cubic that stays monotone (Hall, On the removal of skewness by transformation,
// JRSS B 54, 1992); C does the same for what is a curved function of a mean.
type OneSided struct {
	Difference float64 // D
	Variance   float64 // V
	InverseDF  float64 // sum (a se)^4 / df, which V^2 over gives the degrees of freedom
	skew       float64 // sum sign(a) (|a| se)^3 skew, not yet divided
	curvature  float64 // sum sign(a) (|a| se)^3 curvature, likewise
}

// Add counts in the uncertainty of an estimate, by which the difference has this slope.
func (t *OneSided) Add(slope float64, est Estimate) {
	sd := float64(math.Abs(slope) * est.SE)
	cube := math.Copysign(sd*sd*sd, slope)
	t.Variance += float64(sd * sd)
	t.InverseDF += sd * sd * sd * sd / est.DF
	t.skew += float64(cube * est.Skew)
	t.curvature += float64(cube * est.Curvature)
}

// Certain reports whether the difference has no uncertainty.
func (t *OneSided) Certain() bool { return t.Variance == 0 }

// shape returns A and q.
func (t *OneSided) shape() (a, q float64) {
	cube := float64(t.Variance * math.Sqrt(t.Variance))
	a = t.skew / cube
	return a, a/3 + float64(t.curvature/cube/2)
}

// Quantile returns Student's t quantile of the level at the degrees of freedom df, the
// normal one where these are many.
func (t *OneSided) Quantile(level float64) float64 {
	df := t.Variance * t.Variance / t.InverseDF
	if !(df < 1e7) { // Infinite, or so large that only rounding differs.
		return portable.NormalQuantile(level)
	}
	return portable.StudentQuantile(level, df)
}

// Corrected returns T', D in standard errors with its skewness taken out.
func (t *OneSided) Corrected() float64 {
	a, q := t.shape()
	s := t.Difference / math.Sqrt(t.Variance)
	return s + float64(q*s*s) + q*q*s*s*s/3 + a/6
}

// Significant reports whether the difference is above 0 at the level.
func (t *OneSided) Significant(level float64) bool { return t.Corrected() > t.Quantile(level) }

// Bound returns the lower bound of the difference at the level: the largest value that
// is not significantly exceeded. It solves T' = t for T, the cubic being
// ((1 + qT)^3 - 1)/(3q) + A/6.
func (t *OneSided) Bound(level float64) float64 {
	a, q := t.shape()
	target := t.Quantile(level) - a/6
	s := target
	// Below this q the closed form loses more digits than q is worth.
	if math.Abs(q) > 1e-9 {
		s = (portable.Cbrt(1+float64(3*q*target)) - 1) / q
	}
	return t.Difference - float64(s*math.Sqrt(t.Variance))
}
