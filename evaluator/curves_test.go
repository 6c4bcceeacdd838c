package evaluator_test

import (
	"math"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
)

// curvesGolden is testdata/curves.json, which curves.py beside it makes: curves as threshold, x and
// y of each point.
type curvesGolden struct {
	Cases map[string]struct {
		Labels, Scores, Weights []float64
		ROC, PR                 [][3]float64
		Histogram               [2][]int64
	}
}

// TestCurvesAreScikitLearns compares the points of ROC and precision-recall curves with
// scikit-learn's, and looks that the points that are left out are near to those that are there.
func TestCurvesAreScikitLearns(t *testing.T) {
	for name, c := range evaltest.ReadGolden[curvesGolden](t, "testdata/curves.json").Cases {
		t.Run(name, func(t *testing.T) {
			rows := summarytest.Binary{Labels: c.Labels, Scores: c.Scores}
			if len(c.Weights) > 0 {
				rows.Weights = c.Weights
			}
			cells := rows.Summary(time.Hour).Errors().Classes().Scores()
			var roc, pr [][3]float64
			for _, p := range metric.ROCOf(cells) {
				roc = append(roc, [3]float64{p.Threshold, p.FalsePositiveRate, p.Recall})
			}
			for _, p := range metric.PrecisionRecallOf(cells) {
				pr = append(pr, [3]float64{p.Threshold, p.Recall, p.Precision})
			}
			compareCurves(t, "ROC", roc, c.ROC)
			compareCurves(t, "precision-recall", pr, c.PR)
			if len(c.Weights) > 0 || len(c.Labels) > 512 {
				return
			}
			for i, b := range metric.ScoreBinsOf(cells)[:8] {
				if len(c.Labels) <= 64 && (b.Negative != c.Histogram[0][i] || b.Positive != c.Histogram[1][i]) {
					t.Errorf("bin %+v, want %d and %d", b, c.Histogram[0][i], c.Histogram[1][i])
				}
			}
		})
	}
}

// compareCurves compares two curves, of which the first may leave out points.
func compareCurves(t *testing.T, what string, got, want [][3]float64) {
	t.Helper()
	if len(got) < 2 || len(got) > len(want) || len(got) < min(len(want), 100)/3 {
		t.Fatalf("the %s curve has %d points, scikit-learn's %d", what, len(got), len(want))
	}
	far := func(a, b [3]float64) float64 { return math.Abs(a[1]-b[1]) + math.Abs(a[2]-b[2]) }
	for _, p := range got {
		found := false
		for _, q := range want {
			found = found || math.Abs(p[0]-q[0]) < 1e-15 && far(p, q) < 1e-12
		}
		if !found {
			t.Errorf("the %s curve has the point %v, which scikit-learn's has not", what, p)
		}
	}
	for _, q := range want {
		nearest := math.Inf(1)
		for _, p := range got {
			nearest = min(nearest, far(p, q))
		}
		if nearest >= 0.01 {
			t.Errorf("no point of the %s curve is near to %v", what, q)
		}
	}
}

// Scores of many rows are counted on bins of a Summary, in which those of a histogram end.
func TestScoreBinsOfManyScores(t *testing.T) {
	const n = 50_000
	var rows summarytest.Binary
	var want [2][32]int64
	for i := range n {
		score := float64(i*7919%n) / n
		label := i % 3 / 2
		rows.Add(float64(label), score)
		k := int(score * 32)
		if score > 0.5 {
			k = int(math.Ceil(score*32)) - 1
		}
		want[label][k]++
	}
	cells := rows.Summary(time.Hour).Errors().Classes().Scores()
	if len(cells) == n {
		t.Fatal("all scores are kept")
	}
	bins := metric.ScoreBinsOf(cells)
	if len(bins) != 32 {
		t.Fatalf("%d bins", len(bins))
	}
	for i, b := range bins {
		if b.Negative != want[0][i] || b.Positive != want[1][i] || b.Low != float64(i)/32 || b.High != float64(i+1)/32 {
			t.Errorf("bin %d is %+v, want %d and %d", i, b, want[0][i], want[1][i])
		}
	}
	few, many := metric.ScoreBinsAlike(cells[:100], cells)
	if len(few) != 8 || len(many) != 8 {
		t.Errorf("bins of 100 rows and of many are %d and %d", len(few), len(many))
	}
	if metric.ScoreBinsOf(nil) != nil {
		t.Error("no rows have bins")
	}
}
