package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

const (
	titleSize = 15
	boldWidth = 1.14 // how much wider bold letters are than textWidth says
	titleLine = 20
	labelSize = 12 // of all other text
	labelLine = 16
	narrowish = 500 // below this width a chart is drawn for a telephone
)

// heading draws the title in up to four lines and returns where what follows may begin.
func heading(c canvas, title string, w float64) float64 {
	y := 0.0
	for _, text := range titleLines(title, w) {
		y += titleLine
		c.label("c-title", 0, y-4, atStart, text)
	}
	if y > 0 {
		y += 4
	}
	return y
}

func titleLines(title string, w float64) []string {
	title = strings.ReplaceAll(oneLine(title), " %", "\u00a0%") // never at the begin of a line
	return wrap(title, titleSize*boldWidth, w, 4)
}

// headingHeight is the height of heading.
func headingHeight(title string, w float64) float64 {
	if n := len(titleLines(title, w)); n > 0 {
		return float64(n*titleLine) + 4
	}
	return 0
}

// sample is one entry of a legend: how a line, an area or a mark looks, and its name.
type sample struct {
	class string // of a state's mark: "c-pale" or nothing
	shape byte
	state State
	text  string
}

// Shapes of samples.
const (
	sampleLine    = '-'
	sampleArea    = '#'
	sampleState   = 's'
	sampleDiamond = '+'
	sampleDot     = '.'
)

// legend draws samples in lines of a width from y on, and returns where what follows may begin.
func legend(c canvas, samples []sample, x, y, w float64) float64 {
	if len(samples) == 0 {
		return y
	}
	at := x
	for _, s := range samples {
		text := fit(oneLine(s.text), labelSize, w-30)
		width := 22 + textWidth(text, labelSize)
		if at > x && at+width > x+w {
			at, y = x, y+labelLine
		}
		mid := y + 8
		switch s.shape {
		case sampleLine:
			c.shape(s.class, line(at, mid, at+16, mid))
		case sampleArea:
			c.shape(s.class, box(at, mid-5, at+16, mid+5))
		case sampleDot:
			c.shape(s.class, new(path).circle(at+8, mid, 3))
		case sampleState:
			c.shape(strings.TrimSpace("c-"+s.state.String()+" "+s.class), s.state.glyph(at+8, mid))
		case sampleDiamond:
			c.shape("c-mark", diamond(at+8, mid))
		}
		c.label("c-muted", at+21, mid+4, atStart, text)
		at += width + 14
	}
	return y + labelLine + 6
}

// legendHeight is how far legend goes down.
func legendHeight(samples []sample, w float64) float64 { return legend(nowhere{}, samples, 0, 0, w) }

// nowhere is a canvas that measures: nothing is drawn.
type nowhere struct{}

func (nowhere) shape(string, *path)                            {}
func (nowhere) label(string, float64, float64, anchor, string) {}
func (nowhere) begin(data)                                     {}
func (nowhere) end()                                           {}

// plot is the area between two axes.
type plot struct {
	x0, y0, x1, y1 float64
}

// columnWidth is the width that labels of ticks take.
func columnWidth(ticks []tick) float64 {
	w := 0.0
	for _, t := range ticks {
		w = max(w, textWidth(t.text, labelSize))
	}
	return w
}

// rules draws the lines of a vertical axis across the plot, with their labels left of it.
func (p plot) rules(c canvas, s scale, ticks []tick) {
	lines := new(path)
	for _, t := range ticks {
		y := s.at(t.value)
		lines.move(p.x0, y).to(p.x1, y)
		c.label("c-muted", p.x0-6, y+4, atEnd, fit(t.text, labelSize, p.x0-6))
	}
	c.shape("c-grid", lines)
}

// foot draws the ticks of a horizontal axis, leaving labels out that would touch.
func (p plot) foot(c canvas, s scale, ticks []tick, title string, w float64) {
	marks := new(path)
	end := math.Inf(-1)
	for _, t := range ticks {
		x := s.at(t.value)
		marks.move(x, p.y1).to(x, p.y1+4)
		half := textWidth(t.text, labelSize) / 2
		mid := min(max(x, half), w-half)
		if mid-half < end+6 {
			continue
		}
		end = mid + half
		c.label("c-muted", mid, p.y1+17, atMiddle, t.text)
	}
	c.shape("c-axis", marks.move(p.x0, p.y1).to(p.x1, p.y1))
	centred(c, (p.x0+p.x1)/2, p.y1+34, title, w)
}

// centred writes a title around a place, cut so that it stays within the width on both sides.
func centred(c canvas, x, y float64, title string, w float64) {
	c.label("c-muted", x, y, atMiddle, fit(oneLine(title), labelSize, 2*min(x, w-x)))
}

// spread moves labels apart that would overlap, keeping their order, within a range.
func spread(at []float64, gap, low, high float64) []float64 {
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	out := slices.Clone(at)
	for k, i := range order {
		out[i] = max(out[i], low)
		if k > 0 {
			out[i] = max(out[i], out[order[k-1]]+gap)
		}
	}
	limit := high
	for k := len(order) - 1; k >= 0; k-- {
		out[order[k]] = min(out[order[k]], limit)
		limit = out[order[k]] - gap
	}
	return out
}
