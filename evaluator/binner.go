package evaluator

import "math"

// binner counts values by the points and open intervals of a layout, quickly: a grid
// leads each value near its interval, and what an interval holds lies in one place in
// memory, so that a column of 10,000 edges stays in a core's own cache.
//
// A grid maps a value x to cell(x), a function that never falls as x grows, by the
// rounding of floating point too. An edge of a lower cell is then less than x, one of
// a higher cell greater, and only those of x's own cell are compared with it.
type binner struct {
	cells []binCell // one for each open interval, in order
	grid  []uint16  // by cell: the number of edges in lower cells
	byKey bool      // the grid is on the order of bit patterns, else on that of numbers
	low   float64   // x's cell is (x - low) * scale
	scale float64
	key   uint64 // or (orderKey(x) - key) >> shift
	shift uint
	n     int // values since the counts were last taken out
}

// binCell is an open interval and the point at its upper end.
type binCell struct {
	edge  float64 // infinite for the last interval
	scale float64 // 2^40 / width, 0 where that isn't finite
	place uint64  // sum of places below the edge, in units of 2^-40 of the width
	open  uint32
	point uint32
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
	// nearEdges are so many edges in one cell that they are looked through one by one.
	nearEdges = 8
)

// newBinner returns bins for at least two edges and at most maxBinEdges, nil where they
// lie too far apart or too near one another for float64.
func newBinner(edges []float64) *binner {
	k := len(edges)
	if k < 2 || k > maxBinEdges || math.IsInf(edges[k-1]-edges[0], 0) {
		return nil
	}
	b := &binner{cells: make([]binCell, k+1), grid: make([]uint16, gridCells+1)}
	for i, e := range edges {
		b.cells[i].edge = e
		if i > 0 {
			if b.cells[i].scale = placeScale(edges[i-1], e); math.IsInf(b.cells[i].scale, 0) {
				return nil
			}
		}
	}
	b.cells[k].edge = math.Inf(1)
	b.low = edges[0]
	b.scale = gridCells / (edges[k-1] - edges[0])
	first, last := orderKey(edges[0]), orderKey(edges[k-1])
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
	var where [512]uint16
	b.findCells([]float64{x}, &where)
	return int(where[0])
}

func (b *binner) cellByKey(x float64) uint64 {
	k := orderKey(x)
	if k < b.key {
		return 0
	}
	return min((k-b.key)>>b.shift, gridCells-1)
}

// add counts values. Those outside of the edges are counted and appended to out, and
// those inside an open interval, outer ones too, are appended to open while collect
// is set.
func (b *binner) add(xs []float64, out, open []float64, collect bool) ([]float64, []float64) {
	var where [512]uint16 // cells of values, found apart so that no step waits for another
	cells, last := b.cells, len(b.cells)-1
	for len(xs) > 0 {
		part := xs[:min(len(xs), len(where))]
		xs = xs[len(part):]
		b.findCells(part, &where)
		for k, x := range part {
			c := where[k]
			i, end := int(b.grid[c]), int(b.grid[c+1])
			if end-i > nearEdges {
				i = b.search(x, i, end)
			} else {
				for cells[i].edge < x {
					i++
				}
			}
			cell := &cells[i]
			if cell.edge == x {
				cell.point++
				continue
			}
			cell.open++
			if i == 0 || i == last {
				out = append(out, x)
			} else {
				cell.place += placeBelow(cell.edge, x, cell.scale)
			}
			if collect {
				open = append(open, x)
			}
		}
	}
	return out, open
}

// findCells sets the cells of at most so many values.
func (b *binner) findCells(xs []float64, where *[512]uint16) {
	xs = xs[:min(len(xs), len(where))]
	if b.byKey {
		for k, x := range xs {
			where[k] = uint16(b.cellByKey(x))
		}
		return
	}
	low, scale := b.low, b.scale
	for k, x := range xs {
		t := (x - low) * scale
		c := 0
		if t > 0 {
			c = gridCells - 1
			if t < gridCells {
				c = int(t)
			}
		}
		where[k] = uint16(c)
	}
}

// search returns the number of edges less than x, which is between i and end.
func (b *binner) search(x float64, i, end int) int {
	for i < end {
		if m := (i + end) / 2; b.cells[m].edge < x {
			i = m + 1
		} else {
			end = m
		}
	}
	return i
}

// drain adds what was counted to a column and forgets it.
func (b *binner) drain(c *ColumnSummary) {
	for i := range b.cells {
		cell := &b.cells[i]
		if cell.point|cell.open == 0 {
			continue
		}
		if i < len(c.points) {
			c.points[i] += int64(cell.point)
		}
		c.opens[i] += int64(cell.open)
		if i > 0 && i < len(b.cells)-1 {
			c.places[i].addBelow(cell.place, uint64(cell.open))
		}
		cell.point, cell.open, cell.place = 0, 0, 0
	}
	b.n = 0
}
