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
	cal   *Calibration
	cells []cell // ascending by score, none without rows
	// rows is how many there are, predicted how many of them are predicted to be positive,
	// positive how many are expected to be, and hits how many of those predicted are.
	rows, predicted, positive, hits float64
}

// cell is the rows of one score.
type cell struct {
	score, p float64    // p is the probability that a row is positive
	n        [2]float64 // rows by predicted class
	place    place
}

// of returns the rows of both classes.
func (c *cell) of() float64 { return c.n[0] + c.n[1] }

func newExpected(window []summary.ScoreCell, cal *Calibration) *expected {
	w := &expected{cal: cal}
	for _, s := range window {
		c := cell{score: s.Score, n: [2]float64{float64(s.Mass[0][0].N), float64(s.Mass[0][1].N)}, place: cal.curve.find(s.Score)}
		if c.of() == 0 {
			continue
		}
		if c.p = s.Score; cal.Applied {
			c.p = cal.curve.at(c.place)
		}
		w.cells = append(w.cells, c)
		w.rows += c.of()
		w.predicted += c.n[1]
		w.positive += float64(c.of() * c.p)
		w.hits += float64(c.n[1] * c.p)
	}
	return w
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
)

// result computes a metric and its band:
//
//	Var = sum n p (1-p) slope^2  +  sum over blocks of (sum of the slopes of its rows)^2 Var(share)
//
// The first is what the labels of the window's rows add by chance to their probabilities, the
// second what chance did to the labels of the reference that the probabilities come from. Where
// scores are taken as they stand, the second is what the reference leaves open of that.
func (w *expected) result(m binary, opt metric.Options) metric.Result {
	out := metric.Result{N: int64(w.rows)}
	value, by, reason := math.NaN(), slope(nil), noRows
	if w.rows > 0 {
		value, by, reason = m.compute(w, opt)
	}
	if reason == "" && (w.positive < leastOfClass || w.negative() < leastOfClass) {
		by, reason = nil, "a band needs 50 rows of each class, and so many are not expected"
	}
	se := math.NaN()
	if by != nil {
		se = math.Sqrt(w.variance(by))
	}
	out.Estimate = stat.Estimate{Value: value, SE: se, DF: math.Max(1, math.Min(w.rows, float64(w.cal.Rows))-1), NEff: w.rows, Kurtosis: 3, InTime: 1}
	half := float64(portable.NormalQuantile(0.5+float64(stat.IntervalLevel/2)) * se)
	out.Value, out.Low, out.High, out.Reason = stat.Number(value), stat.Number(value-half), stat.Number(value+half), reason
	if spec, ok := metric.Find(m.name); ok && by != nil {
		out.Low, out.High = max(out.Low, stat.Number(spec.Least)), min(out.High, stat.Number(spec.Most))
	}
	return out
}

// variance returns the variance of a metric with these slopes.
func (w *expected) variance(by slope) float64 {
	sum := 0.0
	blocks := make([]float64, len(w.cal.curve.blocks))
	for i := range w.cells {
		c, d := &w.cells[i], by(i)
		for k, n := range c.n {
			sum += float64(n * c.p * (1 - c.p) * d[k] * d[k])
			total := float64(n * d[k])
			blocks[c.place.from] += float64(total * (1 - c.place.share))
			blocks[c.place.to] += float64(total * c.place.share)
		}
	}
	for b, v := range w.cal.curve.variances() {
		sum += float64(blocks[b] * blocks[b] * v)
	}
	return sum
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
	return (r + s) / 2, func(i int) [2]float64 {
		a, b := byR(i), byS(i)
		return [2]float64{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
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
	root := math.Sqrt(p) * math.Sqrt(n) * math.Sqrt(pp) * math.Sqrt(w.rows-pp)
	switch {
	case p == 0:
		return math.NaN(), nil, noPositive
	case n == 0:
		return math.NaN(), nil, noNegative
	case root == 0:
		return 0, nil, onePredict + ": counted as 0"
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
	byChance := float64((k-1)/(1-chance)) * ((w.predicted - missed) / w.rows / w.rows)
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
		p, n := float64(c.of()*c.p), float64(c.of()*(1-c.p))
		wins, losses := below+n/2, above-p/2
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
		p := float64(c.of() * c.p)
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
	return meanLoss(w, func(score float64) (negative, positive float64) { return score * score, (1 - score) * (1 - score) })
}

// meanLoss is the mean of a loss that depends on a row's score and class.
func meanLoss(w *expected, loss func(score float64) (negative, positive float64)) (float64, slope, string) {
	sum := 0.0
	for i := range w.cells {
		c := &w.cells[i]
		negative, positive := loss(c.score)
		sum += float64(c.of() * (negative + float64(c.p*(positive-negative))))
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
		return math.NaN(), nil, "no business_value is configured"
	}
	sum, worth := 0.0, &opt.Worth.Binary
	for i := range w.cells {
		c := &w.cells[i]
		for k, n := range c.n {
			sum += float64(n * (worth[0][k] + float64(c.p*(worth[1][k]-worth[0][k]))))
		}
	}
	return sum/w.rows - opt.CostPerPrediction, constant((worth[1][1]-worth[0][1]-worth[1][0]+worth[0][0])/w.rows, (worth[1][0]-worth[0][0])/w.rows), ""
}
