package parquet

import (
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// valuesPiece is how many numbers are sent at once, to stay in the nearest cache.
const valuesPiece = 2048

// lazyValues is what a columnReader knows of a lazy column while it sends the values that a
// chunk's Lazy asks for, in pieces.
type lazyValues struct {
	sel    []int32 // rows wanted of those that wait; nil is all
	off    int32   // the next row, as sel counts
	picks  []int32 // wanted values of the page, by their index, where not all are
	all    bool    // all values of the page's part are wanted
	at, to int     // values of the page that are yet to be sent, as indexes of picks or of values
	rows   int     // taken and not yet told

	byEntry countedCodes // of the file's dictionary
	byText  countedCodes // of the builder's, for texts that are in none

	out   []float64
	texts []string
	ns    []int64
}

// countedCodes counts how many of the wanted rows have each code of a dictionary.
type countedCodes struct {
	n    []int64
	some bool // whether a count is not 0
}

// grow makes room for codes below n.
func (c *countedCodes) grow(n int) []int64 {
	if len(c.n) < n {
		c.n = append(c.n, make([]int64, n-len(c.n))...)
	}
	return c.n[:n]
}

// beginValues begins to send the rows that wait, sel of them where it is not nil.
func (c *columnReader) beginValues(sel []int32) {
	l := &c.lazy
	l.sel, l.off, l.all = sel, 0, sel == nil
	l.at, l.to = 0, 0
	if sel != nil && len(sel) == c.waiting {
		l.all = true
	}
	if c.b.Col.Kind == table.Text {
		c.b.Start()
	}
}

// nextValues sets out to the next values, or reports that there are no more. They
// are valid until the next call.
func (c *columnReader) nextValues(out *groundtruth.Values) (bool, error) {
	l := &c.lazy
	*out = groundtruth.Values{Kind: groundtruth.Number, Narrow: c.b.Col.Narrow}
	if c.b.Col.Kind == table.Text {
		out.Kind, out.Narrow = groundtruth.Text, false
	}
	if c.typ.form == formNull {
		out.Rows = c.waiting
		if !l.all {
			out.Rows = len(l.sel)
		}
		more := c.waiting > 0
		c.waiting = 0
		return more, nil
	}
	for {
		if l.at < l.to {
			c.sendNumbers(out)
			return true, nil
		}
		if c.row == c.rows {
			c.release()
		}
		full := c.shared.limit > 0 && c.textBytes > c.shared.limit/8
		if c.waiting == 0 || full && l.byText.some {
			switch {
			case l.byEntry.some && c.b.Col.Kind == table.Text:
				c.sendTexts(out, &l.byEntry, c.dict.texts, c.dict.states)
			case l.byEntry.some:
				c.sendCounted(out)
			case l.byText.some:
				texts, _ := c.b.Text.Finish(c.rows)
				c.sendTexts(out, &l.byText, texts, nil)
				if full {
					c.b.Text.Drop()
				}
				c.countTextBytes()
			case l.rows > 0: // rows without a value
				out.Rows, l.rows = l.rows, 0
			default:
				return false, nil
			}
			return true, nil
		}
		if err := c.load(); err != nil {
			return false, err
		}
		n := min(c.waiting, c.rows-c.row)
		wanted := n
		if !l.all {
			wanted = c.wantedRows(n)
		}
		if wanted == 0 {
			if err := c.skip(n); err != nil {
				return false, err
			}
			c.waiting -= n
			l.off += int32(n)
			continue
		}
		if err := c.decode(); err != nil {
			return false, err
		}
		if err := c.takePage(n, wanted); err != nil {
			return false, err
		}
	}
}

// wantedRows returns how many of the next n rows are wanted.
func (c *columnReader) wantedRows(n int) int {
	l := &c.lazy
	end, _ := slices.BinarySearch(l.sel, l.off+int32(n))
	return end
}

// takePage takes the next n rows of the page, of which so many are wanted: numbers to
// be sent, or counts.
func (c *columnReader) takePage(n, wanted int) error {
	l := &c.lazy
	defs, present := c.levelsOf(n)
	whole := l.all || wanted == n
	if !whole {
		c.pick(defs, wanted)
	}
	from, to := c.value, c.value+present
	l.rows += wanted
	var err error
	switch {
	case c.b.Col.Kind == table.Text && !c.indexed:
		c.countTexts(from, to, whole)
	case c.indexed && (c.b.Col.Kind == table.Text || len(c.dict.states) <= max(valuesPiece, n/2)):
		err = c.countIndexes(from, to, whole)
	case whole:
		l.picks = nil
		l.at, l.to = from, to
	default:
		l.at, l.to = 0, len(l.picks)
	}
	if !l.all {
		l.sel = l.sel[wanted:]
	}
	l.off += int32(n)
	c.row += n
	c.value += present
	c.waiting -= n
	return err
}

// pick sets picks to the values of the wanted rows among the next ones.
func (c *columnReader) pick(defs []byte, wanted int) {
	l := &c.lazy
	l.picks = slices.Grow(c.shared.picks[:0], wanted)
	defer func() { c.shared.picks = l.picks }()
	value, row := int32(c.value), int32(0)
	for _, r := range l.sel[:wanted] {
		r -= l.off
		if defs == nil {
			l.picks = append(l.picks, value+r)
			continue
		}
		for ; row < r; row++ {
			if defs[row] == c.maxDef {
				value++
			}
		}
		if defs[r] == c.maxDef {
			l.picks = append(l.picks, value)
		}
	}
}

// countIndexes counts the values wanted by their entry of the dictionary.
func (c *columnReader) countIndexes(from, to int, whole bool) error {
	l := &c.lazy
	counts := l.byEntry.grow(len(c.dict.states))
	l.byEntry.some = true
	if whole {
		for _, i := range c.indexes[from:to] {
			if uint(i) >= uint(len(counts)) {
				return c.badIndex(i)
			}
			counts[i]++
		}
		return nil
	}
	for _, p := range l.picks {
		i := c.indexes[p]
		if uint(i) >= uint(len(counts)) {
			return c.badIndex(i)
		}
		counts[i]++
	}
	return nil
}

// countTexts counts texts that are in no dictionary of the file by codes of the builder's.
func (c *columnReader) countTexts(from, to int, whole bool) {
	l := &c.lazy
	l.byText.some = true
	count := func(i int) {
		text, ok := c.text(&c.values, i)
		if !ok {
			return
		}
		code := int(c.b.Text.Add(text))
		l.byText.grow(code + 1)[code]++
	}
	defer c.countTextBytes()
	if whole {
		for i := from; i < to; i++ {
			count(i)
		}
		return
	}
	for _, p := range l.picks {
		count(int(p))
	}
}

// sendTexts sends the texts that were counted.
func (c *columnReader) sendTexts(out *groundtruth.Values, counted *countedCodes, texts []string, states []table.NumberState) {
	l := &c.lazy
	counted.some = false
	out.Rows, l.rows = l.rows, 0
	l.texts, l.ns = l.texts[:0], l.ns[:0]
	for i, n := range counted.n {
		counted.n[i] = 0
		if n > 0 && (states == nil || states[i] == table.NumberOK) {
			l.texts, l.ns = append(l.texts, texts[i]), append(l.ns, n)
		}
	}
	out.Texts, out.Counts = l.texts, l.ns
}

// sendCounted sends the numbers that were counted.
func (c *columnReader) sendCounted(out *groundtruth.Values) {
	l, d := &c.lazy, &c.dict
	l.byEntry.some = false
	out.Rows, l.rows = l.rows, 0
	l.out, l.ns = l.out[:0], l.ns[:0]
	for i, n := range l.byEntry.n {
		l.byEntry.n[i] = 0
		switch {
		case n == 0:
		case d.states[i] == table.NumberOK:
			l.out, l.ns = append(l.out, d.floats[i]), append(l.ns, n)
		case d.states[i] == table.NumberBad:
			out.Invalid += int(n)
		}
	}
	out.Floats, out.Counts = l.out, l.ns
}

// sendNumbers sends the next numbers of the page.
func (c *columnReader) sendNumbers(out *groundtruth.Values) {
	l := &c.lazy
	out.Rows, l.rows = l.rows, 0
	n := min(l.to-l.at, valuesPiece)
	l.out = table.Resize(l.out, n)
	c.states = table.Resize(c.states, n)
	clear(c.states)
	var ok bool
	switch {
	case c.indexed:
		ok = c.gather(l.out)
	case l.picks == nil:
		ok = c.typ.numbers(&c.values, l.at, l.out, c.states)
	default:
		ok = true
		for k, p := range l.picks[l.at : l.at+n] {
			ok = c.typ.numbers(&c.values, int(p), l.out[k:k+1], c.states[k:k+1]) && ok
		}
	}
	l.at += n
	if ok {
		out.Floats = l.out
		return
	}
	kept := l.out[:0]
	for i, x := range l.out {
		switch c.states[i] {
		case table.NumberOK:
			kept = append(kept, x)
		case table.NumberBad:
			out.Invalid++
		}
	}
	out.Floats = kept
}

// gather looks up the next numbers in the dictionary and reports whether all are usable.
func (c *columnReader) gather(dst []float64) bool {
	l := &c.lazy
	ok := true
	for k := range dst {
		i := l.at + k
		if l.picks != nil {
			i = int(l.picks[i])
		}
		e := c.indexes[i]
		if uint(e) >= uint(len(c.dict.states)) {
			panic(c.badIndex(e)) // the guarded call makes it an error
		}
		dst[k], c.states[k] = c.dict.floats[e], c.dict.states[e]
		ok = ok && c.dict.states[e] == table.NumberOK
	}
	return ok
}
