package join

import (
	"math/bits"
	"sync"

	"github.com/hindcast/hindcast/groundtruth/offheap"
)

// arena gives blocks of memory whose sizes are powers of two, and takes them back for
// others of the same size. Its memory lies outside of the garbage collector's heap
// where the system has large pages: the thousands of places that rows are scattered to
// are then few to the processor.
type arena struct {
	mem  *memory // counts the slabs
	slab int     // bytes of a slab

	mu    sync.Mutex
	slabs [][]byte
	rest  []byte // of the last slab
	free  [arenaClasses][][]byte
}

const (
	// maxSlab is the most that is asked of the system at once, a power of two.
	maxSlab = 4 << 20
	// arenaClasses are the sizes from minBlock to maxSlab.
	arenaClasses = 14
)

// newArena returns an arena whose slabs are a small part of the memory, and hold the
// largest block.
func newArena(mem *memory, block int) *arena {
	part := max(mem.limit/64, int64(block), minBlock)
	return &arena{mem: mem, slab: min(1<<(bits.Len64(uint64(part))), maxSlab)}
}

// class returns the class of blocks of at least n bytes, and their size.
func (a *arena) class(n int) (class, size int) {
	class = bits.Len(uint((n - 1) / minBlock))
	return class, minBlock << class
}

// full reports whether a block of n bytes would need memory beyond the limit.
func (a *arena) full(n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	class, size := a.class(n)
	return len(a.free[class]) == 0 && len(a.rest) < size && a.mem.rows()+int64(a.slab) > a.mem.rowLimit.Load()
}

// block returns an empty block with room for n bytes, at most a slab's.
func (a *arena) block(n int) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	class, size := a.class(n)
	if last := len(a.free[class]) - 1; last >= 0 {
		b := a.free[class][last]
		a.free[class] = a.free[class][:last]
		return b
	}
	if len(a.rest) < size {
		a.keep()
		a.rest = offheap.Alloc(max(a.slab, size))
		a.mem.add(int64(len(a.rest)))
		a.slabs = append(a.slabs, a.rest)
	}
	b := a.rest[:0:size]
	a.rest = a.rest[size:]
	return b
}

// keep makes blocks of what is left of a slab.
func (a *arena) keep() {
	for class := arenaClasses - 1; class >= 0; class-- {
		for size := minBlock << class; len(a.rest) >= size; a.rest = a.rest[size:] {
			a.free[class] = append(a.free[class], a.rest[:0:size])
		}
	}
}

// put takes blocks back.
func (a *arena) put(blocks [][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range blocks {
		class, _ := a.class(cap(b))
		a.free[class] = append(a.free[class], b[:0])
	}
}

// close gives the memory to the system. No block may be used after it.
func (a *arena) close() {
	for _, c := range a.slabs {
		a.mem.add(-int64(len(c)))
		offheap.Free(c)
	}
	a.slabs, a.rest, a.free = nil, nil, [arenaClasses][][]byte{}
}
