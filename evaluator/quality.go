package evaluator

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Quality holds the data quality of a window: of its columns, and of its rows together.
type Quality struct {
	MissingShare stat.Number              `json:"missing_share"` // missing values over all feature values
	Columns      map[string]ColumnQuality `json:"columns"`       // the features, and the prediction
	// Checks are by the names of Checks. Records from before there were any have none.
	Checks map[string]Check `json:"checks,omitempty"`

	odd   map[string][]oddColumn // by the check that counts them
	notes []string
}

// Notes says what people must know of the data, and what to do: nothing of healthy data.
func (q *Quality) Notes() []string { return q.notes }

// ColumnQuality holds the quality of one column, in shares of the window's predictions. What it
// is without a reference to compare with is false.
type ColumnQuality struct {
	Missing    stat.Number `json:"missing"`
	OutOfRange stat.Number `json:"out_of_range"` // numeric: outside the reference's range
	Unseen     stat.Number `json:"unseen"`       // text: categories the reference doesn't have
	Invalid    stat.Number `json:"invalid"`      // present, but not of the column's kind

	Absent      bool `json:"absent,omitempty"`       // it has no value at all, and the reference has
	TypeChanged bool `json:"type_changed,omitempty"` // most of its values are not of the reference's kind
	Constant    bool `json:"constant,omitempty"`     // it has one value, and the reference several
}

// qualityOf computes the quality of a window's columns. What lies out of range or is
// unseen is NaN without a reference, and without predictions everything is.
func qualityOf(cur *summary.Summary) *Quality {
	q := &Quality{MissingShare: stat.Number(math.NaN()), Columns: map[string]ColumnQuality{}}
	rows := float64(cur.Predictions())
	var missing float64
	for _, c := range cur.Features() {
		missing += float64(c.Missing())
		q.Columns[UniqueName(c.Name())] = columnQuality(cur, c)
	}
	if n := float64(len(q.Columns)); n > 0 && rows > 0 {
		q.MissingShare = stat.Number(missing / (rows * n))
	}
	if rows > 0 {
		prediction := columnQuality(cur, cur.Prediction())
		if cur.Prediction().Layout().Distinct() == 0 { // nor has a reference without predictions any class
			prediction.Unseen = stat.Number(math.NaN())
		}
		q.Columns[drift.PredictionColumn] = prediction
	}
	return q
}

// columnQuality computes the quality of a column by itself.
func columnQuality(cur *summary.Summary, c *summary.Column) ColumnQuality {
	rows := float64(cur.Predictions())
	out := ColumnQuality{
		Missing: stat.Number(float64(c.Missing()) / rows),
		Invalid: stat.Number(float64(c.Invalid()) / rows),
	}
	switch {
	case cur.Layout() == nil || rows == 0 || c.Kind() == groundtruth.Number && len(c.Edges()) == 0 || c.Kind() == groundtruth.Absent:
		// A reference without values has no range.
		out.OutOfRange, out.Unseen = stat.Number(math.NaN()), stat.Number(math.NaN())
	case c.Kind() == groundtruth.Number:
		out.OutOfRange = stat.Number(float64(c.Open(0)+c.Open(len(c.Edges()))) / rows)
	default:
		out.Unseen = stat.Number(float64(c.Unseen()) / rows)
	}
	return out
}
