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

// psiFloor is the 95 % quantile of psi under no change: PSI / (1/n + 1/m) is
// asymptotically chi-squared with B-1 degrees of freedom (Yurdakul and Naranjo,
// Journal of Risk Model Validation 14(4), 2020).
func psiFloor(ref, cur bins) float64 {
	r, c := nonEmpty(ref, cur)
	if len(r) < 2 {
		return 0
	}
	return chiSquaredQuantile(0.95, float64(len(r)-1)) * (1/r.total() + 1/c.total())
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

// jensenShannonFloor is the 95 % quantile of jensenShannon under no change: the
// divergence in nats is about chi-squared (B-1) times (1/n + 1/m) / 8.
func jensenShannonFloor(ref, cur bins) float64 {
	r, c := nonEmpty(ref, cur)
	if len(r) < 2 {
		return 0
	}
	d := chiSquaredQuantile(0.95, float64(len(r)-1)) * (1/r.total() + 1/c.total()) / (8 * math.Ln2)
	return math.Min(1, math.Sqrt(d))
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

// totalVariationFloor is the 95 % quantile of totalVariation under no change, by
// seeded draws from the Gaussian limit of two multinomial samples of the pooled
// shares.
func totalVariationFloor(ref, cur bins) float64 {
	r, c := nonEmpty(ref, cur)
	if len(r) < 2 {
		return 0
	}
	n, m := r.total(), c.total()
	root := make([]float64, len(r))
	for i := range r {
		root[i] = math.Sqrt((r[i] + c[i]) / (n + m))
	}
	rng := newNormals(floorSeed)
	draws := make([]float64, floorDraws/4)
	x := make([]float64, len(r))
	for d := range draws {
		var dot float64
		for i := range x {
			x[i] = rng.next()
			dot += x[i] * root[i]
		}
		var s float64
		for i := range x {
			s += math.Abs(root[i] * (x[i] - root[i]*dot))
		}
		draws[d] = s / 2
	}
	return math.Min(1, quantileOf(draws, 0.95)*math.Sqrt(1/n+1/m))
}

func chiSquaredQuantile(p, df float64) float64 {
	return distuv.ChiSquared{K: df}.Quantile(p)
}

// ksFloor is the 95 % quantile of the two-sample Kolmogorov-Smirnov distance
// under no change, sqrt(-ln(0.025)/2 (1/n + 1/m)) (Smirnov 1939); conservative
// for tied data.
func ksFloor(n, m float64) float64 {
	return math.Min(1, math.Sqrt(-math.Log(0.025)/2*(1/n+1/m)))
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
