package drift

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// What a column without change says that it needs is enough: a window of so many rows decides
// it, and it is not far more than that, for half of them leave it undecided. They are
// judged by smaller differences than by default, which any window decides that has rows enough
// to be judged.
func TestNeededRowsDecideAColumn(t *testing.T) {
	numbers := func(draw func(*rand.Rand) float64) func(*rand.Rand, int) *groundtruth.Batch {
		return func(rng *rand.Rand, n int) *groundtruth.Batch {
			xs := make([]float64, n)
			for i := range xs {
				xs[i] = draw(rng)
			}
			return evaltest.NumbersBatch(xs)
		}
	}
	texts := func(values int) func(*rand.Rand, int) *groundtruth.Batch {
		return func(rng *rand.Rand, n int) *groundtruth.Batch {
			xs := make([]string, n)
			for i := range xs {
				xs[i] = strconv.Itoa(rng.IntN(values))
			}
			return evaltest.TextBatch(xs)
		}
	}
	shift := Options{Methods: []string{"wasserstein_normed"}, Thresholds: map[string]float64{"wasserstein_normed": 0.035}}
	shares := Options{Methods: []string{"js"}, Thresholds: map[string]float64{"js": 0.035}}
	for _, c := range []struct {
		name      string
		draw      func(*rand.Rand, int) *groundtruth.Batch
		opt       Options
		ref, rows int
	}{
		{"normal, days of 600 rows", numbers((*rand.Rand).NormFloat64), shift, 5000, 600},
		{"normal, days of 250 rows", numbers((*rand.Rand).NormFloat64), shift, 5000, 250},
		{"normal, days of 100 rows", numbers((*rand.Rand).NormFloat64), shift, 5000, 100},
		{"normal, a reference as small", numbers((*rand.Rand).NormFloat64), shift, 2500, 600},
		{"uniform", numbers((*rand.Rand).Float64), shift, 5000, 300},
		{"lognormal", numbers(func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) }), shift, 50000, 300},
		{"half of the values missing", numbers(func(r *rand.Rand) float64 {
			if r.IntN(2) == 0 {
				return math.NaN()
			}
			return r.NormFloat64()
		}), shift, 10000, 600},
		{"20 texts", texts(20), shares, 5000, 300},
		{"100 texts", texts(100), shares, 50000, 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 11))
			ref := c.draw(rng, c.ref)
			compare := func(rows int) Column {
				profile, cur := summarytest.Summaries(ref, summary.ProfilerOptions{}, c.draw(rng, rows))
				return Compare(new(Scratch), profile.Summary().Feature("x"), cur.Feature("x"), Likeness{}, c.opt)
			}
			found := compare(c.rows)
			if found.Drifted != nil || found.NeedsRows <= int64(c.rows) {
				t.Fatalf("%d rows are conclusive, or need only %d: %s", c.rows, found.NeedsRows, found.Reason)
			}
			if want := strconv.FormatInt(found.NeedsRows, 10); c.rows >= DefaultMinRows && !strings.HasSuffix(found.Reason, "needs about "+want+" rows, there are "+strconv.Itoa(c.rows)) {
				t.Errorf("the reason is %q", found.Reason)
			}
			if with := compare(int(found.NeedsRows)); with.Drifted == nil {
				t.Errorf("%d rows do not decide: %s", found.NeedsRows, with.Reason)
			}
			if less := compare(int(found.NeedsRows / 2)); less.Drifted != nil && !*less.Drifted {
				t.Errorf("half of the %d rows decides", found.NeedsRows)
			}
		})
	}
}

// Where the reference is what has too few rows, no number of rows of the window is named.
func TestNeededRowsOfASmallReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) *groundtruth.Batch {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = rng.NormFloat64()
		}
		return evaltest.NumbersBatch(xs)
	}
	compare := func(reference, rows int) Column {
		profile, cur := summarytest.Summaries(draw(reference), summary.ProfilerOptions{}, draw(rows))
		return Compare(new(Scratch), profile.Summary().Feature("x"), cur.Feature("x"), Likeness{}, Options{Methods: []string{"wasserstein_normed"}, Thresholds: map[string]float64{"wasserstein_normed": 0.04}})
	}
	found := compare(400, 600)
	_, words, _ := strings.Cut(found.Reason, "needs about ")
	rows, _, _ := strings.Cut(words, " ")
	n, err := strconv.Atoi(rows)
	if err != nil || !strings.HasSuffix(words, " rows in the window and in the reference, there are 600 and 400") || found.NeedsRows != 0 {
		t.Fatalf("%d: %q", found.NeedsRows, found.Reason)
	}
	if with := compare(n, n); with.Drifted == nil {
		t.Errorf("%d rows on both sides do not decide: %s", n, with.Reason)
	}
	if few := compare(100, 600); few.NeedsRows != 0 || !strings.Contains(few.Reason, "600 rows against 100 in the reference") {
		t.Errorf("a reference below min_rows: %d, %q", few.NeedsRows, few.Reason)
	}
}

// How far the law of the floors reaches is not far enough for a column of thousands of
// categories, of which a day has a few rows each: then no number is named.
func TestNeededRowsAreNotGuessed(t *testing.T) {
	by := evidence{refRows: 5000, rows: 600, window: 600, minRows: 200}
	for _, c := range []struct {
		name             string
		floor, threshold float64
	}{{"a floor far above the threshold", 0.7, 0.1}, {"a threshold of 0", 0.1, 0}} {
		if window, both := by.needs(c.floor, c.threshold); window != 0 || both != 0 {
			t.Errorf("%s: %d, %d", c.name, window, both)
		}
	}
}
