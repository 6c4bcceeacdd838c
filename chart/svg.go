package chart

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// SVG draws a chart as one <svg> element for a page that has CSS. It fills the width that it is
// given there.
func SVG(c Chart, size Size) string { return drawSVG(c, size, "chart") }

// Responsive is a chart for wide and narrow windows: two <svg> elements, of which CSS shows one.
// Size.Width is not asked for.
func Responsive(c Chart, size Size) string {
	narrow := size
	size.Width, narrow.Width = Wide, Narrow
	if narrow.ID != "" {
		narrow.ID += "-narrow"
	}
	return drawSVG(c, size, "chart chart-wide") + drawSVG(c, narrow, "chart chart-narrow")
}

func drawSVG(c Chart, size Size, class string) string {
	a := c.about()
	w, h := size.of(c)
	canvas := &svgCanvas{}
	c.draw(canvas, w, h)
	body := canvas.b.String()
	id := size.ID
	if id == "" {
		sum := fnv.New64a()
		sum.Write([]byte(class + a.title + a.desc + body))
		id = "c" + strconv.FormatUint(sum.Sum64(), 36)
	}
	id = clean(id)
	return `<svg class="` + class + " chart-" + a.kind + `" viewBox="0 0 ` + short(w) + " " + short(h) +
		`" role="img" aria-labelledby="` + id + "-t " + id + `-d" xmlns="http://www.w3.org/2000/svg"><title id="` + id + `-t">` + clean(a.title) +
		`</title><desc id="` + id + `-d">` + clean(a.desc) + "</desc>" + body + "</svg>"
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
type svgCanvas struct{ b strings.Builder }

func (c *svgCanvas) text(class string, x, y float64, s string) {
	c.b.WriteString(`<text class="` + class + `" x="` + short(x) + `" y="` + short(y) + `">` + clean(s) + "</text>")
}

// short writes a length with up to one digit after the point.
func short(f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}
