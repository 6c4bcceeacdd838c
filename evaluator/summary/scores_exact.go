package summary

import (
	"math"
	"math/bits"
	"slices"
)

// exactScores counts rows by score: a table of scores by their bits.
type exactScores struct {
	slots   []scoreSlot // their number is a power of 2
	n       [][classCells]int64
	weights [][classCells]weight // nil without weights
	used    int

	weighted bool
}

// scoreSlot is a score and its recent rows.
type scoreSlot struct {
	key    uint64 // the score's bits, and 1 more; 0 of a free slot
	recent recentRows
}

const slotSize = 24 // bytes of a scoreSlot

// first returns the slot where a key is looked for first.
func (x *exactScores) first(key uint64) int {
	mask := len(x.slots) - 1
	return int(key*0x9e3779b97f4a7c15>>(bits.LeadingZeros64(uint64(mask))&63)) & mask
}

// slotOf returns the slot of a score's key, or the free one where it belongs.
func (x *exactScores) slotOf(key uint64) int {
	i, mask := x.first(key), len(x.slots)-1
	for x.slots[i].key != key && x.slots[i].key != 0 {
		i = (i + 1) & mask
	}
	return i
}

// find returns the slot of a score that is there.
func (x *exactScores) find(score float64) int { return x.slotOf(math.Float64bits(score)&^signBit + 1) }

// add counts rows as long as there are at most limit distinct scores, and returns how many it
// has counted.
func (x *exactScores) add(p *scorePiece, rows []int32, limit int) (n int) {
	if x.slots == nil {
		x.grow()
	}
	for len(rows) > 0 {
		part := rows[:min(len(rows), lookedUpAtOnce)]
		counted := x.addSome(p, part, limit)
		if n += counted; counted < len(part) {
			break
		}
		rows = rows[len(part):]
	}
	return n
}

// lookedUpAtOnce is how many rows' slots are looked at before any is counted.
const lookedUpAtOnce = 256

// addSome is add of a few rows. To look at all of their slots first, without a branch, has the
// processor fetch these together.
func (x *exactScores) addSome(p *scorePiece, rows []int32, limit int) int {
	var keys, differ [lookedUpAtOnce]uint64
	var first [lookedUpAtOnce]uint32
	for i, row := range rows {
		key := math.Float64bits(p.scores[row])&^signBit + 1
		at := x.first(key)
		keys[i], first[i], differ[i] = key, uint32(at), key^x.slots[at].key
	}
	size := len(x.slots)
	for i, row := range rows {
		at := int(first[i])
		if differ[i] != 0 || size != len(x.slots) {
			if at = x.slotOf(keys[i]); x.slots[at].key == 0 {
				if at = x.take(keys[i], at, limit); at < 0 {
					return i
				}
			}
		}
		x.slots[at].recent[p.classes[row]%classCells]++
	}
	return len(rows)
}

// take gives a free slot to a score that has none, and returns which one; below 0 where there
// are too many scores.
func (x *exactScores) take(key uint64, at, limit int) int {
	if x.used == limit {
		return -1
	}
	if 2*x.used >= len(x.slots) {
		x.grow()
		at = x.slotOf(key)
	}
	x.slots[at].key = key
	x.used++
	return at
}

// grow makes twice as many slots.
func (x *exactScores) grow() {
	old := *x
	size := max(64, 2*len(old.slots))
	x.slots, x.n = make([]scoreSlot, size), make([][classCells]int64, size)
	if old.weighted {
		x.weights = make([][classCells]weight, size)
	}
	for i, s := range old.slots {
		if s.key == 0 {
			continue
		}
		at := x.slotOf(s.key)
		x.slots[at], x.n[at] = s, old.n[i]
		if old.weighted {
			x.weights[at] = old.weights[i]
		}
	}
}

// settle brings recent rows into the counts.
func (x *exactScores) settle() {
	for i := range x.slots {
		if s := &x.slots[i]; s.recent != (recentRows{}) {
			s.recent.moveTo(&x.n[i])
		}
	}
}

// weigh has the rows so far count 1 each where weights come in.
func (x *exactScores) weigh() {
	x.weighted = true
	for i := range x.n {
		x.weights = append(x.weights, *unitCells(&x.n[i]))
	}
}

// addScore counts rows of one score, and reports false where there are too many scores.
func (x *exactScores) addScore(score uint64, n *[classCells]int64, w *[classCells]weight, limit int) bool {
	if x.slots == nil {
		x.grow()
	}
	at := x.slotOf(score + 1)
	if x.slots[at].key == 0 {
		if at = x.take(score+1, at, limit); at < 0 {
			return false
		}
	}
	addCounts(&x.n[at], n)
	if w != nil {
		addWeights(&x.weights[at], w)
	}
	return true
}

// each calls fn with the bits of each score and its rows, in no order.
func (x *exactScores) each(fn func(score uint64, n *[classCells]int64, w *[classCells]weight)) {
	for i := range x.slots {
		if x.slots[i].key == 0 {
			continue
		}
		var w *[classCells]weight
		if x.weights != nil {
			w = &x.weights[i]
		}
		fn(x.slots[i].key-1, &x.n[i], w)
	}
}

// cells returns what is counted, by ascending score.
func (x *exactScores) cells() []ScoreCell {
	keys := make([]uint64, 0, x.used)
	x.each(func(score uint64, _ *[classCells]int64, _ *[classCells]weight) { keys = append(keys, score+1) })
	slices.Sort(keys) // the bits of scores are in their order
	out := make([]ScoreCell, len(keys))
	for i, key := range keys {
		at := x.slotOf(key)
		var w *[classCells]weight
		if x.weights != nil {
			w = &x.weights[at]
		}
		s := math.Float64frombits(key - 1)
		out[i] = ScoreCell{s, s, s, masses(&x.n[at], w)}
	}
	return out
}
