// Package exact sums float64 values without rounding, so that the result does
// not depend on their order or on how they were split into partial sums.
package exact

import (
	"math"
	"math/bits"
)

const (
	chunkBits = 32
	chunkMask = 1<<chunkBits - 1
	// The low chunk's bit 0 is worth 2^-1074, the least subnormal. The greatest
	// float64 reaches bit 2097, in chunk 65; the last chunk begins at bit 2112 and is
	// a whole signed 64-bit integer, so 2^77 of the greatest values fit.
	numChunks = 67
	numWords  = numChunks + 1 // 32-bit words of a magnitude
	// An addition changes a chunk by less than 2^52, so this many cannot overflow one
	// that starts below 2^32: 2047 * 2^52 + 2^32 < 2^63.
	maxPending   = 2047
	mantissaBits = 52
)

// Sum is an exact sum of float64 values, rounded once when it is read. The zero
// value is an empty sum. It is not safe for concurrent use.
//
// It is the small superaccumulator of R. M. Neal, "Fast exact summation using
// small and large superaccumulators" (2015, arXiv:1505.05571): a fixed-point
// number over the whole range of float64 in overlapping 64-bit chunks, whose
// carries are propagated every 2047 additions. Infinities and NaN are counted
// apart, so that sums of them don't depend on order either.
type Sum struct {
	chunks  [numChunks]int64
	pending int32 // additions since the carries were last propagated
	posInf  int64
	negInf  int64
	nan     int64
}

// Add adds x.
func (s *Sum) Add(x float64) {
	b := math.Float64bits(x)
	exp := int(b>>mantissaBits) & 0x7ff
	m := b & (1<<mantissaBits - 1)
	switch exp {
	case 0:
		if m == 0 {
			return
		}
		exp = 1
	case 0x7ff:
		s.addSpecial(x)
		return
	default:
		m |= 1 << mantissaBits
	}
	if s.pending == maxPending {
		s.normalise()
	}
	s.pending++
	pos := uint(exp - 1)
	i, shift := pos/chunkBits, pos%chunkBits
	low := int64(m << shift & chunkMask)
	high := int64(m >> (chunkBits - shift))
	// The sign is applied without a branch: (v ^ -1) - -1 is -v.
	sign := int64(b) >> 63
	s.chunks[i] += (low ^ sign) - sign
	s.chunks[i+1] += (high ^ sign) - sign
}

func (s *Sum) addSpecial(x float64) {
	switch {
	case math.IsNaN(x):
		s.nan++
	case x > 0:
		s.posInf++
	default:
		s.negInf++
	}
}

// Merge adds everything that o holds. It leaves o unchanged; s and o may be the
// same.
func (s *Sum) Merge(o *Sum) { s.combine(o, 1) }

// Sub takes away everything that o holds: it is the exact inverse of Merge.
func (s *Sum) Sub(o *Sum) { s.combine(o, -1) }

func (s *Sum) combine(o *Sum, sign int64) {
	t := *o
	t.normalise()
	s.normalise()
	for i, c := range t.chunks {
		s.chunks[i] += sign * c
	}
	s.pending = 1
	s.normalise()
	s.posInf += sign * t.posInf
	s.negInf += sign * t.negInf
	s.nan += sign * t.nan
}

// IsZero reports whether the sum is exactly 0, NaN and infinities included.
func (s *Sum) IsZero() bool {
	t := *s
	t.normalise()
	return t == Sum{}
}

// Reset makes s an empty sum.
func (s *Sum) Reset() { *s = Sum{} }

// Float64 returns the sum, rounded once to the nearest float64, ties to even. It
// is 0 for an empty sum, an infinity when the exact sum is beyond the range of
// float64 or an infinity was added, and NaN when a NaN or infinities of both signs
// were added.
func (s *Sum) Float64() float64 {
	switch {
	case s.nan != 0 || s.posInf != 0 && s.negInf != 0:
		return math.NaN()
	case s.posInf != 0:
		return math.Inf(1)
	case s.negInf != 0:
		return math.Inf(-1)
	}
	words, negative := s.magnitude()
	v := round(&words)
	if negative {
		return -v
	}
	return v
}

// normalise propagates the carries: every chunk but the last is then in
// [0, 2^32), which makes the chunks a function of the exact sum alone.
func (s *Sum) normalise() {
	if s.pending == 0 {
		return
	}
	carry := int64(0)
	for i := range numChunks - 1 {
		c := s.chunks[i] + carry
		carry = c >> chunkBits
		s.chunks[i] = c & chunkMask
	}
	s.chunks[numChunks-1] += carry
	s.pending = 0
}

// magnitude returns the absolute value of the finite part as 32-bit words, least
// first, and whether it is negative.
func (s *Sum) magnitude() (words [numWords]uint32, negative bool) {
	t := *s
	t.normalise()
	negative = t.chunks[numChunks-1] < 0
	if negative {
		for i := range t.chunks {
			t.chunks[i] = -t.chunks[i]
		}
		t.pending = 1
		t.normalise()
	}
	for i, c := range t.chunks {
		words[i] = uint32(c)
	}
	words[numWords-1] = uint32(uint64(t.chunks[numChunks-1]) >> chunkBits)
	return words, negative
}

// round returns the float64 nearest to the magnitude, ties to even.
func round(words *[numWords]uint32) float64 {
	top := numWords - 1
	for top >= 0 && words[top] == 0 {
		top--
	}
	if top < 0 {
		return 0
	}
	highest := top*chunkBits + bits.Len32(words[top]) - 1
	if highest <= mantissaBits {
		// At most 53 bits in units of 2^-1074: the bit pattern is the number itself, be
		// it subnormal or in the least normal binade.
		return math.Float64frombits(uint64(words[1])<<chunkBits | uint64(words[0]))
	}
	shift := highest - mantissaBits
	if shift > 2046 {
		return math.Inf(1)
	}
	m := bitsFrom(words, shift)
	if bit(words, shift-1) && (m&1 == 1 || anyBelow(words, shift-1)) {
		m++
	}
	// m holds its leading bit, which adds one to the exponent, as does a carry out of
	// the rounding; past the greatest value this gives infinity.
	b := uint64(shift)<<mantissaBits + m
	if b >= 0x7ff<<mantissaBits {
		return math.Inf(1)
	}
	return math.Float64frombits(b)
}

// bitsFrom returns the 64 bits from position p on; those beyond the last word are 0.
func bitsFrom(words *[numWords]uint32, p int) uint64 {
	i, off := p/chunkBits, uint(p%chunkBits)
	var v uint64
	for j := range 3 {
		if i+j >= numWords {
			break
		}
		w := uint64(words[i+j])
		if j == 2 && off == 0 {
			break
		}
		if j == 0 {
			v |= w >> off
		} else {
			v |= w << (uint(j)*chunkBits - off)
		}
	}
	return v
}

func bit(words *[numWords]uint32, p int) bool {
	return words[p/chunkBits]>>(uint(p%chunkBits))&1 == 1
}

// anyBelow reports whether a bit below position p is set.
func anyBelow(words *[numWords]uint32, p int) bool {
	i := p / chunkBits
	for _, w := range words[:i] {
		if w != 0 {
			return true
		}
	}
	return words[i]&(1<<uint(p%chunkBits)-1) != 0
}

// AddProduct adds the exact product of a and b, underflow aside.
func (s *Sum) AddProduct(a, b float64) {
	p := float64(a * b)
	s.Add(p)
	if !math.IsInf(p, 0) {
		s.Add(math.FMA(a, b, -p))
	}
}
