// Package digits writes numbers for people: the terminal, notify's messages, and the pages and pictures of
// report and chart show the same digits of a number. Begin at Four; Grouped sets its thousands apart.
package digits

import (
	"math"
	"strconv"
)

// Four writes a number with four significant digits, and with all digits of its whole
// part from 1,000 up to 1,000 million.
func Four(f float64) string {
	if a := math.Abs(f); a >= 1000 && a < 1e9 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 4, 64)
}

// Thin is the space between thousands, at which no line breaks.
const Thin = "\u202f"

// Grouped is Four with the thousands apart, for pages and pictures.
func Grouped(f float64) string {
	s := Four(f)
	if a := math.Abs(f); a >= 1000 && a < 1e9 {
		return apart(s)
	}
	return s
}

// Count writes a whole number with the thousands apart.
func Count(n int64) string { return apart(strconv.FormatInt(n, 10)) }

func apart(s string) string {
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + Thin + s[i:]
	}
	return s
}
