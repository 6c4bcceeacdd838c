package evaluator

import (
	"encoding/json"
	"fmt"
	"math"
)

// Number is a float64 that marshals to JSON null when it is NaN or infinite.
type Number float64

// Metric is one performance metric with its two-sided confidence interval
// (default level 0.95).
type Metric struct {
	Value  Number `json:"value"`
	Low    Number `json:"low"`
	High   Number `json:"high"`
	N      int64  `json:"n"`
	Reason string `json:"reason,omitempty"` // why Value or the interval is null
	Note   string `json:"note,omitempty"`   // how the interval was made, where it isn't the plain one

	est estimate // what a test of it needs
}

// Measure is one drift measure of one column.
type Measure struct {
	Value      Number  `json:"value"`
	Threshold  *Number `json:"threshold,omitempty"`   // nil for a measure that doesn't judge
	NoiseFloor *Number `json:"noise_floor,omitempty"` // quantile under no change: 95 %, or 1 - 5 %/k where k measures judge the column
	PValue     *Number `json:"p_value,omitempty"`
	Bound      *Number `json:"bound,omitempty"`   // numeric error bound of Value, where it isn't exact
	Drifted    *bool   `json:"drifted,omitempty"` // nil: does not judge, or inconclusive (Reason)
	Reason     string  `json:"reason,omitempty"`
}

// ColumnDrift is the drift of one column. Drifted is nil when inconclusive or not judged.
type ColumnDrift struct {
	Kind     string             `json:"kind"` // number or text
	N        int64              `json:"n"`
	Drifted  *bool              `json:"drifted"`
	Reason   string             `json:"reason,omitempty"`
	Measures map[string]Measure `json:"measures"`
}

// Drift is the drift of all columns. Share is drifted features over conclusive
// features; Low and High bound it over what the inconclusive ones may be. Where they
// are more than 0.5 apart the share is null: among many columns that could not be
// judged, one that is flagged by chance would make it 1.
type Drift struct {
	Profile string                 `json:"profile"`
	Share   Number                 `json:"share"`
	Low     Number                 `json:"share_low"`
	High    Number                 `json:"share_high"`
	Count   int                    `json:"count"`
	Judged  int                    `json:"judged"`
	Reason  string                 `json:"reason,omitempty"` // why Share is null
	Columns map[string]ColumnDrift `json:"columns"`
	LeftOut map[string]string      `json:"left_out,omitempty"` // column to why features: auto left it out
}

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

// Verdict is the outcome of a rule or a model. The zero value is Inconclusive.
type Verdict uint8

// The verdicts.
const (
	Inconclusive Verdict = iota
	Healthy
	Breached
)

// RuleResult is a rule's verdict on one window with its arithmetic in words.
type RuleResult struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	Action  string  `json:"action"`
	For     int     `json:"for"`
	Streak  int     `json:"streak"`
	Acts    bool    `json:"acts"` // breached with the streak reaching For, on the newest window that it is judged on

	Comparisons []Comparison `json:"comparisons,omitempty"`
}

// String returns healthy, breached or inconclusive.
func (v Verdict) String() string {
	switch v {
	case Healthy:
		return "healthy"
	case Breached:
		return "breached"
	default:
		return "inconclusive"
	}
}

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Verdict) UnmarshalText(b []byte) error {
	switch string(b) {
	case "healthy":
		*v = Healthy
	case "breached":
		*v = Breached
	case "inconclusive":
		*v = Inconclusive
	default:
		return fmt.Errorf("unknown verdict %q", b)
	}
	return nil
}

// isNumber is false for NaN and the infinities, which JSON shows as null.
func isNumber(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON implements json.Unmarshaler; null is NaN.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}
