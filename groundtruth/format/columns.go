package format

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/valyala/fastjson"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/parquet"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// ColumnInfo is a column of a source and the kind that its values have.
type ColumnInfo struct {
	Name string
	Kind groundtruth.Kind // Number, Text or Time
}

const (
	// columnObjects and columnRows are how much Columns looks at.
	columnObjects = 3
	columnRows    = 1000
)

// ColumnOptions bound what Columns looks at.
type ColumnOptions struct {
	Only        []string // names to look for; empty is all
	MemoryBytes int64    // of the whole process; default 512 MiB
	ColumnBytes int64    // about what a column takes where it is counted; default 2.5 KiB
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
		if err := found.look(ctx, obj, src.Format); err != nil {
			return nil, fmt.Errorf("read object %s: %w", obj.Url, err)
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

// columnKinds gathers what values columns have.
type columnKinds struct {
	names []string
	kinds []seenKinds
	index map[string]int

	only    map[string]bool // nil is all
	ignored seenKinds       // of other columns
	memory  int64           // of the process
	each    int64           // what a column takes where it is counted
	held    int64           // what all of them take
}

func newColumnKinds(opt ColumnOptions) *columnKinds {
	k := &columnKinds{index: make(map[string]int), memory: cmp.Or(opt.MemoryBytes, groundtruth.DefaultMemory), each: cmp.Or(opt.ColumnBytes, columnBytes)}
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

func (s seenKinds) kind() groundtruth.Kind {
	switch {
	case s.number && !s.text && !s.time:
		return groundtruth.Number
	case s.time && !s.text && !s.number:
		return groundtruth.Time
	}
	return groundtruth.Text
}

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

func (k *columnKinds) look(ctx context.Context, obj source.Object, format string) error {
	c, err := codecOf(format, obj.Rel)
	if err != nil {
		return err
	}
	if c.format == "parquet" {
		return k.lookParquet(ctx, obj)
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
	lines := newLineBuffer(r, max(k.memory/4, table.MinReaderMemory))
	if c.format == "csv" {
		err = k.lookCSV(&csvReader{lineBuffer: lines, delimiter: c.delimiter, maxFields: fieldLimit(max(k.memory/4, table.MinReaderMemory))})
	} else {
		err = k.lookJSONL(lines)
	}
	if err == nil {
		err = k.check()
	}
	return errors.Join(err, raw.Close())
}

func (k *columnKinds) lookParquet(ctx context.Context, obj source.Object) error {
	err := parquet.Columns(ctx, obj, func(name string, kind table.Kind) {
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

func (k *columnKinds) lookCSV(r *csvReader) error {
	names, err := r.header()
	if err != nil {
		return err
	}
	for _, name := range names {
		k.at(name)
	}
	for range columnRows {
		ok, malformed, err := r.next()
		if err != nil || !ok {
			return err
		}
		if malformed != "" || len(r.fields) != len(names) {
			continue
		}
		for i, s := range r.fields {
			k.at(names[i]).addText(s)
		}
	}
	return nil
}

// AddText judges a value of a format without types.
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

// AddString judges a value that is no number.
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

func (k *columnKinds) lookJSONL(lines *lineBuffer) error {
	if err := lines.skipBOM(); err != nil {
		return err
	}
	var parser fastjson.Parser
	for range columnRows {
		line, err := lines.jsonLine()
		if err != nil || line == nil {
			return err
		}
		if err := checkValues(line, max(k.memory/4, table.MinReaderMemory)); err != nil {
			return err
		}
		record, err := parser.ParseBytes(line)
		if err != nil || record.Type() != fastjson.TypeObject {
			continue // counted when the object is read
		}
		k.addJSON("", record)
		if err := k.check(); err != nil {
			return err
		}
	}
	return nil
}

// addJSON judges the values of a JSON object whose keys begin with prefix.
func (k *columnKinds) addJSON(prefix string, v *fastjson.Value) {
	o, err := v.Object()
	if err != nil { // cannot be: callers have looked at the type
		return
	}
	o.Visit(func(key []byte, v *fastjson.Value) {
		name := prefix + string(key)
		switch v.Type() {
		case fastjson.TypeObject:
			k.addJSON(name+".", v)
		case fastjson.TypeArray:
		case fastjson.TypeNull:
			k.at(name)
		case fastjson.TypeString:
			s, err := v.StringBytes()
			if err != nil { // cannot be: the type says string
				return
			}
			seen := k.at(name)
			if table.IsMissingWord(table.TrimSpace(s)) {
				return
			}
			seen.addString(table.TrimSpace(s))
		default:
			k.at(name).number = true
		}
	})
}
