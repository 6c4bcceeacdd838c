package table

import (
	"strings"
	"testing"
)

func TestClassText(t *testing.T) {
	for _, c := range []struct{ text, class, binary string }{
		{"cat", "cat", "cat"},
		{" cat", " cat", " cat"},
		{"", "", ""},
		{" ", " ", " "},
		{"3", "3", "3"},
		{"3.0", "3", "3"},
		{" 3 ", "3", "3"},
		{"+3", "3", "3"},
		{"3e0", "3", "3"},
		{"-0", "0", "0"},
		{"2.50", "2.5", "2.5"},
		{".5", "0.5", "0.5"},
		{"007", "007", "007"}, // as AsText has it, so that codes with zeros in front stay what they are
		{"12345678901234567890", "12345678901234567890", "12345678901234567890"},
		{"-", "-", "-"},
		{"1e999", "1e999", "1e999"},
		{"0x10", "0x10", "0x10"},
		{"-nan", "-nan", "-nan"},
		{"NaN", "NaN", "NaN"},
		{"None", "None", "None"},
		{"true", "true", "1"},
		{" TRUE", " TRUE", "1"},
		{"False", "False", "0"},
		{"1.0", "1", "1"},
		{"é", "é", "é"},
	} {
		if got := ClassText(c.text); got != c.class {
			t.Errorf("class of %q is %q, want %q", c.text, got, c.class)
		}
		if got := BinaryText(c.text); got != c.binary {
			t.Errorf("class of %q of two is %q, want %q", c.text, got, c.binary)
		}
	}
}

// FuzzClassText wants that what is canonical stays as it is, and that a text that is no number
// does too.
func FuzzClassText(f *testing.F) {
	for _, s := range []string{"1.0", " 3", "cat", "1e22", "9007199254740993.0", "-0.0", "true", "+", "١"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, canonical := range []func(string) string{ClassText, BinaryText} {
			once := canonical(s)
			if twice := canonical(once); twice != once {
				t.Errorf("%q is %q, and that is %q", s, once, twice)
			}
		}
		x, state := ParseNumber([]byte(strings.TrimSpace(s)))
		y, same := ParseNumber([]byte(ClassText(s)))
		if state != same || state == NumberOK && x != y {
			t.Errorf("%q is the number %v, and its class %q the number %v", s, x, ClassText(s), y)
		}
	})
}
