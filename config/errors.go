package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hindcast/hindcast/internal/spelling"
)

// Error is one thing that is wrong in a configuration, where it is.
type Error struct {
	File    string
	Line    int    // 1-based; 0 when the error is about the file as a whole
	Column  int    // 1-based, in characters
	Path    string // such as models[0].rules[1].when; may be empty
	Message string
	Excerpt string // the line, with a mark below the place, where the file is no YAML; else empty
}

// Error returns file:line:column: path: message, and the excerpt below it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": ")
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Excerpt != "" {
		b.WriteString("\n" + e.Excerpt)
	}
	return b.String()
}

// Errors is everything that is wrong in a configuration, by position. It is never empty.
type Errors []*Error

// Error returns the errors, each on a line of its own.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find an *Error.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, err := range e {
		out[i] = err
	}
	return out
}

// sortErrors orders by position and drops repeats, which an alias that is used
// twice would give.
func sortErrors(errs Errors) Errors {
	slices.SortStableFunc(errs, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(errs, func(a, b *Error) bool { return *a == *b })
}

// nearest returns the candidate that a person most likely meant, or "".
func nearest(word string, candidates []string) string {
	best, bestDistance := "", 1+max(1, min(utf8.RuneCountInString(word), 12)/3)
	for _, c := range candidates {
		if strings.EqualFold(c, word) {
			return c
		}
		if d := spelling.Distance(strings.ToLower(word), c, bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// didYouMean returns what a message about an unknown word ends in: " (did you mean X?)",
// or what is known when nothing is near.
func didYouMean(word string, known []string) string {
	if n := nearest(word, known); n != "" {
		return fmt.Sprintf(" (did you mean %q?)", n)
	}
	sorted := slices.Clone(known)
	slices.Sort(sorted)
	return "; known: " + strings.Join(slices.Compact(sorted), ", ")
}
