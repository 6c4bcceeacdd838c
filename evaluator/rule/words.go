package rule

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// Limits of what a reason shows.
const (
	maxReasonLength = 200
	maxNameLength   = 40
)

// plain writes a number with all its digits, as a person would have.
func plain(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// joinReasons joins reasons up to the length of one that people read.
func joinReasons(reasons []string) string {
	if len(reasons) == 0 {
		return "decided by true or false as written"
	}
	out := shorten(reasons[0], maxReasonLength)
	for i, r := range reasons[1:] {
		more := fmt.Sprintf("; and %d more", len(reasons)-1-i)
		room := maxReasonLength
		if i < len(reasons)-2 {
			room -= len(more)
		}
		if utf8.RuneCountInString(out)+2+utf8.RuneCountInString(r) > room {
			return shorten(out, maxReasonLength-len(more)) + more
		}
		out += "; " + r
	}
	return out
}

// shorten cuts s to at most n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(0, n-3)]) + "..."
}

// quotedNames lists the first of some names that the data give.
func quotedNames(names []string) string {
	const most = 5
	quoted := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, strconv.Quote(shorten(name, maxNameLength)))
	}
	list := strings.Join(quoted, ", ")
	if more := len(names) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// percent writes a level.
func percent(level float64) string { return stat.Figure(float64(100*level)) + " %" }

// words writes the comparison with its figures, as it turned out.
func (c *clause) words(b *binding, d decision, facts *Facts) string {
	phrase := func(v *variable) string { return c.phrase(v, b.readings[v], facts) }
	left, right := c.left.words(b, phrase, 0), c.right.words(b, phrase, 0)
	// With a share that is null a side has no value of its own.
	if v := c.left.value(b, b.measured); stat.IsNumber(v) && c.left.computed(b) {
		left += " = " + stat.Figure(v)
	}
	if v := c.right.value(b, b.measured); stat.IsNumber(v) && c.right.computed(b) {
		right += " = " + stat.Figure(v)
	}
	cmp := c.cmp
	numbers := stat.IsNumber(d.left) && stat.IsNumber(d.right)
	if d.truth == truthFalse || numbers && d.reason != "" && !d.holds {
		cmp = opposite(cmp)
	}
	s := left + " " + cmp + " " + right
	switch {
	case d.undecided:
		return s + " is undecided"
	case !numbers && d.reason != "":
		return s + " " + d.reason
	case d.reason != "":
		return d.reason + ": " + s
	case d.truth == truthUnknown:
		return fmt.Sprintf("%s is not significant at %s%s: the difference %s may be as low as %s",
			s, percent(c.level), ordinaryWords(b), stat.Figure(math.Abs(d.left-d.right)), stat.Figure(d.bound))
	case d.tested:
		return s + " at " + percent(c.level) + ordinaryWords(b)
	}
	return s
}

// ordinaryWords says how the window's metric varies without any change, where that counts.
func ordinaryWords(b *binding) string {
	if b.ordinary.SE > 0 {
		return ", as ordinary " + b.varies + " make it vary by ±" + stat.Figure(b.ordinary.SE)
	}
	return ""
}

// nameWords writes the comparison without figures.
func (c *clause) nameWords() string {
	name := func(v *variable) string { return v.name }
	return c.left.words(nil, name, 0) + " " + c.cmp + " " + c.right.words(nil, name, 0)
}

// emptyHours says which hours of the day the window lacks, where that keeps it from being
// compared with a reference, which has that share of its rows in them.
func emptyHours(hours []int, share stat.Number) string {
	if len(hours) == 0 {
		return ""
	}
	return fmt.Sprintf("no rows from %s, where it has %s %% of its rows", evaluator.HoursText(hours), stat.Figure(math.Round(100*float64(share))))
}

// opposite returns the comparison that holds where cmp doesn't.
func opposite(cmp string) string {
	return map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}[cmp]
}

// computed reports whether the value of n isn't plain from its words.
func (n *numeric) computed(b *binding) bool {
	switch n.op {
	case numLiteral, numVariable:
		return false
	case numNegate:
		return n.args[0].op != numLiteral
	case numChoose:
		return n.branch(b).computed(b)
	default:
		return true
	}
}

// words writes n with its variables as phrase says; tight is the precedence of
// what surrounds it. Without a binding a choice is written whole.
func (n *numeric) words(b *binding, phrase func(*variable) string, tight int) string {
	switch n.op {
	case numLiteral:
		return plain(n.literal)
	case numVariable:
		return phrase(n.variable)
	case numNegate:
		return "-" + n.args[0].words(b, phrase, 3)
	case numChoose:
		if b == nil {
			return "(... ? " + n.args[0].words(b, phrase, 0) + " : " + n.args[1].words(b, phrase, 0) + ")"
		}
		return n.branch(b).words(b, phrase, tight)
	case numAbs:
		return "abs(" + n.args[0].words(b, phrase, 0) + ")"
	case numMin, numMax:
		name := map[numericOp]string{numMin: "min", numMax: "max"}[n.op]
		return name + "(" + n.args[0].words(b, phrase, 0) + ", " + n.args[1].words(b, phrase, 0) + ")"
	}
	symbol, own := "+", 1
	switch n.op {
	case numSubtract:
		symbol = "-"
	case numMultiply:
		symbol, own = "*", 2
	case numDivide:
		symbol, own = "/", 2
	}
	// The right operand binds tighter: a - (b - c) keeps its parentheses.
	s := n.args[0].words(b, phrase, own) + " " + symbol + " " + n.args[1].words(b, phrase, own+1)
	if own < tight {
		return "(" + s + ")"
	}
	return s
}

// phrase writes a variable with its value.
func (c *clause) phrase(v *variable, r reading, facts *Facts) string {
	value := stat.Figure(r.value)
	column := shorten(v.column, maxNameLength)
	switch v.kind {
	case varMetric:
		return v.metric + " " + value + intervalWords(r.metric)
	case varEstimated:
		return "estimated " + v.metric + " " + value + intervalWords(r.metric)
	case varSegment:
		return column + "=" + shorten(v.value, maxNameLength) + " " + v.metric + " " + value + intervalWords(r.metric)
	case varClass:
		return "class " + shorten(v.value, maxNameLength) + " " + v.metric + " " + value + intervalWords(r.metric)
	case varReferenceClass:
		return "reference class " + shorten(v.value, maxNameLength) + " " + v.metric + " " + value
	case varReference:
		if c.metric != nil && c.metric.metric == v.metric {
			return "reference " + value
		}
		return "reference " + v.metric + " " + value
	case varRolling:
		if c.metric != nil && c.metric.metric == v.metric {
			return "rolling reference " + value
		}
		return "rolling " + v.metric + " " + value
	case varReferenceSegment:
		return "reference " + column + "=" + shorten(v.value, maxNameLength) + " " + v.metric + " " + value
	case varReferenceRows:
		return "reference rows " + plain(r.value)
	case varMatched, varPredictions:
		return v.name + " " + plain(r.value)
	case varDriftShare, varDriftCount:
		d := facts.Evaluation.Drift
		unknown := d.Inconclusive()
		if unknown == 0 {
			return v.name + " " + value
		}
		between := fmt.Sprintf("%s to %s with %s inconclusive",
			stat.Figure(atInconclusive(d, v, 0, unknown)), stat.Figure(atInconclusive(d, v, unknown, unknown)), counted(unknown, "column"))
		if !stat.IsNumber(r.value) {
			return v.name + " " + between
		}
		return fmt.Sprintf("%s %s (%s)", v.name, value, between)
	case varDriftMeasure:
		return "drift of " + column + " " + v.field + " " + value
	case varCheck:
		if note := facts.Evaluation.Quality.Checks[v.field].Note; note != "" {
			return v.name + " " + value + " (" + note + ")"
		}
		return v.name + " " + value
	case varQuality:
		return column + " " + v.field + " " + value
	default:
		return v.name + " " + value
	}
}

// flagWords says of a variable that is true or false that it is true, and that it is not.
func flagWords(v *variable) [2]string {
	column := shorten(v.column, maxNameLength)
	words := map[string][2]string{
		"absent":       {" has no value", " has values"},
		"type_changed": {" is not of the reference's kind", " is of the reference's kind"},
		"constant":     {" has one value alone", " has not one value alone"},
	}[v.field]
	if v.kind == varDrifted {
		words = [2]string{" drifted", " did not drift"}
	}
	return [2]string{column + words[0], column + words[1]}
}

// counted writes a number of things.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// intervalWords writes the interval of a metric that has one.
func intervalWords(m metric.Result) string {
	low, high := float64(m.Low), float64(m.High)
	if !stat.IsNumber(low) || !stat.IsNumber(high) {
		return ""
	}
	return " (" + stat.Figure(low) + " to " + stat.Figure(high) + ")"
}
