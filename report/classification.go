package report

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/job"
)

// mostShown is how many classes the matrix that Kubeflow draws has at most.
const mostShown = 50

// Classification is what a system.ClassificationMetrics artifact holds: the confusion matrix and,
// of a binary classifier with scores, the ROC curve. There is one artifact: it is of the newest
// window with labels of the first classifier that has one. It is nil where none has.
func Classification(outcomes []job.Outcome) map[string]any {
	for _, o := range outcomes {
		if o.Confusion == nil {
			continue
		}
		out := map[string]any{
			"model":           o.Model,
			"window":          o.Window.Start.UTC().Format(time.RFC3339) + "/" + o.Window.End.UTC().Format(time.RFC3339),
			"confusionMatrix": confusionMatrix(o.Confusion),
		}
		if points := rocCurve(o.ROC); points != nil {
			out["confidenceMetrics"] = points
		}
		return out
	}
	return nil
}

// confusionMatrix writes rows of actual classes by the predicted ones. Of many classes those
// after the first are one.
func confusionMatrix(c *metric.Confusion) map[string]any {
	n := min(len(c.Labels), mostShown)
	names, rows := make([]any, n), make([]any, n)
	counts := make([][]float64, n)
	for i := range n {
		name := c.Labels[i]
		if i == n-1 && n < len(c.Labels) {
			name = summary.OtherGroup
		}
		names[i], counts[i] = map[string]any{"displayName": name}, make([]float64, n)
	}
	for actual, row := range c.Counts {
		for predicted, count := range row {
			counts[min(actual, n-1)][min(predicted, n-1)] += count
		}
	}
	for i, row := range counts {
		rows[i] = map[string]any{"row": row}
	}
	return map[string]any{"annotationSpecs": names, "rows": rows}
}

// rocCurve writes the points of a curve; nil without one.
func rocCurve(curve []metric.ROCPoint) []any {
	var out []any
	for _, p := range curve {
		out = append(out, map[string]any{"confidenceThreshold": p.Threshold, "falsePositiveRate": p.FalsePositiveRate, "recall": p.Recall})
	}
	return out
}
