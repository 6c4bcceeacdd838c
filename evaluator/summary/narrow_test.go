package summary

import (
	"bytes"
	"math"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestNarrowValuesCountAlikeHoweverTheyCome holds that the batches in which values come,
// one by one or counted, change nothing.
func TestNarrowValuesCountAlikeHoweverTheyCome(t *testing.T) {
	xs := evaltest.Series(20_000, func(i int) float64 { return math.Sqrt(float64(i * 7 % 5000)) })
	p := NewProfiler([]groundtruth.FeatureSpec{{Name: "f", Kind: groundtruth.Number}}, nil, ProfilerOptions{})
	p.AddPredictions(evaltest.ColumnIn(64, xs))
	layout := p.Layout()
	encoded := func(send func(*Builder)) []byte {
		b := NewBuilder(layout, groundtruth.Window{}, nil, BuilderOptions{})
		send(b)
		data, err := b.Summary().MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	want := encoded(func(b *Builder) { b.AddPredictions(evaltest.ColumnIn(32, xs)) })
	if got := encoded(func(b *Builder) {
		for from := 0; from < len(xs); from += 777 {
			b.AddPredictions(evaltest.ColumnIn(32, xs[from:min(from+777, len(xs))]))
		}
	}); !bytes.Equal(got, want) {
		t.Error("small batches count otherwise")
	}
	if got := encoded(func(b *Builder) {
		batch := evaltest.ColumnIn(32, xs)
		f := &batch.Features[0]
		f.Counts = make([]int64, len(f.Floats))
		for i := range f.Counts {
			f.Counts[i] = 1
		}
		b.AddPredictions(batch)
	}); !bytes.Equal(got, want) {
		t.Error("counted values count otherwise")
	}
}

// BenchmarkAlike measures what it costs that a column's width is not the reference's.
func BenchmarkAlike(b *testing.B) {
	xs := evaltest.Series(1<<16, func(i int) float64 { return math.Sqrt(float64(i * 7919 % 10_000)) })
	for name, bits := range map[string][2]int{"same": {64, 64}, "narrow window": {64, 32}, "narrow reference": {32, 64}} {
		b.Run(name, func(b *testing.B) {
			p := NewProfiler([]groundtruth.FeatureSpec{{Name: "f", Kind: groundtruth.Number}}, nil, ProfilerOptions{})
			p.AddPredictions(evaltest.ColumnIn(bits[0], xs))
			builder := NewBuilder(p.Layout(), groundtruth.Window{}, nil, BuilderOptions{})
			batch := evaltest.ColumnIn(bits[1], xs)
			batch.Len = 0
			b.SetBytes(int64(len(xs)))
			for b.Loop() {
				builder.AddPredictions(batch)
			}
		})
	}
}

// TestReferenceOfBothWidthsIsOf32Bits holds that a reference whose files differ has no
// value twice.
func TestReferenceOfBothWidthsIsOf32Bits(t *testing.T) {
	xs := evaltest.Series(1000, func(i int) float64 { return float64(i%4) / 10 })
	for _, bits := range [][2]int{{64, 32}, {32, 64}} {
		p := NewProfiler([]groundtruth.FeatureSpec{{Name: "f", Kind: groundtruth.Number}}, nil, ProfilerOptions{})
		q := NewProfiler([]groundtruth.FeatureSpec{{Name: "f", Kind: groundtruth.Number}}, nil, ProfilerOptions{})
		p.AddPredictions(evaltest.ColumnIn(bits[0], xs))
		q.AddPredictions(evaltest.ColumnIn(bits[1], xs))
		if err := p.Merge(q); err != nil {
			t.Fatal(err)
		}
		l := p.Layout().Features[0]
		if len(l.Edges) != 4 || !l.Narrow || l.Edges[1] != float64(float32(0.1)) {
			t.Errorf("%v: edges %v", bits, l.Edges)
		}
	}
}
