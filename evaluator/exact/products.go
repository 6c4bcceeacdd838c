package exact

import "slices"

const (
	// MaxProducts is how many products are summed at a time.
	MaxProducts = batchSize
	// ProductLanes is what the number of products must be a multiple of.
	ProductLanes = 4
)

// Parts are numbers whose exact sum is that of many more. Products returns them, and
// any number of Sums take them.
type Parts [4]float64

// AddParts adds the sum that the parts stand for.
func (s *Sum) AddParts(p *Parts) {
	for _, x := range p {
		if x != 0 {
			s.Add(x)
		}
	}
}

// Products sets products to xs*ys, or to xs where ys is nil, each rounded, and returns
// parts of their exact sum. The absolute value of none is above greatest; scratch has room
// for as many values. ok is false where the products lie too far apart, or not all are
// finite; they are set then, but not summed. It panics when there are more than
// MaxProducts of them, or not a multiple of ProductLanes.
//
// It goes the way of Sum.AddAll, with up to four levels.
func Products(products, xs, ys, scratch []float64, greatest float64) (parts Parts, ok bool) {
	n := len(products)
	switch {
	case n == 0:
		return parts, true
	case n > MaxProducts || n%ProductLanes != 0:
		panic("exact: a number of products that vectors don't have")
	case ys == nil:
		ys = ones
	}
	xs, ys, scratch = xs[:n], ys[:n], scratch[:n]
	m1, m2, ok := levels(greatest)
	if !ok {
		for i, x := range xs {
			products[i] = float64(x * ys[i])
		}
		return parts, false
	}
	var rest bool
	parts[0], parts[1], rest = productCuts(products, scratch, xs, ys, m1, m2)
	if rest {
		const lower = 1.0 / (1 << levelBits)
		parts[2], parts[3], rest = productCuts(scratch, scratch, scratch, ones[:n], float64(m2*lower), float64(m2*lower*lower))
	}
	return parts, !rest
}

// ones leave what they are multiplied with.
var ones = slices.Repeat([]float64{1}, MaxProducts) //nolint:gochecknoglobals // a constant

// plainProductCuts sets products to xs*ys and rests to what the two levels leave of
// them, and returns the sums of what each level takes off, and whether anything is left.
// Where all are one slice, the rests are what it holds in the end.
func plainProductCuts(products, rests, xs, ys []float64, m1, m2 float64) (a1, a2 float64, rest bool) {
	for i, x := range xs {
		x := float64(x * ys[i])
		products[i] = x
		p := x + m1 - m1
		a1 += p
		x -= p
		p = x + m2 - m2
		a2 += p
		x -= p
		rests[i] = x
		rest = rest || x != 0
	}
	return a1, a2, rest
}
