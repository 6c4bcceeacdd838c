package evaluator

import (
	"fmt"
	"math"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// TestDriftComparesIn32BitsWhereOneSideHasThem holds that a column doesn't drift for being
// stored in 32 bits on one side and in 64 on the other, be its values decimals or not.
func TestDriftComparesIn32BitsWhereOneSideHasThem(t *testing.T) {
	for name, value := range map[string]func(i int) float64{
		"tenths":        func(i int) float64 { return float64(i%4) / 10 },
		"fifty":         func(i int) float64 { return float64(i%50) / 10 },
		"thirds":        func(i int) float64 { return float64(i%5) / 3 },
		"logarithms":    func(i int) float64 { return math.Log1p(float64(i % 100)) },
		"many":          func(i int) float64 { return math.Sqrt(float64(i % 5000)) },
		"halves":        func(i int) float64 { return float64(i%9) / 2 },
		"whole":         func(i int) float64 { return float64(i % 9) },
		"noisy whole":   func(i int) float64 { return float64(i%9) + 1e-9 },
		"large":         func(i int) float64 { return 1e6 + float64(i%9)/8.1 },
		"either sign":   func(i int) float64 { return float64(i%7)/10 - 0.3 },
		"one value":     func(i int) float64 { return 0.1 },
		"more than all": func(i int) float64 { return float64(i) / 7 },
	} {
		for _, bits := range [][2]int{{64, 32}, {32, 64}, {32, 32}, {64, 64}} {
			for _, n := range []int{500, 12_000} {
				t.Run(fmt.Sprintf("%s/%d against %d/%d", name, bits[1], bits[0], n), func(t *testing.T) {
					xs := evaltest.Series(n, value)
					ev := evaluateTables(evaltest.ColumnIn(bits[0], xs), evaltest.ColumnIn(bits[1], xs), summary.ProfilerOptions{}, Options{})
					for _, c := range []string{"f", "prediction"} {
						for measure, m := range ev.Drift.Columns[c].Measures {
							if v := float64(m.Value); v > 1e-3 {
								t.Errorf("%s of %s is %g", measure, c, v)
							}
						}
						if d := ev.Drift.Columns[c].Drifted; d != nil && *d {
							t.Errorf("%s drifted", c)
						}
					}
					if q := ev.Quality.Columns["f"]; q.OutOfRange > 0 {
						t.Errorf("%g are out of range", q.OutOfRange)
					}
				})
			}
		}
	}
}
