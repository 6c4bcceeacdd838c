package evaluator

import "math"

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

// psi is the population stability index sum (q-p) ln(q/p) over the bins that are
// not empty in both samples: those say nothing, and smoothing would only turn a
// difference of sample sizes into drift. Where any other bin of either sample is
// empty the shares are (count + 0.5) / (n + 0.5 B), with B bins. Fewer than two bins
// give 0.
func psi(ref, cur bins) float64 {
	used, add := 0.0, 0.0
	for i := range ref {
		if ref[i] > 0 || cur[i] > 0 {
			used++
			if ref[i] == 0 || cur[i] == 0 {
				add = 0.5
			}
		}
	}
	n, m := ref.total()+add*used, cur.total()+add*used
	var s float64
	for i := range ref {
		if ref[i] > 0 || cur[i] > 0 {
			p, q := (ref[i]+add)/n, (cur[i]+add)/m
			s += (q - p) * math.Log(q/p)
		}
	}
	return s
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
