package parquet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/jsontext"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// elementReader reads for a Reader the elements that wants name of one column, all that are
// read as the same, in one pass over the column. An entry is what a list or a map has of a leaf
// for each of its elements, and one without a value where it has none.
type elementReader struct {
	wants   []int        // by their index among all wants
	of      []table.Want // these
	columns []*columnReader
	order   []int // of wants, by their places
	byKey   map[string][]int

	// Of the file that is bound:
	own    []int         // wants that are read here; each of the others has a column of its own, or none
	values *columnReader // of a list or a map
	keys   *columnReader // of a map
	texts  *columnReader // in which elements are

	row      []element // what the row that is being read has for each want
	place    int       // of the last entry
	next     int       // the first of order whose place was not met
	found    [][]int   // of each code of a key: what wants it
	foundGen uint64    // of the dictionary of keys that found goes by

	cells    *jsontext.Cells  // of texts
	builders []*table.Builder // of all wants, nil where they are not of this column
	scratch  []byte
}

// element is the value of an element, for elementReader.
type element struct {
	valid, bad bool
	x          float64
	t          int64
	text       string // of a bad one what is there
}

// entryRows is how many entries are read at one time.
const entryRows = 8192

// elementReaders returns the readers of the elements that are wanted.
func elementReaders(wants []table.Want, columns []*columnReader, shared *readerMemory) []*elementReader {
	var all []*elementReader
	for i, w := range wants {
		if w.Element == (groundtruth.Element{}) {
			continue
		}
		at := slices.IndexFunc(all, func(e *elementReader) bool { return e.of[0].Name == w.Name && e.of[0].As == w.As })
		if at < 0 {
			at = len(all)
			all = append(all, &elementReader{byKey: map[string][]int{}})
		}
		e := all[at]
		k := len(e.wants)
		e.wants, e.of, e.columns = append(e.wants, i), append(e.of, w), append(e.columns, columns[i])
		e.order, e.row = append(e.order, k), append(e.row, element{})
		e.byKey[w.Element.Key] = append(e.byKey[w.Element.Key], k)
	}
	for _, e := range all {
		slices.SortStableFunc(e.order, func(a, b int) int { return cmp.Compare(e.of[a].Element.Place, e.of[b].Element.Place) })
		as := e.of[0].As
		if as == table.AsID {
			as = table.AsText
		}
		e.values = newColumnReader(table.Want{Name: e.of[0].Name, As: as}, shared)
		e.keys = newColumnReader(table.Want{Name: e.of[0].Name}, shared)
		e.texts = newColumnReader(table.Want{Name: e.of[0].Name}, shared)
		e.bindTexts(wants, shared.limit)
	}
	return all
}

// bindTexts makes what reads elements of texts.
func (e *elementReader) bindTexts(wants []table.Want, memory int64) {
	own := make([]table.Want, len(wants))
	e.builders = make([]*table.Builder, len(wants))
	for k, i := range e.wants {
		own[i], e.builders[i] = e.of[k], e.columns[k].b
	}
	e.cells = jsontext.CellsOf(own, memory)[0]
}

// bind makes the reader read the elements from a file.
func (e *elementReader) bind(url string, f *File) error {
	name := e.of[0].Name
	n, err := f.nested(name)
	if err != nil {
		return err
	}
	e.own = e.own[:0]
	e.values.leaf, e.keys.leaf, e.texts.leaf = nil, nil, nil
	for k, w := range e.of {
		if n == nil {
			if !w.Optional {
				return &table.MissingColumnError{Object: url, Column: name, Columns: f.names()}
			}
			continue
		}
		leaves, err := n.leaves(f, w)
		if err != nil {
			return err
		}
		if n.group != nil && leaves != nil {
			err = e.columns[k].bind(leaves[0])
		} else {
			e.own = append(e.own, k)
			err = e.columns[k].bind(nil)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case n == nil || n.group != nil:
		return nil
	case n.text:
		for _, c := range e.columns {
			if c.want.As == table.AsStored {
				c.b.Col.Kind = table.Text
			}
		}
		return e.texts.bind(n.values)
	}
	if err := errors.Join(e.values.bind(n.values), e.keys.bind(n.keys)); err != nil {
		return err
	}
	for _, c := range e.columns {
		c.b.Col.Narrow = e.values.b.Col.Narrow
		if c.want.As == table.AsStored {
			c.b.Col.Kind = e.values.b.Col.Kind
		}
	}
	return nil
}

// fill puts the next n rows into the columns of the wants that are read here.
func (e *elementReader) fill(n int) error {
	for _, k := range e.own {
		e.columns[k].b.Start()
	}
	var err error
	switch {
	case e.values.leaf != nil && e.values.typ.form != formNull:
		err = e.fillEntries(n)
	case e.texts.leaf != nil && e.texts.typ.form != formNull:
		err = e.fillTexts(n)
	default:
		for range n {
			e.endRow() // without a value
		}
	}
	for _, k := range e.own {
		e.columns[k].b.Finish()
	}
	return err
}

// fillTexts is fill for columns of texts.
func (e *elementReader) fillTexts(n int) error {
	c := e.texts
	for n > 0 {
		if err := c.load(); err != nil {
			return err
		}
		if err := c.decode(); err != nil {
			return err
		}
		k := min(n, c.rows-c.row, entryRows)
		if err := c.takeAlone(k); err != nil {
			return err
		}
		for i := range k {
			if !c.b.Col.Valid[i] {
				e.cells.AddNull(e.builders)
				continue
			}
			e.scratch = append(e.scratch[:0], c.b.Col.Dict[c.b.Col.Codes[i]]...)
			if err := e.cells.AddText(e.scratch, e.builders); err != nil {
				return err
			}
		}
		if err := e.checkTexts(); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// takeAlone is take for entries that are one chunk by themselves.
func (c *columnReader) takeAlone(n int) error {
	c.b.Start()
	if err := c.take(n); err != nil {
		return err
	}
	c.b.Finish()
	return nil
}

// fillEntries is fill for lists and maps. A row ends where the next begins, perhaps on another
// page, or with the column.
func (e *elementReader) fillEntries(n int) error {
	begun := false
	for {
		k, err := e.entries()
		if err != nil {
			return err
		}
		if k == 0 {
			break
		}
		starts := e.values.startsOf(k)
		if !begun && starts[0] != 0 {
			return fmt.Errorf("%w: a row begins within another", errCorrupt)
		}
		if k = rowsBegun(starts, k, &n); k == 0 {
			break
		}
		if err := e.takeEntries(k); err != nil {
			return err
		}
		for i := range k {
			if starts[i] == 0 {
				if begun {
					e.endRow()
				}
				begun = true
			}
			e.entry(i)
		}
		if err := e.checkTexts(); err != nil {
			return err
		}
	}
	if begun {
		e.endRow()
	}
	if n > 0 {
		return errFewValues
	}
	return nil
}

// entries returns how many entries can be read at one time; 0 is the column's end.
func (e *elementReader) entries() (int, error) {
	n := entryRows
	for _, c := range []*columnReader{e.values, e.keys} {
		if c.leaf == nil {
			continue
		}
		more, err := c.more()
		if err != nil || !more {
			return 0, err
		}
		if err := c.decode(); err != nil {
			return 0, err
		}
		n = min(n, c.rows-c.row)
	}
	return n, nil
}

// startsOf returns the repetition levels of the next n entries of the page, which are 0 where a
// row begins.
func (c *columnReader) startsOf(n int) []byte { return c.reps[c.row : c.row+n] }

// rowsBegun returns how many of k entries belong to the row that is begun and to the next n
// rows, of which it takes those off that begin there.
func rowsBegun(starts []byte, k int, n *int) int {
	for i, s := range starts {
		if s != 0 {
			continue
		}
		if *n == 0 {
			return i
		}
		*n--
	}
	return k
}

// takeEntries reads the next k entries. Those of a map have keys of the same rows.
func (e *elementReader) takeEntries(k int) error {
	starts := e.values.startsOf(k)
	if e.keys.leaf != nil {
		if !bytes.Equal(starts, e.keys.startsOf(k)) {
			return fmt.Errorf("%w: it has keys for other rows than values", errCorrupt)
		}
		if err := e.keys.takeAlone(k); err != nil {
			return err
		}
	}
	return e.values.takeAlone(k)
}

// entry takes entry i of those that were read for those who want it.
func (e *elementReader) entry(i int) {
	if e.keys.leaf == nil {
		e.place++
		for ; e.next < len(e.order) && e.of[e.order[e.next]].Element.Place == e.place; e.next++ {
			e.row[e.order[e.next]] = e.element(i)
		}
		return
	}
	keys := &e.keys.b.Col
	if !keys.Valid[i] { // a map without keys
		return
	}
	for _, k := range e.wantOf(keys, keys.Codes[i]) {
		e.row[k] = e.element(i) // of equal keys the last one's counts
	}
}

// wantOf returns which wants are of a key, by its code.
func (e *elementReader) wantOf(keys *table.Column, code uint32) []int {
	if e.foundGen != keys.DictGen {
		e.found, e.foundGen = e.found[:0], keys.DictGen
	}
	for c := len(e.found); c < len(keys.Dict); c++ {
		e.found = append(e.found, e.byKey[keys.Dict[c]])
	}
	return e.found[code]
}

// element returns the value of entry i of those that were read.
func (e *elementReader) element(i int) element {
	col := &e.values.b.Col
	v := element{valid: col.Valid[i]}
	if !v.valid {
		v.text, v.bad = col.InvalidText(i)
	}
	switch col.Kind {
	case table.Number:
		v.x = col.Floats[i]
	case table.Time:
		v.t = col.Times[i]
	default:
		if v.valid {
			v.text = col.Dict[col.Codes[i]]
		}
	}
	return v
}

// endRow adds a cell for the row to the column of each want.
func (e *elementReader) endRow() {
	for _, k := range e.own {
		v, b := &e.row[k], e.columns[k].b
		if most := e.of[k].Element.Of; most > 0 && e.place > most {
			*v = element{bad: true, text: fmt.Sprintf("a list of %d elements", e.place)}
		}
		switch {
		case v.bad:
			b.AddInvalid(v.x, []byte(v.text))
		case v.valid && b.Col.Kind == table.ID:
			b.AddID([]byte(v.text))
		case v.valid && b.Col.Kind == table.Text:
			b.Put(0, b.Text.AddString(v.text), 0, true)
		default:
			b.Put(v.x, 0, v.t, v.valid)
		}
		*v = element{}
	}
	e.place, e.next = 0, 0
}

// checkTexts bounds what the texts of a chunk take, as columnReader.checkTexts does.
func (e *elementReader) checkTexts() error {
	for _, k := range e.own {
		if c := e.columns[k]; c.b.Col.Kind == table.Text {
			if err := c.checkTexts(); err != nil {
				return err
			}
		}
	}
	return nil
}
