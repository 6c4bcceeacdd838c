package format

import (
	"context"
	"errors"
	"fmt"

	"github.com/hindcast/hindcast/groundtruth/parquet"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// HeadInfo tells what Head read of an object.
type HeadInfo struct {
	Format string // what people call it
	Rows   int64  // records read, malformed ones included
	Bad    int64  // malformed records
	Whole  bool   // whether that is all of the object
	// Total is how many records the object has: known where Whole is, and where the format
	// says it; else it is a guess by the share of the bytes that were read.
	Total int64
	Known bool     // whether Total is no guess
	Local []string // wanted times whose type says that they are of no known zone
}

// errHeadEnd ends the reading of an object whose first records are read.
var errHeadEnd = errors.New("enough is read")

// Head reads about so many of the first records of an object, in chunks. An error names the
// object.
func Head(ctx context.Context, obj source.Object, format string, wants []table.Want, rows int64, opt table.ReadOptions, emit func(*table.Chunk) error) (HeadInfo, error) {
	c, err := codecOf(formats(), format, obj.Rel)
	if err != nil {
		return HeadInfo{}, fmt.Errorf("read object %s: %w", obj.URL, err)
	}
	info := HeadInfo{Format: c.title}
	var stats table.ReadStats
	guarded := func(chunk *table.Chunk) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := emit(chunk); err != nil {
			return err
		}
		if stats.Rows >= rows {
			return errHeadEnd
		}
		return nil
	}
	total := int64(-1)
	if c.open != nil {
		total, info.Local, err = headOfParts(ctx, obj, c, wants, opt, &stats, guarded)
	} else {
		err = headOfStream(ctx, obj, c, wants, opt, &stats, guarded)
	}
	info.Rows, info.Bad = stats.Rows, stats.Bad
	ended := errors.Is(err, errHeadEnd)
	if err != nil && !ended {
		return info, fmt.Errorf("read object %s: %w", obj.URL, err)
	}
	switch {
	case total >= 0:
		info.Total, info.Known = total, true
	case !ended:
		info.Total, info.Known = stats.Rows, true
	default:
		info.Total = max(stats.Rows, int64(float64(stats.Rows)*float64(obj.Size)/float64(max(stats.Bytes, 1))))
	}
	info.Whole = info.Known && info.Rows == info.Total
	return info, nil
}

// headOfParts reads the parts of an object, until emit ends that, and returns how many records
// they all have, and the wanted times of no known zone.
func headOfParts(ctx context.Context, obj source.Object, c codec, wants []table.Want, opt table.ReadOptions, stats *table.ReadStats, emit func(*table.Chunk) error) (total int64, local []string, err error) {
	file, err := c.open(ctx, obj)
	if err != nil {
		return -1, nil, err
	}
	defer func() {
		if closeErr := file.Close(); closeErr != nil {
			err = errors.Join(err, closeErr)
		}
	}()
	for _, w := range wants {
		if w.As == table.AsTime && file.IsLocal(w.Name) {
			local = append(local, w.Name)
		}
	}
	var r parquet.Reader
	if err := r.Bind(obj, file, wants, opt); err != nil {
		return -1, local, err
	}
	for part := range file.Row0 {
		if err := r.RowGroup(part, nil, stats, emit); err != nil {
			return file.NumRows(), local, err
		}
	}
	return file.NumRows(), local, nil
}

// headOfStream reads an object from its beginning, until emit ends that. It does not read ahead.
func headOfStream(ctx context.Context, obj source.Object, c codec, wants []table.Want, opt table.ReadOptions, stats *table.ReadStats, emit func(*table.Chunk) error) (err error) {
	if obj.Size == 0 {
		return nil
	}
	raw, err := obj.Store.ReadRange(ctx, obj.Key, 0, -1)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := raw.Close(); closeErr != nil {
			err = errors.Join(err, closeErr)
		}
	}()
	r, done, err := decompress(&countingReader{r: raw, n: &stats.Bytes}, c.compression)
	if err != nil {
		return err
	}
	defer done()
	return c.read(stream{r, obj.URL, c.delimiter}, wants, opt, stats, emit)
}
