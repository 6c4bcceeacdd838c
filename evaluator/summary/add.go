package summary

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

const (
	// wholeBuckets bounds the sketch of |e| over all rows, GroupBuckets that of a
	// version or segment.
	wholeBuckets = 16_384
	GroupBuckets = 1024
)

// greatestSum is the greatest |y|+|p| for which nothing overflows.
const greatestSum = math.MaxFloat64 / 2

// symmetricError returns 2|p-y| / (|y|+|p|), 0 where both are 0.
func symmetricError(p, y, abs float64) float64 {
	d := math.Abs(y) + math.Abs(p)
	switch {
	case d == 0:
		return 0
	case d <= greatestSum:
		return 2 * abs / d
	}
	// Halves keep huge numbers from overflowing; halving them is exact.
	return float64(2 * (math.Abs(float64(p/2)-float64(y/2)) / (math.Abs(y/2) + math.Abs(p/2))))
}

// NewErrorSums returns the sums of no rows, with labels centred at center, a sketch of so
// many buckets, and time blocks if asked for.
func NewErrorSums(center float64, buckets int, blocks bool) *ErrorSums {
	e := &ErrorSums{center: center, sums: make([]exact.Sum, numFirstSums), abs: tally{limit: buckets}}
	if blocks {
		e.blocks = make([]blockSums, NumBlocks)
	}
	return e
}

// newSumsOf returns NewErrorSums, or where classes are not nil, those of a classifier: which have
// these counts alone.
func newSumsOf(classes *Classes, center float64, buckets int, blocks bool) *ErrorSums {
	if classes != nil {
		return &ErrorSums{center: center, classes: classes}
	}
	return NewErrorSums(center, buckets, blocks)
}

// addLabels adds labels, of the same layout, to those that the sums know.
func (e *ErrorSums) addLabels(label *Column) {
	if label == nil {
		return
	}
	if e.label == nil {
		e.label = newColumnSummary(label.layout, label.interiorLimit())
	}
	e.label.mergeFrom(label)
}

// newGroupSums returns the sums of no rows of a version or segment, which counts them by time
// block if asked for. Classes are those of a classifier, nil of a regression.
func newGroupSums(classes *Classes, center float64, blocks bool) *ErrorSums {
	e := newSumsOf(classes, center, GroupBuckets, false)
	if blocks {
		e.byBlock = make([]int64, NumBlocks)
	}
	return e
}

// settle makes what was counted readable.
func (e *ErrorSums) settle() {
	e.abs.settle()
	e.classes.settle()
}

func (e *ErrorSums) empty() bool { return e.n == 0 }

// addSums adds the sums over rows of o, and nothing else of it.
func (e *ErrorSums) addSums(o *ErrorSums) {
	for k := range e.sums {
		e.sums[k].Merge(&o.sums[k])
	}
	addMore(&e.logs, o.logs)
	addMore(&e.quantiles, o.quantiles)
	e.crossed += o.crossed
	if o.weights != nil {
		e.readyWeights().addSums(o.weights)
	}
}

// readyWeights returns what is kept of rows with weights.
func (e *ErrorSums) readyWeights() *weightSums {
	if e.weights == nil {
		e.weights = newWeightSums(e.abs.limit)
	}
	return e.weights
}

// addTimeless counts rows that have no time.
func (e *ErrorSums) addTimeless(n int) {
	e.timeless += int64(n)
	if e.classes != nil {
		e.classes.timeless = true
	}
}

func (e *ErrorSums) mergeFrom(o *ErrorSums) {
	logsKnown := (e.empty() || e.logs != nil) && (o.empty() || o.logs != nil)
	e.n += o.n
	e.nonZero += o.nonZero
	e.timeless += o.timeless
	if e.classes != nil {
		e.classes.mergeFrom(o.classes)
	}
	e.addSums(o)
	if o.weights != nil {
		e.weights.addTallies(o.weights)
	}
	e.maxAbs = max(e.maxAbs, o.maxAbs)
	e.abs.mergeFrom(&o.abs)
	switch {
	case o.empty():
	case e.labels == nil || o.labels == nil:
		e.labels = nil
	default:
		e.labels.mergeFrom(o.labels)
	}
	switch {
	case o.empty():
	case e.byBlock == nil || o.byBlock == nil:
		e.byBlock = nil
	default:
		for i, n := range o.byBlock {
			e.byBlock[i] += n
		}
	}
	for i := range e.blocks {
		e.blocks[i].mergeFrom(&o.blocks[i])
	}
	if !logsKnown {
		e.logs = nil
		for i := range e.blocks {
			e.blocks[i].logs = nil
		}
	}
}

func (b *blockSums) mergeFrom(o *blockSums) {
	b.n += o.n
	b.nonZero += o.nonZero
	for k := range b.sums {
		b.sums[k].Merge(&o.sums[k])
	}
	b.addRest(o)
}

// addRest adds what o has beyond counts and the first sums.
func (b *blockSums) addRest(o *blockSums) {
	addMore(&b.logs, o.logs)
	addMore(&b.quantiles, o.quantiles)
	if o.mass != nil {
		if b.mass == nil {
			b.mass = new(blockMass)
		}
		for r := range b.mass {
			b.mass[r].Merge(&o.mass[r])
		}
	}
}

// sumBytes is the size of an exact sum in memory.
const sumBytes = 576

func (e *ErrorSums) bytes() int64 {
	n := e.classes.bytes() + int64(len(e.sums))*sumBytes + int64(len(e.byBlock))*8 + e.abs.bytes()
	n += e.logs.bytes() + e.quantiles.bytes() + e.weights.bytes()
	for i := range e.blocks {
		n += e.blocks[i].bytes()
	}
	if e.labels != nil {
		n += e.labels.bytes()
	}
	return n
}

func (b *blockSums) bytes() int64 {
	n := int64(numBlockSums)*sumBytes + b.logs.bytes() + b.quantiles.bytes()
	if b.mass != nil {
		n += int64(numRows) * sumBytes
	}
	return n
}

func newColumnSummary(l *ColumnLayout, interior int) *Column {
	c := &Column{layout: l}
	switch l.Kind {
	case groundtruth.Number:
		k := len(l.Edges)
		c.points, c.opens, c.places = make([]int64, k), make([]int64, k+1), make([]place, k+1)
		c.interior = tally{limit: interior, dropping: true}
	case groundtruth.Text:
		c.categories = make([]int64, len(l.Categories))
	}
	return c
}

func (c *Column) interiorLimit() int { return c.interior.limit }

// addNumbers takes finite numbers, each so many times; nil counts is once.
func (c *Column) addNumbers(xs []float64, counts []int64) {
	// All that is to be done with some values is done while they are in the nearest
	// cache.
	for len(xs) > 0 {
		part := xs[:min(len(xs), binnedAtOnce)]
		xs = xs[len(part):]
		if counts == nil {
			c.addOnce(part)
			continue
		}
		c.addCounted(part, counts[:len(part)])
		counts = counts[len(part):]
	}
}

// addOnce takes at least one number and at most binnedAtOnce of them.
func (c *Column) addOnce(xs []float64) {
	low, high := c.extend(xs)
	c.valid += int64(len(xs))
	c.total.AddAll(xs, low, high)
	c.squares.AddSquares(xs, c.layout.Center, low, high)
	if !c.binned() {
		for _, x := range xs {
			c.count(unsignedZero(x), 1)
		}
		return
	}
	if c.bins.n+len(xs) > maxBinned {
		c.bins.drain(c)
	}
	c.outside, c.between = c.bins.add(xs, low, high, c.outside[:0], c.between[:0], c.collects())
	edges := c.layout.Edges
	for _, x := range c.outside {
		if x < edges[0] {
			c.low.Add(x)
		} else {
			c.high.Add(x)
		}
	}
	for _, x := range c.between {
		c.interior.add(unsignedZero(x))
	}
}

// addCounted is addOnce of numbers each so many times.
func (c *Column) addCounted(xs []float64, counts []int64) {
	c.extend(xs)
	for i, x := range xs {
		n := counts[i]
		c.valid += n
		c.total.AddTimes(x, n)
		d := x - c.layout.Center
		c.squares.AddTimes(float64(d*d), n)
	}
	if !c.binned() {
		for i, x := range xs {
			c.count(unsignedZero(x), counts[i])
		}
		return
	}
	c.bins.find(xs)
	for k, x := range xs {
		i, n := int(c.bins.where[k]), counts[k]
		if n > maxBinned {
			c.count(unsignedZero(x), n)
			continue
		}
		if c.bins.n+int(n) > maxBinned {
			c.bins.drain(c)
		}
		if c.bins.addTimes(x, i, int(n)) {
			continue
		}
		switch i {
		case 0:
			c.low.AddTimes(x, n)
		case c.bins.last:
			c.high.AddTimes(x, n)
		}
		if c.collects() {
			c.interior.addTimes(unsignedZero(x), n)
		}
	}
}

// extend makes the column's bounds hold numbers, and returns theirs.
func (c *Column) extend(xs []float64) (low, high float64) {
	low, high = bounds(xs)
	low, high = unsignedZero(low), unsignedZero(high)
	if c.valid == 0 {
		c.min, c.max = low, high
	}
	c.min, c.max = min(c.min, low), max(c.max, high)
	return low, high
}

// binned reports whether the column has bins, and makes them when they are worth it.
func (c *Column) binned() bool {
	if c.bins == nil && c.valid >= minBinned && !c.noBins {
		c.bins = newBinner(c.layout.Edges)
		c.noBins = c.bins == nil
	}
	return c.bins != nil
}

// collects reports whether values of open intervals are still kept.
func (c *Column) collects() bool { return c.interior.limit > 0 && !c.interior.over }

// count counts a number n times.
func (c *Column) count(x float64, n int64) {
	edges := c.layout.Edges
	k := len(edges)
	i := lowerBound(edges, x)
	if i < k && edges[i] == x {
		c.points[i] += n
		return
	}
	c.opens[i] += n
	switch i {
	case 0:
		c.low.AddTimes(x, n)
	case k:
		c.high.AddTimes(x, n)
	default:
		c.places[i].addTimes(placeOf(x, edges[i-1], edges[i]), uint64(n))
	}
	if c.interior.limit > 0 {
		c.interior.addTimes(x, n)
	}
}

// settle brings the counts of the bins into the column's own.
func (c *Column) settle() {
	if c.bins != nil {
		c.bins.drain(c)
	}
	c.bins, c.outside, c.between = nil, nil, nil
	c.narrow, c.changed = nil, nil
}

// lowerBound returns the number of edges less than x.
func lowerBound(edges []float64, x float64) int {
	base, n := 0, len(edges)
	for n > 0 {
		half := (n + 1) / 2
		if edges[base+half-1] < x {
			base += half
			n -= half
		} else {
			n = half - 1
		}
	}
	return base
}

// addCategory takes n rows of a value.
func (c *Column) addCategory(value string, n int64) {
	c.valid += n
	if i, ok := c.layout.category(value); ok {
		c.categories[i] += n
	} else {
		c.unseen += n
	}
}

// mergeFrom adds what o has. Both are settled.
func (c *Column) mergeFrom(o *Column) {
	c.invalid += o.invalid
	if o.valid == 0 {
		return
	}
	if c.layout.Kind == groundtruth.Number {
		if c.valid == 0 {
			c.min, c.max = o.min, o.max
		}
		c.min, c.max = min(c.min, o.min), max(c.max, o.max)
	}
	c.valid += o.valid
	// Of few values most are in none of the many bins, whose memory is then left alone.
	for i, n := range o.points {
		if n != 0 {
			c.points[i] += n
		}
	}
	for i, n := range o.opens {
		if n != 0 {
			c.opens[i] += n
			c.places[i].merge(o.places[i])
		}
	}
	c.low.Merge(&o.low)
	c.high.Merge(&o.high)
	c.total.Merge(&o.total)
	c.squares.Merge(&o.squares)
	c.interior.mergeFrom(&o.interior)
	for i := range o.categories {
		c.categories[i] += o.categories[i]
	}
	c.unseen += o.unseen
}

func (c *Column) bytes() int64 {
	return int64(len(c.points)+len(c.opens)+2*len(c.places)+len(c.categories))*8 + 4*sumBytes + c.interior.bytes()
}
