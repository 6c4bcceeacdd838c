package evaluator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// smallWindow returns a reference profile of 13 columns, with 10,000 edges in most, and
// a window of 1,000 rows on its layout.
func smallWindow(tb testing.TB) (*summary.Profile, *summary.Summary) {
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
			columns[features[i+1].Name] = evaltest.Series(n, func(int) float64 {
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
		b := evaltest.Table(n, columns)
		city := evaltest.Column{Name: "city", Kind: groundtruth.Text}
		for i := range cities {
			city.Dict = append(city.Dict, fmt.Sprintf("city %d", i))
		}
		m := &groundtruth.Matches{Len: n}
		for i := range b.Predictions {
			p := 1e5 * math.Exp(rng.NormFloat64())
			b.Predictions[i] = p
			m.Labels = append(m.Labels, p+1e4*rng.NormFloat64())
			hash := rng.Uint64()
			b.Sampled, m.Sampled = append(b.Sampled, groundtruth.SampledRow{Row: i, Hash: hash}), append(m.Sampled, groundtruth.SampledRow{Row: i, Hash: hash})
			city.Codes, city.Valid = append(city.Codes, rng.Uint32N(cities)), append(city.Valid, true)
		}
		m.Predictions, m.Segments = b.Predictions, []groundtruth.Column{city.Rows()}
		return b, m
	}
	ref, refMatches := batch(50_000, 0)
	cur, curMatches := batch(1000, 0.05)
	p := summary.NewProfiler(features, segments, summary.ProfilerOptions{ExactValues: 10_000})
	p.AddPredictions(ref)
	p.AddMatches(refMatches)
	layout := p.Layout()
	build := func(b *groundtruth.Batch, m *groundtruth.Matches) *summary.Summary {
		s := summary.NewBuilder(layout, groundtruth.Window{}, segments, summary.BuilderOptions{})
		s.AddPredictions(b)
		s.AddMatches(m)
		return s.Summary()
	}
	return summary.NewProfile(build(ref, refMatches)), build(cur, curMatches)
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
	want := fmt.Sprint(evaltest.AsJSON(t, Evaluate(cur, ref, Options{})))
	for _, workers := range []int{2, 3, 50} {
		if got := fmt.Sprint(evaltest.AsJSON(t, Evaluate(cur, ref, Options{Workers: workers}))); got != want {
			t.Errorf("%d workers give\n%s\none gives\n%s", workers, got, want)
		}
	}
}

// TestEvaluationsShareAProfile reads a profile from two goroutines.
func TestEvaluationsShareAProfile(t *testing.T) {
	ref, cur := smallWindow(t)
	want := fmt.Sprint(evaltest.AsJSON(t, Evaluate(cur, ref, Options{})))
	var got [2]*Evaluation
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = Evaluate(cur, ref, Options{}) })
	}
	wg.Wait()
	for _, e := range got {
		if got := fmt.Sprint(evaltest.AsJSON(t, e)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func BenchmarkUnmarshalProfile(b *testing.B) {
	ref, _ := smallWindow(b)
	data, err := ref.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := new(summary.Profile).UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
	}
}
