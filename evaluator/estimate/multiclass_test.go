package estimate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// severalRows counts n rows of three classes by the score of each, which is a temper of its
// probability, and with their labels where the window is to be known.
func severalRows(rng *rand.Rand, n int, spread, temper float64) (labelled [3][]summary.ScoreCell) {
	const steps = 400
	for k := range labelled {
		labelled[k] = make([]summary.ScoreCell, steps+1)
		for i := range labelled[k] {
			labelled[k][i].Score = float64(i) / steps
		}
	}
	for range n {
		var score, p [3]float64
		var ofScores, ofP float64
		for k := range 3 {
			z := spread * rng.NormFloat64()
			if k == 0 {
				z += 0.5
			}
			score[k], p[k] = math.Exp(temper*z), math.Exp(z)
			ofScores, ofP = ofScores+score[k], ofP+p[k]
		}
		actual, predicted := 0, 0
		for u := rng.Float64() - p[0]/ofP; u > 0 && actual < 2; u -= p[actual] / ofP {
			actual++
		}
		for k := range 3 {
			if score[k] > score[predicted] {
				predicted = k
			}
		}
		for k := range 3 {
			c := &labelled[k][int(math.Round(steps*score[k]/ofScores))]
			is := func(of int) int {
				if of == k {
					return 1
				}
				return 0
			}
			c.Mass[is(actual)][is(predicted)].N++
		}
	}
	return labelled
}

func classesOf(reference, window [3][]summary.ScoreCell) []Class {
	var out []Class
	for k, name := range []string{"a", "b", "c"} {
		out = append(out, Class{name, reference[k], window[k]})
	}
	return out
}

// realisedOf computes the metrics of rows with labels: those of each class against the rest, whose
// hits are counted and not a score's.
func realisedOf(window [3][]summary.ScoreCell) map[string]float64 {
	out := map[string]float64{}
	for k := range window {
		var hits, rows, actual, predicted, pairs, below float64
		for _, c := range window[k] {
			n, p := float64(c.Mass[0][0].N+c.Mass[0][1].N), float64(c.Mass[1][0].N+c.Mass[1][1].N)
			hits, predicted = hits+float64(c.Mass[1][1].N), predicted+float64(c.Mass[1][1].N+c.Mass[0][1].N)
			rows, actual = rows+n+p, actual+p
			pairs += p * (below + n/2)
			below += n
		}
		out["accuracy"] += hits / rows
		out["f1_micro"] += hits / rows
		out["recall"] += hits / actual / 3
		out["balanced_accuracy"] += hits / actual / 3
		out["precision"] += hits / predicted / 3
		out["f1"] += 2 * hits / (actual + predicted) / 3
		out["roc_auc"] += pairs / actual / (rows - actual) / 3
	}
	return out
}

// TestBandsOfSeveralClassesCover holds the bands of several classes to their level, where scores are
// worth what they were and inputs are others. They may be wider than need be.
func TestBandsOfSeveralClassesCover(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	t.Parallel()
	const repeats = 400
	rng := rand.New(rand.NewPCG(3, 44))
	within, bias, width := map[string]int{}, map[string]float64{}, map[string]float64{}
	for range repeats {
		reference, window := severalRows(rng, 6000, 1.5, 2), severalRows(rng, 1500, 1.1, 2)
		for k := range window {
			if k == 0 && !Multiclass(classesOf(reference, window), metric.Options{}).Calibration.Applied {
				t.Fatal("nothing is calibrated")
			}
		}
		var hidden [3][]summary.ScoreCell
		for k := range window {
			hidden[k] = unlabelled(window[k])
		}
		estimated, true := Multiclass(classesOf(reference, hidden), metric.Options{}), realisedOf(window)
		for name, m := range estimated.Metrics {
			if float64(m.Low) <= true[name] && true[name] <= float64(m.High) {
				within[name]++
			}
			bias[name] += (float64(m.Value) - true[name]) / repeats
			width[name] += float64(m.High-m.Low) / repeats
		}
	}
	for _, m := range multiclasses() {
		share := float64(within[m.name]) / repeats
		t.Logf("%-20s within %.3f, bias %+.4f, width %.3f", m.name, share, bias[m.name], width[m.name])
		if share < 0.92 || math.Abs(bias[m.name]) > 0.01 {
			t.Errorf("%s lies within the band in %v of windows, bias %v", m.name, share, bias[m.name])
		}
	}
}
