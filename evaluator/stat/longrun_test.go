package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// blocksOf cuts a series into blocks of these numbers of rows, centred on its mean.
func blocksOf(xs []float64, rows []int) (BlockSeries, Moments) {
	var b BlockSeries
	var m Moments
	m.N = float64(len(xs))
	for _, x := range xs {
		m.Mean += x / m.N
	}
	for _, x := range xs {
		m.Variance += (x - m.Mean) * (x - m.Mean) / (m.N - 1)
	}
	at := 0
	for _, n := range rows {
		u := 0.0
		for _, x := range xs[at : at+n] {
			u += x - m.Mean
		}
		at += n
		b.N, b.U = append(b.N, float64(n)), append(b.U, u)
	}
	return b, m
}

func TestLongRunTellsAutocorrelatedFromIndependentRows(t *testing.T) {
	even := make([]int, summary.NumBlocks)
	daily := make([]int, summary.NumBlocks) // busy at noon, nearly nothing at night
	few := make([]int, summary.NumBlocks)   // all rows in eight of the blocks
	for i := range even {
		even[i] = 16
		daily[i] = int(16 * (1 - math.Cos(2*math.Pi*(float64(i)+0.5)/summary.NumBlocks)))
		if i%8 == 3 {
			few[i] = 128
		}
	}
	const trials = 500
	for _, c := range []struct {
		name string
		rows []int
	}{{"even", even}, {"daily", daily}, {"few", few}} {
		rng := rand.New(rand.NewPCG(1, 2))
		n := 0
		for _, r := range c.rows {
			n += r
		}
		for _, rho := range []float64{0, 0.7} {
			seen, covered := 0, 0
			factor := 0.0
			for range trials {
				xs := evaltest.ErrorsOf(rng, n, rho)
				b, m := blocksOf(xs, c.rows)
				inflation := longRun(b, m.N, m.Variance).inflation
				if inflation > 1 {
					seen++
				}
				factor += inflation / trials
				low, high := EstimateMean(m, b, Likeness{}, m.Mean, 1, 0).Interval(0.95, false)
				if low <= 0 && 0 <= high {
					covered++
				}
			}
			share := float64(seen) / trials
			// The true factor is (1+rho)/(1-rho) = 5.67; eight blocks tell it roughly.
			if rho == 0 && share > 0.14 || rho > 0 && (share < 0.95 || factor < 4 || factor > 9) {
				t.Errorf("%s blocks, AR(1) %g: inflated in %.0f %% by %.2f on average", c.name, rho, 100*share, factor)
			}
			if got := float64(covered) / trials; got < 0.92 {
				t.Errorf("%s blocks, AR(1) %g: the interval covers %.1f %%", c.name, rho, 100*got)
			}
		}
	}
}

func TestLongRunIsNaiveWithoutEnoughBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	xs := evaltest.ErrorsOf(rng, 700, 0.99)
	for name, rows := range map[string][]int{
		"one block":                    {700},
		"one block among empty ones":   {0, 0, 700, 0},
		"seven blocks":                 {100, 100, 100, 100, 100, 100, 100},
		"no blocks":                    {},
		"nearly everything in a block": {686, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		"a row to each block":          append(make([]int, 57), 1, 1, 1, 1, 1, 1, 1),
	} {
		n := 0
		for _, r := range rows {
			n += r
		}
		b, m := blocksOf(xs[:n], rows)
		if l := longRun(b, m.N, m.Variance); l.inflation != 1 || !math.IsInf(l.df, 1) {
			t.Errorf("%s: inflation %g with df %g, want 1 and infinite", name, l.inflation, l.df)
		}
	}
	// Empty blocks change nothing.
	rows := make([]int, 0, 40)
	gaps := make([]int, 0, 80)
	for range 40 {
		rows, gaps = append(rows, 17), append(gaps, 17, 0)
	}
	b, m := blocksOf(xs[:680], rows)
	c, _ := blocksOf(xs[:680], gaps)
	want := longRun(b, m.N, m.Variance).inflation
	if got := longRun(c, m.N, m.Variance).inflation; got != want || want < 2 {
		t.Errorf("with empty blocks the inflation is %g, without %g", got, want)
	}
}
