package drift

import (
	"math"

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

// fewExpected is how many values of a category chance is to give the smaller sample for the
// category to be a bin of its own (Cochran, Biometrics 10, 1954).
const fewExpected = 5

// rareBins marks the categories of both samples that are rare in them together, of which one
// bin is made, and returns nil where none are. Where most of the values are of rare ones, that
// bin would hide all that there is, and each keeps its own. All this goes by both samples, so
// that chance, which deals the values to them anew, leaves the marks as they are. The last
// bin, of unseen categories, is never marked.
func rareBins(ref, cur bins) []bool {
	n, m := ref.total(), cur.total()
	share := math.Min(n, m) / (n + m)
	rare, marked, of := make([]bool, len(ref)), 0, 0.0
	for i := range len(ref) - 1 {
		if values := ref[i] + cur[i]; values > 0 && float64(values*share) < fewExpected {
			rare[i] = true
			marked++
			of += values
		}
	}
	if marked < 2 || 2*of > n+m {
		return nil
	}
	return rare
}

// pooled returns the bins with those that are marked in one, which comes first.
func (b bins) pooled(rare []bool) bins {
	if rare == nil {
		return b
	}
	out := bins{0}
	for i, n := range b {
		if rare[i] {
			out[0] += n
		} else {
			out = append(out, n)
		}
	}
	return out
}
