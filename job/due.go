package job

import (
	"context"
	"slices"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/trigger"
)

// Due reports whether a pass at a moment that is over, a slot of the model's schedule, would
// have judged a window that is not recorded: a mature one, or the newest closed one. It
// writes nothing. Where later passes have gone beyond that moment, nothing is due.
func (r *Runner) Due(ctx context.Context, m *config.Model, asOf time.Time) (bool, error) {
	reader := *r
	reader.Ledger = r.Ledger.WithIndex(nil)
	p := &pass{Runner: &reader, model: m, opt: Options{AsOf: asOf, Late: true}, asOf: asOf.UTC()}
	grid := m.Grid().String()
	last, ok, err := p.Ledger.LastMature(ctx, m.Name, grid, p.newestClosed())
	if err != nil {
		return false, err
	}
	s := scheduleOf(m)
	if ok && s.stage(last, p.asOf) != trigger.StageMature {
		return false, nil
	}
	windows, err := p.windows(ctx)
	if err != nil {
		return false, err
	}
	if len(windows) > 1 {
		return true, nil // all but the newest closed one are there because they aren't recorded
	}
	records, err := p.Ledger.Newest(ctx, m.Name, grid, windows[0].window)
	if err != nil {
		return false, err
	}
	recorded := slices.ContainsFunc(records, func(rec trigger.Record) bool {
		return rec.Stage == windows[0].stage || rec.Stage == trigger.StageMature
	})
	return !recorded, nil
}
