package format

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/jsontext"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// jsonLine returns the next line that is not blank; nil is the end. The error of a line that
// is too long leaves the buffer behind it.
func (b *lineBuffer) jsonLine() ([]byte, error) {
	seen := 0
	for {
		rest := b.buf[b.start+seen : b.end]
		i := bytes.IndexByte(rest, '\n')
		if i < 0 && !b.eof {
			seen += len(rest)
			if seen > b.most {
				_, err := b.passOver()
				return nil, err
			}
			if err := b.more(); err != nil {
				return nil, err
			}
			continue
		}
		if i < 0 && seen+len(rest) == 0 {
			return nil, nil
		}
		length, end := seen+len(rest), seen+len(rest)
		if i >= 0 {
			length, end = seen+i, seen+i+1
		}
		if length > b.most {
			_, err := b.passOver()
			return nil, err
		}
		line := bytes.TrimSpace(b.buf[b.start : b.start+length])
		b.start += end
		if len(line) > 0 {
			return line, nil
		}
		seen = 0
	}
}

// readJSONL reads a stream of JSON objects, one a line.
func readJSONL(in stream, wants []table.Want, opt table.ReadOptions, stats *table.ReadStats, emit func(*table.Chunk) error) error {
	lines := newLineBuffer(in, opt.Memory)
	if err := lines.skipBOM(); err != nil {
		return err
	}
	r := newJSONReader(wants, opt.Memory)
	for {
		line, err := lines.jsonLine()
		if what, ok := longRecord(err); ok {
			stats.Rows++
			badRow(opt, stats, stats.Rows-1, what)
			continue
		}
		if err != nil {
			return fmt.Errorf("json line %d (blank ones not counted): %w", stats.Rows+1, err)
		}
		if line == nil {
			r.tellUnseen(opt)
			return r.out.flush(emit)
		}
		row := stats.Rows
		stats.Rows++
		if r.first == nil && len(line) <= maxShownRecord {
			r.first = bytes.Clone(line)
		}
		read, err := r.scanned(row, line)
		if !read && err == nil {
			if err = jsontext.CheckValues(line, opt.Memory); err == nil {
				read, err = r.parsed(row, line)
			}
		}
		if err != nil {
			return fmt.Errorf("json line %d (blank ones not counted): %w", stats.Rows, err)
		}
		if !read {
			badRow(opt, stats, row, table.Sample(line))
			continue
		}
		if r.out.full() {
			if err := r.out.flush(emit); err != nil {
				return err
			}
		}
	}
}

// jsonReader puts the wanted values of records into chunks for readJSONL: by the scanner
// where it understands a record, else by way of fastjson's tree.
type jsonReader struct {
	out     *chunkBuilder
	columns []jsontext.Column
	whole   []int // the wants of the columns' values themselves
	scanner *jsontext.Scanner
	parser  fastjson.Parser
	adder   jsontext.Adder
	cells   []*jsontext.Cells // of the wants of elements

	first     []byte // the first record, where it is short
	parsedFor []bool // the columns for which a record had a key that parsed met
}

// newJSONReader makes a jsonReader of the wanted columns, which takes about so much memory for
// the tree of a cell; 0 is no bound.
func newJSONReader(wants []table.Want, memory int64) *jsonReader {
	r := &jsonReader{
		out: newChunkBuilder(wants), columns: make([]jsontext.Column, len(wants)),
		scanner: jsontext.NewScanner(wants), cells: jsontext.CellsOf(wants, memory), parsedFor: make([]bool, len(wants)),
	}
	for i, w := range wants {
		r.columns[i] = jsontext.NewColumn(w.Name)
		if w.Element == (groundtruth.Element{}) {
			r.whole = append(r.whole, i)
		}
	}
	return r
}

// maxShownRecord bounds the record whose keys a message names.
const maxShownRecord = 16 << 10

// tellUnseen tells of the wants that no record had a key for, behind the last record.
func (r *jsonReader) tellUnseen(opt table.ReadOptions) {
	if opt.OnUnseen == nil {
		return
	}
	var unseen []int
	for i := range r.columns {
		if !r.parsedFor[i] && !r.scanner.Met(i) {
			unseen = append(unseen, i)
		}
	}
	if len(unseen) == 0 {
		return
	}
	if keys := r.keys(); len(keys) > 0 {
		opt.OnUnseen(unseen, keys)
	}
}

// keys returns the keys of records, for messages: those of the first one in their order,
// nested ones by dotted path, and then what the scanner met beside them.
func (r *jsonReader) keys() []string {
	found := newColumnKinds(ColumnOptions{})
	if record, err := r.parser.ParseBytes(r.first); err == nil && record.Type() == fastjson.TypeObject {
		found.addJSON("", record)
	}
	objects := map[string]bool{}
	for _, name := range found.names {
		object, _, _ := strings.Cut(name, ".")
		objects[object] = true
	}
	for _, name := range r.scanner.Keys() {
		if !objects[name] {
			found.at(name)
		}
	}
	return found.names
}

// parsed adds a record by way of its tree; false is no record. The error is about memory.
func (r *jsonReader) parsed(row int64, line []byte) (bool, error) {
	record, err := r.parser.ParseBytes(line)
	if err != nil || record.Type() != fastjson.TypeObject {
		return false, nil
	}
	r.out.row(row, len(line))
	for _, i := range r.whole {
		v := r.columns[i].Find(record)
		r.parsedFor[i] = r.parsedFor[i] || v != nil
		r.adder.Value(r.out.columns[i], v)
	}
	for _, c := range r.cells {
		v := r.columns[c.Wants[0]].Find(record)
		for _, i := range c.Wants {
			r.parsedFor[i] = r.parsedFor[i] || v != nil
		}
		if err := c.AddTree(v, r.out.columns); err != nil {
			return true, err
		}
	}
	return true, nil
}

// scanned adds a record without making its tree; false leaves it to parsed. The error is about
// memory.
func (r *jsonReader) scanned(row int64, line []byte) (bool, error) {
	if !r.scanner.Scan(line) {
		return false, nil
	}
	r.out.row(row, len(line))
	for _, i := range r.whole {
		b, v := r.out.columns[i], r.scanner.Value(i)
		switch {
		case v == nil:
			b.AddNull()
		case v.Kind == jsontext.Float:
			b.AddNumber(v.X)
		case v.Kind == jsontext.String:
			b.AddText(line[v.From:v.To])
		default:
			r.adder.Found(b, v, line)
		}
	}
	for _, c := range r.cells {
		added, err := c.AddFound(r.scanner.Value(c.Wants[0]), line, r.out.columns)
		if err != nil {
			return true, err
		}
		if added {
			continue
		}
		for _, i := range c.Wants {
			r.adder.Found(r.out.columns[i], r.scanner.Value(i), line)
		}
	}
	return true, nil
}

// lookJSONL looks at the first records of a stream of JSON objects.
func (k *columnKinds) lookJSONL(in stream) error {
	lines := newLineBuffer(in, k.readerMemory())
	if err := lines.skipBOM(); err != nil {
		return err
	}
	var parser fastjson.Parser
	for range columnRows {
		line, err := lines.jsonLine()
		if _, ok := longRecord(err); ok {
			continue // counted when the object is read
		}
		if err != nil || line == nil {
			return err
		}
		if err := jsontext.CheckValues(line, k.readerMemory()); err != nil {
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
			k.met(name, true)
		case fastjson.TypeNull:
			k.met(name, false)
			k.at(name)
		case fastjson.TypeString:
			s, err := v.StringBytes()
			if err != nil { // cannot be: the type says string
				return
			}
			k.met(name, false)
			seen := k.at(name)
			if table.IsMissingWord(table.TrimSpace(s)) {
				return
			}
			seen.addString(table.TrimSpace(s))
		default:
			k.met(name, false)
			k.at(name).number = true
		}
	})
}
