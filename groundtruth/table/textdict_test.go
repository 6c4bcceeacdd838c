package table

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Texts of every length, many in one place of those met last, keep their codes.
func TestTextDictCodes(t *testing.T) {
	var d textDict
	d.start()
	r := rand.New(rand.NewPCG(13, 14))
	codes := map[string]uint32{}
	for range 20_000 {
		s := strings.Repeat("ab", 10)[:r.IntN(20)] + []string{"", "x", "é"}[r.IntN(3)] + strings.Repeat("ba", 10)[:r.IntN(20)]
		code := d.Add([]byte(s))
		if d.dict[code] != s {
			t.Fatalf("%q became %q", s, d.dict[code])
		}
		if before, ok := codes[s]; ok && before != code {
			t.Fatalf("%q has codes %d and %d", s, before, code)
		}
		codes[s] = code
	}
	if len(codes) != len(d.dict) {
		t.Errorf("%d texts have %d entries", len(codes), len(d.dict))
	}
}
