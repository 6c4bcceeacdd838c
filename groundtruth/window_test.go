package groundtruth

import (
	"testing"
	"time"
)

func TestWindowTexts(t *testing.T) {
	zone := time.FixedZone("", 3600)
	at := func(h, s, ns int) time.Time { return time.Date(2026, 1, 2, h+1, 0, s, ns, zone) } // h in UTC
	for _, c := range []struct {
		name               string
		window             Window
		text, full, format string
	}{
		{"days", Window{at(0, 0, 0), at(24, 0, 0)}, "2026-01-02 to 2026-01-03", "2026-01-02/2026-01-03", "2026-01-02 00:00 to 2026-01-03 00:00"},
		{"hours", Window{at(0, 0, 0), at(7, 0, 0)}, "2026-01-02T00:00:00Z to 2026-01-02T07:00:00Z", "2026-01-02T00:00:00Z/2026-01-02T07:00:00Z", "2026-01-02 00:00 to 2026-01-02 07:00"},
		{"less than seconds", Window{at(5, 1, 500), at(7, 0, 0)}, "2026-01-02T05:00:01Z to 2026-01-02T07:00:00Z", "2026-01-02T05:00:01.0000005Z/2026-01-02T07:00:00Z", "2026-01-02 05:00 to 2026-01-02 07:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.window.Text(Zone{}, " to "); got != c.text {
				t.Errorf("Text: %s", got)
			}
			if got := c.window.String(); got != c.full {
				t.Errorf("String: %s", got)
			}
			if got := c.window.Format(Zone{}, "2006-01-02 15:04", " to "); got != c.format {
				t.Errorf("Format: %s", got)
			}
		})
	}
}
