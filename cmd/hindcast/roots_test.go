package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRootsAreSet asks, in a process for each since roots are set once, whether they are
// where something is reached over a network.
func TestRootsAreSet(t *testing.T) {
	const file = "file://./state"
	tests := map[string]struct {
		state string
		do    func(app *App, path string) error
		want  bool
	}{
		"files": {state: file, do: loaded},
		"s3":    {state: "s3://state?region=eu-central-1", do: loaded, want: true},
		"files, and an endpoint by flag": {state: file, want: true, do: func(app *App, path string) error {
			_, err := app.scheduled(scheduleFlags{path: path, output: "table", endpoint: "https://127.0.0.1:1"})
			return err
		}},
	}
	const variable = "HINDCAST_TEST_ROOTS"
	if name := os.Getenv(variable); name != "" {
		tt := tests[name]
		path := filepath.Join(t.TempDir(), "hindcast.yaml")
		text := strings.Replace(rootsConfig, "STATE", tt.state, 1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := tt.do(&App{Env: func(string) (string, bool) { return "", false }}, path); err != nil {
			t.Fatal(err)
		}
		if got := rootsSet(); got != tt.want {
			t.Errorf("roots set: %v, want %v", got, tt.want)
		}
		return
	}
	for name := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRootsAreSet$")
			cmd.Env = append(os.Environ(), variable+"="+name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

const rootsConfig = `version: 1
state: {url: 'STATE'}
models:
  - name: house
    task: regression
    predictions: {url: 'file://./logs/*.parquet', columns: {id: id, timestamp: at, prediction: p}}
    ground_truth: {url: 'file://./labels/*.parquet', columns: {id: id, label: y}}
`

func loaded(app *App, path string) error {
	_, err := app.load(path)
	return err
}

// rootsSet reports whether fallback roots were set, and sets some.
func rootsSet() (set bool) {
	defer func() { set = recover() != nil }()
	x509.SetFallbackRoots(x509.NewCertPool()) // panics where some are set
	return false
}
