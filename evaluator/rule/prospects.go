package rule

import (
	"fmt"
	"strings"

	"github.com/hindcast/hindcast/evaluator/drift"
)

// A rule with the action block lets a run start only where it is healthy. One that can never
// be holds retraining for good, so it is refused as soon as what is known tells.

// possible says which truths a clause may come to in some window.
type possible struct{ yes, no bool }

// Never is a rule with the action block that no window finds healthy.
type Never struct {
	Rule string
	Why  string
}

// NeverHealthy lists the rules with the action block that can be healthy in no window, as far
// as is known.
func (s *Set) NeverHealthy(known drift.Prospects) []Never {
	var out []Never
	for _, r := range s.rules {
		if r.Action != ActionBlock {
			continue
		}
		if why := r.when.neverHealthy(&known); why != "" {
			out = append(out, Never{Rule: r.Name, Why: why})
		}
	}
	return out
}

// neverHealthy says which variables keep the clause from being false in any window, and
// nothing where it may be.
func (c *clause) neverHealthy(known *drift.Prospects) string {
	var lacking []string
	if c.possible(known, &lacking).no {
		return ""
	}
	return strings.Join(appendNew(nil, lacking), "; ")
}

// possible returns what the clause may come to, by the same logic as eval, and appends why
// variables are never known to lacking.
func (c *clause) possible(known *drift.Prospects, lacking *[]string) possible {
	switch c.op {
	case clauseLiteral:
		return possible{yes: c.literal == truthTrue, no: c.literal == truthFalse}
	case clauseFlag:
		never := c.flag.neverKnown(known, lacking)
		// A column that nothing else judges may yet have drifted by what it lacks.
		return possible{yes: true, no: !never}
	case clauseCompare:
		may := !c.left.neverKnown(known, lacking)
		may = !c.right.neverKnown(known, lacking) && may
		return possible{yes: may, no: may}
	}
	parts := make([]possible, len(c.args))
	for i, arg := range c.args {
		parts[i] = arg.possible(known, lacking)
	}
	a, b := parts[0], parts[len(parts)-1]
	switch c.op {
	case clauseNot:
		return possible{yes: a.no, no: a.yes}
	case clauseAnd:
		return possible{yes: a.yes && b.yes, no: a.no || b.no}
	case clauseOr:
		return possible{yes: a.yes || b.yes, no: a.no && b.no}
	case clauseChoose:
		then := parts[1]
		return possible{
			yes: a.yes && then.yes || a.no && b.yes || then.yes && b.yes,
			no:  a.yes && then.no || a.no && b.no || then.no && b.no,
		}
	}
	if c.op == clauseDiffer {
		return a.asMuchAs(possible{yes: b.no, no: b.yes})
	}
	return a.asMuchAs(b)
}

// asMuchAs returns what it may come to that two clauses are as true as each other.
func (p possible) asMuchAs(q possible) possible {
	return possible{yes: p.yes && q.yes || p.no && q.no, no: p.yes && q.no || p.no && q.yes}
}

// neverKnown reports whether the number has a value in no window.
func (n *numeric) neverKnown(known *drift.Prospects, lacking *[]string) bool {
	if n.op == numVariable {
		return n.variable.neverKnown(known, lacking)
	}
	never := 0
	for _, arg := range n.args {
		if arg.neverKnown(known, lacking) {
			never++
		}
	}
	if n.op == numChoose { // either branch may be the one that counts
		return never == len(n.args)
	}
	return never > 0
}

// neverKnown reports whether the variable has a value in no window.
func (v *variable) neverKnown(known *drift.Prospects, lacking *[]string) bool {
	why := ""
	switch v.kind {
	case varDriftShare, varDriftCount:
		why = known.NeverCounted()
	case varDrifted:
		why = known.NeverDrifted(v.column)
	case varDriftMeasure:
		why = known.NeverMeasured(v.column, v.field)
	}
	if why == "" {
		return false
	}
	*lacking = append(*lacking, fmt.Sprintf("%s is never known: %s", v.name, why))
	return true
}
