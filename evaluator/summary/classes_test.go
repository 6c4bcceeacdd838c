package summary

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// classRow is a row of a binary classifier's table.
type classRow struct {
	score    float64
	positive bool
	actual   int // -1 without a label
	weight   float64
	time     int64
	city     string
	hash     uint64
}

func (r classRow) predicted() int { return one(r.positive) }

var binaryOptions = BuilderOptions{Task: groundtruth.Binary, Classifier: ClassifierOptions{Scored: true}}

// classScore draws scores that tie, extreme ones, and any.
var classScore = rapid.OneOf(
	rapid.Map(rapid.IntRange(0, 8), func(i int) float64 { return float64(i) / 8 }),
	rapid.Float64Range(0, 1),
	rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 5e-324, 1e-20, 1e-12, 0x1p-50, 0x1p-53, 1 - 0x1p-53, 1 - 0x1p-50, 1 - 1e-7, 0.5 - 0x1p-54, 0.5 + 0x1p-53}),
)

var anyClassRow = rapid.Custom(func(t *rapid.T) classRow {
	return classRow{
		score:    classScore.Draw(t, "score"),
		positive: rapid.Bool().Draw(t, "positive"),
		actual:   rapid.IntRange(-1, 1).Draw(t, "actual"),
		weight:   rapid.SampledFrom([]float64{0, 1, 0.5, 1e9, 1e-7, 0.1}).Draw(t, "weight"),
		time:     rapid.Int64Range(tableWindow.Start.UnixNano(), tableWindow.End.UnixNano()-1).Draw(t, "time"),
		city:     rapid.SampledFrom([]string{"Oslo", "Rome", "Lima", "Bern"}).Draw(t, "city"),
		hash:     rapid.Uint64Range(1, 1<<40).Draw(t, "hash"),
	}
})

// feedBinary sends rows to a sink in batches of a size, with weights where that is said.
func feedBinary(to groundtruth.Sink, rows []classRow, size int, scored, weighted bool) {
	for chunk := range slices.Chunk(rows, size) {
		b := groundtruth.Batch{Len: len(chunk), HasTime: true}
		m := groundtruth.Matches{HasTime: true, Segments: []groundtruth.Column{{Name: "city", Kind: groundtruth.Text}}}
		for i, r := range chunk {
			prediction := r.score
			if !scored {
				prediction = float64(r.predicted())
			}
			b.Times = append(b.Times, r.time)
			b.Predictions = append(b.Predictions, prediction)
			b.Positive = append(b.Positive, r.positive)
			b.Sampled = append(b.Sampled, groundtruth.SampledRow{Row: i, Hash: r.hash})
			if r.actual < 0 {
				continue
			}
			m.Sampled = append(m.Sampled, groundtruth.SampledRow{Row: m.Len, Hash: r.hash})
			m.Len++
			m.Times = append(m.Times, r.time)
			m.Predictions = append(m.Predictions, prediction)
			m.Positive = append(m.Positive, r.positive)
			m.Labels = append(m.Labels, float64(r.actual))
			if weighted {
				m.Weights = append(m.Weights, r.weight)
			}
			city := &m.Segments[0]
			city.Codes, city.Dict = append(city.Codes, uint32(len(city.Dict))), append(city.Dict, r.city)
			city.Valid = append(city.Valid, true)
		}
		to.AddPredictions(&b)
		to.AddMatches(&m)
	}
}

// buildBinary returns the Summary of rows.
func buildBinary(l *Layout, rows []classRow, weighted bool) *Summary {
	b := NewBuilder(l, tableWindow, tableSegments, binaryOptions)
	feedBinary(b, rows, 11, true, weighted)
	return b.Summary()
}

func TestClassesAgainstCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyClassRow, 0, 80).Draw(t, "rows")
		weighted := rapid.Bool().Draw(t, "weighted")
		s := buildBinary(nil, rows, weighted)
		matched := slices.DeleteFunc(slices.Clone(rows), func(r classRow) bool { return r.actual < 0 })
		checkClasses(t, s.Errors().Classes(), matched, weighted)
		for city, e := range s.Segments()["city"] {
			of := slices.DeleteFunc(slices.Clone(matched), func(r classRow) bool { return r.city != city })
			if e.N() != int64(len(of)) {
				t.Fatalf("%d rows of %s, want %d", e.N(), city, len(of))
			}
			checkClasses(t, e.Classes(), of, weighted)
		}
		predicted := map[string]int64{"0": 0, "1": 0}
		for _, r := range rows {
			predicted[[]string{"0", "1"}[r.predicted()]]++
		}
		if got := s.PredictedClasses(); !maps.Equal(got, predicted) {
			t.Fatalf("predicted classes %v, want %v", got, predicted)
		}
		var n int64
		for _, c := range s.Scored() {
			n += c.Mass[0][0].N + c.Mass[0][1].N
			if c.Mass[1] != [2]Mass{} {
				t.Fatalf("predictions have actual classes: %v", c)
			}
		}
		if n != int64(len(rows)) {
			t.Fatalf("%d scored predictions, want %d", n, len(rows))
		}
	})
}

// TestGroupsOfAClassifierHaveNoSumsOfErrors holds each to little memory, as there may be hundreds.
func TestGroupsOfAClassifierHaveNoSumsOfErrors(t *testing.T) {
	b := NewBuilder(nil, tableWindow, tableSegments, BuilderOptions{Task: groundtruth.Binary})
	feedBinary(b, classDays(rand.New(rand.NewPCG(4, 4)), 1, 100), 11, false, false)
	groups := b.Summary().Segments()["city"]
	if len(groups) == 0 {
		t.Fatal("no groups")
	}
	for city, e := range groups {
		if e.bytes() > 2048 || e.Sum(SumE2) != 0 {
			t.Errorf("%s takes %d bytes, and has the sum %g", city, e.bytes(), e.Sum(SumE2))
		}
	}
}

// checkClasses compares counts of few rows, all of whose scores are exact, with counting.
func checkClasses(t *rapid.T, c *Classes, rows []classRow, weighted bool) {
	type at struct{ actual, predicted int }
	var scores []float64
	byScore, all := map[float64]map[at]Mass{}, map[at]Mass{}
	for _, r := range rows {
		w := 1.0
		if weighted {
			w = r.weight
		}
		k := at{r.actual, r.predicted()}
		score := unsignedZero(r.score)
		if byScore[score] == nil {
			byScore[score] = map[at]Mass{}
			scores = append(scores, score)
		}
		for _, m := range []map[at]Mass{byScore[score], all} {
			m[k] = Mass{m[k].N + 1, m[k].W + w, m[k].W2 + w*w}
		}
	}
	same := func(what string, got, want Mass) {
		if got.N != want.N || !nearly(got.W, want.W, want.W) || !nearly(got.W2, want.W2, want.W2) {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
	slices.SortFunc(scores, cmp.Compare)
	cells := c.Scores()
	if len(cells) != len(scores) {
		t.Fatalf("%d cells, want %d", len(cells), len(scores))
	}
	for a := range 2 {
		for p := range 2 {
			same("confusion", c.Mass(a, p), all[at{a, p}])
			for i, score := range scores {
				if cells[i].Score != score || cells[i].Low != score || cells[i].High != score {
					t.Fatalf("cell %v, want %v", cells[i], score)
				}
				same("score", cells[i].Mass[a][p], byScore[score][at{a, p}])
			}
			for coarse := range c.Coarse() {
				var got, want Mass
				for b := range c.Blocks() {
					m := c.BlockMass(b, coarse, a, p)
					got = Mass{got.N + m.N, got.W + m.W, got.W2 + m.W2}
				}
				for _, score := range scores {
					if c.CoarseOf(score) == coarse {
						m := byScore[score][at{a, p}]
						want = Mass{want.N + m.N, want.W + m.W, want.W2 + m.W2}
					}
				}
				if c.Blocks() > 0 {
					same("blocks", got, want)
				}
			}
		}
	}
}

// TestCoarseScoresAreWhereTheyLie puts scores into blocks alone, and finds each within its bin.
func TestCoarseScoresAreWhereTheyLie(t *testing.T) {
	for bin := range coarseScores {
		low, high := coarseEnds(bin)
		for _, score := range []float64{low, low + (high-low)/2} {
			if low < high && score == low && bin > coarseOfSide {
				continue // bins above 1/2 end with their highest score, not with their least
			}
			if fine, _ := fineBin(score); low < high && score == 0 {
				continue // exactly 0 is a bin of its own
			} else if got := coarseBin(fine); got != bin {
				t.Errorf("%g is in bin %d, want %d, from %g to %g", score, got, bin, low, high)
			}
		}
	}
}
