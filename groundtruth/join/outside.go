package join

import (
	"math"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/source"
)

// outside counts the predictions that lie outside of the window, for a note.
type outside struct {
	rows        int64
	first, last int64 // the range of their timestamps
	// strays are those that lie further from the date of their folder than the source's
	// slack: no window reads them.
	strays        int64
	object        int   // the first with some
	strayFirst    int64 // the range of their timestamps
	strayLast     int64
	before, after time.Duration // how far they reach before and after the dates of their folders

	current   int // the object that is read
	span      groundtruth.Window
	low, high int64 // where its rows may lie
}

// noneOutside is an outside that has met no row.
func noneOutside() outside {
	return outside{first: math.MaxInt64, last: math.MinInt64, strayFirst: math.MaxInt64, strayLast: math.MinInt64, object: math.MaxInt, low: math.MinInt64, high: math.MaxInt64}
}

// begin says which object the next rows are of.
func (o *outside) begin(ord int, object *source.Object, slack time.Duration) {
	o.current, o.span, o.low, o.high = ord, object.Span, math.MinInt64, math.MaxInt64
	if object.HasSpan {
		o.low, o.high = nanos(object.Span.Start.Add(-slack)), nanos(object.Span.End.Add(slack))
	}
}

// add takes the time of a row that lies outside.
func (o *outside) add(t int64) {
	o.rows++
	o.first, o.last = min(o.first, t), max(o.last, t)
	if t < o.low || t >= o.high {
		o.addStray(t)
	}
}

// addStray takes the time of a row that no window reads.
func (o *outside) addStray(t int64) {
	o.strays++
	o.object = min(o.object, o.current)
	o.strayFirst, o.strayLast = min(o.strayFirst, t), max(o.strayLast, t)
	at := time.Unix(0, t)
	o.before = max(o.before, o.span.Start.Sub(at))
	o.after = max(o.after, at.Sub(o.span.End)+1)
}

// merge adds what another goroutine, or another look, found.
func (o *outside) merge(p *outside) {
	o.rows += p.rows
	o.first, o.last = min(o.first, p.first), max(o.last, p.last)
	o.strays += p.strays
	o.object = min(o.object, p.object)
	o.strayFirst, o.strayLast = min(o.strayFirst, p.strayFirst), max(o.strayLast, p.strayLast)
	o.before, o.after = max(o.before, p.before), max(o.after, p.after)
}
