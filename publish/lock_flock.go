//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/hindcast/hindcast/wait"
)

// lockPoll is how long lock waits before it tries a lock again that another process
// holds.
const lockPoll = 10 * time.Millisecond

// lock takes the exclusive lock of a file, which it makes, and returns what gives it
// back. The file stays: who deleted it could not know that nobody waits for it. The
// lock of a process that dies is free.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil // closing gives the lock back
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return nil, errors.Join(&os.PathError{Op: "lock", Path: path, Err: err}, f.Close())
		}
		if err := wait.For(ctx, lockPoll); err != nil {
			return nil, errors.Join(fmt.Errorf("wait for another process that holds %s: %w", path, err), f.Close())
		}
	}
}
