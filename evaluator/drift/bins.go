package drift

import (
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// binsOf counts the values of a column in bins: for numbers the reference's deciles, those
// outside its range in the nearest one, or its values, where they are few, and then others;
// for text its categories, then unseen ones.
func binsOf(c *summary.Column) bins {
	if !c.Layout().Ranged() {
		return categoryBins(c)
	}
	l := c.Layout()
	out := make(bins, 0, len(l.Cuts)+1)
	k := len(l.Edges)
	var in float64
	next := 0
	for i := range k {
		in += float64(c.Open(i)) + float64(c.Point(i))
		if next < len(l.Cuts) && l.Cuts[next] == i {
			out = append(out, in)
			in = 0
			next++
		}
	}
	return append(out, in+float64(c.Open(k)))
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
