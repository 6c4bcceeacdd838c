package evaluator

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
	binDraws     = 1000      // of binned samples, as long as
	binBudget    = 1_000_000 // draws times bins is no more than that,
	binDrawsMany = 200       // and never fewer
	tailRanks    = 20        // values at either end that are dealt one by one
	floorSeed    = 0x9e3779b97f4a7c15
)

// drawnQuantile is the quantile at level of draws under no change, which it reorders. A
// new draw exceeds the one of rank (B+1) level in at most 1-level of cases.
func drawnQuantile(draws []float64, level float64) float64 {
	return nth(draws, quantileRank(len(draws), level))
}

// quantileRank is the quantile's 0-based rank among so many draws.
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
		pivot := median(xs[low], xs[low+(high-low)/2], xs[high])
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

func median(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }

// normals is a deterministic stream of random numbers: SplitMix64 (Steele, Lea,
// Flood, OOPSLA 2014), and standard normal ones by the polar method of Marsaglia: of
// numbers u and v in (-1, 1) that follow one another it makes two normal ones, u and v
// times a factor, unless it rejects them. Every stream is the same one from its start.
type normals struct {
	at    uint64 // uniform numbers taken
	spare float64
	have  bool
	polar *polar // of a part of the stream, nil before the first
	from  uint64 // where that part begins
}

// floorGamma is by how much SplitMix64 counts on.
const floorGamma = 0x9e3779b97f4a7c15

// uniformAt is the number at a 0-based position of the stream, in [0, 1).
func uniformAt(position uint64) float64 {
	z := floorSeed + (position+1)*floorGamma
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}

// signedAt is the same number in [-1, 1).
func signedAt(position uint64) float64 { return 2*uniformAt(position) - 1 }

// polarFactor is by what the polar method multiplies two numbers whose squares sum to s.
func polarFactor(s float64) float64 { return math.Sqrt(-2 * math.Log(s) / s) }

// polarTakes is 1 where 0 < s < 1, which the polar method asks for, else 0; s isn't
// negative.
func polarTakes(s float64) int {
	_, below := bits.Sub64(math.Float64bits(s)-1, math.Float64bits(1)-1, 0)
	return int(below)
}

func (r *normals) uniform() float64 {
	r.at++
	return uniformAt(r.at - 1)
}

func (r *normals) next() float64 {
	if r.have {
		r.have = false
		return r.spare
	}
	for r.at < polarParts*polarSize {
		i := r.at - r.from
		if r.polar == nil || i >= polarSize {
			r.polar, r.from = polarAt(r.at)
			i = r.at - r.from
		}
		r.at += 2
		if f := r.polar.factor[i]; f != 0 {
			r.spare, r.have = r.polar.signed[i+1]*f, true
			return r.polar.signed[i] * f
		}
	}
	for {
		u, v := signedAt(r.at), signedAt(r.at+1)
		r.at += 2
		if s := u*u + v*v; polarTakes(s) == 1 {
			f := polarFactor(s)
			r.spare, r.have = v*f, true
			return u * f
		}
	}
}

// fill takes as many normal numbers as out has room for. It is for many at once: pairs
// are tried without a branch, and those taken don't wait for one another.
func (r *normals) fill(out []float64) {
	const most = 64
	var u, v, s [most]float64
	for len(out) > 0 {
		if r.have {
			out[0], r.have = r.spare, false
			out = out[1:]
			continue
		}
		pairs := min((len(out)+1)/2, most)
		for n := 0; n < pairs; r.at += 2 {
			i := n % most
			u[i], v[i] = signedAt(r.at), signedAt(r.at+1)
			s[i] = u[i]*u[i] + v[i]*v[i]
			n += polarTakes(s[i])
		}
		for i := range pairs {
			f := polarFactor(s[i])
			out[0] = u[i] * f
			if len(out) == 1 {
				r.spare, r.have = v[i]*f, true
				return
			}
			out[1] = v[i] * f
			out = out[2:]
		}
	}
}

// polar is what the polar method makes of a part of the stream, wherever it begins.
type polar struct {
	signed [polarSize + 1]float64 // and the first of the next part
	factor [polarSize]float64     // 0 where the pair is rejected
}

const (
	polarSize  = 4096
	polarParts = 64 // 4 MiB, which few columns go beyond
)

// polarTable holds the parts that were asked for: all columns ask for the same ones.
//
//nolint:gochecknoglobals // constants too long to write down
var polarTable [polarParts]struct {
	once sync.Once
	part *polar
}

// polarAt returns the part of the table that a position lies in, and where it begins.
func polarAt(position uint64) (part *polar, from uint64) {
	k := position / polarSize
	kept := &polarTable[k]
	kept.once.Do(func() { kept.part = newPolar(k * polarSize) })
	return kept.part, k * polarSize
}

func newPolar(from uint64) *polar {
	p := new(polar)
	for i := range p.signed {
		p.signed[i] = signedAt(from + uint64(i))
	}
	for i := range p.factor {
		u, v := p.signed[i], p.signed[i+1]
		if s := u*u + v*v; polarTakes(s) == 1 {
			p.factor[i] = polarFactor(s)
		}
	}
	return p
}

// binomial draws the number of successes in a fixed number of trials: by inversion,
// and where at least 40 of either outcome are expected by the rounded normal, whose
// error is far below that of a quantile of the draws.
type binomial struct {
	trials, p float64
	swapped   bool    // p is that of failure, the rarer outcome
	none      float64 // the probability of no success
	normal    bool
	mean, sd  float64
}

func newBinomial(trials, p float64) binomial {
	b := binomial{trials: trials, p: p}
	if p > 0.5 {
		b.p, b.swapped = 1-p, true
	}
	b.mean = trials * b.p
	b.sd = math.Sqrt(b.mean * (1 - b.p))
	b.normal = b.mean > 40
	if !b.normal {
		b.none = math.Exp(trials * math.Log1p(-b.p))
	}
	return b
}

func (b *binomial) draw(rng *normals) float64 {
	k := 0.0
	switch {
	case b.trials == 0:
		return 0
	case b.normal:
		k = min(roundPositive(max(b.mean+b.sd*rng.next(), 0)), b.trials)
	default:
		u, prob, odds := rng.uniform(), b.none, b.p/(1-b.p)
		for u > prob && k < b.trials {
			u -= prob
			prob *= (b.trials - k) / (k + 1) * odds
			k++
		}
	}
	if b.swapped {
		return b.trials - k
	}
	return k
}

// roundPositive is math.Round of a number from 0 to 2^62, without its branches: what is
// added is the greatest number below a half, so that nothing below a half is rounded up.
func roundPositive(x float64) float64 { return float64(int64(x + 0x1.fffffffffffffp-2)) }

// binFloors is the quantile at level of each distance between binned samples under
// no change. The last bin but one counts what the reference doesn't have, and is
// empty there by construction:
//
//   - ranged: what lies outside the reference's range. The current sample has as many
//     values there as a negative binomial of two (one for either end) with success
//     n/(n+m), whatever the distribution.
//   - otherwise: the values of categories that the reference doesn't have, taken as
//     one category each, as far as there may be so many without change. A category of
//     which a split leaves none to the reference counts there.
//
// Every other bin's values are dealt to the samples with n : m; the distances divide
// by what was dealt.
func (mem *memory) binFloors(ref, cur bins, ranged bool, level float64, distances ...distance) []float64 {
	again := newRedeal(ref, cur, ranged)
	count := min(max(binBudget/max(again.used, 1), binDrawsMany), binDraws)
	// What each draw is about. Most are far below the quantile and need not be known better.
	room := mem.drawsOf((2*len(distances) + 1) * count)
	lows, highs, known := room[:len(distances)*count], room[len(distances)*count:2*len(distances)*count], room[2*len(distances)*count:]
	starts := make([]normals, count)
	rng := new(normals)
	for d := range starts {
		starts[d] = *rng
		again.draw(rng)
		for i := range distances {
			lows[i*count+d], highs[i*count+d] = again.around(&distances[i])
		}
	}
	out := make([]float64, len(distances))
	for i := range distances {
		low, high := lows[i*count:(i+1)*count], highs[i*count:(i+1)*count]
		rank := quantileRank(count, level)
		// As many draws as the rank says are at most least; those that are less whatever
		// they are come before it in the order.
		least := nth(low, rank)
		rest := known[:0]
		for d := range starts {
			if high[d] < least {
				rank--
				continue
			}
			rng := starts[d]
			again.draw(&rng)
			rest = append(rest, again.distance(&distances[i]))
		}
		out[i] = nth(rest, rank)
	}
	return out
}

// redeal deals binned samples anew, without change.
type redeal struct {
	n, m   float64 // rows of the samples
	ranged bool
	deal   []binomial
	used   int  // bins with rows
	a, b   bins // the samples of the last draw
}

func newRedeal(ref, cur bins, ranged bool) *redeal {
	r := &redeal{n: ref.total(), m: cur.total(), ranged: ranged, deal: make([]binomial, len(ref))}
	for i := range ref {
		r.deal[i] = newBinomial(ref[i]+cur[i], r.n/(r.n+r.m))
		if ref[i]+cur[i] > 0 {
			r.used++
		}
	}
	if special := len(ref) - 2; !ranged {
		unseen := math.Min(cur[special], mostUnseen(ref[:special], r.n, r.m))
		r.deal[special] = newBinomial(math.Floor(unseen), r.n/(r.n+r.m))
	}
	return r
}

func (r *redeal) draw(rng *normals) {
	special := len(r.deal) - 2
	a, b := r.a[:0], r.b[:0]
	unseen := 0.0
	for i := range r.deal {
		trials := r.deal[i].trials
		if trials == 0 || i == special {
			continue
		}
		x := r.deal[i].draw(rng)
		if x == 0 && !r.ranged && i < special {
			unseen += trials
			continue
		}
		a, b = append(a, x), append(b, trials-x)
	}
	switch {
	case r.ranged:
		unseen = beyondRange(rng, r.n, r.m)
	case r.deal[special].trials > 0:
		x := r.deal[special].draw(rng)
		unseen += r.deal[special].trials - x
		// Each was a category of its own; more than that many tell no more.
		for range int(math.Min(x, 100)) {
			a, b = append(a, math.Max(1, x/100)), append(b, 0)
		}
	}
	r.a, r.b = append(a, 0), append(b, unseen)
}

// distance is that of the last draw's samples.
func (r *redeal) distance(d *distance) float64 {
	if r.a.total() > 0 && r.b.total() > 0 {
		return d.of(r.a, r.b)
	}
	return math.Inf(1)
}

// around is what it is at least and at most.
func (r *redeal) around(d *distance) (low, high float64) {
	if d.around != nil && r.a.total() > 0 && r.b.total() > 0 {
		return d.around(r.a, r.b)
	}
	v := r.distance(d)
	return v, v
}

// mostUnseen is how many of m values may be of categories that a reference of n rows
// doesn't have, without any change. Those categories' share is about f1/n with a
// standard error of sqrt(f1 + 2 f2)/n, where f1 and f2 are the numbers of categories
// that the reference has once and twice (Good, Biometrika 40, 1953; Robbins, Annals
// of Mathematical Statistics 39, 1968); two of these errors, two of the binomial
// distribution's, and a little for f1 = 0, where the share is below 3/n at 95 %.
func mostUnseen(ref bins, n, m float64) float64 {
	var f1, f2 float64
	for _, c := range ref {
		switch c {
		case 1:
			f1++
		case 2:
			f2++
		}
	}
	mean := m * math.Min(1, (f1+2*math.Sqrt(f1+2*f2)+3)/n)
	return mean + 2*math.Sqrt(mean) + 1
}

// beyondRange draws how many of m values lie outside the range of n others of the
// same distribution.
func beyondRange(rng *normals, n, m float64) float64 {
	beyond := 0.0
	for ends := 0; ends < 2 && beyond < m; {
		if rng.uniform() < n/(n+m) {
			ends++
		} else {
			beyond++
		}
	}
	return beyond
}

// ksFloor is the quantile at level of the two-sample Kolmogorov-Smirnov distance
// under no change, sqrt(-ln((1-level)/2)/2 (1/n + 1/m)) (Smirnov 1939); conservative
// for tied data.
func ksFloor(n, m, level float64) float64 {
	return math.Min(1, math.Sqrt(-math.Log((1-level)/2)/2*(1/n+1/m)))
}

// sharedBridges are the draws that every column uses; they depend on nothing.
var sharedBridges = sync.OnceValue(newBridges) //nolint:gochecknoglobals // a constant too long to write down

// bridges holds draws of a random split of pooled values: of the few at either end
// by uniform numbers, one for each, which are below n/(n+m) where the value goes to
// the reference; between them as a standard Brownian bridge on a grid of (0, 1) that
// is finer near the ends. Draws are kept by fours, which are worked on at once.
type bridges struct {
	grid  []float64
	fours []bridgeFour
}

const lanes = 4

type bridgeFour struct {
	path      [][lanes]float64 // by point of the grid
	low, high [lanes][tailRanks]float64
}

func newBridges() *bridges {
	b := &bridges{}
	const parts = 96
	tail := []float64{0.0001, 0.0003, 0.001, 0.002, 0.003, 0.005}
	b.grid = append(b.grid, tail...)
	for j := 1; j < parts; j++ {
		b.grid = append(b.grid, float64(j)/parts)
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
				w += scales[j] * steps[j]
				four.path[j][lane] = w
			}
			end := w + scales[len(b.grid)]*steps[len(b.grid)]
			for j, h := range b.grid {
				four.path[j][lane] -= h * end
			}
			for j := range tailRanks {
				four.low[lane][j], four.high[lane][j] = rng.uniform(), rng.uniform()
			}
		}
	}
	return b
}

// drawsOf returns room for so many draws.
func (mem *memory) drawsOf(n int) []float64 {
	mem.draws = slices.Grow(mem.draws[:0], n)[:n]
	return mem.draws
}

// wassersteinFloor is the quantile at level of the last walk's wasserstein1 under no
// change. In the middle sqrt(nm/(n+m)) (F - G) is a Brownian bridge of the pooled
// distribution function (del Barrio, Gine and Matran, Annals of Probability 27, 1999);
// at the ends, which are most of the integral where tails are heavy, the pooled values
// are dealt one by one.
func (b *bridges) wassersteinFloor(mem *memory, level float64) float64 {
	n, m, pooled := mem.cdfs.n, mem.cdfs.m, &mem.cdfs.pooled
	if pooled.n == 0 || pooled.at(0) == pooled.at(pooled.n-1) {
		return 0
	}
	total := n + m
	ranks := min(tailRanks, int(total/10))
	// The gaps above the j+1 least values and below the j+1 greatest ones.
	low, high := make([]float64, ranks), make([]float64, ranks)
	for j := range ranks {
		low[j] = pooled.at(int64(j+1)) - pooled.at(int64(j))
		high[j] = pooled.at(pooled.n-1-int64(j)) - pooled.at(pooled.n-2-int64(j))
	}
	// The trapezoidal rule between them, on the points whose weight isn't 0.
	x := make([]float64, len(b.grid)+2)
	x[0], x[len(x)-1] = pooled.at(int64(ranks)), pooled.at(pooled.n-1-int64(ranks))
	inner := pooled.n - 2*int64(ranks)
	for j, u := range b.grid {
		x[j+1] = pooled.at(int64(ranks) + min(int64(u*float64(inner)), inner-1))
	}
	first, last := (x[1]-x[0])/2, (x[len(x)-1]-x[len(x)-2])/2
	var points []weighted
	for j, u := range b.grid {
		if w := (x[j+2] - x[j]) / 2; w > 0 {
			points = append(points, weighted{j, u, w})
		}
	}
	scale := math.Sqrt((1/n + 1/m) * float64(inner) / total)
	share := math.Float64bits(n / total)
	steps := [2]float64{-1 / m, 1 / n}
	draws := mem.drawsOf(floorDraws)
	for i := range b.fours {
		four := &b.fours[i]
		var s, start, slope [lanes]float64
		for lane := range lanes {
			area, from := dealt(&four.low[lane], low, share, &steps)
			t, to := dealt(&four.high[lane], high, share, &steps)
			to = -to // F - G below the greatest values is less what they add to it
			area += t + math.Abs(from)*first + math.Abs(to)*last
			s[lane], start[lane], slope[lane] = area, from, to-from
		}
		sumPaths(&s, &start, &slope, scale, four.path, points)
		copy(draws[i*lanes:], s[:])
	}
	return drawnQuantile(draws, level)
}

// weighted is a point of the grid that an integral takes.
type weighted struct {
	at        int     // its index
	u, weight float64 // and place
}

// sumPaths adds the integral of |F - G| between the ends to each of s: there F - G is a
// line with a bridge on it.
func sumPaths(s, start, slope *[lanes]float64, scale float64, path [][lanes]float64, points []weighted) {
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	for i := range points {
		u, weight, at := points[i].u, points[i].weight, &path[points[i].at]
		s0 += weight * math.Abs(start[0]+u*slope[0]+scale*at[0])
		s1 += weight * math.Abs(start[1]+u*slope[1]+scale*at[1])
		s2 += weight * math.Abs(start[2]+u*slope[2]+scale*at[2])
		s3 += weight * math.Abs(start[3]+u*slope[3]+scale*at[3])
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
		area += math.Abs(difference) * gap
	}
	return area, difference
}
