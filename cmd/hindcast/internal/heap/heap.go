// Package heap has the process collect garbage for the first time when there is some
// to speak of, and Limit keeps it within so many bytes from then on. A heap that begins at
// 4 MiB is collected seven times on its way to 30 MiB, which in a run over few rows takes
// a tenth of its time.
//
// It does so as soon as it is imported, for a call at the start of main comes too late:
// what packages make before main is half of what is collected, and a run over a window
// of 1,000 rows takes 46 ms of CPU with such a call and 42 ms without. It imports next
// to nothing, so that Go initializes it before the packages that make much.
package heap

import (
	"runtime"
	"runtime/debug"
	"sync"
)

const (
	// first is the memory of the Go runtime at which garbage is collected first. From
	// then on it is collected as GOGC and GOMEMLIMIT say.
	first = 64 << 20
	// least is the lowest limit that Limit sets: below it a run would do little else
	// than collect.
	least = 192 << 20
)

// after holds what is in force after the first collection.
//
//nolint:gochecknoglobals // a process has one heap
var after struct {
	sync.Mutex
	waiting bool
	limit   int64
}

func init() { wait(first) } //nolint:gochecknoinits // main comes too late, see above

// Limit has garbage collected more often where the runtime would take more than so many
// bytes, at least some hundred million, unless GOMEMLIMIT is lower.
func Limit(bytes int64) {
	bytes = max(bytes, least)
	after.Lock()
	defer after.Unlock()
	if after.waiting {
		after.limit = min(after.limit, bytes)
		return
	}
	debug.SetMemoryLimit(min(debug.SetMemoryLimit(-1), bytes))
}

// wait puts the first collection off until the runtime has so many bytes, unless
// collections are off or GOMEMLIMIT is lower.
func wait(bytes int64) {
	limit := debug.SetMemoryLimit(-1)
	if limit < bytes {
		return
	}
	percent := debug.SetGCPercent(-1)
	if percent < 0 {
		return
	}
	debug.SetMemoryLimit(bytes)
	after.Lock()
	defer after.Unlock()
	after.waiting, after.limit = true, limit
	// The first collection finds that nobody holds this.
	runtime.SetFinalizer(new(sentinel), func(*sentinel) {
		after.Lock()
		defer after.Unlock()
		after.waiting = false
		debug.SetMemoryLimit(after.limit)
		debug.SetGCPercent(percent)
	})
}

// sentinel has a pointer, so that it shares its memory with nothing else.
type sentinel struct{ _ *sentinel }
