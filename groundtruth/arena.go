package groundtruth

import "math/bits"

// arena gives blocks of memory whose sizes are powers of two, and takes them back for
// others of the same size. It is one goroutine's while blocks are asked for. Its memory
// lies outside of the garbage collector's heap where the system has large pages: the
// thousands of places that rows are scattered to are then few to the processor.
type arena struct {
	chunks [][]byte
	rest   []byte // of the last chunk
	free   [arenaClasses][][]byte
}

const (
	arenaChunk = 4 << 20
	// arenaClasses are the sizes from minBlock to arenaChunk.
	arenaClasses = 14
)

// class returns the class of blocks of at least n bytes, and their size.
func (a *arena) class(n int) (class, size int) {
	class = bits.Len(uint((n - 1) / minBlock))
	return class, minBlock << class
}

// block returns an empty block with room for n bytes, at most arenaChunk.
func (a *arena) block(n int) []byte {
	class, size := a.class(n)
	if last := len(a.free[class]) - 1; last >= 0 {
		b := a.free[class][last]
		a.free[class] = a.free[class][:last]
		return b
	}
	if len(a.rest) < size {
		a.keep()
		a.rest = newChunk(arenaChunk)
		a.chunks = append(a.chunks, a.rest)
	}
	b := a.rest[:0:size]
	a.rest = a.rest[size:]
	return b
}

// keep makes blocks of what is left of a chunk.
func (a *arena) keep() {
	for class := arenaClasses - 1; class >= 0; class-- {
		for size := minBlock << class; len(a.rest) >= size; a.rest = a.rest[size:] {
			a.free[class] = append(a.free[class], a.rest[:0:size])
		}
	}
}

// put takes a block back.
func (a *arena) put(b []byte) {
	class, _ := a.class(cap(b))
	a.free[class] = append(a.free[class], b[:0])
}

// close gives the memory to the system. No block may be used after it.
func (a *arena) close() {
	for _, c := range a.chunks {
		freeChunk(c)
	}
	*a = arena{}
}
