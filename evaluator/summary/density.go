package summary

import (
	"cmp"
	"slices"
)

const (
	// maxDensityCells bounds the cells that have rows. The table has twice as many slots.
	maxDensityCells  = 1024
	densitySlotBits  = 11
	densitySlots     = 1 << densitySlotBits
	densitySlotBytes = 16
)

// density counts matched rows of a regression by the cells of their prediction and of their
// label, on one grid for both: the finest at which at most maxDensityCells have rows.
type density struct {
	grid
	used  int
	slots []densitySlot // an open hash table; nil without rows
}

// densitySlot counts the rows of a pair of cells; without rows it is free.
type densitySlot struct {
	key uint64
	n   int64
}

// densityKey makes one number of the cells of a prediction and a label.
func densityKey(prediction, label int32) uint64 {
	return uint64(uint32(prediction))<<32 | uint64(uint32(label))
}

// cells returns the cells of the prediction and of the label.
func (s densitySlot) cells() (prediction, label int32) { return int32(s.key >> 32), int32(s.key) }

func newDensity() *density { return &density{grid: newGrid()} }

// add counts rows.
func (d *density) add(predictions, labels []float64) {
	labels = labels[:len(predictions)]
	d.raise(levelOf(max(greatestOf(predictions), greatestOf(labels))))
	g := d.grid
	for i, p := range predictions {
		key := densityKey(g.cell(p), g.cell(labels[i]))
		if len(d.slots) == densitySlots {
			if s := &d.slots[slotOfDensity(key)]; s.key == key && s.n != 0 {
				s.n++
				continue
			}
		}
		d.insert(key, 1)
		g = d.grid
	}
}

// slotOfDensity returns the slot where the search for a key begins.
func slotOfDensity(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - densitySlotBits) }

// insert counts rows of a key of the present level.
func (d *density) insert(key uint64, n int64) {
	if d.slots == nil {
		d.slots = make([]densitySlot, densitySlots)
	}
	for {
		at := slotOfDensity(key)
		for d.slots[at].n != 0 && d.slots[at].key != key {
			at = (at + 1) % densitySlots
		}
		switch s := &d.slots[at]; {
		case s.n != 0:
			s.n += n
			return
		case d.used < maxDensityCells:
			s.key, s.n = key, n
			d.used++
			return
		}
		d.raise(d.level + 1)
		key = raised(key, 1)
	}
}

// raised returns the key so many levels above.
func raised(key uint64, levels int) uint64 {
	prediction, label := densitySlot{key: key}.cells()
	return densityKey(prediction>>levels, label>>levels)
}

// raise makes the grid as coarse as a level.
func (d *density) raise(level int) {
	if level <= d.level {
		return
	}
	by, old := level-d.level, d.slots
	d.grid, d.used, d.slots = gridOf(level), 0, nil
	for _, s := range old {
		if s.n != 0 {
			d.insert(raised(s.key, by), s.n)
		}
	}
}

// mergeFrom adds what o has.
func (d *density) mergeFrom(o *density) {
	d.raise(o.level)
	for _, s := range o.slots {
		if s.n != 0 {
			d.insert(raised(s.key, d.level-o.level), s.n)
		}
	}
}

// sorted returns the slots that have rows, by the cell of the prediction and then of the label.
func (d *density) sorted() []densitySlot {
	out := make([]densitySlot, 0, d.used)
	for _, s := range d.slots {
		if s.n != 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, compareDensitySlots)
	return out
}

func compareDensitySlots(a, b densitySlot) int {
	ap, al := a.cells()
	bp, bl := b.cells()
	return cmp.Or(cmp.Compare(ap, bp), cmp.Compare(al, bl))
}

// bytes returns how much memory it takes; 0 of nil.
func (d *density) bytes() int64 {
	if d == nil {
		return 0
	}
	return int64(len(d.slots)) * densitySlotBytes
}
