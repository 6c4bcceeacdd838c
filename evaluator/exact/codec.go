package exact

import (
	"encoding/binary"
	"errors"
	"math"
)

// Flags in the low bits of an encoded sum's header; the rest of it is the number
// of words.
const (
	flagSpecial  = 1
	flagNegative = 2
	flagBits     = 2
)

var errCorrupt = errors.New("corrupt exact sum")

// AppendBinary appends the canonical encoding of s to b: sums that are equal have
// equal bytes, whatever was added in which order. It consists of a header (the number of
// 32-bit words of the magnitude from the lowest to the highest that isn't zero, with the
// sign), the index of the first, the words, and the counts of infinities and
// NaN where there are any. An empty sum takes one byte, a usual one about fifteen.
// The error is always nil.
func (s *Sum) AppendBinary(b []byte) ([]byte, error) {
	words, negative := s.magnitude()
	first, last := 0, numWords-1
	for first < numWords && words[first] == 0 {
		first++
	}
	for last >= first && words[last] == 0 {
		last--
	}
	n := max(last-first+1, 0)
	header := uint64(n) << flagBits
	if negative {
		header |= flagNegative
	}
	special := s.posInf != 0 || s.negInf != 0 || s.nan != 0
	if special {
		header |= flagSpecial
	}
	b = binary.AppendUvarint(b, header)
	if n > 0 {
		b = append(b, byte(first))
		for _, w := range words[first : last+1] {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
	}
	if special {
		for _, c := range []int64{s.posInf, s.negInf, s.nan} {
			b = binary.AppendUvarint(b, uint64(c))
		}
	}
	return b, nil
}

// Decode replaces s by the sum at the beginning of b and returns the rest of b. It
// refuses what isn't an encoded sum; s is then unspecified.
func (s *Sum) Decode(b []byte) ([]byte, error) {
	*s = Sum{}
	header, k := binary.Uvarint(b)
	if k <= 0 || header>>flagBits > numWords {
		return nil, errCorrupt
	}
	b = b[k:]
	n := int(header >> flagBits)
	negative := header&flagNegative != 0
	if n > 0 {
		if len(b) < 1+4*n || int(b[0])+n > numWords {
			return nil, errCorrupt
		}
		first := int(b[0])
		b = b[1:]
		var words [numWords]uint32
		for i := range n {
			words[first+i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		b = b[4*n:]
		if words[first] == 0 || words[first+n-1] == 0 || words[numWords-1] > math.MaxInt32 {
			return nil, errCorrupt
		}
		s.set(&words, negative)
	} else if negative {
		return nil, errCorrupt
	}
	if header&flagSpecial != 0 {
		nonZero := uint64(0)
		for _, c := range []*int64{&s.posInf, &s.negInf, &s.nan} {
			v, k := binary.Uvarint(b)
			if k <= 0 || v > math.MaxInt64 {
				return nil, errCorrupt
			}
			*c = int64(v)
			nonZero |= v
			b = b[k:]
		}
		if nonZero == 0 {
			return nil, errCorrupt
		}
	}
	return b, nil
}

// set makes an empty s the sum with this magnitude and sign, for Decode.
func (s *Sum) set(words *[numWords]uint32, negative bool) {
	for i := range s.digits {
		s.digits[i] = int64(words[i])
	}
	s.digits[numDigits-1] |= int64(words[numWords-1]) << digitBits
	if negative {
		for i := range s.digits {
			s.digits[i] = -s.digits[i]
		}
		s.pending = 1
		s.normalise()
	}
}
