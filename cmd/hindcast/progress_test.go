package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestScreen draws a scan of one model, with a line of the log in its way.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := &screen{w: &out, draws: true}
	s.begin(1)
	tell := s.progress("prices 2026-01-01")
	tell(5<<20, 10<<20)
	if text := out.String(); !strings.Contains(text, "prices 2026-01-01") || !strings.Contains(text, " 50% ") || !strings.Contains(text, "/10 MiB") {
		t.Errorf("half of 10 MiB is drawn as %q", text)
	}
	out.Reset()
	if _, err := s.Write([]byte("a line\n")); err != nil {
		t.Fatal(err)
	}
	// The bar's line is blanked, and the log's begins at its start.
	if text := out.String(); !regexp.MustCompile(`^\r +\ra line\n$`).MatchString(text) {
		t.Errorf("a line of the log is written as %q", text)
	}
	tell(10<<20, 10<<20)
	out.Reset()
	s.end()
	if _, err := s.Write([]byte("the end\n")); err != nil || out.String() != "the end\n" {
		t.Errorf("after the end there is a bar left: %q, %v", out.String(), err)
	}
}

// TestScreenOfModels counts models, and estimates how long the rest takes.
func TestScreenOfModels(t *testing.T) {
	var out bytes.Buffer
	s := &screen{w: &out, draws: true}
	s.begin(4)
	for range 3 {
		s.progress("of one")(2<<20, 2<<20)
		s.model()
	}
	if text := out.String(); !strings.Contains(text, "3 of 4 models, 6.0 MiB read") || !strings.Contains(text, " 75% ") {
		t.Errorf("three of four models are drawn as %q", text)
	}
	if !regexp.MustCompile(`\[\d+s:\d+s\]`).MatchString(out.String()) {
		t.Errorf("no time that is left: %q", out.String())
	}
	s.model()
	s.end()
}

// TestNoScreen draws nothing where standard error is no terminal, and shows with it
// that it would otherwise; the log is left to warnings there.
func TestNoScreen(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		dir := t.TempDir()
		if err := (fleet{models: 2, days: 2, rows: 100, reference: 200, end: fleetEnd()}).write(dir); err != nil {
			t.Fatal(err)
		}
		var out, log bytes.Buffer
		app := &App{Stdout: &out, Stderr: &log, Env: func(string) (string, bool) { return "", false }, Clock: fleetEnd, Terminal: terminal}
		if code := app.Main(t.Context(), []string{"run", "-c", filepath.Join(dir, "hindcast.yaml")}); code != 0 {
			t.Fatal(log.String())
		}
		if drawn := strings.Contains(log.String(), "\r"); drawn != terminal {
			t.Errorf("terminal %t: drawn %t: %q", terminal, drawn, log.String())
		}
		if logged := strings.Contains(log.String(), "level=INFO"); logged == terminal {
			t.Errorf("terminal %t: more than warnings %t: %q", terminal, logged, log.String())
		}
	}
}

// TestTheBarMoves scans two files, whose scan is of a second or less.
func TestTheBarMoves(t *testing.T) {
	dir := t.TempDir()
	if err := (fleet{models: 1, days: 2, rows: 300_000, reference: 200, end: fleetEnd()}).write(dir); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	app := &App{Stdout: io.Discard, Stderr: &log, Env: func(string) (string, bool) { return "", false }, Clock: fleetEnd, Terminal: true, barEvery: time.Nanosecond}
	day := fleetEnd().AddDate(0, 0, -1)
	window := day.AddDate(0, 0, -1).Format(time.DateOnly) + "/" + day.Format(time.DateOnly)
	if code := app.Main(t.Context(), []string{"run", "--dry-run", "--workers", "1", "-c", filepath.Join(dir, "hindcast.yaml"), "--window", window}); code != 0 {
		t.Fatal(log.String())
	}
	shares := map[string]bool{}
	for _, drawn := range regexp.MustCompile(`m-0000 \d[^\r]*? (\d+)% `).FindAllStringSubmatch(log.String(), -1) {
		shares[drawn[1]] = true
	}
	if len(shares) < 10 { // on one machine it is of a second, on another it takes too short to be drawn ten times
		t.Errorf("the scan shows %v", slices.Sorted(maps.Keys(shares)))
	}
}

// TestSummary reads the lines at the end of windows and of the run.
func TestSummary(t *testing.T) {
	dir := t.TempDir()
	if err := (fleet{models: 2, days: 3, rows: 100, reference: 200, end: fleetEnd()}).write(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "hindcast.yaml")
	_, _, text := hindcast(t, "run", "-c", path, "--dry-run")
	for _, want := range []string{`msg="window evaluated" model=m-0000 `, `msg="run finished" models=2 failed=0 windows=4 `, ` spilled_bytes="0 B"`, ` peak_memory_bytes="`} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s:\n%s", want, text)
		}
	}
	code, _, text := hindcast(t, "run", "-c", path, "--log-format", "json")
	if code != 0 {
		t.Fatal(text)
	}
	windows, rows := 0, 0
	for line := range strings.Lines(text) {
		var v struct {
			Msg     string `json:"msg"`
			Models  int    `json:"models"`
			Windows int    `json:"windows"`
			Rows    int    `json:"rows_read"`
			Bytes   int    `json:"bytes_read"`
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch v.Msg {
		case "window evaluated":
			windows++
			rows += v.Rows
		case "reference profile built":
			rows += v.Rows
		case "run finished":
			if v.Windows != windows || v.Rows != rows || rows == 0 || v.Models != 2 {
				t.Errorf("the run's line is not the sum of %d windows with %d rows: %s", windows, rows, line)
			}
			if v.Bytes < 1000 {
				t.Errorf("bytes_read is %d: %s", v.Bytes, line)
			}
		}
	}
	if windows != 4 {
		t.Errorf("%d windows", windows)
	}
}

func TestProfiles(t *testing.T) {
	dir := t.TempDir()
	if err := (fleet{models: 1, days: 2, rows: 100, reference: 200, end: fleetEnd()}).write(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "hindcast.yaml")
	file := func(name string) string { return filepath.Join(dir, name) }
	written := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if info, err := os.Stat(file(name)); err != nil || info.Size() == 0 {
				t.Errorf("%s is not written: %v", name, err)
			}
		}
	}
	flags := func(prefix string) []string {
		return []string{"--cpuprofile", file(prefix + "cpu"), "--memprofile", file(prefix + "mem"), "--trace", file(prefix + "trace")}
	}
	if code, _, stderr := hindcast(t, slices.Concat([]string{"run", "-q", "-c", path}, flags("run."))...); code != 0 {
		t.Fatal(stderr)
	}
	written("run.cpu", "run.mem", "run.trace")
	if code, _, stderr := hindcast(t, slices.Concat([]string{"baseline", "-c", path}, flags("base."))...); code != 0 {
		t.Fatal(stderr)
	}
	written("base.cpu", "base.mem", "base.trace")

	// Of a command that fails, too.
	if err := os.RemoveAll(file("m-0000")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := hindcast(t, slices.Concat([]string{"run", "-c", path}, flags("failed."))...); code != exitFailed {
		t.Fatalf("status %d: %s", code, stderr)
	}
	written("failed.cpu", "failed.mem", "failed.trace")

	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a folder that is not there", []string{"--cpuprofile", file("none/cpu")}, exitFailed, "make the file of --cpuprofile: open "},
		{"another that is not there", []string{"--cpuprofile", file("cpu"), "--memprofile", file("none/mem")}, exitFailed, "make the file of --memprofile: open "},
		{"one file for two", []string{"--cpuprofile", file("one"), "--trace", file("one")}, exitUsage, "--cpuprofile and --trace both write " + file("one")},
	} {
		code, _, stderr := hindcast(t, append([]string{"run", "-c", path}, tc.args...)...)
		if code != tc.code || !strings.Contains(stderr, tc.want) {
			t.Errorf("%s: status %d and %q, want %d and %q", tc.name, code, stderr, tc.code, tc.want)
		}
	}
}
