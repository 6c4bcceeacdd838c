package chart

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// SVG draws a chart as one <svg> element for a page that has CSS. It fills the width that it is
// given there.
func SVG(c Chart, size Size) string { return drawSVG(c, size, "chart", true) }

// Responsive is a chart for wide and narrow windows: two <svg> elements, of which CSS shows one. The
// first alone carries the data and tooltips. Size.Width is not asked for.
func Responsive(c Chart, size Size) string {
	narrow := size
	size.Width, narrow.Width, narrow.Height = Wide, Narrow, 0
	if narrow.ID != "" {
		narrow.ID += "-narrow"
	}
	return drawSVG(c, size, "chart chart-wide", true) + drawSVG(c, narrow, "chart chart-narrow", false)
}

func drawSVG(c Chart, size Size, class string, withData bool) string {
	a := c.about()
	w, h := size.of(c)
	canvas := &svgCanvas{withData: withData}
	c.draw(canvas, w, h)
	body := string(canvas.b)
	id := size.ID
	if id == "" {
		sum := fnv.New64a()
		sum.Write([]byte(class + a.title + a.desc + body))
		id = "c" + strconv.FormatUint(sum.Sum64(), 36)
	}
	id = clean(id)
	title, desc := clean(oneLine(a.title)), clean(oneLine(a.desc))
	return `<svg class="` + class + " chart-" + a.kind + `" viewBox="0 0 ` + short(w) + " " + short(h) +
		`" style="max-width:` + short(float64(w*1.25)) + `px" role="img" aria-labelledby="` + id + "-t " + id + `-d" xmlns="http://www.w3.org/2000/svg"><title id="` + id + `-t">` + title +
		`</title><desc id="` + id + `-d">` + desc + "</desc>" + body + "</svg>"
}

// of is the size in units, with what the caller left open.
func (s Size) of(c Chart) (w, h float64) {
	w, h = s.Width, s.Height
	if !(w > 0) {
		w = Wide
	}
	if !(h > 0) {
		h = c.height(w)
	}
	return w, h
}

// svgCanvas writes elements.
type svgCanvas struct {
	b        []byte
	withData bool // false: no attributes and no tooltips
}

func (c *svgCanvas) add(s ...string) {
	for _, s := range s {
		c.b = append(c.b, s...)
	}
}

func (c *svgCanvas) begin(d data) {
	if !c.withData {
		return
	}
	c.add("<g", d.attributes(), ">")
	if d.title != "" {
		c.add("<title>", clean(d.title), "</title>")
	}
}

func (c *svgCanvas) end() {
	if c.withData {
		c.add("</g>")
	}
}

func (c *svgCanvas) label(class string, x, y float64, at anchor, s string) {
	if s == "" {
		return
	}
	c.add(`<text class="`, class, [...]string{"", " c-mid", " c-end"}[at], `" x="`, short(x), `" y="`, short(y), `">`, clean(isolated(s)), "</text>")
}

func (c *svgCanvas) shape(class string, p *path) {
	if len(p.steps) == 0 {
		return
	}
	if s := p.steps[0]; s.kind == 'O' && len(p.steps) == 1 {
		c.add(`<circle class="`, class, `" cx="`, short(s.x), `" cy="`, short(s.y), `" r="`, short(s.r), `"/>`)
		return
	}
	c.add(`<path class="`, class, `" d="`)
	var x, y float64 // where the pen is
	var x0, y0 float64
	for _, s := range p.steps {
		switch s.kind {
		case 'M':
			c.add("M")
			c.pair(s.x, s.y)
			x, y, x0, y0 = s.x, s.y, s.x, s.y
		case 'L':
			switch dx, dy := s.x-x, s.y-y; {
			case s.y == y:
				c.add("h", short(dx))
			case s.x == x:
				c.add("v", short(dy))
			default:
				c.add("l")
				c.pair(dx, dy)
			}
			x, y = s.x, s.y
		case 'Z':
			c.add("z")
			x, y = x0, y0
		case 'O':
			r := short(s.r)
			c.add("M")
			c.pair(s.x-s.r, s.y)
			c.add("a", r, " ", r, " 0 1 0 ", short(float64(2*s.r)), " 0a", r, " ", r, " 0 1 0 ", short(float64(-2*s.r)), " 0z")
		}
	}
	c.add(`"/>`)
}

// pair writes two lengths with as little between them as a path needs.
func (c *svgCanvas) pair(x, y float64) {
	second := short(y)
	c.add(short(x))
	if !strings.HasPrefix(second, "-") {
		c.add(" ")
	}
	c.add(second)
}

// short writes a length with up to one digit after the point.
func short(f float64) string {
	s := strings.TrimSuffix(strconv.FormatFloat(tenth(f), 'f', 1, 64), ".0")
	switch {
	case s == "-0":
		return "0"
	case strings.HasPrefix(s, "0."):
		return s[1:]
	case strings.HasPrefix(s, "-0."):
		return "-" + s[2:]
	}
	return s
}
