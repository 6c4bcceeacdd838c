package parquet

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// coalesceBytes are so few bytes between two columns that reading them costs less than
// another request.
const coalesceBytes = 256 << 10

// Range is a range of bytes of an object: [Off, End).
type Range struct{ Off, End int64 }

// Ranges returns where the bytes of the wanted columns of a row group lie, in order,
// neighbours made one. It is nil where the row group holds no row of the time asked for.
func (f *File) Ranges(index int, wants []table.Want, opt table.ReadOptions) ([]Range, error) {
	meta := &f.Metadata().RowGroups[index]
	if prune, err := f.pruner(opt); err != nil || prune != nil && prune.outside(meta) {
		return nil, err
	}
	var all []Range
	for _, w := range wants {
		leaves, err := f.leavesOf(w)
		if err != nil {
			return nil, err
		}
		for _, leaf := range leaves {
			if leaf.Index() >= len(meta.Columns) {
				return nil, fmt.Errorf("%w: it has %d columns, and the schema more", errCorrupt, len(meta.Columns))
			}
			s, err := f.rangeOf(&meta.Columns[leaf.Index()].MetaData)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", table.Quote(leaf.name), err)
			}
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Range) int { return cmp.Compare(a.Off, b.Off) })
	var out []Range
	for _, s := range all {
		if n := len(out); n > 0 && s.Off-out[n-1].End <= coalesceBytes {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out, nil
}

// leavesOf returns the leaves that are read for a want; none is a column that the file has not.
func (f *File) leavesOf(w table.Want) ([]*leaf, error) {
	if w.Element == (groundtruth.Element{}) {
		found, err := f.find(w.Name)
		if found == nil {
			return nil, err
		}
		return []*leaf{found}, err
	}
	n, err := f.nested(w.Name)
	if n == nil {
		return nil, err
	}
	return n.leaves(f, w)
}

// rangeOf returns where a column chunk lies, which is within the file.
func (f *File) rangeOf(column *format.ColumnMetaData) (Range, error) {
	start, end := chunkRange(column)
	if start < 0 || end < start || end > f.Size() {
		return Range{}, fmt.Errorf("%w: its chunk is said to lie from byte %d to %d", errCorrupt, start, end)
	}
	return Range{start, end}, nil
}

// Group holds the column chunks of a row group that were fetched ahead of its reading, or
// will have been when Done is closed. Whoever fetches makes it, fills it and closes Done;
// Reader.RowGroup waits for that.
type Group struct {
	Ranges []Range
	Data   [][]byte // of each range
	Done   chan struct{}
	Err    error // why it could not be fetched; set before Done is closed
}

// bytes implements byteSource. It waits until the group was fetched.
func (g *Group) bytes(off, n int64) ([]byte, error) {
	<-g.Done
	if g.Err != nil {
		return nil, g.Err
	}
	for i, s := range g.Ranges {
		if off >= s.Off && off+n <= s.End {
			return g.Data[i][off-s.Off:][:n], nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// Bytes returns how many bytes ranges have together.
func Bytes(ranges []Range) int64 {
	var n int64
	for _, s := range ranges {
		n += s.End - s.Off
	}
	return n
}
