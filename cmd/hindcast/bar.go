package main

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
)

// gauge is what a bar shows: a value in its interval, beside that of the reference and the limits
// that rules have for it. What there is not is NaN.
type gauge struct {
	value, low, high, reference float64
	limits                      []float64
	mark                        mark
}

// Bars are as wide as there is room for, within these.
const (
	leastBar = 7
	mostBar  = 32
)

// noRuleMark is that of a value that no rule judges.
func noRuleMark() mark { return mark{"•", "o", plainStyle} }

// strokes are the characters that bars are drawn with.
type strokes struct{ left, line, right, reference, limit string }

func strokesOf(l look) strokes {
	if l.unicode {
		return strokes{"├", "─", "┤", "◇", "┃"}
	}
	return strokes{"[", "-", "]", ":", "|"}
}

// limitStyle is that of a limit.
const limitStyle style = "31"

// extent returns the least and the greatest number of gauges; it is false where they show nothing
// to compare a value with.
func extent(gauges ...gauge) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, g := range gauges {
		if math.IsNaN(g.value) {
			continue
		}
		for _, x := range append([]float64{g.value, g.low, g.high, g.reference}, g.limits...) {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				low, high = min(low, x), max(high, x)
			}
		}
	}
	return low, high, low < high
}

// draw draws a gauge in so many columns, which stand for the numbers from low to high.
func (g gauge) draw(l look, columns int, low, high float64) painted {
	if math.IsNaN(g.value) {
		return nil
	}
	chars := make([]shown, columns)
	for i := range chars {
		chars[i].text = " "
	}
	at := func(x float64) int {
		return min(max(int(math.Round((x-low)/(high-low)*float64(columns-1))), 0), columns-1)
	}
	with, value := strokesOf(l), at(g.value)
	if !math.IsNaN(g.low) && !math.IsNaN(g.high) {
		from, to := at(g.low), at(g.high)
		for i := from; i <= to; i++ {
			chars[i] = shown{with.line, g.mark.style, 1}
		}
		chars[from].text, chars[to].text = with.left, with.right
	}
	// beside is the column of a number, next to that of the value where they would be the same.
	beside := func(x float64) int {
		i := at(x)
		switch {
		case i == value && x > g.value && i < columns-1:
			i++
		case i == value && x < g.value && i > 0:
			i--
		}
		return i
	}
	if !math.IsNaN(g.reference) {
		chars[beside(g.reference)] = shown{with.reference, otherStyle, 1}
	}
	for _, limit := range g.limits {
		if !math.IsNaN(limit) {
			chars[beside(limit)] = shown{with.limit, limitStyle, 1}
		}
	}
	chars[value] = shown{g.mark.of(l), g.mark.style, 1}
	return joined(chars)
}

// gaugeOf returns the gauge of a metric beside that of the reference. Its limits and its verdict are
// those of the window's rules on a variable, the metric itself or its estimate.
func gaugeOf(o *job.Outcome, variable, name string, m metric.Result) gauge {
	g := gauge{float64(m.Value), float64(m.Low), float64(m.High), math.NaN(), nil, noRuleMark()}
	if o.Reference != nil {
		if reference, ok := o.Reference.Metrics[name]; ok {
			g.reference = float64(reference.Value)
		}
	}
	g.judge(o.Rules, variable)
	return g
}

// judge takes the limits and the verdict from the rules on a variable, the metric itself or its
// estimate.
func (g *gauge) judge(rules []rule.Result, variable string) {
	var verdicts []rule.Verdict
	for _, r := range rules {
		for _, c := range r.Comparisons {
			if of, _, limit, ok := c.Threshold(); ok && of == variable {
				g.limits = append(g.limits, float64(limit))
				verdicts = append(verdicts, r.Verdict)
			}
		}
	}
	for _, v := range []rule.Verdict{rule.Healthy, rule.Inconclusive, rule.Breached} { // the worst counts
		if slices.Contains(verdicts, v) {
			g.mark = markOf(v)
		}
	}
}

// gauges puts a column of bars before a column of a table, if there is room for it on the screen
// and something to see: on one scale for all rows, or of each row's own. It says whether it did.
func (t *textTable) gauges(at int, oneScale bool, rows []gauge) bool {
	l, columns := lookOf(t.w), min(t.room(), mostBar)
	if columns < leastBar {
		return false
	}
	cells, drawn := make([]painted, len(rows)), false
	low, high, ok := extent(rows...)
	for i, g := range rows {
		if !oneScale {
			low, high, ok = extent(g)
		}
		if ok {
			cells[i] = g.draw(l, columns, low, high)
			drawn = true
		}
	}
	if drawn {
		t.insert(at, nil, cells)
	}
	return drawn
}

// barLegend says below a table what its bars show.
func barLegend(w io.Writer, limits bool) {
	with := strokesOf(lookOf(w))
	parts := []string{with.left + with.line + with.right + " interval", with.reference + " reference"}
	if limits {
		parts = append(parts, with.limit+" limit")
	}
	say(w, plain(" "), styled(faintStyle, strings.Join(parts, "  ")))
}
