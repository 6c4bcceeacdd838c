package parquet

import (
	"fmt"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// dictValueBytes is about what is made of each value of a dictionary: its text or hash,
// its state, its code and its count.
const dictValueBytes = 40

// columnDict holds the dictionary of a column chunk with its values converted once, so that a
// columnReader looks up what a page's indexes point to.
type columnDict struct {
	buf    []byte // the page, decompressed
	values pageValues
	floats []float64
	times  []int64
	texts  []string
	hashes []table.IDHashes
	states []table.NumberState
}

// readDict reads the dictionary as the column's kind.
func (c *columnReader) readDict() error {
	h := &c.pages.head
	n := int(h.values)
	c.shared.held -= c.dictBytes
	c.dictBytes, c.dictGone = 0, false
	size := h.bytes() + dictValueBytes*h.values
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

// float returns the number that the cell of a bad entry has; only columns of numbers have one.
func (d *columnDict) float(i int32) float64 {
	if len(d.floats) != len(d.states) {
		return 0
	}
	return d.floats[i]
}
