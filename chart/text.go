package chart

import (
	"strings"
	"unicode"
)

// textWidth is about how wide a text is, in units: rather too much, for the fonts of systems differ.
func textWidth(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += em(r)
	}
	return float64(w * size)
}

// em is the width of a rune as a share of the font's size.
func em(r rune) float64 {
	switch {
	case zeroWidth(r):
		return 0
	case r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana), r >= 0x1F000:
		return 1.1
	case strings.ContainsRune("ijl|!.,:;' ·\u00a0\u202f", r):
		return 0.33
	case strings.ContainsRune("frtI()[]{}/-\"", r):
		return 0.43
	case strings.ContainsRune("mwMW@%…—", r):
		return 0.95
	case unicode.IsUpper(r):
		return 0.7
	default:
		return 0.61
	}
}

// zeroWidth reports whether a rune takes no place: marks on others, joiners, selectors.
func zeroWidth(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) }

// fit cuts a text to a width, with an ellipsis.
func fit(s string, size, width float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	room := width - textWidth("…", size)
	cut := 0
	for i, r := range s {
		room -= float64(em(r) * size)
		if room < 0 {
			break
		}
		cut = i + len(string(r))
	}
	// What joins the last rune with one that was cut off goes too.
	kept := strings.TrimRightFunc(s[:cut], func(r rune) bool { return unicode.Is(unicode.Cf, r) || r == ' ' })
	return kept + "…"
}

// wrap breaks a text into lines of a width at spaces; what is beyond the last line is cut.
func wrap(s string, size, width float64, lines int) []string {
	var out []string
	words := strings.FieldsFunc(s, breaks)
	for len(words) > 0 {
		n := 1
		for n < len(words) && textWidth(strings.Join(words[:n+1], " "), size) <= width {
			n++
		}
		if len(out) == lines-1 {
			n = len(words)
		}
		out = append(out, fit(strings.Join(words[:n], " "), size, width))
		words = words[n:]
	}
	return out
}

// oneLine makes a name fit for a line of a picture: no line breaks, no controls, and no marks of
// direction, by which a name could turn around what stands beside it.
func oneLine(name string) string {
	return strings.Join(strings.FieldsFunc(strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD")), breaks), " ")
}

// breaks reports whether a line may break at a rune: at spaces, but not at those within a number.
func breaks(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

// isolated is a text whose direction does not reach beyond it.
func isolated(s string) string {
	for _, r := range s {
		if r > unicode.MaxLatin1 && unicode.IsLetter(r) {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}
