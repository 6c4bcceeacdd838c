package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// On a terminal the last column wraps, so that the others stay in their places; what goes
// into a file or a pipe has a row on one line, however wide.
func TestTablesFitTheTerminal(t *testing.T) {
	why := "rmse is inconclusive (needs about 300 rows); drift is inconclusive (needs about 720 rows); prédictions are healthy"
	render := func(columns int) string {
		var out bytes.Buffer
		w := newTable(terminalWriter{visibleWriter{&out}, look{columns: columns}}, "window", "rev", "stage", "why")
		w.AppendRow([]any{"2026-01-03/2026-01-04", 1, "mature", why})
		w.AppendRow([]any{"2026-01-04/2026-01-05", 1, "closed", "drift is healthy"})
		w.Render()
		return out.String()
	}
	for _, columns := range []int{40, 80, 100} {
		lines := strings.Split(strings.TrimRight(render(columns), "\n"), "\n")
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); n > columns {
				t.Errorf("%d characters in %d columns: %q", n, columns, line)
			}
		}
		if strings.Contains(strings.Join(lines, "\n"), why) || len(lines) < 4 {
			t.Errorf("nothing wraps in %d columns:\n%s", columns, strings.Join(lines, "\n"))
		}
	}
	for _, columns := range []int{0, 300} {
		if got := render(columns); !strings.Contains(got, why) || strings.Count(got, "\n") != 3 {
			t.Errorf("in %d columns:\n%s", columns, got)
		}
	}
}
