package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// classKind is a way in which the rows of a binary classifier are alike. A row has two normal
// numbers: its label is positive where the first is among the greatest, by the share of positive
// rows; the second, greater by the separation where the label is positive, is what the model sees.
type classKind struct {
	name string
	// draw draws both numbers of rows at these times; nil where rows have entities.
	draw func(r *rand.Rand, times []int64) (label, seen []float64)
	// byHour says that the share of positive rows and what the model sees have a pattern of the
	// day (pattern): as many as 40 % more or less are positive, and it sees up to 0.5 more or less.
	byHour bool
}

// classKinds lists what the grid of classifiers is about.
func classKinds() []classKind {
	independent := func(r *rand.Rand, times []int64) (label, seen []float64) {
		normal := independent((*rand.Rand).NormFloat64)
		return normal(r, times), normal(r, times)
	}
	alike := func(r *rand.Rand, times []int64) (label, seen []float64) {
		return autoregressive(r, times), autoregressive(r, times)
	}
	return []classKind{
		{name: "independent", draw: independent},
		{name: "AR(1) 0.7", draw: alike},
		{name: "hourly pattern", draw: independent, byHour: true},
		{name: "pattern with AR(1)", draw: alike, byHour: true},
		{name: "entity effect"},
	}
}

// at returns the share of positive rows, and by how much more the model sees, at a part of the day.
func (k classKind) at(positive, ofDay float64) (share, more float64) {
	if !k.byHour {
		return positive, 0
	}
	size, bias := pattern(ofDay)
	return positive * size, bias
}

// trained is the separation of the reference, that the model's scores are right for.
const trained = 2

// classifier is a model of which so large a share of rows is positive.
type classifier struct{ positive float64 }

// score returns the probability that a row of which the model sees this is positive, if rows are
// as those of the reference are, whatever the hour.
func (c classifier) score(seen float64) float64 {
	odds := math.Log(c.positive/(1-c.positive)) + trained*(seen-trained/2.0)
	return 1 / (1 + math.Exp(-odds))
}

// threshold is the score from which rows are predicted to be positive: one that suits F1, which
// is half of the best F1.
func (c classifier) threshold() float64 {
	switch {
	case c.positive < 0.05:
		return 0.15
	case c.positive < 0.2:
		return 0.3
	}
	return 0.4
}

// rows draws rows of a kind that are so far apart, and returns how many are of the rarer class.
func (c classifier) rows(r *rand.Rand, kind classKind, n int, w groundtruth.Window, separation float64) (out rows, rarer int) {
	at := times(n, w, r.Float64)
	var labels, seen []float64
	var groups []int64
	if kind.draw != nil {
		labels, seen = kind.draw(r, at)
	} else {
		var both [][]float64
		both, groups = entitySeries(r, n, 2)
		labels, seen = both[0], both[1]
	}
	out = rows{window: w, task: groundtruth.Binary}
	byDay, byGroup := map[int64]int{}, map[int64]int{}
	positives := 0
	for i, t := range at {
		positive, more := kind.at(c.positive, ofDay(t))
		label := 0.0
		if share(labels[i]) > 1-positive {
			label = 1
			positives++
		}
		score := c.score(seen[i] + more + label*separation)
		predicted := score >= c.threshold()
		addClass(&out.days, byDay, t/int64(day), t, score, label, predicted)
		if groups != nil {
			addClass(&out.entities, byGroup, groups[i], t, score, label, predicted)
		}
	}
	return out, min(positives, n-positives)
}

// addClass adds a row of a classifier to the part of its group.
func addClass(parts *[]part, of map[int64]int, group, at int64, score, label float64, predicted bool) {
	p := add(parts, of, group, at, score, label)
	p.predictions.Positive = append(p.predictions.Positive, predicted)
	p.matches.Positive = append(p.matches.Positive, predicted)
}

// ofDay returns which part of its day a time is at.
func ofDay(t int64) float64 { return float64(t%int64(24*time.Hour)) / float64(24*time.Hour) }

// classTruth returns what metrics are of very many rows of a kind that are so far apart, by sums
// over what the model sees and over the day.
func (c classifier) classTruth(kind classKind, separation float64) map[string]float64 {
	const (
		steps  = 96   // of the day
		lowest = -8.0 // of what the model sees
		width  = 0.005
		cells  = 4000
	)
	// The shares of negative and of positive rows in each cell.
	var mass [cells][2]float64
	for step := range steps {
		positive, more := kind.at(c.positive, (float64(step)+0.5)/steps)
		for label, rows := range []float64{1 - positive, positive} {
			shift := more + float64(label)*separation
			below := share(lowest - shift)
			for i := range mass {
				upTo := share(lowest + float64(i+1)*width - shift)
				mass[i][label] += rows * (upTo - below) / steps
				below = upTo
			}
		}
	}
	var confusion [2][2]float64
	var pairs, loss, square, precisions, seen, positives float64
	var bin struct{ rows, positives, scores float64 }
	apart, bins := 0.0, 1.0
	for i, m := range mass {
		score := c.score(lowest + (float64(i)+0.5)*width)
		predicted := 0
		if score >= c.threshold() {
			predicted = 1
		}
		for label, rows := range m {
			confusion[label][predicted] += rows
			square += rows * (score - float64(label)) * (score - float64(label))
		}
		loss -= m[1]*math.Log(score) + m[0]*math.Log1p(-score)
		seen, positives = seen+m[0]+m[1], positives+m[1]
		pairs += m[1] * (seen - positives - m[0]/2)
		bin.rows, bin.positives, bin.scores = bin.rows+m[0]+m[1], bin.positives+m[1], bin.scores+(m[0]+m[1])*score
		if seen >= bins/10 || i == cells-1 {
			apart += math.Abs(bin.positives - bin.scores)
			bin.rows, bin.positives, bin.scores = 0, 0, 0
			bins++
		}
	}
	seen, positives = 0, 0
	for i := range mass {
		m := mass[cells-1-i]
		seen, positives = seen+m[0]+m[1], positives+m[1]
		if seen > 0 {
			precisions += m[1] * positives / seen
		}
	}
	tn, fp, fn, tp := confusion[0][0], confusion[0][1], confusion[1][0], confusion[1][1]
	return map[string]float64{
		"roc_auc": pairs / ((tp + fn) * (tn + fp)), "accuracy": tp + tn, "f1": 2 * tp / (2*tp + fp + fn),
		"log_loss": loss, "brier": square, "average_precision": precisions / (tp + fn),
		"mcc": (tp*tn - fp*fn) / math.Sqrt((tp+fp)*(tp+fn)*(tn+fp)*(tn+fn)), "ece": apart,
	}
}
