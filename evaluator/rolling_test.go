package evaluator

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestSegmentsOfTheReference holds that those of the reference's segments that are named are
// told, as the rows of each by themselves would be, and no others.
func TestSegmentsOfTheReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	cities := []string{"Oslo", "Bergen", "a\xff"}
	rows := func(n int, only string) *groundtruth.Matches {
		m := &groundtruth.Matches{Version: groundtruth.Column{Kind: groundtruth.Absent}}
		var names []string
		for i := range n {
			label := 10 * rng.NormFloat64()
			city := cities[i%3]
			e := rng.NormFloat64() * float64(1+i%3)
			if only != "" && city != only {
				continue
			}
			names = append(names, city)
			m.Len++
			m.Labels, m.Predictions = append(m.Labels, label), append(m.Predictions, label+e)
		}
		m.Segments = []groundtruth.Column{evaltest.TextRows(names)}
		return m
	}
	profiler := summary.NewProfiler(nil, []string{"city"}, summary.ProfilerOptions{})
	profiler.AddMatches(rows(300, ""))
	layout := profiler.Layout()
	count := func(m *groundtruth.Matches) *summary.Summary {
		b := summary.NewBuilder(layout, groundtruth.Window{}, []string{"city"}, summary.BuilderOptions{})
		b.AddPredictions(&groundtruth.Batch{Len: m.Len, Predictions: m.Predictions})
		b.AddMatches(m)
		return b.Summary()
	}
	rng = rand.New(rand.NewPCG(1, 2))
	profile := summary.NewProfile(count(rows(300, "")))
	cur := count(rows(90, ""))
	names := []SegmentName{{"city", "Oslo"}, {"city", `a\xff`}, {"city", "Turin"}, {"town", "Oslo"}}
	got := Evaluate(cur, profile, Options{ReferenceSegments: names}).Reference.Segments
	if len(got) != 1 || len(got["city"]) != 2 {
		t.Fatalf("told are %v", got)
	}
	for _, city := range []string{"Oslo", "a\xff"} {
		rng = rand.New(rand.NewPCG(1, 2))
		want := Evaluate(count(rows(300, city)), nil, Options{}).Segments["city"][UniqueName(city)]
		if a, b := evaltest.AsJSON(t, got["city"][UniqueName(city)]), evaltest.AsJSON(t, want); a != b {
			t.Errorf("%q: %s, by itself %s", city, a, b)
		}
	}
	if text := evaltest.AsJSON(t, Evaluate(cur, profile, Options{}).Reference); strings.Contains(text, "segments") {
		t.Errorf("none is named: %s", text)
	}
}

// TestARollingReferenceHasTheFiguresOfItsWindows compares its figures with those of all rows
// at once.
func TestARollingReferenceHasTheFiguresOfItsWindows(t *testing.T) {
	layout := &summary.Layout{ExactValues: 100, MaxSegments: 1}
	layout.Prediction.Kind, layout.Label.Kind = groundtruth.Number, groundtruth.Number
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(3, 4))
	all := summary.NewBuilder(layout, groundtruth.Window{Start: start, End: start.AddDate(0, 0, 9)}, nil, summary.BuilderOptions{})
	var windows []*summary.ErrorSums
	var cur *summary.Summary
	for d := range 10 {
		w := groundtruth.Window{Start: start.AddDate(0, 0, d), End: start.AddDate(0, 0, d+1)}
		m := &groundtruth.Matches{Len: 100, HasTime: true, Version: groundtruth.Column{Kind: groundtruth.Absent}}
		for i := range m.Len {
			label := rng.NormFloat64()
			m.Times = append(m.Times, w.Start.Add(time.Duration(i)*14*time.Minute).UnixNano())
			m.Labels, m.Predictions = append(m.Labels, label), append(m.Predictions, label+rng.NormFloat64())
		}
		b := summary.NewBuilder(layout, w, nil, summary.BuilderOptions{})
		b.AddMatches(m)
		if d == 9 {
			cur = b.Summary()
			continue
		}
		all.AddMatches(m)
		windows = append(windows, b.Summary().Errors())
	}
	got := Evaluate(cur, nil, Options{Rolling: &RollingOptions{Errors: summary.PoolErrors(windows)}}).Rolling
	want := Evaluate(all.Summary(), nil, Options{}).Metrics
	if got.Rows != 900 || len(got.Metrics) != len(want) {
		t.Fatalf("%d rows, %d metrics", got.Rows, len(got.Metrics))
	}
	for name, m := range want {
		g := got.Metrics[name]
		if g.Value != m.Value && stat.IsNumber(float64(m.Value)) || g.N != m.N || g.Reason != m.Reason && !stat.IsNumber(float64(m.Value)) {
			t.Errorf("%s is %v of %d, of all rows %v of %d", name, g.Value, g.N, m.Value, m.N)
		}
		if note := "interval from how its 9 windows differ"; name == "rmse" && !strings.Contains(g.Note, note) {
			t.Errorf("%s: %q does not say %q", name, g.Note, note)
		}
	}
	none := Evaluate(cur, nil, Options{Rolling: &RollingOptions{Reason: "too few"}})
	if text := evaltest.AsJSON(t, none.Rolling); !strings.Contains(text, `"windows":[],"rows":0`) || none.Rolling.Metrics["rmse"].Reason != "too few" {
		t.Error(fmt.Sprint(text))
	}
}
