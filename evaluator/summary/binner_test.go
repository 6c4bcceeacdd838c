package summary

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/cpu"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// TestBinnerCountsAsTheSearchDoes compares the bins with the counts of one value at a
// time, on edges and values of many shapes.
func TestBinnerCountsAsTheSearchDoes(t *testing.T) {
	byForm(t, func(t *testing.T) { rapid.Check(t, checkBinner) })
}

func checkBinner(t *rapid.T) {
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
		got.addNumbers(xs, nil)
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
}

// BenchmarkAddNumbers takes values of several shapes into columns of few and many edges.
func BenchmarkAddNumbers(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	xs := make([]float64, 1<<16)
	for _, c := range []struct {
		name  string
		edges int
		draw  func() float64
	}{
		{"normal", 800, r.NormFloat64},
		{"normal", 10_000, r.NormFloat64},
		{"lognormal", 800, func() float64 { return math.Exp(r.NormFloat64()) }},
		{"lognormal", 10_000, func() float64 { return math.Exp(r.NormFloat64()) }},
		{"uniform", 10_000, r.Float64},
		{"cents", 10_000, func() float64 { return math.Round(100*math.Exp(r.NormFloat64())) / 100 }},
		{"constant", 800, func() float64 { return max(r.NormFloat64(), 0) }},
	} {
		edges := make([]float64, c.edges)
		for i := range edges {
			edges[i] = c.draw()
		}
		slices.Sort(edges)
		l := &ColumnLayout{Name: "x", Kind: groundtruth.Number, Edges: slices.Compact(edges)}
		for i := range xs {
			xs[i] = c.draw()
		}
		b.Run(fmt.Sprintf("%s/%d", c.name, c.edges), func(b *testing.B) {
			byForm(b, func(b *testing.B) {
				s := newColumnSummary(l, 0)
				s.addNumbers(xs, nil) // makes the bins
				b.SetBytes(8 * 1 << 16)
				for b.Loop() {
					s.addNumbers(xs, nil)
				}
				b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/(1<<16), "ns/value")
			})
		})
	}
}

// BenchmarkAddColumns takes blocks of ten columns of 10,000 edges in turn, which find
// their bins beyond a core's own cache.
func BenchmarkAddColumns(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	const rows = 1 << 16
	columns := make([][]float64, 10)
	layouts := make([]*ColumnLayout, len(columns))
	for i := range columns {
		columns[i] = make([]float64, rows)
		for k := range columns[i] {
			columns[i][k] = r.NormFloat64()
		}
		edges := slices.Clone(columns[i][:10_000])
		slices.Sort(edges)
		edges[0], edges[len(edges)-1] = slices.Min(columns[i]), slices.Max(columns[i])
		layouts[i] = &ColumnLayout{Name: "x", Kind: groundtruth.Number, Edges: slices.Compact(edges)}
	}
	byForm(b, func(b *testing.B) {
		var summaries []*Column
		for i, l := range layouts {
			summaries = append(summaries, newColumnSummary(l, 0))
			summaries[i].addNumbers(columns[i], nil) // makes the bins
		}
		b.SetBytes(8 * rows * int64(len(columns)))
		for b.Loop() {
			for i, s := range summaries {
				s.addNumbers(columns[i], nil)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/rows/float64(len(columns)), "ns/value")
	})
}

// byForm runs fn with the vector forms, where there are any for this processor, and
// without.
func byForm[T interface{ Run(string, func(T)) bool }](t T, fn func(t T)) {
	has := cpu.X86.HasAVX2
	defer func() { cpu.X86.HasAVX2 = has }()
	if has {
		t.Run("vector", fn)
	}
	cpu.X86.HasAVX2 = false
	t.Run("plain", fn)
}
