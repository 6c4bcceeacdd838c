package evaluator

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Quality holds the data quality of the features.
type Quality struct {
	MissingShare stat.Number              `json:"missing_share"` // missing values over all feature values
	Columns      map[string]ColumnQuality `json:"columns"`
}

// ColumnQuality holds the quality of one feature, in shares of the window's predictions.
type ColumnQuality struct {
	Missing    stat.Number `json:"missing"`
	OutOfRange stat.Number `json:"out_of_range"` // numeric: outside the reference's range
	Unseen     stat.Number `json:"unseen"`       // text: categories the reference doesn't have
	Invalid    stat.Number `json:"invalid"`      // present, but not of the column's kind
}

// qualityOf computes the quality of a window's features. What lies out of range or is
// unseen is NaN without a reference, and without predictions everything is.
func qualityOf(cur *summary.Summary) *Quality {
	q := &Quality{MissingShare: stat.Number(math.NaN()), Columns: map[string]ColumnQuality{}}
	rows := float64(cur.Predictions())
	var missing float64
	for _, c := range cur.Features() {
		missing += float64(c.Missing())
		cq := ColumnQuality{
			Missing: stat.Number(float64(c.Missing()) / rows),
			Invalid: stat.Number(float64(c.Invalid()) / rows),
		}
		switch {
		case cur.Layout() == nil || rows == 0 || c.Kind() == groundtruth.Number && len(c.Edges()) == 0:
			// A reference without values has no range.
			cq.OutOfRange, cq.Unseen = stat.Number(math.NaN()), stat.Number(math.NaN())
		case c.Kind() == groundtruth.Number:
			cq.OutOfRange = stat.Number(float64(c.Open(0)+c.Open(len(c.Edges()))) / rows)
		default:
			cq.Unseen = stat.Number(float64(c.Unseen()) / rows)
		}
		q.Columns[uniqueName(c.Name())] = cq
	}
	if n := float64(len(q.Columns)); n > 0 && rows > 0 {
		q.MissingShare = stat.Number(missing / (rows * n))
	}
	return q
}
