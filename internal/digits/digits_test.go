package digits

import (
	"math"
	"testing"
)

func TestFour(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 0.00012345678: "0.0001235", 1.23456: "1.235", -12.3456: "-12.35", 999.94: "999.9",
		1000: "1000", -12345.6: "-12346", 999_999_999: "999999999", 1e9: "1e+09", 1.23456e12: "1.235e+12", math.Inf(1): "+Inf",
	} {
		if got := Four(f); got != want {
			t.Errorf("Four(%v) = %s, want %s", f, got, want)
		}
	}
}

func TestThousandsAreApart(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 999.94: "999.9", 1000: "1\u202f000", -999: "-999", -12345.6: "-12\u202f346", 999_999_999: "999\u202f999\u202f999", 1e9: "1e+09", math.Inf(-1): "-Inf",
	} {
		if got := Grouped(f); got != want {
			t.Errorf("Grouped(%v) = %q, want %q", f, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", -999: "-999", -1000: "-1\u202f000", math.MaxInt64: "9\u202f223\u202f372\u202f036\u202f854\u202f775\u202f807"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
