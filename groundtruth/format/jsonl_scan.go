package format

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// jsonScanner finds for jsonReader the wanted values in a record in one pass, without making
// its tree. It reads as fastjson does, or not at all: what is malformed or unusual (a key
// with an escape, a wanted key that is there twice, a wanted value that is an object or a
// list, words for numbers) it leaves to fastjson, which is to judge.
type jsonScanner struct {
	root   *jsonNode
	found  []jsonFound // two for each want: by its whole name, and by its path
	record uint64      // number of the current one, from 1
	line   []byte
}

// jsonNode holds what jsonScanner knows of the objects at one place in the records.
type jsonNode struct {
	keys  map[string]*jsonKey
	first *jsonKey // the first key of the last object
}

// jsonKey is a key of the objects of a node. Records have mostly the same keys in the
// same order, so that each one tells the next.
type jsonKey struct {
	text   string // with the closing quote
	wants  []int  // where its value goes, as indexes into jsonScanner.found
	number bool   // all wants are numbers
	child  *jsonNode
	next   *jsonKey // that followed it last
	record uint64   // that had it last
}

// jsonFound tells what a record has for a want, and where in the line.
type jsonFound struct {
	record   uint64
	kind     jsonKind
	from, to int     // of jsonString (quotes left out), jsonEscaped (with them) and jsonNumber
	x        float64 // of jsonFloat
}

// jsonKind tells the kinds of values apart that jsonScanner finds.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonTrue
	jsonFalse
	jsonString
	jsonEscaped // a string with escapes
	jsonFloat   // a number that is read
	jsonNumber  // a number as it stands
)

const (
	// maxJSONKeys and maxJSONKeyBytes bound the keys that a node remembers.
	maxJSONKeys     = 1024
	maxJSONKeyBytes = 256
	// maxJSONDepth is far less than what fastjson takes.
	maxJSONDepth = 100
)

// newJSONScanner makes a scanner for the wanted columns.
func newJSONScanner(wants []table.Want, columns []jsonColumn) *jsonScanner {
	s := &jsonScanner{root: newJSONNode(), found: make([]jsonFound, 2*len(wants))}
	for i, w := range wants {
		s.root.want([]string{w.Name}, 2*i, w.As == table.AsNumber)
		if columns[i].path != nil {
			s.root.want(columns[i].path, 2*i+1, w.As == table.AsNumber)
		}
	}
	return s
}

// newJSONNode makes a node without keys.
func newJSONNode() *jsonNode { return &jsonNode{keys: map[string]*jsonKey{}} }

// want says that the value at a path goes into found[at].
func (n *jsonNode) want(path []string, at int, number bool) {
	for _, name := range path {
		if strings.ContainsAny(name, `"\`) {
			return // only a key with escapes is called so
		}
	}
	k := n.keys[path[0]]
	if k == nil {
		k = n.add(path[0])
		k.number = true
	}
	if len(path) == 1 {
		k.wants = append(k.wants, at)
		k.number = k.number && number
		return
	}
	if k.child == nil {
		k.child = newJSONNode()
	}
	k.child.want(path[1:], at, number)
}

// add makes a key of the node's objects.
func (n *jsonNode) add(name string) *jsonKey {
	k := &jsonKey{text: name + `"`}
	n.keys[name] = k
	return k
}

// find returns the key of a name; nil is one that is not wanted and not remembered.
func (n *jsonNode) find(name []byte) *jsonKey {
	k := n.keys[string(name)]
	if k == nil && len(n.keys) < maxJSONKeys && len(name) <= maxJSONKeyBytes {
		k = n.add(string(name))
	}
	return k
}

// scan reads a record; false leaves it to fastjson.
func (s *jsonScanner) scan(line []byte) bool {
	s.line = line
	s.record++
	return len(line) > 0 && line[0] == '{' && s.object(s.root, 1, 1) == len(line)
}

// value returns what the record has for want i; nil is nothing.
func (s *jsonScanner) value(i int) *jsonFound {
	for k := 2 * i; k < 2*i+2; k++ {
		if s.found[k].record == s.record {
			return &s.found[k]
		}
	}
	return nil
}

// met reports whether some record had a key for want i.
func (s *jsonScanner) met(i int) bool { return s.found[2*i].record > 0 || s.found[2*i+1].record > 0 }

// keys returns the keys that records have, of those that are remembered, in order.
func (s *jsonScanner) keys() []string {
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
func (s *jsonScanner) object(node *jsonNode, at, depth int) int {
	line := s.line
	at = skipJSONBlanks(line, at)
	if at < len(line) && line[at] == '}' {
		return at + 1
	}
	var key *jsonKey
	var expected **jsonKey
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
		at = skipJSONBlanks(line, at)
		if at >= len(line) || line[at] != ':' {
			return -1
		}
		at = skipJSONBlanks(line, at+1)
		if key != nil {
			expected = &key.next
			if key.record == s.record && (len(key.wants) > 0 || key.child != nil) {
				return -1
			}
			key.record = s.record
		}
		if at = s.read(key, at, depth); at < 0 {
			return -1
		}
		at = skipJSONBlanks(line, at)
		switch {
		case at >= len(line):
			return -1
		case line[at] == ',':
			at = skipJSONBlanks(line, at+1)
		case line[at] == '}':
			return at + 1
		default:
			return -1
		}
	}
}

// read reads the value of a key (nil is one whose value is not wanted) and returns the
// position behind it, or -1.
func (s *jsonScanner) read(key *jsonKey, at, depth int) int {
	line := s.line
	if at >= len(line) {
		return -1
	}
	if key != nil && len(key.wants) == 0 && key.child == nil {
		key = nil
	}
	c := line[at]
	switch {
	case c == '"':
		from := at + 1
		end, escaped := jsonStringEnd(line, from)
		if end < 0 {
			return -1
		}
		if key != nil {
			if escaped {
				s.set(key, jsonEscaped, at, end+1, 0)
			} else {
				s.set(key, jsonString, from, end, 0)
			}
		}
		return end + 1
	case c >= '0' && c <= '9' || c == '-':
		if key != nil && key.number {
			x, n := table.ScanDecimal(line[at:])
			if n > 0 && (at+n == len(line) || !isNumberByte(line[at+n])) {
				s.set(key, jsonFloat, 0, 0, x)
				return at + n
			}
		}
		end := numberEnd(line, at+1)
		if c == '-' && end == at+1 {
			return -1
		}
		if key != nil {
			s.set(key, jsonNumber, at, end, 0)
		}
		return end
	case c == 't':
		return s.word(key, at, "true", jsonTrue)
	case c == 'f':
		return s.word(key, at, "false", jsonFalse)
	case c == 'n':
		return s.word(key, at, "null", jsonNull)
	case key != nil && len(key.wants) > 0 || depth > maxJSONDepth:
		return -1
	case c == '{':
		var node *jsonNode
		if key != nil {
			node = key.child
		}
		return s.object(node, at+1, depth+1)
	case c == '[':
		return s.list(at+1, depth+1)
	}
	return -1
}

// set notes the value of a key for all that want it.
func (s *jsonScanner) set(key *jsonKey, kind jsonKind, from, to int, x float64) {
	for _, i := range key.wants {
		f := &s.found[i]
		f.record, f.kind, f.from, f.to, f.x = s.record, kind, from, to, x
	}
}

// word reads true, false or null, as read does.
func (s *jsonScanner) word(key *jsonKey, at int, word string, kind jsonKind) int {
	if len(s.line)-at < len(word) || string(s.line[at:at+len(word)]) != word {
		return -1
	}
	if key != nil {
		s.set(key, kind, 0, 0, 0)
	}
	return at + len(word)
}

// list passes over a list from behind its bracket on, and returns the position behind its end,
// or -1.
func (s *jsonScanner) list(at, depth int) int {
	line := s.line
	at = skipJSONBlanks(line, at)
	if at < len(line) && line[at] == ']' {
		return at + 1
	}
	for {
		if at = s.read(nil, at, depth); at < 0 {
			return -1
		}
		at = skipJSONBlanks(line, at)
		switch {
		case at >= len(line):
			return -1
		case line[at] == ',':
			at = skipJSONBlanks(line, at+1)
		case line[at] == ']':
			return at + 1
		default:
			return -1
		}
	}
}

// skipJSONBlanks returns the position of the next byte that is no blank.
func skipJSONBlanks(line []byte, at int) int {
	for at < len(line) && line[at] <= ' ' && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r' || line[at] == '\n') {
		at++
	}
	return at
}

// isNumberByte tells the bytes that fastjson takes for one number.
func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}

// numberEnd returns the position behind the bytes of a number from at on.
func numberEnd(line []byte, at int) int {
	for at < len(line) && isNumberByte(line[at]) {
		at++
	}
	return at
}

// jsonStringEnd returns the position of the quote that ends the string from at on, or
// -1, and whether there are escapes in it.
func jsonStringEnd(line []byte, at int) (end int, escaped bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for {
		for len(line)-at >= 8 {
			w := binary.LittleEndian.Uint64(line[at:])
			quote, slash := w^'"'*ones, w^'\\'*ones
			// The lowest bit that is set is that of a byte which is zero.
			hits := ((quote-ones)&^quote | (slash-ones)&^slash) & highs
			if hits != 0 {
				at += bits.TrailingZeros64(hits) / 8
				break
			}
			at += 8
		}
		for at < len(line) && line[at] != '"' && line[at] != '\\' {
			at++
		}
		if at >= len(line) {
			return -1, escaped
		}
		if line[at] == '"' {
			return at, escaped
		}
		escaped = true
		at += 2
	}
}
