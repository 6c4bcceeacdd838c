package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// checkDecimal compares ScanDecimal with the standard library and reports whether it
// took the number.
func checkDecimal(t *testing.T, s string) bool {
	t.Helper()
	// What stands behind the number must not matter.
	for _, after := range []string{"", ",9", "}", "\n1234567890123456789"} {
		x, n := ScanDecimal([]byte(s + after))
		if n == 0 {
			return false
		}
		if n > len(s) {
			t.Fatalf("%q before %q: reads %d bytes", s, after, n)
		}
		want, err := strconv.ParseFloat(s[:n], 64)
		if err != nil || math.Float64bits(x) != math.Float64bits(want) {
			t.Fatalf("%q: got %v, want %v (%v)", s[:n], x, want, err)
		}
	}
	return true
}

func TestScanDecimal(t *testing.T) {
	for _, s := range []string{
		"0", "-0", "+0.0", "-0e5", "1", "-1.5", "+2", ".5", "5.", "0.1", "1e22", "1e-22", "1e+5", "1E5", "123456789", "0.1234567890123456", "-12.345678901234567",
		"9007199254740993", "9007199254740992.5", "9999999999999999999", "0.9999999999999999999", "1.7976931348623157", "0.00001234567890123456", "000123", "0000000000000000000",
		"4503599627370496.5", "4503599627370497.5", "184467440737095516.5", "0.000000000000000000", "18014398509481985", "9007199254740993e3",
	} {
		if !checkDecimal(t, s) {
			t.Errorf("%q is left to strconv", s)
		}
	}
	for _, s := range []string{
		"", "-", "+", ".", "-.", "e5", "1e", "1e+", "12345678901234567890", "18446744073709551616", "184467440737095516160.0", "1e23", "1e-23", "1e400", "1e-400", "1e00001", "0.12345678901234567890",
		"x", "nan", "inf", "- 1",
	} {
		if checkDecimal(t, s) {
			t.Errorf("%q is not left to strconv", s)
		}
	}
}

// Random digits with the point and the exponent anywhere, and what the library writes.
func TestScanDecimalAgainstStrconv(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	taken := 0
	for range 300_000 {
		var s string
		switch r.IntN(4) {
		case 0:
			s = strconv.FormatFloat(r.NormFloat64()*math.Pow10(r.IntN(30)-15), "fge"[r.IntN(3)], -1, 64)
		case 1: // halfway between two numbers, or beside it
			s = strconv.FormatUint(1<<53+r.Uint64N(1<<53)|1, 10)
			s = fmt.Sprintf("%se-%d", s, r.IntN(20))
		case 2:
			s = strconv.FormatUint(r.Uint64()>>r.IntN(64), 10)
			s = fmt.Sprintf("%se%d", s, r.IntN(44)-22)
		default:
			s = strconv.FormatUint(r.Uint64()>>r.IntN(64), 10)
			at := r.IntN(len(s) + 1)
			s = s[:at] + "." + s[at:]
		}
		if checkDecimal(t, s) {
			taken++
		}
	}
	if taken < 200_000 {
		t.Errorf("only %d of 300000 numbers were taken", taken)
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"1.5", "-0", "1e5", "12345678901234567890", " 7 ", "9007199254740993e-3", "NaN", "1_0", "0x1", ".", "true"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkDecimal(t, s)
		x, state := ParseNumber([]byte(s))
		plain := strings.Trim(s, " \t")
		if strings.Trim(plain, "0123456789.+-eE") != "" || plain == "" {
			return
		}
		want, err := strconv.ParseFloat(plain, 64)
		switch {
		case math.IsInf(want, 0):
			if state != NumberBad || x != want {
				t.Fatalf("%q: got %v (%d)", s, x, state)
			}
		case err != nil:
			if state != NumberBad {
				t.Fatalf("%q is no number: got %v (%d)", s, x, state)
			}
		case state != NumberOK || math.Float64bits(x) != math.Float64bits(want):
			t.Fatalf("%q: got %v (%d), want %v", s, x, state, want)
		}
	})
}
