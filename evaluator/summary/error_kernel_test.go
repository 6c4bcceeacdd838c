package summary

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/exact"
)

// TestKernelAddsAsTermsDo compares the sums of many rows with those of one at a time.
func TestKernelAddsAsTermsDo(t *testing.T) {
	byForm(t, func(t *testing.T) { rapid.Check(t, checkKernel) })
}

func checkKernel(t *rapid.T) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
	n := rapid.SampledFrom([]int{1, 2, 7, runRows, runRows + 1, 5000}).Draw(t, "rows")
	scale := rapid.SampledFrom([]float64{1, 1e-50, 1e60, 1e-9, 1e-120, 1e150, 1e300, 5e307}).Draw(t, "scale")
	spread := rapid.SampledFrom([]float64{0, 1, 20, 200}).Draw(t, "spread")
	p, y := make([]float64, n), make([]float64, n)
	for i := range p {
		scale := scale * math.Exp(-spread*r.Float64())
		y[i] = scale * r.NormFloat64()
		p[i] = y[i] + scale*r.NormFloat64()
		p[i] = max(min(p[i], math.MaxFloat64), -math.MaxFloat64)
		y[i] = max(min(y[i], math.MaxFloat64), -math.MaxFloat64)
		switch r.IntN(12) {
		case 0:
			y[i] = 0
		case 1:
			p[i] = y[i]
		case 2:
			p[i], y[i] = 0, 0
		}
	}
	// Some rows have quantiles, of which the last may be below the first, and some weights.
	rows := pieceRows{predictions: p, labels: y}
	var orders []float64
	for range rapid.IntRange(0, 3).Draw(t, "quantiles") {
		f := make([]float64, n)
		for i := range f {
			if f[i] = y[i] + scale*r.NormFloat64(); math.IsInf(f[i], 0) || r.IntN(9) == 0 {
				f[i] = y[i]
			}
		}
		orders, rows.quantiles = append(orders, 0.1+0.4*float64(len(orders))), append(rows.quantiles, f)
	}
	if rapid.Bool().Draw(t, "weights") {
		rows.weights = make([]float64, n)
		for i := range rows.weights {
			if r.IntN(4) > 0 {
				rows.weights[i] = math.Exp(5 * r.NormFloat64())
			}
		}
	}
	row := func(i int) kernelRow {
		out := kernelRow{p: p[i], y: y[i], weighted: rows.weights != nil}
		for _, f := range rows.quantiles {
			out.quantiles = append(out.quantiles, f[i])
		}
		if out.weighted {
			out.w = rows.weights[i]
		}
		return out
	}
	center := scale / 3
	fresh := func() *ErrorSums { return NewErrorSums(center, 64, true) }
	// One group for all, some for one key and for another, of which two are one group.
	keys := []key{{groups: []*ErrorSums{fresh()}, countsOnly: rapid.Bool().Draw(t, "countsOnly")}}
	for _, groups := range []int{3, rapid.SampledFrom([]int{1, 2, 50}).Draw(t, "groups")} {
		k := key{numbers: make([]int32, n)}
		for range groups {
			k.groups = append(k.groups, fresh())
		}
		for i := range k.numbers {
			k.numbers[i] = int32(r.IntN(groups))
		}
		keys = append(keys, k)
	}
	blockOf := make([]int32, n)
	for i := range blockOf {
		blockOf[i] = int32(r.IntN(NumBlocks))
	}
	k := newErrorKernel(center, orders)
	k.load(rows)
	k.blockOf = blockOf
	k.addKeys(keys)
	k.addBlocks(keys[0].groups[0].blocks, blockOf)

	for at, key := range keys {
		want := make([]*ErrorSums, len(key.groups))
		for g := range want {
			want[g] = fresh()
		}
		for i := range p {
			g := 0
			if key.numbers != nil {
				g = int(key.numbers[i])
			}
			want[g].addRow(row(i), orders)
			if at == 0 {
				want[g].blocks[blockOf[i]].addRow(row(i), orders, center)
			}
		}
		for g, want := range want {
			if key.countsOnly {
				want.sums, want.logs, want.quantiles, want.crossed = make([]exact.Sum, numFirstSums), nil, nil, 0
				if want.weights != nil {
					abs, labels := want.weights.abs, want.weights.labels
					want.weights = newWeightSums(want.abs.limit)
					want.weights.abs, want.weights.labels = abs, labels
				}
			}
			compareErrorSums(t, fmt.Sprintf("key %d, group %d", at, g), key.groups[g], want)
		}
	}
}

// sameSum reports whether two sums are equal to the last bit.
func sameSum(a, b *exact.Sum) bool {
	x, _ := a.AppendBinary(nil)
	y, _ := b.AppendBinary(nil)
	return bytes.Equal(x, y)
}

// compareErrorSums fails where two differ by anything.
func compareErrorSums(t *rapid.T, what string, got, want *ErrorSums) {
	if got.n != want.n || got.nonZero != want.nonZero || got.maxAbs != want.maxAbs || !slices.Equal(got.abs.sorted(), want.abs.sorted()) {
		t.Fatalf("%s: counts differ: %d %d %v, want %d %d %v", what, got.n, got.nonZero, got.maxAbs, want.n, want.nonZero, want.maxAbs)
	}
	equal := func(where string, got, want []exact.Sum) {
		for j := range got {
			if !sameSum(&got[j], &want[j]) {
				t.Fatalf("%s: sum %d is %v, want %v", where, j, got[j].Float64(), want[j].Float64())
			}
		}
	}
	equal(what, got.sums, want.sums)
	equalMore := func(where string, got, want *moreSums) {
		if (got == nil) != (want == nil) || got.rows() != want.rows() {
			t.Fatalf("%s: %d rows, want %d", where, got.rows(), want.rows())
		}
		if got != nil {
			equal(where, got.sums, want.sums)
		}
	}
	equalMore(what+", logs", got.logs, want.logs)
	equalMore(what+", quantiles", got.quantiles, want.quantiles)
	if got.crossed != want.crossed || got.Weighted() != want.Weighted() {
		t.Fatalf("%s: %d crossed, weights %v, want %d and %v", what, got.crossed, got.Weighted(), want.crossed, want.Weighted())
	}
	if got.Weighted() {
		for r := range numRows {
			equal(fmt.Sprint(what, ", weights of ", r), got.weights.mass[r][:], want.weights.mass[r][:])
		}
		equal(what+", squares", got.weights.second, want.weights.second)
		if g, w := got.weights.abs, want.weights.abs; g.shift != w.shift || !maps.Equal(g.of, w.of) {
			t.Fatalf("%s: weights by error %v, want %v", what, g, w)
		}
		if g, w := got.weights.labels, want.weights.labels; g.shift != w.shift || !maps.Equal(g.of, w.of) {
			t.Fatalf("%s: weights by label %v, want %v", what, g, w)
		}
	}
	for i := range got.blocks {
		g, w := &got.blocks[i], &want.blocks[i]
		if g.n != w.n || g.nonZero != w.nonZero {
			t.Fatalf("%s, block %d: %d rows, %d not 0, want %d and %d", what, i, g.n, g.nonZero, w.n, w.nonZero)
		}
		where := fmt.Sprintf("%s, block %d", what, i)
		equal(where, g.sums[:], w.sums[:])
		equalMore(where+", logs", g.logs, w.logs)
		equalMore(where+", quantiles", g.quantiles, w.quantiles)
		if (g.mass == nil) != (w.mass == nil) {
			t.Fatalf("%s: weights %v, want %v", where, g.mass, w.mass)
		}
		if g.mass != nil {
			equal(where+", weights", g.mass[:], w.mass[:])
		}
	}
}

// BenchmarkErrorKernel adds matches of 3 versions and 20 segments.
func BenchmarkErrorKernel(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	p, y := make([]float64, kernelRows), make([]float64, kernelRows)
	blockOf := make([]int32, kernelRows)
	keys := []key{{groups: []*ErrorSums{NewErrorSums(0, wholeBuckets, true)}, countsOnly: true}}
	for _, groups := range []int{3, 20} {
		k := key{numbers: make([]int32, kernelRows)}
		for range groups {
			k.groups = append(k.groups, newGroupSums(nil, 0, true))
		}
		for i := range k.numbers {
			k.numbers[i] = int32(r.IntN(groups))
		}
		keys = append(keys, k)
	}
	for i := range p {
		y[i] = math.Exp(r.NormFloat64())
		p[i] = y[i] + r.NormFloat64()/10
		blockOf[i] = int32(r.IntN(NumBlocks))
	}
	k := newErrorKernel(1.6, nil)
	b.SetBytes(16 * kernelRows)
	for b.Loop() {
		k.load(pieceRows{predictions: p, labels: y})
		k.blockOf = blockOf
		k.addKeys(keys)
		k.addBlocks(keys[0].groups[0].blocks, blockOf)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/kernelRows, "ns/row")
}
