package jsontext

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// Scanner finds the wanted values in a text of JSON in one pass, without making its tree. It
// reads as fastjson does, or not at all: what is malformed or unusual (a key with an escape, a
// wanted key that is there twice, a wanted value that is an object or a list, a map where an
// element of a list is wanted, a list that is longer than it may be, words for numbers) it leaves to fastjson, which is to judge.
type Scanner struct {
	root   *objectNode
	cell   *valueNode // what stands in the cells of Cells; nil where records are scanned
	found  []Found    // two for each want: by its whole name, and by its path
	record uint64     // number of the current text, from 1
	line   []byte
}

// objectNode holds what Scanner knows of the objects at one place in the records.
type objectNode struct {
	keys  map[string]*valueNode
	first *valueNode // the first key of the last object
}

// valueNode is a key of the objects of a node, or a place in a list. Records have mostly the same
// keys in the same order, so that each one tells the next.
type valueNode struct {
	text     string // with the closing quote
	wants    []int  // where its value goes, as indexes into Scanner.found
	number   bool   // all that its value goes to is numbers
	wanted   bool   // something is wanted of its value
	child    *objectNode
	elements *elementsNode // nil where no element of its value is wanted
	next     *valueNode    // that followed it last
	record   uint64        // that had it last
}

// elementsNode says where the elements of a value go that are wanted of it. Those of a map are
// in the valueNode's child too.
type elementsNode struct {
	wants          []int // as indexes into Scanner.found
	noKey, noPlace bool  // some of them are of lists alone, of maps alone
	places         []place
	most           int // elements of a list; 0 is any number
}

// place is a place in a list of which the value is wanted.
type place struct {
	at  int // from 1
	key *valueNode
}

// Found tells what a text has for a want, and where.
type Found struct {
	Kind     Kind
	From, To int     // in the text, of all kinds but Null and Float; of String and Cell without its quotes
	X        float64 // of Float
	record   uint64
}

// Kind tells the kinds of values apart that Scanner finds.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	True
	False
	String
	Escaped // a string with escapes
	Float   // a number that is read
	Number  // a number as it stands

	// What stands where an element is wanted, and is no object and no list.
	Cell        // a string, in whose text the element may be
	EscapedCell // such a string with escapes
	Misfit      // something else
)

const (
	// MaxKeys and MaxKeyBytes bound the keys that a node remembers.
	MaxKeys     = 1024
	MaxKeyBytes = 256
	// maxDepth is far less than what fastjson takes.
	maxDepth = 100
)

// NewScanner makes a scanner of records for the wanted columns.
func NewScanner(wants []table.Want) *Scanner {
	s := &Scanner{root: newObjectNode(), found: make([]Found, 2*len(wants))}
	for i, w := range wants {
		s.root.want([]string{w.Name}, 2*i, w)
		if path := pathOf(w.Name); path != nil {
			s.root.want(path, 2*i+1, w)
		}
	}
	return s
}

// newObjectNode makes a node without keys.
func newObjectNode() *objectNode { return &objectNode{keys: map[string]*valueNode{}} }

// want says that the value at a path, or its element, goes into found[at].
func (n *objectNode) want(path []string, at int, w table.Want) {
	for _, name := range path {
		if strings.ContainsAny(name, `"\`) {
			return // only a key with escapes is called so
		}
	}
	k := n.wanted(path[0])
	if len(path) > 1 {
		k.inside().want(path[1:], at, w)
		return
	}
	k.want(at, w)
}

// want says that a key's value, or its element, goes into found[at].
func (k *valueNode) want(at int, w table.Want) {
	e := w.Element
	k.wanted = true
	if e == (groundtruth.Element{}) {
		k.wants = append(k.wants, at)
		k.number = k.number && w.As == table.AsNumber
		return
	}
	k.number = false
	if k.elements == nil {
		k.elements = &elementsNode{}
	}
	k.elements.wants = append(k.elements.wants, at)
	k.elements.noKey = k.elements.noKey || e.Key == ""
	k.elements.noPlace = k.elements.noPlace || e.Place == 0
	w.Element = groundtruth.Element{}
	if e.Key != "" {
		k.inside().want([]string{e.Key}, at, w)
	}
	if e.Place > 0 {
		k.elements.at(e.Place).want(at, w)
		k.elements.most = e.Of
	}
}

// at returns the node of a place, which it adds where it is new.
func (e *elementsNode) at(n int) *valueNode {
	i, ok := slices.BinarySearchFunc(e.places, n, func(p place, n int) int { return cmp.Compare(p.at, n) })
	if !ok {
		e.places = slices.Insert(e.places, i, place{n, &valueNode{number: true}})
	}
	return e.places[i].key
}

// inside returns the node of the objects that a key's values are.
func (k *valueNode) inside() *objectNode {
	k.wanted = true
	if k.child == nil {
		k.child = newObjectNode()
	}
	return k.child
}

// wanted returns the key of a name that is wanted.
func (n *objectNode) wanted(name string) *valueNode {
	k := n.keys[name]
	if k == nil {
		k = n.add(name)
		k.number = true
	}
	return k
}

// add makes a key of the node's objects.
func (n *objectNode) add(name string) *valueNode {
	k := &valueNode{text: name + `"`}
	n.keys[name] = k
	return k
}

// find returns the key of a name; nil is one that is not wanted and not remembered.
func (n *objectNode) find(name []byte) *valueNode {
	k := n.keys[string(name)]
	if k == nil && len(n.keys) < MaxKeys && len(name) <= MaxKeyBytes {
		k = n.add(string(name))
	}
	return k
}

// Scan reads a record; false leaves it to fastjson.
func (s *Scanner) Scan(line []byte) bool {
	s.line = line
	s.record++
	return len(line) > 0 && line[0] == '{' && s.object(s.root, 1, 1) == len(line)
}

// scanCell reads a cell that may hold elements; false leaves it to fastjson.
func (s *Scanner) scanCell(text []byte) bool {
	s.line = text
	s.record++
	return s.read(s.cell, 0, 0) == len(text)
}

// Value returns what the text has for want i; nil is nothing.
func (s *Scanner) Value(i int) *Found {
	for k := 2 * i; k < 2*i+2; k++ {
		if s.found[k].record == s.record {
			return &s.found[k]
		}
	}
	return nil
}

// Met reports whether some record had a key for want i.
func (s *Scanner) Met(i int) bool { return s.found[2*i].record > 0 || s.found[2*i+1].record > 0 }

// Keys returns the keys that records have, of those that are remembered, in order.
func (s *Scanner) Keys() []string {
	var names []string
	for name, key := range s.root.keys {
		if key.record > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// object reads on behind the brace that opens an object and returns the position
// behind the one that closes it, or -1. A node of nil is an object of which nothing
// is wanted.
func (s *Scanner) object(node *objectNode, at, depth int) int {
	line := s.line
	at = skipBlanks(line, at)
	if at < len(line) && line[at] == '}' {
		return at + 1
	}
	var key *valueNode
	var expected **valueNode
	if node != nil {
		expected = &node.first
	}
	for {
		if at >= len(line) || line[at] != '"' {
			return -1
		}
		at++
		if expected != nil {
			key = *expected
		}
		if key != nil && len(line)-at >= len(key.text) && string(line[at:at+len(key.text)]) == key.text {
			at += len(key.text)
		} else {
			length := bytes.IndexByte(line[at:], '"')
			if length < 0 || bytes.IndexByte(line[at:at+length], '\\') >= 0 {
				return -1
			}
			if node != nil {
				key = node.find(line[at : at+length])
				if key != nil {
					*expected = key
				}
			}
			at += length + 1
		}
		at = skipBlanks(line, at)
		if at >= len(line) || line[at] != ':' {
			return -1
		}
		at = skipBlanks(line, at+1)
		if key != nil {
			expected = &key.next
			if key.record == s.record && key.wanted {
				return -1
			}
			key.record = s.record
		}
		if at = s.read(key, at, depth); at < 0 {
			return -1
		}
		at = skipBlanks(line, at)
		switch {
		case at >= len(line):
			return -1
		case line[at] == ',':
			at = skipBlanks(line, at+1)
		case line[at] == '}':
			return at + 1
		default:
			return -1
		}
	}
}

// read reads the value of a key (nil is one whose value is not wanted) and returns the
// position behind it, or -1.
func (s *Scanner) read(key *valueNode, at, depth int) int {
	line := s.line
	if at >= len(line) {
		return -1
	}
	if key != nil && !key.wanted {
		key = nil
	}
	c := line[at]
	switch {
	case c == '"':
		from := at + 1
		end, escaped := stringEnd(line, from)
		if end < 0 {
			return -1
		}
		if key != nil {
			if escaped {
				s.set(key, Escaped, at, end+1, 0)
			} else {
				s.set(key, String, from, end, 0)
			}
		}
		return end + 1
	case c >= '0' && c <= '9' || c == '-':
		if key != nil && key.number {
			x, n := table.ScanDecimal(line[at:])
			if n > 0 && (at+n == len(line) || !isNumberByte(line[at+n])) {
				s.set(key, Float, 0, 0, x)
				return at + n
			}
		}
		end := numberEnd(line, at+1)
		if c == '-' && end == at+1 {
			return -1
		}
		if key != nil {
			s.set(key, Number, at, end, 0)
		}
		return end
	case c == 't':
		return s.word(key, at, "true", True)
	case c == 'f':
		return s.word(key, at, "false", False)
	case c == 'n':
		return s.word(key, at, "null", Null)
	}
	return s.nested(key, at, depth)
}

// nested reads the object or list of a key, as read does every value. Elements that are wanted of
// it, but that it has not, are missing.
func (s *Scanner) nested(key *valueNode, at, depth int) int {
	if key != nil && len(key.wants) > 0 || depth > maxDepth {
		return -1
	}
	switch s.line[at] {
	case '{':
		if key == nil {
			return s.object(nil, at+1, depth+1)
		}
		if e := key.elements; e != nil {
			if e.noKey {
				return -1
			}
			s.mark(e.wants, Null, 0, 0)
		}
		return s.object(key.child, at+1, depth+1)
	case '[':
		var places []place
		most := 0
		if key != nil && key.elements != nil {
			if key.elements.noPlace {
				return -1
			}
			s.mark(key.elements.wants, Null, 0, 0)
			places, most = key.elements.places, key.elements.most
		}
		return s.list(places, most, at+1, depth+1)
	}
	return -1
}

// set notes the value of a key, which is no object and no list, for all that want it.
func (s *Scanner) set(key *valueNode, kind Kind, from, to int, x float64) {
	for _, i := range key.wants {
		f := &s.found[i]
		f.record, f.Kind, f.From, f.To, f.X = s.record, kind, from, to, x
	}
	if key.elements != nil {
		s.mark(key.elements.wants, ofElements(kind), from, to)
	}
}

// mark notes what kind of value stands where elements are wanted.
func (s *Scanner) mark(wants []int, kind Kind, from, to int) {
	for _, i := range wants {
		f := &s.found[i]
		f.record, f.Kind, f.From, f.To = s.record, kind, from, to
	}
}

// ofElements returns what a value of a kind is where an element of it is wanted.
func ofElements(kind Kind) Kind {
	switch kind {
	case Null:
		return Null
	case String:
		return Cell
	case Escaped:
		return EscapedCell
	}
	return Misfit
}

// word reads true, false or null, as read does.
func (s *Scanner) word(key *valueNode, at int, word string, kind Kind) int {
	if len(s.line)-at < len(word) || string(s.line[at:at+len(word)]) != word {
		return -1
	}
	if key != nil {
		s.set(key, kind, at, at+len(word), 0)
	}
	return at + len(word)
}

// list reads a list from behind its bracket on, of which the values at some places are wanted,
// and returns the position behind its end, or -1. It may have so many elements at most; 0 is any
// number.
func (s *Scanner) list(places []place, most, at, depth int) int {
	line := s.line
	at = skipBlanks(line, at)
	if at < len(line) && line[at] == ']' {
		return at + 1
	}
	for n := 1; ; n++ {
		if most > 0 && n > most {
			return -1
		}
		var key *valueNode
		if len(places) > 0 && places[0].at == n {
			key, places = places[0].key, places[1:]
		}
		if at = s.read(key, at, depth); at < 0 {
			return -1
		}
		at = skipBlanks(line, at)
		switch {
		case at >= len(line):
			return -1
		case line[at] == ',':
			at = skipBlanks(line, at+1)
		case line[at] == ']':
			return at + 1
		default:
			return -1
		}
	}
}
