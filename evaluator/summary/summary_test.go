package summary

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/groundtruth"
)

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
