package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"

	"github.com/spf13/cobra"
)

// profileFlags name the files of a command's profiles; empty for none.
type profileFlags struct {
	cpu, memory, trace string
}

// addProfileFlags has a command write profiles of itself where its flags ask for them,
// also where it fails or is told to stop.
func addProfileFlags(cmd *cobra.Command) {
	var p profileFlags
	f := cmd.Flags()
	f.StringVar(&p.cpu, "cpuprofile", "", "write a CPU profile to this file, for go tool pprof")
	f.StringVar(&p.memory, "memprofile", "", "write a profile of allocations to this file, for go tool pprof")
	f.StringVar(&p.trace, "trace", "", "write an execution trace to this file, for go tool trace")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		stop, err := p.start()
		if err != nil {
			return err
		}
		defer func() {
			if serr := stop(); err == nil {
				err = serr
			} else if serr != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "hindcast: %v\n", serr)
			}
		}()
		return run(cmd, args)
	}
}

// start begins the profiles and returns what ends and writes them.
func (p profileFlags) start() (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, s := range stops {
			errs = append(errs, s())
		}
		return errors.Join(errs...)
	}
	seen := map[string]string{}
	for _, one := range []struct {
		flag, file string
		begin      func(io.Writer) error
		end        func(io.Writer) error
	}{
		{"--cpuprofile", p.cpu, pprof.StartCPUProfile, func(io.Writer) error { pprof.StopCPUProfile(); return nil }},
		{"--trace", p.trace, trace.Start, func(io.Writer) error { trace.Stop(); return nil }},
		{"--memprofile", p.memory, func(io.Writer) error { return nil }, func(w io.Writer) error {
			runtime.GC() // what is in use is then exact
			return pprof.Lookup("allocs").WriteTo(w, 0)
		}},
	} {
		if one.file == "" {
			continue
		}
		if other, ok := seen[one.file]; ok {
			return nil, errors.Join(usagef("%s and %s both write %s; name two files", other, one.flag, one.file), stop())
		}
		seen[one.file] = one.flag
		file, err := os.Create(one.file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make the file of %s: %w", one.flag, err), stop())
		}
		if err := one.begin(file); err != nil {
			return nil, errors.Join(fmt.Errorf("begin %s: %w", one.flag, err), file.Close(), stop())
		}
		stops = append(stops, func() error {
			if err := errors.Join(one.end(file), file.Close()); err != nil {
				return fmt.Errorf("write %s: %w", one.flag, err)
			}
			return nil
		})
	}
	return stop, nil
}
