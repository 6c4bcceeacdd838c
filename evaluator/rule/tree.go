package rule

import (
	"math"
	"slices"
)

// numericOp is what a numeric node does.
type numericOp uint8

const (
	numLiteral numericOp = iota
	numVariable
	numNegate
	numAdd
	numSubtract
	numMultiply
	numDivide
	numAbs
	numMin
	numMax
	numChoose
)

// numeric is a node of a compiled expression that gives a number.
type numeric struct {
	op       numericOp
	literal  float64
	variable *variable
	cond     *clause    // numChoose
	args     []*numeric // numChoose: where cond is true, where it is false
}

// binding holds what one judgement needs of a comparison's variables.
type binding struct {
	readings map[*variable]reading
	first    map[*numeric]bool // which branch each numChoose takes
	why      []string          // the reasons for taking them
}

// variables appends the variables of n in numeric positions: not those of
// conditions, which are compared by themselves.
func (n *numeric) variables(to []*variable) []*variable {
	if n.op == numVariable && !slices.Contains(to, n.variable) {
		to = append(to, n.variable)
	}
	for _, arg := range n.args {
		to = arg.variables(to)
	}
	return to
}

// conditions appends the conditions within n.
func (n *numeric) conditions(to []*clause) []*clause {
	if n.cond != nil {
		to = append(to, n.cond)
	}
	for _, arg := range n.args {
		to = arg.conditions(to)
	}
	return to
}

// bind reads the variables that the value of n rests on and chooses branches.
// It returns why there is no value, if so.
func (n *numeric) bind(facts *Facts, b *binding) (missing []string) {
	switch n.op {
	case numVariable:
		r := n.variable.read(facts)
		b.readings[n.variable] = r
		if r.missing != "" {
			missing = append(missing, r.missing)
		}
		return missing
	case numChoose:
		return n.bindChoice(facts, b)
	}
	for _, arg := range n.args {
		missing = append(missing, arg.bind(facts, b)...)
	}
	return missing
}

// bindChoice chooses a branch. Where the condition is unknown both have to give
// the same certain number.
func (n *numeric) bindChoice(facts *Facts, b *binding) []string {
	out := n.cond.eval(facts)
	if out.truth != truthUnknown {
		b.first[n] = out.truth == truthTrue
		b.why = appendNew(b.why, out.reasons)
		return n.branch(b).bind(facts, b)
	}
	for _, arg := range n.args {
		certain := !slices.ContainsFunc(arg.variables(nil), (*variable).uncertain)
		if !certain || len(arg.bind(facts, b)) > 0 {
			return out.reasons
		}
	}
	if n.args[0].value(b, b.measured) != n.args[1].value(b, b.measured) {
		return out.reasons
	}
	b.first[n] = true
	return nil
}

// branch is the chosen one of a numChoose.
func (n *numeric) branch(b *binding) *numeric {
	if b.first[n] {
		return n.args[0]
	}
	return n.args[1]
}

// measured gives the variables the values that they have in the window.
func (b *binding) measured(v *variable) float64 { return b.readings[v].value }

// value computes n with the variables' values as at gives them.
func (n *numeric) value(b *binding, at func(*variable) float64) float64 {
	switch n.op {
	case numLiteral:
		return n.literal
	case numVariable:
		return at(n.variable)
	case numChoose:
		return n.branch(b).value(b, at)
	}
	x := n.args[0].value(b, at)
	switch n.op {
	case numNegate:
		return -x
	case numAbs:
		return math.Abs(x)
	}
	y := n.args[1].value(b, at)
	switch n.op {
	case numAdd:
		return x + y
	case numSubtract:
		return x - y
	case numMultiply:
		return float64(x * y)
	case numDivide:
		return x / y
	case numMin:
		return math.Min(x, y)
	default:
		return math.Max(x, y)
	}
}

// clauseOp is what a clause does.
type clauseOp uint8

const (
	clauseLiteral clauseOp = iota
	clauseFlag
	clauseAnd
	clauseOr
	clauseNot
	clauseChoose
	clauseSame
	clauseDiffer
	clauseCompare
)

// clause is a node of a compiled expression that is true, false or unknown.
type clause struct {
	op      clauseOp
	args    []*clause // clauseChoose: condition, where true, where false
	literal truth
	flag    *variable

	// A comparison.
	cmp         string // < <= > >= == !=
	left, right *numeric
	metric      *variable // the window's metric with an interval, if it holds one
	reference   *variable // the reference's
	level       float64   // of significance; 0: none
}

// outcome is the value of a clause with the comparisons that decided, in words.
type outcome struct {
	truth   truth
	reasons []string
}

// eval evaluates the clause in three-valued logic.
func (c *clause) eval(facts *Facts) outcome {
	switch c.op {
	case clauseLiteral:
		return outcome{truth: c.literal}
	case clauseFlag:
		return evalFlag(c.flag, facts)
	case clauseCompare:
		return c.compare(facts)
	}
	parts := make([]outcome, len(c.args))
	for i, arg := range c.args {
		parts[i] = arg.eval(facts)
	}
	switch c.op {
	case clauseNot:
		return outcome{truth: parts[0].truth.not(), reasons: parts[0].reasons}
	case clauseAnd:
		return decidedBy(parts[0].truth.and(parts[1].truth), parts)
	case clauseOr:
		return decidedBy(parts[0].truth.or(parts[1].truth), parts)
	case clauseChoose:
		return choose(parts[0], parts[1], parts[2])
	}
	out := outcome{truth: parts[0].truth.same(parts[1].truth)}
	if c.op == clauseDiffer {
		out.truth = out.truth.not()
	}
	for _, p := range parts {
		if out.truth != truthUnknown || p.truth == truthUnknown {
			out.reasons = appendNew(out.reasons, p.reasons)
		}
	}
	return out
}

func evalFlag(v *variable, facts *Facts) outcome {
	r := v.read(facts)
	switch {
	case r.missing != "":
		return outcome{reasons: []string{r.missing}}
	case r.flag:
		return outcome{truth: truthTrue, reasons: []string{shorten(v.column, maxNameLength) + " drifted"}}
	default:
		return outcome{truth: truthFalse, reasons: []string{shorten(v.column, maxNameLength) + " did not drift"}}
	}
}

// decidedBy joins the reasons of the parts that have the truth of the whole:
// they are those that decided it.
func decidedBy(t truth, parts []outcome) outcome {
	out := outcome{truth: t}
	for _, p := range parts {
		if p.truth == t {
			out.reasons = appendNew(out.reasons, p.reasons)
		}
	}
	return out
}

func choose(cond, then, otherwise outcome) outcome {
	out := outcome{truth: cond.truth.choose(then.truth, otherwise.truth)}
	switch {
	case cond.truth == truthTrue:
		out.reasons = appendNew(appendNew(nil, cond.reasons), then.reasons)
	case cond.truth == truthFalse:
		out.reasons = appendNew(appendNew(nil, cond.reasons), otherwise.reasons)
	case out.truth != truthUnknown:
		out.reasons = appendNew(appendNew(nil, then.reasons), otherwise.reasons)
	default:
		out.reasons = cond.reasons
	}
	return out
}

func appendNew(to, from []string) []string {
	for _, s := range from {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// comparisons calls f for every comparison in c, those in conditions included.
func (c *clause) comparisons(f func(*clause)) {
	for _, arg := range c.args {
		arg.comparisons(f)
	}
	if c.op != clauseCompare {
		return
	}
	f(c)
	for _, cond := range c.right.conditions(c.left.conditions(nil)) {
		cond.comparisons(f)
	}
}

// qualifies reports whether significance applies to some comparison.
func (c *clause) qualifies() bool {
	found := false
	c.comparisons(func(cmp *clause) { found = found || cmp.metric != nil || cmp.reference != nil })
	return found
}

// setLevel sets the level of every comparison; for the compiler only.
func (c *clause) setLevel(level float64) {
	c.comparisons(func(cmp *clause) { cmp.level = level })
}
