package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// TestMetricsTableSaysWhyNoInterval has errors of which a few decide on the squares, and then
// some of which none does.
func TestMetricsTableSaysWhyNoInterval(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	table := func(draw func() float64) string {
		b := summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{})
		m := &groundtruth.Matches{Len: 2000, Times: make([]int64, 2000)}
		for range m.Len {
			m.Predictions, m.Labels = append(m.Predictions, draw()), append(m.Labels, 0)
		}
		b.AddMatches(m)
		var out bytes.Buffer
		metricsTable(&out, &job.Outcome{Evaluation: evaluator.Evaluation{Metrics: metric.OfWindow(b.Summary().Errors(), nil, metric.Options{})}})
		return out.String()
	}
	if got := table(func() float64 { return math.Exp(2 * rng.NormFloat64()) }); !strings.Contains(got, "\nno interval of rmse, mse: a few great errors decide on it") {
		t.Errorf("the table is\n%s", got)
	}
	if got := table(rng.NormFloat64); strings.Contains(got, "no interval") {
		t.Errorf("a table with all intervals is\n%s", got)
	}
}
