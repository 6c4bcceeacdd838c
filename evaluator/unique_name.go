package evaluator

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// uniqueName writes a segment's value, a model version or a column as a name: a key of JSON and a
// label's value have to be UTF-8, and what is none in two of them would come to be the same
// replacement character. Such a byte becomes \xNN, and so does the backslash of a \x that
// is there as it stands, so that different values have different names.
func uniqueName(s string) string {
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
