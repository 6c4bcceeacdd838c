package job

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// mostProbes bounds how many steps back noteLeftOut looks, each twice as far as the one
// before: a thousand windows.
const mostProbes = 10

// noteLeftOut says, on the first pass of a grid, that windows before its first one have
// predictions, and how to have them judged. It asks for listings alone, about twenty at
// most. What cannot be listed is no reason to fail here: the pass reads the same place.
func (p *pass) noteLeftOut(ctx context.Context, grid groundtruth.Grid, first groundtruth.Window) error {
	if filled, err := p.Ledger.Newest(ctx, p.model.Name, grid.String(), grid.Prev(first)); err != nil || len(filled) > 0 {
		return err // a backfill has been there
	}
	// A window's listing reaches over its ends by the slack, so that the ones right before
	// the first would always seem to have some.
	newest := grid.LastClosed(first.Start.Add(-p.model.GroundtruthSpec().Predictions.Slack))
	back := func(n int) groundtruth.Window {
		return grid.Containing(newest.Start.Add(-time.Duration(n) * grid.Length()))
	}
	if !p.hasPredictions(ctx, newest) {
		return nil
	}
	if p.hasPredictions(ctx, grid.Containing(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC))) {
		p.note("predictions.url has no date, so earlier windows may have rows too, and are left out: hindcast run --from DATE judges those from a date on, as nightly passes would have")
		return nil
	}
	// It takes the windows before to have predictions up to the oldest one that has.
	there, gone := 0, 1
	for i := 0; i < mostProbes && p.hasPredictions(ctx, back(gone)); i++ {
		there, gone = gone, 2*gone
	}
	for gone-there > 1 {
		if middle := (there + gone) / 2; p.hasPredictions(ctx, back(middle)) {
			there = middle
		} else {
			gone = middle
		}
	}
	p.note(fmt.Sprintf("windows before %s are left out, and there are predictions from about %s on: hindcast run --from %[2]s judges them, as nightly passes would have",
		startOf(first, grid.Zone()), startOf(back(there), grid.Zone())))
	return nil
}

// hasPredictions reports whether there are objects that may hold predictions of a window.
func (p *pass) hasPredictions(ctx context.Context, w groundtruth.Window) bool {
	inputs, err := p.summaries().Inputs(ctx, WindowQuery{Model: p.model, Window: w, AsOf: p.asOf})
	return err == nil && len(inputs) > 0
}

// startOf returns the start of a window as people in a zone read it, and as --from does.
func startOf(w groundtruth.Window, z groundtruth.Zone) string {
	start, _, _ := strings.Cut(w.Text(z, "/"), "/")
	return start
}
