package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/wait"
)

const (
	readAttempts   = 5 // connections in a row that bring nothing
	readRetryDelay = 100 * time.Millisecond
)

// resumingReader goes on at its offset when the connection breaks. An attempt that
// brings bytes makes the count begin again, so that a long object over a bad line
// is read in the end, and a dead store gives up after a few seconds.
type resumingReader struct {
	ctx    context.Context
	reopen func(off, length int64) (io.ReadCloser, objstore.Info, error)
	r      io.ReadCloser
	first  objstore.Info // of the first connection: the object must stay that one
	off    int64         // of the next byte
	end    int64
	failed int // attempts since the last byte
}

func (r *resumingReader) Read(p []byte) (int, error) {
	if r.off >= r.end {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p = p[:min(int64(len(p)), r.end-r.off)]
	for {
		n, err := r.r.Read(p)
		if n > 0 {
			r.off += int64(n)
			r.failed = 0
			return n, nil // An error comes again with the next Read.
		}
		if err == nil {
			return 0, nil
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err := r.resume(err); err != nil {
			return 0, err
		}
	}
}

// resume opens the rest after cause, or says why not.
func (r *resumingReader) resume(cause error) error {
	for {
		r.failed++
		if r.failed >= readAttempts {
			return fmt.Errorf("connection broke at byte %d of %d, %d times in a row: %w", r.off, r.first.Size, r.failed, cause)
		}
		if err := wait.For(r.ctx, readRetryDelay<<(r.failed-1)); err != nil {
			return err
		}
		next, i, err := r.reopen(r.off, r.end-r.off)
		switch {
		case err == nil && !i.Same(r.first):
			return errors.Join(objstore.Overwritten(r.first, i), next.Close())
		case err == nil:
			_ = r.r.Close() // It is broken already.
			r.r = next
			return nil
		case errors.Is(err, objstore.ErrNotExist), errors.Is(err, objstore.ErrDenied), r.ctx.Err() != nil:
			return err
		}
		cause = err
	}
}

func (r *resumingReader) Close() error { return r.r.Close() }
