package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// columnReader reads one column, page by page. It is bound to one file after the
// other and keeps its memory.
type columnReader struct {
	want   table.Want
	leaf   *leaf // nil when the file has no such column
	typ    leafType
	kind   parquet.Kind
	size   int // of fixed-length byte arrays
	maxDef byte
	b      *table.Builder

	shared *readerMemory
	pages  pageReader
	window windowSource // of objects far away
	source columnSource
	buf    []byte // the page, decompressed; nil when there is none
	levels levelDecoder

	// The page.
	ready   bool // decoded, not only its header read
	rows    int
	row     int    // the next one
	value   int    // the next one: nulls have none
	defs    []byte // definition levels; nil when no value is null
	values  pageValues
	indexed bool
	indexes []int32 // into the dictionary; values is then unused

	hasDict bool
	dict    columnDict
	// codes are those of the builder's dictionary for the entries of dict, as long as
	// that is of number codesGen.
	codes    []uint32
	codesGen uint64

	// What is counted in shared for the page, the dictionary and the builder's texts.
	pageBytes, dictBytes, textBytes int64
	dictHead                        pageHeader // of the dictionary, and where it lies
	dictBody                        int64
	dictGone                        bool // given up: it is read again when it is needed

	waiting int // rows of the chunk that a lazy column has not been asked for
	lazy    lazyValues

	floats  []float64
	times   []int64
	states  []table.NumberState
	scratch []byte
}

// dictValueBytes is about what is made of each value of a dictionary: its text or hash,
// its state, its code and its count.
const dictValueBytes = 40

// columnDict is a dictionary page with its values converted once.
type columnDict struct {
	buf    []byte
	values pageValues
	floats []float64
	times  []int64
	texts  []string
	hashes []table.IDHashes
	states []table.NumberState
}

func newColumnReader(w table.Want, shared *readerMemory) *columnReader {
	c := &columnReader{want: w, b: table.NewBuilder(w), shared: shared}
	c.pages.memory = shared
	return c
}

// bind makes the column read a leaf of a file; nil is none.
func (c *columnReader) bind(leaf *leaf) error {
	c.leaf = leaf
	c.waiting = 0
	c.b.Col.Narrow = false
	if leaf == nil {
		return nil
	}
	typ, err := leafTypeOf(leaf.Column, leaf.element)
	if err != nil {
		return fmt.Errorf("column %s: %w", table.Quote(c.want.Name), err)
	}
	c.typ = typ
	c.kind = leaf.Type().Kind()
	c.b.Col.Narrow = c.kind == parquet.Float
	c.size = 0
	if c.kind == parquet.FixedLenByteArray {
		c.size = leaf.Type().Length()
	}
	c.maxDef = byte(leaf.MaxDefinitionLevel())
	if c.want.As == table.AsStored {
		c.b.Col.Kind = typ.kind()
	}
	return nil
}

// open begins a column chunk.
func (c *columnReader) open(column *format.ColumnMetaData, file *File, data *Group, read *int64) {
	var src byteSource = data
	if data == nil {
		window := &c.window
		if file.Ahead == 0 {
			window = &c.shared.window
		}
		_, end := chunkRange(column)
		c.source = columnSource{window: window, file: file, end: end, count: read}
		src = &c.source
	}
	c.pages.reset(src, column)
	c.release()
	c.dictGone = false // what is counted for the last one is used again
	c.ready, c.rows, c.row, c.value = false, 0, 0, 0
	c.hasDict = false
	c.codesGen = 0
	c.waiting = 0
}

// release gives back the memory of a page whose rows are all taken.
func (c *columnReader) release() {
	c.shared.free(c.buf)
	c.buf = nil
	if c.want.Lazy && c.pageBytes > 0 {
		c.shared.spare = pageScratch{c.indexes, c.levels.levels, c.values.offsets, c.values.scratch}
		c.setScratch(pageScratch{})
	}
	c.shared.held -= c.pageBytes
	c.pageBytes = 0
}

// setScratch gives the column memory for what is made of a page.
func (c *columnReader) setScratch(s pageScratch) {
	c.indexes, c.levels.levels, c.defs = s.indexes, s.levels, nil
	c.values = pageValues{offsets: s.offsets, scratch: s.rare}
}

// giveUp gives back all memory that can be made again from the file: the page that
// is being taken is decoded once more, and the dictionary read, when they are needed.
func (c *columnReader) giveUp() {
	c.shared.held -= c.pageBytes + c.dictBytes
	c.pageBytes, c.dictBytes = 0, 0
	c.buf, c.ready = nil, false
	c.setScratch(pageScratch{})
	c.dictGone = c.hasDict
	c.lazy.texts = nil
	c.dict, c.codes, c.codesGen = columnDict{}, nil, 0
	c.lazy.byEntry, c.lazy.byText = countedCodes{}, countedCodes{}
	c.window = windowSource{}
	c.b.Text.Drop()
	c.countTextBytes()
}

// countTextBytes counts what the builder's texts take now.
func (c *columnReader) countTextBytes() {
	n := c.b.Text.Bytes()
	c.shared.held += n - c.textBytes
	c.textBytes = n
}

// load finds a page with rows left. Its values are decoded only when asked for.
func (c *columnReader) load() error {
	for c.row == c.rows {
		h, err := c.pages.header()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it has fewer values than the row group has rows", errCorrupt)
		}
		if err != nil {
			return err
		}
		switch h.kind {
		case format.DictionaryPage:
			if c.hasDict {
				return fmt.Errorf("%w: it has two dictionaries", errCorrupt)
			}
			c.dictHead, c.dictBody = *h, c.pages.body
			if err := c.readDict(); err != nil {
				return err
			}
		case format.DataPage, format.DataPageV2:
			c.ready, c.rows, c.row, c.value = false, int(h.values), 0, 0
		}
	}
	return nil
}

// oldDictionary is what old writers call format.RLEDictionary.
const oldDictionary format.Encoding = 2

// decode decodes the page whose header was read.
func (c *columnReader) decode() error {
	if c.dictGone {
		head, body := c.pages.head, c.pages.body
		c.pages.again(c.dictHead, c.dictBody)
		err := c.readDict()
		c.pages.again(head, body)
		if err != nil {
			return err
		}
	}
	if c.ready {
		return nil
	}
	h := &c.pages.head
	c.release()
	if err := c.shared.take(h.Bytes(), c, fmt.Sprintf("a page of %d values and %s", h.values, table.Mebibytes(h.uncompressed))); err != nil {
		return err
	}
	c.pageBytes = h.Bytes()
	if c.want.Lazy {
		c.setScratch(c.shared.spare)
		c.shared.spare = pageScratch{}
	}
	c.buf = c.shared.page(h.uncompressed)
	levels, data, err := c.pages.data(&c.buf)
	if err != nil {
		return err
	}
	if h.kind == format.DataPageV2 {
		levels = levels[h.repBytes:]
	} else if c.maxDef > 0 {
		if h.levels == format.BitPacked {
			return errors.New("its levels are in the deprecated encoding BIT_PACKED, which is not supported: write the file anew")
		}
		if len(data) < 4 || int64(len(data))-4 < int64(binary.LittleEndian.Uint32(data)) {
			return fmt.Errorf("%w: a page's levels are cut", errCorrupt)
		}
		n := int(binary.LittleEndian.Uint32(data))
		levels, data = data[4:4+n], data[4+n:]
	}
	c.defs = nil
	present := c.rows
	if c.maxDef > 0 && (h.kind == format.DataPage || h.nulls > 0) {
		if c.defs, err = c.levels.decode(levels, c.rows, c.maxDef); err != nil {
			return err
		}
		if c.defs != nil {
			present = countLevels(c.defs, c.maxDef)
		}
	}
	c.indexed = h.encoding == format.RLEDictionary || h.encoding == oldDictionary
	if c.indexed {
		if !c.hasDict {
			return fmt.Errorf("%w: a page refers to a dictionary that is not there", errCorrupt)
		}
		if c.indexes, err = decodeIndexes(c.indexes, data, present); err != nil {
			return err
		}
	} else if err := decodeValues(&c.values, data, h.encoding, c.kind, c.size, present); err != nil {
		return err
	}
	c.ready = true
	return nil
}

// countLevels returns how many levels are most.
func countLevels(levels []byte, most byte) int {
	n := 0
	for _, l := range levels {
		if l == most {
			n++
		}
	}
	return n
}

// readDict reads the dictionary as the column's kind.
func (c *columnReader) readDict() error {
	h := &c.pages.head
	n := int(h.values)
	c.shared.held -= c.dictBytes
	c.dictBytes, c.dictGone = 0, false
	size := h.Bytes() + dictValueBytes*h.values
	if c.b.Col.Kind == table.Text {
		size += 2 * h.uncompressed // the texts, and the memory in which they are put together
	}
	if err := c.shared.take(size, c, fmt.Sprintf("a page of a dictionary with %d values and %s", h.values, table.Mebibytes(h.uncompressed))); err != nil {
		return err
	}
	c.dictBytes = size
	_, data, err := c.pages.data(&c.dict.buf)
	if err != nil {
		return err
	}
	d := &c.dict
	if err := decodeValues(&d.values, data, format.Plain, c.kind, c.size, n); err != nil {
		return err
	}
	c.hasDict = true
	d.states = table.Resize(d.states, n)
	clear(d.states)
	switch c.b.Col.Kind {
	case table.Number:
		d.floats = table.Resize(d.floats, n)
		c.typ.numbers(&d.values, 0, d.floats, d.states)
	case table.Time:
		d.times = table.Resize(d.times, n)
		c.typ.times(&d.values, 0, d.times, d.states)
	case table.ID:
		d.hashes = d.hashes[:0]
		for i := range n {
			text, ok := c.text(&d.values, i)
			if !ok || len(text) == 0 {
				d.states[i] = table.NumberMissing
			}
			d.hashes = append(d.hashes, table.HashID(text, c.want.Bar != nil))
		}
	default:
		c.dictTexts(n)
	}
	return nil
}

// dictTexts sets the texts of the dictionary, all in one allocation.
func (c *columnReader) dictTexts(n int) {
	d := &c.dict
	ends := make([]int, n)
	var arena []byte
	for i := range ends {
		var ok bool
		if arena, ok = c.typ.appendText(arena, &d.values, i); !ok {
			d.states[i] = table.NumberMissing
		}
		ends[i] = len(arena)
	}
	text := string(arena)
	d.texts = table.Resize(d.texts, n)
	from := 0
	for i, end := range ends {
		d.texts[i] = text[from:end]
		from = end
	}
}

// text returns value i as canonical text, which is valid until the next call.
func (c *columnReader) text(v *pageValues, i int) (text []byte, ok bool) {
	if v.isBytes() && c.typ.form == formText {
		return v.Bytes(i), true
	}
	c.scratch, ok = c.typ.appendText(c.scratch[:0], v, i)
	return c.scratch, ok
}

// fill puts the next n rows into the builder.
func (c *columnReader) fill(n int) error {
	c.b.Start()
	if c.typ.form == formNull {
		for range n {
			c.b.AddNull()
		}
		c.b.Finish()
		return nil
	}
	for left := n; left > 0; {
		if err := c.load(); err != nil {
			return err
		}
		if err := c.decode(); err != nil {
			return err
		}
		k := min(left, c.rows-c.row)
		defs, present := c.levelsOf(k)
		if c.indexed {
			if err := c.fillIndexed(defs, k, present); err != nil {
				return err
			}
		} else {
			c.fillPlain(defs, k, present)
		}
		if c.b.Col.Kind == table.Text {
			if err := c.checkTexts(); err != nil {
				return err
			}
		}
		c.row += k
		c.value += present
		left -= k
		if c.row == c.rows {
			c.release()
		}
	}
	c.b.Finish()
	return nil
}

// checkTexts bounds what the texts of a chunk take that are read with it.
func (c *columnReader) checkTexts() error {
	c.countTextBytes()
	if limit := c.shared.limit; limit > 0 && c.textBytes > limit {
		return fmt.Errorf("its texts take more than the %s that a goroutine has for them: leave it out of segments and versions, or raise --memory", table.Mebibytes(limit))
	}
	return nil
}

// levelsOf returns the definition levels of the next n rows of the page, nil when
// none is null, and how many are not.
func (c *columnReader) levelsOf(n int) (defs []byte, present int) {
	if c.defs == nil {
		return nil, n
	}
	defs = c.defs[c.row : c.row+n]
	return defs, countLevels(defs, c.maxDef)
}

// badIndex says that an index lies outside of the dictionary.
func (c *columnReader) badIndex(i int32) error {
	return fmt.Errorf("%w: a value's index %d lies outside its dictionary of %d", errCorrupt, i, len(c.dict.states))
}

func (c *columnReader) fillIndexed(defs []byte, n, present int) error {
	indexes := c.indexes[c.value : c.value+present]
	d := &c.dict
	if c.b.Col.Kind == table.Text && c.codesGen != c.b.Text.Gen {
		c.codes = table.Resize(c.codes, len(d.states))
		for i := range c.codes {
			c.codes[i] = table.NoCode
		}
		c.codesGen = c.b.Text.Gen
	}
	next := 0
	for r := range n {
		if defs != nil && defs[r] != c.maxDef {
			c.b.AddNull()
			continue
		}
		i := indexes[next]
		next++
		if uint(i) >= uint(len(d.states)) {
			return c.badIndex(i)
		}
		if d.states[i] == table.NumberBad {
			c.b.AddInvalid(d.float(i), c.shown(&d.values, int(i)))
			continue
		}
		valid := d.states[i] == table.NumberOK
		switch c.b.Col.Kind {
		case table.Number:
			c.b.Put(d.floats[i], 0, 0, valid)
		case table.Time:
			c.b.Put(0, 0, d.times[i], valid)
		case table.ID:
			if valid {
				c.b.PutID(d.hashes[i])
			} else {
				c.b.AddNull()
			}
		default:
			if !valid {
				c.b.AddNull()
				continue
			}
			if c.codes[i] == table.NoCode {
				c.codes[i] = c.b.Text.AddString(d.texts[i])
			}
			c.b.Put(0, c.codes[i], 0, true)
		}
	}
	return nil
}

// float is the number that an invalid cell shows.
func (d *columnDict) float(i int32) float64 {
	if len(d.floats) != len(d.states) {
		return 0
	}
	return d.floats[i]
}

func (c *columnReader) fillPlain(defs []byte, n, present int) {
	switch c.b.Col.Kind {
	case table.Text, table.ID:
		c.fillTexts(defs, n)
		return
	case table.Number:
		if defs == nil {
			dst := c.b.GrowNumbers(n)
			c.states = table.Resize(c.states, n)
			clear(c.states)
			if c.typ.numbers(&c.values, c.value, dst, c.states) {
				c.b.AddValid(n)
				return
			}
			c.b.ShrinkNumbers(n)
		}
		c.floats = table.Resize(c.floats, present)
		c.states = table.Resize(c.states, present)
		clear(c.states)
		c.typ.numbers(&c.values, c.value, c.floats, c.states)
	default:
		if defs == nil {
			dst := c.b.GrowTimes(n)
			c.states = table.Resize(c.states, n)
			clear(c.states)
			if c.typ.times(&c.values, c.value, dst, c.states) {
				c.b.AddValid(n)
				return
			}
			c.b.ShrinkTimes(n)
		}
		c.times = table.Resize(c.times, present)
		c.states = table.Resize(c.states, present)
		clear(c.states)
		c.typ.times(&c.values, c.value, c.times, c.states)
	}
	next := 0
	for r := range n {
		if defs != nil && defs[r] != c.maxDef {
			c.b.AddNull()
			continue
		}
		i := next
		next++
		var x float64
		var t int64
		if c.b.Col.Kind == table.Number {
			x = c.floats[i]
		} else {
			t = c.times[i]
		}
		if c.states[i] == table.NumberBad {
			c.b.AddInvalid(x, c.shown(&c.values, c.value+i))
			continue
		}
		c.b.Put(x, 0, t, c.states[i] == table.NumberOK)
	}
}

func (c *columnReader) fillTexts(defs []byte, n int) {
	next := c.value
	if defs == nil && c.b.Col.Kind == table.ID && c.kind == parquet.ByteArray && c.typ.form == formText {
		table.AddIDs(c.b, &c.values, next, n)
		return
	}
	for r := range n {
		if defs != nil && defs[r] != c.maxDef {
			c.b.AddNull()
			continue
		}
		text, ok := c.text(&c.values, next)
		next++
		switch {
		case !ok:
			c.b.AddNull()
		case c.b.Col.Kind == table.ID:
			c.b.AddID(text)
		default:
			c.b.Put(0, c.b.Text.Add(text), 0, true)
		}
	}
}

// shown is an invalid value for a message.
func (c *columnReader) shown(v *pageValues, i int) []byte {
	text, _ := c.text(v, i)
	return text
}

// skip passes over the next n rows. A page that is passed over whole is not
// decompressed.
func (c *columnReader) skip(n int) error {
	if c.typ.form == formNull {
		return nil
	}
	for n > 0 {
		if err := c.load(); err != nil {
			return err
		}
		k := min(n, c.rows-c.row)
		if k < c.rows || c.ready {
			if err := c.decode(); err != nil {
				return err
			}
			_, present := c.levelsOf(k)
			c.value += present
		}
		c.row += k
		n -= k
	}
	return nil
}
