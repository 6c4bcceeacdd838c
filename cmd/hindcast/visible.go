package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// visible returns a text without what a terminal would act on instead of showing it, line
// ends and tabs included: such characters are written as JSON writes them, \u001b, and
// bytes that are no UTF-8 as \x9b. Names of columns and values come from data, and those
// who write data are not to move the cursor, or begin lines, on the screen of who looks
// at it.
func visible(s string) string { return string(appendVisible(nil, s, "")) }

// appendVisible appends s to dst as visible writes it, but for the characters to keep.
func appendVisible(dst []byte, s, keep string) []byte {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = fmt.Appendf(dst, `\x%02x`, s[0])
		case unicode.IsGraphic(r) || strings.ContainsRune(keep, r):
			dst = append(dst, s[:size]...)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				dst = fmt.Appendf(dst, `\u%04x`, unit)
			}
		}
		s = s[size:]
	}
	return dst
}

// visibleWriter writes texts to w as visible writes them, but for line ends and tabs. JSON
// has the same value after it. A character that is shared between two calls is taken for
// bytes that are no UTF-8; no encoder or formatter does that.
type visibleWriter struct{ w io.Writer }

// Write implements io.Writer.
func (v visibleWriter) Write(p []byte) (int, error) {
	if _, err := v.w.Write(appendVisible(make([]byte, 0, len(p)), string(p), "\n\t")); err != nil {
		return 0, err
	}
	return len(p), nil
}

// terminalWriter is standard output, in the look that it has.
type terminalWriter struct {
	visibleWriter
	look
}
