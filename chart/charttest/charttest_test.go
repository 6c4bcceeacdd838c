package charttest

import (
	"math"
	"reflect"
	"testing"
)

func TestRead(t *testing.T) {
	got, err := Read(`<p>x</p><svg class="chart chart-trend"><title>a</title><g data-series="value" data-v="1.5 2*2" data-start="1e+09+60*3"/></svg>` +
		`<svg class="chart chart-bars"><g data-series="bar" data-name="a &lt; b" data-v="-1e-300" data-n="1e+06"/></svg>`)
	want := []Datum{
		{"trend", "value", "", map[string]float64{"v": 1.5, "start": 1e9}},
		{"trend", "value", "", map[string]float64{"v": 2, "start": 1e9 + 60}},
		{"trend", "value", "", map[string]float64{"v": 2, "start": 1e9 + 120}},
		{"bars", "bar", "a < b", map[string]float64{"v": -1e-300, "n": 1e6}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if got, err := Read(`<svg class="chart"><g data-series="value" data-v="+Inf*2 NaN"/></svg>`); err != nil || len(got) != 3 || !math.IsInf(got[1].Numbers["v"], 1) || !math.IsNaN(got[2].Numbers["v"]) {
		t.Errorf("%v, %v; want twice infinity and NaN", got, err)
	}
	for _, bad := range []string{`<svg class="chart">`, `<svg class="chart"><g data-series="v" data-v="x"/></svg>`, `<svg class="chart"><g data-series="v" data-v="1*x"/></svg>`, `<svg class="chart"><g></svg>`} {
		if _, err := Read(bad); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`<svg class="chart chart-trend"><g data-series="value" data-v="1 2*3 1000+60*4"/></svg>`)
	f.Add(`<svg class=""><g data-v="1"/></svg>`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Read(text); err != nil {
			return
		}
	})
}
