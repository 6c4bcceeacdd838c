package evaluator

import (
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// summaries sends the batches through both passes: the reference's profile, and the
// Summary of the others.
func summaries(ref *groundtruth.Batch, opts ProfilerOptions, cur ...*groundtruth.Batch) (*Profile, *Summary) {
	features := []groundtruth.FeatureSpec{{Name: "x", Kind: ref.Features[0].Kind}}
	p := NewProfiler(features, nil, opts)
	p.AddPredictions(ref)
	layout := p.Layout()
	build := func(batches ...*groundtruth.Batch) *Summary {
		b := NewBuilder(layout, groundtruth.Window{}, nil, BuilderOptions{})
		for _, batch := range batches {
			b.AddPredictions(batch)
		}
		return b.Summary()
	}
	return &Profile{Layout: layout, Summary: build(ref)}, build(cur...)
}

// sumsOf is what a Summary keeps of these predictions and labels, in time order and
// evenly spread over its window. The labels are centred at center.
func sumsOf(center float64, predictions, labels []float64) *ErrorSums {
	number := ColumnLayout{Name: "label", Kind: groundtruth.Number, Center: center}
	layout := &Layout{Prediction: number, Label: number, ExactValues: DefaultExactValues, MaxSegments: 1}
	start := time.Unix(1, 0)
	b := NewBuilder(layout, groundtruth.Window{Start: start, End: start.Add(time.Duration(len(labels)))}, nil, BuilderOptions{})
	m := &groundtruth.Matches{
		Len: len(labels), HasTime: true, Times: make([]int64, len(labels)), IDHashes: make([]uint64, len(labels)),
		Predictions: predictions, Labels: labels, Version: groundtruth.Column{Kind: groundtruth.Absent},
	}
	for i := range labels {
		m.Times[i] = start.UnixNano() + int64(i)
	}
	b.AddMatches(m)
	return b.Summary().Errors()
}

// sumsOfErrors is what a Summary keeps of matched rows with these errors.
func sumsOfErrors(errs []float64) *ErrorSums {
	predictions, labels := make([]float64, len(errs)), make([]float64, len(errs))
	for i, e := range errs {
		predictions[i], labels[i] = 100+e, 100
	}
	return sumsOf(0, predictions, labels)
}
