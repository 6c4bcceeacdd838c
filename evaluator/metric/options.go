package metric

import (
	"cmp"

	"github.com/hindcast/hindcast/groundtruth"
)

// Options say what metrics are computed, and how. The zero value is that of a regression, with the
// defaults.
type Options struct {
	// Task is that of the rows. Evaluate takes it from their Summary.
	Task groundtruth.Task
	// Beta is how many times as much as precision recall counts in f_beta; 0 is DefaultBeta.
	Beta float64
	// TopK is among how many of the most probable classes top_k_accuracy looks for the actual
	// one; 0 is DefaultTopK.
	TopK int
	// Worth is what rows are worth by what was predicted of them, for business_value; nil where
	// that isn't known. CostPerPrediction is taken off each row's.
	Worth             *Worth
	CostPerPrediction float64
	// Quantiles are the orders of the predicted quantiles of a regression, ascending.
	Quantiles []float64
}

// Worth is a cost matrix.
type Worth struct {
	Binary  [2][2]float64 // of Binary: by whether the label is positive, and whether the prediction is
	Classes []ClassWorth  // of Multiclass: those that are named; others are worth nothing
}

// ClassWorth is what a row of an actual class is worth for which another, or the same, is predicted.
type ClassWorth struct {
	Actual, Predicted string
	Value             float64
}

// Defaults of Options.
const (
	DefaultBeta = 2.0
	DefaultTopK = 3
)

// beta returns Beta or its default.
func (o *Options) beta() float64 { return cmp.Or(o.Beta, DefaultBeta) }
