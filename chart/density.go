package chart

import (
	"cmp"
	"math"
	"strconv"

	"github.com/hindcast/hindcast/internal/digits"
)

func (d Density) about() about { return about{"density", d.Title, d.Desc} }

// squareMost is how wide a square plot is at the most.
const squareMost = 420

func (d Density) height(width float64) float64 {
	return headingHeight(d.Title, width) + legendHeight(d.samples(), width) + labelLine + 8 + min(width-50, squareMost) + timeFoot
}

func (d Density) samples() []sample {
	most, least := int64(0), int64(math.MaxInt64)
	for _, cell := range d.Cells {
		most, least = max(most, cell.N), min(least, cell.N)
	}
	var samples []sample
	if most > 0 {
		samples = []sample{
			{class: "c-heat-2", shape: sampleArea, text: "few rows (" + digits.Count(least) + ")"},
			{class: "c-heat-5", shape: sampleArea, text: "many (" + digits.Count(most) + ")"},
		}
	}
	if d.Diagonal {
		samples = append(samples, sample{class: "c-diagonal", shape: sampleLine, text: "equal"})
	}
	return samples
}

func (d Density) draw(c canvas, w, h float64) {
	top := heading(c, d.Title, w)
	top = legend(c, d.samples(), 0, top, w)
	top += labelLine
	c.label("c-muted", 0, top-4, atStart, fit(oneLine(d.Y.Title), labelSize, w))
	xs, ys := extentOf(d.X), extentOf(d.Y)
	most := int64(1)
	for _, cell := range d.Cells {
		xs.add(cell.X0, cell.X1)
		ys.add(cell.Y0, cell.Y1)
		most = max(most, cell.N)
	}
	if d.Diagonal {
		xs.add(ys.min, ys.max)
		ys = xs
	}
	p := plot{0, top + 8, 0, h - timeFoot}
	y := ys.scaleTo(p.y1, p.y0, 0.02)
	ticks := y.ticks(5, d.Y.Format)
	p.x0 = min(columnWidth(ticks), w/3) + 8
	p.x1 = min(w-10, p.x0+p.y1-p.y0)
	x := xs.scaleTo(p.x0, p.x1, 0.02)
	c.shape("c-plot", box(p.x0, p.y0, p.x1, p.y1))
	p.rules(c, y, ticks)
	var shades shadesOf
	fields := []field{{name: "x0"}, {name: "x1"}, {name: "y0"}, {name: "y1"}, {name: "n"}}
	for _, cell := range d.Cells {
		for f, number := range []float64{cell.X0, cell.X1, cell.Y0, cell.Y1, float64(cell.N)} {
			fields[f].of = append(fields[f].of, number)
		}
		if cell.N > 0 && x.shows(cell.X1) && y.shows(cell.Y1) {
			x0, x1, y0, y1 := x.atOr(cell.X0, p.x0), x.at(cell.X1), y.at(cell.Y1), y.atOr(cell.Y0, p.y1)
			shades.path("c-heat-"+strconv.Itoa(d.shade(cell.N, most))).box(x0, y0, max(x1, x0+1), max(y1, y0+1))
		}
	}
	c.begin(data{series: "cell", fields: fields})
	shades.draw(c)
	c.end()
	if d.Diagonal {
		c.shape("c-diagonal", line(p.x0, p.y1, p.x1, p.y0))
	}
	p.foot(c, x, x.ticks(int(max(2, (p.x1-p.x0)/80)), d.X.Format), d.X.Title, p.x1)
}

// shade is one of five by the logarithm of the count, for counts differ by powers of ten.
func (d Density) shade(n, most int64) int {
	if most <= 1 {
		return 4
	}
	return 2 + int(min(math.Log(float64(n))/math.Log(float64(most)), 0.999)*4)
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return digits.Count(n) + " rows"
}

// Table implements Chart.
func (d Density) Table() Table {
	x, y := cmp.Or(oneLine(d.X.Title), "x"), cmp.Or(oneLine(d.Y.Title), "y")
	t := Table{Caption: d.Title, Columns: []string{x, y, "rows"}}
	for _, cell := range d.Cells {
		t.Rows = append(t.Rows, []string{
			written(d.X.Format, cell.X0) + " to " + written(d.X.Format, cell.X1),
			written(d.Y.Format, cell.Y0) + " to " + written(d.Y.Format, cell.Y1), digits.Count(cell.N),
		})
	}
	return t
}
