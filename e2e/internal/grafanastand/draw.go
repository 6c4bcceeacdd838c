package grafanastand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/promquery"
)

// The page: 24 columns, and Grafana's rows of 30 pixels with 8 between.
const (
	PageWidth = 1600
	cell      = 30
	gap       = 8
	header    = 96
	titleBar  = 34
	padding   = 10
)

// style is dark, as Grafana is by default.
const style = `
* { box-sizing: border-box; margin: 0; }
body { width: 1600px; background: #111217; color: #ccccdc; font: 13px Inter, "DejaVu Sans", sans-serif; position: relative; overflow: hidden; }
header { position: absolute; left: 16px; right: 16px; top: 14px; }
h1 { font-size: 20px; font-weight: 500; color: #e6e6f0; display: inline-block; }
.range { position: absolute; right: 0; top: 0; border: 1px solid #35363d; border-radius: 3px; padding: 5px 10px; background: #181b1f; }
.vars { margin-top: 12px; display: flex; gap: 8px; white-space: nowrap; }
.vars div { border: 1px solid #35363d; border-radius: 3px; background: #181b1f; display: flex; }
.vars b { font-weight: 500; color: #9fa2b0; padding: 5px 8px; border-right: 1px solid #35363d; }
.vars span { padding: 5px 10px; color: #e6e6f0; }
.mark::before { content: "◆"; color: var(--c); margin-right: 6px; }
.row { position: absolute; left: 16px; right: 16px; font-size: 15px; font-weight: 500; color: #e6e6f0; padding-top: 5px; }
.row::before { content: "⌄"; margin-right: 8px; color: #9fa2b0; position: relative; top: -3px; }
.panel { position: absolute; background: #181b1f; border: 1px solid #25272d; border-radius: 3px; overflow: hidden; }
.panel h2 { font-size: 13px; font-weight: 500; color: #d8d9e6; padding: 9px 10px 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.panel > svg, .stats { position: absolute; left: 0; top: 34px; }
.legend { position: absolute; left: 12px; right: 12px; bottom: 7px; display: flex; flex-wrap: wrap; gap: 3px 14px; font-size: 12px; overflow: hidden; }
.legend span { white-space: nowrap; display: flex; align-items: center; }
.legend svg { margin-right: 6px; }
.stats { right: 0; bottom: 0; display: flex; align-items: stretch; }
.stats.h { flex-direction: column; padding: 2px 12px 8px; }
.stats div { flex: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; white-space: nowrap; }
.stats.h div { flex-direction: row; justify-content: space-between; }
.stats i { font-style: normal; font-size: 12.5px; color: #b4b7c3; }
.stats b { font-weight: 500; }
svg text { font: 11px Inter, "DejaVu Sans", sans-serif; fill: #9fa2b0; }
`

// drawing collects a page and the first error.
type drawing struct {
	*Session

	out   strings.Builder
	marks []time.Time
	color string // of the marks
	err   error
}

// Draw writes the dashboard as a page of HTML with its answers, every row open, and
// returns its height in pixels.
func (s *Session) Draw(ctx context.Context, w io.Writer) (height int, err error) {
	d := &drawing{Session: s}
	for _, a := range s.Dashboard.Annotations.List {
		marks, err := s.Marks(ctx, a)
		if err != nil {
			return 0, fmt.Errorf("annotation %s: %w", a.Name, err)
		}
		d.marks, d.color = append(d.marks, marks...), a.IconColor
	}
	d.head()
	shift := 0 // by the rows that were opened
	for _, p := range s.Dashboard.Panels {
		p.Grid.Y += shift
		d.panel(ctx, p)
		height = max(height, p.Grid.Y+p.Grid.H)
		bottom := p.Grid.Y + p.Grid.H
		for _, q := range p.Panels {
			q.Grid.Y += shift
			d.panel(ctx, q)
			bottom = max(bottom, q.Grid.Y+q.Grid.H)
		}
		if len(p.Panels) > 0 {
			shift += bottom - p.Grid.Y - p.Grid.H
		}
		height = max(height, bottom)
	}
	if d.err != nil {
		return 0, d.err
	}
	px := header + height*(cell+gap) + gap
	_, err = fmt.Fprintf(w, "<!doctype html><meta charset=utf-8><title>%s</title><style>%sbody { height: %dpx; }</style><body>%s</body>\n", html.EscapeString(s.Dashboard.Title), style, px, d.out.String())
	return px, err
}

func (d *drawing) f(format string, args ...any) { fmt.Fprintf(&d.out, format, args...) }

// head draws the title, the variables and the time.
func (d *drawing) head() {
	const day = "2006-01-02 15:04"
	d.f(`<header><h1>%s</h1><div class=range>%s to %s UTC</div><div class=vars>`, html.EscapeString(d.Dashboard.Title), d.From.UTC().Format(day), d.To.UTC().Format(day))
	for _, v := range d.Dashboard.Templating.List {
		if v.Type != "datasource" {
			d.f(`<div><b>%s</b><span>%s</span></div>`, html.EscapeString(v.Label), html.EscapeString(d.shown[v.Name]))
		}
	}
	for _, a := range d.Dashboard.Annotations.List {
		d.f(`<div><span class=mark style="--c:%s">%s</span></div>`, a.IconColor, html.EscapeString(a.Name))
	}
	d.f(`</div></header>`)
}

// panel asks for a panel's answers and draws them.
func (d *drawing) panel(ctx context.Context, p Panel) {
	top := header + p.Grid.Y*(cell+gap)
	if p.Type == "row" {
		d.f(`<div class=row style="top:%dpx">%s</div>`, top, html.EscapeString(d.title(p.Title)))
		return
	}
	column := float64(PageWidth-2*16+gap) / 24
	w, h := int(float64(p.Grid.W)*column)-gap, p.Grid.H*(cell+gap)-gap
	d.f(`<div class=panel style="left:%.0fpx;top:%dpx;width:%dpx;height:%dpx"><h2>%s</h2>`, 16+float64(p.Grid.X)*column, top, w, h, html.EscapeString(d.title(p.Title)))
	var lines []Line
	for _, t := range p.Targets {
		more, err := d.Ask(ctx, t)
		if err != nil {
			d.err = errors.Join(d.err, fmt.Errorf("panel %s: %w", p.Title, err))
		}
		lines = append(lines, more...)
	}
	var series []series
	for i, l := range lines {
		field, err := p.field(l)
		if err != nil {
			d.err = errors.Join(d.err, fmt.Errorf("panel %s: %w", p.Title, err))
		}
		if field.Color.Mode == "palette-classic" {
			field.Color.Fixed = classic(i)
		}
		series = append(series, struct {
			Line
			Field
		}{l, field})
	}
	switch p.Type {
	case "stat":
		d.stats(p, series, w, h)
	case "timeseries":
		d.chart(series, w, h)
	case "state-timeline":
		d.states(series, w, h)
	default:
		d.err = errors.Join(d.err, fmt.Errorf("panel %s: type %s is not known to the stand-in", p.Title, p.Type))
	}
	d.f(`</div>`)
}

// series is a line with the way in which it is shown.
type series = struct {
	Line
	Field
}

// classic returns the i-th colour of Grafana's palette of series.
func classic(i int) string {
	all := []string{"#73BF69", "#E0B400", "#5794F2", "#FF9830", "#F2495C", "#3274D9", "#B877D9", "#8F7FD6", "#37872D", "#C69B06", "#8AB8FF", "#FA6400"}
	return all[i%len(all)]
}

// field applies the overrides that match a line.
func (p Panel) field(l Line) (Field, error) {
	f := p.FieldConfig.Defaults
	for _, o := range p.FieldConfig.Overrides {
		switch o.Matcher.ID {
		case "byName":
			if o.Matcher.Options != l.Name {
				continue
			}
		case "byFrameRefID":
			if o.Matcher.Options != l.Ref {
				continue
			}
		case "byRegexp":
			re, err := regexp.Compile(strings.Trim(o.Matcher.Options, "/"))
			if err != nil {
				return f, err
			}
			if !re.MatchString(l.Name) {
				continue
			}
		default:
			return f, fmt.Errorf("matcher %s is not known to the stand-in", o.Matcher.ID)
		}
		for _, q := range o.Properties {
			into := map[string]any{
				"color": &f.Color, "custom.lineStyle": &f.Custom.LineStyle, "custom.lineWidth": &f.Custom.LineWidth,
				"custom.fillOpacity": &f.Custom.FillOpacity, "custom.fillBelowTo": &f.Custom.FillBelowTo, "custom.hideFrom": &f.Custom.HideFrom,
				"custom.axisSoftMin": &f.Custom.AxisSoftMin, "custom.axisSoftMax": &f.Custom.AxisSoftMax,
			}[q.ID]
			if into == nil {
				return f, fmt.Errorf("property %s is not known to the stand-in", q.ID)
			}
			if err := json.Unmarshal(q.Value, into); err != nil {
				return f, fmt.Errorf("property %s: %w", q.ID, err)
			}
		}
	}
	return f, nil
}

// text writes a value by its mapping or its unit, and returns its colour too.
func (d *drawing) text(f Field, v float64) (string, string) {
	for _, m := range f.Mappings {
		if o, ok := m.Options[short(v)]; ok && m.Type == "value" {
			return o.Text, o.Color
		}
	}
	text, err := format(f.Unit, v, f.Decimals)
	if err != nil {
		d.err = errors.Join(d.err, err)
	}
	color := "#ccccdc"
	for _, s := range f.Thresholds.Steps {
		if s.Value == nil || v >= *s.Value {
			color = s.Color
		}
	}
	return text, color
}

// stats draws values in large type.
func (d *drawing) stats(p Panel, all []series, w, h int) {
	class, size := "", 34.0
	if p.Options.Orientation == "horizontal" {
		class, size = " h", 20
	}
	d.f(`<div class="stats%s" style="width:%dpx;height:%dpx">`, class, w, h-titleBar)
	if len(all) == 0 {
		d.f(`<div><b style="font-size:%.0fpx;color:#9fa2b0">%s</b></div>`, size, html.EscapeString(p.FieldConfig.Defaults.NoValue))
	}
	if p.Options.Orientation != "horizontal" {
		for _, s := range all { // as large as the longest fits
			text, _ := d.text(s.Field, s.Points[len(s.Points)-1].Value)
			size = min(size, float64(w)/float64(len(all))/(0.62*float64(len([]rune(text))))*0.8)
		}
	}
	for _, s := range all {
		text, color := d.text(s.Field, s.Points[len(s.Points)-1].Value)
		name := ""
		if p.Options.TextMode == "value_and_name" || len(all) > 1 {
			name = "<i>" + html.EscapeString(s.Name) + "</i>"
		}
		d.f(`<div>%s<b style="font-size:%.1fpx;color:%s">%s</b></div>`, name, size, color, html.EscapeString(text))
	}
	d.f(`</div>`)
}

// frame says where on the page the values of a chart are.
type frame struct {
	left, top, right, bottom float64
	low, high                float64
	from, to                 time.Time
}

func (f frame) x(t time.Time) float64 {
	return f.left + (f.right-f.left)*float64(t.Sub(f.from))/float64(f.to.Sub(f.from))
}

func (f frame) y(v float64) float64 { return f.bottom - (f.bottom-f.top)*(v-f.low)/(f.high-f.low) }

// chart draws lines, and the areas under or between them.
func (d *drawing) chart(all []series, w, h int) {
	legend := d.legend(all, w, false)
	fr := frame{left: 58, top: 8, right: float64(w) - 14, bottom: float64(h-titleBar) - 26 - legend, from: d.From, to: d.To}
	if len(all) == 0 {
		d.f(`<svg width="%d" height="%d"><text x="%d" y="%d" text-anchor="middle">No data</text></svg>`, w, h-titleBar, w/2, (h-titleBar)/2)
		return
	}
	unit := all[0].Unit
	fr.low, fr.high = math.Inf(1), math.Inf(-1)
	for _, s := range all {
		for _, p := range s.Points {
			fr.low, fr.high = min(fr.low, p.Value), max(fr.high, p.Value)
		}
	}
	if fr.low == fr.high {
		fr.low, fr.high = fr.low-max(math.Abs(fr.low)*0.1, 1e-3), fr.high+max(math.Abs(fr.high)*0.1, 1e-3)
	}
	room := (fr.high - fr.low) * 0.06
	fr.low, fr.high = fr.low-room, fr.high+room
	for _, s := range all {
		if s.Custom.AxisSoftMin != nil {
			fr.low = min(fr.low, *s.Custom.AxisSoftMin)
		}
		if s.Custom.AxisSoftMax != nil {
			fr.high = max(fr.high, *s.Custom.AxisSoftMax)
		}
		if s.Min != nil {
			fr.low = *s.Min
		}
	}
	d.f(`<svg width="%d" height="%d">`, w, h-titleBar)
	values := ticks(fr.low, fr.high, max(int((fr.bottom-fr.top)/36), 2), unit)
	labels := d.tickLabels(unit, values)
	longest := 0
	for _, l := range labels {
		longest = max(longest, len([]rune(l)))
	}
	fr.left = max(34, 14+6.4*float64(longest))
	for i, v := range values {
		d.f(`<path d="M%.1f %.1fH%.1f" stroke="#2a2c33"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`, fr.left, fr.y(v), fr.right, fr.left-7, fr.y(v)+4, html.EscapeString(labels[i]))
	}
	d.times(fr)
	for _, s := range all {
		c := s.Color.Fixed
		for _, run := range d.runs(s.Points) {
			path := outline(fr, run, s.Custom.LineInterpolation, d.step)
			switch {
			case s.Custom.FillBelowTo != "":
				for _, other := range all {
					if other.Name == s.Custom.FillBelowTo {
						d.band(fr, run, other.Points, c, s.Custom)
					}
				}
			case s.Custom.FillOpacity > 0:
				base := fr.y(min(max(0, fr.low), fr.high))
				d.f(`<path d="%sV%.1fH%.1fZ" fill="%s" fill-opacity="%.2f"/>`, path, base, fr.x(run[0].At), c, s.Custom.FillOpacity/100)
			}
		}
	}
	for _, s := range slices.Backward(all) { // the first query's on top
		for _, run := range d.runs(s.Points) {
			if s.Custom.LineWidth > 0 {
				d.f(`<path d="%s" fill="none" stroke="%s" stroke-width="%.1f" stroke-linejoin="round"%s/>`, outline(fr, run, s.Custom.LineInterpolation, d.step), s.Color.Fixed, s.Custom.LineWidth, dashes(s.Custom))
			}
		}
	}
	d.annotate(fr)
	d.f(`</svg>`)
}

// tickLabels writes the values of an axis with as few decimals as tell them apart.
func (d *drawing) tickLabels(unit string, values []float64) []string {
	var out []string
	for _, v := range values {
		l, err := format(unit, v, nil)
		if err != nil {
			d.err = errors.Join(d.err, err)
		}
		out = append(out, l)
	}
	return out
}

// dashes returns how a line is dashed.
func dashes(c Custom) string {
	if c.LineStyle.Fill != "dash" {
		return ""
	}
	return fmt.Sprintf(` stroke-dasharray="%s"`, strings.Trim(fmt.Sprint(c.LineStyle.Dash), "[]"))
}

// runs splits points where some are missing.
func (d *drawing) runs(points []promquery.Point) [][]promquery.Point {
	var out [][]promquery.Point
	for i, p := range points {
		if i == 0 || p.At.Sub(points[i-1].At) > d.step*3/2 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

// outline returns the path along points.
func outline(f frame, points []promquery.Point, interpolation string, step time.Duration) string {
	var b strings.Builder
	for i, p := range points {
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%.1f %.1f", f.x(p.At), f.y(p.Value))
		case interpolation == "stepAfter" && p.Value == points[i-1].Value:
			if i == len(points)-1 {
				fmt.Fprintf(&b, "H%.1f", f.x(p.At))
			}
		case interpolation == "stepAfter":
			fmt.Fprintf(&b, "H%.1fV%.1f", f.x(p.At), f.y(p.Value))
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", f.x(p.At), f.y(p.Value))
		}
	}
	if len(points) == 1 {
		fmt.Fprintf(&b, "h%.1f", max(f.x(points[0].At.Add(step))-f.x(points[0].At), 2))
	}
	return b.String()
}

// band fills between two lines where both have points.
func (d *drawing) band(f frame, upper, lower []promquery.Point, color string, c Custom) {
	at := map[time.Time]float64{}
	for _, p := range lower {
		at[p.At] = p.Value
	}
	var top, bottom []promquery.Point
	for _, p := range upper {
		if v, ok := at[p.At]; ok {
			top, bottom = append(top, p), append(bottom, promquery.Point{At: p.At, Value: v})
		}
	}
	if len(top) == 0 {
		return
	}
	forth := outline(f, top, c.LineInterpolation, d.step)
	var back strings.Builder
	for i, p := range slices.Backward(bottom) {
		fmt.Fprintf(&back, "L%.1f %.1f", f.x(p.At), f.y(p.Value))
		if c.LineInterpolation == "stepAfter" && i > 0 {
			fmt.Fprintf(&back, "V%.1f", f.y(bottom[i-1].Value))
		}
	}
	d.f(`<path d="%s%sZ" fill="%s" fill-opacity="%.2f"/>`, forth, back.String(), color, c.FillOpacity/100)
}

// times draws the time axis of a chart.
func (d *drawing) times(f frame) {
	span := f.to.Sub(f.from)
	step, layout := 24*time.Hour, "01/02"
	for _, s := range []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 2 * 24 * time.Hour, 3 * 24 * time.Hour, 5 * 24 * time.Hour, 10 * 24 * time.Hour} {
		step = s
		if (f.right-f.left)*float64(s)/float64(span) >= 64 {
			break
		}
	}
	if step < 24*time.Hour {
		layout = "15:04"
	}
	for t := f.from.Truncate(step).Add(step); t.Before(f.to); t = t.Add(step) {
		d.f(`<path d="M%.1f %.1fV%.1f" stroke="#24262c"/>`, f.x(t), f.top, f.bottom)
		if f.x(t) < f.right-6 {
			d.f(`<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, f.x(t), f.bottom+17, t.UTC().Format(layout))
		}
	}
}

// annotate draws the marks of the annotations.
func (d *drawing) annotate(f frame) {
	for _, m := range d.marks {
		x := f.x(m)
		d.f(`<path d="M%.1f %.1fV%.1f" stroke="%s" stroke-width="1.5" stroke-dasharray="4 3"/><path d="M%.1f %.1fl5 7h-10Z" fill="%s"/>`, x, f.top, f.bottom, d.color, x, f.bottom, d.color)
	}
}

// legend writes the names below a panel, as many as two lines hold, and returns the
// height that they take. Swatches are squares where states are meant.
func (d *drawing) legend(all []series, w int, states bool) float64 {
	var entries []string
	seen := map[string]bool{}
	add := func(name, swatch string) {
		if !seen[name+swatch] {
			seen[name+swatch] = true
			entries = append(entries, `<span><svg width="16" height="10">`+swatch+`</svg>`+html.EscapeString(name)+`</span>`)
		}
	}
	var length float64
	for _, s := range all {
		if states {
			for _, p := range s.Points {
				name, color := d.text(s.Field, p.Value)
				if !seen[name] {
					seen[name] = true
					length += 38 + 6.6*float64(len([]rune(name)))
					add(name, `<rect width="12" height="10" rx="2" fill="`+color+`"/>`)
				}
			}
			continue
		}
		if !s.Custom.HideFrom.Legend {
			length += 38 + 6.6*float64(len([]rune(s.Name)))
			add(s.Name, `<path d="M0 5H14" stroke="`+s.Color.Fixed+`" stroke-width="3"`+strings.ReplaceAll(dashes(s.Custom), "10 6", "5 3")+`/>`)
		}
	}
	lines := min(math.Ceil(length/float64(w-24)), 2)
	d.f(`<div class=legend style="height:%.0fpx">%s</div>`, lines*18, strings.Join(entries, ""))
	return lines*18 + 4
}

// states draws a bar per series, in the colours of its values.
func (d *drawing) states(all []series, w, h int) {
	legend := d.legend(all, w, true)
	longest := 0
	for _, s := range all {
		longest = max(longest, len([]rune(s.Name)))
	}
	fr := frame{left: 24 + 6.8*float64(longest), top: 6, right: float64(w) - 14, bottom: float64(h-titleBar) - 26 - legend, from: d.From, to: d.To}
	d.f(`<svg width="%d" height="%d">`, w, h-titleBar)
	d.times(fr)
	height := (fr.bottom - fr.top) / float64(max(len(all), 1))
	for i, s := range all {
		y := fr.top + height*float64(i)
		d.f(`<text x="%.1f" y="%.1f" text-anchor="end" style="font-size:12px;fill:#ccccdc">%s</text>`, fr.left-8, y+height/2+4, html.EscapeString(s.Name))
		for _, run := range d.runs(s.Points) {
			for len(run) > 0 {
				n := 1
				for n < len(run) && run[n].Value == run[0].Value {
					n++
				}
				end := run[n-1].At.Add(d.step)
				x, to := fr.x(run[0].At), min(fr.x(end), fr.right)
				name, color := d.text(s.Field, run[0].Value)
				bar := min(height*0.85, 44)
				d.f(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="0.85"/>`, x, y+(height-bar)/2, max(to-x, 1), bar, color)
				if to-x > 14+6.6*float64(len([]rune(name))) {
					d.f(`<text x="%.1f" y="%.1f" style="font-size:11.5px;fill:#fff">%s</text>`, x+7, y+height/2+4, html.EscapeString(name))
				}
				run = run[n:]
			}
		}
	}
	d.annotate(fr)
	d.f(`</svg>`)
}
