package notify

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

// mail writes an event as the text part of its mail.
func (w words) mail() string {
	var b strings.Builder
	b.WriteString(oneLine(w.title) + "\n\n")
	for _, p := range w.paragraphs {
		b.WriteString(strings.TrimSpace(clean(p.text())) + "\n\n")
	}
	width := 0
	for _, f := range w.figures {
		width = max(width, length(f.name))
	}
	for _, f := range w.figures {
		fmt.Fprintf(&b, "%-*s  %s\n", width, oneLine(f.name), oneLine(f.value))
	}
	if len(w.figures) > 0 {
		b.WriteString("\n")
	}
	if w.url != "" {
		b.WriteString("The run: " + oneLine(withoutUser(w.url)) + "\n\n")
	}
	// The line with two dashes and a space begins a signature.
	b.WriteString("-- \n" + oneLine(w.footer) + "\n")
	return b.String()
}

//go:embed mail.html
var mailHTML string

// htmlSpan is a span as the template mail.html takes it.
type htmlSpan struct{ Style, Text string }

// html writes an event as the HTML part of a mail. It holds no image and no style
// sheet, so that nothing is fetched when it is read.
func (w words) html() (string, error) {
	t, err := template.New("mail").Parse(mailHTML)
	if err != nil {
		return "", fmt.Errorf("read the mail's template: %w", err)
	}
	data := struct {
		Title, URL, Address, Footer string
		Paragraphs                  [][]htmlSpan
		Figures                     [][2]string
	}{Title: oneLine(w.title), URL: webAddress(w.url), Footer: oneLine(w.footer)}
	if data.URL == "" && w.url != "" {
		data.Address = oneLine(withoutUser(w.url))
	}
	for _, p := range w.paragraphs {
		var spans []htmlSpan
		for _, s := range p {
			name := map[style]string{plain: "plain", strong: "strong", literal: "literal", block: "block"}[s.style]
			spans = append(spans, htmlSpan{name, clean(s.text)})
		}
		data.Paragraphs = append(data.Paragraphs, spans)
	}
	for _, f := range w.figures {
		data.Figures = append(data.Figures, [2]string{oneLine(f.name), oneLine(f.value)})
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("write the mail's HTML: %w", err)
	}
	return b.String(), nil
}
