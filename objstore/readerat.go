package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	blockSize = 1 << 20
	maxBlocks = 16
	// directSize is from where on a read bypasses the blocks: one request is then
	// better than several, and it would only flush them.
	directSize = 4 * blockSize
)

// blockReader is an io.ReaderAt that keeps the blocks used last. Goroutines that
// want the same block share one request.
type blockReader struct {
	ctx  context.Context // io.ReaderAt has no room for it in its methods.
	size int64
	open func(off, length int64) (io.ReadCloser, info, error)
	wrap func(error) error

	mu     sync.Mutex
	blocks map[int64]*block
	clock  int64 // counts uses, for the eviction
	seen   *info // what the first request found
}

type block struct {
	done chan struct{} // closed when data and err are set
	data []byte
	err  error
	used int64
}

func newBlockReader(ctx context.Context, size int64,
	open func(off, length int64) (io.ReadCloser, info, error), wrap func(error) error,
) *blockReader {
	return &blockReader{ctx: ctx, size: size, open: open, wrap: wrap, blocks: map[int64]*block{}}
}

// ReadAt is as io.ReaderAt says: fewer bytes than asked for come with an error,
// io.EOF at the object's end.
func (r *blockReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, r.wrap(fmt.Errorf("bad range: offset %d", off))
	}
	if err := r.ctx.Err(); err != nil {
		return 0, r.wrap(err)
	}
	var end error
	if left := max(r.size-off, 0); int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	if len(p) >= directSize {
		n, err := r.fetch(p, off)
		if err != nil {
			return n, err
		}
		return n, end
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		data, err := r.block(at / blockSize)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], data[at%blockSize:])
	}
	return n, end
}

// block gives the block of that index, from memory or by a request.
func (r *blockReader) block(i int64) ([]byte, error) {
	r.mu.Lock()
	r.clock++
	if b := r.blocks[i]; b != nil {
		b.used = r.clock
		r.mu.Unlock()
		select {
		case <-b.done:
			return b.data, b.err
		case <-r.ctx.Done():
			return nil, r.wrap(r.ctx.Err())
		}
	}
	b := &block{done: make(chan struct{}), used: r.clock}
	r.blocks[i] = b
	r.evict()
	r.mu.Unlock()

	data := make([]byte, min(blockSize, r.size-i*blockSize))
	_, err := r.fetch(data, i*blockSize)
	if err != nil {
		// The next reader tries again; those that wait get this error.
		r.mu.Lock()
		if r.blocks[i] == b {
			delete(r.blocks, i)
		}
		r.mu.Unlock()
	}
	b.data, b.err = data, err
	close(b.done)
	return data, err
}

// evict forgets the block that was not used for longest. Whoever still waits for it
// or reads it holds it by pointer.
func (r *blockReader) evict() {
	if len(r.blocks) <= maxBlocks {
		return
	}
	oldest := int64(-1)
	for i, b := range r.blocks {
		if oldest < 0 || b.used < r.blocks[oldest].used {
			oldest = i
		}
	}
	delete(r.blocks, oldest)
}

// fetch fills p from off, by one request.
func (r *blockReader) fetch(p []byte, off int64) (int, error) {
	body, i, err := r.open(off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n, err := 0, r.check(i)
	if err == nil {
		n, err = io.ReadFull(body, p)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
	}
	if err = errors.Join(err, body.Close()); err != nil {
		return n, r.wrap(err)
	}
	return n, nil
}

// check makes sure that all requests see one object, the one that was listed. The
// listing's time isn't compared: S3 gives it with other digits than a read does.
func (r *blockReader) check(i info) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = &i
	}
	if i.size != r.size {
		return errChanged(info{size: r.size, modTime: r.seen.modTime}, i)
	}
	if !i.same(*r.seen) {
		return errChanged(*r.seen, i)
	}
	return nil
}
