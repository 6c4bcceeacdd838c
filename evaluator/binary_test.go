package evaluator_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
)

// binaryGolden is testdata/binary.json, which binary.py beside it makes.
type binaryGolden struct {
	Worth [2][2]float64 `json:"worth"`
	Cost  float64       `json:"cost_per_prediction"`
	Beta  float64       `json:"beta"`
	Cases map[string]struct {
		Labels, Scores, Weights []float64
		Predicted               []int
		Metrics                 map[string]*float64
		Confusion               [][]float64
		Calibration             []struct{ Low, High, N, Score, Rate float64 }
		AUCSE                   *float64 `json:"roc_auc_se"`
	}
	Large struct {
		Rows    int
		Metrics map[string]float64
	}
}

func readBinaryGolden(t *testing.T) binaryGolden {
	t.Helper()
	return evaltest.ReadGolden[binaryGolden](t, "testdata/binary.json")
}

// TestBinaryMetricsAreScikitLearns compares the metrics of binary classifiers with scikit-learn's,
// and those that it hasn't with a script of plain numpy.
func TestBinaryMetricsAreScikitLearns(t *testing.T) {
	golden := readBinaryGolden(t)
	opt := evaluator.Options{Metric: metric.Options{Worth: &metric.Worth{Binary: golden.Worth}, CostPerPrediction: golden.Cost, Beta: golden.Beta}}
	for name, c := range golden.Cases {
		t.Run(name, func(t *testing.T) {
			rows := summarytest.Binary{Labels: c.Labels, Scores: c.Scores, Weights: c.Weights}
			for _, p := range c.Predicted {
				rows.Predicted = append(rows.Predicted, p == 1)
			}
			e := evaluator.Evaluate(rows.Summary(time.Hour), nil, opt)
			if len(c.Metrics) != len(e.Metrics) {
				t.Errorf("%d metrics, want %d", len(e.Metrics), len(c.Metrics))
			}
			compareMetrics(t, "", e.Metrics, c.Metrics)
			for a, row := range c.Confusion {
				for p, want := range row {
					if got := e.Confusion.Counts[a][p]; math.Abs(got-want) > 1e-9*want {
						t.Errorf("confusion[%d][%d] is %g, want %g", a, p, got, want)
					}
				}
			}
			if len(e.Calibration) != len(c.Calibration) {
				t.Fatalf("%d bins of calibration, want %d: %+v", len(e.Calibration), len(c.Calibration), e.Calibration)
			}
			for i, want := range c.Calibration {
				b := e.Calibration[i]
				for what, pair := range map[string][2]float64{
					"low": {float64(b.Low), want.Low}, "high": {float64(b.High), want.High}, "n": {float64(b.N), want.N},
					"score": {float64(b.Score), want.Score}, "rate": {float64(b.Rate), want.Rate},
				} {
					if math.Abs(pair[0]-pair[1]) > 1e-9 {
						t.Errorf("calibration[%d].%s is %.12g, want %.12g", i, what, pair[0], pair[1])
					}
				}
			}
			// A standard error by DeLong's own sums, of rows that nothing makes alike.
			if m := e.Metrics["roc_auc"]; c.AUCSE != nil && m.Low < m.High && *c.AUCSE > 0 && m.Estimate.InTime == 1 {
				if math.Abs(m.Estimate.SE-*c.AUCSE) > 1e-9 {
					t.Errorf("the standard error of roc_auc is %.12g, want %.12g", m.Estimate.SE, *c.AUCSE)
				}
			}
		})
	}
}

// TestManyScoresKeepWithinTheirBound has more distinct scores than are kept exactly.
func TestManyScoresKeepWithinTheirBound(t *testing.T) {
	golden := readBinaryGolden(t)
	rows, next := summarytest.Binary{}, evaltest.GoldenNumbers()
	for range golden.Large.Rows {
		u := next()
		score, label := u*u*u, 0.0
		if next() < score {
			label = 1
		}
		rows.Scores, rows.Labels = append(rows.Scores, score), append(rows.Labels, label)
	}
	e := evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{})
	for name, want := range golden.Large.Metrics {
		m := e.Metrics[name]
		bound := 1e-9
		if _, within, ok := strings.Cut(m.Note, "from bins of the score, within "); ok {
			within, _, _ = strings.Cut(within, ";")
			if err := json.Unmarshal([]byte(within), &bound); err != nil {
				t.Fatalf("%s: the note is %q", name, m.Note)
			}
		} else if name != "accuracy" && name != "f1" {
			t.Errorf("%s has no bound: %q", name, m.Note)
		}
		off := math.Abs(float64(m.Value) - want)
		t.Logf("%s is %.12g, off by %.2g, within %.2g", name, m.Value, off, bound)
		if off > bound {
			t.Errorf("%s is %.12g, want %.12g within %g", name, m.Value, want, bound)
		}
		if bound > 2e-3 {
			t.Errorf("%s has a bound of %g, which says little", name, bound)
		}
	}
}

// checkLacks holds the reasons of a task's metrics to what they go by that there isn't: few says
// that rows are few, and scores where scores would be mapped.
func checkLacks(t *testing.T, e *evaluator.Evaluation, task groundtruth.Task, few, scores string) {
	t.Helper()
	for _, spec := range metric.Specs(task) {
		want := map[metric.Input]string{0: few, metric.Scores: scores, metric.WorthOfRows: "no business_value"}[spec.Needs]
		if m := e.Metrics[spec.Name]; want == "" || !strings.Contains(m.Reason, want) {
			t.Errorf("%s has the reason %q, want %q", spec.Name, m.Reason, want)
		}
	}
}

// TestWhatBinaryRowsLack has no scores, no cost matrix and no rows.
func TestWhatBinaryRowsLack(t *testing.T) {
	rows := summarytest.Binary{Labels: []float64{0, 1, 1}, Predicted: []bool{false, true, false}}
	e := evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{})
	checkLacks(t, e, groundtruth.Binary, "labels are 0: an interval needs 50 rows or more of each class", "predictions.columns.score")
	if e.Calibration != nil || e.Confusion == nil {
		t.Errorf("calibration %v, confusion %v", e.Calibration, e.Confusion)
	}
	none := evaluator.Evaluate((&summarytest.Binary{Scores: []float64{}}).Summary(time.Hour), nil, evaluator.Options{})
	if m := none.Metrics["accuracy"]; m.Reason != "no matched rows" || none.Confusion != nil || none.Calibration != nil {
		t.Errorf("without rows accuracy is %+v, confusion %v, calibration %v", m, none.Confusion, none.Calibration)
	}
}
