package portable

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestLog1psEqualLog1p holds the vectors to the bits of the plain form, with what the vectors
// leave to it in any place.
func TestLog1psEqualLog1p(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	special := []float64{
		0, math.Copysign(0, -1), -1, -0.5, -2, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p-1022,
		0x1p-54, math.Nextafter(0x1p-54, 0), 0.375, math.Nextafter(0.375, 0), math.Nextafter(0.375, 1), 1, math.Nextafter(1, 0), math.Nextafter(1, 2),
		math.Sqrt2 - 1, 0x1p52, 0x1p53, 0x1p53 + 2, 0x1p1023,
	}
	shapes := map[string]func() float64{
		"errors":   func() float64 { return math.Abs(r.NormFloat64()) / 4 },
		"wide":     func() float64 { return math.Float64frombits(r.Uint64N(0x7ff << 52)) },
		"all":      func() float64 { return math.Float64frombits(r.Uint64()) },
		"near 3/8": func() float64 { return 0.375 + math.Ldexp(r.NormFloat64(), -r.IntN(50)) },
		"near 1":   func() float64 { return 1 + math.Ldexp(r.NormFloat64(), -r.IntN(50)) },
		"powers":   func() float64 { return math.Ldexp(1+0x1p-52*float64(r.IntN(3)-1), r.IntN(1000)) },
		"special": func() float64 {
			if r.IntN(3) > 0 {
				return r.ExpFloat64()
			}
			return special[r.IntN(len(special))]
		},
	}
	for name, draw := range shapes {
		t.Run(name, func(t *testing.T) {
			for k := range 20_000 {
				xs := make([]float64, k%23)
				for i := range xs {
					xs[i] = draw()
				}
				got := append([]float64(nil), xs...)
				Log1ps(got)
				for i, x := range xs {
					if want := Log1p(x); math.Float64bits(got[i]) != math.Float64bits(want) && !(math.IsNaN(got[i]) && math.IsNaN(want)) {
						t.Fatalf("Log1ps of %v at %d of %d is %v, want %v", x, i, len(xs), got[i], want)
					}
				}
			}
		})
	}
}

func BenchmarkLog1ps(b *testing.B) {
	xs, from := make([]float64, 1024), make([]float64, 1024)
	for i := range from {
		from[i] = float64(i) / 1024
	}
	b.SetBytes(8 * 1024)
	for b.Loop() {
		copy(xs, from)
		Log1ps(xs)
	}
}
