package evaluator

import "math"

// piece is a part of the line with the values that two samples have there: a point,
// or an open interval of which only counts and sums are known.
type piece struct {
	x    float64 // the point; of an interval the values' common mean
	r, c int64   // values of the reference and of the current sample

	// Of an interval: its ends, one of which may be infinite, and the sums of the
	// values' distances from the finite end (the lower one, where both are finite).
	open    bool
	a, b    float64
	dr, dc  float64
	outside bool // one end is infinite
}

// piecesOf returns the pieces of two numeric columns on one layout, in ascending
// order: every value by itself wherever both columns know theirs, so that everything
// made of the pieces is exact there, and the layout's open intervals elsewhere.
func piecesOf(ref, cur *ColumnSummary) []piece {
	edges := ref.Edges()
	k := len(edges)
	out := make([]piece, 0, 2*k+1)
	r, c := interiorOf(ref), interiorOf(cur)
	for i := range k + 1 {
		end := math.Inf(1)
		if i < k {
			end = edges[i]
		}
		if ref.Open(i) > 0 && !r.known || cur.Open(i) > 0 && !c.known {
			out = append(out, intervalOf(ref, cur, i))
			r.skip(end)
			c.skip(end)
		} else {
			out = appendMerged(out, r, c, end)
		}
		if i < k && (ref.Point(i) > 0 || cur.Point(i) > 0) {
			out = append(out, piece{x: edges[i], r: ref.Point(i), c: cur.Point(i)})
		}
	}
	return out
}

// intervalOf is the open interval i as one piece.
func intervalOf(ref, cur *ColumnSummary, i int) piece {
	edges := ref.Edges()
	k := len(edges)
	p := piece{
		open: true, r: ref.Open(i), c: cur.Open(i), a: math.Inf(-1), b: math.Inf(1),
		outside: i == 0 || i == k,
	}
	if i > 0 {
		p.a = edges[i-1]
	}
	if i < k {
		p.b = edges[i]
	}
	p.dr, p.dc = distances(ref, i), distances(cur, i)
	mean := (p.dr + p.dc) / float64(p.r+p.c)
	if i == 0 {
		p.x = p.b - mean
	} else {
		p.x = p.a + mean
	}
	return p
}

// distances is the sum of the distances of the values in the open interval i from
// its lower end, or from its upper one where the lower is infinite.
func distances(c *ColumnSummary, i int) float64 {
	n := float64(c.Open(i))
	switch i {
	case 0:
		t := c.low
		addProduct(&t, -n, c.Edges()[0])
		return -t.Float64()
	case len(c.Edges()):
		t := c.high
		addProduct(&t, -n, c.Edges()[i-1])
		return t.Float64()
	}
	return c.OpenExcess(i)
}

// interior walks the values that a column has in its open intervals.
type interior struct {
	values []float64
	counts []int64
	known  bool
}

func interiorOf(c *ColumnSummary) *interior {
	v, n, ok := c.Interior()
	return &interior{values: v, counts: n, known: ok}
}

func (p *interior) skip(end float64) {
	for len(p.values) > 0 && p.values[0] < end {
		p.next()
	}
}

func (p *interior) next() (n int64) {
	n = p.counts[0]
	p.values, p.counts = p.values[1:], p.counts[1:]
	return n
}

// appendMerged appends the values below end of both.
func appendMerged(out []piece, r, c *interior, end float64) []piece {
	least := func(p *interior) float64 {
		// Infinities are no values, so an infinite one says that none is left.
		if len(p.values) == 0 || p.values[0] >= end {
			return math.Inf(1)
		}
		return p.values[0]
	}
	for {
		x, y := least(r), least(c)
		q := piece{x: math.Min(x, y)}
		if math.IsInf(q.x, 1) {
			return out
		}
		if x == q.x {
			q.r = r.next()
		}
		if y == q.x {
			q.c = c.next()
		}
		out = append(out, q)
	}
}

// totals counts the values of both samples.
func totals(pieces []piece) (n, m float64) {
	var r, c int64
	for _, p := range pieces {
		r += p.r
		c += p.c
	}
	return float64(r), float64(c)
}

// kolmogorovSmirnov is sup |F - G| over two samples with values, and what the true
// one may exceed it by: 0 unless both have unknown values in one open interval.
func kolmogorovSmirnov(pieces []piece) (distance, bound float64) {
	n, m := totals(pieces)
	var f, g int64
	most := 0.0
	for _, p := range pieces {
		if p.open && p.r > 0 && p.c > 0 {
			// Inside, F - G is at most what the ends allow when one climbs first.
			before := float64(f)/n - float64(g)/m
			most = math.Max(most, math.Max(math.Abs(before+float64(p.r)/n), math.Abs(before-float64(p.c)/m)))
		}
		f += p.r
		g += p.c
		distance = math.Max(distance, math.Abs(float64(f)/n-float64(g)/m))
	}
	return distance, math.Max(0, most-distance)
}

// wasserstein1 is the integral of |F - G| over two samples with values, and the
// greatest error that it can have: 0 unless the two functions may cross inside an
// open interval whose values aren't known, where the middle of what is possible
// counts.
func wasserstein1(pieces []piece) (distance, bound float64) {
	n, m := totals(pieces)
	var r, c int64
	at := math.Inf(-1)
	for i, p := range pieces {
		f, g := float64(r)/n, float64(c)/m
		start, end := p.x, p.x
		if p.open {
			start, end = p.a, p.b
			if math.IsInf(start, 0) {
				start = end
			}
			if math.IsInf(end, 0) {
				end = start
			}
		}
		if i > 0 {
			distance += math.Abs(f-g) * (start - at)
		}
		r += p.r
		c += p.c
		if p.open {
			least, most := p.area(f, g, float64(r)/n, float64(c)/m, n, m)
			distance += least/2 + most/2
			bound += most/2 - least/2
		}
		at = end
	}
	return distance, bound
}

// area bounds the integral of |F - G| over an open interval, where F climbs from f
// to fEnd and G from g to gEnd.
//
// The integral S of F - G is known. Where F - G cannot change sign, |S| is the
// answer, and everywhere it is the least. With -A <= F - G <= B the most is reached
// where F - G takes only these two values, B on a length t with B t - A (w-t) = S.
func (p *piece) area(f, g, fEnd, gEnd, n, m float64) (least, most float64) {
	dr, dc := p.dr/n, p.dc/m
	if p.outside {
		// One of the functions is 0, or 1, where the other has no values left.
		return math.Abs(dr - dc), dr + dc
	}
	w := p.b - p.a
	// The integral of a distribution function that climbs at the values x is its end
	// value times w, less the mean of x - a.
	s := (f-g)*w + (float64(p.r)/n*w - dr) - (float64(p.c)/m*w - dc)
	least = math.Abs(s)
	low, high := gEnd-f, fEnd-g
	if low <= 0 || high <= 0 {
		return least, least
	}
	t := math.Min(math.Max((s+low*w)/(low+high), 0), w)
	return least, math.Max(least, high*t+low*(w-t))
}
