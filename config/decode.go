package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxFileBytes bounds a configuration; the parser's cost grows faster than its input.
	maxFileBytes = 4 << 20
	// maxNesting bounds what recursion follows; hindcast.yaml needs eight levels.
	maxNesting = 100
	// maxValues bounds the values read, so that aliases of aliases cannot explode.
	maxValues = 300_000
)

// decoder walks the YAML tree for Parse and collects what is wrong. Its methods read one
// part of the file each.
type decoder struct {
	file    string
	lines   []string // of the file, for what the tree doesn't have
	env     func(string) (string, bool)
	errs    Errors
	anchors map[string]*ast.AnchorNode
	values  int
	given   map[string]bool // paths of the secrets that come from variables
}

// position is a place in the file, 1-based.
type position struct{ line, column int }

// value is a YAML value with aliases resolved, and where it stands. Every method that
// reads a part of the file takes one.
type value struct {
	node ast.Node
	pos  position
	path string
	deep int
}

// failAt records an error.
func (d *decoder) failAt(p position, path, format string, args ...any) {
	d.errs = append(d.errs, &Error{File: d.file, Line: p.line, Column: p.column, Path: path, Message: fmt.Sprintf(format, args...)})
}

// fail records an error about a value.
func (d *decoder) fail(v value, format string, args ...any) {
	d.failAt(v.pos, v.path, format, args...)
}

// failEmpty records that a value is missing.
func (d *decoder) failEmpty(v value) {
	hint := ""
	if n := v.pos.line; n >= 1 && n <= len(d.lines) {
		line := []rune(d.lines[n-1])
		if rest := strings.TrimSpace(string(line[min(v.pos.column-1, len(line)):])); strings.HasPrefix(rest, "#") {
			hint = "; what follows a # is a comment, unless it stands in quotes"
		}
	}
	d.fail(v, "is empty: give it a value or leave the key out%s", hint)
}

// parse turns the bytes into the one document's root; ok is false when that failed.
func (d *decoder) parse(data []byte) (root value, ok bool) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(data) > maxFileBytes {
		d.failAt(position{}, "", "the file is larger than 4 MiB")
		return value{}, false
	}
	if p, bad := badUTF8(data); bad {
		d.failAt(p, "", "the file is not UTF-8 text")
		return value{}, false
	}
	d.lines = strings.Split(string(data), "\n")
	file, err := parseYAML(data)
	var deep *nestingError
	if errors.As(err, &deep) {
		d.failAt(deep.pos, "", "%v", err)
		return value{}, false
	}
	if err != nil {
		d.syntaxError(err)
		return value{}, false
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		d.failAt(position{1, 1}, "", "the file is empty; it starts with version: 1")
		return value{}, false
	case len(file.Docs) > 1 && len(bodies) > 1:
		d.failAt(at(bodies[1]), "", "a second YAML document begins here; a configuration is one document")
		return value{}, false
	}
	for _, body := range bodies {
		if body.Type() == ast.DirectiveType {
			d.failAt(at(body), "", "YAML directives are not supported")
			return value{}, false
		}
	}
	if !d.collectAnchors(bodies[0]) {
		return value{}, false
	}
	return d.resolve(bodies[0], "", 0)
}

// parseYAML parses, turning a panic of the parser into an error: the file is
// anybody's and a panic would hide what is wrong with it.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, errors.New("cannot be read as YAML")
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if p, deep := tooDeep(tokens); deep {
		return nil, &nestingError{pos: p}
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// nestingError refuses a file before it is parsed.
type nestingError struct{ pos position }

func (e *nestingError) Error() string { return "nested too deeply" }

// syntaxError records why the file is no YAML, with the line.
func (d *decoder) syntaxError(err error) {
	var yerr yaml.Error
	if !errors.As(err, &yerr) || yerr.GetToken() == nil || yerr.GetToken().Position == nil {
		msg, _, _ := strings.Cut(err.Error(), "\n")
		d.failAt(position{}, "", "%s", msg)
		return
	}
	s := syntax{lines: d.lines, at: tokenPosition(yerr.GetToken()), says: yerr.GetMessage(), keys: newKeyNames()}
	p, why := s.explain()
	d.failAt(p, "", "%s", why)
	d.errs[len(d.errs)-1].Excerpt = s.excerpt(p)
}

// badUTF8 finds the first byte that is not UTF-8.
func badUTF8(data []byte) (position, bool) {
	p := position{1, 1}
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n <= 1 || r == 0 {
			return p, true
		}
		p.column++
		if r == '\n' {
			p = position{p.line + 1, 1}
		}
		data = data[n:]
	}
	return position{}, false
}

// tooDeep finds a place where brackets, or entries begun on one line, nest so
// deeply that the recursive parser could exhaust the stack, which nothing recovers
// from. Nesting by indentation is bounded by the size of the file.
func tooDeep(tokens token.Tokens) (position, bool) {
	brackets, entries, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position != nil && t.Position.Line != line {
			entries, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets = max(brackets-1, 0)
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.TagType, token.AnchorType:
			entries++
			if brackets > 0 {
				entries = 0 // flow collections are counted by their brackets
			}
		}
		if brackets > maxNesting || entries > maxNesting {
			return tokenPosition(t), true
		}
	}
	return position{}, false
}

// collectAnchors finds the anchors; a name that is used twice would make an alias
// mean different things in different places.
func (d *decoder) collectAnchors(root ast.Node) bool {
	d.anchors = map[string]*ast.AnchorNode{}
	before := len(d.errs)
	for _, n := range ast.Filter(ast.AnchorType, root) {
		a, ok := n.(*ast.AnchorNode)
		if !ok || a.Name == nil {
			continue
		}
		name := a.Name.GetToken().Value
		if first, dup := d.anchors[name]; dup {
			if first != a {
				d.failAt(at(a), "", "anchor &%s is already defined at line %d", name, at(first).line)
			}
			continue
		}
		d.anchors[name] = a
	}
	return len(d.errs) == before
}

// resolve follows anchors and aliases to the value itself.
func (d *decoder) resolve(n ast.Node, path string, deep int) (value, bool) {
	v := value{node: n, path: path, deep: deep + 1}
	if n != nil {
		v.pos = at(n)
	}
	if d.values++; d.values > maxValues {
		if d.values == maxValues+1 {
			d.fail(v, "the file holds too many values; do its aliases refer to each other?")
		}
		return value{}, false
	}
	if deep > maxNesting {
		d.fail(v, "nested too deeply; does an alias refer to what holds it?")
		return value{}, false
	}
	for hops := 0; ; hops++ {
		switch t := v.node.(type) {
		case *ast.AnchorNode:
			v.node = t.Value
		case *ast.AliasNode:
			name := t.Value.GetToken().Value
			a, ok := d.anchors[name]
			if !ok || after(tokenPosition(a.Start), tokenPosition(t.Start)) {
				d.fail(v, "alias *%s refers to no anchor before it; a text that begins with * has to stand in quotes", name)
				return value{}, false
			}
			v.node = a.Value
		case *ast.TagNode:
			d.fail(v, "tags such as %s are not supported; quote a value to make it text", t.Start.Value)
			return value{}, false
		case nil:
			d.failEmpty(v)
			return value{}, false
		default:
			if _, alias := n.(*ast.AliasNode); alias && v.node != nil {
				v.pos = at(v.node) // where the text is, for it is the text that is wrong
			}
			return v, true
		}
		if hops > maxNesting {
			d.fail(v, "the alias refers to itself")
			return value{}, false
		}
	}
}

// after reports whether a stands after b.
func after(a, b position) bool {
	return a.line > b.line || a.line == b.line && a.column > b.column
}

// at is where a node begins.
func at(n ast.Node) position {
	switch t := n.(type) {
	case *ast.MappingNode:
		if !t.IsFlowStyle && len(t.Values) > 0 {
			return at(t.Values[0])
		}
	case *ast.MappingValueNode:
		return at(t.Key)
	case *ast.LiteralNode:
		return tokenPosition(t.Start)
	case *ast.AnchorNode:
		if t.Value != nil {
			return at(t.Value)
		}
	}
	return tokenPosition(n.GetToken())
}

// tokenPosition is where a token stands; 1:1 where the parser does not say.
func tokenPosition(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// describe says what a node is, without quoting it: where a mapping or a list is
// wanted, the text could be a secret in the wrong place.
func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "a boolean"
	default:
		return "text"
	}
}
