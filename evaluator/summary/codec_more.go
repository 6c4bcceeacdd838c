package summary

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/exact"
)

// What ErrorSums have beyond the sums of the first schemas is in sections of its own: each
// begins with flags that say which of it there is.
const (
	hasLogs = 1 << iota
	hasQuantiles
	hasWeights
	hasLabels
	allFlags = 1<<iota - 1
)

// hasMore reports whether there is something of it.
func (e *ErrorSums) hasMore() bool { return e.moreFlags() != 0 }

func (e *ErrorSums) moreFlags() int {
	flags := moreFlags(e.logs, e.quantiles, e.weights != nil)
	if e.labels != nil && e.labels.used > 0 {
		flags |= hasLabels
	}
	return flags
}

func moreFlags(logs, quantiles *moreSums, weights bool) int {
	flags := 0
	if logs != nil {
		flags |= hasLogs
	}
	if quantiles != nil {
		flags |= hasQuantiles
	}
	if weights {
		flags |= hasWeights
	}
	return flags
}

// hasMore reports whether a group has something of it.
func (c *Clusters) hasMore() bool {
	return slices.ContainsFunc(c.groups, func(g *cluster) bool {
		return g.more != nil || slices.ContainsFunc(g.errors, func(b blockSums) bool { return b.moreFlags() != 0 })
	})
}

func (b *blockSums) moreFlags() int { return moreFlags(b.logs, b.quantiles, b.mass != nil) }

// more writes it for the whole, each version and each segment.
func (e *encoder) more(s *Summary) {
	for _, sums := range s.allSums() {
		e.errorSumsMore(sums)
	}
}

func (d *decoder) more(s *Summary) {
	any := false
	for _, sums := range s.allSums() {
		d.errorSumsMore(sums)
		any = any || sums.hasMore()
	}
	d.check(any)
}

func (e *encoder) errorSumsMore(s *ErrorSums) {
	flags := s.moreFlags()
	e.count(flags)
	for _, m := range []*moreSums{s.logs, s.quantiles} {
		e.moreSums(m)
	}
	if s.quantiles != nil {
		e.uint(uint64(s.crossed))
	}
	if w := s.weights; w != nil {
		for r := range w.mass {
			e.sums(w.mass[r][:])
		}
		e.sums(w.second)
		e.massTally(&w.abs)
		e.massTally(&w.labels)
	}
	if flags&hasLabels != 0 {
		e.tally(s.labels)
	}
	if flags != 0 {
		for i := range s.blocks {
			e.blockMore(&s.blocks[i])
		}
	}
}

func (d *decoder) errorSumsMore(s *ErrorSums) {
	flags := d.small(allFlags)
	if d.err != nil {
		return
	}
	s.logs = d.moreSums(flags&hasLogs != 0, numLogSums, s.n)
	s.quantiles = d.moreSums(flags&hasQuantiles != 0, numQuantileSums, s.n)
	if s.quantiles != nil {
		d.check(s.quantiles.n > 0)
		s.crossed = d.amount()
		d.check(s.crossed <= s.quantiles.n)
	}
	if flags&hasWeights != 0 {
		w := s.readyWeights()
		for r := range w.mass {
			d.sums(w.mass[r][:])
		}
		d.sums(w.second)
		d.massTally(&w.abs)
		d.massTally(&w.labels)
	}
	if flags&hasLabels != 0 {
		d.check(s.abs.limit == wholeBuckets && s.label == nil)
		s.labels = &tally{limit: wholeBuckets}
		d.tally(s.labels)
		n := d.total(s.labels.counts)
		d.check(n > 0 && n <= s.n)
	}
	if flags != 0 {
		for i := range s.blocks {
			d.blockMore(&s.blocks[i])
		}
	}
}

// clustersMore writes it for each group's parts.
func (e *encoder) clustersMore(c *Clusters) {
	for _, g := range c.groups {
		blocks := g.blocks()
		for i := range blocks {
			e.blockMore(&blocks[i])
		}
	}
}

// clustersMore reads it into groups that were read.
func (d *decoder) clustersMore(c *Clusters) {
	if d.check(c != nil); d.err != nil {
		return
	}
	for _, g := range c.groups {
		start := d.b
		for i := range g.figures {
			f := &g.figures[i]
			b := blockSums{n: f.rows[AllRows]}
			d.blockMore(&b)
			if d.err != nil {
				return
			}
			of := b.figures()
			f.rows[LogRows], f.rows[QuantileRows], f.more, f.mass = of.rows[LogRows], of.rows[QuantileRows], of.more, of.mass
		}
		g.more = start[:len(start)-len(d.b)]
	}
	d.check(c.hasMore())
}

// blockMore writes what a block with rows has of it.
func (e *encoder) blockMore(b *blockSums) {
	if b.n == 0 {
		return
	}
	e.count(b.moreFlags())
	e.moreSums(b.logs)
	e.moreSums(b.quantiles)
	if b.mass != nil {
		e.sums(b.mass[:])
	}
}

func (d *decoder) blockMore(b *blockSums) {
	if b.n == 0 {
		return
	}
	flags := d.small(hasLogs | hasQuantiles | hasWeights)
	b.logs = d.moreSums(flags&hasLogs != 0, blockLogSums, b.n)
	b.quantiles = d.moreSums(flags&hasQuantiles != 0, blockQuantileSums, b.n)
	if flags&hasWeights != 0 && d.err == nil {
		b.mass = new(blockMass)
		d.sums(b.mass[:])
	}
}

// moreSums writes some sums, nothing where there are none.
func (e *encoder) moreSums(m *moreSums) {
	if m != nil {
		e.uint(uint64(m.n))
		e.sums(m.sums)
	}
}

// moreSums reads so many sums over at most so many rows where there are any.
func (d *decoder) moreSums(any bool, sums int, most int64) *moreSums {
	if !any || d.err != nil {
		return nil
	}
	var m *moreSums
	ready(&m, sums).n = d.amount()
	d.check(m.n <= most)
	d.sums(m.sums)
	return m
}

func (e *encoder) sums(sums []exact.Sum) {
	for k := range sums {
		e.sum(&sums[k])
	}
}

func (d *decoder) sums(sums []exact.Sum) {
	for k := range sums {
		d.sum(&sums[k])
	}
}

func (e *encoder) massTally(t *massTally) {
	e.count(int(t.shift))
	e.count(len(t.of))
	last := uint64(0)
	for _, key := range t.keys() {
		e.uint(key - last)
		for _, word := range t.of[key] {
			e.uint(word)
		}
		last = key
	}
}

// massTally reads into t, whose limit is set.
func (d *decoder) massTally(t *massTally) {
	t.shift = uint(d.small(63))
	n := d.count(4)
	d.check(n <= t.limit)
	last := uint64(0)
	for i := range n {
		step, w := d.uint(), wide{d.uint(), d.uint(), d.uint()}
		key := last + step
		d.check((i == 0 || key > last) && key<<t.shift>>t.shift == key && w != (wide{}) && w[2] <= math.MaxInt64)
		if d.err != nil {
			return
		}
		if t.of == nil {
			t.of = make(map[uint64]wide, n)
		}
		t.of[key], last = w, key
	}
}
