package evaluator

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/exact"
)

const (
	// kernelRows is how many matches are worked on at a time: enough for long runs of
	// one cell, few enough to stay in a core's own cache.
	kernelRows = 1 << 13
	// fewRows are so few of one cell that emptying the kernel's sums costs more than
	// it saves.
	fewRows = 24
)

// errorKernel adds the terms of many rows to ErrorSums. It takes a piece of rows
// apart by cell, one way after the other (by version, by each segment column, by time
// block), so that the sums of one cell are worked on at a time: their terms are added
// up as whole numbers, apart by exponent, and go to the exact sums at the end of the
// cell's rows. The result is that of adding term by term.
type errorKernel struct {
	terms     []rowTerms // of the piece's rows
	zeros     int        // labels that are 0
	fast      bool
	low, high rowTerms // the least and the greatest absolute values, 0 left out
	label     []float64
	order     []int32 // the rows by cell
	starts    []int32
	bank      *termBank // nil until a cell has many rows
}

// rowTerms are what all terms of a row are made of; see errorTerms.
type rowTerms struct{ e, z, a, s float64 }

// termBank holds what is not yet in the exact sums. The sums lie apart by a little more
// than the size of one, since those that lie apart by a power of two would all want the
// same few lines of the cache.
type termBank [numSums]struct {
	exact.Mantissas
	_ [72]uint64
}

// Values in these bounds have no power or product among the terms that overflows or
// becomes subnormal.
const (
	leastTerm    = 1e-36
	greatestTerm = 1e36
)

// load takes a piece of rows, at most kernelRows.
func (k *errorKernel) load(predictions, labels []float64, center float64) {
	n := len(labels)
	if cap(k.terms) < n {
		k.terms = make([]rowTerms, max(n, min(2*n, kernelRows)))
	}
	k.terms = k.terms[:n]
	k.label = labels
	k.zeros = 0
	lowest := math.Inf(1)
	k.low, k.high = rowTerms{lowest, lowest, lowest, lowest}, rowTerms{}
	for i, y := range labels {
		p := predictions[i]
		e := p - y
		abs := math.Abs(e)
		z := y - center
		a := 0.0
		if y != 0 {
			a = abs / math.Abs(y)
		} else {
			k.zeros++
		}
		s := symmetricError(p, y, abs)
		k.terms[i] = rowTerms{e, z, a, s}
		widen(&k.low.e, &k.high.e, abs)
		widen(&k.low.z, &k.high.z, math.Abs(z))
		widen(&k.low.a, &k.high.a, a)
		widen(&k.low.s, &k.high.s, s)
	}
	k.fast = true
	for _, r := range [...][2]float64{{k.low.e, k.high.e}, {k.low.z, k.high.z}, {k.low.a, k.high.a}, {k.low.s, k.high.s}} {
		// Without a value other than 0 the least is infinite, and there is nothing to add.
		k.fast = k.fast && (r[1] == 0 || r[0] >= leastTerm && r[1] <= greatestTerm)
	}
}

// widen makes the range hold x, unless it is 0.
func widen(low, high *float64, x float64) {
	if x < *low && x > 0 {
		*low = x
	}
	if x > *high {
		*high = x
	}
}

// group orders the rows by their cells, of which there are so many.
func (k *errorKernel) group(cellOf []int32, cells int) {
	if cap(k.starts) < cells+1 {
		k.starts = make([]int32, 2*cells+1)
	}
	k.starts = k.starts[:cells+1]
	clear(k.starts)
	for _, c := range cellOf {
		k.starts[c+1]++
	}
	for c := range cells {
		k.starts[c+1] += k.starts[c]
	}
	if cap(k.order) < len(cellOf) {
		k.order = make([]int32, max(len(cellOf), min(2*len(cellOf), kernelRows)))
	}
	k.order = k.order[:len(cellOf)]
	for i, c := range cellOf {
		k.order[k.starts[c]] = int32(i)
		k.starts[c]++
	}
	// Each start has moved to the end of its cell's rows.
	copy(k.starts[1:], k.starts)
	k.starts[0] = 0
}

// rows returns the rows of a cell.
func (k *errorKernel) rows(cell int) []int32 { return k.order[k.starts[cell]:k.starts[cell+1]] }

// all makes all rows those of cell 0.
func (k *errorKernel) all(n int) {
	if cap(k.order) < n {
		k.order = make([]int32, max(n, min(2*n, kernelRows)))
	}
	k.order = k.order[:n]
	for i := range k.order {
		k.order[i] = int32(i)
	}
	k.starts = append(k.starts[:0], 0, int32(n))
}

// addTo adds rows to e.
func (k *errorKernel) addTo(e *ErrorSums, rows []int32) {
	k.count(e, rows)
	k.addSums(e, rows)
}

// count adds to e all of the rows but their sums.
func (k *errorKernel) count(e *ErrorSums, rows []int32) {
	e.n += int64(len(rows))
	e.nonZero += k.nonZero(rows)
	for len(rows) > 0 {
		var errs [256]float64
		n := min(len(rows), len(errs))
		for j, i := range rows[:n] {
			errs[j] = math.Abs(k.terms[i].e)
		}
		for _, abs := range errs[:n] {
			if abs > e.maxAbs {
				e.maxAbs = abs
			}
		}
		e.abs.addPositive(errs[:n])
		rows = rows[n:]
	}
}

// addSums adds the terms of rows to the sums of e.
func (k *errorKernel) addSums(e *ErrorSums, rows []int32) {
	if !k.fast || len(rows) <= fewRows {
		var t errorTerms
		for _, i := range rows {
			t.of(&k.terms[i])
			for j, v := range t.values {
				e.sums[j].Add(v)
			}
		}
		return
	}
	for len(rows) > 0 {
		part := rows[:min(len(rows), exact.MaxMantissas)]
		rows = rows[len(part):]
		k.bankAll(part)
		k.drain(e.sums[:])
	}
}

// nonZero returns how many of the rows have a label other than 0.
func (k *errorKernel) nonZero(rows []int32) int64 {
	n := int64(len(rows))
	if k.zeros == 0 {
		return n
	}
	for _, i := range rows {
		if k.label[i] == 0 {
			n--
		}
	}
	return n
}

// banks returns the bank.
func (k *errorKernel) banks() *termBank {
	if k.bank == nil {
		k.bank = new(termBank)
	}
	return k.bank
}

// bankAll adds the terms of rows to the bank. Every product is rounded on its own, as
// in errorTerms.
func (k *errorKernel) bankAll(rows []int32) {
	b := k.banks()
	for _, i := range rows {
		e, z, a, s := k.terms[i].e, k.terms[i].z, k.terms[i].a, k.terms[i].s
		abs := math.Abs(e)
		e2, z2, a2, s2 := e*e, z*z, a*a, s*s
		e4 := e2 * e2
		b[SumE].Add(e)
		b[SumAbsE].Add(abs)
		b[SumE2].Add(e2)
		b[SumA1].Add(a)
		b[SumS1].Add(s)
		b[SumZ1].Add(z)
		b[SumZ2].Add(z2)
		b[SumE3].Add(e2 * e)
		b[SumAbsE3].Add(e2 * abs)
		b[SumE4].Add(e4)
		b[SumE6].Add(e4 * e2)
		b[SumE8].Add(e4 * e4)
		b[SumA2].Add(a2)
		b[SumA3].Add(a2 * a)
		b[SumA4].Add(a2 * a2)
		b[SumS2].Add(s2)
		b[SumS3].Add(s2 * s)
		b[SumS4].Add(s2 * s2)
		b[SumZ3].Add(z2 * z)
		b[SumZ4].Add(z2 * z2)
		b[SumE2Z].Add(e2 * z)
		b[SumE2Z2].Add(e2 * z2)
	}
}

// addBlock adds rows to a time block.
func (k *errorKernel) addBlock(b *blockSums, rows []int32) {
	b.n += int64(len(rows))
	b.nonZero += k.nonZero(rows)
	if !k.fast || len(rows) <= fewRows {
		var t errorTerms
		for _, i := range rows {
			t.of(&k.terms[i])
			for j := range b.sums {
				b.sums[j].Add(t.values[j])
			}
		}
		return
	}
	for len(rows) > 0 {
		part := rows[:min(len(rows), exact.MaxMantissas)]
		rows = rows[len(part):]
		bank := k.banks()
		for _, i := range part {
			t := &k.terms[i]
			bank[SumE].Add(t.e)
			bank[SumAbsE].Add(math.Abs(t.e))
			bank[SumE2].Add(t.e * t.e)
			bank[SumA1].Add(t.a)
			bank[SumS1].Add(t.s)
			bank[SumZ1].Add(t.z)
			bank[SumZ2].Add(t.z * t.z)
		}
		k.drain(b.sums[:])
	}
}

// drain empties the bank of the first sums into these.
func (k *errorKernel) drain(sums []sum) {
	var low, high errorTerms
	low.of(&k.low)
	high.of(&k.high)
	for j := range sums {
		if high.values[j] > 0 {
			sums[j].Drain(&k.bank[j].Mantissas, low.values[j], high.values[j])
		} else {
			k.bank[j].Mantissas[0], k.bank[j].Mantissas[1<<11] = 0, 0
		}
	}
}
