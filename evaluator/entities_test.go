package evaluator

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// entityTable is a table of rows, ten of each entity, by the groups of these: of one column of
// numbers and one of texts that are the entity's alone, and of errors of which it has 0.3 of the
// variance.
type entityTable map[int64]*entityRows

type entityRows struct {
	x, errors []float64
	city      []string
	times     []int64
}

// drawEntities draws the rows of so many entities, at random times of a window.
func drawEntities(rng *rand.Rand, entities int, w groundtruth.Window) entityTable {
	out := entityTable{}
	for range entities {
		group := rng.Int64N(groundtruth.EntityGroups)
		if out[group] == nil {
			out[group] = &entityRows{}
		}
		of := out[group]
		x, city, effect := rng.NormFloat64(), fmt.Sprintf("c%d", rng.IntN(8)), math.Sqrt(0.3)*rng.NormFloat64()
		for range 10 {
			of.x, of.city = append(of.x, x), append(of.city, city)
			of.errors = append(of.errors, effect+math.Sqrt(0.7)*rng.NormFloat64())
			of.times = append(of.times, w.Start.UnixNano()+rng.Int64N(int64(w.Duration())))
		}
	}
	return out
}

// feed sends the rows to a sink, with the groups.
func (t entityTable) feed(sink groundtruth.Sink) {
	for _, group := range slices.Sorted(maps.Keys(t)) {
		of := t[group]
		batch := evaltest.Table(len(of.x), map[string]any{"x": of.x, "city": of.city})
		batch.Group, batch.Times, batch.HasTime, batch.Predictions = group, of.times, true, of.errors
		sink.AddPredictions(batch)
		sink.AddMatches(&groundtruth.Matches{
			Len: len(of.x), Group: group, Times: of.times, HasTime: true, Predictions: of.errors, Labels: make([]float64, len(of.x)),
		})
	}
}

// TestEntitiesCountAsFewerRows draws windows without any change, of ten rows an entity: with the
// entities intervals cover the truth and few columns are flagged, without them neither holds.
func TestEntitiesCountAsFewerRows(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	t.Parallel()
	const trials = 200
	rng := rand.New(rand.NewPCG(3, 6))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	span := groundtruth.Window{Start: start, End: start.Add(24 * time.Hour)}
	truth := map[string]float64{"me": 0, "mae": math.Sqrt(2 / math.Pi), "rmse": 1, "medae": 0.6744897502}
	features := []groundtruth.FeatureSpec{{Name: "city", Kind: groundtruth.Text}, {Name: "x", Kind: groundtruth.Number}}
	covered, flagged := map[bool]map[string]int{true: {}, false: {}}, map[bool]int{}
	for range trials {
		reference, window := drawEntities(rng, 500, span), drawEntities(rng, 100, span)
		p := summary.NewProfiler(features, nil, summary.ProfilerOptions{})
		reference.feed(p)
		layout := p.Layout()
		for _, known := range []bool{true, false} {
			b := summary.NewProfileBuilder(layout, nil, nil, nil)
			reference.feed(b)
			profile := b.Profile()
			if known {
				counter := summary.NewEntityCounter(layout, nil)
				reference.feed(counter)
				profile.Entities = counter.Clusters()
			}
			cur := summary.NewBuilder(layout, span, nil, summary.BuilderOptions{Entities: known})
			window.feed(cur)
			ev := Evaluate(cur.Summary(), profile, Options{})
			for name, want := range truth {
				if m := ev.Metrics[name]; float64(m.Low) <= want && want <= float64(m.High) {
					covered[known][name]++
				}
			}
			for _, f := range features {
				if d := ev.Drift.Columns[f.Name].Drifted; d != nil && *d {
					flagged[known]++
				}
			}
		}
	}
	percent := func(n, of int) float64 { return 100 * float64(n) / float64(of) }
	for name := range truth {
		with, without := percent(covered[true][name], trials), percent(covered[false][name], trials)
		t.Logf("%s: the interval covers %.1f %% with entities, %.1f %% without", name, with, without)
		// Three standard errors beyond 93 to 97 %; the median goes by the mean's rows, which are fewer.
		if with < 93-5.4 || with > 97+3.7 || without > 90 && name != "medae" {
			t.Errorf("%s: the interval covers %.1f %% with entities, %.1f %% without", name, with, without)
		}
	}
	with, without := percent(flagged[true], 2*trials), percent(flagged[false], 2*trials)
	t.Logf("columns are flagged in %.1f %% with entities, %.1f %% without", with, without)
	if with > 5+3.3 || without < 30 {
		t.Errorf("columns are flagged in %.1f %% with entities, %.1f %% without", with, without)
	}
}
