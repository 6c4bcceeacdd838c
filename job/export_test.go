package job

import (
	"context"
	"fmt"
	"time"

	"github.com/hindcast/hindcast/config"
)

// PlanLines shows a backfill's plan to tests: the moment, the day of the window, the stage.
func PlanLines(b *Backfill) []string {
	out := []string{}
	for _, at := range b.moments {
		for _, w := range at.windows {
			out = append(out, fmt.Sprintf("%s %d %s", at.asOf.Format(time.RFC3339), w.window.Start.Day(), w.stage))
		}
	}
	return out
}

// OldKeys lists to tests what Prune would remove, in the order in which it may go.
func OldKeys(ctx context.Context, r *Runner, m *config.Model, before time.Time) ([]string, error) {
	removals, _, err := r.old(ctx, m, before)
	var out []string
	for _, removal := range removals {
		for _, unit := range removal.Units {
			for _, o := range unit {
				out = append(out, o.Key)
			}
		}
	}
	return out, err
}
