package jsontext

import (
	"bytes"
	"slices"

	"github.com/valyala/fastjson"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// Cells reads the elements that wants name of the cells of one column, each cell once.
type Cells struct {
	Name  string
	Wants []int // that name elements of the column, by their index among all wants

	elements []groundtruth.Element // of each of Wants
	byKey    map[string][]int      // which of them want a key's value
	byPlace  map[int][]int         // and which that of a place
	memory   int64                 // what the tree of a cell may take; 0 is no bound

	scanner *Scanner
	parser  fastjson.Parser
	values  []*fastjson.Value // of the cell that is read by its tree, for each of Wants
	shown   []byte            // the text of a cell that is none as it stands
	python  pythonText
	items   []pythonItem // of such a text, for each of Wants
	adder   Adder
}

// CellsOf returns a Cells for each column of which elements are wanted.
func CellsOf(wants []table.Want, memory int64) []*Cells {
	var all []*Cells
	for i, w := range wants {
		if w.Element == (groundtruth.Element{}) {
			continue
		}
		at := slices.IndexFunc(all, func(c *Cells) bool { return c.Name == w.Name })
		if at < 0 {
			at = len(all)
			all = append(all, &Cells{Name: w.Name, byKey: map[string][]int{}, byPlace: map[int][]int{}, memory: memory, scanner: &Scanner{cell: &valueNode{number: true}}})
		}
		all[at].want(i, w)
	}
	return all
}

// want adds an element to those that are read.
func (c *Cells) want(i int, w table.Want) {
	k := len(c.Wants)
	c.Wants = append(c.Wants, i)
	c.elements = append(c.elements, w.Element)
	if w.Element.Key != "" {
		c.byKey[w.Element.Key] = append(c.byKey[w.Element.Key], k)
	}
	if w.Element.Place > 0 {
		c.byPlace[w.Element.Place] = append(c.byPlace[w.Element.Place], k)
	}
	c.values = append(c.values, nil)
	c.items = append(c.items, pythonItem{})
	c.scanner.found = append(c.scanner.found, Found{}, Found{})
	c.scanner.cell.want(2*k, w)
}

// AddNull adds a cell without a value to each of the wants' columns, which are those of all
// wants.
func (c *Cells) AddNull(columns []*table.Builder) {
	for _, i := range c.Wants {
		columns[i].AddNull()
	}
}

// addInvalid adds a cell that holds no elements, as AddNull does.
func (c *Cells) addInvalid(columns []*table.Builder, shown []byte) {
	for _, i := range c.Wants {
		columns[i].AddInvalid(0, shown)
	}
}

// AddText adds the elements of a cell whose text is a map or a list, a cell to each of the
// wants' columns. The error is about memory.
func (c *Cells) AddText(text []byte, columns []*table.Builder) error {
	text = bytes.TrimSpace(text)
	if table.IsMissingWord(text) {
		c.AddNull(columns)
		return nil
	}
	if c.scanner.scanCell(text) {
		for k, i := range c.Wants {
			c.adder.Found(columns[i], c.scanner.Value(k), text)
		}
		return nil
	}
	if err := CheckValues(text, c.memory); err != nil {
		return err
	}
	v, err := c.parser.ParseBytes(text)
	switch {
	case err == nil && c.find(v):
		c.addFound(columns)
	case err != nil && c.addPython(text, columns):
	default:
		c.addInvalid(columns, text)
	}
	return nil
}

// AddTree adds the elements of a cell as AddText does, of a value of a record's tree; nil is
// none.
func (c *Cells) AddTree(v *fastjson.Value, columns []*table.Builder) error {
	switch {
	case v == nil || v.Type() == fastjson.TypeNull:
		c.AddNull(columns)
	case v.Type() == fastjson.TypeString:
		return c.AddText(v.GetStringBytes(), columns)
	case c.find(v):
		c.addFound(columns)
	default:
		c.shown = v.MarshalTo(c.shown[:0])
		c.addInvalid(columns, c.shown)
	}
	return nil
}

// find sets values to the elements of an object or a list; false is something else. For those
// that want elements of the other of the two alone, or of a shorter list, it sets the whole
// value, which is none that they can read.
func (c *Cells) find(v *fastjson.Value) bool {
	clear(c.values)
	switch v.Type() {
	case fastjson.TypeObject:
		v.GetObject().Visit(func(key []byte, member *fastjson.Value) {
			for _, k := range c.byKey[string(key)] {
				c.values[k] = member // of equal keys the last one's, as member has it
			}
		})
		for k, e := range c.elements {
			if e.Key == "" {
				c.values[k] = v
			}
		}
	case fastjson.TypeArray:
		list := v.GetArray()
		for k, e := range c.elements {
			switch {
			case e.Place == 0, e.Of > 0 && len(list) > e.Of:
				c.values[k] = v
			case e.Place <= len(list):
				c.values[k] = list[e.Place-1]
			}
		}
	default:
		return false
	}
	return true
}

// addFound adds what find found.
func (c *Cells) addFound(columns []*table.Builder) {
	for k, i := range c.Wants {
		c.adder.Value(columns[i], c.values[k])
	}
}

// AddFound adds the elements of a cell as AddText does, of what a scanner of records found for
// the first of the wants; nil is nothing. It adds none and reports false where the scanner
// found each element by itself.
func (c *Cells) AddFound(f *Found, line []byte, columns []*table.Builder) (added bool, err error) {
	switch {
	case f == nil:
		return false, nil
	case f.Kind == Cell:
		return true, c.AddText(line[f.From:f.To], columns)
	case f.Kind == EscapedCell:
		c.shown = append(c.shown[:0], c.adder.unescaped(f, line)...) // elements are unescaped in the same memory
		return true, c.AddText(c.shown, columns)
	}
	return false, nil
}
