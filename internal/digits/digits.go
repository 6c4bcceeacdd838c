// Package digits writes numbers for people: report's pages and notify's messages show
// the same number alike. Begin at Four.
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
