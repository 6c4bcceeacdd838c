package table

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// NumberState says what a text or a value of a file is as a number, for readers to tell missing
// values from bad ones.
type NumberState uint8

// The states of a text or a value that is read as a number; those of a time have the first, the
// second and the last.
const (
	NumberOK      NumberState = iota // a finite number
	NumberMissing                    // empty, or a word for no value
	NumberNaN                        // the word NaN, or the number
	NumberBad                        // no number, or an infinite one
)

// ParseNumber reads a decimal number, with blanks around it or not. true and false
// are 1 and 0 as they are in Parquet and JSON; empty, null, none, na and n/a are
// missing. Hexadecimal numbers, digit separators and words for infinity are not
// numbers; a number beyond float64 is infinite.
func ParseNumber(s []byte) (float64, NumberState) {
	s = TrimSpace(s)
	if len(s) == 0 {
		return 0, NumberMissing
	}
	if x, n := ScanDecimal(s); n == len(s) {
		return x, NumberOK
	}
	for _, c := range s {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return parseNumberWord(s)
		}
	}
	x, err := strconv.ParseFloat(string(s), 64)
	if math.IsInf(x, 0) {
		return x, NumberBad
	}
	if err != nil {
		return 0, NumberBad
	}
	return x, NumberOK
}

// parseNumberWord reads the words that ParseNumber knows.
func parseNumberWord(s []byte) (float64, NumberState) {
	switch {
	case EqualFold(s, "nan"), EqualFold(s, "-nan"), EqualFold(s, "+nan"):
		return math.NaN(), NumberNaN
	case IsMissingWord(s):
		return 0, NumberMissing
	case EqualFold(s, "true"):
		return 1, NumberOK
	case EqualFold(s, "false"):
		return 0, NumberOK
	}
	return 0, NumberBad
}

// FloatState judges a number that a file holds as one.
func FloatState(x float64) NumberState {
	switch {
	case x != x:
		return NumberNaN
	case math.IsInf(x, 0):
		return NumberBad
	}
	return NumberOK
}

// IsMissingWord tells the texts that stand for no value where a number or a time is
// wanted.
func IsMissingWord(s []byte) bool {
	switch len(s) {
	case 0:
		return true
	case 2:
		return EqualFold(s, "na")
	case 3:
		return EqualFold(s, "nan") || EqualFold(s, "n/a")
	case 4:
		return EqualFold(s, "null") || EqualFold(s, "none")
	}
	return false
}

// EqualFold reports whether a text is a word, in small or capital letters.
func EqualFold(s []byte, word string) bool {
	return len(s) == len(word) && strings.EqualFold(string(s), word)
}

// TrimSpace is bytes.TrimSpace, quick where there is nothing to cut.
func TrimSpace(s []byte) []byte {
	if len(s) == 0 || s[0] > ' ' && s[len(s)-1] > ' ' && s[len(s)-1] < utf8.RuneSelf && s[0] < utf8.RuneSelf {
		return s
	}
	return bytes.TrimSpace(s)
}

// AppendFloatText appends the canonical text of a number of the given size in bits:
// plain digits for whole numbers below 2^53, else the shortest text that reads back
// as the same number.
func AppendFloatText(dst []byte, x float64, bits int) []byte {
	if x == 0 {
		return append(dst, '0') // also for -0
	}
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return strconv.AppendInt(dst, int64(x), 10)
	}
	return strconv.AppendFloat(dst, x, 'g', -1, bits)
}

// AppendNumberText appends the canonical text of a number literal: whole numbers
// digit by digit, however long; the rest as AppendFloatText. It reports whether s
// is a number at all.
func AppendNumberText(dst, s []byte) ([]byte, bool) {
	plain := s
	if len(plain) > 1 && plain[0] == '-' {
		plain = plain[1:]
	}
	whole := len(plain) > 0
	for _, c := range plain {
		whole = whole && c >= '0' && c <= '9'
	}
	if whole {
		if plain[0] == '0' && len(plain) == 1 {
			return append(dst, '0'), true
		}
		return append(dst, s...), true
	}
	x, state := ParseNumber(s)
	if state != NumberOK {
		return dst, false
	}
	return AppendFloatText(dst, x, 64), true
}
