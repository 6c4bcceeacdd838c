package jsontext

import (
	"fmt"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// Column says where a column's value stands in a record: under its whole name, or failing
// that under the nested keys that its dots part.
type Column struct {
	name string
	path []string // nil without dots
}

// NewColumn makes the Column of a wanted name.
func NewColumn(name string) Column { return Column{name, pathOf(name)} }

// pathOf returns the keys that the dots of a name part; nil without dots.
func pathOf(name string) []string {
	if !strings.Contains(name, ".") {
		return nil
	}
	return strings.Split(name, ".")
}

// Find returns the column's value in a record; nil is none.
func (c Column) Find(record *fastjson.Value) *fastjson.Value {
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

// valueBytes is about what the tree of a text takes for each of its values.
const valueBytes = 200

// CheckValues bounds what the tree of a text would take; 0 is no bound. Its values are fewer
// than the commas and brackets outside of its texts, and one.
func CheckValues(text []byte, memory int64) error {
	n := int64(1)
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ',', '[', '{':
			n++
		case '"':
			end, _ := stringEnd(text, i+1)
			if end < 0 {
				return nil // no JSON, and the parser says so at once
			}
			i = end
		}
	}
	if memory > 0 && n*valueBytes > memory {
		return fmt.Errorf("it has about %d values, and %d fit into the %s that a goroutine has for what it reads: raise --memory or lower --workers",
			n, memory/valueBytes, table.Mebibytes(memory))
	}
	return nil
}

// Adder puts values into columns. It keeps the memory that it needs for that.
type Adder struct {
	parser  fastjson.Parser
	scratch []byte
}

// Value adds a cell with a value of a tree; nil is none.
func (a *Adder) Value(b *table.Builder, v *fastjson.Value) {
	if v == nil {
		b.AddNull()
		return
	}
	switch v.Type() {
	case fastjson.TypeNull:
		b.AddNull()
	case fastjson.TypeString:
		b.AddText(v.GetStringBytes())
	case fastjson.TypeTrue:
		b.AddText([]byte("true")) // a time it is not, and that is invalid
	case fastjson.TypeFalse:
		b.AddText([]byte("false"))
	case fastjson.TypeNumber:
		a.scratch = v.MarshalTo(a.scratch[:0])
		a.number(b)
	default:
		a.scratch = v.MarshalTo(a.scratch[:0])
		b.AddInvalid(0, a.scratch)
	}
}

// Found adds a cell with what a Scanner found in a text; nil is nothing. What stands where an
// element is wanted is no value.
func (a *Adder) Found(b *table.Builder, f *Found, text []byte) {
	if f == nil {
		b.AddNull()
		return
	}
	switch f.Kind {
	case Float:
		b.AddNumber(f.X)
	case String:
		b.AddText(text[f.From:f.To])
	case Number:
		a.scratch = append(a.scratch[:0], text[f.From:f.To]...)
		a.number(b)
	case Escaped:
		b.AddText(a.unescaped(f, text))
	case True:
		b.AddText([]byte("true"))
	case False:
		b.AddText([]byte("false"))
	case Cell, EscapedCell, Misfit:
		b.AddInvalid(0, text[f.From:f.To])
	default:
		b.AddNull()
	}
}

// number adds the number that stands in scratch, whose rest it uses.
func (a *Adder) number(b *table.Builder) {
	number := a.scratch
	if b.Col.Kind != table.Text && b.Col.Kind != table.ID {
		b.AddText(number)
		return
	}
	var ok bool
	a.scratch, ok = table.AppendNumberText(number, number)
	switch {
	case ok:
		b.AddText(a.scratch[len(number):])
	case table.EqualFold(number, "nan"):
		b.AddNull()
	default:
		b.AddInvalid(0, number)
	}
}

// unescaped returns the text of a string with escapes, which is valid until the next call.
func (a *Adder) unescaped(f *Found, text []byte) []byte {
	s, err := a.parser.ParseBytes(text[f.From:f.To])
	if err != nil { // cannot be: the scanner met its end
		return nil
	}
	return s.GetStringBytes()
}
