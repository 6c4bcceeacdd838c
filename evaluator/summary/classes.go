package summary

import "github.com/hindcast/hindcast/groundtruth"

// Mass is how much some rows count: their number, the sum of their weights, and that of the
// squares of these. Without weights all three are the number.
type Mass struct {
	N     int64
	W, W2 float64
}

func massOf(n int64, w *weight) Mass {
	if w == nil {
		return Mass{N: n, W: float64(n), W2: float64(n)}
	}
	return Mass{N: n, W: w.w.float64(), W2: w.w2.float64()}
}

// ScoreCell is the rows of one score, or of the scores of a bin.
type ScoreCell struct {
	// Score is the mean of the rows' scores, and Low and High are between which they lie: all
	// equal where scores are exact.
	Score, Low, High float64
	// Mass is by actual and predicted class, 1 being the positive one; of predictions all is
	// at actual 0.
	Mass [2][2]Mass
}

// classCells is how many pairs of an actual and a predicted class Binary has: cell 2a+p is that
// of actual class a and predicted class p, 1 being the positive class.
const classCells = 4

// Classes is what metrics of classifiers need of some matched rows, of the whole, a version or a
// segment: counts by class, and of Binary by score too. ErrorSums.Classes has it.
type Classes struct {
	task       groundtruth.Task
	classifier ClassifierOptions
	classCounts
	blocks   []classBlock
	many     *manyClasses // of Multiclass, which has none of the above
	timeless bool         // some rows have no time, so that the blocks don't add up to the whole
}

// newClasses returns the counts of no rows of a task, nil of a regression. Scores are those
// of a whole or of a group, or nil where they are not kept; and there are so many blocks.
func newClasses(task groundtruth.Task, o ClassifierOptions, scores *scoreTable, blocks int) *Classes {
	if task != groundtruth.Binary {
		return nil
	}
	return &Classes{task: task, classifier: o, classCounts: newClassCounts(o, scores), blocks: make([]classBlock, blocks)}
}

// Classes returns the counts by class of a classifier, nil of a regression.
func (e *ErrorSums) Classes() *Classes { return e.classes }

// Task returns Binary or Multiclass.
func (c *Classes) Task() groundtruth.Task { return c.task }

// N returns the number of rows.
func (c *Classes) N() int64 {
	if c.many != nil {
		return c.many.parts[0].n
	}
	return c.whole.rows()
}

// Weighted reports whether rows have weights.
func (c *Classes) Weighted() bool {
	if c.many != nil {
		return c.many.weighted
	}
	return c.whole.weights != nil
}

// Names returns the names of the classes, by their numbers: of Binary the negative one and the
// positive one; of Multiclass at most MaxClasses that rows are of or are predicted to be, those
// of the reference by their count there, then others by name, and last the rest where there is
// one (Pooled).
func (c *Classes) Names() []string {
	if c.many != nil {
		return c.many.classNames()
	}
	return c.classifier.names()
}

// Mass returns the rows of an actual and a predicted class. Of Multiclass it is known where
// CellsKnown says so.
func (c *Classes) Mass(actual, predicted int) Mass {
	if c.many != nil {
		return c.many.cell(actual, predicted)
	}
	return c.whole.mass(2*actual + predicted)
}

// Scores returns the rows of Binary by ascending score: exact while there are few distinct
// ones, WholeScores of the whole and GroupScores of a version or segment, else on bins that
// are always the same. It is nil where there are no scores.
func (c *Classes) Scores() []ScoreCell {
	if c.scores == nil {
		return nil
	}
	return c.scores.cells()
}

// Blocks returns the number of blocks, 0 where none are kept, as ErrorSums.Blocks has it.
func (c *Classes) Blocks() int {
	switch {
	case c.timeless:
		return 0
	case c.many != nil:
		return len(c.many.parts) - 1
	}
	return len(c.blocks)
}

// Coarse returns the number of coarse bins of the score that blocks have: 1 without scores.
func (c *Classes) Coarse() int {
	if !c.classifier.Scored {
		return 1
	}
	return coarseScores
}

// CoarseOf returns the coarse bin of a score. Bins are in the order of scores.
func (c *Classes) CoarseOf(score float64) int {
	if !c.classifier.Scored {
		return 0
	}
	fine, _ := fineBin(score)
	return coarseBin(fine)
}

// BlockMass returns the rows of a block by coarse bin, actual and predicted class.
func (c *Classes) BlockMass(b, coarse, actual, predicted int) Mass {
	return c.blocks[b].mass(coarse*classCells + 2*actual + predicted)
}

// fresh returns the counts of no rows that o's can be merged into; nil of nil.
func (c *Classes) fresh() *Classes {
	if c == nil {
		return nil
	}
	if c.many != nil {
		return &Classes{task: c.task, classifier: c.classifier, many: c.many.fresh(len(c.many.parts) - 1)}
	}
	return newClasses(c.task, c.classifier, c.scores.fresh(), len(c.blocks))
}

// mergeFrom adds what o has, of the same kind.
func (c *Classes) mergeFrom(o *Classes) {
	c.timeless = c.timeless || o.timeless
	if c.many != nil {
		c.many.mergeFrom(o.many)
		return
	}
	c.classCounts.mergeFrom(&o.classCounts)
	for i := range c.blocks {
		c.blocks[i].mergeFrom(&o.blocks[i])
	}
}

// bytes returns roughly how much memory it takes; 0 of nil.
func (c *Classes) bytes() int64 {
	if c == nil {
		return 0
	}
	if c.many != nil {
		return c.many.bytes()
	}
	n := c.classCounts.bytes()
	for i := range c.blocks {
		n += c.blocks[i].bytes()
	}
	return n
}
