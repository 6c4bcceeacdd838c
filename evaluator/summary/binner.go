package summary

import "math"

// binner counts values by the points and open intervals of a layout, quickly: a grid
// leads each value near its interval, and what an interval holds lies in one place in
// memory, so that a column of 10,000 edges stays in a core's own cache.
//
// A grid maps a value x to cell(x), a function that never falls as x grows, by the
// rounding of floating point too. An edge of a lower cell is then less than x, one of
// a higher cell greater, and only those of x's own cell are compared with it.
type binner struct {
	// edges has the first edge twice, so that edges[i] and edges[i+1] bound interval i,
	// and infinite ones behind the last.
	edges []float64
	cells []binCell // one for each open interval, in order
	last  int       // the cell of the last interval
	grid  []uint16  // by cell: the number of edges in lower cells
	byKey bool      // the grid is on the order of bit patterns, else on that of numbers
	low   float64   // x's cell is (x - low) * scale
	scale float64
	key   uint64 // or (OrderKey(x) - key) >> shift
	shift uint64
	n     int // values since the counts were last taken out
	// where has the cells of the values at hand, and then their bins.
	where [binnedAtOnce]uint32
}

// binCell is an open interval and the point at its upper end.
type binCell struct {
	scale float64 // units in a width of 1, 0 in the outer intervals, which have no places
	place uint64  // sum of places below the edge, in units of 2^-40 of the width
	n     uint64  // values in the interval and on the point, and in the upper half on the point
}

const (
	// gridCells is the size of a grid.
	gridCells = 1 << 15
	// maxBinEdges is how many edges a grid can tell apart.
	maxBinEdges = math.MaxUint16
	// maxBinned values fit into the counts and places of a cell.
	maxBinned = 1 << 23
	// minBinned is how many values make a grid worth its making.
	minBinned = 1 << 13
	// nearEdges edges are compared with a value without a branch.
	nearEdges = 4
	// binnedAtOnce values are looked up before the first is counted.
	binnedAtOnce = 1024
)

// newBinner returns bins for at least two edges and at most maxBinEdges, nil where they
// lie too far apart or too near one another for float64.
func newBinner(edges []float64) *binner {
	k := len(edges)
	if k < 2 || k > maxBinEdges || math.IsInf(edges[k-1]-edges[0], 0) {
		return nil
	}
	b := &binner{edges: make([]float64, 1+k+nearEdges), cells: make([]binCell, k+1), last: k, grid: make([]uint16, gridCells+1)}
	b.edges[0] = edges[0]
	for i, e := range edges {
		b.edges[i+1] = e
		if i == 0 {
			continue
		}
		b.cells[i].scale = placeScale(edges[i-1], e)
		if math.IsInf(b.cells[i].scale, 0) {
			return nil
		}
	}
	for i := range b.edges[k+1:] {
		b.edges[k+1+i] = math.Inf(1)
	}
	b.low = edges[0]
	b.scale = gridCells / (edges[k-1] - edges[0])
	first, last := OrderKey(edges[0]), OrderKey(edges[k-1])
	b.key = first
	for (last-first)>>b.shift >= gridCells {
		b.shift++
	}
	linear := math.Inf(1)
	if !math.IsInf(b.scale, 0) {
		linear = b.cost(edges)
	}
	b.byKey = true
	if b.cost(edges) > linear {
		b.byKey = false
	}
	var counts [gridCells + 1]uint16
	for _, e := range edges {
		counts[b.cell(e)+1]++
	}
	for i := range gridCells {
		b.grid[i+1] = b.grid[i] + counts[i+1]
	}
	return b
}

// cost returns how many edges share a cell with each edge, summed over the edges.
func (b *binner) cost(edges []float64) float64 {
	total, same, last := 0.0, 0.0, -1
	for _, e := range edges {
		if c := b.cell(e); c != last {
			same, last = 0, c
		}
		same++
		total += same
	}
	return total
}

// cell returns the cell of x.
func (b *binner) cell(x float64) int {
	if b.byKey {
		return b.cellByKey(x)
	}
	return b.cellByNumber(x)
}

func (b *binner) cellByKey(x float64) int {
	k := OrderKey(x)
	if k < b.key {
		return 0
	}
	return int(min((k-b.key)>>(b.shift&63), gridCells-1))
}

func (b *binner) cellByNumber(x float64) int {
	t := float64((x - b.low) * b.scale)
	switch {
	case !(t > 0):
		return 0
	case t < gridCells:
		return int(t)
	}
	return gridCells - 1
}

// add counts at most binnedAtOnce values. Those outside of the edges are counted and
// appended to out, and those inside an open interval, outer ones too, are appended to
// open while collect is set. All lie between low and high.
func (b *binner) add(xs []float64, low, high float64, out, open []float64, collect bool) ([]float64, []float64) {
	points := b.count(xs)
	b.n += len(xs)
	inside := low >= b.edges[0] && high <= b.edges[b.last]
	if inside && (!collect || points == len(xs)) {
		return out, open
	}
	for k, x := range xs {
		i := int(b.where[k])
		outer := i == 0 || i == b.last
		// Most values are inner ones; whether one is on a point cannot be foretold.
		if !outer && !collect || b.edges[i+1] == x {
			continue
		}
		if outer {
			out = append(out, x)
		}
		if collect {
			open = append(open, x)
		}
	}
	return out, open
}

// plainBounds returns the least and the greatest of at least one value; which zero it
// is where both are, is not said.
func plainBounds(xs []float64) (low, high float64) {
	low, high = xs[0], xs[0]
	for _, x := range xs {
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
	}
	return low, high
}

// plainCount counts values, leaves their bins in where, and returns how many are on a
// point. Where a value belongs cannot be foretold, so there is no branch on it, and all
// are found before the first is counted, so that no step waits for another.
func (b *binner) plainCount(xs []float64) (points int) {
	b.find(xs)
	where := b.where[:len(xs)]
	edges, cells := b.edges, b.cells
	for k, x := range xs {
		i := int(where[k])
		upper := edges[i+1]
		on := one(upper == x)
		points += on
		cell := &cells[i]
		cell.n += 1 | uint64(on)<<32
		cell.place += placeBelow(upper, x, cell.scale)
	}
	return points
}

// addTimes counts a value whose bin is known n times, and reports whether it is on a
// point. A point's place is 0; what the places of the outer intervals come to means
// nothing, and drain leaves it out.
func (b *binner) addTimes(x float64, i, n int) bool {
	upper := b.edges[i+1]
	on := one(upper == x)
	cell := &b.cells[i]
	cell.n += uint64(n) | uint64(on*n)<<32
	cell.place += placeBelow(upper, x, cell.scale) * uint64(n)
	b.n += n
	return on == 1
}

// one returns 1 for true and 0 for false.
func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// find sets where to the bins of at most binnedAtOnce values: the numbers of edges less
// than each.
func (b *binner) find(xs []float64) {
	where := b.where[:len(xs)]
	if b.byKey {
		for k, x := range xs {
			where[k] = uint32(b.cellByKey(x))
		}
	} else {
		for k, x := range xs {
			where[k] = uint32(b.cellByNumber(x))
		}
	}
	edges, grid := b.edges[1:], b.grid
	for k, x := range xs {
		c := where[k]
		i := int(grid[c])
		near := edges[i : i+nearEdges : len(edges)]
		less := one(near[0] < x) + one(near[1] < x) + one(near[2] < x) + one(near[3] < x)
		i += less
		if less == nearEdges {
			i = b.search(x, i, int(grid[c+1]))
		}
		where[k] = uint32(i)
	}
}

// search returns the number of edges less than x, which is between i and end.
func (b *binner) search(x float64, i, end int) int {
	for i < end {
		if m := (i + end) / 2; b.edges[m+1] < x {
			i = m + 1
		} else {
			end = m
		}
	}
	return i
}

// drain adds what was counted to a column and forgets it.
func (b *binner) drain(c *Column) {
	for i := range b.cells {
		cell := &b.cells[i]
		if cell.n == 0 {
			continue
		}
		count, point := int64(cell.n&math.MaxUint32), int64(cell.n>>32)
		open := count - point
		if i < len(c.points) {
			c.points[i] += point
		}
		c.opens[i] += open
		if i > 0 && i < b.last {
			c.places[i].addBelow(cell.place, uint64(open))
		}
		cell.n, cell.place = 0, 0
	}
	b.n = 0
}
