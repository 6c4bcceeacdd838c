package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// kind draws columns of one sort, as tables of models have them. What is drawn is a function
// of a standard normal number, or of an exponential one, which is shifted, or stretched, by so
// many standard deviations.
type kind struct {
	name string
	draw func(rng *rand.Rand, n int, shift float64) *groundtruth.Batch
}

func numbersKind(name string, of func(rng *rand.Rand, shift float64) float64) kind {
	return kind{name, func(rng *rand.Rand, n int, shift float64) *groundtruth.Batch {
		return evaltest.NumbersBatch(evaltest.Series(n, func(int) float64 { return of(rng, shift) }))
	}}
}

func textsKind(name string, of func(rng *rand.Rand, shift float64) int) kind {
	return kind{name, func(rng *rand.Rand, n int, shift float64) *groundtruth.Batch {
		out := make([]string, n)
		for i := range out {
			out[i] = "t" + strconv.Itoa(of(rng, shift))
		}
		return evaltest.TextBatch(out)
	}}
}

// zipfKind draws so many texts by Zipf's law; a shift makes the frequent ones more frequent.
func zipfKind(texts int) kind {
	sums := make([]float64, texts)
	total := 0.0
	for i := range sums {
		total += 1 / float64(i+1)
		sums[i] = total
	}
	return textsKind(fmt.Sprintf("%d texts", texts), func(rng *rand.Rand, shift float64) int {
		u := math.Pow(rng.Float64(), math.Exp(shift)) * total
		i, _ := slices.BinarySearch(sums, u)
		return min(i, texts-1)
	})
}

func kinds() []kind {
	return []kind{
		numbersKind("normal", func(rng *rand.Rand, shift float64) float64 { return rng.NormFloat64() + shift }),
		numbersKind("lognormal", func(rng *rand.Rand, shift float64) float64 { return math.Exp(rng.NormFloat64() + shift) }),
		numbersKind("uniform", func(rng *rand.Rand, shift float64) float64 { return rng.Float64() + shift/math.Sqrt(12) }),
		numbersKind("integers", func(rng *rand.Rand, shift float64) float64 { return math.Round(5 + 3*(rng.NormFloat64()+shift)) }),
		numbersKind("four values", func(rng *rand.Rand, shift float64) float64 {
			return math.Min(3, math.Max(0, math.Floor(2+rng.NormFloat64()+shift)))
		}),
		numbersKind("two values", func(rng *rand.Rand, shift float64) float64 {
			if rng.NormFloat64()+shift > 0.5 {
				return 1
			}
			return 0
		}),
		textsKind("12 texts", func(rng *rand.Rand, shift float64) int {
			return int(math.Min(11, 3*rng.ExpFloat64()*math.Exp(shift)))
		}),
		zipfKind(300),
	}
}

// flagged counts, of so many windows, those whose column has drifted, and those that are
// inconclusive.
func (k kind) flagged(rng *rand.Rand, reference, rows, windows int, shift float64, opt Options) (drifted, unknown int) {
	var profile *summary.Profile
	for i := range windows {
		if i%4 == 0 {
			profile, _ = summarytest.Summaries(k.draw(rng, reference, 0), summary.ProfilerOptions{}, evaltest.NumbersBatch(nil))
		}
		b := summary.NewBuilder(profile.Layout, profile.Layout.Span(), nil, summary.BuilderOptions{})
		b.AddPredictions(k.draw(rng, rows, shift))
		c := Compare(new(Scratch), profile.Summary().Feature("x"), b.Summary().Feature("x"), Likeness{}, opt)
		switch {
		case c.Drifted == nil:
			unknown++
		case *c.Drifted:
			drifted++
		}
	}
	return drifted, unknown
}

// TestEveryKindOfColumnShowsAShift holds that windows of 1,000 rows against 5,000 show a shift
// of 0.3 standard deviations, whatever the column is, and that unchanged ones seldom drift and
// are judged from 200 rows on, but for hundreds of texts.
func TestEveryKindOfColumnShowsAShift(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(30, uint64(len(k.name))))
			const shifted = 40
			if drifted, _ := k.flagged(rng, 5000, 1000, shifted, 0.3, Options{}); drifted < shifted*95/100 {
				t.Errorf("a shift of 0.3 is found in %d of %d windows", drifted, shifted)
			}
			const unchanged = 200
			for _, rows := range []int{200, 1000} {
				drifted, unknown := k.flagged(rng, 5000, rows, unchanged, 0, Options{})
				if most := unchanged * (0.05 + 2.5*math.Sqrt(0.05*0.95/unchanged)); float64(drifted) > most {
					t.Errorf("without change %d of %d windows of %d rows drift", drifted, unchanged, rows)
				}
				if unknown > 0 && (rows >= 1000 || k.name != "300 texts") {
					t.Errorf("%d of %d windows of %d rows are inconclusive", unknown, unchanged, rows)
				}
			}
		})
	}
}

// TestRowsThatColumnsNeed makes the table of docs/statistics.md, by -v: from how many rows on a
// column without change is judged, and from how many at the thresholds themselves; against
// 5,000 rows, and against as many. 300 texts against 5,000 rows are to be judged from 1,000 on.
func TestRowsThatColumnsNeed(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	steps := []int{200, 250, 300, 400, 500, 600, 800, 1000, 1500, 2000, 3000, 5000, 10_000, 20_000}
	// from returns the first of the steps at which all of some windows say so.
	from := func(k kind, reference func(rows int) int, says func(Column) bool) string {
		i, _ := slices.BinarySearchFunc(steps, true, func(rows int, _ bool) int {
			rng := rand.New(rand.NewPCG(uint64(rows), 7))
			for range 4 {
				profile, cur := summarytest.Summaries(k.draw(rng, reference(rows), 0), summary.ProfilerOptions{}, k.draw(rng, rows, 0))
				if c := Compare(new(Scratch), profile.Summary().Feature("x"), cur.Feature("x"), Likeness{}, Options{}); !says(c) {
					return -1
				}
			}
			return 1
		})
		if i == len(steps) {
			return "more than 20,000"
		}
		return strconv.Itoa(steps[i])
	}
	judged := func(c Column) bool { return c.Drifted != nil }
	fully := func(c Column) bool { return c.Drifted != nil && (*c.Drifted || c.Reason == "") }
	large := func(int) int { return 5000 }
	small := func(rows int) int { return rows }
	row := func(k kind, name string) (fromLarge string) {
		fromLarge = from(k, large, judged)
		t.Logf("| %s | %s | %s | %s | %s |", name, fromLarge, from(k, large, fully), from(k, small, judged), from(k, small, fully))
		return fromLarge
	}
	for _, k := range kinds() {
		if k.name == "normal" || k.name == "lognormal" || k.name == "two values" {
			row(k, k.name)
		}
	}
	for _, texts := range []int{5, 12, 30, 100, 300, 1000} {
		even := textsKind("even", func(rng *rand.Rand, _ float64) int { return rng.IntN(texts) })
		for _, k := range []kind{even, zipfKind(texts)} {
			name := fmt.Sprintf("%d texts, all as frequent", texts)
			if k.name != even.name {
				name = fmt.Sprintf("%d texts, by Zipf's law", texts)
			}
			if rows, err := strconv.Atoi(row(k, name)); texts <= 300 && (err != nil || rows > 1000) {
				t.Errorf("%s, are judged from %d rows on, %v", name, rows, err)
			}
		}
	}
}
