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

	classes         []uint8 // of the piece's rows
	scores, weights []float64
	picked          struct {
		scores, weights []float64
		classes         []uint8
	}
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
	k.loadPredicted(m.Positive[from:to])
	for i, y := range m.Labels[from:to] {
		// Of the bits of 1 and 0 the 61st differs.
		k.classes[i] |= uint8(math.Float64bits(y)>>61) & 1 << 1
	}
	k.scores, k.weights = m.Predictions[from:to], nil
	if m.Weights != nil {
		k.weights = m.Weights[from:to]
	}
}

// loadPredicted sets the class of each row to 1 where it is predicted to be of the positive
// class, and to 0 elsewhere.
func (k *classKernel) loadPredicted(positive []bool) {
	k.classes = slices.Grow(k.classes[:0], len(positive))[:len(positive)]
	for i, p := range positive {
		class := uint8(0)
		if p {
			class = 1
		}
		k.classes[i] = class
	}
}

// addKeys adds the piece's rows to their groups of each key.
func (k *classKernel) addKeys(keys []key, blockOf []int32) {
	scores, weights := k.scores, k.weights
	for i := range keys {
		groups, numbers := keys[i].groups, keys[i].numbers
		if len(groups) == 1 {
			groups[0].addClasses(scores, k.classes, weights)
			groups[0].countRows(blockOf, nil)
			continue
		}
		k.group(numbers, len(groups))
		for g, e := range groups {
			rows := k.rows(g)
			p := &k.picked
			p.scores, p.classes = p.scores[:0], p.classes[:0]
			for _, row := range rows {
				p.scores, p.classes = append(p.scores, scores[row]), append(p.classes, k.classes[row])
			}
			var w []float64
			if weights != nil {
				p.weights = p.weights[:0]
				for _, row := range rows {
					p.weights = append(p.weights, weights[row])
				}
				w = p.weights
			}
			e.addClasses(p.scores, p.classes, w)
			e.countRows(blockOf, rows)
		}
	}
}

// addClasses adds rows of a classifier.
func (e *ErrorSums) addClasses(scores []float64, classes []uint8, weights []float64) {
	e.n += int64(len(classes))
	e.classes.whole.addAll(classes, weights)
	if e.classes.scores != nil {
		e.classes.scores.add(scores, classes, weights)
	}
}

// countRows counts some rows, nil for all, by time block, where the sums keep such counts.
func (e *ErrorSums) countRows(blockOf, rows []int32) {
	switch {
	case e.byBlock == nil:
	case rows == nil:
		for _, b := range blockOf {
			e.byBlock[b]++
		}
	case blockOf != nil:
		for _, row := range rows {
			e.byBlock[blockOf[row]]++
		}
	}
}

// addBlocks adds the piece's rows to their blocks, which have scores or one coarse bin.
func (k *classKernel) addBlocks(blocks []classBlock, blockOf []int32, scored bool) {
	scores, weights := k.scores, k.weights
	coarse := 1
	if scored {
		coarse = coarseScores
	}
	for i, at := range blockOf {
		b := &blocks[at]
		if b.n == nil {
			b.room(coarse)
		}
		cell := int(k.classes[i])
		if scored {
			fine, _ := fineBin(scores[i])
			cell += int(k.coarseOf[fine/finePerCoarse]) * classCells
		}
		b.n[cell]++
		if weights != nil || b.weights != nil {
			b.addWeight(cell, rowWeight(weights, i))
		}
	}
}

// addAll adds rows by class, of a block of one coarse bin.
func (b *classBlock) addAll(classes []uint8, weights []float64) {
	var predicted, actual, both int64
	for _, class := range classes {
		c := int64(class)
		predicted += c & 1
		actual += c >> 1
		both += c & (c >> 1)
	}
	if weights != nil || b.weights != nil {
		b.weigh()
		for i, class := range classes {
			b.weights[class%classCells].add(rowWeight(weights, i))
		}
	}
	b.n[3] += both
	b.n[2] += actual - both
	b.n[1] += predicted - both
	b.n[0] += int64(len(classes)) - actual - predicted + both
}

// predictionsSide counts predictions of Binary, with and without a label.
type predictionsSide struct {
	whole  classBlock  // actual is 0
	scores *scoreTable // nil without scores
}

func newPredictionsSide(task groundtruth.Task, o BinaryOptions) *predictionsSide {
	if task != groundtruth.Binary {
		return nil
	}
	p := new(predictionsSide)
	p.whole.room(1)
	if o.Scored {
		p.scores = newScoreTable(true)
	}
	return p
}

func (p *predictionsSide) add(k *classKernel, b *groundtruth.Batch) {
	if b.Positive == nil {
		return
	}
	k.loadPredicted(b.Positive[:b.Len])
	p.whole.addAll(k.classes, nil)
	if p.scores != nil {
		p.scores.add(b.Predictions[:b.Len], k.classes, nil)
	}
}

func (p *predictionsSide) bytes() int64 { return p.whole.bytes() + p.scores.bytes() }

func (p *predictionsSide) mergeFrom(o *predictionsSide) {
	p.whole.mergeFrom(&o.whole)
	if p.scores != nil {
		p.scores.mergeFrom(o.scores)
	}
}
