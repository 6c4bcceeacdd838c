package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log" //nolint:depguard // stands for a library that writes to it
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// The name of a column, which comes from data, moves no cursor and begins no line,
// whatever the format.
func TestNamesFromDataAreShown(t *testing.T) {
	dir := t.TempDir()
	const column = "x\x1b[31m\u009b2J"
	predictions, reference := "id,ts,\""+column+"\",pred,version\n", "id,\""+column+"\",pred,y\n"
	for i := range 100 {
		predictions += fmt.Sprintf("%d,2026-01-06T00:00:00Z,%d,%d,v1\n", i, i, i)
		reference += fmt.Sprintf("%d,%d,%d,%d\n", i, i, i, i)
	}
	for path, text := range map[string]string{"hindcast.yaml": baseConfig, "predictions/dt=2026-01-06/a.csv": predictions, "reference/a.csv": reference, "labels/dt=2026-01-06/a.csv": "id,y,sold,loaded\n"} {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for format, read := range map[string]func([]byte, any) error{"table": nil, "json": json.Unmarshal, "yaml": yaml.Unmarshal} {
		for _, logs := range []string{"text", "json"} {
			code, stdout, stderr := inProcess(t.Context(), time.Date(2026, 1, 7, 3, 0, 0, 0, time.UTC),
				"run", "-v", "-c", filepath.Join(dir, "hindcast.yaml"), "--window", "2026-01-06/2026-01-07", "-o", format, "--log-format", logs)
			if code != 0 {
				t.Fatalf("status %d: %s", code, stderr)
			}
			for _, text := range []string{stdout, stderr} {
				if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
					t.Errorf("-o %s --log-format %s: control characters in %q", format, logs, text)
				}
			}
			if read == nil {
				if !strings.Contains(stdout, `x\u001b[31m\u009b2J`) {
					t.Errorf("the table does not show the column:\n%s", stdout)
				}
				continue
			}
			var outcomes []struct {
				Drift struct{ Columns map[string]any }
			}
			if err := read([]byte(stdout), &outcomes); err != nil {
				t.Fatalf("-o %s: %v", format, err)
			}
			if len(outcomes) != 1 || outcomes[0].Drift.Columns[column] == nil {
				t.Errorf("-o %s has no column %q: %v", format, column, outcomes)
			}
		}
	}
}

// What libraries write by the standard logger is in the log, in its format.
func TestTheStandardLoggerIsTheLog(t *testing.T) {
	flags, writer := log.Flags(), log.Writer()
	t.Cleanup(func() { log.SetFlags(flags); log.SetOutput(writer) })
	var stderr bytes.Buffer
	app := &App{Stdout: &bytes.Buffer{}, Stderr: &stderr, Env: func(string) (string, bool) { return "", false }, Clock: time.Now}
	if code := app.Main(t.Context(), []string{"version", "-q", "--log-format", "json"}); code != 0 {
		t.Fatal(stderr.String())
	}
	log.Print("http: a client said so")
	var line struct{ Level, Msg string }
	if err := json.Unmarshal(stderr.Bytes(), &line); err != nil || line.Level != "WARN" || line.Msg != "http: a client said so" {
		t.Errorf("%v: %q", err, stderr.String())
	}
}
