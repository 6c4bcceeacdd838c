package summary

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/evaluator/portable"
)

// logErrors returns |log(1+p) - log(1+y)| of each row in the memory of out, NaN where p or y
// isn't above -1; what none is above; and whether there is a NaN.
//
// It is log(1 + |p-y| / (1 + the lesser of p and y)): one logarithm, and the difference of none.
func logErrors(out, predictions, labels []float64) (logs []float64, greatest float64, nans bool) {
	out = slices.Grow(out[:0], len(predictions))[:len(predictions)]
	for i, p := range predictions {
		y := labels[i]
		least := min(p, y)
		x := math.Abs(p-y) / (1 + least)
		switch {
		case !(least > -1):
			x, nans = math.NaN(), true
		case x > greatest:
			greatest = x
		}
		out[i] = x
	}
	portable.Log1ps(out)
	if greatest <= math.MaxFloat64 {
		// Log1p is within a unit in the last place, of this number and of lesser ones.
		return out, float64(portable.Log1p(greatest) * (1 + 0x1p-50)), nans
	}
	greatest = 0
	for i, l := range out {
		if l > math.MaxFloat64 {
			out[i] = math.Abs(portable.Log1p(predictions[i]) - portable.Log1p(labels[i]))
		}
		if out[i] > greatest {
			greatest = out[i]
		}
	}
	return out, greatest, nans
}

// quantileTerms is what the terms of rows with predicted quantiles are made of.
type quantileTerms struct {
	orders []float64

	// Of the piece's rows.
	losses, within, widths []float64 // the mean pinball loss; 1 for a label within; highest less lowest
	greatestLoss, widest   float64   // absolute values

	// Of a run.
	crossed  int64
	q, q2    [runRows]float64
	c, w, w2 [runRows]float64
}

// load takes the rows of a piece.
func (t *quantileTerms) load(rows pieceRows) {
	if len(rows.quantiles) != len(t.orders) {
		panic("summary: rows with more or fewer quantiles than there are orders")
	}
	n := len(rows.labels)
	t.losses, t.within, t.widths = zeroedFloats(t.losses, n), zeroedFloats(t.within, n), zeroedFloats(t.widths, n)
	for at, q := range t.orders {
		for i, f := range rows.quantiles[at] {
			if d := rows.labels[i] - f; d >= 0 {
				t.losses[i] += float64(q * d)
			} else {
				t.losses[i] += float64((q - 1) * d)
			}
		}
	}
	t.greatestLoss, t.widest = 0, 0
	lowest, highest, orders := rows.quantiles[0], rows.quantiles[len(t.orders)-1], float64(len(t.orders))
	for i, y := range rows.labels {
		t.losses[i] /= orders
		t.widths[i] = highest[i] - lowest[i]
		if lowest[i] <= y && y <= highest[i] {
			t.within[i] = 1
		}
		t.greatestLoss = max(t.greatestLoss, t.losses[i])
		t.widest = max(t.widest, math.Abs(t.widths[i]))
	}
}

// zeroedFloats returns n zeros in the memory of s where it has room.
func zeroedFloats(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// loadRun takes the rows of a run, with zeros up to padded.
func (t *quantileTerms) loadRun(rows []int32, padded int) {
	t.crossed = 0
	for j, i := range rows {
		t.q[j], t.c[j], t.w[j] = t.losses[i], t.within[i], t.widths[i]
		if t.w[j] < 0 {
			t.crossed++
		}
	}
	for j := len(rows); j < padded; j++ {
		t.q[j], t.c[j], t.w[j] = 0, 0, 0
	}
}

func (t *quantileTerms) addBlockTerms(k *errorKernel) {
	k.addTerm(SumQ1, &k.last, &t.q, nil, t.greatestLoss)
	k.addTerm(SumC1, &k.last, &t.c, nil, 1)
	k.addTerm(SumW1, &k.last, &t.w, nil, t.widest)
}

func (t *quantileTerms) addOtherTerms(k *errorKernel) {
	q2, w2 := float64(t.greatestLoss*t.greatestLoss), float64(t.widest*t.widest)
	k.addTerm(SumQ2, &t.q2, &t.q, &t.q, q2)
	k.addTerm(SumQ3, &k.last, &t.q2, &t.q, float64(q2*t.greatestLoss))
	k.addTerm(SumQ4, &k.last, &t.q2, &t.q2, float64(q2*q2))
	k.addTerm(SumW2, &t.w2, &t.w, &t.w, w2)
	k.addTerm(SumW3, &k.last, &t.w2, &t.w, float64(w2*t.widest))
	k.addTerm(SumW4, &k.last, &t.w2, &t.w2, float64(w2*w2))
}

// weightedTerms is what rows with weights need beside what their terms are made of.
type weightedTerms struct {
	w, w2           [runRows]float64
	greatest        float64
	noLog           [runRows]bool    // of those that are not LogRows
	of              [runRows]float64 // the weights of some of the rows, 0 of the others
	power, products [runRows]float64
}

// loadRun takes the rows of a run. Of those of weight 0 it leaves no errors, which then are in no
// sum though they may be beyond the range of numbers.
func (t *weightedTerms) loadRun(rows []int32, k *errorKernel) {
	c := &k.errors
	clear(t.w[k.n:k.padded()])
	clear(t.w2[k.n:k.padded()])
	t.greatest, k.greatest.e = 0, 0
	for j, i := range rows {
		w := k.piece.weights[i]
		t.w[j], t.w2[j] = w, float64(w*w)
		t.greatest = max(t.greatest, w)
		t.noLog[j] = k.logs[i] != k.logs[i]
		if w > 0 {
			k.greatest.e = max(k.greatest.e, c.abs[j])
			continue
		}
		c.e[j], c.abs[j], c.z[j], c.a[j], c.s[j], k.l[j] = 0, 0, 0, 0, 0, 0
		if q := k.quantiles; q != nil {
			q.q[j], q.c[j], q.w[j] = 0, 0, 0
		}
	}
}

// addTallies adds the rows' weights to the sketches of |e| and of labels.
func (t *weightedTerms) addTallies(to *weightSums, k *errorKernel) {
	for j, w := range t.w[:k.n] {
		m := wideOf(w)
		to.abs.add(k.errors.abs[j], m)
		to.labels.add(k.errors.y[j], m)
	}
}

// addTerm adds terms times the rows' weights, and where they go to such sums times the squares of
// these.
func (t *weightedTerms) addTerm(k *errorKernel, kind SumKind, terms []float64, greatest float64) {
	n := len(terms)
	sums, at := k.to.of(kind)
	parts, ok := exact.Products(t.products[:n], terms, t.w[:n], k.rests[:n], float64(greatest*t.greatest))
	addParts(sums, int(at), &parts, ok, t.products[:n])
	if len(k.to.second) > 0 {
		parts, ok = exact.Products(t.products[:n], terms, t.w2[:n], k.rests[:n], float64(greatest*float64(t.greatest*t.greatest)))
		addParts(k.to.second, int(kind), &parts, ok, t.products[:n])
	}
}

// addMass adds the powers of the rows' weights, or to blocks the weights.
func (t *weightedTerms) addMass(k *errorKernel) {
	n := k.padded()
	for r := AllRows; r < numRows; r++ {
		if r == QuantileRows && k.piece.quantiles == nil {
			continue
		}
		for j, w := range t.w[:n] {
			if j < k.n && (r == NonZeroRows && k.errors.y[j] == 0 || r == LogRows && t.noLog[j]) {
				w = 0
			}
			t.of[j] = w
		}
		greatest := 1.0
		for power := range MaxPower {
			xs, ys := t.of[:n], []float64(nil)
			if greatest = float64(greatest * t.greatest); power > 0 {
				xs, ys = t.power[:n], t.w[:n]
			}
			parts, ok := exact.Products(t.products[:n], xs, ys, k.rests[:n], greatest)
			t.power = t.products
			for _, to := range k.to.weights {
				addParts([][]exact.Sum{to.mass[r][:]}, power, &parts, ok, t.products[:n])
			}
			for _, to := range k.to.blocks {
				addParts([][]exact.Sum{to[:]}, int(r), &parts, ok, t.products[:n])
			}
			if len(k.to.weights) == 0 {
				break
			}
		}
	}
}
