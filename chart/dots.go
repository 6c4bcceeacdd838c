package chart

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/internal/digits"
)

func (d Dots) about() about { return about{"dots", d.Title, d.Desc} }

const dotRow = 24

func (d Dots) height(width float64) float64 {
	return headingHeight(d.Title, width) + legendHeight(d.samples(), width) + float64(dotRow*max(1, len(d.Dots))) + timeFoot
}

func (d Dots) samples() []sample {
	var samples []sample
	if finite(d.Line) {
		samples = append(samples, sample{class: d.lineClass(), shape: sampleLine, text: cmp.Or(d.LineName, "limit") + " " + written(d.Axis.Format, d.Line)})
	}
	if slices.ContainsFunc(d.Dots, func(d Dot) bool { return finite(d.Low) && finite(d.High) }) {
		samples = append(samples, sample{class: "c-interval", shape: sampleArea, text: "interval"})
	}
	if slices.ContainsFunc(d.Dots, func(d Dot) bool { return finite(d.Reference) }) {
		samples = append(samples, sample{class: "c-reference-tick", shape: sampleLine, text: "its reference"})
	}
	return samples
}

func (d Dots) draw(c canvas, w, h float64) {
	y := heading(c, d.Title, w)
	y = legend(c, d.samples(), 0, y, w)
	name := 0.0
	numbers := 0.0
	e := extentOf(d.Axis)
	e.add(d.Line)
	for _, dot := range d.Dots {
		name = max(name, textWidth(oneLine(dot.Name), labelSize))
		numbers = max(numbers, textWidth(written(d.Axis.Format, dot.Value), labelSize))
		e.add(dot.Value, dot.Low, dot.High, dot.Reference)
	}
	p := plot{min(name, w*0.34) + 12, y, w - min(numbers+d.counts(), w*0.35) - 8, h - timeFoot}
	x := e.scaleTo(p.x0, p.x1, 0.04)
	ticks := x.ticks(int(max(2, (p.x1-p.x0)/90)), d.Axis.Format)
	grid := new(path)
	for _, t := range ticks {
		grid.move(x.at(t.value), p.y0).to(x.at(t.value), p.y1)
	}
	if finite(d.Line) && x.shows(d.Line) && d.Worse != Neither {
		end := p.x1
		if d.Worse == Below {
			end = p.x0
		}
		at := x.at(d.Line)
		c.shape("c-bad-side", box(min(at, end), p.y0, max(at, end), p.y1))
	}
	c.shape("c-grid", grid)
	if finite(d.Line) && x.shows(d.Line) {
		c.begin(data{series: "line", fields: []field{one("v", d.Line)}})
		c.shape(d.lineClass(), line(x.at(d.Line), p.y0, x.at(d.Line), p.y1))
		c.end()
	}
	for i, dot := range d.Dots {
		d.row(c, dot, x, plot{p.x0, p.y0 + float64(i*dotRow), p.x1, p.y0 + float64((i+1)*dotRow)}, w)
	}
	if len(d.Dots) == 0 {
		c.label("c-muted", p.x0, y+16, atStart, "none")
	}
	p.foot(c, x, ticks, d.Axis.Title, w)
}

// counts is the width of the column of counts, right of that of the values.
func (d Dots) counts() float64 {
	width := 0.0
	for _, dot := range d.Dots {
		if dot.N > 0 {
			width = max(width, textWidth(dot.count(), labelSize)+10)
		}
	}
	return width
}

func (d Dot) count() string { return "n " + digits.Count(d.N) }

func (d Dots) row(c canvas, dot Dot, x scale, p plot, w float64) {
	mid := (p.y0 + p.y1) / 2
	lines := []string{oneLine(dot.Name), written(d.Axis.Format, dot.Value) + between(d.Axis.Format, dot.Low, dot.High)}
	if finite(dot.Reference) {
		lines = append(lines, "reference "+written(d.Axis.Format, dot.Reference))
	}
	lines = append(lines, rows(dot.N))
	if dot.Note != "" {
		lines = append(lines, oneLine(dot.Note))
	}
	c.begin(data{
		series: "dot", name: dot.Name, title: strings.Join(lines, "\n"),
		fields: []field{one("v", dot.Value), one("low", dot.Low), one("high", dot.High), one("reference", dot.Reference), one("n", float64(dot.N)), one("state", float64(dot.State))},
	})
	c.shape("c-hit", box(0, p.y0, w, p.y1))
	c.label("c-text", p.x0-12, mid+4, atEnd, fit(oneLine(dot.Name), labelSize, p.x0-12))
	if x.shows(dot.Low) && x.shows(dot.High) {
		c.shape("c-interval", box(x.at(dot.Low), mid-3, max(x.at(dot.High), x.at(dot.Low)+1), mid+3))
	}
	if x.shows(dot.Reference) {
		c.shape("c-reference-tick", line(x.at(dot.Reference), mid-8, x.at(dot.Reference), mid+8))
	}
	if x.shows(dot.Value) {
		c.shape("c-"+dot.State.String(), dot.State.glyph(x.at(dot.Value), mid))
	}
	c.label("c-text", w-d.counts(), mid+4, atEnd, fit(written(d.Axis.Format, dot.Value), labelSize, w-p.x1-4))
	if dot.N > 0 {
		c.label("c-muted", w, mid+4, atEnd, fit(dot.count(), labelSize, w-p.x1-4))
	}
	c.end()
}

// lineClass is how the line looks: as a limit where it has a bad side, else as what the dots are
// compared with.
func (d Dots) lineClass() string {
	if d.Worse == Neither {
		return "c-reference"
	}
	return "c-threshold"
}

// Table implements Chart.
func (d Dots) Table() Table {
	t := Table{Caption: d.Title, Columns: []string{cmp.Or(d.NameTitle, "name"), cmp.Or(d.Axis.Title, "value"), "from", "to", "reference", "rows", "note"}}
	for _, dot := range d.Dots {
		t.Rows = append(t.Rows, []string{
			dot.Name, written(d.Axis.Format, dot.Value), written(d.Axis.Format, dot.Low), written(d.Axis.Format, dot.High), written(d.Axis.Format, dot.Reference),
			digits.Count(dot.N), strings.TrimSpace(dot.State.mark() + " " + dot.Note),
		})
	}
	return t
}
