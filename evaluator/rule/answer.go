package rule

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// Answer holds what a configured query of a monitoring system gave for a window: one
// number, or why there is none. Variables prometheus.NAME read it.
type Answer struct {
	Value  stat.Number `json:"value"` // null where Reason says why
	Query  string      `json:"query"` // its text, as it was asked
	Time   time.Time   `json:"time"`  // the instant that it was asked about
	Reason string      `json:"reason,omitempty"`
	Notes  []string    `json:"notes,omitempty"` // what the server remarked on
}

// Missing reports whether there is no number.
func (a Answer) Missing() bool { return !stat.IsNumber(float64(a.Value)) }
