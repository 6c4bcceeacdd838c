package groundtruth

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"
)

// The join is narrow: of each row only what decides the join is kept, as a record
// of fixed width, so that millions of them are a few allocations, invisible to the
// garbage collector, and can be written to disk as they are.
//
// A prediction record is
//
//	hash of the id (16) | time (8) | prediction (8) | row (8) | object (4) | version (4) | segments (4 each)
//
// and a label record
//
//	hash of the id (16) | label (8) | ingest time (8) | event time (8) | row (8) | object (4) | flags (4)
//
// in little-endian order. Versions and segments are codes of a dictionary plus one,
// 0 being a missing value. Objects are ordinals in the order of their relative keys.
//
// Ids are compared by a 128-bit hash (XXH3). Among 10^12 distinct ids a collision
// has a probability below 10^-14, far below that of a wrong disk read; XXH3 is not
// a cryptographic hash, so who can choose ids and wants a collision can make one.
const (
	predictionBytes = 48
	segmentBytes    = 4
	labelBytes      = 56
)

// recordKind says which of the two records a partition holds.
type recordKind uint8

const (
	predictionRecords recordKind = iota
	labelRecords
	recordKinds = 2
)

// Flags of a label record.
const (
	labelNull    uint32 = 1 << iota // the label is known to be unknown
	labelDeleted                    // the version is a delete
	labelTimed                      // the event time is known
)

// radix returns n bits of a hash, off bits from its top.
func radix(h xxh3.Uint128, off, n uint) int {
	var top uint64
	switch {
	case off == 0:
		top = h.Hi
	case off < 64:
		top = h.Hi<<off | h.Lo>>(64-off)
	case off < 128:
		top = h.Lo << (off - 64)
	}
	return int(top >> (64 - n))
}

// Bounds of the memory that a join plans with.
const (
	defaultMemory  = 256 << 20
	minMemory      = 16 << 10 // a smaller limit is taken as this
	maxBlock       = 32 << 10
	smallMemory    = 8 << 20 // below, fewer partitions keep the blocks from being tiny
	hashBits       = 128
	largeRadix     = 8
	smallRadix     = 4
	dictEntryBytes = 64 // what a dictionary entry costs beside its text
)

// memory counts the bytes that a join holds: narrow rows, dictionaries, the bitmaps
// of duplicate rows, and tables. Rows spill when what is held beside the tables
// exceeds rowLimit; the tables, which appear only when the scan is over, have their
// own half of the limit. What may come on top is one block a worker and the bitmaps.
type memory struct {
	limit    int64
	rowLimit atomic.Int64
	held     atomic.Int64
	tables   atomic.Int64
	peak     atomic.Int64
}

// newMemory returns a count against limit; zero or less is the default.
func newMemory(limit int64) *memory {
	if limit <= 0 {
		limit = defaultMemory
	}
	m := &memory{limit: max(limit, minMemory)}
	m.rowLimit.Store(m.limit)
	return m
}

// add counts n more bytes; n may be negative.
func (m *memory) add(n int64) {
	held := m.held.Add(n)
	for n > 0 {
		peak := m.peak.Load()
		if held <= peak || m.peak.CompareAndSwap(peak, held) {
			return
		}
	}
}

// addTable counts n more bytes of a table.
func (m *memory) addTable(n int64) {
	m.tables.Add(n)
	m.add(n)
}

// rows returns what is held beside the tables.
func (m *memory) rows() int64 { return m.held.Load() - m.tables.Load() }

// extent is a run of records in the spill file.
type extent struct{ off, len int64 }

// partition holds the records of one kind whose hashes share their top bits, in
// memory and, when memory was short, in the spill file.
type partition struct {
	mu      sync.Mutex
	blocks  [][]byte
	held    atomic.Int64 // capacity of blocks in bytes
	extents []extent
}

// partitions are the narrow rows of a join, split by the top bits of their hash.
type partitions struct {
	off     uint // how many bits of the hash are equal already
	bits    uint
	mem     *memory
	spill   *spillStore
	size    [recordKinds]int // bytes of a record
	block   [recordKinds]int // bytes of a block, a multiple of size
	parts   [recordKinds][]partition
	spillMu sync.Mutex
}

// newPartitions makes 2^bits partitions of each kind by the bits of the hash from
// off on; blockBytes is about how many bytes each grows by.
func newPartitions(off, bits uint, mem *memory, spill *spillStore, segments, blockBytes int) *partitions {
	p := &partitions{off: off, bits: bits, mem: mem, spill: spill}
	p.size = [recordKinds]int{predictionBytes + segmentBytes*segments, labelBytes}
	for k := range p.parts {
		p.block[k] = max(blockBytes/p.size[k], 1) * p.size[k]
		p.parts[k] = make([]partition, 1<<bits)
	}
	return p
}

// append adds records to a partition, spilling when memory is short.
func (p *partitions) append(kind recordKind, part int, records []byte) error {
	for len(records) > 0 {
		records = records[p.fill(kind, part, records):]
		// Asked at each block, since a hostile chunk may go to one partition whole.
		if p.mem.rows() > p.mem.rowLimit.Load() {
			if err := p.shrink(p.mem.rowLimit.Load() / 2); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill adds records to the last block of a partition, a new one if that is full,
// and returns how many bytes went there.
func (p *partitions) fill(kind recordKind, part int, records []byte) int {
	q := &p.parts[kind][part]
	q.mu.Lock()
	defer q.mu.Unlock()
	last := len(q.blocks) - 1
	if last < 0 || len(q.blocks[last]) == cap(q.blocks[last]) {
		n := p.block[kind]
		p.mem.add(int64(n))
		q.held.Add(int64(n))
		q.blocks = append(q.blocks, make([]byte, 0, n))
		last++
	}
	b := q.blocks[last]
	n := min(cap(b)-len(b), len(records))
	q.blocks[last] = append(b, records[:n]...)
	return n
}

// shrink spills the largest partitions when memory is short, until at most target
// bytes are held beside tables.
func (p *partitions) shrink(target int64) error {
	p.spillMu.Lock()
	defer p.spillMu.Unlock()
	if p.mem.rows() <= p.mem.rowLimit.Load() {
		return nil
	}
	var all []*partition
	for k := range p.parts {
		for i := range p.parts[k] {
			if q := &p.parts[k][i]; q.held.Load() > 0 {
				all = append(all, q)
			}
		}
	}
	size := make(map[*partition]int64, len(all))
	for _, q := range all {
		size[q] = q.held.Load()
	}
	slices.SortStableFunc(all, func(a, b *partition) int { return int(size[b] - size[a]) })
	for _, q := range all {
		if p.mem.rows() <= target {
			return nil
		}
		if err := p.flush(q); err != nil {
			return err
		}
	}
	return nil
}

// flush writes what a partition holds in memory to the spill file.
func (p *partitions) flush(q *partition) error {
	q.mu.Lock()
	blocks := q.blocks
	q.blocks = nil
	held := q.held.Swap(0)
	q.mu.Unlock()
	if len(blocks) == 0 {
		return nil
	}
	e, err := p.spill.write(blocks)
	p.mem.add(-held)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.extents); n > 0 && q.extents[n-1].off+q.extents[n-1].len == e.off {
		q.extents[n-1].len += e.len
		return nil
	}
	q.extents = append(q.extents, e)
	return nil
}

// each calls fn with runs of whole records of a partition, in no particular order.
// Nothing may be appended meanwhile. buf is scratch of at least one block.
func (p *partitions) each(kind recordKind, part int, buf []byte, fn func(records []byte) error) error {
	q := &p.parts[kind][part]
	buf = buf[:len(buf)/p.size[kind]*p.size[kind]]
	for _, e := range q.extents {
		for e.len > 0 {
			n := min(int64(len(buf)), e.len)
			if err := p.spill.read(buf[:n], e.off); err != nil {
				return err
			}
			if err := fn(buf[:n]); err != nil {
				return err
			}
			e.off += n
			e.len -= n
		}
	}
	for _, b := range q.blocks {
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

// release frees the memory of a partition that is no longer needed.
func (p *partitions) release(kind recordKind, part int) {
	q := &p.parts[kind][part]
	q.mu.Lock()
	defer q.mu.Unlock()
	q.blocks, q.extents = nil, nil
	p.mem.add(-q.held.Swap(0))
}

// scatter deals the records of a chunk to partitions. It is one goroutine's.
type scatter struct {
	starts []int
	out    []byte
}

// run encodes n records, the i-th by encode with the hash hashes[i], and appends
// them to their partitions. encode fills what follows the hash.
func (s *scatter) run(p *partitions, kind recordKind, hashes []xxh3.Uint128, encode func(i int, rec []byte)) error {
	size, fan := p.size[kind], 1<<p.bits
	s.starts = append(s.starts[:0], make([]int, fan+1)...)
	for _, h := range hashes {
		s.starts[radix(h, p.off, p.bits)+1]++
	}
	for i := range fan {
		s.starts[i+1] += s.starts[i]
	}
	s.out = slices.Grow(s.out[:0], len(hashes)*size)[:len(hashes)*size]
	for i, h := range hashes {
		part := radix(h, p.off, p.bits)
		rec := s.out[s.starts[part]*size:][:size]
		s.starts[part]++
		putHash(rec, h)
		encode(i, rec)
	}
	// Each start has moved to the end of its partition's run.
	from := 0
	for part := range fan {
		to := s.starts[part]
		if to > from {
			if err := p.append(kind, part, s.out[from*size:to*size]); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// dictionary gives the texts of a column codes that hold for the whole join. Its
// texts stay in memory: they count against the limit, and may take half of it.
type dictionary struct {
	column string
	mem    *memory
	total  *atomic.Int64 // bytes of all dictionaries of the join

	mu    sync.RWMutex
	codes map[string]uint32
	texts []string
}

// newDictionary returns an empty dictionary for a column.
func newDictionary(column string, mem *memory, total *atomic.Int64) *dictionary {
	return &dictionary{column: column, mem: mem, total: total, codes: map[string]uint32{}}
}

// code returns the code of a text.
func (d *dictionary) code(text string) (uint32, error) {
	d.mu.RLock()
	c, ok := d.codes[text]
	d.mu.RUnlock()
	if ok {
		return c, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.codes[text]; ok {
		return c, nil
	}
	n := int64(len(text) + dictEntryBytes)
	if d.total.Add(n) > max(d.mem.limit/2, minMemory) || len(d.texts) == math.MaxUint32-1 {
		return 0, fmt.Errorf("column %q has more than %d distinct values, too many to hold as versions or segments in half of %d bytes: leave it out of segments or raise --memory",
			d.column, len(d.texts), d.mem.limit)
	}
	d.mem.add(n)
	text = strings.Clone(text)
	c = uint32(len(d.texts))
	d.texts = append(d.texts, text)
	d.codes[text] = c
	return c, nil
}

// sorted returns the texts in order and the place of each code among them, so that
// what is sent on does not depend on which worker met a text first.
func (d *dictionary) sorted() (texts []string, place []uint32) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	texts = slices.Clone(d.texts)
	slices.Sort(texts)
	place = make([]uint32, len(texts))
	for i, t := range texts {
		place[d.codes[t]] = uint32(i)
	}
	return texts, place
}

// translator turns the codes of a chunk's text column into those of a dictionary
// plus one, 0 for a missing or empty text. It is one goroutine's.
type translator struct {
	dict  *dictionary
	gen   uint64
	codes []uint32
}

// unknownCode marks an entry of a chunk's dictionary that was not looked up yet.
const unknownCode = math.MaxUint32

// reset forgets the dictionary of the object before.
func (t *translator) reset() { t.gen, t.codes = 0, t.codes[:0] }

// code translates row i of a column.
func (t *translator) code(c *chunkColumn, i int) (uint32, error) {
	if c.kind != cellText || !c.valid[i] {
		return 0, nil
	}
	if t.gen != c.dictGen {
		t.gen, t.codes = c.dictGen, t.codes[:0]
	}
	for len(t.codes) < len(c.dict) {
		t.codes = append(t.codes, unknownCode)
	}
	local := c.codes[i]
	if t.codes[local] != unknownCode {
		return t.codes[local], nil
	}
	var code uint32
	if text := c.dict[local]; text != "" {
		global, err := t.dict.code(text)
		if err != nil {
			return 0, err
		}
		code = global + 1
	}
	t.codes[local] = code
	return code, nil
}
