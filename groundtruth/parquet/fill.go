package parquet

import (
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// fill puts the next n rows into the builder, for a column that is read with the chunk.
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
		if err := c.take(k); err != nil {
			return err
		}
		left -= k
	}
	c.b.Finish()
	return nil
}

// take puts the next n rows of the page, which has as many and is decoded, into the builder.
func (c *columnReader) take(n int) error {
	defs, present := c.levelsOf(n)
	if c.indexed {
		if err := c.fillIndexed(defs, n, present); err != nil {
			return err
		}
	} else {
		c.fillPlain(defs, n, present)
	}
	if c.b.Col.Kind == table.Text {
		if err := c.checkTexts(); err != nil {
			return err
		}
	}
	c.row += n
	c.value += present
	if c.row == c.rows {
		c.release()
	}
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

// fillIndexed puts the next n rows of a page of indexes into the builder, by what the
// dictionary's entries were converted to.
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

// fillPlain puts the next n rows of a page without indexes into the builder, of which as many
// as present have a value.
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

// fillTexts is fillPlain for columns of texts and ids.
func (c *columnReader) fillTexts(defs []byte, n int) {
	next := c.value
	if defs == nil && c.b.Col.Kind == table.ID && c.kind == parquet.ByteArray && c.typ.form == formText {
		c.b.AddIDs(c.values.raw, c.values.offsets[next:next+n+1], c.values.prefix)
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

// shown returns the text of an invalid value for a message.
func (c *columnReader) shown(v *pageValues, i int) []byte {
	text, _ := c.text(v, i)
	return text
}
