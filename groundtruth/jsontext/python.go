package jsontext

import (
	"bytes"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// pythonText is a map or a list as str() of Python and NumPy writes it, which is what pandas
// puts into a cell of CSV: {'cat': 0.1, 'dog': 0.9}, {0: 0.1}, [nan, None] and [0.1 0.9]. It
// takes what holds words, numbers and texts without escapes, and nothing that is left out of
// its middle.
type pythonText struct {
	list  bool
	items []pythonItem
}

// pythonItem is an element of a pythonText.
type pythonItem struct {
	key, value []byte
	quoted     bool // the value is a text, and no number or word
}

// read reads a text; false is none of these.
func (p *pythonText) read(text []byte) bool {
	p.items = p.items[:0]
	if len(text) < 2 {
		return false
	}
	switch brackets := [2]byte{text[0], text[len(text)-1]}; brackets {
	case [2]byte{'[', ']'}:
		p.list = true
	case [2]byte{'{', '}'}:
		p.list = false
	default:
		return false
	}
	commas, blanks := false, false // what parts the elements
	for rest := bytes.TrimSpace(text[1 : len(text)-1]); len(rest) > 0; {
		var item pythonItem
		if !p.list {
			item.key, _, rest = pythonWord(rest)
			rest = bytes.TrimLeft(rest, " ")
			if item.key == nil || len(rest) == 0 || rest[0] != ':' {
				return false
			}
			rest = bytes.TrimSpace(rest[1:])
		}
		item.value, item.quoted, rest = pythonWord(rest)
		if item.value == nil {
			return false
		}
		p.items = append(p.items, item)
		switch after := bytes.TrimSpace(rest); {
		case len(after) == 0:
			rest = nil
		case after[0] == ',':
			commas = true
			rest = bytes.TrimSpace(after[1:])
		case p.list && len(after) < len(rest):
			blanks = true
			rest = after
		default:
			return false
		}
	}
	return !commas || !blanks
}

// pythonWord cuts a text between quotes, a number or a word for a value from the beginning of
// what is left of a pythonText; nil is something else.
func pythonWord(s []byte) (word []byte, quoted bool, rest []byte) {
	if len(s) == 0 {
		return nil, false, nil
	}
	if s[0] == '\'' || s[0] == '"' {
		end := bytes.IndexByte(s[1:], s[0])
		if end < 0 || bytes.IndexByte(s[1:1+end], '\\') >= 0 {
			return nil, false, nil
		}
		return s[1 : 1+end : 1+end], true, s[end+2:]
	}
	end := bytes.IndexAny(s, ",: \t\r\n")
	if end < 0 {
		end = len(s)
	}
	word = s[:end:end]
	if _, state := table.ParseNumber(word); len(word) == 0 || state == table.NumberBad {
		return nil, false, nil
	}
	return word, false, s[end:]
}

// addPython adds the elements of a cell as AddText does, where its text is one as Python writes
// it; false is another text, of which nothing is added.
func (c *Cells) addPython(text []byte, columns []*table.Builder) bool {
	if !c.python.read(text) {
		return false
	}
	clear(c.items)
	for n, item := range c.python.items {
		if !c.python.list {
			for _, k := range c.byKey[string(item.key)] {
				c.items[k] = item
			}
			continue
		}
		for _, k := range c.byPlace[n+1] {
			c.items[k] = item
		}
	}
	for k, i := range c.Wants {
		b := columns[i]
		e := c.elements[k]
		switch item := c.items[k]; {
		case c.python.list && (e.Place == 0 || e.Of > 0 && len(c.python.items) > e.Of), !c.python.list && e.Key == "":
			b.AddInvalid(0, text)
		case item.quoted:
			b.AddText(item.value)
		case item.value == nil || bytes.Equal(item.value, []byte("None")):
			b.AddNull()
		case table.EqualFold(item.value, "true"), table.EqualFold(item.value, "false"):
			b.AddText(bytes.ToLower(item.value))
		default:
			c.adder.scratch = append(c.adder.scratch[:0], item.value...)
			c.adder.number(b)
		}
	}
	return true
}
