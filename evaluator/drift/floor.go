package drift

import (
	"math"
	"math/bits"
	"slices"
	"sync"
)

// The Monte Carlo of noise floors. Under no change the two samples are one, split at
// random: every floor is a quantile over random splits of what was seen, which needs
// no assumption about the distribution and holds for rare values and heavy tails. The
// draws are seeded, so that the same inputs give the same bytes.
const (
	floorDraws   = 2000      // of Wasserstein-1
	binDraws     = 1000      // of binned samples, but with many bins fewer:
	binBudget    = 1_000_000 // the most draws times bins,
	binDrawsMany = 200       // and the fewest draws
	tailRanks    = 20        // values at either end that are dealt one by one
	floorSeed    = 0x9e3779b97f4a7c15
)

// drawnQuantile returns the quantile at level of draws under no change, which it reorders. Of
// B draws it takes the one of rank (B+1) level: a new draw exceeds that in at most 1-level of
// cases.
func drawnQuantile(draws []float64, level float64) float64 {
	return nth(draws, quantileRank(len(draws), level))
}

// quantileRank returns the 0-based rank of that quantile among so many draws.
func quantileRank(draws int, level float64) int {
	return min(max(int(math.Ceil(level*float64(draws+1))), 1), draws) - 1
}

// nth returns the element that sorting would bring to index k, NaN first, and reorders
// xs.
func nth(xs []float64, k int) float64 {
	nans := 0
	for i, x := range xs {
		if math.IsNaN(x) {
			xs[i], xs[nans] = xs[nans], x
			nans++
		}
	}
	if k < nans {
		return xs[k]
	}
	// Hoare's selection: what is left of low is no greater than what lies between low and
	// high, what is right of high no less.
	for low, high := nans, len(xs)-1; low < high; {
		pivot := middle(xs[low], xs[low+(high-low)/2], xs[high])
		i, j := low, high
		for i <= j {
			for xs[i] < pivot {
				i++
			}
			for xs[j] > pivot {
				j--
			}
			if i <= j {
				xs[i], xs[j] = xs[j], xs[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return xs[k]
		}
	}
	return xs[k]
}

func middle(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }

// sharedBridges returns the draws that every column uses; they depend on nothing.
var sharedBridges = sync.OnceValue(newBridges) //nolint:gochecknoglobals // a constant too long to write down

// bridges holds draws of a random split of pooled values: of the few at either end
// by uniform numbers, one for each, which are below n/(n+m) where the value goes to
// the reference; between them as a standard Brownian bridge on a grid of (0, 1) that
// is finer near the ends. Draws are kept by fours, which are worked on at once.
type bridges struct {
	grid  []float64
	fours []bridgeFour
}

// gridParts is how many parts of equal width the grid has, but near the ends.
const gridParts = 96

// lanes is how many draws are worked on at once.
const lanes = 4

// bridgeFour holds four of the draws.
type bridgeFour struct {
	path      [][lanes]float64 // by point of the grid
	low, high [lanes][tailRanks]float64
	day       [lanes]float64 // uniform: which day's deviation comes to it
	times     [lanes]float64 // standard normal: how many times
	estimate  [lanes]float64 // standard normal: how wrong that is
}

func newBridges() *bridges {
	b := &bridges{}
	tail := []float64{0.0001, 0.0003, 0.001, 0.002, 0.003, 0.005}
	b.grid = append(b.grid, tail...)
	for j := 1; j < gridParts; j++ {
		b.grid = append(b.grid, float64(j)/gridParts)
	}
	for i := len(tail) - 1; i >= 0; i-- {
		b.grid = append(b.grid, 1-tail[i])
	}
	rng := new(normals)
	b.fours = make([]bridgeFour, floorDraws/lanes)
	paths := make([][lanes]float64, len(b.fours)*len(b.grid))
	steps := make([]float64, len(b.grid)+1)
	scales := make([]float64, len(steps))
	at := 0.0
	for j, h := range b.grid {
		scales[j] = math.Sqrt(h - at)
		at = h
	}
	scales[len(b.grid)] = math.Sqrt(1 - at)
	for i := range b.fours {
		four := &b.fours[i]
		four.path, paths = paths[:len(b.grid)], paths[len(b.grid):]
		for lane := range lanes {
			rng.fill(steps)
			w := 0.0
			for j := range four.path {
				w += float64(scales[j] * steps[j])
				four.path[j][lane] = w
			}
			end := w + float64(scales[len(b.grid)]*steps[len(b.grid)])
			for j, h := range b.grid {
				four.path[j][lane] -= float64(h * end)
			}
			for j := range tailRanks {
				four.low[lane][j], four.high[lane][j] = rng.uniform(), rng.uniform()
			}
		}
	}
	for i := range b.fours {
		for lane := range lanes {
			b.fours[i].day[lane] = rng.uniform()
			b.fours[i].times[lane], b.fours[i].estimate[lane] = rng.next(), rng.next()
		}
	}
	return b
}

// drawsOf returns room for so many draws.
func (mem *Scratch) drawsOf(n int) []float64 {
	mem.draws = slices.Grow(mem.draws[:0], n)[:n]
	return mem.draws
}

// wassersteinNull draws the last walk's wasserstein1 under no change, with its quantile at
// level. In the middle sqrt(nm/(n+m)) (F - G) is a Brownian bridge of the pooled
// distribution function (del Barrio, Gine and Matran, Annals of Probability 27, 1999);
// at the ends, which are most of the integral where tails are heavy, the pooled values
// are dealt one by one.
//
// Rows that are alike count as fewer, and each draw is of an ordinary day.
func (b *bridges) wassersteinNull(mem *Scratch, level float64, alike Likeness) null {
	pooled := &mem.cdfs.pooled
	n, m := alike.rows(mem.cdfs.n, mem.cdfs.m)
	if pooled.n == 0 || pooled.at(0) == pooled.at(pooled.n-1) {
		return null{}
	}
	total := n + m
	ranks := min(tailRanks, int(total/10))
	// The rank of a value in the pooled ones, of which some tell as much as one.
	rank := func(j int) int64 { return int64(float64(j) * (float64(pooled.n) / total)) }
	// The gaps above the j+1 least values and below the j+1 greatest ones.
	low, high := make([]float64, ranks), make([]float64, ranks)
	for j := range ranks {
		low[j] = pooled.at(rank(j+1)) - pooled.at(rank(j))
		high[j] = pooled.at(pooled.n-1-rank(j)) - pooled.at(pooled.n-1-rank(j+1))
	}
	// The trapezoidal rule between them, on the points whose weight isn't 0.
	x := make([]float64, len(b.grid)+2)
	x[0], x[len(x)-1] = pooled.at(rank(ranks)), pooled.at(pooled.n-1-rank(ranks))
	inner := pooled.n - 2*rank(ranks)
	for j, u := range b.grid {
		x[j+1] = pooled.at(rank(ranks) + min(int64(u*float64(inner)), inner-1))
	}
	first, last := float64((x[1]-x[0])/2), float64((x[len(x)-1]-x[len(x)-2])/2)
	var points []weighted
	for j, u := range b.grid {
		if w := float64((x[j+2] - x[j]) / 2); w > 0 {
			points = append(points, weighted{j, u, w})
		}
	}
	scale := math.Sqrt((1/n + 1/m) * float64(inner) / float64(pooled.n))
	share := math.Float64bits(n / total)
	steps := [2]float64{-1 / m, 1 / n}
	draws := mem.drawsOf(floorDraws)
	ordinary := b.ordinary(alike.Days, scale)
	for i := range b.fours {
		four := &b.fours[i]
		path := ordinary.path(four)
		var s, start, slope [lanes]float64
		for lane := range lanes {
			area, from := dealt(&four.low[lane], low, share, &steps)
			t, to := dealt(&four.high[lane], high, share, &steps)
			to = -to // F - G below the greatest values is less what they add to it
			area += t + float64(math.Abs(from)*first) + float64(math.Abs(to)*last)
			s[lane], start[lane], slope[lane] = area, from, to-from
		}
		sumPaths(&s, &start, &slope, scale, path, points)
		copy(draws[i*lanes:], s[:])
	}
	var out null
	out.drawn(draws, false)
	out.floor = drawnQuantile(draws, level)
	return out
}

// weighted is a point of the grid with its weight in an integral.
type weighted struct {
	at        int // its index
	u, weight float64
}

// sumPaths adds the integral of |F - G| between the ends to each of s: there F - G is a
// line with a bridge on it.
func sumPaths(s, start, slope *[lanes]float64, scale float64, path [][lanes]float64, points []weighted) {
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	for i := range points {
		u, weight, at := points[i].u, points[i].weight, &path[points[i].at]
		s0 += float64(weight * math.Abs(start[0]+float64(u*slope[0])+float64(scale*at[0])))
		s1 += float64(weight * math.Abs(start[1]+float64(u*slope[1])+float64(scale*at[1])))
		s2 += float64(weight * math.Abs(start[2]+float64(u*slope[2])+float64(scale*at[2])))
		s3 += float64(weight * math.Abs(start[3]+float64(u*slope[3])+float64(scale*at[3])))
	}
	s[0], s[1], s[2], s[3] = s0, s1, s2, s3
}

// dealt deals the values at one end, whose gaps to the next are given, and returns
// the integral of |F - G| over the gaps and F - G after them, counted from the end: each
// value adds steps[1] where its uniform number is below the share, which is given by its
// bits, else steps[0].
func dealt(uniforms *[tailRanks]float64, gaps []float64, share uint64, steps *[2]float64) (area, difference float64) {
	for j, gap := range gaps {
		_, below := bits.Sub64(math.Float64bits(uniforms[j]), share, 0)
		difference += steps[below&1]
		area += float64(math.Abs(difference) * gap)
	}
	return area, difference
}
