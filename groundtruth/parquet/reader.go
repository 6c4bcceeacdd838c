package parquet

import (
	"fmt"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// blockRows is the largest number of rows in a chunk of a Parquet object. It keeps
// the bins of one column in cache while its values come, and what is made of the
// other columns meanwhile in the next cache.
const blockRows = 1 << 17

// blockColumns is how many columns read with a chunk have blockRows. Twice as many have half the
// rows, and so on, so that a chunk does not grow with them.
const blockColumns = 16

// rowsOfBlock returns how many rows a chunk of the wanted columns has.
func rowsOfBlock(wants []table.Want) int {
	n := 0
	for _, w := range wants {
		if !w.Lazy {
			n++
		}
	}
	return blockRows / max(n/blockColumns, 1)
}

// Reader reads the wanted columns of row groups side by side, on one goroutine. It keeps its
// memory from one row group and object to the next. The zero Reader is ready to be bound.
type Reader struct {
	shared  readerMemory
	file    *File // that columns are bound to
	wants   []table.Want
	columns []*columnReader
	// Elements of lists and maps have readers that read a column for several wants, whose
	// columnReaders then have no leaf.
	elements []*elementReader
	prune    *timePruner
	out      table.Chunk
	cells    table.Column // memory of the lazy column whose cells were read last

	blockRows int // rows of a chunk
}

// Bind makes the reader read the wanted columns of a file, which are the same for all files.
func (r *Reader) Bind(obj source.Object, file *File, wants []table.Want, opt table.ReadOptions) (err error) {
	if r.file == file {
		return nil
	}
	defer recoverCorrupt(&err)
	r.file = nil // until all of it is bound
	if r.columns == nil {
		r.wants = wants
		r.shared.limit = opt.Memory
		r.out.Cols = make([]table.Column, len(wants))
		r.out.Lazy, r.out.LazyCells = r.sendValues, r.lazyCells
		for _, w := range wants {
			r.columns = append(r.columns, newColumnReader(w, &r.shared))
		}
		r.shared.columns = r.columns
		r.elements = elementReaders(wants, r.columns, &r.shared)
		r.blockRows = rowsOfBlock(wants)
	}
	for i, w := range wants {
		if w.Element != (groundtruth.Element{}) {
			continue
		}
		leaf, err := file.find(w.Name)
		if err != nil {
			return err
		}
		if leaf == nil && !w.Optional {
			return &table.MissingColumnError{Object: obj.URL, Column: w.Name, Columns: file.names()}
		}
		if err := r.columns[i].bind(leaf); err != nil {
			return err
		}
	}
	for _, e := range r.elements {
		if err := e.bind(obj.URL, file); err != nil {
			return err
		}
	}
	if r.prune, err = file.pruner(opt); err != nil {
		return err
	}
	r.file = file
	return nil
}

// RowGroup reads one row group of the file that the reader is bound to, from data
// where it is not nil. Code that trusts what the file says runs only inside guarded
// calls, so that no panic of the consumer is taken for a corrupt file.
func (r *Reader) RowGroup(index int, data *Group, stats *table.ReadStats, emit func(*table.Chunk) error) error {
	meta := &r.file.Metadata().RowGroups[index]
	rows := meta.NumRows
	if err := r.file.checkRows(rows, meta); err != nil {
		return fmt.Errorf("row group %d: %w", index, err)
	}
	if r.prune != nil && r.prune.outside(meta) {
		stats.Rows += rows
		stats.Skipped += rows
		return nil
	}
	if data != nil {
		stats.Bytes += Bytes(data.Ranges)
	}
	if err := r.startGroup(meta, data, stats); err != nil {
		return fmt.Errorf("row group %d: %w", index, err)
	}
	for row := int64(0); row < rows; {
		n := int(min(rows-row, int64(r.blockRows)))
		if err := r.fill(n); err != nil {
			return fmt.Errorf("row group %d: %w", index, err)
		}
		r.out.Len, r.out.Row0 = n, r.file.Row0[index]+row
		stats.Rows += int64(n)
		row += int64(n)
		if err := emit(&r.out); err != nil {
			return err
		}
		if r.out.Err != nil {
			return fmt.Errorf("row group %d: %w", index, r.out.Err)
		}
		if err := r.skipLazy(); err != nil {
			return fmt.Errorf("row group %d: %w", index, err)
		}
	}
	return nil
}

// checkRows holds the number of rows against the columns' numbers of values, because
// nothing else bounds it where no column is read.
func (f *File) checkRows(rows int64, meta *format.RowGroup) error {
	for i := range f.leaves {
		leaf := &f.leaves[i]
		if leaf.MaxRepetitionLevel() > 0 {
			continue // a row may have many values
		}
		column := leaf.Index()
		if column >= len(meta.Columns) {
			return fmt.Errorf("%w: it has %d columns, and the schema more", errCorrupt, len(meta.Columns))
		}
		if n := meta.Columns[column].MetaData.NumValues; n != rows {
			return fmt.Errorf("%w: it has %d rows, and column %s %d values", errCorrupt, rows, table.Quote(leaf.name), n)
		}
	}
	return nil
}

// startGroup opens the column chunks of a row group.
func (r *Reader) startGroup(meta *format.RowGroup, data *Group, stats *table.ReadStats) (err error) {
	defer recoverCorrupt(&err)
	columns := r.columns
	for _, e := range r.elements {
		columns = append(columns[:len(columns):len(columns)], e.values, e.keys, e.texts)
	}
	for _, c := range columns {
		if c.leaf == nil || c.typ.form == formNull {
			continue
		}
		column := &meta.Columns[c.leaf.Index()].MetaData
		switch column.Codec {
		case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd:
		default:
			// Of LZ4_RAW parquet-go v0.32.0 gives the content of an old buffer for many
			// pages (its issue 608), and wrong values are worse than none.
			return fmt.Errorf("column %s is compressed with %s, which is not supported: write the file with zstd, snappy or gzip", table.Quote(c.leaf.name), codecName(column.Codec))
		}
		if _, err := r.file.rangeOf(column); err != nil {
			return fmt.Errorf("column %s: %w", table.Quote(c.leaf.name), err)
		}
		c.open(column, r.file, data, &stats.Bytes)
	}
	return nil
}

// codecName returns what people call a codec. One that the format does not know has a number.
func codecName(c format.CompressionCodec) string {
	if c == format.Lz4 {
		return "LZ4, the old codec of Hadoop"
	}
	if name := c.String(); name != "" && c >= 0 && c <= format.Lz4Raw {
		return name
	}
	return fmt.Sprintf("a codec of the number %d", c)
}

// fill reads the next n rows into the chunk, lazy columns aside.
func (r *Reader) fill(n int) (err error) {
	defer recoverCorrupt(&err)
	for i, c := range r.columns {
		switch {
		case c.leaf == nil:
			r.out.Cols[i] = table.Column{}
			continue
		case c.want.Lazy:
			c.waiting = n
			r.out.Cols[i] = table.Column{Kind: c.b.Col.Kind}
			continue
		}
		if err := c.fill(n); err != nil {
			return fmt.Errorf("column %s: %w", table.Quote(c.leaf.name), err)
		}
		r.out.Cols[i] = c.b.Col
	}
	for _, e := range r.elements {
		if err := e.fill(n); err != nil {
			return fmt.Errorf("column %s: %w", table.Quote(e.of[0].Name), err)
		}
		for _, k := range e.own {
			r.out.Cols[e.wants[k]] = e.columns[k].b.Col
		}
	}
	r.out.Err = nil
	return nil
}

// sendValues is the Lazy of the reader's chunks: it sends the values of a lazy column in
// the rows sel of the chunk; nil is all.
func (r *Reader) sendValues(i int, sel []int32, emit func(*groundtruth.Values)) {
	c := r.columns[i]
	if c.leaf == nil || r.out.Err != nil {
		return
	}
	var out groundtruth.Values
	next := func() (more bool, err error) {
		defer recoverCorrupt(&err)
		return c.nextValues(&out)
	}
	c.beginValues(sel)
	for {
		more, err := next()
		if err != nil {
			r.out.Err = fmt.Errorf("column %s: %w", table.Quote(c.leaf.name), err)
			return
		}
		if !more {
			return
		}
		emit(&out)
	}
}

// lazyCells is the LazyCells of the reader's chunks. The columns use the same memory one after
// the other, however many there are.
func (r *Reader) lazyCells(i int) *table.Column {
	c := r.columns[i]
	if r.out.Err != nil {
		return &table.Column{}
	}
	c.b.UseMemory(&r.cells)
	fill := func() (err error) {
		defer recoverCorrupt(&err)
		return c.fill(c.waiting)
	}
	if err := fill(); err != nil {
		r.out.Err = fmt.Errorf("column %s: %w", table.Quote(c.leaf.name), err)
		return &table.Column{}
	}
	c.waiting = 0
	r.cells = c.b.Take()
	return &r.cells
}

// skipLazy passes over what nobody asked for of the lazy columns.
func (r *Reader) skipLazy() (err error) {
	defer recoverCorrupt(&err)
	for _, c := range r.columns {
		if c.leaf == nil || c.waiting == 0 {
			continue
		}
		if err := c.skip(c.waiting); err != nil {
			return fmt.Errorf("column %s: %w", table.Quote(c.leaf.name), err)
		}
		c.waiting = 0
	}
	return nil
}
