package exact

import (
	"math"
	"slices"
	"testing"

	"golang.org/x/sys/cpu"
	"pgregory.net/rapid"
)

// numbers draws values of all kinds of ranges, some of one magnitude and some not.
func numbers() *rapid.Generator[[]float64] {
	return rapid.Custom(func(t *rapid.T) []float64 {
		n := rapid.SampledFrom([]int{0, 1, 2, 3, 50, batchSize - 1, batchSize + 3, 3*batchSize + 1}).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		spread := rapid.SampledFrom([]int{0, 1, 30, 50, 100, 900}).Draw(t, "spread")
		middle := rapid.SampledFrom([]int{0, 0, 10, -40, 900, -1000, -1060}).Draw(t, "middle")
		xs := make([]float64, n)
		for i := range xs {
			seed = seed*6364136223846793005 + 1442695040888963407
			m := 1 + float64(seed>>12)/(1<<52)
			exp := middle
			if spread > 0 {
				exp += int(seed>>20) % spread
			}
			xs[i] = math.Ldexp(m, min(exp, 1000))
			switch seed >> 60 {
			case 0, 1, 2, 3, 4, 5:
				xs[i] = -xs[i]
			case 6:
				xs[i] = 0
			case 7:
				xs[i] = math.Trunc(xs[i])
			}
		}
		return xs
	})
}

func equalSums(s, o *Sum) bool {
	s.normalise()
	o.normalise()
	return *s == *o
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

func TestBatchesEqualSingleAdditions(t *testing.T) {
	byForm(t, func(t *testing.T) { rapid.Check(t, checkBatches) })
}

func checkBatches(t *rapid.T) {
	xs := numbers().Draw(t, "xs")
	center := rapid.SampledFrom([]float64{0, 1, 1000.5, -1e-30}).Draw(t, "center")
	var want, squares Sum
	for _, x := range xs {
		want.Add(x)
		d := x - center
		squares.Add(d * d)
	}
	low, high := 0.0, 0.0
	if len(xs) > 0 {
		low, high = slices.Min(xs), slices.Max(xs)
	}
	var got, gotSquares Sum
	got.AddAll(xs, low, high)
	gotSquares.AddSquares(xs, center, low, high)
	if !equalSums(&got, &want) {
		t.Fatalf("sum %v, want %v", got.Float64(), want.Float64())
	}
	if !equalSums(&gotSquares, &squares) {
		t.Fatalf("squares %v, want %v", gotSquares.Float64(), squares.Float64())
	}
}

func TestAddTimesEqualsAdditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := numbers().Draw(t, "xs")
		n := rapid.Int64Range(-1, 2000).Draw(t, "n")
		var got, want Sum
		for _, x := range append(xs, math.Inf(1), math.MaxFloat64, -math.SmallestNonzeroFloat64)[:min(len(xs)+3, 20)] {
			got.AddTimes(x, n)
			for range n {
				want.Add(x)
			}
		}
		if !equalSums(&got, &want) {
			t.Fatalf("got %v, want %v", got.Float64(), want.Float64())
		}
	})
	var got Sum
	got.AddTimes(math.NaN(), 2)
	if !math.IsNaN(got.Float64()) || got.nan != 2 {
		t.Errorf("NaN twice: %v", got.Float64())
	}
	// 2^62 times the greatest value, taken away as often.
	got = Sum{}
	got.AddTimes(math.MaxFloat64, 1<<62)
	got.AddTimes(-math.MaxFloat64, 1<<62)
	if !equalSums(&got, new(Sum)) {
		t.Error("adding and taking away leave something")
	}
}

// BenchmarkAddAll sums waves, and values so far apart that most leave a rest.
func BenchmarkAddAll(b *testing.B) {
	waves, far := make([]float64, 2048), make([]float64, 2048)
	for i := range waves {
		waves[i] = math.Sin(float64(i) * 1.7)
		far[i] = math.Ldexp(waves[i], -i%100)
	}
	byForm(b, func(b *testing.B) {
		for name, xs := range map[string][]float64{"waves": waves, "far": far} {
			b.Run(name, func(b *testing.B) {
				var s Sum
				b.SetBytes(8 * 2048)
				for b.Loop() {
					s.AddAll(xs, -1, 1)
				}
			})
		}
	})
}

func BenchmarkAddSquares(b *testing.B) {
	xs := make([]float64, 2048)
	for i := range xs {
		xs[i] = math.Sin(float64(i) * 1.7)
	}
	byForm(b, func(b *testing.B) {
		var s Sum
		b.SetBytes(8 * 2048)
		for b.Loop() {
			s.AddSquares(xs, 0.1, -1, 1)
		}
	})
}
