package summary

import "math"

// What 32 bits hold of 0.1 is another number than what 64 bits hold of it, and so it is
// with every fraction that isn't one of powers of two. Where one side of a comparison has
// a column in 32 bits and the other in 64, their values are therefore compared as numbers
// of 32 bits: two that have the same shortest decimal there are one.

// beyondFractions is where numbers of 32 bits are whole, and then not even all of these:
// from there on values are compared as they are.
const beyondFractions = 1 << 24

// narrowed returns the number of 32 bits that stands for x.
func narrowed(x float64) float64 {
	if math.Abs(x) < beyondFractions {
		return float64(float32(x))
	}
	return x
}

// wideEdge returns the edge that x, a number of 32 bits, stands for: the least of those
// that round to it where it is none itself, and x where there is none.
func wideEdge(edges []float64, x float64) float64 {
	i := lowerBound(edges, x)
	if i < len(edges) && edges[i] == x {
		return x
	}
	least := i
	for least > 0 && narrowed(edges[least-1]) == x {
		least--
	}
	if least < len(edges) && narrowed(edges[least]) == x {
		return edges[least]
	}
	return x
}

// narrowEdges is wideEdge for many values.
type narrowEdges struct {
	rounded []float64 // the numbers that stand for an edge, ascending
	edge    []float64 // by number
	bins    *binner   // of rounded; nil where these are too few
}

func newNarrowEdges(edges []float64) *narrowEdges {
	n := &narrowEdges{}
	for _, e := range edges {
		r := narrowed(e)
		if k := len(n.rounded); r == e || k > 0 && n.rounded[k-1] == r {
			continue
		}
		if edge := wideEdge(edges, r); edge != r {
			n.rounded, n.edge = append(n.rounded, r), append(n.edge, edge)
		}
	}
	n.bins = newBinner(n.rounded)
	return n
}

// replace puts for each number the edge that it stands for.
func (n *narrowEdges) replace(xs []float64) {
	for len(xs) > 0 {
		part := xs[:min(len(xs), binnedAtOnce)]
		xs = xs[len(part):]
		n.bins.find(part)
		for k, x := range part {
			if i := int(n.bins.where[k]); n.bins.edges[i+1] == x {
				part[k] = n.edge[i]
			}
		}
	}
}

// alike returns numbers as they compare with the reference's; narrow says that they are
// of 32 bits. The result is valid until the next call.
func (c *Column) alike(xs []float64, narrow bool) []float64 {
	if narrow == c.layout.Narrow {
		return xs
	}
	if narrow && c.narrow == nil && c.valid >= minBinned {
		c.narrow = newNarrowEdges(c.layout.Edges)
	}
	if narrow && c.narrow != nil && len(c.narrow.rounded) == 0 {
		return xs
	}
	c.changed = append(c.changed[:0], xs...)
	switch {
	case !narrow:
		for i, x := range xs {
			c.changed[i] = narrowed(x)
		}
	case c.narrow != nil && c.narrow.bins != nil:
		c.narrow.replace(c.changed)
	default:
		for i, x := range xs {
			c.changed[i] = wideEdge(c.layout.Edges, x)
		}
	}
	return c.changed
}
