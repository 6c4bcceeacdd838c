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
// cell's rows. Rows with a term far from the others' (see plain) are added one by one.
// The result is that of adding term by term.
type errorKernel struct {
	terms     []rowTerms // of the piece's rows
	zeros     int        // labels that are 0
	low, high rowTerms   // absolute values of plain rows lie between
	least     rowTerms   // and are not less than these
	label     []float64
	order     []int32 // the rows by cell
	starts    []int32
	bank      *termBank // nil until a cell has many rows
}

// rowTerms are what all terms of a row are made of; see errorTerms.
type rowTerms struct{ e, z, a, s float64 }

// termBank holds what is not yet in the exact sums, of the signed terms and the others.
// The sums lie apart by a little more than the size of one, since those that lie apart
// by a power of two would all want the same few lines of the cache.
type termBank struct {
	signed   [numSums]signedTerm
	unsigned [numSums]unsignedTerm
}

type signedTerm struct {
	exact.SignedMantissas
	_ [24]uint64
}

type unsignedTerm struct {
	exact.Mantissas
	_ [24]uint64
}

// The greatest power of e is the eighth, that of the others the fourth, and e^2 z^2 is
// the widest product. So the exponents of any term of plain rows lie within 250 of one
// another, and none overflows or becomes subnormal.
const (
	errorRange   = 1.0 / (1 << 30)
	otherRange   = 1.0 / (1 << 60)
	leastTerm    = 1e-36
	greatestTerm = 1e36
)

// plain reports whether all terms of a row are near enough to the greatest ones of the
// piece. None of them is 0.
func (k *errorKernel) plain(t *rowTerms) bool {
	return math.Abs(t.e) >= k.low.e && math.Abs(t.z) >= k.low.z && t.a >= k.low.a && t.s >= k.low.s
}

// load takes a piece of rows, at most kernelRows.
func (k *errorKernel) load(predictions, labels []float64, center float64) {
	n := len(labels)
	if cap(k.terms) < n {
		k.terms = make([]rowTerms, max(n, min(2*n, kernelRows)))
	}
	k.terms = k.terms[:n]
	k.label = labels
	k.zeros = 0
	none := math.Inf(1)
	k.high, k.least = rowTerms{}, rowTerms{none, none, none, none}
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
		widen(&k.least.e, &k.high.e, abs)
		widen(&k.least.z, &k.high.z, math.Abs(z))
		widen(&k.least.a, &k.high.a, a)
		widen(&k.least.s, &k.high.s, s)
	}
	k.low = rowTerms{
		leastPlain(k.high.e, errorRange), leastPlain(k.high.z, otherRange), leastPlain(k.high.a, otherRange), leastPlain(k.high.s, otherRange),
	}
}

// widen makes the range hold x, unless it is 0.
func widen(least, greatest *float64, x float64) {
	if x < *least && x > 0 {
		*least = x
	}
	if x > *greatest {
		*greatest = x
	}
}

// leastPlain returns the least of values up to high that are near it: infinite where
// high is beyond the bounds, or so small that what is near it is.
func leastPlain(high, within float64) float64 {
	if low := high * within; low >= leastTerm && high <= greatestTerm {
		return low
	}
	return math.Inf(1)
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
	if len(rows) <= fewRows {
		for _, i := range rows {
			k.addRow(e.sums[:], i)
		}
		return
	}
	for len(rows) > 0 {
		part := rows[:min(len(rows), exact.MaxMantissas)]
		rows = rows[len(part):]
		k.bankAll(e.sums[:], part)
		k.drain(e.sums[:])
	}
}

// addRow adds the first terms of a row to as many sums.
func (k *errorKernel) addRow(sums []sum, row int32) {
	var t errorTerms
	t.of(&k.terms[row])
	for j := range sums {
		sums[j].Add(t.values[j])
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

// banks returns the bank's parts.
func (k *errorKernel) banks() (*[numSums]signedTerm, *[numSums]unsignedTerm) {
	if k.bank == nil {
		k.bank = new(termBank)
	}
	return &k.bank.signed, &k.bank.unsigned
}

// bankAll adds the terms of plain rows to the bank, and of the others to the sums.
// Every product is rounded on its own, as in errorTerms.
func (k *errorKernel) bankAll(sums []sum, rows []int32) {
	signed, b := k.banks()
	for _, i := range rows {
		t := &k.terms[i]
		if !k.plain(t) {
			k.addRow(sums, i)
			continue
		}
		e, z, a, s := t.e, t.z, t.a, t.s
		abs := math.Abs(e)
		e2, z2, a2, s2 := e*e, z*z, a*a, s*s
		e4 := e2 * e2
		signed[SumE].Add(e)
		b[SumAbsE].Add(abs)
		b[SumE2].Add(e2)
		b[SumA1].Add(a)
		b[SumS1].Add(s)
		signed[SumZ1].Add(z)
		b[SumZ2].Add(z2)
		signed[SumE3].Add(e2 * e)
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
		signed[SumZ3].Add(z2 * z)
		b[SumZ4].Add(z2 * z2)
		signed[SumE2Z].Add(e2 * z)
		b[SumE2Z2].Add(e2 * z2)
	}
}

// addBlock adds rows to a time block.
func (k *errorKernel) addBlock(block *blockSums, rows []int32) {
	block.n += int64(len(rows))
	block.nonZero += k.nonZero(rows)
	if len(rows) <= fewRows {
		for _, i := range rows {
			k.addRow(block.sums[:], i)
		}
		return
	}
	signed, b := k.banks()
	for len(rows) > 0 {
		part := rows[:min(len(rows), exact.MaxMantissas)]
		rows = rows[len(part):]
		for _, i := range part {
			t := &k.terms[i]
			if !k.plain(t) {
				k.addRow(block.sums[:], i)
				continue
			}
			signed[SumE].Add(t.e)
			b[SumAbsE].Add(math.Abs(t.e))
			b[SumE2].Add(t.e * t.e)
			b[SumA1].Add(t.a)
			b[SumS1].Add(t.s)
			signed[SumZ1].Add(t.z)
			b[SumZ2].Add(t.z * t.z)
		}
		k.drain(block.sums[:])
	}
}

// drain empties the bank of the first sums into these.
func (k *errorKernel) drain(sums []sum) {
	var low, high errorTerms
	low.of(&rowTerms{max(k.low.e, k.least.e), max(k.low.z, k.least.z), max(k.low.a, k.least.a), max(k.low.s, k.least.s)})
	high.of(&k.high)
	for j := range sums {
		if math.IsInf(low.values[j], 0) {
			continue // no row is plain
		}
		switch SumKind(j) {
		case SumE, SumZ1, SumE3, SumZ3, SumE2Z:
			sums[j].DrainSigned(&k.bank.signed[j].SignedMantissas, low.values[j], high.values[j])
		default:
			sums[j].Drain(&k.bank.unsigned[j].Mantissas, low.values[j], high.values[j])
		}
	}
}
