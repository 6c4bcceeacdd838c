package evaluator

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// countedRow is a row of a table that a countingEngine counts.
type countedRow struct {
	time              int64
	prediction, label float64 // the label is NaN where there is none
	size              float64 // NaN where it is missing
	color, city       string
	version           string
	hash              uint64
}

var countedWindow = groundtruth.Window{Start: time.Unix(64, 0).UTC(), End: time.Unix(128, 0).UTC()}

// countedRows makes rows whose sums no float64 rounds: predictions and labels whose
// absolute values and quotients are few bits long.
func countedRows(n int, shift float64) []countedRow {
	pairs := [][2]float64{{1, 1}, {3, 1}, {4, 4}, {-4, 4}, {6, 2}, {2, -2}, {0, 0}, {7, 1}}
	var rows []countedRow
	for i := range n {
		r := countedRow{
			time: countedWindow.Start.UnixNano() + int64(i)*1e9, prediction: pairs[i%8][0], label: pairs[i%8][1],
			size: float64(i%16)/4 + shift, color: fmt.Sprint("c", i%3), city: fmt.Sprint("city ", i%5), version: fmt.Sprint("v", i%2),
			hash: uint64(i+1) * 0x9e3779b97f4a7c15,
		}
		if i%16 == 3 {
			r.label = math.NaN()
		}
		if shift != 0 && i%7 == 0 {
			r.color = "never in the reference"
		}
		if i%16 == 15 {
			r.size = math.NaN()
		}
		rows = append(rows, r)
	}
	return rows
}

// sendRows sends rows to a sink, as a scan of files does.
func sendRows(s groundtruth.Sink, rows []countedRow) {
	b := &groundtruth.Batch{Len: len(rows), HasTime: true}
	m := &groundtruth.Matches{HasTime: true}
	var sizes []float64
	var colors, versions, matchVersions, cities []string
	for i, r := range rows {
		b.Times, b.Predictions = append(b.Times, r.time), append(b.Predictions, r.prediction)
		b.Sampled = append(b.Sampled, groundtruth.SampledRow{Row: i, Hash: r.hash})
		sizes, colors, versions = append(sizes, r.size), append(colors, r.color), append(versions, r.version)
		if math.IsNaN(r.label) {
			continue
		}
		m.Sampled = append(m.Sampled, groundtruth.SampledRow{Row: m.Len, Hash: r.hash})
		m.Len++
		m.Times, m.Predictions, m.Labels = append(m.Times, r.time), append(m.Predictions, r.prediction), append(m.Labels, r.label)
		matchVersions, cities = append(matchVersions, r.version), append(cities, r.city)
	}
	named := func(name string, v groundtruth.Values) groundtruth.Values {
		v.Name = name
		return v
	}
	b.Features = []groundtruth.Values{
		named("color", evaltest.TextBatch(colors).Features[0]), named("size", evaltest.NumbersBatch(sizes).Features[0]),
	}
	b.Version = evaltest.TextBatch(versions).Features[0]
	m.Version, m.Segments = evaltest.TextRows(matchVersions), []groundtruth.Column{evaltest.TextRows(cities)}
	s.AddPredictions(b)
	s.AddMatches(m)
}

// countingEngine stands for a database: it is told the layout and answers with counts,
// each of which SELECT, GROUP BY, count, sum, min and max can give.
type countingEngine struct {
	layout *summary.Layout
	rows   []countedRow
}

func (e countingEngine) counts() *summary.Counts {
	var matched []countedRow
	c := &summary.Counts{Predictions: int64(len(e.rows)), VersionPredictions: map[string]int64{}}
	for _, r := range e.rows {
		c.VersionPredictions[r.version]++
		if !math.IsNaN(r.label) {
			matched = append(matched, r)
		}
		c.Sample = append(c.Sample, summary.SampleRow{Hash: r.hash, Prediction: r.prediction, Label: r.label, Time: r.time})
	}
	c.Matched = int64(len(matched))
	c.Prediction = e.numbers(&e.layout.Prediction, e.rows, func(r countedRow) float64 { return r.prediction })
	c.Label = e.numbers(&e.layout.Label, matched, func(r countedRow) float64 { return r.label })
	color := summary.ColumnCounts{Categories: make([]int64, len(e.layout.Feature("color").Categories))}
	for _, r := range e.rows {
		if at, ok := slices.BinarySearch(e.layout.Feature("color").Categories, r.color); ok {
			color.Categories[at]++
		} else {
			color.Unseen++
		}
	}
	size := e.numbers(e.layout.Feature("size"), e.rows, func(r countedRow) float64 { return r.size })
	c.Features = []summary.ColumnCounts{color, size}
	c.Errors = e.errors(matched)
	c.Errors.Blocks = make([]summary.BlockCounts, summary.NumBlocks)
	for i := range c.Errors.Blocks {
		// A block is a second here.
		in := slices.DeleteFunc(slices.Clone(matched), func(r countedRow) bool { return r.time/1e9-64 != int64(i) })
		c.Errors.Blocks[i] = e.errors(in).BlockCounts
		c.Errors.Blocks[i].Sums = c.Errors.Blocks[i].Sums[:summary.SumZ2+1]
	}
	c.Versions = e.groups(matched, func(r countedRow) string { return r.version })
	c.Segments = []map[string]summary.ErrorCounts{e.groups(matched, func(r countedRow) string { return r.city })}
	c.Shapes = e.shapes(matched)
	return c
}

// shapes counts rows by hour, and by cells that are so narrow that each has one value: no
// absolute value is 8 or more, and few are distinct.
func (e countingEngine) shapes(rows []countedRow) summary.ShapeCounts {
	const level = 2 - 30
	plain := func(rows []countedRow) summary.PlainCounts {
		c := e.errors(rows)
		return summary.PlainCounts{N: c.N, Sums: c.Sums[:summary.SumE2+1]}
	}
	out := summary.ShapeCounts{Hours: make([]summary.PlainCounts, groundtruth.HoursOfWeek), DensityLevel: level, SizesLevel: level}
	const thursday = 3 // after Monday; the window is of the first hour of 1970
	out.Hours[24*thursday] = plain(rows)
	cell := func(x float64) int32 { return int32(math.Ldexp(x, -level)) }
	pairs, sizes := map[[2]int32]int64{}, map[int32][]countedRow{}
	for _, r := range rows {
		pairs[[2]int32{cell(r.prediction), cell(r.label)}]++
		sizes[cell(r.prediction)] = append(sizes[cell(r.prediction)], r)
	}
	for pair, n := range pairs {
		out.Density = append(out.Density, summary.DensityCount{Prediction: pair[0], Label: pair[1], N: n})
	}
	for cell, rows := range sizes {
		out.Sizes = append(out.Sizes, summary.SizeCount{Cell: cell, PlainCounts: plain(rows)})
	}
	return out
}

// countedOptions has shapes kept.
func countedOptions() summary.BuilderOptions {
	return summary.BuilderOptions{Shapes: groundtruth.NewCalendar(groundtruth.Zone{}, countedWindow.Start, countedWindow.End)}
}

func (e countingEngine) groups(rows []countedRow, of func(countedRow) string) map[string]summary.ErrorCounts {
	by := map[string][]countedRow{}
	for _, r := range rows {
		by[of(r)] = append(by[of(r)], r)
	}
	out := map[string]summary.ErrorCounts{}
	for name, rows := range by {
		c := e.errors(rows)
		c.ByBlock = make([]int64, summary.NumBlocks)
		for _, r := range rows {
			c.ByBlock[r.time/1e9-64]++
		}
		out[name] = c
	}
	return out
}

// numbers counts a column by points and open intervals.
func (e countingEngine) numbers(l *summary.ColumnLayout, rows []countedRow, of func(countedRow) float64) summary.ColumnCounts {
	k := len(l.Edges)
	c := summary.ColumnCounts{Points: make([]int64, k), Opens: make([]int64, k+1), Places: make([]float64, k+1), Min: math.Inf(1), Max: math.Inf(-1)}
	interior := map[float64]int64{}
	for _, r := range rows {
		x := of(r)
		if math.IsNaN(x) {
			continue
		}
		c.Sum += x
		c.Squares += (x - l.Center) * (x - l.Center)
		c.Min, c.Max = min(c.Min, x), max(c.Max, x)
		i, on := slices.BinarySearch(l.Edges, x)
		if on {
			c.Points[i]++
			continue
		}
		c.Opens[i]++
		interior[x]++
		switch i {
		case 0:
			c.Low += x
		case k:
			c.High += x
		default:
			const unit = 1 << 40
			c.Places[i] += (unit - math.Floor((l.Edges[i]-x)*(unit/(l.Edges[i]-l.Edges[i-1]))+0.5)) / unit
		}
	}
	if len(interior) <= e.layout.ExactValues {
		c.Interior = entries(interior)
	}
	return c
}

// entries lists values by their order.
func entries(counts map[float64]int64) []summary.Entry {
	out := []summary.Entry{}
	for _, x := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, summary.Entry{Key: summary.OrderKey(x), Count: counts[x]})
	}
	return out
}

func (e countingEngine) errors(rows []countedRow) summary.ErrorCounts {
	var c summary.ErrorCounts
	c.Sums = make([]float64, summary.SumE2Z2+1)
	absolute := map[float64]int64{}
	for _, r := range rows {
		e, z := r.prediction-r.label, r.label-e.layout.Label.Center
		abs, a, s := math.Abs(e), 0.0, 0.0
		c.N++
		if r.label != 0 {
			c.NonZero++
			a = abs / math.Abs(r.label)
		}
		if size := math.Abs(r.label) + math.Abs(r.prediction); size > 0 {
			s = 2 * abs / size
		}
		c.MaxAbs = max(c.MaxAbs, abs)
		absolute[abs]++
		for k, term := range map[summary.SumKind]float64{
			summary.SumE: e, summary.SumAbsE: abs, summary.SumE2: e * e, summary.SumA1: a, summary.SumS1: s, summary.SumZ1: z, summary.SumZ2: z * z,
			summary.SumE3: e * e * e, summary.SumAbsE3: abs * abs * abs, summary.SumE4: math.Pow(e, 4), summary.SumE6: math.Pow(e, 6), summary.SumE8: math.Pow(e, 8),
			summary.SumA2: a * a, summary.SumA3: a * a * a, summary.SumA4: math.Pow(a, 4), summary.SumS2: s * s, summary.SumS3: s * s * s, summary.SumS4: math.Pow(s, 4),
			summary.SumZ3: z * z * z, summary.SumZ4: math.Pow(z, 4), summary.SumE2Z: e * e * z, summary.SumE2Z2: e * e * z * z,
		} {
			c.Sums[k] += term
		}
	}
	c.Abs = entries(absolute)
	return c
}

// countedLayout is of rows whose mean label, but for one left out, is a short number.
func countedLayout(exactValues int) (*summary.Layout, *summary.Profile) {
	rows := countedRows(32, 0)
	for i := range rows {
		if math.IsNaN(rows[i].label) {
			rows[i].label = 4
		}
		if math.IsNaN(rows[i].size) {
			rows[i].size = 1
		}
	}
	features := []groundtruth.FeatureSpec{{Name: "color", Kind: groundtruth.Text}, {Name: "size", Kind: groundtruth.Number}}
	p := summary.NewProfiler(features, []string{"city"}, summary.ProfilerOptions{ExactValues: exactValues, TableBytes: 1})
	sendRows(p, rows)
	layout := p.Layout()
	b := summary.NewBuilder(layout, layout.Span(), []string{"city"}, summary.BuilderOptions{})
	sendRows(b, rows)
	return layout, summary.NewProfile(b.Summary())
}

// TestASummaryOfCountsIsThatOfTheRows has a database count what a Builder sees row by
// row: exact sums of numbers that are short enough are the database's sums.
func TestASummaryOfCountsIsThatOfTheRows(t *testing.T) {
	for _, exactValues := range []int{0, 3, 8} {
		layout, reference := countedLayout(exactValues)
		rows := countedRows(48, -0.375)
		b := summary.NewBuilder(layout, countedWindow, []string{"city"}, countedOptions())
		sendRows(b, rows)
		want := b.Summary()
		got, err := summary.FromCounts(layout, countedWindow, []string{"city"}, countedOptions(), countingEngine{layout, rows}.counts())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(marshal(t, got), withoutSection(t, marshal(t, want), "more sums")) {
			t.Errorf("%d exact values: counts give other bytes than rows", exactValues)
		}
		byRow := metric.OfWindow(want.Errors(), nil, metric.Options{})
		for name, m := range metric.OfWindow(got.Errors(), nil, metric.Options{}) {
			told, of := stat.IsNumber(float64(m.Value)), byRow[name]
			if name == "rmsle" || name == "explained_variance" {
				if told || !strings.Contains(m.Reason, "counted") {
					t.Errorf("%s of counts is %g (%q), want none and that sums were not counted", name, m.Value, m.Reason)
				}
			} else if told != stat.IsNumber(float64(of.Value)) || told && m.Value != of.Value {
				t.Errorf("%s of counts is %g (%q), of rows %g", name, m.Value, m.Reason, of.Value)
			}
		}
		if err := want.UnmarshalBinary(withoutSection(t, marshal(t, want), "more sums")); err != nil {
			t.Fatal(err)
		}
		if got, want := evaltest.AsJSON(t, Evaluate(got, reference, Options{})), evaltest.AsJSON(t, Evaluate(want, reference, Options{})); got != want {
			t.Errorf("%d exact values: counts give\n%s\nrows give\n%s", exactValues, got, want)
		}
		bare := countingEngine{layout, rows}.counts()
		bare.Shapes = summary.ShapeCounts{}
		without, err := summary.FromCounts(layout, countedWindow, []string{"city"}, countedOptions(), bare)
		if err != nil || without.ByHour() != nil || without.Density() != nil || without.BySize() != nil || got.Density() == nil {
			t.Errorf("without shapes: by hour %v, error %v", without.ByHour(), err)
		}
		if err := got.Merge(want); err != nil {
			t.Errorf("what was counted cannot be merged with what was read: %v", err)
		}
	}
}

// withoutSection returns the bytes of a Summary without a section: what counts don't tell.
func withoutSection(t *testing.T, b []byte, name string) []byte {
	t.Helper()
	at := bytes.Index(b, append([]byte{byte(len(name))}, name...))
	if at < 0 {
		t.Fatalf("no section %q", name)
	}
	from := at + 1 + len(name)
	size := binary.LittleEndian.Uint64(b[from:])
	return append(slices.Clone(b[:at]), b[from+8+int(size):]...)
}

func marshal(t *testing.T, s *summary.Summary) []byte {
	t.Helper()
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCountsThatContradictThemselvesAreRefused(t *testing.T) {
	layout, _ := countedLayout(3)
	for what, tc := range map[string]struct {
		change func(*summary.Counts)
		want   string
	}{
		"a feature missing":      {func(c *summary.Counts) { c.Features = c.Features[:1] }, "1 features and 1 segments, want 2 and 1"},
		"bins of another layout": {func(c *summary.Counts) { c.Prediction.Points = nil }, "column prediction: 0 points"},
		"other categories":       {func(c *summary.Counts) { c.Features[0].Categories = nil }, "column color: 0 categories, want 3"},
		"sums missing":           {func(c *summary.Counts) { c.Errors.Sums = nil }, "0 sums"},
		"rows of too few blocks": {func(c *summary.Counts) {
			g := c.Segments[0]["city 1"]
			g.ByBlock = g.ByBlock[1:]
			c.Segments[0]["city 1"] = g
		}, "group city 1: rows of 63 time blocks, want 0 or 64"},
		"sums of a group missing": {func(c *summary.Counts) { c.Segments[0]["city 1"] = summary.ErrorCounts{} }, "group city 1: 0 sums"},
		"too few predictions":     {func(c *summary.Counts) { c.Predictions-- }, "contradict"},
		"a negative count":        {func(c *summary.Counts) { c.Label.Points[0] = -1 }, "contradict"},
		"blocks of other rows":    {func(c *summary.Counts) { c.Errors.Blocks[0].N++ }, "contradict"},
		"errors out of order":     {func(c *summary.Counts) { slices.Reverse(c.Errors.Abs) }, "contradict"},
		"no week":                 {func(c *summary.Counts) { c.Shapes.Hours = c.Shapes.Hours[1:] }, "167 hours of the week, want 168"},
		"an hour without sums":    {func(c *summary.Counts) { c.Shapes.Hours[0].N = 1 }, "hour 0 of the week: 0 sums over 1 rows, want 3"},
		"rows of another hour":    {func(c *summary.Counts) { c.Shapes.Hours[72].N++ }, "contradict"},
		"too fine a grid":         {func(c *summary.Counts) { c.Shapes.DensityLevel = -1001 }, "a level of -1001"},
		"a row too many":          {func(c *summary.Counts) { c.Shapes.Density[0].N++ }, "contradict"},
		"too many cells": {func(c *summary.Counts) {
			for i := range int32(1025) {
				c.Shapes.Density = append(c.Shapes.Density, summary.DensityCount{Prediction: i, N: 1})
			}
		}, "more than 1024 cells"},
		"too many sizes": {func(c *summary.Counts) {
			for i := range int32(33) {
				c.Shapes.Sizes = append(c.Shapes.Sizes, summary.SizeCount{Cell: i})
			}
		}, "more than 32 cells"},
		"a size without sums": {func(c *summary.Counts) { c.Shapes.Sizes[0].Sums = nil }, "0 sums"},
		"a sample of no rows": {func(c *summary.Counts) { c.Sample = append(c.Sample, c.Sample...) }, "contradict"},
	} {
		c := countingEngine{layout, countedRows(48, 0)}.counts()
		tc.change(c)
		if _, err := summary.FromCounts(layout, countedWindow, []string{"city"}, countedOptions(), c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v does not say %q", what, err, tc.want)
		}
	}
}
