package exact

import (
	"math"
	"math/bits"
)

// magnitude returns the absolute value of the finite part as 32-bit words, least
// first, and whether it is negative.
func (s *Sum) magnitude() (words [numWords]uint32, negative bool) {
	t := *s
	t.normalise()
	negative = t.digits[numDigits-1] < 0
	if negative {
		for i := range t.digits {
			t.digits[i] = -t.digits[i]
		}
		t.pending = 1
		t.normalise()
	}
	for i, c := range t.digits {
		words[i] = uint32(c)
	}
	words[numWords-1] = uint32(uint64(t.digits[numDigits-1]) >> digitBits)
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
	highest := top*digitBits + bits.Len32(words[top]) - 1
	if highest <= mantissaBits {
		// At most 53 bits in units of 2^-1074: the bit pattern is the number itself, be
		// it subnormal or in the least normal binade.
		return math.Float64frombits(uint64(words[1])<<digitBits | uint64(words[0]))
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
	i, off := p/digitBits, uint(p%digitBits)
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
			v |= w << (uint(j)*digitBits - off)
		}
	}
	return v
}

// bit reports whether the bit at position p is set.
func bit(words *[numWords]uint32, p int) bool {
	return words[p/digitBits]>>(uint(p%digitBits))&1 == 1
}

// anyBelow reports whether a bit below position p is set.
func anyBelow(words *[numWords]uint32, p int) bool {
	i := p / digitBits
	for _, w := range words[:i] {
		if w != 0 {
			return true
		}
	}
	return words[i]&(1<<uint(p%digitBits)-1) != 0
}
