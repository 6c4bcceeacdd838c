package table

import "testing"

func TestUnzoned(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2026-01-05 10:00:00": true, "2026-01-05T10:00": true, " 2026-01-05T10:00:00.5 ": true,
		"2026-01-05T10:00:00Z": false, "2026-01-05 10:00:00+01:00": false, "2026-01-05 10:00:00-0500": false, "2026-01-05 10:00:00 UTC": false,
		"2026-01-05": false, "20260105": false, "1767607200000": false, "": false,
	} {
		if got := Unzoned(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
