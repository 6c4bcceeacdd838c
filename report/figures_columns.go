package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// mostDistributions is how many columns have their distributions shown at once. Those of the
// others unfold.
const mostDistributions = 12

// distributions shows how the values of columns lie in the reference and in the window, the columns
// that drifted most first.
func (d *figureSource) distributions() section {
	s := section{ID: "distributions", Title: "Columns then and now"}
	switch {
	case d.cur == nil:
		s.Lead = "The distributions of this window cannot be drawn: " + d.noCur + "."
		return s
	case d.ref == nil:
		s.Lead = "The distributions of this window cannot be drawn: " + d.noRef + ", so that there is nothing to compare with, and nothing that says which bins suit."
		return s
	}
	for _, c := range rankColumns(d.o) {
		ref, cur := d.column(c.name)
		if ref == nil || cur == nil || ref.Kind() == groundtruth.Absent || cur.Kind() == groundtruth.Absent || ref.N()+cur.N() == 0 {
			continue
		}
		if len(s.Figures) < mostDistributions {
			s.Figures = append(s.Figures, d.distribution(&c, evaluator.DistributionOf(ref, cur, 0)))
			continue
		}
		f := d.distribution(&c, evaluator.DistributionOf(ref, cur, coarseBins))
		f.Width, f.Size = third, chart.Size{Width: smallWidth}
		s.Folded = append(s.Folded, f)
	}
	if n := len(s.Folded); n > 0 {
		s.More = counted(n, "more column")
	}
	s.Lead = d.aboutColumns(len(s.Figures))
	return s
}

// The columns that unfold have coarser bins and smaller figures, drawn for a third of a row.
const (
	coarseBins = 10
	smallWidth = 250
)

// aboutColumns says how many columns drifted, and which rows are compared.
func (d *figureSource) aboutColumns(shown int) string {
	var b strings.Builder
	if dr := d.o.Drift; dr != nil && dr.Judged > 0 {
		b.WriteString(capital(driftWords(d.o)) + ". ")
	}
	rows := "the reference"
	if r := d.o.Reference; r != nil && r.Stratum != "" {
		rows = "the reference's rows of " + r.Stratum
	}
	if shown == 0 {
		b.WriteString("No column has values to draw.")
		return b.String()
	}
	fmt.Fprintf(&b, "Shares of %s in %s, against %s in this window; the columns that differ most come first.",
		counted(d.ref.Predictions(), "row"), rows, counted(d.cur.Predictions(), "prediction"))
	return b.String()
}

// column returns a column of both sides by the name that drift has for it, nil where there is none.
func (d *figureSource) column(name string) (ref, cur *summary.Column) {
	switch name {
	case drift.PredictionColumn:
		return d.ref.Prediction(), d.cur.Prediction()
	case drift.LabelColumn:
		return d.ref.Label(), d.cur.Label()
	}
	for _, c := range d.ref.Features() {
		if evaluator.UniqueName(c.Name()) == name {
			return c, d.cur.Feature(c.Name())
		}
	}
	return nil, nil
}

// distribution draws one column.
func (d *figureSource) distribution(c *driftOf, v evaluator.Distribution) figure {
	o := chart.Overlay{
		Title: columnTitle(c, &v, d.valueNames(c.name)),
		X:     chart.Axis{Title: short(c.name), Log: v.Log},
		Bins:  overlayBins(&v, d.valueNames(c.name)),
	}
	return figure{Chart: o, Width: half, Caption: d.columnWords(c, &v)}
}

// valueNames names the values of a column that are numbers for classes; nil where they are numbers.
func (d *figureSource) valueNames(column string) []string {
	if d.o.Confusion == nil || len(d.o.Confusion.Labels) != 2 || !drift.Reserved(column) ||
		column == drift.PredictionColumn && d.cur.HasScores() {
		return nil
	}
	return d.o.Confusion.Labels
}

// valueName names a value of a column.
func valueName(x float64, names []string) string {
	if i := int(x); float64(i) == x && i >= 0 && i < len(names) {
		return names[i]
	}
	return chart.Number(x)
}

// overlayBins are the bins of a distribution as shares of all rows, those without a value too.
func overlayBins(v *evaluator.Distribution, names []string) []chart.Bin {
	shareOf := func(n int64, of evaluator.DistributionRows) float64 {
		return float64(n) / float64(of.N+of.Missing)
	}
	nan := math.NaN()
	var out []chart.Bin
	bin := func(name string, low, high float64, ref, cur int64) {
		out = append(out, chart.Bin{Name: name, Low: low, High: high, Reference: shareOf(ref, v.Reference), Current: shareOf(cur, v.Window)})
	}
	for _, b := range v.Bins {
		switch v.Kind {
		case evaluator.Ranges:
			bin("", b.Low, b.High, b.Reference, b.Window)
		case evaluator.Values:
			bin(valueName(b.Low, names), nan, nan, b.Reference, b.Window)
		default:
			bin(b.Name, nan, nan, b.Reference, b.Window)
		}
	}
	rest := func(name string, ref, cur int64) {
		if ref+cur > 0 {
			bin(name, nan, nan, ref, cur)
		}
	}
	rest("(all others)", v.Reference.Rest, v.Window.Rest)
	rest("(new)", v.Reference.Unseen, v.Window.Unseen)
	rest("(missing)", v.Reference.Missing, v.Window.Missing)
	return out
}

// muchOfWindow is from which share of a window's values on beyond a point of the reference the
// title says so: twice what the reference itself has there.
const muchOfWindow = 0.1

// columnTitle says how the window's values differ from the reference's.
func columnTitle(c *driftOf, v *evaluator.Distribution, names []string) string {
	name := short(c.name)
	switch {
	case c.drifted:
		return name + " drifted: " + difference(c, v, names)
	case c.unsure:
		return name + ": too few rows to tell"
	case c.measure == "":
		return name + " is not judged"
	case c.ratio > 1:
		return name + " differs no more than chance or ordinary days make it"
	}
	return name + ": no drift"
}

// difference says the most that can be said in one clause of how the window's values differ.
func difference(c *driftOf, v *evaluator.Distribution, names []string) string {
	s := &v.Shift
	switch {
	case v.Window.N == 0:
		return "no value in this window"
	case c.measure == "missing":
		return fmt.Sprintf("%s of values are missing, %s in the reference", percent(v.Window.MissingShare()), percent(v.Reference.MissingShare()))
	case v.Kind != evaluator.Ranges:
		return differentShare(v, names)
	case s.Above >= muchOfWindow && s.Below >= muchOfWindow:
		return fmt.Sprintf("%s of values are outside the reference's middle 90 %%", percent(s.Above+s.Below))
	case s.Above >= muchOfWindow && s.Above >= s.Below:
		return fmt.Sprintf("%s of values are above the reference's 95 %% point", percent(s.Above))
	case s.Below >= muchOfWindow:
		return fmt.Sprintf("%s of values are below the reference's 5 %% point", percent(s.Below))
	case chart.Number(s.WindowMedian) != chart.Number(s.ReferenceMedian):
		return fmt.Sprintf("half of the values are above %s, %s in the reference", chart.Number(s.WindowMedian), chart.Number(s.ReferenceMedian))
	}
	return "values lie otherwise about the same middle"
}

// differentShare names the value whose share differs most.
func differentShare(v *evaluator.Distribution, names []string) string {
	type share struct {
		name     string
		ref, cur float64
	}
	var most share
	look := func(name string, ref, cur int64) {
		s := share{name, v.Reference.Share(ref), v.Window.Share(cur)}
		if most.name == "" || math.Abs(s.cur-s.ref) > math.Abs(most.cur-most.ref) {
			most = s
		}
	}
	for _, b := range v.Bins {
		if v.Kind == evaluator.Values {
			look(valueName(b.Low, names), b.Reference, b.Window)
		} else {
			look(short(b.Name), b.Reference, b.Window)
		}
	}
	if v.Window.Unseen > 0 {
		look("what the reference has not", v.Reference.Unseen, v.Window.Unseen)
	}
	return fmt.Sprintf("%s makes %s of values, %s in the reference", most.name, percent(most.cur), percent(most.ref))
}

// columnWords says by which measure a column is judged, and what else there is to say.
func (d *figureSource) columnWords(c *driftOf, v *evaluator.Distribution) string {
	var parts []string
	if c.measure != "" {
		words := fmt.Sprintf("%s %s, limit %s", measureTitle(c.measure), figureText(c.value), figureText(c.limit))
		if floor := d.o.Drift.Columns[c.name].Measures[c.measure].NoiseFloor; floor != nil && c.ratio > 1 && !c.drifted {
			words += ", without drift up to " + figureText(*floor)
		}
		parts = append(parts, words)
	}
	if c.unsure && c.reason != "" {
		parts = append(parts, c.reason)
	}
	if v.Kind == evaluator.Ranges && v.Window.N > 0 && v.Reference.N > 0 {
		parts = append(parts, fmt.Sprintf("median %s, %s in the reference", chart.Number(v.Shift.WindowMedian), chart.Number(v.Shift.ReferenceMedian)))
	}
	if v.Reference.Missing+v.Window.Missing > 0 && c.measure != "missing" {
		parts = append(parts, fmt.Sprintf("%s missing, %s in the reference", percent(v.Window.MissingShare()), percent(v.Reference.MissingShare())))
	}
	if v.Window.Unseen > 0 {
		parts = append(parts, chart.Percent(v.Window.Share(v.Window.Unseen))+" of its values are new, which the reference has not")
	}
	if outside := slices.IndexFunc(v.Bins, func(b evaluator.DistributionBin) bool { return b.Outside() }); v.Kind == evaluator.Ranges && outside >= 0 {
		parts = append(parts, "the outer bins have all that lies beyond")
	}
	if len(parts) == 0 {
		return ""
	}
	return capital(strings.Join(parts, "; ")) + "."
}
