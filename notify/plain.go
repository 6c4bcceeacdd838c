package notify

import (
	"strings"
)

// plain writes an event's paragraphs and figures as text without markup, for a mail's
// text part and for annotations.
func (w words) plain() string {
	var b strings.Builder
	for i, p := range w.paragraphs {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(strings.TrimSpace(clean(p.text())))
	}
	if len(w.figures) > 0 {
		b.WriteString("\n")
	}
	for _, f := range w.figures {
		b.WriteString("\n" + oneLine(f.name) + ": " + oneLine(f.value))
	}
	return strings.TrimSpace(b.String())
}
