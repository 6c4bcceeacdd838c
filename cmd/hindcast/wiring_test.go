package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
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
