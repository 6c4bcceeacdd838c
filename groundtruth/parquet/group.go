package parquet

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// coalesceBytes are so few bytes between two columns that reading them costs less than
// another request.
const coalesceBytes = 256 << 10

// Span is a range of bytes of an object: [Off, End).
type Span struct{ Off, End int64 }

// Spans returns the ranges of the wanted columns in a row group, in order, neighbours
// made one. It is nil where the group holds no row of the time asked for.
func (f *File) Spans(index int, wants []table.Want, opt table.ReadOptions) ([]Span, error) {
	meta := &f.Metadata().RowGroups[index]
	if prune, err := f.pruner(opt); err != nil || prune != nil && prune.outside(meta) {
		return nil, err
	}
	var all []Span
	for _, w := range wants {
		leaf, err := f.find(w.Name)
		if err != nil {
			return nil, err
		}
		if leaf == nil {
			continue
		}
		if leaf.Index() >= len(meta.Columns) {
			return nil, fmt.Errorf("%w: it has %d columns, and the schema more", errCorrupt, len(meta.Columns))
		}
		s, err := f.span(&meta.Columns[leaf.Index()].MetaData)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", table.Quote(leaf.name), err)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Span) int { return cmp.Compare(a.Off, b.Off) })
	var out []Span
	for _, s := range all {
		if n := len(out); n > 0 && s.Off-out[n-1].End <= coalesceBytes {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out, nil
}

// span returns where a column chunk lies, which is within the file.
func (f *File) span(column *format.ColumnMetaData) (Span, error) {
	start, end := chunkRange(column)
	if start < 0 || end < start || end > f.Size() {
		return Span{}, fmt.Errorf("%w: its chunk is said to lie from byte %d to %d", errCorrupt, start, end)
	}
	return Span{start, end}, nil
}

// Group holds the column chunks of a row group that were fetched ahead of its reading, or
// will have been when Done is closed. Who fetches makes it, fills it and closes Done;
// Reader.RowGroup waits for that.
type Group struct {
	Spans []Span
	Data  [][]byte // of each span
	Done  chan struct{}
	Err   error // why it could not be fetched; set before Done is closed
}

// bytes implements byteSource. It waits until the group was fetched.
func (g *Group) bytes(off, n int64) ([]byte, error) {
	<-g.Done
	if g.Err != nil {
		return nil, g.Err
	}
	for i, s := range g.Spans {
		if off >= s.Off && off+n <= s.End {
			return g.Data[i][off-s.Off:][:n], nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// Bytes returns how many bytes spans have together.
func Bytes(spans []Span) int64 {
	var n int64
	for _, s := range spans {
		n += s.End - s.Off
	}
	return n
}
