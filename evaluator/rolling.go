package evaluator

import (
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Rolling holds the figures of the windows before this one, which rules compare it with
// beside the reference.
type Rolling struct {
	Windows []RollingWindow          `json:"windows"` // those that it is made of, oldest first; none where they are too few
	Rows    int64                    `json:"rows"`    // their matched rows
	Metrics map[string]metric.Result `json:"metrics"`
	Reason  string                   `json:"reason,omitempty"` // why they are too few

	// EmptyHours and EmptyShare are those of a Reference: of these windows' predictions.
	EmptyHours []int       `json:"empty_hours,omitempty"`
	EmptyShare stat.Number `json:"empty_share,omitempty"`
}

// RollingWindow is a window that a rolling reference is made of, by the revision that judged
// it: a later one changes nothing of it.
type RollingWindow struct {
	groundtruth.Window
	Revision int `json:"revision"` // 0 where it is not recorded
}

// RollingOptions say what a rolling reference is made of.
type RollingOptions struct {
	Windows []RollingWindow    // oldest first
	Errors  *summary.ErrorSums // what summary.PoolErrors makes of them; nil where they are too few
	Hours   []int64            // their predictions by the hour of the day; nil where that is not known
	Reason  string             // why they are too few
}

// newRolling returns the rolling reference's figures but for its metrics.
func newRolling(o *RollingOptions, cur *summary.Summary) *Rolling {
	r := &Rolling{Windows: append([]RollingWindow{}, o.Windows...), Reason: o.Reason}
	if o.Errors != nil {
		r.Rows = o.Errors.N()
	}
	if empty, share := emptyHours(cur.Hours(), o.Hours); share > mostEmpty {
		r.EmptyHours, r.EmptyShare = empty, stat.Number(share)
	}
	return r
}

// compute computes the metrics of the windows, and how much they vary from one to another.
func (r *Rolling) compute(errors *summary.ErrorSums, opt metric.Options) {
	r.Metrics = metric.OfWindows(errors, opt)
	if r.Reason != "" {
		explain(r.Metrics, r.Reason)
	}
}

// Ordinary returns how a metric varies from one window to another without any change, beyond
// what the rows of one tell. Its SE is 0 where the windows don't show it.
func (r *Rolling) Ordinary(name string) stat.Estimate {
	m := r.Metrics[name]
	return stat.Estimate{SE: float64(m.DaySD), DF: m.DayDF}
}
