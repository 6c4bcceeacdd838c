package metric

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/summary"
)

// In the formulas of the metrics of binary classifiers tp, fp, fn and tn are the shares that
// true and false positives, and false and true negatives, have of all rows; pos = tp + fn is the
// share of positive labels, and said = tp + fp that of positive predictions. With weights they
// are shares of the weight. Influences, which are given for a row, have [C] for 1 where C holds
// of it and 0 elsewhere.

// Confusion counts matched rows by their actual and their predicted class.
type Confusion struct {
	Labels []string    `json:"labels"`
	Counts [][]float64 `json:"counts"` // by actual and predicted class; the sums of weights, where rows have some
}

// ConfusionOf returns the confusion of rows, nil of a regression and without rows.
func ConfusionOf(e *summary.ErrorSums) *Confusion {
	c := e.Classes()
	if c == nil || e.N() == 0 {
		return nil
	}
	out := &Confusion{Labels: c.Names()}
	for a := range out.Labels {
		row := make([]float64, len(out.Labels))
		for p := range row {
			row[p] = c.Mass(a, p).W
		}
		out.Counts = append(out.Counts, row)
	}
	return out
}

// shares are the shares that the formulas name.
type shares struct{ tp, fp, fn, tn, pos, said float64 }

func (r *binaryRows) shares() shares {
	w := r.all.W
	return shares{
		tp: r.mass[1][1].W / w, fp: r.mass[0][1].W / w, fn: r.mass[1][0].W / w, tn: r.mass[0][0].W / w,
		pos: r.positive.W / w, said: r.predicted.W / w,
	}
}

// noLabelIs says that a metric needs rows of a class, of which there are none.
func (r *binaryRows) noLabelIs(class int) string {
	return fmt.Sprintf("no label is %s", r.classes.Names()[class])
}

// byClass returns the influence that depends on the classes alone.
func byClass(of func(actual, predicted float64) float64) influence {
	f := make(influence, 1)
	for a := range 2 {
		for p := range 2 {
			f[0][a][p] = of(float64(a), float64(p))
		}
	}
	return f
}

// accuracy is tp + tn, from 0 to 1.
func accuracy(r *binaryRows) figure {
	value := (r.mass[0][0].W + r.mass[1][1].W) / r.all.W
	return figure{value: value, of: r.all, influence: byClass(func(a, p float64) float64 {
		if a == p {
			return 1 - value
		}
		return -value
	})}
}

// recall is tp/pos, from 0 to 1, of rows of which some are positive.
func recall(r *binaryRows) figure {
	return r.shareOf(r.positive, r.mass[1][1], r.noLabelIs(1), func(a, _ float64) float64 { return a })
}

// specificity is tn/(1-pos), from 0 to 1, of rows of which some are negative.
func specificity(r *binaryRows) figure {
	return r.shareOf(r.negative, r.mass[0][0], r.noLabelIs(0), func(a, _ float64) float64 { return 1 - a })
}

// precision is tp/said, from 0 to 1, of rows of which some are predicted to be positive.
func precision(r *binaryRows) figure {
	none := fmt.Sprintf("nothing is predicted to be %s", r.classes.Names()[1])
	return r.shareOf(r.predicted, r.mass[1][1], none, func(_, p float64) float64 { return p })
}

// shareOf returns the share that rows which are classified right have of others, which in tells
// by actual and predicted class: in influence [in] ([right] - share) / the others' share of all.
func (r *binaryRows) shareOf(of, right summary.Mass, none string, in func(actual, predicted float64) float64) figure {
	if of.W == 0 {
		return figure{missing: none}
	}
	value := right.W / of.W
	return figure{value: value, of: of, influence: byClass(func(a, p float64) float64 {
		is := 0.0
		if a == p {
			is = 1
		}
		return in(a, p) * (is - value) / (of.W / r.all.W)
	})}
}

// balancedAccuracy is (recall + specificity)/2, from 0 to 1, of rows of both classes.
func balancedAccuracy(r *binaryRows) figure {
	one, other := recall(r), specificity(r)
	if one.missing != "" {
		return one
	}
	if other.missing != "" {
		return other
	}
	return figure{value: float64((one.value + other.value) / 2), influence: byClass(func(a, p float64) float64 {
		return float64((one.influence[0][int(a)][int(p)] + other.influence[0][int(a)][int(p)]) / 2)
	})}
}

// f1 is fBeta with beta = 1: 2 tp/(pos + said).
func f1(r *binaryRows) figure { return r.fBeta(1) }

// fBeta is (1+beta^2) tp / (beta^2 pos + said), from 0 to 1, of rows of which some are positive
// or predicted to be. Its influence is
//
//	((1+beta^2) [tp] - F (beta^2 [pos] + [said])) / (beta^2 pos + said).
func fBeta(r *binaryRows) figure { return r.fBeta(r.beta()) }

func (r *binaryRows) fBeta(beta float64) figure {
	b2 := float64(beta * beta)
	of := float64(b2*r.positive.W) + r.predicted.W
	if of == 0 {
		name := r.classes.Names()[1]
		return figure{missing: fmt.Sprintf("no label is %s and nothing is predicted to be", name)}
	}
	value := (1 + b2) * r.mass[1][1].W / of
	return figure{value: value, of: r.positive, influence: byClass(func(a, p float64) float64 {
		return (float64((1+b2)*a*p) - float64(value*(float64(b2*a)+p))) / (of / r.all.W)
	})}
}

// matthews is mcc = c / sqrt(v w), from -1 to 1, with the covariance c = tp - pos said of label and
// prediction and their variances v = pos (1-pos) and w = said (1-said), of rows with labels and
// predictions of both classes. Its influence is
//
//	(([pos]-pos) ([said]-said) - c) / sqrt(v w)
//	    - mcc/2 ((1-2pos) ([pos]-pos)/v + (1-2said) ([said]-said)/w).
func matthews(r *binaryRows) figure {
	s := r.shares()
	v, w := float64(s.pos*(1-s.pos)), float64(s.said*(1-s.said))
	switch {
	case r.positive.W == 0:
		return figure{missing: r.noLabelIs(1)}
	case r.negative.W == 0:
		return figure{missing: r.noLabelIs(0)}
	case r.predicted.W == 0 || r.predicted.W == r.all.W:
		return figure{missing: "all rows are predicted to be of one class"}
	}
	root := math.Sqrt(v * w)
	value := (float64(s.tp*s.tn) - float64(s.fp*s.fn)) / root
	return figure{value: value, influence: byClass(func(a, p float64) float64 {
		common := float64((a-s.pos)*(p-s.said)) - float64(value*root)
		spread := float64((1-float64(2*s.pos))*(a-s.pos))/v + float64((1-float64(2*s.said))*(p-s.said))/w
		return common/root - float64(value/2*spread)
	})}
}

// cohenKappa is cohen_kappa = (A - E)/(1 - E) = 2 (tp tn - fp fn)/(1 - E), from -1 to 1, with the
// accuracy A, and E = pos said + (1-pos)(1-said) the one that chance would give, of rows that are
// not all of one class and predicted to be. Its influence is
//
//	(([right] - A) (1-E) - (1-A) ((2said-1) ([pos]-pos) + (2pos-1) ([said]-said))) / (1-E)^2.
func cohenKappa(r *binaryRows) figure {
	s := r.shares()
	right := s.tp + s.tn
	chance := float64(s.pos*s.said) + float64((1-s.pos)*(1-s.said))
	if r.mass[0][0].W == r.all.W || r.mass[1][1].W == r.all.W {
		return figure{missing: "all rows are of one class, and predicted to be"}
	}
	rest := 1 - chance
	return figure{value: 2 * (float64(s.tp*s.tn) - float64(s.fp*s.fn)) / rest, influence: byClass(func(a, p float64) float64 {
		is := 0.0
		if a == p {
			is = 1
		}
		byChance := float64((float64(2*s.said)-1)*(a-s.pos)) + float64((float64(2*s.pos)-1)*(p-s.said))
		return (float64((is-right)*rest) - float64((1-right)*byChance)) / (rest * rest)
	})}
}

// businessValue is business_value: what a row is worth on average, by Options.Worth, less the
// cost of a prediction.
func businessValue(r *binaryRows) figure {
	if r.Worth == nil {
		return figure{missing: NoWorth}
	}
	total := 0.0
	for a := range 2 {
		for p := range 2 {
			total += float64(r.mass[a][p].W * r.Worth.Binary[a][p])
		}
	}
	mean := total / r.all.W
	return figure{value: mean - r.CostPerPrediction, of: r.all, influence: byClass(func(a, p float64) float64 {
		return r.Worth.Binary[int(a)][int(p)] - mean
	})}
}
