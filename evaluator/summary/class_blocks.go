package summary

import "math"

// The blocks of a classifier's rows (time blocks, and days, parts of days and groups of
// entities) have counts by class on coarse bins of the score, 8 to an octave of min(s, 1-s),
// that fine bins nest in. What lies within 2^-20 of 0 or of 1 is one bin, but for exactly 0 and
// 1.
const (
	coarseBits     = 3
	coarseInOctave = 1 << coarseBits
	leastCoarse    = -20
	coarseOfSide   = 2 + (-1-leastCoarse)*coarseInOctave // without that of 1/2
	coarseScores   = 2*coarseOfSide + 1
	finePerCoarse  = fineInOctave / coarseInOctave
)

// coarseBin returns the coarse bin that a fine bin lies in.
func coarseBin(fine uint32) int {
	at := int(fine % upperSide / finePerCoarse)
	bin := 0
	if at > 0 {
		bin = min(max(at-(leastCoarse-leastOctave+1)*coarseInOctave+2, 1), coarseOfSide)
	}
	if fine >= upperSide {
		return coarseScores - 1 - bin
	}
	return bin
}

// coarseEnds returns between which scores a coarse bin lies.
func coarseEnds(bin int) (low, high float64) {
	if bin > coarseOfSide {
		low, high = coarseEnds(coarseScores - 1 - bin)
		return 1 - high, 1 - low
	}
	end := func(bin int) float64 { // the least score of the bin, of those of the octaves
		at := bin - 2
		return math.Ldexp(float64(coarseInOctave+at%coarseInOctave), leastCoarse-coarseBits+at/coarseInOctave)
	}
	switch bin {
	case 0:
		return 0, 0
	case 1:
		return 0, end(2)
	case coarseOfSide:
		return 0.5, 0.5
	default:
		return end(bin), end(bin + 1)
	}
}

// CoarseScores returns the rows of all blocks of Binary by ascending coarse bin of the score, as
// if each had the score in the middle of its bin. It serves where scores are not kept but in
// blocks, and is nil where there are none.
func (c *Classes) CoarseScores() []ScoreCell {
	if !c.classifier.Scored || c.Blocks() == 0 {
		return nil
	}
	var out []ScoreCell
	for bin := range coarseScores {
		var cell ScoreCell
		rows := int64(0)
		for b := range c.blocks {
			for k := range classCells {
				from, to := c.BlockMass(b, bin, k/2, k%2), &cell.Mass[k/2][k%2]
				to.N += from.N
				to.W += from.W
				to.W2 += from.W2
				rows += from.N
			}
		}
		if rows > 0 {
			cell.Low, cell.High = coarseEnds(bin)
			cell.Score = cell.Low + float64((cell.High-cell.Low)/2)
			out = append(out, cell)
		}
	}
	return out
}

// classBlock counts rows by coarse bin and there by class; nil without rows. It is mergeable.
type classBlock struct {
	n       []int64
	weights []weight // nil without weights
}

// room makes room for so many coarse bins.
func (b *classBlock) room(coarse int) {
	if b.n == nil {
		b.n = make([]int64, coarse*classCells)
	}
}

// weigh has the rows so far count 1 each where weights come in.
func (b *classBlock) weigh() {
	if b.weights == nil {
		b.weights = unitWeights(b.n)
	}
}

func (b *classBlock) mergeFrom(o *classBlock) {
	if o.n == nil {
		return
	}
	b.room(len(o.n) / classCells)
	if o.weights != nil {
		b.weigh()
	}
	for i, n := range o.n {
		b.n[i] += n
	}
	for i := range b.weights {
		if o.weights != nil {
			b.weights[i].add(o.weights[i])
		} else {
			b.weights[i].add(unitWeight(o.n[i]))
		}
	}
}

// addFolded adds what o has on all of its coarse bins to a block that has one.
func (b *classBlock) addFolded(o *classBlock) {
	for from := 0; from < len(o.n); from += classCells {
		one := classBlock{n: o.n[from : from+classCells]}
		if o.weights != nil {
			one.weights = o.weights[from : from+classCells]
		}
		b.mergeFrom(&one)
	}
}

func (b *classBlock) bytes() int64 { return int64(len(b.n))*8 + int64(len(b.weights))*weightSize }

// rows returns the number of rows.
func (b *classBlock) rows() int64 { return sumOf(b.n) }

// mass returns what a cell has.
func (b *classBlock) mass(cell int) Mass {
	switch {
	case b.n == nil:
		return Mass{}
	case b.weights == nil:
		return massOf(b.n[cell], nil)
	default:
		return massOf(b.n[cell], &b.weights[cell])
	}
}
