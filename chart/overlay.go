package chart

import (
	"cmp"
	"math"
)

func (o Overlay) about() about { return about{"overlay", o.Title, o.Desc} }

func (o Overlay) names() (reference, current string) {
	return cmp.Or(o.ReferenceName, "reference"), cmp.Or(o.CurrentName, "this window")
}

func (o Overlay) samples() []sample {
	reference, current := o.names()
	of := sample{class: "c-dist-reference", shape: sampleLine, text: reference}
	if numbers, others := o.split(); len(numbers) == 0 && len(others) > 0 {
		of.class, of.shape = "c-dist-reference-bar", sampleArea
	}
	return []sample{{class: "c-dist-current", shape: sampleArea, text: current}, of}
}

// Lengths of an Overlay.
const (
	overlayPlot   = 170
	overlayFoot   = 42
	categoryPitch = 34 // the height of a category's pair of bars
)

// numeric reports whether a bin is of numbers.
func (b Bin) numeric() bool { return !math.IsNaN(b.Low) && !math.IsNaN(b.High) }

// split takes bins of numbers and others apart.
func (o Overlay) split() (numbers, others []Bin) {
	for _, b := range o.Bins {
		if b.numeric() {
			numbers = append(numbers, b)
		} else {
			others = append(others, b)
		}
	}
	return numbers, others
}

func (o Overlay) height(width float64) float64 {
	numbers, others := o.split()
	h := headingHeight(o.Title, width) + legendHeight(o.samples(), width) + float64(categoryPitch*len(others))
	if len(numbers) > 0 || len(others) == 0 {
		h += overlayPlot + overlayFoot
	}
	return h
}

func (o Overlay) draw(c canvas, w, h float64) {
	y := heading(c, o.Title, w)
	y = legend(c, o.samples(), 0, y, w)
	numbers, others := o.split()
	if len(numbers) == 0 && len(others) == 0 {
		c.label("c-muted", 0, y+14, atStart, "no rows")
		return
	}
	if len(numbers) > 0 {
		bottom := h - float64(categoryPitch*len(others))
		o.histogram(c, numbers, plot{0, y, w, bottom - overlayFoot}, w)
		y = bottom
	}
	o.categories(c, others, y, w)
}

// inner is the range of the bins' finite edges, with outer bins as wide as their neighbours.
func (o Overlay) edges(bins []Bin) (edges [][2]float64, x extent) {
	x = extentOf(o.X)
	for _, b := range bins {
		x.add(b.Low, b.High)
	}
	edges = make([][2]float64, len(bins))
	span := x.max - x.min
	for i, b := range bins {
		lo, hi := b.Low, b.High
		if !finite(lo) || x.log && lo <= 0 {
			lo = x.min - span/20
			if x.log {
				lo = x.min / 2
			}
		}
		if !finite(hi) {
			hi = x.max + span/20
			if x.log {
				hi = x.max * 2
			}
		}
		if !(hi > lo) {
			hi = lo
		}
		edges[i] = [2]float64{lo, hi}
	}
	for _, e := range edges {
		x.add(e[0], e[1])
	}
	return edges, x
}

// histogram draws shares as areas: as high as a share is dense along the axis.
func (o Overlay) histogram(c canvas, bins []Bin, p plot, w float64) {
	edges, extent := o.edges(bins)
	p.x0, p.x1 = 8, w-8
	x := extent.scaleTo(p.x0, p.x1, 0.01)
	height := func(i int, share float64) float64 {
		if !(share > 0) || !finite(share) {
			return 0
		}
		return share / max(x.at(edges[i][1])-x.at(edges[i][0]), 1)
	}
	top := 0.0
	for i, b := range bins {
		top = max(top, height(i, b.Reference), height(i, b.Current))
	}
	y := func(d float64) float64 {
		if top == 0 {
			return p.y1
		}
		return p.y1 - float64(d/top*(p.y1-p.y0-6))
	}
	// outline draws the tops of the bins, down to the axis where bins end or one is left out.
	outline := func(class string, of func(Bin) float64) {
		tops, end := new(path), math.Inf(-1)
		for i, b := range bins {
			from, to := x.at(edges[i][0]), x.at(edges[i][1])
			to = max(to, from+1)
			if from > end+0.05 {
				tops.move(from, p.y1)
			}
			top := y(height(i, of(b)))
			tops.to(from, top).to(to, top)
			if i == len(bins)-1 || x.at(edges[i+1][0]) > to+0.05 {
				tops.to(to, p.y1)
			}
			end = to
		}
		c.shape(class, tops)
	}
	outline("c-dist-current", func(b Bin) float64 { return b.Current })
	outline("c-dist-reference", func(b Bin) float64 { return b.Reference })
	reference, current := o.names()
	for i, b := range bins {
		from, to := x.at(edges[i][0]), x.at(edges[i][1])
		c.begin(data{
			series: "bin", fields: []field{one("low", b.Low), one("high", b.High), one("reference", b.Reference), one("current", b.Current)},
			title: o.binText(b) + "\n" + current + " " + share(b.Current) + "\n" + reference + " " + share(b.Reference),
		})
		c.shape("c-hit", box(from, p.y0, max(to, from+1), p.y1))
		c.end()
	}
	p.foot(c, x, x.ticks(int(max(2, w/110)), o.X.Format), o.X.Title, w)
}

func share(f float64) string {
	if !finite(f) {
		return "-"
	}
	return Percent(f)
}

// binText names a bin.
func (o Overlay) binText(b Bin) string {
	switch {
	case b.Name != "":
		return oneLine(b.Name)
	case math.IsInf(b.Low, -1):
		return "below " + written(o.X.Format, b.High)
	case math.IsInf(b.High, 1):
		return "from " + written(o.X.Format, b.Low)
	}
	return written(o.X.Format, b.Low) + " to " + written(o.X.Format, b.High)
}

// categories draws a pair of bars for each category, with its shares.
func (o Overlay) categories(c canvas, bins []Bin, y, w float64) {
	name, top := 0.0, 0.0
	for _, b := range bins {
		name = max(name, textWidth(oneLine(b.Name), labelSize))
		for _, s := range []float64{b.Current, b.Reference} {
			if finite(s) {
				top = max(top, s)
			}
		}
	}
	x0 := min(name, w*0.34) + 10
	room := w - x0 - 62
	for i, b := range bins {
		at := y + float64(i*categoryPitch)
		reference, current := o.names()
		c.begin(data{
			series: "bin", name: b.Name, fields: []field{one("reference", b.Reference), one("current", b.Current)},
			title: o.binText(b) + "\n" + current + " " + share(b.Current) + "\n" + reference + " " + share(b.Reference),
		})
		c.label("c-text", x0-10, at+19, atEnd, fit(o.binText(b), labelSize, x0-10))
		for k, bar := range []struct {
			share             float64
			class, labelClass string
		}{{b.Current, "c-dist-current", "c-value-text"}, {b.Reference, "c-dist-reference-bar", "c-reference-text"}} {
			from := at + 2 + float64(k*13)
			length := 0.0
			if finite(bar.share) && top > 0 {
				length = max(0, bar.share/top*room)
			}
			c.shape(bar.class, box(x0, from, x0+max(length, 1), from+12))
			c.label(bar.labelClass, x0+length+6, from+10, atStart, share(bar.share))
		}
		c.end()
	}
}

// Table implements Chart.
func (o Overlay) Table() Table {
	reference, current := o.names()
	t := Table{Caption: o.Title, Columns: []string{cmp.Or(o.X.Title, "value"), current, reference}}
	for _, b := range o.Bins {
		t.Rows = append(t.Rows, []string{o.binText(b), share(b.Current), share(b.Reference)})
	}
	return t
}
