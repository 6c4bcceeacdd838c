package job

import (
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// planned is a window that a pass judges.
type planned struct {
	window groundtruth.Window
	stage  string
	onGrid bool
}

// schedule is what the windows of a model hang on.
type schedule struct {
	grid    groundtruth.Grid
	delay   time.Duration
	catchUp int
}

// stage says whether the window is mature, or only closed, at asOf (semantics,
// section 1).
func (s schedule) stage(w groundtruth.Window, asOf time.Time) string {
	if !w.End.Add(s.delay).After(asOf) {
		return trigger.StageMature
	}
	return trigger.StageClosed
}

// plan lists the windows of a pass, oldest first: the mature ones after the last
// that is recorded, at most catchUp, or the newest alone where none is; and the
// newest closed one if it is not among them (semantics, section 1).
func (s schedule) plan(last *groundtruth.Window, asOf time.Time) []planned {
	var out []planned
	newest := s.grid.LastMature(asOf, s.delay)
	switch {
	case last == nil:
		out = append(out, planned{newest, trigger.StageMature, true})
	default:
		for w := s.grid.Next(*last); !w.Start.After(newest.Start) && len(out) < s.catchUp; w = s.grid.Next(w) {
			out = append(out, planned{w, trigger.StageMature, true})
		}
	}
	closed := s.grid.LastClosed(asOf)
	if n := len(out); n == 0 || !out[n-1].window.Start.Equal(closed.Start) {
		out = append(out, planned{closed, s.stage(closed, asOf), true})
	}
	return out
}
