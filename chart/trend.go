package chart

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/hindcast/hindcast/internal/digits"
)

func (t Trend) about() about { return about{"trend", t.Title, t.Desc} }

// Lengths of a Trend.
const (
	trendPlot   = 190 // of the plot, where the caller gives no height
	timeFoot    = 42  // the labels of the time axis, of two lines
	stripHeight = 16  // the strip of coverage
	// crowded is how near points are that have marks only where the state changes.
	crowded = 6
)

func (t Trend) height(width float64) float64 {
	h := headingHeight(t.Title, width) + legendHeight(t.samples(width), width) + trendPlot + timeFoot
	if t.has(coverage) {
		h += stripHeight + 8
	}
	if t.Axis.Title != "" {
		h += labelLine
	}
	if width < narrowish {
		h -= 30
	}
	return h
}

// What a Point has, one number each.
func value(p Point) float64     { return p.Value }
func low(p Point) float64       { return p.Low }
func high(p Point) float64      { return p.High }
func reference(p Point) float64 { return p.Reference }
func rolling(p Point) float64   { return p.Rolling }
func threshold(p Point) float64 { return p.Threshold }
func estimated(p Point) float64 { return p.Estimated }
func coverage(p Point) float64  { return p.Coverage }

func (t Trend) has(of func(Point) float64) bool {
	return slices.ContainsFunc(t.Points, func(p Point) bool { return finite(of(p)) })
}

func (t Trend) hasState(s State) bool {
	return slices.ContainsFunc(t.Points, func(p Point) bool { return p.State == s && finite(p.Value) })
}

func (t Trend) zone() *time.Location { return cmp.Or(t.Location, time.UTC) }

// lineOf is one line of a Trend: its numbers, its look and its name.
type lineOf struct {
	of     func(Point) float64
	class  string
	series string
	name   string
	steps  bool // each number holds for its window
}

// lines are those that a trend has numbers for, those below first.
func (t Trend) lines() []lineOf {
	all := []lineOf{
		{reference, "c-reference", "reference", cmp.Or(t.ReferenceName, "reference"), true},
		{rolling, "c-rolling", "rolling", cmp.Or(t.RollingName, "rolling reference"), false},
		{threshold, "c-threshold", "threshold", cmp.Or(t.ThresholdName, "limit"), true},
		{estimated, "c-estimated", "estimated", cmp.Or(t.EstimatedName, "estimated"), false},
		{value, "c-value", "value", cmp.Or(t.ValueName, "value"), false},
	}
	return slices.DeleteFunc(all, func(l lineOf) bool { return !t.has(l.of) })
}

// last is the newest number of a line.
func (t Trend) last(of func(Point) float64) float64 {
	for _, p := range slices.Backward(t.Points) {
		if v := of(p); finite(v) {
			return v
		}
	}
	return math.NaN()
}

// samples are the entries of the legend. On a wide chart lines are named at their ends instead.
func (t Trend) samples(w float64) []sample {
	var samples []sample
	if w < narrowish {
		for _, l := range slices.Backward(t.lines()) {
			samples = append(samples, sample{l.class, sampleLine, None, l.name + " " + written(t.Axis.Format, t.last(l.of))})
		}
	}
	if t.has(low) || t.has(high) {
		samples = append(samples, sample{class: "c-band", shape: sampleArea, text: cmp.Or(t.BandName, "interval")})
	}
	for _, s := range []State{Good, Unsure, Bad} {
		if t.hasState(s) {
			samples = append(samples, sample{shape: sampleState, state: s, text: [...]string{"", "healthy", "breached", "inconclusive"}[s]})
		}
	}
	if i := slices.IndexFunc(t.Points, func(p Point) bool { return p.Provisional && finite(p.Value) }); i >= 0 {
		samples = append(samples, sample{class: "c-pale", shape: sampleState, state: t.Points[i].State, text: "more labels may come"})
	}
	if len(t.Marks) > 0 {
		samples = append(samples, sample{shape: sampleDiamond, text: cmp.Or(t.MarksName, "retraining")})
	}
	return samples
}

// domain is what the vertical axis shows: all lines, and intervals as far as they are not so wide
// that the lines would be flat.
func (t Trend) domain() extent {
	e := extentOf(t.Axis)
	for _, p := range t.Points {
		e.add(p.Value, p.Reference, p.Rolling, p.Threshold, p.Estimated)
	}
	wide := e
	for _, p := range t.Points {
		wide.add(p.Low, p.High, p.EstimatedLow, p.EstimatedHigh)
	}
	if e.any && !e.log {
		room := e.max/2 - e.min/2
		if room = float64(room * 3); room > 0 {
			wide.min, wide.max = max(wide.min, e.min-room), min(wide.max, e.max+room)
		}
	}
	return wide
}

func (t Trend) draw(c canvas, w, h float64) {
	y := heading(c, t.Title, w)
	y = legend(c, t.samples(w), 0, y, w)
	if t.Axis.Title != "" {
		y += labelLine
		c.label("c-muted", 0, y-4, atStart, fit(oneLine(t.Axis.Title), labelSize, w))
	}
	p := plot{0, y + 6, w - 10, h - timeFoot}
	if t.has(coverage) {
		p.y1 -= stripHeight + 8
	}
	v := t.domain().scaleTo(p.y1, p.y0, 0.06)
	ticks := v.ticks(5, t.Axis.Format)
	p.x0 = min(columnWidth(ticks), w/3) + 8
	if t.has(coverage) {
		p.x0 = max(p.x0, textWidth("labels", labelSize)+8)
	}
	if w >= narrowish {
		p.x1 = w - t.endWidth() - 12
	}
	c.shape("c-plot", box(p.x0, p.y0, p.x1, p.y1))
	x := t.times(p)
	t.badSide(c, p, x, v)
	p.rules(c, v, ticks)
	if len(t.Points) == 0 {
		c.shape("c-axis", line(p.x0, p.y1, p.x1, p.y1))
		c.label("c-muted", (p.x0+p.x1)/2, (p.y0+p.y1)/2, atMiddle, "no windows")
		return
	}
	t.timeFoot(c, p, x, w)
	t.bands(c, x, v)
	for _, l := range t.lines() {
		t.drawLine(c, x, v, l)
	}
	t.marks(c, p, x)
	t.points(c, p, x, v)
	if w >= narrowish {
		t.ends(c, p, v, w)
	}
	if t.has(coverage) {
		t.strip(c, p, x, w)
	}
}

// Table implements Chart.
func (t Trend) Table() Table {
	lines := t.lines()
	slices.Reverse(lines)
	table := Table{Caption: t.Title, Columns: []string{"window"}}
	interval := t.has(low) || t.has(high)
	for _, l := range lines {
		table.Columns = append(table.Columns, l.name)
		if l.series == "value" && interval {
			table.Columns = append(table.Columns, "from", "to")
		}
	}
	table.Columns = append(table.Columns, "coverage", "rows", "state", "note")
	for _, p := range t.Points {
		row := []string{t.label(p)}
		for _, l := range lines {
			row = append(row, written(t.Axis.Format, l.of(p)))
			if l.series == "value" && interval {
				row = append(row, written(t.Axis.Format, p.Low), written(t.Axis.Format, p.High))
			}
		}
		covered, rows := "-", "-"
		if finite(p.Coverage) {
			covered = Percent(p.Coverage)
		}
		if p.N > 0 {
			rows = digits.Count(p.N)
		}
		table.Rows = append(table.Rows, append(row, covered, rows, p.State.words(), p.Note))
	}
	return table
}

// words is a state for a table.
func (s State) words() string {
	return [...]string{"·", "● healthy", "▲ breached", "○ inconclusive"}[s]
}
