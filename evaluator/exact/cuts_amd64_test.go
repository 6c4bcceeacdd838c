package exact

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/cpu"
)

// checkCuts compares both forms of both kernels.
func checkCuts(t *testing.T, xs []float64, center float64) {
	t.Helper()
	if !cpu.X86.HasAVX2 {
		t.Skip("the processor lacks AVX2")
	}
	greatest, squares := 0.0, 0.0
	for _, x := range xs {
		greatest = max(greatest, math.Abs(x))
		squares = max(squares, square(x, center))
	}
	if m1, m2, ok := levels(greatest); ok {
		var got, want Sum
		got.addCuts(xs, m1, m2)
		want.addPlainCuts(xs, m1, m2)
		if !equalSums(&got, &want) {
			t.Errorf("sum of %v is %v, want %v", xs, got.Float64(), want.Float64())
		}
	}
	if m1, m2, ok := levels(squares); ok {
		var got, want Sum
		got.addSquareCuts(xs, center, m1, m2)
		want.addPlainSquareCuts(xs, center, m1, m2)
		if !equalSums(&got, &want) {
			t.Errorf("sum of squares about %v of %v is %v, want %v", center, xs, got.Float64(), want.Float64())
		}
	}
}

func TestVectorCutsEqualPlainOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	nasty := []float64{0, math.Copysign(0, -1), math.SmallestNonzeroFloat64, -0x1p-1022, 1, -1, 1 + 0x1p-52, 0x1p-85, 0x1.8p-86, -0x1p-600}
	shapes := map[string]func() float64{
		"normal":    r.NormFloat64,
		"wide":      func() float64 { return math.Ldexp(r.NormFloat64(), r.IntN(120)-60) },
		"far":       func() float64 { return math.Ldexp(r.NormFloat64(), r.IntN(900)) },
		"subnormal": func() float64 { return math.Float64frombits(r.Uint64N(1 << 52)) },
		"whole":     func() float64 { return math.Round(1e6 * r.NormFloat64()) },
		"greatest":  func() float64 { return math.Nextafter(2, 0) },
		"nasty":     func() float64 { return nasty[r.IntN(len(nasty))] },
	}
	lengths := []int{batchSize - 9, batchSize - 8, batchSize - 1, batchSize}
	for n := range 70 {
		lengths = append(lengths, n)
	}
	memory := make([]float64, batchSize+3)
	for name, draw := range shapes {
		t.Run(name, func(t *testing.T) {
			for _, n := range lengths {
				xs := memory[n%4:][:n] // aligned to each of 8 bytes of 32
				for i := range xs {
					xs[i] = draw()
				}
				for _, center := range []float64{0, 1, -1e-30, 1e9} {
					checkCuts(t, xs, center)
				}
			}
		})
	}
	// A rest in each of the places there are.
	for n := range 20 {
		for i := range n {
			xs := make([]float64, n)
			xs[(i+1)%n], xs[i] = 1, 0x1p-500
			checkCuts(t, xs, 0)
		}
	}
}

func FuzzVectorCuts(f *testing.F) {
	f.Add(make([]byte, 8*17), 0.0)
	f.Add([]byte("numbers of eight bytes each, whatever they are: as many as come"), 1.5)
	f.Fuzz(func(t *testing.T, data []byte, center float64) {
		var xs []float64
		for len(data) >= 8 && len(xs) < batchSize {
			if x := math.Float64frombits(binary.LittleEndian.Uint64(data)); !math.IsNaN(x) && !math.IsInf(x, 0) {
				xs = append(xs, x)
			}
			data = data[8:]
		}
		if !math.IsNaN(center) && !math.IsInf(center, 0) {
			checkCuts(t, xs, center)
		}
	})
}
