package notify

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/hindcast/hindcast/job"
)

// Slack's limits, in characters; that of the fallback is chosen, Slack takes more.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxFields  = 10 // of a section
	maxText    = 3000
)

// message is what Slack is sent: the body of chat.postMessage and of a webhook.
type message struct {
	Channel string        `json:"channel,omitempty"`
	Text    string        `json:"text"` // for notifications and screen readers
	Blocks  []slack.Block `json:"blocks"`

	// A link to a run needs no preview, which Slack would have to fetch.
	UnfurlLinks bool `json:"unfurl_links"`
	UnfurlMedia bool `json:"unfurl_media"`
}

// newMessage shows an event to Slack, once as plain text and once in blocks of its Block
// Kit.
func newMessage(e job.Event) message {
	w := word(e)
	blocks := []slack.Block{header(w.title)}
	for _, p := range w.paragraphs {
		blocks = append(blocks, section(p.mrkdwn()))
	}
	if len(w.figures) > 0 {
		var fields []*slack.TextBlockObject
		for _, f := range w.figures[:min(len(w.figures), maxFields)] {
			fields = append(fields, mrkdwn("*"+f.name+"*\n"+escape(f.value), maxField))
		}
		blocks = append(blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	for _, text := range w.linked() {
		blocks = append(blocks, section(text))
	}
	blocks = append(blocks, slack.NewContextBlock("", mrkdwn(escape(w.footer), maxField)))
	text := escape(w.title)
	if w.gist != "" {
		text += "\n" + escape(w.gist)
	}
	return message{Text: truncate(text, maxText), Blocks: blocks}
}

// linked writes the links of a message in mrkdwn, in as few texts as fit into sections. They
// are no buttons: Slack reports a press of a button to the app, and warns people where that
// takes no reports.
func (w words) linked() []string {
	const separator = " · "
	var out []string
	for _, l := range w.links {
		text, ok := mrkdwnLink(l.url, "Open the "+l.of)
		if !ok {
			text = truncate(escape("The "+l.of+": "+l.url), maxSection)
		}
		if last := len(out) - 1; last >= 0 && length(out[last])+length(separator)+length(text) <= maxSection {
			out[last] += separator + text
		} else {
			out = append(out, text)
		}
	}
	if w.url != "" {
		out = append(out, escape("The run: "+withoutUser(w.url)))
	}
	return out
}

// mrkdwn writes a paragraph in the markup that Slack reads.
func (p paragraph) mrkdwn() string {
	var b strings.Builder
	for _, s := range p {
		switch s.style {
		case strong:
			b.WriteString(bold(s.text))
		case literal:
			b.WriteString(ticked(s.text))
		case block:
			b.WriteString(code(s.text, maxSection))
		case plain:
			b.WriteString(escape(s.text))
		}
	}
	return b.String()
}

// header is a block with the title of an event.
func header(text string) slack.Block {
	return slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, truncate(oneLine(text), maxHeader), false, false))
}

// section is a block with a text in mrkdwn.
func section(text string) slack.Block {
	return slack.NewSectionBlock(mrkdwn(text, maxSection), nil, nil)
}

// mrkdwn is a text object. It is verbatim: Slack makes no links or mentions of what
// looks like some.
func mrkdwn(text string, limit int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, truncate(text, limit), false, true)
}
