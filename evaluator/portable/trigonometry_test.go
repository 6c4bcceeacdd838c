package portable

import (
	"math"
	"testing"
)

func TestSinCos(t *testing.T) {
	for i := -4000; i <= 4000; i++ {
		turns := float64(i) / 997
		sin, cos := SinCos(turns)
		// The remainder is exact, so that math's arguments are as small as may be.
		wantSin, wantCos := math.Sincos(2 * math.Pi * math.Remainder(turns, 1))
		if math.Abs(sin-wantSin) > 1e-15 || math.Abs(cos-wantCos) > 1e-15 {
			t.Errorf("SinCos(%v) is %v and %v, want %v and %v", turns, sin, cos, wantSin, wantCos)
		}
		if off := math.Abs(sin*sin + cos*cos - 1); off > 1e-15 {
			t.Errorf("SinCos(%v) is off the circle by %g", turns, off)
		}
	}
	for turns, want := range map[float64][2]float64{
		0: {0, 1}, 0.25: {1, 0}, 0.5: {0, -1}, 0.75: {-1, 0}, -0.25: {-1, 0}, -0.5: {0, -1}, 3: {0, 1}, 1e15 + 0.5: {0, -1},
		1.0 / 12: {0.5, math.Sqrt(3) / 2},
	} {
		if sin, cos := SinCos(turns); math.Abs(sin-want[0]) > 3e-16 || math.Abs(cos-want[1]) > 3e-16 {
			t.Errorf("SinCos(%v) is %v and %v, want %v", turns, sin, cos, want)
		}
	}
	for _, turns := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if sin, cos := SinCos(turns); !math.IsNaN(sin) || !math.IsNaN(cos) {
			t.Errorf("SinCos(%v) is %v and %v, want NaN", turns, sin, cos)
		}
	}
}
