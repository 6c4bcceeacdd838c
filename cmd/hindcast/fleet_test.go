package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// gateway keeps what is pushed to it, by group.
type gateway struct {
	mu     sync.Mutex
	groups map[string]string
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groups[r.Method+" "+r.URL.Path] = string(body)
}

// fleetEnd returns the end of the tests' logs, and three hours before their now.
func fleetEnd() time.Time { return time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) }

// hindcast runs a command at fleetEnd and three hours.
func hindcast(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	app := &App{
		Stdout: &out, Stderr: &log, Env: func(string) (string, bool) { return "", false },
		Clock: func() time.Time { return fleetEnd().Add(3 * time.Hour) },
	}
	code = app.Main(t.Context(), args)
	return code, out.String(), log.String()
}

// TestFleet evaluates models one by one and several at a time: what is printed, pushed,
// written and recorded is the same, and a model that fails leaves the others alone.
func TestFleet(t *testing.T) {
	const models = 12
	type result struct {
		stdout, textfile string
		groups           map[string]string
	}
	results := map[string]result{}
	for _, concurrency := range []string{"1", "5"} {
		g := &gateway{groups: map[string]string{}}
		server := httptest.NewServer(g)
		defer server.Close()
		dir := t.TempDir()
		f := fleet{models: models, days: 3, rows: 120, reference: 300, end: fleetEnd()}
		f.top = "concurrency: " + concurrency + "\npublish:\n  textfile: {path: ./metrics.prom}\n  pushgateway: {url: '" + server.URL + "'}\n"
		if err := f.write(dir); err != nil {
			t.Fatal(err)
		}
		bad := filepath.Join(dir, "m-0004", "predictions", "dt=2026-01-03", "part.csv")
		if err := os.WriteFile(bad, []byte("id,ts\n1,2026-01-03T00:00:00Z\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := hindcast(t, "run", "-c", filepath.Join(dir, "hindcast.yaml"), "-o", "json")
		if code != exitFailed {
			t.Fatalf("status %d, want %d: one model fails\n%s", code, exitFailed, stderr)
		}
		if n := strings.Count(stderr, `msg="pass failed"`); n != 1 || !strings.Contains(stderr, `msg="pass failed" model=m-0004`) {
			t.Errorf("%d passes failed: %s", n, stderr)
		}
		var outcomes []job.Outcome
		if err := json.Unmarshal([]byte(stdout), &outcomes); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range outcomes {
			names = append(names, o.Model)
		}
		// Of the one that fails, the window is shown that can be read.
		if len(slices.Compact(slices.Clone(names))) != models || !slices.IsSorted(names) || len(names) != 2*models-1 {
			t.Errorf("models are not in the file's order, each with its windows: %q", names)
		}
		text, err := os.ReadFile(filepath.Join(dir, "metrics.prom"))
		if err != nil {
			t.Fatal(err)
		}
		if len(g.groups) != models {
			t.Errorf("%d groups were pushed, want one for each model: %q", len(g.groups), slices.Sorted(maps.Keys(g.groups)))
		}
		results[concurrency] = result{stdout, string(text), g.groups}
	}
	one, five := results["1"], results["5"]
	if one.stdout != five.stdout {
		t.Error("the output depends on concurrency")
	}
	if one.textfile != five.textfile {
		t.Error("the text file depends on concurrency")
	}
	if !maps.Equal(one.groups, five.groups) {
		t.Error("what is pushed depends on concurrency")
	}
}

func TestInTurn(t *testing.T) {
	const n, atOnce = 50, 4
	var going, most, done atomic.Int64
	inTurn(t.Context(), n, atOnce, func(int) {
		now := going.Add(1)
		for {
			old := most.Load()
			if now <= old || most.CompareAndSwap(old, now) {
				break
			}
		}
		done.Add(1)
		going.Add(-1)
	})
	if done.Load() != n || most.Load() > atOnce {
		t.Errorf("%d of %d were done, %d at once at most", done.Load(), n, most.Load())
	}

	// With one at a time the end of the context comes between two of them.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var order []int
	inTurn(ctx, n, 1, func(i int) {
		if order = append(order, i); i == 2 {
			cancel()
		}
	})
	if !slices.Equal(order, []int{0, 1, 2}) {
		t.Errorf("done were %d, want 0 to 2 and no more after the end", order)
	}
}

func TestDivide(t *testing.T) {
	const MiB = 1 << 20
	for _, tc := range []struct {
		name                  string
		concurrency, models   int
		memory                int64
		workers               int
		atOnce, wantWorkers   int
		wantMemory            int64
		wantError, wantError2 string
	}{
		{name: "one model has all", concurrency: 8, models: 1, memory: 256 * MiB, workers: 4, atOnce: 1, wantWorkers: 4, wantMemory: 256 * MiB},
		{name: "as configured", concurrency: 4, models: 100, memory: 256 * MiB, workers: 8, atOnce: 4, wantWorkers: 2, wantMemory: 64 * MiB},
		{name: "more than workers", concurrency: 16, models: 100, memory: 256 * MiB, workers: 2, atOnce: 16, wantWorkers: 1, wantMemory: 16 * MiB},
		{name: "no more than models", concurrency: 16, models: 3, memory: 300 * MiB, workers: 6, atOnce: 3, wantWorkers: 2, wantMemory: 100 * MiB},
		{name: "by default as many as workers", models: 100, memory: 256 * MiB, workers: 4, atOnce: 4, wantWorkers: 1, wantMemory: 64 * MiB},
		{name: "by default no more than memory allows", models: 100, memory: 20 * MiB, workers: 4, atOnce: 2, wantWorkers: 2, wantMemory: 10 * MiB},
		{name: "by default one, with little memory", models: 100, memory: MiB, workers: 4, atOnce: 1, wantWorkers: 4, wantMemory: MiB},
		{name: "too little for each", concurrency: 16, models: 100, memory: 64 * MiB, workers: 4, wantError: "--memory leaves each 4.0 MiB", wantError2: "at least 128.0 MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := &config.Config{File: "hindcast.yaml", Concurrency: tc.concurrency}
			atOnce, each, err := divide(cfg, tc.models, groundtruth.Limits{MemoryBytes: tc.memory, Workers: tc.workers})
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) || !strings.Contains(err.Error(), tc.wantError2) {
					t.Fatalf("error %v, want one with %q and %q", err, tc.wantError, tc.wantError2)
				}
				return
			}
			if err != nil || atOnce != tc.atOnce || each.Workers != tc.wantWorkers || each.MemoryBytes != tc.wantMemory {
				t.Errorf("%d at once with %d workers and %d bytes each, %v; want %d, %d, %d", atOnce, each.Workers, each.MemoryBytes, err, tc.atOnce, tc.wantWorkers, tc.wantMemory)
			}
		})
	}
}

// fleet says what many models with small logs in files are like.
type fleet struct {
	models    int
	days      int // of each model's log, the last of which is the day before end
	rows      int // of each day
	reference int // rows
	end       time.Time
	top       string // more lines of the configuration
}

// fleetDelay is how many days labels take.
const fleetDelay = 1

// write makes the fleet's folder: hindcast.yaml, and predictions, labels and reference
// of each model, as CSV.
func (f fleet) write(dir string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nstate: {url: ./state}\n%smodels:\n", f.top)
	for m := range f.models {
		name := fmt.Sprintf("m-%04d", m)
		fmt.Fprintf(&b, `  - name: %s
    task: regression
    schedule: "0 3 * * *"
    predictions:
      url: ./%[1]s/predictions/dt={date}/*.csv
      columns: {id: id, timestamp: ts, prediction: pred, model_version: version}
    ground_truth:
      url: ./%[1]s/labels/dt={date}/*.csv
      columns: {id: id, label: y, ingested_at: loaded}
      delay: %dd
    reference: {url: ./%[1]s/reference.csv}
    rules:
      - {name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 100, action: retrain}
      - {name: drift, when: drift.share >= 0.5, min_samples: 100}
`, name, fleetDelay)
		if err := f.model(filepath.Join(dir, name), uint64(m)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "hindcast.yaml"), []byte(b.String()), 0o600)
}

// model writes the logs of one model. Every tenth has three times the reference's error.
func (f fleet) model(dir string, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 5))
	noise := 1.0
	if seed%10 == 9 {
		noise = 3
	}
	files := map[string]*strings.Builder{}
	file := func(name, header string) *strings.Builder {
		if files[name] == nil {
			files[name] = &strings.Builder{}
			fmt.Fprintln(files[name], header)
		}
		return files[name]
	}
	draw := func(noise float64) (x1, x2, x3, pred, y float64, city string) {
		x1, x2, x3 = rng.NormFloat64(), rng.ExpFloat64(), float64(rng.IntN(6))
		pred = 10 + x1 - x2 + x3
		return x1, x2, x3, pred, pred + noise*rng.NormFloat64(), []string{"Oslo", "Bergen", "Tromsø"}[rng.IntN(3)]
	}
	ref := file("reference.csv", "id,x1,x2,x3,city,pred,y")
	for i := range f.reference {
		x1, x2, x3, pred, y, city := draw(1)
		fmt.Fprintf(ref, "ref-%d,%.6f,%.6f,%g,%s,%.6f,%.6f\n", i, x1, x2, x3, city, pred, y)
	}
	for d := range f.days {
		day := f.end.AddDate(0, 0, d-f.days)
		p := file("predictions/dt="+day.Format(time.DateOnly)+"/part.csv", "id,ts,x1,x2,x3,city,pred,version")
		l := file("labels/dt="+day.AddDate(0, 0, fleetDelay).Format(time.DateOnly)+"/part.csv", "id,y,loaded")
		for i := range f.rows {
			at := day.Add(time.Duration(i) * 24 * time.Hour / time.Duration(f.rows))
			x1, x2, x3, pred, y, city := draw(noise)
			id := fmt.Sprintf("%s-%04d-%08x", day.Format("0102"), i, rng.Uint32())
			fmt.Fprintf(p, "%s,%s,%.6f,%.6f,%g,%s,%.6f,v1\n", id, at.Format(time.RFC3339), x1, x2, x3, city, pred)
			fmt.Fprintf(l, "%s,%.6f,%s\n", id, y, day.AddDate(0, 0, fleetDelay).Format(time.RFC3339))
		}
	}
	var errs []error
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		errs = append(errs, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text.String()), 0o600))
	}
	return errors.Join(errs...)
}

// TestServeWaits has a slot wait for a place while another model is evaluated, and give
// up when the daemon is told to stop. A pass that began would fail: there is no runner.
func TestServeWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &config.Model{Name: "m"}
		first := make(chan struct{})
		close(first)
		g := &generation{
			server: &server{app: &App{log: slog.New(slog.DiscardHandler)}, locks: map[string]*modelLocks{}},
			runner: &connected{}, places: make(chan struct{}, 1), before: first,
		}
		g.places <- struct{}{} // another model's
		stop, cancel := context.WithCancel(t.Context())
		go g.slot(stop, context.WithoutCancel(stop), m)
		synctest.Wait()
		if g.locksOf("m").slot.TryLock() {
			t.Error("the next slot of the model would not be skipped")
		}
		cancel()
		synctest.Wait()
		if !g.locksOf("m").slot.TryLock() || len(g.places) != 1 || g.working.Load() != 0 {
			t.Error("the slot that gave up holds something")
		}
	})
}
