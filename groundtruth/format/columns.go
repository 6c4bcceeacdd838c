package format

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
// columns by dotted path; lists are left out. Kinds are those of the files: in CSV,
// where all is text, a column is of numbers or of dates when all its values read as
// such, and whole numbers with leading zeros (postal codes) are text. Columns whose
// kind differs from object to object, or that have no value there, are Text. No
// object is no column and no error.
func Columns(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, from, to time.Time, opt ColumnOptions) (infos []ColumnInfo, err error) {
	set, err := source.Discover(ctx, stores, src, from, to)
	if err != nil {
		return nil, err
	}
	found := newColumnKinds(opt)
	looked := 0
	for _, obj := range set.Objects {
		if looked == columnObjects {
			break
		}
		if err := found.lookAt(ctx, obj, src.Format); err != nil {
			return nil, fmt.Errorf("read object %s: %w", obj.URL, err)
		}
		if obj.Size > 0 {
			looked++
		}
	}
	for i, name := range found.names {
		infos = append(infos, ColumnInfo{Name: name, Kind: found.kinds[i].kind()})
	}
	return infos, nil
}

// columnKinds gathers for Columns which kinds of values the columns have, object by object.
type columnKinds struct {
	names []string    // in the order in which they were met
	kinds []seenKinds // of each name
	index map[string]int

	formats []fileFormat

	only    map[string]bool // names to look for; nil is all
	ignored seenKinds       // of other columns
	memory  int64           // of the process
	each    int64           // what a column takes where it is counted
	held    int64           // what all of them take
}

// newColumnKinds makes a columnKinds that has met no column.
func newColumnKinds(opt ColumnOptions) *columnKinds {
	k := &columnKinds{formats: orAll(opt.formats), index: make(map[string]int), memory: cmp.Or(opt.MemoryBytes, groundtruth.DefaultMemory), each: cmp.Or(opt.ColumnBytes, columnBytes)}
	for _, name := range opt.Only {
		if k.only == nil {
			k.only = map[string]bool{}
		}
		k.only[name] = true
	}
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
	if !ok && k.only != nil && !k.only[name] {
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
	err := c.columns(ctx, obj, func(name string, kind table.Kind) {
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
