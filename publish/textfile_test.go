package publish

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
)

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTextfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "hindcast.prom")
	f := NewTextfile(path, nil)
	for _, name := range []string{"rents", "prices", "rents"} {
		if err := f.Publish(t.Context(), rich(name)); err != nil {
			t.Fatal(err)
		}
	}
	want := encode(t, gather(append(withModel("prices", samples(rich("prices"))), withModel("rents", samples(rich("rents")))...)))
	got := content(t, path)
	if got != want {
		t.Errorf("two models are written as\n%s\nwant\n%s", got, want)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v: the node exporter runs as another user", info.Mode(), err)
	}

	// What a model no longer has is gone, the other's stays.
	s := rich("rents")
	s.Drift = nil
	if err := f.Publish(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	want = encode(t, gather(append(withModel("prices", samples(rich("prices"))), withModel("rents", samples(s))...)))
	if got := content(t, path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "hindcast.prom" && name != "hindcast.prom.lock" {
			t.Errorf("%s is left", name)
		}
	}
}

func TestTextfileFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.prom")
	f := NewTextfile(path, nil)
	later := job.RunStatus{Model: "prices", Start: start().Add(24 * time.Hour), Duration: time.Second, Err: errLaunch}
	for _, step := range []func() error{
		func() error { return f.Publish(t.Context(), rich("prices")) },
		func() error { return f.PublishFailure(t.Context(), later) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	text := content(t, path)
	failedPass(t, text)
	if !strings.Contains(text, "hindcast_drift_score{") {
		t.Errorf("the figures are gone:\n%s", text)
	}
	// A pass that evaluated and then failed replaces the figures, not the last success.
	s := rich("prices")
	s.Status, s.Drift = later, nil
	if err := f.Publish(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	text = content(t, path)
	failedPass(t, text)
	if strings.Contains(text, "hindcast_drift_score{") || !strings.Contains(text, "hindcast_rmse{") {
		t.Errorf("the figures are old:\n%s", text)
	}
}

func TestTextfileRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.prom")
	f := NewTextfile(path, nil)
	if err := f.PublishRuns(t.Context(), "prices", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v: without runs there is nothing to write", err)
	}
	s := rich("prices")
	if err := f.Publish(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	before := content(t, path)
	if err := f.PublishRuns(t.Context(), "prices", s.Launches[:1]); err != nil {
		t.Fatal(err)
	}
	after := content(t, path)
	if !strings.Contains(after, `hindcast_retrain_run_state{model="prices",state="FAILED"} 1`) || strings.Contains(after, `state="SUCCEEDED"} 1`) {
		t.Errorf("not the state:\n%s", after)
	}
	if strings.Count(after, "\n") != strings.Count(before, "\n") {
		t.Errorf("other series changed:\n%s", after)
	}
}

func TestTextfileErrors(t *testing.T) {
	t.Run("not Hindcast's", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hindcast.prom")
		const theirs = "# my notes\nthis is = no metric\n"
		if err := os.WriteFile(path, []byte(theirs), 0o600); err != nil {
			t.Fatal(err)
		}
		err := NewTextfile(path, nil).Publish(t.Context(), rich("prices"))
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "not one of Hindcast's") {
			t.Errorf("error %v", err)
		}
		if got := content(t, path); got != theirs {
			t.Errorf("it was overwritten:\n%s", got)
		}
	})
	t.Run("other kinds of metrics", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hindcast.prom")
		const theirs = "# HELP backups_total Backups.\n# TYPE backups_total counter\nbackups_total 3\n"
		if err := os.WriteFile(path, []byte(theirs), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := NewTextfile(path, nil).Publish(t.Context(), rich("prices")); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); !strings.Contains(got, theirs) || !strings.Contains(got, "hindcast_rmse{") {
			t.Errorf("got\n%s", got)
		}
	})
	t.Run("the folder is a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := NewTextfile(filepath.Join(file, "hindcast.prom"), nil).Publish(t.Context(), rich("prices")); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("read-only folder", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "hindcast.prom")
		if err := NewTextfile(path, nil).Publish(t.Context(), rich("prices")); err != nil {
			t.Fatal(err)
		}
		before := content(t, path)
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
		if probe, err := os.Create(filepath.Join(dir, "probe")); err == nil {
			_ = probe.Close()
			t.Skip("this user may write to folders that are read-only")
		}
		if err := NewTextfile(path, nil).Publish(t.Context(), rich("rents")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("error %v", err)
		}
		if content(t, path) != before {
			t.Error("the file changed")
		}
	})
	t.Run("the file is a folder", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hindcast.prom")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := NewTextfile(path, nil).Publish(t.Context(), rich("prices")); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v", err)
		}
	})
}

// TestTextfileIsNeverHalf reads the file while it is written.
func TestTextfileIsNeverHalf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.prom")
	f := NewTextfile(path, nil)
	if err := f.Publish(t.Context(), rich("prices")); err != nil {
		t.Fatal(err)
	}
	want := content(t, path)
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for ctx.Err() == nil {
			_ = f.Publish(context.WithoutCancel(ctx), rich("prices"))
		}
	})
	defer writer.Wait()
	defer stop()
	for range 300 {
		if got := content(t, path); got != want {
			t.Fatalf("half a file:\n%s", got)
		}
	}
}

const (
	childPath   = "HINDCAST_TEST_TEXTFILE"
	childName   = "HINDCAST_TEST_MODEL"
	childRounds = 20
)

// TestTextfileChild is the other process of TestTextfileProcesses.
func TestTextfileChild(t *testing.T) {
	path := os.Getenv(childPath)
	if path == "" {
		t.Skip("runs as the child of another test")
	}
	for i := range childRounds {
		// Each round adds a model: a lost update loses one.
		if err := NewTextfile(path, nil).PublishFailure(t.Context(), job.RunStatus{Model: os.Getenv(childName) + strconv.Itoa(i), Start: start()}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTextfileProcesses has three processes write one file at a time.
func TestTextfileProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.prom")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var children sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		children.Go(func() {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestTextfileChild$")
			cmd.Env = append(os.Environ(), childPath+"="+path, childName+"="+name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("child %s: %v\n%s", name, err, out)
			}
		})
	}
	children.Wait()
	var got []string
	for _, m := range parse(t, content(t, path))[prefix+runSuccess].GetMetric() {
		got = append(got, modelOf(m))
	}
	if slices.Sort(got); len(got) != 3*childRounds || len(slices.Compact(got)) != 3*childRounds {
		t.Errorf("%d models, want %d: %v", len(got), 3*childRounds, got)
	}
}

func TestTextfileLockHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.prom")
	unlock, err := lock(t.Context(), path+".lock")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := NewTextfile(path, nil).Publish(ctx, rich("prices")); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("error %v", err)
	}
	unlock()
	if err := NewTextfile(path, nil).Publish(t.Context(), rich("prices")); err != nil {
		t.Errorf("after the lock is free: %v", err)
	}
}

// FuzzTextfile writes over whatever is there: it is left alone, or what comes of it can
// be read and holds the new figures.
func FuzzTextfile(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("# HELP hindcast_rmse Other help.\n# TYPE hindcast_rmse gauge\nhindcast_rmse{model=\"old\"} 3\n"))
	f.Add([]byte("# TYPE hindcast_rmse counter\nhindcast_rmse{model=\"old\"} 3\n"))
	f.Add([]byte("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"))
	f.Add([]byte("hindcast_rmse{model=\"prices\"} NaN 1700000000000\n"))
	f.Add([]byte("not a metric"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, old []byte) {
		path := filepath.Join(dir, "fuzz.prom")
		if err := os.WriteFile(path, old, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := NewTextfile(path, nil).Publish(t.Context(), rich("prices")); err != nil {
			if content(t, path) != string(old) {
				t.Errorf("%v, and the file is changed", err)
			}
			return
		}
		text := content(t, path)
		if parse(t, text); !strings.Contains(text, "hindcast_predictions{model=\"prices\"} 1200\n") {
			t.Errorf("the figures are missing:\n%s", text)
		}
		if err := NewTextfile(path, nil).Publish(t.Context(), rich("prices")); err != nil || content(t, path) != text {
			t.Errorf("the same again gives %v and\n%s\nafter\n%s", err, content(t, path), text)
		}
	})
}

// TestTextfileHeld writes the figures of forty models with fewer writings than models,
// and what the file holds in the end is what forty writings would have left.
func TestTextfileHeld(t *testing.T) {
	each, held := filepath.Join(t.TempDir(), "each.prom"), filepath.Join(t.TempDir(), "held.prom")
	one, shared := NewTextfile(each, nil), NewTextfile(held, nil)
	shared.Hold()
	writings, last := 0, ""
	for round := range 2 {
		for i := range 40 {
			s := rich("model-" + strconv.Itoa(i))
			if round == 1 && i%3 == 0 {
				s.Drift, s.Status.Err = nil, errLaunch
			}
			for _, f := range []*Textfile{one, shared} {
				if err := f.Publish(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				if round == 1 && i%5 == 0 {
					if err := f.PublishFailure(t.Context(), job.RunStatus{Model: s.Status.Model, Start: start().Add(time.Hour), Err: errLaunch}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if now := content(t, held); now != last {
				writings, last = writings+1, now
			}
		}
	}
	if writings >= 80/2 {
		t.Errorf("the file was written %d times for 80 passes", writings)
	}
	if err := shared.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := content(t, held), content(t, each); got != want {
		t.Errorf("held:\n%s\nwritten each time:\n%s", got, want)
	}
}

// TestTextfileHeldFailure keeps what could not be written for the next writing.
func TestTextfileHeldFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.prom")
	if err := os.WriteFile(path, []byte("no metrics {\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := NewTextfile(path, nil)
	f.Hold()
	for _, name := range []string{"prices", "rents"} {
		if err := f.Publish(t.Context(), rich(name)); err == nil {
			t.Fatal("a file that is none of Hindcast's was replaced")
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing left to write
		if err := f.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := encode(t, gather(append(withModel("prices", samples(rich("prices"))), withModel("rents", samples(rich("rents")))...)))
	if got := content(t, path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
