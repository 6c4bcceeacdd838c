// Package estimate tells how good a window's predictions are before their labels come.
//
// A classifier's score says how likely a row is of the positive class. Of a reference, whose
// labels are known, a [Calibration] learns what a score is worth, and with it the rows of a
// window have probabilities in the place of labels: from these follow an expected confusion
// matrix and the metrics of it. This is known as confidence-based performance estimation, CBPE.
// It sees what a change of the inputs does to the model. It can't see that the labels of like
// rows have changed: that shows when labels come, and is why estimates are scored then.
//
// The band of an estimate is where the metric of the window's labels lies at
// [stat.IntervalLevel], if scores are worth what they were.
//
// Everything comes from counts of rows by score ([summary.ScoreCell]). Begin at [Binary].
package estimate

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// CBPE is the way in which performance is estimated: Estimated.Method.
const CBPE = "cbpe"

// Estimated is the estimated performance of a window.
type Estimated struct {
	Method      string                   `json:"method"`
	Metrics     map[string]metric.Result `json:"metrics"` // Low and High are the band
	Calibration *Calibration             `json:"calibration,omitempty"`
	Scored      *Scored                  `json:"scored,omitempty"` // nil where nobody looked at earlier windows
	Reason      string                   `json:"reason,omitempty"` // why there are no metrics
}

// Scored says how estimates of earlier windows compare with what came true.
type Scored struct {
	Metric  string      `json:"metric,omitempty"` // the one that is compared
	Windows int         `json:"windows"`          // mature ones that have an estimate and labels
	Bias    stat.Number `json:"bias"`             // mean of estimate less realised metric
	Within  stat.Number `json:"within_band"`      // the share of windows with a band whose realised metric lay within

	bias           float64
	within, banded int
}

// NewScored returns the score of no windows.
func NewScored(name string) *Scored {
	return &Scored{Metric: name, Bias: stat.Number(math.NaN()), Within: stat.Number(math.NaN())}
}

// Add counts a window's estimate, its band and what came true. A window without a band counts in
// the bias alone.
func (s *Scored) Add(value, low, high, realised stat.Number) {
	s.Windows++
	s.bias += float64(value - realised)
	s.Bias = stat.Number(s.bias / float64(s.Windows))
	if !stat.IsNumber(float64(low)) || !stat.IsNumber(float64(high)) {
		return
	}
	s.banded++
	if realised >= low && realised <= high {
		s.within++
	}
	s.Within = stat.Number(float64(s.within) / float64(s.banded))
}

// None returns that there is no estimate, and why.
func None(why string) *Estimated {
	return &Estimated{Method: CBPE, Metrics: map[string]metric.Result{}, Reason: why}
}

// Names lists the metrics that are estimated of models of a task with scores.
func Names(task groundtruth.Task) []string {
	var out []string
	switch task {
	case groundtruth.Binary:
		for _, m := range binaries() {
			out = append(out, m.name)
		}
	case groundtruth.Multiclass:
		for _, m := range multiclasses() {
			out = append(out, m.name)
		}
	}
	return out
}

// Binary estimates the performance of a binary classifier. The reference's cells count rows by
// score, label and predicted class, those of the window, whose labels are not known, by score and
// predicted class: Mass[0]. Both ascend.
func Binary(reference, window []summary.ScoreCell, opt metric.Options) *Estimated {
	labelled := labelledCells(reference)
	if len(labelled) == 0 {
		return None("the reference has no rows with a score and a label")
	}
	c := calibrate(labelled)
	w := newExpected(window, [2]*Calibration{c, c})
	e := &Estimated{Method: CBPE, Metrics: map[string]metric.Result{}, Calibration: c}
	for _, m := range binaries() {
		e.Metrics[m.name] = w.result(m, opt)
	}
	return e
}
