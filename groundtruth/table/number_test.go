package table

import (
	"math"
	"testing"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  float64
		state NumberState
	}{
		{"1", 1, NumberOK}, {" -1.5e3\t", -1500, NumberOK}, {"+2", 2, NumberOK}, {".5", .5, NumberOK}, {"5.", 5, NumberOK},
		{"1e-400", 0, NumberOK}, {"0.1", 0.1, NumberOK}, {"9007199254740993", 9007199254740992, NumberOK},
		{"true", 1, NumberOK}, {"False", 0, NumberOK},
		{"", 0, NumberMissing}, {"  ", 0, NumberMissing}, {"null", 0, NumberMissing}, {"None", 0, NumberMissing}, {"NA", 0, NumberMissing}, {"n/a", 0, NumberMissing},
		{"NaN", math.NaN(), NumberNaN}, {"-nan", math.NaN(), NumberNaN},
		{"1e400", math.Inf(1), NumberBad}, {"inf", 0, NumberBad}, {"-Infinity", 0, NumberBad}, {"0x1p4", 0, NumberBad},
		{"1_000", 0, NumberBad}, {"1,5", 0, NumberBad}, {"abc", 0, NumberBad}, {"1 2", 0, NumberBad}, {"-", 0, NumberBad}, {"e", 0, NumberBad}, {"1e", 0, NumberBad}, {"١", 0, NumberBad},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, state := ParseNumber([]byte(c.text))
			if state != c.state || (got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want))) {
				t.Errorf("got %v (%d), want %v (%d)", got, state, c.want, c.state)
			}
		})
	}
}

func TestSemantics2_CanonicalText(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want string
	}{
		{123, "123"}, {-123, "-123"}, {0, "0"}, {math.Copysign(0, -1), "0"}, {0.5, "0.5"}, {1e15, "1000000000000000"},
		{1<<53 - 1, "9007199254740991"}, {1 << 53, "9.007199254740992e+15"}, {1e300, "1e+300"}, {1e-7, "1e-07"},
	} {
		if got := string(AppendFloatText(nil, c.x, 64)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.x, got, c.want)
		}
	}
	for _, c := range []struct{ literal, want string }{
		{"123", "123"}, {"123.0", "123"}, {"1.23e2", "123"}, {"-0", "0"}, {"-0.0", "0"}, {"9007199254740993", "9007199254740993"},
		{"123456789012345678901234567890", "123456789012345678901234567890"}, {"-5", "-5"}, {"0.10", "0.1"}, {"1e999", "!"}, {"-", "!"},
	} {
		got, ok := AppendNumberText(nil, []byte(c.literal))
		if !ok {
			got = []byte("!")
		}
		if string(got) != c.want {
			t.Errorf("%s: got %s, want %s", c.literal, got, c.want)
		}
	}
}
