package rule

import "fmt"

// Verdict says how a rule or a model came out in a window. The zero value is Inconclusive.
type Verdict uint8

// The verdicts.
const (
	Inconclusive Verdict = iota
	Healthy
	Breached
)

// Result is a rule's verdict on one window with its arithmetic in words. Set.Judge makes
// it, and trigger fills in Streak and Acts.
type Result struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	Action  string  `json:"action"`
	For     int     `json:"for"`
	Streak  int     `json:"streak"` // breached windows in a row up to this one
	Acts    bool    `json:"acts"`   // breached with the streak reaching For, on the newest window that it is judged on
	// NeedsRows is, of an inconclusive rule, about how many rows the window would have to have
	// for it to be decided, its figures being the same: predictions, or for a rule that needs
	// labels those with one. It is 0 where more rows alone would not do.
	NeedsRows int64 `json:"needs_rows,omitempty"`

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
