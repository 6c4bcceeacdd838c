package diagnose

import (
	"math"
	"math/bits"
	"strconv"
	"time"
)

const (
	// unitBits make the unit that delays are counted in of nanoseconds: 2^30 of them, a little
	// more than a second, since a shift costs less than a division.
	unitBits = 30
	// delayBits are the bits of a delay that its bin keeps, so that a bin is at most a
	// sixteenth wider than its lower bound.
	delayBits = 4
	delayBins = (63 - unitBits - delayBits + 1) << delayBits
)

// Delays counts delays of labels in bins, which are finer than a sixteenth. Counts of parts
// merge to those of the whole, in any order. The zero Delays is empty and ready for use.
type Delays struct {
	n    int64
	bins [delayBins]int64
}

// Add counts a delay in nanoseconds; below zero is zero.
func (d *Delays) Add(nanos int64) {
	d.n++
	d.bins[delayBin(uint64(max(nanos, 0))>>unitBits)]++
}

// Merge adds the counts of others.
func (d *Delays) Merge(o *Delays) {
	d.n += o.n
	for i, n := range o.bins {
		d.bins[i] += n
	}
}

// Count returns how many delays were counted.
func (d *Delays) Count() int64 { return d.n }

// Quantile returns a time within which at least the share q of the delays lie, and which is at
// most a sixteenth and 1.1 s too long; 0 of none. q is in (0, 1].
func (d *Delays) Quantile(q float64) time.Duration {
	rank := int64(math.Ceil(q * float64(d.n)))
	for i, n := range d.bins {
		if rank -= n; n > 0 && rank <= 0 {
			return time.Duration(min(delayBound(i), 1<<(63-unitBits)-1) << unitBits)
		}
	}
	return 0
}

// delayBin returns the bin of a delay in units: below 2^delayBits each has its own, above there
// are 2^delayBits bins for each power of two.
func delayBin(units uint64) int {
	shift := max(bits.Len64(units)-delayBits-1, 0)
	return shift<<delayBits + int(units>>shift)
}

// delayBound returns the least units above a bin.
func delayBound(bin int) int64 {
	shift := max(bin>>delayBits-1, 0)
	return int64(bin-shift<<delayBits+1) << shift
}

// Delay writes a time as people say it and as the configuration reads it, rounded up to two
// units at most: 45s, 90m, 7h, 2d12h, 9d.
func Delay(d time.Duration) string {
	up := func(unit time.Duration) int64 { return int64((d + unit - 1) / unit) }
	switch {
	case d <= 0:
		return "0s"
	case d < 2*time.Minute:
		return strconv.FormatInt(up(time.Second), 10) + "s"
	case d < 2*time.Hour && up(time.Minute)%60 != 0:
		return strconv.FormatInt(up(time.Minute), 10) + "m"
	}
	hours := up(time.Hour)
	switch {
	case hours <= 48 && hours%24 != 0:
		return strconv.FormatInt(hours, 10) + "h"
	case hours < 5*24 && hours%24 != 0:
		return strconv.FormatInt(hours/24, 10) + "d" + strconv.FormatInt(hours%24, 10) + "h"
	}
	return strconv.FormatInt((hours+23)/24, 10) + "d"
}
