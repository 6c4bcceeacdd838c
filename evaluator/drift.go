package evaluator

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// bins holds the counts of one sample in categorical bins; two samples compared
// have the same bins in the same order.
type bins []float64

func (b bins) total() float64 {
	var n float64
	for _, c := range b {
		n += c
	}
	return n
}

// nonEmpty drops the bins that are empty in both samples: they say nothing, and
// smoothing would only turn a difference of sample sizes into drift.
func nonEmpty(ref, cur bins) (bins, bins) {
	var r, c bins
	for i := range ref {
		if ref[i] > 0 || cur[i] > 0 {
			r, c = append(r, ref[i]), append(c, cur[i])
		}
	}
	return r, c
}

// smoothed returns the shares (count + 0.5) / (n + 0.5 B) when any bin of either
// sample is empty, and the plain shares otherwise.
func smoothed(ref, cur bins) (p, q []float64) {
	add := 0.0
	for i := range ref {
		if ref[i] == 0 || cur[i] == 0 {
			add = 0.5
			break
		}
	}
	p, q = make([]float64, len(ref)), make([]float64, len(cur))
	n, m := ref.total()+add*float64(len(ref)), cur.total()+add*float64(len(cur))
	for i := range ref {
		p[i], q[i] = (ref[i]+add)/n, (cur[i]+add)/m
	}
	return p, q
}

// psi is the population stability index sum (q-p) ln(q/p) over bins that are not
// empty in both samples, with Laplace smoothing. Fewer than two bins give 0.
func psi(ref, cur bins) float64 {
	p, q := smoothed(nonEmpty(ref, cur))
	var s float64
	for i := range p {
		s += (q[i] - p[i]) * math.Log(q[i]/p[i])
	}
	return s
}

// psiFloor is the quantile at level of psi under no change: PSI / (1/n + 1/m) is
// asymptotically chi-squared with B-1 degrees of freedom (Yurdakul and Naranjo,
// Journal of Risk Model Validation 14(4), 2020).
func psiFloor(ref, cur bins, level float64) float64 {
	r, c := nonEmpty(ref, cur)
	if len(r) < 2 {
		return 0
	}
	return distuv.ChiSquared{K: float64(len(r) - 1)}.Quantile(level) * (1/r.total() + 1/c.total())
}

// jensenShannon is the Jensen-Shannon distance: the square root of the
// divergence in bits, in [0, 1].
func jensenShannon(ref, cur bins) float64 {
	n, m := ref.total(), cur.total()
	var s float64
	for i := range ref {
		p, q := ref[i]/n, cur[i]/m
		mid := (p + q) / 2
		if p > 0 {
			s += p * math.Log2(p/mid)
		}
		if q > 0 {
			s += q * math.Log2(q/mid)
		}
	}
	return math.Sqrt(math.Max(0, s/2))
}

// totalVariation is sum |p-q| / 2, in [0, 1].
func totalVariation(ref, cur bins) float64 {
	n, m := ref.total(), cur.total()
	var s float64
	for i := range ref {
		s += math.Abs(ref[i]/n - cur[i]/m)
	}
	return s / 2
}

// psiFloorRanged is psiFloor for bins whose last but one counts what lies outside the
// reference's range. That bin is empty in the reference by construction, and without
// any change the current sample has as many values in it as a negative binomial of
// two (one for either end) with success n/(n+m): heavier than the chi-squared allows
// for, so the sum of both is drawn.
func psiFloorRanged(ref, cur bins, level float64) float64 {
	out := len(ref) - 2
	r, c := nonEmpty(append(ref[:out:out], ref[out+1:]...), append(cur[:out:out], cur[out+1:]...))
	n, m := ref.total(), cur.total()
	if len(r) < 2 || n == 0 || m == 0 {
		return 0
	}
	c0 := c.total()
	rng := newNormals(floorSeed)
	draws := make([]float64, floorDraws)
	for d := range draws {
		var chi float64
		for range len(r) - 1 {
			z := rng.next()
			chi += z * z
		}
		draws[d] = chi * (1/n + 1/c0)
		beyond := 0.0
		for ends := 0; ends < 2 && beyond < m; {
			if rng.uniform() < n/(n+m) {
				ends++
			} else {
				beyond++
			}
		}
		if beyond > 0 {
			b := 0.5 * float64(len(r)+1)
			p, q := 0.5/(n+b), (beyond+0.5)/(m+b)
			draws[d] += (q - p) * math.Log(q/p)
		}
	}
	return quantileOf(draws, level)
}

// drawnFloor is the quantile at level of a distance between bins under no change, by
// seeded draws of two samples of these sizes from the pooled shares. The counts of a
// bin are drawn independently from Poisson distributions, which given the total are
// multinomial; the distances divide by the total that was drawn.
func drawnFloor(ref, cur bins, level float64, distance func(ref, cur bins) float64) float64 {
	r, c := nonEmpty(ref, cur)
	if len(r) < 2 {
		return 0
	}
	n, m := r.total(), c.total()
	draws := make([]float64, binDraws)
	if len(r) > manyBins {
		draws = draws[:binDrawsMany]
	}
	rng := newNormals(floorSeed)
	a, b := make(bins, len(r)), make(bins, len(r))
	for d := range draws {
		for i := range r {
			share := (r[i] + c[i]) / (n + m)
			a[i], b[i] = rng.poisson(n*share), rng.poisson(m*share)
		}
		draws[d] = distance(a, b)
	}
	return quantileOf(draws, level)
}

// ksFloor is the quantile at level of the two-sample Kolmogorov-Smirnov distance
// under no change, sqrt(-ln((1-level)/2)/2 (1/n + 1/m)) (Smirnov 1939); conservative
// for tied data.
func ksFloor(n, m, level float64) float64 {
	return math.Min(1, math.Sqrt(-math.Log((1-level)/2)/2*(1/n+1/m)))
}

// ksPValue is the asymptotic two-sided p-value of the two-sample
// Kolmogorov-Smirnov distance d, with the small-sample correction of Stephens
// (JRSS B 32, 1970).
func ksPValue(d, n, m float64) float64 {
	root := math.Sqrt(n * m / (n + m))
	l := (root + 0.12 + 0.11/root) * d
	if l < 0.2 {
		return 1
	}
	var sum float64
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * l * l)
		if math.Mod(k, 2) == 0 {
			term = -term
		}
		sum += term
		if math.Abs(term) < 1e-17 {
			break
		}
	}
	return math.Min(1, math.Max(0, 2*sum))
}
