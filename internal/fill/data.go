package fill

import (
	"strconv"
	"strings"
	"time"
)

// Subject is what a message is about, as far as links and bodies name it. What a message is
// not about is empty.
type Subject struct {
	Event      string // the kind, such as breach
	Model      string
	Rule       string
	Run        string // the name of a run of retraining
	RunID      string
	Start, End time.Time // of the window
}

// Link is what the templates of notify.links may name. Every value is escaped for a URL.
type Link struct {
	Event, Model, Rule, Run, RunID escaped
	Window                         LinkWindow
}

// LinkWindow holds a window's bounds: in RFC 3339, in milliseconds since 1970, which Grafana
// takes, and as the file of the window's report is called without its ending.
type LinkWindow struct {
	Start, End, StartMillis, EndMillis, File escaped
}

// fileTime is how the names of reports write times, which are those of keys in the ledger.
const fileTime = "20060102T150405.999999999Z0700"

// NewLink returns what the templates of links may name of a subject.
func NewLink(s Subject) Link {
	l := Link{Event: escaped(s.Event), Model: escaped(s.Model), Rule: escaped(s.Rule), Run: escaped(s.Run), RunID: escaped(s.RunID)}
	if !s.Start.IsZero() {
		l.Window = LinkWindow{
			Start: escaped(stamp(s.Start)), End: escaped(stamp(s.End)),
			StartMillis: escaped(strconv.FormatInt(s.Start.UnixMilli(), 10)), EndMillis: escaped(strconv.FormatInt(s.End.UnixMilli(), 10)),
			File: escaped(s.Start.UTC().Format(fileTime) + "_" + s.End.UTC().Format(fileTime)),
		}
	}
	return l
}

// absent stands in a link for a value that there is none of.
const absent = "\x00"

// escaped is a value that templates compare as it is and print escaped.
type escaped string

// String returns the value with all but letters, digits and -._~ as percent codes. It is
// right in a path, in a query and in a fragment.
func (e escaped) String() string {
	if e == "" {
		return absent
	}
	var b strings.Builder
	for _, c := range []byte(e) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)+0x100, 16)[1:]))
		}
	}
	return b.String()
}

// URL fills in the template of a link. It is empty where the template prints a value that
// there is none of: half an address leads nowhere.
func URL(text string, data Link) (string, error) {
	s, err := Text(text, data)
	if err != nil || strings.Contains(s, absent) {
		return "", err
	}
	return strings.TrimSpace(s), nil
}

// Body is what the templates of notify.webhook.body may name.
type Body struct {
	Event    string // the kind, such as breach
	Model    string
	Rule     string
	Run      string
	RunID    string
	Title    string // one line
	Sentence string // why, in a sentence
	Text     string // all of the message without markup
	Markdown string // all of the message, links too, in Markdown
	Severity string // warning or info
	Status   string // firing or resolved
	Resolved bool
	Incident string // the same for all events of one incident, and for no others: 32 characters
	Time     string // RFC 3339
	Secret   string // that of the webhook
	Window   BodyWindow
	Links    BodyLinks
}

// BodyWindow holds a window's bounds in RFC 3339.
type BodyWindow struct{ Start, End string }

// BodyLinks are the links of a message; those that it lacks are empty.
type BodyLinks struct{ Report, Dashboard, Runbook, Run string }

// NewBodyWindow returns the bounds of a subject's window.
func NewBodyWindow(s Subject) BodyWindow {
	if s.Start.IsZero() {
		return BodyWindow{}
	}
	return BodyWindow{stamp(s.Start), stamp(s.End)}
}

// stamp writes a time as templates name it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
