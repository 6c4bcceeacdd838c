package summary

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

// checkCount compares both forms of bounds and count: of two binners of the same edges
// the first counts by vectors.
func checkCount(t *testing.T, vector, plain *binner, xs []float64) {
	t.Helper()
	if len(xs) > 0 {
		low, high := bounds(xs)
		wantLow, wantHigh := plainBounds(xs)
		if low != wantLow || high != wantHigh {
			t.Fatalf("bounds of %v: %v %v, want %v %v", xs, low, high, wantLow, wantHigh)
		}
	}
	points, want := vector.count(xs), plain.plainCount(xs)
	if points != want {
		t.Fatalf("%d of %v on a point, want %d", points, xs, want)
	}
	if got, want := vector.where[:len(xs)], plain.where[:len(xs)]; !slices.Equal(got, want) {
		t.Fatalf("bins of %v: %v, want %v", xs, got, want)
	}
	for i, got := range vector.cells {
		want := plain.cells[i]
		if i == 0 || i == vector.last { // no places
			got.place, want.place = 0, 0
		}
		if got != want {
			t.Fatalf("cell %d after %v: %v, want %v", i, xs, got, want)
		}
	}
}

func TestVectorCountEqualsPlainOne(t *testing.T) {
	if !vectors() {
		t.Skip("the processor lacks AVX2")
	}
	if size := unsafe.Sizeof(binCell{}); size != 24 {
		t.Fatalf("a bin has %d bytes, vectorCount takes it for 24", size)
	}
	r := rand.New(rand.NewPCG(3, 4))
	shapes := map[string]func() float64{
		"normal":    r.NormFloat64,
		"wide":      func() float64 { return math.Ldexp(r.NormFloat64(), r.IntN(120)-60) },
		"subnormal": func() float64 { return math.Float64frombits(r.Uint64N(1 << 52)) },
		"cents":     func() float64 { return math.Round(100*r.NormFloat64()) / 100 },
		"huge":      func() float64 { return 1e307 * r.NormFloat64() },
		"crowd":     func() float64 { return math.Trunc(10*r.Float64()) * (1 + 0x1p-40*r.Float64()) },
		"integers":  func() float64 { return 1e9 + float64(r.IntN(5000)) },
	}
	nasty := []float64{
		0, math.Copysign(0, -1), math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1022,
		math.MaxFloat64, -math.MaxFloat64, 1, -1,
	}
	lengths := []int{binnedAtOnce - 5, binnedAtOnce - 1, binnedAtOnce}
	for n := range 70 {
		lengths = append(lengths, n)
	}
	memory := make([]float64, binnedAtOnce+3)
	byKey := map[bool]int{}
	for name, draw := range shapes {
		t.Run(name, func(t *testing.T) {
			for _, k := range []int{2, 3, 40, 700, 10_000} {
				edges := make([]float64, k)
				for i := range edges {
					edges[i] = unsignedZero(draw())
				}
				slices.Sort(edges)
				edges = slices.Compact(edges)
				vector, plain := newBinner(edges), newBinner(edges)
				if vector == nil {
					continue
				}
				byKey[vector.byKey]++
				for _, n := range lengths {
					xs := memory[n%4:][:n] // aligned to each of 8 bytes of 32
					for i := range xs {
						edge := edges[r.IntN(len(edges))]
						switch r.IntN(8) {
						case 0:
							xs[i] = edge
						case 1:
							xs[i] = math.Nextafter(edge, math.Inf(r.IntN(2)*2-1))
						case 2:
							xs[i] = nasty[r.IntN(len(nasty))]
						case 3:
							xs[i] = xs[max(i-1, 0)]
						default:
							xs[i] = draw()
						}
					}
					checkCount(t, vector, plain, xs)
				}
			}
		})
	}
	if byKey[true] == 0 || byKey[false] == 0 {
		t.Errorf("grids by key and not: %v", byKey)
	}
}

// FuzzVectorCount takes edges and values from bytes.
func FuzzVectorCount(f *testing.F) {
	f.Add(binary.LittleEndian.AppendUint64(nil, math.Float64bits(1.5)), uint8(0))
	f.Add([]byte("edges first and values then, eight bytes for each of them, as they come, on and on and on"), uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, edges uint8) {
		if !vectors() {
			t.Skip("the processor lacks AVX2")
		}
		var xs []float64
		for len(data) >= 8 {
			if x := math.Float64frombits(binary.LittleEndian.Uint64(data)); !math.IsNaN(x) && !math.IsInf(x, 0) {
				xs = append(xs, unsignedZero(x))
			}
			data = data[8:]
		}
		at := slices.Clone(xs[:min(len(xs), int(edges))])
		slices.Sort(at)
		at = slices.Compact(at)
		vector, plain := newBinner(at), newBinner(at)
		if vector == nil {
			return
		}
		for part := range slices.Chunk(xs, binnedAtOnce) {
			checkCount(t, vector, plain, part)
		}
	})
}

// TestVectorColumnEqualsPlainOne compares whole columns, of pages of many lengths.
func TestVectorColumnEqualsPlainOne(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	xs := make([]float64, 40_000)
	for i := range xs {
		xs[i] = math.Round(1000*math.Exp(2*r.NormFloat64())) / 1000
	}
	edges := slices.Clone(xs[:5000])
	slices.Sort(edges)
	l := &ColumnLayout{Name: "x", Kind: groundtruth.Number, Edges: slices.Compact(edges), Center: 3}
	var columns []*Column
	byForm(t, func(t *testing.T) {
		c := newColumnSummary(l, 100)
		for i, n := 0, 0; i < len(xs); i, n = i+n, (n*7+1)%5000 {
			c.addNumbers(xs[i:min(i+n, len(xs))], nil)
		}
		c.settle()
		columns = append(columns, c)
	})
	if len(columns) < 2 {
		t.Skip("the processor lacks AVX2")
	}
	got, want := columns[0], columns[1]
	if got.valid != want.valid || got.min != want.min || got.max != want.max ||
		!slices.Equal(got.points, want.points) || !slices.Equal(got.opens, want.opens) || !slices.Equal(got.places, want.places) {
		t.Error("counts or places differ")
	}
	for i, s := range []*exact.Sum{&got.total, &got.squares, &got.low, &got.high} {
		if !sameSum(s, []*exact.Sum{&want.total, &want.squares, &want.low, &want.high}[i]) {
			t.Errorf("sum %d differs", i)
		}
	}
}
