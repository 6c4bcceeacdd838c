package drift

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/summary"
)

// cdfs holds what is known of the distribution functions F of a reference and G of a
// current sample once both were walked along the line in ascending order, part by part.
// Every value is a part by itself wherever both columns know theirs, so that everything made
// of them is exact there, and elsewhere each of the layout's open intervals is one part.
type cdfs struct {
	n, m float64 // values of the reference and of the current sample
	r, c int64   // those walked past
	f, g float64 // r/n and c/m
	end  float64 // of the last part

	sup, most   float64 // the greatest |F - G| known, and the greatest possible one
	area, bound float64 // the integral of |F - G|, and its greatest error

	pooled pooled
}

// span is an open interval with the values that two samples have there, of which the walk
// knows only counts and sums.
type span struct {
	a, b    float64 // one of them may be infinite
	outside bool    // one of them is
	r, c    int64   // values of the reference and of the current sample
	dr, dc  float64 // sums of their distances from the finite end, the lower one of two
}

// walk compares two numeric columns on one layout. It uses the memory of the last walk again.
func (w *cdfs) walk(ref, cur *summary.Column) {
	*w = cdfs{n: float64(ref.N()), m: float64(cur.N()), pooled: w.pooled}
	edges := ref.Edges()
	k := len(edges)
	w.pooled.reset(2*k + 1)
	r, c := interiorOf(ref), interiorOf(cur)
	for i := range k + 1 {
		if nr, nc := ref.Open(i), cur.Open(i); nr > 0 || nc > 0 {
			switch {
			case nr > 0 && !r.known && nc == 0 && i > 0 && i < k && !math.IsInf(edges[i]-edges[i-1], 0):
				w.climb(edges[i-1], edges[i], nr, ref.OpenPlace(i))
			case nr > 0 && !r.known || nc > 0 && !c.known:
				w.open(spanOf(ref, cur, i))
			default:
				w.merged(r.within(edges, i), c.within(edges, i))
			}
		}
		if i < k && (ref.Point(i) > 0 || cur.Point(i) > 0) {
			w.point(edges[i], ref.Point(i), cur.Point(i))
		}
	}
}

// point walks past values that are equal.
func (w *cdfs) point(x float64, r, c int64) {
	w.reach(x)
	w.pass(r, c)
	w.end = x
	w.pooled.add(x, r+c)
}

// open walks past an open interval.
func (w *cdfs) open(s span) {
	start, end := s.a, s.b
	if math.IsInf(start, 0) {
		start = end
	}
	if math.IsInf(end, 0) {
		end = start
	}
	w.reach(start)
	f, g := w.f, w.g
	if s.r > 0 && s.c > 0 {
		// Inside, F - G is at most what the ends allow when one climbs first.
		before := f - g
		w.most = max(w.most, math.Abs(before+float64(s.r)/w.n), math.Abs(before-float64(s.c)/w.m))
	}
	w.pass(s.r, s.c)
	least, most := s.area(f, g, w.f, w.g, w.n, w.m)
	w.area += float64(least/2) + float64(most/2)
	w.bound += float64(most/2) - float64(least/2)
	w.end = end
	x, mean := s.a, (s.dr+s.dc)/float64(s.r+s.c)
	if math.IsInf(x, 0) {
		x, mean = s.b, -mean
	}
	w.pooled.add(x+mean, s.r+s.c)
}

// climb does what open does for an interval between two edges with values of the reference
// alone, whose distances from the lower edge sum to so many widths. Most intervals are such
// where a window is small, and it is quicker.
func (w *cdfs) climb(a, b float64, r int64, widths float64) {
	if w.end != a {
		w.reach(a)
	}
	f, g, width := w.f, w.g, b-a
	dr := float64(widths * width)
	w.pass(r, 0)
	sum := float64((f-g)*width) + (float64(float64(r)/w.n*width) - dr/w.n)
	least := math.Abs(sum)
	most := least
	if low, high := g-f, w.f-g; low > 0 && high > 0 {
		t := math.Min(math.Max((sum+float64(low*width))/(low+high), 0), width)
		most = math.Max(least, float64(high*t)+float64(low*(width-t)))
	}
	w.area += float64(least/2) + float64(most/2)
	w.bound += float64(most/2) - float64(least/2)
	w.end = b
	w.pooled.add(a+dr/float64(r), r)
}

// merged walks past the values of both in an open interval where all are known.
func (w *cdfs) merged(r, c []summary.Entry) {
	for len(r) > 0 || len(c) > 0 {
		var nr, nc int64
		var key uint64
		if len(c) == 0 || len(r) > 0 && r[0].Key <= c[0].Key {
			key, nr = r[0].Key, r[0].Count
			r = r[1:]
		} else {
			key = c[0].Key
		}
		if len(c) > 0 && c[0].Key == key {
			nc = c[0].Count
			c = c[1:]
		}
		w.point(summary.OrderValue(key), nr, nc)
	}
}

// reach adds the area between the last part and x, where neither function climbs.
func (w *cdfs) reach(x float64) {
	if w.r+w.c > 0 {
		w.area += float64(math.Abs(w.f-w.g) * (x - w.end))
	}
}

// pass counts values of both samples that were walked past.
func (w *cdfs) pass(r, c int64) {
	if r > 0 {
		w.r += r
		w.f = float64(w.r) / w.n
	}
	if c > 0 {
		w.c += c
		w.g = float64(w.c) / w.m
	}
	w.sup = max(w.sup, math.Abs(w.f-w.g))
}

// kolmogorovSmirnov returns sup |F - G|, and what the true one may exceed it by: 0 unless
// both have unknown values in one open interval.
func (w *cdfs) kolmogorovSmirnov() (distance, bound float64) {
	return w.sup, max(0, w.most-w.sup)
}

// wasserstein1 returns the integral of |F - G|, which is the Wasserstein distance of order 1
// on the line (Vallender, Theory of Probability and its Applications 18, 1974), and the
// greatest error that it can have: 0 unless the two functions may cross inside an open
// interval whose values aren't known, where the middle of what is possible counts.
func (w *cdfs) wasserstein1() (distance, bound float64) { return w.area, w.bound }

// spanOf returns the open interval i of two columns.
func spanOf(ref, cur *summary.Column, i int) span {
	edges := ref.Edges()
	k := len(edges)
	s := span{
		r: ref.Open(i), c: cur.Open(i), a: math.Inf(-1), b: math.Inf(1),
		outside: i == 0 || i == k,
	}
	if i > 0 {
		s.a = edges[i-1]
	}
	if i < k {
		s.b = edges[i]
	}
	s.dr, s.dc = distances(ref, i), distances(cur, i)
	return s
}

// distances sums how far the values in the open interval i are from its lower end, or from
// its upper one where the lower is infinite.
func distances(c *summary.Column, i int) float64 {
	n := float64(c.Open(i))
	switch i {
	case 0:
		t := c.LowSum()
		t.AddProduct(-n, c.Edges()[0])
		return -t.Float64()
	case len(c.Edges()):
		t := c.HighSum()
		t.AddProduct(-n, c.Edges()[i-1])
		return t.Float64()
	}
	return c.OpenExcess(i)
}

// interior leads the walk along the values that a column has in its open intervals.
type interior struct {
	column *summary.Column
	known  bool
	read   bool
	rest   []summary.Entry // those not passed yet, in order, once read
}

func interiorOf(c *summary.Column) interior {
	return interior{column: c, known: c.InteriorKnown()}
}

// within returns the values in the open interval i and passes those up to its end; of
// unknown values it returns none.
func (p *interior) within(edges []float64, i int) []summary.Entry {
	if !p.read && p.known {
		p.rest, p.read = p.column.InteriorEntries(), true
	}
	if i > 0 {
		p.take(summary.OrderKey(edges[i-1]))
	}
	if i == len(edges) {
		return p.take(math.MaxUint64)
	}
	return p.take(summary.OrderKey(edges[i]))
}

// take returns the values below the one of that key, and passes them.
func (p *interior) take(end uint64) []summary.Entry {
	n := 0
	for n < len(p.rest) && p.rest[n].Key < end {
		n++
	}
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

// pooled holds both samples together, for the Wasserstein floor, which looks up their order
// statistics. Values inside an open interval are taken at their mean.
type pooled struct {
	x    []float64
	upTo []int64 // values up to and with x
	n    int64
}

// reset empties p and makes room for so many places.
func (p *pooled) reset(room int) {
	*p = pooled{x: slices.Grow(p.x[:0], room), upTo: slices.Grow(p.upTo[:0], room)}
}

func (p *pooled) add(x float64, n int64) {
	p.n += n
	p.x, p.upTo = append(p.x, x), append(p.upTo, p.n)
}

// at returns the order statistic of a 0-based rank.
func (p *pooled) at(rank int64) float64 {
	i, _ := slices.BinarySearch(p.upTo, min(max(rank, 0), p.n-1)+1)
	return p.x[i]
}

// area bounds the integral of |F - G| over an open interval, where F climbs from f
// to fEnd and G from g to gEnd.
//
// The integral S of F - G is known. Where F - G cannot change sign, |S| is the
// answer, and everywhere it is the least. With -A <= F - G <= B the most is reached
// where F - G takes only these two values, B on a length t with B t - A (w-t) = S.
func (s *span) area(f, g, fEnd, gEnd, n, m float64) (least, most float64) {
	dr, dc := s.dr/n, s.dc/m
	if s.outside {
		// One of the functions is 0, or 1, where the other has no values left.
		return math.Abs(dr - dc), dr + dc
	}
	w := s.b - s.a
	// The integral of a distribution function that climbs at the values x is its end
	// value times w, less the mean of x - a.
	sum := float64((f-g)*w) + (float64(float64(s.r)/n*w) - dr) - (float64(float64(s.c)/m*w) - dc)
	least = math.Abs(sum)
	low, high := gEnd-f, fEnd-g
	if low <= 0 || high <= 0 {
		return least, least
	}
	t := math.Min(math.Max((sum+float64(low*w))/(low+high), 0), w)
	return least, math.Max(least, float64(high*t)+float64(low*(w-t)))
}
