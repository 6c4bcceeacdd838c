package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestIntervalsOfClassifiersCover draws rows of classifiers, of which some are autocorrelated. The
// intervals of what docs/statistics.md promises cover what they should.
func TestIntervalsOfClassifiersCover(t *testing.T) {
	const trials = 500
	for _, c := range []struct {
		rows              int
		prevalence, apart float64
		rho               float64
	}{
		{1000, 0.5, 1, 0}, {1000, 0.5, 3, 0}, {1000, 0.1, 1, 0}, {1000, 0.1, 2, 0}, {1000, 0.1, 3, 0},
		{5000, 0.01, 2, 0}, {5000, 0.01, 3, 0}, {2000, 0.5, 2, 0.7}, {2000, 0.3, 1, 0.7},
	} {
		t.Run(fmt.Sprintf("%d rows, %g positive, %g apart, AR(1) %g", c.rows, c.prevalence, c.apart, c.rho), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(11, uint64(c.rows)))
			model := summarytest.Classified{Prevalence: c.prevalence, Apart: c.apart}
			truth := model.Truth()
			covered, nEff, shown := map[string]int{}, map[string]float64{}, 0
			for range trials {
				rows := model.Draw(rng, c.rows, c.rho)
				metrics := OfWindow(rows.Summary(time.Hour).Errors(), nil, Options{Task: groundtruth.Binary})
				if metrics["roc_auc"].Reason != "" {
					continue
				}
				shown++
				for name, want := range truth {
					m := metrics[name]
					if float64(m.Low) <= want && want <= float64(m.High) {
						covered[name]++
					}
					nEff[name] += m.Estimate.NEff / float64(c.rows)
				}
			}
			for name := range truth {
				share := float64(covered[name]) / float64(shown)
				t.Logf("%s covers %.1f %% of %d, %.2f of its rows count", name, 100*share, shown, nEff[name]/float64(shown))
				// 95 % of 500 trials have a standard error of 1 point; of 250 of 1.4.
				if least := 0.95 - 3*math.Sqrt(0.05*0.95/float64(shown)); share < least || shown < trials/3 {
					t.Errorf("%s covers %.1f %% of %d, want 95 %%", name, 100*share, shown)
				}
			}
		})
	}
}

// TestInfluencesAreDerivatives gives one row after another a little more weight. What that changes
// of a metric is the row's influence.
func TestInfluencesAreDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	rows := summarytest.Classified{Prevalence: 0.3, Apart: 1}.Draw(rng, 150, 0)
	for i := range rows.Labels {
		rows.Weights = append(rows.Weights, 0.5+rng.Float64())
		rows.Scores[i] = math.Round(rows.Scores[i]*40) / 40 // some scores are equal
	}
	opt := Options{Task: groundtruth.Binary, Worth: &Worth{Binary: [2][2]float64{{0, -1}, {-5, 10}}}, CostPerPrediction: 0.1, Beta: 3}
	of := func() *binaryRows {
		o := &origin{Options: opt, e: rows.Summary(time.Hour).Errors()}
		o.n = o.e.N()
		return newBinaryRows(o)
	}
	r := of()
	values := func() map[string]float64 {
		out := map[string]float64{}
		for name, m := range OfWindow(rows.Summary(time.Hour).Errors(), nil, opt) {
			out[name] = float64(m.Value)
		}
		return out
	}
	const more = 1e-6
	was := values()
	for i := range 40 {
		rows.Weights[i] += more
		is := values()
		rows.Weights[i] -= more
		at := slices.IndexFunc(r.cells, func(c summary.ScoreCell) bool { return c.Score == rows.Scores[i] })
		label, predicted := int(rows.Labels[i]), 0
		if rows.Scores[i] >= 0.5 {
			predicted = 1
		}
		for _, spec := range Specs(groundtruth.Binary) {
			f, cell := spec.binary(r), at
			if len(f.influence) == 1 {
				cell = 0
			}
			want, got := f.influence[cell][label][predicted], (is[spec.Name]-was[spec.Name])/more*r.all.W
			if math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("%s: a row of score %g, label %d and prediction %d moves it by %g, and its influence is %g", spec.Name, rows.Scores[i], label, predicted, got, want)
			}
		}
	}
}

// TestStandardErrorsAreThoseOfResampling compares the standard error of every metric with what it
// varies by when rows are drawn again from the same, without weights and with some.
func TestStandardErrorsAreThoseOfResampling(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	const n, times = 1000, 400
	for _, weighted := range []bool{false, true} {
		rng := rand.New(rand.NewPCG(13, 1))
		rows := summarytest.Classified{Prevalence: 0.3, Apart: 1.5}.Draw(rng, n, 0)
		for i := range rows.Scores {
			rows.Scores[i] = math.Pow(rows.Scores[i], 1.5) // so that ece is not about 0
			if weighted {
				rows.Weights = append(rows.Weights, -math.Log(rng.Float64()))
			}
		}
		opt := Options{Task: groundtruth.Binary, Worth: &Worth{Binary: [2][2]float64{{0, -1}, {-5, 10}}}}
		got := OfWindow(rows.Summary(time.Nanosecond).Errors(), nil, opt)
		for name, m := range got {
			if m.Note != "" && name != "ece" {
				t.Errorf("weights %t: %s has the note %q", weighted, name, m.Note)
			}
		}
		drawn := map[string][]float64{}
		for range times {
			again := summarytest.Binary{}
			for range n {
				i := rng.IntN(n)
				again.Labels, again.Scores = append(again.Labels, rows.Labels[i]), append(again.Scores, rows.Scores[i])
				if weighted {
					again.Weights = append(again.Weights, rows.Weights[i])
				}
			}
			for name, m := range OfWindow(again.Summary(time.Nanosecond).Errors(), nil, opt) {
				drawn[name] = append(drawn[name], float64(m.Value))
			}
		}
		for name, values := range drawn {
			mean, square := 0.0, 0.0
			for _, v := range values {
				mean += v / times
				square += v * v / times
			}
			sd := math.Sqrt(square - mean*mean)
			// The deviation of 400 draws is itself off by 3.5 %.
			if ratio := got[name].Estimate.SE / sd; ratio < 0.87 || ratio > 1.15 {
				t.Errorf("weights %t: the standard error of %s is %g, and it varies by %g", weighted, name, got[name].Estimate.SE, sd)
			}
		}
	}
}
