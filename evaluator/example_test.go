package evaluator_test

import (
	"fmt"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// rows returns so many predictions of house prices by size, and their labels. Each
// prediction is off by as much, and each house is larger by as much.
func rows(n int, off, larger float64) (*groundtruth.Batch, *groundtruth.Matches) {
	size := groundtruth.Values{Name: "size", Kind: groundtruth.Number, Rows: n}
	predictions, labels := make([]float64, n), make([]float64, n)
	for i := range n {
		size.Floats = append(size.Floats, larger+float64(i%100))
		labels[i] = 1000 * size.Floats[i]
		predictions[i] = labels[i] + off
		off = -off
	}
	return &groundtruth.Batch{Len: n, Times: make([]int64, n), Predictions: predictions, Features: []groundtruth.Values{size}},
		&groundtruth.Matches{Len: n, Times: make([]int64, n), Predictions: predictions, Labels: labels}
}

// The reference goes through two passes: the first finds the bins, the second counts. The
// window is counted by the same bins.
func ExampleEvaluate() {
	reference, matched := rows(5000, 200, 50)
	features := []groundtruth.FeatureSpec{{Name: "size", Kind: groundtruth.Number}}
	profiler := summary.NewProfiler(features, nil, summary.ProfilerOptions{})
	profiler.AddPredictions(reference)
	profiler.AddMatches(matched)
	layout := profiler.Layout()
	count := func(predictions *groundtruth.Batch, matches *groundtruth.Matches) *summary.Summary {
		builder := summary.NewBuilder(layout, groundtruth.Window{}, nil, summary.BuilderOptions{})
		builder.AddPredictions(predictions)
		builder.AddMatches(matches)
		return builder.Summary()
	}
	profile := summary.NewProfile(count(reference, matched))

	window := count(rows(1000, 300, 90))
	evaluation := evaluator.Evaluate(window, profile, evaluator.Options{})
	fmt.Println("RMSE", evaluation.Metrics["rmse"].Value, "after", evaluation.Reference.Metrics["rmse"].Value)
	fmt.Println("the size drifted:", *evaluation.Drift.Columns["size"].Drifted)
	fmt.Println("outside the reference's range:", evaluation.Quality.Columns["size"].OutOfRange)
	// Output:
	// RMSE 300 after 200
	// the size drifted: true
	// outside the reference's range: 0.4
}
