package table

import (
	"encoding/binary"
	"slices"
)

// textDict makes the dictionary of a Builder's text column. Where values repeat, it keeps
// them from chunk to chunk; where most are new (ids), it gives each cell an entry of
// its own and keeps nothing, which costs neither a look-up nor memory.
type textDict struct {
	dict   []string
	Gen    uint64 // as Column.DictGen
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

// Bytes is about what the texts take.
func (d *textDict) Bytes() int64 {
	const each = 64 // of the dictionary and its index
	return int64(d.held+cap(d.arena)) + each*int64(len(d.dict)+len(d.ends))
}

// start begins the next chunk.
func (d *textDict) start() {
	d.fresh = 0
	d.arena = d.arena[:0]
	d.ends = d.ends[:0]
	if d.direct || d.Gen == 0 || len(d.dict) >= maxInternedTexts || d.held >= maxInternedBytes {
		d.renew()
	}
}

// Drop gives the texts' memory back.
func (d *textDict) Drop() {
	*d = textDict{Gen: d.Gen}
	d.renew()
}

// renew begins a new dictionary.
func (d *textDict) renew() {
	d.Gen++
	d.dict = d.dict[:0]
	d.held = 0
	if d.direct {
		d.index = nil
		return
	}
	d.index = make(map[string]uint32)
	d.recent = [recentTexts]uint32{}
}

// Add returns the code of a text, which it copies if it keeps it.
func (d *textDict) Add(s []byte) uint32 {
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

// AddString does what Add does, for a text that may be kept as it is.
func (d *textDict) AddString(text string) uint32 {
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

// Finish returns the dictionary of a chunk of so many rows, and its number.
func (d *textDict) Finish(rows int) ([]string, uint64) {
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
	return d.dict, d.Gen
}
