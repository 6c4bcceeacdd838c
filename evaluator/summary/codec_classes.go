package summary

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// greatestWeight is the greatest weight of a row that a scan sends.
const greatestWeight = 1e9

// binary writes what is kept of a classifier's rows; of a regression there is nothing.
func (e *encoder) classifier(task groundtruth.Task, o ClassifierOptions) {
	if task == groundtruth.Binary {
		e.string(o.Positive)
		e.bool(o.Scored)
	}
	if task == groundtruth.Multiclass {
		e.count(len(o.Classes))
		for _, name := range o.Classes {
			e.string(name)
		}
	}
}

func (d *decoder) classifier(task groundtruth.Task) (o ClassifierOptions) {
	if task == groundtruth.Binary {
		o = ClassifierOptions{Positive: d.string(), Scored: d.bool()}
		d.check(o.Positive != "")
	}
	if task == groundtruth.Multiclass {
		for range d.count(1) {
			o.Classes = append(o.Classes, d.string())
		}
		d.check(!slices.Contains(o.Classes, ""))
	}
	return o
}

// classes writes the counts of the whole, then of each version and segment.
func (e *encoder) classes(s *Summary) {
	e.classesOf(s.errors.classes)
	for _, g := range s.allGroups() {
		e.classesOf(g.classes)
	}
}

func (d *decoder) classes(s *Summary) {
	d.check(s.errors.classes != nil)
	if d.err != nil {
		return
	}
	d.classesOf(s.errors)
	for _, g := range s.allGroups() {
		d.classesOf(g)
	}
}

// classesOf writes what is counted of some rows.
func (e *encoder) classesOf(c *Classes) {
	if c.many != nil {
		e.manyClasses(c.many)
		return
	}
	e.classCounts(&c.classCounts)
	for i := range c.blocks {
		e.classBlock(&c.blocks[i])
	}
}

// classesOf reads what is counted of rows, whose number is known.
func (d *decoder) classesOf(e *ErrorSums) {
	c := e.classes
	if c.many != nil {
		c.timeless = e.timeless > 0
		d.manyClasses(c.many, e.n, e.timeless)
		return
	}
	d.classCounts(&c.classCounts)
	c.timeless = e.timeless > 0
	d.check(d.total(c.whole.n) == e.n)
	var inBlocks int64
	for i := range c.blocks {
		inBlocks += d.classBlock(&c.blocks[i], c.Coarse(), e.n-e.timeless-inBlocks)
	}
	d.check(len(c.blocks) == 0 || inBlocks == e.n-e.timeless)
}

// predicted reads the predictions' side of a Summary.
func (d *decoder) predicted(s *Summary) {
	if s.many != nil {
		d.manyPredictions(s)
		return
	}
	d.check(s.predicted != nil)
	if d.err != nil {
		return
	}
	p := s.predicted
	d.classCounts(p)
	d.check(p.whole.n[2] == 0 && p.whole.n[3] == 0 && p.whole.weights == nil)
	d.check(d.total(p.whole.n) == s.prediction.valid)
}

// classCounts writes rows by class, or by score, which tells the classes too.
func (e *encoder) classCounts(c *classCounts) {
	if c.scores == nil {
		e.classBlock(&c.whole)
		return
	}
	e.scoreTable(c.scores)
}

func (d *decoder) classCounts(c *classCounts) {
	if c.scores == nil {
		d.classBlock(&c.whole, 1, math.MaxInt64)
		c.whole.room(1)
		return
	}
	d.scoreTable(c.scores)
	c.settle()
}

// classBlock writes the counts of a block, and its weights where there are some.
func (e *encoder) classBlock(b *classBlock) {
	rows := b.rows()
	e.uint(uint64(rows))
	if rows == 0 {
		return
	}
	e.bool(b.weights != nil)
	e.counts(b.n)
	for i := range b.weights {
		if b.n[i] != 0 {
			e.weight(&b.weights[i])
		}
	}
}

// classBlock reads the counts of a block with so many coarse bins, which has at most so many
// rows, and returns their number.
func (d *decoder) classBlock(b *classBlock, coarse int, most int64) int64 {
	rows := d.amount()
	d.check(rows <= most)
	if rows == 0 || d.err != nil {
		return 0
	}
	weighted := d.bool()
	b.n = make([]int64, coarse*classCells)
	d.counts(b.n)
	d.check(d.total(b.n) == rows)
	if !weighted || d.err != nil {
		return rows
	}
	b.weights = make([]weight, len(b.n))
	for i := range b.weights {
		if b.n[i] != 0 {
			d.weight(&b.weights[i], b.n[i])
		}
	}
	return rows
}

func (e *encoder) weight(w *weight) {
	for _, sum := range []wide{w.w, w.w2} {
		for _, word := range sum {
			e.uint(word)
		}
	}
}

// weight reads the weights of so many rows.
func (d *decoder) weight(w *weight, rows int64) {
	for _, sum := range []*wide{&w.w, &w.w2} {
		for i := range sum {
			sum[i] = d.uint()
		}
	}
	const rounding = 1 + 1e-9
	sum, squares := w.w.float64(), w.w2.float64()
	d.check(sum <= float64(rows)*greatestWeight*rounding && squares <= sum*greatestWeight*rounding)
}

// scoreTable writes a table: each exact score, or bin, with its rows, in ascending order of
// the number that it goes by.
func (e *encoder) scoreTable(t *scoreTable) {
	e.bool(t.bins != nil)
	e.bool(t.weighted)
	type entry struct {
		key     uint64
		n       *[classCells]int64
		place   *place
		weights *[classCells]weight
	}
	var all []entry
	t.exact.each(func(score uint64, n *[classCells]int64, w *[classCells]weight) {
		all = append(all, entry{score, n, nil, w})
	})
	if t.bins != nil {
		t.bins.each(func(fine uint32, b *scoreBin, w *[classCells]weight) {
			all = append(all, entry{uint64(fine >> t.drop), &b.n, &b.place, w})
		})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	e.count(len(all))
	last := uint64(0)
	for _, en := range all {
		e.uint(en.key - last)
		last = en.key
		e.counts(en.n[:])
		if en.place != nil {
			e.uint(en.place.high)
			e.uint(en.place.low)
		}
		for k := range en.n {
			if en.weights != nil && en.n[k] != 0 {
				e.weight(&en.weights[k])
			}
		}
	}
}

// scoreTable reads a table into an empty one.
func (d *decoder) scoreTable(t *scoreTable) {
	binned := d.bool()
	weighted := d.bool()
	n := d.count(4)
	if binned {
		t.bins = newBinnedScores(t.drop)
	}
	if weighted {
		t.weigh()
	}
	d.check(binned || n <= t.limit)
	var all int64
	key := uint64(0)
	for i := range n {
		step := d.uint()
		key += step
		d.check((i == 0 || step > 0) && key >= step)
		var counts [classCells]int64
		d.counts(counts[:])
		rows := d.total(counts[:])
		d.check(rows > 0 && all <= math.MaxInt64-rows)
		all += rows
		var at place
		if binned {
			at = place{high: d.uint(), low: d.uint()}
		}
		var weights [classCells]weight
		for k := range counts {
			if weighted && counts[k] != 0 {
				d.weight(&weights[k], counts[k])
			}
		}
		if d.err == nil && binned {
			d.scoreBin(t.bins, key, scoreBin{counts, at}, &weights, rows)
		}
		if d.err == nil && !binned {
			d.check(key <= math.Float64bits(1) && t.exact.addScore(key, &counts, weightsIf(weighted, &weights), t.limit))
		}
		if d.err != nil {
			return
		}
	}
	// What few rows have is exact.
	d.check(!binned || all > int64(t.limit))
}

// weightsIf returns weights where there are some.
func weightsIf(weighted bool, w *[classCells]weight) *[classCells]weight {
	if !weighted {
		return nil
	}
	return w
}

// scoreBin reads into bins the bin of a number.
func (d *decoder) scoreBin(t *binnedScores, number uint64, b scoreBin, weights *[classCells]weight, rows int64) {
	d.check(number < 2*upperSide>>t.drop)
	if d.err != nil {
		return
	}
	fine := uint32(number << t.drop)
	// The first octave has two bins, and the last one that of 1/2 alone.
	at := fine % upperSide
	inner := at >= fineInOctave && at < upperSide-fineInOctave
	d.check(inner || at == 0 || at == tinyBin || fine == upperSide-fineInOctave)
	high, low := bits.Mul64(uint64(rows), 1<<placeBits)
	d.check(b.place.high < high || b.place.high == high && b.place.low < low)
	d.check(inner || at == tinyBin || b.place == place{})
	if d.err != nil {
		return
	}
	t.addBin(fine, &b, weights)
}
