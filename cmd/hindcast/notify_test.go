package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/internal/slackstand"
)

// TestNotifyTest tries Slack and a webhook whose body is the file's own.
func TestNotifyTest(t *testing.T) {
	slack := slackstand.New(time.Now)
	defer slack.Close()
	type body struct {
		Key, Text string
		At        struct{ Window string }
	}
	var bodies []body
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		var b body
		if err != nil || json.Unmarshal(data, &b) != nil {
			t.Errorf("no JSON: %s", data)
		}
		bodies = append(bodies, b)
	}))
	defer hook.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "hindcast.yaml")
	if err := os.WriteFile(file, []byte(`version: 1
state: {url: file://./state}
notify:
  slack: {token: `+slackstand.Token+`, channel: "`+slackstand.Channel+`", api_url: `+slack.APIURL()+`}
  webhook: {url: `+hook.URL+`, secret: hunter2, body: {key: "{{ .Secret }}", text: "{{ .Markdown }}", at: {window: "{{ .Window.Start }}"}}}
models:
  - name: house
    task: regression
    predictions: {url: "p/dt={date}/*.csv", columns: {id: id, timestamp: ts, prediction: p}}
    ground_truth: {url: "l/*.csv", columns: {id: id, label: y}, delay: 1d}
`), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string) {
		var out, log bytes.Buffer
		a := &App{Stdout: &out, Stderr: &log, Env: func(string) (string, bool) { return "", false }, Clock: func() time.Time { return time.Date(2026, 1, 7, 3, 0, 0, 0, time.UTC) }}
		status := a.Main(t.Context(), append([]string{"notify", "test", "-c", file}, args...))
		if strings.Contains(out.String()+log.String(), "hunter2") || strings.Contains(out.String()+log.String(), slackstand.Token) {
			t.Errorf("a secret is shown: %s%s", &out, &log)
		}
		return status, out.String() + log.String()
	}

	status, said := run()
	if status != 0 || !strings.Contains(said, "slack         ok      Slack channel #ml-alerts\nwebhook       ok      webhook\n") {
		t.Errorf("status %d: %s", status, said)
	}
	messages, pictures := slack.Messages(), slack.Pictures()
	if len(messages) != 1 || len(pictures) != 1 || len(slack.Violations()) > 0 {
		t.Fatalf("%d messages, %d pictures, violations %v", len(messages), len(pictures), slack.Violations())
	}
	if _, err := png.Decode(bytes.NewReader(pictures[0].Data)); err != nil || !strings.Contains(pictures[0].Title, "RMSE") {
		t.Errorf("picture %q: %v", pictures[0].Title, err)
	}
	if !strings.Contains(messages[0].All(), "this is a test") || !strings.Contains(messages[0].All(), "made up") {
		t.Errorf("the message says %s", messages[0].All())
	}
	if len(bodies) != 1 || bodies[0].Key != "hunter2" || !strings.HasPrefix(bodies[0].Text, "**house: this is a test**") || bodies[0].At.Window != "2026-01-06T00:00:00Z" {
		t.Errorf("the webhook got %v", bodies)
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); err == nil {
		t.Error("a test writes to the state")
	}

	// A scope that is missing fails the test of Slack, and of no other.
	slack.Revoke("files:write")
	status, said = run()
	if status != 1 || !strings.Contains(said, "slack         failed  Slack channel #ml-alerts: the message was posted, and its picture was not: ask for an upload: slack refused it: missing_scope: the app needs the scope files:write") ||
		!strings.Contains(said, "webhook       ok") {
		t.Errorf("status %d: %s", status, said)
	}
	if status, said = run("--receiver", "webhook"); status != 0 || strings.Contains(said, "slack") || len(slack.Messages()) != 2 {
		t.Errorf("status %d: %s", status, said)
	}
	before := len(bodies)
	if status, said = run("--dry-run"); status != 0 || !strings.Contains(said, "With a picture: RMSE") || len(bodies) != before || len(slack.Messages()) != 2 {
		t.Errorf("status %d: %s", status, said)
	}
}
