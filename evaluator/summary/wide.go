package summary

import (
	"math"
	"math/bits"
)

// wide is a sum of numbers that are not negative, in units of 2^-96, the least word first. It
// holds the weights of rows and the squares of these, up to 1e9 and 1e18 a row, and those of
// very small ones; and no order of adding shows in it.
type wide [3]uint64

// wideBits is how many bits of a wide lie behind the point.
const wideBits = 96

// wideOf returns a finite number, less what is below the unit.
func wideOf(x float64) wide {
	b := math.Float64bits(x)
	exponent := int(b >> 52)
	if exponent == 0 {
		return wide{} // far below the unit
	}
	mantissa := b&(1<<52-1) | 1<<52
	shift := exponent - 1075 + wideBits
	if shift < 0 {
		return wide{mantissa >> uint(-shift)}
	}
	var w wide
	at, by := shift/64, uint(shift%64)
	for i, word := range [2]uint64{mantissa << by, mantissa >> 1 >> (63 - by)} {
		if at+i < len(w) {
			w[at+i] = word
		}
	}
	return w
}

// wideCount returns a number of rows.
func wideCount(n int64) wide {
	return wide{0, uint64(n) << (wideBits - 64), uint64(n) >> (128 - wideBits)}
}

func (w *wide) add(o wide) {
	var carry uint64
	for i := range w {
		w[i], carry = bits.Add64(w[i], o[i], carry)
	}
}

// float64 returns the sum rounded once.
func (w wide) float64() float64 {
	at := len(w) - 1
	for at > 0 && w[at] == 0 {
		at--
	}
	if w[at] == 0 {
		return 0
	}
	// The leading 64 bits; the last of them stands for all that lie below, which is what
	// rounding to 53 bits asks of them.
	n := uint(bits.LeadingZeros64(w[at]))
	top, below := w[at]<<n, uint64(0)
	if at > 0 {
		top |= w[at-1] >> 1 >> (63 - n)
		below = w[at-1] << n
	}
	if at > 1 {
		below |= w[0]
	}
	if below != 0 {
		top |= 1
	}
	return math.Ldexp(float64(top), 64*at-int(n)-wideBits)
}

// weight is the sum of the weights of some rows, and of these squared.
type weight struct{ w, w2 wide }

// weightOf returns that of one row.
func weightOf(x float64) weight { return weight{wideOf(x), wideOf(float64(x * x))} }

const weightSize = 48 // bytes of a weight

func (w *weight) add(o weight) {
	w.w.add(o.w)
	w.w2.add(o.w2)
}

// unitWeight returns that of rows without weights, which count 1 each.
func unitWeight(rows int64) weight { return weight{wideCount(rows), wideCount(rows)} }

// unitWeights returns those of counts of rows.
func unitWeights(n []int64) []weight {
	out := make([]weight, len(n))
	for k, rows := range n {
		out[k] = unitWeight(rows)
	}
	return out
}

// unitCells returns those of rows by class.
func unitCells(n *[classCells]int64) *[classCells]weight {
	return (*[classCells]weight)(unitWeights(n[:]))
}

func addCounts(to, from *[classCells]int64) {
	for k := range to {
		to[k] += from[k]
	}
}

func addWeights(to, from *[classCells]weight) {
	for k := range to {
		to[k].add(from[k])
	}
}
