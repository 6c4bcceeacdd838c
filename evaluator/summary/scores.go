package summary

import (
	"math"
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

// scoreTable counts rows by their score and by a number below classCells. It is a function of
// the multiset of rows alone.
type scoreTable struct {
	limit    int  // of exact scores
	drop     uint // how many powers of 2 wider its bins are than fine ones
	weighted bool

	exact exactScores
	bins  *binnedScores // nil while exact
	// recent is how many rows were added that the counts of scores and bins don't have yet: they
	// are in less memory, which the nearest cache has room for.
	recent int
}

// maxRecent bounds recent rows, so that the places of theirs, each below 2^placeBits, fit a
// word.
const maxRecent = 1<<(64-placeBits) - 1

// recentRows are rows by class.
type recentRows [classCells]uint32

// moveTo adds the rows to counts, and forgets them.
func (r *recentRows) moveTo(n *[classCells]int64) {
	for k := range r {
		n[k] += int64(r[k])
	}
	*r = recentRows{}
}

// newScoreTable returns a table of no rows, of the whole or of a group.
func newScoreTable(whole bool) *scoreTable {
	if whole {
		return &scoreTable{limit: WholeScores}
	}
	return &scoreTable{limit: GroupScores, drop: groupDrop}
}

// fresh returns a table of no rows that t can be merged into, nil of nil.
func (t *scoreTable) fresh() *scoreTable {
	if t == nil {
		return nil
	}
	return &scoreTable{limit: t.limit, drop: t.drop}
}

// fineBin returns the number of the fine bin of a score, and the score's place in it, counted
// from 0 or 1, whichever is nearer, in units of 2^-placeBits of the width.
func fineBin(score float64) (bin uint32, place uint64) {
	// Both are exact, and there is no branch that chance would have to be right about.
	distance := math.Float64bits(min(score, 1-score)) &^ signBit
	upper := uint32(math.Float64bits(0.5-score) >> 63 * upperSide)
	key := distance >> (52 - fineBits)
	if key < firstKey+fineInOctave {
		if distance == 0 {
			return upper, 0
		}
		return tinyBin + upper, uint64(math.Ldexp(math.Float64frombits(distance), placeBits-leastOctave))
	}
	return uint32(key-firstKey) + upper, distance << (64 - 52 + fineBits) >> (64 - placeBits)
}

// placeIn returns the place in a bin of 2^drop fine ones of what is in one of them. Of a bin that
// stands alone its width is taken for as much wider.
func placeIn(fine uint32, place uint64, drop uint) uint64 {
	return (uint64(fine)&(1<<drop-1)<<placeBits | place) >> drop
}

// scorePiece is some rows of Binary, by their numbers.
type scorePiece struct {
	scores  []float64
	fine    []uint32 // as fineBin has them
	places  []uint64
	classes []uint8   // below classCells
	weights []float64 // nil where there are none
}

// load takes rows' scores.
func (p *scorePiece) load(scores []float64) {
	n := len(scores)
	p.scores, p.fine, p.places = scores, slices.Grow(p.fine[:0], n)[:n], slices.Grow(p.places[:0], n)[:n]
	for i, score := range scores {
		p.fine[i], p.places[i] = fineBin(score)
	}
}

// weight returns the weight of a row.
func (p *scorePiece) weight(row int32) weight { return rowWeight(p.weights, row) }

// rowWeight returns the weight of a row, 1 where there are none.
func rowWeight(weights []float64, row int32) weight {
	if weights == nil {
		return unitWeight(1)
	}
	return weightOf(weights[row])
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

// add counts some rows of a piece. scoreTable.settle makes them known.
func (t *scoreTable) add(p *scorePiece, rows []int32) {
	if p.weights != nil {
		t.weigh()
	}
	for len(rows) > 0 {
		part := rows[:min(len(rows), maxRecent-t.recent)]
		if t.bins == nil {
			part = part[:t.exact.add(p, part, t.limit)]
		} else {
			t.bins.add(p, part)
		}
		if t.weighted {
			t.addWeights(p, part)
		}
		t.recent += len(part)
		rows = rows[len(part):]
		switch {
		case t.recent == maxRecent:
			t.settle()
		case t.bins == nil && len(rows) > 0:
			t.toBins() // a row's score did not fit
		}
	}
}

// addWeights adds the weights of rows that were counted.
func (t *scoreTable) addWeights(p *scorePiece, rows []int32) {
	for _, row := range rows {
		var w *[classCells]weight
		if t.bins == nil {
			w = &t.exact.weights[t.exact.find(p.scores[row])]
		} else {
			_, w = t.bins.at(p.fine[row])
		}
		w[p.classes[row]%classCells].add(p.weight(row))
	}
}

// settle brings recent rows into the counts.
func (t *scoreTable) settle() {
	if t.recent == 0 {
		return // many may read at once what is settled
	}
	t.recent = 0
	t.exact.settle()
	if t.bins != nil {
		t.bins.settle()
	}
}

// seal settles a table that no rows are added to any more.
func (t *scoreTable) seal() {
	t.settle()
	if t.bins != nil {
		t.bins.release()
	}
}

// weigh has the rows so far count 1 each where weights come in.
func (t *scoreTable) weigh() {
	if t.weighted {
		return
	}
	t.settle()
	t.weighted = true
	t.exact.weigh()
	if t.bins != nil {
		t.bins.weigh()
	}
}

// toBins counts on bins what was counted by score.
func (t *scoreTable) toBins() {
	t.settle()
	old := t.exact
	t.exact, t.bins = exactScores{}, newBinnedScores(t.drop)
	t.bins.weighted = t.weighted
	old.each(func(score uint64, n *[classCells]int64, w *[classCells]weight) { t.bins.addScore(score, n, w) })
}

// addScore counts rows of one score, by its bits, with their weights where the table has some.
func (t *scoreTable) addScore(score uint64, n *[classCells]int64, w *[classCells]weight) {
	if t.bins == nil && t.exact.addScore(score, n, w, t.limit) {
		return
	}
	if t.bins == nil {
		t.toBins()
	}
	t.bins.addScore(score, n, w)
}

// mergeFrom counts all that o counts, which has the same limit. Both are settled.
func (t *scoreTable) mergeFrom(o *scoreTable) {
	if o.weighted {
		t.weigh()
	}
	if o.bins != nil && t.bins == nil {
		t.toBins()
	}
	o.exact.each(func(score uint64, n *[classCells]int64, w *[classCells]weight) {
		if t.weighted && w == nil {
			w = unitCells(n)
		}
		t.addScore(score, n, w)
	})
	if o.bins == nil {
		return
	}
	o.bins.each(func(fine uint32, from *scoreBin, w *[classCells]weight) {
		if t.weighted && w == nil {
			w = unitCells(&from.n)
		}
		t.bins.addBin(fine, from, w)
	})
}

// each calls fn with what is counted, exactly or on bins, and a fine bin that it is in; weights
// are nil where there are none.
func (t *scoreTable) each(fn func(fine uint32, n *[classCells]int64, w *[classCells]weight)) {
	t.exact.each(func(score uint64, n *[classCells]int64, w *[classCells]weight) {
		fine, _ := fineBin(math.Float64frombits(score))
		fn(fine, n, w)
	})
	if t.bins != nil {
		t.bins.each(func(fine uint32, b *scoreBin, w *[classCells]weight) { fn(fine, &b.n, w) })
	}
}

// cells returns what is counted, by ascending score.
func (t *scoreTable) cells() []ScoreCell {
	if t.bins == nil {
		return t.exact.cells()
	}
	var out []ScoreCell
	lower := 0
	t.bins.each(func(fine uint32, b *scoreBin, w *[classCells]weight) {
		low, mean, high := b.ends(fine, t.drop)
		out = append(out, ScoreCell{mean, low, high, masses(&b.n, w)})
		if fine < upperSide {
			lower = len(out)
		}
	})
	slices.Reverse(out[lower:]) // which go away from 1
	return out
}

// bytes returns roughly how much memory the table takes; 0 of nil.
func (t *scoreTable) bytes() int64 {
	switch {
	case t == nil:
		return 0
	case t.bins == nil:
		return int64(len(t.exact.slots))*(slotSize+8*classCells) + int64(len(t.exact.weights))*classCells*weightSize
	}
	return t.bins.bytes()
}
