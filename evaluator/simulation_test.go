package evaluator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestNoChangeIsSeldomDrift draws both samples from one distribution and counts the
// columns that are flagged: at most 5 %, from 200 rows up.
func TestNoChangeIsSeldomDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	names := []string{"binary", "few", "integers", "lognormal", "normal", "uniform"}
	cities := make([]string, 12)
	for i := range cities {
		cities[i] = fmt.Sprintf("city %02d", i)
	}
	draw := func(rng *rand.Rand, n int) *groundtruth.Batch {
		b := &groundtruth.Batch{Len: n, Times: make([]int64, n), Predictions: make([]float64, n)}
		valid := slices.Repeat([]bool{true}, n)
		text := evaltest.Column{Name: "city", Kind: groundtruth.Text, Dict: cities, Codes: make([]uint32, n), Valid: valid}
		for i := range n {
			text.Codes[i] = uint32(min(rng.ExpFloat64()*3, 11))
		}
		b.Features = append(b.Features, text.Counted())
		for _, name := range names {
			c := evaltest.Column{Name: name, Kind: groundtruth.Number, Floats: make([]float64, n), Valid: valid}
			for i := range n {
				switch name {
				case "binary":
					c.Floats[i] = float64(rng.IntN(10) / 7)
				case "few":
					c.Floats[i] = float64(rng.IntN(4))
				case "integers":
					c.Floats[i] = math.Round(5 + 3*rng.NormFloat64())
				case "lognormal":
					c.Floats[i] = math.Exp(rng.NormFloat64())
				case "normal":
					c.Floats[i] = rng.NormFloat64()
				case "uniform":
					c.Floats[i] = rng.Float64()
				}
			}
			b.Features = append(b.Features, c.Values())
		}
		return b
	}
	features := []groundtruth.FeatureSpec{{Name: "city", Kind: groundtruth.Text}}
	for _, name := range names {
		features = append(features, groundtruth.FeatureSpec{Name: name, Kind: groundtruth.Number})
	}
	for _, size := range []struct{ reference, rows int }{{5000, 200}, {1000, 500}, {200, 200}} {
		t.Run(fmt.Sprintf("%d against %d", size.rows, size.reference), func(t *testing.T) {
			t.Parallel()
			const trials = 250
			rng := rand.New(rand.NewPCG(uint64(size.rows), uint64(size.reference)))
			flagged := map[string]int{}
			total := 0
			for range trials {
				reference := draw(rng, size.reference)
				p := summary.NewProfiler(features, nil, summary.ProfilerOptions{})
				p.AddPredictions(reference)
				layout := p.Layout()
				rb := summary.NewBuilder(layout, layout.Span(), nil, summary.BuilderOptions{})
				rb.AddPredictions(reference)
				cb := summary.NewBuilder(layout, groundtruth.Window{}, nil, summary.BuilderOptions{})
				cb.AddPredictions(draw(rng, size.rows))
				ev := Evaluate(cb.Summary(), summary.NewProfile(rb.Summary()), Options{})
				for _, f := range features {
					if d := ev.Drift.Columns[f.Name].Drifted; d != nil && *d {
						flagged[f.Name]++
						total++
					}
				}
			}
			// Three standard errors above 5 % of the trials of one column.
			limit := 0.05 + 3*math.Sqrt(0.05*0.95/trials)
			for _, f := range features {
				share := float64(flagged[f.Name]) / trials
				t.Logf("%s flagged in %.2f %%", f.Name, 100*share)
				if share > limit {
					t.Errorf("%s is flagged in %.2f %% of draws without change, want at most 5 %%", f.Name, 100*share)
				}
			}
			all := float64(total) / float64(trials*len(features))
			if se := math.Sqrt(0.05 * 0.95 / float64(trials*len(features))); all > 0.05+3*se {
				t.Errorf("columns are flagged in %.2f %% of draws without change, want at most 5 %%", 100*all)
			}
		})
	}
}
