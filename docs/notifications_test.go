package docs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/fill"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/notify"
	"github.com/hindcast/hindcast/trigger"
)

// fields are what a JSON object holds.
type fields map[string]any

// text returns a field that is text, and a fault where it is none or its length is out of bounds.
func (f fields) text(name string, most int) (string, string) {
	s, ok := f[name].(string)
	if !ok || s == "" || len([]rune(s)) > most {
		return s, fmt.Sprintf("%s is %.80q: want text of 1 to %d characters", name, fmt.Sprint(f[name]), most)
	}
	return s, ""
}

// takes are the stand-ins of receivers: each says what the receiver's published documentation has it
// refuse of a body.
func takes() map[string]func(fields) []string {
	return map[string]func(fields) []string{
		// learn.microsoft.com: a message has attachments, each a card of the schema 1.x.
		"Microsoft Teams": func(f fields) []string {
			var out []string
			if f["type"] != "message" {
				out = append(out, "type is no message")
			}
			attachments, _ := f["attachments"].([]any)
			if len(attachments) == 0 {
				out = append(out, "no attachments")
			}
			for _, a := range attachments {
				attachment, _ := a.(map[string]any)
				card, _ := attachment["content"].(map[string]any)
				if attachment["contentType"] != "application/vnd.microsoft.card.adaptive" || card["type"] != "AdaptiveCard" {
					out = append(out, "no adaptive card")
				}
				if version, _ := card["version"].(string); !regexp.MustCompile(`^1\.[0-5]$`).MatchString(version) {
					out = append(out, fmt.Sprintf("version %v", card["version"]))
				}
				body, _ := card["body"].([]any)
				for _, b := range body {
					block, _ := b.(map[string]any)
					_, fault := fields(block).text("text", 20_000)
					if block["type"] != "TextBlock" || fault != "" {
						out = append(out, "block of type "+fmt.Sprint(block["type"])+": "+fault)
					}
				}
				if len(body) == 0 {
					out = append(out, "an empty card")
				}
			}
			if whole, err := json.Marshal(f); err != nil || len(whole) > 28<<10 {
				out = append(out, "larger than 28 KB")
			}
			return out
		},
		// developer.pagerduty.com: Events API v2.
		"PagerDuty": func(f fields) []string {
			var out []string
			add := func(_, fault string) {
				if fault != "" {
					out = append(out, fault)
				}
			}
			if key, _ := f["routing_key"].(string); len(key) != 32 {
				out = append(out, "Length of 'routing_key' is incorrect (should be 32 characters)")
			}
			action, _ := f["event_action"].(string)
			if !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, action) {
				out = append(out, "event_action "+action)
			}
			add(f.text("dedup_key", 255))
			p, _ := f["payload"].(map[string]any)
			payload := fields(p)
			add(payload.text("summary", 1024))
			add(payload.text("source", 1024))
			if severity, _ := payload["severity"].(string); !slices.Contains([]string{"critical", "error", "warning", "info"}, severity) {
				out = append(out, "severity "+severity)
			}
			if at, _ := payload["timestamp"].(string); at != "" {
				if _, err := time.Parse(time.RFC3339, at); err != nil {
					out = append(out, "timestamp "+at)
				}
			}
			return out
		},
		// developers.mattermost.com: incoming webhooks; a post has at most 16,383 characters.
		"Mattermost": func(f fields) []string {
			var out []string
			if _, fault := f.text("text", 16_383); fault != "" {
				out = append(out, fault)
			}
			for name := range f {
				if !slices.Contains([]string{"text", "channel", "username", "icon_url", "icon_emoji", "attachments", "type", "props", "priority"}, name) {
					out = append(out, "unknown field "+name)
				}
			}
			if text, _ := f["text"].(string); regexp.MustCompile(`@(all|channel|here)\b`).MatchString(text) {
				out = append(out, "it calls people")
			}
			return out
		},
	}
}

// hostile is a name with all that JSON, Markdown and chats give a meaning.
const hostile = "a\"b\\ <c> @all *x* `y` [z](http://evil) {{ .Secret }} \u202e\n# q"

// told are events as passes tell them, of all kinds.
func told() []job.Event {
	window := groundtruth.Window{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
	var out []job.Event
	for _, kind := range append(job.EventKinds(), job.EventTest) {
		for _, name := range []string{"house-price", hostile} {
			e := job.Event{
				Kind: kind, Model: name, Time: window.End, Window: &window, Incident: job.Incident{ID: name + "/rule/rmse/" + strings.Repeat("x", 300), Rule: "rmse"},
				Outcome: &job.Outcome{Window: window}, Sentence: "RMSE rose because of " + name + ".",
				Links: job.Links{Report: "https://reports.example.com/a(b).html", Runbook: "https://wiki.example.com/"},
			}
			switch kind {
			case job.EventBreach, job.EventResolved:
				e.Rules = []rule.Result{{Name: "rmse", Reason: strings.Repeat("rmse 1.9 > 1.2 * reference 1.4 = 1.68; "+name, 40)}}
			case job.EventRetrainStarted, job.EventRetrainFinished, job.EventRetrainFailed, job.EventRetrainDuplicate:
				e.Launch, e.State = &trigger.Launch{Run: "house-price-1", RunID: "7"}, &trigger.RunState{State: "FAILED", Error: name}
			}
			out = append(out, e)
		}
	}
	return out
}

// TestReceiversTakeTheBodies sends what notifications.md shows to stand-ins of the receivers.
func TestReceiversTakeTheBodies(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	stands, found := takes(), 0
	for _, s := range read(t, "notifications.md").sections {
		takes := stands[s.title]
		m := block.FindStringSubmatch(sectionText(t, s.title))
		if takes == nil || m == nil {
			continue
		}
		found++
		t.Run(s.title, func(t *testing.T) {
			var got []fields
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var f fields
				data, err := io.ReadAll(r.Body)
				if err != nil || json.Unmarshal(data, &f) != nil || r.Header.Get("Content-Type") != "application/json" {
					t.Errorf("no JSON: %s", data)
				}
				for _, fault := range takes(f) {
					t.Errorf("%s\n%s", fault, data)
				}
				got = append(got, f)
				w.WriteHeader(http.StatusAccepted)
			}))
			defer server.Close()
			w := webhookOf(t, m[1], server.URL)
			secret := strings.Repeat("5", 32)
			receiver := notify.NewWebhook(func() (string, error) { return server.URL, nil }, notify.WebhookOptions{
				Body: w.Body, Events: w.Events, Secret: func() (string, error) { return secret, nil },
			})
			sent := 0
			keys := map[string]string{}
			for _, e := range told() {
				if err := receiver.Notify(t.Context(), e); err != nil {
					t.Fatal(err)
				}
				if len(got) == sent {
					continue
				}
				sent = len(got)
				body, err := json.Marshal(got[sent-1])
				if err != nil {
					t.Fatal(err)
				}
				if e.Model == hostile && s.title != "PagerDuty" && strings.Contains(string(body), secret) {
					t.Errorf("a name brings the secret out: %s", body)
				}
				if key, ok := got[sent-1]["dedup_key"].(string); ok {
					if old := keys[e.Incident.ID]; old != "" && old != key {
						t.Errorf("one incident has the keys %s and %s", old, key)
					}
					keys[e.Incident.ID] = key
					over := e.Kind == job.EventResolved || e.Kind == job.EventEvaluationWorks
					if (got[sent-1]["event_action"] == "resolve") != over {
						t.Errorf("%s is sent as %v", e.Kind, got[sent-1]["event_action"])
					}
				}
			}
			want := len(told())
			if w.Events != nil {
				want = 2 * (len(w.Events) + 1) // of two models, and the test
			}
			if sent != want {
				t.Errorf("%d were sent, want %d", sent, want)
			}
		})
	}
	if found != len(stands) {
		t.Errorf("notifications.md shows %d receivers, want %d", found, len(stands))
	}
}

// webhookOf reads a part of a configuration as a person would paste it.
func webhookOf(t *testing.T, notify, url string) *config.Webhook {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(url), 0o600); err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`/secrets/[a-z]+`).ReplaceAllString(notify, file)
	cfg, err := config.Parse("hindcast.yaml", []byte(`version: 1
state: {url: file://./state}
models:
  - name: m
    task: regression
    predictions: {url: "p/dt={date}/*.csv", columns: {id: id, timestamp: t, prediction: p}}
    ground_truth: {url: "l/*.csv", columns: {id: id, label: y}, delay: 1d}
`+text), ".", func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Notify.Webhook
}

// sectionText returns the text of a section of notifications.md up to the next one.
func sectionText(t *testing.T, title string) string {
	t.Helper()
	_, after, ok := strings.Cut(read(t, "notifications.md").text, "# "+title+"\n")
	if !ok {
		return ""
	}
	before, _, _ := strings.Cut(after, "\n#")
	return before
}

// TestTemplatesAreDocumented compares the names that templates may use with the tables.
func TestTemplatesAreDocumented(t *testing.T) {
	for title, data := range map[string]any{"Links": fill.Link{}, "Other receivers": fill.Body{}} {
		want, got := set{}, set{}
		for _, name := range fill.Fields(data) {
			want["."+name] = true
		}
		for _, s := range read(t, "notifications.md").sections {
			if s.title != title {
				continue
			}
			for _, row := range s.rows {
				for _, name := range ticked(row[0]) {
					got[name] = true
				}
			}
		}
		compare(t, want, got, "notifications.md", "field of templates, under "+title)
	}
	// The links that it shows are a configuration.
	m := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(sectionText(t, "Links"))
	if m == nil {
		t.Fatal("no links are shown")
	}
	webhookOf(t, m[1], "")
}
