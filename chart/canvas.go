package chart

import "math"

// canvas is what charts are drawn on. Lengths are in units, from the upper left corner. How a
// class looks is in styles.
type canvas interface {
	// shape fills and strokes a path.
	shape(class string, p *path)
	// label writes a line of text on its baseline.
	label(class string, x, y float64, at anchor, s string)
	// begin and end enclose what is drawn of data.
	begin(d data)
	end()
}

// anchor is which point of a text is where the text is put.
type anchor uint8

const (
	atStart anchor = iota
	atMiddle
	atEnd
)

// path is a line or an area: moves, straight lines and circles.
type path struct{ steps []step }

type step struct {
	kind byte // 'M' move, 'L' line, 'Z' close, 'O' circle around x, y
	x, y float64
	r    float64
}

// to adds a line, or begins one.
func (p *path) to(x, y float64) *path {
	kind := byte('L')
	if n := len(p.steps); n == 0 || p.steps[n-1].kind == 'Z' || p.steps[n-1].kind == 'O' {
		kind = 'M'
	}
	p.steps = append(p.steps, step{kind: kind, x: tenth(x), y: tenth(y)})
	return p
}

// move begins another line.
func (p *path) move(x, y float64) *path {
	p.steps = append(p.steps, step{kind: 'M', x: tenth(x), y: tenth(y)})
	return p
}

func (p *path) close() *path {
	p.steps = append(p.steps, step{kind: 'Z'})
	return p
}

func (p *path) circle(x, y, r float64) *path {
	p.steps = append(p.steps, step{kind: 'O', x: tenth(x), y: tenth(y), r: r})
	return p
}

// box adds a rectangle between two corners.
func (p *path) box(x0, y0, x1, y1 float64) *path {
	return p.move(x0, y0).to(x1, y0).to(x1, y1).to(x0, y1).close()
}

// tenth rounds a length to what is written, so that steps from one point to the next add up
// exactly and both canvases draw the same. It rounds to a millionth first: a length half way between
// two tenths goes up on every processor, though the last bits of products and logarithms differ.
func tenth(f float64) float64 { return math.Round(math.Round(float64(f*1e6))/1e5) / 10 }

// line is a straight line.
func line(x0, y0, x1, y1 float64) *path { return new(path).move(x0, y0).to(x1, y1) }

func box(x0, y0, x1, y1 float64) *path { return new(path).box(x0, y0, x1, y1) }

// glyph is the shape of a state around a point.
func (s State) glyph(x, y float64) *path {
	p := new(path)
	switch s {
	case Bad:
		return p.move(x, y-5.2).to(x+5, y+3.6).to(x-5, y+3.6).close()
	case Good:
		return p.circle(x, y, 3)
	case Unsure:
		return p.circle(x, y, 3.2)
	default:
		return p.circle(x, y, 2.7)
	}
}

// diamond is the shape of a Mark.
func diamond(x, y float64) *path {
	return new(path).move(x, y-5).to(x+4.5, y).to(x, y+5).to(x-4.5, y).close()
}
