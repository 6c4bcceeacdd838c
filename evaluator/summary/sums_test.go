package summary

import (
	"math"
)

// termsOf returns the terms of a row, each power rounded on its own.
func termsOf(p, y, center float64) [numSums]float64 {
	e, z, a := p-y, y-center, 0.0
	abs := math.Abs(e)
	if y != 0 {
		a = abs / math.Abs(y)
	}
	s := symmetricError(p, y, abs)
	e2, z2, a2, s2 := e*e, z*z, a*a, s*s
	e4 := e2 * e2
	return [numSums]float64{
		SumE: e, SumAbsE: abs, SumE2: e2, SumE3: e2 * e, SumAbsE3: e2 * abs, SumE4: e4, SumE6: e4 * e2, SumE8: e4 * e4,
		SumZ1: z, SumZ2: z2, SumZ3: z2 * z, SumZ4: z2 * z2, SumE2Z: e2 * z, SumE2Z2: e2 * z2,
		SumA1: a, SumA2: a2, SumA3: a2 * a, SumA4: a2 * a2,
		SumS1: s, SumS2: s2, SumS3: s2 * s, SumS4: s2 * s2,
	}
}

// addRow adds one row to the sums that its errors make.
func (e *ErrorSums) addRow(p, y float64) {
	e.n++
	if y != 0 {
		e.nonZero++
	}
	abs := math.Abs(p - y)
	e.maxAbs = max(e.maxAbs, abs)
	e.abs.add(abs)
	for k, x := range termsOf(p, y, e.center) {
		e.sums[k].Add(x)
	}
}

func (b *blockSums) addRow(p, y, center float64) {
	b.n++
	if y != 0 {
		b.nonZero++
	}
	terms := termsOf(p, y, center)
	for k := range b.sums {
		b.sums[k].Add(terms[k])
	}
}
