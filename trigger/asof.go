package trigger

import (
	"context"
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// AsOf returns the ledger as a pass at t would have found it: Recent and Newest don't show
// evaluations that were made from a later moment. Nothing else of it is hidden, and what
// is appended goes to the ledger itself.
func (l *Ledger) AsOf(t time.Time) *Ledger {
	view := *l
	view.asOf = t
	return &view
}

// hides reports whether an evaluation was made later than this ledger shows.
func (l *Ledger) hides(r Record) bool { return !l.asOf.IsZero() && r.AsOf.After(l.asOf) }

// LaunchesAsOf returns of launches those that were started by t, with the states that were
// seen by then. The launches passed in are not changed, and the result is never nil.
func LaunchesAsOf(launches []LaunchStatus, t time.Time) []LaunchStatus {
	out := []LaunchStatus{}
	later := func(s RunState) bool { return s.ObservedAt.After(t) }
	for _, l := range launches {
		if l.Launch.LaunchedAt.After(t) {
			continue
		}
		then := LaunchStatus{
			Launch:     l.Launch,
			States:     slices.DeleteFunc(slices.Clone(l.States), later),
			Duplicates: slices.DeleteFunc(slices.Clone(l.Duplicates), later),
		}
		if l.Retracted != nil && !later(*l.Retracted) {
			then.Retracted = l.Retracted
		}
		then.conclude()
		out = append(out, then)
	}
	return out
}

// NewestOfStages returns the newest revision of each stage of the windows of a grid that lie
// in span: by the start of the window, in Unix seconds, then by stage. Windows without a
// record are left out. It costs about a listing and a page of the index for each era.
func (l *Ledger) NewestOfStages(ctx context.Context, model, grid string, first, last groundtruth.Window) (map[int64]map[string]int, error) {
	in := func(at place) bool {
		return at.on(grid) && !at.window.Start.Before(first.Start) && !at.window.Start.After(last.Start)
	}
	out := map[int64]map[string]int{}
	for _, era := range erasToList(first.Start, last.Start, eraDigits(fullWindow(first, grid))) {
		e, err := l.openEra(ctx, model, era, in, false)
		if err != nil {
			return nil, err
		}
		records, err := e.all(ctx, e.windows)
		if err != nil {
			return nil, err
		}
		e.page.close(ctx)
		for _, r := range records {
			stages := out[r.Window.Start.Unix()]
			if stages == nil {
				stages = map[string]int{}
				out[r.Window.Start.Unix()] = stages
			}
			stages[r.Stage] = r.Revision // revisions come in their order
		}
	}
	return out, nil
}

// Revision returns one revision of a window of a grid, whole.
func (l *Ledger) Revision(ctx context.Context, model, grid string, w groundtruth.Window, revision int) (Record, error) {
	return l.evaluation(ctx, evaluationKey(model, placeOf(w, grid), true, revision))
}
