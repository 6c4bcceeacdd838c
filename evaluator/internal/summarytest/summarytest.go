// Package summarytest makes Summaries of a few numbers, for the tests of what reads them.
package summarytest

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Summaries sends the batches through both passes: the reference's profile, and the
// Summary of the others.
func Summaries(ref *groundtruth.Batch, opts summary.ProfilerOptions, cur ...*groundtruth.Batch) (*summary.Profile, *summary.Summary) {
	features := []groundtruth.FeatureSpec{{Name: "x", Kind: ref.Features[0].Kind}}
	p := summary.NewProfiler(features, nil, opts)
	p.AddPredictions(ref)
	layout := p.Layout()
	build := func(batches ...*groundtruth.Batch) *summary.Summary {
		b := summary.NewBuilder(layout, groundtruth.Window{}, nil, summary.BuilderOptions{})
		for _, batch := range batches {
			b.AddPredictions(batch)
		}
		return b.Summary()
	}
	return &summary.Profile{Layout: layout, Summary: build(ref)}, build(cur...)
}

// ErrorSums returns what a Summary keeps of these predictions and labels, in time order and
// evenly spread over its window, of a nanosecond each. The labels are centred at center.
func ErrorSums(center float64, predictions, labels []float64) *summary.ErrorSums {
	return errorSums(center, predictions, labels, time.Duration(len(labels)))
}

// errorSums is ErrorSums of a window that is so long.
func errorSums(center float64, predictions, labels []float64, long time.Duration) *summary.ErrorSums {
	number := summary.ColumnLayout{Name: "label", Kind: groundtruth.Number, Center: center}
	layout := &summary.Layout{Prediction: number, Label: number, ExactValues: summary.DefaultExactValues, MaxSegments: 1}
	start := time.Unix(1, 0)
	b := summary.NewBuilder(layout, groundtruth.Window{Start: start, End: start.Add(long)}, nil, summary.BuilderOptions{})
	m := &groundtruth.Matches{
		Len: len(labels), HasTime: true, Times: make([]int64, len(labels)),
		Predictions: predictions, Labels: labels, Version: groundtruth.Column{Kind: groundtruth.Absent},
	}
	for i := range labels {
		m.Times[i] = start.UnixNano() + int64(float64(long)/float64(len(labels))*float64(i))
	}
	b.AddMatches(m)
	return b.Summary().Errors()
}

// ErrorSumsOver returns what a Summary keeps of matched rows with these errors, in time order
// and evenly spread over a window of so many days.
func ErrorSumsOver(days float64, errs []float64) *summary.ErrorSums {
	predictions, labels := make([]float64, len(errs)), make([]float64, len(errs))
	for i, e := range errs {
		predictions[i], labels[i] = 100+e, 100
	}
	return errorSums(0, predictions, labels, time.Duration(days*24*float64(time.Hour)))
}

// ErrorSumsOf returns what a Summary keeps of matched rows with these errors.
func ErrorSumsOf(errs []float64) *summary.ErrorSums {
	predictions, labels := make([]float64, len(errs)), make([]float64, len(errs))
	for i, e := range errs {
		predictions[i], labels[i] = 100+e, 100
	}
	return ErrorSums(0, predictions, labels)
}
