package trigger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
)

// Retraction is a started run that the windows would no longer ask for. The run goes on,
// and counts as the last one as before.
type Retraction struct {
	Launch LaunchStatus
	Reason string
}

// Retractions returns the started runs that are not marked as retracted and whose rule
// has, at the window that they were started for and by the newest revisions, a streak
// shorter than its for. The for is that of the launch or of the window's newest record,
// whichever is less: it may have been changed since. Nobody can tell of a run whose streak
// goes on before the oldest of the records, or whose window is still breached and whose
// streak ends on a mature window of which the newest revision did not judge the rule, as
// after it was renamed.
func Retractions(grid Grid, records []Record, launches []LaunchStatus) []Retraction {
	windows := byWindow(records)
	var out []Retraction
	for _, l := range launches {
		if l.Retracted != nil || l.Launch.Manual || l.Launch.Window == nil || l.Launch.Rule == "" {
			continue
		}
		j, ok := find(windows, *l.Launch.Window)
		if !ok {
			continue
		}
		r, ok := j.rules[l.Launch.Rule]
		if !ok || placeOf(j.window, r.record.Grid) != placeOf(j.window, l.Launch.Grid) {
			continue
		}
		n, end := streak(grid, windows, l.Launch.Rule, j.window, nil, nil)
		need := max(r.result.For, 1)
		if f := l.Launch.For; f > 0 {
			need = min(need, f)
		}
		if n >= need || end.Start.Before(windows[0].window.Start) {
			continue
		}
		if at, _ := find(windows, end); r.result.Verdict == rule.Breached && at.rules[l.Launch.Rule].record == nil &&
			slices.ContainsFunc(records, func(r Record) bool { return r.Stage == StageMature && compareWindows(r.Window, end) == 0 }) {
			continue
		}
		out = append(out, Retraction{l, fmt.Sprintf("%s is %s on the window from %s to %s by now, and breached in %d of %d consecutive windows needed",
			l.Launch.Rule, r.result.Verdict, stamp(j.window.Start), stamp(j.window.End), n, need)})
	}
	return out
}

// Retract marks a started run as retracted, once, and reports whether this call did.
func (l *Ledger) Retract(ctx context.Context, r Retraction, at time.Time) (bool, error) {
	return l.recordState(ctx, RunState{
		Key: r.Launch.Launch.Key, RunID: r.Launch.Launch.RunID, State: StateRetracted, Error: r.Reason, ObservedAt: at.UTC(),
	})
}
