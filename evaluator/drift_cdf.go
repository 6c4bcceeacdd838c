package evaluator

import (
	"math"
	"sync"
)

// steps is one numeric sample on the reference's points v_0 < ... < v_{k-1}: a
// count at each point, and a count and a sum in each open interval between
// them, interval 0 lying below v_0 and interval k above v_{k-1}.
type steps struct {
	points []float64
	at     []int64
	open   []int64
	sum    []float64
	// interior holds the values inside the open intervals with their counts, in
	// order, where they are all known.
	interior []float64
	counts   []int64
	known    bool
}

func (s *steps) total() float64 {
	var n int64
	for _, c := range s.at {
		n += c
	}
	for _, c := range s.open {
		n += c
	}
	return float64(n)
}

// kolmogorovSmirnov is sup |F - G| over two samples on the same points, with a
// bound of its numeric error: 0 where the reference has no value inside an open
// interval, otherwise the most that either function climbs inside one.
func kolmogorovSmirnov(ref, cur *steps) (distance, bound float64) {
	n, m := ref.total(), cur.total()
	var f, g int64
	look := func() {
		distance = math.Max(distance, math.Abs(float64(f)/n-float64(g)/m))
	}
	for i := range ref.open {
		if r, c := ref.open[i], cur.open[i]; r > 0 && c > 0 {
			// Inside, F - G is at most what the ends allow when one climbs first.
			before := float64(f)/n - float64(g)/m
			worst := math.Max(math.Abs(before+float64(r)/n), math.Abs(before-float64(c)/m))
			bound = math.Max(bound, worst)
		}
		f += ref.open[i]
		g += cur.open[i]
		look()
		if i < len(ref.at) {
			f += ref.at[i]
			g += cur.at[i]
			look()
		}
	}
	return distance, math.Max(0, bound-distance)
}

// wasserstein1 is the integral of |F - G| over two samples on the same points,
// with a bound of its numeric error. It is exact wherever the two functions do
// not cross inside an open interval, and where they do if the current values
// inside are known and the reference has none there.
func wasserstein1(ref, cur *steps) (distance, bound float64) {
	k := len(ref.points)
	if k == 0 {
		return math.NaN(), 0
	}
	n, m := ref.total(), cur.total()
	// The outer intervals: one function is 0 or 1 at the far end, so only the
	// part that the sums tell counts; both samples may reach beyond the points.
	v0, vk := ref.points[0], ref.points[k-1]
	low := func(s *steps, n float64) float64 { return (float64(s.open[0])*v0 - s.sum[0]) / n }
	high := func(s *steps, n float64) float64 { return (s.sum[k] - float64(s.open[k])*vk) / n }
	distance = math.Abs(low(ref, n)-low(cur, m)) + math.Abs(high(ref, n)-high(cur, m))

	f, g := float64(ref.open[0])/n, float64(cur.open[0])/m
	next := 0 // into cur.interior
	for next < len(cur.interior) && cur.interior[next] < v0 {
		next++
	}
	for i := 1; i < k; i++ {
		f += float64(ref.at[i-1]) / n
		g += float64(cur.at[i-1]) / m
		a, b := ref.points[i-1], ref.points[i]
		w := b - a
		fEnd, gEnd := f+float64(ref.open[i])/n, g+float64(cur.open[i])/m
		first := next
		for next < len(cur.interior) && cur.interior[next] < b {
			next++
		}
		signed := (f-g)*w + (float64(ref.open[i])*b-ref.sum[i])/n - (float64(cur.open[i])*b-cur.sum[i])/m
		switch {
		case f >= gEnd || g >= fEnd:
			distance += math.Abs(signed)
		case ref.open[i] == 0 && cur.known:
			distance += crossing(f, g, a, b, m, cur.interior[first:next], cur.counts[first:next])
		default:
			least := math.Abs(signed)
			most := w * math.Max(math.Abs(fEnd-g), math.Abs(gEnd-f))
			distance += (least + most) / 2
			bound += (most - least) / 2
		}
		f, g = fEnd, gEnd
	}
	return distance, bound
}

// crossing integrates |F - G| over (a, b) where F is constant and G climbs from g
// by counts/m at the values.
func crossing(f, g, a, b, m float64, values []float64, counts []int64) float64 {
	var s float64
	for i, v := range values {
		s += math.Abs(f-g) * (v - a)
		g += float64(counts[i]) / m
		a = v
	}
	return s + math.Abs(f-g)*(b-a)
}

// The Monte Carlo of noise floors: its draws are the same for every column and
// run, so that the same inputs give the same bytes.
const (
	floorDraws   = 2000 // of Brownian bridges
	binDraws     = 1000 // of binned samples
	binDrawsMany = 200  // of samples with more than manyBins bins
	manyBins     = 1000
	floorSeed    = 0x9e3779b97f4a7c15
)

// normals is a deterministic stream of standard normal numbers: SplitMix64
// (Steele, Lea, Flood, OOPSLA 2014) and the polar method of Marsaglia.
type normals struct {
	state uint64
	spare float64
	have  bool
}

func newNormals(seed uint64) *normals { return &normals{state: seed} }

func (r *normals) uniform() float64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}

func (r *normals) next() float64 {
	if r.have {
		r.have = false
		return r.spare
	}
	for {
		u, v := 2*r.uniform()-1, 2*r.uniform()-1
		s := u*u + v*v
		if s > 0 && s < 1 {
			f := math.Sqrt(-2 * math.Log(s) / s)
			r.spare, r.have = v*f, true
			return u * f
		}
	}
}

// poisson draws from a Poisson distribution: by inversion, and for a mean above 40 by
// the rounded normal, whose error is far below that of a quantile of the draws.
func (r *normals) poisson(mean float64) float64 {
	if mean > 40 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*r.next()))
	}
	u := r.uniform()
	p := math.Exp(-mean)
	k := 0.0
	for u > p && k < 200 {
		u -= p
		k++
		p *= mean / k
	}
	return k
}

// sharedBridges are the draws that every column uses; they depend on nothing.
var sharedBridges = sync.OnceValue(newBridges) //nolint:gochecknoglobals // a constant too long to write down

// bridges holds draws of |B(h)| of a Brownian bridge on a grid of h in (0, 1)
// that is finer near the ends. Under no change sqrt(nm/(n+m)) (F - G) tends to
// B(H) with H the common distribution function.
type bridges struct {
	grid  []float64
	paths [][]float64
}

func newBridges() *bridges {
	b := &bridges{}
	const steps = 128
	tail := []float64{0.0001, 0.0003, 0.001, 0.002, 0.003, 0.005}
	b.grid = append(b.grid, tail...)
	for j := 1; j < steps; j++ {
		b.grid = append(b.grid, float64(j)/steps)
	}
	for i := len(tail) - 1; i >= 0; i-- {
		b.grid = append(b.grid, 1-tail[i])
	}
	rng := newNormals(floorSeed)
	b.paths = make([][]float64, floorDraws)
	flat := make([]float64, floorDraws*len(b.grid))
	for d := range b.paths {
		path := flat[d*len(b.grid) : (d+1)*len(b.grid)]
		var w, at float64
		for j, h := range b.grid {
			w += math.Sqrt(h-at) * rng.next()
			at = h
			path[j] = w
		}
		end := w + math.Sqrt(1-at)*rng.next()
		for j, h := range b.grid {
			path[j] = math.Abs(path[j] - h*end)
		}
		b.paths[d] = path
	}
	return b
}

// wassersteinFloor is the quantile at level of wasserstein1 under no change: the
// integral of |B(H(x))| dx times sqrt(1/n + 1/m), over the pooled distribution
// (del Barrio, Gine and Matran, Annals of Probability 27, 1999).
func (b *bridges) wassersteinFloor(ref, cur *steps, level float64) float64 {
	n, m := ref.total(), cur.total()
	q := pooledQuantiles(ref, cur, b.grid)
	// Between two grid quantiles the bridge is taken as the mean of its ends;
	// beyond the last ones it falls to 0 at the extreme value.
	k := len(b.grid)
	weight := make([]float64, k)
	for j := range weight {
		left, right := q[j], q[j+2]
		weight[j] = (right - left) / 2
	}
	draws := make([]float64, len(b.paths))
	for d, path := range b.paths {
		var s float64
		for j, w := range weight {
			s += w * path[j]
		}
		draws[d] = s
	}
	return quantileOf(draws, level) * math.Sqrt(1/n+1/m)
}

// pooledQuantiles returns the least value of both samples, their pooled quantiles
// at the grid, and the greatest value. Values inside an open interval are taken at
// their mean.
func pooledQuantiles(ref, cur *steps, grid []float64) []float64 {
	total := ref.total() + cur.total()
	out := make([]float64, 0, len(grid)+2)
	var seen float64
	j := 0
	var last float64
	visit := func(x float64, count int64) {
		if count == 0 {
			return
		}
		if len(out) == 0 {
			out = append(out, x)
		}
		seen += float64(count)
		for j < len(grid) && seen >= grid[j]*total {
			out = append(out, x)
			j++
		}
		last = x
	}
	for i := range ref.open {
		if c := ref.open[i] + cur.open[i]; c > 0 {
			visit((ref.sum[i]+cur.sum[i])/float64(c), c)
		}
		if i < len(ref.at) {
			visit(ref.points[i], ref.at[i]+cur.at[i])
		}
	}
	for len(out) < len(grid)+2 {
		out = append(out, last)
	}
	return out
}
