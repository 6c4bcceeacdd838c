package summary

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// columnLayoutOf profiles one numeric feature.
func columnLayoutOf(xs []float64, opts ProfilerOptions) *ColumnLayout {
	p := NewProfiler([]groundtruth.FeatureSpec{{Name: "x", Kind: groundtruth.Number}}, nil, opts)
	feedNumbers(p, xs)
	return p.Layout().Feature("x")
}

func feedNumbers(s groundtruth.Sink, xs []float64) {
	for at := 0; at < len(xs); at += 4096 {
		end := min(at+4096, len(xs))
		s.AddPredictions(&groundtruth.Batch{
			Len: end - at, Predictions: make([]float64, end-at),
			Features: []groundtruth.Values{{Name: "x", Kind: groundtruth.Number, Rows: end - at, Floats: xs[at:end]}},
		})
	}
}

// decileSlowly is the least value that at least d tenths of the sorted values don't
// exceed.
func decileSlowly(sorted []float64, d int) float64 {
	for i, x := range sorted {
		if (i+1)*10 >= d*len(sorted) && (i+1 == len(sorted) || sorted[i+1] != x) {
			return x
		}
	}
	panic("no such decile")
}

func TestEdgesAreTheDistinctValuesOrQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(tableValue, rapid.SampledFrom([]int{1, 60}).Draw(t, "at least"), 200).Draw(t, "xs")
		exactValues := rapid.SampledFrom([]int{1, 2, 7, 10, 50, 1000}).Draw(t, "exact values")
		l := columnLayoutOf(xs, ProfilerOptions{ExactValues: exactValues})
		slices.Sort(xs)
		distinct := slices.Compact(slices.Clone(xs))
		if l.Exact != (len(distinct) <= exactValues) {
			t.Fatalf("exact is %v with %d distinct values of %d", l.Exact, len(distinct), exactValues)
		}
		if l.Exact && (!slices.Equal(l.Edges, distinct) || l.Bound != 0) {
			t.Fatalf("edges %v within %v, want %v", l.Edges, l.Bound, distinct)
		}
		checkEdges(t, l, xs, exactValues)
		var cuts []float64
		for d := 1; d < 10; d++ {
			if v := decileSlowly(xs, d); v != xs[len(xs)-1] && !slices.Contains(cuts, v) {
				cuts = append(cuts, v)
			}
		}
		var got []float64
		for _, i := range l.Cuts {
			got = append(got, l.Edges[i])
		}
		if !slices.Equal(got, cuts) {
			t.Fatalf("cuts %v, want %v", got, cuts)
		}
	})
}

func checkEdges(t interface{ Fatalf(string, ...any) }, l *ColumnLayout, sorted []float64, exactValues int) {
	n := len(sorted)
	if l.Edges[0] != sorted[0] || l.Edges[len(l.Edges)-1] != sorted[n-1] {
		t.Fatalf("edges from %v to %v, values from %v to %v", l.Edges[0], l.Edges[len(l.Edges)-1], sorted[0], sorted[n-1])
	}
	if len(l.Edges) > max(exactValues, 1)+numDeciles+1 {
		t.Fatalf("%d edges of %d", len(l.Edges), exactValues)
	}
	for i := 1; i < len(l.Edges); i++ {
		low, _ := slices.BinarySearch(sorted, math.Nextafter(l.Edges[i-1], math.Inf(1)))
		high, _ := slices.BinarySearch(sorted, l.Edges[i])
		if share := float64(high-low) / float64(n); share > l.Bound {
			t.Fatalf("%v of the values in (%v, %v), the bound is %v", share, l.Edges[i-1], l.Edges[i], l.Bound)
		}
	}
	for i, cut := range l.Cuts {
		if cut < 0 || cut >= len(l.Edges)-1 || i > 0 && cut <= l.Cuts[i-1] {
			t.Fatalf("cuts %v of %d edges", l.Cuts, len(l.Edges))
		}
	}
}

func TestManyDistinctValuesAreSketched(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	xs := make([]float64, 300_000)
	for i := range xs {
		xs[i] = r.NormFloat64()
		if i%3 == 0 {
			xs[i] = math.Exp(3 * xs[i])
		}
	}
	for _, tt := range []struct {
		name       string
		tableBytes int64
		wantBound  float64
	}{
		{"in the table", 0, 1e-4},
		{"sketched", 3 * 60_000 * slotBytes, 3e-4},
		{"sketched coarsely", 1, 1e-3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := columnLayoutOf(xs, ProfilerOptions{TableBytes: tt.tableBytes})
			sorted := slices.Sorted(slices.Values(xs))
			checkEdges(t, l, sorted, DefaultExactValues)
			if l.Exact || !(l.Bound <= tt.wantBound) || l.Bound == 0 {
				t.Errorf("exact %v, bound %v, want at most %v", l.Exact, l.Bound, tt.wantBound)
			}
			if len(l.Cuts) != 9 {
				t.Fatalf("%d cuts", len(l.Cuts))
			}
			for d, i := range l.Cuts {
				want := decileSlowly(sorted, d+1)
				at, _ := slices.BinarySearch(sorted, math.Nextafter(l.Edges[i], math.Inf(1)))
				if share := float64(at) / float64(len(sorted)); math.Abs(share-float64(d+1)/10) > l.Bound {
					t.Errorf("decile %d is %v with %v beneath, want %v", d+1, l.Edges[i], share, want)
				}
			}
			// The bound is the reference's own, counted on these edges.
			b := NewBuilder(&Layout{Features: []ColumnLayout{*l}, Prediction: *columnOf("prediction", groundtruth.Regression), Label: *columnOf("label", groundtruth.Regression)},
				tableWindow, nil, BuilderOptions{MaxSegments: 1})
			feedNumbers(b, xs)
			c := b.Summary().Feature("x")
			for i := range len(l.Edges) + 1 {
				if share := float64(c.Open(i)) / float64(len(xs)); share > l.Bound {
					t.Fatalf("open interval %d holds %v, bound %v", i, share, l.Bound)
				}
			}
			if c.Open(0) != 0 || c.Open(len(l.Edges)) != 0 {
				t.Error("the reference lies outside its edges")
			}
		})
	}
}

func TestCenterOfHugeValues(t *testing.T) {
	l := columnLayoutOf([]float64{math.MaxFloat64, math.MaxFloat64}, ProfilerOptions{})
	if l.Center != math.MaxFloat64 {
		t.Errorf("centre %v", l.Center)
	}
}

// textRows makes a reference of one text, one number and a segment.
func textRows(n int, text func(i int) *string, number func(i int) *float64) []tableRow {
	rows := make([]tableRow, n)
	for i := range rows {
		rows[i] = tableRow{color: text(i), size: number(i), label: new(float64(i))}
	}
	return rows
}

func TestSemantics2_FeaturesAutoLeavesOut(t *testing.T) {
	number := func(i int) *float64 { return new(float64(i)) }
	text := func(i int) *string { return new(fmt.Sprint(i % 2)) }
	for _, tt := range []struct {
		name     string
		rows     []tableRow
		auto     bool
		wantText string // part of why color is left out
		wantSize string
	}{
		{"both tell something", textRows(10, text, number), true, "", ""},
		{"half the rows are distinct texts", textRows(10, func(i int) *string { return new(fmt.Sprint(i % 5)) }, number), true, "", ""},
		{"more than half", textRows(10, func(i int) *string { return new(fmt.Sprint(i % 6)) }, number), true, "6 distinct values in 10 rows", ""},
		{"more than half of an odd number", textRows(5, func(i int) *string { return new(fmt.Sprint(i % 3)) }, number), true, "more than half", ""},
		{"but listed", textRows(10, func(i int) *string { return new(fmt.Sprint(i)) }, number), false, "", ""},
		{"constants", textRows(10, func(int) *string { return new("") }, func(int) *float64 { return new(0.0) }), true, "constant", "constant"},
		{"constants that are listed", textRows(10, func(int) *string { return new("") }, func(int) *float64 { return new(0.0) }), false, "", ""},
		{"constant where present", textRows(10, func(i int) *string {
			if i == 3 {
				return nil
			}
			return new("x")
		}, func(i int) *float64 {
			if i == 3 {
				return nil
			}
			return new(1.0)
		}), true, "", ""},
		{"no values", textRows(10, func(int) *string { return nil }, func(int) *float64 { return nil }), true, "no value", "no value"},
		{"numbers all distinct", textRows(10, text, number), true, "", ""},
		{"just as many categories as are kept", textRows(100, func(i int) *string { return new(fmt.Sprint(i % 20)) }, number), true, "", ""},
		{"one category more", textRows(100, func(i int) *string { return new(fmt.Sprint(i % 21)) }, number), true, "more than 20 distinct values", ""},
		{"too many categories", textRows(100, func(i int) *string { return new(fmt.Sprint(i % 30)) }, number), true, "more than 20 distinct values", ""},
		{"too many, though listed", textRows(100, func(i int) *string { return new(fmt.Sprint(i % 30)) }, number), false, "more than 20 distinct values", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := profileRows(tt.rows, ProfilerOptions{Auto: tt.auto, ExactValues: 20})
			for name, want := range map[string]string{"color": tt.wantText, "size": tt.wantSize} {
				why, out := l.LeftOut[name]
				if out != (want != "") || !strings.Contains(why, want) {
					t.Errorf("%s left out %v: %q, want %q", name, out, why, want)
				}
				if (l.Feature(name) == nil) != out {
					t.Errorf("%s: left out %v, but its layout is %v", name, out, l.Feature(name))
				}
			}
			if len(l.FeatureSpecs()) != len(l.Features) {
				t.Error("specs differ from features")
			}
		})
	}
}

func TestLongTextsAreLeftOut(t *testing.T) {
	long := strings.Repeat("x", maxCategoryBytes/4)
	rows := textRows(10, func(i int) *string { return new(fmt.Sprint(i%5, long)) }, func(i int) *float64 { return new(float64(i)) })
	if why := profileRows(rows, ProfilerOptions{}).LeftOut["color"]; !strings.Contains(why, "4 MiB") {
		t.Errorf("left out because %q", why)
	}
}

func TestLayoutOfSegmentsGoesByCount(t *testing.T) {
	var rows []tableRow
	for city, n := range map[string]int{"b": 3, "a": 3, "z": 9, "rare": 1, "other": 20} {
		for range n {
			rows = append(rows, tableRow{city: new(city), label: new(1.0)})
		}
	}
	rows = append(rows, tableRow{label: new(1.0)}, tableRow{label: new(2.0)}, tableRow{city: new("unlabelled")})
	l := profileRows(rows, ProfilerOptions{MaxSegments: 4})
	if want := []string{"z", "a", "b", MissingGroup}; !slices.Equal(l.Segments[0].Values, want) {
		t.Errorf("segments %q, want %q", l.Segments[0].Values, want)
	}
}

func TestLayoutTimeAndCategories(t *testing.T) {
	rows := []tableRow{
		{time: 30, color: new("b"), label: new(1.0)}, {time: 10, color: new("a")}, {time: 20, color: new("b")},
	}
	l := profileRows(rows, ProfilerOptions{})
	if !l.HasTime || l.Start != 10 || l.End != 30 || l.Rows != 3 {
		t.Errorf("%v from %d to %d, %d rows", l.HasTime, l.Start, l.End, l.Rows)
	}
	if !slices.Equal(l.Feature("color").Categories, []string{"a", "b"}) {
		t.Errorf("categories %q", l.Feature("color").Categories)
	}
	if w := l.Span(); w.Start.UnixNano() != 10 || w.End.UnixNano() != 30 {
		t.Errorf("span %v", w)
	}
	if w := (&Layout{}).Span(); !w.Start.IsZero() || !w.End.IsZero() {
		t.Errorf("span %v of no time", w)
	}
	if l.Label.Center != 1 {
		t.Errorf("label centre %v", l.Label.Center)
	}
}

func TestProfilerForgetsPredictions(t *testing.T) {
	rows := textRows(10, func(i int) *string { return new(fmt.Sprint(i % 2)) }, func(i int) *float64 { return new(float64(i)) })
	want := profileRows(rows, ProfilerOptions{})
	p := NewProfiler(tableFeatures, tableSegments, ProfilerOptions{})
	feedPredictions(p, append(slices.Clone(rows), rows...))
	feedMatches(p, rows)
	p.ResetPredictions()
	feedPredictions(p, rows)
	if p.Layout().identity != want.identity {
		t.Errorf("got %+v, want %+v", p.Layout(), want)
	}
}

func TestProfilersOfOtherColumnsDoNotMerge(t *testing.T) {
	p := NewProfiler(tableFeatures, tableSegments, ProfilerOptions{})
	for name, o := range map[string]*Profiler{
		"features": NewProfiler(tableFeatures[:1], tableSegments, ProfilerOptions{}),
		"segments": NewProfiler(tableFeatures, nil, ProfilerOptions{}),
		"options":  NewProfiler(tableFeatures, tableSegments, ProfilerOptions{Auto: true}),
	} {
		if p.Merge(o) == nil {
			t.Errorf("other %s: no error", name)
		}
	}
}

func TestProfileRoundTrip(t *testing.T) {
	rows := textRows(200, func(i int) *string { return new(fmt.Sprint(i % 2)) }, func(i int) *float64 { return new(math.Sqrt(float64(i))) })
	l := profileRows(rows, ProfilerOptions{ExactValues: 50})
	p := NewProfile(buildRows(l, rows, BuilderOptions{}))
	p.Fingerprint = "abc"
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := p.MarshalBinary()
	if !bytes.Equal(b, again) {
		t.Error("the same profile has other bytes")
	}
	var q Profile
	if err := q.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if q.Fingerprint != "abc" || q.Rows != 200 || q.Layout.identity != l.identity {
		t.Errorf("got %q, %d rows", q.Fingerprint, q.Rows)
	}
	if !bytes.Equal(summaryBytes(t, q.Summary()), summaryBytes(t, p.Summary())) {
		t.Error("the summary differs")
	}
	// A window is counted on the layout that was read, and merges.
	if err := q.Summary().Merge(buildRows(q.Layout, rows, BuilderOptions{})); err != nil {
		t.Error(err)
	}
	for i := range b {
		damaged := slices.Clone(b)
		damaged[i] ^= 0x10
		// A few bits of the compressed frame change nothing of what is in it.
		var got Profile
		if got.UnmarshalBinary(damaged) != nil {
			continue
		}
		if same, err := got.MarshalBinary(); err != nil || !bytes.Equal(same, b) {
			t.Fatalf("byte %d of %d damaged, and another profile read: %v", i, len(b), err)
		}
	}
	for i := range b {
		if new(Profile).UnmarshalBinary(b[:i]) == nil {
			t.Fatalf("cut off at %d of %d, and no error", i, len(b))
		}
	}
	without := NewProfile(buildRows(nil, rows, BuilderOptions{}))
	b, err = without.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if new(Profile).UnmarshalBinary(b) == nil {
		t.Error("a profile without a layout is read")
	}
}
