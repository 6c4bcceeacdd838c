package source

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// pattern is the part of a source's URL from the first path segment on that holds a
// placeholder or a wildcard.
type pattern struct {
	base     string // the URL before it, with its parameters: what an objstore.Opener takes
	text     string // as it stands in the URL, for messages
	segments []segment
}

// maxDeep bounds the ** of a pattern: each multiplies the ways to match a key.
const maxDeep = 3

// segment is a path segment of a pattern, with what it takes to match that of a key.
type segment struct {
	text     string
	deep     bool           // **: any number of segments, also none
	literal  bool           // no placeholder, no wildcard
	glob     bool           // has a *
	match    *regexp.Regexp // whole segment; nil for deep and literal ones
	fields   []field        // of the capture groups of match
	loose    []bool         // of each field: keys may have one digit where its number is below 10
	anyStart bool           // begins with a wildcard, which hidden names do not match
}

// field tells the placeholders apart.
type field uint8

const (
	fieldDate field = iota
	fieldHour
	fieldYear
	fieldMonth
	fieldDay
)

// unpaddedExpr is what keys may have in the place of {month}, {day} and {hour}, as writers do
// that pad no numbers: month=1. Where another placeholder, a digit or a wildcard stands
// beside it nobody could tell where the number ends, and it has two digits.
const unpaddedExpr = `([0-9]{1,2})`

// placeholder describes what stands for a field in a key.
type placeholder struct {
	name string
	expr string
	size int
}

// placeholder returns the field's name in a pattern and what keys have in its place.
func (f field) placeholder() placeholder {
	switch f {
	case fieldDate:
		return placeholder{"{date}", `([0-9]{4}-[0-9]{2}-[0-9]{2})`, 10}
	case fieldHour:
		return placeholder{"{hour}", `([0-9]{2})`, 2}
	case fieldYear:
		return placeholder{"{year}", `([0-9]{4})`, 4}
	case fieldMonth:
		return placeholder{"{month}", `([0-9]{2})`, 2}
	default:
		return placeholder{"{day}", `([0-9]{2})`, 2}
	}
}

// parsePattern splits a source's URL into what objstore opens and the pattern of
// the keys below that. A URL without placeholders and wildcards names one object,
// or everything below it when it ends in '/'.
func parsePattern(rawURL string) (pattern, error) {
	fail := func(format string, args ...any) (pattern, error) {
		return pattern{}, fmt.Errorf("parse url %s: %w", withoutQuery(rawURL), fmt.Errorf(format, args...))
	}
	if rawURL == "" {
		return pattern{}, fmt.Errorf("parse url: it is empty")
	}
	scheme, rest, query := splitURL(rawURL)
	if rest == "" || strings.HasPrefix(rawURL, "://") {
		return fail("it names nothing: give a scheme and a path, such as file://./logs/*.csv")
	}
	parts := strings.Split(rest, "/")
	first := 0 // the first segment that may be part of the pattern
	if scheme != "" && scheme != "file" {
		first = 1 // after the bucket
		if strings.ContainsAny(parts[0], "*{}") {
			return fail("a bucket's name cannot hold * or a placeholder")
		}
	}
	start := slices.IndexFunc(parts[min(first, len(parts)):], func(s string) bool { return strings.ContainsAny(s, "*{}") })
	if start < 0 {
		// One object, or a folder.
		start = len(parts) - 1
		if start < first {
			return fail("it names a bucket and no object: add a pattern, such as /**/*.parquet")
		}
		if parts[start] == "" {
			parts[start] = "**"
		}
	} else {
		start += first
	}
	p := pattern{text: strings.Join(parts[start:], "/"), base: strings.Join(parts[:start], "/")}
	if p.base == "" && (scheme == "" || scheme == "file") {
		p.base = "."
		if rest[0] == '/' {
			p.base = "/"
		}
	}
	if scheme != "" {
		p.base = scheme + "://" + p.base + query
	}
	deep := 0
	for _, text := range parts[start:] {
		if text == "" {
			return fail("%q has an empty path segment", p.text)
		}
		if text == "." || text == ".." {
			return fail("%q: %q cannot follow a placeholder or wildcard", p.text, text)
		}
		s, err := parseSegment(text)
		if err != nil {
			return fail("%w", err)
		}
		if s.deep && len(p.segments) > 0 && p.segments[len(p.segments)-1].deep {
			continue // **/** is **
		}
		if s.deep {
			deep++
		}
		p.segments = append(p.segments, s)
	}
	if deep > maxDeep {
		return fail("%q has more than %d times **", p.text, maxDeep)
	}
	return p, nil
}

// splitURL parts a URL into its scheme, which is empty where it is a path, what follows, and
// its parameters with the question mark.
func splitURL(rawURL string) (scheme, rest, query string) {
	scheme, rest, found := strings.Cut(rawURL, "://")
	if !found || scheme == "" || strings.ContainsAny(scheme, "/.\\") {
		return "", rawURL, ""
	}
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest, query = rest[:i], rest[i:]
	}
	return scheme, rest, query
}

// withoutQuery drops the parameters of a URL, for messages.
func withoutQuery(rawURL string) string {
	if !strings.Contains(rawURL, "://") {
		return rawURL
	}
	before, _, _ := strings.Cut(rawURL, "?")
	return before
}

// parseSegment reads a path segment of a pattern.
func parseSegment(text string) (segment, error) {
	s := segment{text: text}
	if text == "**" {
		s.deep = true
		return s, nil
	}
	if strings.Contains(text, "**") {
		return s, fmt.Errorf("%q: ** must be a whole path segment", text)
	}
	var expr strings.Builder
	expr.WriteString(`(?s)\A`)
	rest := text
scan:
	for rest != "" {
		switch rest[0] {
		case '*':
			s.glob = true
			expr.WriteString(`[^/]*`)
			rest = rest[1:]
		case '{':
			for f := fieldDate; f <= fieldDay; f++ {
				ph := f.placeholder()
				if after, ok := strings.CutPrefix(rest, ph.name); ok {
					loose := ph.size == 2 && standsAlone(text[:len(text)-len(rest)], after)
					s.fields, s.loose = append(s.fields, f), append(s.loose, loose)
					if loose {
						ph.expr = unpaddedExpr
					}
					expr.WriteString(ph.expr)
					rest = after
					continue scan
				}
			}
			name := rest
			if i := strings.IndexByte(rest, '}'); i >= 0 {
				name = rest[:i+1]
			}
			return s, fmt.Errorf("unknown placeholder %s: want {date}, {hour}, {year}, {month} or {day}", name)
		case '}':
			return s, fmt.Errorf("%q has a } without its {", text)
		default:
			n := strings.IndexAny(rest, "*{}")
			if n < 0 {
				n = len(rest)
			}
			expr.WriteString(regexp.QuoteMeta(rest[:n]))
			rest = rest[n:]
		}
	}
	s.literal = !s.glob && len(s.fields) == 0
	s.anyStart = text[0] == '*'
	if s.literal {
		return s, nil
	}
	expr.WriteString(`\z`)
	re, err := regexp.Compile(expr.String())
	if err != nil {
		return s, fmt.Errorf("%q is no pattern: %w", text, err)
	}
	s.match = re
	return s, nil
}

// standsAlone reports whether what stands before and after a placeholder tells where its
// number begins and ends.
func standsAlone(before, after string) bool {
	const joined = "{}*0123456789"
	return !strings.ContainsAny(before[max(0, len(before)-1):], joined) && !strings.ContainsAny(after[:min(1, len(after))], joined)
}

// prefix returns the literal text that every match begins with.
func (s segment) prefix() string {
	if i := strings.IndexAny(s.text, "*{"); i >= 0 {
		return s.text[:i]
	}
	return s.text
}

// accept matches a key's segment and adds what its placeholders say to at. hidden
// tells that only the rule on hidden names stands against it: like a shell, and like
// Hive and Spark, a leading wildcard does not match names that begin with '.' or '_'.
func (s segment) accept(name string, at partition) (next partition, ok, hidden bool) {
	if s.literal {
		return at, name == s.text, false
	}
	m := s.match.FindStringSubmatch(name)
	if m == nil {
		return at, false, false
	}
	for i, f := range s.fields {
		if at, ok = at.with(f, m[i+1]); !ok {
			return at, false, false
		}
	}
	if s.anyStart && isHidden(name) {
		return at, false, true
	}
	return at, true, false
}

// unpadded reports whether some of the names, which the segment's placeholders make with two
// digits for each number, can have another form, as month=01 and month=1; then common is
// what all of the names begin with, in either form.
func (s segment) unpadded(names []string) (common string, ok bool) {
	for i, name := range names {
		begin := name
		m := s.match.FindStringSubmatchIndex(name)
		for k := range s.fields {
			if at := m[2*k+2]; s.loose[k] && name[at] == '0' {
				begin, ok = name[:at], true
				break
			}
		}
		if i == 0 {
			common = begin
		}
		for !strings.HasPrefix(begin, common) {
			common = common[:len(common)-1]
		}
	}
	return common, ok
}

// isHidden tells names that stand for no data of their own, as those of Spark's markers.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// matchKey matches the segments of a key against those of a pattern.
func matchKey(segments []segment, names []string, at partition) (found partition, ok, hidden bool) {
	if len(segments) == 0 {
		return at, len(names) == 0, false
	}
	s := segments[0]
	if s.deep && len(segments) == 1 {
		hidden = slices.ContainsFunc(names, isHidden)
		return at, len(names) > 0 && !hidden, hidden
	}
	if s.deep {
		for skip := 0; skip <= len(names); skip++ {
			if skip > 0 && isHidden(names[skip-1]) {
				_, wouldMatch, deeper := matchKey(segments, names[skip:], at)
				return at, false, hidden || wouldMatch || deeper
			}
			rest, restOK, restHidden := matchKey(segments[1:], names[skip:], at)
			if restOK {
				return rest, true, false
			}
			hidden = hidden || restHidden
		}
		return at, false, hidden
	}
	if len(names) == 0 {
		return at, false, false
	}
	next, ok, hidden := s.accept(names[0], at)
	if hidden {
		_, wouldMatch, _ := matchKey(segments[1:], names[1:], next)
		return at, false, wouldMatch
	}
	if !ok {
		return at, false, false
	}
	return matchKey(segments[1:], names[1:], next)
}

// HasDate reports whether the keys of a source's URL say at least the year of their
// partition.
func HasDate(rawURL string) (bool, error) {
	p, err := parsePattern(rawURL)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(p.segments, func(s segment) bool {
		return slices.Contains(s.fields, fieldDate) || slices.Contains(s.fields, fieldYear)
	}), nil
}
