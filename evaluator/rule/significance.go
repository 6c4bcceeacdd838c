package rule

import (
	"cmp"
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// uncertain reports whether the value is an estimate or may yet turn out otherwise.
func (v *variable) uncertain() bool {
	return v.hasInterval() || v.kind == varDriftShare || v.kind == varDriftCount
}

// bindIntervals finds the estimates that the comparison holds and refuses what
// cannot be judged: two metrics of one window vary together, by a covariance that
// nothing here knows, and so do two of the reference, or of the rolling one.
func (c *clause) bindIntervals() (msg string) {
	var window, reference, rolling, interval *variable
	for _, v := range c.right.variables(c.left.variables(nil)) {
		side, of := &window, "the window"
		switch {
		case v.ofWindow():
		case v.kind == varReference, v.kind == varReferenceSegment, v.kind == varReferenceClass:
			side, of = &reference, "the reference"
		case v.kind == varRolling:
			side, of = &rolling, "the rolling reference"
		case v.kind == varInterval:
			interval = v
			continue
		default:
			continue
		}
		if *side != nil {
			return fmt.Sprintf("%s and %s are two metrics of %s in one comparison, and how they vary together is not known; "+
				"compare each by itself and join the comparisons with && or ||", (*side).name, v.name, of)
		}
		*side = v
	}
	if c.fixed, c.moving = reference != nil, rolling != nil; c.fixed || c.moving {
		c.against = cmp.Or(window, interval)
	}
	for _, v := range []*variable{window, reference, rolling} {
		if v == nil || !v.hasInterval() {
			continue
		}
		if c.cmp == "==" || c.cmp == "!=" {
			return fmt.Sprintf("%s is an estimate, which is never equal to a number; compare it with < or >", v.name)
		}
		switch v {
		case window:
			c.metric = v
		case reference:
			c.reference = v
		default:
			c.rolling = v
		}
	}
	return ""
}

// estimates lists the estimates that the comparison holds. They are independent of one
// another: no window is in its own rolling reference.
func (c *clause) estimates() []*variable {
	var out []*variable
	for _, v := range []*variable{c.metric, c.reference, c.rolling} {
		if v != nil {
			out = append(out, v)
		}
	}
	return out
}

// compare judges a comparison: unknown where a variable is missing, false where
// the point estimate does not hold, true where it holds significantly, else
// unknown. Where some columns' drift is inconclusive, all that they may be has to
// agree.
func (c *clause) compare(facts *Facts) outcome {
	b := &binding{readings: map[*variable]reading{}, first: map[*numeric]bool{}}
	missing := appendNew(nil, c.left.bind(facts, b))
	missing = appendNew(missing, c.right.bind(facts, b))
	if len(missing) > 0 {
		return outcome{reasons: missing}
	}
	if reason := c.bindReferences(b, facts.Evaluation); reason != "" {
		return outcome{reasons: []string{reason}}
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

// bindReferences finds how the window's metric varies without any change, by what it is
// compared with: the reference where it is compared with both, unless its days are not known.
// It returns why the window cannot be compared, if so.
func (c *clause) bindReferences(b *binding, ev *evaluator.Evaluation) string {
	if c.against == nil {
		return ""
	}
	cannot := func(reference, reason string) string {
		return c.against.name + " cannot be compared with the " + reference + ": " + reason
	}
	if c.fixed {
		if reason := emptyHours(ev.Reference.EmptyHours, ev.Reference.EmptyShare); reason != "" {
			return cannot("reference", reason)
		}
		b.ordinary, b.varies = ev.Reference.Ordinary(c.against.metric), "days"
	}
	if c.moving {
		if reason := emptyHours(ev.Rolling.EmptyHours, ev.Rolling.EmptyShare); reason != "" {
			return cannot("rolling reference", reason)
		}
		if !(b.ordinary.SE > 0) {
			b.ordinary, b.varies = ev.Rolling.Ordinary(c.against.metric), "windows"
		}
	}
	if !c.against.ofWindow() {
		b.ordinary = stat.Estimate{}
	}
	return ""
}

// decision holds how a comparison comes out at certain values of its variables.
type decision struct {
	truth       truth
	holds       bool    // the point estimates hold
	left, right float64 // the sides' values
	tested      bool    // significance was looked at
	bound       float64 // the one-sided bound of the difference, where tested
	reason      string  // why it is unknown, where it isn't for lack of significance
	undecided   bool    // unknown, for so is the drift of some columns
}

// decide judges the comparison with the variables' values as at gives them, by the
// one-sided test of stat.OneSided where its level isn't 0. Of a metric that too few rows tell it
// is unknown whatever the value: a few rows don't show that a model is well either.
func (c *clause) decide(b *binding, at func(*variable) float64) decision {
	d := decision{left: c.left.value(b, at), right: c.right.value(b, at)}
	if !stat.IsNumber(d.left) || !stat.IsNumber(d.right) {
		d.reason = "is not a number"
		return d
	}
	d.holds = holds(c.cmp, d.left, d.right)
	estimates := c.estimates()
	if c.level > 0 {
		for _, v := range estimates {
			if m := b.readings[v].metric; m.Untold {
				d.reason = noInterval(v, m)
				return d
			}
		}
	}
	if !d.holds {
		if d.reason = c.blind(b, at); d.reason == "" {
			d.truth = truthFalse
		}
		return d
	}
	if c.level == 0 || len(estimates) == 0 {
		d.truth = truthTrue
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
	t := stat.OneSided{Difference: difference(at)}
	for _, v := range estimates {
		if reason := v.addTo(&t, b.readings[v].metric, difference, at); reason != "" {
			d.reason = reason
			return d
		}
	}
	if b.ordinary.SE > 0 {
		// Another day would have given the window's metric another value, and no rows of this
		// one tell how far off.
		if reason := c.against.addTo(&t, metric.Result{Estimate: b.ordinary}, difference, at); reason != "" {
			d.reason = reason
			return d
		}
	}
	if t.Certain() {
		d.truth = truthTrue
		return d
	}
	d.tested, d.bound = true, t.Bound(c.level)
	if t.Significant(c.level) {
		d.truth = truthTrue
	}
	return d
}

// blind says why a comparison with a reference, which does not hold, tells nothing all the same: the
// window's metric is the worst that it can be, and so bad is the reference that the comparison
// would hold of no value. It is empty where the comparison tells.
func (c *clause) blind(b *binding, at func(*variable) float64) string {
	if c.against == nil || !c.against.ofWindow() {
		return ""
	}
	spec, _ := metric.Find(c.against.metric)
	worst, best, moves, level := spec.Least, spec.Most, "fall", "low"
	switch spec.Worse {
	case metric.WorseFalls:
	case metric.WorseRises:
		worst, best, moves, level = best, worst, "rise", "high"
	default:
		return ""
	}
	if at(c.against) != worst {
		return ""
	}
	atBest := func(v *variable) float64 {
		if v == c.against {
			return best
		}
		return at(v)
	}
	if holds(c.cmp, c.left.value(b, atBest), c.right.value(b, atBest)) {
		return ""
	}
	return fmt.Sprintf("%s can %s no further, and beside so %s a reference no window breaches this (judge another metric too)", c.against.name, moves, level)
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

// addTo adds the uncertainty of the estimate v to the test, its slope being the central
// difference's. It returns why it can't, if so.
func (v *variable) addTo(t *stat.OneSided, m metric.Result, difference func(func(*variable) float64) float64, at func(*variable) float64) string {
	x := at(v)
	// The step balances rounding against the third derivative.
	step := portable.Cbrt(0x1p-52)
	h := float64(step * math.Abs(x))
	if se := m.Estimate.SE; se > 0 && stat.IsNumber(se) {
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
	est, ok := m.ForTest(slope)
	if !ok || !stat.IsNumber(slope) {
		return noInterval(v, m)
	}
	t.Add(slope, est)
	return ""
}

// scenarios gives the values at which the comparison has to turn out the same: those
// measured, and where it holds drift.share or drift.count, what these are as 0, 1, ...
// all of the inconclusive columns drift. A share that is null is not measured.
func (c *clause) scenarios(b *binding, facts *Facts) []func(*variable) float64 {
	depends, measured := false, true
	for v, r := range b.readings {
		depends = depends || v.kind == varDriftShare || v.kind == varDriftCount
		measured = measured && (v.kind != varDriftShare || stat.IsNumber(r.value))
	}
	var out []func(*variable) float64
	if measured {
		out = append(out, b.measured)
	}
	if !depends {
		return out
	}
	d := facts.Evaluation.Drift
	unknown := d.Inconclusive()
	for drifted := range unknown + 1 {
		out = append(out, func(v *variable) float64 {
			if v.kind == varDriftShare || v.kind == varDriftCount {
				return atInconclusive(d, v, drifted, unknown)
			}
			return b.measured(v)
		})
	}
	return out
}

// atInconclusive returns what drift.share or drift.count is where so many of the
// inconclusive columns drift.
func atInconclusive(d *drift.Drift, v *variable, drifted, inconclusive int) float64 {
	if v.kind == varDriftCount {
		return float64(d.CountWith(drifted))
	}
	return float64(d.Flagged()+drifted) / float64(d.Judged+inconclusive)
}

// noInterval says why a metric cannot be tested.
func noInterval(v *variable, m metric.Result) string {
	if m.Reason == "" {
		return "no interval for " + v.name
	}
	return "no interval for " + v.name + " (" + m.Reason + ")"
}
