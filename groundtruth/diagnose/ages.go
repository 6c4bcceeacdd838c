package diagnose

import (
	"math/bits"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// ages are the times within which labels are counted, ascending: those that people think in.
var ages = [...]time.Duration{ //nolint:gochecknoglobals // a constant
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	day, 2 * day, 3 * day, 5 * day, 7 * day, 14 * day, 30 * day, 60 * day, 90 * day,
}

// firstAges are, by the bits that a delay has in nanoseconds, the first of the ages that may be
// enough for it.
var firstAges = func() (first [65]uint8) { //nolint:gochecknoglobals // a constant
	for n := 1; n < len(first); n++ {
		for int(first[n]) < len(ages) && uint64(ages[first[n]]) < 1<<(n-1) {
			first[n]++
		}
	}
	return first
}()

// Ages counts delays of labels exactly by fixed ages. Counts of parts merge to those of the whole, in any
// order. The zero Ages is empty and ready for use.
type Ages struct {
	n [len(ages) + 1]int64 // by the first age that is enough; the last is for those beyond all
}

// Add counts a delay in nanoseconds; below zero is zero.
func (a *Ages) Add(nanos int64) {
	nanos = max(nanos, 0)
	at := int(firstAges[bits.Len64(uint64(nanos))])
	for at < len(ages) && nanos > int64(ages[at]) {
		at++
	}
	a.n[at]++
}

// Merge adds the counts of others.
func (a *Ages) Merge(o *Ages) {
	for i, n := range o.n {
		a.n[i] += n
	}
}

// Counts returns how many came within each age, as groundtruth.LabelDelay has them.
func (a *Ages) Counts() []groundtruth.LabelAge {
	var all int64
	for _, n := range a.n {
		all += n
	}
	var out []groundtruth.LabelAge
	var within int64
	for i, age := range ages {
		if within += a.n[i]; within > 0 {
			out = append(out, groundtruth.LabelAge{Within: age, Labels: within})
		}
		if within == all {
			break
		}
	}
	return out
}
