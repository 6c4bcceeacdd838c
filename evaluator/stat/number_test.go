package stat

import (
	"math"
	"testing"
)

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 1.68: "1.68", 1.234567: "1.235", -0.00012345: "-0.0001234", 999.96: "1000",
		1234.5: "1234", 123456: "123456", 1e16: "1e+16", 0.00001: "1e-05",
	} {
		if got := Figure(v); got != want {
			t.Errorf("Figure(%v) = %s, want %s", v, got, want)
		}
	}
}
