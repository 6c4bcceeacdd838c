package metric

import (
	"slices"

	"github.com/hindcast/hindcast/evaluator/summary"
)

// ROCPoint is what becomes of rows whose scores from a threshold on are taken for positive.
type ROCPoint struct {
	Threshold         float64
	FalsePositiveRate float64 // of the rows that are not positive, the share that is taken for it
	Recall            float64 // of those that are, the share
}

// rocStep is how far apart the points of a curve are, in the sum of both rates: the curve is 2
// long, and has at most a few more than 200 points.
const rocStep = 0.01

// ROC returns the curve of a binary classifier's rows, from the threshold that takes none for
// positive, which is written as 1, to that which takes all; nil of a regression, without scores
// and where rows are of one class.
func ROC(e *summary.ErrorSums) []ROCPoint {
	c := e.Classes()
	if c == nil {
		return nil
	}
	var all, above [2]float64 // by actual class
	cells := c.Scores()
	for _, cell := range cells {
		negative, positive := byLabel(&cell)
		all[0], all[1] = all[0]+negative, all[1]+positive
	}
	if !(all[0] > 0 && all[1] > 0) {
		return nil
	}
	out := []ROCPoint{{Threshold: 1}}
	for i, cell := range slices.Backward(cells) {
		negative, positive := byLabel(&cell)
		above[0], above[1] = above[0]+negative, above[1]+positive
		p := ROCPoint{cell.Low, above[0] / all[0], above[1] / all[1]}
		last := out[len(out)-1]
		if i == 0 || p.FalsePositiveRate+p.Recall >= last.FalsePositiveRate+last.Recall+rocStep {
			out = append(out, p)
		}
	}
	return out
}
