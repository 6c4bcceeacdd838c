// Command promises holds Hindcast's verdicts to what its documentation promises of them. It
// makes logs whose truth is known, some that changed and most that did not, has them judged as
// windows are, and counts: how often an interval covers the truth, how often a rule fires, how
// many columns are flagged. It writes the table of docs/statistics.md and fails where a promise
// is broken.
//
// Its terms: a grid is a list of cells with the tables that show them (grids, in table.go); a cell
// is one kind of data, whose trials are drawn, judged and counted (cell, in grid.go); a promise is
// what a count of a cell is held to (promise.go). Begin with run, in this file; what is judged is built in
// judged.go, as a pass over a model builds it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "promises:", err)
		os.Exit(1)
	}
}

// run does what the arguments ask for. Its error names what is broken.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("promises", flag.ContinueOnError)
	flags.SetOutput(log)
	smoke := flags.Bool("smoke", false, "a few cells with few trials, within a minute")
	only := flags.String("only", "", "run the cells alone whose name has this in it, of all grids: \"hourly pattern\", \"1,000 rows\"")
	which := flags.String("grid", "", "one grid alone: metrics, classifiers, estimates or drift")
	times := flags.Float64("times", 1, "so many times the trials")
	threads := flags.Int("threads", runtime.NumCPU(), "threads; the figures are the same for any number")
	write := flags.String("write", "", "write the tables into this file too, between its markers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *threads < 1 || !(*times > 0) {
		return errors.New("-threads is at least 1, -times is above 0, and there are no arguments")
	}
	if *write != "" && (*smoke || *only != "") {
		return errors.New("-write is for whole grids: without -smoke and -only")
	}
	var kept []grid
	var all []cell
	for _, g := range grids() {
		if *which != "" && g.name != *which {
			continue
		}
		if *smoke {
			g.cells = smokeOf(g.cells, g.smoke, 0.1)
		}
		var cells []cell
		for _, c := range g.cells {
			if strings.Contains(c.name, *only) {
				c.trials = max(int(float64(c.trials)**times), 1)
				cells = append(cells, c)
			}
		}
		if g.cells = cells; len(cells) > 0 {
			kept = append(kept, g)
			all = append(all, cells...)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("no cell has %q in its name, of the grids %q", *only, *which)
	}
	results, err := simulate(ctx, all, *threads, log)
	if err != nil {
		return err
	}
	left := results
	for _, g := range kept {
		text := g.text(left[:len(g.cells)])
		left = left[len(g.cells):]
		fmt.Fprintln(out, text)
		if *write != "" {
			if err := writeInto(*write, g.name, text); err != nil {
				return err
			}
		}
	}
	var broken []string
	for i, c := range all {
		broken = append(broken, c.broken(results[i])...)
	}
	if len(broken) > 0 {
		return fmt.Errorf("%d promises are broken:\n  %s", len(broken), strings.Join(broken, "\n  "))
	}
	return nil
}
