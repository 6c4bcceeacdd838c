package summary

import (
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

const (
	// coarseParts is how many coarse bins a decile is cut into.
	coarseParts = 4
	// maxCoarseBins bounds the coarse bins of a column.
	maxCoarseBins = coarseParts * numDeciles
)

// Coarse says how the values of a column are dealt to few bins, so that many groups of rows
// can be counted each by itself: what a Clusters counts on. It is a function of the column's
// layout.
//
// A column of ranges has each decile of the layout cut into 4 by the number of its edges, so
// that its bins are nested in those of PSI. A number of few values has one bin for each. A
// text has one for each category up to 40; beyond that neighbours in name order share one.
type Coarse struct {
	layout *ColumnLayout
	bins   int
	// Of ranges: the indexes into Edges of the greatest edge of each bin, the values of
	// these, and the decile that each bin lies in.
	upper  []int
	bounds []float64
	decile []int
}

// Coarse returns how the column's values are dealt to coarse bins.
func (l *ColumnLayout) Coarse() *Coarse {
	c := &Coarse{layout: l}
	switch {
	case l.Kind == groundtruth.Text:
		c.bins = min(len(l.Categories), maxCoarseBins)
	case l.Categorical():
		c.bins = len(l.Edges)
	case len(l.Edges) > 0:
		below := -1 // the greatest edge of the decile before
		for d, cut := range append(slices.Clone(l.Cuts), len(l.Edges)-1) {
			parts := min(coarseParts, cut-below)
			for p := 1; p <= parts; p++ {
				at := below + (p*(cut-below)+parts-1)/parts
				c.upper, c.bounds, c.decile = append(c.upper, at), append(c.bounds, l.Edges[at]), append(c.decile, d)
			}
			below = cut
		}
		c.bins = len(c.upper)
	}
	return c
}

// Bins returns the number of coarse bins. Counts on them have two more: the rows whose value
// is none that the reference has, and those without a value.
func (c *Coarse) Bins() int { return c.bins }

// Decile returns which decile of the layout, the first being 0, a coarse bin lies in, where
// the column's bins are ranges; else the bin itself.
func (c *Coarse) Decile(bin int) int {
	if c.decile == nil {
		return bin
	}
	return c.decile[bin]
}

// Category returns the coarse bin of a category, or of one of few values, by its index.
func (c *Coarse) Category(i int) int {
	if n := len(c.layout.Categories); n > c.bins {
		return i * c.bins / n
	}
	return i
}

// Counts returns the rows of a column on its coarse bins.
func (c *Coarse) Counts(of *Column) []int64 {
	out := make([]int64, c.bins+2)
	out[c.bins+1] = of.Missing()
	if c.layout.Kind == groundtruth.Text {
		for i, n := range of.categories {
			out[c.Category(i)] += n
		}
		out[c.bins] = of.unseen
		return out
	}
	k := len(of.points)
	bin := 0
	for i, n := range of.opens {
		if i == 0 || i == k || c.layout.Categorical() {
			out[c.bins] += n
		} else {
			out[bin] += n
		}
		if i == k {
			break
		}
		out[bin] += of.points[i]
		if c.layout.Categorical() || i == c.upper[bin] {
			bin++
		}
	}
	return out
}

// add counts values, each so many times where counts aren't nil, into the bins of out and
// returns how many there are.
func (c *Coarse) add(out []int64, v *groundtruth.Values) (n int64) {
	if v.Kind != c.layout.Kind {
		return 0
	}
	if v.Kind == groundtruth.Text {
		eachText(v, func(text string, times int64) {
			bin := c.bins
			if i, ok := c.layout.category(text); ok {
				bin = c.Category(i)
			}
			out[bin] += times
			n += times
		})
		return n
	}
	return c.addNumbers(out, v.Floats, v.Narrow, v.Counts)
}

// addNumbers is add for numbers; narrow says that they are of 32 bits.
func (c *Coarse) addNumbers(out []int64, xs []float64, narrow bool, counts []int64) (n int64) {
	edges := c.layout.Edges
	if len(edges) == 0 {
		for i := range xs {
			n += timesOf(counts, i)
		}
		out[c.bins] += n
		return n
	}
	least, greatest := edges[0], edges[len(edges)-1]
	categorical := c.layout.Categorical()
	for i, x := range xs {
		switch {
		case narrow == c.layout.Narrow:
		case narrow:
			x = wideEdge(edges, x)
		default:
			x = narrowed(x)
		}
		bin := c.bins
		switch {
		case categorical:
			if at := lowerBound(edges, x); at < len(edges) && edges[at] == x {
				bin = at
			}
		case x >= least && x <= greatest:
			bin = lowerBound(c.bounds, x)
		}
		times := timesOf(counts, i)
		out[bin] += times
		n += times
	}
	return n
}

// timesOf returns how many times value i comes; nil counts are once each.
func timesOf(counts []int64, i int) int64 {
	if counts == nil {
		return 1
	}
	return counts[i]
}
