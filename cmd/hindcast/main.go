// Hindcast scores logged predictions against the ground truth that came in later,
// and starts retraining when, and only when, it should.
//
// This package is the command line and what the process is wired of. Begin with App, in
// app.go, which is given the streams, the environment and the clock, and which has a file
// for each command: run.go, serve.go, history.go and so on. wiring.go opens what a
// configuration names and makes a job.Runner of it, which does the work; output.go shows
// what came out.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "time/tzdata" // the image has no zone files

	_ "github.com/hindcast/hindcast/cmd/hindcast/internal/heap" // collects garbage later

	"golang.org/x/term"
)

func main() {
	os.Exit(realMain(time.Now))
}

// realMain does what the process does and returns its exit status; tests set the clock.
func realMain(clock func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		columns = 0 // it is no terminal
	}
	app := &App{
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Env:      os.LookupEnv,
		Clock:    clock,
		Terminal: term.IsTerminal(int(os.Stderr.Fd())),
		Columns:  columns,
	}
	return app.Main(ctx, os.Args[1:])
}
