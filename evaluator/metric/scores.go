package metric

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Scores are clipped to what lies between leastScore and 1 - leastScore where a logarithm is
// taken of them, as scikit-learn did it when it clipped by itself.
const leastScore = 1e-15

// worstLoss is the logarithmic loss of a row whose score could not be more wrong: of 1 and a negative
// label, which rounding makes a little more than that of 0 and a positive one.
func worstLoss() float64 { return lossOf(1, 0) }

// lossOf returns the logarithmic loss of a label by a score.
func lossOf(score float64, label int) float64 {
	// The distances are rounded as they are where scores are clipped first: 1 less than
	// 1 - leastScore isn't quite leastScore.
	s := min(max(score, leastScore), 1-leastScore)
	if label == 0 {
		s = 1 - s
	}
	return -portable.Log(s)
}

// logLoss is log_loss = -mean(log s) of the rows whose label is positive, and -mean(log(1-s)) of
// the others, with scores s that are clipped: from 0 to 34.5.
func logLoss(r *binaryRows) figure { return r.meanOf(lossOf) }

// brier is mean((s - y)^2), with scores s and y = 1 of positive labels, else 0: from 0 to 1.
func brier(r *binaryRows) figure {
	return r.meanOf(func(score float64, label int) float64 {
		d := score - float64(label)
		return float64(d * d)
	})
}

// meanOf returns the mean of a loss that goes one way as the score rises.
func (r *binaryRows) meanOf(loss func(score float64, label int) float64) figure {
	if r.cells == nil {
		return figure{missing: noScore}
	}
	f := figure{influence: make(influence, len(r.cells)), of: r.all}
	total, off := 0.0, 0.0
	for i, c := range r.cells {
		for label := range 2 {
			l, w := loss(c.Score, label), c.Mass[label][0].W+c.Mass[label][1].W
			f.influence[i][label] = [2]float64{l, l}
			total += float64(l * w)
			if c.Low < c.High && w > 0 {
				off += float64(w * math.Max(math.Abs(loss(c.Low, label)-l), math.Abs(loss(c.High, label)-l)))
			}
		}
	}
	f.value, f.bound = total/r.all.W, off/r.all.W
	f.influence.center(f.value)
	return f
}

// center takes a number from the influence of all rows.
func (f influence) center(mean float64) {
	for i := range f {
		for k := range 4 {
			f[i][k/2][k%2] -= mean
		}
	}
}

// byLabel returns the weights of the rows of a cell by label.
func byLabel(c *summary.ScoreCell) (negative, positive float64) {
	return c.Mass[0][0].W + c.Mass[0][1].W, c.Mass[1][0].W + c.Mass[1][1].W
}

// bothClasses says why a metric has no value that needs scores, and labels of both classes;
// empty where it has one.
func (r *binaryRows) bothClasses() string {
	switch {
	case r.cells == nil:
		return noScore
	case r.positive.W == 0:
		return r.noLabelIs(1)
	case r.negative.W == 0:
		return r.noLabelIs(0)
	}
	return ""
}

// rocAUC is roc_auc, from 0 to 1: the share of the pairs of a positive and a negative row in
// which the positive one has the higher score, those of equal scores counting a half. The
// influence of a positive row is (V - roc_auc)/pos with the share V of the negative rows that it
// is above, that of a negative row (V - roc_auc)/(1-pos) with the share of the positive rows that
// are above it. So the variance of its mean is that of DeLong, DeLong and Clarke-Pearson
// (Biometrics 44, 1988), which has one degree of freedom less in each class.
func rocAUC(r *binaryRows) figure {
	if why := r.bothClasses(); why != "" {
		return figure{missing: why}
	}
	f := figure{influence: make(influence, len(r.cells))}
	below, above := 0.0, r.positive.W // negative rows below a cell, positive ones above it
	off := 0.0
	for i := range r.cells {
		negative, positive := byLabel(&r.cells[i])
		above -= positive
		over := (below + float64(negative/2)) / r.negative.W  // of a positive row here
		under := (above + float64(positive/2)) / r.positive.W // of a negative row here
		f.influence[i] = [2][2]float64{{under, under}, {over, over}}
		f.value += float64(positive * over)
		if r.cells[i].Low < r.cells[i].High {
			off += float64(positive * negative / 2)
		}
		below += negative
	}
	f.value /= r.positive.W
	f.bound = off / r.positive.W / r.negative.W
	f.influence.center(f.value)
	var squares [2]float64 // by label
	for i := range r.cells {
		for label, of := range []summary.Mass{r.negative, r.positive} {
			rows := kish(of)
			share := of.W / r.all.W
			for p := range 2 {
				u := f.influence[i][label][p] / share
				f.influence[i][label][p] = u
				if rows > 1 {
					squares[label] += float64(r.cells[i].Mass[label][p].W2 * u * u * (rows / (rows - 1)))
				}
			}
		}
	}
	f.variance, f.ofNegatives = (squares[0]+squares[1])/r.all.W2, squares[0]/r.all.W2
	return f
}

// averagePrecision is average_precision, from 0 to 1: the mean over the positive rows of the
// precision P(s) = a(s)/b(s) among rows with their score s or a higher one, where a is the share
// of positive rows with such scores, and b of all rows, of all. With pos for the share of
// positive rows, its influence at a row of score s is
//
//	([pos] (P(s) + G(s)) - H(s) - pos average_precision
//	    - average_precision ([pos] - pos)) / pos,
//
// where G(s) is the sum over the positive rows with a score up to s of 1/b over the number of all
// rows, and H(s) that of P/b: as a row comes in, precision changes at its score and at those
// below. Where no row is positive it has no value.
func averagePrecision(r *binaryRows) figure {
	switch {
	case r.cells == nil:
		return figure{missing: noScore}
	case r.positive.W == 0:
		return figure{missing: r.noLabelIs(1)}
	}
	pos := r.positive.W / r.all.W
	precisions, shares := make([]float64, len(r.cells)), make([]float64, len(r.cells))
	a, b, total, off := 0.0, 0.0, 0.0, 0.0
	for i := len(r.cells) - 1; i >= 0; i-- {
		negative, positive := byLabel(&r.cells[i])
		a, b = a+positive, b+negative+positive
		at, among := 0.0, b
		if b > 0 {
			at = a / b
		}
		if c := &r.cells[i]; c.Low < c.High && positive > 0 && negative > 0 {
			// Were the positive rows of the bin its highest, or its lowest. As far as one can
			// tell they have half of the bin above them.
			highest := a / (b - negative)
			lowest := float64(((a-positive)/(b-positive) + at) / 2)
			among -= float64((negative + positive) / 2)
			at = (a - float64(positive/2)) / among
			off += float64(positive * math.Max(highest-at, at-lowest))
		}
		precisions[i], shares[i] = at, among/r.all.W
		total += float64(positive * at)
	}
	f := figure{value: total / r.positive.W, bound: off / r.positive.W, influence: make(influence, len(r.cells)), of: r.positive}
	g, h := 0.0, 0.0
	for i := range r.cells {
		_, positive := byLabel(&r.cells[i])
		if share := positive / r.all.W; share > 0 {
			g += share / shares[i]
			h += share * precisions[i] / shares[i]
		}
		for label := range 2 {
			is := float64(label)
			u := (float64(is*(precisions[i]+g)) - h - float64(pos*f.value) - float64(f.value*(is-pos))) / pos
			f.influence[i][label] = [2]float64{u, u}
		}
	}
	return f
}
