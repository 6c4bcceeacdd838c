package rule

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// Comparison is one comparison of a rule with what its sides came to in a window. Series
// and the ledger show it.
type Comparison struct {
	Left       string      `json:"left"` // in the words of the rule
	Op         string      `json:"op"`   // < <= > >= == !=
	Right      string      `json:"right"`
	LeftValue  stat.Number `json:"left_value"` // null where a variable is missing
	RightValue stat.Number `json:"right_value"`
	Variable   string      `json:"variable,omitempty"` // the side that is a variable alone, whose threshold the other side is
	Level      float64     `json:"level,omitempty"`    // the significance at which it has to hold; 0 where the values alone decide
}

// Threshold returns what the variable that is a side by itself is compared with. It
// is false where neither side is one.
func (c Comparison) Threshold() (variable string, value, threshold stat.Number, ok bool) {
	switch c.Variable {
	case "":
		return "", stat.Number(math.NaN()), stat.Number(math.NaN()), false
	case c.Left:
		return c.Variable, c.LeftValue, c.RightValue, true
	default:
		return c.Variable, c.RightValue, c.LeftValue, true
	}
}

// figures lists the comparisons of c, in the order in which they are written.
func (c *clause) figures(facts *Facts) []Comparison {
	var out []Comparison
	name := func(v *variable) string { return v.name }
	c.comparisons(func(cmp *clause) {
		f := Comparison{
			Left: cmp.left.words(nil, name, 0), Op: cmp.cmp, Right: cmp.right.words(nil, name, 0),
			LeftValue: cmp.left.figure(facts), RightValue: cmp.right.figure(facts),
		}
		if len(cmp.estimates()) > 0 {
			f.Level = cmp.level
		}
		// What is of the window is what is judged; the reference is what it is judged by.
		for _, side := range []*numeric{cmp.left, cmp.right} {
			if side.op == numVariable && (f.Variable == "" || !side.variable.ofReference()) {
				f.Variable = side.variable.name
				if !side.variable.ofReference() {
					break
				}
			}
		}
		out = append(out, f)
	})
	return out
}

// ofReference reports whether the value is that of a reference, not the window's.
func (v *variable) ofReference() bool {
	switch v.kind {
	case varReference, varReferenceRows, varReferenceSegment, varReferenceClass, varRolling:
		return true
	default:
		return false
	}
}

// figure returns the value of n in a window, NaN where a variable is missing.
func (n *numeric) figure(facts *Facts) stat.Number {
	b := &binding{readings: map[*variable]reading{}, first: map[*numeric]bool{}}
	if len(n.bind(facts, b)) > 0 {
		return stat.Number(math.NaN())
	}
	return stat.Number(n.value(b, b.measured))
}
