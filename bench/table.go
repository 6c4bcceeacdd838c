package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// row is a line of the table, and of the file that -json names.
type row struct {
	Section  string  `json:"section"`
	What     string  `json:"what"`
	Target   string  `json:"target,omitempty"`
	Measured string  `json:"measured"`
	Ratio    float64 `json:"ratio,omitempty"` // what the target is about
	Met      string  `json:"met,omitempty"`   // "yes", "no", or nothing where no target is
	Of       figures `json:"figures,omitzero"`
	Than     figures `json:"than,omitzero"` // what Of is compared with
}

// figures holds the figures of a series, for the JSON.
type figures struct {
	Wall float64 `json:"wall_seconds,omitempty"`
	CPU  float64 `json:"cpu_seconds,omitempty"`
	RSS  int64   `json:"peak_rss_bytes,omitempty"`
	Read int64   `json:"bytes_read,omitempty"`
}

func (s series) figures() figures {
	if len(s) == 0 {
		return figures{}
	}
	return figures{Wall: s.wall().Seconds(), CPU: s.cpu().Seconds(), RSS: s.rss(), Read: s.last().Stats.BytesRead}
}

// add puts a line into the table; of and than may be nil.
func (b *bench) add(what, target, measured string, ratio float64, met bool, of, than series) {
	r := row{Section: b.section, What: what, Target: target, Measured: measured, Ratio: ratio, Of: of.figures(), Than: than.figures()}
	if target != "" {
		r.Met = "no"
		if met {
			r.Met = "yes"
		}
	}
	b.table = append(b.table, r)
}

// atMost adds a line whose ratio may not exceed limit. NaN is not met.
func (b *bench) atMost(what string, limit float64, measured string, ratio float64, of, than series) {
	b.add(what, fmt.Sprintf("≤ %.3g", limit), measured, ratio, ratio <= limit, of, than)
}

// atLeast adds a line whose ratio may not fall short of limit.
func (b *bench) atLeast(what string, limit float64, measured string, ratio float64, of, than series) {
	b.add(what, fmt.Sprintf("≥ %.3g", limit), measured, ratio, ratio >= limit, of, than)
}

// printTable prints the lines for people.
func printTable(w io.Writer, m machineInfo, n int, rows string, lines []row) {
	fmt.Fprintf(w, "\n%s, %d cores, %s of memory, %s. Load before: %s. Log of %s rows; medians of %d runs, the peak of memory the largest.\n\n",
		m.CPU, m.Cores, mebibytes(m.Memory), m.Go, m.Load, rows, n)
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.AppendHeader(table.Row{"", "target", "wanted", "measured", "ratio", "met"})
	last := ""
	for _, r := range lines {
		if last != "" && last != r.Section {
			t.AppendSeparator()
		}
		name := r.Section
		if name == last {
			name = ""
		}
		last = r.Section
		ratio := ""
		if r.Ratio != 0 {
			ratio = fmt.Sprintf("%.3g", r.Ratio)
		}
		t.AppendRow(table.Row{name, r.What, r.Target, r.Measured, ratio, r.Met})
	}
	t.SetStyle(table.StyleLight)
	t.Render()
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

func share(a, b float64) float64 { return a / b }

// machineInfo says where the figures are from.
type machineInfo struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory_bytes"`
	Go     string `json:"go"`
	Load   string `json:"load_average_before"`
}

// describeMachine says what the figures were measured on.
func describeMachine() machineInfo {
	m := machineInfo{CPU: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version()}
	eachLine("/proc/cpuinfo", func(line string) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
		}
	})
	eachLine("/proc/meminfo", func(line string) {
		var kib int64
		if _, err := fmt.Sscanf(line, "MemTotal: %d kB", &kib); err == nil {
			m.Memory = kib << 10
		}
	})
	eachLine("/proc/loadavg", func(line string) {
		if fields := strings.Fields(line); len(fields) > 3 {
			m.Load = strings.Join(fields[:3], " ")
		}
	})
	return m
}

// eachLine reads a file of /proc; elsewhere than on Linux there is none.
func eachLine(path string, do func(string)) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		do(s.Text())
	}
}
