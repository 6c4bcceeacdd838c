package summary

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/exact"
)

func TestSummaryAgreesWithTheDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		rows := tableRows.Draw(t, "rows")
		limit := rapid.IntRange(1, 6).Draw(t, "max segments")
		s := buildRows(layout, rows, BuilderOptions{MaxSegments: limit})
		if rapid.Bool().Draw(t, "stored") {
			s = stored(t, s)
		}
		matched := matchedRows(rows)
		if s.Predictions() != int64(len(rows)) || s.Matched() != int64(len(matched)) {
			t.Fatalf("%d predictions, %d matched", s.Predictions(), s.Matched())
		}
		center := 0.0
		var list []string
		if layout != nil {
			center = layout.Label.Center
			list = layout.Segments[0].Values
		}
		checkErrorSums(t, "all", s.Errors(), matched, center)
		if s.Errors().Blocks() != NumBlocks {
			t.Fatalf("%d blocks", s.Errors().Blocks())
		}
		checkGroups(t, "versions", s.Versions(), groupRows(matched, limit, nil, versionOf), center)
		checkGroups(t, "city", s.Segments()["city"], groupRows(matched, limit, list, cityOf), center)
		for name, group := range groupRows(rows, limit, nil, versionOf) {
			if s.VersionPredictions()[name] != int64(len(group)) {
				t.Fatalf("version %q has %d predictions, want %d", name, s.VersionPredictions()[name], len(group))
			}
		}

		var predictions, labels, sizes []float64
		var colors []string
		invalid := int64(0)
		var sample []SampleRow
		for _, r := range rows {
			predictions = append(predictions, r.prediction)
			if r.size != nil {
				sizes = append(sizes, *r.size)
			}
			if r.color != nil {
				colors = append(colors, *r.color)
			}
			label := math.NaN()
			if r.label != nil {
				label = unsignedZero(*r.label)
			}
			sample = append(sample, SampleRow{r.hash, unsignedZero(r.prediction), label, r.time})
			if r.invalid {
				invalid++
			}
		}
		for _, r := range matched {
			labels = append(labels, *r.label)
		}
		checkNumbers(t, s.Prediction(), predictions, len(rows))
		checkNumbers(t, s.Label(), labels, len(matched))
		if c := s.Feature("size"); c != nil {
			checkNumbers(t, c, sizes, len(rows))
			if c.Invalid() != invalid {
				t.Fatalf("%d invalid, want %d", c.Invalid(), invalid)
			}
		} else if len(rows) > 0 || layout != nil {
			t.Fatal("no size")
		}
		if c := s.Feature("color"); c != nil {
			checkText(t, c, colors, len(rows))
		} else if len(rows) > 0 && (layout == nil || layout.LeftOut["color"] == "") {
			t.Fatal("no color")
		}
		slices.SortFunc(sample, compareRows)
		if got, known := s.Sample(); !known || !equalRows(got, sample) {
			t.Fatalf("sample %v, want %v", got, sample)
		}
	})
}

// equalRows takes rows without a label for equal.
func equalRows(a, b []SampleRow) bool {
	return slices.EqualFunc(a, b, func(a, b SampleRow) bool { return compareRows(a, b) == 0 })
}

// bigSumOf sums exactly with math/big and rounds once; infinities and NaN as float64
// sums have them.
func bigSumOf(xs []float64) float64 {
	t := new(big.Float).SetPrec(2400)
	special := 0.0
	for _, x := range xs {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			special += x
			continue
		}
		t.Add(t, new(big.Float).SetFloat64(x))
	}
	if special != 0 {
		return special
	}
	v, _ := t.Float64()
	return v
}

func equalNumbers(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// slowTerms are the terms of sums.go, written from their definitions.
func slowTerms(r tableRow, center float64) map[SumKind]float64 {
	p, y := r.prediction, *r.label
	e, z := p-y, y-center
	abs := math.Abs(e)
	a := 0.0
	if y != 0 {
		a = abs / math.Abs(y)
	}
	s := 0.0
	if y != 0 || p != 0 {
		// In big numbers, so that nothing overflows.
		num := new(big.Float).SetPrec(200).SetFloat64(p)
		num.Sub(num, new(big.Float).SetFloat64(y)).Abs(num).Mul(num, big.NewFloat(2))
		den := new(big.Float).SetPrec(200).SetFloat64(math.Abs(p))
		den.Add(den, new(big.Float).SetFloat64(math.Abs(y)))
		s, _ = num.Quo(num, den).Float64()
	}
	l := 0.0
	if p > -1 && y > -1 {
		d := math.Log1p(p) - math.Log1p(y)
		if ratio := abs / (1 + min(p, y)); !math.IsInf(ratio, 0) {
			d = math.Log1p(ratio) // the same up to its sign, to the last digit where both are near
		}
		l = d * d
	}
	return map[SumKind]float64{
		SumL1: l, SumL2: l * l, SumL3: l * l * l, SumL4: l * l * l * l, SumEZ: e * z, SumEZ2: e * (z * z),
		SumE: e, SumAbsE: abs, SumE2: e * e, SumA1: a, SumS1: s, SumZ1: z, SumZ2: z * z,
		SumE3: e * e * e, SumAbsE3: abs * abs * abs, SumE4: (e * e) * (e * e),
		SumE6: (e * e) * (e * e) * (e * e), SumE8: ((e * e) * (e * e)) * ((e * e) * (e * e)),
		SumA2: a * a, SumA3: a * a * a, SumA4: (a * a) * (a * a),
		SumS2: s * s, SumS3: s * s * s, SumS4: (s * s) * (s * s),
		SumZ3: z * z * z, SumZ4: (z * z) * (z * z), SumE2Z: (e * e) * z, SumE2Z2: (e * e) * (z * z),
	}
}

// nearly allows for a term that is rounded in another order.
func nearly(a, b, scale float64) bool {
	return equalNumbers(a, b) || math.Abs(a-b) <= 1e-13*scale
}

func checkErrorSums(t *rapid.T, name string, e *ErrorSums, rows []tableRow, center float64) {
	if e.N() != int64(len(rows)) {
		t.Fatalf("%s: n %d, want %d", name, e.N(), len(rows))
	}
	terms := make([]map[SumKind]float64, len(rows))
	var abs []float64
	nonZero := int64(0)
	for i, r := range rows {
		terms[i] = slowTerms(r, center)
		abs = append(abs, terms[i][SumAbsE])
		if *r.label != 0 {
			nonZero++
		}
	}
	if e.NonZero() != nonZero || e.Center() != center {
		t.Fatalf("%s: %d non-zero about %v, want %d about %v", name, e.NonZero(), e.Center(), nonZero, center)
	}
	check := func(what string, got float64, rows []int, k SumKind) {
		var xs, sizes []float64
		for _, i := range rows {
			xs = append(xs, terms[i][k])
			sizes = append(sizes, math.Abs(terms[i][k]))
		}
		if want := bigSumOf(xs); !nearly(got, want, bigSumOf(sizes)) {
			t.Fatalf("%s: sum %d of %s is %v, want %v", name, k, what, got, want)
		}
	}
	all := make([]int, len(rows))
	blocks := make([][]int, NumBlocks)
	length := big.NewInt(tableWindow.End.UnixNano() - tableWindow.Start.UnixNano())
	for i, r := range rows {
		all[i] = i
		b := big.NewInt(r.time - tableWindow.Start.UnixNano())
		b.Mul(b, big.NewInt(NumBlocks)).Div(b, length)
		blocks[b.Int64()] = append(blocks[b.Int64()], i)
	}
	for k := range numSums {
		check("all", e.Sum(k), all, k)
	}
	logs := slices.DeleteFunc(slices.Clone(rows), func(r tableRow) bool { return !(r.prediction > -1 && *r.label > -1) })
	if e.Rows(LogRows) != int64(len(logs)) {
		t.Fatalf("%s: %d rows with logarithms, want %d", name, e.Rows(LogRows), len(logs))
	}
	for i := range e.Blocks() {
		for k := range numBlockSums {
			check(fmt.Sprint("block ", i), e.BlockSum(i, k), blocks[i], k)
		}
		zero := slices.DeleteFunc(slices.Clone(blocks[i]), func(i int) bool { return *rows[i].label == 0 })
		if e.BlockN(i) != int64(len(blocks[i])) || e.BlockNonZero(i) != int64(len(zero)) {
			t.Fatalf("%s: block %d has %d, %d non-zero", name, i, e.BlockN(i), e.BlockNonZero(i))
		}
	}
	if len(rows) == 0 {
		if !math.IsNaN(e.MaxAbs()) {
			t.Fatalf("%s: greatest error of nothing is %v", name, e.MaxAbs())
		}
		return
	}
	slices.Sort(abs)
	if e.MaxAbs() != abs[len(abs)-1] {
		t.Fatalf("%s: greatest error %v, want %v", name, e.MaxAbs(), abs[len(abs)-1])
	}
	if got, bound := e.abs.quantile(0.25); bound != 0 || !equalNumbers(got, quantileSlowly(abs, 0.25)) {
		t.Fatalf("%s: quartile of the error %v within %v, want %v", name, got, bound, quantileSlowly(abs, 0.25))
	}
}

// openSum returns the sum of the values in the open interval i. In the two outer
// ones it is exact and rounded once. In an inner one each value's place is rounded to
// 2^-40 of the width, so the sum is within Open(i) * 2^-41 * (v_i - v_{i-1}) of the
// exact one, and rounding.
func openSum(c *Column, i int) float64 {
	switch i {
	case 0:
		return c.low.Float64()
	case len(c.layout.Edges):
		return c.high.Float64()
	}
	a, b := c.layout.Edges[i-1], c.layout.Edges[i]
	n, part := float64(c.opens[i]), c.places[i].float64()
	// Products with huge edges are made on a smaller scale, so that none overflows.
	scale := 0
	if max(math.Abs(a), math.Abs(b)) > 0x1p900 {
		scale = 70
		a, b = math.Ldexp(a, -scale), math.Ldexp(b, -scale)
	}
	// n*a + part*(b-a), as a sum of exact products.
	var t exact.Sum
	t.AddProduct(n, a)
	t.AddProduct(part, b)
	t.AddProduct(-part, a)
	return math.Ldexp(t.Float64(), scale)
}

func checkNumbers(t *rapid.T, c *Column, xs []float64, rows int) {
	if c.N() != int64(len(xs)) || c.Missing() != int64(rows-len(xs)) {
		t.Fatalf("%s: %d values, %d missing of %d", c.Name(), c.N(), c.Missing(), rows)
	}
	if len(xs) > 0 && (c.Min() != slices.Min(xs) || c.Max() != slices.Max(xs)) {
		t.Fatalf("%s: from %v to %v", c.Name(), c.Min(), c.Max())
	}
	if got, want := c.Sum(), bigSumOf(xs); got != want {
		t.Fatalf("%s: sum %v, want %v", c.Name(), got, want)
	}
	var squares []float64
	for _, x := range xs {
		d := x - c.Layout().Center
		squares = append(squares, d*d)
	}
	if got, want := c.squares.Float64(), bigSumOf(squares); !equalNumbers(got, want) {
		t.Fatalf("%s: squares %v, want %v", c.Name(), got, want)
	}
	edges := c.Edges()
	for i, edge := range edges {
		on := int64(0)
		for _, x := range xs {
			if x == edge {
				on++
			}
		}
		if c.Point(i) != on {
			t.Fatalf("%s: %d at %v, want %d", c.Name(), c.Point(i), edge, on)
		}
	}
	inner := map[float64]int64{}
	for i := range len(edges) + 1 {
		low, high := math.Inf(-1), math.Inf(1)
		if i > 0 {
			low = edges[i-1]
		}
		if i < len(edges) {
			high = edges[i]
		}
		in := slices.DeleteFunc(slices.Clone(xs), func(x float64) bool { return x <= low || x >= high })
		for _, x := range in {
			inner[x]++
		}
		checkOpen(t, c, i, low, high, in)
	}
	checkInterior(t, c, inner)
}

// checkOpen checks what a column has of the values in the open interval i.
func checkOpen(t *rapid.T, c *Column, i int, low, high float64, in []float64) {
	if c.Open(i) != int64(len(in)) {
		t.Fatalf("%s: %d in (%v, %v), want %d", c.Name(), c.Open(i), low, high, len(in))
	}
	want := bigSumOf(in)
	if i == 0 || i == len(c.Edges()) {
		if got := openSum(c, i); got != want {
			t.Fatalf("%s: sum %v in (%v, %v), want %v", c.Name(), got, low, high, want)
		}
		return
	}
	var excess []float64
	for _, x := range in {
		excess = append(excess, x-low)
	}
	// 2^-41 of the width per value, and roundings of the quotient and the result.
	slack := (float64(len(in))*0x1p-41*1.01)*(high/2-low/2)*2 + 1e-15*math.Abs(want)
	if got := openSum(c, i); !(math.Abs(got-want) <= slack) {
		t.Fatalf("%s: sum %v in (%v, %v), want %v within %v", c.Name(), got, low, high, want, slack)
	}
	if got, want := c.OpenExcess(i), bigSumOf(excess); got != want && !(math.Abs(got-want) <= slack+1e-15*want) {
		t.Fatalf("%s: excess %v in (%v, %v), want %v", c.Name(), got, low, high, want)
	}
}

// checkInterior checks the distinct values in a column's open intervals.
func checkInterior(t *rapid.T, c *Column, inner map[float64]int64) {
	values, counts, ok := c.interior.exact()
	if wantOK := c.interior.limit > 0 && len(inner) <= c.interior.limit; ok != wantOK {
		t.Fatalf("%s: interior %v with %d of %d", c.Name(), ok, len(inner), c.interior.limit)
	}
	if !ok {
		return
	}
	if !slices.Equal(values, slices.Sorted(maps.Keys(inner))) {
		t.Fatalf("%s: interior %v, want %v", c.Name(), values, inner)
	}
	for i, v := range values {
		if inner[v] != counts[i] {
			t.Fatalf("%s: interior %v has %d, want %d", c.Name(), v, counts[i], inner[v])
		}
	}
}

func checkText(t *rapid.T, c *Column, xs []string, rows int) {
	counts := map[string]int64{}
	for _, x := range xs {
		counts[x]++
	}
	if c.N() != int64(len(xs)) || c.Missing() != int64(rows-len(xs)) {
		t.Fatalf("%s: %d values, %d missing of %d", c.Name(), c.N(), c.Missing(), rows)
	}
	unseen := int64(len(xs))
	for i, name := range c.Categories() {
		if c.Category(i) != counts[name] {
			t.Fatalf("%s: %d of %q, want %d", c.Name(), c.Category(i), name, counts[name])
		}
		unseen -= counts[name]
	}
	if c.Unseen() != unseen {
		t.Fatalf("%s: %d unseen, want %d", c.Name(), c.Unseen(), unseen)
	}
}

// groupRows deals rows by a text: the first limit of the order apart.
func groupRows(rows []tableRow, limit int, list []string, get func(tableRow) *string) map[string][]tableRow {
	name := func(r tableRow) string {
		if v := get(r); v != nil {
			return *v
		}
		return MissingGroup
	}
	seen := map[string]bool{}
	for _, r := range rows {
		seen[name(r)] = true
	}
	delete(seen, OtherGroup)
	var kept []string
	for _, v := range append(slices.Clone(list), slices.Sorted(maps.Keys(seen))...) {
		if seen[v] && len(kept) < limit {
			kept = append(kept, v)
			delete(seen, v)
		}
	}
	out := map[string][]tableRow{}
	for _, r := range rows {
		v := name(r)
		if !slices.Contains(kept, v) {
			v = OtherGroup
		}
		out[v] = append(out[v], r)
	}
	return out
}

func checkGroups(t *rapid.T, what string, got map[string]*ErrorSums, want map[string][]tableRow, center float64) {
	if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
		t.Fatalf("%s: %v, want %v", what, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	for name, e := range got {
		if e.Blocks() != 0 {
			t.Fatalf("%s: a group has blocks", what)
		}
		checkErrorSums(t, what+" "+name, e, want[name], center)
	}
}
