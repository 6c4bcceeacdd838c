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
