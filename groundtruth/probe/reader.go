package probe

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

const (
	// MaxTexts is how many texts of ids are kept of an object.
	MaxTexts = 1000
	// maxText is how many bytes an id may have of which the text is kept.
	maxText = 512
)

// reader takes the chunks of objects, for Source.Read.
type reader struct {
	head   *Head
	wants  []table.Want
	values []int // of each field: the want of its values; -1 is none
	texts  []int // of each field: the want of its texts; -1 is none
	ids    []int // the wants of the ids, of which several make one
	idText []int // the wants of their texts
	joined table.JoinedIDs
	seen   []map[xxh3.Uint128]bool // hashes of texts, by field
	object int32
	kept   int   // texts of ids of this object
	hashed int   // records of this object whose values are hashed
	begun  bool  // a chunk of this object was taken
	left   int64 // records of this object to take; below zero are those that came and were not
}

// newReader makes the reader of some fields.
func newReader(h *Head, fields []Field) *reader {
	r := &reader{head: h}
	index := map[table.Want]int{}
	add := func(f Field, as table.As) int {
		w := table.Want{Name: f.Name, Element: f.Element, As: as, Optional: true}
		i, ok := index[w]
		if !ok {
			i = len(r.wants)
			index[w] = i
			r.wants = append(r.wants, w)
		}
		return i
	}
	h.Rows.Times, h.Rows.Hashes = make([][]int64, len(fields)), make([][]uint32, len(fields))
	for i, f := range fields {
		h.Fields, h.Texts = append(h.Fields, Column{Field: f}), append(h.Texts, nil)
		if f.Texts {
			h.Texts[i] = map[string]int64{}
		}
		r.seen = append(r.seen, map[xxh3.Uint128]bool{})
		if f.Name == "" {
			r.values, r.texts = append(r.values, -1), append(r.texts, -1)
			continue
		}
		r.values = append(r.values, add(f, f.As))
		text := -1
		switch f.As {
		case table.AsID:
			text = add(f, table.AsText)
			r.ids, r.idText = append(r.ids, r.values[i]), append(r.idText, text)
		case table.AsTime:
			text = add(f, table.AsText)
			h.Rows.Times[i] = []int64{}
		case table.AsText:
			text = r.values[i]
		}
		r.texts = append(r.texts, text)
	}
	return r
}

// begin begins an object, of which so many records are to be taken.
func (r *reader) begin(limit int64) {
	r.kept, r.hashed, r.begun, r.left = 0, 0, false, limit
}

// take handles a chunk.
func (r *reader) take(c *table.Chunk) error {
	rows := &r.head.Rows
	n := int(min(int64(c.Len), max(r.left, 0)))
	r.left -= int64(c.Len)
	ids := r.joined.Column(c, r.ids, nil)
	for i := range n {
		var id xxh3.Uint128
		text := ""
		if ids.Kind == table.ID && ids.Valid[i] {
			id = ids.Hashes[i]
			if r.kept < MaxTexts {
				r.kept++
				text = r.text(c, i)
			}
		}
		rows.Object, rows.IDs, rows.Texts = append(rows.Object, r.object), append(rows.IDs, id), append(rows.Texts, text)
	}
	for f := range r.head.Fields {
		if r.values[f] >= 0 {
			r.field(c, f, n)
			if r.head.Fields[f].Hash {
				r.hash(c, f, min(n, MaxHashed-r.hashed))
			}
		}
	}
	r.hashed += min(n, MaxHashed-r.hashed)
	r.begun = true
	return nil
}

// text returns the id of record i as text, its parts separated by commas; "" of one that is
// too long to be kept.
func (r *reader) text(c *table.Chunk, i int) string {
	parts := make([]string, len(r.idText))
	for k, want := range r.idText {
		if len(c.Cols[want].Text(i)) > maxText {
			return ""
		}
		parts[k] = strings.Clone(c.Cols[want].Text(i))
	}
	return strings.Join(parts, ", ")
}

// field counts the values of a field in the first n records of a chunk.
func (r *reader) field(c *table.Chunk, f, n int) {
	out, col := &r.head.Fields[f], &c.Cols[r.values[f]]
	var texts *table.Column
	if r.texts[f] >= 0 {
		texts = &c.Cols[r.texts[f]]
	}
	isTime := out.As == table.AsTime
	if col.Kind == table.Absent {
		if !r.begun {
			out.Lacking++
		}
		for range n {
			if isTime {
				r.head.Rows.Times[f] = append(r.head.Rows.Times[f], NoTime)
			}
		}
		return
	}
	out.Rows += int64(n)
	for i := range n {
		at := int64(NoTime)
		switch {
		case col.Valid[i] && (out.As != table.AsText || col.Text(i) != ""):
			text := ""
			if texts != nil {
				text = texts.Text(i)
			}
			if isTime {
				at = col.Times[i]
				if out.Unzoned == "" && table.Unzoned(text) {
					out.Unzoned = strings.Clone(text)
				}
			}
			r.value(f, col, i, text)
		default:
			text, bad := col.InvalidText(i)
			if out.As == table.AsNumber {
				text, bad = col.BadNumber(i)
			}
			if bad {
				out.addBad(text)
			} else {
				out.Missing++
			}
		}
		if isTime {
			r.head.Rows.Times[f] = append(r.head.Rows.Times[f], at)
		}
	}
}

// value counts a value that can be read.
func (r *reader) value(f int, col *table.Column, i int, text string) {
	out := &r.head.Fields[f]
	if out.As == table.AsNumber {
		x := col.Floats[i]
		if (out.Least != 0 || out.Most != 0) && !(x >= out.Least && x <= out.Most) {
			out.addBad(string(table.AppendFloatText(nil, x, 64)))
			return
		}
		if out.Example == "" {
			out.Example = string(table.AppendFloatText(nil, x, 64))
			out.Min, out.Max, out.Whole = x, x, true
		}
		out.Whole = out.Whole && x == math.Trunc(x)
		out.Min, out.Max = min(out.Min, x), max(out.Max, x)
		return
	}
	if out.Example == "" {
		out.Example = strings.Clone(text)
	}
	if out.As == table.AsText && len(r.seen[f]) < MaxDistinct {
		r.seen[f][xxh3.HashString128(text)] = true
	}
	if counts := r.head.Texts[f]; counts != nil {
		if _, known := counts[text]; known {
			counts[text]++
		} else if len(counts) < MaxCounted {
			counts[strings.Clone(text)] = 1
		}
	}
}

// addBad counts a value that cannot be read as the field's.
func (c *Column) addBad(text string) {
	c.Bad++
	if c.BadExample == "" {
		c.BadExample = strings.Clone(text)
	}
}

// hash hashes the values of a field in the first n records of a chunk.
func (r *reader) hash(c *table.Chunk, f, n int) {
	col, hashes := &c.Cols[r.values[f]], r.head.Rows.Hashes[f]
	var bits [8]byte
	for i := range n {
		h := uint32(0)
		switch {
		case col.Kind == table.Number && col.Valid[i]:
			binary.LittleEndian.PutUint64(bits[:], math.Float64bits(col.Floats[i]))
			h = uint32(xxh3.Hash(bits[:])) | 1
		case col.Kind == table.Text && col.Valid[i] && col.Text(i) != "":
			h = uint32(xxh3.HashString(col.Text(i))) | 1
		}
		hashes = append(hashes, h)
	}
	r.head.Rows.Hashes[f] = hashes
}

// local takes note of times whose type says that they are of no known zone.
func (r *reader) local(names []string) {
	for f := range r.head.Fields {
		c := &r.head.Fields[f]
		if c.As == table.AsTime && c.Unzoned == "" && slices.Contains(names, c.Name) {
			c.Unzoned = strings.TrimSuffix(c.Example, "Z") // which a canonical text has
		}
	}
}

// finish completes the head.
func (r *reader) finish() {
	h := r.head
	isColumn, isObject := map[string]bool{}, map[string]bool{}
	for _, c := range h.Columns {
		isColumn[c.Name] = true
		for at, r := range c.Name {
			if r == '.' {
				isObject[c.Name[:at]] = true
			}
		}
	}
	for f := range h.Fields {
		c := &h.Fields[f]
		c.Distinct = len(r.seen[f])
		// JSON Lines have no header: a column that is in no record is one of missing values.
		c.There = c.Rows > 0 && (isColumn[c.Name] || c.Element != (groundtruth.Element{}) && isObject[c.Name] || c.Known()+c.Bad > 0)
		if !c.There && r.values[f] >= 0 {
			c.Lacking = len(h.Objects)
			c.Rows, c.Missing = 0, 0
		}
	}
}
