package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// parseBytes reads a size such as 512MiB, 1GB or 1000000.
func parseBytes(s string) (int64, error) {
	digits := strings.TrimRightFunc(s, unicode.IsLetter)
	factor, known := map[string]float64{
		"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9,
	}[s[len(digits):]]
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || !known || !(n*factor >= 1) || n*factor > 1<<50 {
		return 0, fmt.Errorf("%q is not a size such as 512MiB", s)
	}
	return int64(n * factor), nil
}

// count writes a number and its noun.
func count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatInt(n, 10) + " " + noun
}
