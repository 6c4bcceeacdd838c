package evaluator

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// labelledRows is a window whose rows have a label with a probability that goes by the score.
type labelledRows struct {
	rows      int
	label     func(score float64) float64
	threshold float64 // from which on a row is predicted to be positive
	sample    int     // of so many rows alone it is known; 0 for all
}

// bias draws a window and compares its rows, by the score and by the predicted class where it has
// a threshold.
func (l labelledRows) bias(rng *rand.Rand) *LabelBias {
	type row struct {
		score    float64
		labelled bool
	}
	rows := make([]row, l.rows)
	all, with := map[string]int64{"0": 0, "1": 0}, map[string]int64{}
	b := &LabelBias{Columns: map[string]LabelShift{}}
	for i := range rows {
		score := math.Round(1000*rng.Float64()) / 1000
		rows[i] = row{score, rng.Float64() < l.label(score)}
		class := "0"
		if score >= l.threshold {
			class = "1"
		}
		all[class]++
		if rows[i].labelled {
			b.Labelled++
			with[class]++
		} else {
			b.Unlabelled++
		}
	}
	if b.Labelled == 0 || b.Unlabelled == 0 {
		return b
	}
	if l.sample > 0 {
		rows = rows[:l.sample]
	}
	slices.SortFunc(rows, func(a, b row) int { return int(math.Copysign(1, a.score-b.score)) })
	var sides []side
	for i, r := range rows {
		if i == 0 || r.score != rows[i-1].score {
			sides = append(sides, side{})
		}
		if r.labelled {
			sides[len(sides)-1].with++
		} else {
			sides[len(sides)-1].without++
		}
	}
	if l.threshold > 0 {
		b.classes(all, with, 1)
	}
	b.numbers("score", sides, 1)
	return b
}

// TestLabelBiasIsFound counts the windows that are said to be biased: of those whose labels come to
// any rows at most one in a hundred, and of those that would mislead nearly all.
func TestLabelBiasIsFound(t *testing.T) {
	t.Parallel()
	any := func(share float64) func(float64) float64 { return func(float64) float64 { return share } }
	above := func(limit, share, below float64) func(float64) float64 {
		return func(score float64) float64 {
			if score >= limit {
				return share
			}
			return below
		}
	}
	for _, c := range []struct {
		name        string
		of          labelledRows
		least, most float64
	}{
		{"1,000 rows, half with a label", labelledRows{rows: 1000, label: any(0.5), threshold: 0.5}, 0, 0.01},
		{"1,000 rows, 95 % with a label", labelledRows{rows: 1000, label: any(0.95), threshold: 0.5}, 0, 0.01},
		{"a tenth with a label, few positive", labelledRows{rows: 1000, label: any(0.1), threshold: 0.99}, 0, 0.01},
		{"half with a label, few positive", labelledRows{rows: 1000, label: any(0.5), threshold: 0.99}, 0, 0.01},
		{"20,000 rows, few positive", labelledRows{rows: 20000, label: any(0.9), threshold: 0.995}, 0, 0.01},
		{"a regression, half with a label", labelledRows{rows: 1024, label: any(0.5)}, 0, 0.01},
		{"a sample", labelledRows{rows: 5000, label: any(0.95), sample: 1024}, 0, 0.01},
		{"labels of the likely first", labelledRows{rows: 1000, label: func(s float64) float64 { return 0.3 + 0.4*s }, threshold: 0.5}, 0.95, 1},
		{"those flagged have none", labelledRows{rows: 10000, label: above(0.99, 0, 1), threshold: 0.99}, 0.99, 1},
		{"one in a hundred without, of the likely", labelledRows{rows: 10000, label: above(0.98, 0.5, 1), threshold: 0.5}, 0, 0.01},
		{"a regression's sample, the greatest come late", labelledRows{rows: 5000, label: above(0.8, 0.2, 0.95), sample: 1024}, 0.99, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			windows := 1500
			if c.of.rows > 5000 {
				windows = 300
			}
			rng, found := rand.New(rand.NewPCG(44, 1)), 0.0
			var last *LabelBias
			for range windows {
				if b := c.of.bias(rng); b.Biased {
					found, last = found+1, b
				}
			}
			share := found / float64(windows)
			t.Logf("%.4f biased, such as %+v", share, last)
			// Three standard errors of the count beyond the limit are chance.
			slack := 3 * math.Sqrt(0.01*0.99/float64(windows))
			if share < c.least-slack || share > c.most+slack {
				t.Errorf("%v of windows are biased", share)
			}
			if last != nil && last.Reason == "" {
				t.Error("nothing says what differs")
			}
		})
	}
}

// TestLabelBiasOfRegression compares predictions by the sample of a Summary.
func TestLabelBiasOfRegression(t *testing.T) {
	t.Parallel()
	window := func(labelled func(i int) bool) *LabelBias {
		const rows = 4000
		b := summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{})
		all, matches := &groundtruth.Batch{Len: rows}, &groundtruth.Matches{}
		for i := range rows {
			hash := uint64(i) * 0x9e3779b97f4a7c15
			all.Predictions = append(all.Predictions, float64(i%1000))
			all.Sampled = append(all.Sampled, groundtruth.SampledRow{Row: i, Hash: hash})
			if labelled(i) {
				matches.Sampled = append(matches.Sampled, groundtruth.SampledRow{Row: matches.Len, Hash: hash})
				matches.Predictions = append(matches.Predictions, float64(i%1000))
				matches.Labels = append(matches.Labels, 1)
				matches.Len++
			}
		}
		all.Times, matches.Times = make([]int64, all.Len), make([]int64, matches.Len)
		b.AddPredictions(all)
		b.AddMatches(matches)
		return Evaluate(b.Summary(), nil, Options{LabelBias: true}).LabelBias
	}
	for _, c := range []struct {
		name     string
		labelled func(int) bool
		known    bool
		reason   string
	}{
		{"all", func(int) bool { return true }, false, ""},
		{"none", func(int) bool { return false }, false, ""},
		{"any", func(i int) bool { return i/1000%2 == 0 }, true, ""},
		{"small ones", func(i int) bool { return i%1000 < 600 }, true, "label bias: the 2400 rows with a label differ in prediction from the 1600 without by 1, where 1 is most"},
		{"all but ten", func(i int) bool { return i >= 10 }, true, "too few rows on one side: 3990 with a label and 10 without are known"},
	} {
		b := window(c.labelled)
		if (b != nil) != c.known {
			t.Errorf("%s: %+v", c.name, b)
			continue
		}
		if b != nil && (b.Reason != c.reason || b.Biased != (c.name == "small ones")) {
			t.Errorf("%s: biased %v, %q", c.name, b.Biased, b.Reason)
		}
	}
	if b := Evaluate(summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{}).Summary(), nil, Options{}).LabelBias; b != nil {
		t.Errorf("not asked for: %+v", b)
	}
}

// TestLabelBiasOnBins finds the rows with a label of each bin, whichever side knows scores exactly.
func TestLabelBiasOnBins(t *testing.T) {
	t.Parallel()
	cell := func(low, high float64, n int64) summary.ScoreCell {
		c := summary.ScoreCell{Score: (low + high) / 2, Low: low, High: high}
		c.Mass[0][1].N = n
		return c
	}
	exact := func(score float64, n int64) summary.ScoreCell { return cell(score, score, n) }
	all := []summary.ScoreCell{exact(0, 3), cell(0.125, 0.25, 4), cell(0.25, 0.375, 5), exact(0.5, 6), cell(0.625, 0.75, 7), cell(0.75, 0.875, 8), exact(1, 9)}
	for name, labelled := range map[string][]summary.ScoreCell{
		"exact":   {exact(0, 1), exact(0.125, 1), exact(0.2, 1), exact(0.25, 2), exact(0.5, 3), exact(0.75, 4), exact(0.76, 2), exact(0.875, 3), exact(1, 6)},
		"on bins": {exact(0, 1), cell(0.125, 0.25, 2), cell(0.25, 0.375, 2), exact(0.5, 3), cell(0.625, 0.75, 4), cell(0.75, 0.875, 5), exact(1, 6)},
	} {
		want := []side{{1, 2}, {2, 2}, {2, 3}, {3, 3}, {4, 3}, {5, 3}, {6, 3}}
		if got := scoredSides(all, labelled); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	b := &LabelBias{Labelled: 900, Unlabelled: 100, Columns: map[string]LabelShift{}}
	b.classes(map[string]int64{"0": 980, "1": 20}, map[string]int64{"0": 896, "1": 4}, 1)
	if want := "label bias: 20 % of 20 rows predicted to be 1 have a label, and 90 % of all"; b.Reason != want || !b.Biased {
		t.Error(strconv.Quote(b.Reason))
	}
}
