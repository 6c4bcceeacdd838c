package rule

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// numericOp says what a numeric does.
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

// numeric is a node of a compiled condition that gives a number.
type numeric struct {
	op       numericOp
	literal  float64
	variable *variable
	cond     *clause    // numChoose
	args     []*numeric // numChoose: where cond is true, where it is false
}

// binding holds what one judgement of a comparison needs of its variables, so that its
// sides can be computed again with other values.
type binding struct {
	readings map[*variable]reading
	first    map[*numeric]bool // which branch each numChoose takes
	why      []string          // the reasons for taking them
	ordinary stat.Estimate     // how the window's metric varies without any change; SE 0 where that isn't known
	varies   string            // what does: days or windows
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

// branch returns the branch of a numChoose that was chosen.
func (n *numeric) branch(b *binding) *numeric {
	if b.first[n] {
		return n.args[0]
	}
	return n.args[1]
}

// measured returns the value that a variable has in the window.
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
