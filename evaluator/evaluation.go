package evaluator

import (
	"cmp"
	"math"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Evaluation is everything that is computed from a window's Summary and the profile of a
// reference. Rules are judged on it, and the ledger, series and reports show it.
type Evaluation struct {
	Metrics   map[string]metric.Result    `json:"metrics"`   // by the metric's name
	Reference *Reference                  `json:"reference"` // nil without a reference
	Drift     *drift.Drift                `json:"drift"`     // likewise
	Versions  map[string]Group            `json:"versions"`  // by the model version
	Segments  map[string]map[string]Group `json:"segments"`  // by column and value; the rest is in "other"
	Quality   *Quality                    `json:"quality"`
}

// Group holds the performance of one model version or segment.
type Group struct {
	N       int64                    `json:"n"` // matched rows
	Metrics map[string]metric.Result `json:"metrics"`
}

// Reference holds the reference's own figures, which rules compare the window's with.
type Reference struct {
	Rows    int64                    `json:"rows"` // predictions, or all rows where it has no predictions
	Metrics map[string]metric.Result `json:"metrics"`

	// WindowDays is how many days the window has that is compared with it, at least 1: one
	// of several days averages what makes these differ.
	WindowDays float64 `json:"-"`
}

// Ordinary returns how a metric of a window of this length varies from one to another
// without any change, beyond what its rows tell: as ordinary days do. Its SE is 0 where that
// isn't known, or where the reference's days don't show it.
func (r *Reference) Ordinary(name string) stat.Estimate {
	m := r.Metrics[name]
	return stat.Estimate{SE: float64(m.DaySD) / math.Sqrt(math.Max(1, r.WindowDays)), DF: m.DayDF}
}

// explain gives metrics that are missing for want of predictions or labels that reason.
func (r *Reference) explain(ref *summary.Summary) {
	why := cmp.Or(noPredictions(ref), noLabels(ref))
	if why == "" {
		return
	}
	for name, m := range r.Metrics {
		m.Reason = why
		r.Metrics[name] = m
	}
}

// noPredictions says that the rows of a reference have no predictions; empty where they have.
func noPredictions(ref *summary.Summary) string {
	if ref.Predictions() == 0 || ref.Prediction().N() > 0 {
		return ""
	}
	return "the reference has no predictions"
}

// noLabels says that the rows of a reference have no labels; empty where they have.
func noLabels(ref *summary.Summary) string {
	if ref.Predictions() == 0 || ref.Label().N() > 0 {
		return ""
	}
	return "the reference has no labels"
}
