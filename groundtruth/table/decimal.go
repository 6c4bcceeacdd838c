package table

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// maxExactDigits is how many significant digits a uint64 always holds.
const maxExactDigits = 19

// ScanDecimal reads the decimal number that s begins with, correctly rounded, and
// returns how long it is. It knows numbers of at most 19 significant digits whose
// last one stands within 19 places of the point, and of few digits within 22; of
// the rest, and of what is no number, the length is 0, and strconv is to judge.
//
//nolint:cyclop // It reads every number of every text format: in functions of its parts it is 5 % slower.
func ScanDecimal(s []byte) (x float64, length int) {
	i := 0
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		i = 1
	}
	first := i
	var m uint64
	for i < len(s) {
		c := s[i] - '0'
		if c > 9 {
			break
		}
		m = m*10 + uint64(c)
		i++
	}
	digits := i - first
	exp := 0
	if i < len(s) && s[i] == '.' {
		i++
		point := i
		for len(s)-i >= 8 {
			w := binary.LittleEndian.Uint64(s[i:])
			others := notDigits(w)
			if others != 0 {
				// The lowest bit that is set is right: it is that of the first byte
				// that is no digit.
				n := bits.TrailingZeros64(others) / 8
				m = m*smallPow10(n) + eightDigits(w<<(64-8*n))
				i += n
				goto read
			}
			m = m*100_000_000 + eightDigits(w)
			i += 8
		}
		for i < len(s) {
			c := s[i] - '0'
			if c > 9 {
				break
			}
			m = m*10 + uint64(c)
			i++
		}
	read:
		exp = point - i
		digits -= exp
	}
	if digits == 0 {
		return 0, 0
	}
	if digits > maxExactDigits {
		for ; first < i && (s[first] == '0' || s[first] == '.'); first++ {
			if s[first] == '0' {
				digits-- // zeros in front don't count
			}
		}
		if digits > maxExactDigits {
			return 0, 0
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		sign := 1
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			if s[i] == '-' {
				sign = -1
			}
			i++
		}
		e, from := 0, i
		for i < len(s) && i-from < 5 {
			c := s[i] - '0'
			if c > 9 {
				break
			}
			e = e*10 + int(c)
			i++
		}
		if i == from || i-from == 5 {
			return 0, 0
		}
		exp += sign * e
	}
	switch {
	case m == 0:
	case m < 1<<53 && exp == 0:
		x = float64(int64(m))
	// Both operands are exact, so that the one operation rounds correctly
	// (Clinger 1990).
	case m < 1<<53 && exp < 0 && exp >= -22:
		x = float64(int64(m)) / math.Pow10(-exp)
	case m < 1<<53 && exp > 0 && exp <= 22:
		x = float64(float64(int64(m)) * math.Pow10(exp))
	case exp <= 0 && exp >= -maxExactDigits:
		x = divPow10(m, -exp)
	case exp > 0 && exp <= maxExactDigits:
		x = mulPow10(m, exp)
	default:
		return 0, 0
	}
	if negative {
		x = -x
	}
	return x, i
}

// smallPow10 returns 10^n for n in [0, 7], without a branch.
func smallPow10(n int) uint64 {
	k := uint64(n)
	return (1 + k&1*9) * (1 + k>>1&1*99) * (1 + k>>2*9999)
}

// areDigits reports whether the eight bytes of w are decimal digits.
func areDigits(w uint64) bool { return notDigits(w) == 0 }

// notDigits returns a word that is 0 where the eight bytes of w are decimal digits. Else
// its lowest bit is the highest one of the first byte that is none.
func notDigits(w uint64) uint64 {
	return ((w + 0x4646464646464646) | (w - 0x3030303030303030)) & 0x8080808080808080
}

// eightDigits returns the number that eight decimal digits spell, the first one in
// the lowest byte (bytes of 0 in front count as zeros): pairs are joined, then pairs of
// pairs, then those.
func eightDigits(w uint64) uint64 {
	w = (w & 0x0f0f0f0f0f0f0f0f) * (10<<8 + 1) >> 8
	w = (w & 0x00ff00ff00ff00ff) * (100<<16 + 1) >> 16
	return (w & 0x0000ffff0000ffff) * (10_000<<32 + 1) >> 32
}

// divPow10 returns m / 10^k, correctly rounded, for m > 0 and k in [0, 19].
func divPow10(m uint64, k int) float64 {
	d := uint64(math.Pow10(k)) // exact
	sm, sd := bits.LeadingZeros64(m), bits.LeadingZeros64(d)
	m, d = m<<sm, d<<sd
	exp := sd - sm
	// The quotient has 64 bits, the first one set: m/d lies between 1/2 and 2.
	var q, rest uint64
	if m < d {
		q, rest = bits.Div64(m, 0, d)
		exp -= 64
	} else {
		q, rest = bits.Div64(m>>1, m<<63, d)
		exp -= 63
	}
	return roundBits(q, rest != 0, exp)
}

// mulPow10 returns m * 10^k, correctly rounded, for m > 0 and k in [0, 19].
func mulPow10(m uint64, k int) float64 {
	hi, lo := bits.Mul64(m, uint64(math.Pow10(k)))
	if hi == 0 {
		return float64(lo)
	}
	s := bits.LeadingZeros64(hi)
	return roundBits(hi<<s|lo>>(64-s), lo<<s != 0, 64-s)
}

// roundBits returns (q + rest) * 2^exp, rounded to the nearest float64 and from
// halfway to the even one: q has its first bit set, and 0 < rest < 1 if more. The
// result must be a normal number.
func roundBits(q uint64, more bool, exp int) float64 {
	const dropped = 64 - 53
	m, low := q>>dropped, q&(1<<dropped-1)
	if low > 1<<(dropped-1) || low == 1<<(dropped-1) && (more || m&1 != 0) {
		m++
	}
	return float64(float64(int64(m)) * math.Float64frombits(uint64(1023+exp+dropped)<<52))
}
