package drift

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
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

// distance is a measure of two binned samples, which a row of the table names and the
// noise floors draw.
type distance struct {
	of func(ref, cur bins) float64
	// around returns what the measure is at least, nearly and at most, without logarithms: most
	// draws need not be known better. It is nil of a measure that is quick enough itself.
	around func(ref, cur bins) (low, near, high float64)
}

// psi is the population stability index sum (q-p) ln(q/p), from 0, which is Jeffreys'
// divergence (Proceedings of the Royal Society A 186, 1946), over the bins that are
// not empty in both samples: those say nothing, and smoothing would only turn a
// difference of sample sizes into drift. Where any other bin of either sample is
// empty the shares are (count + 0.5) / (n + 0.5 B), with B bins. Fewer than two bins
// give 0.
func psi(ref, cur bins) float64 {
	n, m, add := psiTotals(ref, cur)
	var s float64
	for i := range ref {
		if ref[i] > 0 || cur[i] > 0 {
			p, q := (ref[i]+add)/n, (cur[i]+add)/m
			s += float64((q - p) * portable.Log(q/p))
		}
	}
	return s
}

// psiTotals returns what psi divides either sample by and what it adds to each bin.
func psiTotals(ref, cur bins) (n, m, add float64) {
	used := 0.0
	for i := range ref {
		if ref[i] > 0 || cur[i] > 0 {
			used++
			if ref[i] == 0 || cur[i] == 0 {
				add = 0.5
			}
		}
	}
	return ref.total() + float64(add*used), cur.total() + float64(add*used), add
}

// roundingSlack is far above the rounding of a sum of bins.
const roundingSlack = 1e-12

// psiAround bounds psi: with z = (q-p)/(q+p) and w = z^2 a term is 2 (q-p) artanh z, and artanh z
// is z (1 + w/3 + w^2/5 + w^3/7 + ...), of which the rest is below 1.3e-5 where w is at most 0.1.
func psiAround(ref, cur bins) (low, near, high float64) {
	n, m, add := psiTotals(ref, cur)
	var close, far float64
	for i := range ref {
		if ref[i] > 0 || cur[i] > 0 {
			p, q := (ref[i]+add)/n, (cur[i]+add)/m
			z := (q - p) / (q + p)
			w := float64(z * z)
			if w > 0.1 {
				far += float64((q - p) * portable.Log(q/p))
				continue
			}
			close += float64((q - p) * z * (1 + float64(w*(1.0/3+float64(w*(0.2+float64(w/7)))))))
		}
	}
	close = float64(close * 2)
	low = close + far
	high = float64(close*(1+1.3e-5)) + far
	return low - float64(roundingSlack*(1+low)), low, high + float64(roundingSlack*(1+high))
}

// jensenShannon is the Jensen-Shannon distance, from 0 to 1: the square root of the
// divergence in bits, (sum p log2(p/m) + sum q log2(q/m)) / 2 with m = (p+q)/2 (Lin, IEEE
// Transactions on Information Theory 37, 1991; Endres and Schindelin, ibid. 49, 2003).
func jensenShannon(ref, cur bins) float64 {
	n, m := ref.total(), cur.total()
	var s float64
	for i := range ref {
		p, q := ref[i]/n, cur[i]/m
		mid := float64((p + q) / 2)
		if p > 0 {
			s += float64(p * portable.Log2(p/mid))
		}
		if q > 0 {
			s += float64(q * portable.Log2(q/mid))
		}
	}
	return math.Sqrt(math.Max(0, s/2))
}

// jensenShannonAround bounds jensenShannon: with z = (q-p)/(q+p) and w = z^2 a term is (p+q)/2
// times (1+z) ln(1+z) + (1-z) ln(1-z) = w (1 + w/6 + w^2/15 + w^3/28 + w^4 r(w)), where r grows
// from 1/45 to what is left of 2 ln 2. What is nearly r's part of it is right to 0.3 %.
func jensenShannonAround(ref, cur bins) (low, near, high float64) {
	n, m := ref.total(), cur.total()
	const least = 1.0 / 45
	const most = 2*math.Ln2 - 1 - 1.0/6 - 1.0/15 - 1.0/28
	var sum, rest, far float64
	for i := range ref {
		p, q := ref[i]/n, cur[i]/m
		if both := p + q; both > 0 {
			z := (q - p) / both
			w := float64(z * z)
			w2 := float64(w * w)
			w5 := float64(w2 * w2 * w)
			sum += float64(both * (w + float64(w2*(1.0/6+float64(w*(1.0/15+float64(w/28)))))))
			rest += float64(both * w5)
			far += float64(both * w5 * w5 * w)
		}
	}
	// Half of the sum of terms, which have a half in them, in bits.
	const unit = 4 * math.Ln2
	low = (sum + float64(least*rest)) / unit
	near = low + float64((most-least)*far)/unit
	high = (sum + float64(most*rest)) / unit
	return math.Sqrt(max(0, low-roundingSlack)), math.Sqrt(near), math.Sqrt(high + roundingSlack)
}

// totalVariation is the total variation distance sum |p-q| / 2, from 0 to 1.
func totalVariation(ref, cur bins) float64 {
	n, m := ref.total(), cur.total()
	var s float64
	for i := range ref {
		s += math.Abs(ref[i]/n - cur[i]/m)
	}
	return float64(s / 2)
}

// cohenW is the effect size w of two samples, sqrt(sum (q-p)^2 / ((p+q)/2)), from 0 to 2: the
// root of the mean square of by how much shares differ, relative to their mean (Cohen,
// Statistical Power Analysis, 1988, chapter 7, whose null hypothesis is the mean here). For a
// small shift of what lies behind the bins it is that shift in standard deviations, as far as
// the bins show it.
func cohenW(ref, cur bins) float64 {
	n, m := ref.total(), cur.total()
	var s float64
	for i := range ref {
		p, q := ref[i]/n, cur[i]/m
		if sum := p + q; sum > 0 {
			s += float64(2 * (q - p) * (q - p) / sum)
		}
	}
	return math.Sqrt(s)
}

// KSPValue is the asymptotic two-sided p-value of the two-sample
// Kolmogorov-Smirnov distance d, with the small-sample correction of Stephens
// (JRSS B 32, 1970).
func KSPValue(d, n, m float64) float64 {
	root := math.Sqrt(n * m / (n + m))
	l := float64((root + 0.12 + 0.11/root) * d)
	if l < 0.2 {
		return 1
	}
	var sum float64
	for k := 1.0; k <= 100; k++ {
		term := portable.Exp(float64(-2 * k * k * l * l))
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
