package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// maxExcerpt bounds what is quoted of a line, in characters.
const maxExcerpt = 120

// keyNames are the keys of a configuration by their names, which tell what of a line may be
// quoted: a value of a key that holds a secret, or of a key that nobody knows, may not.
type keyNames struct{ plain, secret map[string]bool }

// newKeyNames takes the names from the tags of Config.
func newKeyNames() keyNames {
	k := keyNames{plain: map[string]bool{}, secret: map[string]bool{}}
	k.add(reflect.TypeFor[Config]())
	delete(k.secret, "url") // of a webhook, which shown takes out as an address of the web
	k.plain["url"] = true
	return k
}

// add takes the keys of a struct, and of those in it.
func (k keyNames) add(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		k.add(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			name, of := t.Field(i).Tag.Get("yaml"), t.Field(i).Type
			switch {
			case name == "":
			case of == reflect.TypeFor[Secret]():
				k.secret[name], k.plain[name+"_file"] = true, true
			default:
				k.plain[name] = true
				if of != reflect.TypeFor[HTTPClient]() && of != reflect.TypeFor[TLS]() {
					k.add(of)
				}
			}
		}
	}
}

// known reports whether a name is that of a key.
func (k keyNames) known(name string) bool { return k.plain[name] || k.secret[name] }

// What shown looks for in a line.
var (
	firstWord  = regexp.MustCompile(`^[\s\-\[{"',]*([A-Za-z_][A-Za-z0-9_-]*)`)
	anyKey     = regexp.MustCompile(`\b([A-Za-z_][A-Za-z0-9_-]*)["']?\s*[:=]`)
	anyWord    = regexp.MustCompile(`[A-Za-z0-9_-]+`)
	onlyMarks  = regexp.MustCompile(`^[\s\-\[\]{},:"']*$`)
	webAddress = regexp.MustCompile(`(?i)\bhttps?\b.*$`)
	comment    = regexp.MustCompile(`(^|\s)#.*$`)
)

// excerpt quotes a line with a mark below the place, less what could be a secret.
func (s *syntax) excerpt(p position) string {
	if p.line < 1 || p.line > len(s.lines) {
		return ""
	}
	text := []rune(strings.ReplaceAll(s.shown(p.line), "\t", "→"))
	if len(text) > maxExcerpt {
		text = append(text[:maxExcerpt], []rune("...")...)
	}
	number := fmt.Sprintf("%6d | ", p.line)
	out := number + string(text)
	if p.column <= len(text)+1 {
		out += "\n" + strings.Repeat(" ", len(number)-2) + "| " + strings.Repeat(" ", p.column-1) + "^"
	}
	return out
}

// shown returns a line as far as it may be shown. Whether a value is a secret is told by its
// key alone: so what stands behind a key that isn't known is left out too, and so is a line
// that continues a secret.
func (s *syntax) shown(n int) string {
	line := comment.ReplaceAllString(s.line(n), "")
	if onlyMarks.MatchString(line) {
		return line
	}
	blank := line[:indent(line)] + redacted
	first := firstWord.FindStringSubmatchIndex(line)
	if first == nil || s.continuesSecret(n) {
		return blank
	}
	if name := line[first[2]:first[3]]; !s.keys.plain[name] {
		if rest := line[first[3]:]; s.keys.secret[name] || strings.HasPrefix(strings.TrimLeft(rest, `"' `), ":") {
			return line[:first[3]] + ": " + redacted
		}
		return blank
	}
	for _, m := range anyKey.FindAllStringSubmatchIndex(line, -1) {
		name := line[m[2]:m[3]]
		if scheme := slices.Contains(schemes(), name) && strings.HasPrefix(line[m[1]:], "//"); !scheme && !s.keys.plain[name] {
			return line[:m[1]] + " " + redacted
		}
	}
	for _, m := range anyWord.FindAllStringIndex(line, -1) {
		if s.keys.secret[line[m[0]:m[1]]] {
			return line[:m[1]] + " " + redacted
		}
	}
	return webAddress.ReplaceAllString(line, redacted)
}

// continuesSecret reports whether a line may belong to the value of a secret, or of a key that
// isn't known: it stands below such a key, or right behind it and has no key of its own.
func (s *syntax) continuesSecret(n int) bool {
	own := indent(s.line(n))
	keyed := anyKey.MatchString(s.line(n))
	for up := s.filled(n, -1); up > 0; up = s.filled(up, -1) {
		line := s.line(up)
		keys := anyKey.FindAllStringSubmatch(line, -1)
		hidden := false
		for _, m := range keys {
			hidden = hidden || !s.keys.plain[m[1]]
		}
		if hidden && (!keyed || indent(line) < own) {
			return true
		}
		if len(keys) > 0 {
			keyed = true // it is that line's, if anybody's
		}
		own = min(own, indent(line))
	}
	return false
}
