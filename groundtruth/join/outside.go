package join

import (
	"math"
	"time"

	"github.com/hindcast/hindcast/groundtruth/source"
)

// outside counts the predictions that lie outside of the window, for a note.
type outside struct {
	rows        int64
	first, last int64 // the range of their timestamps
	// strays are those that lie further from the date of their folder than the source's
	// slack: no window reads them. Their range is that of the first object with some.
	strays                int64
	object                int
	firstStray, lastStray int64

	current   int   // the object that is read
	low, high int64 // where its rows may lie
}

// noneOutside is an outside that has met no row.
func noneOutside() outside {
	return outside{first: math.MaxInt64, last: math.MinInt64, object: math.MaxInt, low: math.MinInt64, high: math.MaxInt64}
}

// begin says which object the next rows are of.
func (o *outside) begin(ord int, object *source.Object, slack time.Duration) {
	o.current, o.low, o.high = ord, math.MinInt64, math.MaxInt64
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
	o.strayRange(o.current, t, t)
}

// strayRange takes the range of strays of an object.
func (o *outside) strayRange(object int, first, last int64) {
	switch {
	case object < o.object:
		o.object, o.firstStray, o.lastStray = object, first, last
	case object == o.object:
		o.firstStray, o.lastStray = min(o.firstStray, first), max(o.lastStray, last)
	}
}

// merge adds what another goroutine, or another look, found.
func (o *outside) merge(p *outside) {
	o.rows += p.rows
	o.first, o.last = min(o.first, p.first), max(o.last, p.last)
	o.strays += p.strays
	o.strayRange(p.object, p.firstStray, p.lastStray)
}
