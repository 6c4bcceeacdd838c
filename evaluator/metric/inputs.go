package metric

import "slices"

// Input is what a metric goes by beside what was predicted and what came true. The zero value is
// nothing.
type Input uint8

// The inputs of metrics.
const (
	Scores             Input = iota + 1 // probabilities of classes
	PredictedQuantiles                  // of a regression
	WorthOfRows                         // Options.Worth
)

// Why metrics have no value where the model hasn't their Input.
const (
	noScore     = "predictions have no score: map its column as predictions.columns.score"
	noScores    = "predictions have no probabilities of the classes: map their columns as predictions.columns.scores"
	noQuantiles = "no quantiles are predicted: map them as predictions.columns.quantiles"
	oneQuantile = "an interval is between two quantiles: map them as predictions.columns.quantiles"
	// NoWorth is the reason of business_value, estimated or not, where nothing says what rows are worth.
	NoWorth = "no business_value is configured: say what right and wrong predictions are worth"
)

// Unmapped reports whether there is no value because the model hasn't the metric's Input. No window
// changes that, so that people are shown nothing of the metric, and JSON alone has it.
func (m *Result) Unmapped() bool {
	return slices.Contains([]string{noScore, noScores, noQuantiles, oneQuantile, NoWorth}, m.Reason)
}
