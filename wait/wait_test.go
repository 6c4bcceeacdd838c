package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hindcast/hindcast/wait"
)

func TestForWaitsUntilTheTimeOrTheContextIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		started := time.Now()
		if err := wait.For(ctx, 40*time.Second); err != nil || time.Since(started) != 40*time.Second {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		if err := wait.For(ctx, 40*time.Second); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(started))
		}
	})
}
