package groundtruth

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// wholeObjectBytes is up to which size a Parquet object is fetched in one
	// request; beyond, only what is needed of it.
	wholeObjectBytes = 4 << 20
	// readAheadBytes is what is fetched at once of a column.
	readAheadBytes = 1 << 20
)

// parquetFile is an open Parquet object.
type parquetFile struct {
	*parquet.File
	leaves []parquetLeaf
	in     func(size int64) io.ReaderAt // a reader of the object for one column chunk
}

// parquetLeaf is a column that holds values.
type parquetLeaf struct {
	*parquet.Column
	name    string // dotted path
	element *format.SchemaElement
}

// errCorrupt says that a file contradicts itself.
var errCorrupt = errors.New("the file is corrupt")

// openParquet reads the footer.
func openParquet(ctx context.Context, obj object, stats *readStats) (*parquetFile, error) {
	const frame = 12 // magic, footer's length, magic
	if obj.Size < frame {
		return nil, fmt.Errorf("%d bytes are no Parquet file: it is truncated or something else", obj.Size)
	}
	f := &parquetFile{}
	var head io.ReaderAt
	if obj.Size <= wholeObjectBytes {
		data, err := obj.store.Read(ctx, obj.Key)
		if err != nil {
			return nil, err
		}
		if int64(len(data)) != obj.Size {
			return nil, fmt.Errorf("it changed while it was read: %d bytes were listed and %d read", obj.Size, len(data))
		}
		stats.bytes += obj.Size
		whole := bytes.NewReader(data)
		head = whole
		f.in = func(int64) io.ReaderAt { return whole }
	} else {
		head = &countingReaderAt{obj.store.ReaderAt(ctx, obj.Object), &stats.bytes}
		f.in = func(size int64) io.ReaderAt {
			return &aheadReader{ctx: ctx, obj: obj, ahead: min(size, readAheadBytes), n: &stats.bytes}
		}
	}
	var tail [8]byte
	if _, err := head.ReadAt(tail[:], obj.Size-8); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if magic := string(tail[4:]); magic == "PARE" {
		return nil, errors.New("it is encrypted, which is not supported")
	} else if magic != "PAR1" {
		return nil, errors.New("it does not end as a Parquet file does: it is truncated or something else")
	}
	footer := int64(binary.LittleEndian.Uint32(tail[:4]))
	if footer > obj.Size-frame {
		return nil, fmt.Errorf("%w: the footer is longer than the file", errCorrupt)
	}
	if err := checkFooter(head, obj.Size, footer); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(head, obj.Size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return nil, err
	}
	f.File = file
	elements := make([]*format.SchemaElement, 0)
	schema := file.Metadata().Schema
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
			f.leaves = append(f.leaves, parquetLeaf{c, strings.Join(c.Path(), "."), elements[i]})
			return nil
		}
		for _, child := range c.Columns() {
			if err := visit(child); err != nil {
				return err
			}
		}
		return nil
	}
	return f, visit(file.Root())
}

// find returns the leaf of a wanted column; nil is none.
func (f *parquetFile) find(name string) (*parquetLeaf, error) {
	var found *parquetLeaf
	for i := range f.leaves {
		leaf := &f.leaves[i]
		// A column whose name has dots goes before nested ones that read the same.
		if leaf.name == name && (found == nil || len(leaf.Path()) < len(found.Path())) {
			found = leaf
		}
	}
	if found != nil {
		if found.MaxRepetitionLevel() > 0 {
			return nil, fmt.Errorf("column %q is a list or a map, which has no one value a row", name)
		}
		return found, nil
	}
	var inside []string
	for _, leaf := range f.leaves {
		if strings.HasPrefix(leaf.name, name+".") {
			inside = append(inside, leaf.name)
		}
	}
	if inside != nil {
		return nil, fmt.Errorf("column %q is a group: name a column in it: %s", name, strings.Join(inside, ", "))
	}
	return nil, nil
}

func (f *parquetFile) names() []string {
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
	case runtime.Error:
		*err = fmt.Errorf("%w: %w", errCorrupt, r)
	case error:
		*err = fmt.Errorf("%w: %w", errCorrupt, r)
	default:
		*err = fmt.Errorf("%w: %v", errCorrupt, r)
	}
}

// readParquet reads the wanted columns row group by row group.
func readParquet(ctx context.Context, obj object, wants []want, opt readOptions, stats *readStats, emit func(*chunk) error) error {
	if obj.Size == 0 {
		return errors.New("it is empty: a Parquet file without rows still has a footer")
	}
	r := parquetReader{ctx: ctx, stats: stats, emit: emit}
	var err error
	func() {
		defer recoverCorrupt(&err)
		if r.file, err = openParquet(ctx, obj, stats); err != nil {
			return
		}
		err = r.open(obj, wants, opt)
	}()
	for i := 0; err == nil && i < len(r.file.RowGroups()); i++ {
		err = r.rowGroup(i)
	}
	return errors.Join(err, r.close())
}

// parquetReader reads an object's columns side by side.
type parquetReader struct {
	ctx     context.Context
	file    *parquetFile
	columns []*parquetColumn // nil is absent
	prune   *timePruner
	stats   *readStats
	out     chunk
	emit    func(*chunk) error
}

func (r *parquetReader) open(obj object, wants []want, opt readOptions) error {
	r.out.cols = make([]chunkColumn, len(wants))
	for _, w := range wants {
		leaf, err := r.file.find(w.name)
		if err != nil {
			return err
		}
		if leaf == nil {
			if !w.optional {
				return &missingColumnError{Object: obj.url, Column: w.name, Columns: r.file.names()}
			}
			r.columns = append(r.columns, nil)
			continue
		}
		c, err := newParquetColumn(leaf, w)
		if err != nil {
			return err
		}
		r.columns = append(r.columns, c)
	}
	if opt.timeColumn != "" && (!opt.from.IsZero() || !opt.to.IsZero()) {
		leaf, err := r.file.find(opt.timeColumn)
		if err == nil && leaf != nil { // else the reader of that column will say so
			r.prune, err = newTimePruner(leaf, opt.from, opt.to)
		}
		return err
	}
	return nil
}

func (r *parquetReader) close() (err error) {
	defer recoverCorrupt(&err)
	for _, c := range r.columns {
		if c != nil {
			err = errors.Join(err, c.close())
		}
	}
	return err
}

// rowGroup reads one row group. The Parquet library runs only inside guarded calls,
// so that no panic of the consumer is taken for a corrupt file.
func (r *parquetReader) rowGroup(index int) error {
	group := r.file.RowGroups()[index].(*parquet.FileRowGroup)
	rows := group.NumRows()
	if rows < 0 {
		return fmt.Errorf("%w: row group %d has %d rows", errCorrupt, index, rows)
	}
	meta := &r.file.Metadata().RowGroups[index]
	if err := r.checkRows(rows, meta); err != nil {
		return fmt.Errorf("row group %d: %w", index, err)
	}
	if r.prune != nil && r.prune.outside(meta) {
		r.stats.rows += rows
		r.stats.skipped += rows
		return nil
	}
	if err := r.startGroup(group, meta); err != nil {
		return fmt.Errorf("row group %d: %w", index, err)
	}
	for rows > 0 {
		n, err := r.fill(rows)
		if err != nil {
			return fmt.Errorf("row group %d: %w", index, err)
		}
		r.out.n, r.out.row0 = n, r.stats.rows
		r.stats.rows += int64(n)
		rows -= int64(n)
		if err := r.emit(&r.out); err != nil {
			return err
		}
	}
	return nil
}

// checkRows holds the number of rows against the columns' numbers of values, because
// nothing else bounds it where no column is read.
func (r *parquetReader) checkRows(rows int64, meta *format.RowGroup) error {
	for i := range r.file.leaves {
		leaf := &r.file.leaves[i]
		if leaf.MaxRepetitionLevel() > 0 {
			continue // a row may have many values
		}
		column := leaf.Index()
		if column >= len(meta.Columns) {
			return fmt.Errorf("%w: it has %d columns, and the schema more", errCorrupt, len(meta.Columns))
		}
		if n := meta.Columns[column].MetaData.NumValues; n != rows {
			return fmt.Errorf("%w: it has %d rows, and column %q %d values", errCorrupt, rows, leaf.name, n)
		}
	}
	return nil
}

func (r *parquetReader) startGroup(group *parquet.FileRowGroup, meta *format.RowGroup) (err error) {
	defer recoverCorrupt(&err)
	chunks := group.ColumnChunks()
	for _, c := range r.columns {
		if c == nil || c.typ.form == parquetNull {
			continue
		}
		i := c.leaf.Index()
		if meta.Columns[i].MetaData.Codec == format.Lz4Raw {
			// parquet-go v0.32.0 gives the content of an old buffer for many such
			// pages (its issue 608), and wrong values are worse than none.
			return fmt.Errorf("column %q is compressed with LZ4_RAW, which is not supported: write the file with zstd, snappy or gzip", c.leaf.name)
		}
		size := meta.Columns[i].MetaData.TotalCompressedSize
		if size < 0 || size > r.file.Size() {
			return fmt.Errorf("column %q: %w: its chunk has %d bytes", c.leaf.name, errCorrupt, size)
		}
		if err := c.open(chunks[i].(*parquet.FileColumnChunk), newPageGuard(r.file.in(size), &meta.Columns[i].MetaData)); err != nil {
			return err
		}
	}
	return nil
}

// fill reads the next rows, at most so many, into the chunk.
func (r *parquetReader) fill(atMost int64) (n int, err error) {
	defer recoverCorrupt(&err)
	n = int(min(atMost, chunkRows))
	for _, c := range r.columns {
		if c == nil || c.typ.form == parquetNull {
			continue
		}
		left, err := c.ready()
		if err != nil {
			return 0, fmt.Errorf("column %q: %w", c.leaf.name, err)
		}
		n = min(n, left)
	}
	for i, c := range r.columns {
		if c == nil {
			r.out.cols[i] = chunkColumn{}
			continue
		}
		if err := c.fill(n); err != nil {
			return 0, fmt.Errorf("column %q: %w", c.leaf.name, err)
		}
		r.out.cols[i] = c.b.col
	}
	return n, nil
}

// countingReaderAt counts what is read.
type countingReaderAt struct {
	r io.ReaderAt
	n *int64
}

func (c *countingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	k, err := c.r.ReadAt(p, off)
	*c.n += int64(k)
	return k, err
}

// aheadReader reads a column chunk from front to back in large steps, each one
// request, whatever the size of the reads.
type aheadReader struct {
	ctx   context.Context
	obj   object
	ahead int64
	n     *int64
	off   int64 // of buf
	buf   []byte
}

// ReadAt implements io.ReaderAt.
func (a *aheadReader) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= a.obj.Size {
			return done, io.EOF
		}
		if at < a.off || at >= a.off+int64(len(a.buf)) {
			if err := a.fetch(at, int64(len(p)-done)); err != nil {
				return done, err
			}
		}
		done += copy(p[done:], a.buf[at-a.off:])
	}
	return done, nil
}

func (a *aheadReader) fetch(at, need int64) (err error) {
	length := min(max(a.ahead, min(need, readAheadBytes)), a.obj.Size-at)
	if int64(cap(a.buf)) < length {
		a.buf = make([]byte, length)
	}
	a.buf = a.buf[:length]
	a.off = at
	r, err := a.obj.store.ReadRange(a.ctx, a.obj.Key, at, length)
	if err != nil {
		a.buf = a.buf[:0]
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	n, err := io.ReadFull(r, a.buf)
	*a.n += int64(n)
	if err != nil {
		a.buf = a.buf[:0]
		return fmt.Errorf("it ends before its listed size: %w", unexpectedEOF(err))
	}
	return nil
}
