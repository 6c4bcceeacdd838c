package summary

import "github.com/hindcast/hindcast/groundtruth"

// classCounts counts rows of Binary by class, and by score where there are scores.
type classCounts struct {
	whole  classBlock  // of one coarse bin: all rows by class
	scores *scoreTable // nil where there are no scores, or these are not kept
}

// newClassCounts returns the counts of no rows, with a table of scores or without.
func newClassCounts(o ClassifierOptions, scores *scoreTable) classCounts {
	c := classCounts{whole: classBlock{n: make([]int64, classCells)}}
	if o.Scored {
		c.scores = scores
	}
	return c
}

// newPredicted returns what counts all predictions, with and without a label, as rows whose
// actual class is 0. It is nil where the task is another.
func newPredicted(task groundtruth.Task, o ClassifierOptions) *classCounts {
	if task != groundtruth.Binary {
		return nil
	}
	c := newClassCounts(o, newScoreTable(true))
	return &c
}

// add counts some rows of a piece. Where there are scores the table tells the rest, and settle
// makes it known.
func (c *classCounts) add(p *scorePiece, rows []int32) {
	if c.scores != nil {
		c.scores.add(p, rows)
		return
	}
	if p.weights != nil {
		c.whole.weigh()
	}
	for _, row := range rows {
		class := p.classes[row] % classCells
		c.whole.n[class]++
		if c.whole.weights != nil {
			c.whole.weights[class].add(p.weight(row))
		}
	}
}

// settle makes all that was added readable.
func (c *classCounts) settle() {
	if c.scores == nil {
		return
	}
	c.scores.seal()
	c.whole = classBlock{n: make([]int64, classCells)}
	if c.scores.weighted {
		c.whole.weigh()
	}
	c.scores.each(func(_ uint32, n *[classCells]int64, w *[classCells]weight) {
		for k := range n {
			c.whole.n[k] += n[k]
			if w != nil {
				c.whole.weights[k].add(w[k])
			}
		}
	})
}

// mergeFrom adds what o has. Both are settled.
func (c *classCounts) mergeFrom(o *classCounts) {
	c.whole.mergeFrom(&o.whole)
	if c.scores != nil && o.scores != nil {
		c.scores.mergeFrom(o.scores)
	}
}

func (c *classCounts) bytes() int64 { return c.whole.bytes() + c.scores.bytes() }
