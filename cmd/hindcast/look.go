package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/hindcast/hindcast/evaluator/rule"
)

// look is how output for people is written: the zero look is that of a file or a pipe, plain
// text in lines as long as they come.
type look struct {
	columns int  // of the terminal; 0 where it is none
	colour  bool // by ANSI sequences
	unicode bool // of the terminal: it shows shapes and bars beyond ASCII
}

// lookFor returns the look of standard output, which is a terminal of so many columns or, of 0,
// none. Colours are for terminals that know of them, where nobody says NO_COLOR, and are forced
// by CLICOLOR_FORCE or FORCE_COLOR.
func lookFor(columns int, env func(string) (string, bool)) look {
	has := func(name string) bool {
		value, ok := env(name)
		return ok && value != ""
	}
	forced := func(name string) bool {
		value, _ := env(name)
		return value != "" && value != "0"
	}
	const windowsTerminal = "WT_SESSION" // which knows colours and UTF-8, and has neither TERM nor a locale
	term, _ := env("TERM")
	l := look{columns: columns}
	if columns > 0 {
		l.colour = (term != "" || has(windowsTerminal)) && term != "dumb"
		l.unicode = has(windowsTerminal)
		for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
			if locale, _ := env(name); locale != "" { // the first that is set counts
				locale = strings.ToLower(locale)
				l.unicode = strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
				break
			}
		}
	}
	l.colour = !has("NO_COLOR") && (l.colour || forced("CLICOLOR_FORCE") || forced("FORCE_COLOR"))
	return l
}

// lookOf returns the look of what is written to w.
func lookOf(w io.Writer) look {
	if screen, ok := w.(terminalWriter); ok {
		return screen.look
	}
	return look{}
}

// style is how a text is painted: the parameters of an ANSI sequence, none for plain text.
type style string

// The styles: those of verdicts, what matters most, what matters least, and a reference.
const (
	plainStyle  style = ""
	strongStyle style = "1"
	faintStyle  style = "2"
	goodStyle   style = "32"
	badStyle    style = "1;31"
	unsureStyle style = "33"
	otherStyle  style = "35"
)

// span is a piece of text of one style.
type span struct {
	text  string
	style style
}

// painted is text as it is shown: pieces of one style each, that visible has written.
type painted []span

// plain returns a text without a style.
func plain(text string) painted { return styled(plainStyle, text) }

// styled returns a text in one style.
func styled(s style, text string) painted { return painted{{visible(text), s}} }

// and returns p with others behind it.
func (p painted) and(others ...painted) painted {
	out := append(painted(nil), p...)
	for _, other := range others {
		out = append(out, other...)
	}
	return out
}

// String returns the text without its styles.
func (p painted) String() string {
	text := ""
	for _, s := range p {
		text += s.text
	}
	return text
}

// width is how many columns it takes.
func (p painted) width() int {
	n := 0
	for _, s := range p {
		n += textWidth(s.text)
	}
	return n
}

// paint returns the text as it goes to the terminal. Text that reads from right to left stands by
// itself there, so that it leaves its neighbours in their places.
func (l look) paint(p painted) string {
	var out strings.Builder
	for _, s := range p {
		text := s.text
		if l.unicode && strings.ContainsFunc(text, rightToLeft) {
			const isolate, end = "\u2068", "\u2069"
			text = isolate + text + end
		}
		if l.colour && s.style != plainStyle {
			text = "\x1b[" + string(s.style) + "m" + text + "\x1b[0m"
		}
		out.WriteString(text)
	}
	return out.String()
}

// rightToLeft reports whether a character belongs to a script that reads so.
func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic, unicode.Adlam)
}

// writeLine writes a line without blanks at its end.
func writeLine(w io.Writer, p painted) {
	for len(p) > 0 {
		last := &p[len(p)-1]
		last.text = strings.TrimRight(last.text, " ")
		if last.text != "" {
			break
		}
		p = p[:len(p)-1]
	}
	_, _ = io.WriteString(unguarded(w), lookOf(w).paint(p)+"\n") // as fmt.Fprintln to a screen, which nobody asks for its error
}

// unguarded returns the writer below w that takes what is visible already, with what paint adds.
func unguarded(w io.Writer) io.Writer {
	switch w := w.(type) {
	case terminalWriter:
		return w.w
	case visibleWriter:
		return w.w
	default:
		return w
	}
}

// say writes a text, on a terminal in lines that fit it, of which those after the first begin
// below the end of lead.
func say(w io.Writer, lead, text painted) {
	columns := lookOf(w).columns
	room := columns - lead.width()
	if columns == 0 {
		writeLine(w, lead.and(text))
		return
	}
	if room < leastWrapped {
		lead, text, room = nil, lead.and(text), columns
	}
	for i, line := range wrapped(text, room) {
		if i > 0 {
			lead = plain(strings.Repeat(" ", lead.width()))
		}
		writeLine(w, lead.and(line))
	}
}

// sayf writes a formatted text as say does. What is to be copied, such as commands, is better left
// on a line of its own.
func sayf(w io.Writer, format string, values ...any) {
	say(w, nil, plain(fmt.Sprintf(format, values...)))
}

// mark is a verdict's shape and the style of its words.
type mark struct {
	shape, ascii string
	style        style
}

// The marks of what stands where a verdict may.
func healthyMark() mark  { return mark{"●", "*", goodStyle} }
func breachedMark() mark { return mark{"▲", "!", badStyle} }
func unsureMark() mark   { return mark{"○", "?", unsureStyle} }
func waitsMark() mark    { return mark{"·", ".", faintStyle} }

// markOf returns the mark of a verdict.
func markOf(v rule.Verdict) mark {
	switch v {
	case rule.Healthy:
		return healthyMark()
	case rule.Breached:
		return breachedMark()
	default:
		return unsureMark()
	}
}

// of returns the shape, which only a terminal has.
func (m mark) of(l look) string {
	switch {
	case l.columns == 0:
		return ""
	case l.unicode:
		return m.shape
	}
	return m.ascii
}

// word returns a word with its mark before it: what is shown of a verdict, or of what stands in
// its place.
func (m mark) word(l look, word string) painted {
	if shape := m.of(l); shape != "" {
		return styled(m.style, shape+" "+word)
	}
	return styled(m.style, word)
}

// verdictCell returns a verdict as tables show it.
func verdictCell(l look, v rule.Verdict) painted { return markOf(v).word(l, v.String()) }
