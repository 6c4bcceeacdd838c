package exact

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestProductsEqualAdditions holds the vectors and the plain form to single additions.
func TestProductsEqualAdditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := numbers().Draw(t, "xs")
		n := min(len(xs), MaxProducts) / ProductLanes * ProductLanes
		xs = xs[:n]
		ys := slices.Clone(xs)
		switch rapid.IntRange(0, 2).Draw(t, "ys") {
		case 0:
			slices.Reverse(ys)
		case 1:
			for i := range ys {
				ys[i] = 1
			}
		}
		want := make([]float64, n)
		greatest := 0.0
		var sum Sum
		for i, x := range xs {
			want[i] = x * ys[i]
			greatest = max(greatest, math.Abs(want[i]))
			sum.Add(want[i])
		}
		got, rests := make([]float64, n), make([]float64, n)
		parts, ok := Products(got, xs, ys, rests, greatest)
		if !slices.Equal(got, want) {
			t.Fatalf("products %v, want %v", got, want)
		}
		if ok {
			var s Sum
			if s.AddParts(&parts); !equalSums(&s, &sum) {
				t.Fatalf("sum %v, want %v", s.Float64(), sum.Float64())
			}
		}
		m1, m2, ok := levels(greatest)
		if !ok || n == 0 {
			return
		}
		var plain struct{ products, rests []float64 }
		plain.products, plain.rests = make([]float64, n), make([]float64, n)
		a1, a2, rest := plainProductCuts(plain.products, plain.rests, xs, ys, m1, m2)
		b1, b2, vectorRest := productCuts(got, rests, xs, ys, m1, m2)
		if a1 != b1 || a2 != b2 || rest != vectorRest || !slices.Equal(plain.products, got) || !slices.Equal(plain.rests, rests) {
			t.Fatalf("plain gives %v %v %v, else %v %v %v", a1, a2, rest, b1, b2, vectorRest)
		}
	})
}

// TestProductsSayWhatTheyCannot sums no infinities and no values that lie too far apart.
func TestProductsSayWhatTheyCannot(t *testing.T) {
	for name, xs := range map[string][]float64{
		"infinity":  {1, math.Inf(1), 0, 0},
		"overflow":  {1e200, 1, 0, 0},
		"subnormal": {1e-160, 1e-161, 0, 0},
		"far apart": {1, 1e-70, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			products := make([]float64, 4)
			if parts, ok := Products(products, xs, xs, make([]float64, 4), slices.Max(xs)*slices.Max(xs)); ok {
				t.Errorf("parts %v", parts)
			}
			if products[1] != xs[1]*xs[1] {
				t.Errorf("products %v", products)
			}
		})
	}
	products := make([]float64, 4)
	if _, ok := Products(products, []float64{1, 1e-30, 0, 0}, []float64{1, 1, 1, 1}, make([]float64, 4), 1); !ok {
		t.Error("values 100 bits apart are not summed")
	}
}

func BenchmarkProducts(b *testing.B) {
	const n = 256
	xs, products, rests := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range xs {
		xs[i] = math.Sin(float64(i))
	}
	b.SetBytes(8 * n)
	for b.Loop() {
		Products(products, xs, xs, rests, 1)
	}
}

func TestProductsTakeWholeVectors(t *testing.T) {
	for name, n := range map[string]int{"a part of a vector": ProductLanes + 1, "too many": MaxProducts + ProductLanes} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			xs := make([]float64, n)
			Products(make([]float64, n), xs, nil, make([]float64, n), 1)
		})
	}
}
