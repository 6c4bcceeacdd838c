package evaluator

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// BenchmarkBinner counts values of several shapes by 10,000 edges.
func BenchmarkBinner(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		draw func() float64
	}{
		{"normal", r.NormFloat64},
		{"lognormal", func() float64 { return math.Exp(r.NormFloat64()) }},
		{"uniform", r.Float64},
		{"cents", func() float64 { return math.Round(100*math.Exp(r.NormFloat64())) / 100 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			edges := make([]float64, 10_000)
			for i := range edges {
				edges[i] = c.draw()
			}
			slices.Sort(edges)
			edges = slices.Compact(edges)
			xs := make([]float64, 1<<16)
			for i := range xs {
				xs[i] = c.draw()
			}
			bins := newBinner(edges)
			out := make([]float64, 0, 1<<16)
			i := 0
			for b.Loop() {
				part := xs[i : i+2048]
				out, _ = bins.add(part, out[:0], nil, false)
				i = (i + 2048) % len(xs)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/2048, "ns/value")
		})
	}
}
