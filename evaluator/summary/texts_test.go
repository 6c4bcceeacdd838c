package summary

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// orElse returns the text, or one for a missing value: classes are never missing.
func orElse(of *string) *string {
	if of == nil {
		return new("cat")
	}
	return of
}

func predictedOf(r tableRow) *string { return orElse(r.color) }
func actualOf(r tableRow) *string    { return orElse(r.city) }

// feedClasses sends rows in batches of a size, with their features. The predicted class and the
// label are features too.
func feedClasses(s groundtruth.Sink, rows []tableRow, size int) {
	for chunk := range slices.Chunk(rows, size) {
		feedClassPredictions(s, chunk)
		feedClassMatches(s, chunk)
	}
}

func feedClassPredictions(s groundtruth.Sink, rows []tableRow) {
	predicted, actual := textColumn("predicted", rows, predictedOf), textColumn("actual", rows, actualOf)
	b := groundtruth.Batch{
		Len: len(rows), HasTime: true, Version: textColumn("version", rows, versionOf).Counted(),
		Classifier: groundtruth.Classifier{Class: predicted.Rows()},
		Features:   []groundtruth.Values{predicted.Values(), actual.Counted()},
	}
	for i, r := range rows {
		b.Times = append(b.Times, r.time)
		b.Sampled = append(b.Sampled, groundtruth.SampledRow{Row: i, Hash: r.hash})
	}
	s.AddPredictions(&b)
}

func feedClassMatches(s groundtruth.Sink, rows []tableRow) {
	rows = matchedRows(rows)
	m := groundtruth.Matches{
		Len: len(rows), HasTime: true, Version: textColumn("version", rows, versionOf).Rows(),
		Classifier: groundtruth.Classifier{Class: textColumn("predicted", rows, predictedOf).Rows()},
		LabelClass: textColumn("actual", rows, actualOf).Rows(),
		Segments:   []groundtruth.Column{textColumn("city", rows, cityOf).Rows()},
	}
	for i, r := range rows {
		m.Times = append(m.Times, r.time)
		m.Sampled = append(m.Sampled, groundtruth.SampledRow{Row: i, Hash: r.hash})
	}
	s.AddMatches(&m)
}

// TestClassesAreCountedAsTextFeaturesAre gives a reference and a window of several classes these
// as features too: predictions and labels have the same categories and the same counts, in all,
// by day and by group of entities, however rows are dealt.
func TestClassesAreCountedAsTextFeaturesAre(t *testing.T) {
	features := []groundtruth.FeatureSpec{{Name: "actual", Kind: groundtruth.Text}, {Name: "predicted", Kind: groundtruth.Text}}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyTableRow, 1, 60).Draw(t, "reference")
		for i := range rows {
			rows[i].label = new(1.0) // labels are compared with a feature of all rows
			rows[i].time += int64(i%5) * int64(24*time.Hour)
		}
		opts := ProfilerOptions{Task: groundtruth.Multiclass, ExactValues: rapid.SampledFrom([]int{3, 100}).Draw(t, "exact values")}
		profilers := []*Profiler{NewProfiler(features, tableSegments, opts), NewProfiler(features, tableSegments, opts)}
		for i, chunk := range slices.Collect(slices.Chunk(rows, 13)) {
			feedClasses(profilers[i%2], chunk, 5)
		}
		if err := profilers[0].Merge(profilers[1]); err != nil {
			t.Fatal(err)
		}
		layout, partition := profilers[0].Layout(), profilers[0].Partition()
		if layout.Task != groundtruth.Multiclass || len(layout.Features) < 2 {
			return // too many classes are no feature
		}
		if !slices.Equal(layout.Prediction.Categories, layout.Feature("predicted").Categories) || !slices.Equal(layout.Label.Categories, layout.Feature("actual").Categories) {
			t.Fatalf("categories %q and %q", layout.Prediction.Categories, layout.Label.Categories)
		}
		b := NewProfileBuilder(layout, partition, tableSegments, nil)
		for _, r := range rows {
			feedClasses(groupSink{b, partition.Group(r.time)}, []tableRow{r}, 1)
		}
		p := b.Profile()
		alikeColumns(t, p.Summary(), p.Days)

		more := rapid.SliceOfN(anyTableRow, 0, 60).Draw(t, "window")
		for i := range more {
			more[i].label = new(1.0)
		}
		build := func(rows []tableRow) *Summary {
			b := NewBuilder(layout, tableWindow, tableSegments, BuilderOptions{Entities: true})
			feedClassPredictions(grouped{b, 3}, rows)
			b.ResetPredictions()
			for g, of := range byEntity(rows) {
				feedClasses(grouped{b, g}, of, 4)
			}
			return b.Summary()
		}
		cut := rapid.IntRange(0, len(more)).Draw(t, "cut")
		s := build(more[cut:])
		if err := s.Merge(build(more[:cut])); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(summaryBytes(t, s), summaryBytes(t, build(more))) {
			t.Fatal("the Summary depends on how rows are dealt")
		}
		alikeColumns(t, s, s.Entities())
		if got := NewBuilder(nil, tableWindow, tableSegments, BuilderOptions{}).Summary().Merge(NewBuilder(nil, tableWindow, tableSegments, BuilderOptions{Task: groundtruth.Multiclass}).Summary()); !errors.Is(got, ErrLayout) {
			t.Fatalf("Summaries of two tasks merge: %v", got)
		}
	})
}

// alikeColumns compares predictions and labels with the features that they are.
func alikeColumns(t *rapid.T, s *Summary, groups *Clusters) {
	for name, c := range map[string]*Column{"predicted": s.Prediction(), "actual": s.Label()} {
		f := s.Feature(name)
		if c.Kind() != groundtruth.Text || c.N() != f.N() || c.Missing() != 0 || c.Unseen() != f.Unseen() || !slices.Equal(c.categories, f.categories) {
			t.Fatalf("%s has %d rows in %v, %d unseen, want %d in %v, %d unseen", name, c.N(), c.categories, c.unseen, f.N(), f.categories, f.unseen)
		}
	}
	for name, c := range map[string]*ClusterColumn{"predicted": groups.Prediction(), "actual": groups.Label()} {
		for g := range groups.Len() {
			if got, want := c.Counts(g), groups.Feature(name).Counts(g); !slices.Equal(got, want) {
				t.Fatalf("group %d has %v of %s, want %v", g, got, name, want)
			}
		}
	}
}
