package job

import (
	"fmt"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// planned is a window that a pass is to judge, with the stage that it has then.
type planned struct {
	window groundtruth.Window
	stage  string
	onGrid bool

	// What a backfill has met before.
	recorded bool // the ledger has it in this stage: it is not judged again
	shown    bool // the ledger has it in a later stage: it is judged and not recorded
	older    bool // a newer window is due at the same moment, and is none of the backfill's
}

// schedule holds what the configuration says of a model's windows. It decides which of
// them a pass judges.
type schedule struct {
	grid    groundtruth.Grid
	delay   time.Duration
	catchUp int
}

func scheduleOf(m *config.Model) schedule {
	return schedule{grid: m.Grid(), delay: m.GroundTruth.Delay, catchUp: m.CatchUp}
}

// backlog is what a pass leaves to later ones: so many mature windows, from the oldest to
// the newest of them. plan makes it, and the pass's notes tell of it.
type backlog struct {
	zone           groundtruth.Zone // of the grid
	windows        int
	oldest, newest groundtruth.Window
}

func (b *backlog) add(w groundtruth.Window) {
	if b.windows == 0 {
		b.oldest = w
	}
	b.newest = w
	b.windows++
}

func (b backlog) String() string {
	if b.windows == 1 {
		return fmt.Sprintf("a mature window waits for a later pass: %s", b.oldest.Text(b.zone, "/"))
	}
	return fmt.Sprintf("%d mature windows wait for later passes: from %s to %s", b.windows, b.oldest.Text(b.zone, "/"), b.newest.Text(b.zone, "/"))
}

// stage says whether the window is mature, or only closed, at asOf (semantics,
// section 1).
func (s schedule) stage(w groundtruth.Window, asOf time.Time) string {
	if !w.End.Add(s.delay).After(asOf) {
		return trigger.StageMature
	}
	return trigger.StageClosed
}

// plan lists the windows of a pass, oldest first: the mature ones from first on that are
// not recorded as mature, at most catchUp; and the newest closed one if it is not among
// them (semantics, section 1). It also says which mature ones are left over.
func (s schedule) plan(first groundtruth.Window, recorded []groundtruth.Window, asOf time.Time) ([]planned, backlog) {
	there := make(map[int64]bool, len(recorded))
	for _, w := range recorded {
		there[w.Start.Unix()] = true
	}
	var out []planned
	left := backlog{zone: s.grid.Zone()}
	newest, closed := s.grid.LastMature(asOf, s.delay), s.grid.LastClosed(asOf)
	for w := first; !w.Start.After(newest.Start); w = s.grid.Next(w) {
		switch {
		case there[w.Start.Unix()]:
		case len(out) < s.catchUp:
			out = append(out, planned{window: w, stage: trigger.StageMature, onGrid: true})
		case !w.Equal(closed):
			left.add(w)
		}
	}
	if n := len(out); n == 0 || !out[n-1].window.Equal(closed) {
		out = append(out, planned{window: closed, stage: s.stage(closed, asOf), onGrid: true})
	}
	return out, left
}
