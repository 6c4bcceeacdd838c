package summary

import "github.com/hindcast/hindcast/groundtruth"

// addMany counts matches of several classes, which are all of one group.
func (c *Clusters) addMany(g *cluster, m *groundtruth.Matches) {
	if m.Class.Kind != groundtruth.Text {
		return // no error can be told
	}
	if c.many == nil {
		c.many = newManyKernel(c.classifier.Classes)
	}
	for from := 0; from < m.Len; from += kernelRows {
		to := min(from+kernelRows, m.Len)
		c.findParts(m, from, to)
		c.many.load(&m.Class, &m.LabelClass, m.Scores, m.Weights, from, to)
		c.many.add(g.many, c.many.all[:to-from], c.partOf)
	}
}

// manyErrors returns sums whose blocks are the groups of several classes, or their parts where
// these are as many.
func (c *Clusters) manyErrors(parts int) *ErrorSums {
	many := newManyClasses(c.rank, 0, parts*len(c.groups), nil)
	for i, g := range c.groups {
		into := make([][]int, len(g.many.parts))
		into[0] = []int{0}
		for part := 1; part < len(into); part++ {
			into[part] = []int{1 + i*parts + (part-1)*parts/c.parts}
		}
		many.mergeParts(g.many, into)
	}
	many.settle()
	return &ErrorSums{center: c.layout.Label.Center, n: many.parts[0].n, classes: &Classes{task: c.task, classifier: c.classifier, many: many}}
}

// fresh returns the counts of no rows that those of c can be merged into, with so many blocks.
func (c *manyClasses) fresh(blocks int) *manyClasses {
	var scores *manyScores
	if c.scores != nil {
		scores = c.scores.fresh()
	}
	return newManyClasses(c.rank, c.cellsUpTo, blocks, scores)
}

// poolMany returns the counts of several windows together, whose blocks are DayParts a window.
// Where a window has no blocks all of it is in the first one.
func poolMany(windows []*ErrorSums) *Classes {
	first := windows[0].classes
	many := first.many.fresh(DayParts * len(windows))
	for i, w := range windows {
		w.classes.addDayParts(many, 1+i*DayParts)
	}
	many.settle()
	return &Classes{task: first.task, classifier: first.classifier, many: many}
}

// addDayParts adds all rows, and the blocks as DayParts ones from one on. Where there are none all
// is in the first.
func (c *Classes) addDayParts(to *manyClasses, first int) {
	into := make([][]int, len(c.many.parts))
	into[0] = []int{0}
	blocks := c.Blocks()
	if blocks == 0 {
		into[0] = append(into[0], first)
	}
	for b := range blocks {
		into[1+b] = []int{first + b*DayParts/blocks}
	}
	to.mergeParts(c.many, into)
}

// setMany keeps the classes of a window by its quarters.
func (w *WindowCounts) setMany(c *Classes) {
	many := newManyClasses(c.many.rank, 0, DayParts, nil)
	c.addDayParts(many, 1)
	var e encoder
	e.manyClasses(many)
	w.Matched, w.Many = many.parts[0].n, e.b
}

// many is the inverse of setMany, on a reference's rank of classes. It reports false where there
// is nothing that it keeps.
func (w *WindowCounts) many(rank map[string]int) (*manyClasses, bool) {
	many := newManyClasses(rank, 0, DayParts, nil)
	d := decoder{b: w.Many}
	d.manyClasses(many, w.Matched, 0)
	return many, d.close("classes of a window") == nil && w.Matched >= 0
}
