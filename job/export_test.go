package job

import (
	"fmt"
	"time"
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
