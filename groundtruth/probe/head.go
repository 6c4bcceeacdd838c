package probe

import (
	"cmp"
	"context"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// Field is a column that someone means to use, and as what: a number, a time, an id or text.
// A field without a name is none.
type Field struct {
	Name    string
	Element groundtruth.Element // of the column's values, which are maps or lists; zero is the value itself
	As      table.As
	Hash    bool // whether Rows.Hashes is to have its values
	Texts   bool // whether Head.Texts is to have them, of a text
	// Least and Most bound a number: one beyond is bad. Both are 0 where any number may be.
	Least, Most float64
}

// Options bound what is read.
type Options struct {
	Rows        int64 // records of each object; default DefaultRows. All objects together have as many as MemoryBytes has room for
	MemoryBytes int64 // of the process; default groundtruth.DefaultMemory
}

// DefaultRows is how many records of an object are read where nothing else is said.
const DefaultRows = 100_000

const (
	// rowBytes is about what a record takes in Rows, and in what is made of them.
	rowBytes = 96
	// fewRows are read of an object however little memory there is.
	fewRows = 1000
)

// share is how many records may be read of the first of so many objects, after others had so
// many.
func (o Options) share(read int64, objects int) int64 {
	left := o.memory()/8/rowBytes - read
	return min(cmp.Or(o.Rows, DefaultRows), max(left/int64(max(objects, 1)), fewRows))
}

func (o Options) memory() int64 { return cmp.Or(o.MemoryBytes, groundtruth.DefaultMemory) }

// Object tells of an object what was read of it.
type Object struct {
	source.Object
	format.HeadInfo
	Err error // why it could not be read; then nothing else is known
}

// Column tells of a field what its values are like.
type Column struct {
	Field
	There      bool  // one of the objects has it
	Lacking    int   // objects without it
	Rows       int64 // records of the objects that have it
	Missing    int64 // records without a value
	Bad        int64 // records with a value that cannot be read as the field's
	Example    string
	BadExample string
	Distinct   int // values of a text that differ, up to MaxDistinct
	Min, Max   float64
	Whole      bool   // of numbers: all are whole
	Unzoned    string // the first time that has a time of day and no zone, and so is read as UTC
}

// MaxDistinct is up to how many values of a column are told apart, and MaxCounted of how many
// Head.Texts has the number.
const (
	MaxDistinct = 20_000
	MaxCounted  = 1001
)

// Known reports how many values can be read.
func (c *Column) Known() int64 { return c.Rows - c.Missing - c.Bad }

// Rows holds what is kept of each record.
type Rows struct {
	Object []int32        // index of its object among Head.Objects
	IDs    []xxh3.Uint128 // hash of the id, which all id fields make together; zero where there is none
	Texts  []string       // of the ids of the first MaxTexts records of each object, "" after them and of long ids; nil where no one asked
	Times  [][]int64      // by field, in Unix nanoseconds; nil of a field that is no time
	// Hashes are those of the values of the first MaxHashed records of each object, by field;
	// 0 is no value. They are nil of a field that Field.Hash does not ask for.
	Hashes [][]uint32
}

// MaxHashed is of how many records of an object the values are hashed.
const MaxHashed = 10_000

// NoTime stands in Rows.Times for none.
const NoTime = -1 << 63

// Len is the number of records.
func (r *Rows) Len() int { return len(r.Object) }

// Head is what the first records of some objects show.
type Head struct {
	Objects []Object
	Columns []format.ColumnInfo // all that there are
	Fields  []Column            // as they were asked for
	Rows    Rows
	// Texts tells by field how many records have a value, of the first MaxCounted values that
	// differ; nil of a field that Field.Texts does not ask for.
	Texts []map[string]int64
	Read  int64 // records, malformed ones included
	Bad   int64 // malformed records
	Whole bool  // all of the objects was read
}

// Look returns the columns of the objects, and those objects that can be looked at; of the
// others it gives the errors.
func (s *Source) Look(ctx context.Context, objects []source.Object, opt Options) (columns []format.ColumnInfo, good []source.Object, bad []Object) {
	look := format.ColumnOptions{MemoryBytes: opt.memory()}
	if columns, err := format.ColumnsOf(ctx, objects, s.format, look); err == nil {
		return columns, objects, nil
	}
	for _, o := range objects {
		if _, err := format.ColumnsOf(ctx, []source.Object{o}, s.format, look); err != nil {
			bad = append(bad, Object{Object: o, Err: err})
		} else {
			good = append(good, o)
		}
	}
	columns, err := format.ColumnsOf(ctx, good, s.format, look)
	if err != nil && len(bad) == 0 { // of all together and of none alone
		bad = append(bad, Object{Object: objects[0], Err: err})
	}
	return columns, good, bad
}

// Read reads the first records of the objects. What cannot be read is told in Head.Objects.
func (s *Source) Read(ctx context.Context, objects []source.Object, fields []Field, opt Options) (*Head, error) {
	columns, good, bad := s.Look(ctx, objects, opt)
	h := &Head{Columns: columns, Objects: bad, Whole: len(bad) == 0}
	r := newReader(h, fields)
	for i, o := range good {
		r.object = int32(len(h.Objects))
		limit := opt.share(int64(h.Rows.Len()), len(good)-i)
		r.begin(limit)
		info, err := format.Head(ctx, o, s.format, r.wants, limit, table.ReadOptions{Memory: max(opt.memory()/4, table.MinReaderMemory)}, r.take)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.left < 0 { // more came than was asked for, and was not taken
			info.Rows += r.left
			info.Whole = false
		}
		r.local(info.Local)
		h.Objects = append(h.Objects, Object{Object: o, HeadInfo: info, Err: err})
		h.Read += info.Rows
		h.Bad += info.Bad
		h.Whole = h.Whole && info.Whole
	}
	r.finish()
	return h, nil
}

// Span returns the first and the last of the times of a field.
func (h *Head) Span(field int) (first, last time.Time, ok bool) {
	low, high := int64(0), int64(0)
	for _, t := range h.Rows.Times[field] {
		switch {
		case t == NoTime:
		case !ok:
			low, high, ok = t, t, true
		default:
			low, high = min(low, t), max(high, t)
		}
	}
	return time.Unix(0, low).UTC(), time.Unix(0, high).UTC(), ok
}
