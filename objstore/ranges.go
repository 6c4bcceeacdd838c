package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Ranges reads ranges of one object, from several goroutines if need be: one request
// a range, and nothing kept. A file stays open between its reads.
type Ranges struct {
	ctx   context.Context // io.ReaderAt has no room for it in its methods.
	store *Store
	obj   Object
	file  *os.File // nil in a store of another kind

	mu   sync.Mutex
	seen *Info // what the first request found
}

// Ranges opens an object for reads of its ranges. The context governs all of them.
// An object that is no longer the one that was listed is an error, as is one that is
// overwritten while it is read. The caller closes it.
func (s *Store) Ranges(ctx context.Context, o Object) (*Ranges, error) {
	r := &Ranges{ctx: ctx, store: s, obj: o}
	err := checkKey(o.Key)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, s.wrap(ctx, "read", o.Key, err)
	}
	if b, ok := s.bucket.(*fileBucket); ok {
		f, i, err := b.openFile(s.root + o.Key)
		if err != nil {
			return nil, s.wrap(ctx, "read", o.Key, err)
		}
		r.file = f
		if err := r.check(i); err != nil {
			return nil, errors.Join(s.wrap(ctx, "read", o.Key, err), f.Close())
		}
	}
	return r, nil
}

// ReadAt is as io.ReaderAt says: fewer bytes than asked for come with an error,
// io.EOF at the object's end. A connection that breaks is taken up again at its
// offset, a few times.
func (r *Ranges) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, r.wrap(fmt.Errorf("bad range: offset %d", off))
	}
	if err := r.ctx.Err(); err != nil {
		return 0, r.wrap(err)
	}
	var end error
	if left := max(r.obj.Size-off, 0); int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	if len(p) == 0 {
		return 0, end
	}
	n, err := r.read(p, off)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return n, r.wrap(err)
	}
	return n, end
}

func (r *Ranges) read(p []byte, off int64) (int, error) {
	if r.file != nil {
		return r.file.ReadAt(p, off)
	}
	body, i, err := r.store.bucket.Open(r.ctx, r.store.root+r.obj.Key, off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n, err := 0, r.check(i)
	if err == nil {
		n, err = io.ReadFull(body, p)
	}
	return n, errors.Join(err, body.Close())
}

// check makes sure that all requests see one object, the one that was listed. The
// listing's time isn't compared: S3 gives it with other digits than a read does.
func (r *Ranges) check(i Info) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = &i
	}
	if i.Size != r.obj.Size {
		return Overwritten(Info{Size: r.obj.Size, ModTime: r.seen.ModTime}, i)
	}
	if !i.Same(*r.seen) {
		return Overwritten(*r.seen, i)
	}
	return nil
}

// Close gives the file back. A file that was written in place while it was read is
// an error.
func (r *Ranges) Close() error {
	if r.file == nil {
		return nil
	}
	var err error
	if i, statErr := r.file.Stat(); statErr == nil {
		err = r.check(Info{i.Size(), i.ModTime()})
	}
	if err = errors.Join(err, r.file.Close()); err != nil {
		return r.wrap(err)
	}
	return nil
}

func (r *Ranges) wrap(err error) error { return r.store.wrap(r.ctx, "read", r.obj.Key, err) }
