package join

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// What texts that get codes are used as, and what to do where they are too many.
const (
	usedAsGroups  = "versions or segments"
	fewerGroups   = "leave it out of segments"
	usedAsClasses = "classes"
	fewerClasses  = "map the column that holds the class, or set task: regression where it is a number"
)

// dictionary gives the texts of a column codes that hold for the whole join. Its
// texts stay in memory: they count against the limit, and may take half of it.
type dictionary struct {
	column string
	use    string // what its texts are used as
	remedy string // what to do where they are too many
	mem    *memory
	total  *atomic.Int64 // bytes of all dictionaries of the join

	mu    sync.RWMutex
	codes map[string]uint32
	texts []string
}

// newDictionary returns an empty dictionary for a column of versions or of a segment.
func newDictionary(column string, mem *memory, total *atomic.Int64) *dictionary {
	return &dictionary{column: column, use: usedAsGroups, remedy: fewerGroups, mem: mem, total: total, codes: map[string]uint32{}}
}

// newClassDictionary returns an empty dictionary for classes, which are met in a column for one.
func newClassDictionary(column string, mem *memory, total *atomic.Int64) *dictionary {
	d := newDictionary(column, mem, total)
	d.use, d.remedy = usedAsClasses, fewerClasses
	return d
}

// soFar returns the texts by code, as far as there are any. They stay as they are.
func (d *dictionary) soFar() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.texts[:len(d.texts):len(d.texts)]
}

// code returns the code of a text.
func (d *dictionary) code(text string) (uint32, error) {
	d.mu.RLock()
	c, ok := d.codes[text]
	d.mu.RUnlock()
	if ok {
		return c, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.codes[text]; ok {
		return c, nil
	}
	n := int64(len(text) + dictEntryBytes)
	if len(d.texts) == maxCode-1 {
		return 0, fmt.Errorf("column %s has more than %d distinct values, too many for %s: %s", table.Quote(d.column), len(d.texts), d.use, d.remedy)
	}
	if d.total.Add(n) > max(d.mem.limit/2, minMemory) {
		return 0, fmt.Errorf("column %s has more than %d distinct values, too many to hold as %s in half of %d bytes: %s or raise --memory",
			table.Quote(d.column), len(d.texts), d.use, d.mem.limit, d.remedy)
	}
	d.mem.add(n)
	text = strings.Clone(text)
	c = uint32(len(d.texts))
	d.texts = append(d.texts, text)
	d.codes[text] = c
	return c, nil
}

// sorted returns the texts in order and the rank of each code among them, so that
// what is sent on does not depend on which worker met a text first.
func (d *dictionary) sorted() (texts []string, rank []uint32) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	texts = slices.Clone(d.texts)
	slices.Sort(texts)
	rank = make([]uint32, len(texts))
	for i, t := range texts {
		rank[d.codes[t]] = uint32(i)
	}
	return texts, rank
}

// translator turns the codes of a chunk's text column into those of a dictionary
// plus one, 0 for a missing or empty text. Each goroutine has its own.
type translator struct {
	dict  *dictionary
	gen   uint64
	codes []uint32
}

// reset forgets the dictionary of the object before.
func (t *translator) reset() { t.gen, t.codes = 0, t.codes[:0] }

// code translates row i of a column.
func (t *translator) code(c *table.Column, i int) (uint32, error) {
	if c.Kind != table.Text || !c.Valid[i] {
		return 0, nil
	}
	if t.gen != c.DictGen {
		t.gen, t.codes = c.DictGen, t.codes[:0]
	}
	for len(t.codes) < len(c.Dict) {
		t.codes = append(t.codes, table.NoCode)
	}
	local := c.Codes[i]
	if t.codes[local] != table.NoCode {
		return t.codes[local], nil
	}
	var code uint32
	if text := c.Dict[local]; text != "" {
		global, err := t.dict.code(text)
		if err != nil {
			return 0, err
		}
		code = global + 1
	}
	t.codes[local] = code
	return code, nil
}

// all translates every row of a column.
func (t *translator) all(c *table.Column, codes []uint32) error {
	if c.Kind != table.Text {
		clear(codes)
		return nil
	}
	if t.gen != c.DictGen {
		t.gen, t.codes = c.DictGen, t.codes[:0]
	}
	for i := range codes {
		if c.Valid[i] {
			if local := int(c.Codes[i]); local < len(t.codes) && t.codes[local] != table.NoCode {
				codes[i] = t.codes[local]
				continue
			}
		}
		code, err := t.code(c, i)
		if err != nil {
			return err
		}
		codes[i] = code
	}
	return nil
}
