package table

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What messages quote of a file goes to logs, terminals and chats, where others read
// it than those who may read the file. So it is a few short values, whatever the file
// holds, and always by the functions here.
const (
	// MaxSample bounds the text kept of a value, in bytes.
	MaxSample = 40
	// maxQuotedNames is how many names are quoted of many.
	maxQuotedNames = 5
)

// Sample returns a text for a message: valid UTF-8, cut to MaxSample bytes.
func Sample[T string | []byte](s T) string {
	cut := len(s) > MaxSample
	text := string(s[:min(len(s), MaxSample)])
	for cut && len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	if r, _ := utf8.DecodeLastRuneInString(text); cut && r == utf8.RuneError && len(text) > 0 {
		text = text[:len(text)-1]
	}
	return strings.ToValidUTF8(text, "�")
}

// Quote returns the beginning of a text in quotes, with control characters escaped.
func Quote[T string | []byte](s T) string {
	quoted := strconv.Quote(Sample(s))
	if len(s) > MaxSample {
		quoted += "..."
	}
	return quoted
}

// Short returns for a message what a library's text says, in which there may be some of a
// file: its beginning, with control characters escaped.
func Short(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "..."
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// QuoteNames lists the first of some names for a message.
func QuoteNames(names []string) string {
	quoted := make([]string, 0, maxQuotedNames)
	for _, name := range names[:min(len(names), maxQuotedNames)] {
		quoted = append(quoted, Quote(name))
	}
	list := strings.Join(quoted, ", ")
	if more := len(names) - maxQuotedNames; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}
