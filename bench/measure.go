package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// usage holds what a process took from start to end.
type usage struct {
	Wall time.Duration
	CPU  time.Duration // user and system, of its ended children too
	RSS  int64         // peak resident bytes

	Stats stats
	out   string // the file of its output
}

// output returns what the process wrote.
func (u usage) output() ([]byte, error) {
	data, err := os.ReadFile(u.out)
	if err != nil {
		return nil, fmt.Errorf("read the output: %w", err)
	}
	return data, nil
}

// stats holds sums over the summary lines of hindcast's log.
type stats struct {
	BytesRead    int64
	RowsRead     int64
	SpilledBytes int64
	Windows      int
}

// measure runs a command. The kernel counts the memory that a process had before exec as
// well, which is this one's: so this program keeps no outputs in memory, and says so where
// its own peak could be taken for the command's.
func (b *bench) measure(ctx context.Context, env []string, name string, args ...string) (usage, error) {
	out, err := os.CreateTemp(b.work, "out-")
	if err != nil {
		return usage{}, fmt.Errorf("make a file for the output: %w", err)
	}
	defer func() { _ = out.Close() }()
	log, err := os.CreateTemp(b.work, "log-")
	if err != nil {
		return usage{}, fmt.Errorf("make a file for the log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "NML_DISABLE_USAGE_LOGGING=1", "DO_NOT_TRACK=1")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdout, cmd.Stderr = out, log
	// An interrupted process removes its spill files, and is waited for.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	start := time.Now()
	err = cmd.Run()
	u := usage{Wall: time.Since(start), out: out.Name()}
	if state := cmd.ProcessState; state != nil {
		u.CPU = state.UserTime() + state.SystemTime()
		if r, ok := state.SysUsage().(*syscall.Rusage); ok {
			u.RSS = r.Maxrss * 1024
		}
	}
	if err != nil {
		return u, fmt.Errorf("run %s: %w\n%s", strings.Join(append([]string{name}, args...), " "), err, lastBytes(log, 2000))
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err == nil && own.Maxrss*1024 >= u.RSS {
		fmt.Fprintf(b.log, "bench: %s: the peak of %s may be this program's own\n", b.section, mebibytes(u.RSS))
	}
	if _, err := log.Seek(0, io.SeekStart); err != nil {
		return u, fmt.Errorf("read the log: %w", err)
	}
	u.Stats, err = readStats(log)
	return u, err
}

// lastBytes returns the end of a file, for a message.
func lastBytes(f *os.File, n int64) string {
	info, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	from := max(0, info.Size()-n)
	text, err := io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// readStats adds up the lines of a JSON log that say what was read of a window.
func readStats(log io.Reader) (stats, error) {
	var s stats
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		line := lines.Bytes()
		if !bytes.HasPrefix(line, []byte("{")) || !bytes.Contains(line, []byte(`"bytes_read"`)) {
			continue
		}
		var entry struct {
			Window  string `json:"window_start"`
			Bytes   int64  `json:"bytes_read"`
			Rows    int64  `json:"rows_read"`
			Spilled int64  `json:"spilled_bytes"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			return s, fmt.Errorf("read the log line %s: %w", line, err)
		}
		if entry.Window == "" {
			continue
		}
		s.BytesRead += entry.Bytes
		s.RowsRead += entry.Rows
		s.SpilledBytes += entry.Spilled
		s.Windows++
	}
	if err := lines.Err(); err != nil {
		return s, fmt.Errorf("read the log: %w", err)
	}
	return s, nil
}

// contestant is a command under a name, which alternate runs in turn with others.
type contestant struct {
	name string
	run  func(ctx context.Context) (usage, error)
}

// series holds the runs of one contestant.
type series []usage

// wall returns the median of the runs' times.
func (s series) wall() time.Duration {
	return median(s, func(u usage) time.Duration { return u.Wall })
}

func (s series) cpu() time.Duration { return median(s, func(u usage) time.Duration { return u.CPU }) }

// rss returns the largest peak of memory of the runs.
func (s series) rss() int64 {
	var most int64
	for _, u := range s {
		most = max(most, u.RSS)
	}
	return most
}

func (s series) last() usage { return s[len(s)-1] }

// median returns the median of a figure of the runs.
func median[T cmp.Ordered](s series, of func(usage) T) T {
	values := make([]T, len(s))
	for i, u := range s {
		values[i] = of(u)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// alternate runs every contestant once, then every one a second time, and so on, so that
// what else the machine does meets all of them.
func (b *bench) alternate(ctx context.Context, n int, contestants ...contestant) ([]series, error) {
	all := make([]series, len(contestants))
	for range n {
		for i, c := range contestants {
			u, err := c.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			fmt.Fprintf(b.log, "bench: %s: %s: %s wall, %s CPU, %s\n", b.section, c.name, seconds(u.Wall), seconds(u.CPU), mebibytes(u.RSS))
			all[i] = append(all[i], u)
		}
	}
	return all, nil
}

// one returns the one series of a single contestant.
func one(all []series, err error) (series, error) {
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, errors.New("one contestant was asked for")
	}
	return all[0], nil
}
