package summary

import (
	"math"

	"github.com/hindcast/hindcast/groundtruth"
)

// shapes writes the sections of what pictures are drawn from.
func (e *encoder) shapes(s *Summary) {
	if s.clock != nil {
		e.section(clockSection, func() { e.clock(s.clock) })
	}
	if s.density != nil {
		e.section(densitySection, func() { e.density(s.density) })
	}
	if s.sizes != nil {
		e.section(sizesSection, func() { e.sizes(s.sizes) })
	}
}

// clock writes the hours: how many rows each has, and then of those with rows what is kept of
// them.
func (e *encoder) clock(c *clock) {
	e.string(c.zone.String())
	var n [groundtruth.HoursOfWeek]int64
	for h := range n {
		n[h] = c.hours[h].n
	}
	e.counts(n[:])
	for h := range c.hours {
		e.plainSums(&c.hours[h])
	}
}

// clock reads the hours of a Summary's matched rows.
func (d *decoder) clock(of *Summary) *clock {
	c := &clock{zone: d.zone()}
	var n [groundtruth.HoursOfWeek]int64
	d.counts(n[:])
	d.check(d.total(n[:]) == of.errors.n)
	for h := range c.hours {
		c.hours[h].n = n[h]
		d.plainSums(&c.hours[h], of.task)
	}
	return c
}

// plainSums writes what is kept of rows, but for their number: nothing of none.
func (e *encoder) plainSums(p *plainSums) {
	switch {
	case p.n == 0:
	case p.sums == nil:
		e.uint(uint64(p.right))
	default:
		e.sums(p.sums)
	}
}

// plainSums reads what is kept of rows of a task, whose number is known.
func (d *decoder) plainSums(p *plainSums, task groundtruth.Task) {
	switch {
	case p.n == 0 || d.err != nil:
	case task != groundtruth.Regression:
		p.right = d.amount()
		d.check(p.right <= p.n)
	default:
		d.sums(p.ready())
	}
}

// density writes the grid's level and the cells, each cell as its distance from the one before.
func (e *encoder) density(c *density) {
	e.int(int64(c.level))
	slots := c.sorted()
	e.count(len(slots))
	var prediction, label int32
	for _, s := range slots {
		x, y := s.cells()
		e.int(int64(x) - int64(prediction))
		e.int(int64(y) - int64(label))
		e.uint(uint64(s.n))
		prediction, label = x, y
	}
}

// density reads the density of a Summary's matched rows.
func (d *decoder) density(of *Summary) *density {
	d.check(of.task == groundtruth.Regression)
	c := &density{grid: d.grid()}
	n := d.count(3)
	d.check(n <= maxDensityCells)
	var last densitySlot
	var total []int64
	for i := range n {
		x, y := last.cells()
		s := densitySlot{key: densityKey(d.cell(x), d.cell(y)), n: d.amount()}
		d.check(s.n > 0 && (i == 0 || compareDensitySlots(last, s) < 0))
		if d.err != nil {
			return nil
		}
		c.insert(s.key, s.n)
		total, last = append(total, s.n), s
	}
	d.check(d.total(total) == of.errors.n)
	return c
}

// sizes writes the grid's level and the cells.
func (e *encoder) sizes(c *sizes) {
	e.int(int64(c.level))
	e.count(len(c.cells))
	last := int32(0)
	for _, i := range c.sorted() {
		e.int(int64(c.cells[i]) - int64(last))
		e.uint(uint64(c.sums[i].n))
		e.plainSums(&c.sums[i])
		last = c.cells[i]
	}
}

// sizes reads the errors by size of a Summary's matched rows.
func (d *decoder) sizes(of *Summary) *sizes {
	d.check(of.task == groundtruth.Regression)
	c := &sizes{grid: d.grid()}
	n := d.count(2 + numPlainSums)
	d.check(n <= maxSizes)
	var total []int64
	last := int32(0)
	for i := range n {
		cell, p := d.cell(last), plainSums{n: d.amount()}
		d.check(p.n > 0 && (i == 0 || last < cell))
		d.plainSums(&p, of.task)
		if d.err != nil {
			return nil
		}
		size, _ := c.sizeOf(cell)
		c.sums[size] = p
		total, last = append(total, p.n), cell
	}
	d.check(d.total(total) == of.errors.n)
	return c
}

// grid reads the level of a grid.
func (d *decoder) grid() grid {
	level := d.int()
	d.check(finestLevel <= level && level <= coarsestLevel)
	if d.err != nil {
		return newGrid()
	}
	return gridOf(int(level))
}

// cell reads a cell by its distance from another.
func (d *decoder) cell(from int32) int32 {
	at := int64(from) + min(max(d.int(), -math.MaxUint32), math.MaxUint32)
	d.check(math.MinInt32 <= at && at <= math.MaxInt32)
	return int32(at)
}
