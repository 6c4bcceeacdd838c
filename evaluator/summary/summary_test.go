package summary

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/groundtruth"
)

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

// stored returns s after a round trip.
func stored(t interface{ Fatal(...any) }, s *Summary) *Summary {
	var u Summary
	if err := u.UnmarshalBinary(summaryBytes(t, s)); err != nil {
		t.Fatal(err)
	}
	return &u
}

// Between the least and the greatest number there is infinitely much room, and nothing in
// it is no sum that is not a number.
func TestExcessOfNoValuesIsZero(t *testing.T) {
	reference := evaltest.NumbersBatch([]float64{-math.MaxFloat64, math.MaxFloat64})
	p := NewProfiler([]groundtruth.FeatureSpec{{Name: "x", Kind: groundtruth.Number}}, nil, ProfilerOptions{})
	p.AddPredictions(reference)
	x := NewBuilder(p.Layout(), groundtruth.Window{}, nil, BuilderOptions{}).Summary().Feature("x")
	if got := x.OpenExcess(1); len(x.Edges()) != 2 || got != 0 {
		t.Errorf("excess %v between %v", got, x.Edges())
	}
}

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

// Many ids have few hashes here, so that rows of one hash lie on both sides of the
// bound.
func TestSampleIsTheLeastHashes(t *testing.T) {
	const size = groundtruth.SampleSize
	var all []SampleRow
	var batch groundtruth.Batch
	var matches groundtruth.Matches
	for i := range 5 * size {
		r := SampleRow{Hash: uint64(i) * 0x9e3779b97f4a7c15 >> 52, Prediction: float64(i % 7), Label: math.NaN(), Time: int64(i % 5)}
		hashed := func(row int) groundtruth.SampledRow { return groundtruth.SampledRow{Row: row, Hash: r.Hash} }
		batch.Predictions, batch.Times = append(batch.Predictions, r.Prediction), append(batch.Times, r.Time)
		batch.Sampled = append(batch.Sampled, hashed(i))
		if i%3 > 0 {
			r.Label = float64(i % 11)
			matches.Sampled = append(matches.Sampled, hashed(len(matches.Labels)))
			matches.Predictions, matches.Times = append(matches.Predictions, r.Prediction), append(matches.Times, r.Time)
			matches.Labels = append(matches.Labels, r.Label)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, compareRows)
	batch.HasTime, matches.HasTime = true, true
	var forth, back, merged sample
	forth.addMatches(&matches)
	forth.addPredictions(&batch)
	slices.Reverse(batch.Sampled)
	slices.Reverse(matches.Sampled)
	back.addPredictions(&batch)
	back.addMatches(&matches)
	for from := range 3 {
		part := func(rows []groundtruth.SampledRow) []groundtruth.SampledRow {
			return rows[from*len(rows)/3 : (from+1)*len(rows)/3]
		}
		var p sample
		p.addPredictions(&groundtruth.Batch{Predictions: batch.Predictions, Times: batch.Times, HasTime: true, Sampled: part(batch.Sampled)})
		p.addMatches(&groundtruth.Matches{Predictions: matches.Predictions, Labels: matches.Labels, Times: matches.Times, HasTime: true, Sampled: part(matches.Sampled)})
		merged.mergeFrom(&p)
	}
	for what, s := range map[string]*sample{"in order": &forth, "backwards": &back, "in parts": &merged} {
		if !equalRows(s.rows(), all[:size]) {
			t.Errorf("%s: not the least rows", what)
		}
	}
}

func TestBlockOf(t *testing.T) {
	const start, day = int64(1_700_000_000_000_000_000), int64(24 * time.Hour)
	for _, tt := range []struct {
		name       string
		t, length  int64
		want       int
		start, end int64
	}{
		{name: "start", t: start, length: day, want: 0},
		{name: "before", t: start - 1, length: day, want: 0},
		{name: "last instant", t: start + day - 1, length: day, want: 63},
		{name: "end", t: start + day, length: day, want: 63},
		{name: "just under a boundary", t: start + day/2 - 1, length: day, want: 31},
		{name: "on a boundary", t: start + day/2, length: day, want: 32},
		{name: "a span of centuries", t: start + 20_000*day, length: 40_000 * day, want: 32},
		{name: "shorter than the blocks", t: start + 2, length: 3, want: 42},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := newBlocks(start, start+tt.length).find(tt.t); got != tt.want {
				t.Errorf("block %d, want %d", got, tt.want)
			}
		})
	}
	if got := newBlocks(math.MinInt64, math.MaxInt64).find(math.MaxInt64 - 1); got != 63 {
		t.Errorf("block %d of all time", got)
	}
}

func TestBlocksNeedTime(t *testing.T) {
	match := groundtruth.Matches{Len: 1, Times: []int64{0}, Predictions: []float64{2}, Labels: []float64{1}}
	b := NewBuilder(nil, tableWindow, nil, BuilderOptions{})
	if got := NewBuilder(nil, tableWindow, nil, BuilderOptions{}).Summary().Errors().Blocks(); got != NumBlocks {
		t.Errorf("%d blocks before any row", got)
	}
	b.AddMatches(&match)
	if got := b.Summary().Errors().Blocks(); got != 0 {
		t.Errorf("%d blocks of rows without time", got)
	}
	match.HasTime = true
	timed := NewBuilder(nil, tableWindow, nil, BuilderOptions{})
	timed.AddMatches(&match)
	if err := timed.Summary().Merge(b.Summary()); err != nil || timed.Summary().Errors().Blocks() != 0 {
		t.Errorf("%d blocks where some rows have no time, error %v", timed.Summary().Errors().Blocks(), err)
	}
	c := NewBuilder(nil, groundtruth.Window{}, nil, BuilderOptions{})
	c.AddMatches(&match)
	if got := c.Summary().Errors().Blocks(); got != 0 {
		t.Errorf("%d blocks without a span", got)
	}
	if len(c.Summary().Versions()) != 0 {
		t.Error("versions without a version column")
	}
}

func TestSummaryWithoutReferenceTakesColumnsAsTheyCome(t *testing.T) {
	one := []float64{1, 2}
	number := groundtruth.Values{Name: "x", Kind: groundtruth.Number, Rows: 2, Floats: one[:1]}
	absent := groundtruth.Values{Name: "x", Rows: 2}
	batch := func(cols ...groundtruth.Values) *groundtruth.Batch {
		return &groundtruth.Batch{Len: 2, Predictions: one, Features: cols}
	}
	var want []byte
	for i, order := range [][]*groundtruth.Batch{
		{batch(number), batch(absent), batch()}, {batch(), batch(absent), batch(number)}, {batch(absent), batch(number), batch()},
	} {
		whole := NewBuilder(nil, tableWindow, nil, BuilderOptions{})
		merged := NewBuilder(nil, tableWindow, nil, BuilderOptions{}).Summary()
		for _, b := range order {
			whole.AddPredictions(b)
			part := NewBuilder(nil, tableWindow, nil, BuilderOptions{})
			part.AddPredictions(b)
			if err := merged.Merge(part.Summary()); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range []*Summary{whole.Summary(), merged} {
			c := s.Feature("x")
			if c.N() != 1 || c.Missing() != 5 || c.Kind() != groundtruth.Number || c.Open(0) != 1 {
				t.Errorf("order %d: %d values, %d missing, kind %d", i, c.N(), c.Missing(), c.Kind())
			}
			b := summaryBytes(t, s)
			if want == nil {
				want = b
			}
			if string(b) != string(want) {
				t.Errorf("order %d: other bytes", i)
			}
		}
	}
}

func TestValuesOfAnotherKindAreInvalid(t *testing.T) {
	l := profileRows([]tableRow{{size: new(1.0), color: new("a")}, {size: new(2.0), color: new("b")}}, ProfilerOptions{})
	b := NewBuilder(l, tableWindow, tableSegments, BuilderOptions{})
	b.AddPredictions(&groundtruth.Batch{
		Len: 2, Predictions: []float64{1, 2},
		Features: []groundtruth.Values{{Name: "size", Kind: groundtruth.Text, Rows: 2, Texts: []string{"?"}}},
	})
	c := b.Summary().Feature("size")
	if c.N() != 0 || c.Missing() != 2 || c.Invalid() != 1 {
		t.Errorf("%d values, %d missing, %d invalid", c.N(), c.Missing(), c.Invalid())
	}
	if c := b.Summary().Feature("color"); c.Missing() != 2 {
		t.Errorf("a column that the batch doesn't have: %d missing", c.Missing())
	}
}

func TestMergeRefusesAnotherLayout(t *testing.T) {
	rows := []tableRow{{size: new(1.0), label: new(3.0)}, {size: new(2.0), label: new(1.0)}}
	l := profileRows(rows, ProfilerOptions{})
	base := func() *Summary { return buildRows(l, rows, BuilderOptions{}) }
	for name, o := range map[string]*Summary{
		"no layout":      buildRows(nil, rows, BuilderOptions{}),
		"another layout": buildRows(profileRows(rows[:1], ProfilerOptions{}), rows, BuilderOptions{}),
		"another span":   NewBuilder(l, groundtruth.Window{}, tableSegments, BuilderOptions{}).Summary(),
		"another start":  NewBuilder(l, groundtruth.Window{Start: tableWindow.Start.Add(1), End: tableWindow.End}, tableSegments, BuilderOptions{}).Summary(),
		"another end":    NewBuilder(l, groundtruth.Window{Start: tableWindow.Start, End: tableWindow.End.Add(1)}, tableSegments, BuilderOptions{}).Summary(),
		"other segments": NewBuilder(l, tableWindow, nil, BuilderOptions{}).Summary(),
		"other bounds":   buildRows(l, rows, BuilderOptions{MaxSegments: 7}),
	} {
		s := base()
		if err := s.Merge(o); !errors.Is(err, ErrLayout) {
			t.Errorf("%s: error %v", name, err)
		}
		if string(summaryBytes(t, s)) != string(summaryBytes(t, base())) {
			t.Errorf("%s: a refused merge changed the summary", name)
		}
	}
	// An equal layout made elsewhere is the same layout.
	s := base()
	if err := s.Merge(buildRows(profileRows(rows, ProfilerOptions{}), rows, BuilderOptions{})); err != nil {
		t.Error(err)
	}
}

func TestVarianceOfTheReferenceIsAccurateFarFromZero(t *testing.T) {
	var rows []tableRow
	for i := range 1000 {
		rows = append(rows, tableRow{size: new(1e9 + float64(i%10)), label: new(0.0)})
	}
	l := profileRows(rows, ProfilerOptions{})
	c := buildRows(l, rows, BuilderOptions{}).Feature("size")
	// The variance of 0..9, which sums of uncentred squares would give as 0 or worse.
	if got := c.Variance(); math.Abs(got-8.25) > 1e-12 {
		t.Errorf("variance %v, want 8.25", got)
	}
	if c.Mean() != 1e9+4.5 {
		t.Errorf("mean %v", c.Mean())
	}
}
