package drift

import (
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// binsOf counts all rows of a column in bins: for numbers the reference's deciles (or
// its values, where they are few), then out of range, then missing; for text its
// categories, then unseen, then missing.
func binsOf(c *summary.Column) bins {
	if !c.Layout().Ranged() {
		return append(categoryBins(c), float64(c.Missing()))
	}
	l := c.Layout()
	out := make(bins, 0, len(l.Cuts)+3)
	k := len(l.Edges)
	var in float64
	next := 0
	for i := range k {
		if i > 0 {
			in += float64(c.Open(i))
		}
		in += float64(c.Point(i))
		if next < len(l.Cuts) && l.Cuts[next] == i {
			out = append(out, in)
			in = 0
			next++
		}
	}
	return append(out, in, float64(c.Open(0)+c.Open(k)), float64(c.Missing()))
}

// categoryBins counts a column by the reference's values, and all others in one
// more bin.
func categoryBins(c *summary.Column) bins {
	if c.Kind() != groundtruth.Number {
		out := make(bins, 0, len(c.Categories())+2)
		for i := range c.Categories() {
			out = append(out, float64(c.Category(i)))
		}
		return append(out, float64(c.Unseen()))
	}
	var out bins
	var rest float64
	for i := range c.Edges() {
		out = append(out, float64(c.Point(i)))
	}
	for i := range len(c.Edges()) + 1 {
		rest += float64(c.Open(i))
	}
	return append(out, rest)
}
