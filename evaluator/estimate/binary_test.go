package estimate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

var worth = metric.Options{Worth: &metric.Worth{Binary: [2][2]float64{{0, -1}, {-5, 10}}}, CostPerPrediction: 0.25}

// drawn counts n rows whose scores are draws and whose labels are positive with the probability
// that the score has; predicted positive from 0.5 on.
func drawn(rng *rand.Rand, n int, draw func(*rand.Rand) float64, probability func(float64) float64) []summary.ScoreCell {
	cells := make([]summary.ScoreCell, 501)
	for i := range cells {
		score := float64(i) / 500
		cells[i].Score, cells[i].Low, cells[i].High = score, score, score
	}
	for range n {
		i := int(math.Round(500 * draw(rng)))
		label, predicted := 0, 0
		if rng.Float64() < probability(cells[i].Score) {
			label = 1
		}
		if cells[i].Score >= 0.5 {
			predicted = 1
		}
		cells[i].Mass[label][predicted].N++
	}
	return cells
}

// unlabelled hides the labels of rows.
func unlabelled(cells []summary.ScoreCell) []summary.ScoreCell {
	out := make([]summary.ScoreCell, len(cells))
	for i, c := range cells {
		out[i] = summary.ScoreCell{Score: c.Score, Low: c.Low, High: c.High}
		for k := range 2 {
			out[i].Mass[0][k].N = c.Mass[0][k].N + c.Mass[1][k].N
		}
	}
	return out
}

// realised computes the metrics of labelled rows: of rows of one score, which all have one
// predicted class, so many are positive.
func realised(cells []summary.ScoreCell, opt metric.Options) map[string]float64 {
	c := calibrate(labelledCells(cells))
	w := newExpected(unlabelled(cells), [2]*Calibration{c, c})
	w.positive, w.hits = 0, 0
	at := 0
	for _, s := range cells {
		positive := float64(s.Mass[1][0].N + s.Mass[1][1].N)
		if positive+float64(s.Mass[0][0].N+s.Mass[0][1].N) == 0 {
			continue
		}
		c := &w.cells[at]
		share := positive / c.of()
		c.p = [2]float64{share, share}
		w.positive += positive
		w.hits += float64(s.Mass[1][1].N)
		at++
	}
	out := map[string]float64{}
	for _, m := range binaries() {
		out[m.name], _, _ = m.compute(w, opt)
	}
	return out
}

// TestSlopes holds the derivatives by which bands are made to differences of the metrics.
func TestSlopes(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	square := func(s float64) float64 { return s * s }
	reference := drawn(rng, 4000, (*rand.Rand).Float64, square)
	window := unlabelled(drawn(rng, 900, (*rand.Rand).Float64, square))
	of := func(cell int, by float64) *expected {
		cal := calibrate(labelledCells(reference))
		w := newExpected(window, [2]*Calibration{cal, cal})
		c := &w.cells[cell]
		c.p[0], c.p[1] = c.p[0]+by, c.p[1]+by
		w.positive += c.of() * by
		w.hits += c.n[1] * by
		return w
	}
	for _, m := range binaries() {
		for _, cell := range []int{0, 7, 100, 250, 300, 400} {
			const h = 1e-5
			up, _, _ := m.compute(of(cell, h), worth)
			down, _, _ := m.compute(of(cell, -h), worth)
			w := of(cell, 0)
			_, by, reason := m.compute(w, worth)
			if by == nil {
				t.Fatalf("%s has no slope: %s", m.name, reason)
			}
			d, n := by(cell), w.cells[cell].n
			want, got := (up-down)/(2*h), n[0]*d[0]+n[1]*d[1]
			if math.Abs(got-want) > 1e-6*max(math.Abs(want), 1e-3) {
				t.Errorf("%s, cell %d: slope %v, by a difference %v", m.name, cell, got, want)
			}
		}
	}
}

// TestBandsCover holds bands to their level: where scores are worth what they were, the metrics
// that labels show lie within in 93 to 99 of 100 windows. They are a little wide where the blocks
// of the isotonic regression have few rows.
func TestBandsCover(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	t.Parallel()
	const repeats = 600
	power := func(e float64) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 { return math.Pow(rng.Float64(), e) }
	}
	for _, c := range []struct {
		name              string
		reference, window int
		draw, later       func(*rand.Rand) float64
		probability       func(float64) float64
		low               float64
	}{
		{"half positive", 5000, 1000, power(1), power(1), func(s float64) float64 { return s * s * (3 - 2*s) }, 0.92},
		{"a tenth positive", 10000, 2000, power(3), power(3), func(s float64) float64 { return 0.7 * s * s }, 0.92},
		{"other inputs", 5000, 1000, power(1), power(2), func(s float64) float64 { return s * s * (3 - 2*s) }, 0.92},
		{"calibrated", 5000, 1000, power(1), power(1.5), func(s float64) float64 { return s }, 0.92},
		// Calibration would lower the error by too little to be found by the reference every time.
		{"off by little", 5000, 10000, power(1), power(1), func(s float64) float64 { return 0.5 + 0.95*(s-0.5) }, 0.85},
		{"a small reference", 800, 2000, power(1), power(1.5), func(s float64) float64 { return s * s }, 0.89},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(13, 1))
			within, bias := map[string]int{}, map[string]float64{}
			for range repeats {
				reference := drawn(rng, c.reference, c.draw, c.probability)
				window := drawn(rng, c.window, c.later, c.probability)
				estimated, true := Binary(reference, unlabelled(window), worth), realised(window, worth)
				for name, m := range estimated.Metrics {
					if float64(m.Low) <= true[name] && true[name] <= float64(m.High) {
						within[name]++
					}
					bias[name] += (float64(m.Value) - true[name]) / repeats
				}
			}
			for _, m := range binaries() {
				share := float64(within[m.name]) / repeats
				t.Logf("%-20s within %.3f, bias %+.4f", m.name, share, bias[m.name])
				if share < c.low || share > 0.995 {
					t.Errorf("%s lies within the band in %v of windows", m.name, share)
				}
			}
		})
	}
}

// TestNoBand says when estimates have no value or no band.
func TestNoBand(t *testing.T) {
	t.Parallel()
	cell := func(score float64, n ...int64) summary.ScoreCell {
		c := summary.ScoreCell{Score: score, Low: score, High: score}
		for k, n := range n {
			c.Mass[k/2][k%2].N = n
		}
		return c
	}
	reference := []summary.ScoreCell{cell(0.1, 900, 0, 100), cell(0.9, 0, 100, 0, 900)}
	for _, c := range []struct {
		name, metric string
		window       []summary.ScoreCell
		value        float64
		band         bool
		reason       string
	}{
		{"no rows", "roc_auc", nil, math.NaN(), false, noRows},
		{"few positive rows", "accuracy", []summary.ScoreCell{cell(0.1, 450)}, 0.9, false, "a band needs 50 rows of each class, and so many are not expected"},
		{"enough", "accuracy", []summary.ScoreCell{cell(0.1, 500), cell(0.9, 0, 500)}, 0.9, true, ""},
		{"none predicted", "precision", []summary.ScoreCell{cell(0.1, 500), cell(0.9, 500)}, 0, false, "no row is predicted to be of the positive class: counted as 0"},
		{"no matrix", "business_value", []summary.ScoreCell{cell(0.1, 500), cell(0.9, 0, 500)}, math.NaN(), false, metric.NoWorth},
	} {
		got := Binary(reference, c.window, metric.Options{}).Metrics[c.metric]
		same := math.Abs(float64(got.Value)-c.value) < 1e-12 || math.IsNaN(c.value) && math.IsNaN(float64(got.Value))
		if !same || stat.IsNumber(float64(got.Low)) != c.band || got.Reason != c.reason {
			t.Errorf("%s: %v (%v to %v), %q", c.name, got.Value, got.Low, got.High, got.Reason)
		}
	}
	one := Binary([]summary.ScoreCell{cell(0.2, 500), cell(0.4, 500)}, []summary.ScoreCell{cell(0.3, 100)}, metric.Options{})
	if one.Calibration.Applied || stat.IsNumber(float64(one.Calibration.Before)) {
		t.Errorf("a reference of one class calibrates: %+v", one.Calibration)
	}
}

// BenchmarkBinary estimates by as many distinct scores as are kept apart.
func BenchmarkBinary(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 5))
	cells := func(rows int) []summary.ScoreCell {
		out := make([]summary.ScoreCell, summary.WholeScores)
		for i := range out {
			out[i].Score = (float64(i) + 0.5) / summary.WholeScores
		}
		for range rows {
			c := &out[rng.IntN(len(out))]
			label := 0
			if rng.Float64() < c.Score*c.Score {
				label = 1
			}
			c.Mass[label][int(math.Round(c.Score))].N++
		}
		return out
	}
	reference, window := cells(1_000_000), unlabelled(cells(1_000_000))
	for b.Loop() {
		Binary(reference, window, worth)
	}
}
