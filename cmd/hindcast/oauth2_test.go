package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// receiver is a server's client that an http_config describes.
type receiver struct {
	name string
	ask  func(context.Context) error
}

// oauth2Receivers connects Prometheus, a Pushgateway, a webhook and an Alertmanager at
// address, each of which fetches a token at tokenURL first.
func oauth2Receivers(t *testing.T, address, tokenURL string, timeout time.Duration) []receiver {
	t.Helper()
	dir := t.TempDir()
	oauth2 := fmt.Sprintf("http_config: {oauth2: {client_id: me, client_secret: canary-secret, token_url: %q, endpoint_params: {pin: canary-param}}}", tokenURL)
	text := fmt.Sprintf(`version: 1
state: {url: state}
models:
  - name: m
    task: regression
    predictions:
      url: predictions/*.csv
      columns: {id: id, timestamp: at, prediction: p}
    ground_truth:
      url: labels/*.csv
      columns: {id: id, label: y}
      delay: 0d
    window: 1d
prometheus: {url: %[1]q, timeout: %[2]s, %[3]s}
publish:
  pushgateway: {url: %[1]q, timeout: %[2]s, %[3]s}
notify:
  webhook: {url: %[1]q, timeout: %[2]s, %[3]s}
  alertmanager: {url: %[1]q, timeout: %[2]s, %[3]s}
`, address, timeout, oauth2)
	path := filepath.Join(dir, "hindcast.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	app := &App{Stdout: io.Discard, Stderr: io.Discard, raw: io.Discard, Env: func(string) (string, bool) { return "", false }, Clock: time.Now, logFormat: "text"}
	if err := app.openLog(slog.LevelInfo); err != nil {
		t.Fatal(err)
	}
	cfg, err := app.load(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := app.connect(t.Context(), cfg, groundtruth.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	out := []receiver{
		{"prometheus", func(ctx context.Context) error { _, err := c.Querier.Query(ctx, "up", time.Now()); return err }},
		{"pushgateway", func(ctx context.Context) error {
			return c.pushgateway.PublishFailure(ctx, job.RunStatus{Model: "m", Err: io.EOF})
		}},
	}
	for i, name := range []string{"webhook", "alertmanager"} {
		out = append(out, receiver{name, func(ctx context.Context) error {
			return c.Notifiers[i].Notify(ctx, job.Event{Kind: job.EventEvaluationFailing, Model: "m", Time: time.Now(), Err: io.EOF})
		}})
	}
	return out
}

// A token server that takes the connection and never answers holds nothing up for
// longer than the receiver's own time-out, or than the pass lasts.
func TestTokenRequestObeysTimeoutAndContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() }) // after the parallel parts
	tokenURL := "http://" + silent.Addr().String() + "/token"
	for _, limit := range []string{"timeout", "context"} {
		timeout := 100 * time.Millisecond
		if limit == "context" {
			timeout = time.Hour
		}
		for _, r := range oauth2Receivers(t, "http://127.0.0.1:1", tokenURL, timeout) {
			t.Run(limit+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if limit == "context" {
					time.AfterFunc(100*time.Millisecond, cancel)
				}
				done := make(chan error, 1)
				go func() { done <- r.ask(ctx) }()
				select {
				case err := <-done:
					if err == nil {
						t.Error("no error")
					}
				case <-time.After(5 * time.Second):
					t.Fatal("hangs on the token request")
				}
			})
		}
	}
}

// The token's POST holds the client's secret: a server that redirects it gets it no
// further.
func TestTokenRequestFollowsNoRedirect(t *testing.T) {
	var leaked atomic.Value
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		leaked.Store(fmt.Sprint(r.Header, string(body)))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer","expires_in":60}`)
	}))
	defer elsewhere.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		redirects := httptest.NewServer(http.RedirectHandler(elsewhere.URL, code))
		defer redirects.Close()
		for _, r := range oauth2Receivers(t, "http://127.0.0.1:1", redirects.URL, 5*time.Second) {
			t.Run(fmt.Sprintf("%s/%d", r.name, code), func(t *testing.T) {
				leaked.Store("")
				err := r.ask(t.Context())
				if said := leaked.Load(); said != "" {
					t.Errorf("the other server was sent %v", said)
				}
				if err == nil || !strings.Contains(err.Error(), "redirect") {
					t.Errorf("error %v, want one that speaks of the redirect", err)
				}
			})
		}
	}
}
