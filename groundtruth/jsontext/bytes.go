package jsontext

import (
	"encoding/binary"
	"math/bits"
)

// skipBlanks returns the position of the next byte that is no blank.
func skipBlanks(line []byte, at int) int {
	for at < len(line) && line[at] <= ' ' && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r' || line[at] == '\n') {
		at++
	}
	return at
}

// isNumberByte tells the bytes that fastjson takes for one number.
func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}

// numberEnd returns the position behind the bytes of a number from at on.
func numberEnd(line []byte, at int) int {
	for at < len(line) && isNumberByte(line[at]) {
		at++
	}
	return at
}

// stringEnd returns the position of the quote that ends the string from at on, or
// -1, and whether there are escapes in it.
func stringEnd(line []byte, at int) (end int, escaped bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for {
		for len(line)-at >= 8 {
			w := binary.LittleEndian.Uint64(line[at:])
			quote, slash := w^'"'*ones, w^'\\'*ones
			// The lowest bit that is set is that of a byte which is zero.
			hits := ((quote-ones)&^quote | (slash-ones)&^slash) & highs
			if hits != 0 {
				at += bits.TrailingZeros64(hits) / 8
				break
			}
			at += 8
		}
		for at < len(line) && line[at] != '"' && line[at] != '\\' {
			at++
		}
		if at >= len(line) {
			return -1, escaped
		}
		if line[at] == '"' {
			return at, escaped
		}
		escaped = true
		at += 2
	}
}
