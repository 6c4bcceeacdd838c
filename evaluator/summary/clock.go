package summary

import (
	"github.com/hindcast/hindcast/groundtruth"
)

// clock keeps of matched rows how well they were predicted by the hour of the week that the clocks
// of a zone show at their predictions, from Monday's first on.
type clock struct {
	zone  groundtruth.Zone
	hours [groundtruth.HoursOfWeek]plainSums
}

// mergeFrom adds what o has.
func (c *clock) mergeFrom(o *clock) {
	for h := range c.hours {
		c.hours[h].mergeFrom(&o.hours[h])
	}
}

// bytes returns how much memory it takes; 0 of nil.
func (c *clock) bytes() int64 {
	if c == nil {
		return 0
	}
	return plainBytes(c.hours[:])
}

// addRight counts rows of a classifier by their hours, and those whose class was predicted.
// Without hours it counts none.
func (c *clock) addRight(hourOf []int32, right func(row int) bool) {
	for row, h := range hourOf {
		p := &c.hours[h]
		p.n++
		if right(row) {
			p.right++
		}
	}
}
