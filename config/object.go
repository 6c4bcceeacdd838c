package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	promconfig "github.com/prometheus/common/config"
)

// member is a key of an object with its value as parsed.
type member struct {
	key  string
	pos  position // of the key
	node ast.Node
}

// object is a mapping whose keys are asked for one by one; done complains about
// the rest. What was asked for is what is known, so the two cannot differ.
type object struct {
	d       *decoder
	v       value
	ok      bool // false: not a mapping, which has been said
	members []member
	known   []string
}

// object reads a mapping.
func (d *decoder) object(v value) *object {
	o := &object{d: d, v: v}
	o.members, o.ok = d.members(v)
	return o
}

// members lists the keys of a mapping in the file's order, those of << last.
func (d *decoder) members(v value) ([]member, bool) {
	var nodes []*ast.MappingValueNode
	switch t := v.node.(type) {
	case *ast.MappingNode:
		nodes = t.Values
	case *ast.MappingValueNode:
		nodes = []*ast.MappingValueNode{t}
	case *ast.NullNode:
		d.failEmpty(v)
		return nil, false
	default:
		d.fail(v, "want keys and values, got %s", describe(v.node))
		return nil, false
	}
	var own []member
	var merged []member
	for _, n := range nodes {
		if n.Key.IsMergeKey() {
			merged = append(merged, d.merge(n, v)...)
			continue
		}
		key, ok := keyText(n.Key)
		if !ok {
			d.failAt(at(n), v.path, "keys must be plain text")
			continue
		}
		if i := slices.IndexFunc(own, func(m member) bool { return m.key == key }); i >= 0 {
			d.failAt(at(n), join(v.path, key), "the key is given twice; first at line %d", own[i].pos.line)
			continue
		}
		own = append(own, member{key: key, pos: at(n), node: n.Value})
	}
	for _, m := range merged {
		if !slices.ContainsFunc(own, func(o member) bool { return o.key == m.key }) {
			own = append(own, m)
		}
	}
	return own, true
}

// entries yields the values of a mapping whose keys are names, in the file's order.
func (d *decoder) entries(v value) func(func(string, value) bool) {
	return func(yield func(string, value) bool) {
		members, _ := d.members(v)
		for _, mem := range members {
			mv, ok := d.resolve(mem.node, join(v.path, mem.key), v.deep)
			if ok && !yield(mem.key, mv) {
				return
			}
		}
	}
}

// merge lists the keys that << brings in: of one mapping or of a list of them,
// the earlier first.
func (d *decoder) merge(n *ast.MappingValueNode, into value) []member {
	path := join(into.path, "<<")
	v, ok := d.resolve(n.Value, path, into.deep)
	if !ok {
		return nil
	}
	sources := []value{v}
	if _, isList := v.node.(*ast.SequenceNode); isList {
		if sources, ok = d.filled(v, "aliases"); !ok {
			return nil
		}
	}
	var out []member
	for _, s := range sources {
		ms, ok := d.members(s)
		if !ok {
			continue
		}
		out = append(out, ms...)
	}
	return out
}

// keyText is the text of a key.
func keyText(k ast.Node) (string, bool) {
	switch t := k.(type) {
	case *ast.MappingKeyNode:
		return keyText(t.Value)
	case *ast.StringNode:
		return t.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return t.GetToken().Value, true
	default:
		return "", false
	}
}

// simpleKey matches the keys that stand in a path as they are.
var simpleKey = regexp.MustCompile(`^[A-Za-z0-9_<-]+$`)

// join adds a key to a path.
func join(path, key string) string {
	if !simpleKey.MatchString(key) {
		return fmt.Sprintf("%s[%q]", path, clip(key))
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// get returns the value of a key when it is there and resolves.
func (o *object) get(key string) (value, bool) {
	o.known = append(o.known, key)
	for _, m := range o.members {
		if m.key == key {
			v, ok := o.d.resolve(m.node, join(o.v.path, key), o.v.deep)
			return v, ok
		}
	}
	return value{}, false
}

// has reports whether the key is there, whatever its value.
func (o *object) has(key string) bool {
	return slices.ContainsFunc(o.members, func(m member) bool { return m.key == key })
}

// keyPos is where a key stands, or the object where it does not.
func (o *object) keyPos(key string) position {
	for _, m := range o.members {
		if m.key == key {
			return m.pos
		}
	}
	return o.v.pos
}

// fail records an error about the object as a whole.
func (o *object) fail(format string, args ...any) { o.d.fail(o.v, format, args...) }

// need records an error for each key that is missing.
func (o *object) need(keys ...string) {
	if !o.ok {
		return
	}
	for _, k := range keys {
		if !o.has(k) {
			o.fail("%s is missing", k)
		}
	}
}

// exclusive complains where more than one of the keys is there.
func (o *object) exclusive(keys ...string) {
	first := ""
	for _, m := range o.members { // in the file's order
		switch {
		case !slices.Contains(keys, m.key):
		case first == "":
			first = m.key
		default:
			o.d.failAt(m.pos, join(o.v.path, m.key), "%s is given too; use one of them", first)
		}
	}
}

// done complains about the keys that nobody asked for.
func (o *object) done() {
	for _, m := range o.members {
		if slices.Contains(o.known, m.key) {
			continue
		}
		path := join(o.v.path, m.key)
		if why, listed := unsupportedKey(path); listed {
			o.d.failAt(m.pos, path, "not supported by this version%s", why)
			continue
		}
		o.d.failAt(m.pos, o.v.path, "unknown key %q%s", clip(m.key), didYouMean(m.key, o.known))
	}
}

// text reads text into dst.
func (o *object) text(key string, dst *string) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	s, ok := o.d.text(v)
	if ok {
		*dst = s
	}
	return v, ok
}

// integer reads a whole number of at least low into dst.
func (o *object) integer(key string, low int64, dst *int64) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	n, ok := o.d.integer(v, low)
	if ok {
		*dst = n
	}
	return v, ok
}

// count reads a whole number from low to high into dst.
func (o *object) count(key string, low, high int64, dst *int) {
	var n int64
	v, ok := o.integer(key, low, &n)
	if !ok {
		return
	}
	if n > high {
		o.d.fail(v, "must be at most %d, got %d", high, n)
		return
	}
	*dst = int(n)
}

// share reads a number from 0 to 1 into dst.
func (o *object) share(key string, dst *float64) {
	v, ok := o.get(key)
	if !ok {
		return
	}
	f, s, ok := o.d.number(v)
	if !ok {
		return
	}
	if !(f >= 0 && f <= 1) {
		o.d.fail(v, "must be from 0 to 1, got %s", s.raw)
		return
	}
	*dst = f
}

// boolean reads true or false into dst.
func (o *object) boolean(key string, dst *bool) {
	v, ok := o.get(key)
	if !ok {
		return
	}
	s, ok := o.d.scalar(v, "true or false")
	if !ok {
		return
	}
	if s.replaced {
		s.kind = plainKind(s.text) // inside { } a variable has to be quoted
	}
	if s.kind != boolScalar {
		o.d.fail(v, "want true or false, got %s", s.describe())
		return
	}
	*dst = strings.EqualFold(s.text, "true")
}

// duration reads a duration into dst.
func (o *object) duration(key string, dst *time.Duration) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	s, ok := o.d.scalar(v, "a duration")
	if !ok {
		return v, false
	}
	dur, err := ParseDuration(s.text)
	switch {
	case err == nil:
		*dst = dur
		return v, true
	case s.kind == intScalar || s.kind == floatScalar:
		o.d.fail(v, "the duration %s has no unit: %v", s.raw, errDuration)
	case s.replaced:
		o.d.fail(v, "%s: %v", s.shown(), errDuration)
	default:
		o.d.fail(v, "%v", err)
	}
	return v, false
}

// positive reads a duration above 0 into dst.
func (o *object) positive(key string, dst *time.Duration) {
	var dur time.Duration
	v, ok := o.duration(key, &dur)
	if !ok {
		return
	}
	if dur == 0 {
		o.d.fail(v, "must be longer than 0")
		return
	}
	*dst = dur
}

// choice reads one of the words in can into dst; the words in later are refused as
// not supported yet.
func (o *object) choice(key string, dst *string, can, later []string) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	return v, o.d.choice(v, dst, can, later)
}

// choice reads the value itself as object.choice reads that of a key.
func (d *decoder) choice(v value, dst *string, can, later []string) bool {
	s, ok := d.textScalar(v)
	if !ok {
		return false
	}
	switch {
	case slices.Contains(can, s.text):
		*dst = s.text
		return true
	case slices.Contains(later, s.text):
		d.fail(v, "%q is not supported by this version; supported: %s", s.text, strings.Join(can, ", "))
	default:
		d.fail(v, "unknown value %s%s", s.shown(), didYouMean(s.text, can))
	}
	return false
}

// secret reads a secret under key, or the file that holds it under key_file.
func (o *object) secret(key, dir string, dst *Secret) {
	var inline, file string
	var haveInline, haveFile, given bool
	if v, ok := o.get(key); ok {
		inline, haveInline = o.d.secretText(v)
		given = o.d.given[v.path]
	}
	if v, ok := o.get(key + "_file"); ok {
		if file, haveFile = o.d.text(v); haveFile {
			file = promconfig.JoinDir(dir, file)
		}
	}
	switch {
	case o.has(key) && o.has(key+"_file"):
		o.d.failAt(o.keyPos(key+"_file"), join(o.v.path, key+"_file"), "%s is given too; use one of them", key)
	case haveInline:
		*dst = InlineSecret(inline)
		dst.given = given
	case haveFile:
		*dst = FileSecret(file)
	}
}

// login reads a user and a password, of which neither is given without the other, and
// reports whether the file has one of them.
func (o *object) login(dir string, user *string, password *Secret) bool {
	o.text("username", user)
	o.secret("password", dir, password)
	haveUser, havePassword := o.has("username"), o.has("password") || o.has("password_file")
	switch {
	case haveUser && !havePassword:
		o.d.failAt(o.keyPos("username"), join(o.v.path, "username"), "a username needs a password or password_file")
	case havePassword && !haveUser:
		o.fail("username is missing beside the password")
	}
	return haveUser || havePassword
}

// secretText reads text without ever quoting it, and remembers whether a variable gave
// it.
func (d *decoder) secretText(v value) (string, bool) {
	switch v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		d.fail(v, "want text, got %s", describe(v.node))
		return "", false
	}
	s, ok := d.scalar(v, "text")
	if !ok {
		return "", false
	}
	if strings.TrimSpace(s.text) == "" {
		d.failEmpty(v)
		return "", false
	}
	if s.kind != textScalar && !s.replaced {
		d.fail(v, "want text: put it in quotes")
		return "", false
	}
	if s.replaced {
		if d.given == nil {
			d.given = map[string]bool{}
		}
		d.given[v.path] = true
	}
	return s.text, true
}

// eachNamed reads the members of a mapping whose keys people choose, such as aliases. A
// name that nameFault finds fault with, and a value that read cannot read, are told of
// and passed over; take is given the others.
func eachNamed[T any](d *decoder, v value, members []member, nameFault func(name string) string, read func(value) (T, bool), take func(name string, v value, x T)) {
	for _, m := range members {
		path := join(v.path, m.key)
		if fault := nameFault(m.key); fault != "" {
			d.failAt(m.pos, path, "%s", fault)
			continue
		}
		mv, ok := d.resolve(m.node, path, v.deep)
		if !ok {
			continue
		}
		if x, ok := read(mv); ok {
			take(m.key, mv, x)
		}
	}
}
