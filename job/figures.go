package job

import (
	"encoding/json"
	"math"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/trigger"
)

// FiguresOf returns the numbers of a window that its line in a history shows. The line of a
// window that was judged just now is made of them too.
func FiguresOf(o *Outcome) trigger.Figures {
	f := trigger.Figures{
		Metric:      metric.Primary(o.Metrics),
		Predictions: o.Coverage.Predictions, Matched: o.Coverage.Matched, Coverage: o.Coverage.Coverage,
		DriftShare: stat.Number(math.NaN()),
	}
	var reference, rolling, estimated map[string]metric.Result
	if o.Reference != nil {
		reference = o.Reference.Metrics
	}
	if o.Rolling != nil {
		rolling = o.Rolling.Metrics
	}
	if o.Estimated != nil {
		estimated = o.Estimated.Metrics
	}
	if f.Metric == "" {
		f.Metric = metric.Primary(estimated)
	}
	f.Value, f.Low, f.High = numbersOf(o.Metrics, f.Metric)
	f.Reference, _, _ = numbersOf(reference, f.Metric)
	f.Rolling, _, _ = numbersOf(rolling, f.Metric)
	f.Estimated, f.EstimatedLow, f.EstimatedHigh = numbersOf(estimated, f.Metric)
	if d := o.Drift; d != nil {
		f.DriftShare, f.DriftCount, f.DriftJudged = d.Share, d.Count, d.Judged
	}
	return f
}

// numbersOf returns a metric with its interval; NaN where there is none.
func numbersOf(metrics map[string]metric.Result, name string) (value, low, high stat.Number) {
	m, ok := metrics[name]
	if !ok {
		none := stat.Number(math.NaN())
		return none, none, none
	}
	return m.Value, m.Low, m.High
}

// RecordedFigures returns the figures of a recorded outcome; the ledger is given it.
func RecordedFigures(output json.RawMessage) (trigger.Figures, error) {
	var o Outcome
	if err := json.Unmarshal(output, &o); err != nil {
		return trigger.Figures{}, err
	}
	return FiguresOf(&o), nil
}
