package summary

import (
	"cmp"
	"slices"
)

const (
	// maxSizes bounds the cells that have rows.
	maxSizes     = 32
	sizeSlotBits = 7
	sizeSlots    = 1 << sizeSlotBits
)

// sizes sums the errors of matched rows of a regression by the cell of their prediction, on the
// finest grid of which at most maxSizes cells have rows.
type sizes struct {
	grid
	cells []int32               // those that have rows, in no order
	sums  []plainSums           // of each
	slots [sizeSlots]sizeOfCell // an open hash table
}

// sizeOfCell says which of sizes.cells one is: one more than its index, 0 marks a free slot.
type sizeOfCell struct{ cell, size int32 }

func newSizes() *sizes { return &sizes{grid: newGrid()} }

// add adds the rows of a kernel's piece.
func (s *sizes) add(k *errorKernel) {
	predictions := k.piece.predictions
	s.raise(levelOf(greatestOf(predictions)))
	k.sizeOf = zeroed(k.sizeOf, len(predictions))
	for !s.find(k.sizeOf, predictions) {
		s.raise(s.level + 1)
	}
	k.addPlain(k.sizeOf, s.sums)
}

// find sets which of the cells each prediction is of. It reports false where there would be too
// many cells.
func (s *sizes) find(of []int32, predictions []float64) bool {
	g := s.grid
	for i, p := range predictions {
		cell := g.cell(p)
		if slot := s.slots[slotOfSize(cell)]; slot.cell == cell && slot.size != 0 {
			of[i] = slot.size - 1
			continue
		}
		size, ok := s.sizeOf(cell)
		if !ok {
			return false
		}
		of[i] = size
	}
	return true
}

// slotOfSize returns the slot where the search for a cell begins.
func slotOfSize(cell int32) uint32 { return uint32(cell) * 0x9e3779b9 >> (32 - sizeSlotBits) }

// sizeOf returns which of the cells one is, and makes it one of them as long as there are few.
func (s *sizes) sizeOf(cell int32) (size int32, ok bool) {
	at := slotOfSize(cell)
	for s.slots[at].size != 0 && s.slots[at].cell != cell {
		at = (at + 1) % sizeSlots
	}
	if s.slots[at].size == 0 {
		if len(s.cells) == maxSizes {
			return 0, false
		}
		s.cells, s.sums = append(s.cells, cell), append(s.sums, plainSums{})
		s.slots[at] = sizeOfCell{cell, int32(len(s.cells))}
	}
	return s.slots[at].size - 1, true
}

// raise makes the grid as coarse as a level.
func (s *sizes) raise(level int) {
	if level <= s.level {
		return
	}
	by, cells, sums := level-s.level, s.cells, s.sums
	s.grid, s.cells, s.sums, s.slots = gridOf(level), nil, nil, [sizeSlots]sizeOfCell{}
	for i, cell := range cells {
		size, _ := s.sizeOf(cell >> by) // no more than before
		s.sums[size].mergeFrom(&sums[i])
	}
}

// mergeFrom adds what o has.
func (s *sizes) mergeFrom(o *sizes) {
	s.raise(o.level)
	for i, cell := range o.cells {
		size, ok := s.sizeOf(cell >> (s.level - o.level))
		for !ok {
			s.raise(s.level + 1)
			size, ok = s.sizeOf(cell >> (s.level - o.level))
		}
		s.sums[size].mergeFrom(&o.sums[i])
	}
}

// sorted returns the indices of the cells in their order.
func (s *sizes) sorted() []int {
	out := make([]int, len(s.cells))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int { return cmp.Compare(s.cells[a], s.cells[b]) })
	return out
}

// bytes returns how much memory it takes; 0 of nil.
func (s *sizes) bytes() int64 {
	if s == nil {
		return 0
	}
	return plainBytes(s.sums)
}
