package notify

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/hindcast/hindcast/job"
)

// Text is an event in words without markup, as its mail says it.
func Text(e job.Event) string { return word(e).text() }

// mail writes an event as the text part of its mail.
func (w words) mail() string {
	// The line with two dashes and a space begins a signature.
	return w.text() + "-- \n" + oneLine(w.footer) + "\n"
}

// text writes an event as text.
func (w words) text() string {
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
	for _, l := range w.links {
		b.WriteString("The " + l.of + ": " + l.url + "\n")
	}
	if w.url != "" {
		b.WriteString("The run: " + oneLine(withoutUser(w.url)) + "\n")
	}
	if len(w.links) > 0 || w.url != "" {
		b.WriteString("\n")
	}
	return b.String()
}

//go:embed mail.html
var mailHTML string

// htmlSpan is a span as the template mail.html takes it.
type htmlSpan struct{ Style, Text string }

// htmlLink is a link as the template mail.html takes it.
type htmlLink struct{ Of, URL string }

// pictureID is what the HTML part calls the picture beside it.
const pictureID = "chart@hindcast"

// The colours of a mail's upper edge.
const (
	colourBad     = "#b3261e"
	colourGood    = "#1d7a4a"
	colourNeutral = "#2459c4"
)

// html writes an event as the HTML part of a mail. Its picture comes with the mail, and it has no
// style sheet but its own, so that nothing is fetched when it is read. Colours are given twice: with
// each element, for mail programs that read nothing else, and by classes for dark ones.
func (w words) html() (string, error) {
	t, err := template.New("mail").Parse(mailHTML)
	if err != nil {
		return "", fmt.Errorf("read the mail's template: %w", err)
	}
	data := struct {
		Title, Colour, Address, Footer string
		Paragraphs                     [][]htmlSpan
		Figures                        [][2]string
		Links                          []htmlLink
		Picture                        *job.Picture
	}{Title: oneLine(w.title), Colour: w.colour, Footer: oneLine(w.footer), Picture: w.picture}
	if w.url != "" {
		data.Address = oneLine(withoutUser(w.url))
	}
	for _, l := range w.links {
		data.Links = append(data.Links, htmlLink{l.of, l.url})
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
