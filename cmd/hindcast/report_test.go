package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOpenReport has a report opened by a stand-in of what opens files, and says so where there is
// none or it fails. The report is there in each case.
func TestOpenReport(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a script of a shell")
	}
	const asked = "asked-to-open"
	for _, c := range []struct{ name, script, said string }{
		{"there", "#!/bin/sh\necho \"$1\" > " + asked + "\n", ""},
		{"fails", "#!/bin/sh\nexit 3\n", "could not open it (exit status 3); open "},
		{"none", "", "hindcast: there is no " + openerOf(runtime.GOOS)[0] + " here to open it with; open "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, path := t.TempDir(), t.TempDir()
			t.Chdir(dir)
			t.Setenv("PATH", path)
			if c.script != "" {
				if err := os.WriteFile(filepath.Join(path, openerOf(runtime.GOOS)[0]), []byte(c.script), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			var out, log bytes.Buffer
			a := &App{Stdout: &out, Stderr: &log}
			a.openFile(t.Context(), "house.html")
			whole := filepath.Join(dir, "house.html")
			if said := log.String(); !strings.Contains(said, c.said) || c.said != "" && !strings.Contains(said, whole) || c.said == "" && said != "" {
				t.Errorf("said %q", said)
			}
			if opened, _ := os.ReadFile(asked); (strings.TrimSpace(string(opened)) == whole) != (c.said == "") {
				t.Errorf("opened %q", opened)
			}
		})
	}
}

// TestReportsOfSeveralProcesses has the passes of two models, each a process of its own, write to
// one folder at once. However they meet, the lists are whole, and the last one knows both models.
func TestReportsOfSeveralProcesses(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if code, _, said := inProcess(t.Context(), now, "demo", "--dir", dir+"/demo"); code != 0 {
		t.Fatal(said)
	}
	config, err := os.ReadFile(filepath.Join(dir, "demo", "hindcast.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	models, rest, _ := strings.Cut(string(config), "  - name: house-price\n")
	model, _, _ := strings.Cut(rest, "publish:\n")
	text := models
	var names []string
	for i := range 4 {
		names = append(names, fmt.Sprintf("house-%d", i))
		text += "  - name: " + names[i] + "\n" + model
	}
	text += "report: {url: file://./several, when: always}\n"
	path := filepath.Join(dir, "demo", "several.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, len(names))
	for _, name := range names {
		go func() {
			code, _, log := inProcess(t.Context(), now, "run", "-q", "-c", path, "--model", name, "--as-of", "2026-01-14")
			said <- fmt.Sprint(code, log)
		}()
	}
	for range names {
		if got := <-said; got != "0" {
			t.Error(got)
		}
	}
	// A pass after them heals what the list of the last one lacked.
	if code, _, log := inProcess(t.Context(), now, "run", "-q", "-c", path, "--model", names[0], "--window", "2026-01-05/2026-01-06"); code != 0 {
		t.Fatal(log)
	}
	list, err := os.ReadFile(filepath.Join(dir, "demo", "several", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(list), `href="`+name+`/index.html"`) {
			t.Errorf("the list of models does not lead to %s:\n%s", name, list)
		}
	}
	files := tree(t, filepath.Join(dir, "demo", "several"))
	for _, path := range []string{"house-3/index.html", "house-0/20260105T000000Z_20260106T000000Z.html"} {
		if !strings.HasSuffix(strings.TrimSpace(files[path]), "</html>") {
			t.Errorf("%s is not whole: %d bytes, of %q", path, len(files[path]), slices.Sorted(maps.Keys(files)))
		}
	}
}
