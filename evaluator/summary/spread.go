package summary

import "math"

// A spreadCell is a range of labels, a single one where low and high are equal.
type spreadCell struct {
	low, high float64
	mass      float64 // the number of labels, or the sum of their weights
	upTo      float64 // the mass of this one and of all before it
	mean      float64 // of the labels, as far as it is known
	off       float64 // how far the mean may be from theirs
}

// LabelSpread returns the median of the rows' labels and the mean of |y - median|, each with the
// row's weight where they have weights: the mae of whoever always says the median. The bound is
// the greatest error that the mean can have: 0 while the distinct labels are known. It is not
// known, and ok false, of versions and segments, whose labels are not counted apart, and where a
// label is out of the range of numbers that can be summed.
func (e *ErrorSums) LabelSpread() (median, mean, bound float64, ok bool) {
	var cells []spreadCell
	switch {
	case e.weights != nil:
		cells = e.weights.labels.cells()
	case e.label != nil:
		cells = e.label.cells()
	case e.labels != nil:
		cells = e.labels.cells()
	}
	if len(cells) == 0 {
		return 0, 0, 0, false
	}
	return spreadOf(cells)
}

// spreadOf returns the mean distance of values from their median.
//
// Of all values but those of the cell that the median is in, the distance is that of their
// mean. In that cell each is off by its width at the most; and where the median is off by as
// much, the distances of the others are off by that times the difference between how many
// lie below and above, which is at most how many the cell has.
func spreadOf(cells []spreadCell) (median, mean, bound float64, ok bool) {
	total := cells[len(cells)-1].upTo
	median, _ = cellAt(cells, float64(total/2))
	for _, c := range cells {
		share := c.mass / total
		mean += float64(share * math.Abs(c.mean-median))
		bound += float64(share * c.off)
		if c.low < c.high && c.low <= median && median <= c.high {
			bound += float64(2 * share * (c.high - c.low))
		}
	}
	return median, mean, bound, !math.IsInf(mean, 0) && !math.IsNaN(mean) && !math.IsInf(bound, 0) && !math.IsNaN(bound)
}

// cellAt returns the value at which the mass of ascending cells, of which there is one at
// least, reaches so much: the middle of it and the next where it is reached exactly. It is
// within the bound.
func cellAt(cells []spreadCell, mass float64) (value, bound float64) {
	for i, c := range cells {
		if c.upTo < mass && i < len(cells)-1 {
			continue
		}
		value, bound = c.mean, max(c.mean-c.low, c.high-c.mean)
		if c.upTo == mass && i < len(cells)-1 {
			next := cells[i+1]
			value = float64(value/2) + float64(next.mean/2)
			bound = float64(bound/2) + float64(max(next.mean-next.low, next.high-next.mean)/2)
		}
		break
	}
	return value, bound
}

// cellOf returns a cell of values that are known to lie between two alone.
func cellOf(low, high, mass float64) spreadCell {
	c := spreadCell{low: low, high: high, mass: mass, mean: low}
	if low < high {
		c.mean = float64(low/2) + float64(high/2)
		c.off = float64(high/2) - float64(low/2)
	}
	return c
}

// summedUp fills in what the mass of cells comes to, which are counts.
func summedUp(cells []spreadCell) []spreadCell {
	upTo := 0.0
	for i := range cells {
		upTo += cells[i].mass
		cells[i].upTo = upTo
	}
	return cells
}

func (t *massTally) cells() []spreadCell {
	var out []spreadCell
	var upTo wide
	b := tally{shift: t.shift}
	for _, key := range t.keys() {
		low, high := b.bucket(key)
		c := cellOf(low, high, t.of[key].float64())
		upTo.add(t.of[key])
		c.upTo = upTo.float64()
		out = append(out, c)
	}
	return out
}

func (t *tally) cells() []spreadCell {
	var out []spreadCell
	for _, e := range t.sorted() {
		low, high := t.bucket(e.Key)
		out = append(out, cellOf(low, high, float64(e.Count)))
	}
	return summedUp(out)
}

// cells returns the values of a numeric column in ascending order.
func (c *Column) cells() []spreadCell {
	var out []spreadCell
	edges, k := c.layout.Edges, len(c.layout.Edges)
	var inner []Entry // values of open intervals that are known, those that are yet to come
	known := c.InteriorKnown()
	if known {
		inner = c.InteriorEntries()
	}
	for i, n := range c.opens {
		low, high := c.min, c.max
		if i > 0 {
			low = edges[i-1]
		}
		if i < k {
			high = edges[i]
		}
		switch {
		case n == 0:
		case known:
			for rest := n; rest > 0; inner = inner[1:] {
				v := OrderValue(inner[0].Key)
				out = append(out, cellOf(v, v, float64(inner[0].Count)))
				rest -= inner[0].Count
			}
		case i > 0 && i < k:
			width := high - low
			mean := low + float64(c.places[i].float64()/float64(n)*width)
			out = append(out, spreadCell{low: low, high: high, mass: float64(n), mean: mean, off: float64(width * 0x1p-41)})
		default:
			// Sums of what lies outside are exact.
			sum := &c.low
			if i > 0 {
				sum = &c.high
			}
			out = append(out, spreadCell{low: low, high: high, mass: float64(n), mean: min(max(low, sum.Float64()/float64(n)), high)})
		}
		if i < k && c.points[i] > 0 {
			out = append(out, cellOf(edges[i], edges[i], float64(c.points[i])))
		}
	}
	return summedUp(out)
}
