package chart

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"
)

// hue is a colour by its name, as "--name" in CSS, for light and dark.
type hue struct{ name, light, dark string }

// palette lists the colours. Pages use them by var(--name).
func palette() []hue {
	return []hue{
		{"bg", "#fbfbf9", "#14161a"},
		{"surface", "#ffffff", "#1c1f25"},
		{"ink", "#1b1d22", "#eceef2"},
		{"muted", "#5c6270", "#a5acb9"},
		{"line", "#d9dce3", "#363b45"},
		{"accent", "#2459c4", "#8ab0ff"},
		{"accent-soft", "#cfdcf6", "#2b3d63"},
		{"reference", "#7a4fb5", "#c4a3f0"},
		{"threshold", "#b3261e", "#ff8a80"},
		{"good", "#1d7a4a", "#6fd19b"},
		{"bad", "#b3261e", "#ff8a80"},
		{"bad-soft", "#fbeae8", "#3a2323"},
		{"unsure", "#8a5a00", "#f0bd6a"},
		// One hue from light to strong below the threshold, another above it.
		{"heat-1", "#eef3fc", "#20283a"},
		{"heat-2", "#d3e0f8", "#273657"},
		{"heat-3", "#a9c3f0", "#345089"},
		{"heat-4", "#7197e0", "#4a70bd"},
		{"heat-5", "#3f6fd0", "#7ba3f5"},
		{"hot-1", "#dd7d73", "#a8453e"},
		{"hot-2", "#b3261e", "#e0675d"},
		{"hot-3", "#7a130d", "#ffa79f"},
	}
}

// style is how a class of marks looks. Lengths are in units of the drawing.
type style struct {
	class        string
	fill, stroke string // names of colours; empty: none
	width        float64
	dash         []float64
	opacity      float64 // of the fill; 0 is 1
	size         float64 // of text
	bold         bool
}

// styles lists how marks look, in SVG by CSS and in PNG alike.
func styles() []style {
	return []style{
		{class: "c-ground", fill: "surface"},
		{class: "c-title", fill: "ink", size: 15, bold: true},
		{class: "c-text", fill: "ink", size: textSize},
		{class: "c-muted", fill: "muted", size: textSize},
	}
}

// Text of charts has this size, and lines of it this height.
const (
	textSize   = 12
	lineHeight = 16
)

// CSS is the style sheet of charts: the colours as custom properties of :root, light and dark, light
// when printed, and the classes of SVG. A page has it once.
func CSS() string {
	var b strings.Builder
	vars := func(dark bool) {
		for _, h := range palette() {
			value := h.light
			if dark {
				value = h.dark
			}
			fmt.Fprintf(&b, "--%s:%s;", h.name, value)
		}
	}
	b.WriteString(":root{color-scheme:light dark;")
	vars(false)
	b.WriteString("}\n@media screen and (prefers-color-scheme:dark){:root{")
	vars(true)
	b.WriteString("}}\n")
	b.WriteString(".chart{display:block;width:100%;height:auto;font-family:" + Fonts + ";font-variant-numeric:tabular-nums}\n")
	for _, s := range styles() {
		fmt.Fprintf(&b, ".%s{%s}\n", s.class, s.css())
	}
	b.WriteString(".chart-narrow{display:none}\n@media screen and (max-width:640px){.chart-wide{display:none}.chart-narrow{display:block}}\n")
	return b.String()
}

// Fonts are the fonts of pages and charts, those of the system.
const Fonts = `ui-sans-serif,system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif`

func (s style) css() string {
	paint := func(name string) string {
		if name == "" {
			return "none"
		}
		return "var(--" + name + ")"
	}
	css := "fill:" + paint(s.fill)
	if s.stroke != "" {
		css += ";stroke:" + paint(s.stroke)
	}
	if s.width > 0 {
		css += ";stroke-width:" + short(s.width)
	}
	if len(s.dash) > 0 {
		var dashes []string
		for _, d := range s.dash {
			dashes = append(dashes, short(d))
		}
		css += ";stroke-dasharray:" + strings.Join(dashes, " ")
	}
	if s.opacity > 0 {
		css += ";fill-opacity:" + short(s.opacity)
	}
	if s.size > 0 {
		css += ";font-size:" + short(s.size) + "px"
	}
	if s.bold {
		css += ";font-weight:600"
	}
	return css
}

// rgba reads a colour of the palette.
func rgba(hex string) color.RGBA {
	v, _ := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}
