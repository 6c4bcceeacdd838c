package heap

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// settings returns GOGC and GOMEMLIMIT as they are in force.
func settings() (percent int, limit int64) {
	percent = debug.SetGCPercent(-1)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

func TestTheFirstCollectionWaitsAndRestoresTheSettings(t *testing.T) {
	for _, c := range []struct {
		name        string
		percent     int
		limit       int64
		waitPercent int
		waitLimit   int64
		set         int64 // by Limit, meanwhile
		want        int64
	}{
		{"defaults", 100, math.MaxInt64, -1, 256 << 20, 0, math.MaxInt64},
		{"GOGC", 30, math.MaxInt64, -1, 256 << 20, 0, math.MaxInt64},
		{"GOMEMLIMIT", 100, 1 << 30, -1, 256 << 20, 0, 1 << 30},
		{"lower GOMEMLIMIT", 100, 128 << 20, 100, 128 << 20, 0, 128 << 20},
		{"GOGC=off", -1, math.MaxInt64, -1, math.MaxInt64, 0, math.MaxInt64},
		{"limit", 100, math.MaxInt64, -1, 256 << 20, 384 << 20, 384 << 20},
		{"limit above GOMEMLIMIT", 100, 1 << 30, -1, 256 << 20, 2 << 30, 1 << 30},
		{"limit that leaves nothing", 100, math.MaxInt64, -1, 256 << 20, 1 << 20, least},
		{"limit without a wait", 100, 250 << 20, 100, 250 << 20, 200 << 20, 200 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtime.GC() // that of the package's own start, too
			percent, limit := settings()
			t.Cleanup(func() {
				debug.SetGCPercent(percent)
				debug.SetMemoryLimit(limit)
			})
			debug.SetGCPercent(c.percent)
			debug.SetMemoryLimit(c.limit)
			wait(256 << 20)
			if p, l := settings(); p != c.waitPercent || l != c.waitLimit {
				t.Errorf("while it waits GOGC is %d and GOMEMLIMIT %d, want %d and %d", p, l, c.waitPercent, c.waitLimit)
			}
			if c.set > 0 {
				Limit(c.set)
			}
			runtime.GC()
			deadline := time.After(10 * time.Second)
			for {
				p, l := settings()
				if p == c.percent && l == c.want {
					return
				}
				select {
				case <-deadline:
					t.Fatalf("after a collection GOGC is %d and GOMEMLIMIT %d, want %d and %d", p, l, c.percent, c.want)
				default:
					runtime.GC()
				}
			}
		})
	}
}
