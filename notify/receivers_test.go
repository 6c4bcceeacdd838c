package notify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/redact"
)

// golden compares a text with a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("differs from %s (-update writes it):\n%s", file, got)
	}
}

func TestWebhookGolden(t *testing.T) {
	for _, name := range []string{"breach", "breach_classifier", "breach_estimated", "breach_linked", "resolved", "retrain_failed", "retrain_started_late", "evaluation_works"} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(newWebhookBody(events()[name], map[string]string{"namespace": "team-a"})); err != nil {
				t.Fatal(err)
			}
			golden(t, "webhook_"+name+".json", b.Bytes())
		})
	}
}

// What begins a state and what ends it have the same labels.
func TestAlertsEndWhatTheyBegan(t *testing.T) {
	e := events()
	find := func(event, name string) alert {
		t.Helper()
		for _, a := range alerts(e[event], map[string]string{"namespace": "n"}) {
			if a.labels["alertname"] == name {
				return a
			}
		}
		t.Fatalf("%s sends no %s", event, name)
		return alert{}
	}
	for _, pair := range []struct{ name, begin, end string }{
		{alertBreach, "breach", "resolved"},
		{alertFailing, "evaluation_failing", "evaluation_works"},
		{alertRetraining, "retrain_started", "retrain_finished"},
		{alertRetraining, "retrain_started", "retrain_failed"},
		{alertNotStarted, "retrain_not_started", "retrain_started_late"},
	} {
		begin, end := find(pair.begin, pair.name), find(pair.end, pair.name)
		if begin.fingerprint() != end.fingerprint() || begin.resolved || !end.resolved {
			t.Errorf("%s: %v and %v", pair.name, begin.labels, end.labels)
		}
		if !begin.ends.After(e[pair.begin].Time) || end.ends.After(e[pair.end].Time) {
			t.Errorf("%s: begins until %s, ends at %s", pair.name, begin.ends, end.ends)
		}
	}
	for name, event := range e {
		if len(alerts(event, nil)) == 0 {
			t.Errorf("%s sends no alert", name)
		}
		for _, p := range postable(alerts(event, nil)) {
			if !p.StartsAt.Before(p.EndsAt) {
				t.Errorf("%s: %s from %s to %s", name, p.Labels["alertname"], p.StartsAt, p.EndsAt)
			}
			if strings.Contains(p.GeneratorURL, "javascript") || p.Annotations["summary"] == "" {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

func TestPostIsSentAgainOnlyWhereItWasNotTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []int
		after   string
		posts   int
		want    string // in the error; empty for none
		waits   []time.Duration
	}{
		"taken":                     {[]int{200}, "", 1, "", nil},
		"accepted":                  {[]int{202}, "", 1, "", nil},
		"slowed down":               {[]int{429, 200}, "3", 2, "", []time.Duration{3 * time.Second}},
		"unavailable":               {[]int{503, 503, 204}, "", 3, "", []time.Duration{5 * time.Second, 5 * time.Second}},
		"for longer than is waited": {[]int{429}, "31", 1, "given up after 1 tries", nil},
		"for ever":                  {[]int{503, 503, 503, 503, 200}, "1", 4, "given up after 4 tries", []time.Duration{time.Second, time.Second, time.Second}},
		"broken":                    {[]int{500, 200}, "", 1, "500 Internal Server Error", nil},
		"gateway":                   {[]int{502, 200}, "", 1, "502", nil},
		"refused":                   {[]int{400, 200}, "", 1, "400 Bad Request: no such thing", nil},
		"redirect":                  {[]int{307, 200}, "", 1, "redirects are not followed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var keys, bodies []string
			answers := tc.answers
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				keys, bodies = append(keys, r.Header.Get("Idempotency-Key")), append(bodies, string(body))
				if tc.after != "" {
					w.Header().Set("Retry-After", tc.after)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(answers[0])
				answers = answers[1:]
				_, _ = io.WriteString(w, "no such thing as "+r.URL.String()+strings.Repeat("x", 1000))
			}))
			defer server.Close()
			w := new(waits)
			hook := NewWebhook(constant(server.URL+"/hook/s3cret?token=hunter2"), WebhookOptions{HTTPOptions: HTTPOptions{Options: Options{Sleep: w.sleep}}})
			err := hook.Notify(t.Context(), events()["breach"])
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "s3cret") || len(err.Error()) > 400) {
				t.Errorf("the error shows a secret, or too much: %v", err)
			}
			if len(keys) != tc.posts || !slices.Equal([]time.Duration(*w), tc.waits) {
				t.Errorf("%d posts, waits %v", len(keys), *w)
			}
			if slices.ContainsFunc(keys, func(k string) bool { return k == "" || k != keys[0] }) || slices.ContainsFunc(bodies, func(b string) bool { return b != bodies[0] }) {
				t.Errorf("the tries differ: %q", keys)
			}
		})
	}
}

// A secret that the error's text is cut in is hidden before the cut, whatever the server
// quotes of the URL.
func TestRefusalsHideBeforeTheyCut(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "no such page: "+r.URL.Path+" "+r.Header.Get("Authorization"))
	}))
	defer server.Close()
	long := strings.Repeat("s3cret", 50)
	for name, path := range map[string]string{"long path": "/" + long, "path without its query": "/in/s3cret-path?wait=true"} {
		err := NewWebhook(constant(server.URL+path), WebhookOptions{}).Notify(t.Context(), events()["breach"])
		if err == nil || !strings.Contains(err.Error(), "no such page") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	client := &http.Client{Transport: authorized(long)}
	secrets := &redact.Secrets{}
	secrets.Add(long)
	err := NewWebhook(constant(server.URL+"/in"), WebhookOptions{HTTPOptions: HTTPOptions{Client: client, Options: Options{Secrets: secrets}}}).Notify(t.Context(), events()["breach"])
	if err == nil || !strings.Contains(err.Error(), "no such page") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("header: %v", err)
	}
}

// authorized sends its text as the header Authorization.
type authorized string

func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", string(a))
	return (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
}

// One Alertmanager of a cluster is enough, and with none there is one error.
func TestAlertmanagerOfSeveral(t *testing.T) {
	posts := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var all []map[string]any
		dec := json.NewDecoder(r.Body)
		if err := dec.Decode(&all); err != nil || len(all) == 0 || r.URL.Path != "/am/api/v2/alerts" {
			t.Errorf("%s: %v, %v", r.URL.Path, all, err)
		}
		posts++
	}))
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	w := new(waits)
	opts := HTTPOptions{Options: Options{Sleep: w.sleep}}
	if err := NewAlertmanager([]string{gone.URL, server.URL + "/am/"}, nil, opts).Notify(t.Context(), events()["breach"]); err != nil || posts != 1 || len(*w) != 1 {
		t.Errorf("%v, %d posts, waits %v", err, posts, *w)
	}
	if err := NewAlertmanager([]string{server.URL + "/am"}, nil, opts).Keep(t.Context(), []job.Event{events()["breach"], events()["evaluation_failing"]}); err != nil || posts != 2 {
		t.Errorf("%v, %d posts", err, posts)
	}
	err := NewAlertmanager([]string{gone.URL}, nil, opts).Notify(t.Context(), events()["breach"])
	if err == nil || !strings.Contains(err.Error(), "refused") || !strings.Contains(err.Error(), gone.URL) {
		t.Errorf("error %v", err)
	}
}

// mailer is a mail receiver that sends nothing.
func mailer(t testing.TB, from string, to ...string) *Email {
	t.Helper()
	m, err := NewEmail("localhost:25", from, to, EmailOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// parts reads a mail: its headers, its text and its HTML.
func parts(t testing.TB, m *Email, e job.Event) (mail.Header, string, string) {
	t.Helper()
	msg, err := m.message(e)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	read, err := mail.ReadMessage(&b)
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	var texts []string
	for r := multipart.NewReader(read.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil || p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("%v, %v", p.Header, err)
		}
		texts = append(texts, string(body))
	}
	if len(texts) != 2 {
		t.Fatalf("%d parts", len(texts))
	}
	return read.Header, texts[0], texts[1]
}

func decodedSubject(t testing.TB, h mail.Header) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMails(t *testing.T) {
	m := mailer(t, "Hindcast <hindcast@example.com>", "Ærlig Måling <a@example.com>", "b@example.com")
	for name, e := range events() {
		_, text, html := parts(t, m, e)
		for _, s := range []string{"pa55", "javascript:", "<img", "src=", "<prices>"} {
			if strings.Contains(html, s) && s != "javascript:" || s == "pa55" && strings.Contains(text, s) {
				t.Errorf("%s shows %s", name, s)
			}
		}
		if strings.Contains(html, `href="javascript`) {
			t.Errorf("%s links to a script", name)
		}
	}
	for _, name := range []string{"breach", "breach_classifier", "breach_linked"} {
		_, text, html := parts(t, m, events()[name])
		golden(t, "mail_"+name+".txt", []byte(strings.ReplaceAll(text, "\r\n", "\n")))
		golden(t, "mail_"+name+".html", []byte(strings.ReplaceAll(html, "\r\n", "\n")))
	}
}

// The first mail of an incident has an id that the others answer.
func TestMailThread(t *testing.T) {
	m := mailer(t, "hindcast@example.com", "a@example.com")
	e := events()
	first, _, _ := parts(t, m, e["breach"])
	root := first.Get("Message-Id")
	if s := decodedSubject(t, first); s != "[hindcast] a&b <prices>: rmse breached (2026-01-01)" || first.Get("In-Reply-To") != "" || !strings.HasSuffix(root, "@example.com>") {
		t.Errorf("first: %q, %v", s, first)
	}
	ids := map[string]bool{root: true}
	for _, name := range []string{"retrain_started", "retrain_failed", "resolved"} {
		h, _, _ := parts(t, m, e[name])
		if h.Get("In-Reply-To") != root || h.Get("References") != root || decodedSubject(t, h) != "Re: "+decodedSubject(t, first) || ids[h.Get("Message-Id")] {
			t.Errorf("%s: %v", name, h)
		}
		ids[h.Get("Message-Id")] = true
	}
	for name, want := range map[string]string{
		"evaluation_failing": "[hindcast] a&b <prices>: evaluation is failing (2026-01-01)",
		"evaluation_works":   "Re: [hindcast] a&b <prices>: evaluation is failing (2026-01-01)",
		"started_by_hand":    "[hindcast] a&b <prices>: retraining by hand (2026-01-09)",
	} {
		h, _, _ := parts(t, m, e[name])
		if s := decodedSubject(t, h); (name != "evaluation_works" && s != want) || h.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("%s: %q, want %q", name, s, want)
		}
	}
}

// FuzzMailHeaders shows that no name adds a header.
func FuzzMailHeaders(f *testing.F) {
	f.Add("house-price", "rmse", "Hindcast <a@example.com>")
	f.Add("m\r\nBcc: x@example.com", "r\n\n<html>", "\"a\\\"b\" <a@example.com>")
	f.Add("Ærlig \x00\xff", strings.Repeat("å", 300), "=?utf-8?q?x=0D=0ABcc:_y?= <a@example.com>")
	f.Fuzz(func(t *testing.T, model, rule, from string) {
		m, err := NewEmail("localhost:25", from, []string{"b@example.com"}, EmailOptions{})
		if err != nil {
			return
		}
		e := events()["breach"]
		e.Model, e.Incident = model, job.Incident{ID: model + rule, Rule: rule, Since: e.Time}
		h, _, _ := parts(t, m, e)
		allowed := []string{
			"Date", "Mime-Version", "Message-Id", "Subject", "From", "To", "In-Reply-To", "References",
			"Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type",
		}
		for name, values := range h {
			if !slices.Contains(allowed, name) || len(values) != 1 {
				t.Errorf("header %s: %q", name, values)
			}
		}
		if s := decodedSubject(t, h); !strings.HasPrefix(s, "Re: [hindcast] ") {
			t.Errorf("subject %q", s)
		}
	})
}

func TestNewEmailRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		host, from, to string
		opts           EmailOptions
	}{
		"no port":           {"localhost", "a@b.c", "a@b.c", EmailOptions{}},
		"port that is none": {"localhost:x", "a@b.c", "a@b.c", EmailOptions{}},
		"no sender":         {"localhost:25", "", "a@b.c", EmailOptions{}},
		"no recipient":      {"localhost:25", "a@b.c", "", EmailOptions{}},
		"password in plain": {"localhost:25", "a@b.c", "a@b.c", EmailOptions{TLS: EmailPlain, Username: "u"}},
	} {
		var to []string
		if tc.to != "" {
			to = []string{tc.to}
		}
		if _, err := NewEmail(tc.host, tc.from, to, tc.opts); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// A server that offers no STARTTLS gets neither the password nor the mail.
func TestMailNeverFallsBackToPlainText(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			heard <- ""
			return
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		var all strings.Builder
		_, _ = io.WriteString(c, "220 plain ESMTP\r\n")
		buf := make([]byte, 1024)
		for {
			n, err := c.Read(buf)
			all.Write(buf[:n])
			if err != nil {
				break
			}
			switch line := string(buf[:n]); {
			case strings.HasPrefix(line, "EHLO"):
				_, _ = io.WriteString(c, "250-plain\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n")
			case strings.HasPrefix(line, "QUIT"):
				_, _ = io.WriteString(c, "221 bye\r\n")
			default:
				_, _ = io.WriteString(c, "250 ok\r\n")
			}
		}
		heard <- all.String()
	}()
	m, err := NewEmail(listener.Addr().String(), "a@example.com", []string{"b@example.com"}, EmailOptions{
		Username: "u", Password: constant("hunter2"), Hello: "me.example.com", Options: Options{Timeout: 2 * time.Second, Sleep: new(waits).sleep},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = m.Notify(t.Context(), events()["breach"])
	if err == nil || !strings.Contains(err.Error(), "STARTTLS") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
	listener.Close()
	if text := <-heard; strings.Contains(text, "AUTH") || strings.Contains(text, "MAIL") || !strings.HasPrefix(text, "EHLO me.example.com") {
		t.Errorf("the server heard %q", text)
	}
}

// A mail that the server took is sent, whatever it answers to the reset after it.
func TestMailIsSentThoughTheResetFails(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	heard := make(chan string, 1)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			heard <- ""
			return
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(c, "220 plain ESMTP\r\n")
		var commands []string
		data := false
		for lines := bufio.NewScanner(c); lines.Scan(); {
			line := lines.Text()
			if data {
				if line == "." {
					data = false
					_, _ = io.WriteString(c, "250 queued\r\n")
				}
				continue
			}
			verb, _, _ := strings.Cut(line, " ")
			commands = append(commands, verb)
			answer := "250 ok"
			switch verb {
			case "DATA":
				data, answer = true, "354 go on"
			case "RSET":
				answer = "421 too busy"
			case "QUIT":
				answer = "221 bye"
			}
			_, _ = io.WriteString(c, answer+"\r\n")
		}
		heard <- strings.Join(commands, " ")
	}()
	m, err := NewEmail(listener.Addr().String(), "a@example.com", []string{"b@example.com"}, EmailOptions{
		TLS: EmailPlain, Hello: "me.example.com", Options: Options{Timeout: 2 * time.Second, Sleep: new(waits).sleep},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Notify(t.Context(), events()["breach"]); err != nil {
		t.Errorf("a mail that was taken: %v", err)
	}
	if commands := <-heard; !strings.Contains(commands, "RSET") {
		t.Errorf("the server heard %q", commands)
	}
}

func TestDomain(t *testing.T) {
	if got := mailer(t, `"a@b"@example.com`, "b@example.com").domain(); got != "example.com" {
		t.Errorf("domain %q", got)
	}
}

// A server that is not there is tried once more.
func TestMailServerDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	w := new(waits)
	m, err := NewEmail(address, "a@example.com", []string{"b@example.com"}, EmailOptions{Options: Options{Sleep: w.sleep}})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Notify(t.Context(), events()["breach"]); err == nil || !strings.Contains(err.Error(), "refused") || len(*w) != 1 {
		t.Errorf("error %v, waits %v", err, *w)
	}
}
