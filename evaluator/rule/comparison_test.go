package rule

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/hindcast/hindcast/evaluator/stat"
)

func TestComparisons(t *testing.T) {
	type side struct {
		variable         string
		value, threshold float64
	}
	nan := math.NaN()
	tests := []struct {
		when string
		want []Comparison
		of   []side // "" for a comparison without a threshold
	}{
		{
			"rmse > 1.2 * reference.rmse",
			[]Comparison{{Left: "rmse", Op: ">", Right: "1.2 * reference.rmse", LeftValue: 1.9, RightValue: 1.68, Variable: "rmse", Level: 0.95}},
			[]side{{"rmse", 1.9, 1.68}},
		},
		{
			"1.2 * reference.rmse < rmse",
			[]Comparison{{Left: "1.2 * reference.rmse", Op: "<", Right: "rmse", LeftValue: 1.68, RightValue: 1.9, Variable: "rmse", Level: 0.95}},
			[]side{{"rmse", 1.9, 1.68}},
		},
		{
			"reference.rmse < rmse",
			[]Comparison{{Left: "reference.rmse", Op: "<", Right: "rmse", LeftValue: 1.4, RightValue: 1.9, Variable: "rmse", Level: 0.95}},
			[]side{{"rmse", 1.9, 1.4}},
		},
		{
			"rmse - reference.rmse > 0.25",
			[]Comparison{{Left: "rmse - reference.rmse", Op: ">", Right: "0.25", LeftValue: 0.5, RightValue: 0.25, Level: 0.95}},
			[]side{{}},
		},
		{
			`prometheus.p95 > 0.5 && (drift.share >= 0.5 || !(predictions < 100))`,
			[]Comparison{
				{Left: "prometheus.p95", Op: ">", Right: "0.5", LeftValue: 0.7, RightValue: 0.5, Variable: "prometheus.p95"},
				{Left: "drift.share", Op: ">=", Right: "0.5", LeftValue: 0.5, RightValue: 0.5, Variable: "drift.share"},
				{Left: "predictions", Op: "<", Right: "100", LeftValue: 1000, RightValue: 100, Variable: "predictions"},
			},
			[]side{{"prometheus.p95", 0.7, 0.5}, {"drift.share", 0.5, 0.5}, {"predictions", 1000, 100}},
		},
		{
			"mape > 0.1",
			[]Comparison{{Left: "mape", Op: ">", Right: "0.1", LeftValue: stat.Number(nan), RightValue: 0.1, Variable: "mape", Level: 0.95}},
			[]side{{"mape", nan, 0.1}},
		},
		{"drift.columns[\"size\"].drifted", nil, nil},
	}
	same := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) }
	for _, tt := range tests {
		t.Run(tt.when, func(t *testing.T) {
			set, errs := Compile([]Spec{{Name: "r", When: tt.when, MinSamples: 1 << 40, For: 1, Action: "alert"}}, fullEnv())
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			facts := testFacts()
			results, _ := set.Judge(facts) // shown also where a guard is not met
			got := results[0].Comparisons
			if len(got) != len(tt.want) {
				t.Fatalf("got %+v", got)
			}
			for i, c := range got {
				w := tt.want[i]
				if !same(float64(c.LeftValue), float64(w.LeftValue)) || !same(float64(c.RightValue), float64(w.RightValue)) {
					t.Errorf("values %v and %v, want %v and %v", c.LeftValue, c.RightValue, w.LeftValue, w.RightValue)
				}
				variable, value, threshold, ok := c.Threshold()
				if s := tt.of[i]; variable != s.variable || ok != (s.variable != "") || ok && (!same(float64(value), s.value) || !same(float64(threshold), s.threshold)) {
					t.Errorf("%s: threshold of %q: %v against %v, %v; want %+v", tt.when, variable, value, threshold, ok, s)
				}
				c.LeftValue, c.RightValue, w.LeftValue, w.RightValue = 0, 0, 0, 0
				if c != w {
					t.Errorf("got %+v, want %+v", c, w)
				}
			}
			text, err := json.Marshal(results[0])
			if err != nil {
				t.Fatal(err)
			}
			var back Result
			if err := json.Unmarshal(text, &back); err != nil || len(back.Comparisons) != len(got) {
				t.Errorf("read back %+v, %v", back, err)
			}
			if again, err := json.Marshal(back); err != nil || !reflect.DeepEqual(again, text) {
				t.Errorf("%s became %s", text, again)
			}
		})
	}
}
