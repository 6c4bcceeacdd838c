package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
)

// What the fake Slack knows.
const (
	goodToken   = "xoxb-1-right"
	goodChannel = "#ml-alerts"
	hookPath    = "/services/T1/B1/hook-secret"
)

// reply is an answer that the fake gives instead of looking at a request.
type reply struct {
	status int
	header http.Header
	body   string
}

// request is what the fake was sent.
type request struct {
	path, auth, body string
}

// fakeSlack refuses what the API's reference says that it refuses
// (docs.slack.dev: chat.postMessage, incoming webhooks, the blocks and text objects).
type fakeSlack struct {
	*httptest.Server

	mu       sync.Mutex
	replies  []reply // given first, one each
	always   *reply
	requests []request
	accepted []json.RawMessage
}

func newFakeSlack(t *testing.T) *fakeSlack {
	t.Helper()
	f := &fakeSlack{}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	f.requests = append(f.requests, request{r.URL.Path, r.Header.Get("Authorization"), string(body)})
	next := f.always
	if len(f.replies) > 0 {
		next, f.replies = &f.replies[0], f.replies[1:]
	}
	if next != nil {
		for k, v := range next.header {
			w.Header()[k] = v
		}
		w.WriteHeader(next.status)
		_, _ = io.WriteString(w, next.body)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		refusal, details := f.api(r, body)
		answer := map[string]any{"ok": refusal == "", "ts": "1.000100"}
		if refusal != "" {
			answer["error"] = refusal
			answer["response_metadata"] = map[string]any{"messages": details}
		}
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	var m map[string]json.RawMessage
	switch {
	case r.URL.Path != hookPath:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "no_service")
	case json.Unmarshal(body, &m) != nil || m["channel"] != nil || len(faults(m)) > 0:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "invalid_payload")
	default:
		f.accepted = append(f.accepted, body)
		_, _ = io.WriteString(w, "ok")
	}
}

func (f *fakeSlack) api(r *http.Request, body []byte) (refusal string, details []string) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var m map[string]json.RawMessage
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/api/chat.postMessage":
		return "unknown_method", nil
	case !bearer:
		return "not_authed", nil
	case token != goodToken:
		return "invalid_auth", nil
	case err != nil || kind != "application/json" || params["charset"] != "utf-8":
		return "invalid_post_type", nil
	case json.Unmarshal(body, &m) != nil:
		return "invalid_json", nil
	case text(m["channel"]) != goodChannel:
		return "channel_not_found", nil
	}
	if details := faults(m); len(details) > 0 {
		return "invalid_blocks", details
	}
	f.accepted = append(f.accepted, body)
	return "", nil
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

type fakeText struct {
	Type, Text string
	Emoji      *bool
	Verbatim   *bool
}

// faults lists what the API would refuse or show otherwise than it is meant.
func faults(m map[string]json.RawMessage) []string {
	var out []string
	bad := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	fallback := text(m["text"])
	if fallback == "" || len(utf16.Encode([]rune(fallback))) > 4000 {
		bad("text of %d characters", len(fallback))
	}
	for _, s := range markupFaults(fallback) {
		bad("text: %s", s)
	}
	var blocks []struct {
		Type     string
		Text     *fakeText
		Fields   []fakeText
		Elements []fakeText
	}
	if err := json.Unmarshal(m["blocks"], &blocks); err != nil || len(blocks) == 0 || len(blocks) > 50 {
		bad("%d blocks, %v", len(blocks), err)
	}
	check := func(where string, t fakeText, kinds []string, limit int) {
		if n := len(utf16.Encode([]rune(t.Text))); n == 0 || n > limit {
			bad("%s: %d characters, 1 to %d", where, n, limit)
		}
		if !slices.Contains(kinds, t.Type) {
			bad("%s: type %q", where, t.Type)
		}
		if t.Type == "mrkdwn" {
			if t.Emoji != nil {
				bad("%s: emoji in mrkdwn", where)
			}
			for _, s := range markupFaults(t.Text) {
				bad("%s: %s", where, s)
			}
		} else if t.Verbatim != nil {
			bad("%s: verbatim in plain_text", where)
		}
	}
	both := []string{"plain_text", "mrkdwn"}
	for i, b := range blocks {
		where := fmt.Sprintf("block %d (%s)", i, b.Type)
		switch {
		case b.Type == "header" && b.Text != nil:
			check(where, *b.Text, both[:1], 150)
		case b.Type == "section" && (b.Text != nil || len(b.Fields) > 0) && len(b.Fields) <= 10:
			if b.Text != nil {
				check(where, *b.Text, both, 3000)
			}
			for _, f := range b.Fields {
				check(where+" field", f, both, 2000)
			}
		case b.Type == "context" && len(b.Elements) > 0 && len(b.Elements) <= 10:
			for _, e := range b.Elements {
				check(where+" element", e, both, 2000)
			}
		default:
			bad("%s: not a block that is sent", where)
		}
	}
	return out
}

// markupFaults finds what mrkdwn takes for more than text: mentions, and the three
// special characters outside links and entities; and fences that don't close.
func markupFaults(s string) []string {
	var out []string
	if m := regexp.MustCompile(`<[!@#][^>]*>`).FindString(s); m != "" {
		out = append(out, "mention "+m)
	}
	rest := regexp.MustCompile(`<https?://[^<>|\s]+\|[^<>|]+>`).ReplaceAllString(s, "")
	rest = regexp.MustCompile(`&(amp|lt|gt);`).ReplaceAllString(rest, "")
	if i := strings.IndexAny(rest, "<>&"); i >= 0 {
		out = append(out, fmt.Sprintf("unescaped character in %.80q", rest[i:]))
	}
	if strings.Count(s, "```")%2 != 0 {
		out = append(out, "open code fence")
	}
	return out
}
