package exact

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// bigSum sums with math/big, at a precision that holds every sum of float64 values
// exactly, and rounds once.
func bigSum(xs []float64) float64 {
	t := new(big.Float).SetPrec(2400)
	pos, neg := false, false
	for _, x := range xs {
		switch {
		case math.IsNaN(x):
			return math.NaN()
		case math.IsInf(x, 1):
			pos = true
		case math.IsInf(x, -1):
			neg = true
		default:
			t.Add(t, new(big.Float).SetPrec(2400).SetFloat64(x))
		}
	}
	switch {
	case pos && neg:
		return math.NaN()
	case pos:
		return math.Inf(1)
	case neg:
		return math.Inf(-1)
	}
	v, _ := t.Float64()
	return v
}

func sumOf(xs ...float64) *Sum {
	var s Sum
	for _, x := range xs {
		s.Add(x)
	}
	return &s
}

func encode(t interface{ Fatal(...any) }, s *Sum) []byte {
	b, err := s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func same(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b)
}

// hard draws floats of every exponent, and now and then the ends of the range.
var hard = rapid.Custom(func(t *rapid.T) float64 {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
			-math.SmallestNonzeroFloat64, 0x1p-1022, 1, -1, 0x1p53, 0x1p-53, 0x1.fffffffffffffp-1023,
		}).Draw(t, "end")
	case 1, 2, 3:
		return rapid.Float64Range(-1e3, 1e3).Draw(t, "usual")
	}
	bits := rapid.Uint64().Draw(t, "bits")
	if bits>>52&0x7ff == 0x7ff {
		bits &^= 1 << 52
	}
	return math.Float64frombits(bits)
})

func TestSumIsExactlyRounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(hard, 0, 40).Draw(t, "xs")
		// Taking some away again leaves what rounding as one goes would have lost.
		for i := 0; i < len(xs) && rapid.Bool().Draw(t, "cancel"); i++ {
			xs = append(xs, -xs[i])
		}
		if got, want := sumOf(xs...).Float64(), bigSum(xs); got != want {
			t.Fatalf("sum of %v is %v (%x), want %v (%x)", xs, got, got, want, want)
		}
	})
}

func TestSumTable(t *testing.T) {
	const least, most = math.SmallestNonzeroFloat64, math.MaxFloat64
	inf, nan := math.Inf(1), math.NaN()
	for _, tt := range []struct {
		name string
		xs   []float64
		want float64
	}{
		{"empty", nil, 0},
		{"negative zero", []float64{math.Copysign(0, -1)}, 0},
		{"cancels", []float64{1e308, 1, -1e308}, 1},
		{"a tie goes to even, down", []float64{1, 0x1p-53}, 1},
		{"a tie goes to even, up", []float64{1 + 0x1p-52, 0x1p-53}, 1 + 0x1p-51},
		{"just above a tie", []float64{1, 0x1p-53, least}, 1 + 0x1p-52},
		{"just below a tie", []float64{1 + 0x1p-52, 0x1p-53, -least}, 1 + 0x1p-52},
		{"subnormals", []float64{least, least, least}, 3 * least},
		{"subnormal to normal", []float64{0x1p-1022 - least, least}, 0x1p-1022},
		{"carry into the exponent", []float64{2 - 0x1p-52, 0x1p-53}, 2},
		{"greatest", []float64{most, 0x1p970 - 0x1p917}, most},
		{"rounds to infinity", []float64{most, 0x1p970}, inf},
		{"overflows and comes back", []float64{most, most, -most}, most},
		{"overflows", []float64{-most, -most}, -inf},
		{"infinity", []float64{1, inf, -most}, inf},
		{"negative infinity", []float64{-inf, 1}, -inf},
		{"both infinities", []float64{inf, -inf}, nan},
		{"not a number", []float64{1, nan, inf}, nan},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sumOf(tt.xs...)
			if got := s.Float64(); !same(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if math.Signbit(s.Float64()) != math.Signbit(tt.want) {
				t.Errorf("got sign of %v, want %v", s.Float64(), tt.want)
			}
			if got := bigSum(tt.xs); !same(got, tt.want) {
				t.Errorf("math/big says %v", got)
			}
		})
	}
}

func TestManyAdditionsPropagateCarries(t *testing.T) {
	const n = 3*maxPending + 5
	for _, x := range []float64{math.MaxFloat64, -math.MaxFloat64, 0x1.fffffffffffffp1, -0x1.fffffffffffffp33, 0x1.fffffffffffffp62, -math.SmallestNonzeroFloat64} {
		var s Sum
		want := new(big.Float).SetPrec(2400).SetInt64(n)
		want.Mul(want, new(big.Float).SetFloat64(x))
		for range n {
			s.Add(x)
		}
		w, _ := want.Float64()
		if got := s.Float64(); got != w {
			t.Errorf("%d times %v is %v, want %v", n, x, got, w)
		}
		for range n - 1 {
			s.Add(-x)
		}
		if got := s.Float64(); got != x {
			t.Errorf("taken away all but one: %v, want %v", got, x)
		}
	}
}

func TestPartsInAnyOrderGiveTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(hard, 0, 60).Draw(t, "xs")
		xs = append(xs, rapid.SliceOfN(rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1), math.NaN()}), 0, 2).Draw(t, "special")...)
		whole := encode(t, sumOf(xs...))
		parts := make([]Sum, rapid.IntRange(1, 5).Draw(t, "parts"))
		for _, i := range rapid.Permutation(indexes(len(xs))).Draw(t, "order") {
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")].Add(xs[i])
		}
		var merged Sum
		for _, i := range rapid.Permutation(indexes(len(parts))).Draw(t, "merge order") {
			before := encode(t, &parts[i])
			merged.Merge(&parts[i])
			if !bytes.Equal(before, encode(t, &parts[i])) {
				t.Fatal("merge changed its argument")
			}
		}
		if !bytes.Equal(encode(t, &merged), whole) {
			t.Fatalf("parts give %v, whole %v", merged.Float64(), sumOf(xs...).Float64())
		}
	})
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestMergeWithItself(t *testing.T) {
	s := sumOf(1.5, -3, 1e300)
	s.Merge(s)
	if got := s.Float64(); got != 2e300 {
		t.Errorf("got %v", got)
	}
}

func TestCodecRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64(), 0, 20).Draw(t, "xs")
		s := sumOf(xs...)
		b := append(encode(t, s), "rest"...)
		var got Sum
		rest, err := got.Decode(b)
		if err != nil || string(rest) != "rest" {
			t.Fatalf("rest %q, error %v", rest, err)
		}
		if !same(got.Float64(), s.Float64()) || !bytes.Equal(encode(t, &got), encode(t, s)) {
			t.Fatalf("got %v, want %v", got.Float64(), s.Float64())
		}
		// What was read can be added to.
		got.Merge(s)
		if want := bigSum(append(xs, xs...)); !same(got.Float64(), want) {
			t.Fatalf("doubled: got %v, want %v", got.Float64(), want)
		}
	})
}

func TestEncodingIsShort(t *testing.T) {
	if n := len(encode(t, new(Sum))); n != 1 {
		t.Errorf("an empty sum takes %d bytes", n)
	}
	var s Sum
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		s.Add(r.NormFloat64())
	}
	if n := len(encode(t, &s)); n > 20 {
		t.Errorf("a usual sum takes %d bytes", n)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":              {},
		"words cut off":        {1 << 2, 0, 1},
		"beyond the last word": {2 << 2, numWords - 1, 1, 0, 0, 0, 1, 0, 0, 0},
		"too many words":       {0xff, 0x7f},
		"a zero word first":    {2 << 2, 0, 0, 0, 0, 0, 1, 0, 0, 0},
		"a zero word last":     {2 << 2, 0, 1, 0, 0, 0, 0, 0, 0, 0},
		"negative zero":        {flagNegative},
		"no special after all": {flagSpecial, 0, 0, 0},
		"specials cut off":     {flagSpecial, 1},
		"sign bit":             {1 << 2, numWords - 1, 0, 0, 0, 0x80},
	} {
		var s Sum
		if _, err := s.Decode(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, xs := range [][]float64{nil, {1}, {-1e300, 1e-300}, {math.NaN()}, {math.MaxFloat64, math.MaxFloat64}} {
		b, _ := sumOf(xs...).AppendBinary(nil)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Sum
		rest, err := s.Decode(b)
		if err != nil {
			return
		}
		if len(rest) > len(b) {
			t.Fatal("more left than given")
		}
		_ = s.Float64()
		again := encode(t, &s)
		var u Sum
		if left, err := u.Decode(again); err != nil || len(left) != 0 {
			t.Fatalf("what was written is refused: %v", err)
		}
		if !bytes.Equal(encode(t, &u), again) || !same(u.Float64(), s.Float64()) {
			t.Fatal("round trip differs")
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	xs := make([]float64, 4096)
	for i := range xs {
		xs[i] = r.NormFloat64() * 100
	}
	var s Sum
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Add(xs[i&4095])
	}
}

func BenchmarkFloat64(b *testing.B) {
	s := sumOf(1e10, -math.Pi, 1e-5)
	for b.Loop() {
		_ = s.Float64()
	}
}
