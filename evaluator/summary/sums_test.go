package summary

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/evaluator/portable"
)

// kernelRow is a row as the kernel gets it; it has a weight where weighted, and as many
// predicted quantiles as there are orders.
type kernelRow struct {
	p, y, w   float64
	weighted  bool
	quantiles []float64
}

// termsOf returns the terms of a row, each power rounded on its own.
func termsOf(r kernelRow, orders []float64, center float64) [numSums]float64 {
	e, z, a := r.p-r.y, r.y-center, 0.0
	abs := math.Abs(e)
	if r.y != 0 {
		a = abs / math.Abs(r.y)
	}
	s := symmetricError(r.p, r.y, abs)
	l := 0.0
	if least := min(r.p, r.y); least > -1 {
		l = portable.Log1p(abs / (1 + least))
		if math.IsInf(l, 1) {
			l = math.Abs(portable.Log1p(r.p) - portable.Log1p(r.y))
		}
	}
	q, c, w := 0.0, 0.0, 0.0
	if n := len(orders); n > 0 {
		for i, f := range r.quantiles {
			q += float64(max(orders[i]*(r.y-f), (orders[i]-1)*(r.y-f)))
		}
		q /= float64(n)
		w = r.quantiles[n-1] - r.quantiles[0]
		if r.quantiles[0] <= r.y && r.y <= r.quantiles[n-1] {
			c = 1
		}
	}
	e2, z2, a2, s2, l2, q2, w2 := e*e, z*z, a*a, s*s, l*l, q*q, w*w
	e4, l4 := e2*e2, l2*l2
	return [numSums]float64{
		SumE: e, SumAbsE: abs, SumE2: e2, SumE3: e2 * e, SumAbsE3: e2 * abs, SumE4: e4, SumE6: e4 * e2, SumE8: e4 * e4,
		SumZ1: z, SumZ2: z2, SumZ3: z2 * z, SumZ4: z2 * z2, SumE2Z: e2 * z, SumE2Z2: e2 * z2,
		SumA1: a, SumA2: a2, SumA3: a2 * a, SumA4: a2 * a2,
		SumS1: s, SumS2: s2, SumS3: s2 * s, SumS4: s2 * s2,
		SumL1: l2, SumL2: l4, SumL3: l4 * l2, SumL4: l4 * l4, SumEZ: e * z, SumEZ2: z2 * e,
		SumQ1: q, SumQ2: q2, SumQ3: q2 * q, SumQ4: q2 * q2, SumC1: c,
		SumW1: w, SumW2: w2, SumW3: w2 * w, SumW4: w2 * w2,
	}
}

// rows tells which rows a row is among.
func (r kernelRow) rows() [numRows]bool {
	return [numRows]bool{
		AllRows: true, NonZeroRows: r.y != 0, LogRows: r.p > -1 && r.y > -1, QuantileRows: len(r.quantiles) > 0,
	}
}

// addRow adds one row to the sums that its errors make.
func (e *ErrorSums) addRow(r kernelRow, orders []float64) {
	in := r.rows()
	e.n++
	if in[NonZeroRows] {
		e.nonZero++
	}
	logs := ready(&e.logs, numLogSums)
	if in[LogRows] {
		logs.n++
	}
	if in[QuantileRows] {
		ready(&e.quantiles, numQuantileSums).n++
	}
	if in[QuantileRows] && r.quantiles[len(orders)-1] < r.quantiles[0] {
		e.crossed++
	}
	abs := math.Abs(r.p - r.y)
	if r.weighted {
		w := e.readyWeights()
		w.abs.add(abs, wideOf(r.w))
		w.labels.add(r.y, wideOf(r.w))
		for of, in := range in {
			if in {
				w2 := r.w * r.w
				for power, x := range []float64{r.w, w2, w2 * r.w, w2 * r.w * r.w} {
					w.mass[of][power].Add(x)
				}
			}
		}
		if r.w == 0 {
			e.abs.add(0)
			return
		}
	}
	e.maxAbs = max(e.maxAbs, abs)
	e.abs.add(abs)
	for k, x := range termsOf(r, orders, e.center) {
		sum := e.ExactSum(SumKind(k))
		if r.weighted {
			e.weights.second[k].Add(x * (r.w * r.w))
			x *= r.w
		}
		sum.Add(x)
	}
}

func (b *blockSums) addRow(r kernelRow, orders []float64, center float64) {
	in := r.rows()
	b.n++
	if in[NonZeroRows] {
		b.nonZero++
	}
	logs := ready(&b.logs, blockLogSums)
	if in[LogRows] {
		logs.n++
	}
	to := map[SumKind]*exact.Sum{SumL1: &logs.sums[0]}
	if in[QuantileRows] {
		q := ready(&b.quantiles, blockQuantileSums)
		q.n++
		to[SumQ1], to[SumC1], to[SumW1] = &q.sums[0], &q.sums[1], &q.sums[2]
	}
	for k := range b.sums {
		to[SumKind(k)] = &b.sums[k]
	}
	if r.weighted {
		if b.mass == nil {
			b.mass = new(blockMass)
		}
		for of, in := range in {
			if in {
				b.mass[of].Add(r.w)
			}
		}
		if r.w == 0 {
			return
		}
	}
	terms := termsOf(r, orders, center)
	for k, sum := range to {
		x := terms[k]
		if r.weighted {
			x *= r.w
		}
		sum.Add(x)
	}
}
