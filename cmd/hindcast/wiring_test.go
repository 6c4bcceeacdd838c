package main

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hindcast/hindcast/config"
)

func TestGroupingHasANamespace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	tests := []struct {
		name, variable, file, want string
	}{
		{"outside of a cluster", "", none, ""},
		{"variable", "from-env", none, "from-env"},
		{"variable before the file", "from-env", file, "from-env"},
		{"file", "", file, "from-file"},
		{"no namespace of Kubernetes", "Team A", file, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := func(name string) (string, bool) { return tt.variable, name == namespaceVariable }
			if got := podNamespace(env, tt.file); got != tt.want {
				t.Errorf("namespace %q, want %q", got, tt.want)
			}
		})
	}
	app := &App{Env: func(name string) (string, bool) { return "pods", name == namespaceVariable }}
	configured := map[string]string{"team": "a"}
	if got := app.withNamespace(configured); !maps.Equal(got, map[string]string{"team": "a", "namespace": "pods"}) || len(configured) != 1 {
		t.Errorf("grouping %v, configured %v", got, configured)
	}
	if got := app.withNamespace(map[string]string{"namespace": "mine"}); got["namespace"] != "mine" {
		t.Errorf("the configured namespace is not kept: %v", got)
	}
	if got := app.withNamespace(nil); !maps.Equal(got, map[string]string{"namespace": "pods"}) {
		t.Errorf("grouping %v", got)
	}
}

// A connection that is used again makes net/http post a message twice.
func TestHTTPClientUsesNoConnectionTwice(t *testing.T) {
	var seen sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen.Store(r.RemoteAddr, true) }))
	defer server.Close()
	client, err := httpClient(config.HTTPClient{}, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		resp, err := client.Post(server.URL, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	connections := 0
	seen.Range(func(any, any) bool { connections++; return true })
	if connections != 3 {
		t.Errorf("3 posts over %d connections", connections)
	}
}
