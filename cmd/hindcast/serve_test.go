package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Passes by a new configuration wait for those by the old one, which have the memory and
// the threads; a model that is gone leaves /metrics when its last pass has ended.
func TestReloadWaitsForPassesByTheOldConfiguration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.yaml")
	configure := func(model string) {
		t.Helper()
		text := strings.NewReplacer("name: house", "name: "+model, "task: regression", "task: regression\n    schedule: \"0 3 1 1 *\"").Replace(baseConfig)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	app := &App{
		raw: &log, Env: func(string) (string, bool) { return "", false },
		Clock: func() time.Time { return time.Date(2026, 1, 7, 3, 0, 0, 0, time.UTC) }, logFormat: "text",
	}
	if err := app.openLog(); err != nil {
		t.Fatal(err)
	}
	s := newServer(app, func(ctx context.Context) (*connected, error) { return app.open(ctx, path, engineFlags{}, withSchedule) }, 0)
	shows := func(model string) bool {
		w := httptest.NewRecorder()
		s.handler(0).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		return strings.Contains(w.Body.String(), `model="`+model+`"`)
	}
	configure("old")
	c, err := s.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	running := make(chan struct{}) // closed when a pass by the old configuration has ended
	old := s.begin(t.Context(), t.Context(), c, running)
	old.timetable.Start()

	configure("new")
	fresh := s.reload(t.Context(), t.Context(), old)
	if fresh == old {
		t.Fatalf("the new configuration is not taken over: %s", log.String())
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		fresh.slot(t.Context(), t.Context(), fresh.runner.models[0])
	}()
	select {
	case <-ended:
		t.Error("a pass by the new configuration did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	if !shows("old") || !shows("new") {
		t.Errorf("while a pass goes on /metrics shows the old model: %t, the new one: %t", shows("old"), shows("new"))
	}
	close(running)
	<-ended
	if shows("old") || !shows("new") {
		t.Errorf("after it /metrics shows the old model: %t, the new one: %t", shows("old"), shows("new"))
	}

	if err := os.WriteFile(path, []byte("version: 1\nmodels: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.reload(t.Context(), t.Context(), fresh); got != fresh || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a configuration that is wrong is taken over: %s", log.String())
	}
	<-fresh.end(nil)
}
