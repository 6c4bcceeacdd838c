package summary

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// countsOf returns what an engine would count of a column.
func countsOf(c *Column) ColumnCounts {
	out := ColumnCounts{
		Invalid: c.invalid, Points: c.points, Opens: c.opens, Places: make([]float64, len(c.opens)),
		Low: c.low.Float64(), High: c.high.Float64(), Sum: c.total.Float64(), Squares: c.squares.Float64(), Min: c.min, Max: c.max,
	}
	for i := 1; i < len(c.opens)-1; i++ {
		out.Places[i] = c.OpenPlace(i)
	}
	if c.InteriorKnown() {
		out.Interior = c.InteriorEntries()
	}
	return out
}

// scoreCounts counts rows by score; of predictions all are of actual class 0.
func scoreCounts(rows []classRow, matched bool) (out []ScoreCount) {
	for _, r := range rows {
		s := ScoreCount{Score: r.score}
		switch {
		case !matched:
			s.N[0][r.predicted()] = 1
		case r.actual < 0:
			continue
		default:
			s.N[r.actual][r.predicted()] = 1
		}
		out = append(out, s)
	}
	return out
}

// TestSummaryOfAClassifiersCounts has few rows and ones whose scores need bins.
func TestSummaryOfAClassifiersCounts(t *testing.T) {
	for _, n := range []int{500, 50_000} {
		rows := classDays(rand.New(rand.NewPCG(7, uint64(n))), 1, n)
		for i := range rows {
			rows[i].hash, rows[i].score = 0, float64(i*7919%n+1)/float64(n+1)
		}
		layout := profileOfPoints()
		b := NewBuilder(layout, tableWindow, nil, BuilderOptions{})
		feedBinary(b, rows, 1000, true, false)
		want := b.Summary()
		want.sample = nil
		counts := func() *Counts {
			c := &Counts{
				Predictions: want.predictions, Prediction: countsOf(want.prediction), Matched: want.matched, Label: countsOf(want.label),
				Scored: scoreCounts(rows, false),
				Errors: ErrorCounts{Classes: &ClassCounts{Scores: scoreCounts(rows, true), Blocks: make([][]ScoreCount, NumBlocks)}},
			}
			c.Errors.N = want.matched
			blockOf := newBlocks(want.start, want.end)
			for _, r := range rows {
				at := blockOf.find(r.time)
				c.Errors.Classes.Blocks[at] = append(c.Errors.Classes.Blocks[at], scoreCounts([]classRow{r}, true)...)
			}
			return c
		}
		got, err := FromCounts(layout, tableWindow, nil, BuilderOptions{}, counts())
		if err != nil {
			t.Fatal(err)
		}
		var of [2]encoder // of columns sums are rounded
		for i, s := range []*Summary{got, want} {
			of[i].classes(s)
			of[i].classCounts(s.predicted)
		}
		if !bytes.Equal(of[0].b, of[1].b) {
			t.Errorf("%d rows: the counts come to others than a Builder's", n)
		}
		for name, c := range map[string]struct {
			change func(*Counts)
			want   string
		}{
			"a score above 1":  {func(c *Counts) { c.Errors.Classes.Scores[0].Score = 1.5 }, "want scores from 0 to 1"},
			"no rows":          {func(c *Counts) { c.Scored[0].N = [2][2]int64{} }, "want scores from 0 to 1 and rows"},
			"a row too many":   {func(c *Counts) { c.Errors.Classes.Scores[0].N[0][0] += 5 }, "contradict"},
			"no classes":       {func(c *Counts) { c.Errors.Classes = nil }, "has counts by class"},
			"a block too many": {func(c *Counts) { c.Errors.Classes.Blocks = make([][]ScoreCount, 65) }, "65 time blocks"},
		} {
			bad := counts()
			c.change(bad)
			if _, err := FromCounts(layout, tableWindow, nil, BuilderOptions{}, bad); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
	}
	many := NewProfiler(nil, nil, ProfilerOptions{Task: groundtruth.Multiclass}).Layout()
	if _, err := FromCounts(many, tableWindow, nil, BuilderOptions{}, &Counts{}); err == nil || !strings.Contains(err.Error(), "multiclass") {
		t.Errorf("counts of several classes: %v", err)
	}
}

// profileOfPoints returns a layout with few edges.
func profileOfPoints() *Layout {
	p := NewProfiler(nil, nil, ProfilerOptions{Task: groundtruth.Binary, Classifier: ClassifierOptions{Scored: true}})
	feedBinary(p, []classRow{{score: 0, actual: 0}, {score: 0.5, actual: 1}, {score: 1, actual: 1}}, 10, true, false)
	return p.Layout()
}
