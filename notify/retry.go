package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Tries and waits of one message.
const (
	maxTries    = 4
	maxWait     = 30 * time.Second // of all waits together: a pass must not hang on its messages
	failureWait = time.Second      // before the one more try where the receiver names no time
)

// retryError is a failure that is worth another try, since the message can hardly have
// been taken. Receivers return it from a try, and retry acts on it; every other error
// is final.
type retryError struct {
	err   error
	after time.Duration // how long the receiver asks to wait; 0 where it doesn't, which is worth one more try only
}

// Error implements error.
func (e *retryError) Error() string { return e.err.Error() }

// Unwrap returns the failure.
func (e *retryError) Unwrap() error { return e.err }

// unreached reports whether an error says that no connection came about, so that
// nothing was sent.
func unreached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// retry is the one stage that tries again: it makes tries of a message until one
// succeeds or fails for good. It waits as long as the receiver asks, up to 30 s and
// four tries in all. Errors come out without secrets. Before each wait, again logs it
// with the failure.
func (o Options) retry(ctx context.Context, try func() error, again func(wait time.Duration, err error)) error {
	left, failed := maxWait, false
	for n := 1; ; n++ {
		err := try()
		if err == nil {
			return nil
		}
		shown := presentable(o.Secrets, err)
		var worth *retryError
		if !errors.As(err, &worth) || worth.after == 0 && failed {
			return shown
		}
		wait := worth.after
		if wait == 0 {
			wait, failed = failureWait, true
		}
		if n == maxTries || wait > left {
			return fmt.Errorf("given up after %d tries: %w", n, shown)
		}
		left -= wait
		again(wait, shown)
		if err := o.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("wait for the next try: %w", err)
		}
	}
}
