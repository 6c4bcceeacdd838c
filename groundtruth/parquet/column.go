package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// columnReader reads one wanted column for a Reader, page by page. It is bound to one file
// after the other and keeps its memory.
type columnReader struct {
	want   table.Want
	leaf   *leaf // nil when the file has no such column
	typ    leafType
	kind   parquet.Kind
	size   int // of fixed-length byte arrays
	maxDef byte
	maxRep byte // 0 where a row has one value; else a page's rows are entries of lists, of which a row has several
	b      *table.Builder

	shared *readerMemory
	pages  pageReader
	window windowSource // of objects far away
	source columnSource
	buf    []byte // the page, decompressed; nil when there is none
	levels levelDecoder
	starts levelDecoder // of repetition levels

	// The page that rows are taken from.
	ready   bool   // it is decoded, not only its header read
	rows    int    // how many it has
	row     int    // the one to take next
	value   int    // the value to take next: nulls have none
	defs    []byte // definition levels; nil when no value is null
	reps    []byte // repetition levels, where maxRep is not 0; a row begins where they are 0
	values  pageValues
	indexed bool
	indexes []int32 // into the dictionary; values is then unused

	hasDict bool
	dict    columnDict
	// codes are those of the builder's dictionary for the entries of dict, as long as
	// that dictionary has the number codesGen.
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

// newColumnReader makes the reader of a wanted column, which is then bound to a file.
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
	c.maxDef, c.maxRep = byte(leaf.MaxDefinitionLevel()), byte(leaf.MaxRepetitionLevel())
	if c.want.As == table.AsStored {
		c.b.Col.Kind = typ.kind()
	}
	return nil
}

// open begins a column chunk, of which read counts the bytes that are read.
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
	more, err := c.more()
	if err == nil && !more {
		return errFewValues
	}
	return err
}

// errFewValues says that a column ends before the row group does.
var errFewValues = fmt.Errorf("%w: it has fewer values than the row group has rows", errCorrupt)

// more is load where the column may end, which it reports by false.
func (c *columnReader) more() (bool, error) {
	for c.row == c.rows {
		h, err := c.pages.header()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		switch h.kind {
		case format.DictionaryPage:
			if c.hasDict {
				return false, fmt.Errorf("%w: it has two dictionaries", errCorrupt)
			}
			c.dictHead, c.dictBody = *h, c.pages.body
			if err := c.readDict(); err != nil {
				return false, err
			}
		case format.DataPage, format.DataPageV2:
			c.ready, c.rows, c.row, c.value = false, int(h.values), 0, 0
		}
	}
	return true, nil
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
	size := h.bytes()
	if c.maxRep > 0 {
		size += h.values // a level more
	}
	if err := c.shared.take(size, c, fmt.Sprintf("a page of %d values and %s", h.values, table.Mebibytes(h.uncompressed))); err != nil {
		return err
	}
	c.pageBytes = size
	if c.want.Lazy {
		c.setScratch(c.shared.spare)
		c.shared.spare = pageScratch{}
	}
	c.buf = c.shared.page(h.uncompressed)
	levels, data, err := c.pages.data(&c.buf)
	if err != nil {
		return err
	}
	var starts []byte
	if h.kind == format.DataPageV2 {
		starts, levels = levels[:h.repBytes], levels[h.repBytes:]
	} else {
		if c.maxRep > 0 {
			if starts, data, err = cutLevels(data, h.starts); err != nil {
				return err
			}
		}
		if c.maxDef > 0 {
			if levels, data, err = cutLevels(data, h.levels); err != nil {
				return err
			}
		}
	}
	c.reps = nil
	if c.maxRep > 0 {
		if c.reps, err = c.starts.decode(starts, c.rows, c.maxRep); err != nil {
			return err
		}
		if c.reps == nil {
			c.reps = slices.Repeat([]byte{c.maxRep}, c.rows)
		}
	}
	c.defs = nil
	present := c.rows
	// How many of a list's values are null, writers count in different ways.
	if c.maxDef > 0 && (h.kind == format.DataPage || h.nulls > 0 || c.maxRep > 0) {
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

// cutLevels cuts levels of an encoding from the beginning of a page of version 1, where they
// stand behind their length.
func cutLevels(data []byte, encoding format.Encoding) (levels, rest []byte, err error) {
	if encoding == format.BitPacked {
		return nil, nil, errors.New("its levels are in the deprecated encoding BIT_PACKED, which is not supported: write the file anew")
	}
	if len(data) < 4 || int64(len(data))-4 < int64(binary.LittleEndian.Uint32(data)) {
		return nil, nil, fmt.Errorf("%w: a page's levels are cut", errCorrupt)
	}
	n := int(binary.LittleEndian.Uint32(data))
	return data[4 : 4+n], data[4+n:], nil
}

// countLevels returns how many levels are the greatest, most: those of values that are there.
func countLevels(levels []byte, most byte) int {
	n := 0
	for _, l := range levels {
		if l == most {
			n++
		}
	}
	return n
}

// text returns value i as canonical text, which is valid until the next call.
func (c *columnReader) text(v *pageValues, i int) (text []byte, ok bool) {
	if v.isBytes() && c.typ.form == formText {
		return v.bytes(i), true
	}
	c.scratch, ok = c.typ.appendText(c.scratch[:0], v, i)
	return c.scratch, ok
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
