package chart

import (
	"cmp"
	"slices"

	"github.com/hindcast/hindcast/internal/digits"
)

func (v Curves) about() about { return about{"curves", v.Title, v.Desc} }

const curvesPlot = 200

func (v Curves) height(width float64) float64 {
	h := headingHeight(v.Title, width) + legendHeight(v.samples(), width) + labelLine + 8 + timeFoot
	if v.Square {
		return h + min(width-50, squareMost-80)
	}
	return h + curvesPlot
}

// curveClass is how the line of a curve looks: the first strong, the second that of a reference.
func curveClass(i int) string {
	return [...]string{"c-value", "c-reference", "c-third", "c-estimated"}[i%4]
}

func (v Curves) samples() []sample {
	var samples []sample
	for i, curve := range v.Curves {
		s := sample{class: curveClass(i), shape: sampleLine, text: curve.Name}
		if len(curve.Points) == 1 && curve.Markers {
			s.class, s.shape = curveClass(i)+"-dot", sampleDot
		}
		samples = append(samples, s)
	}
	if len(v.Curves) > 0 && slices.ContainsFunc(v.Curves[0].Points, func(p XY) bool { return finite(p.Low) && finite(p.High) }) {
		samples = append(samples, sample{class: "c-interval", shape: sampleArea, text: "interval"})
	}
	return samples
}

func (v Curves) draw(c canvas, w, h float64) {
	top := heading(c, v.Title, w)
	top = legend(c, v.samples(), 0, top, w)
	top += labelLine
	c.label("c-muted", 0, top-4, atStart, fit(oneLine(v.Y.Title), labelSize, w))
	xs, ys := extentOf(v.X), extentOf(v.Y)
	for _, curve := range v.Curves {
		for _, p := range curve.Points {
			xs.add(p.X)
			ys.add(p.Y, p.Low, p.High)
		}
	}
	p := plot{0, top + 8, w - 12, h - timeFoot}
	y := ys.scaleTo(p.y1, p.y0, 0)
	ticks := y.ticks(5, v.Y.Format)
	p.x0 = min(columnWidth(ticks), w/3) + 8
	if v.Square {
		p.x1 = min(p.x1, p.x0+p.y1-p.y0)
	}
	x := xs.scaleTo(p.x0, p.x1, 0)
	c.shape("c-plot", box(p.x0, p.y0, p.x1, p.y1))
	p.rules(c, y, ticks)
	if v.Diagonal {
		c.shape("c-diagonal", line(p.x0, p.y1, p.x1, p.y0))
	}
	for i := range v.Curves {
		// The first is on top.
		k := len(v.Curves) - 1 - i
		v.curve(c, v.Curves[k], k, x, y)
	}
	p.foot(c, x, x.ticks(int(max(2, (p.x1-p.x0)/70)), v.X.Format), v.X.Title, p.x1)
}

func (v Curves) curve(c canvas, curve Curve, i int, x, y scale) {
	fields := []field{{name: "x"}, {name: "y"}, {name: "low"}, {name: "high"}, {name: "n"}}
	whiskers, p := new(path), new(path)
	broken, held := true, 0.0
	for _, point := range curve.Points {
		for f, number := range []float64{point.X, point.Y, point.Low, point.High, float64(point.N)} {
			fields[f].of = append(fields[f].of, number)
		}
		if !x.shows(point.X) || !y.shows(point.Y) {
			broken = true
			continue
		}
		px, py := x.at(point.X), y.at(point.Y)
		switch {
		case broken:
			p.move(px, py)
		case curve.Steps:
			p.to(px, held).to(px, py)
		default:
			p.to(px, py)
		}
		broken, held = false, py
		if i == 0 && y.shows(point.Low) && y.shows(point.High) {
			whiskers.box(px-2.5, y.at(point.High), px+2.5, y.at(point.Low))
		}
	}
	c.begin(data{series: "curve", name: curve.Name, fields: fields})
	c.shape("c-interval", whiskers)
	c.shape(curveClass(i), p)
	c.end()
	if !curve.Markers {
		return
	}
	for _, point := range curve.Points {
		if x.shows(point.X) && y.shows(point.Y) {
			c.begin(data{title: oneLine(curve.Name) + "\n" + cmp.Or(oneLine(v.X.Title), "x") + " " + written(v.X.Format, point.X) + "\n" +
				cmp.Or(oneLine(v.Y.Title), "y") + " " + written(v.Y.Format, point.Y) + between(v.Y.Format, point.Low, point.High)})
			c.shape(curveClass(i)+"-dot", new(path).circle(x.at(point.X), y.at(point.Y), 3))
			c.end()
		}
	}
}

// Table implements Chart.
func (v Curves) Table() Table {
	t := Table{Caption: v.Title, Columns: []string{"line", cmp.Or(v.X.Title, "x"), cmp.Or(v.Y.Title, "y"), "from", "to", "rows"}}
	for _, curve := range v.Curves {
		for _, p := range curve.Points {
			n := "-"
			if p.N > 0 {
				n = digits.Count(p.N)
			}
			t.Rows = append(t.Rows, []string{curve.Name, written(v.X.Format, p.X), written(v.Y.Format, p.Y), written(v.Y.Format, p.Low), written(v.Y.Format, p.High), n})
		}
	}
	return t
}
