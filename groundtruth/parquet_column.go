package groundtruth

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// parquetColumn reads one column of a file, page by page.
type parquetColumn struct {
	leaf   *parquetLeaf
	typ    parquetType
	maxDef byte
	b      *columnBuilder

	pages   *parquet.FilePages // of the current row group; nil before the first
	page    parquet.Page
	defs    []byte // definition levels of the page; unused where maxDef is 0
	rows    int    // of the page
	row     int    // the next one
	value   int    // the next one: nulls have none
	values  parquetValues
	indexes []int32 // into the dictionary; values is then unused

	dict    *parquetDict
	inDict  bool   // the last chunk's codes were the dictionary's
	gen     uint64 // of the last dictionary of either kind
	floats  []float64
	times   []int64
	states  []numberState
	scratch []byte
}

// parquetDict is a dictionary page with its values converted once.
type parquetDict struct {
	of     parquet.Dictionary
	values parquetValues
	floats []float64
	times  []int64
	texts  []string
	states []numberState
	gen    uint64
}

func newParquetColumn(leaf *parquetLeaf, w want) (*parquetColumn, error) {
	typ, err := parquetTypeOf(leaf.Column, leaf.element)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", w.name, err)
	}
	c := &parquetColumn{leaf: leaf, typ: typ, maxDef: byte(leaf.MaxDefinitionLevel()), b: newColumnBuilder(w)}
	if w.kind == wantNatural {
		c.b.col.kind = typ.kind()
	}
	return c, nil
}

func (c *parquetColumn) open(chunk *parquet.FileColumnChunk, in io.ReaderAt) error {
	if err := c.close(); err != nil {
		return err
	}
	c.pages = chunk.PagesFrom(in)
	return nil
}

func (c *parquetColumn) close() error {
	c.release()
	c.dict = nil
	if c.pages == nil {
		return nil
	}
	pages := c.pages
	c.pages = nil
	return pages.Close()
}

func (c *parquetColumn) release() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.page, c.defs, c.indexes, c.values = nil, nil, nil, parquetValues{}
	c.rows, c.row, c.value = 0, 0, 0
}

// ready makes sure that rows are left in the page and returns how many.
func (c *parquetColumn) ready() (int, error) {
	for c.row == c.rows {
		c.release()
		page, err := c.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("%w: it has fewer values than the row group has rows", errCorrupt)
		}
		if err != nil {
			return 0, err
		}
		c.page = page
		c.rows = int(page.NumRows())
		if c.maxDef > 0 {
			c.defs = page.DefinitionLevels()
			if len(c.defs) < c.rows {
				return 0, fmt.Errorf("%w: a page has fewer definition levels than rows", errCorrupt)
			}
		}
		data := page.Data()
		if d := page.Dictionary(); d != nil {
			c.indexes = data.Int32()
			if c.dict == nil || c.dict.of != d {
				c.gen++
				c.dict = &parquetDict{of: d, gen: c.gen}
				if err := c.dict.convert(c); err != nil {
					return 0, err
				}
			}
			continue
		}
		if data.Kind() == encoding.Undefined {
			continue // a page of nulls alone
		}
		c.values = parquetValuesOf(data)
	}
	return c.rows - c.row, nil
}

// convert reads the dictionary's values as the column's kind.
func (d *parquetDict) convert(c *parquetColumn) error {
	d.values = parquetValuesOf(d.of.Page().Data())
	n := d.of.Len()
	if n < 0 || n > d.values.n {
		return fmt.Errorf("%w: a dictionary of %d values holds %d", errCorrupt, n, d.values.n)
	}
	d.values.n = n
	d.states = make([]numberState, n)
	switch c.b.col.kind {
	case cellNumber:
		d.floats = make([]float64, n)
		c.typ.numbers(&d.values, 0, d.floats, d.states)
	case cellTime:
		d.times = make([]int64, n)
		c.typ.times(&d.values, 0, d.times, d.states)
	default:
		ends := make([]int, n)
		var arena []byte
		for i := range ends {
			var ok bool
			if arena, ok = c.typ.appendText(arena, &d.values, i); !ok {
				d.states[i] = numberMissing
			}
			ends[i] = len(arena)
		}
		text := string(arena)
		d.texts = make([]string, n)
		from := 0
		for i, end := range ends {
			d.texts[i] = text[from:end]
			from = end
		}
	}
	return nil
}

// fill puts the next n rows, all of the current page, into the builder.
func (c *parquetColumn) fill(n int) error {
	c.b.start()
	if c.typ.form == parquetNull {
		for range n {
			c.b.addNull()
		}
		c.b.finish()
		return nil
	}
	present := n
	var defs []byte
	if c.maxDef > 0 {
		defs = c.defs[c.row : c.row+n]
		present = 0
		for _, level := range defs {
			if level == c.maxDef {
				present++
			}
		}
	}
	var err error
	if c.indexes != nil {
		err = c.fillIndexed(defs, n, present)
	} else {
		err = c.fillPlain(defs, n, present)
	}
	c.row += n
	c.value += present
	return err
}

func (c *parquetColumn) fillIndexed(defs []byte, n, present int) error {
	if c.value+present > len(c.indexes) {
		return fmt.Errorf("%w: a page has fewer values than it says", errCorrupt)
	}
	indexes := c.indexes[c.value : c.value+present]
	d := c.dict
	for _, i := range indexes {
		if uint(i) >= uint(len(d.states)) {
			return fmt.Errorf("%w: a value's index %d lies outside its dictionary of %d", errCorrupt, i, len(d.states))
		}
	}
	next := 0
	for r := range n {
		if defs != nil && defs[r] != c.maxDef {
			c.b.addNull()
			continue
		}
		i := indexes[next]
		next++
		if d.states[i] == numberBad {
			c.b.addInvalid(d.float(i), c.shown(&d.values, int(i)))
			continue
		}
		valid := d.states[i] == numberOK
		switch c.b.col.kind {
		case cellNumber:
			c.b.put(d.floats[i], 0, 0, valid)
		case cellTime:
			c.b.put(0, 0, d.times[i], valid)
		case cellID:
			if !valid {
				c.b.addNull()
				continue
			}
			c.b.addID([]byte(d.texts[i]))
		default:
			c.b.put(0, uint32(i), 0, valid)
		}
	}
	if c.b.col.kind == cellText {
		c.b.col.dict, c.b.col.dictGen = d.texts, d.gen
		c.inDict = true
	}
	return nil
}

// float is the number that an invalid cell shows.
func (d *parquetDict) float(i int32) float64 {
	if d.floats == nil {
		return 0
	}
	return d.floats[i]
}

func (c *parquetColumn) fillPlain(defs []byte, n, present int) error {
	if c.value+present > c.values.n {
		return fmt.Errorf("%w: a page has fewer values than it says", errCorrupt)
	}
	if c.b.col.kind == cellText || c.b.col.kind == cellID {
		return c.fillText(defs, n)
	}
	c.states = slices.Grow(c.states[:0], present)[:present]
	if c.b.col.kind == cellNumber {
		c.floats = slices.Grow(c.floats[:0], present)[:present]
		c.typ.numbers(&c.values, c.value, c.floats, c.states)
	} else {
		c.times = slices.Grow(c.times[:0], present)[:present]
		c.typ.times(&c.values, c.value, c.times, c.states)
	}
	next := 0
	for r := range n {
		if defs != nil && defs[r] != c.maxDef {
			c.b.addNull()
			continue
		}
		i := next
		next++
		var x float64
		var t int64
		if c.b.col.kind == cellNumber {
			x = c.floats[i]
		} else {
			t = c.times[i]
		}
		if c.states[i] == numberBad {
			c.b.addInvalid(x, c.shown(&c.values, c.value+i))
			continue
		}
		c.b.put(x, 0, t, c.states[i] == numberOK)
	}
	return nil
}

func (c *parquetColumn) fillText(defs []byte, n int) error {
	if c.inDict || c.b.text.gen < c.gen {
		// The codes so far were another dictionary's: begin one of a later number.
		c.b.text.gen = c.gen
		c.b.text.renew()
		c.inDict = false
	}
	next := c.value
	for r := range n {
		if defs != nil && defs[r] != c.maxDef {
			c.b.addNull()
			continue
		}
		text, ok := c.typ.appendText(c.scratch[:0], &c.values, next)
		c.scratch = text
		next++
		if !ok {
			c.b.addNull()
			continue
		}
		c.b.addText(text)
	}
	c.b.finish()
	c.gen = c.b.text.gen
	return nil
}

// shown is an invalid value for a message.
func (c *parquetColumn) shown(v *parquetValues, i int) []byte {
	text, _ := c.typ.appendText(c.scratch[:0], v, i)
	c.scratch = text
	return text
}

// timePruner tells the row groups that hold no time of a range, by their
// statistics.
type timePruner struct {
	column   int
	typ      parquetType
	kind     encoding.Kind
	from, to time.Time // zero is open
}

// newTimePruner returns nil where the column's statistics say nothing about times:
// text, whose order is not that of time, INT96, whose statistics many writers got
// wrong, and floating-point numbers.
func newTimePruner(leaf *parquetLeaf, from, to time.Time) (*timePruner, error) {
	typ, err := parquetTypeOf(leaf.Column, leaf.element)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", leaf.name, err)
	}
	p := &timePruner{column: leaf.Index(), typ: typ, from: from, to: to}
	switch leaf.Type().Kind() {
	case parquet.Int32:
		p.kind = encoding.Int32
	case parquet.Int64:
		p.kind = encoding.Int64
	default:
		return nil, nil
	}
	switch typ.form {
	case parquetTimestamp, parquetDate, parquetNumber:
		return p, nil
	}
	return nil, nil
}

// outside reports whether no value of the row group lies in [from, to). A row group
// with rows that have no time is read in any case: they count as bad records,
// however rows are dealt over row groups.
func (p *timePruner) outside(group *format.RowGroup) bool {
	stats := &group.Columns[p.column].MetaData.Statistics
	if stats.NullCount > 0 {
		return false
	}
	low, okLow := p.integer(stats.MinValue)
	high, okHigh := p.integer(stats.MaxValue)
	if !okLow || !okHigh || low > high {
		return false
	}
	if p.typ.form == parquetNumber {
		// Numbers of different units are not in the order of time, and between a
		// negative number and a positive one there are all the smaller units.
		unit := epochUnit(low)
		if unit != epochUnit(high) || (unit > 0 && low < 0 && high > 0) {
			return false
		}
	}
	first, okFirst := p.nanos(low)
	last, okLast := p.nanos(high)
	if !okFirst || !okLast {
		return false
	}
	return !p.to.IsZero() && !time.Unix(0, first).Before(p.to) || !p.from.IsZero() && time.Unix(0, last).Before(p.from)
}

func (p *timePruner) integer(plain []byte) (int64, bool) {
	switch {
	case p.kind == encoding.Int32 && len(plain) == 4:
		return int64(int32(binary.LittleEndian.Uint32(plain))), true
	case p.kind == encoding.Int64 && len(plain) == 8:
		return int64(binary.LittleEndian.Uint64(plain)), true
	}
	return 0, false
}

func (p *timePruner) nanos(x int64) (int64, bool) {
	v := parquetValues{n: 1, kind: encoding.Int64, int64s: []int64{x}}
	nanos, state := p.typ.time(&v, 0)
	return nanos, state == numberOK
}
