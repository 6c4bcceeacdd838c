package evaluator

// Group is the performance of one model version or segment.
type Group struct {
	N       int64             `json:"n"`
	Metrics map[string]Metric `json:"metrics"`
}

// ColumnQuality holds shares of the window's predictions.
type ColumnQuality struct {
	Missing    Number `json:"missing"`
	OutOfRange Number `json:"out_of_range"` // numeric: outside the reference's range
	Unseen     Number `json:"unseen"`       // text: categories the reference doesn't have
	Invalid    Number `json:"invalid"`      // present, but not of the column's kind
}

// Quality is the data quality of the features.
type Quality struct {
	MissingShare Number                   `json:"missing_share"` // missing values over all feature values
	Columns      map[string]ColumnQuality `json:"columns"`
}

// Reference holds the reference's own figures.
type Reference struct {
	Rows    int64             `json:"rows"`
	Metrics map[string]Metric `json:"metrics"`
}

// Evaluation is everything computed from a window's Summary and a reference.
type Evaluation struct {
	Metrics   map[string]Metric           `json:"metrics"`
	Reference *Reference                  `json:"reference"`
	Drift     *Drift                      `json:"drift"` // nil without a reference
	Versions  map[string]Group            `json:"versions"`
	Segments  map[string]map[string]Group `json:"segments"` // column, value; the rest in "other"
	Quality   *Quality                    `json:"quality"`
}
