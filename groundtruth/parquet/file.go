package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

const (
	// wholeObjectBytes is up to which size a Parquet object is fetched in one
	// request; beyond, only what is needed of it.
	wholeObjectBytes = 4 << 20
	// footerBytes is what is fetched at once of an object's end.
	footerBytes = 256 << 10
	// readAheadBytes is what is fetched at once of a column over a network, and
	// nearAheadBytes of one nearby, beyond what is asked for.
	readAheadBytes = 1 << 20
	nearAheadBytes = 8 << 10
)

// File is an open Parquet object: its footer, and the way to its bytes. Several goroutines may
// read it, each with a Reader.
type File struct {
	*parquet.File
	leaves    []leaf           // in the order of the schema
	byName    map[string]int   // the leaf of each name
	sorted    []string         // the names of the leaves
	In        io.ReaderAt      // the object's bytes
	ranges    *objstore.Ranges // nil when the whole object is in memory
	Ahead     int64            // bytes to fetch at once; 0 where each step is cheap
	BytesRead int64            // bytes read so far
	Row0      []int64          // first row of each row group
}

// leaf is a column of a file's schema that holds values, as opposed to a group of columns.
type leaf struct {
	*parquet.Column
	name    string // dotted path
	element *format.SchemaElement
}

// errCorrupt says that a file contradicts itself.
var errCorrupt = errors.New("the file is corrupt")

// Open reads the footer of an object. The caller closes the file.
func Open(ctx context.Context, obj source.Object) (_ *File, err error) {
	const frame = 12 // magic, footer's length, magic
	if obj.Size == 0 {
		return nil, errors.New("it is empty: a Parquet file without rows still has a footer")
	}
	if obj.Size < frame {
		return nil, fmt.Errorf("%d bytes are no Parquet file: it is truncated or something else", obj.Size)
	}
	f := &File{}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	var tail []byte
	if obj.Size <= wholeObjectBytes && !obj.InParts {
		if tail, err = obj.Store.Read(ctx, obj.Key); err != nil {
			return nil, err
		}
		if int64(len(tail)) != obj.Size {
			return nil, fmt.Errorf("it changed while it was read: %d bytes were listed and %d read", obj.Size, len(tail))
		}
		f.In = bytes.NewReader(tail)
		f.BytesRead = obj.Size
	} else {
		if f.ranges, err = obj.Store.Ranges(ctx, obj.Object); err != nil {
			return nil, err
		}
		f.In = f.ranges
		if obj.Far {
			f.Ahead = readAheadBytes
		}
		if tail, err = f.tail(obj.Size, footerBytes); err != nil {
			return nil, err
		}
	}
	if magic := string(tail[len(tail)-4:]); magic == "PARE" {
		return nil, errors.New("it is encrypted, which is not supported")
	} else if magic != "PAR1" {
		return nil, errors.New("it does not end as a Parquet file does: it is truncated or something else")
	}
	footer := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if footer > obj.Size-frame {
		return nil, fmt.Errorf("%w: the footer is longer than the file", errCorrupt)
	}
	if footer+8 > int64(len(tail)) {
		if tail, err = f.tail(obj.Size, footer+8); err != nil {
			return nil, err
		}
	}
	if err := checkFooter(tail[int64(len(tail))-8-footer : len(tail)-8]); err != nil {
		return nil, err
	}
	if err := f.parse(tail, obj.Size); err != nil {
		return nil, err
	}
	return f, nil
}

// tail reads the object's last n bytes, or all of it.
func (f *File) tail(size, n int64) ([]byte, error) {
	data := make([]byte, min(n, size))
	k, err := f.In.ReadAt(data, size-int64(len(data)))
	f.BytesRead += int64(k)
	if k < len(data) {
		return nil, source.UnexpectedEOF(err)
	}
	return data, nil
}

// parse reads the footer in tail, the object's end, by the Parquet library.
func (f *File) parse(tail []byte, size int64) (err error) {
	defer recoverCorrupt(&err)
	in := io.NewSectionReader(&tailReader{bytes.NewReader(tail), size - int64(len(tail))}, 0, size)
	f.File, err = parquet.OpenFile(in, size, parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return errors.New(table.Short(err.Error())) // which has names of the file in it
	}
	elements := make([]*format.SchemaElement, 0)
	schema := f.Metadata().Schema
	for i := range schema {
		if schema[i].Type.Valid && (!schema[i].NumChildren.Valid || schema[i].NumChildren.V == 0) {
			elements = append(elements, &schema[i])
		}
	}
	var visit func(c *parquet.Column) error
	visit = func(c *parquet.Column) error {
		if c.Leaf() {
			i := c.Index()
			if i < 0 || i >= len(elements) || elements[i].Name != c.Name() {
				return fmt.Errorf("%w: the schema's columns don't match", errCorrupt)
			}
			f.leaves = append(f.leaves, leaf{c, strings.Join(c.Path(), "."), elements[i]})
			return nil
		}
		for _, child := range c.Columns() {
			if err := visit(child); err != nil {
				return err
			}
		}
		return nil
	}
	if err := visit(f.Root()); err != nil {
		return err
	}
	f.byName = make(map[string]int, len(f.leaves))
	for i, leaf := range f.leaves {
		// A column whose name has dots goes before nested ones that read the same.
		if at, ok := f.byName[leaf.name]; !ok || len(leaf.Path()) < len(f.leaves[at].Path()) {
			f.byName[leaf.name] = i
		}
	}
	f.sorted = slices.Sorted(maps.Keys(f.byName))
	row := int64(0)
	for i := range f.Metadata().RowGroups {
		rows := f.Metadata().RowGroups[i].NumRows
		if rows < 0 || row+rows < row {
			return fmt.Errorf("%w: row group %d has %d rows", errCorrupt, i, rows)
		}
		f.Row0 = append(f.Row0, row)
		row += rows
	}
	return nil
}

// Close gives the object back.
func (f *File) Close() error {
	if f.ranges == nil {
		return nil
	}
	return f.ranges.Close()
}

// tailReader reads the end of an object, which is all that the footer needs.
type tailReader struct {
	*bytes.Reader
	off int64
}

// ReadAt implements io.ReaderAt for offsets of the whole object.
func (t *tailReader) ReadAt(p []byte, off int64) (int, error) {
	return t.Reader.ReadAt(p, off-t.off)
}

// find returns the leaf of a wanted column; nil is none.
func (f *File) find(name string) (*leaf, error) {
	if i, ok := f.byName[name]; ok {
		found := &f.leaves[i]
		if found.MaxRepetitionLevel() > 0 {
			return nil, fmt.Errorf("column %s is a list or a map, which has no one value a row", table.Quote(name))
		}
		return found, nil
	}
	at, _ := slices.BinarySearch(f.sorted, name+".")
	end := at
	for end < len(f.sorted) && strings.HasPrefix(f.sorted[end], name+".") {
		end++
	}
	if inside := f.sorted[at:end]; len(inside) > 0 {
		return nil, fmt.Errorf("column %s is a group: name a column in it: %s", table.Quote(name), table.QuoteNames(inside))
	}
	return nil, nil
}

// names returns the names of all columns, for the error that says that one is missing.
func (f *File) names() []string {
	names := make([]string, len(f.leaves))
	for i, leaf := range f.leaves {
		names[i] = leaf.name
	}
	return names
}

// recoverCorrupt turns a panic of the Parquet library, which trusts some of what
// files say, into an error. Faults of the machine or of this program's own making
// that have nothing to do with the file look the same, so the text is kept.
func recoverCorrupt(err *error) {
	switch r := recover().(type) {
	case nil:
	default:
		*err = fmt.Errorf("%w: %s", errCorrupt, table.Short(fmt.Sprint(r)))
	}
}

// Columns calls visit with the name and the kind of each column of an object that
// can be read, in the schema's order. The kind is Absent where the column's type
// has no values but null. A column that lies in a list or a map has no kind.
func Columns(ctx context.Context, obj source.Object, visit func(name string, kind table.Kind, list bool)) (err error) {
	defer recoverCorrupt(&err)
	f, err := Open(ctx, obj)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for i := range f.leaves {
		leaf := &f.leaves[i]
		if leaf.MaxRepetitionLevel() > 0 {
			visit(leaf.name, table.Absent, true)
			continue
		}
		typ, err := leafTypeOf(leaf.Column, leaf.element)
		switch {
		case err != nil: // it can be no feature, and it is named where it is asked for
		case typ.form == formNull:
			visit(leaf.name, table.Absent, false)
		default:
			visit(leaf.name, typ.kind(), false)
		}
	}
	return nil
}
