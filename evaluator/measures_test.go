package evaluator

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// golden is testdata/measures.json, made by measures.py beside it.
type golden struct {
	Reference      map[string]json.RawMessage    `json:"reference"`
	Current        map[string]json.RawMessage    `json:"current"`
	Columns        map[string]map[string]float64 `json:"columns"`
	Metrics        map[string]float64            `json:"metrics"`
	StandardErrors map[string]float64            `json:"standard_errors"`
	KurtosisE2     float64                       `json:"kurtosis_e2"`
}

// send sends a table to a sink, as a scan would.
func send(t *testing.T, s groundtruth.Sink, table map[string]json.RawMessage, features []groundtruth.FeatureSpec) {
	t.Helper()
	numbers := func(name string) []float64 {
		var out []float64
		if err := json.Unmarshal(table[name], &out); err != nil {
			t.Fatalf("column %s: %v", name, err)
		}
		return out
	}
	predictions, labels := numbers("prediction"), numbers("label")
	n := len(predictions)
	all := slices.Repeat([]bool{true}, n)
	b := &groundtruth.Batch{Len: n, Times: make([]int64, n), Predictions: predictions}
	for _, f := range features {
		c := evaltest.Column{Name: f.Name, Kind: f.Kind, Valid: all}
		if f.Kind == groundtruth.Number {
			c.Floats = numbers(f.Name)
		} else {
			var texts []string
			if err := json.Unmarshal(table[f.Name], &texts); err != nil {
				t.Fatalf("column %s: %v", f.Name, err)
			}
			for _, x := range texts {
				i := slices.Index(c.Dict, x)
				if i < 0 {
					i = len(c.Dict)
					c.Dict = append(c.Dict, x)
				}
				c.Codes = append(c.Codes, uint32(i))
			}
		}
		b.Features = append(b.Features, c.Values())
	}
	s.AddPredictions(b)
	s.AddMatches(&groundtruth.Matches{Len: n, Times: make([]int64, n), Predictions: predictions, Labels: labels})
}

// profileOf makes the profile of a reference table.
func profileOf(t *testing.T, table map[string]json.RawMessage, features []groundtruth.FeatureSpec) *summary.Profile {
	t.Helper()
	p := summary.NewProfiler(features, nil, summary.ProfilerOptions{})
	send(t, p, table, features)
	layout := p.Layout()
	b := summary.NewBuilder(layout, layout.Span(), nil, summary.BuilderOptions{})
	send(t, b, table, features)
	return summary.NewProfile(b.Summary())
}

func goldenFeatures() []groundtruth.FeatureSpec {
	var out []groundtruth.FeatureSpec
	for _, name := range []string{"binary", "few", "lognormal", "normal", "tied"} {
		out = append(out, groundtruth.FeatureSpec{Name: name, Kind: groundtruth.Number})
	}
	return append(out, groundtruth.FeatureSpec{Name: "city", Kind: groundtruth.Text})
}

func readGolden(t *testing.T) golden {
	t.Helper()
	return evaltest.ReadGolden[golden](t, "testdata/measures.json")
}

func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Max(1, math.Abs(want))) {
		t.Errorf("%s is %.17g, want %.17g", what, got, want)
	}
}

func TestMeasuresEqualNumpyScipyAndScikitLearn(t *testing.T) {
	g := readGolden(t)
	features := goldenFeatures()
	profile := profileOf(t, g.Reference, features)
	b := summary.NewBuilder(profile.Layout, groundtruth.Window{}, nil, summary.BuilderOptions{})
	send(t, b, g.Current, features)
	cur := b.Summary()
	ev := Evaluate(cur, profile, Options{})
	for name, want := range g.Metrics {
		within(t, name, float64(ev.Metrics[name].Value), want, 1e-12)
	}
	for name, want := range g.StandardErrors {
		within(t, "standard error of "+name, ev.Metrics[name].Estimate.SE, want, 1e-10)
	}
	within(t, "kurtosis of e^2", ev.Metrics["mse"].Estimate.Kurtosis, g.KurtosisE2, 1e-10)
	if len(ev.Drift.Columns) != len(g.Columns) {
		t.Errorf("drift of %d columns, want %d", len(ev.Drift.Columns), len(g.Columns))
	}
	for column, measures := range g.Columns {
		for name, want := range measures {
			m, ok := ev.Drift.Columns[column].Measures[name]
			if !ok {
				t.Errorf("%s of %s is not computed", name, column)
				continue
			}
			within(t, name+" of "+column, float64(m.Value), want, 1e-10)
			if m.Bound != nil {
				t.Errorf("%s of %s has a bound of %g, though every value is known", name, column, *m.Bound)
			}
		}
	}
	if got := ev.Metrics["mape"].N; got != cur.Matched()-1 {
		t.Errorf("mape counts %d rows, want all but the one with label 0", got)
	}
}

func TestEvaluateWithoutRowsIsNullWithAReason(t *testing.T) {
	g := readGolden(t)
	profile := profileOf(t, g.Reference, goldenFeatures())
	ev := Evaluate(summary.NewBuilder(profile.Layout, groundtruth.Window{}, nil, summary.BuilderOptions{}).Summary(), profile, Options{})
	for name, m := range ev.Metrics {
		if !math.IsNaN(float64(m.Value)) || m.Reason == "" {
			t.Errorf("%s is %v with reason %q, want null and a reason", name, m.Value, m.Reason)
		}
	}
	if !math.IsNaN(float64(ev.Drift.Share)) || ev.Drift.Reason == "" {
		t.Errorf("drift.share is %v with reason %q, want null and a reason", ev.Drift.Share, ev.Drift.Reason)
	}
	for name, c := range ev.Drift.Columns {
		if c.Drifted != nil || c.Reason == "" {
			t.Errorf("column %s: drifted %v with reason %q, want inconclusive and a reason", name, c.Drifted, c.Reason)
		}
	}
	data, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(data); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
		t.Errorf("JSON holds a number that isn't: %s", s)
	}
}
