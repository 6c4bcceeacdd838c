// Package datacheck looks at the data of a model before anything is judged, and says what is
// there and what is wrong with it: the work of `hindcast check --data`.
//
// A [Report] is all that was found of one model. It has the sources (predictions, labels,
// reference) with their columns, how ids meet, how late labels come, how many rows a window
// has, and before all that the problems: each says what was found, and what to do. An error
// is a problem by which runs fail or judge nothing; a warning is a likely mistake.
//
// What is read is bounded, by package probe, which knows of no model; what is said of it is
// worded here, once, for the table and for JSON.
//
// Begin at [Check].
package datacheck

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// Report is what was found of a model.
type Report struct {
	Model     string    `json:"model"`
	Problems  []Problem `json:"problems"` // errors first
	Sources   []*Source `json:"sources"`  // predictions, labels and, where there is one of rows, the reference
	IDs       *IDs      `json:"ids"`      // nil where nothing can be said
	Delay     *Delay    `json:"delay"`
	Windows   *Windows  `json:"windows"`
	Drift     *Drift    `json:"drift"`
	Reference string    `json:"reference,omitempty"` // why no rows of a reference were read
}

// Errors counts the problems by which runs fail or judge nothing.
func (r *Report) Errors() int {
	n := 0
	for _, p := range r.Problems {
		if p.Severity == Error {
			n++
		}
	}
	return n
}

// The severities of a problem.
const (
	Error   = "error"
	Warning = "warning"
)

// Problem is something that is wrong, or looks so.
type Problem struct {
	Severity string `json:"severity"`
	Source   string `json:"source,omitempty"` // predictions, labels or reference; empty where it is of several
	Found    string `json:"found"`
	Do       string `json:"do"`
}

// Source is what was found of predictions, of labels or of a reference.
type Source struct {
	Name    string     `json:"source"`
	URL     string     `json:"url"`
	Objects int        `json:"objects"` // that match
	More    bool       `json:"more,omitempty"`
	Bytes   int64      `json:"bytes"`
	First   string     `json:"first_date,omitempty"` // by the keys' dates
	Last    string     `json:"last_date,omitempty"`
	Read    []Object   `json:"read"`
	Rows    int64      `json:"rows"`               // records read
	From    *time.Time `json:"from,omitempty"`     // the first and the last time of what was read
	To      *time.Time `json:"to,omitempty"`       // of predictions, by their timestamps
	Columns []Column   `json:"columns"`            // those that are mapped, then the others
	Hidden  int        `json:"hidden,omitempty"`   // columns beyond those listed
	Notes   []string   `json:"notes,omitempty"`    // of the listing
	BadRows int64      `json:"bad_rows,omitempty"` // malformed records
}

// Object is an object that was read.
type Object struct {
	Key    string `json:"key"` // relative to the URL's fixed part
	Format string `json:"format,omitempty"`
	Rows   int64  `json:"rows"`            // records read
	Whole  bool   `json:"whole"`           // whether that is all
	Error  string `json:"error,omitempty"` // why it could not be read
}

// Column is a column of a source.
type Column struct {
	Name    string       `json:"column"`
	Use     string       `json:"use"`            // the key that maps it, feature, segment, or why it is not used
	There   bool         `json:"there"`          // the objects read have it
	Kind    string       `json:"kind,omitempty"` // number, text or time
	Missing *stat.Number `json:"missing,omitempty"`
	Bad     *stat.Number `json:"bad,omitempty"` // share of values that cannot be read as what it is used for
	Example string       `json:"example,omitempty"`
}

// IDs tells how the ids of predictions meet those of labels.
type IDs struct {
	Predictions int64       `json:"predictions"` // ids of predictions that were looked up
	Matched     int64       `json:"matched"`     // those with a label
	Share       stat.Number `json:"share"`
	Unusable    stat.Number `json:"unusable_labels,omitempty"` // share of the label records whose label cannot be used, where that is bad
	Labels      int64       `json:"labels"`                    // label records that were read
	Objects     int         `json:"objects"`                   // the label objects that they are of
	Complete    bool        `json:"complete"`                  // whether those are all that may hold a label of these predictions
	Example     string      `json:"prediction_id,omitempty"`
	LabelID     string      `json:"label_id,omitempty"`
}

// Delay tells how long after their predictions labels came.
type Delay struct {
	Labels     int64   `json:"labels"` // that met a prediction and have a time
	By         string  `json:"by"`     // what tells when a label came
	Median     float64 `json:"median_seconds"`
	Most       float64 `json:"p95_seconds"` // 95 % came within it
	Last       float64 `json:"max_seconds"`
	Configured float64 `json:"configured_seconds"`
}

// Windows tells how many rows a window has.
type Windows struct {
	Size  string `json:"size"`
	Seen  int    `json:"seen"`
	Rows  int64  `json:"rows"`  // the median of those that were seen
	Exact bool   `json:"exact"` // whether they were counted; else it is a guess by the sizes of objects
	Needs []Need `json:"needs"`
}

// Need is how many rows something asks for.
type Need struct {
	What string `json:"what"`
	Rows int64  `json:"rows"`
}

// Drift tells whether the drift of the features can be decided with the rows of a usual window.
type Drift struct {
	Window    string   `json:"window"`
	Features  int      `json:"features"`
	Undecided []string `json:"undecided"`            // features that are inconclusive
	NeedsRows int64    `json:"needs_rows,omitempty"` // about how many rows of a window would decide them, where rows would
}
