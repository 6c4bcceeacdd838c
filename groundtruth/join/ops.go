package join

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// opKind says what an operation of the labels does.
type opKind uint8

const (
	opUnread opKind = iota // not looked up yet
	opSet
	opDelete
	opOther // sets the label, though it says neither that nor that it deletes
)

// opKindOf tells operations apart: d or delete, as change-data capture writes them, in any
// case, take the label back. Every other operation sets it; the words that feeds of changes
// have for that, and no word, are no surprise.
func opKindOf(op string) opKind {
	switch strings.ToLower(op) {
	case "d", "delete":
		return opDelete
	case "", "c", "create", "i", "insert", "r", "read", "u", "update", "upsert", "update_postimage":
		return opSet
	}
	return opOther
}

// maxOtherOps is how many operations that nobody knows are told apart.
const maxOtherOps = 64

// opReader reads the operations of a labelWorker, and counts the unknown ones for a note.
type opReader struct {
	gen   uint64 // of the dictionary that kinds are of
	kinds []opKind
	total int64            // records of unknown operations
	other map[string]int64 // of the least texts among them, at most maxOtherOps
	more  bool             // there are others
}

// reset forgets what is known of an object's dictionary.
func (r *opReader) reset() { r.gen, r.kinds = 0, r.kinds[:0] }

// isDelete reports whether the operation of row i takes the label back.
func (r *opReader) isDelete(c *table.Column, i int) bool {
	if c.Kind != table.Text || !c.Valid[i] {
		return false
	}
	if r.gen != c.DictGen {
		r.gen, r.kinds = c.DictGen, r.kinds[:0]
	}
	for len(r.kinds) < len(c.Dict) {
		r.kinds = append(r.kinds, opUnread)
	}
	code := c.Codes[i]
	if r.kinds[code] == opUnread {
		r.kinds[code] = opKindOf(c.Dict[code])
	}
	if r.kinds[code] == opOther {
		r.count(c.Dict[code], 1)
	}
	return r.kinds[code] == opDelete
}

// count counts records of an unknown operation. Of many the least are kept, whoever met them
// in which order, so that the same records give the same note.
func (r *opReader) count(op string, n int64) {
	r.total += n
	if _, known := r.other[op]; !known {
		if r.other == nil {
			r.other = map[string]int64{}
		}
		op = strings.Clone(op)
	}
	r.other[op] += n
	if len(r.other) > maxOtherOps {
		delete(r.other, slices.Max(slices.Collect(maps.Keys(r.other))))
		r.more = true
	}
}

// merge adds what another goroutine counted.
func (r *opReader) merge(o *opReader) {
	total := r.total + o.total
	for op, n := range o.other {
		r.count(op, n)
	}
	r.total, r.more = total, r.more || o.more
}

// note says which unknown operations there are in a column, and what was made of them; empty
// is none.
func (r *opReader) note(column string) string {
	if r.total == 0 {
		return ""
	}
	ops := slices.SortedFunc(maps.Keys(r.other), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.other[b], r.other[a]), cmp.Compare(a, b))
	})
	const shown = 3
	var examples []string
	for _, op := range ops[:min(len(ops), shown)] {
		examples = append(examples, fmt.Sprintf("%s in %d", table.Quote(op), r.other[op]))
	}
	if len(ops) > shown || r.more {
		examples = append(examples, "and others")
	}
	return fmt.Sprintf("column %s of labels says neither insert, update nor delete in %d records (%s): they set the label; where such a word takes a label back, or tells the old value only, write delete there or leave the records out",
		table.Quote(column), r.total, strings.Join(examples, ", "))
}
