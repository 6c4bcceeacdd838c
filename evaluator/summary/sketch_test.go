package summary

import (
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestOrderKeyKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64().Draw(t, "a"), rapid.Float64().Draw(t, "b")
		if (a < b) != (OrderKey(a) < OrderKey(b)) || (a == b) != (OrderKey(a) == OrderKey(b)) {
			t.Fatalf("%v and %v change their order", a, b)
		}
		if OrderValue(OrderKey(a)) != a {
			t.Fatalf("%v comes back as %v", a, OrderValue(OrderKey(a)))
		}
	})
	if math.Signbit(OrderValue(OrderKey(math.Copysign(0, -1)))) {
		t.Error("-0 stays -0")
	}
}

// tallySlowly counts with the definition: the least shift at which at most limit
// distinct keys remain.
func tallySlowly(xs []float64, limit int, dropping bool) (counts map[uint64]int64, shift uint, over bool) {
	for shift = 0; ; shift++ {
		counts = map[uint64]int64{}
		for _, x := range xs {
			counts[OrderKey(x)>>shift]++
		}
		if len(counts) <= limit {
			return counts, shift, false
		}
		if dropping {
			return nil, 0, true
		}
	}
}

func TestTallyDependsOnTheMultisetAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.OneOf(tableValue, rapid.Float64()), rapid.SampledFrom([]int{0, 50}).Draw(t, "at least"), 150).Draw(t, "xs")
		limit := rapid.IntRange(2, 40).Draw(t, "limit")
		dropping := rapid.Bool().Draw(t, "dropping")
		parts := make([]tally, rapid.IntRange(1, 4).Draw(t, "parts"))
		for i := range parts {
			parts[i] = tally{limit: limit, dropping: dropping}
		}
		for _, x := range rapid.Permutation(xs).Draw(t, "order") {
			part := &parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")]
			if !dropping && x >= 0 && rapid.Bool().Draw(t, "as positive") {
				part.addPositive([]float64{unsignedZero(x)})
			} else {
				part.add(x)
			}
		}
		got := parts[0]
		for i := range parts[1:] {
			got.mergeFrom(&parts[i+1])
		}
		got.settle()
		counts, shift, over := tallySlowly(xs, limit, dropping)
		if got.shift != shift || got.over != over || got.used != len(counts) {
			t.Fatalf("shift %d over %v used %d, want %d %v %d", got.shift, got.over, got.used, shift, over, len(counts))
		}
		for _, e := range got.entries() {
			if counts[e.Key] != e.Count {
				t.Fatalf("key %x has %d, want %d", e.Key, e.Count, counts[e.Key])
			}
		}
		values, _, ok := got.exact()
		if ok != (shift == 0 && !over) {
			t.Fatalf("exact says %v at shift %d, over %v", ok, shift, over)
		}
		if ok && !slices.IsSorted(values) {
			t.Fatal("not sorted")
		}
	})
}

// quantileSlowly is numpy's default on all values.
func quantileSlowly(sorted []float64, q float64) float64 {
	h := float64(len(sorted)-1) * q
	i := int(h)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + float64((h-float64(i))*(sorted[i+1]-sorted[i]))
}

func TestTallyQuantileLiesWithinItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), rapid.SampledFrom([]int{1, 100}).Draw(t, "at least"), 300).Draw(t, "xs")
		s := tally{limit: rapid.SampledFrom([]int{4, 30, 1000}).Draw(t, "limit")}
		for _, x := range xs {
			s.add(x)
		}
		slices.Sort(xs)
		q := rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 0.5, 1})).Draw(t, "q")
		got, bound := s.quantile(q)
		want := quantileSlowly(xs, q)
		if !(math.Abs(got-want) <= bound*(1+1e-12)+1e-12*math.Abs(want)) {
			t.Fatalf("quantile %v is %v, got %v within %v", q, want, got, bound)
		}
		if s.shift == 0 && bound != 0 {
			t.Fatalf("bound %v of exact values", bound)
		}
	})
}

// What is settled is only read, since several goroutines may do so at once.
func TestReadingChangesNoTally(t *testing.T) {
	s := tally{limit: 10}
	s.add(1)
	before := s
	if s.quantile(0.5); !reflect.DeepEqual(s, before) {
		t.Errorf("it was %+v and is %+v", before, s)
	}
}

func TestTallyRelativeErrorIsSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := tally{limit: wholeBuckets}
	for range 300_000 {
		s.add(math.Abs(r.NormFloat64()))
	}
	for _, q := range []float64{0.1, 0.5, 0.9, 0.99} {
		value, bound := s.quantile(q)
		if !(bound > 0 && bound/value < 1e-3) {
			t.Errorf("quantile %v is %v within %v", q, value, bound)
		}
	}
	// The median of |Z| is 0.6744897501960817 (scipy 1.11 norm.ppf(0.75)).
	if value, _ := s.quantile(0.5); math.Abs(value-0.6744897501960817) > 0.01 {
		t.Errorf("median %v", value)
	}
}

func TestTallyQuantileEdges(t *testing.T) {
	var empty tally
	if v, b := empty.quantile(0.5); !math.IsNaN(v) || !math.IsNaN(b) {
		t.Errorf("empty gives %v, %v", v, b)
	}
	for _, q := range []float64{-0.1, 1.1, math.NaN()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("quantile %v doesn't panic", q)
				}
			}()
			empty.quantile(q)
		}()
	}
	// A bucket of negative numbers ends below 0.
	negative := tally{limit: 1}
	for _, x := range []float64{-math.SmallestNonzeroFloat64, -4 * math.SmallestNonzeroFloat64} {
		negative.add(x)
	}
	if _, high := negative.bucket(negative.sorted()[0].Key); high != -math.SmallestNonzeroFloat64 {
		t.Errorf("a bucket of negative numbers reaches to %v", high)
	}
	s := tally{limit: 1}
	for _, x := range []float64{1, math.Inf(1)} {
		s.add(x)
	}
	if _, b := s.quantile(0.5); !math.IsInf(b, 1) {
		t.Errorf("a bucket without end has the bound %v", b)
	}
}

func TestPlaceIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p, q, whole place
		var low, high uint64
		for _, v := range rapid.SliceOf(rapid.Uint64()).Draw(t, "places") {
			half := &p
			if v&1 == 0 {
				half = &q
			}
			half.add(v)
			whole.add(v)
			if low+v < low {
				high++
			}
			low += v
		}
		p.merge(q)
		if p != whole || p != (place{high, low}) {
			t.Fatalf("got %v and %v, want %d %d", p, whole, high, low)
		}
	})
	for _, tt := range []struct{ x, a, b, want float64 }{
		{1.5, 1, 2, 0.5}, {-0.75, -1, 0, 0.25}, {0, -math.MaxFloat64, math.MaxFloat64, 0.5}, {2e-323, 0, 4e-323, 0.5},
	} {
		var p place
		p.add(placeOf(tt.x, tt.a, tt.b))
		if got := p.float64(); got != tt.want {
			t.Errorf("place of %v in (%v, %v) is %v, want %v", tt.x, tt.a, tt.b, got, tt.want)
		}
	}
	if got := (place{high: 1, low: 3 << 40}).float64(); got != 0x1p24+3 {
		t.Errorf("2^64 + 3 * 2^40 is %v widths", got)
	}
}

func TestPlaceIsRoundedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := place{
			high: rapid.Uint64().Draw(t, "high") >> rapid.IntRange(0, 64).Draw(t, "shift"),
			low:  rapid.Uint64().Draw(t, "low") >> rapid.IntRange(0, 64).Draw(t, "low shift"),
		}
		n := new(big.Int).SetUint64(p.high)
		n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(p.low))
		want, _ := new(big.Rat).SetFrac(n, new(big.Int).Lsh(big.NewInt(1), placeBits)).Float64()
		if got := p.float64(); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
