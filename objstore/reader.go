package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hindcast/hindcast/wait"
)

// readAll is io.ReadAll with room for size bytes to begin with.
func readAll(r io.Reader, size int64) ([]byte, error) {
	// One byte more than the size lets the last Read report the end.
	const most = 64 << 20 // A wrong size must not exhaust memory.
	buf := make([]byte, 0, min(max(size, 0), most)+1)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
	}
}

// namedReader names the object in errors and ends with its context.
type namedReader struct {
	ctx  context.Context
	r    io.ReadCloser
	wrap func(error) error
}

func (r *namedReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.wrap(err)
	}
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.wrap(err)
	}
	return n, err
}

func (r *namedReader) Close() error {
	if err := r.r.Close(); err != nil {
		return r.wrap(err)
	}
	return nil
}

const (
	readAttempts   = 5 // connections in a row that bring nothing
	readRetryDelay = 100 * time.Millisecond
)

// resumingReader goes on at its offset when the connection breaks. An attempt that
// brings bytes makes the count begin again, so that a long object over a bad line
// is read in the end, and a dead store gives up after a few seconds.
type resumingReader struct {
	ctx    context.Context
	reopen func(off, length int64) (io.ReadCloser, info, error)
	r      io.ReadCloser
	first  info  // of the first connection: the object must stay that one
	off    int64 // of the next byte
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
			return fmt.Errorf("connection broke at byte %d of %d, %d times in a row: %w", r.off, r.first.size, r.failed, cause)
		}
		if err := wait.For(r.ctx, readRetryDelay<<(r.failed-1)); err != nil {
			return err
		}
		next, i, err := r.reopen(r.off, r.end-r.off)
		switch {
		case err == nil && !i.same(r.first):
			return errors.Join(errChanged(r.first, i), next.Close())
		case err == nil:
			_ = r.r.Close() // It is broken already.
			r.r = next
			return nil
		case errors.Is(err, ErrNotExist), errors.Is(err, ErrDenied), r.ctx.Err() != nil:
			return err
		}
		cause = err
	}
}

func (r *resumingReader) Close() error { return r.r.Close() }

func errChanged(was, is info) error {
	return &fault{text: fmt.Sprintf(
		"the object was overwritten while it was read (%d bytes of %s, now %d bytes of %s): run again, and have writers make new objects instead",
		was.size, was.modTime.UTC().Format(time.RFC3339Nano), is.size, is.modTime.UTC().Format(time.RFC3339Nano))}
}
