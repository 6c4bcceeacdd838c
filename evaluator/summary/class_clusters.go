package summary

// classErrors returns sums whose blocks are these, of a binary classifier.
func (c *Clusters) classErrors(blocks []classBlock) *ErrorSums {
	classes := newClasses(c.task, c.classifier, nil, 0)
	classes.blocks = blocks
	for i := range blocks {
		classes.whole.addFolded(&blocks[i])
	}
	return &ErrorSums{center: c.layout.Label.Center, n: classes.N(), classes: classes}
}

// coarse returns the number of coarse bins of a binary classifier's groups.
func (c *Clusters) coarse() int {
	if c.classifier.Scored {
		return coarseScores
	}
	return 1
}

// classBlocks returns the counts of a binary classifier's groups.
func (c *Clusters) classBlocks() []classBlock {
	out := make([]classBlock, len(c.groups))
	for i, g := range c.groups {
		for k := range g.classes {
			out[i].mergeFrom(&g.classes[k])
		}
	}
	return out
}

// poolClasses returns the counts of several windows together, whose blocks are DayParts a
// window; nil of regressions.
func poolClasses(windows []*ErrorSums) *Classes {
	if c := windows[0].classes; c != nil && c.many != nil {
		return poolMany(windows)
	}
	out := windows[0].classes.fresh()
	if out == nil {
		return nil
	}
	out.blocks = nil
	for _, w := range windows {
		out.classCounts.mergeFrom(&w.classes.classCounts)
		out.blocks = append(out.blocks, w.classes.dayParts()...)
	}
	return out
}

// dayParts returns the blocks as DayParts ones. Where there are none all is in the first one,
// in the coarse bins of what is kept of scores.
func (c *Classes) dayParts() []classBlock {
	parts := make([]classBlock, DayParts)
	blocks := c.Blocks()
	for b := range blocks {
		parts[b*DayParts/blocks].mergeFrom(&c.blocks[b])
	}
	switch {
	case blocks > 0:
	case c.classifier.Scored && c.scores != nil:
		c.scores.coarse(&parts[0])
	default:
		parts[0].mergeFrom(&c.whole)
	}
	return parts
}

// coarse counts the table's rows on the coarse bins of a block.
func (t *scoreTable) coarse(to *classBlock) {
	t.each(func(fine uint32, n *[classCells]int64, w *[classCells]weight) {
		to.room(coarseScores)
		if w != nil {
			to.weigh()
		}
		at := coarseBin(fine) * classCells
		for k := range n {
			to.n[at+k] += n[k]
			if w != nil {
				to.weights[at+k].add(w[k])
			}
		}
	})
}
