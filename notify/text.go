package notify

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// ellipsis ends a text that truncate has cut.
const ellipsis = "…"

// clean makes a text fit to be shown: valid UTF-8 without control characters but
// line ends and tabs.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

// oneLine cleans a text and puts it on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// fence begins and ends what Slack shows as it is.
const fence = "```"

// escape cleans a text and writes the three characters that mrkdwn gives a meaning as
// entities, so that nothing in it becomes a link or calls people; and fences otherwise,
// so that none stays open.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", fence, "'''").Replace(clean(s))
}

// length is a text's length in UTF-16 units. Slack speaks of characters without saying
// which; none of the usual meanings counts more, bytes aside.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += units(r)
	}
	return n
}

// units is how many UTF-16 units a character takes.
func units(r rune) int { return max(utf16.RuneLen(r), 1) }

// truncate cuts a valid text to the length n, the last character being an ellipsis.
// Neither a character nor an entity that escape wrote is cut in two.
func truncate(s string, n int) string {
	if length(s) <= n {
		return s
	}
	cut, left := 0, n-1 // the ellipsis takes one
	for i, r := range s {
		if left -= units(r); left < 0 {
			cut = i
			break
		}
	}
	kept := s[:cut]
	// The longest entity is &amp;: an & among the last four bytes without its end was cut.
	if i := strings.LastIndexByte(kept, '&'); i >= 0 && len(kept)-i < len("&amp;") && !strings.Contains(kept[i:], ";") {
		kept = kept[:i]
	}
	return kept + ellipsis
}

// mrkdwnLink writes a link in mrkdwn. It returns false for what is no web address or too
// long to be one.
func mrkdwnLink(raw, label string) (string, bool) {
	web := webAddress(raw)
	if web == "" {
		return "", false
	}
	var address strings.Builder
	for _, b := range []byte(web) {
		// What ends the address in mrkdwn is left alone in queries by net/url.
		if b <= ' ' || b > '~' || strings.IndexByte("|<>`\"", b) >= 0 {
			fmt.Fprintf(&address, "%%%02X", b)
		} else {
			address.WriteByte(b)
		}
	}
	out := "<" + escape(address.String()) + "|" + strings.ReplaceAll(escape(label), "|", "/") + ">"
	return out, length(out) <= maxSection
}

// code writes a text for Slack so that it is shown as it is, in at most n characters,
// fences included.
func code(s string, n int) string {
	return fence + truncate(escape(s), n-2*len(fence)) + fence
}

// ticked writes a short name for Slack so that it is shown as it is.
func ticked(s string) string {
	return "`" + truncate(escape(strings.ReplaceAll(s, "`", "'")), maxName) + "`"
}

// bold writes a short name for Slack in bold type.
func bold(s string) string {
	s = strings.Join(strings.Fields(s), " ") // bold type ends with the line
	return "*" + truncate(escape(s), maxName) + "*"
}
