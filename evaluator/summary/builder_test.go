package summary

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/groundtruth"
)

// wideBatches makes n batches of 4,096 rows with so many distinct values that every
// bounded table overflows.
func wideBatches(n int) ([]*groundtruth.Batch, []*groundtruth.Matches) {
	return randomBatches(n, 200, 1000)
}

// randomBatches makes n batches with texts out of dictionaries of a size, whose names
// go on for a spread.
func randomBatches(n, texts, spread int) ([]*groundtruth.Batch, []*groundtruth.Matches) {
	const size = 4096
	r := rand.New(rand.NewPCG(9, 10))
	var batches []*groundtruth.Batch
	var matches []*groundtruth.Matches
	for range n {
		b := &groundtruth.Batch{Len: size, HasTime: true}
		m := &groundtruth.Matches{Len: size, HasTime: true}
		x := evaltest.Column{Name: "x", Kind: groundtruth.Number}
		c := evaltest.Column{Name: "c", Kind: groundtruth.Text}
		city := evaltest.Column{Name: "city", Kind: groundtruth.Text}
		version := evaltest.Column{Name: "version", Kind: groundtruth.Text}
		for i := range texts {
			c.Dict = append(c.Dict, fmt.Sprint("c", i, r.IntN(spread)))
			city.Dict = append(city.Dict, fmt.Sprint("city", i, r.IntN(spread)))
			version.Dict = append(version.Dict, fmt.Sprint("v", i, r.IntN(spread)))
		}
		for range size {
			t := tableWindow.Start.UnixNano() + r.Int64N(24*3600*1e9)
			y := r.NormFloat64()
			b.Times, m.Times = append(b.Times, t), append(m.Times, t)
			b.Predictions, m.Predictions = append(b.Predictions, y), append(m.Predictions, y)
			m.Labels = append(m.Labels, y+r.NormFloat64())
			sampled := groundtruth.SampledRow{Row: len(b.Sampled), Hash: r.Uint64()}
			b.Sampled, m.Sampled = append(b.Sampled, sampled), append(m.Sampled, sampled)
			x.Floats, x.Valid = append(x.Floats, r.NormFloat64()), append(x.Valid, true)
			for _, col := range []*evaltest.Column{&c, &city, &version} {
				col.Codes, col.Valid = append(col.Codes, r.Uint32N(uint32(texts))), append(col.Valid, true)
			}
		}
		b.Features = []groundtruth.Values{x.Values(), c.Counted()}
		b.Version, m.Version = version.Counted(), version.Rows()
		m.Segments = []groundtruth.Column{city.Rows()}
		batches, matches = append(batches, b), append(matches, m)
	}
	return batches, matches
}

var wideFeatures = []groundtruth.FeatureSpec{{Name: "c", Kind: groundtruth.Text}, {Name: "x", Kind: groundtruth.Number}}

func TestSummaryStaysWithinItsBudget(t *testing.T) {
	batches, matches := wideBatches(12)
	// The reference is the first half: 24,576 distinct numbers, and 1,200 texts.
	p := NewProfiler(wideFeatures, tableSegments, ProfilerOptions{})
	for i := range batches[:6] {
		p.AddPredictions(batches[i])
		p.AddMatches(matches[i])
	}
	l := p.Layout()
	var sizes []int64
	var encoded []int
	for _, n := range []int{6, 12} {
		b := NewBuilder(l, tableWindow, tableSegments, BuilderOptions{})
		for i := range n {
			b.AddPredictions(batches[i])
			b.AddMatches(matches[i])
		}
		s := b.Summary()
		if n == 12 {
			checkStoredHalf(t, l, s, batches, matches)
		}
		sizes = append(sizes, s.Bytes())
		encoded = append(encoded, len(summaryBytes(t, s)))
		if got := len(s.Segments()["city"]); got != DefaultMaxSegments+1 {
			t.Errorf("%d cities", got)
		}
		if got := len(s.Versions()); got != DefaultMaxSegments+1 {
			t.Errorf("%d versions", got)
		}
		if rows, _ := s.Sample(); len(rows) != groundtruth.SampleSize || math.IsNaN(rows[0].Label) {
			t.Errorf("%d rows in the sample", len(rows))
		}
	}
	// Three numeric columns of about 10,010 edges take 32 bytes an edge and at most
	// 43 bytes for each of 10,000 values between them; all rows' sums with their blocks
	// 0.3 MB and the sketch 0.7; and 202 groups 13 KB and a sketch of 44 KB each.
	const budget = 3*(10_010*32+10_000*43) + 1_000_000 + 202*(13_000+44_000) + 400_000
	for i, size := range sizes {
		if size > budget {
			t.Errorf("%d bytes with %d batches, budget %d", size, 6*(i+1), budget)
		}
	}
	if growth := float64(encoded[1]) / float64(encoded[0]); growth > 1.3 {
		t.Errorf("encoded from %d to %d bytes with twice the rows", encoded[0], encoded[1])
	}
	t.Logf("%d bytes in memory, %d encoded", sizes[1], encoded[1])
}

// checkStoredHalf checks that the whole is the first half, stored and read again,
// merged with the second.
func checkStoredHalf(t *testing.T, l *Layout, whole *Summary, batches []*groundtruth.Batch, matches []*groundtruth.Matches) {
	halves := []*Builder{
		NewBuilder(l, tableWindow, tableSegments, BuilderOptions{}), NewBuilder(l, tableWindow, tableSegments, BuilderOptions{}),
	}
	for i := range batches {
		halves[i*2/len(batches)].AddPredictions(batches[i])
		halves[i*2/len(batches)].AddMatches(matches[i])
	}
	s := stored(t, halves[0].Summary())
	if err := s.Merge(halves[1].Summary()); err != nil {
		t.Fatal(err)
	}
	if string(summaryBytes(t, s)) != string(summaryBytes(t, whole)) {
		t.Error("a stored half and the other half differ from the whole")
	}
}

func TestProfilerStaysWithinItsBudget(t *testing.T) {
	batches, matches := wideBatches(6)
	const budget = 3 * 12_000 * slotBytes
	p := NewProfiler(wideFeatures, tableSegments, ProfilerOptions{TableBytes: budget})
	for i := range batches {
		p.AddPredictions(batches[i])
		p.AddMatches(matches[i])
	}
	total := p.prediction.numbers.bytes() + p.label.numbers.bytes()
	for _, c := range p.features {
		total += c.numbers.bytes()
	}
	if total > budget {
		t.Errorf("%d bytes of tables, budget %d", total, budget)
	}
	if l := p.Layout(); l.Feature("x").Exact || l.Feature("x").Bound > 1e-3 {
		t.Errorf("exact %v, bound %v", l.Feature("x").Exact, l.Feature("x").Bound)
	}
}

func TestBuilderDoesNotAllocatePerRow(t *testing.T) {
	batches, matches := wideBatches(1)
	p := NewProfiler(wideFeatures, tableSegments, ProfilerOptions{})
	p.AddPredictions(batches[0])
	p.AddMatches(matches[0])
	b := NewBuilder(p.Layout(), tableWindow, tableSegments, BuilderOptions{})
	add := func() {
		b.AddPredictions(batches[0])
		b.AddMatches(matches[0])
	}
	// Until the first values of each group are counted, they are kept.
	for range 2 * earlyValues * wholeBuckets / batches[0].Len {
		add()
	}
	if n := testing.AllocsPerRun(3, add); n > 40 {
		t.Errorf("%v allocations for 4,096 rows", n)
	}
}

func benchmarkBuilder(b *testing.B, texts, spread int, add func(*Builder, *groundtruth.Batch, *groundtruth.Matches)) {
	batches, matches := randomBatches(8, texts, spread)
	p := NewProfiler(wideFeatures, tableSegments, ProfilerOptions{})
	for i := range batches {
		p.AddPredictions(batches[i])
		p.AddMatches(matches[i])
	}
	builder := NewBuilder(p.Layout(), tableWindow, tableSegments, BuilderOptions{})
	for i := 0; b.Loop(); i++ {
		add(builder, batches[i%8], matches[i%8])
	}
	b.ReportMetric(4096*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkBuilderPredictions(b *testing.B) {
	benchmarkBuilder(b, 5, 1, func(s *Builder, p *groundtruth.Batch, _ *groundtruth.Matches) { s.AddPredictions(p) })
}

func BenchmarkBuilderMatches(b *testing.B) {
	add := func(s *Builder, _ *groundtruth.Batch, m *groundtruth.Matches) { s.AddMatches(m) }
	b.Run("5_versions_and_cities", func(b *testing.B) { benchmarkBuilder(b, 5, 1, add) })
	b.Run("thousands", func(b *testing.B) { benchmarkBuilder(b, 200, 1000, add) })
}

func BenchmarkProfiler(b *testing.B) {
	batches, matches := wideBatches(8)
	for b.Loop() {
		p := NewProfiler(wideFeatures, tableSegments, ProfilerOptions{})
		for i := range batches {
			p.AddPredictions(batches[i])
			p.AddMatches(matches[i])
		}
		p.Layout()
	}
	b.ReportMetric(8*4096*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
