package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	"github.com/hindcast/hindcast/demo"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// fitting checks that each line of a screen of so many columns fits it and ends in no blank, and
// that there is no colour where none is to be.
func fitting(t *testing.T, text string, columns int, colour bool) {
	t.Helper()
	sequence := regexp.MustCompile("\x1b\\[[0-9;]*m")
	if sequence.MatchString(text) != colour {
		t.Errorf("there are colours %t, want %t", !colour, colour)
	}
	for line := range strings.Lines(sequence.ReplaceAllString(text, "")) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimRight(line, " ") != line {
			t.Errorf("a line ends in a blank: %q", line)
		}
		if n := uniseg.StringWidth(line); columns > 0 && n > columns {
			t.Errorf("a line is %d wide in %d columns: %q", n, columns, line)
		}
	}
}

// TestScreens shows windows on terminals of several widths, as the files of testdata/terminal have
// them, where ESC is written as \e.
func TestScreens(t *testing.T) {
	dir := t.TempDir()
	for _, log := range demo.Logs() {
		if err := log.Write(filepath.Join(dir, string(log.Task))); err != nil {
			t.Fatal(err)
		}
	}
	if err := (fleet{models: 12, days: 3, rows: 250, reference: 400, end: fleetEnd()}).write(filepath.Join(dir, "fleet")); err != nil {
		t.Fatal(err)
	}
	if err := (fleet{models: 1, days: 3, rows: 60, reference: 400, end: fleetEnd()}).write(filepath.Join(dir, "few")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "fleet", "m-0004")); err != nil { // whose pass fails
		t.Fatal(err)
	}
	const window = "2026-01-10/2026-01-11" // the first with another market
	terminal := map[string]string{"TERM": "xterm", "LANG": "en_US.UTF-8", "NO_COLOR": "1"}
	coloured := map[string]string{"TERM": "xterm", "LANG": "en_US.UTF-8"}
	old := map[string]string{"TERM": "vt100", "LC_ALL": "C", "LANG": "en_US.UTF-8", "NO_COLOR": "1"}
	for _, tc := range []struct {
		name    string
		columns int
		env     map[string]string
		of      string
		status  int
		args    []string
	}{
		{"regression-80", 80, terminal, "regression", 0, []string{"--window", window}},
		{"regression-120", 120, terminal, "regression", 0, []string{"--window", window}},
		{"regression-200", 200, terminal, "regression", 0, []string{"--window", window}},
		{"regression-120-colours", 120, coloured, "regression", 0, []string{"--window", window}},
		{"regression-120-ascii", 120, old, "regression", 0, []string{"--window", window}},
		{"regression-file", 0, coloured, "regression", 0, []string{"--window", window}},
		{"binary-80-no-labels", 80, terminal, "binary", 0, []string{"--window", window, "--as-of", "2026-01-12"}},
		{"binary-120", 120, terminal, "binary", 0, []string{"--window", window}},
		{"multiclass-120", 120, terminal, "multiclass", 0, []string{"--window", window}},
		{"inconclusive-80", 80, terminal, "few", 0, []string{"--as-of", "2026-01-05"}},
		{"fleet-80", 80, terminal, "fleet", 1, []string{"--as-of", "2026-01-05"}},
		{"fleet-120", 120, terminal, "fleet", 1, []string{"--as-of", "2026-01-05"}},
		{"fleet-200-colours", 200, coloured, "fleet", 1, []string{"--as-of", "2026-01-05"}},
		{"fleet-file", 0, terminal, "fleet", 1, []string{"--as-of", "2026-01-05"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, log bytes.Buffer
			app := &App{
				Stdout: &out, Stderr: &log, Columns: tc.columns, Clock: func() time.Time { return time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC) },
				Env: func(name string) (string, bool) { value, ok := tc.env[name]; return value, ok },
			}
			args := append([]string{"run", "--dry-run", "-c", filepath.Join(dir, tc.of, "hindcast.yaml")}, tc.args...)
			if code := app.Main(t.Context(), args); code != tc.status {
				t.Fatalf("status %d: %s", code, log.String())
			}
			fitting(t, out.String(), tc.columns, tc.columns > 0 && maps.Equal(tc.env, coloured))
			golden(t, filepath.Join("testdata", "terminal", tc.name+".txt"), strings.ReplaceAll(out.String(), "\x1b", `\e`))
		})
	}
}

// golden compares a text with a file, which -update writes anew.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is shown, which go test ./cmd/hindcast -run %s -update writes:\n%s", path, t.Name(), got)
	}
}

// hostileNames are what models, columns and values may be called: wide characters, emoji of several
// code points, characters put upon others, text that reads from right to left, what a terminal would
// act on, and names without a blank in them.
func hostileNames() []string {
	return []string{
		"住宅価格の予測モデル", "👩‍👩‍👧‍👦🏳️‍🌈🇳🇴", "e\u0301\u0302a\u0308", "مبيعات", "מחיר", "\u202egnp\u202c", "\x1b[31mred\x1b[0m",
		strings.Repeat("長い名前", 40), strings.Repeat("x", 300), "a b  c", "\t",
	}
}

// Names of any characters leave the screen in order, and none of their characters is lost.
func TestScreensOfHostileNames(t *testing.T) {
	yes, threshold, one := true, stat.Number(0.1), int64(10)
	for _, columns := range []int{80, 120, 200} {
		for _, as := range []look{{columns: columns, unicode: true, colour: true}, {columns: columns}} {
			var outcomes []job.Outcome
			for _, name := range hostileNames() {
				o := job.Outcome{Model: name, Stage: "mature", Notes: []string{name}, Coverage: job.Coverage{Predictions: 10, Matched: &one, Coverage: 1}}
				rmse := map[string]metric.Result{"rmse": {Value: 3, Low: 2, High: 4, N: 10}}
				o.Evaluation = evaluator.Evaluation{
					Metrics: rmse, Segments: map[string]map[string]evaluator.Group{name: {name: {N: 10, Metrics: rmse}}},
					Versions: map[string]evaluator.Group{name: {N: 5, Metrics: rmse}, "other": {N: 5, Metrics: rmse}},
					Drift:    &drift.Drift{Columns: map[string]drift.Column{name: {Drifted: &yes, Measures: map[string]drift.Measure{"psi": {Value: 1, Threshold: &threshold}}}}},
					Quality:  &evaluator.Quality{Columns: map[string]evaluator.ColumnQuality{name: {Missing: 0.5}}},
				}
				o.Rules = []rule.Result{{Name: name, Reason: name}}
				outcomes = append(outcomes, o)
			}
			var out bytes.Buffer
			w := terminalWriter{visibleWriter{&out}, as}
			if err := writeOutcomes(w, "table", outcomes); err != nil {
				t.Fatal(err)
			}
			overviews := make([]overviewOf, len(outcomes))
			for i := range outcomes {
				overviews[i] = overviewOf{model: outcomes[i].Model, windows: []*job.Outcome{&outcomes[i]}}
			}
			writeOverview(w, overviews, outcomes)
			text := out.String()
			fitting(t, text, columns, as.colour)
			for _, name := range hostileNames() {
				for _, r := range visible(name) {
					if !strings.ContainsRune(text, r) {
						t.Errorf("in %d columns %q of %q is lost", columns, r, name)
					}
				}
			}
			if isolated := strings.Contains(text, "\u2068مبيعات\u2069"); isolated != as.unicode {
				t.Errorf("text that reads from right to left stands by itself %t, want %t", isolated, as.unicode)
			}
			if strings.Contains(text, "\x1b[31mred") || strings.Contains(text, "\u202e") {
				t.Error("a name has what a terminal acts on")
			}
		}
	}
}
