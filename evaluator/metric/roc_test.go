package metric_test

import (
	"testing"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// A curve of many scores has few points, from no row to all of them, and rises all the way.
// That its points are right shows in report/classification_test.go.
func TestROCOfManyScores(t *testing.T) {
	const n = 20_000
	m := &groundtruth.Matches{Len: n, Version: groundtruth.Column{Kind: groundtruth.Absent}, Times: make([]int64, n)}
	for i := range n {
		score := float64(i) / n
		m.Predictions, m.Positive = append(m.Predictions, score), append(m.Positive, score >= 0.5)
		label := 0.0
		if i*i%n < i {
			label = 1
		}
		m.Labels = append(m.Labels, label)
	}
	rows := func(m *groundtruth.Matches) *summary.ErrorSums {
		b := summary.NewBuilder(nil, groundtruth.Window{}, nil, summary.BuilderOptions{Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Positive: "1", Scored: true}})
		b.AddMatches(m)
		return b.Summary().Errors()
	}
	curve := metric.ROC(rows(m))
	if first, last := curve[0], curve[len(curve)-1]; first != (metric.ROCPoint{Threshold: 1}) || last != (metric.ROCPoint{Threshold: 0, FalsePositiveRate: 1, Recall: 1}) {
		t.Errorf("it goes from %+v to %+v", first, last)
	}
	if len(curve) < 150 || len(curve) > 203 {
		t.Errorf("it has %d points", len(curve))
	}
	for i, p := range curve[1:] {
		if q := curve[i]; p.Threshold >= q.Threshold || p.FalsePositiveRate < q.FalsePositiveRate || p.Recall < q.Recall {
			t.Errorf("%+v follows %+v", p, q)
		}
	}
	for i := range m.Labels {
		m.Labels[i] = 1
	}
	if curve := metric.ROC(rows(m)); curve != nil {
		t.Errorf("rows of one class have %v", curve)
	}
	if curve := metric.ROC(summary.NewErrorSums(0, 0, false)); curve != nil {
		t.Errorf("a regression has %v", curve)
	}
}
