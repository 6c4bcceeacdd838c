package job

import (
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// Work is what reading one window, or a reference, took.
type Work struct {
	Model                             string
	Window                            *groundtruth.Window // nil of a reference
	RowsRead, BytesRead, BytesSpilled int64
	Duration                          time.Duration
}

// add adds what a scan took.
func (w *Work) add(r groundtruth.Result) {
	w.RowsRead += r.RowsRead
	w.BytesRead += r.BytesRead
	w.BytesSpilled += r.SpilledBytes
}

// LogValues returns the work's keys and values in a log line; peak is the process's most
// resident memory in bytes, 0 where it is not known.
func (w Work) LogValues(peak int64) []any {
	out := []any{"rows_read", w.RowsRead, "bytes_read", ByteSize(w.BytesRead), "spilled_bytes", ByteSize(w.BytesSpilled), "duration", w.Duration.Round(time.Millisecond)}
	if w.Duration > 0 {
		out = append(out, "rows_per_second", int64(float64(w.RowsRead)/w.Duration.Seconds()))
	}
	if peak > 0 {
		out = append(out, "peak_memory_bytes", ByteSize(peak))
	}
	return out
}

// done tells whoever observes of work that is done, and returns its keys and values in a
// log line.
func (r *Runner) done(w Work) []any {
	if r.Observe != nil {
		r.Observe(w)
	}
	peak := int64(0)
	if r.PeakMemory != nil {
		peak = r.PeakMemory()
	}
	return w.LogValues(peak)
}
