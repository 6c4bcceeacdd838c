package stat

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The bound that a reason shows and the verdict never contradict each other.
func TestSemantics3_BoundAgreesWithSignificance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(1e-6, 1e3).Draw(t, "variance")
		df := rapid.Float64Range(1, 1e4).Draw(t, "df")
		cube := math.Pow(v, 1.5)
		s := OneSided{
			Difference: rapid.Float64Range(0, 6).Draw(t, "T") * math.Sqrt(v),
			Variance:   v, InverseDF: v * v / df,
			skew:      cube * rapid.Float64Range(-2, 2).Draw(t, "A"),
			curvature: cube * rapid.Float64Range(-1, 1).Draw(t, "C"),
		}
		level := rapid.Float64Range(0.5, 0.999).Draw(t, "level")
		bound := s.Bound(level)
		if math.Abs(bound) > 1e-9*math.Sqrt(v) && s.Significant(level) != (bound > 0) {
			t.Fatalf("significant %v, bound %v of %+v", s.Significant(level), bound, s)
		}
		at := s
		at.Difference = s.Difference - bound
		if got, want := at.Corrected(), at.Quantile(level); math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
			t.Fatalf("T' at the bound is %v, the quantile %v", got, want)
		}
		higher := s
		higher.Difference += 0.1 * math.Sqrt(v)
		if higher.Corrected() < s.Corrected() {
			t.Fatalf("T' falls as the difference rises: %v, %v", s.Corrected(), higher.Corrected())
		}
	})
}
