package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// syntax says what keeps a file from being YAML. A parser tells where it could not go on, which
// is seldom what a person has to mend: explain looks at the lines for that.
type syntax struct {
	lines []string // of the file
	at    position // where the parser could not go on
	says  string   // why, in its words
	keys  keyNames
}

// What explain looks for in a line.
var (
	tightDash   = regexp.MustCompile(`^\s*-[^\s-]`)
	tightColon  = regexp.MustCompile(`^\s*(?:- +)?([A-Za-z_]+):[^\s/]`)
	noColon     = regexp.MustCompile(`^\s*(?:- +)?([A-Za-z_]+)(?:\s*=.*|\s+[^:]*|)$`)
	bracketText = regexp.MustCompile(`^\s*(?:- +)?[A-Za-z_]+: +(?:\{[^{}]*\}|\[[^\[\]]*\])[^\s,\]}]`)
	twoColons   = regexp.MustCompile(`^\s*(?:- +)?[A-Za-z_]+: +([^"'{\[\s|>&*!][^#]*:(?:\s|$))`)
	itemKey     = regexp.MustCompile(`^\s*-\s+`)
)

// explain returns what is probably meant and where, or the parser's words.
func (s *syntax) explain() (position, string) {
	for _, look := range []func() (position, string){s.tab, s.quote, s.bracket, s.mark, s.spacing, s.indentation} {
		if at, why := look(); why != "" {
			return at, why
		}
	}
	// What stands in quotes in the parser's words may be of the file, and a secret.
	says, _, _ := strings.Cut(s.says, `: "`)
	return s.at, says
}

// line returns a line, 1-based, and nothing beyond the file.
func (s *syntax) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return strings.TrimRight(s.lines[n-1], "\r")
}

// indent returns by how many characters a line is indented.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// tab looks for a tab in the indentation.
func (s *syntax) tab() (at position, why string) {
	line := s.line(s.at.line)
	if i := strings.IndexByte(line[:indent(line)], '\t'); i >= 0 {
		return position{s.at.line, i + 1}, "a tab stands in the indentation, where YAML takes spaces alone"
	}
	return s.at, ""
}

// quote looks for what is wrong with a text in quotes.
func (s *syntax) quote() (at position, why string) {
	const open = "the quote that begins here is not closed"
	switch {
	case strings.Contains(s.says, "could not find end character"):
		return s.at, open
	case strings.Contains(s.says, "escape character"):
		return s.at, `in double quotes \ begins an escape: use single quotes, or \\`
	}
	// A quote that is not closed goes on to the next one, lines below.
	if _, quote := s.opened(); quote.line > 0 && quote.line < s.at.line {
		return quote, open
	}
	return s.at, ""
}

// bracket looks for brackets that are not closed, or close nothing.
func (s *syntax) bracket() (at position, why string) {
	line := []rune(s.line(s.at.line))
	if strings.Contains(s.says, "must be specified") || strings.Contains(s.says, "flow map") || strings.Contains(s.says, "flow sequence") {
		open, _ := s.opened()
		switch {
		case open.line == 0:
		case open.line < s.at.line || !strings.ContainsAny(string(line[min(open.column, len(line)):]), "}]"):
			return open, fmt.Sprintf("the %c that begins here is not closed", []rune(s.line(open.line))[open.column-1])
		case strings.Contains(string(line), "${"):
			return s.at, `inside { } or [ ] a variable needs quotes: "${VAR}"`
		default:
			return s.at, "inside { } or [ ] a text with brackets, commas, colons or quotes in it has to stand in quotes as a whole"
		}
	}
	if i := s.at.column - 1; i < len(line) && strings.ContainsRune("}]", line[i]) {
		return s.at, fmt.Sprintf("this %c closes nothing", line[i])
	}
	return s.at, ""
}

// opened finds the innermost bracket that is open where the parser could not go on, and the
// first quote that is not closed on its line; either is zero where there is none. A text
// in quotes is taken to end on its line.
func (s *syntax) opened() (bracket, quote position) {
	var stack []position
	for n := 1; n <= min(s.at.line, len(s.lines)); n++ {
		var quoted, before byte = 0, ' '
		var began position
		at := position{n, 0}
		for _, c := range []byte(s.line(n)) {
			if utf8.RuneStart(c) {
				at.column++
			}
			if !after(s.at, at) {
				break
			}
			switch {
			case quoted != 0:
				if c == quoted {
					quoted = 0
				}
			case (c == '"' || c == '\'') && strings.IndexByte(" :,{[", before) >= 0:
				quoted, began = c, at
			case (c == '{' || c == '[') && (len(stack) > 0 && before != '$' || before == ' '):
				stack = append(stack, at)
			case (c == '}' || c == ']') && len(stack) > 0:
				stack = stack[:len(stack)-1]
			}
			if c == '#' && before == ' ' && quoted == 0 {
				break // a comment
			}
			before = c
		}
		if quoted != 0 && n < s.at.line && quote.line == 0 {
			quote = began
		}
	}
	if len(stack) > 0 {
		bracket = stack[len(stack)-1]
	}
	return bracket, quote
}

// mark looks for a text that has to stand in quotes because of what it begins with or holds.
func (s *syntax) mark() (at position, why string) {
	line := s.line(s.at.line)
	switch {
	case strings.Contains(s.says, "reserved character"):
		return s.at, "a text that begins with this character has to stand in quotes"
	case bracketText.MatchString(line):
		return position{s.at.line, strings.IndexAny(line, "{[") + 1}, "a text that begins with { or [ has to stand in quotes"
	}
	if m := twoColons.FindStringSubmatchIndex(line); m != nil {
		return position{s.at.line, m[2] + 1}, "a text with a colon before a space has to stand in quotes"
	}
	return s.at, ""
}

// spacing looks for a space or a colon that is missing.
func (s *syntax) spacing() (at position, why string) {
	line := s.line(s.at.line)
	if before := s.line(s.filled(s.at.line, -1)); strings.HasPrefix(strings.TrimSpace(line), "{") && itemKey.MatchString(before) && keyColumn(before) == indent(line) {
		return position{s.at.line, indent(line) + 1}, "a dash is missing before this item of the list"
	}
	if tightDash.MatchString(line) && !strings.HasPrefix(line, "--") {
		return position{s.at.line, indent(line) + 1}, "a space is missing after the dash"
	}
	if m := tightColon.FindStringSubmatchIndex(line); m != nil && s.keys.known(line[m[2]:m[3]]) {
		return position{s.at.line, m[3] + 1}, "a space is missing after the colon of " + line[m[2]:m[3]]
	}
	if m := noColon.FindStringSubmatchIndex(line); m != nil && s.keys.known(line[m[2]:m[3]]) {
		return position{s.at.line, m[3] + 1}, "a colon is missing after " + line[m[2]:m[3]]
	}
	return s.at, ""
}

// filled returns the next line from n on, going by step, that is neither empty nor a comment,
// and 0 where there is none.
func (s *syntax) filled(n, step int) int {
	for n += step; n >= 1 && n <= len(s.lines); n += step {
		if text := strings.TrimSpace(s.line(n)); text != "" && text[0] != '#' {
			return n
		}
	}
	return 0
}

// keyColumn returns by how much what a line holds is indented, behind the dash of a list's item.
func keyColumn(line string) int {
	if dash := itemKey.FindString(line); dash != "" {
		return len(dash)
	}
	return indent(line)
}

// indentation looks for a line that begins in a column in which nothing can begin.
func (s *syntax) indentation() (at position, why string) {
	n := s.at.line
	line, own := s.line(n), indent(s.line(n))
	if next := s.filled(n, 1); itemKey.MatchString(line) && next > 0 {
		column, below := keyColumn(line), indent(s.line(next))
		if below > own && below != column && strings.Contains(line, ": ") {
			return position{next, below + 1}, fmt.Sprintf("this line is indented by %d, and the first key of its item, in line %d, by %d: keys that belong together begin in one column", below, n, column)
		}
	}
	if next := s.filled(n, 1); next > 0 && strings.Contains(s.says, "mapping value is not allowed") && indent(s.line(next)) > keyColumn(line) {
		return position{next, indent(s.line(next)) + 1}, fmt.Sprintf("this line is indented more than line %d, which has its value already", n)
	}
	before := s.filled(n, -1)
	if before == 0 {
		return s.at, ""
	}
	here := position{n, own + 1}
	if text := strings.TrimSpace(s.line(before)); own > keyColumn(s.line(before)) && !strings.HasSuffix(text, ":") {
		why = fmt.Sprintf("this line is indented more than line %d, which has its value already", before)
		if itemKey.MatchString(s.line(before)) {
			why += ": is a dash missing?"
		}
		return here, why
	}
	for up := before; up > 0; up = s.filled(up, -1) {
		switch other := s.line(up); {
		case indent(other) == own || keyColumn(other) == own || up == before && indent(other) < own:
			return s.at, "" // it stands beside that line, or right below it
		case indent(other) < own:
			return here, fmt.Sprintf("this line is indented less than line %d and more than line %d: keys that belong together begin in one column", before, up)
		}
	}
	return here, fmt.Sprintf("this line is indented less than line %d, and no line before it begins in its column", before)
}
