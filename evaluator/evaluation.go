package evaluator

import (
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
)

// Evaluation is everything that is computed from a window's Summary and the profile of a
// reference. Rules are judged on it, and the ledger, series and reports show it.
type Evaluation struct {
	Metrics map[string]metric.Result `json:"metrics"` // by the metric's name
	// Prediction is the distribution of what was predicted, nil without predictions.
	Prediction *Prediction `json:"prediction,omitempty"`
	// Confusion and Calibration are of classifiers, the latter of those whose scores are known.
	Confusion   *metric.Confusion           `json:"confusion,omitempty"`
	Calibration []metric.CalibrationBin     `json:"calibration,omitempty"`
	ROC         []metric.ROCPoint           `json:"-"`                    // of a binary classifier with scores
	Reference   *Reference                  `json:"reference"`            // nil without a reference
	Rolling     *Rolling                    `json:"rolling,omitempty"`    // nil without a rolling reference
	Drift       *drift.Drift                `json:"drift"`                // nil without a reference
	Versions    map[string]Group            `json:"versions"`             // by the model version
	Segments    map[string]map[string]Group `json:"segments"`             // by column and value; the rest is in "other"
	Classes     map[string]Group            `json:"classes,omitempty"`    // of several classes: each by itself, N being rows labelled so
	ByHour      []HourFigures               `json:"by_hour,omitempty"`    // of the matched rows, ascending; nil where rows have no time
	ByWeekday   []WeekdayFigures            `json:"by_weekday,omitempty"` // likewise, from Monday on
	Quality     *Quality                    `json:"quality"`
	Estimated   *estimate.Estimated         `json:"estimated,omitempty"`  // nil where a model's performance isn't estimated before labels come
	LabelBias   *LabelBias                  `json:"label_bias,omitempty"` // nil where it isn't looked for, or where all rows or none have a label
}

// Group holds the performance of one model version or segment.
type Group struct {
	N       int64                    `json:"n"` // matched rows
	Metrics map[string]metric.Result `json:"metrics"`
}

// groupsOfClasses returns the metrics of classes by name.
func groupsOfClasses(classes map[string]metric.ByClass) map[string]Group {
	if len(classes) == 0 {
		return nil
	}
	out := make(map[string]Group, len(classes))
	for name, c := range classes {
		out[UniqueName(name)] = Group{N: c.N, Metrics: c.Metrics}
	}
	return out
}
