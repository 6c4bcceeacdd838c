package main

import (
	"strings"

	"github.com/rivo/uniseg"
)

// textWidth is how many columns of a terminal a text takes: two for a wide character, none for
// one that is put upon another.
func textWidth(text string) int { return uniseg.StringWidth(text) }

// shown is a character as people count them, in its style.
type shown struct {
	text  string
	style style
	width int
}

// shownOf takes a text apart.
func shownOf(p painted) []shown {
	var out []shown
	for _, s := range p {
		for g := uniseg.NewGraphemes(s.text); g.Next(); {
			out = append(out, shown{g.Str(), s.style, g.Width()})
		}
	}
	return out
}

// joined puts a text together again, without blanks at its end.
func joined(chars []shown) painted {
	for len(chars) > 0 && chars[len(chars)-1].text == " " {
		chars = chars[:len(chars)-1]
	}
	var out painted
	for _, c := range chars {
		if n := len(out); n > 0 && out[n-1].style == c.style {
			out[n-1].text += c.text
		} else {
			out = append(out, span{c.text, c.style})
		}
	}
	return out
}

// wrapped breaks a text into lines of so many columns, at blanks where there are any. Nothing of
// it is lost but blanks where a line ends. There is a line of an empty text too.
func wrapped(p painted, columns int) []painted {
	chars := shownOf(p)
	var out []painted
	for {
		width, end, blank := 0, 0, -1
		for end < len(chars) && (width+chars[end].width <= columns || end == 0) {
			if chars[end].text == " " && end > 0 {
				blank = end
			}
			width += chars[end].width
			end++
		}
		if end == len(chars) {
			return append(out, joined(chars))
		}
		if chars[end].text != " " && blank > 0 {
			end = blank
		}
		out = append(out, joined(chars[:end]))
		for end < len(chars) && chars[end].text == " " {
			end++
		}
		chars = chars[end:]
		if len(chars) == 0 {
			return out
		}
	}
}

// shortened cuts a text to so many columns, with a mark where something is left out.
func shortened(text string, columns int, l look) string {
	if textWidth(text) <= columns {
		return text
	}
	sign := "..."
	if l.unicode {
		sign = "…"
	}
	room, kept := columns-textWidth(sign), strings.Builder{}
	for _, c := range shownOf(painted{{text, plainStyle}}) {
		if room -= c.width; room < 0 {
			break
		}
		kept.WriteString(c.text)
	}
	return kept.String() + sign
}

// longestWord is the width of the longest word of a text.
func longestWord(text string) int {
	most := 0
	for _, word := range strings.Fields(text) {
		most = max(most, textWidth(word))
	}
	return most
}
