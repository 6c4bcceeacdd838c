package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

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
		d.failEmpty(v)
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

// What is a number: intPattern and floatPattern match those that JSON and YAML 1.2 agree
// on, oddPattern what only some YAML reads as a number.
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
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}

// validVariable reports whether an environment variable can be called that.
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
			d.failEmpty(v)
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
	if s.replaced {
		s.kind = plainKind(s.text) // inside { } a variable has to be quoted
	}
	if s.kind == oddNumber {
		d.fail(v, "%s is not a plain number: write it in decimal digits, without leading zeros or _", s.raw)
		return 0, s, false
	}
	if s.kind != intScalar && s.kind != floatScalar {
		hint := ""
		if k := plainKind(s.text); s.kind == textScalar && (k == intScalar || k == floatScalar) {
			hint = ": write it without quotes"
		}
		d.fail(v, "want a number, got %s%s", s.describe(), hint)
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

// list reads the values of a list.
func (d *decoder) list(v value, of string) ([]value, bool) {
	s, ok := v.node.(*ast.SequenceNode)
	if !ok {
		if _, null := v.node.(*ast.NullNode); null {
			d.failEmpty(v)
			return nil, false
		}
		if kind := describe(v.node); kind == "a mapping" {
			d.fail(v, "want a list of %s, got %s: an item of a list begins with a dash", of, kind)
		} else {
			d.fail(v, "want a list of %s, got %s", of, kind)
		}
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

// filled reads the values of a list that is not empty.
func (d *decoder) filled(v value, of string) ([]value, bool) {
	items, ok := d.list(v, of)
	if ok && len(items) == 0 {
		d.fail(v, "the list is empty: give it %s or leave the key out", of)
		return nil, false
	}
	return items, ok
}

// texts reads a list of different texts; it may be empty.
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
