package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
)

// strip is a figure of windows in a single line, one above the other: a mark for each window, or for
// a few that follow one another where the screen has not room for all.
type strip struct {
	label string
	marks []painted
	after string // what is said behind the marks
}

// leastStrip is how many marks there is to be room for.
const leastStrip = 10

// runMark is the mark of a retraining run.
func runMark() mark { return mark{"◆", "#", otherStyle} }

// levels are the marks of numbers, the least first. None is as high as its line, so that strips
// don't run together.
func levels(l look) []string {
	if l.unicode {
		return []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇"}
	}
	return []string{"_", ".", "-", "=", "+", "*", "#"}
}

// stripsTell reports whether strips are shown of windows: on a terminal, of several.
func stripsTell(w io.Writer, lines []windowLine) bool { return lookOf(w).columns > 0 && len(lines) > 1 }

// writeStrips shows how the metric of windows, their drift and their verdicts went.
func writeStrips(w io.Writer, lines []windowLine) {
	l := lookOf(w)
	name := metricOf(lines)
	strips := []strip{{label: name}, {label: "drift share"}, {label: "verdict"}, {label: "runs"}}
	if name == "" {
		strips[0].label = "metric"
	}
	values, drifts := make([]float64, len(lines)), make([]float64, len(lines))
	breached, runs := 0, 0
	for i := range lines {
		f := &lines[i].figures
		values[i], drifts[i] = math.NaN(), float64(f.DriftShare)
		if f.Metric == name && lines[i].labelled() {
			values[i] = float64(f.Value)
		}
		if lines[i].verdict == rule.Breached {
			breached++
		}
		if lines[i].run != nil {
			runs++
		}
	}
	limit, driftLimit := limitOf(lines, name), limitOf(lines, job.DriftShare)
	strips[0].after, strips[1].after = extentText(values, limit), extentText(drifts, driftLimit)
	strips[2].after = fmt.Sprintf("%d of %d breached", breached, len(lines))
	strips[3].after = count(int64(runs), "run")
	labels, after := 0, 0
	for _, s := range strips {
		labels, after = max(labels, textWidth(s.label)), max(after, textWidth(s.after))
	}
	room := max(l.columns-labels-after-5, leastStrip) // with the blanks before, between and at the end
	each := (len(lines) + room - 1) / room
	spec, _ := metric.Find(name)
	strips[0].marks = numberMarks(l, worstOf(values, each, spec.Worse == metric.WorseFalls), float64(limit))
	strips[1].marks = numberMarks(l, worstOf(drifts, each, false), float64(driftLimit), 0)
	for from := 0; from < len(lines); from += each {
		of := lines[from:min(from+each, len(lines))]
		strips[2].marks = append(strips[2].marks, worstVerdict(l, of))
		run := plain(" ")
		for i := range of {
			if of[i].run != nil {
				run = styled(runMark().style, runMark().of(l))
			}
		}
		strips[3].marks = append(strips[3].marks, run)
	}
	if runs == 0 {
		strips = strips[:3]
	}
	for _, s := range strips {
		line := plain(" " + s.label + strings.Repeat(" ", labels-textWidth(s.label)+2))
		writeLine(w, line.and(s.marks...).and(plain("  "), styled(faintStyle, s.after)))
	}
	if each > 1 {
		say(w, plain(" "), styled(faintStyle, fmt.Sprintf("each mark is the worst of %d windows", each)))
	}
}

// extentText says between which numbers values are, and the limit that a rule has now.
func extentText(values []float64, limit stat.Number) string {
	low, high, ok := rangeOf(values)
	if !ok {
		return "not known"
	}
	text := report.Number(stat.Number(low))
	if high > low {
		text += " to " + report.Number(stat.Number(high))
	}
	if !math.IsNaN(float64(limit)) {
		text += ", limit " + report.Number(limit)
	}
	return text
}

// rangeOf returns the least and the greatest of numbers; it is false where all are NaN.
func rangeOf(values []float64) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high, low <= high
}

// limitOf returns what rules compare a figure with in the newest window in which one was judged;
// NaN where none was, or where several differ.
func limitOf(lines []windowLine, variable string) stat.Number {
	for i := len(lines) - 1; i >= 0; i-- {
		var g gauge
		g.judge(lines[i].rules, variable)
		for _, limit := range g.limits {
			if limit != g.limits[0] {
				return stat.Number(math.NaN())
			}
		}
		if len(g.limits) > 0 {
			return stat.Number(g.limits[0])
		}
	}
	return stat.Number(math.NaN())
}

// worstOf returns of each lot of values the worst one: the greatest, or the least where that is
// worse; NaN where a lot has none.
func worstOf(values []float64, each int, leastIsWorse bool) []float64 {
	var out []float64
	for from := 0; from < len(values); from += each {
		worst := math.NaN()
		for _, v := range values[from:min(from+each, len(values))] {
			if !math.IsNaN(v) && (math.IsNaN(worst) || v > worst != leastIsWorse) {
				worst = v
			}
		}
		out = append(out, worst)
	}
	return out
}

// numberMarks marks numbers by their height between the least and the greatest of them and of some
// others, and leaves a gap where there is none. Numbers that are all the same are low.
func numberMarks(l look, values []float64, others ...float64) []painted {
	low, high, _ := rangeOf(slices.Concat(values, others))
	with := levels(l)
	marks := make([]painted, len(values))
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			marks[i] = plain(" ")
		case high > low:
			marks[i] = plain(with[int(math.Round((v-low)/(high-low)*float64(len(with)-1)))])
		default:
			marks[i] = plain(with[0])
		}
	}
	return marks
}

// worstVerdict marks the worst verdict of some windows.
func worstVerdict(l look, lines []windowLine) painted {
	worst := rule.Healthy
	for i := range lines {
		v := lines[i].verdict
		if v == rule.Breached || v == rule.Inconclusive && worst != rule.Breached {
			worst = v
		}
	}
	m := markOf(worst)
	return styled(m.style, m.of(l))
}
