package estimate

import (
	"cmp"
	"math"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// leastOfClass is how many rows of either class a window is expected to have at the least for a
// band, as metrics need them for an interval.
const leastOfClass = 50

// expected is a window with probabilities in the place of labels.
type expected struct {
	cals  [2]*Calibration // of rows by predicted class; of Binary the same
	cells []cell          // ascending by score, none without rows
	// rows is how many there are, predicted how many of them are predicted to be positive,
	// positive how many are expected to be, and hits how many of those predicted are.
	rows, predicted, positive, hits float64
}

// cell is the rows of one score.
type cell struct {
	score float64
	// By predicted class: the rows, the probability that one of them is positive, and where their
	// score is on the curve that gives it.
	n, p  [2]float64
	place [2]place
}

// of returns the rows of both predicted classes, and positive how many of them are expected to be.
func (c *cell) of() float64       { return c.n[0] + c.n[1] }
func (c *cell) positive() float64 { return float64(c.n[0]*c.p[0]) + float64(c.n[1]*c.p[1]) }

func newExpected(window []summary.ScoreCell, cals [2]*Calibration) *expected {
	w := &expected{cals: cals}
	for _, s := range window {
		c := cell{score: s.Score, n: [2]float64{float64(s.Mass[0][0].N), float64(s.Mass[0][1].N)}}
		if c.of() == 0 {
			continue
		}
		for k, cal := range cals {
			c.place[k] = cal.curve.find(s.Score)
			if c.p[k] = s.Score; cal.Applied {
				c.p[k] = cal.curve.at(c.place[k])
			}
		}
		w.cells = append(w.cells, c)
		w.rows += c.of()
		w.predicted += c.n[1]
		w.positive += c.positive()
		w.hits += float64(c.n[1] * c.p[1])
	}
	return w
}

// learntOf returns how many rows of the reference probabilities come from.
func (w *expected) learntOf() float64 {
	if w.cals[0] == w.cals[1] {
		return float64(w.cals[0].Rows)
	}
	return float64(w.cals[0].Rows) + float64(w.cals[1].Rows)
}

// negative returns how many rows are expected to be negative.
func (w *expected) negative() float64 { return w.rows - w.positive }

// A slope is the derivative of a metric by the label of one row of a cell, of either predicted
// class.
type slope func(cell int) [2]float64

// constant is the slope of a metric that depends on the expected confusion matrix alone: by its
// derivative by the hits and by the positive rows.
func constant(hits, positive float64) slope {
	return func(int) [2]float64 { return [2]float64{positive, hits + positive} }
}

// binary is a metric that is estimated. It returns NaN and a reason where it has no value, and a
// nil slope where it has no band.
type binary struct {
	name    string
	compute func(*expected, metric.Options) (value float64, by slope, reason string)
}

// binaries lists the metrics of binary classifiers that are estimated: those of metric.Binaries
// but for the calibration error, which is that of the probabilities themselves.
func binaries() []binary {
	return []binary{
		{"accuracy", accuracy}, {"balanced_accuracy", balancedAccuracy}, {"precision", precision}, {"recall", recall},
		{"specificity", specificity}, {"f1", f1}, {"f_beta", fBeta}, {"mcc", mcc}, {"cohen_kappa", cohenKappa},
		{"roc_auc", rocAUC}, {"average_precision", averagePrecision}, {"log_loss", logLoss}, {"brier", brier},
		{"business_value", businessValue},
	}
}

// Reasons why a metric has no value or no band.
const (
	noRows     = "no predictions in the window"
	noPositive = "no row is expected to be of the positive class"
	noNegative = "no row is expected to be of the negative class"
	onePredict = "all rows are predicted to be of one class"
	tooFew     = "a band needs 50 rows of each class, and so many are not expected"
)

// result computes a metric and its band:
//
//	Var = sum n p (1-p) slope^2  +  sum over blocks of (sum of the slopes of its rows)^2 Var(share)
//
// The first is what the labels of the window's rows add by chance to their probabilities, the
// second what chance did to the labels of the reference that the probabilities come from. Where
// scores are taken as they stand, the second is what the reference leaves open of that (learnt).
func (w *expected) result(m binary, opt metric.Options) metric.Result {
	value, by, reason := math.NaN(), slope(nil), noRows
	if w.rows > 0 {
		value, by, reason = m.compute(w, opt)
	}
	if reason == "" && w.few() {
		by, reason = nil, tooFew
	}
	variance := math.NaN()
	if by != nil {
		variance = w.drawn(by) + w.learnt(by)
	}
	return banded(m.name, value, variance, w.rows, w.learntOf(), reason)
}

// few reports whether too few rows of a class are expected for a band.
func (w *expected) few() bool { return w.positive < leastOfClass || w.negative() < leastOfClass }

// banded returns the result of an estimate with that variance, NaN where it has no band, of so many
// rows of the window and the reference.
func banded(name string, value, variance, rows, reference float64, reason string) metric.Result {
	se := math.Sqrt(variance)
	half := float64(portable.NormalQuantile(0.5+float64(stat.IntervalLevel/2)) * se)
	spec, _ := metric.Find(name)
	value = spec.Within(value) // rounding may take it beyond
	out := metric.Result{Value: stat.Number(value), N: int64(rows), Reason: reason}
	out.Untold = reason != "" && stat.IsNumber(value)
	out.Low, out.High = stat.Number(spec.Within(value-half)), stat.Number(spec.Within(value+half))
	out.Estimate = stat.Estimate{Value: value, SE: se, DF: math.Max(1, math.Min(rows, reference)-1), NEff: rows, Kurtosis: 3, InTime: 1}
	return out
}

// drawn returns the variance that labels add to the probabilities of rows.
func (w *expected) drawn(by slope) float64 {
	sum := 0.0
	for i := range w.cells {
		c, d := &w.cells[i], by(i)
		for k, n := range c.n {
			sum += float64(n * c.p[k] * (1 - c.p[k]) * d[k] * d[k])
		}
	}
	return sum
}

// learnt returns the variance that the reference's labels add. Where scores are taken as they
// stand it is at least the square of what calibration would have changed: too little of that for
// the calibration error to show may still be more than chance made, and moves all windows alike.
func (w *expected) learnt(by slope) float64 {
	blocks := [2][]float64{make([]float64, len(w.cals[0].curve.blocks))}
	curves := 1
	if blocks[1] = blocks[0]; w.cals[0] != w.cals[1] {
		blocks[1], curves = make([]float64, len(w.cals[1].curve.blocks)), 2
	}
	change := 0.0
	for i := range w.cells {
		c, d := &w.cells[i], by(i)
		for k, at := range c.place {
			total := float64(c.n[k] * d[k])
			blocks[k][at.from] += float64(total * (1 - at.share))
			blocks[k][at.to] += float64(total * at.share)
			if cal := w.cals[k]; !cal.Applied {
				change += float64(total * (cal.curve.at(at) - c.p[k]))
			}
		}
	}
	sum := 0.0
	for k := range curves {
		for b, v := range w.cals[k].curve.variances() {
			sum += float64(blocks[k][b] * blocks[k][b] * v)
		}
	}
	return math.Max(sum, float64(change*change))
}

// accuracy is (TP + TN) / n.
func accuracy(w *expected, _ metric.Options) (float64, slope, string) {
	right := float64(2*w.hits) + w.rows - w.predicted - w.positive
	return right / w.rows, constant(2/w.rows, -1/w.rows), ""
}

// precision is TP / (TP + FP), and 0 where no row is predicted positive.
func precision(w *expected, _ metric.Options) (float64, slope, string) {
	if w.predicted == 0 {
		return 0, nil, "no row is predicted to be of the positive class: counted as 0"
	}
	return w.hits / w.predicted, constant(1/w.predicted, 0), ""
}

// recall is TP / (TP + FN).
func recall(w *expected, _ metric.Options) (float64, slope, string) {
	if w.positive == 0 {
		return math.NaN(), nil, noPositive
	}
	r := w.hits / w.positive
	return r, constant(1/w.positive, -r/w.positive), ""
}

// specificity is TN / (TN + FP).
func specificity(w *expected, _ metric.Options) (float64, slope, string) {
	if w.negative() == 0 {
		return math.NaN(), nil, noNegative
	}
	s := (w.negative() - w.predicted + w.hits) / w.negative()
	return s, constant(1/w.negative(), (s-1)/w.negative()), ""
}

// balancedAccuracy is the mean of recall and specificity.
func balancedAccuracy(w *expected, opt metric.Options) (float64, slope, string) {
	r, byR, reason := recall(w, opt)
	if reason != "" {
		return r, nil, reason
	}
	s, byS, reason := specificity(w, opt)
	if reason != "" {
		return s, nil, reason
	}
	return float64((r + s) / 2), func(i int) [2]float64 {
		a, b := byR(i), byS(i)
		return [2]float64{float64((a[0] + b[0]) / 2), float64((a[1] + b[1]) / 2)}
	}, ""
}

// f1 is 2 TP / (2 TP + FP + FN).
func f1(w *expected, _ metric.Options) (float64, slope, string) { return fScore(w, 1) }

// fBeta is (1 + b^2) TP / ((1 + b^2) TP + FP + b^2 FN).
func fBeta(w *expected, opt metric.Options) (float64, slope, string) {
	return fScore(w, cmp.Or(opt.Beta, metric.DefaultBeta))
}

func fScore(w *expected, beta float64) (float64, slope, string) {
	square := float64(beta * beta)
	of := float64(square*w.positive) + w.predicted
	if of == 0 {
		return math.NaN(), nil, noPositive
	}
	f := (1 + square) * w.hits / of
	return f, constant((1+square)/of, -square*f/of), ""
}

// mcc is (n TP - P PP) / sqrt(P N PP PN), with PP and PN rows predicted positive and negative.
func mcc(w *expected, _ metric.Options) (float64, slope, string) {
	p, n, pp := w.positive, w.negative(), w.predicted
	root := float64(math.Sqrt(p*n) * math.Sqrt(pp*(w.rows-pp)))
	switch {
	case p == 0:
		return math.NaN(), nil, noPositive
	case n == 0:
		return math.NaN(), nil, noNegative
	case root == 0:
		return math.NaN(), nil, onePredict
	}
	m := (float64(w.rows*w.hits) - float64(p*pp)) / root
	return m, constant(w.rows/root, -pp/root-float64(m*(n-p)/(2*p*n))), ""
}

// cohenKappa is (a - c) / (1 - c), with the accuracy a and that of chance c = (P PP + N PN) / n^2.
func cohenKappa(w *expected, opt metric.Options) (float64, slope, string) {
	a, by, _ := accuracy(w, opt)
	missed := w.rows - w.predicted
	chance := (float64(w.positive*w.predicted) + float64(w.negative()*missed)) / w.rows / w.rows
	if chance == 1 {
		return math.NaN(), nil, onePredict
	}
	k := (a - chance) / (1 - chance)
	byChance := float64((k - 1) / (1 - chance) * ((w.predicted - missed) / w.rows / w.rows))
	return k, func(i int) [2]float64 {
		d := by(i)
		return [2]float64{d[0]/(1-chance) + byChance, d[1]/(1-chance) + byChance}
	}, ""
}

// rocAUC is the probability that of a positive and a negative row the positive one has the
// greater score, equal ones counted half.
func rocAUC(w *expected, _ metric.Options) (float64, slope, string) {
	switch {
	case w.positive == 0:
		return math.NaN(), nil, noPositive
	case w.negative() == 0:
		return math.NaN(), nil, noNegative
	}
	// What a row wins by being positive, over negative rows below it, and loses by not being
	// negative, below positive rows.
	gains := make([]float64, len(w.cells))
	pairs, below, above := 0.0, 0.0, w.positive
	for i := range w.cells {
		c := &w.cells[i]
		p := c.positive()
		n := c.of() - p
		wins, losses := below+float64(n/2), above-float64(p/2)
		pairs += float64(p * wins)
		gains[i] = wins - losses
		below, above = below+n, above-p
	}
	auc := pairs / w.positive / w.negative()
	turn := float64(auc * (1/w.positive - 1/w.negative()))
	return auc, func(i int) [2]float64 {
		d := gains[i]/w.positive/w.negative() - turn
		return [2]float64{d, d}
	}, ""
}

// averagePrecision is the sum over scores, from the greatest down, of the precision at each times
// by how much the recall rises there.
func averagePrecision(w *expected, _ metric.Options) (float64, slope, string) {
	if w.positive == 0 {
		return math.NaN(), nil, noPositive
	}
	precisions, rises := make([]float64, len(w.cells)), make([]float64, len(w.cells))
	sum, hits, rows := 0.0, 0.0, 0.0
	for i := len(w.cells) - 1; i >= 0; i-- {
		c := &w.cells[i]
		p := c.positive()
		hits, rows = hits+p, rows+c.of()
		precisions[i], rises[i] = hits/rows, p/rows
		sum += float64(p * precisions[i])
	}
	for i := 1; i < len(rises); i++ { // a positive row raises the precision at all scores up to its own
		rises[i] += rises[i-1]
	}
	ap := sum / w.positive
	return ap, func(i int) [2]float64 {
		d := (precisions[i] + rises[i] - ap) / w.positive
		return [2]float64{d, d}
	}, ""
}

// leastProbability is how near to 0 and 1 the logarithm takes scores.
const leastProbability = 1e-15

// logLoss is the mean of -log of the probability that the score gives the row's class.
func logLoss(w *expected, _ metric.Options) (float64, slope, string) {
	return meanLoss(w, func(score float64) (negative, positive float64) {
		return -portable.Log(math.Max(1-score, leastProbability)), -portable.Log(math.Max(score, leastProbability))
	})
}

// brier is the mean squared distance of the score from the label.
func brier(w *expected, _ metric.Options) (float64, slope, string) {
	return meanLoss(w, func(score float64) (negative, positive float64) {
		return float64(score * score), float64((1 - score) * (1 - score))
	})
}

// meanLoss is the mean of a loss that depends on a row's score and class.
func meanLoss(w *expected, loss func(score float64) (negative, positive float64)) (float64, slope, string) {
	sum := 0.0
	for i := range w.cells {
		c := &w.cells[i]
		negative, positive := loss(c.score)
		sum += float64(c.of()*negative) + float64(c.positive()*(positive-negative))
	}
	return sum / w.rows, func(i int) [2]float64 {
		negative, positive := loss(w.cells[i].score)
		d := (positive - negative) / w.rows
		return [2]float64{d, d}
	}, ""
}

// businessValue is the mean of what rows are worth by their class and the predicted one, less the
// cost of a prediction.
func businessValue(w *expected, opt metric.Options) (float64, slope, string) {
	if opt.Worth == nil {
		return math.NaN(), nil, metric.NoWorth
	}
	sum, worth := 0.0, &opt.Worth.Binary
	for i := range w.cells {
		c := &w.cells[i]
		for k, n := range c.n {
			sum += float64(n * (worth[0][k] + float64(c.p[k]*(worth[1][k]-worth[0][k]))))
		}
	}
	return sum/w.rows - opt.CostPerPrediction, constant((worth[1][1]-worth[0][1]-worth[1][0]+worth[0][0])/w.rows, (worth[1][0]-worth[0][0])/w.rows), ""
}
