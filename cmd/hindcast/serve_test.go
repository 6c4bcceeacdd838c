package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Passes by a new configuration wait for those by the old one, which have the memory and
// the threads; a model that is gone leaves /metrics when its last pass has ended.
func TestReloadWaitsForPassesByTheOldConfiguration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.yaml")
	configure := func(model string) {
		t.Helper()
		text := strings.NewReplacer("name: house", "name: "+model, "task: regression", "task: regression\n    schedule: \"0 3 29 2 *\"").Replace(baseConfig)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	app := &App{
		raw: &log, Env: func(string) (string, bool) { return "", false },
		Clock: func() time.Time { return time.Date(2026, 1, 7, 3, 0, 0, 0, time.UTC) }, logFormat: "text",
	}
	if err := app.openLog(slog.LevelInfo); err != nil {
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

// What was due at a slot that nobody was there for is judged when serve starts, once, as of
// that slot; what has closed since is left to the next one.
func TestServeJudgesWhatIsDueWhenItStarts(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("hindcast.yaml", strings.Replace(baseConfig, "task: regression", "task: regression\n    schedule: \"0 3 * * *\"", 1))
	rows, err := reference(referenceDays)
	if err != nil {
		t.Fatal(err)
	}
	put(referenceFile, rows)
	for day := 1; day <= 8; day++ {
		files, err := logs(day, "good")
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			put(name, text)
		}
	}
	// starts has a new process serve from a moment on, and returns the windows that it
	// judges before the next slot.
	starts := func(now time.Time) []string {
		t.Helper()
		var judged []string
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var log bytes.Buffer
			app := &App{
				raw: &log, Env: func(string) (string, bool) { return "", false },
				Clock: func() time.Time { return now.Add(time.Since(began)) }, logFormat: "text",
			}
			if err := app.openLog(slog.LevelInfo); err != nil {
				t.Fatal(err)
			}
			s := newServer(app, nil, 0)
			c, err := app.open(t.Context(), filepath.Join(dir, "hindcast.yaml"), engineFlags{}, withSchedule)
			if err != nil {
				t.Fatal(err)
			}
			first := make(chan struct{})
			close(first)
			g := s.begin(t.Context(), t.Context(), c, first)
			g.timetable.Start()
			synctest.Wait()
			<-g.end(nil)
			for _, m := range regexp.MustCompile(`msg=judged model=house window_start=2026-01-(..)\S+ window_end=\S+ stage=(\w+)`).FindAllStringSubmatch(log.String(), -1) {
				judged = append(judged, m[1]+" "+m[2])
			}
			if strings.Contains(log.String(), "level=ERROR") {
				t.Error(log.String())
			}
		})
		return judged
	}
	for _, c := range []struct {
		name string
		now  time.Time
		want []string
	}{
		{"the first start", time.Date(2026, 1, 7, 10, 0, 0, 0, time.UTC), []string{"04 mature", "06 closed"}},
		{"again", time.Date(2026, 1, 7, 11, 0, 0, 0, time.UTC), nil},
		{"after midnight, before the slot", time.Date(2026, 1, 8, 0, 5, 0, 0, time.UTC), nil},
		{"after a slot that was missed", time.Date(2026, 1, 8, 3, 1, 0, 0, time.UTC), []string{"05 mature", "07 closed"}},
		{"after midnight, with a slot that was missed", time.Date(2026, 1, 10, 0, 5, 0, 0, time.UTC), []string{"06 mature", "08 closed"}},
		{"once more", time.Date(2026, 1, 10, 0, 6, 0, 0, time.UTC), nil},
	} {
		if got := starts(c.now); !slices.Equal(got, c.want) {
			t.Errorf("%s: judged %v, want %v", c.name, got, c.want)
		}
	}
}
