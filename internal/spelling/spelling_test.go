package spelling

import (
	"testing"

	"pgregory.net/rapid"
)

// TestDistance compares the distance with its definition by recursion, on short words.
func TestDistance(t *testing.T) {
	var slow func(a, b string) int
	slow = func(a, b string) int {
		if a == "" || b == "" {
			return len(a) + len(b)
		}
		x, y := a[:len(a)-1], b[:len(b)-1]
		d := slow(x, y)
		if a[len(a)-1] != b[len(b)-1] {
			d++
		}
		d = min(d, slow(x, b)+1, slow(a, y)+1)
		if len(a) > 1 && len(b) > 1 && a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1] {
			d = min(d, slow(a[:len(a)-2], b[:len(b)-2])+1)
		}
		return d
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[abc]{0,6}`)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		limit := rapid.IntRange(1, 8).Draw(t, "limit")
		got, want := Distance(a, b, limit), slow(a, b)
		if got != want && !(want >= limit && got == limit) {
			t.Fatalf("distance %q %q below %d = %d, want %d", a, b, limit, got, want)
		}
	})
}
