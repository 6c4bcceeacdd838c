package summary

import (
	"slices"
	"strings"
)

const (
	// MaxClasses is how many classes of Multiclass are kept apart.
	MaxClasses = 1000
	// groupCellClasses is up to how many classes a version or segment keeps which class was
	// taken for which.
	groupCellClasses = 64
)

// What is counted of each class: the rows that are of it, those that are predicted to be, and
// those that are both.
const (
	actualRows = iota
	predictedRows
	correctRows
	classMargins
)

// manyClasses counts rows of Multiclass by class, in all and by block. The classes that are kept
// are the first MaxClasses in a fixed order of all classes: those of the reference by their
// count there, then others by name. The rest is folded into one. A class among the first of all
// rows is among the first of any part of them, so that it is never folded: all is a function of
// the multiset of rows alone.
//
// A class has a slot, a number that lasts until the class is folded; slot 0 is that of the rest.
type manyClasses struct {
	limit     int            // of classes; MaxClasses but in tests
	rank      map[string]int // of the reference's classes; read-only
	cellsUpTo int            // classes, with which the cells are kept; beyond they are not
	slots     map[string]int32
	names     []string // by slot; empty of one that is free, and of the rest
	free      []int32
	last      int32 // the slot of the last class in the order, 0 where it is not known

	rows     []manyRow // by slot
	noCells  bool      // there were more classes than cells are kept with
	weighted bool
	parts    []manyPart // 0 is all rows, the others are the blocks
	scores   *manyScores

	order []int32 // the slots that have rows, in the order of Names; nil where it is not known
}

// manyRow is what is kept of a class.
type manyRow struct {
	n       []int64  // by part, and there by margin
	weights []weight // likewise; nil without weights
	// cells are, of its actual rows, how many are predicted to be of which slot.
	cells       map[int32]int64
	cellWeights map[int32]weight
}

// manyPart is what all rows of a part come to.
type manyPart struct {
	n      int64
	weight weight // 0 without weights
	losses [numLosses]wide
}

// newManyClasses returns the counts of no rows in so many blocks. Cells are kept with up to so
// many classes, and scores where there are some.
func newManyClasses(rank map[string]int, cellsUpTo, blocks int, scores *manyScores) *manyClasses {
	return &manyClasses{
		limit: MaxClasses, rank: rank, cellsUpTo: cellsUpTo, noCells: cellsUpTo == 0, slots: map[string]int32{}, names: []string{""},
		rows: make([]manyRow, 1), parts: make([]manyPart, 1+blocks), scores: scores,
	}
}

// before reports whether class a comes before class b.
func (c *manyClasses) before(a, b string) bool { return compareRanked(c.rank, a, b) < 0 }

// slotOf returns the slot of a class, which it makes if the class belongs to the kept ones. A
// class whose slot was asked for before may then have been folded.
func (c *manyClasses) slotOf(name string) int32 {
	if slot, ok := c.slots[name]; ok {
		return slot
	}
	if len(c.slots) == c.limit {
		if c.last == 0 {
			for _, slot := range c.slots {
				if c.last == 0 || c.before(c.names[c.last], c.names[slot]) {
					c.last = slot
				}
			}
		}
		if c.before(c.names[c.last], name) {
			return 0
		}
		c.fold(c.last)
	}
	var slot int32
	if n := len(c.free); n > 0 {
		slot, c.free = c.free[n-1], c.free[:n-1]
	} else {
		slot = int32(len(c.rows))
		c.rows, c.names = append(c.rows, manyRow{}), append(c.names, "")
	}
	name = strings.Clone(name)
	c.slots[name], c.names[slot], c.last, c.order = slot, name, 0, nil
	if len(c.slots) > c.cellsUpTo {
		c.dropCells()
	}
	return slot
}

// fold counts a class with the rest, and frees its slot.
func (c *manyClasses) fold(slot int32) {
	from, rest := &c.rows[slot], c.row(0)
	rest.addMargins(from, sameParts(len(c.parts)), c.weighted)
	for predicted, n := range from.cells {
		rest.addCell(predicted, n, from.cellWeights[predicted], c.weighted)
	}
	for i := range c.rows {
		r := &c.rows[i]
		if n, ok := r.cells[slot]; ok {
			if int32(i) != slot {
				r.addCell(0, n, r.cellWeights[slot], c.weighted)
			}
			delete(r.cells, slot)
			delete(r.cellWeights, slot)
		}
	}
	delete(c.slots, c.names[slot])
	c.rows[slot], c.names[slot] = manyRow{}, ""
	c.free = append(c.free, slot)
}

// row returns what is kept of a slot, with room for all parts.
func (c *manyClasses) row(slot int32) *manyRow {
	r := &c.rows[slot]
	if r.n == nil {
		r.n = make([]int64, classMargins*len(c.parts))
		if c.weighted {
			r.weights = make([]weight, len(r.n))
		}
	}
	return r
}

// dropCells forgets which class was taken for which.
func (c *manyClasses) dropCells() {
	c.noCells = true
	for i := range c.rows {
		c.rows[i].cells, c.rows[i].cellWeights = nil, nil
	}
}

// weigh has the rows so far count 1 each where weights come in.
func (c *manyClasses) weigh() {
	if c.weighted {
		return
	}
	c.weighted = true
	for i := range c.rows {
		r := &c.rows[i]
		if r.n != nil {
			r.weights = unitWeights(r.n)
		}
		if r.cells != nil {
			r.cellWeights = make(map[int32]weight, len(r.cells))
		}
		for slot, n := range r.cells {
			r.cellWeights[slot] = unitWeight(n)
		}
	}
	for i := range c.parts {
		c.parts[i].weight = unitWeight(c.parts[i].n)
	}
	if c.scores != nil {
		c.scores.weigh()
	}
}

// addMargins adds those of another row, each of whose parts counts in some parts of this one.
func (r *manyRow) addMargins(o *manyRow, into [][]int, weighted bool) {
	weights := o.weights
	if weighted && weights == nil {
		weights = unitWeights(o.n)
	}
	for i, n := range o.n {
		if n == 0 {
			continue
		}
		for _, part := range into[i/classMargins] {
			to := part*classMargins + i%classMargins
			r.n[to] += n
			if weighted {
				r.weights[to].add(weights[i])
			}
		}
	}
}

// addCell adds rows that are predicted to be of a slot.
func (r *manyRow) addCell(predicted int32, n int64, w weight, weighted bool) {
	if r.cells == nil {
		r.cells = map[int32]int64{}
	}
	r.cells[predicted] += n
	if !weighted {
		return
	}
	if r.cellWeights == nil {
		r.cellWeights = map[int32]weight{}
	}
	sum := r.cellWeights[predicted]
	sum.add(w)
	r.cellWeights[predicted] = sum
}

// mergeFrom adds what o has, of the same parts.
func (c *manyClasses) mergeFrom(o *manyClasses) { c.mergeParts(o, sameParts(len(o.parts))) }

// sameParts has each of so many parts count in the same one.
func sameParts(n int) [][]int {
	out := make([][]int, n)
	for i := range out {
		out[i] = []int{i}
	}
	return out
}

// mergeParts adds what o has, each of whose parts counts in some parts here.
func (c *manyClasses) mergeParts(o *manyClasses, into [][]int) {
	if o.weighted {
		c.weigh()
	}
	if o.noCells && !c.noCells && len(o.slots) > 0 {
		c.dropCells()
	}
	for name := range o.slots {
		c.slotOf(name)
	}
	to := make([]int32, len(o.rows))
	for slot := range o.rows {
		to[slot] = c.slots[o.names[slot]] // 0 where it is folded, or free
	}
	for slot := range o.rows {
		from := &o.rows[slot]
		if from.n == nil {
			continue
		}
		r := c.row(to[slot])
		r.addMargins(from, into, c.weighted)
		if c.noCells {
			continue
		}
		for predicted, n := range from.cells {
			w := from.cellWeights[predicted]
			if c.weighted && !o.weighted {
				w = unitWeight(n)
			}
			r.addCell(to[predicted], n, w, c.weighted)
		}
	}
	for i := range o.parts {
		for _, part := range into[i] {
			c.parts[part].add(&o.parts[i], c.weighted && !o.weighted)
		}
	}
	if c.scores != nil && o.scores != nil {
		c.scores.mergeFrom(o.scores)
	}
	c.order = nil
}

// add adds another part, whose rows count 1 each where that is said.
func (p *manyPart) add(o *manyPart, unit bool) {
	p.n += o.n
	w := o.weight
	if unit {
		w = unitWeight(o.n)
	}
	p.weight.add(w)
	for k := range p.losses {
		p.losses[k].add(o.losses[k])
	}
}

// settle makes scores readable and finds the order of the classes, after which they can be read.
func (c *manyClasses) settle() {
	c.scores.settle()
	if c.order != nil {
		return
	}
	c.order = make([]int32, 0, len(c.slots)+1)
	for _, slot := range c.slots {
		c.order = append(c.order, slot)
	}
	slices.SortFunc(c.order, func(a, b int32) int { return compareRanked(c.rank, c.names[a], c.names[b]) })
	if c.rows[0].n != nil {
		c.order = append(c.order, 0)
	}
}

// pooled reports whether the last class is the rest.
func (c *manyClasses) pooled() bool { return len(c.order) > 0 && c.order[len(c.order)-1] == 0 }

// classNames returns the names in their order. The rest is called OtherGroup, or in brackets where
// a class has that name.
func (c *manyClasses) classNames() []string {
	out := make([]string, len(c.order))
	for i, slot := range c.order {
		out[i] = c.names[slot]
	}
	if c.pooled() {
		out[len(out)-1] = OtherGroup
		if _, taken := c.slots[OtherGroup]; taken {
			out[len(out)-1] = "(" + OtherGroup + ")"
		}
	}
	return out
}

// margin returns the rows of a part by class and margin.
func (c *manyClasses) margin(part, class, margin int) Mass {
	r := &c.rows[c.order[class]]
	i := part*classMargins + margin
	if r.weights == nil {
		return massOf(r.n[i], nil)
	}
	return massOf(r.n[i], &r.weights[i])
}

// cell returns the rows of an actual and a predicted class.
func (c *manyClasses) cell(actual, predicted int) Mass {
	r, to := &c.rows[c.order[actual]], c.order[predicted]
	n := r.cells[to]
	if !c.weighted {
		return massOf(n, nil)
	}
	w := r.cellWeights[to]
	return massOf(n, &w)
}

// bytes returns roughly how much memory the counts take.
func (c *manyClasses) bytes() int64 {
	n := int64(len(c.parts)) * 100
	for i := range c.rows {
		r := &c.rows[i]
		n += 150 + int64(len(r.n))*8 + int64(len(r.weights))*48 + int64(len(r.cells))*24 + int64(len(r.cellWeights))*80
	}
	if c.scores != nil {
		n += c.scores.bytes()
	}
	return n
}
