package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// recorder is a canvas that keeps what is drawn.
type recorder struct {
	labels []labelled
	shapes []drawn
}

type labelled struct {
	class, text string
	x0, x1, y   float64
}

type drawn struct {
	class string
	path  *path
}

func (r *recorder) shape(class string, p *path) { r.shapes = append(r.shapes, drawn{class, p}) }
func (*recorder) begin(data)                    {}
func (*recorder) end()                          {}
func (r *recorder) label(class string, x, y float64, at anchor, s string) {
	w := textWidth(s, labelSize)
	if class == "c-title" {
		w = textWidth(s, titleSize)
	}
	x -= [...]float64{0, w / 2, w}[at]
	r.labels = append(r.labels, labelled{class, s, x, x + w, y})
}

// of returns the path of a class.
func (r *recorder) of(t *testing.T, class string) *path {
	t.Helper()
	for _, s := range r.shapes {
		if s.class == class {
			return s.path
		}
	}
	t.Fatalf("nothing is drawn of class %s", class)
	return nil
}

func sized(c Chart, w float64) (width, height float64) { return Size{Width: w}.of(c) }

// Text stays within the picture and touches no other, in every chart at both widths.
func TestLabelsHaveRoom(t *testing.T) {
	charts := sampleCharts()
	// Lines that end at the same height: their names stand beside each other all the same.
	near := sampleTrend(5)
	for i := range near.Points {
		p := &near.Points[i]
		p.Reference, p.Rolling, p.Threshold, p.Estimated = p.Value, p.Value+0.001, p.Value-0.001, p.Value
	}
	charts["near"] = near
	for name, c := range charts {
		for _, width := range []float64{Wide, Narrow} {
			w, h := sized(c, width)
			r := &recorder{}
			c.draw(r, w, h)
			for i, a := range r.labels {
				if a.x0 < -1 || a.x1 > w+1 || a.y < 8 || a.y > h {
					t.Errorf("%s at %v: %q from %.0f to %.0f at %.0f leaves %v by %v", name, width, a.text, a.x0, a.x1, a.y, w, h)
				}
				for _, b := range r.labels[:i] {
					if math.Abs(a.y-b.y) < 10 && a.x0 < b.x1-1 && b.x0 < a.x1-1 && a.text != "" && b.text != "" {
						t.Errorf("%s at %v: %q and %q overlap at %.0f", name, width, b.text, a.text, a.y)
					}
				}
			}
		}
	}
}

// The numbers that labels of a vertical axis tell, and where they are, say where every point of
// the line has to be: within half a unit.
func TestPointsLieWhereTheAxisSays(t *testing.T) {
	for _, n := range []int{2, 31, 365} {
		trend := sampleTrend(n)
		w, h := sized(trend, Wide)
		r := &recorder{}
		trend.draw(r, w, h)
		value := axisOf(t, r.labels, func(l labelled) (string, float64, bool) {
			return l.text, l.y - 4, l.class == "c-muted" && l.x1 < 60 && l.y > 60 && l.y < h-60
		})
		var ys []float64
		for _, s := range r.of(t, "c-value").steps {
			ys = append(ys, s.y)
		}
		i := 0
		for _, p := range trend.Points {
			if !finite(p.Value) {
				continue
			}
			if got := value(ys[i]); math.Abs(got-p.Value) > value(0)-value(0.5) {
				t.Errorf("%d points: %v is drawn at %v, which is %v on the axis", n, p.Value, ys[i], got)
			}
			i++
		}
		if i != len(ys) {
			t.Errorf("%d points are drawn, want %d", len(ys), i)
		}
	}
}

// axisOf finds the line through the ticks of an axis: the number at a length.
func axisOf(t *testing.T, labels []labelled, is func(labelled) (string, float64, bool)) func(float64) float64 {
	t.Helper()
	var at, of []float64
	for _, l := range labels {
		if text, length, ok := is(l); ok {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				continue
			}
			at, of = append(at, length), append(of, v)
		}
	}
	if len(at) < 2 {
		t.Fatalf("an axis has the ticks %v", of)
	}
	last := len(at) - 1
	slope := (of[last] - of[0]) / (at[last] - at[0])
	return func(length float64) float64 { return of[0] + (length-at[0])*slope }
}

func TestBarsAndDotsLieWhereTheAxisSays(t *testing.T) {
	bars := sampleBars()
	w, h := sized(bars, Wide)
	r := &recorder{}
	bars.draw(r, w, h)
	value := axisOf(t, r.labels, func(l labelled) (string, float64, bool) {
		return l.text, l.y - 4, l.class == "c-muted" && l.x1 < 60 && l.y > 60 && l.y < h-60
	})
	i := 0
	for _, s := range r.shapes {
		if s.class != "c-bar" && s.class != "c-bar-bad" {
			continue
		}
		if got := value(s.path.steps[0].y); math.Abs(got-bars.Bars[i].Value) > value(0)-value(0.6) {
			t.Errorf("bar %s of %v ends at %v", bars.Bars[i].Name, bars.Bars[i].Value, got)
		}
		i++
	}
	if i != len(bars.Bars) {
		t.Errorf("%d bars are drawn of %d", i, len(bars.Bars))
	}

	dots := sampleDots()
	w, h = sized(dots, Wide)
	r = &recorder{}
	dots.draw(r, w, h)
	value = axisOf(t, r.labels, func(l labelled) (string, float64, bool) {
		return l.text, (l.x0 + l.x1) / 2, l.y > h-timeFoot+10 && l.y < h-timeFoot+20
	})
	i = 0
	for _, s := range r.shapes {
		if s.class != "c-interval" || i >= len(dots.Dots) {
			continue
		}
		if i > 0 { // the first is of the legend
			from, to := s.path.steps[0].x, s.path.steps[1].x
			if d := dots.Dots[i-1]; math.Abs(value(from)-d.Low) > value(0.6)-value(0) || math.Abs(value(to)-d.High) > value(0.6)-value(0) {
				t.Errorf("%s from %v to %v is drawn from %v to %v", d.Name, d.Low, d.High, value(from), value(to))
			}
		}
		i++
	}
}

// A missing window breaks the lines, and a threshold that changes is drawn as a step.
func TestGapsAndSteps(t *testing.T) {
	trend := sampleTrend(12)
	trend.Points = slices.Delete(trend.Points, 4, 6) // windows that were never judged
	trend.Points[9].Threshold = 1.5
	w, h := sized(trend, Wide)
	r := &recorder{}
	trend.draw(r, w, h)
	moves := 0
	for _, s := range r.of(t, "c-value").steps {
		if s.kind == 'M' {
			moves++
		}
	}
	if moves != 3 { // the gap of two, and the window without a value
		t.Errorf("the line has %d pieces, want 3", moves)
	}
	levels := map[float64]bool{}
	for _, s := range r.of(t, "c-threshold").steps {
		levels[s.y] = true
	}
	if len(levels) != 2 {
		t.Errorf("the limit is drawn at %d levels, want 2", len(levels))
	}
}

var number = regexp.MustCompile(` (?:d|x|y|cx|cy|r)="([^"]*)"`)

// every is all charts with the same numbers everywhere.
func every(v []float64, states State) []Chart {
	at := func(i int) float64 {
		if len(v) == 0 {
			return math.NaN()
		}
		return v[i%len(v)]
	}
	trend := Trend{Title: "t", Worse: Side(states) - 1}
	heat := HeatMap{Title: "t", Rows: []HeatRow{{Name: "a"}, {Name: ""}}}
	var bins []Bin
	var cells []Cell
	var bars []Bar
	var dots []Dot
	var curve Curve
	for i := range v {
		start := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
		trend.Points = append(trend.Points, Point{
			Start: start, End: start.Add(time.Hour), Value: at(i), Low: at(i + 1), High: at(i + 2), Reference: at(i + 3), Rolling: at(i + 1), Threshold: at(i + 4),
			Estimated: at(i + 5), EstimatedLow: at(i + 1), EstimatedHigh: at(i), Coverage: at(i + 2), State: states,
		})
		heat.Windows = append(heat.Windows, start)
		heat.Rows[0].Cells = append(heat.Rows[0].Cells, HeatCell{Value: at(i), Threshold: at(i + 1), State: states})
		bins = append(bins, Bin{Name: "b", Low: at(i), High: at(i + 1), Reference: at(i + 2), Current: at(i + 3)})
		cells = append(cells, Cell{X0: at(i), X1: at(i + 1), Y0: at(i + 2), Y1: at(i + 3), N: int64(i)})
		bars = append(bars, Bar{Name: "b", Value: at(i), Low: at(i + 1), High: at(i + 2), N: int64(i), State: states})
		dots = append(dots, Dot{Name: "d", Value: at(i), Low: at(i + 1), High: at(i + 2), Reference: at(i + 3), State: states})
		curve.Points = append(curve.Points, XY{X: at(i), Y: at(i + 1), Low: at(i + 2), High: at(i + 3)})
	}
	var charts []Chart
	for _, log := range []bool{false, true} {
		axis := Axis{Title: "a", Log: log}
		trend.Axis = axis
		curve.Markers, curve.Steps = log, log
		charts = append(charts,
			trend, heat, Overlay{X: axis, Bins: bins}, Density{X: axis, Y: axis, Cells: cells, Diagonal: log}, Bars{Axis: axis, Bars: bars, Line: at(0)},
			Dots{Axis: axis, Dots: dots, Line: at(0), Worse: Below}, Curves{X: axis, Y: axis, Curves: []Curve{curve}, Diagonal: true, Square: log},
			Gauge{Axis: axis, Value: at(0), Low: at(1), High: at(2), Threshold: at(3), Reference: at(4), State: states, Worse: Below},
			Spark{Values: v, Threshold: at(0), States: []State{states}}, Matrix{Classes: []string{"a", "b"}, Counts: [][]int64{{0, 1}}},
		)
	}
	return charts
}

// No number breaks a picture: all lengths are numbers within it.
func TestNumbersThatAreHardToDraw(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	lists := [][]float64{
		nil, {nan}, {inf, -inf}, {0}, {3}, {3, 3, 3}, {-1, 1}, {1e300, -1e300}, {math.MaxFloat64, -math.MaxFloat64}, {5e-324, 1e-323},
		{1e300, 1e-300}, {1, 1 + 1e-15}, {nan, 1, inf, 2}, {0, 1e308, 5e-324, -1e-310},
	}
	check := func(t interface{ Errorf(string, ...any) }, c Chart, numbers any) {
		for _, width := range []float64{Wide, Narrow, 60} {
			svg := SVG(c, Size{Width: width})
			w, h := sized(c, width)
			for _, m := range number.FindAllStringSubmatch(svg, -1) {
				if strings.Contains(m[1], "N") || strings.Contains(m[1], "I") {
					t.Errorf("%T of %v: %s", c, numbers, m[0])
				}
			}
			r := &recorder{}
			c.draw(r, w, h)
			for _, s := range r.shapes {
				for _, p := range s.path.steps {
					if p.kind != 'Z' && (!(p.x >= -12) || !(p.x <= w+60) || !(p.y >= -12) || !(p.y <= h+12)) {
						t.Errorf("%T of %v at %v by %v: %s reaches %v, %v", c, numbers, w, h, s.class, p.x, p.y)
						return
					}
				}
			}
			if svg != SVG(c, Size{Width: width}) {
				t.Errorf("%T of %v: other bytes the second time", c, numbers)
			}
			c.Table().HTML()
		}
	}
	for _, list := range lists {
		for s := range 4 {
			for _, c := range every(list, State(s)) {
				check(t, c, list)
			}
		}
	}
	for _, c := range every([]float64{nan, 1e300, -5}, Bad) {
		if _, err := PNG(c, Size{Width: Narrow}); err != nil {
			t.Errorf("%T: %v", c, err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(rapid.Float64(), 0, 6).Draw(r, "numbers")
		for _, c := range every(list, State(rapid.IntRange(0, 3).Draw(r, "state"))) {
			check(r, c, list)
		}
	})
}

// Whatever names hold, an SVG is well-formed and has no elements but its own.
func TestNamesAreText(t *testing.T) {
	own := []string{"svg", "title", "desc", "g", "path", "circle", "text"}
	for name, c := range sampleCharts() {
		svg := Responsive(c, Size{})
		decoder := xml.NewDecoder(strings.NewReader("<div>" + svg + "</div>"))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local != "div" && !slices.Contains(own, e.Name.Local) {
				t.Errorf("%s has an element %s", name, e.Name.Local)
			}
		}
		if strings.ContainsAny(regexp.MustCompile(`<text[^>]*>[^<]*`).FindString(svg), "\u202e\u0000") {
			t.Errorf("%s: a text turns direction around", name)
		}
		if table := c.Table().HTML(); strings.Contains(table, "<script") {
			t.Errorf("%s: the table has markup", name)
		}
	}
	if svg := SVG(Dots{Title: "x", Dots: []Dot{{Name: "שלום\u202e"}}}, Size{}); !strings.Contains(svg, ">\u2068שלום\u2069</text>") {
		t.Errorf("a name from right to left is not isolated:\n%s", svg)
	}
}

// All have a role, a name and a description that are found, and two charts on a page have ids of their own.
func TestAccessibleNames(t *testing.T) {
	ids := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(sampleCharts())) {
		svg := Responsive(sampleCharts()[name], Size{ID: name})
		for _, m := range regexp.MustCompile(`<svg [^>]*role="img" aria-labelledby="([^ "]+) ([^"]+)"`).FindAllStringSubmatch(svg, -1) {
			for _, id := range m[1:] {
				if ids[id] != "" || !strings.Contains(svg, ` id="`+id+`"`) {
					t.Errorf("%s: id %s is of %s too, or of nothing", name, id, ids[id])
				}
				ids[id] = name
			}
		}
	}
	if len(ids) != 4*len(sampleCharts()) {
		t.Errorf("%d ids, want %d", len(ids), 4*len(sampleCharts()))
	}
}

func TestPNG(t *testing.T) {
	trend := sampleTrend(31)
	first, err := PNG(trend, Size{})
	if err != nil {
		t.Fatal(err)
	}
	second, _ := PNG(trend, Size{})
	if !bytes.Equal(first, second) {
		t.Error("a PNG has other bytes the second time")
	}
	picture, err := png.Decode(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	w, h := sized(trend, Wide)
	if got, want := picture.Bounds().Size().String(), fmt.Sprintf("(%.0f,%.0f)", 2*(w+32), 2*(h+32)); got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
	// The value's line passes where the SVG has it: its colour is found there.
	r := &recorder{}
	trend.draw(r, w, h)
	steps := r.of(t, "c-value").steps
	a, b := steps[0], steps[1]
	x, y := int(px((a.x+b.x)/2)), int(px((a.y+b.y)/2))
	red, green, blue, _ := picture.At(x, y).RGBA()
	if accent := rgba("#2459c4"); red>>8 != uint32(accent.R) || green>>8 != uint32(accent.G) || blue>>8 != uint32(accent.B) {
		t.Errorf("at %d, %d it is %d, %d, %d, want the colour of the line", x, y, red>>8, green>>8, blue>>8)
	}
	if _, err := PNG(sampleHeatMap(400, 10), Size{}); err == nil || !strings.Contains(err.Error(), "fewer rows") {
		t.Errorf("a picture of 400 rows: %v", err)
	}
}
