package evaluator

import (
	"math"
	"slices"
)

// quantileOf returns the smallest value with at least a share p of the values at
// or below it. It sorts its argument.
func quantileOf(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	i := int(math.Ceil(p*float64(len(values)))) - 1
	return values[min(max(i, 0), len(values)-1)]
}
