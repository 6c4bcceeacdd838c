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
		{"plot", "#f7f8fa", "#21242b"}, // the ground of a plot
		{"edge", "#7d8390", "#727a88"}, // axes and strips, which are to be seen at 3:1
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
		{"heat-4", "#7197e0", "#3f63ad"},
		{"heat-5", "#3f6fd0", "#7ba3f5"},
		{"hot-1", "#d0685d", "#b14c44"},
		{"hot-2", "#b3261e", "#e0675d"},
		{"hot-3", "#7a130d", "#ffa79f"},
		{"on-heat", "#ffffff", "#0f1115"}, // text on heat-5
		{"on-hot", "#ffffff", "#14161a"},
	}
}

// style is how a class of marks looks. Lengths are in units of the drawing.
type style struct {
	class        string
	fill, stroke string // names of colours; empty: none
	width        float64
	dash         []float64
	opacity      float64 // of the fill; 0 is 1, -1 is none
	size         float64 // of text
	bold         bool
}

// pale is the opacity of the mark of a window that may change.
const pale = 0.7

// styles lists how marks look, in SVG by CSS and in PNG alike.
func styles() []style {
	text := func(class, fill string) style { return style{class: class, fill: fill, size: labelSize} }
	area := func(class, fill string) style { return style{class: class, fill: fill} }
	stroke := func(class, colour string, width float64, dash ...float64) style {
		return style{class: class, stroke: colour, width: width, dash: dash}
	}
	return []style{
		{class: "c-title", fill: "ink", size: titleSize, bold: true},
		text("c-text", "ink"), text("c-muted", "muted"), text("c-bad-text", "bad"), text("c-on-heat", "on-heat"),
		{class: "c-value-text", fill: "accent", size: labelSize, bold: true},
		text("c-estimated-text", "accent"), text("c-threshold-text", "threshold"), text("c-reference-text", "reference"), text("c-rolling-text", "reference"),
		// The ground.
		area("c-plot", "plot"), area("c-bad-side", "bad-soft"), stroke("c-grid", "line", 1), stroke("c-axis", "edge", 1),
		{class: "c-hit", fill: "ink", opacity: -1},
		// Lines.
		stroke("c-value", "accent", 2), stroke("c-estimated", "accent", 1.6, 2, 4), stroke("c-third", "unsure", 1.6, 6, 3),
		stroke("c-threshold", "threshold", 1.6, 6, 4), stroke("c-limit", "threshold", 2), stroke("c-reference-tick", "reference", 2), stroke("c-reference", "reference", 1.6, 10, 3, 2, 3),
		stroke("c-rolling", "reference", 1.4), stroke("c-diagonal", "ink", 1.2, 4, 4), stroke("c-whisker", "ink", 1.2),
		area("c-value-dot", "accent"), area("c-reference-dot", "reference"), area("c-third-dot", "unsure"), area("c-estimated-dot", "accent"),
		// Areas.
		area("c-band", "accent-soft"), {class: "c-interval", fill: "accent", opacity: 0.38}, area("c-strip", "edge"), {class: "c-bar", fill: "accent", opacity: 0.7}, {class: "c-bar-bad", fill: "bad", opacity: 0.7},
		{class: "c-dist-current", fill: "accent", stroke: "accent", width: 1.2, opacity: 0.35}, stroke("c-dist-reference", "reference", 1.8), {class: "c-dist-reference-bar", fill: "reference", stroke: "reference", width: 1.2, opacity: 0.15},
		// States and marks.
		{class: "c-none", fill: "accent", stroke: "surface", width: 1}, {class: "c-good", fill: "good", stroke: "surface", width: 1},
		{class: "c-bad", fill: "bad", stroke: "surface", width: 1}, {class: "c-unsure", fill: "surface", stroke: "unsure", width: 1.8},
		{class: "c-mark", fill: "ink", stroke: "surface", width: 1}, stroke("c-mark-line", "ink", 1.2, 2, 3),
		// Shades.
		area("c-heat-1", "heat-1"), area("c-heat-2", "heat-2"), area("c-heat-3", "heat-3"), area("c-heat-4", "heat-4"), area("c-heat-5", "heat-5"),
		area("c-hot-1", "hot-1"), area("c-hot-2", "hot-2"), area("c-hot-3", "hot-3"), area("c-hot-glyph", "on-hot"),
	}
}

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
	b.WriteString(".c-mid{text-anchor:middle}.c-end{text-anchor:end}.c-pale{opacity:" + short(pale) + "}.c-hit:hover{fill-opacity:.06}.c-heat-1,.c-heat-2,.c-heat-3,.c-heat-4,.c-heat-5,.c-hot-1,.c-hot-2,.c-hot-3{shape-rendering:crispEdges}\n")
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
	if s.opacity != 0 {
		css += ";fill-opacity:" + strconv.FormatFloat(max(s.opacity, 0), 'g', 2, 64)
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
