package summary

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// Scores, from 0 to 1, are counted exactly while there are few distinct ones, and beyond that
// on bins that are always the same. A bin is as wide as a share of min(s, 1-s), so that scores
// near 0 are told apart as well as those near 1: which is what the logarithms of scores and
// rare classes ask for. Bins follow from the bits of floating-point numbers, so that no
// logarithm is computed: an octave, the numbers from one power of 2 to the next, has 1024 fine
// bins. Exactly 0, exactly 1/2 and exactly 1 have bins of their own, and so have what lies
// within 2^-50 of 0 and of 1: logarithms are cut off beyond 1e-15.
const (
	fineBits     = 10 // an octave has 2^10 fine bins
	fineInOctave = 1 << fineBits
	// leastOctave is the exponent of the least octave with bins of its own.
	leastOctave = -50
	// The octaves of a side are numbered: 0 has the scores below all others, in two bins, and
	// the last one has 1/2 alone.
	octavesOfSide = -leastOctave + 1
	// firstKey is the number of the first fine bin of octave 0, if it were one like all others.
	firstKey = (1023 + leastOctave - 1) << fineBits
	// tinyBin is the bin of octave 0 that has all scores but 0.
	tinyBin = fineInOctave / 2
	// upperSide is how much is added to the number of the bin of 1-s for that of s.
	upperSide = octavesOfSide * fineInOctave

	signBit = 1 << 63 // which -0 has, that is 0

	// WholeScores bounds the distinct scores of all rows that are kept exactly, GroupScores
	// those of a version or segment, whose bins beyond are 8 times as wide.
	WholeScores = 32_768
	GroupScores = 1024
	groupDrop   = 3
)

// scoreBin is what a table keeps of a bin: rows by class, and the sum of the places of their
// scores between the bin's ends, counted from the one nearer to 0 or 1.
type scoreBin struct {
	n     [classCells]int64
	place place
}

// scoreSlot is what a table keeps of an exact score.
type scoreSlot struct {
	key uint64 // the score's bits, and 1 more; 0 of a free slot
	n   [classCells]int64
}

// scoreTable counts rows by their score and by a number below classCells. It is a function of
// the multiset of rows alone.
type scoreTable struct {
	limit    int  // of exact scores
	drop     uint // how many powers of 2 wider its bins are than fine ones
	weighted bool

	slots       []scoreSlot // while exact; their number is a power of 2
	slotWeights [][classCells]weight
	used        int

	octaves []octave // beyond; of both sides
}

// octave is the bins of an octave, nil while they have no rows.
type octave struct {
	bins    []scoreBin
	weights [][classCells]weight // nil without weights
}

// newScoreTable returns a table of no rows, of the whole or of a group.
func newScoreTable(whole bool) *scoreTable {
	if whole {
		return &scoreTable{limit: WholeScores}
	}
	return &scoreTable{limit: GroupScores, drop: groupDrop}
}

// fineBin returns the number of the fine bin of a score, and the bits of its distance from 0
// or 1, whichever is nearer.
func fineBin(score float64) (bin uint32, distance uint64) {
	// Both are exact, and there is no branch that chance would have to be right about.
	distance = math.Float64bits(min(score, 1-score)) &^ signBit
	upper := uint32(math.Float64bits(0.5-score) >> 63)
	key := distance >> (52 - fineBits)
	if key < firstKey+fineInOctave {
		key = firstKey
		if distance != 0 {
			key += tinyBin
		}
	}
	return uint32(key-firstKey) + upper*upperSide, distance
}

// placeIn returns the place of a score in its bin, in units of 2^-placeBits of the width.
func placeIn(bin uint32, distance uint64, drop uint) uint64 {
	if bin%upperSide < fineInOctave {
		return uint64(math.Ldexp(math.Float64frombits(distance), placeBits-leastOctave))
	}
	return distance << (64 - 52 + fineBits - drop) >> (64 - placeBits)
}

// add counts rows by their scores and classes; weights are nil where there are none.
func (t *scoreTable) add(scores []float64, classes []uint8, weights []float64) {
	if weights != nil {
		t.weigh()
	}
	exact := 0
	if t.octaves == nil {
		exact = t.addExact(scores, classes, weights)
	}
	if weights != nil {
		weights = weights[exact:]
	}
	t.addBinned(scores[exact:], classes[exact:], weights)
}

// addExact counts rows as long as they have few distinct scores, and returns how many those
// are. When they have too many the table has bins.
func (t *scoreTable) addExact(scores []float64, classes []uint8, weights []float64) int {
	for i, score := range scores {
		at := t.slotOf(math.Float64bits(score) &^ signBit)
		if at < 0 {
			return i
		}
		class := classes[i] % classCells
		t.slots[at].n[class]++
		if t.weighted {
			t.slotWeights[at][class].add(rowWeight(weights, i))
		}
	}
	return len(scores)
}

// rowWeight returns the weight of a row, 1 where there are none.
func rowWeight(weights []float64, i int) weight {
	if weights == nil {
		return weightOf(1)
	}
	return weightOf(weights[i])
}

// slotOf returns the slot of a score, which it makes where there is none, and -1 when there are
// too many: the table then has bins.
func (t *scoreTable) slotOf(score uint64) int {
	key := score + 1
	for {
		if n := len(t.slots); n > 0 {
			i := int(key * 0x9e3779b97f4a7c15 >> uint(bits.LeadingZeros64(uint64(n))+1))
			for t.slots[i].key != key && t.slots[i].key != 0 {
				i = (i + 1) & (n - 1)
			}
			if t.slots[i].key == key {
				return i
			}
			if t.used == t.limit {
				t.toBins()
				return -1
			}
			if 2*t.used < n {
				t.slots[i].key = key
				t.used++
				return i
			}
		}
		t.grow()
	}
}

// grow makes twice as many slots.
func (t *scoreTable) grow() {
	old, oldWeights := t.slots, t.slotWeights
	t.slots, t.used = make([]scoreSlot, max(64, 2*len(old))), 0
	if t.weighted {
		t.slotWeights = make([][classCells]weight, len(t.slots))
	}
	for i, s := range old {
		if s.key == 0 {
			continue
		}
		at := t.slotOf(s.key - 1)
		t.slots[at].n = s.n
		if t.weighted {
			t.slotWeights[at] = oldWeights[i]
		}
	}
}

// weigh has the rows so far count 1 each where weights come in.
func (t *scoreTable) weigh() {
	if t.weighted {
		return
	}
	t.weighted = true
	t.slotWeights = make([][classCells]weight, len(t.slots))
	for i := range t.slots {
		copy(t.slotWeights[i][:], unitWeights(t.slots[i].n[:]))
	}
	for i := range t.octaves {
		o := &t.octaves[i]
		o.weights = make([][classCells]weight, len(o.bins))
		for k := range o.bins {
			copy(o.weights[k][:], unitWeights(o.bins[k].n[:]))
		}
	}
}

// toBins counts on bins what was counted by score.
func (t *scoreTable) toBins() {
	slots, weights := t.slots, t.slotWeights
	t.slots, t.slotWeights, t.used = nil, nil, 0
	t.octaves = make([]octave, 2*octavesOfSide)
	for i := range slots {
		if slots[i].key == 0 {
			continue
		}
		var w *[classCells]weight
		if t.weighted {
			w = &weights[i]
		}
		t.addScore(slots[i].key-1, &slots[i].n, w)
	}
}

// addScore counts rows of one score on bins.
func (t *scoreTable) addScore(score uint64, n *[classCells]int64, weights *[classCells]weight) {
	bin, distance := fineBin(math.Float64frombits(score))
	b, w := t.bin(bin)
	var rows int64
	for k := range n {
		b.n[k] += n[k]
		rows += n[k]
		if weights != nil {
			w[k].add(weights[k])
		}
	}
	b.place.addTimes(placeIn(bin, distance, t.drop), uint64(rows))
}

// bin returns the bin that a fine bin lies in, and its weights where there are some.
func (t *scoreTable) bin(fine uint32) (*scoreBin, *[classCells]weight) {
	o := &t.octaves[fine>>fineBits]
	if o.bins == nil {
		o.bins = make([]scoreBin, fineInOctave>>t.drop)
		if t.weighted {
			o.weights = make([][classCells]weight, len(o.bins))
		}
	}
	at := fine % fineInOctave >> t.drop
	if !t.weighted {
		return &o.bins[at], nil
	}
	return &o.bins[at], &o.weights[at]
}

// addBinned counts rows on bins.
func (t *scoreTable) addBinned(scores []float64, classes []uint8, weights []float64) {
	for i, score := range scores {
		fine, distance := fineBin(score)
		b, w := t.bin(fine)
		class := classes[i] % classCells
		b.n[class]++
		b.place.merge(place{0, placeIn(fine, distance, t.drop)})
		if w != nil {
			w[class].add(rowWeight(weights, i))
		}
	}
}

// mergeFrom counts all that o counts, which has the same limit.
func (t *scoreTable) mergeFrom(o *scoreTable) {
	if o.weighted {
		t.weigh()
	}
	if o.octaves != nil && t.octaves == nil {
		t.toBins()
	}
	for i := range o.slots {
		if s := &o.slots[i]; s.key != 0 {
			t.addSlot(s, o.weightsOf(o.slotWeights, i, &s.n, t.weighted))
		}
	}
	o.eachBin(func(fine uint32, from *scoreBin, weights *[classCells]weight) {
		b, w := t.bin(fine)
		b.place.merge(from.place)
		for c := range b.n {
			b.n[c] += from.n[c]
		}
		if w == nil {
			return
		}
		if weights == nil {
			weights = (*[classCells]weight)(unitWeights(from.n[:]))
		}
		for c := range w {
			w[c].add(weights[c])
		}
	})
}

// weightsOf returns the weights of some rows; nil where none are wanted.
func (t *scoreTable) weightsOf(weights [][classCells]weight, i int, n *[classCells]int64, wanted bool) *[classCells]weight {
	switch {
	case t.weighted:
		return &weights[i]
	case wanted:
		return (*[classCells]weight)(unitWeights(n[:]))
	}
	return nil
}

// eachBin calls fn with the bins that have rows, and the number of the first fine bin of each;
// weights are nil where there are none. An exact table has none.
func (t *scoreTable) eachBin(fn func(fine uint32, b *scoreBin, w *[classCells]weight)) {
	for i := range t.octaves {
		o := &t.octaves[i]
		for k := range o.bins {
			if b := &o.bins[k]; b.n != [classCells]int64{} {
				fn(uint32(i<<fineBits+k<<t.drop), b, t.weightsOf(o.weights, k, &b.n, false))
			}
		}
	}
}

// each calls fn with what is counted, exactly or on bins, and a fine bin that it is in.
func (t *scoreTable) each(fn func(fine uint32, n *[classCells]int64, w *[classCells]weight)) {
	for i := range t.slots {
		if s := &t.slots[i]; s.key != 0 {
			fine, _ := fineBin(math.Float64frombits(s.key - 1))
			fn(fine, &s.n, t.weightsOf(t.slotWeights, i, &s.n, false))
		}
	}
	t.eachBin(func(fine uint32, b *scoreBin, w *[classCells]weight) { fn(fine, &b.n, w) })
}

// bytes returns roughly how much memory the table takes; 0 of nil.
func (t *scoreTable) bytes() int64 {
	if t == nil {
		return 0
	}
	n := int64(len(t.slots))*40 + int64(len(t.slotWeights))*192
	for i := range t.octaves {
		n += int64(len(t.octaves[i].bins))*48 + int64(len(t.octaves[i].weights))*192
	}
	return n
}

// addSlot counts rows of one score.
func (t *scoreTable) addSlot(s *scoreSlot, weights *[classCells]weight) {
	at := -1
	if t.octaves == nil {
		at = t.slotOf(s.key - 1)
	}
	if at < 0 {
		t.addScore(s.key-1, &s.n, weights)
		return
	}
	for k := range s.n {
		t.slots[at].n[k] += s.n[k]
		if weights != nil {
			t.slotWeights[at][k].add(weights[k])
		}
	}
}

// cells returns what is counted, by ascending score.
func (t *scoreTable) cells() []ScoreCell {
	out := make([]ScoreCell, 0, t.used)
	for i := range t.slots {
		if s := &t.slots[i]; s.key != 0 {
			score := math.Float64frombits(s.key - 1)
			out = append(out, ScoreCell{score, score, score, masses(&s.n, t.weightsOf(t.slotWeights, i, &s.n, false))})
		}
	}
	t.eachBin(func(fine uint32, b *scoreBin, w *[classCells]weight) {
		low, mean, high := b.ends(fine, t.drop)
		out = append(out, ScoreCell{mean, low, high, masses(&b.n, w)})
	})
	slices.SortFunc(out, func(a, b ScoreCell) int { return cmp.Or(cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High)) })
	return out
}

// masses returns rows by actual and predicted class.
func masses(n *[classCells]int64, weights *[classCells]weight) (out [2][2]Mass) {
	for k := range n {
		var w *weight
		if weights != nil {
			w = &weights[k]
		}
		out[k>>1][k&1] = massOf(n[k], w)
	}
	return out
}

// ends returns the limits of a bin, of which a fine one is the first, and the mean of its
// scores.
func (b *scoreBin) ends(fine uint32, drop uint) (low, mean, high float64) {
	upper, at := fine >= upperSide, fine%upperSide
	switch {
	case at >= fineInOctave:
		low = math.Float64frombits((uint64(at) + firstKey) << (52 - fineBits))
		high = math.Float64frombits((uint64(at) + firstKey + 1<<drop) << (52 - fineBits))
	case at > 0:
		high = math.Ldexp(1, leastOctave)
	}
	if low == 0.5 {
		high = low
	}
	var rows int64
	for _, n := range b.n {
		rows += n
	}
	mean = low + float64(b.place.float64()/float64(rows)*(high-low))
	mean = min(max(mean, low), high)
	if upper {
		return 1 - high, 1 - mean, 1 - low
	}
	return low, mean, high
}
