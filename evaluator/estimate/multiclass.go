package estimate

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Class is a class of several, with the rows by its probability, ascending: of the reference by
// whether it is the actual class and whether it is predicted, and of the window, whose labels are
// not known, by the latter: Mass[0].
type Class struct {
	Name              string
	Reference, Window []summary.ScoreCell
}

// Multiclass estimates the performance of a classifier of several classes. Each class is
// calibrated against the rest, and apart where it is predicted and where it isn't: of rows with
// the same probability of a class those are more often of it that have a greater one of no other.
// A row's probabilities of all classes need not sum to 1 then, and are
// taken as they are: of rows that are counted by one class after the other nobody knows which
// belong together.
func Multiclass(classes []Class, opt metric.Options) *Estimated {
	m := &several{}
	e := &Estimated{Method: CBPE, Metrics: map[string]metric.Result{}}
	for _, c := range classes {
		var cals [2]*Calibration
		for k := range cals {
			if labelled := labelledCells(predictedAs(k, c.Reference)); len(labelled) > 0 {
				cals[k] = calibrate(labelled)
				e.Calibration = e.Calibration.with(cals[k])
			}
		}
		switch {
		case cals[0] == nil && cals[1] == nil:
			return None("the reference has no rows with a score and a label")
		case cals[0] == nil:
			cals[0] = cals[1]
		case cals[1] == nil:
			cals[1] = cals[0]
		}
		m.classes = append(m.classes, newExpected(c.Window, cals))
	}
	if c := e.Calibration; c != nil {
		each := *c
		each.Rows /= int64(len(classes))
		e.Calibration = &each
	}
	for _, of := range multiclasses() {
		e.Metrics[of.name] = m.result(of, opt)
	}
	return e
}

// predictedAs returns the rows of cells that are predicted to be of a class, or not to be.
func predictedAs(k int, cells []summary.ScoreCell) []summary.ScoreCell {
	out := slices.Clone(cells)
	for i := range out {
		for actual := range out[i].Mass {
			out[i].Mass[actual][1-k] = summary.Mass{}
		}
	}
	return out
}

// with returns the calibrations of two classes together: applied where either is, with their mean
// errors.
func (c *Calibration) with(o *Calibration) *Calibration {
	if c == nil {
		return o
	}
	a, b := float64(c.Rows), float64(o.Rows)
	mean := func(x, y stat.Number) stat.Number {
		return stat.Number((float64(a*float64(x)) + float64(b*float64(y))) / (a + b))
	}
	return &Calibration{Rows: c.Rows + o.Rows, Applied: c.Applied || o.Applied, Before: mean(c.Before, o.Before), After: mean(c.After, o.After)}
}

// several is a window of several classes, each against the rest.
type several struct{ classes []*expected }

// multiclass is a metric that is estimated: the mean over classes, or the sum, of one that each
// class has against the rest.
type multiclass struct {
	name string
	of   func(*expected, metric.Options) (value float64, by slope, reason string)
	sum  bool
}

// multiclasses lists the metrics of classifiers of several classes that are estimated.
func multiclasses() []multiclass {
	return []multiclass{
		{"accuracy", shareOfHits, true}, {"balanced_accuracy", recall, false}, {"precision", precision, false},
		{"recall", recall, false}, {"f1", f1, false}, {"f1_micro", shareOfHits, true}, {"roc_auc", rocAUC, false},
	}
}

// shareOfHits is what a class adds to the accuracy.
func shareOfHits(w *expected, _ metric.Options) (float64, slope, string) {
	return w.hits / w.rows, constant(1/w.rows, 0), ""
}

// result computes a metric, of the classes that rows of the window are expected to be of or are
// predicted to be, and its band. A row has one label, and moves the metric by that class's slope.
// Of all rows together that has the variance
//
//	sum over classes and rows of p slope^2  -  (sum over both of p slope)^2 / n
//
// at the most, which is that of rows drawn anew with their labels. The reference adds what it does
// to Binary, for each class.
func (m *several) result(of multiclass, opt metric.Options) metric.Result {
	var counted []*expected
	rows, reference := 0.0, 0.0
	for _, w := range m.classes {
		rows, reference = w.rows, w.learntOf()
		if w.positive > 0 || w.predicted > 0 {
			counted = append(counted, w)
		}
	}
	if len(counted) == 0 {
		return banded(of.name, math.NaN(), math.NaN(), rows, reference, noRows)
	}
	share := 1 / float64(len(counted))
	if of.sum {
		share = 1
	}
	var value, first, squares, learnt float64
	few := ""
	for _, w := range counted {
		v, by, reason := of.of(w, opt)
		if math.IsNaN(v) {
			return banded(of.name, v, v, rows, reference, reason)
		}
		value += float64(share * v)
		if by == nil || w.few() {
			few = tooFew
			continue
		}
		for i := range w.cells {
			c, d := &w.cells[i], by(i)
			for k, n := range c.n {
				u := float64(share * d[k])
				first += float64(n * c.p[k] * u)
				squares += float64(n * c.p[k] * u * u)
			}
		}
		learnt += float64(share * share * w.learnt(by))
	}
	variance := math.Max(0, squares-float64(first*first)/rows) + learnt
	if few != "" {
		variance = math.NaN()
	}
	return banded(of.name, value, variance, rows, reference, few)
}
