package summary

import (
	"maps"
	"math"
	"slices"
)

// greatestLoss is more than a row can lose: of the squared distance of each of its probabilities.
const greatestLoss = 1 << 20

// manyClasses writes the counts of several classes: these by name, then the rest. Cells follow in
// the order of these.
func (e *encoder) manyClasses(c *manyClasses) {
	names := slices.Sorted(maps.Keys(c.slots))
	e.strings(names)
	e.bool(c.weighted)
	e.bool(c.noCells)
	at := make([]int, len(c.rows)) // by slot; 0 is the rest
	slots := []int32{0}
	for i, name := range names {
		slots = append(slots, c.slots[name])
		at[c.slots[name]] = i + 1
	}
	e.bool(c.rows[0].n != nil)
	for _, slot := range slots {
		r := &c.rows[slot]
		if r.n == nil {
			continue
		}
		e.counts(r.n)
		for i, n := range r.n {
			if c.weighted && n != 0 {
				e.weight(&r.weights[i])
			}
		}
		if c.noCells {
			continue
		}
		cells := make([]int64, len(slots))
		for to, n := range r.cells {
			cells[at[to]] = n
		}
		e.counts(cells)
		for i, n := range cells {
			if c.weighted && n != 0 {
				w := r.cellWeights[slots[i]]
				e.weight(&w)
			}
		}
	}
	for i := range c.parts {
		p := &c.parts[i]
		e.uint(uint64(p.n))
		if p.n == 0 {
			continue
		}
		if c.weighted {
			e.weight(&p.weight)
		}
		for k := range p.losses {
			e.wide(&p.losses[k])
		}
	}
	if c.scores != nil {
		e.manyScores(c.scores)
	}
}

func (e *encoder) wide(w *wide) {
	for _, word := range w {
		e.uint(word)
	}
}

// wide reads a sum of at most so much.
func (d *decoder) wide(w *wide, most float64) {
	for i := range w {
		w[i] = d.uint()
	}
	d.check(w.float64() <= most)
}

// manyClasses reads into empty counts those of so many rows, some of which have no time.
func (d *decoder) manyClasses(c *manyClasses, rows, timeless int64) {
	names := d.ascending()
	c.weighted = d.bool()
	d.check(len(names) <= MaxClasses && !slices.Contains(names, ""))
	noCells := d.bool()
	d.check(noCells == (len(names) > c.cellsUpTo || c.cellsUpTo == 0))
	if d.err != nil {
		return
	}
	slots := []int32{0}
	for _, name := range names {
		slots = append(slots, c.slotOf(name))
	}
	rest := d.bool()
	totals := make([][classMargins]int64, len(c.parts)) // of the classes
	for i, slot := range slots {
		if i > 0 || rest {
			d.manyRow(c, slot, slots, totals, rows)
		}
		if d.err != nil {
			return
		}
	}
	for i := range c.parts {
		p := &c.parts[i]
		p.n = d.amount()
		d.check(p.n == totals[i][actualRows] && p.n == totals[i][predictedRows])
		if p.n == 0 || d.err != nil {
			continue
		}
		most := float64(float64(p.n) * greatestLoss)
		if c.weighted {
			d.weight(&p.weight, p.n)
			most = float64(most * greatestWeight)
		}
		for k := range p.losses {
			d.wide(&p.losses[k], most)
		}
	}
	d.check(c.parts[0].n == rows)
	if len(c.parts) > 1 {
		var inBlocks int64
		for i := 1; i < len(c.parts); i++ {
			d.check(c.parts[i].n <= rows-timeless-inBlocks)
			inBlocks += c.parts[i].n
		}
		d.check(inBlocks == rows-timeless)
	}
	if c.scores != nil && d.err == nil {
		d.manyScores(c.scores, rows, c.weighted)
	}
}

// manyRow reads what is kept of a class, of which there are at most so many rows.
func (d *decoder) manyRow(c *manyClasses, slot int32, slots []int32, totals [][classMargins]int64, rows int64) {
	r := c.row(slot)
	d.counts(r.n)
	for i, n := range r.n {
		t := &totals[i/classMargins][i%classMargins]
		d.check(n <= rows-*t && (i%classMargins != correctRows || n <= min(r.n[i-1], r.n[i-2])))
		*t += n
		if c.weighted && n != 0 {
			d.weight(&r.weights[i], n)
		}
	}
	d.check(r.n[actualRows] > 0 || r.n[predictedRows] > 0)
	if c.noCells || d.err != nil {
		return
	}
	cells := make([]int64, len(slots))
	d.counts(cells)
	d.check(d.total(cells) == r.n[actualRows])
	for i, n := range cells {
		if n == 0 || d.err != nil {
			continue
		}
		var w weight
		if c.weighted {
			d.weight(&w, n)
		}
		r.addCell(slots[i], n, w, c.weighted)
	}
}

func (e *encoder) manyScores(s *manyScores) {
	e.counts(s.ranks)
	for i, n := range s.ranks {
		if s.weighted && n != 0 {
			e.weight(&s.rankWeights[i])
		}
	}
	for k := range s.losses {
		l := &s.losses[k]
		for i := range l.powers {
			e.wide(&l.powers[i])
		}
		for i := range l.weighted {
			if s.weighted {
				e.wide(&l.weighted[i])
			}
		}
	}
	e.manyTables(s)
}

// manyScores reads the scores of so many rows into empty ones.
func (d *decoder) manyScores(s *manyScores, rows int64, weighted bool) {
	if weighted {
		s.weigh()
	}
	d.counts(s.ranks)
	d.check(d.total(s.ranks) <= rows) // fewer where some have no probabilities
	for i, n := range s.ranks {
		if s.weighted && n != 0 {
			d.weight(&s.rankWeights[i], n)
		}
	}
	const most = math.MaxFloat64
	for k := range s.losses {
		l := &s.losses[k]
		for i := range l.powers {
			d.wide(&l.powers[i], most)
		}
		for i := range l.weighted {
			if s.weighted {
				d.wide(&l.weighted[i], most)
			}
		}
	}
	d.manyTables(s, rows)
}

// manyTables writes the tables of scores.
func (e *encoder) manyTables(s *manyScores) {
	e.scoreTable(s.confidence)
	for _, t := range s.tables {
		e.scoreTable(t)
	}
}

// manyTables reads the tables of so many rows.
func (d *decoder) manyTables(s *manyScores, rows int64) {
	for _, t := range append([]*scoreTable{s.confidence}, s.tables...) {
		if d.err != nil {
			return
		}
		d.scoreTable(t)
		d.check(t.weighted == s.weighted)
		var n int64
		t.each(func(_ uint32, counts *[classCells]int64, _ *[classCells]weight) {
			for _, c := range counts {
				d.check(c <= rows-n)
				n += c
			}
		})
		d.check(n == rows || t == s.confidence && n <= rows)
	}
}
