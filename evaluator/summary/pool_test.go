package summary_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// What is pooled of windows has the sums of all their rows, and those of each window in the
// quarters of its length; it can be pooled again, and changes none of them.
func TestPooledErrorsAreThoseOfAllRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var all []float64
	var windows []*summary.ErrorSums
	for n := range 5 {
		errs := make([]float64, 100+n)
		for i := range errs {
			errs[i] = math.Round(1000*rng.NormFloat64()) / 8
		}
		all = append(all, errs...)
		windows = append(windows, summarytest.ErrorSumsOf(errs))
	}
	timeless := summarytest.ErrorSumsOver(0, []float64{1, 2})
	all, windows = append(all, 1, 2), append(windows, timeless)
	want, got := summarytest.ErrorSumsOf(all), summary.PoolErrors(windows)
	for k := summary.SumE; k <= summary.SumE2Z2; k++ {
		if got.Sum(k) != want.Sum(k) {
			t.Errorf("sum %d is %g, of all rows %g", k, got.Sum(k), want.Sum(k))
		}
	}
	if got.N() != want.N() || got.NonZero() != want.NonZero() || got.MaxAbs() != want.MaxAbs() {
		t.Errorf("%d rows, %d with a label, at most %g; want %d, %d, %g", got.N(), got.NonZero(), got.MaxAbs(), want.N(), want.NonZero(), want.MaxAbs())
	}
	for _, rank := range []int64{0, 100, want.N() - 1} {
		a, _ := got.AbsErrors().At(rank)
		if b, _ := want.AbsErrors().At(rank); a != b {
			t.Errorf("the order statistic %d is %g, of all rows %g", rank, a, b)
		}
	}
	if got.Blocks() != summary.DayParts*len(windows) {
		t.Fatalf("%d blocks", got.Blocks())
	}
	for w, errors := range windows {
		var n int64
		var sum float64
		for part := range summary.DayParts {
			n += got.BlockN(summary.DayParts*w + part)
			sum += got.BlockSum(summary.DayParts*w+part, summary.SumE)
			if quarter := errors.N() / summary.DayParts; errors != timeless && math.Abs(float64(got.BlockN(summary.DayParts*w+part)-quarter)) > 2 {
				t.Errorf("part %d of window %d has %d rows of %d", part, w, got.BlockN(summary.DayParts*w+part), errors.N())
			}
		}
		if n != errors.N() || sum != errors.Sum(summary.SumE) {
			t.Errorf("window %d has %d rows that sum to %g in its parts, and %d and %g", w, n, sum, errors.N(), errors.Sum(summary.SumE))
		}
	}
	var one []*summary.ErrorSums
	for _, w := range windows {
		one = append(one, summary.PoolErrors([]*summary.ErrorSums{w}))
	}
	again := summary.PoolErrors(one)
	for b := range got.Blocks() {
		if again.BlockN(b) != got.BlockN(b) || again.BlockSum(b, summary.SumE2) != got.BlockSum(b, summary.SumE2) {
			t.Errorf("block %d differs where each window was pooled by itself before", b)
		}
	}
	if windows[0].Blocks() != summary.NumBlocks || windows[0].N() != 100 {
		t.Error("a window was changed")
	}
	if summary.PoolErrors(nil) != nil {
		t.Error("no windows make something")
	}
}
