package join

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/zeebo/xxh3"
)

const (
	minMemory      = 16 << 10 // a smaller limit is taken as this
	minBlock       = 512      // a power of two, as are all sizes of blocks
	maxBlock       = 32 << 10
	dictEntryBytes = 64 // what a dictionary entry costs beside its text

	// Of a process's memory so much is the program's own, and so much each goroutine's
	// for decoding and counting. Rows and tables have the rest, half at the least.
	programMemory = 80 << 20
	workerMemory  = 64 << 20
	// connectionMemory is what the connections to a distant store take.
	connectionMemory = 32 << 20
	// maxTables is what the tables of a goroutine may take.
	maxTables = 16 << 20

	// maxRadix is the most bits that choose a partition, splitRadix those that split
	// one further.
	maxRadix   = 11
	splitRadix = 4
	// rowsPerPartition fit into the cache that a core has for itself, with their
	// labels and the tables.
	rowsPerPartition = 6 << 10
	// maxNear bytes of records are joined at once, several times what a core's own cache
	// holds: to deal them again takes longer than fewer would wait for memory.
	maxNear = 1 << 20
)

// radixFor returns how many bits choose a partition, for about so many rows of both
// sources. All partitions' blocks at their least, which hold one record, together take at most
// an eighth of the memory.
func radixFor(rows, memory int64, workers int, layout *recordLayout) uint {
	block := int64(minBlock)
	for block < int64(layout.size[predictionRecords])+recordSlack {
		block *= 2
	}
	bits := uint(splitRadix)
	for bits < maxRadix && rows>>bits > 2*rowsPerPartition {
		bits++
	}
	for bits > splitRadix && int64(recordKinds*workers)*block<<bits > memory/8 {
		bits--
	}
	return bits
}

// memory counts the bytes that a join holds: slabs of the arena, dictionaries, the
// bitmaps of duplicate rows, and tables. Rows spill where a further slab would exceed
// rowLimit; what is left up to limit is the tables', which appear when the scan is
// over. Slabs for sizes of blocks that were not given back may come on top.
type memory struct {
	limit    int64
	rowLimit atomic.Int64
	held     atomic.Int64
	tables   atomic.Int64
	peak     atomic.Int64
}

// newMemory returns a count against what is left for rows and tables of the memory
// that a process may take.
func newMemory(process int64, workers int) *memory {
	rows := max(process-programMemory-int64(workers)*workerMemory, process/2)
	m := &memory{limit: max(rows, minMemory)}
	m.setRowLimit(workers)
	return m
}

// setRowLimit leaves room for the tables of a partition on each goroutine.
func (m *memory) setRowLimit(workers int) {
	m.rowLimit.Store(m.limit - int64(workers)*m.tableShare(workers))
}

// tableShare returns how many bytes the tables of a goroutine may take.
func (m *memory) tableShare(workers int) int64 {
	return min(m.limit/4/int64(workers), maxTables)
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

// extent says where a run of records lies in a spill file.
type extent struct{ off, len int64 }

// partition holds what one goroutine put of the records of one kind whose hashes share
// their top bits, in memory and, when memory was short, in its spill file. While records
// are put, the last block is in partitions.tails.
type partition struct {
	blocks  [][]byte // each with recordSlack bytes of room behind what is used
	held    int64    // bytes of blocks
	extents []extent
}

// bytes returns how many bytes of records there are.
func (q *partition) bytes() int64 {
	var n int64
	for _, e := range q.extents {
		n += e.len
	}
	for _, b := range q.blocks {
		n += int64(len(b))
	}
	return n
}

// partitions holds the records of the rows that one goroutine met, split by bits of
// their hash.
type partitions struct {
	bits   uint
	layout *recordLayout
	spill  *spillLog
	block  int // greatest bytes of a block
	parts  [recordKinds][]partition
	tails  [recordKinds][][]byte // the blocks that grow
	stage  stage                 // of the kind that is put
	held   atomic.Int64          // bytes of all blocks
	least  int                   // bytes of the first block of a partition
	arena  *arena
	err    error // of spilling; what is put after it is lost
}

// newPartitions makes 2^bits partitions of each kind.
func newPartitions(bits uint, layout *recordLayout, arena *arena, spill *spillLog, block int) *partitions {
	p := &partitions{bits: bits, layout: layout, arena: arena, spill: spill, block: block, least: minBlock}
	for k := range p.parts {
		p.parts[k] = make([]partition, 1<<bits)
		p.tails[k] = make([][]byte, 1<<bits)
	}
	return p
}

// partOf returns the partition of a hash.
func (p *partitions) partOf(h xxh3.Uint128) int { return int(h.Hi >> (64 - p.bits)) }

// room returns where the next record of a partition goes, recordSlack bytes longer
// than it is. Nothing may be written there after the next call.
func (p *partitions) room(kind recordKind, part int) []byte {
	if p.stage.kind != kind || p.stage.of == nil {
		p.settle()
		p.stage.reset(kind, p.layout.size[kind], len(p.tails[kind]))
	}
	s := &p.stage.of[part]
	if s.left == 0 || s.fill >= lineBytes {
		p.unstage(part)
	}
	return p.stage.next(part)
}

// unstage stores the whole lines of a partition, and begins a new block when the last
// is full.
func (p *partitions) unstage(part int) {
	s, tail := &p.stage.of[part], &p.tails[p.stage.kind][part]
	*tail = p.stage.store(part, *tail)
	if s.left > 0 {
		return
	}
	*tail = p.stage.empty(part, *tail)
	p.grow(p.stage.kind, part)
	s.left = uint32((cap(*tail) - recordSlack) / p.stage.size)
}

// grow begins a new block of a partition, after it spilled when memory is short.
// Blocks of a partition become larger, so that many small partitions take little. Once
// memory was short they are of one size, since what was given back is of that size.
func (p *partitions) grow(kind recordKind, part int) {
	tail := &p.tails[kind][part]
	size := func() int {
		return max(min(max(2*cap(*tail), p.least), p.block), p.layout.size[kind]+recordSlack)
	}
	n := size()
	if p.err == nil && p.arena.full(n) {
		p.err = p.shrink(p.held.Load() / 2)
		p.least = p.block
		n = size()
	}
	p.settlePart(kind, part)
	q := &p.parts[kind][part]
	b := p.arena.block(n)
	p.held.Add(int64(cap(b)))
	q.held += int64(cap(b))
	*tail = b
}

// settle puts the last block of each partition with the others. What is put afterwards
// begins a new one.
func (p *partitions) settle() {
	for i := range p.stage.of {
		tail := &p.tails[p.stage.kind][i]
		*tail = p.stage.empty(i, p.stage.store(i, *tail))
		p.stage.of[i].left = 0
	}
	storeFence()
	for k := range p.parts {
		for i := range p.parts[k] {
			p.settlePart(recordKind(k), i)
		}
	}
}

func (p *partitions) settlePart(kind recordKind, part int) {
	if tail := &p.tails[kind][part]; cap(*tail) > 0 {
		q := &p.parts[kind][part]
		q.blocks = append(q.blocks, *tail)
		*tail = nil
	}
}

// finish settles all. Nothing is put afterwards.
func (p *partitions) finish() {
	p.settle()
	p.stage = stage{}
}

// shrink spills the largest partitions until at most target bytes are held. Only
// what this goroutine put is touched.
func (p *partitions) shrink(target int64) error {
	p.settle()
	var all []*partition
	for k := range p.parts {
		for i := range p.parts[k] {
			if q := &p.parts[k][i]; q.held > 0 {
				all = append(all, q)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *partition) int { return cmp.Compare(b.held, a.held) })
	for _, q := range all {
		if p.held.Load() <= target {
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
	e, err := p.spill.write(q.blocks)
	p.free(q)
	if err != nil {
		return err
	}
	if n := len(q.extents); n > 0 && q.extents[n-1].off+q.extents[n-1].len == e.off {
		q.extents[n-1].len += e.len
		return nil
	}
	if e.len > 0 {
		q.extents = append(q.extents, e)
	}
	return nil
}

// free gives a partition's blocks back.
func (p *partitions) free(q *partition) {
	p.held.Add(-q.held)
	p.arena.put(q.blocks)
	q.blocks, q.held = q.blocks[:0], 0
}

// stored holds the partitions of all goroutines, which nothing is put into any more, for
// joinWorkers to read.
type stored struct {
	of   []*partitions
	bits uint
	off  uint // bits of the stored hash that chose the partition, where it was split
	// split tells that they are of a larger partition.
	split bool
}

// bytes returns how many bytes of records a partition has.
func (s *stored) bytes(kind recordKind, part int) int64 {
	var n int64
	for _, p := range s.of {
		n += p.parts[kind][part].bytes()
	}
	return n
}

// each calls fn with runs of whole records of a partition, in no particular order,
// each with recordSlack bytes of room behind it. buf is scratch of at least one
// record and the slack.
func (s *stored) each(ctx context.Context, kind recordKind, part int, buf []byte, fn func(records []byte) error) error {
	for _, p := range s.of {
		q := &p.parts[kind][part]
		size := p.layout.size[kind]
		step := int64((len(buf) - recordSlack) / size * size)
		for _, e := range q.extents {
			for e.len > 0 {
				n := min(step, e.len)
				if err := p.spill.read(buf[:n], e.off); err != nil {
					return err
				}
				if err := fn(buf[:n]); err != nil {
					return err
				}
				e.off += n
				e.len -= n
				if err := ctx.Err(); err != nil {
					return err
				}
			}
		}
		for _, b := range q.blocks {
			if err := fn(b); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// load appends all records of a partition to dst, which has room for them and the
// slack.
func (s *stored) load(kind recordKind, part int, dst []byte) ([]byte, error) {
	for _, p := range s.of {
		q := &p.parts[kind][part]
		for _, e := range q.extents {
			n := len(dst)
			dst = dst[:n+int(e.len)]
			if err := p.spill.read(dst[n:], e.off); err != nil {
				return dst, err
			}
		}
		for _, b := range q.blocks {
			dst = append(dst, b...)
		}
	}
	return dst, nil
}

// release frees the memory of a partition that is no longer needed.
func (s *stored) release(kind recordKind, part int) {
	for _, p := range s.of {
		q := &p.parts[kind][part]
		p.free(q)
		q.extents = nil
	}
}
