package evaluator

import (
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// Group is the performance of one model version or segment.
type Group struct {
	N       int64                    `json:"n"`
	Metrics map[string]metric.Result `json:"metrics"`
}

// ColumnQuality holds shares of the window's predictions.
type ColumnQuality struct {
	Missing    stat.Number `json:"missing"`
	OutOfRange stat.Number `json:"out_of_range"` // numeric: outside the reference's range
	Unseen     stat.Number `json:"unseen"`       // text: categories the reference doesn't have
	Invalid    stat.Number `json:"invalid"`      // present, but not of the column's kind
}

// Quality is the data quality of the features.
type Quality struct {
	MissingShare stat.Number              `json:"missing_share"` // missing values over all feature values
	Columns      map[string]ColumnQuality `json:"columns"`
}

// Reference holds the reference's own figures.
type Reference struct {
	Rows    int64                    `json:"rows"`
	Metrics map[string]metric.Result `json:"metrics"`
}

// Evaluation is everything computed from a window's Summary and a reference.
type Evaluation struct {
	Metrics   map[string]metric.Result    `json:"metrics"`
	Reference *Reference                  `json:"reference"`
	Drift     *drift.Drift                `json:"drift"` // nil without a reference
	Versions  map[string]Group            `json:"versions"`
	Segments  map[string]map[string]Group `json:"segments"` // column, value; the rest in "other"
	Quality   *Quality                    `json:"quality"`
}
