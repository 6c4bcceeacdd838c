package drift

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// slowNormals is the stream of normals one number at a time, from its definition.
type slowNormals struct {
	state uint64
	spare []float64
}

func (r *slowNormals) uniform() float64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return float64((z^(z>>31))>>11) / (1 << 53)
}

func (r *slowNormals) next() float64 {
	if len(r.spare) > 0 {
		x := r.spare[0]
		r.spare = nil
		return x
	}
	for {
		u, v := 2*r.uniform()-1, 2*r.uniform()-1
		if s := u*u + v*v; s > 0 && s < 1 {
			f := math.Sqrt(-2 * math.Log(s) / s)
			r.spare = []float64{v * f}
			return u * f
		}
	}
}

// TestNormalsAreOneStream takes numbers in all ways, and beyond the table's end.
func TestNormalsAreOneStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fast, slow := new(normals), &slowNormals{state: floorSeed}
		if rapid.Bool().Draw(t, "beyond the table") {
			for range polarParts*polarSize - 100 {
				fast.uniform()
				slow.uniform()
			}
		}
		for range rapid.IntRange(1, 200).Draw(t, "takings") {
			switch rapid.IntRange(0, 2).Draw(t, "way") {
			case 0:
				if got, want := fast.uniform(), slow.uniform(); got != want {
					t.Fatalf("uniform number %v, want %v", got, want)
				}
			case 1:
				if got, want := fast.next(), slow.next(); got != want {
					t.Fatalf("normal number %v, want %v", got, want)
				}
			default:
				out := make([]float64, rapid.IntRange(0, 300).Draw(t, "many"))
				fast.fill(out)
				for i, got := range out {
					if want := slow.next(); got != want {
						t.Fatalf("number %d of %d is %v, want %v", i, len(out), got, want)
					}
				}
			}
		}
	})
}

func TestNthIsWhatSortingBrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, math.Inf(1), math.Inf(-1), math.NaN()}))
		xs := rapid.SliceOfN(value, 1, 300).Draw(t, "xs")
		sorted := slices.Sorted(slices.Values(xs))
		k := rapid.IntRange(0, len(xs)-1).Draw(t, "k")
		if got, want := nth(xs, k), sorted[k]; got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("nth is %v, want %v", got, sorted[k])
		}
	})
}

func TestRoundPositiveIsRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(0, 1<<62), rapid.Float64Range(0, 10)).Draw(t, "x")
		half := math.Floor(math.Min(x, 1<<51)) + 0.5
		for _, x := range []float64{x, half, math.Nextafter(half, 0), math.Nextafter(half, x+1)} {
			if got, want := roundPositive(x), math.Round(x); got != want {
				t.Errorf("%v is rounded to %v, want %v", x, got, want)
			}
		}
	})
}
