package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/hindcast/hindcast/job"
)

// screen writes standard error: the log, and on a terminal a bar below it, which goes out
// of a line's way and comes back. The log and all passes share it.
type screen struct {
	w     io.Writer
	draws bool          // whether there is a bar: on a terminal, if nobody asked for quiet
	every time.Duration // the bar is drawn at most that often

	mu     sync.Mutex
	bar    *progressbar.ProgressBar
	models int   // of the run; the bar counts them where there are several
	ended  int   // of these
	read   int64 // bytes of ended scans
	scans  map[*scan]bool
}

// mostLabel is how many columns the name of a scan has beside the bar.
const mostLabel = 40

// scan holds how far one reading of objects has come.
type scan struct {
	label       string
	done, total int64 // bytes
}

// Write writes lines of the log.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear() // what draws next draws it anew
	}
	return visibleWriter{s.w}.Write(p)
}

// beside does what writes to standard output, out of the bar's way.
func (s *screen) beside(write func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear() // what draws next draws it anew
	}
	write()
}

// begin has the bar count models, where there are several.
func (s *screen) begin(models int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.models, s.ended, s.read, s.scans = models, 0, 0, map[*scan]bool{}
	if s.draws && models > 1 {
		s.bar = s.newBar(int64(models), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("models"))
		s.describe()
	}
}

// model counts a model that is done with.
func (s *screen) model() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	if s.bar != nil && s.models > 1 {
		s.describe()
		_ = s.bar.Set(s.ended) // a bar that cannot be drawn is no reason to stop
	}
}

// end takes the bar away once all models are done with.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear()
		s.bar = nil
	}
}

// progress returns what is told how far a scan is: of one model the bar shows its bytes,
// of several it says beside their number how many bytes were read.
func (s *screen) progress(label string) func(done, total int64) {
	one := &scan{label: label}
	return func(done, total int64) {
		if total <= 0 {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		one.done, one.total = min(done, total), total
		if s.models > 1 {
			if s.scans[one] = true; one.done == total {
				delete(s.scans, one)
				s.read += total
			}
			if s.bar != nil {
				s.describe()
			}
			return
		}
		if s.bar == nil {
			s.bar = s.newBar(total, progressbar.OptionShowCount(), progressbar.OptionShowBytes(true), progressbar.OptionShowTotalBytes(true), progressbar.OptionUseIECUnits(true))
			s.bar.Describe(shortened(visible(label), mostLabel, look{}))
		}
		s.bar.ChangeMax64(total)
		_ = s.bar.Set64(one.done)
		if one.done == total {
			_ = s.bar.Clear()
			s.bar = nil // the next scan has one of its own
		}
	}
}

// describe says in words what the bar of several models is about.
func (s *screen) describe() {
	read := s.read
	for one := range s.scans {
		read += one.done
	}
	s.bar.Describe(fmt.Sprintf("%d of %d models, %s read", s.ended, s.models, job.ByteSize(read)))
}

// newBar makes a bar, which estimates how long what is left takes.
func (s *screen) newBar(total int64, options ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, append([]progressbar.Option{
		progressbar.OptionSetWriter(s.w), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(s.every),
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true), progressbar.OptionClearOnFinish(),
	}, options...)...)
}
