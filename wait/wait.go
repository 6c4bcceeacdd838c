// Package wait lets time pass between two tries, as long as there is a reason to go on.
package wait

import (
	"context"
	"time"
)

// For waits for d, or for the end of ctx, whose error it then returns.
func For(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
