package summary

import "math/bits"

// blocks finds the time block floor(NumBlocks (t-start) / (end-start)), kept within
// the blocks.
type blocks struct {
	start, end int64
	scale      float64          // blocks in a nanosecond
	first      [NumBlocks]int64 // the first nanosecond of each block
}

func newBlocks(start, end int64) *blocks {
	b := &blocks{start: start, end: end, scale: NumBlocks / float64(uint64(end)-uint64(start))}
	for i := range b.first {
		// The least t with NumBlocks (t-start) >= i (end-start).
		high, low := bits.Mul64(uint64(i), uint64(end)-uint64(start))
		low, carry := bits.Add64(low, NumBlocks-1, 0)
		q, _ := bits.Div64(high+carry, low, NumBlocks)
		b.first[i] = start + int64(q)
	}
	return b
}

func (b *blocks) find(t int64) int {
	switch {
	case t <= b.start:
		return 0
	case t >= b.end:
		return NumBlocks - 1
	}
	// The product may round to a neighbour.
	i := min(int(float64(uint64(t)-uint64(b.start))*b.scale), NumBlocks-1)
	for t < b.first[i] {
		i--
	}
	for i+1 < NumBlocks && t >= b.first[i+1] {
		i++
	}
	return i
}
