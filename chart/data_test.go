package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/chart/charttest"
)

// same reports whether two numbers are the same bits, or both are NaN.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// find returns the numbers of a field of a series, those of one name where one is given.
func find(t *testing.T, svg, series, name, field string) []float64 {
	t.Helper()
	data, err := charttest.Read(svg)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []float64
	for _, d := range data {
		if d.Series == series && (name == "" || d.Name == name) {
			v, ok := d.Numbers[field]
			if !ok {
				v = math.NaN()
			}
			numbers = append(numbers, v)
		}
	}
	return numbers
}

// What an SVG's attributes say are the numbers that it was given, bit for bit.
func TestNumbersAreReadBack(t *testing.T) {
	trend := sampleTrend(31)
	trend.Points[3].Threshold = 1.7
	svg := Responsive(trend, Size{})
	of := func(f func(Point) float64) (numbers []float64) {
		for _, p := range trend.Points {
			numbers = append(numbers, f(p))
		}
		return numbers
	}
	check := func(what string, got, want []float64) {
		t.Helper()
		if !slices.EqualFunc(got, want, same) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("value", find(t, svg, "value", "", "v"), of(value))
	check("low", find(t, svg, "value", "", "low"), of(low))
	check("high", find(t, svg, "value", "", "high"), of(high))
	check("start", find(t, svg, "value", "", "start"), of(func(p Point) float64 { return float64(p.Start.Unix()) }))
	check("state", find(t, svg, "value", "", "state"), of(func(p Point) float64 { return float64(p.State) }))
	check("rows", find(t, svg, "value", "", "n"), of(func(p Point) float64 { return float64(p.N) }))
	check("threshold", find(t, svg, "threshold", "", "v"), of(threshold))
	check("reference", find(t, svg, "reference", "", "v"), of(reference))
	check("estimated", find(t, svg, "estimated", "", "v"), of(estimated))
	check("coverage", find(t, svg, "coverage", "", "v"), of(coverage))
	check("marks", find(t, svg, "mark", "retraining run-42 succeeded", "at"), []float64{float64(trend.Marks[0].At.Unix())})

	charts := sampleCharts()
	heat := sampleHeatMap(12, 365)
	var cells []float64
	for _, c := range heat.Rows[4].Cells {
		cells = append(cells, c.Value)
	}
	check("cells", find(t, SVG(heat, Size{}), "cell", "hour", "v"), cells)
	check("bars", find(t, SVG(charts["bars"], Size{}), "bar", "17", "low"), []float64{sampleBars().Bars[17].Low})
	check("dots", find(t, SVG(charts["dots"], Size{}), "dot", "zone = centre", "v"), []float64{1.4})
	check("bins", find(t, SVG(charts["overlay"], Size{}), "bin", "missing", "current"), []float64{0.06})
	check("outer bins", find(t, SVG(charts["overlay"], Size{}), "bin", "", "high")[24:25], []float64{math.Inf(1)})
	check("matrix", find(t, SVG(charts["matrix"], Size{}), "count", "cat as dog", "n"), []float64{220})
	check("gauge", find(t, SVG(charts["gauge"], Size{}), "gauge", "", "threshold"), []float64{1.68})
	check("spark", find(t, SVG(charts["spark"], Size{}), "value", "", "v"), of(value))
	curve := sampleROC().Curves[0]
	for i, y := range find(t, SVG(charts["curves"], Size{}), "curve", curve.Name, "y") {
		if !same(y, curve.Points[i].Y) {
			t.Errorf("curve: %v, want %v", y, curve.Points[i].Y)
		}
	}
	sum := int64(0)
	for _, c := range sampleDensity().Cells {
		sum += c.N
	}
	total := 0.0
	for _, n := range find(t, SVG(charts["density"], Size{}), "cell", "", "n") {
		total += n
	}
	check("density", []float64{total}, []float64{float64(sum)})
}

func TestListsAreExact(t *testing.T) {
	if got, want := list([]float64{0.1, 0.1, 0.1, 1000, 1060, 1120, 2, math.NaN(), math.NaN(), 5, 6}), "0.1*3 1000+60*3 2 NaN*2 5 6"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	rapid.Check(t, func(r *rapid.T) {
		// Few values, so that runs are common, and any.
		few := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 2, 3, 1.5, math.NaN(), math.Inf(1), math.Inf(-1), 1e15, 1e16, 5e-324})
		numbers := rapid.SliceOfN(rapid.OneOf(few, rapid.Float64()), 1, 30).Draw(r, "numbers")
		got, err := charttest.Read(fmt.Sprintf(`<svg class="chart"><g data-series="s" data-v="%s"/></svg>`, list(numbers)))
		if err != nil || len(got) != len(numbers) {
			r.Fatalf("%q: %v, %v", list(numbers), got, err)
		}
		for i, d := range got {
			if !same(d.Numbers["v"], numbers[i]) {
				r.Errorf("%q: number %d is %v, want %v", list(numbers), i, d.Numbers["v"], numbers[i])
			}
		}
	})
}

// The table has a row for each datum, and the numbers as they are written.
func TestTablesHaveWhatIsDrawn(t *testing.T) {
	charts := sampleCharts()
	for name, want := range map[string]string{
		"trend": "1 Mar 2026", "bars": "17", "dots": "zone = airport", "overlay": "from 12", "categories": "cash", "matrix": "guinea pig", "heatmap": "trip_distance",
		"curves": "this window, AUC 0.81", "density": "0 to 1",
	} {
		table := charts[name].Table()
		if len(table.Rows) == 0 || !strings.Contains(table.HTML(), `<th scope="row">`+want+"</th>") {
			t.Errorf("%s: no row %q in\n%.400s", name, want, table.HTML())
		}
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: a row of %d cells below %d columns: %q", name, len(row), len(table.Columns), row)
			}
		}
	}
}
