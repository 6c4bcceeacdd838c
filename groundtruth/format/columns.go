package format

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// ColumnInfo tells of a column of a source which kind its values have.
type ColumnInfo struct {
	Name string
	Kind groundtruth.Kind // Number, Text or Time
	// Nested says why a column that ColumnOptions.Only names has no values: it is a list, or
	// an object with columns in it. It is empty where there are values.
	Nested string
}

const (
	// columnObjects and columnRows bound how many objects Columns looks at, and how many
	// records of a stream.
	columnObjects = 3
	columnRows    = 1000
)

// ColumnOptions bound what Columns looks at.
type ColumnOptions struct {
	Only        []string // names to look for; empty is all
	MemoryBytes int64    // of the whole process; default 512 MiB
	ColumnBytes int64    // about what a column takes where it is counted; default 2.5 KiB

	formats []fileFormat // of tests; nil is all that there are
}

// Columns returns the columns of src, in the order in which they appear in its first
// objects of [from, to) (a zero bound is open): those of the Parquet schema, or what
// the header and the first 1000 records of a text format show. Nested values are
// columns by dotted path; lists are left out, but those that opt.Only names. Kinds are those of the files: in CSV,
// where all is text, a column is of numbers or of dates when all its values read as
// such, and whole numbers with leading zeros (postal codes) are text. Columns whose
// kind differs from object to object, or that have no value there, are Text. No
// object is no column and no error.
func Columns(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, from, to time.Time, opt ColumnOptions) (infos []ColumnInfo, err error) {
	set, err := source.Discover(ctx, stores, src, from, to)
	if err != nil {
		return nil, err
	}
	return ColumnsOf(ctx, set.Objects, src.Format, opt)
}

// ColumnsOf returns the columns of the first of some objects, as Columns does.
func ColumnsOf(ctx context.Context, objects []source.Object, format string, opt ColumnOptions) (infos []ColumnInfo, err error) {
	found := newColumnKinds(opt)
	looked := 0
	for _, obj := range objects {
		if looked == columnObjects {
			break
		}
		if err := found.lookAt(ctx, obj, format); err != nil {
			return nil, fmt.Errorf("read object %s: %w", obj.URL, err)
		}
		if obj.Size > 0 {
			looked++
		}
	}
	for i, name := range found.names {
		infos = append(infos, ColumnInfo{Name: name, Kind: found.kinds[i].kind(), Nested: found.kinds[i].nested()})
	}
	return infos, nil
}

// columnKinds gathers for Columns which kinds of values the columns have, object by object.
type columnKinds struct {
	names []string    // in the order in which they were met
	kinds []seenKinds // of each name
	index map[string]int

	formats []fileFormat

	only    []string  // names to look for, sorted; nil is all
	ignored seenKinds // of other columns
	memory  int64     // of the process
	each    int64     // what a column takes where it is counted
	held    int64     // what all of them take
}

// newColumnKinds makes a columnKinds that has met no column.
func newColumnKinds(opt ColumnOptions) *columnKinds {
	k := &columnKinds{formats: orAll(opt.formats), index: make(map[string]int), memory: cmp.Or(opt.MemoryBytes, groundtruth.DefaultMemory), each: cmp.Or(opt.ColumnBytes, columnBytes)}
	k.only = slices.Sorted(slices.Values(opt.Only))
	return k
}

// columnBytes is about what a column takes where its values are counted, on all
// goroutines together.
const columnBytes = 5 << 9

// check tells whether there are more columns than memory has room for.
func (k *columnKinds) check() error {
	if k.held <= max(k.memory/2, table.MinReaderMemory) {
		return nil
	}
	return fmt.Errorf("it has too many columns: %d and more, which take %s, half of --memory: name those that matter in predictions.features, or raise --memory",
		len(k.names), table.Mebibytes(k.held))
}

// seenKinds tells which kinds of values a column has.
type seenKinds struct {
	number, text, time bool
	list               bool     // some are lists
	inside             []string // the first columns in those that are objects
}

// nested says what a column is that has no values but lists and objects.
func (s seenKinds) nested() string {
	switch {
	case s.number || s.text || s.time:
		return ""
	case len(s.inside) > 0:
		return "it is an object: name a column in it: " + table.QuoteNames(s.inside)
	case s.list:
		return "it is a list, which has no one value a row: log its parts as columns of their own"
	}
	return ""
}

// kind returns the kind that holds all the values: Text where they are of several, or none.
func (s seenKinds) kind() groundtruth.Kind {
	switch {
	case s.number && !s.text && !s.time:
		return groundtruth.Number
	case s.time && !s.text && !s.number:
		return groundtruth.Time
	}
	return groundtruth.Text
}

// at returns what was seen of a column, which it adds where it is new.
func (k *columnKinds) at(name string) *seenKinds {
	i, ok := k.index[name]
	if !ok && !k.wants(name) {
		return &k.ignored
	}
	if !ok {
		k.held += k.each + int64(len(name))
		i = len(k.names)
		k.index[name] = i
		k.names = append(k.names, name)
		k.kinds = append(k.kinds, seenKinds{})
	}
	return &k.kinds[i]
}

// wants reports whether a column is looked for.
func (k *columnKinds) wants(name string) bool {
	_, found := slices.BinarySearch(k.only, name)
	return found || len(k.only) == 0
}

// shownInside is how many columns of an object are named.
const shownInside = 5

// met takes note of a list, or of a column inside of an object, for the columns that are looked
// for by their names: who names a list or an object is told what it is.
func (k *columnKinds) met(name string, list bool) {
	for _, wanted := range k.only {
		inside := strings.HasPrefix(name, wanted+".")
		switch {
		case list && (inside || name == wanted):
			k.at(wanted).list = true
		case inside:
			if s := k.at(wanted); len(s.inside) < shownInside && !slices.Contains(s.inside, name) {
				s.inside = append(s.inside, name)
			}
		}
	}
}

// lookAt looks at an object of a format, or of the one that its name tells.
func (k *columnKinds) lookAt(ctx context.Context, obj source.Object, format string) error {
	c, err := codecOf(k.formats, format, obj.Rel)
	if err != nil {
		return err
	}
	if c.open != nil {
		return k.lookSchema(ctx, obj, c)
	}
	if obj.Size == 0 {
		return nil
	}
	raw, err := obj.Store.ReadRange(ctx, obj.Key, 0, -1)
	if err != nil {
		return err
	}
	r, done, err := decompress(raw, c.compression)
	if err != nil {
		return errors.Join(err, raw.Close())
	}
	defer done()
	if err = c.look(k, stream{r, obj.URL, c.delimiter}); err == nil {
		err = k.check()
	}
	return errors.Join(err, raw.Close())
}

// readerMemory is what looking at the records of a stream may take.
func (k *columnKinds) readerMemory() int64 { return max(k.memory/4, table.MinReaderMemory) }

// lookSchema looks at an object whose format has a schema.
func (k *columnKinds) lookSchema(ctx context.Context, obj source.Object, c codec) error {
	err := c.columns(ctx, obj, func(name string, kind table.Kind, list bool) {
		k.met(name, list)
		if list {
			return
		}
		seen := k.at(name)
		switch kind {
		case table.Absent:
		case table.Number:
			seen.number = true
		case table.Time:
			seen.time = true
		default:
			seen.text = true
		}
	})
	if err != nil {
		return err
	}
	return k.check()
}

// addText judges a value of a format without types.
func (s *seenKinds) addText(value []byte) {
	trimmed := table.TrimSpace(value)
	if table.IsMissingWord(trimmed) {
		return
	}
	if _, state := table.ParseNumber(trimmed); state != table.NumberBad {
		if hasLeadingZero(trimmed) {
			s.text = true
		}
		s.number = true
		return
	}
	s.addString(trimmed)
}

// addString judges a value that is no number.
func (s *seenKinds) addString(value []byte) {
	if _, ok := table.ParseTime(value); ok && len(value) >= 10 && value[4] == '-' {
		s.time = true
		return
	}
	s.text = true
}

// hasLeadingZero tells codes such as 00123 from numbers.
func hasLeadingZero(s []byte) bool {
	if len(s) < 2 || s[0] != '0' {
		return false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
