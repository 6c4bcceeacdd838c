package exact

import "math"

// batchSize is how many values are summed in registers before the sum takes them.
const batchSize = 1 << batchBits

const (
	batchBits = 10
	// levelBits are the bits that one level takes off a value: sums of batchSize parts
	// of it fit into the 53 bits of a float64.
	levelBits = 53 - batchBits
	// Beyond these binary exponents the constants below would leave the range of
	// float64, and the values are added one by one.
	minBatchExponent = -900
	maxBatchExponent = 1000
)

// AddAll adds the finite values xs, which lie between low and high, faster than Add
// does. The result is the same.
//
// Each value is cut into a part on a coarse grid, one on a grid levelBits finer, and
// a rest that is nearly always 0. Numbers on one grid add up without rounding as long
// as there are few enough of them, so that a batch ends in two numbers, which are
// added exactly. (The cut is the error-free extraction of S. M. Rump, T. Ogita and
// S. Oishi, "Accurate floating-point summation part I", SIAM J. Sci. Comput. 31, 2008.)
func (s *Sum) AddAll(xs []float64, low, high float64) {
	m1, m2, ok := levels(max(math.Abs(low), math.Abs(high)))
	if !ok {
		for _, x := range xs {
			s.Add(x)
		}
		return
	}
	for len(xs) > 0 {
		part := xs[:min(len(xs), batchSize)]
		xs = xs[len(part):]
		s.addCuts(part, m1, m2)
	}
}

// AddSquares adds (x-center)^2 for the finite values xs, which lie between low and
// high: differences and squares are rounded each, their sum is exact.
func (s *Sum) AddSquares(xs []float64, center, low, high float64) {
	d := max(math.Abs(low-center), math.Abs(high-center))
	m1, m2, ok := levels(float64(d * d)) // rounding keeps the order of squares
	if !ok {
		for _, x := range xs {
			s.Add(square(x, center))
		}
		return
	}
	for len(xs) > 0 {
		part := xs[:min(len(xs), batchSize)]
		xs = xs[len(part):]
		s.addSquareCuts(part, center, m1, m2)
	}
}

// square is the term of x in the sum that AddSquares adds to.
func square(x, center float64) float64 {
	d := x - center
	return float64(d * d) // The conversion keeps the product from being fused.
}

// addPlainCuts adds at most batchSize values: what the two levels take off them, and
// the rests one by one. Two values go side by side, so that one need not wait for the
// other.
func (s *Sum) addPlainCuts(xs []float64, m1, m2 float64) {
	var a1, a2, b1, b2 float64
	i := 0
	for ; i+1 < len(xs); i += 2 {
		x, y := xs[i], xs[i+1]
		p := x + m1 - m1
		q := y + m1 - m1
		a1 += p
		b1 += q
		x -= p
		y -= q
		p = x + m2 - m2
		q = y + m2 - m2
		a2 += p
		b2 += q
		if x != p || y != q {
			s.Add(x - p)
			s.Add(y - q)
		}
	}
	if i < len(xs) {
		s.Add(xs[i])
	}
	s.Add(a1 + b1)
	s.Add(a2 + b2)
}

// addPlainSquareCuts does what addPlainCuts does with (x-center)^2.
func (s *Sum) addPlainSquareCuts(xs []float64, center, m1, m2 float64) {
	var a1, a2 float64
	for _, x := range xs {
		x = square(x, center)
		p := x + m1 - m1
		a1 += p
		x -= p
		p = x + m2 - m2
		a2 += p
		if x != p {
			s.Add(x - p)
		}
	}
	s.Add(a1)
	s.Add(a2)
}

// addRest adds what the two levels leave of x.
func (s *Sum) addRest(x, m1, m2 float64) {
	x -= x + m1 - m1
	x -= x + m2 - m2
	s.Add(x)
}

// levels returns the numbers that, added and taken away, round values of at most
// greatest to the grids of the two levels. ok is false where they don't exist.
func levels(greatest float64) (m1, m2 float64, ok bool) {
	_, exp := math.Frexp(greatest) // greatest < 2^exp
	if greatest == 0 {
		exp = 0
	}
	if !(exp >= minBatchExponent && exp <= maxBatchExponent) || math.IsInf(greatest, 0) {
		return 0, 0, false
	}
	// 1.5 * 2^k rounds |x| <= 2^(k-1) to multiples of 2^(k-52). With k = exp + batchBits
	// a batch sums to less than 2^(exp+batchBits) = 2^k, which has 52 bits above the grid.
	// What is left is at most half a step of the first grid.
	k := exp + batchBits
	return math.Ldexp(1.5, k), math.Ldexp(1.5, k-levelBits), true
}
