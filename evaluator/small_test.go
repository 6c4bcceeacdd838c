package evaluator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
	"pgregory.net/rapid"
)

// smallWindow returns a reference profile of 13 columns, with 10,000 edges in most, and
// a window of 1,000 rows on its layout.
func smallWindow(tb testing.TB) (*Profile, *Summary) {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	const numeric, cities = 10, 30
	segments := []string{"city"}
	var features []groundtruth.FeatureSpec
	for i := range numeric {
		features = append(features, groundtruth.FeatureSpec{Name: fmt.Sprintf("f%d", i), Kind: groundtruth.Number})
	}
	features = append([]groundtruth.FeatureSpec{{Name: "city", Kind: groundtruth.Text}}, features...)
	batch := func(n int, shift float64) (*groundtruth.Batch, *groundtruth.Matches) {
		columns := map[string]any{}
		for i := range numeric {
			columns[features[i+1].Name] = series(n, func(int) float64 {
				switch x := rng.NormFloat64() + shift; i % 5 {
				case 0:
					return x
				case 1:
					return math.Exp(2 * x)
				case 2:
					return math.Round(10 * x)
				case 3:
					if rng.IntN(100) == 0 {
						return math.NaN()
					}
					return 100 * x
				default:
					return rng.Float64()
				}
			})
		}
		texts := make([]string, n)
		for i := range texts {
			texts[i] = fmt.Sprintf("city %d", rng.IntN(cities))
		}
		columns["city"] = texts
		b := table(n, columns)
		city := column{Name: "city", Kind: groundtruth.Text}
		for i := range cities {
			city.Dict = append(city.Dict, fmt.Sprintf("city %d", i))
		}
		m := &groundtruth.Matches{Len: n, IDHashes: make([]uint64, n)}
		for i := range b.Predictions {
			p := 1e5 * math.Exp(rng.NormFloat64())
			b.Predictions[i] = p
			m.Labels, m.IDHashes[i] = append(m.Labels, p+1e4*rng.NormFloat64()), rng.Uint64()
			city.Codes, city.Valid = append(city.Codes, rng.Uint32N(cities)), append(city.Valid, true)
		}
		m.Predictions, m.Segments = b.Predictions, []groundtruth.Column{city.rows()}
		return b, m
	}
	ref, refMatches := batch(50_000, 0)
	cur, curMatches := batch(1000, 0.05)
	p := NewProfiler(features, segments, ProfilerOptions{ExactValues: 10_000})
	p.AddPredictions(ref)
	p.AddMatches(refMatches)
	layout := p.Layout()
	build := func(b *groundtruth.Batch, m *groundtruth.Matches) *Summary {
		s := NewBuilder(layout, groundtruth.Window{}, segments, BuilderOptions{})
		s.AddPredictions(b)
		s.AddMatches(m)
		return s.Summary()
	}
	return &Profile{Layout: layout, Summary: build(ref, refMatches)}, build(cur, curMatches)
}

func BenchmarkEvaluateSmallWindow(b *testing.B) {
	ref, cur := smallWindow(b)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("%d_workers", workers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Evaluate(cur, ref, Options{Workers: workers})
			}
		})
	}
}

func TestEvaluationDependsOnNoWorkers(t *testing.T) {
	ref, cur := smallWindow(t)
	want := fmt.Sprint(asJSON(t, Evaluate(cur, ref, Options{})))
	for _, workers := range []int{2, 3, 50} {
		if got := fmt.Sprint(asJSON(t, Evaluate(cur, ref, Options{Workers: workers}))); got != want {
			t.Errorf("%d workers give\n%s\none gives\n%s", workers, got, want)
		}
	}
}

// TestEvaluationsShareAProfile reads a profile from two goroutines.
func TestEvaluationsShareAProfile(t *testing.T) {
	ref, cur := smallWindow(t)
	want := fmt.Sprint(asJSON(t, Evaluate(cur, ref, Options{})))
	var got [2]*Evaluation
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = Evaluate(cur, ref, Options{}) })
	}
	wg.Wait()
	for _, e := range got {
		if got := fmt.Sprint(asJSON(t, e)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

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
		if got := nth(xs, k); !equalNumbers(got, sorted[k]) {
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

func BenchmarkUnmarshalProfile(b *testing.B) {
	ref, _ := smallWindow(b)
	data, err := ref.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := new(Profile).UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
	}
}
