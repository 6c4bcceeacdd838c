package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Matrix is a confusion matrix with as many classes as people are shown.
type Matrix struct {
	Classes []string
	Counts  [][]float64 // by actual and predicted class, of Classes
	Recall  []stat.Number
	// About says which classes are left out; empty where none is.
	About string
}

// MatrixOf returns the matrix of the classes that most rows are of, at most so many, in their own
// order. All others are one, which comes last. Nil gives the zero Matrix.
func MatrixOf(c *metric.Confusion, most int) Matrix {
	if c == nil {
		return Matrix{}
	}
	rows, all := make([]float64, len(c.Labels)), 0.0 // of the class, actual or predicted
	for a, row := range c.Counts {
		for p, n := range row {
			rows[a] += n
			rows[p] += n
			all += n
		}
	}
	largest := make([]int, len(c.Labels))
	for i := range largest {
		largest[i] = i
	}
	slices.SortStableFunc(largest, func(a, b int) int { return cmp.Compare(rows[b], rows[a]) })
	var m Matrix
	at := make([]int, len(c.Labels)) // of a class in the matrix
	shown := largest[:min(most, len(largest))]
	slices.Sort(shown)
	for i := range at {
		at[i] = len(shown)
	}
	for i, k := range shown {
		at[k] = i
		m.Classes = append(m.Classes, c.Labels[k])
	}
	left := len(c.Labels) - len(shown)
	if left > 0 {
		m.Classes = append(m.Classes, summary.OtherGroup)
	}
	m.Counts = make([][]float64, len(m.Classes))
	for i := range m.Counts {
		m.Counts[i] = make([]float64, len(m.Classes))
	}
	leftOut := 0.0
	for a, row := range c.Counts {
		for p, n := range row {
			m.Counts[at[a]][at[p]] += n
			if at[a] == len(shown) {
				leftOut += n
			}
		}
	}
	for i, row := range m.Counts {
		n := 0.0
		for _, x := range row {
			n += x
		}
		m.Recall = append(m.Recall, stat.Number(row[i]/n)) // NaN of a class that no row is of
	}
	if left > 0 {
		m.Recall[len(shown)] = stat.Number(math.NaN()) // that of which class it was is lost
		m.About = fmt.Sprintf("%s: the other %d of %d classes, of which %s of the rows are", summary.OtherGroup, left, len(c.Labels), percent(leftOut/all))
	}
	return m
}

// WorstClasses names the classes with the lowest F1, at most so many, the lowest first. Classes
// that no row is labelled as come in no such list, nor do those without an F1.
func WorstClasses(classes map[string]evaluator.Group, most int) []string {
	var out []string
	f1 := func(name string) float64 { return float64(classes[name].Metrics["f1"].Value) }
	for name, c := range classes {
		if c.N > 0 && !math.IsNaN(f1(name)) {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(f1(a), f1(b)), cmp.Compare(classes[b].N, classes[a].N), cmp.Compare(a, b))
	})
	return out[:min(most, len(out))]
}

// EstimatedNames names the estimated metrics that people are shown, those of headlines, in their
// order.
func EstimatedNames(e *estimate.Estimated) []string {
	var out []string
	if e == nil {
		return nil
	}
	for _, spec := range metric.ForPeople() {
		if m, ok := e.Metrics[spec.Name]; ok && spec.Headline && !m.Unmapped() {
			out = append(out, spec.Name)
		}
	}
	return out
}

// Scored says how estimates of earlier windows compare with what came true; why there is no
// estimate, where there is none; and nothing of nil.
func Scored(e *estimate.Estimated) string {
	switch {
	case e == nil:
		return ""
	case e.Reason != "":
		return "no estimated performance: " + e.Reason
	case e.Scored == nil:
		return ""
	case e.Scored.Windows == 0:
		return "no window tells yet how estimates compare with labels"
	}
	s, windows := e.Scored, "window"
	if s.Windows > 1 {
		windows = fmt.Sprintf("%d windows", s.Windows)
	}
	text := fmt.Sprintf("estimated %s beside labels, last %s: ", s.Metric, windows)
	switch bias := float64(s.Bias); {
	case bias > 0:
		text += stat.Figure(bias) + " too high"
	case bias < 0:
		text += stat.Figure(-bias) + " too low"
	default:
		text += "neither too high nor too low"
	}
	text += " on average"
	if within := float64(s.Within); !math.IsNaN(within) {
		text += ", " + percent(within) + " within the band"
	}
	return text
}

// LabelBias says how the rows with a label differ from those without, where they do.
func LabelBias(b *evaluator.LabelBias, notes []string) string {
	if b == nil || !b.Biased || slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, b.Reason) }) {
		return ""
	}
	return b.Reason
}

// Without says of metrics without a value, and of those without the interval that they should
// have, why that is, in a line for each reason. Metrics of what the model hasn't are left out.
func Without(metrics map[string]metric.Result) []string {
	type lack struct{ what, why string }
	var order []lack
	names := map[lack][]string{}
	for _, name := range MetricNames(metrics) {
		m := metrics[name]
		spec, _ := metric.Find(name)
		of := lack{"value", m.Reason}
		if !math.IsNaN(float64(m.Value)) {
			of.what = "interval"
		}
		switch {
		case m.Reason == "":
			continue
		case of.what == "interval" && !(spec.HasInterval && math.IsNaN(float64(m.Low))):
			continue
		case names[of] == nil:
			order = append(order, of)
		}
		names[of] = append(names[of], name)
	}
	var out []string
	for _, of := range order {
		shown, more := names[of], ""
		if left := len(shown) - mostLacking; left > 1 {
			shown, more = shown[:mostLacking], fmt.Sprintf(" and %d more", left)
		}
		out = append(out, fmt.Sprintf("no %s of %s%s: %s", of.what, strings.Join(shown, ", "), more, of.why))
	}
	return out
}

// mostLacking is how many metrics that lack the same are named.
const mostLacking = 3

// MetricNames names metrics in the order in which people look at them. Those of what the model hasn't
// are left out; those of another version, from the ledger, come last.
func MetricNames(m map[string]metric.Result) []string {
	var out []string
	known := map[string]bool{}
	for _, spec := range metric.ForPeople() {
		known[spec.Name] = true
		if r, ok := m[spec.Name]; ok && !r.Unmapped() {
			out = append(out, spec.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !known[name] {
			out = append(out, name)
		}
	}
	return out
}

// percent writes a share, to a tenth of a percent.
func percent(share float64) string {
	return stat.Figure(math.Round(float64(1000*share))/10) + " %"
}
