package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hindcast/hindcast/internal/spelling"
)

// DidYouMean returns what a message about a column that is not there ends in, where one of
// the names that are there was probably meant: ` (did you mean "Id"?)`.
func DidYouMean(name string, there []string) string {
	if near := NearestName(name, there); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", Quote(near))
	}
	return ""
}

// NearestName returns the name that was probably meant, or "": one that differs in case and
// punctuation only, one that ends a dotted path or has one before it, the only one that has
// all its words, one that few edits lead to, or the only one that begins or ends alike.
func NearestName(name string, there []string) string {
	for _, form := range []func(string) string{bareName, lastOfPath} {
		wanted := form(name)
		for _, c := range there {
			if form(c) == wanted {
				return c
			}
		}
	}
	if more := withWordsOf(name, there); len(more) == 1 {
		return more[0]
	}
	best, least := "", 1+max(1, min(utf8.RuneCountInString(name), 12)/3)
	for _, c := range there {
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(c), least); d < least {
			best, least = c, d
		}
	}
	if best != "" {
		return best
	}
	for _, c := range there {
		if !alike(bareName(name), bareName(c)) {
			continue
		}
		if best != "" {
			return "" // of several nobody knows which
		}
		best = c
	}
	return best
}

// withWordsOf returns the names that have all words of one: meta.request_id has those of
// meta.id.
func withWordsOf(name string, there []string) []string {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune("_-. ", r) })
	}
	wanted := words(name)
	var out []string
	for _, c := range there {
		has := words(c)
		if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(has, w) }) {
			out = append(out, c)
		}
	}
	return out
}

// bareName returns a name's letters and digits in small letters.
func bareName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("_- .", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// lastOfPath returns the last part of a dotted path, as bareName has it.
func lastOfPath(name string) string { return bareName(name[strings.LastIndexByte(name, '.')+1:]) }

// alike reports whether one of two names begins or ends with the other, which is no mere
// letter or two.
func alike(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) > 2 && (strings.HasPrefix(b, a) || strings.HasSuffix(b, a))
}
