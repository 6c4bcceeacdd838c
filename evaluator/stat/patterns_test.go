package stat

import (
	"math"
	"slices"
	"testing"
)

func TestPatternsAreWhatTheBlocksCanTell(t *testing.T) {
	evenly := func(blocks int, rows float64) []float64 { return slices.Repeat([]float64{rows}, blocks) }
	office := evenly(64, 0)
	for i := 24; i < 46; i++ {
		office[i] = 20
	}
	for _, c := range []struct {
		name string
		rows []float64
		days float64
		want int // columns, the mean among them
	}{
		{"no time", evenly(64, 20), 0, 1},
		{"an hour", evenly(64, 20), 1.0 / 24, 1},
		{"half a day", evenly(64, 20), 0.5, 1},
		{"a day", evenly(64, 20), 1, 7},
		{"a day of 23 hours", evenly(64, 20), 23.0 / 24, 7},
		{"three days", evenly(64, 20), 3, 7},
		{"a week", evenly(64, 20), 7, 13},
		{"a week of 167 hours", evenly(64, 20), 167.0 / 24, 13},
		{"four weeks, in whose blocks a day looks like half a week", evenly(64, 20), 28, 11},
		{"64 days, each a block", evenly(64, 20), 64, 7},
		{"office hours, in which two of five look alike", office, 1, 4},
		{"few rows", evenly(64, 0.75), 1, 3},
		{"few blocks", evenly(8, 20), 1, 1},
		{"no rows", evenly(64, 0), 1, 0},
	} {
		p := PatternsOf(c.rows, c.days)
		if len(p.columns) != c.want {
			t.Errorf("%s: %d columns, want %d", c.name, len(p.columns), c.want)
		}
		for i, f := range p.columns {
			for j, g := range p.columns {
				want := 0.0
				if i == j {
					want = 1
				}
				if got := weighted(c.rows, f, g); math.Abs(got-want) > 1e-12 {
					t.Errorf("%s: columns %d and %d have the product %g, want %g", c.name, i, j, got, want)
				}
			}
		}
	}
}

// TestPatternsTakeOutWhatRepeatsDaily takes out a sinusoid of the day and of the week, and
// leaves another one as it is.
func TestPatternsTakeOutWhatRepeatsDaily(t *testing.T) {
	rows := make([]float64, 64)
	for i := range rows {
		rows[i] = float64(10 + i%7)
	}
	for _, c := range []struct {
		days, period float64
		gone         bool
	}{{1, 1, true}, {1, 1.0 / 3, true}, {1, 1.0 / 8, false}, {7, 1, true}, {7, 3.5, true}, {7, 7.0 / 9, false}, {25.0 / 24, 1, true}} {
		b := BlockSeries{N: rows, U: make([]float64, len(rows))}
		mean, total := 0.0, 0.0
		for i, n := range rows {
			b.U[i] = n * math.Sin(1+2*math.Pi*c.days/c.period*(float64(i)+0.5)/64)
			mean += b.U[i]
			total += n
		}
		before := 0.0
		for i, n := range rows {
			b.U[i] -= n * mean / total
			before += b.U[i] * b.U[i] / n
		}
		left, explained := PatternsOf(rows, c.days).take(b)
		after := 0.0
		for _, l := range left {
			after += l.u * l.u / l.n
		}
		if math.Abs(before-after-explained) > 1e-9*before {
			t.Errorf("%g days, period %g: %g is left and %g explained of %g", c.days, c.period, after, explained, before)
		}
		if c.gone != (after < 1e-9*before) || !c.gone && after < 0.9*before {
			t.Errorf("%g days, period %g: %g of %g is left", c.days, c.period, after, before)
		}
	}
}
