package metric

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// windowOf returns the Summary of a day with these errors, evenly spread, of which row i is
// of the version versions[versionOf(i)] and of the segment segments[segmentOf(i)].
func windowOf(errs []float64, versions, segments []string, versionOf, segmentOf func(i int) int) *summary.Summary {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	b := summary.NewBuilder(nil, groundtruth.Window{Start: start, End: start.Add(day)}, []string{"city"}, summary.BuilderOptions{})
	column := func(dict []string, of func(int) int) groundtruth.Column {
		c := groundtruth.Column{Kind: groundtruth.Text, Dict: dict, Codes: make([]uint32, len(errs)), Valid: slices.Repeat([]bool{true}, len(errs))}
		for i := range c.Codes {
			c.Codes[i] = uint32(of(i))
		}
		return c
	}
	m := &groundtruth.Matches{
		Len: len(errs), HasTime: true, Times: make([]int64, len(errs)),
		Predictions: make([]float64, len(errs)), Labels: make([]float64, len(errs)),
		Version: column(versions, versionOf), Segments: []groundtruth.Column{column(segments, segmentOf)},
	}
	for i, e := range errs {
		m.Times[i] = start.UnixNano() + int64(day)/int64(len(errs))*int64(i)
		m.Predictions[i], m.Labels[i] = 100+e, 100
	}
	b.AddMatches(m)
	return b.Summary()
}

// TestPartsVaryTogetherAsTheWhole draws autocorrelated errors of versions that follow one
// another and of segments that are mixed. The intervals of each cover what they should.
func TestPartsVaryTogetherAsTheWhole(t *testing.T) {
	const trials, rows = 200, 2000
	for _, c := range []struct{ rho, scale float64 }{{0, 0}, {0.7, 0}, {0.7, 0.4}} {
		t.Run(fmt.Sprintf("AR(1) %g, size +-%g", c.rho, c.scale), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(9, uint64(10*c.rho)))
			covered, nEff := map[string]int{}, map[string]float64{}
			for range trials {
				errs := evaltest.ErrorsOf(rng, rows, c.rho)
				evaltest.Hours(errs, 1, c.scale, 0)
				s := windowOf(errs, []string{"old", "new"}, []string{"large", "small"},
					func(i int) int { return 2 * i / rows },
					func(int) int { return rng.IntN(10) / 9 })
				whole := OfWindow(s.Errors(), nil, Options{})
				look := func(name string, e *summary.ErrorSums) {
					m := OfPart(e, whole, Options{})["me"]
					if m.Low <= 0 && 0 <= m.High {
						covered[name]++
					}
					nEff[name] += m.Estimate.NEff / float64(m.N) / trials
				}
				for name, e := range s.Versions() {
					look(name, e)
				}
				for name, e := range s.Segments()["city"] {
					look(name, e)
				}
			}
			for name, n := range covered {
				share := float64(n) / trials
				t.Logf("%s covers %.1f %%, %.2f of its rows count", name, 100*share, nEff[name])
				// 95 % of 200 trials have a standard error of 1.5 points.
				if share < 0.9 || c.rho == 0 && nEff[name] < 0.9 {
					t.Errorf("%s covers %.1f %%, want 95 %%; %.2f of its rows count", name, 100*share, nEff[name])
				}
			}
		})
	}
}
