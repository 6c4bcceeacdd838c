package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/internal/digits"
)

func (b Bars) about() about { return about{"bars", b.Title, b.Desc} }

const barsPlot = 160

func (b Bars) height(width float64) float64 {
	h := headingHeight(b.Title, width) + legendHeight(b.samples(), width) + barsPlot + timeFoot
	if b.counted() {
		h += stripHeight + 8
	}
	if b.Axis.Title != "" {
		h += labelLine
	}
	return h
}

func (b Bars) counted() bool { return slices.ContainsFunc(b.Bars, func(b Bar) bool { return b.N > 0 }) }

func (b Bars) samples() []sample {
	var samples []sample
	if finite(b.Line) {
		samples = append(samples, sample{class: "c-reference", shape: sampleLine, text: cmp.Or(b.LineName, "all") + " " + written(b.Axis.Format, b.Line)})
	}
	if slices.ContainsFunc(b.Bars, func(b Bar) bool { return finite(b.Low) && finite(b.High) }) {
		samples = append(samples, sample{class: "c-whisker", shape: sampleLine, text: "interval"})
	}
	return samples
}

func (b Bars) draw(c canvas, w, h float64) {
	y := heading(c, b.Title, w)
	y = legend(c, b.samples(), 0, y, w)
	if b.Axis.Title != "" {
		y += labelLine
		c.label("c-muted", 0, y-4, atStart, fit(oneLine(b.Axis.Title), labelSize, w))
	}
	p := plot{0, y + 6, w - 4, h - timeFoot}
	if b.counted() {
		p.y1 -= stripHeight + 8
	}
	e := extentOf(b.Axis)
	if !e.log {
		e.add(0)
	}
	e.add(b.Line)
	for _, bar := range b.Bars {
		e.add(bar.Value, bar.Low, bar.High)
	}
	v := e.scaleTo(p.y1, p.y0, 0.04)
	ticks := v.ticks(5, b.Axis.Format)
	p.x0 = min(columnWidth(ticks), w/3) + 8
	if b.counted() {
		p.x0 = max(p.x0, textWidth("rows", labelSize)+8)
	}
	p.rules(c, v, ticks)
	if len(b.Bars) == 0 {
		c.label("c-muted", (p.x0+p.x1)/2, (p.y0+p.y1)/2, atMiddle, "no rows")
		return
	}
	pitch := (p.x1 - p.x0) / float64(len(b.Bars))
	zero := p.y1
	if !e.log {
		zero = v.at(0)
	}
	for i, bar := range b.Bars {
		mid := p.x0 + float64(pitch*(float64(i)+0.5))
		half := min(pitch*0.36, 22)
		c.begin(data{
			series: "bar", name: bar.Name, fields: []field{one("v", bar.Value), one("low", bar.Low), one("high", bar.High), one("n", float64(bar.N)), one("state", float64(bar.State))},
			title: b.tooltip(bar),
		})
		c.shape("c-hit", box(mid-pitch/2, p.y0, mid+pitch/2, p.y1))
		if v.shows(bar.Value) {
			top := v.at(bar.Value)
			class := "c-bar"
			if bar.State == Bad {
				class = "c-bar-bad"
			}
			c.shape(class, box(mid-half, min(top, zero), mid+half, max(top, zero)))
			if v.shows(bar.Low) && v.shows(bar.High) {
				low, high, cap := v.at(bar.Low), v.at(bar.High), min(half, 4)
				c.shape("c-whisker", line(mid, low, mid, high).move(mid-cap, low).to(mid+cap, low).move(mid-cap, high).to(mid+cap, high))
			}
			if bar.State == Bad {
				c.shape("c-bad", Bad.glyph(mid, max(min(top, v.atOr(bar.High, top))-8, p.y0+2)))
			}
		}
		c.end()
	}
	c.shape("c-axis", line(p.x0, zero, p.x1, zero))
	if finite(b.Line) && v.shows(b.Line) {
		c.begin(data{series: "line", fields: []field{one("v", b.Line)}})
		c.shape("c-reference", line(p.x0, v.at(b.Line), p.x1, v.at(b.Line)))
		c.end()
	}
	b.foot(c, p, pitch, w)
}

// atOr is at of a number that the scale shows, else what is given.
func (s scale) atOr(v, otherwise float64) float64 {
	if s.shows(v) {
		return s.at(v)
	}
	return otherwise
}

// foot names the bars, and draws how many rows each has.
func (b Bars) foot(c canvas, p plot, pitch, w float64) {
	y := p.y1
	if b.counted() {
		bottom := p.y1 + 8 + stripHeight
		most := int64(1)
		for _, bar := range b.Bars {
			most = max(most, bar.N)
		}
		strip := new(path)
		for i, bar := range b.Bars {
			if bar.N > 0 {
				mid, half := p.x0+float64(pitch*(float64(i)+0.5)), min(pitch*0.36, 22)
				strip.box(mid-half, bottom-max(float64(stripHeight*float64(bar.N)/float64(most)), 1), mid+half, bottom)
			}
		}
		c.shape("c-strip", strip)
		c.shape("c-grid", line(p.x0, bottom, p.x1, bottom))
		c.label("c-muted", p.x0-6, bottom-2, atEnd, fit("rows", labelSize, p.x0-6))
		y = bottom
	}
	end := math.Inf(-1)
	longest := 0.0
	for _, bar := range b.Bars {
		longest = max(longest, textWidth(oneLine(bar.Name), labelSize))
	}
	// Names that don't fit below each bar are left out below some; long ones are cut.
	longest = min(longest, max(pitch-6, 60))
	for i, bar := range b.Bars {
		mid := p.x0 + float64(pitch*(float64(i)+0.5))
		name := fit(oneLine(bar.Name), labelSize, longest)
		half := textWidth(name, labelSize) / 2
		at := min(max(mid, half), w-half)
		if at-half < end+5 {
			continue
		}
		end = at + half
		c.label("c-muted", at, y+16, atMiddle, name)
	}
	centred(c, (p.x0+p.x1)/2, y+33, b.NameTitle, w)
}

func (b Bars) tooltip(bar Bar) string {
	lines := []string{oneLine(bar.Name), written(b.Axis.Format, bar.Value) + between(b.Axis.Format, bar.Low, bar.High)}
	if b.counted() {
		lines = append(lines, rows(bar.N))
	}
	if bar.Note != "" {
		lines = append(lines, oneLine(bar.Note))
	}
	return strings.Join(lines, "\n")
}

// Table implements Chart.
func (b Bars) Table() Table {
	t := Table{Caption: b.Title, Columns: []string{cmp.Or(b.NameTitle, "name"), cmp.Or(b.Axis.Title, "value"), "from", "to", "rows", "note"}}
	for _, bar := range b.Bars {
		t.Rows = append(t.Rows, []string{
			bar.Name, written(b.Axis.Format, bar.Value), written(b.Axis.Format, bar.Low), written(b.Axis.Format, bar.High),
			digits.Count(bar.N), strings.TrimSpace(bar.State.mark() + " " + bar.Note),
		})
	}
	return t
}

// mark is the glyph of a state for a table; nothing where nothing was judged.
func (s State) mark() string {
	if s == None {
		return ""
	}
	return s.Glyph()
}
