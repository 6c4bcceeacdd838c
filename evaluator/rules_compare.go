package evaluator

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// uncertain reports whether the value is an estimate or may yet turn out otherwise.
func (v *variable) uncertain() bool {
	return v.hasInterval() || v.kind == varDriftShare || v.kind == varDriftCount
}

// bindIntervals finds the estimates that the comparison holds and refuses what
// cannot be judged: two metrics of one window vary together, by a covariance that
// nothing here knows, and so do two of the reference.
func (c *clause) bindIntervals() (msg string) {
	var window, reference *variable
	for _, v := range c.right.variables(c.left.variables(nil)) {
		side, of := &window, "the window"
		switch {
		case v.ofWindow():
		case v.kind == varReference:
			side, of = &reference, "the reference"
		default:
			continue
		}
		if *side != nil {
			return fmt.Sprintf("%s and %s are two metrics of %s in one comparison, and how they vary together is not known; "+
				"compare each by itself and join the comparisons with && or ||", (*side).name, v.name, of)
		}
		*side = v
	}
	for _, v := range []*variable{window, reference} {
		if v == nil || !v.hasInterval() {
			continue
		}
		if c.cmp == "==" || c.cmp == "!=" {
			return fmt.Sprintf("%s is an estimate, which is never equal to a number; compare it with < or >", v.name)
		}
		if v == window {
			c.metric = v
		} else {
			c.reference = v
		}
	}
	return ""
}

// compare judges a comparison: unknown where a variable is missing, false where
// the point estimate does not hold, true where it holds significantly, else
// unknown. Where some columns' drift is inconclusive, all that they may be has to
// agree.
func (c *clause) compare(facts *WindowFacts) outcome {
	b := &binding{readings: map[*variable]reading{}, first: map[*numeric]bool{}}
	missing := appendNew(nil, c.left.bind(facts, b))
	missing = appendNew(missing, c.right.bind(facts, b))
	if len(missing) > 0 {
		return outcome{reasons: missing}
	}
	scenarios := c.scenarios(b, facts)
	d := c.decide(b, scenarios[0])
	for _, at := range scenarios[1:] {
		if c.decide(b, at).truth != d.truth {
			d.truth, d.undecided = truthUnknown, true
		}
	}
	return outcome{truth: d.truth, reasons: appendNew([]string{c.words(b, d, facts)}, b.why)}
}

// decision is the judgement of a comparison at certain values of its variables.
type decision struct {
	truth       truth
	holds       bool    // the point estimates hold
	left, right float64 // the sides' values
	tested      bool    // significance was looked at
	bound       float64 // the one-sided bound of the difference, where tested
	reason      string  // why it is unknown, where it isn't for lack of significance
	undecided   bool    // unknown for columns whose drift is
}

func (c *clause) decide(b *binding, at func(*variable) float64) decision {
	d := decision{left: c.left.value(b, at), right: c.right.value(b, at)}
	if !isNumber(d.left) || !isNumber(d.right) {
		d.reason = "is not a number"
		return d
	}
	d.holds = holds(c.cmp, d.left, d.right)
	if !d.holds || c.level == 0 || (c.metric == nil && c.reference == nil) {
		d.truth = truthOf(d.holds)
		return d
	}
	// The difference is oriented so that the comparison holds where it is positive.
	sign := 1.0
	if c.cmp == "<" || c.cmp == "<=" {
		sign = -1
	}
	difference := func(at func(*variable) float64) float64 {
		return float64(sign * (c.left.value(b, at) - c.right.value(b, at)))
	}
	t := oneSided{difference: difference(at)}
	for _, v := range []*variable{c.metric, c.reference} {
		if v == nil {
			continue
		}
		if reason := t.add(v, b.readings[v].metric, difference, at); reason != "" {
			d.reason = reason
			return d
		}
	}
	if t.variance == 0 {
		d.truth = truthTrue
		return d
	}
	d.tested, d.bound = true, t.bound(c.level)
	if t.significant(c.level) {
		d.truth = truthTrue
	}
	return d
}

// holds compares two numbers.
func holds(cmp string, left, right float64) bool {
	switch cmp {
	case "<":
		return left < right
	case "<=":
		return left <= right
	case ">":
		return left > right
	case ">=":
		return left >= right
	case "==":
		return left == right
	default:
		return left != right
	}
}

// oneSided is a one-sided test of whether a difference D of independent estimates
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
type oneSided struct {
	difference float64
	variance   float64
	inverseDF  float64 // sum (a se)^4 / df
	skew       float64 // sum sign(a) (|a| se)^3 skew, not yet divided
	curvature  float64
}

// add counts the uncertainty of the estimate v, with slopes by central
// differences. It returns why there is none.
func (t *oneSided) add(v *variable, m Metric, difference func(func(*variable) float64) float64, at func(*variable) float64) string {
	x := at(v)
	// The step balances rounding against the third derivative.
	step := portable.Cbrt(0x1p-52)
	h := float64(step * math.Abs(x))
	if se := m.est.SE; se > 0 && isNumber(se) {
		h = math.Max(h, step*se)
	}
	if h == 0 {
		h = step
	}
	shifted := func(to float64) float64 {
		return difference(func(u *variable) float64 {
			if u == v {
				return to
			}
			return at(u)
		})
	}
	slope := (shifted(x+h) - shifted(x-h)) / ((x + h) - (x - h))
	if slope == 0 {
		return ""
	}
	est, ok := testable(m, slope)
	if !ok || !isNumber(slope) {
		reason := "no interval for " + v.name
		if m.Reason != "" {
			reason += " (" + m.Reason + ")"
		}
		return reason
	}
	sd := float64(math.Abs(slope) * est.SE)
	cube := math.Copysign(sd*sd*sd, slope)
	t.variance += float64(sd * sd)
	t.inverseDF += sd * sd * sd * sd / est.DF
	t.skew += float64(cube * est.Skew)
	t.curvature += float64(cube * est.Curvature)
	return ""
}

// intervalLevel is the level of Metric.Low and High.
const intervalLevel = 0.95

// testable returns the estimate that a test of m uses. Where m has an interval but
// no standard error, as the median has, the error is recovered from the limit
// that a false alarm would cross: the lower where m speaks for the comparison by
// being high (Zou and Donner, Construction of confidence limits about effect
// measures, Statistics in Medicine 27, 2008).
func testable(m Metric, slope float64) (estimate, bool) {
	est := m.est
	if math.IsNaN(est.SE) {
		limit := m.Value - m.Low
		if slope < 0 {
			limit = m.High - m.Value
		}
		z := portable.NormalQuantile(0.5 + intervalLevel/2)
		est = estimate{Value: float64(m.Value), SE: float64(limit) / z, DF: float64(m.N - 1)}
	}
	ok := est.SE >= 0 && isNumber(est.SE) && est.DF > 0 && isNumber(est.Skew) && isNumber(est.Curvature)
	return est, ok
}

// shape returns A and q.
func (t *oneSided) shape() (a, q float64) {
	cube := float64(t.variance * math.Sqrt(t.variance))
	a = t.skew / cube
	return a, a/3 + float64(t.curvature/cube/2)
}

// quantile is Student's t at the level.
func (t *oneSided) quantile(level float64) float64 {
	df := t.variance * t.variance / t.inverseDF
	if !(df < 1e7) { // Infinite, or so large that only rounding differs.
		return portable.NormalQuantile(level)
	}
	return portable.StudentQuantile(level, df)
}

// corrected is T'.
func (t *oneSided) corrected() float64 {
	a, q := t.shape()
	s := t.difference / math.Sqrt(t.variance)
	return s + float64(q*s*s) + q*q*s*s*s/3 + a/6
}

// significant reports whether the difference is above 0 at the level.
func (t *oneSided) significant(level float64) bool { return t.corrected() > t.quantile(level) }

// bound is the lower bound of the difference at the level: the largest value that
// is not significantly exceeded. It solves T' = t for T, the cubic being
// ((1 + qT)^3 - 1)/(3q) + A/6.
func (t *oneSided) bound(level float64) float64 {
	a, q := t.shape()
	target := t.quantile(level) - a/6
	s := target
	// Below this q the closed form loses more digits than q is worth.
	if math.Abs(q) > 1e-9 {
		s = (portable.Cbrt(1+float64(3*q*target)) - 1) / q
	}
	return t.difference - float64(s*math.Sqrt(t.variance))
}

// scenarios gives the values at which the comparison has to turn out the same: those
// measured, and where it holds drift.share or drift.count, what these are as 0, 1, ...
// all of the inconclusive columns drift. A share that is null is not measured.
func (c *clause) scenarios(b *binding, facts *WindowFacts) []func(*variable) float64 {
	depends, measured := false, true
	for v, r := range b.readings {
		depends = depends || v.kind == varDriftShare || v.kind == varDriftCount
		measured = measured && (v.kind != varDriftShare || isNumber(r.value))
	}
	var out []func(*variable) float64
	if measured {
		out = append(out, b.measured)
	}
	if !depends {
		return out
	}
	d := facts.Evaluation.Drift
	unknown := d.inconclusive()
	for drifted := range unknown + 1 {
		out = append(out, func(v *variable) float64 {
			if v.kind == varDriftShare || v.kind == varDriftCount {
				return d.atInconclusive(v, drifted, unknown)
			}
			return b.measured(v)
		})
	}
	return out
}

// atInconclusive is what drift.share or drift.count is where so many of the
// inconclusive columns drift.
func (d *Drift) atInconclusive(v *variable, drifted, inconclusive int) float64 {
	if v.kind == varDriftCount {
		return float64(d.Count + drifted)
	}
	return float64(d.Count+drifted) / float64(d.Judged+inconclusive)
}

// inconclusive counts the features whose drift is inconclusive.
func (d *Drift) inconclusive() int {
	n := 0
	for name, c := range d.Columns {
		if c.Drifted == nil && name != labelColumn && name != predictionColumn {
			n++
		}
	}
	return n
}
