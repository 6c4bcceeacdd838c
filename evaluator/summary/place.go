package summary

import (
	"math"
	"math/bits"
)

// place is a sum of places inside an interval, in units of 2^-40 of its width.
type place struct{ high, low uint64 }

const placeBits = 40

// placeScale returns the units in a width of 1 of the interval from a to b: infinite
// or 0 where the width is 0 or infinite as a float64, or the quotient is.
func placeScale(a, b float64) float64 {
	return (1 << placeBits) / (b - a)
}

// placeBelow returns how far x lies below the upper edge of its interval, in units of
// 2^-40 of the width, rounded half up. Intervals whose scale isn't a positive number
// have all places in their middle.
func placeBelow(edge, x, scale float64) uint64 {
	// The conversion keeps the product from being fused.
	return uint64(int64(float64((edge-x)*scale) + 0.5))
}

// placeOf returns x's place between a and b in units of 2^-40 of the width.
func placeOf(x, a, b float64) uint64 {
	if scale := placeScale(a, b); scale > 0 && !math.IsInf(scale, 0) {
		return 1<<placeBits - placeBelow(b, x, scale)
	}
	// Halving costs nothing here: what it could round is nothing beside the width.
	width, part := float64(b/2)-float64(a/2), float64(x/2)-float64(a/2)
	return uint64(math.Round(part / width * (1 << placeBits)))
}

// addTimes adds v so many times.
func (p *place) addTimes(v, n uint64) {
	high, low := bits.Mul64(v, n)
	p.merge(place{high, low})
}

// addBelow adds n places whose distances below the upper edge sum to v.
func (p *place) addBelow(v, n uint64) {
	high, low := bits.Mul64(1<<placeBits, n)
	low, borrow := bits.Sub64(low, v, 0)
	p.merge(place{high - borrow, low})
}

func (p *place) merge(o place) {
	var carry uint64
	p.low, carry = bits.Add64(p.low, o.low, 0)
	p.high, _ = bits.Add64(p.high, o.high, carry)
}

// float64 returns the sum in units of the interval's width, rounded once.
func (p place) float64() float64 {
	if p.high == 0 {
		return float64(float64(p.low) * (1.0 / (1 << placeBits))) // exact
	}
	// The leading 64 bits; the last of them stands for all that lie below, which is what
	// rounding to 53 bits asks of them.
	n := uint(bits.LeadingZeros64(p.high))
	top := p.high<<n | p.low>>1>>(63-n)
	if p.low<<n != 0 {
		top |= 1
	}
	return math.Ldexp(float64(top), 64-int(n)-placeBits)
}
