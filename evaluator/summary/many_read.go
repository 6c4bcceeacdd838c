package summary

import (
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// This file is what Classes tells of Multiclass alone. Classes have numbers, as Names has them,
// and so have those that rows have probabilities of, as Scored has them.

// newClassesOf returns the counts of no rows of a task, on the reference's rank of classes, of the
// whole or of a group. It is nil of a regression.
func newClassesOf(task groundtruth.Task, o ClassifierOptions, rank map[string]int, whole bool, blocks int) *Classes {
	if task != groundtruth.Multiclass {
		return newClasses(task, o, newScoreTable(whole), blocks)
	}
	cells := groupCellClasses
	if whole {
		cells = MaxClasses
	}
	return &Classes{task: task, classifier: o, many: newManyClasses(rank, cells, blocks, newManyScores(len(o.Classes), whole))}
}

// blockRows returns the number of rows of a block.
func (c *Classes) blockRows(b int) int64 {
	if c.many != nil {
		return c.many.parts[1+b].n
	}
	return c.blocks[b].rows()
}

// settle makes what was counted readable.
func (c *Classes) settle() {
	switch {
	case c == nil:
	case c.many != nil:
		c.many.settle()
	default:
		c.classCounts.settle()
	}
}

// Pooled reports whether the last class is the rest of them, beyond those that are kept.
func (c *Classes) Pooled() bool { return c.many.pooled() }

// CellsKnown reports whether Mass tells which class was taken for which: of a version or segment
// with many classes it doesn't.
func (c *Classes) CellsKnown() bool { return c.many == nil || !c.many.noCells }

// Actual returns the rows of a class, Predicted those that are predicted to be, and Correct those
// that are both. Of the rest these are rows whose very class was predicted.
func (c *Classes) Actual(k int) Mass { return c.many.margin(0, k, actualRows) }

// Predicted is described at Actual.
func (c *Classes) Predicted(k int) Mass { return c.many.margin(0, k, predictedRows) }

// Correct is described at Actual.
func (c *Classes) Correct(k int) Mass { return c.many.margin(0, k, correctRows) }

// Total returns all rows.
func (c *Classes) Total() Mass { return c.many.total(0) }

// BlockActual is Actual of a block's rows, and so are its neighbours.
func (c *Classes) BlockActual(b, k int) Mass { return c.many.margin(1+b, k, actualRows) }

// BlockPredicted is described at BlockActual.
func (c *Classes) BlockPredicted(b, k int) Mass { return c.many.margin(1+b, k, predictedRows) }

// BlockCorrect is described at BlockActual.
func (c *Classes) BlockCorrect(b, k int) Mass { return c.many.margin(1+b, k, correctRows) }

// BlockTotal returns all rows of a block.
func (c *Classes) BlockTotal(b int) Mass { return c.many.total(1 + b) }

// BlockLoss returns the sum of a loss over the rows of a block, each times its weight.
func (c *Classes) BlockLoss(b, loss int) float64 { return c.many.parts[1+b].losses[loss].float64() }

// Scored returns the names of the classes that rows have probabilities of; nil where they have
// none.
func (c *Classes) Scored() []string { return c.classifier.Classes }

// OneVsRest returns the rows by ascending probability of class k of Scored: whether it is the
// actual class, and whether it is predicted. Scores are exact while there are few distinct ones,
// as many as memory has room for with so many classes, else on bins that are always the same. It
// is nil where there are too many classes for such bins.
func (c *Classes) OneVsRest(k int) []ScoreCell {
	if c.many.scores == nil || c.many.scores.tables == nil {
		return nil
	}
	return c.many.scores.tables[k].cells()
}

// Confidence returns the rows by ascending probability of the class that is predicted, where that
// has one: of actual class 1 are those whose prediction is right. It is nil without scores.
func (c *Classes) Confidence() []ScoreCell {
	if c.many.scores == nil {
		return nil
	}
	return c.many.scores.confidence.cells()
}

// Ranks returns the rows by the rank of their actual class among the probabilities, from 1 on; at 0
// are those whose class has none. It is nil without scores.
func (c *Classes) Ranks() []Mass {
	s := c.many.scores
	if s == nil {
		return nil
	}
	out := make([]Mass, len(s.ranks))
	for i, n := range s.ranks {
		if s.rankWeights == nil {
			out[i] = massOf(n, nil)
		} else {
			out[i] = massOf(n, &s.rankWeights[i])
		}
	}
	return out
}

// LossSums are sums over rows of powers of a loss, and of these with weights: w times the loss, w
// squared times it, and w squared times its square.
type LossSums struct {
	Powers      [4]float64
	W, W2, W2L2 float64
}

// Loss returns the sums of a loss. Without scores they are 0.
func (c *Classes) Loss(loss int) LossSums {
	s := c.many.scores
	if s == nil {
		return LossSums{}
	}
	l := &s.losses[loss]
	var out LossSums
	for i := range l.powers {
		out.Powers[i] = l.powers[i].float64()
	}
	out.W, out.W2, out.W2L2 = out.Powers[0], out.Powers[0], out.Powers[1]
	if s.weighted {
		out.W, out.W2, out.W2L2 = l.weighted[0].float64(), l.weighted[1].float64(), l.weighted[2].float64()
	}
	return out
}

// total returns all rows of a part.
func (c *manyClasses) total(part int) Mass {
	p := &c.parts[part]
	if !c.weighted {
		return massOf(p.n, nil)
	}
	return massOf(p.n, &p.weight)
}

// EachCell calls fn with how many rows of an actual class are predicted to be of a class, where
// there are any and CellsKnown says that it is known: in the order of classes.
func (c *Classes) EachCell(fn func(actual, predicted int, m Mass)) {
	at := make(map[int32]int, len(c.many.order))
	for i, slot := range c.many.order {
		at[slot] = i
	}
	for actual, slot := range c.many.order {
		var to []int
		for predicted := range c.many.rows[slot].cells {
			to = append(to, at[predicted])
		}
		slices.Sort(to)
		for _, predicted := range to {
			fn(actual, predicted, c.many.cell(actual, predicted))
		}
	}
}
