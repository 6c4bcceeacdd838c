package config

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Rolling says which windows before one make its rolling reference.
type Rolling struct {
	Windows int                `yaml:"windows"` // at most so many, the newest
	Same    summary.StrataKind `yaml:"same"`    // one of summary.StrataKinds: windows of one kind are compared
}

// rolling reads a rolling reference. The model's windows have been read.
func (d *decoder) rolling(v value, m *Model) *Rolling {
	o := d.object(v)
	r := &Rolling{Windows: defaultRolling, Same: defaultSame}
	o.count("windows", metric.MinRolling, mostRolling, &r.Windows)
	same := string(r.Same)
	if sv, ok := o.choice("same", &same, texts(summary.StrataKinds()), nil); ok {
		r.Same = summary.StrataKind(same)
		d.tellsApart(sv, r.Same, m)
	}
	o.done()
	m.rollingAt = v
	return r
}

// takes returns how far apart the first and the last of n windows of one kind are, and the
// window beside them that they are compared with.
func (r *Rolling) takes(n int, m *Model) time.Duration {
	length := m.grid.Length()
	period, lasts := r.Same.Period()
	if period == 0 {
		return time.Duration(n+1) * length
	}
	perPeriod := max(1, int(lasts/length))
	return time.Duration((n+perPeriod-1)/perPeriod)*period + length
}

// keepsEnough refuses a rolling reference whose windows' Summaries would not be there.
func (d *decoder) keepsEnough(m *Model, kept time.Duration) {
	r := m.Rolling()
	if r == nil || m.grid.IsZero() {
		return
	}
	if least := m.GroundTruth.Delay + r.takes(metric.MinRolling, m); kept < least {
		d.fail(m.rollingAt, "it is made of the Summaries of %d windows or more, and state.keep_summaries keeps them for %s: give that %s at least",
			metric.MinRolling, FormatDuration(kept), FormatDuration(least))
	}
}

// Rolling returns the model's rolling reference, nil without one.
func (m *Model) Rolling() *Rolling {
	if m.Reference == nil {
		return nil
	}
	return m.Reference.Rolling
}
