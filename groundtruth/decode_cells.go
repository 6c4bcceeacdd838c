package groundtruth

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
)

const (
	// maxInternedTexts and maxInternedBytes bound the dictionary that a text
	// column keeps from chunk to chunk.
	maxInternedTexts = 1 << 14
	maxInternedBytes = 4 << 20
	// maxChunkBytes ends a chunk of a text format early, when its records are long.
	maxChunkBytes = 16 << 20
)

// columnBuilder fills a chunkColumn cell by cell.
type columnBuilder struct {
	col  chunkColumn
	text textDict
}

func newColumnBuilder(w want) *columnBuilder {
	b := &columnBuilder{}
	switch w.kind {
	case wantNumber:
		b.col.kind = cellNumber
	case wantTime:
		b.col.kind = cellTime
	case wantID:
		b.col.kind = cellID
	default:
		b.col.kind = cellText
	}
	return b
}

// start begins the next chunk.
func (b *columnBuilder) start() {
	b.col.floats = b.col.floats[:0]
	b.col.codes = b.col.codes[:0]
	b.col.times = b.col.times[:0]
	b.col.hashes = b.col.hashes[:0]
	b.col.valid = b.col.valid[:0]
	b.col.invalid = b.col.invalid[:0]
	if b.col.kind == cellText {
		b.text.start()
	}
}

// finish completes the chunk's column.
func (b *columnBuilder) finish() {
	if b.col.kind == cellText {
		b.col.dict, b.col.dictGen = b.text.finish(len(b.col.valid))
	}
}

func (b *columnBuilder) addNull() { b.put(0, 0, 0, false) }

func (b *columnBuilder) put(x float64, code uint32, t int64, valid bool) {
	switch b.col.kind {
	case cellNumber:
		b.col.floats = append(b.col.floats, x)
	case cellText:
		b.col.codes = append(b.col.codes, code)
	case cellTime:
		b.col.times = append(b.col.times, t)
	case cellID: // of a cell that has none; see addID
		b.col.hashes = append(b.col.hashes, xxh3.Uint128{})
	}
	b.col.valid = append(b.col.valid, valid)
}

// addInvalid adds a cell that is not of the wanted kind.
func (b *columnBuilder) addInvalid(x float64, shown []byte) {
	b.col.invalid = append(b.col.invalid, invalidCell{i: len(b.col.valid), text: sampleText(shown)})
	b.put(x, 0, 0, false)
}

// addID adds an id by its canonical text.
func (b *columnBuilder) addID(s []byte) {
	if len(s) == 0 {
		b.addNull()
		return
	}
	b.col.hashes = append(b.col.hashes, xxh3.Hash128(s))
	b.col.valid = append(b.col.valid, true)
}

// putID adds an id by its hash.
func (b *columnBuilder) putID(h xxh3.Uint128, valid bool) {
	b.col.hashes = append(b.col.hashes, h)
	b.col.valid = append(b.col.valid, valid)
}

// growNumbers makes room for n more numbers, which the caller sets and then either
// calls valid or takes back by shrinkNumbers. growTimes does so with times.
func (b *columnBuilder) growNumbers(n int) []float64 {
	at := len(b.col.floats)
	b.col.floats = slices.Grow(b.col.floats, n)[:at+n]
	return b.col.floats[at:]
}

func (b *columnBuilder) shrinkNumbers(n int) { b.col.floats = b.col.floats[:len(b.col.floats)-n] }

func (b *columnBuilder) growTimes(n int) []int64 {
	at := len(b.col.times)
	b.col.times = slices.Grow(b.col.times, n)[:at+n]
	return b.col.times[at:]
}

func (b *columnBuilder) shrinkTimes(n int) { b.col.times = b.col.times[:len(b.col.times)-n] }

// addValid marks n more cells as usable.
func (b *columnBuilder) addValid(n int) {
	at := len(b.col.valid)
	b.col.valid = slices.Grow(b.col.valid, n)[:at+n]
	for i := range b.col.valid[at:] {
		b.col.valid[at+i] = true
	}
}

// addText adds what a text says: itself, or the number or time that it stands for.
func (b *columnBuilder) addText(s []byte) {
	switch b.col.kind {
	case cellNumber:
		x, state := parseNumber(s)
		switch state {
		case numberOK:
			b.addNumber(x)
		case numberBad:
			b.addInvalid(x, s)
		default:
			b.put(x, 0, 0, false)
		}
	case cellTime:
		t, ok := parseTime(s)
		switch {
		case ok:
			b.col.times = append(b.col.times, t)
			b.col.valid = append(b.col.valid, true)
		case isMissingWord(trimSpace(s)):
			b.addNull()
		default:
			b.addInvalid(0, s)
		}
	case cellID:
		b.addID(s)
	default:
		b.col.codes = append(b.col.codes, b.text.add(s))
		b.col.valid = append(b.col.valid, true)
	}
}

// addNumber adds a finite number to a column of numbers.
func (b *columnBuilder) addNumber(x float64) {
	b.col.floats = append(b.col.floats, x)
	b.col.valid = append(b.col.valid, true)
}

// textDict makes the dictionary of a text column. Where values repeat, it keeps
// them from chunk to chunk; where most are new (ids), it gives each cell an entry of
// its own and keeps nothing, which costs neither a look-up nor memory.
type textDict struct {
	dict   []string
	gen    uint64
	index  map[string]uint32
	held   int // bytes of the texts in index
	fresh  int // entries that this chunk added
	direct bool
	arena  []byte // direct: the texts of the chunk, one after the other
	ends   []int
	recent [recentTexts]uint32 // codes plus one, by textSlot: most texts are there
}

// recentTexts is how many of the texts met last a textDict finds without its index.
const recentTexts = 64

// textSlot says where in recent the code of a text is: a hash of its length and its
// ends.
func textSlot(s []byte) uint64 {
	var head, tail uint64
	switch n := len(s); {
	case n >= 8:
		head, tail = binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[n-8:])
	case n >= 4:
		head, tail = uint64(binary.LittleEndian.Uint32(s)), uint64(binary.LittleEndian.Uint32(s[n-4:]))
	case n > 0:
		head, tail = uint64(s[0]), uint64(s[n/2])<<8|uint64(s[n-1])
	}
	const odd = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
	return ((head+uint64(len(s)))*odd ^ tail) * odd >> 58
}

// bytes is about what the texts take.
func (d *textDict) bytes() int64 {
	const each = 64 // of the dictionary and its index
	return int64(d.held+cap(d.arena)) + each*int64(len(d.dict)+len(d.ends))
}

func (d *textDict) start() {
	d.fresh = 0
	d.arena = d.arena[:0]
	d.ends = d.ends[:0]
	if d.direct || d.gen == 0 || len(d.dict) >= maxInternedTexts || d.held >= maxInternedBytes {
		d.renew()
	}
}

// drop gives the texts' memory back.
func (d *textDict) drop() {
	*d = textDict{gen: d.gen}
	d.renew()
}

// renew begins a new dictionary.
func (d *textDict) renew() {
	d.gen++
	d.dict = d.dict[:0]
	d.held = 0
	if d.direct {
		d.index = nil
		return
	}
	d.index = make(map[string]uint32)
	d.recent = [recentTexts]uint32{}
}

func (d *textDict) add(s []byte) uint32 {
	if d.direct {
		d.arena = append(d.arena, s...)
		d.ends = append(d.ends, len(d.arena))
		return uint32(len(d.ends) - 1)
	}
	recent := &d.recent[textSlot(s)]
	if code := *recent - 1; int(code) < len(d.dict) && d.dict[code] == string(s) {
		return code
	}
	code := d.find(s)
	*recent = code + 1
	return code
}

// find returns the code of a text, a new one if it has none.
func (d *textDict) find(s []byte) uint32 {
	if code, ok := d.index[string(s)]; ok {
		return code
	}
	return d.intern(string(s))
}

// addString is add for a text that may be kept.
func (d *textDict) addString(text string) uint32 {
	if d.direct {
		d.arena = append(d.arena, text...)
		d.ends = append(d.ends, len(d.arena))
		return uint32(len(d.ends) - 1)
	}
	if code, ok := d.index[text]; ok {
		return code
	}
	return d.intern(text)
}

// intern adds a text that is not in the dictionary.
func (d *textDict) intern(text string) uint32 {
	code := uint32(len(d.dict))
	d.dict = append(d.dict, text)
	d.index[text] = code
	d.held += len(text)
	d.fresh++
	return code
}

func (d *textDict) finish(rows int) ([]string, uint64) {
	if d.direct {
		text := string(d.arena)
		d.dict = slices.Grow(d.dict[:0], len(d.ends))[:len(d.ends)]
		from := 0
		for i, end := range d.ends {
			d.dict[i] = text[from:end]
			from = end
		}
	} else if rows >= 64 && d.fresh > rows/2 {
		d.direct = true
	}
	return d.dict, d.gen
}

// numberState says what a text is as a number.
type numberState uint8

const (
	numberOK      numberState = iota
	numberMissing             // empty, or a word for no value
	numberNaN                 // the word NaN, or the number
	numberBad                 // no number, or an infinite one
)

// parseNumber reads a decimal number, with blanks around it or not. true and false
// are 1 and 0 as they are in Parquet and JSON; empty, null, none, na and n/a are
// missing. Hexadecimal numbers, digit separators and words for infinity are not
// numbers; a number beyond float64 is infinite.
func parseNumber(s []byte) (float64, numberState) {
	s = trimSpace(s)
	if len(s) == 0 {
		return 0, numberMissing
	}
	if x, n := scanDecimal(s); n == len(s) {
		return x, numberOK
	}
	for _, c := range s {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return parseNumberWord(s)
		}
	}
	x, err := strconv.ParseFloat(string(s), 64)
	if math.IsInf(x, 0) {
		return x, numberBad
	}
	if err != nil {
		return 0, numberBad
	}
	return x, numberOK
}

func parseNumberWord(s []byte) (float64, numberState) {
	switch {
	case equalFold(s, "nan"), equalFold(s, "-nan"), equalFold(s, "+nan"):
		return math.NaN(), numberNaN
	case isMissingWord(s):
		return 0, numberMissing
	case equalFold(s, "true"):
		return 1, numberOK
	case equalFold(s, "false"):
		return 0, numberOK
	}
	return 0, numberBad
}

// floatState judges a number that a file holds as one.
func floatState(x float64) numberState {
	switch {
	case x != x:
		return numberNaN
	case math.IsInf(x, 0):
		return numberBad
	}
	return numberOK
}

// isMissingWord tells the texts that stand for no value where a number or a time is
// wanted.
func isMissingWord(s []byte) bool {
	switch len(s) {
	case 0:
		return true
	case 2:
		return equalFold(s, "na")
	case 3:
		return equalFold(s, "nan") || equalFold(s, "n/a")
	case 4:
		return equalFold(s, "null") || equalFold(s, "none")
	}
	return false
}

func equalFold(s []byte, word string) bool {
	return len(s) == len(word) && strings.EqualFold(string(s), word)
}

func trimSpace(s []byte) []byte {
	if len(s) == 0 || s[0] > ' ' && s[len(s)-1] > ' ' && s[len(s)-1] < utf8.RuneSelf && s[0] < utf8.RuneSelf {
		return s
	}
	return bytes.TrimSpace(s)
}

// appendFloatText appends the canonical text of a number of the given size in bits:
// plain digits for whole numbers below 2^53, else the shortest text that reads back
// as the same number.
func appendFloatText(dst []byte, x float64, bits int) []byte {
	if x == 0 {
		return append(dst, '0') // also for -0
	}
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return strconv.AppendInt(dst, int64(x), 10)
	}
	return strconv.AppendFloat(dst, x, 'g', -1, bits)
}

// appendNumberText appends the canonical text of a number literal: whole numbers
// digit by digit, however long; the rest as appendFloatText. It reports whether s
// is a number at all.
func appendNumberText(dst, s []byte) ([]byte, bool) {
	plain := s
	if len(plain) > 1 && plain[0] == '-' {
		plain = plain[1:]
	}
	whole := len(plain) > 0
	for _, c := range plain {
		whole = whole && c >= '0' && c <= '9'
	}
	if whole {
		if plain[0] == '0' && len(plain) == 1 {
			return append(dst, '0'), true
		}
		return append(dst, s...), true
	}
	x, state := parseNumber(s)
	if state != numberOK {
		return dst, false
	}
	return appendFloatText(dst, x, 64), true
}
