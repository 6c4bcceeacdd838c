package summary_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestWindowsTellWhatDaysDo takes each day of a reference for a window, by way of what is kept
// of it, and compares them with the reference's own days.
func TestWindowsTellWhatDaysDo(t *testing.T) {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	var rows []summarytest.Row
	for i := range 10 * 48 {
		rows = append(rows, summarytest.Row{
			Time:       start.Add(time.Duration(i) * 30 * time.Minute).UnixNano(),
			Features:   map[string]any{"x": math.Mod(float64(i)*1.7, 11), "kind": []string{"a", "b", ""}[i*i%3]},
			Prediction: float64(i % 7), Label: math.Mod(float64(i)*0.3, 5),
		})
	}
	p := summarytest.Profile(rows, summary.ProfilerOptions{})
	calendar := groundtruth.NewCalendar(groundtruth.Zone{}, start, start)
	var windows []summary.WindowCounts
	for d := range 10 {
		w := groundtruth.Window{Start: start.AddDate(0, 0, d), End: start.AddDate(0, 0, d+1)}
		c, ok := summary.CountsOf(summarytest.Window(p, w, rows[48*d:48*(d+1)], summary.BuilderOptions{Calendar: calendar}))
		if !ok {
			t.Fatal("no counts")
		}
		windows = append(windows, c)
	}
	text, err := json.Marshal(windows)
	if err != nil {
		t.Fatal(err)
	}
	var kept []summary.WindowCounts
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	q, err := p.WithWindows(kept)
	if err != nil {
		t.Fatal(err)
	}
	if q.Windows != 10 || q.Days.Len() != p.Days.Len() || p.Windows != 0 || q.Summary != p.Summary {
		t.Fatalf("%d windows for %d days, want 10 for %d", q.Windows, q.Days.Len(), p.Days.Len())
	}
	want, got := p.Days.DayParts(), q.Days.DayParts()
	for g := range p.Days.Len() {
		if p.Days.Rows(g) != q.Days.Rows(g) {
			t.Errorf("window %d has %d rows, want %d", g, q.Days.Rows(g), p.Days.Rows(g))
		}
		for _, name := range []string{"x", "kind"} {
			if got, want := q.Days.Feature(name).Counts(g), p.Days.Feature(name).Counts(g); !slices.Equal(got, want) {
				t.Errorf("window %d has the counts %v of %s, want %v", g, got, name, want)
			}
		}
		if got, want := q.Days.Label().Counts(g), p.Days.Label().Counts(g); !slices.Equal(got, want) {
			t.Errorf("window %d has the labels %v, want %v", g, got, want)
		}
		for i := g * summary.DayParts; i < (g+1)*summary.DayParts; i++ {
			if got.BlockN(i) != want.BlockN(i) || math.Abs(got.BlockSum(i, summary.SumE2)-want.BlockSum(i, summary.SumE2)) > 1e-9 {
				t.Errorf("part %d has %d rows with the sum %g, want %d with %g", i, got.BlockN(i), got.BlockSum(i, summary.SumE2), want.BlockN(i), want.BlockSum(i, summary.SumE2))
			}
		}
	}
	if got, want := q.Days.Errors().Sum(summary.SumAbsE), p.Summary.Errors().Sum(summary.SumAbsE); math.Abs(got-want) > 1e-9 {
		t.Errorf("the windows have the sum %g, want %g", got, want)
	}
	if got, want := q.Hours(q.For(groundtruth.Window{}, 0)), p.Summary.Hours(); !slices.Equal(got, want) {
		t.Errorf("the windows have the hours %v, want %v", got, want)
	}

	other := summarytest.Profile(rows[:100], summary.ProfilerOptions{})
	if _, err := other.WithWindows(kept); !errors.Is(err, summary.ErrLayout) {
		t.Errorf("windows on another layout: %v", err)
	}
	kept[3].Columns[1] = kept[3].Columns[1][1:]
	if _, err := p.WithWindows(kept); !errors.Is(err, summary.ErrLayout) {
		t.Errorf("a column that lacks a bin: %v", err)
	}
}
