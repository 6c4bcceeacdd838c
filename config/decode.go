package config

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
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
	maxValues = 1_000_000
)

// decoder walks the YAML tree, collecting errors.
type decoder struct {
	file    string
	env     func(string) (string, bool)
	errs    Errors
	anchors map[string]*ast.AnchorNode
	values  int
}

// position is a place in the file, 1-based.
type position struct{ line, column int }

// value is a YAML value with aliases resolved, and where it stands.
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
	file, err := parseYAML(data)
	var deep *nestingError
	if errors.As(err, &deep) {
		d.failAt(deep.pos, "", "%v", err)
		return value{}, false
	}
	if err != nil {
		d.syntaxError(data, err)
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

// syntaxError records what the parser says, without the excerpt of the source that
// it adds: the excerpt could hold a secret.
func (d *decoder) syntaxError(data []byte, err error) {
	var yerr yaml.Error
	if !errors.As(err, &yerr) || yerr.GetToken() == nil || yerr.GetToken().Position == nil {
		msg, _, _ := strings.Cut(err.Error(), "\n")
		d.failAt(position{}, "", "%s", msg)
		return
	}
	p := tokenPosition(yerr.GetToken())
	hint := ""
	lines := bytes.Split(data, []byte("\n"))
	if p.line <= len(lines) && bytes.Contains(lines[p.line-1], []byte("${")) && bytes.Contains(lines[p.line-1], []byte("{")) {
		hint = `; inside { } or [ ] a variable needs quotes: "${VAR}"`
	}
	d.failAt(p, "", "%s%s", yerr.GetMessage(), hint)
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
				d.fail(v, "alias *%s refers to no anchor before it", name)
				return value{}, false
			}
			v.node = a.Value
		case *ast.TagNode:
			d.fail(v, "tags such as %s are not supported; quote a value to make it text", t.Start.Value)
			return value{}, false
		case nil:
			d.fail(v, "is empty: give it a value or leave the key out")
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

func tokenPosition(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// scalarKind is the type of a scalar.
type scalarKind uint8

const (
	textScalar scalarKind = iota
	boolScalar
	intScalar
	floatScalar
	nullScalar
	oddNumber // reads as different numbers in different YAML versions, or none that JSON has
)

// scalar is a scalar after its variables are replaced.
type scalar struct {
	text     string
	raw      string // as written, with ${VAR}
	replaced bool   // a variable was replaced
	kind     scalarKind
}

// shown is what an error message may quote: never the value of a variable.
func (s scalar) shown() string {
	const most = 60
	r := []rune(s.raw)
	if len(r) > most {
		return strconv.Quote(string(r[:most])) + "..."
	}
	return strconv.Quote(s.raw)
}

// describe says what a value is, for "want X, got Y".
func (s scalar) describe() string {
	switch s.kind {
	case boolScalar:
		return "the boolean " + s.raw
	case intScalar, floatScalar, oddNumber:
		return "the number " + s.raw
	case nullScalar:
		return "nothing"
	default:
		return s.shown()
	}
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

// scalar reads a scalar and replaces its variables; want is what it should be.
func (d *decoder) scalar(v value, want string) (scalar, bool) {
	var s scalar
	quoted := false
	switch t := v.node.(type) {
	case *ast.StringNode:
		s.raw = t.Value
		quoted = t.Token.Type == token.SingleQuoteType || t.Token.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		if t.Value != nil {
			s.raw = t.Value.Value
		}
		quoted = true
	case *ast.NullNode:
		d.fail(v, "is empty: give it a value or leave the key out")
		return s, false
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		s.raw = t.GetToken().Value
	case *ast.MergeKeyNode:
		s.raw = "<<"
	default:
		d.fail(v, "want %s, got %s", want, describe(v.node))
		return s, false
	}
	var ok bool
	if s.text, s.replaced, ok = d.expand(v, s.raw); !ok {
		return s, false
	}
	if !quoted {
		s.kind = plainKind(s.text)
	}
	return s, true
}

// Numbers as JSON and YAML 1.2 agree on them, and as some YAML reads them.
var (
	intPattern   = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	floatPattern = regexp.MustCompile(`^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	oddPattern   = regexp.MustCompile(`^[-+]?([0-9][0-9_]*|0[xob][0-9a-fA-F_]+|[0-9_]*\.[0-9_]+([eE][-+]?[0-9]+)?|\.inf|\.Inf|\.INF)$|^\.(nan|NaN|NAN)$`)
)

// plainKind types a scalar that is not quoted.
func plainKind(s string) scalarKind {
	switch s {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return boolScalar
	case "", "~", "null", "Null", "NULL":
		return nullScalar
	}
	switch {
	case intPattern.MatchString(s):
		return intScalar
	case floatPattern.MatchString(s):
		return floatScalar
	case oddPattern.MatchString(s):
		return oddNumber
	default:
		return textScalar
	}
}

// expand replaces ${VAR} and turns $${ into ${.
func (d *decoder) expand(v value, s string) (out string, replaced, ok bool) {
	if !strings.Contains(s, "${") {
		return s, false, true
	}
	var b strings.Builder
	ok = true
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String(), replaced, ok
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1])
			b.WriteString("${")
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			d.fail(v, "${ without a closing }; write $${ for a literal ${")
			return "", replaced, false
		}
		name := s[i+2 : i+end]
		s = s[i+end+1:]
		if !validVariable(name) {
			d.fail(v, "${...} needs the name of a variable, of letters, digits and _; write $${ for a literal ${")
			ok = false
			continue
		}
		val, set := "", false
		if d.env != nil {
			val, set = d.env(name)
		}
		if !set {
			d.fail(v, "the environment variable %s is not set", name)
			ok = false
			continue
		}
		if !utf8.ValidString(val) {
			d.fail(v, "the environment variable %s is not UTF-8 text", name)
			ok = false
			continue
		}
		replaced = true
		b.WriteString(val)
	}
}

// clip shortens text for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

func validVariable(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// text reads text that is not empty.
func (d *decoder) text(v value) (string, bool) {
	s, ok := d.textScalar(v)
	return s.text, ok
}

// textScalar reads text that is not empty, keeping how it was written.
func (d *decoder) textScalar(v value) (scalar, bool) {
	s, ok := d.scalar(v, "text")
	if !ok {
		return s, false
	}
	if s.kind != textScalar && !s.replaced {
		d.fail(v, "want text, got %s: put it in quotes", s.describe())
		return s, false
	}
	if strings.TrimSpace(s.text) == "" {
		if s.replaced {
			d.fail(v, "%s is empty", s.shown())
		} else {
			d.fail(v, "is empty: give it a value or leave the key out")
		}
		return s, false
	}
	return s, true
}

// number reads a finite number.
func (d *decoder) number(v value) (float64, scalar, bool) {
	s, ok := d.scalar(v, "a number")
	if !ok {
		return 0, s, false
	}
	if s.kind == oddNumber {
		d.fail(v, "%s is not a plain number: write it in decimal digits, without leading zeros or _", s.raw)
		return 0, s, false
	}
	if s.kind != intScalar && s.kind != floatScalar {
		d.fail(v, "want a number, got %s", s.describe())
		return 0, s, false
	}
	f, err := strconv.ParseFloat(s.text, 64)
	if err != nil || math.IsInf(f, 0) {
		d.fail(v, "the number %s is too large", s.raw)
		return 0, s, false
	}
	return f, s, true
}

// integer reads a whole number of at least low.
func (d *decoder) integer(v value, low int64) (int64, bool) {
	f, s, ok := d.number(v)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(s.text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		d.fail(v, "the number %s is too large", s.raw)
		return 0, false
	}
	if err != nil {
		if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			d.fail(v, "want a whole number, got %s", s.raw)
			return 0, false
		}
		n = int64(f)
	}
	if n < low {
		d.fail(v, "must be at least %d, got %s", low, s.raw)
		return 0, false
	}
	return n, true
}

// list reads the values of a list that is not empty.
func (d *decoder) list(v value, of string) ([]value, bool) {
	s, ok := v.node.(*ast.SequenceNode)
	if !ok {
		if _, null := v.node.(*ast.NullNode); null {
			d.fail(v, "is empty: give it a value or leave the key out")
			return nil, false
		}
		d.fail(v, "want a list of %s, got %s", of, describe(v.node))
		return nil, false
	}
	if len(s.Values) == 0 {
		d.fail(v, "the list is empty: give it %s or leave the key out", of)
		return nil, false
	}
	out := make([]value, 0, len(s.Values))
	whole := true
	for i, n := range s.Values {
		item, ok := d.resolve(n, fmt.Sprintf("%s[%d]", v.path, i), v.deep)
		if !ok {
			whole = false
			continue
		}
		out = append(out, item)
	}
	return out, whole || len(out) > 0
}

// texts reads a list of different texts.
func (d *decoder) texts(v value, of string) ([]string, bool) {
	items, ok := d.list(v, of)
	if !ok {
		return nil, false
	}
	var out []string
	for _, item := range items {
		s, good := d.text(item)
		if !good {
			ok = false
			continue
		}
		if slices.Contains(out, s) {
			d.fail(item, "%q is listed twice", s)
			ok = false
			continue
		}
		out = append(out, s)
	}
	return out, ok
}
