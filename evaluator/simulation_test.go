package evaluator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// TestSemantics3_SignificanceHoldsItsLevel draws windows whose true error lies
// exactly at the threshold and counts how often a rule at 0.95 fires: 5 % of them,
// with a small and a large reference, independent and autocorrelated errors.
func TestSemantics3_SignificanceHoldsItsLevel(t *testing.T) {
	rules, errs := CompileRules([]RuleSpec{
		{Name: "rmse", When: "rmse > 1.2 * reference.rmse", For: 1, Action: "retrain"},
		{Name: "mae", When: "mae > 1.2 * reference.mae", For: 1, Action: "retrain"},
		{Name: "medae", When: "medae > 1.2 * reference.medae", For: 1, Action: "retrain"},
	}, RuleEnv{Task: "regression", HasReference: true})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	// 1,500 trials have a standard error of 0.56 points around 5 %. Autocorrelation is
	// estimated from the blocks of one window, which makes the test a little
	// conservative, never loose: 3.9 to 5.2 % over 10,000 trials each. So does the
	// median's interval of order statistics.
	const trials = 1500
	const slack = 3.5 * 0.0056
	least := map[string]float64{"rmse": 0.05 - slack, "mae": 0.05 - slack, "medae": 0.015}
	// A reference of 5,000 rows is a tenth of the uncertainty: 250 of them, each met by
	// six windows of every kind, are as good as 1,500.
	references := map[int][]map[string]Metric{200: make([]map[string]Metric, trials), 5000: make([]map[string]Metric, trials/6)}
	rng := rand.New(rand.NewPCG(200, 5000))
	for _, rows := range []int{200, 5000} {
		for i, pool := 0, references[rows]; i < len(pool); i++ {
			pool[i] = Regression(sumsOfErrors(errorsOf(rng, rows, 0)))
		}
	}
	for _, rows := range []int{500, 1000} {
		for _, reference := range []int{200, 5000} {
			for _, rho := range []float64{0, 0.7} {
				t.Run(fmt.Sprintf("%d rows, reference of %d, AR(1) %g", rows, reference, rho), func(t *testing.T) {
					t.Parallel()
					rng := rand.New(rand.NewPCG(uint64(rows), uint64(reference)+uint64(10*rho)))
					pool := references[reference]
					fired := map[string]int{}
					for trial := range trials {
						window := errorsOf(rng, rows, rho)
						for i := range window {
							window[i] *= 1.2 // exactly the threshold
						}
						ev := &Evaluation{
							Metrics:   Regression(sumsOfErrors(window)),
							Reference: &Reference{Rows: int64(reference), Metrics: pool[trial%len(pool)]},
						}
						results, _ := rules.Judge(WindowFacts{Evaluation: ev, Predictions: int64(rows), Matched: int64(rows), Coverage: 1, Mature: true})
						for _, r := range results {
							if r.Verdict == Breached {
								fired[r.Name]++
							}
						}
					}
					for _, name := range []string{"rmse", "mae", "medae"} {
						share := float64(fired[name]) / trials
						t.Logf("%s fires in %.2f %% of %d windows", name, 100*share, trials)
						if !(share >= least[name] && share <= 0.05+slack) {
							t.Errorf("%s fires in %.2f %% of windows at the threshold, want 5 %%", name, 100*share)
						}
					}
				})
			}
		}
	}
}

// TestAutocorrelationIsCounted shows what the test above would miss if the blocks
// were not used: a naive interval covers far too little.
func TestAutocorrelationIsCounted(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	const trials = 600
	covered, naive := 0, 0
	for range trials {
		e := sumsOfErrors(errorsOf(rng, 1000, 0.7))
		m := Regression(e)["me"]
		if float64(m.Low) <= 0 && 0 <= float64(m.High) {
			covered++
		}
		plain := momentsOf(e, e.N(), SumE, SumE2, SumE3, SumE4)
		if half := 1.96 * math.Sqrt(plain.variance/plain.n); math.Abs(plain.mean) <= half {
			naive++
		}
	}
	if got := float64(covered) / trials; got < 0.91 {
		t.Errorf("the interval covers the truth in %.1f %% of windows with AR(1) errors, want about 95 %%", 100*got)
	}
	if got := float64(naive) / trials; got > 0.75 {
		t.Errorf("a naive interval covers %.1f %%: the simulation has lost its point", 100*got)
	}
}

// TestNoChangeIsSeldomDrift draws both samples from one distribution and counts the
// columns that are flagged: at most 5 %, from 200 rows up.
func TestNoChangeIsSeldomDrift(t *testing.T) {
	names := []string{"binary", "few", "integers", "lognormal", "normal", "uniform"}
	cities := make([]string, 12)
	for i := range cities {
		cities[i] = fmt.Sprintf("city %02d", i)
	}
	draw := func(rng *rand.Rand, n int) *groundtruth.Batch {
		b := &groundtruth.Batch{Len: n, Times: make([]int64, n), Predictions: make([]float64, n)}
		valid := slices.Repeat([]bool{true}, n)
		text := column{Name: "city", Kind: groundtruth.Text, Dict: cities, Codes: make([]uint32, n), Valid: valid}
		for i := range n {
			text.Codes[i] = uint32(min(rng.ExpFloat64()*3, 11))
		}
		b.Features = append(b.Features, text.counted())
		for _, name := range names {
			c := column{Name: name, Kind: groundtruth.Number, Floats: make([]float64, n), Valid: valid}
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
			b.Features = append(b.Features, c.values())
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
				p := NewProfiler(features, nil, ProfilerOptions{})
				p.AddPredictions(reference)
				layout := p.Layout()
				rb := NewBuilder(layout, layout.Span(), nil, BuilderOptions{})
				rb.AddPredictions(reference)
				cb := NewBuilder(layout, groundtruth.Window{}, nil, BuilderOptions{})
				cb.AddPredictions(draw(rng, size.rows))
				ev := Evaluate(cb.Summary(), &Profile{Layout: layout, Summary: rb.Summary()}, Options{})
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
