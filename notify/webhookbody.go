package notify

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/hindcast/hindcast/internal/fill"
	"github.com/hindcast/hindcast/job"
)

// body writes an event as the webhook takes it.
func (h *Webhook) body(e job.Event) ([]byte, error) {
	if h.opts.Body == nil {
		return json.Marshal(newWebhookBody(e, h.opts.Labels))
	}
	secret := ""
	if h.opts.Secret != nil {
		var err error
		if secret, err = read(h.opts.Secret, "secret"); err != nil {
			return nil, err
		}
		h.post.Secrets.Add(secret)
	}
	data := bodyData(e)
	data.Secret = secret
	filled, err := fill.Value(h.opts.Body, data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(filled)
}

// bodyData is what the templates of a body may name of an event.
func bodyData(e job.Event) fill.Body {
	w, s := word(e), job.SubjectOf(e)
	d := fill.Body{
		Event: s.Event, Model: clean(s.Model), Rule: clean(s.Rule), Run: clean(s.Run), RunID: clean(s.RunID),
		Title: truncate(oneLine(w.title), maxBodyTitle), Sentence: clean(e.Sentence), Text: truncate(w.plain(), maxDescription), Markdown: w.markdown(),
		Severity: severityInfo, Status: stateFiring, Incident: hashed(e.Incident.ID), Time: e.Time.UTC().Format(time.RFC3339), Window: fill.NewBodyWindow(s),
		Links: fill.BodyLinks{Report: webAddress(e.Links.Report), Dashboard: webAddress(e.Links.Dashboard), Runbook: webAddress(e.Links.Runbook), Run: webAddress(e.RunURL)},
	}
	over := 0
	all := alerts(e, nil)
	for _, a := range all {
		if a.labels["severity"] == severityWarning {
			d.Severity = severityWarning
		}
		if a.resolved {
			over++
		}
	}
	if len(all) > 0 && over == len(all) {
		d.Resolved, d.Status = true, stateResolved
	}
	return d
}

// maxBodyTitle bounds a title in a body. PagerDuty takes 1,024 characters of a summary.
const maxBodyTitle = 1000

// markdown writes a message in Markdown, the part of it that chats know: bold type, lists and
// links. Texts as they are stand there as any others.
func (w words) markdown() string {
	parts := []string{"**" + inMarkdown(oneLine(w.title)) + "**"}
	for _, p := range w.paragraphs {
		var b strings.Builder
		for _, s := range p {
			text := inMarkdown(s.text)
			if s.style == strong && strings.TrimSpace(text) == text && text != "" {
				text = "**" + text + "**"
			}
			b.WriteString(text)
		}
		parts = append(parts, strings.TrimSpace(b.String()))
	}
	var figures []string
	for _, f := range w.figures {
		figures = append(figures, "- "+inMarkdown(oneLine(f.name))+": "+inMarkdown(oneLine(f.value)))
	}
	if len(figures) > 0 {
		parts = append(parts, strings.Join(figures, "\n"))
	}
	parts = []string{truncate(strings.Join(parts, "\n\n"), maxDescription)} // and links stay whole
	var links []string
	for _, l := range w.links {
		links = append(links, "[Open the "+l.of+"]("+strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E").Replace(l.url)+")")
	}
	if len(links) > 0 {
		parts = append(parts, strings.Join(links, " · "))
	}
	return strings.Join(parts, "\n\n")
}

// inMarkdown writes a text so that Markdown shows it as it is, and so that it calls nobody: what
// has a meaning gets a backslash before it, but where it has none, and an @ a space of no width
// behind it.
func inMarkdown(s string) string {
	runes := []rune(clean(s))
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return '\n'
		}
		return runes[i]
	}
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	var b strings.Builder
	begins := true // only spaces stand before it on its line
	for i, r := range runes {
		escaped := false
		switch r {
		case '\\', '`', '[', ']', '<', '~', '|':
			escaped = true
		case '_':
			escaped = !word(at(i-1)) || !word(at(i+1))
		case '*':
			escaped = begins || !unicode.IsSpace(at(i-1)) || !unicode.IsSpace(at(i+1))
		case '#', '>', '-', '+':
			escaped = begins
		}
		if escaped {
			b.WriteRune('\\')
		}
		b.WriteRune(r)
		if r == '@' {
			b.WriteRune('\u200b')
		}
		begins = r == '\n' || begins && unicode.IsSpace(r)
	}
	return b.String()
}
