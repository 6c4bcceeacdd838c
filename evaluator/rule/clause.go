package rule

import "slices"

// clauseOp says what a clause does.
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

// clause is a node of a compiled condition that is true, false or unknown.
type clause struct {
	op      clauseOp
	args    []*clause // clauseChoose: condition, where true, where false
	literal truth
	flag    *variable

	// Of clauseCompare.
	cmp         string // < <= > >= == !=
	left, right *numeric
	metric      *variable // the window's metric with an interval, if it holds one
	reference   *variable // the same of the reference's
	rolling     *variable // the same of the rolling reference's
	against     *variable // the window's metric, or a limit of its interval, that it compares with one of a reference
	fixed       bool      // it compares that with the reference
	moving      bool      // it compares that with the rolling reference
	level       float64   // of significance; 0 where none applies
}

// outcome holds what a clause came to in a window, and the comparisons that decided it,
// in words.
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

// evalFlag evaluates a variable that is true or false by itself.
func evalFlag(v *variable, facts *Facts) outcome {
	r := v.read(facts)
	switch {
	case r.missing != "":
		return outcome{reasons: []string{r.missing}}
	case r.flag:
		return outcome{truth: truthTrue, reasons: []string{flagWords(v)[0]}}
	default:
		return outcome{truth: truthFalse, reasons: []string{flagWords(v)[1]}}
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

// choose evaluates cond ? then : otherwise.
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

// appendNew appends the reasons that aren't there yet.
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
	c.comparisons(func(cmp *clause) { found = found || len(cmp.estimates()) > 0 })
	return found
}

// setLevel sets the level of every comparison. Compile calls it, before a clause is shared.
func (c *clause) setLevel(level float64) {
	c.comparisons(func(cmp *clause) { cmp.level = level })
}
