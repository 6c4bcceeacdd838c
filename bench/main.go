// Command bench measures what the engine is asked to reach, beside DuckDB and other
// peers, in one run on one machine. README.md says how.
//
// Begin with sections, in main.go, which lists what can be measured. A section has
// contestants, each a command, run in turn (measure.go) and adds lines with targets to a
// table (targets.go, table.go). bench, in setup.go, makes what they need: the program, the
// data and the peers.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// section is a part of the benchmark that can be asked for by name.
type section struct {
	name string
	peer bool // of `make bench-peers` alone
	run  func(b *bench, ctx context.Context) error
}

// sections lists what is measured, in the order in which it is.
func sections() []section {
	return []section{
		{name: "speed", run: (*bench).speed},
		{name: "memory", run: (*bench).memory},
		{name: "threads", run: (*bench).threads},
		{name: "rows", run: (*bench).rowScaling},
		{name: "tasks", run: (*bench).tasks},
		{name: "columns", run: (*bench).columns},
		{name: "days", run: (*bench).days},
		{name: "s3", run: (*bench).objectStorage},
		{name: "text", run: (*bench).text},
		{name: "small", run: (*bench).small},
		{name: "fleet", run: (*bench).fleet},
		{name: "merge", run: (*bench).merge},
		{name: "ledger", run: (*bench).ledger},
		{name: "polars", peer: true, run: (*bench).polars},
		{name: "chdb", peer: true, run: (*bench).chdb},
		{name: "duckdb-go", peer: true, run: (*bench).duckdbGo},
		{name: "nannyml", peer: true, run: (*bench).nannyml},
		{name: "evidently", peer: true, run: (*bench).evidently},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run does what the arguments ask for, and prints the table.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	only := flags.String("only", "", "run these alone, with commas between: "+strings.Join(names, ", "))
	peers := flags.Bool("peers", false, "run the peers other than DuckDB, instead of the targets")
	n := flags.Int("n", 3, "runs of each; the median is shown")
	rows := flags.String("rows", "10m", "size of the log: 1m or 10m; the targets are for 10m")
	large := flags.Bool("large", false, "evaluate 100 million rows too (minutes, and 30 GB of disk)")
	binary := flags.String("hindcast", "", "a binary of hindcast; else it is built from this tree")
	asJSON := flags.String("json", "", "write the figures to this file too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *n < 1 || *rows != "1m" && *rows != "10m" || flags.NArg() > 0 {
		return errors.New("-n is at least 1, -rows is 1m or 10m, and there are no arguments")
	}
	var chosen []section
	for _, s := range sections() {
		if *only == "" && s.peer == *peers || *only != "" && slices.Contains(strings.Split(*only, ","), s.name) {
			chosen = append(chosen, s)
		}
	}
	for _, name := range strings.Split(*only, ",") {
		if name != "" && !slices.Contains(names, name) {
			return fmt.Errorf("-only: nothing is called %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	b, err := newBench(ctx, log, *binary)
	if err != nil {
		return err
	}
	defer b.close()
	b.n, b.rows, b.large = *n, *rows, *large
	machine := describeMachine()
	for _, s := range chosen {
		fmt.Fprintf(log, "bench: %s\n", s.name)
		b.section = s.name
		if err := s.run(b, ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.table = append(b.table, row{Section: s.name, What: "failed", Measured: err.Error(), Met: "no"})
			fmt.Fprintf(log, "bench: %s: %v\n", s.name, err)
		}
	}
	printTable(out, machine, *n, *rows, b.table)
	if *asJSON != "" {
		data, err := json.MarshalIndent(struct {
			Machine machineInfo `json:"machine"`
			Runs    int         `json:"runs"`
			Rows    string      `json:"rows"`
			Table   []row       `json:"table"`
		}{machine, *n, *rows, b.table}, "", "  ")
		if err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
		if err := os.MkdirAll(filepath.Dir(*asJSON), 0o755); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
		if err := os.WriteFile(*asJSON, append(data, '\n'), 0o644); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
	}
	return nil
}
