package metric

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/summary"
)

// ROCPoint is what becomes of rows whose scores from a threshold on are taken for positive.
type ROCPoint struct {
	Threshold         float64
	FalsePositiveRate float64 // of the rows that are not positive, the share that is taken for it
	Recall            float64 // of those that are, the share
}

// curveStep is how far apart the points of a curve are, in the sum of what both of its axes have:
// an ROC curve is 2 long, and has at most a few more than 200 points.
const curveStep = 0.01

// ROC returns the curve of a binary classifier's rows, nil of a regression: ROCOf.
func ROC(e *summary.ErrorSums) []ROCPoint {
	c := e.Classes()
	if c == nil {
		return nil
	}
	return ROCOf(c.Scores())
}

// ROCOf returns the curve of rows by ascending score, from the threshold that takes none for
// positive, which is written as 1, to that which takes all; nil without scores and where rows are
// of one class.
func ROCOf(cells []summary.ScoreCell) []ROCPoint {
	all := massByLabel(cells)
	if !(all[0] > 0 && all[1] > 0) {
		return nil
	}
	var above [2]float64 // by actual class
	out := []ROCPoint{{Threshold: 1}}
	for i, cell := range slices.Backward(cells) {
		negative, positive := byLabel(&cell)
		above[0], above[1] = above[0]+negative, above[1]+positive
		p := ROCPoint{cell.Low, above[0] / all[0], above[1] / all[1]}
		last := out[len(out)-1]
		if i == 0 || p.FalsePositiveRate+p.Recall >= last.FalsePositiveRate+last.Recall+curveStep {
			out = append(out, p)
		}
	}
	return out
}

// PrecisionRecallPoint is what becomes of rows whose scores from a threshold on are taken for
// positive.
type PrecisionRecallPoint struct {
	Threshold float64
	Recall    float64 // of the rows that are positive, the share that is taken for it
	Precision float64 // of those that are taken for it, the share that is
}

// PrecisionRecallOf returns the curve of rows by ascending score, from the threshold that takes
// none for positive, which is written as 1 with the precision 1 as scikit-learn has it, to that
// which takes all. It is nil without scores and where no row is positive.
func PrecisionRecallOf(cells []summary.ScoreCell) []PrecisionRecallPoint {
	all := massByLabel(cells)
	if !(all[1] > 0) {
		return nil
	}
	var negatives, positives float64
	out := []PrecisionRecallPoint{{Threshold: 1, Precision: 1}}
	for i, cell := range slices.Backward(cells) {
		negative, positive := byLabel(&cell)
		negatives, positives = negatives+negative, positives+positive
		if positives+negatives == 0 {
			continue // rows of no weight
		}
		p := PrecisionRecallPoint{cell.Low, positives / all[1], positives / (positives + negatives)}
		last := out[len(out)-1]
		if i == 0 || math.Abs(p.Recall-last.Recall)+math.Abs(p.Precision-last.Precision) >= curveStep {
			out = append(out, p)
		}
	}
	return out
}

// massByLabel returns the weight of rows by their label.
func massByLabel(cells []summary.ScoreCell) (all [2]float64) {
	for i := range cells {
		negative, positive := byLabel(&cells[i])
		all[0], all[1] = all[0]+negative, all[1]+positive
	}
	return all
}
