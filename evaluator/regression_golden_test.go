package evaluator

import (
	"fmt"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// regressionGolden is testdata/regression.json, made by regression.py beside it.
type regressionGolden struct {
	Orders []float64 `json:"orders"`
	Tables map[string]struct {
		Label                  []float64          `json:"label"`
		Prediction             []float64          `json:"prediction"`
		Weight                 []float64          `json:"weight"`
		Quantiles              [][]float64        `json:"quantiles"`
		Metrics                map[string]float64 `json:"metrics"`
		Weighted               map[string]float64 `json:"weighted"`
		StandardErrors         map[string]float64 `json:"standard_errors"`
		WeightedStandardErrors map[string]float64 `json:"weighted_standard_errors"`
	} `json:"tables"`
}

// TestRegressionMetricsEqualScikitLearn holds all of them, with and without weights, on the
// layout of a reference and on none.
func TestRegressionMetricsEqualScikitLearn(t *testing.T) {
	g := evaltest.ReadGolden[regressionGolden](t, "testdata/regression.json")
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, table := range g.Tables {
		m := groundtruth.Matches{
			Len: len(table.Label), Times: make([]int64, len(table.Label)), HasTime: true, Predictions: table.Prediction, Labels: table.Label,
			Quantiles: table.Quantiles, Version: groundtruth.Column{Kind: groundtruth.Absent},
		}
		for i := range m.Times {
			m.Times[i] = start.Add(time.Duration(i) * time.Second).UnixNano()
		}
		p := summary.NewProfiler(nil, nil, summary.ProfilerOptions{})
		p.AddPredictions(&groundtruth.Batch{Len: m.Len, Times: m.Times, HasTime: true, Predictions: m.Predictions})
		p.AddMatches(&m)
		for _, of := range []struct {
			name           string
			layout         *summary.Layout
			weights        []float64
			want, standard map[string]float64
		}{
			{"on a layout", p.Layout(), nil, table.Metrics, table.StandardErrors},
			{"on none", nil, nil, table.Metrics, table.StandardErrors},
			{"with weights", p.Layout(), table.Weight, table.Weighted, table.WeightedStandardErrors},
			{"with weights on none", nil, table.Weight, table.Weighted, table.WeightedStandardErrors},
		} {
			m := m
			m.Weights = of.weights
			b := summary.NewBuilder(of.layout, groundtruth.Window{}, nil, summary.BuilderOptions{Quantiles: g.Orders})
			b.AddMatches(&m)
			got := metric.OfWindow(b.Summary().Errors(), nil, metric.Options{Quantiles: g.Orders})
			for _, spec := range metric.Specs(groundtruth.Regression) {
				what := fmt.Sprintf("%s of %s %s", spec.Name, name, of.name)
				m := got[spec.Name]
				want, ok := of.want[spec.Name]
				if !ok {
					if stat.IsNumber(float64(m.Value)) || m.Reason == "" {
						t.Errorf("%s is %g (%s), want none and a reason", what, m.Value, m.Reason)
					}
					continue
				}
				within(t, what, float64(m.Value), want, 1e-9)
				if m.Low > m.Value || m.High < m.Value {
					t.Errorf("%s is %g, beside its interval of %g to %g", what, m.Value, m.Low, m.High)
				}
			}
			for metric, want := range of.standard {
				within(t, fmt.Sprintf("standard error of %s of %s %s", metric, name, of.name), got[metric].Estimate.SE, want, 1e-9)
			}
		}
	}
}
