package evaluator

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
	"pgregory.net/rapid"
)

// TestBinnerCountsAsTheSearchDoes compares the bins with the counts of one value at a
// time, on edges and values of many shapes.
func TestBinnerCountsAsTheSearchDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		draw := rapid.SampledFrom([]func() float64{
			r.NormFloat64,
			func() float64 { return math.Exp(5 * r.NormFloat64()) },
			func() float64 { return 1e9 + math.Round(1000*r.Float64()) },
			func() float64 { return math.Round(100*r.NormFloat64()) / 100 },
			func() float64 { return math.Ldexp(r.NormFloat64(), r.IntN(600)-300) },
			func() float64 { return math.Copysign(0, -r.Float64()) },
			func() float64 { return math.Pow(r.Float64(), 40) },
		}).Draw(t, "shape")
		edges := make([]float64, rapid.IntRange(2, 3000).Draw(t, "edges"))
		for i := range edges {
			edges[i] = unsignedZero(draw())
		}
		slices.Sort(edges)
		edges = slices.Compact(edges)
		b := newBinner(edges)
		if b == nil {
			return // too few, or too far apart
		}
		l := &ColumnLayout{Name: "x", Kind: groundtruth.Number, Edges: edges, Center: 0.5}
		want, got := newColumnSummary(l, 500), newColumnSummary(l, 500)
		got.bins = b
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			xs := make([]float64, rapid.IntRange(1, 1500).Draw(t, "values"))
			for i := range xs {
				xs[i] = draw()
				if r.IntN(3) == 0 {
					xs[i] = edges[r.IntN(len(edges))]
				}
			}
			want.noBins = true
			want.addNumbers(xs, nil)
			got.addBinned(xs, slices.Min(xs), slices.Max(xs))
		}
		got.settle()
		if !slices.Equal(got.points, want.points) || !slices.Equal(got.opens, want.opens) {
			t.Fatalf("points %v %v\nopens %v %v", got.points, want.points, got.opens, want.opens)
		}
		if !slices.Equal(got.places, want.places) || got.low.Float64() != want.low.Float64() || got.high.Float64() != want.high.Float64() {
			t.Fatalf("places %v %v, low %v %v, high %v %v", got.places, want.places, got.low.Float64(), want.low.Float64(), got.high.Float64(), want.high.Float64())
		}
		if a, b := got.interior.sorted(), want.interior.sorted(); got.interior.over != want.interior.over || !slices.Equal(a, b) {
			t.Fatalf("interior %v, want %v", a, b)
		}
	})
}

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
				out, _ = bins.add(part, edges[0], edges[len(edges)-1], out[:0], nil, false)
				i = (i + 2048) % len(xs)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/2048, "ns/value")
		})
	}
}
