package evaluator

import (
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Ten rows of an entity that have one value tell as much as one of them, where it is known which
// rows are whose.
func TestEntitiesRaiseTheNoiseFloorsOfDrift(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	ref, _ := summarytest.Summaries(evaltest.NumbersBatch(evaltest.Series(5000, func(int) float64 { return r.NormFloat64() })), summary.ProfilerOptions{})
	floor := func(entities bool) float64 {
		r := rand.New(rand.NewPCG(2, 2))
		b := summary.NewBuilder(ref.Layout, groundtruth.Window{}, nil, summary.BuilderOptions{Entities: entities})
		for group := range 64 {
			x := 0.0
			batch := evaltest.NumbersBatch(evaltest.Series(100, func(i int) float64 {
				if i%10 == 0 {
					x = r.NormFloat64()
				}
				return x
			}))
			batch.Group = int64(group)
			b.AddPredictions(batch)
		}
		ev := Evaluate(b.Summary(), ref, Options{})
		return float64(*ev.Drift.Columns["x"].Measures["wasserstein_normed"].NoiseFloor)
	}
	// 6,400 rows count as 640: sqrt((1/5000 + 1/640) / (1/5000 + 1/6400)) is 2.2.
	if with, without := floor(true), floor(false); with < 1.9*without || with > 2.5*without {
		t.Errorf("the floor is %g with entities and %g without", with, without)
	}
}
