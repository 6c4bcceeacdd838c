package table

import (
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
)

const (
	// maxInternedTexts and maxInternedBytes bound the dictionary that a text
	// column keeps from chunk to chunk.
	maxInternedTexts = 1 << 14
	maxInternedBytes = 4 << 20
	// firstSampled is room for the sampled rows of a first chunk, which are all.
	firstSampled = 1 << 17
	// MaxChunkBytes ends a chunk of a text format early, when its records are long.
	MaxChunkBytes = 16 << 20
)

// Builder fills a Column cell by cell, from chunk to chunk: a reader calls Start, adds a cell a
// row and calls Finish, and then takes Col.
type Builder struct {
	Col  Column
	Text textDict

	bar   *Bar   // nil where no sample is asked for
	below uint64 // the bar's hash when the chunk was begun
}

// NewBuilder makes a builder of the kind that a want asks for.
func NewBuilder(w Want) *Builder {
	b := &Builder{bar: w.Bar}
	switch w.As {
	case AsNumber:
		b.Col.Kind = Number
	case AsTime:
		b.Col.Kind = Time
	case AsID:
		b.Col.Kind = ID
	default:
		b.Col.Kind = Text
	}
	return b
}

// Start begins the next chunk.
func (b *Builder) Start() {
	b.Col.Floats = b.Col.Floats[:0]
	b.Col.Codes = b.Col.Codes[:0]
	b.Col.Times = b.Col.Times[:0]
	b.Col.Hashes, b.Col.Sampled = b.Col.Hashes[:0], b.Col.Sampled[:0]
	if b.bar != nil {
		if b.below == math.MaxUint64 {
			b.Col.Sampled = nil // all rows of the chunk before, and few of the next
		}
		b.below = b.bar.Hash()
	}
	b.Col.Valid = b.Col.Valid[:0]
	b.Col.Invalid = b.Col.Invalid[:0]
	if b.Col.Kind == Text {
		b.Text.start()
	}
}

// Finish completes the chunk's column.
func (b *Builder) Finish() {
	if b.Col.Kind == Text {
		b.Col.Dict, b.Col.DictGen = b.Text.Finish(len(b.Col.Valid))
	}
}

// UseMemory has the next chunk's cells put where those of another column were.
func (b *Builder) UseMemory(of *Column) {
	b.Col.Floats, b.Col.Codes, b.Col.Times = of.Floats, of.Codes, of.Times
	b.Col.Valid, b.Col.Invalid = of.Valid, of.Invalid
}

// Take returns the chunk's column, whose memory the builder then leaves alone.
func (b *Builder) Take() Column {
	col := b.Col
	b.UseMemory(&Column{})
	return col
}

// AddNull adds a cell without a value.
func (b *Builder) AddNull() { b.Put(0, 0, 0, false) }

// Put adds a cell: of x, code and t the one that the column's kind has.
func (b *Builder) Put(x float64, code uint32, t int64, valid bool) {
	switch b.Col.Kind {
	case Number:
		b.Col.Floats = append(b.Col.Floats, x)
	case Text:
		b.Col.Codes = append(b.Col.Codes, code)
	case Time:
		b.Col.Times = append(b.Col.Times, t)
	case ID: // of a cell that has none; see AddID
		b.Col.Hashes = append(b.Col.Hashes, xxh3.Uint128{})
	}
	b.Col.Valid = append(b.Col.Valid, valid)
}

// AddInvalid adds a cell that is not of the wanted kind.
func (b *Builder) AddInvalid(x float64, shown []byte) {
	b.Col.Invalid = append(b.Col.Invalid, invalidCell{Row: len(b.Col.Valid), Text: Sample(shown)})
	b.Put(x, 0, 0, false)
}

// AddID adds an id by its canonical text.
func (b *Builder) AddID(s []byte) {
	if len(s) == 0 {
		b.AddNull()
		return
	}
	b.PutID(HashID(s, b.bar != nil))
}

// IDHashes holds the hashes of an id: the one that the join knows it by, and the one that
// the sample goes by.
type IDHashes struct {
	join   xxh3.Uint128
	sample uint64 // 0 where no sample is asked for
}

// HashID hashes the canonical text of an id.
func HashID(s []byte, sampled bool) IDHashes {
	h := IDHashes{join: xxh3.Hash128(s)}
	if sampled {
		h.sample = SampleHash(s)
	}
	return h
}

// PutID adds an id by its hashes.
func (b *Builder) PutID(h IDHashes) {
	if b.bar != nil && h.sample <= b.below {
		b.Col.Sampled = append(b.Col.Sampled, groundtruth.SampledRow{Row: len(b.Col.Valid), Hash: h.sample})
	}
	b.Col.Hashes = append(b.Col.Hashes, h.join)
	b.Col.Valid = append(b.Col.Valid, true)
}

// AddIDs adds ids by their texts, as AddID does with each, faster: the text of id i is
// raw[offsets[i]:offsets[i+1]], less prefix at its end.
func (b *Builder) AddIDs(raw []byte, offsets []uint32, prefix uint32) {
	n := len(offsets) - 1
	at := len(b.Col.Valid)
	hashes := slices.Grow(b.Col.Hashes, n)[:at+n]
	valid := slices.Grow(b.Col.Valid, n)[:at+n]
	b.Col.Hashes, b.Col.Valid = hashes, valid
	hashes, valid = hashes[at:], valid[at:]
	from := offsets[0]
	for i, next := range offsets[1:] {
		s := raw[from : next-prefix]
		hashes[i], valid[i] = xxh3.Hash128(s), len(s) > 0
		from = next
	}
	if b.bar != nil {
		b.sampleIDs(raw, offsets, prefix, at)
	}
}

// sampleIDs lists those of some ids, of which the first is in row at, that are not above
// the bar.
func (b *Builder) sampleIDs(raw []byte, offsets []uint32, prefix uint32, at int) {
	sampled, below := b.Col.Sampled, b.below
	if n := len(offsets) - 1; below == math.MaxUint64 && cap(sampled) < at+n {
		// They are to be many, and grow to that at once rather than bit by bit.
		sampled = slices.Grow(sampled, max(n, firstSampled))
	}
	from := offsets[0]
	for i, next := range offsets[1:] {
		s := raw[from : next-prefix]
		from = next
		if hash := xxhash.Sum64(s); hash <= below && len(s) > 0 {
			sampled = append(sampled, groundtruth.SampledRow{Row: at + i, Hash: hash})
		}
	}
	b.Col.Sampled = sampled
}

// GrowNumbers makes room for n more numbers, which the caller sets and then either
// calls AddValid or takes back by ShrinkNumbers.
func (b *Builder) GrowNumbers(n int) []float64 {
	at := len(b.Col.Floats)
	b.Col.Floats = slices.Grow(b.Col.Floats, n)[:at+n]
	return b.Col.Floats[at:]
}

// ShrinkNumbers takes back the n numbers that GrowNumbers made room for.
func (b *Builder) ShrinkNumbers(n int) { b.Col.Floats = b.Col.Floats[:len(b.Col.Floats)-n] }

// GrowTimes does with times what GrowNumbers does with numbers.
func (b *Builder) GrowTimes(n int) []int64 {
	at := len(b.Col.Times)
	b.Col.Times = slices.Grow(b.Col.Times, n)[:at+n]
	return b.Col.Times[at:]
}

// ShrinkTimes takes back the n times that GrowTimes made room for.
func (b *Builder) ShrinkTimes(n int) { b.Col.Times = b.Col.Times[:len(b.Col.Times)-n] }

// AddValid marks n more cells as usable.
func (b *Builder) AddValid(n int) {
	at := len(b.Col.Valid)
	b.Col.Valid = slices.Grow(b.Col.Valid, n)[:at+n]
	for i := range b.Col.Valid[at:] {
		b.Col.Valid[at+i] = true
	}
}

// AddText adds what a text says: itself, or the number, the time or the id that it stands for.
func (b *Builder) AddText(s []byte) {
	switch b.Col.Kind {
	case Number:
		x, state := ParseNumber(s)
		switch state {
		case NumberOK:
			b.AddNumber(x)
		case NumberBad:
			b.AddInvalid(x, s)
		default:
			b.Put(x, 0, 0, false)
		}
	case Time:
		t, ok := ParseTime(s)
		switch {
		case ok:
			b.Col.Times = append(b.Col.Times, t)
			b.Col.Valid = append(b.Col.Valid, true)
		case IsMissingWord(TrimSpace(s)):
			b.AddNull()
		default:
			b.AddInvalid(0, s)
		}
	case ID:
		b.AddID(s)
	default:
		b.Col.Codes = append(b.Col.Codes, b.Text.Add(s))
		b.Col.Valid = append(b.Col.Valid, true)
	}
}

// AddNumber adds a finite number to a column of numbers.
func (b *Builder) AddNumber(x float64) {
	b.Col.Floats = append(b.Col.Floats, x)
	b.Col.Valid = append(b.Col.Valid, true)
}
