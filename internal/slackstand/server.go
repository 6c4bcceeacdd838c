// Package slackstand stands in for Slack in tests: it refuses what the real API is documented
// to refuse, and lists as violations what the real one would take but show wrongly. Begin
// with New; server.go has the methods of the API, files.go those of files, and blocks.go the
// rules of its blocks.
package slackstand

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What the stand-in knows; everything else is refused.
const (
	Token       = "xoxb-0000000000-e2e" // of the bot
	Channel     = "#ml-alerts"
	ChannelID   = "C0E2E0001"
	WebhookPath = "/services/T0E2E0001/B0E2E0001/e2e-secret"
)

// Message is a message that was accepted, as it reads after all updates.
type Message struct {
	Channel  string // id; empty for a webhook's
	TS       string
	ThreadTS string
	Text     string
	Blocks   json.RawMessage
	Updates  int // how often chat.update changed it
}

// All returns everything that a person would read: the text, then the texts of the blocks.
func (m Message) All() string {
	var b strings.Builder
	b.WriteString(m.Text)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				b.WriteString("\n" + s)
			} else {
				walk(v["text"])
			}
			walk(v["fields"])
			walk(v["elements"])
		}
	}
	var blocks any
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks, &blocks) == nil {
		walk(blocks)
	}
	return b.String()
}

// Call is one request with what was answered.
type Call struct {
	Path  string
	Code  int    // status
	Error string // error of the API; empty when it was accepted
}

// Server is a running stand-in with what it was sent.
type Server struct {
	URL string

	server *httptest.Server
	now    func() time.Time

	mu         sync.Mutex
	messages   []Message
	calls      []Call
	violations []string
	limited    int           // requests still to be told 429
	wait       time.Duration // Retry-After of these
	notBefore  time.Time     // end of the last Retry-After
	status     int           // answered to everything when not 0
	scopes     map[string]bool
	outside    bool // the bot is in no channel
	next       map[string]*Answer
	files      map[string]*file
	pictures   []Picture
}

// Answer is what a method answers instead of doing anything, so many times.
type Answer struct {
	Status     int
	RetryAfter time.Duration // whole seconds; 0 for none
	Body       string
	Times      int
}

// refusal is why the API does not do what it is asked for; the zero value is none.
type refusal struct {
	code    string
	scope   string   // that the token lacks
	details []string // what is wrong with which argument
}

// New starts a stand-in with a clock, which tells whether clients wait as they are told to; Close it.
func New(now func() time.Time) *Server {
	s := &Server{now: now, scopes: map[string]bool{"chat:write": true, "files:write": true}, files: map[string]*file{}, next: map[string]*Answer{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.api)
	mux.HandleFunc("/services/", s.webhook)
	mux.HandleFunc(uploadPath, s.upload)
	s.server = httptest.NewServer(mux)
	s.URL = s.server.URL
	return s
}

// Close stops the stand-in.
func (s *Server) Close() { s.server.Close() }

// APIURL returns what a bot's client takes as the address of the API.
func (s *Server) APIURL() string { return s.URL + "/api/" }

// WebhookURL returns the address of the incoming webhook.
func (s *Server) WebhookURL() string { return s.URL + WebhookPath }

// Limit answers the next n requests by 429 with that Retry-After, whole seconds.
func (s *Server) Limit(n int, retryAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited, s.wait = n, retryAfter
}

// Fail answers everything by that status from now on; 0 ends it.
func (s *Server) Fail(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// Next gives an answer to the next requests to a method, or to "upload".
func (s *Server) Next(method string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[method] = &a
}

// Messages returns the accepted messages, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Calls returns every request so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// Violations returns what was wrong with the requests so far, refused or not.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// down answers when the stand-in is told to; it also watches that a Retry-After is kept.
func (s *Server) down(w http.ResponseWriter, path string) bool {
	now := s.now()
	if now.Before(s.notBefore) {
		s.violations = append(s.violations, fmt.Sprintf("%s came %s before its Retry-After was over", path, s.notBefore.Sub(now)))
	}
	if a := s.next[path]; a != nil && a.Times > 0 {
		a.Times--
		if a.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(a.RetryAfter/time.Second)))
		}
		w.WriteHeader(a.Status)
		_, _ = io.WriteString(w, a.Body)
		s.calls = append(s.calls, Call{Path: path, Code: a.Status, Error: a.Body})
		return true
	}
	switch {
	case s.limited > 0:
		s.limited--
		s.notBefore = now.Add(s.wait)
		w.Header().Set("Retry-After", strconv.Itoa(int(s.wait/time.Second)))
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"ok":false,"error":"ratelimited"}`)
		s.calls = append(s.calls, Call{Path: path, Code: http.StatusTooManyRequests, Error: "ratelimited"})
		return true
	case s.status != 0:
		w.WriteHeader(s.status)
		s.calls = append(s.calls, Call{Path: path, Code: s.status, Error: "status"})
		return true
	}
	return false
}

// arguments reads the request as the API does: a form, or JSON with the token in
// the header only.
func arguments(r *http.Request) (args map[string]json.RawMessage, token string, apiError string) {
	token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return nil, token, "request_timeout"
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	args = make(map[string]json.RawMessage)
	switch kind {
	case "application/json":
		if err := json.Unmarshal(body, &args); err != nil {
			return nil, token, "invalid_json"
		}
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, token, "invalid_form_data"
		}
		for k, v := range form {
			switch {
			case k == "token":
				if token == "" {
					token = v[0]
				}
			case k == "blocks" || k == "attachments":
				args[k] = json.RawMessage(v[0])
			default:
				args[k], _ = json.Marshal(v[0]) // a string always encodes
			}
		}
	default:
		return nil, token, "invalid_post_type"
	}
	return args, token, ""
}

// api answers the requests of a bot.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	if s.down(w, method) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	answer, no := s.call(method, r)
	if no.code != "" {
		answer = map[string]any{"ok": false, "error": no.code}
		if no.scope != "" {
			answer["needed"], answer["provided"] = no.scope, strings.Join(slices.Sorted(maps.Keys(s.scopes)), ",")
		}
		if len(no.details) > 0 {
			answer["response_metadata"] = map[string]any{"messages": no.details}
		}
		s.violations = append(s.violations, strings.Join(append([]string{method + ": " + no.code}, no.details...), "; "))
	} else {
		answer["ok"] = true
	}
	s.calls = append(s.calls, Call{Path: method, Code: http.StatusOK, Error: no.code})
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

// call does what a method of the API does, and returns its answer or its error.
func (s *Server) call(method string, r *http.Request) (map[string]any, refusal) {
	if r.Method != http.MethodPost && method != "auth.test" {
		return nil, refusal{code: "method_not_supported_for_channel_type"}
	}
	args, token, apiError := arguments(r)
	switch {
	case token == "":
		return nil, refusal{code: "not_authed"}
	case token != Token:
		return nil, refusal{code: "invalid_auth"}
	case apiError != "":
		return nil, refusal{code: apiError}
	}
	if scope := map[string]string{"chat": "chat:write", "files": "files:write"}[strings.Split(method, ".")[0]]; scope != "" && !s.scopes[scope] {
		return nil, refusal{code: "missing_scope", scope: scope}
	}
	switch method {
	case "files.getUploadURLExternal":
		return s.beginUpload(args)
	case "files.completeUploadExternal":
		return s.completeUpload(args)
	case "auth.test":
		return map[string]any{"user": "hindcast", "bot_id": "B0E2E0001"}, refusal{}
	case "chat.postMessage":
		if c := text(args["channel"]); c != Channel && c != strings.TrimPrefix(Channel, "#") && c != ChannelID {
			return nil, refusal{code: "channel_not_found"}
		}
		m := Message{Channel: ChannelID, ThreadTS: text(args["thread_ts"]), TS: fmt.Sprintf("%d.%06d", 1_700_000_000+len(s.messages), len(s.messages))}
		if m.ThreadTS != "" && s.find(m.ThreadTS) < 0 {
			return nil, refusal{code: "thread_not_found"}
		}
		if apiError := s.fill(&m, args); apiError != "" {
			return nil, refusal{code: apiError}
		}
		s.messages = append(s.messages, m)
		return map[string]any{"channel": ChannelID, "ts": m.TS, "message": map[string]any{"text": m.Text, "ts": m.TS}}, refusal{}
	case "chat.update":
		if text(args["channel"]) != ChannelID { // a name doesn't do here
			return nil, refusal{code: "channel_not_found"}
		}
		i := s.find(text(args["ts"]))
		if i < 0 {
			return nil, refusal{code: "message_not_found"}
		}
		m := s.messages[i]
		if apiError := s.fill(&m, args); apiError != "" {
			return nil, refusal{code: apiError}
		}
		m.Updates++
		s.messages[i] = m
		return map[string]any{"channel": ChannelID, "ts": m.TS, "text": m.Text}, refusal{}
	}
	return nil, refusal{code: "unknown_method"}
}

// find returns the place of a bot's message by its ts, -1 where there is none.
func (s *Server) find(ts string) int {
	for i, m := range s.messages {
		if m.TS == ts && m.Channel != "" {
			return i
		}
	}
	return -1
}

// fill puts the arguments into the message, or says what the API refuses.
func (s *Server) fill(m *Message, args map[string]json.RawMessage) string {
	m.Text, m.Blocks = text(args["text"]), args["blocks"]
	if string(m.Blocks) == "null" {
		m.Blocks = nil
	}
	if m.Text == "" && len(m.Blocks) == 0 && len(args["attachments"]) == 0 {
		return "no_text"
	}
	if len([]rune(m.Text)) > 40_000 {
		return "msg_too_long"
	}
	s.violations = append(s.violations, markup("text", m.Text)...)
	if m.Text == "" {
		s.violations = append(s.violations, "blocks without a text: a push notification would say nothing")
	}
	if len(m.Blocks) > 0 {
		problems, wrong := checkBlocks(m.Blocks)
		s.violations = append(s.violations, wrong...)
		if len(problems) > 0 {
			s.violations = append(s.violations, problems...)
			return "invalid_blocks"
		}
	}
	return ""
}

// webhook takes a message as the incoming webhook does.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := "webhook"
	if s.down(w, path) {
		return
	}
	code := http.StatusOK
	var refusal string
	m := Message{TS: fmt.Sprintf("webhook.%06d", len(s.messages))}
	var args map[string]json.RawMessage
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	switch {
	case r.URL.Path != WebhookPath:
		code, refusal = http.StatusNotFound, "no_service"
	case r.Method != http.MethodPost || err != nil || json.Unmarshal(body, &args) != nil:
		code, refusal = http.StatusBadRequest, "invalid_payload"
	default:
		if refusal = s.fill(&m, args); refusal != "" {
			code = http.StatusBadRequest
		}
	}
	s.calls = append(s.calls, Call{Path: path, Code: code, Error: refusal})
	w.WriteHeader(code)
	if refusal != "" {
		s.violations = append(s.violations, path+": "+refusal)
		_, _ = io.WriteString(w, refusal)
		return
	}
	s.messages = append(s.messages, m)
	_, _ = io.WriteString(w, "ok")
}

// text returns the string in raw JSON, empty when it is none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
