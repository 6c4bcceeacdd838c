package chart

import (
	"math"
	"strconv"
)

func (s Spark) about() about { return about{"spark", s.Title, s.Desc} }

func (s Spark) height(float64) float64 { return 22 }

func (s Spark) draw(c canvas, w, h float64) {
	e := extent{}
	e.add(s.Values...)
	e.add(s.threshold())
	v := e.scaleTo(h-5, 5, 0)
	x := scale{min: 0, max: math.Max(1, float64(len(s.Values)-1)), from: 6, to: w - 7}
	fields := []field{{"v", s.Values}}
	if finite(s.threshold()) {
		fields = append(fields, one("threshold", s.Threshold))
		c.shape("c-threshold", line(0, v.at(s.Threshold), w, v.at(s.Threshold)))
	}
	p, broken, last := new(path), true, -1
	for i, value := range s.Values {
		switch {
		case !finite(value):
			broken = true
			continue
		case broken:
			p.move(x.at(float64(i)), v.at(value))
		default:
			p.to(x.at(float64(i)), v.at(value))
		}
		broken, last = false, i
	}
	c.begin(data{series: "value", fields: fields})
	c.shape("c-value", p)
	for i, value := range s.Values {
		state := s.state(i)
		if finite(value) && (i == last || state == Bad && s.state(i-1) != Bad) {
			c.shape("c-"+state.String(), state.glyph(x.at(float64(i)), v.at(value)))
		}
	}
	c.end()
}

// threshold is NaN where there is none; a spark without any field set has none either.
func (s Spark) threshold() float64 {
	if s.Threshold == 0 && len(s.States) == 0 {
		return math.NaN()
	}
	return s.Threshold
}

func (s Spark) state(i int) State {
	if i >= 0 && i < len(s.States) {
		return s.States[i]
	}
	return None
}

// Table implements Chart.
func (s Spark) Table() Table {
	t := Table{Caption: s.Title, Columns: []string{"window", "value", "state"}}
	for i, v := range s.Values {
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), written(s.Format, v), s.state(i).words()})
	}
	return t
}

func (g Gauge) about() about { return about{"gauge", g.Title, g.Desc} }

func (g Gauge) height(float64) float64 { return 22 }

func (g Gauge) draw(c canvas, w, h float64) {
	e := extentOf(g.Axis)
	e.add(g.Value, g.Low, g.High, g.Threshold, g.Reference)
	x := e.scaleTo(7, w-7, 0.04)
	mid := h / 2
	d := data{series: "gauge", fields: []field{one("v", g.Value), one("low", g.Low), one("high", g.High), one("threshold", g.Threshold), one("reference", g.Reference), one("state", float64(g.State))}}
	d.title = "value " + written(g.Axis.Format, g.Value) + between(g.Axis.Format, g.Low, g.High)
	if finite(g.Threshold) {
		d.title += "\nlimit " + written(g.Axis.Format, g.Threshold)
	}
	if finite(g.Reference) {
		d.title += "\nreference " + written(g.Axis.Format, g.Reference)
	}
	c.begin(d)
	if x.shows(g.Threshold) && g.Worse != Neither {
		end := w
		if g.Worse == Below {
			end = 0
		}
		at := x.at(g.Threshold)
		c.shape("c-bad-side", box(min(at, end), mid-8, max(at, end), mid+8))
	}
	c.shape("c-axis", line(0, mid, w, mid))
	if x.shows(g.Low) && x.shows(g.High) {
		c.shape("c-interval", box(x.at(g.Low), mid-3, max(x.at(g.High), x.at(g.Low)+1), mid+3))
	}
	if x.shows(g.Reference) {
		c.shape("c-reference-tick", line(x.at(g.Reference), mid-8, x.at(g.Reference), mid+8))
	}
	if x.shows(g.Threshold) {
		c.shape("c-limit", line(x.at(g.Threshold), mid-9, x.at(g.Threshold), mid+9))
	}
	if x.shows(g.Value) {
		c.shape("c-"+g.State.String(), g.State.glyph(x.at(g.Value), mid))
	}
	c.end()
}

// Table implements Chart.
func (g Gauge) Table() Table {
	return Table{
		Caption: g.Title,
		Columns: []string{"value", "from", "to", "limit", "reference", "state"},
		Rows: [][]string{{
			written(g.Axis.Format, g.Value), written(g.Axis.Format, g.Low), written(g.Axis.Format, g.High),
			written(g.Axis.Format, g.Threshold), written(g.Axis.Format, g.Reference), g.State.words(),
		}},
	}
}
