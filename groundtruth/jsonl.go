package groundtruth

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/valyala/fastjson"
)

// jsonColumn is where a column's value is in a record: under its whole name, or
// failing that under the nested keys that its dots part.
type jsonColumn struct {
	name string
	path []string // nil without dots
}

func newJSONColumn(name string) jsonColumn {
	c := jsonColumn{name: name}
	if strings.Contains(name, ".") {
		c.path = strings.Split(name, ".")
	}
	return c
}

func (c jsonColumn) find(record *fastjson.Value) *fastjson.Value {
	v := record.Get(c.name)
	if v == nil && c.path != nil {
		v = record
		for _, key := range c.path {
			if v == nil || v.Type() != fastjson.TypeObject {
				return nil // Get would take a key for the index of an array
			}
			v = v.Get(key)
		}
	}
	return v
}

// jsonLine returns the next line that is not blank; nil is the end.
func (b *lineBuffer) jsonLine() ([]byte, error) {
	seen := 0
	for {
		rest := b.buf[b.start+seen : b.end]
		i := bytes.IndexByte(rest, '\n')
		if i < 0 && !b.eof {
			seen += len(rest)
			if err := b.more(); err != nil {
				return nil, err
			}
			continue
		}
		if i < 0 && seen+len(rest) == 0 {
			return nil, nil
		}
		length := seen + len(rest)
		if i >= 0 {
			length = seen + i + 1
		}
		line := bytes.TrimSpace(b.buf[b.start : b.start+length])
		b.start += length
		if len(line) > maxRecordBytes {
			return nil, errRecordTooLong
		}
		if len(line) > 0 {
			return line, nil
		}
		seen = 0
	}
}

// readJSONL reads a stream of JSON objects, one a line.
func readJSONL(in io.Reader, wants []want, opt readOptions, stats *readStats, emit func(*chunk) error) error {
	lines := newLineBuffer(in)
	if err := lines.skipBOM(); err != nil {
		return err
	}
	columns := make([]jsonColumn, len(wants))
	for i, w := range wants {
		columns[i] = newJSONColumn(w.name)
	}
	b := newChunkBuilder(wants)
	var parser fastjson.Parser
	var text []byte
	for {
		line, err := lines.jsonLine()
		if err != nil {
			return fmt.Errorf("json line %d (blank ones not counted): %w", stats.rows+1, err)
		}
		if line == nil {
			return b.flush(emit)
		}
		row := stats.rows
		stats.rows++
		record, err := parser.ParseBytes(line)
		if err != nil || record.Type() != fastjson.TypeObject {
			stats.bad++
			if opt.onBad != nil {
				opt.onBad(BadRow, row, sampleText(line))
			}
			continue
		}
		b.row(row, len(line))
		for i := range columns {
			text = addJSON(b.columns[i], columns[i].find(record), text[:0])
		}
		if b.full() {
			if err := b.flush(emit); err != nil {
				return err
			}
		}
	}
}

// addJSON adds a value; it uses and returns the scratch buffer.
func addJSON(b *columnBuilder, v *fastjson.Value, scratch []byte) []byte {
	if v == nil {
		b.addNull()
		return scratch
	}
	switch v.Type() {
	case fastjson.TypeNull:
		b.addNull()
	case fastjson.TypeString:
		s, err := v.StringBytes()
		if err != nil { // cannot be: the type says string
			b.addNull()
			return scratch
		}
		b.addText(s)
	case fastjson.TypeTrue, fastjson.TypeFalse:
		s := []byte("false")
		if v.Type() == fastjson.TypeTrue {
			s = []byte("true")
		}
		b.addText(s) // a time it is not, and that is invalid
	case fastjson.TypeNumber:
		scratch = v.MarshalTo(scratch)
		if b.col.kind != cellText && b.col.kind != cellID {
			b.addText(scratch)
			return scratch
		}
		raw := len(scratch)
		scratch, ok := appendNumberText(scratch, scratch)
		switch {
		case ok:
			b.addText(scratch[raw:])
		case equalFold(scratch[:raw], "nan"):
			b.addNull()
		default:
			b.addInvalid(0, scratch[:raw])
		}
		return scratch
	default:
		scratch = v.MarshalTo(scratch)
		b.addInvalid(0, scratch)
	}
	return scratch
}
