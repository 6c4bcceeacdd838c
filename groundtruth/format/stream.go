package format

import (
	"context"
	"errors"
	"io"

	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// stream is what the readers of formats without parts are given: an object from its
// beginning to its end, decompressed.
type stream struct {
	io.Reader
	url       string // the object's, for errors
	delimiter byte   // that of the object's ending
}

// readStream reads an object of a format without parts for Reader.Read. It tells reached, on any
// goroutine, which share of the object it has taken in.
func readStream(ctx context.Context, obj source.Object, c codec, wants []table.Want, opt table.ReadOptions, stats *table.ReadStats, reached func(float64), emit func(*table.Chunk) error) (err error) {
	if obj.Size == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	raw, err := obj.Store.ReadRange(ctx, obj.Key, 0, -1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	r, done, err := decompress(&countingReader{r: raw, n: &stats.Bytes, counted: func(n int64) { reached(float64(n) / float64(obj.Size)) }}, c.compression)
	if err != nil {
		return err
	}
	defer done()
	if obj.Size >= aheadFrom {
		ahead := newReadAhead(r)
		defer func() {
			if err != nil {
				cancel() // so that it need not be waited for
			}
			ahead.close()
		}()
		r = ahead
	}
	return c.read(stream{r, obj.URL, c.delimiter}, wants, opt, stats, emit)
}
