package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/demo"
)

// inProcess runs a command in this process at a time and returns its exit status and
// what it wrote.
func inProcess(ctx context.Context, now time.Time, args ...string) (code int, stdout, stderr string) {
	var out, log bytes.Buffer
	app := &App{
		Stdout: &out, Stderr: &log, Env: func(string) (string, bool) { return "", false },
		Clock: func() time.Time { return now },
	}
	code = app.Main(ctx, args)
	return code, out.String(), log.String()
}

// tree returns the contents of every file below dir, by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		out[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The demos show what they are made to show: drift a label delay before what it causes, and
// the retraining that they suggest, in the ledger and in the metrics; and the same again, byte
// for byte.
func TestDemo(t *testing.T) {
	logs := demo.Logs()
	if testing.Short() {
		logs = logs[:1] // the others take as long, by the same ways
	}
	for _, log := range logs {
		t.Run(string(log.Task), func(t *testing.T) { testDemo(t, log) })
	}
}

func testDemo(t *testing.T, log *demo.Log) {
	dir := filepath.Join(t.TempDir(), "demo")
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	began := time.Now()
	code, story, said := inProcess(t.Context(), now, "demo", "--dir", dir, "--task", string(log.Task))
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the demo took %s", took)
	}
	if code != 0 || said != "" {
		t.Fatalf("status %d: %s", code, said)
	}
	for _, want := range []string{
		"== Drift, seen", "== The " + log.Effect + ", seen", "== The retraining that mode auto would start",
		"== Where things are", "== Try next", filepath.Join(dir, "hindcast.yaml"), "3 days earlier",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the demo does not say %q", want)
		}
	}

	lines := strings.Split(strings.TrimSuffix(story, "\n"), "\n")
	if len(lines) > 60 {
		t.Errorf("the demo says %d lines, which no screen shows at once", len(lines))
	}
	if page, err := os.ReadFile(lines[len(lines)-1]); err != nil || !strings.Contains(string(page), "<!DOCTYPE html>") {
		t.Errorf("the demo ends with %q, which is no report: %v", lines[len(lines)-1], err)
	}

	code, text, said := inProcess(t.Context(), now, "history", "-c", filepath.Join(dir, "hindcast.yaml"), "-o", "json")
	if code != 0 {
		t.Fatalf("status %d: %s", code, said)
	}
	var history historyOutput
	if err := json.Unmarshal([]byte(text), &history); err != nil {
		t.Fatal(err)
	}
	breached := firstBreaches(t, history)
	drift, breach := breached["drift"], breached[log.Rule]
	if want := demo.Start().AddDate(0, 0, demo.DriftDay+1).Add(3 * time.Hour); !drift.Equal(want) {
		t.Errorf("drift was seen at %s, want %s", drift, want)
	}
	if early := breach.Sub(drift); early != demo.DelayDays*24*time.Hour {
		t.Errorf("drift was seen %s before the %s", early, log.Effect)
	}
	if len(history.Suggestions) != 1 || history.Suggestions[0].Rule != log.Rule || len(history.Runs) != 0 {
		t.Errorf("suggestions %+v, runs %+v", history.Suggestions, history.Runs)
	}
	if !strings.Contains(story, history.Suggestions[0].Key) {
		t.Error("the demo does not name the suggestion's key")
	}

	files := tree(t, dir)
	checkDemoMetrics(t, files["metrics.prom"], log)

	code, again, said := inProcess(t.Context(), now, "demo", "--dir", dir, "--task", string(log.Task))
	if code != 0 || again != story {
		t.Errorf("again: status %d, %s", code, said)
	}
	second := tree(t, dir)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(path, "state/index/") {
			continue // it has the times at which the records were written
		}
		if second[path] != files[path] {
			t.Errorf("%s is different the second time", path)
		}
	}
	if len(second) != len(files) {
		t.Errorf("%d files, then %d", len(files), len(second))
	}
}

// firstBreaches returns when each rule was first seen breached. Until the drift every
// rule has to be healthy.
func firstBreaches(t *testing.T, history historyOutput) map[string]time.Time {
	t.Helper()
	first := map[string]time.Time{}
	for _, e := range history.Evaluations {
		for _, r := range e.Rules {
			if seen, before := first[r.Name]; r.Verdict.String() == "breached" && (!before || e.AsOf.Before(seen)) {
				first[r.Name] = e.AsOf
			}
			if clean := e.Window.End.Before(demo.Start().AddDate(0, 0, demo.DriftDay+1)); clean && r.Verdict.String() != "healthy" {
				t.Errorf("before the drift %s is %s on %s: %s", r.Name, r.Verdict, e.Window, r.Reason)
			}
		}
	}
	return first
}

// checkDemoMetrics looks for the drift and the error in what the last pass pushed.
func checkDemoMetrics(t *testing.T, text string, log *demo.Log) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string) float64 {
		f := families[name]
		if f == nil {
			t.Fatalf("metrics.prom has no %s", name)
		}
		return f.GetMetric()[0].GetGauge().GetValue()
	}
	worse := value("hindcast_"+log.Rule) > 1.2*value("hindcast_reference_"+log.Rule)
	if log.Rule == "roc_auc" {
		worse = value("hindcast_roc_auc") < 0.9*value("hindcast_reference_roc_auc")
	}
	if value("hindcast_last_run_success") != 1 || value("hindcast_drift_share_ratio") != 0.5 || !worse {
		t.Errorf("metrics:\n%s", text)
	}
}
