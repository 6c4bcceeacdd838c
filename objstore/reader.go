package objstore

import (
	"context"
	"errors"
	"io"
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
