package rule

import (
	"strings"

	"github.com/hindcast/hindcast/evaluator/metric"
)

// reversedComparisons tells of comparisons that turn true as the model gets
// better, in a condition where none turns true as it gets worse.
func reversedComparisons(c *clause) []string {
	var reversed []string
	worse := false
	var visit func(c *clause, sign int)
	visit = func(c *clause, sign int) {
		switch c.op {
		case clauseNot:
			visit(c.args[0], -sign)
		case clauseAnd, clauseOr:
			visit(c.args[0], sign)
			visit(c.args[1], sign)
		case clauseChoose:
			visit(c.args[1], sign)
			visit(c.args[2], sign)
		case clauseCompare:
			s := sign
			switch c.cmp {
			case "<", "<=":
				s = -sign
			case "==", "!=":
				return
			}
			trend, ok := combine(c.left.trend(), c.right.trend().negated())
			switch {
			case !ok || trend == 0:
			case int(trend)*s > 0:
				worse = true
			default:
				reversed = append(reversed, c.nameWords())
			}
		}
	}
	visit(c, 1)
	if worse || len(reversed) == 0 {
		return nil
	}
	return []string{strings.Join(reversed, " and ") + " looks reversed: it turns true as the model gets better"}
}

// trend says how a number moves as the model gets worse: 1 up, -1 down, 0 not or
// not known.
type trend int

// negated returns the trend of the number with the other sign.
func (t trend) negated() trend { return -t }

// combine returns the trend of a sum; false where the parts move against each other.
func combine(a, b trend) (trend, bool) {
	switch {
	case a == 0:
		return b, true
	case b == 0 || a == b:
		return a, true
	default:
		return 0, false
	}
}

// trend follows the window's metrics through the arithmetic. It claims nothing
// where a factor's sign isn't plain.
func (n *numeric) trend() trend {
	switch n.op {
	case numVariable:
		return n.variable.trend()
	case numNegate:
		return -n.args[0].trend()
	case numAbs:
		if n.args[0].isDistance() {
			return 1
		}
		return 0
	case numMultiply, numDivide:
		a, b := n.args[0], n.args[1]
		switch ta, tb := a.trend(), b.trend(); {
		case tb == 0:
			return ta * trend(b.sign())
		case ta != 0:
			return 0
		case n.op == numMultiply:
			return tb * trend(a.sign())
		default:
			return -tb * trend(a.sign())
		}
	case numLiteral:
		return 0
	}
	var t trend
	for i, arg := range n.args {
		u := arg.trend()
		if n.op == numSubtract && i == 1 {
			u = -u
		}
		var ok bool
		if t, ok = combine(t, u); !ok {
			return 0
		}
	}
	return t
}

// trend returns how the variable moves where it is a metric of the window: errors rise and
// r2 falls; a bias may do either, and so may what the table of metrics doesn't know.
func (v *variable) trend() trend {
	if !v.ofWindow() && v.kind != varInterval {
		return 0
	}
	spec, _ := metric.Find(v.metric)
	switch spec.Worse {
	case metric.WorseRises:
		return 1
	case metric.WorseFalls:
		return -1
	default:
		return 0
	}
}

// isDistance reports whether the number is how far a metric is from what it should be: a bias, or a
// metric with a target less a number.
func (n *numeric) isDistance() bool {
	if v := n.variable; v != nil {
		return v.isBias()
	}
	if n.op != numSubtract {
		return false
	}
	leaves := func(m *numeric) bool {
		v := m.variable
		if v == nil {
			return false
		}
		spec, ok := metric.Find(v.metric)
		return ok && spec.Worse == metric.WorseLeavesTarget && !v.ofReference()
	}
	a, b := n.args[0], n.args[1]
	return leaves(a) && b.op == numLiteral || leaves(b) && a.op == numLiteral
}

// isBias reports whether the variable is a metric that gets worse as it leaves 0 on
// either side.
func (v *variable) isBias() bool {
	spec, ok := metric.Find(v.metric)
	return ok && spec.Worse == metric.WorseLeaves0 && !v.ofReference()
}

// sign returns the sign of a number where it is plain, else 0.
func (n *numeric) sign() int {
	switch n.op {
	case numLiteral:
		switch {
		case n.literal > 0:
			return 1
		case n.literal < 0:
			return -1
		}
	case numVariable:
		if spec, ok := metric.Find(n.variable.metric); ok {
			if spec.Least >= 0 {
				return 1
			}
		} else if n.variable.kind != varPrometheus {
			return 1
		}
	case numNegate:
		return -n.args[0].sign()
	case numMultiply, numDivide:
		return n.args[0].sign() * n.args[1].sign()
	case numAdd, numMin, numMax:
		if a, b := n.args[0].sign(), n.args[1].sign(); a == b {
			return a
		}
	case numAbs:
		return 1
	}
	return 0
}
