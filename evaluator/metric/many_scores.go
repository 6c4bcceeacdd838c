package metric

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// mostBrier is the Brier score of a row that is sure of a wrong class.
const mostBrier = 2

// topK returns TopK or its default.
func (o *Options) topK() int { return cmp.Or(o.TopK, DefaultTopK) }

// manyLogLoss is log_loss = -mean(log p), with the probability p of a row's actual class, clipped:
// from 0 to 34.5.
func manyLogLoss(r *manyRows) manyFigure { return r.meanLoss(summary.LogLoss) }

// manyBrier is the mean over rows of the sum over classes of (p_k - [k])^2, from 0 to 2 where
// probabilities add up to 1: scikit-learn's brier_score_loss, which halves that of two classes alone.
func manyBrier(r *manyRows) manyFigure { return r.meanLoss(summary.BrierScore) }

// meanLoss is the mean of a loss, of which moments and sums by block are kept.
func (r *manyRows) meanLoss(loss int) manyFigure {
	if r.classes.Scored() == nil {
		return manyFigure{missing: noScores}
	}
	l := r.classes.Loss(loss)
	value := l.W / r.all.W
	f := manyFigure{value: value, of: r.all, note: r.unscored()}
	// With weights those of the mean of w (l - mean l) / mean w; skewness and kurtosis as without.
	n := kish(r.all)
	variance := math.Max(0, l.W2L2-float64(2*value*l.W2)+float64(value*value*r.all.W2)) / r.all.W2
	if variance < 1e-15*value*value {
		variance = 0 // that is rounding alone
	}
	f.moments = stat.Moments{N: n, Mean: value, Variance: variance * n / (n - 1), Kurtosis: 3}
	rows := float64(r.n)
	m1, m2, m3, m4 := l.Powers[0]/rows, l.Powers[1]/rows, l.Powers[2]/rows, l.Powers[3]/rows
	spread := m2 - float64(m1*m1)
	if variance > 0 && spread > 1e-9*m2 {
		third := m3 - float64(3*m1*m2) + float64(2*m1*m1*m1)
		fourth := m4 - float64(4*m1*m3) + float64(6*m1*m1*m2) - float64(3*m1*m1*m1*m1)
		f.moments.Kurtosis = math.Max(1, fourth/spread/spread)
		v := f.moments.Variance
		f.moments = f.moments.WithThird(float64(third / spread / math.Sqrt(spread) * v * math.Sqrt(v)))
	}
	f.series = func(e *summary.ErrorSums) stat.BlockSeries {
		b := r.blocksOf(e)
		out := seriesOfWeights(b.squares, r.all)
		for i, w := range b.weights {
			out.U[i] = float64((e.Classes().BlockLoss(i, loss) - float64(w*value)) * (n / r.all.W))
		}
		return out
	}
	return f
}

// unscored tells of rows whose class has no probability.
func (r *manyRows) unscored() string {
	if ranks := r.classes.Ranks(); ranks[0].N > 0 {
		return fmt.Sprintf("%d rows are of classes that have no probabilities, which is one of 0", ranks[0].N)
	}
	return ""
}

// topKAccuracy is top_k_accuracy: the share of rows whose actual class is among the k most probable
// ones, from 0 to 1.
func topKAccuracy(r *manyRows) manyFigure {
	if r.classes.Scored() == nil {
		return manyFigure{missing: noScores}
	}
	ranks := r.classes.Ranks()
	in := sum(ranks[1:min(r.topK()+1, len(ranks))]...)
	value := in.W / r.all.W
	f := manyFigure{value: value, of: r.all, note: r.unscored()}
	f.moments = shareMoments(value, in.W2/r.all.W2, kish(r.all))
	return f
}

// shareMoments returns the moments of an indicator less its mean, which has the share of the
// squares of weights.
func shareMoments(value, squares, n float64) stat.Moments {
	second := float64(squares*(1-value)*(1-value)) + float64((1-squares)*value*value)
	third := float64(squares*(1-value)*(1-value)*(1-value)) - float64((1-squares)*value*value*value)
	above, below := float64((1-value)*(1-value)), float64(value*value)
	fourth := float64(squares*above*above) + float64((1-squares)*below*below)
	return ofInfluence(n, value, 0, second, third, fourth)
}

// binaryOf returns rows by score and whether they are of a class, as metrics of binary classifiers
// need them.
func (r *manyRows) binaryOf(cells []summary.ScoreCell) *binaryRows {
	b := &binaryRows{origin: r.origin, cells: cells}
	for i := range cells {
		for a := range 2 {
			for p := range 2 {
				b.mass[a][p] = sum(b.mass[a][p], cells[i].Mass[a][p])
			}
		}
	}
	m := &b.mass
	b.negative, b.positive = sum(m[0][0], m[0][1]), sum(m[1][0], m[1][1])
	b.all = sum(b.negative, b.positive)
	return b
}

// aucOf returns roc_auc of a class against all others, and false where rows are not of both.
func (r *manyRows) aucOf(k int) (f figure, positive int64, ok bool) {
	b := r.binaryOf(r.classes.OneVsRest(k))
	if b.positive.W == 0 || b.negative.W == 0 {
		return figure{}, b.positive.N, false
	}
	return rocAUC(b), b.positive.N, true
}

// manyAUC is roc_auc, from 0 to 1: the mean over the classes of that of each against all others,
// where rows are of the class and of others. What a row has to do with one of these and with
// another isn't kept, so that its variance is known within bounds alone. A row is a positive one
// of its own class alone, so that of the positive rows' parts is the sum of the classes'. Of
// what negative rows add, and of sums of both, the standard error is at most the sum of theirs
// (Minkowski's inequality). The least of these bounds is taken for it.
func manyAUC(r *manyRows) manyFigure {
	scored := r.classes.Scored()
	switch {
	case scored == nil:
		return manyFigure{missing: noScores}
	case r.classes.OneVsRest(0) == nil:
		return manyFigure{missing: fmt.Sprintf("scores of %d classes are not kept here", len(scored))}
	}
	out := manyFigure{note: r.unscored()}
	classes, se, positives, negatives := 0, 0.0, 0.0, 0.0
	var sizes []int64
	var missing []string
	for k, name := range scored {
		f, positive, ok := r.aucOf(k)
		if !ok {
			missing = append(missing, name)
			continue
		}
		classes++
		out.value += f.value
		out.bound += f.bound
		se += math.Sqrt(f.variance)
		positives += f.variance - f.ofNegatives
		negatives += math.Sqrt(f.ofNegatives)
		sizes = append(sizes, positive)
	}
	if len(missing) > 0 {
		return manyFigure{missing: fmt.Sprintf("no label is %s, or all are: roc_auc needs rows of each class and of others", some(missing))}
	}
	n := float64(classes)
	se = math.Min(se, math.Sqrt(math.Max(0, positives))+negatives)
	out.value, out.bound, se = out.value/n, out.bound/n, se/n
	out.few = fewOfMacro(sizes)
	out.moments = stat.Moments{N: kish(r.all), Mean: out.value, Variance: float64(se * se), Kurtosis: 3}
	return out
}

// some names a few of a list for people.
func some(names []string) string {
	const most = 3
	names = slices.Sorted(slices.Values(names))
	out := ""
	for i, name := range names[:min(most, len(names))] {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprintf("%q", name)
	}
	if len(names) > most {
		out += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return out
}

// manyCalibrationError is ece of the probability of the class that is predicted: the share of such
// rows that are right should be as much.
func manyCalibrationError(r *manyRows) manyFigure {
	if r.classes.Scored() == nil {
		return manyFigure{missing: noScores}
	}
	cells := r.classes.Confidence()
	if len(cells) == 0 {
		return manyFigure{missing: "no class that is predicted has a probability"}
	}
	b := r.binaryOf(cells)
	f := calibrationError(b)
	b.all = sum(b.negative, b.positive)
	return manyFigure{value: f.value, note: f.note, byChance: f.byChance, bound: f.bound, of: b.all, moments: b.moments(&f)}
}
