package summary

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/groundtruth"
)

// tableRow is a row of a test's table; nil is a missing value.
type tableRow struct {
	hash       uint64
	time       int64
	prediction float64
	label      *float64
	size       *float64
	color      *string
	version    *string
	city       *string
	invalid    bool // size was present but not a number
}

var (
	tableSegments = []string{"city"}
	tableFeatures = []groundtruth.FeatureSpec{
		{Name: "color", Kind: groundtruth.Text}, {Name: "size", Kind: groundtruth.Number},
	}
	tableWindow = groundtruth.Window{
		Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	}
)

func maybe[V any](g *rapid.Generator[V], oneIn int) *rapid.Generator[*V] {
	return rapid.Custom(func(t *rapid.T) *V {
		if rapid.IntRange(1, oneIn).Draw(t, "missing") == 1 {
			return nil
		}
		v := g.Draw(t, "value")
		return &v
	})
}

// tableValue draws numbers that tie, and some that are extreme.
var tableValue = rapid.OneOf(
	rapid.Map(rapid.IntRange(-5, 5), func(i int) float64 { return float64(i) }),
	rapid.Float64Range(-6, 6),
	rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, 1e-310, 1e200, -1e160}),
)

func tableText(n int) *rapid.Generator[string] {
	return rapid.Map(rapid.IntRange(0, n), func(i int) string {
		return []string{"", "Oslo", "other", "(missing)", "ø", "a\x00b"}[i%6] + fmt.Sprint(i / 6)[:min(i/6, 1)]
	})
}

// tableRows draws a few rows as often as many.
var tableRows = rapid.OneOf(rapid.SliceOfN(anyTableRow, 0, 60), rapid.SliceOfN(anyTableRow, 20, 60))

var anyTableRow = rapid.Custom(func(t *rapid.T) tableRow {
	r := tableRow{
		hash:       rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(1, 9)).Draw(t, "hash"),
		time:       rapid.Int64Range(tableWindow.Start.UnixNano(), tableWindow.End.UnixNano()-1).Draw(t, "time"),
		prediction: tableValue.Draw(t, "prediction"),
		label:      maybe(tableValue, 4).Draw(t, "label"),
		size:       maybe(tableValue, 6).Draw(t, "size"),
		color:      maybe(tableText(12), 6).Draw(t, "color"),
		version:    maybe(tableText(12), 6).Draw(t, "version"),
		city:       maybe(tableText(12), 6).Draw(t, "city"),
	}
	r.invalid = r.size == nil && rapid.Bool().Draw(t, "invalid")
	return r
})

func numberColumn(name string, rows []tableRow, get func(tableRow) *float64) evaltest.Column {
	c := evaltest.Column{Name: name, Kind: groundtruth.Number}
	for _, r := range rows {
		v := get(r)
		c.Valid = append(c.Valid, v != nil)
		if v == nil {
			c.Floats = append(c.Floats, math.NaN())
		} else {
			c.Floats = append(c.Floats, *v)
		}
	}
	return c
}

// textColumn makes a dictionary in order of appearance, with a text no row has and
// one twice.
func textColumn(name string, rows []tableRow, get func(tableRow) *string) evaltest.Column {
	c := evaltest.Column{Name: name, Kind: groundtruth.Text, Dict: []string{"never"}}
	for i, r := range rows {
		v := get(r)
		c.Valid = append(c.Valid, v != nil)
		if v == nil {
			c.Codes = append(c.Codes, math.MaxUint32)
			continue
		}
		at := slices.Index(c.Dict, *v)
		if at < 0 || i == len(rows)/2 {
			at = len(c.Dict)
			c.Dict = append(c.Dict, *v)
		}
		c.Codes = append(c.Codes, uint32(at))
	}
	return c
}

func cityOf(r tableRow) *string    { return r.city }
func versionOf(r tableRow) *string { return r.version }
func colorOf(r tableRow) *string   { return r.color }
func sizeOf(r tableRow) *float64   { return r.size }

// feedPredictions sends the rows to a sink as one batch of predictions.
func feedPredictions(s groundtruth.Sink, rows []tableRow) {
	b := groundtruth.Batch{
		Len: len(rows), HasTime: true, Version: textColumn("version", rows, versionOf).Counted(),
		Features: []groundtruth.Values{
			textColumn("color", rows, colorOf).Counted(), numberColumn("size", rows, sizeOf).Values(),
		},
	}
	for i, r := range rows {
		b.Times = append(b.Times, r.time)
		b.Sampled = append(b.Sampled, groundtruth.SampledRow{Row: i, Hash: r.hash})
		b.Predictions = append(b.Predictions, r.prediction)
		if r.invalid {
			b.Features[1].Invalid++
		}
	}
	s.AddPredictions(&b)
}

// feedMatches sends the rows that have a label.
func feedMatches(s groundtruth.Sink, rows []tableRow) {
	rows = matchedRows(rows)
	m := groundtruth.Matches{
		Len: len(rows), HasTime: true, Version: textColumn("version", rows, versionOf).Rows(),
		Segments: []groundtruth.Column{textColumn("city", rows, cityOf).Rows()},
	}
	for i, r := range rows {
		m.Times = append(m.Times, r.time)
		m.Sampled = append(m.Sampled, groundtruth.SampledRow{Row: i, Hash: r.hash})
		m.Predictions = append(m.Predictions, r.prediction)
		m.Labels = append(m.Labels, *r.label)
	}
	s.AddMatches(&m)
}

func matchedRows(rows []tableRow) []tableRow {
	return slices.DeleteFunc(slices.Clone(rows), func(r tableRow) bool { return r.label == nil })
}

// feed sends the rows in batches of a size.
func feed(s groundtruth.Sink, rows []tableRow, size int) {
	for chunk := range slices.Chunk(rows, size) {
		feedPredictions(s, chunk)
		feedMatches(s, chunk)
	}
}

func profileRows(rows []tableRow, opts ProfilerOptions) *Layout {
	p := NewProfiler(tableFeatures, tableSegments, opts)
	feed(p, rows, 7)
	return p.Layout()
}

func buildRows(l *Layout, rows []tableRow, opts BuilderOptions) *Summary {
	b := NewBuilder(l, tableWindow, tableSegments, opts)
	feed(b, rows, 11)
	return b.Summary()
}

func summaryBytes(t interface{ Fatal(...any) }, s *Summary) []byte {
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mergedAndRead returns the Summary that build makes of rows after a round trip. It fails where that
// has other bytes, or what rows that are dealt to two come to has.
func mergedAndRead[R any](t *rapid.T, rows []R, build func([]R) *Summary) *Summary {
	want := summaryBytes(t, build(rows))
	cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
	order := rapid.Permutation(rows).Draw(t, "order")
	parts := build(order[cut:])
	if err := parts.Merge(build(order[:cut])); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(summaryBytes(t, parts), want) {
		t.Fatal("the Summary depends on how rows are dealt")
	}
	read := stored(t, parts)
	if !bytes.Equal(summaryBytes(t, read), want) {
		t.Fatal("what was read is written otherwise")
	}
	return read
}

// drawLayout draws no layout, or one with few exact values, so that tables of every
// kind overflow.
func drawLayout(t *rapid.T) *Layout {
	if rapid.Bool().Draw(t, "no layout") {
		return nil
	}
	return profileRows(tableRows.Draw(t, "reference"), ProfilerOptions{
		ExactValues: rapid.SampledFrom([]int{1, 3, 10, 100}).Draw(t, "exact values"), MaxSegments: 3, TableBytes: 1,
	})
}

func TestSummaryOfPartsInAnyOrderHasTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		rows := tableRows.Draw(t, "rows")
		opts := BuilderOptions{MaxSegments: rapid.IntRange(1, 4).Draw(t, "max segments")}
		want := buildRows(layout, rows, opts)

		builders := make([]*Builder, rapid.IntRange(1, 5).Draw(t, "builders"))
		for i := range builders {
			builders[i] = NewBuilder(layout, tableWindow, tableSegments, opts)
		}
		pick := rapid.IntRange(0, len(builders)-1)
		// Some builders are sent duplicates first, which are then forgotten.
		for range rapid.IntRange(0, 2).Draw(t, "resets") {
			b := builders[pick.Draw(t, "reset")]
			feedPredictions(b, rows)
			b.ResetPredictions()
		}
		shuffled := rapid.Permutation(rows).Draw(t, "order")
		size := rapid.IntRange(1, 20).Draw(t, "batch")
		// Predictions and matches of a row reach different builders.
		for chunk := range slices.Chunk(shuffled, size) {
			feedPredictions(builders[pick.Draw(t, "predictions to")], chunk)
			feedMatches(builders[pick.Draw(t, "matches to")], chunk)
		}
		order := rapid.Permutation(builders).Draw(t, "merge order")
		got := order[0].Summary()
		for _, b := range order[1:] {
			part := b.Summary()
			before := summaryBytes(t, part)
			if err := got.Merge(part); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, summaryBytes(t, part)) {
				t.Fatal("merge changed its argument")
			}
		}
		if !bytes.Equal(summaryBytes(t, got), summaryBytes(t, want)) {
			t.Fatalf("parts differ from the whole\n got %+v\nwant %+v", got, want)
		}
	})
}

func TestLayoutOfPartsInAnyOrderIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := ProfilerOptions{
			ExactValues: rapid.SampledFrom([]int{1, 3, 10, 100}).Draw(t, "exact values"),
			MaxSegments: 3, TableBytes: 1, Auto: rapid.Bool().Draw(t, "auto"),
		}
		rows := tableRows.Draw(t, "rows")
		want := profileRows(rows, opts)
		parts := make([]*Profiler, rapid.IntRange(1, 4).Draw(t, "parts"))
		for i := range parts {
			parts[i] = NewProfiler(tableFeatures, tableSegments, opts)
		}
		for chunk := range slices.Chunk(rapid.Permutation(rows).Draw(t, "order"), 9) {
			feed(parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")], chunk, 4)
		}
		for _, p := range parts[1:] {
			if err := parts[0].Merge(p); err != nil {
				t.Fatal(err)
			}
		}
		if got := parts[0].Layout(); got.identity != want.identity {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}
