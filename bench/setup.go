package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The day of the log.
const (
	window = "2026-01-10/2026-01-11"
	asOf   = "2026-02-01"
)

// bench is one run of the program: where things are, what was asked for, and the table.
type bench struct {
	log      io.Writer
	repo     string // the module's folder
	dir      string // what is kept between runs, see keyed: data, environments; and servers, which go build makes anew where they are old
	datasets string // the folder of dir with the data of this version
	work     string // a folder of this run's own
	python   string // one that has DuckDB
	hindcast string // the binary that is measured
	profiled bool   // whether reference has made the profiles

	// The flags.
	n     int
	rows  string
	large bool

	main series // hindcast's runs over the log of -rows, see mainRuns

	section string // that goes on
	table   []row
}

// newBench finds the folders, and prepares what all sections need. close removes what is this
// run's own.
func newBench(ctx context.Context, log io.Writer, binary string) (*bench, error) {
	b := &bench{log: log, hindcast: binary}
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/hindcast/hindcast").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: run this inside of it: %w", err)
	}
	b.repo = strings.TrimSpace(string(out))
	if b.dir = os.Getenv("HINDCAST_BENCH_DIR"); b.dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find a folder for the data: set HINDCAST_BENCH_DIR: %w", err)
		}
		b.dir = filepath.Join(cache, "hindcast-bench")
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return nil, fmt.Errorf("find a folder for the data: %w", err)
	}
	makers, err := contents(b.repo, "bench/data/generate.py", "bench/data/macros.sql", "bench/requirements/duckdb.txt")
	if err != nil {
		return nil, fmt.Errorf("read what makes the data: %w", err)
	}
	b.datasets = filepath.Join(b.dir, keyed("data", makers))
	if err := os.MkdirAll(b.datasets, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for the data: %w", err)
	}
	if b.work, err = os.MkdirTemp(b.dir, "run-"); err != nil {
		return nil, fmt.Errorf("make a working folder: %w", err)
	}
	if err := b.prepare(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// prepare builds the binary, unless one is given, and finds the Python that has DuckDB.
func (b *bench) prepare(ctx context.Context) error {
	if b.hindcast == "" {
		b.hindcast = filepath.Join(b.work, "hindcast")
		if err := b.tell(ctx, b.repo, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.hindcast, "./cmd/hindcast"); err != nil {
			return err
		}
	}
	var err error
	b.python, err = b.environment(ctx, "duckdb")
	return err
}

func (b *bench) close() {
	if err := os.RemoveAll(b.work); err != nil {
		fmt.Fprintf(b.log, "bench: remove the working folder: %v\n", err)
	}
}

// tell runs a command whose time is not measured; its output is shown when it fails.
func (b *bench) tell(ctx context.Context, folder string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), env...)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", strings.Join(append([]string{name}, args...), " "), err, tail(string(out), 2000))
	}
	if took := time.Since(start); took > 2*time.Second {
		fmt.Fprintf(b.log, "bench: %s %s: %s\n", filepath.Base(name), strings.Join(shorten(args), " "), seconds(took))
	}
	return nil
}

// shorten leaves the folders out of arguments, for the log.
func shorten(args []string) []string {
	short := make([]string, len(args))
	for i, a := range args {
		short[i] = a
		if strings.HasPrefix(a, "/") {
			short[i] = filepath.Base(a)
		}
	}
	return short
}

// keyed names what is kept between runs by the text of what it is made of, so that a new
// version never meets what an old one made. The old one stays for checkouts that have it.
func keyed(name string, madeOf []byte) string {
	sum := sha256.Sum256(madeOf)
	return name + "-" + hex.EncodeToString(sum[:8])
}

// contents returns the contents of files of the repository, one after the other.
func contents(repo string, files ...string) ([]byte, error) {
	var all []byte
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(repo, file))
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
	}
	return all, nil
}

// environment returns the Python of a virtual environment with the packages that
// requirements/NAME.txt pins. It is made once for each content of the file and version of
// Python.
func (b *bench) environment(ctx context.Context, name string) (string, error) {
	wanted := filepath.Join(b.repo, "bench", "requirements", name+".txt")
	text, err := os.ReadFile(wanted)
	if err != nil {
		return "", fmt.Errorf("read requirements: %w", err)
	}
	version, err := exec.CommandContext(ctx, "python3", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask python3 for its version: %w", err)
	}
	folder := filepath.Join(b.dir, keyed("venv-"+name, append(version, text...)))
	python, mark := filepath.Join(folder, "bin", "python"), filepath.Join(folder, "complete")
	if _, err := os.Stat(mark); err == nil {
		return python, nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", fmt.Errorf("remove an unfinished environment: %w", err)
	}
	if err := b.tell(ctx, b.repo, nil, "python3", "-m", "venv", folder); err != nil {
		return "", err
	}
	if err := b.tell(ctx, b.repo, nil, python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", wanted); err != nil {
		return "", err
	}
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		return "", fmt.Errorf("mark an environment: %w", err)
	}
	return python, nil
}

// data returns the folder of a dataset, made when it is not there, and reads it once so
// that no contestant is the first to.
func (b *bench) data(ctx context.Context, name string) (string, error) {
	folder := filepath.Join(b.datasets, name)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(b.log, "bench: make the data %s\n", name)
		if err := b.tell(ctx, b.repo, nil, b.python, filepath.Join(b.repo, "bench", "data", "generate.py"), name, folder); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", fmt.Errorf("look for data: %w", err)
	}
	if name != "100m" { // which does not stay in the page cache anyway
		if err := readAll(folder); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// readAll reads all files below a folder, so that the kernel has them in memory.
func readAll(folder string) error {
	buf := make([]byte, 1<<20)
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		_, err = io.CopyBuffer(io.Discard, struct{ io.Reader }{f}, buf)
		return err
	})
}

// size returns the bytes of the files below a folder.
func size(folder string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum += info.Size()
		return nil
	})
	return sum, err
}

// reference returns the folder of the reference, with the profiles of hindcast and of
// the SQL, made anew with this build.
func (b *bench) reference(ctx context.Context) (string, error) {
	folder, err := b.data(ctx, "reference")
	if err != nil || b.profiled {
		return folder, err
	}
	if err := b.baseline(ctx, folder, folder, task{}); err != nil {
		return "", err
	}
	profile := filepath.Join(folder, "duckdb")
	if err := os.MkdirAll(profile, 0o755); err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	sql := filepath.Join(b.repo, "bench", "duckdb")
	err = b.tell(ctx, folder, nil, b.python, filepath.Join(sql, "run.py"), "--set", "reference="+filepath.Join(folder, "reference.parquet"),
		"--set", "profile="+profile, filepath.Join(sql, "reference.sql"))
	b.profiled = err == nil
	return folder, err
}

// baseline saves the profile of the reference, for models of a task, below a folder.
func (b *bench) baseline(ctx context.Context, reference, below string, t task) error {
	none := filepath.Join(reference, "none", "*.parquet")
	config := filepath.Join(below, "hindcast.yaml")
	m := model{
		Name: "bench", Predictions: "file://" + none, Labels: "file://" + none, Task: t,
		Reference: "{url: file://" + filepath.Join(reference, "reference.parquet") + "}",
	}
	if err := writeConfig(config, "file://"+filepath.Join(below, "state"), m); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(below, "state")); err != nil {
		return fmt.Errorf("remove an old profile: %w", err)
	}
	return b.tell(ctx, below, nil, b.hindcast, "baseline", "-q", "-c", config)
}

// referenceOf returns a folder of this run's with the reference's profile for a task, which is
// made once.
func (b *bench) referenceOf(ctx context.Context, reference string, t task) (string, error) {
	folder := filepath.Join(b.work, keyed("reference", []byte(t.kind+t.columns)))
	if err := os.Mkdir(folder, 0o755); errors.Is(err, fs.ErrExist) {
		return folder, nil
	} else if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	return folder, b.baseline(ctx, reference, folder, t)
}

// savedProfile returns the value of the key `reference` that names what `hindcast baseline`
// saved.
func savedProfile(reference string) string {
	return "{profile: file://" + filepath.Join(reference, "state", "profiles", "bench", "saved") + "}"
}

// tail returns the end of a text.
func tail(text string, n int) string {
	if len(text) > n {
		text = "... " + text[len(text)-n:]
	}
	return strings.TrimSpace(text)
}
