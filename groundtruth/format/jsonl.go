package format

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// jsonColumn says where a column's value stands in a record: under its whole name, or failing
// that under the nested keys that its dots part.
type jsonColumn struct {
	name string
	path []string // nil without dots
}

// newJSONColumn makes the jsonColumn of a wanted name.
func newJSONColumn(name string) jsonColumn {
	c := jsonColumn{name: name}
	if strings.Contains(name, ".") {
		c.path = strings.Split(name, ".")
	}
	return c
}

// find returns the column's value in a record; nil is none.
func (c jsonColumn) find(record *fastjson.Value) *fastjson.Value {
	v := member(record, c.name)
	if v == nil && c.path != nil {
		v = record
		for _, key := range c.path {
			v = member(v, key)
		}
	}
	return v
}

// member returns an object's value of a key, of equal keys the last one's, as other
// readers of JSON do; nil where there is none, or no object.
func member(v *fastjson.Value, key string) (found *fastjson.Value) {
	if v == nil || v.Type() != fastjson.TypeObject {
		return nil
	}
	v.GetObject().Visit(func(k []byte, member *fastjson.Value) {
		if string(k) == key {
			found = member
		}
	})
	return found
}

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
	r := newJSONReader(wants)
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
		read := r.scanned(row, line)
		if !read {
			if err := checkValues(line, opt.Memory); err != nil {
				return fmt.Errorf("json line %d (blank ones not counted): %w", stats.Rows, err)
			}
			read = r.parsed(row, line)
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

// jsonValueBytes is about what the tree of a record takes for each of its values.
const jsonValueBytes = 200

// checkValues bounds what the tree of a record would take. Its values are fewer than
// the commas and brackets outside of its texts, and one.
func checkValues(line []byte, memory int64) error {
	n := int64(1)
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ',', '[', '{':
			n++
		case '"':
			end, _ := jsonStringEnd(line, i+1)
			if end < 0 {
				return nil // no record, and the parser says so at once
			}
			i = end
		}
	}
	if memory > 0 && n*jsonValueBytes > memory {
		return fmt.Errorf("it has about %d values, and %d fit into the %s that a goroutine has for what it reads: raise --memory or lower --workers",
			n, memory/jsonValueBytes, table.Mebibytes(memory))
	}
	return nil
}

// jsonReader puts the wanted values of records into chunks for readJSONL: by the scanner
// where it understands a record, else by way of fastjson's tree.
type jsonReader struct {
	out     *chunkBuilder
	columns []jsonColumn
	scanner *jsonScanner
	parser  fastjson.Parser
	scratch []byte

	first     []byte // the first record, where it is short
	parsedFor []bool // the columns for which a record had a key that parsed met
}

// newJSONReader makes a jsonReader of the wanted columns.
func newJSONReader(wants []table.Want) *jsonReader {
	r := &jsonReader{out: newChunkBuilder(wants), columns: make([]jsonColumn, len(wants)), parsedFor: make([]bool, len(wants))}
	for i, w := range wants {
		r.columns[i] = newJSONColumn(w.Name)
	}
	r.scanner = newJSONScanner(wants, r.columns)
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
		if !r.parsedFor[i] && !r.scanner.met(i) {
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
	for _, name := range r.scanner.keys() {
		if !objects[name] {
			found.at(name)
		}
	}
	return found.names
}

// parsed adds a record by way of its tree; false is no record.
func (r *jsonReader) parsed(row int64, line []byte) bool {
	record, err := r.parser.ParseBytes(line)
	if err != nil || record.Type() != fastjson.TypeObject {
		return false
	}
	r.out.row(row, len(line))
	for i, b := range r.out.columns {
		v := r.columns[i].find(record)
		r.parsedFor[i] = r.parsedFor[i] || v != nil
		r.scratch = addJSON(b, v, r.scratch[:0])
	}
	return true
}

// scanned adds a record without making its tree; false leaves it to parsed.
func (r *jsonReader) scanned(row int64, line []byte) bool {
	if !r.scanner.scan(line) {
		return false
	}
	r.out.row(row, len(line))
	for i, b := range r.out.columns {
		v := r.scanner.value(i)
		if v == nil {
			b.AddNull()
			continue
		}
		switch v.kind {
		case jsonFloat:
			b.AddNumber(v.x)
		case jsonString:
			b.AddText(line[v.from:v.to])
		case jsonNumber:
			r.scratch = addJSONNumber(b, append(r.scratch[:0], line[v.from:v.to]...))
		case jsonEscaped:
			s, err := r.parser.ParseBytes(line[v.from:v.to])
			if err != nil { // cannot be: the scanner met its end
				b.AddNull()
				continue
			}
			r.scratch = addJSON(b, s, r.scratch[:0])
		case jsonTrue:
			b.AddText([]byte("true"))
		case jsonFalse:
			b.AddText([]byte("false"))
		default:
			b.AddNull()
		}
	}
	return true
}

// addJSON adds a value; it uses and returns the scratch buffer.
func addJSON(b *table.Builder, v *fastjson.Value, scratch []byte) []byte {
	if v == nil {
		b.AddNull()
		return scratch
	}
	switch v.Type() {
	case fastjson.TypeNull:
		b.AddNull()
	case fastjson.TypeString:
		s, err := v.StringBytes()
		if err != nil { // cannot be: the type says string
			b.AddNull()
			return scratch
		}
		b.AddText(s)
	case fastjson.TypeTrue, fastjson.TypeFalse:
		s := []byte("false")
		if v.Type() == fastjson.TypeTrue {
			s = []byte("true")
		}
		b.AddText(s) // a time it is not, and that is invalid
	case fastjson.TypeNumber:
		return addJSONNumber(b, v.MarshalTo(scratch))
	default:
		scratch = v.MarshalTo(scratch)
		b.AddInvalid(0, scratch)
	}
	return scratch
}

// addJSONNumber adds a number as it stands; it uses the buffer's rest and returns it.
func addJSONNumber(b *table.Builder, number []byte) []byte {
	if b.Col.Kind != table.Text && b.Col.Kind != table.ID {
		b.AddText(number)
		return number
	}
	buf, ok := table.AppendNumberText(number, number)
	switch {
	case ok:
		b.AddText(buf[len(number):])
	case table.EqualFold(number, "nan"):
		b.AddNull()
	default:
		b.AddInvalid(0, number)
	}
	return buf
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
		if err := checkValues(line, k.readerMemory()); err != nil {
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
