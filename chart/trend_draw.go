package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// times is the horizontal axis: from the first window's start to the last one's, with room for half a
// window on both sides.
func (t Trend) times(p plot) timeScale {
	s := timeScale{x0: p.x0, x1: p.x1, zone: t.zone()}
	for i, point := range t.Points {
		if i == 0 || point.Start.Before(s.from) {
			s.from = point.Start
		}
		if i == 0 || point.Start.After(s.to) {
			s.to = point.Start
		}
	}
	for _, m := range t.Marks {
		if len(t.Points) > 0 && m.At.After(s.to) && m.At.Before(s.to.Add(2*t.spacing())) {
			s.to = m.At
		}
	}
	s.half = t.spacing() / 2
	s.from, s.to = s.from.Add(-s.half), s.to.Add(s.half)
	return s
}

// spacing is the usual time from one window's start to the next.
func (t Trend) spacing() time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(t.Points); i++ {
		gaps = append(gaps, t.Points[i].Start.Sub(t.Points[i-1].Start))
	}
	if len(gaps) == 0 {
		if len(t.Points) == 1 && t.Points[0].End.After(t.Points[0].Start) {
			return t.Points[0].End.Sub(t.Points[0].Start)
		}
		return 24 * time.Hour
	}
	slices.Sort(gaps)
	return max(gaps[len(gaps)/2], time.Second)
}

// runs lists the stretches of points, as [from, to), within which a line is not broken: all have the
// number, and no window is missing between.
func (t Trend) runs(v scale, of ...func(Point) float64) [][2]int {
	var runs [][2]int
	gap := t.spacing() + t.spacing()*3/4
	open := false
	for i, p := range t.Points {
		shown := !slices.ContainsFunc(of, func(f func(Point) float64) bool { return !v.shows(f(p)) })
		switch {
		case !shown:
			open = false
		case open && p.Start.Sub(t.Points[i-1].Start) <= gap:
			runs[len(runs)-1][1] = i + 1
		default:
			runs = append(runs, [2]int{i, i + 1})
			open = true
		}
	}
	return runs
}

// edges are where the window of a point begins and ends on the axis, for what holds during it.
func (t Trend) edges(x timeScale, i int) (from, to float64) {
	return x.at(t.Points[i].Start.Add(-x.half)), x.at(t.Points[i].Start.Add(x.half))
}

func (t Trend) drawLine(c canvas, x timeScale, v scale, l lineOf) {
	p := new(path)
	for _, run := range t.runs(v, l.of) {
		from, _ := t.edges(x, run[0])
		for i := run[0]; i < run[1]; i++ {
			y := v.at(l.of(t.Points[i]))
			if !l.steps {
				if i == run[0] {
					p.move(x.at(t.Points[i].Start), y)
				} else {
					p.to(x.at(t.Points[i].Start), y)
				}
				continue
			}
			_, to := t.edges(x, i)
			if i == run[0] {
				p.move(from, y)
			} else if l.of(t.Points[i]) == l.of(t.Points[i-1]) {
				p.steps = p.steps[:len(p.steps)-1]
			} else {
				p.to(from, y)
			}
			p.to(to, y)
			from = to
		}
	}
	d := data{series: l.series, fields: []field{t.field("start", func(p Point) float64 { return unix(p.Start) }), t.field("v", l.of)}}
	switch l.series {
	case "value":
		d.fields = append(d.fields, t.field("low", low), t.field("high", high), t.field("n", func(p Point) float64 { return float64(p.N) }), t.field("state", func(p Point) float64 { return float64(p.State) }))
	case "estimated":
		d.fields = append(d.fields, t.field("low", func(p Point) float64 { return p.EstimatedLow }), t.field("high", func(p Point) float64 { return p.EstimatedHigh }))
	}
	c.begin(d)
	c.shape(l.class, p)
	c.end()
}

func (t Trend) field(name string, of func(Point) float64) field {
	f := field{name, make([]float64, len(t.Points))}
	for i, p := range t.Points {
		f.of[i] = of(p)
	}
	return f
}

// bands draws the intervals of the values as an area, and those of a single point as a bar.
func (t Trend) bands(c canvas, x timeScale, v scale) {
	area := new(path)
	for _, run := range t.runs(v, low, high) {
		points := t.Points[run[0]:run[1]]
		if len(points) == 1 {
			at := x.at(points[0].Start)
			area.box(at-2.5, v.at(points[0].High), at+2.5, v.at(points[0].Low))
			continue
		}
		for i, p := range points {
			if i == 0 {
				area.move(x.at(p.Start), v.at(p.High))
			} else {
				area.to(x.at(p.Start), v.at(p.High))
			}
		}
		for _, p := range slices.Backward(points) {
			area.to(x.at(p.Start), v.at(p.Low))
		}
		area.close()
	}
	c.shape("c-band", area)
}

// badSide shades what is beyond the limit.
func (t Trend) badSide(c canvas, p plot, x timeScale, v scale) {
	if t.Worse == Neither {
		return
	}
	end := p.y0
	if t.Worse == Below {
		end = p.y1
	}
	area := new(path)
	for _, run := range t.runs(v, threshold) {
		for i := run[0]; i < run[1]; {
			j := i + 1
			for j < run[1] && t.Points[j].Threshold == t.Points[i].Threshold {
				j++
			}
			from, _ := t.edges(x, i)
			_, to := t.edges(x, j-1)
			if y := v.at(t.Points[i].Threshold); y != end {
				area.box(from, min(y, end), to, max(y, end))
			}
			i = j
		}
	}
	c.shape("c-bad-side", area)
}

// points draws the state of each window, and what a pointer above it is told.
func (t Trend) points(c canvas, p plot, x timeScale, v scale) {
	near := (p.x1-p.x0)/float64(max(1, len(t.Points))) < crowded
	for i, point := range t.Points {
		if near && i > 0 && i < len(t.Points)-1 && point.State == t.Points[i-1].State {
			continue
		}
		at := x.at(point.Start)
		c.begin(data{title: t.tooltip(point)})
		if !near {
			from, to := t.edges(x, i)
			c.shape("c-hit", box(from, p.y0, to, p.y1))
		}
		if v.shows(point.Value) {
			class := "c-" + point.State.String()
			if point.Provisional {
				class += " c-pale"
			}
			c.shape(class, point.State.glyph(at, v.at(point.Value)))
		}
		c.end()
	}
}

func (t Trend) label(p Point) string {
	return cmp.Or(p.Label, windowText(p.Start, p.End, t.zone()))
}

// tooltip says of a window all that the chart shows of it.
func (t Trend) tooltip(p Point) string {
	lines := []string{t.label(p)}
	if finite(p.Value) {
		text := cmp.Or(t.ValueName, "value") + " " + written(t.Axis.Format, p.Value) + between(t.Axis.Format, p.Low, p.High)
		if p.State != None {
			text += " " + p.State.Glyph()
		}
		lines = append(lines, text)
	}
	for _, l := range slices.Backward(t.lines()) {
		if v := l.of(p); l.series != "value" && finite(v) {
			lines = append(lines, l.name+" "+written(t.Axis.Format, v))
		}
	}
	if finite(p.Coverage) {
		lines = append(lines, "coverage "+Percent(p.Coverage))
	}
	if p.N > 0 {
		lines = append(lines, rows(p.N))
	}
	if p.Provisional {
		lines = append(lines, "more labels may come")
	}
	if p.Note != "" {
		lines = append(lines, oneLine(p.Note))
	}
	return strings.Join(lines, "\n")
}

// between writes an interval, or nothing.
func between(format func(float64) string, low, high float64) string {
	if !finite(low) && !finite(high) {
		return ""
	}
	return " (" + written(format, low) + " to " + written(format, high) + ")"
}

// marks draws what happened, with its text where there is room.
func (t Trend) marks(c canvas, p plot, x timeScale) {
	for _, m := range t.Marks {
		if m.At.Before(x.from) || m.At.After(x.to) {
			continue
		}
		at := x.at(m.At)
		c.begin(data{series: "mark", name: m.Text, fields: []field{one("at", unix(m.At))}, title: m.At.In(t.zone()).Format("2 Jan 2006 15:04") + "\n" + oneLine(m.Text)})
		c.shape("c-mark-line", line(at, p.y0, at, p.y1))
		c.shape("c-mark", diamond(at, p.y0))
		c.end()
	}
}

// end is the name of a line with its last number, right of it.
func (t Trend) end(l lineOf) string {
	return fit(oneLine(l.name), labelSize, 130) + " " + written(t.Axis.Format, t.last(l.of))
}

// textSize is the size by which the width of a line's name is told: that of the value is bold.
func (l lineOf) textSize() float64 {
	if l.series == "value" {
		return labelSize * boldWidth
	}
	return labelSize
}

func (t Trend) endWidth() float64 {
	w := 0.0
	for _, l := range t.lines() {
		w = max(w, textWidth(t.end(l), l.textSize()))
	}
	return min(w, 200)
}

// ends names the lines at their right ends.
func (t Trend) ends(c canvas, p plot, v scale, w float64) {
	lines := t.lines()
	at := make([]float64, len(lines))
	for i, l := range lines {
		at[i] = v.at(t.last(l.of))
	}
	for i, y := range spread(at, labelLine, p.y0+4, p.y1) {
		c.label(lines[i].class+"-text", p.x1+8, y+4, atStart, fit(t.end(lines[i]), lines[i].textSize(), w-p.x1-8))
	}
}

// timeFoot draws the time axis. Labels that would touch are left out, and none leaves the picture.
func (t Trend) timeFoot(c canvas, p plot, x timeScale, w float64) {
	marks := line(p.x0, p.y1, p.x1, p.y1)
	end, under := math.Inf(-1), math.Inf(-1)
	for _, tick := range x.ticks(64) {
		at := x.at(tick.at)
		marks.move(at, p.y1).to(at, p.y1+5)
		width := textWidth(tick.text, labelSize)
		left := min(max(at-width/2, 0), w-width)
		if left < end {
			continue
		}
		c.label("c-muted", left, p.y1+18, atStart, tick.text)
		end = left + width + 6
		width = textWidth(tick.under, labelSize)
		if left = min(left, w-width); left > under && tick.under != "" {
			c.label("c-muted", left, p.y1+33, atStart, tick.under)
			under = left + width + 6
		}
	}
	c.shape("c-axis", marks)
}

// strip draws how many of the rows had labels, as a bar for each window.
func (t Trend) strip(c canvas, p plot, x timeScale, w float64) {
	bottom := p.y1 + timeFoot + stripHeight
	top := bottom - stripHeight
	bars := new(path)
	for i, point := range t.Points {
		if !finite(point.Coverage) {
			continue
		}
		from, to := t.edges(x, i)
		top := bottom - float64(stripHeight*min(max(point.Coverage, 0), 1))
		if to-from > 4 {
			bars.box(from+1, top, to-1, bottom)
			continue
		}
		// Bars that touch are one outline.
		if i == 0 || !finite(t.Points[i-1].Coverage) {
			bars.move(from, bottom)
		}
		bars.to(from, top).to(to, top)
		if i == len(t.Points)-1 || !finite(t.Points[i+1].Coverage) {
			bars.to(to, bottom).close()
		}
	}
	c.begin(data{series: "coverage", fields: []field{t.field("start", func(p Point) float64 { return unix(p.Start) }), t.field("v", coverage)}})
	c.shape("c-grid", line(p.x0, top, p.x1, top).move(p.x0, bottom).to(p.x1, bottom))
	c.shape("c-strip", bars)
	c.end()
	if w >= narrowish {
		c.label("c-muted", p.x1+8, bottom-3, atStart, fit("labels "+Percent(t.last(coverage)), labelSize, w-p.x1-8))
	} else {
		c.label("c-muted", p.x0-6, bottom-3, atEnd, fit("labels", labelSize, p.x0-6))
	}
}
