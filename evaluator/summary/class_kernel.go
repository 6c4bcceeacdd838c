package summary

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// classKernel counts many rows of Binary by class and score. Rows of a group are first brought
// together, so that one table after the other is worked on.
type classKernel struct {
	coarseOf [2 * octavesOfSide * coarseInOctave]uint16 // coarse bins by the number of a fine one over finePerCoarse
	rowOrder

	piece scorePiece
	all   []int32 // the numbers of the piece's rows
}

func newClassKernel() *classKernel {
	k := new(classKernel)
	for i := range k.coarseOf {
		// Exactly 0 and 1 are the first bin of these; the other bin of the octave lies further on.
		k.coarseOf[i] = uint16(coarseBin(uint32(i * finePerCoarse)))
	}
	return k
}

// load takes the matches from one row to before another.
func (k *classKernel) load(m *groundtruth.Matches, from, to int) {
	p := &k.piece
	k.loadPredicted(m.Predictions[from:to], m.Positive[from:to])
	for i, y := range m.Labels[from:to] {
		// Of the bits of 1 and 0 the 61st differs.
		p.classes[i] |= uint8(math.Float64bits(y)>>61) & 1 << 1
	}
	if m.Weights != nil {
		p.weights = m.Weights[from:to]
	}
}

// right reports whether the class of a row was predicted.
func (k *classKernel) right(row int) bool {
	const none, both = 0, 3 // of the bits of actual and predicted class
	return k.piece.classes[row] == none || k.piece.classes[row] == both
}

// loadPredicted takes rows without a label: the class of each is 1 where it is predicted to be
// of the positive class, and 0 elsewhere.
func (k *classKernel) loadPredicted(scores []float64, positive []bool) {
	p, n := &k.piece, len(positive)
	p.load(scores)
	p.weights, p.classes = nil, slices.Grow(p.classes[:0], n)[:n]
	for i, positive := range positive {
		class := uint8(0)
		if positive {
			class = 1
		}
		p.classes[i] = class
	}
	for row := len(k.all); row < n; row++ {
		k.all = append(k.all, int32(row))
	}
}

// addKeys adds the piece's rows to their groups of each key.
func (k *classKernel) addKeys(keys []key, blockOf []int32) {
	n := len(k.piece.classes)
	for i := range keys {
		groups, numbers := keys[i].groups, keys[i].numbers
		if len(groups) == 1 {
			groups[0].addClasses(&k.piece, k.all[:n], blockOf)
			continue
		}
		k.group(numbers, len(groups))
		for g, e := range groups {
			e.addClasses(&k.piece, k.rows(g), blockOf)
		}
	}
}

// addClasses adds rows of a classifier, which are of these time blocks or of none.
func (e *ErrorSums) addClasses(p *scorePiece, rows, blockOf []int32) {
	e.n += int64(len(rows))
	e.classes.add(p, rows)
	e.countRows(rows, blockOf)
}

// countRows counts rows by their time blocks, where there are some and the sums keep such counts.
func (e *ErrorSums) countRows(rows, blockOf []int32) {
	if e.byBlock == nil || blockOf == nil {
		return
	}
	for _, row := range rows {
		e.byBlock[blockOf[row]]++
	}
}

// addBlocks adds the piece's rows to their blocks, which have scores or one coarse bin.
func (k *classKernel) addBlocks(blocks []classBlock, blockOf []int32, scored bool) {
	p, coarse := &k.piece, 1
	if scored {
		coarse = coarseScores
	}
	for row, at := range blockOf {
		b := &blocks[at]
		if b.n == nil {
			b.room(coarse)
		}
		cell := int(p.classes[row])
		if scored {
			cell += int(k.coarseOf[p.fine[row]/finePerCoarse]) * classCells
		}
		if p.weights != nil {
			b.weigh()
		}
		b.n[cell]++
		if b.weights != nil {
			b.weights[cell].add(p.weight(int32(row)))
		}
	}
}

// addPredicted counts a batch of predictions.
func (k *classKernel) addPredicted(to *classCounts, b *groundtruth.Batch) {
	if b.Positive == nil {
		return // a reference may have no predictions
	}
	for from := 0; from < b.Len; from += kernelRows {
		upto := min(from+kernelRows, b.Len)
		k.loadPredicted(b.Predictions[from:upto], b.Positive[from:upto])
		to.add(&k.piece, k.all[:upto-from])
	}
}
