// Package exact sums float64 values without rounding, so that a sum depends neither on
// the order of its values nor on how they were split into partial sums. Summaries are made
// of such sums, and so is what the evaluator computes from them. Begin with Sum.
//
// Its terms:
//   - A digit is one of the 67 of the fixed-point number that a Sum is, in the base 2^32.
//   - A word is one of the 32-bit words of a sum's magnitude, once all carries are
//     propagated: what a sum is rounded from and encoded as.
//   - A level is a grid that Sum.AddAll, Sum.AddSquares and Products cut many values to, so
//     that few additions to a Sum are left. They have vector forms for amd64, which give
//     the same bits.
package exact

import (
	"math"
	"math/bits"
)

const (
	digitBits = 32
	digitMask = 1<<digitBits - 1
	// The low digit's bit 0 is worth 2^-1074, the least subnormal. The greatest
	// float64 reaches bit 2097, in digit 65; the last digit begins at bit 2112 and is
	// a whole signed 64-bit integer, so 2^77 of the greatest values fit.
	numDigits = 67
	numWords  = numDigits + 1 // 32-bit words of a magnitude
	// An addition changes a digit by less than 2^52, so this many cannot overflow one
	// that starts below 2^32: 2047 * 2^52 + 2^32 < 2^63.
	maxPending   = 2047
	mantissaBits = 52
)

// Sum is an exact sum of float64 values, rounded once when it is read. The zero
// value is an empty sum. It is not safe for concurrent use.
//
// It is the small superaccumulator of R. M. Neal, "Fast exact summation using
// small and large superaccumulators" (2015, arXiv:1505.05571): a fixed-point
// number over the whole range of float64 in overlapping 64-bit digits (its chunks), whose
// carries are propagated every 2047 additions. Infinities and NaN are counted
// apart, so that sums of them don't depend on order either.
type Sum struct {
	digits  [numDigits]int64
	pending int32 // additions since the carries were last propagated
	posInf  int64
	negInf  int64
	nan     int64
}

// Add adds x, which may be an infinity or NaN.
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
		s.addSpecial(x, 1)
		return
	default:
		m |= 1 << mantissaBits
	}
	if s.pending == maxPending {
		s.normalise()
	}
	s.pending++
	pos := uint(exp - 1)
	i, shift := pos/digitBits, pos%digitBits
	low := int64(m << shift & digitMask)
	high := int64(m >> (digitBits - shift))
	// The sign is applied without a branch: (v ^ -1) - -1 is -v.
	sign := int64(b) >> 63
	s.digits[i] += (low ^ sign) - sign
	s.digits[i+1] += (high ^ sign) - sign
}

// addSpecial counts NaN or an infinity n times.
func (s *Sum) addSpecial(x float64, n int64) {
	switch {
	case math.IsNaN(x):
		s.nan += n
	case x > 0:
		s.posInf += n
	default:
		s.negInf += n
	}
}

// AddTimes adds x n times; it adds nothing where n is 0 or less.
func (s *Sum) AddTimes(x float64, n int64) {
	b := math.Float64bits(x)
	exp := int(b>>mantissaBits) & 0x7ff
	m := b & (1<<mantissaBits - 1)
	switch {
	case n <= 0:
		return
	case exp == 0x7ff:
		s.addSpecial(x, n)
		return
	case exp == 0:
		exp = 1
	default:
		m |= 1 << mantissaBits
	}
	s.addScaled(m, uint64(n), exp, int64(b)>>63)
}

// addScaled adds m*n in units of a mantissa's last bit at that exponent, negated
// where sign is -1 and not 0.
func (s *Sum) addScaled(m, n uint64, exp int, sign int64) {
	high, low := bits.Mul64(m, n)
	pos := uint(exp - 1)
	i, shift := pos/digitBits, pos%digitBits
	words := [3]uint64{low << shift, high << shift, 0}
	if shift > 0 {
		words[1] |= low >> (64 - shift)
		words[2] = high >> (64 - shift)
	}
	if s.pending == maxPending {
		s.normalise()
	}
	s.pending++
	for k, w := range words {
		for half, v := range [2]int64{int64(w & digitMask), int64(w >> digitBits)} {
			if v == 0 {
				continue
			}
			at := i + uint(2*k+half)
			if at == numDigits { // the last digit is a whole integer
				at, v = at-1, v<<digitBits
			}
			s.digits[at] += (v ^ sign) - sign
		}
	}
}

// AddProduct adds the exact product of a and b, underflow aside.
func (s *Sum) AddProduct(a, b float64) {
	p := float64(a * b)
	s.Add(p)
	if !math.IsInf(p, 0) {
		s.Add(math.FMA(a, b, -p))
	}
}

// Merge adds everything that o holds. It leaves o unchanged; s and o may be the
// same.
func (s *Sum) Merge(o *Sum) {
	t := *o
	t.normalise()
	s.normalise()
	for i, d := range t.digits {
		s.digits[i] += d
	}
	s.pending = 1
	s.normalise()
	s.posInf += t.posInf
	s.negInf += t.negInf
	s.nan += t.nan
}

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

// normalise propagates the carries: every digit but the last is then in
// [0, 2^32), which makes the digits a function of the exact sum alone.
func (s *Sum) normalise() {
	if s.pending == 0 {
		return
	}
	carry := int64(0)
	for i := range numDigits - 1 {
		c := s.digits[i] + carry
		carry = c >> digitBits
		s.digits[i] = c & digitMask
	}
	s.digits[numDigits-1] += carry
	s.pending = 0
}
