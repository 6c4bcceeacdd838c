package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseShard(t *testing.T) {
	for _, tc := range []struct {
		text, index string // index is of the environment, - for none
		want        shard
		wantErr     string
	}{
		{"0/1", "-", shard{0, 1}, ""},
		{"7/8", "3", shard{7, 8}, ""},
		{"auto/8", "3", shard{3, 8}, ""},
		{"auto/8", "-", shard{}, "JOB_COMPLETION_INDEX, which is not set"},
		{"auto/8", "8", shard{}, `the index "8" of JOB_COMPLETION_INDEX is not from 0 to 7`},
		{"auto/8", "x", shard{}, `the index "x" of JOB_COMPLETION_INDEX is not from 0 to 7`},
		{"8/8", "-", shard{}, `the index "8" is not from 0 to 7`},
		{"-1/8", "-", shard{}, `the index "-1" is not from 0 to 7`},
		{"1/0", "-", shard{}, `"1/0" is not I/N or auto/N`},
		{"1", "-", shard{}, `"1" is not I/N or auto/N`},
		{"1/2/3", "-", shard{}, `"1/2/3" is not I/N or auto/N`},
		{"auto", "3", shard{}, `"auto" is not I/N or auto/N`},
	} {
		got, err := parseShard(tc.text, func(name string) (string, bool) { return tc.index, name == indexVariable && tc.index != "-" })
		if got != tc.want || (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
			t.Errorf("%s with %s: %+v, %v; want %+v, %q", tc.text, tc.index, got, err, tc.want, tc.wantErr)
		}
	}
}

// TestShardsOfAFleet shares a fleet out among processes, as an Indexed Job does, one of
// which fails; what the merge prints, writes and records is what one run does.
func TestShardsOfAFleet(t *testing.T) {
	dir := t.TempDir()
	f := fleet{models: 5, days: 3, rows: 120, reference: 300, end: fleetEnd(), top: "publish:\n  textfile: {path: ./plain.prom}\n"}
	if err := f.write(dir); err != nil {
		t.Fatal(err)
	}
	plain, sharded := filepath.Join(dir, "hindcast.yaml"), filepath.Join(dir, "sharded.yaml")
	text, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.NewReplacer("./state", "./state2", "plain.prom", "sharded.prom").Replace(string(text)))
	if err := os.WriteFile(sharded, text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, want, stderr := hindcast(t, "run", "-c", plain, "-o", "json")
	if code != 0 {
		t.Fatal(stderr)
	}
	for _, index := range []string{"2", "0"} { // 1 never came
		var out, log bytes.Buffer
		app := &App{
			Stdout: &out, Stderr: &log, Env: func(name string) (string, bool) { return index, name == indexVariable },
			// Pods don't begin at the same minute.
			Clock: func() time.Time { return fleetEnd().Add(3*time.Hour + 17*time.Minute) },
		}
		if code := app.Main(t.Context(), []string{"run", "-c", sharded, "--shard", "auto/3"}); code != 0 {
			t.Fatal(log.String())
		}
		// Ten windows, dealt round.
		if n := strings.Count(out.String(), "as of 2026-01-05T03:00:00Z: "); n != map[string]int{"0": 4, "2": 3}[index] {
			t.Errorf("shard %s has read\n%s", index, out.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "sharded.prom")); err == nil {
		t.Error("a shard has published")
	}
	code, got, stderr := hindcast(t, "run", "-c", sharded, "--merge", "-o", "json")
	if code != 0 {
		t.Fatal(stderr)
	}
	if got != want {
		t.Errorf("a run prints\n%s\nthe merge\n%s", want, got)
	}
	a, b := tree(t, filepath.Join(dir, "state")), tree(t, filepath.Join(dir, "state2"))
	if !maps.Equal(a, b) {
		t.Errorf("a run leaves %q, the merge %q", slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
	}
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	x, y := read("plain.prom"), read("sharded.prom")
	if x == "" || x != y {
		t.Errorf("a run publishes\n%s\nthe merge\n%s", x, y)
	}
}

func TestShardFlags(t *testing.T) {
	dir := t.TempDir()
	if err := (fleet{models: 1, days: 2, rows: 100, reference: 200, end: fleetEnd()}).write(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "hindcast.yaml")
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"--shard", "0/2", "--merge"}, "give one of them"},
		{[]string{"--shard", "0/2", "--window", "2026-01-03/2026-01-04"}, "--shard shares out the windows of a pass"},
		{[]string{"--merge", "--window", "2026-01-03/2026-01-04"}, "--merge shares out the windows of a pass"},
		{[]string{"--shard", "0/2", "--push"}, "--shard takes no --push and --launch"},
		{[]string{"--merge", "--launch"}, "--merge takes no --push and --launch"},
		{[]string{"--shard", "0/2", "--dry-run"}, "leave out --dry-run"},
		{[]string{"--shard", "2/2"}, "--shard: the index"},
	} {
		if code, _, stderr := hindcast(t, append([]string{"run", "-c", path}, tc.args...)...); code != exitUsage || !strings.Contains(stderr, tc.want) {
			t.Errorf("%q: status %d and %q, want %d and %q", tc.args, code, stderr, exitUsage, tc.want)
		}
	}
	// Nothing kept: an ordinary pass, which says so.
	code, stdout, stderr := hindcast(t, "run", "-c", path, "--merge")
	if code != 0 || !strings.Contains(stdout, "m-0000") || !strings.Contains(stderr, "no shard has kept a window") {
		t.Errorf("a merge of nothing: status %d, %q, %q", code, stdout, stderr)
	}
	// Windows kept long ago are merged on demand only.
	if code, _, stderr := hindcast(t, "run", "-c", path, "--shard", "0/1", "--as-of", "2026-01-05T03:00:00Z"); code != 0 {
		t.Fatal(stderr)
	}
	var out, log bytes.Buffer
	app := &App{
		Stdout: &out, Stderr: &log, Env: func(string) (string, bool) { return "", false },
		Clock: func() time.Time { return fleetEnd().Add(3 * 24 * time.Hour) },
	}
	if code := app.Main(t.Context(), []string{"run", "-c", path, "--merge"}); code != exitUsage || !strings.Contains(log.String(), "add --as-of 2026-01-05T03:00:00Z") {
		t.Errorf("a merge of old windows: status %d, %s", code, log.String())
	}
}
