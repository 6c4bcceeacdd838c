// Hindcast scores logged predictions against the ground truth that came in later,
// and starts retraining when, and only when, it should.
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

// realMain is the process, but for the clock, which tests set.
func realMain(clock func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	app := &App{
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Env:      os.LookupEnv,
		Clock:    clock,
		Terminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	return app.Main(ctx, os.Args[1:])
}
