package evaluator

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// UniqueName writes a segment's value, a model version or a column's name so that it can be
// a key of JSON and the value of a label, which have to be UTF-8: a byte that is none
// becomes \xNN, since the usual replacement character would make different values one. So
// does the backslash of a \x that is there as it stands, and different values keep
// different names.
func UniqueName(s string) string {
	if utf8.ValidString(s) && !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 || strings.HasPrefix(s, `\x`) {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
