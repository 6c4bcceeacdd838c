package evaluator

import (
	"math"
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

// drawnQuantile is the quantile at level of draws under no change, which it sorts. A
// new draw exceeds the one of rank (B+1) level in at most 1-level of cases.
func drawnQuantile(draws []float64, level float64) float64 {
	slices.Sort(draws)
	rank := int(math.Ceil(level * float64(len(draws)+1)))
	return draws[min(max(rank, 1), len(draws))-1]
}

// normals is a deterministic stream of random numbers: SplitMix64 (Steele, Lea,
// Flood, OOPSLA 2014), and standard normal ones by the polar method of Marsaglia.
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

// binomial draws the number of successes in a fixed number of trials: by inversion,
// and where at least 40 of either outcome are expected by the rounded normal, whose
// error is far below that of a quantile of the draws.
type binomial struct {
	trials, p float64
	swapped   bool    // p is that of failure, the rarer outcome
	none      float64 // the probability of no success
	normal    bool
}

func newBinomial(trials, p float64) binomial {
	b := binomial{trials: trials, p: p}
	if p > 0.5 {
		b.p, b.swapped = 1-p, true
	}
	b.normal = trials*b.p > 40
	b.none = math.Exp(trials * math.Log1p(-b.p))
	return b
}

func (b *binomial) draw(rng *normals) float64 {
	k := 0.0
	switch {
	case b.trials == 0:
		return 0
	case b.normal:
		mean := b.trials * b.p
		k = math.Round(mean + math.Sqrt(mean*(1-b.p))*rng.next())
		k = math.Min(math.Max(k, 0), b.trials)
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
func binFloors(ref, cur bins, ranged bool, level float64, distances ...func(ref, cur bins) float64) []float64 {
	n, m := ref.total(), cur.total()
	special := len(ref) - 2
	deal := make([]binomial, len(ref))
	used := 0
	for i := range ref {
		deal[i] = newBinomial(ref[i]+cur[i], n/(n+m))
		if ref[i]+cur[i] > 0 {
			used++
		}
	}
	if !ranged {
		unseen := math.Min(cur[special], mostUnseen(ref[:special], n, m))
		deal[special] = newBinomial(math.Floor(unseen), n/(n+m))
	}
	draws := make([][]float64, len(distances))
	count := min(max(binBudget/max(used, 1), binDrawsMany), binDraws)
	for i := range draws {
		draws[i] = make([]float64, count)
	}
	rng := newNormals(floorSeed)
	a, b := make(bins, 0, len(ref)), make(bins, 0, len(ref))
	for d := range count {
		a, b = a[:0], b[:0]
		unseen := 0.0
		for i := range deal {
			trials := deal[i].trials
			if trials == 0 || i == special {
				continue
			}
			x := deal[i].draw(rng)
			if x == 0 && !ranged && i < special {
				unseen += trials
				continue
			}
			a, b = append(a, x), append(b, trials-x)
		}
		switch {
		case ranged:
			unseen = beyondRange(rng, n, m)
		case deal[special].trials > 0:
			x := deal[special].draw(rng)
			unseen += deal[special].trials - x
			// Each was a category of its own; more than that many tell no more.
			for range int(math.Min(x, 100)) {
				a, b = append(a, math.Max(1, x/100)), append(b, 0)
			}
		}
		a, b = append(a, 0), append(b, unseen)
		for i, distance := range distances {
			draws[i][d] = math.Inf(1)
			if a.total() > 0 && b.total() > 0 {
				draws[i][d] = distance(a, b)
			}
		}
	}
	out := make([]float64, len(distances))
	for i := range out {
		out[i] = drawnQuantile(draws[i], level)
	}
	return out
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
// is finer near the ends.
type bridges struct {
	grid      []float64
	paths     [][]float64
	low, high [][tailRanks]float64
}

func newBridges() *bridges {
	b := &bridges{}
	const steps = 96
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
	b.low, b.high = make([][tailRanks]float64, floorDraws), make([][tailRanks]float64, floorDraws)
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
			path[j] -= h * end
		}
		b.paths[d] = path
		for j := range tailRanks {
			b.low[d][j], b.high[d][j] = rng.uniform(), rng.uniform()
		}
	}
	return b
}

// wassersteinFloor is the quantile at level of wasserstein1 under no change. In the
// middle sqrt(nm/(n+m)) (F - G) is a Brownian bridge of the pooled distribution
// function (del Barrio, Gine and Matran, Annals of Probability 27, 1999); at the
// ends, which are most of the integral where tails are heavy, the pooled values are
// dealt one by one.
func (b *bridges) wassersteinFloor(pieces []piece, level float64) float64 {
	n, m := totals(pieces)
	pooled := newPooled(pieces)
	if pooled.at(0) == pooled.at(pooled.n-1) {
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
	var points []int
	var weights []float64
	for j := range b.grid {
		if w := (x[j+2] - x[j]) / 2; w > 0 {
			points, weights = append(points, j), append(weights, w)
		}
	}
	scale := math.Sqrt((1/n + 1/m) * float64(inner) / total)
	p := n / total
	draws := make([]float64, floorDraws)
	for d := range draws {
		s, start := dealt(&b.low[d], low, p, n, m)
		t, end := dealt(&b.high[d], high, p, n, m)
		end = -end // F - G below the greatest values is less what they add to it
		s += t + math.Abs(start)*first + math.Abs(end)*last
		path := b.paths[d]
		for i, j := range points {
			u := b.grid[j]
			s += weights[i] * math.Abs(start+u*(end-start)+scale*path[j])
		}
		draws[d] = s
	}
	return drawnQuantile(draws, level)
}

// dealt deals the values at one end, whose gaps to the next are given, and returns
// the integral of |F - G| over the gaps and F - G after them, counted from the end.
func dealt(uniforms *[tailRanks]float64, gaps []float64, p, n, m float64) (area, difference float64) {
	for j, gap := range gaps {
		if uniforms[j] < p {
			difference += 1 / n
		} else {
			difference -= 1 / m
		}
		area += math.Abs(difference) * gap
	}
	return area, difference
}

// pooled looks up the order statistics of both samples together. Values inside an
// open interval are taken at their mean.
type pooled struct {
	pieces []piece
	upTo   []int64 // values up to and with the piece
	n      int64
}

func newPooled(pieces []piece) pooled {
	p := pooled{pieces: pieces, upTo: make([]int64, len(pieces))}
	for i := range pieces {
		p.n += pieces[i].r + pieces[i].c
		p.upTo[i] = p.n
	}
	return p
}

// at returns the order statistic of a 0-based rank.
func (p *pooled) at(rank int64) float64 {
	i, _ := slices.BinarySearch(p.upTo, min(max(rank, 0), p.n-1)+1)
	return p.pieces[i].x
}
