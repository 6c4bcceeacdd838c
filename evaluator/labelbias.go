package evaluator

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// LabelBias says whether the rows of a window that have a label are like those without. Where
// they aren't, performance is that of some rows, and nobody knows that of the window.
type LabelBias struct {
	Labelled   int64                 `json:"labelled"`
	Unlabelled int64                 `json:"unlabelled"`
	Columns    map[string]LabelShift `json:"columns"` // prediction, and of classifiers with scores score: of several classes that of the predicted one
	Biased     bool                  `json:"biased"`
	Reason     string                `json:"reason,omitempty"` // what differs, where it is biased; else why there are no columns
}

// LabelShift is how the rows with a label differ in one column from those without.
type LabelShift struct {
	// Distance is between the two: of numbers the greatest difference of their distribution
	// functions (Kolmogorov and Smirnov), of classes half the sum of the differences of their
	// shares. Effect is that of the rows with a label from all rows, which is as many times less
	// as there are rows without one: the mean of any figure from 0 to 1 that depends on the column
	// alone, and moves one way as it rises, is off by no more.
	Distance stat.Number `json:"distance"`
	Effect   stat.Number `json:"effect"`
	P        stat.Number `json:"p"` // how likely chance makes them differ so much, if labels came to any rows alike
}

const (
	// labelBiasLevel is the probability of a bias in one column where there is none: of the two
	// of a classifier 1 %.
	labelBiasLevel = 0.005
	// mostLabelEffect is the limit of LabelShift.Effect.
	mostLabelEffect = 0.05
	// mostClassEffect is by which part the share of a class among the predictions of a binary
	// classifier may be another with a label than of all. Where the positive class is rare, it
	// decides on precision and recall, and no share of all rows shows it.
	mostClassEffect = 0.2
	// leastOfSide is how many rows with a label, and without, show how these are distributed.
	leastOfSide = 20
)

// labelBiasOf compares the rows with a label with those without, nil where all or none have one.
func labelBiasOf(cur *summary.Summary) *LabelBias {
	matched := cur.Matched()
	if matched <= 0 || matched >= cur.Predictions() {
		return nil
	}
	b := &LabelBias{Labelled: matched, Unlabelled: cur.Predictions() - matched, Columns: map[string]LabelShift{}}
	// Rows of one entity tell as much as fewer rows.
	counts := 1 / drift.DesignEffect(cur.Entities(), cur.Entities().Prediction())
	classes := cur.PredictedClasses()
	if classes == nil {
		b.numbers(drift.PredictionColumn, sampled(cur), counts)
	} else {
		labelled := cur.Errors().Classes()
		if all := cur.Scored(); all != nil {
			b.numbers("score", scoredSides(all, labelled.Scores()), counts)
		} else if all := cur.PredictedConfidence(); all != nil {
			b.numbers("score", scoredSides(all, labelled.Confidence()), counts)
		}
		b.classes(classes, predictedOf(labelled), counts)
	}
	if len(b.Columns) == 0 {
		b.Reason = fmt.Sprintf("too few rows on one side: %d with a label and %d without are known", b.Labelled, b.Unlabelled)
	}
	return b
}

// coverage returns the share of rows with a label.
func (b *LabelBias) coverage() float64 {
	return float64(b.Labelled) / float64(b.Labelled+b.Unlabelled)
}

// find notes what differs, the first of it.
func (b *LabelBias) find(format string, args ...any) {
	if !b.Biased {
		b.Biased, b.Reason = true, "label bias: "+fmt.Sprintf(format, args...)
	}
}

// side counts rows of one value, or of a bin, with and without a label.
type side struct{ with, without int64 }

// sampled returns the sides of the sample of rows, by ascending prediction. A prediction is known
// to have no label where the sample says so.
func sampled(cur *summary.Summary) []side {
	rows, _ := cur.Sample()
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b summary.SampleRow) int { return cmp.Compare(a.Prediction, b.Prediction) })
	var out []side
	for i, r := range rows {
		if i == 0 || r.Prediction != rows[i-1].Prediction {
			out = append(out, side{})
		}
		if math.IsNaN(r.Label) {
			out[len(out)-1].without++
		} else {
			out[len(out)-1].with++
		}
	}
	return out
}

// scoredSides returns the sides of scores, of all predictions and of those with a label. The
// latter may be known exactly where the former are on bins.
func scoredSides(all, labelled []summary.ScoreCell) []side {
	out := make([]side, 0, len(all))
	for _, c := range all {
		var s side
		for ; len(labelled) > 0 && holds(&c, labelled[0].Score); labelled = labelled[1:] {
			s.with += rowsOf(&labelled[0])
		}
		s.without = rowsOf(&c) - s.with
		out = append(out, s)
	}
	return out
}

// rowsOf returns the number of rows of a cell.
func rowsOf(c *summary.ScoreCell) int64 {
	m := &c.Mass
	return m[0][0].N + m[0][1].N + m[1][0].N + m[1][1].N
}

// holds reports whether a score, which is above all cells before, is in the cell. A bin has that
// of its ends which is nearer to 0 or 1.
func holds(c *summary.ScoreCell, score float64) bool {
	if c.Low < c.High && score < 0.5 {
		return score < c.High
	}
	return score <= c.High
}

// numbers compares how numbers are distributed, by their ascending sides, of which as many count
// as the share of rows says that tell something of their own.
func (b *LabelBias) numbers(column string, sides []side, counts float64) {
	var with, without float64
	for _, s := range sides {
		with += float64(s.with)
		without += float64(s.without)
	}
	if with < leastOfSide || without < leastOfSide {
		return
	}
	var distance, f, g float64
	for _, s := range sides {
		f += float64(s.with)
		g += float64(s.without)
		distance = math.Max(distance, math.Abs(f/with-g/without))
	}
	effect := float64((1 - b.coverage()) * distance)
	p := drift.KSPValue(distance, float64(with*counts), float64(without*counts))
	b.Columns[column] = LabelShift{stat.Number(distance), stat.Number(effect), stat.Number(p)}
	if p < labelBiasLevel && effect > mostLabelEffect {
		b.find("the %d rows with a label differ in %s from the %d without by %s, where 1 is most", b.Labelled, column, b.Unlabelled, stat.Figure(distance))
	}
}

// predictedOf returns the number of rows by the class that is predicted.
func predictedOf(c *summary.Classes) map[string]int64 {
	out := map[string]int64{}
	names := c.Names()
	for k, name := range names {
		if c.Task() == groundtruth.Multiclass {
			out[name] = c.Predicted(k).N
			continue
		}
		for actual := range names {
			out[name] += c.Mass(actual, k).N
		}
	}
	return out
}

// classes compares how many rows of each predicted class have a label. The p-value is a bound by
// Hoeffding (Probability inequalities for sums of bounded random variables, JASA 58, 1963), which
// holds for any numbers of rows: of n rows of a class the share f has a label with a probability
// of at most exp(-n (f log(f/c) + (1-f) log((1-f)/(1-c)))), where c is the coverage.
func (b *LabelBias) classes(all, with map[string]int64, counts float64) {
	coverage, least, distance := b.coverage(), 1.0, 0.0
	most, mostOff := "", 0.0 // the class whose share is off by the greatest part of it
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] == 0 {
			continue
		}
		n := float64(all[name])
		f := float64(with[name]) / n
		distance += float64(math.Abs(float64(with[name])/float64(b.Labelled)-float64(all[name]-with[name])/float64(b.Unlabelled)) / 2)
		p := math.Min(1, float64(2*float64(len(all))*portable.Exp(float64(-n*counts*divergence(f, coverage)))))
		least = math.Min(least, p)
		if off := math.Abs(f/coverage - 1); p < labelBiasLevel && (most == "" || off > mostOff) {
			most, mostOff = name, off
		}
	}
	effect := float64((1 - coverage) * distance)
	b.Columns[drift.PredictionColumn] = LabelShift{stat.Number(distance), stat.Number(effect), stat.Number(least)}
	if most != "" && (effect > mostLabelEffect || len(all) == 2 && mostOff > mostClassEffect) {
		b.find("%s of %d rows predicted to be %s have a label, and %s of all",
			percent(float64(with[most])/float64(all[most])), all[most], UniqueName(most), percent(coverage))
	}
}

// divergence is that of Kullback and Leibler between a yes or no of probability f and one of c,
// which is between 0 and 1.
func divergence(f, c float64) float64 {
	sum := 0.0
	if f > 0 {
		sum += float64(f * portable.Log(f/c))
	}
	if f < 1 {
		sum += float64((1 - f) * portable.Log((1-f)/(1-c)))
	}
	return math.Max(0, sum)
}

// percent writes a share.
func percent(share float64) string { return stat.Figure(float64(100*share)) + " %" }
