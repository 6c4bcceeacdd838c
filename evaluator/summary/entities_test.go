package summary

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// grouped passes batches and matches on as those of a group.
type grouped struct {
	groundtruth.Sink
	group int64
}

func (g grouped) AddPredictions(b *groundtruth.Batch) {
	b.Group = g.group
	g.Sink.AddPredictions(b)
}

func (g grouped) AddMatches(m *groundtruth.Matches) {
	m.Group = g.group
	g.Sink.AddMatches(m)
}

// byEntity deals rows to groups of entities.
func byEntity(rows []tableRow) map[int64][]tableRow {
	out := map[int64][]tableRow{}
	for _, r := range rows {
		g := int64(r.hash % groundtruth.EntityGroups)
		out[g] = append(out[g], r)
	}
	return out
}

// feedEntities sends rows by the groups of their entities.
func feedEntities(s groundtruth.Sink, rows []tableRow) {
	for g, of := range byEntity(rows) {
		feed(grouped{s, g}, of, 11)
	}
}

// buildEntities returns the Summary of rows with the groups of their entities.
func buildEntities(l *Layout, rows []tableRow) *Summary {
	b := NewBuilder(l, tableWindow, tableSegments, BuilderOptions{MaxSegments: 2, Entities: true})
	feedEntities(b, rows)
	return b.Summary()
}

// TestEntitiesOfPartsInAnyOrderHaveTheSameBytes deals rows to workers in any order: the groups of
// entities have their rows' counts and sums, all else is as without them, and what is written is
// read.
func TestEntitiesOfPartsInAnyOrderHaveTheSameBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		rows := rapid.SliceOfN(anyTableRow, 0, 80).Draw(t, "rows")
		opts := BuilderOptions{MaxSegments: 3, Entities: true}
		build := func(rows []tableRow) *Summary {
			b := NewBuilder(layout, tableWindow, tableSegments, opts)
			if rapid.Bool().Draw(t, "sent twice") {
				for g, of := range byEntity(rows) {
					feedPredictions(grouped{b, g}, of)
				}
				b.ResetPredictions()
			}
			feedEntities(b, rows)
			return b.Summary()
		}
		read := mergedAndRead(t, rows, build)
		checkEntities(t, read.Entities(), layout, byEntity(rows))

		without := buildRows(layout, rows, BuilderOptions{MaxSegments: 3})
		if err := read.Merge(buildRows(layout, nil, BuilderOptions{MaxSegments: 3})); err != nil || read.Entities() != nil {
			t.Fatalf("rows whose entities are not known leave groups of entities, %v", err)
		}
		if !bytes.Equal(summaryBytes(t, read), summaryBytes(t, without)) {
			t.Fatal("all else is not as without entities")
		}
	})
}

// checkEntities compares groups of entities with their rows.
func checkEntities(t *rapid.T, got *Clusters, layout *Layout, want map[int64][]tableRow) {
	if got.Len() != len(want) {
		t.Fatalf("%d groups, want %d", got.Len(), len(want))
	}
	errors := got.Errors()
	for g, key := range slices.Sorted(maps.Keys(want)) {
		rows, matched := want[key], matchedRows(want[key])
		if got.Key(g) != key || got.Rows(g) != int64(len(rows)) || errors.BlockN(g) != int64(len(matched)) {
			t.Fatalf("group %d has the key %d, %d rows and %d errors; want %d, %d and %d", g, got.Key(g), got.Rows(g), errors.BlockN(g), key, len(rows), len(matched))
		}
		alone := buildRows(layout, rows, BuilderOptions{})
		if want := alone.Errors().Sum(SumE2); errors.BlockSum(g, SumE2) != want {
			t.Fatalf("group %d has squares of %g, want %g", g, errors.BlockSum(g, SumE2), want)
		}
		for _, c := range []struct {
			got *ClusterColumn
			of  *Column
		}{{got.Feature("size"), alone.Feature("size")}, {got.Feature("color"), alone.Feature("color")}, {got.Prediction(), alone.Prediction()}, {got.Label(), alone.Label()}} {
			if c.got == nil || layout == nil {
				continue
			}
			if counts := c.got.Coarse().Counts(c.of); !slices.Equal(c.got.Counts(g), counts) {
				t.Fatalf("group %d counts %v of %s, want %v", g, c.got.Counts(g), c.of.Name(), counts)
			}
		}
	}
}

// TestAProfileKeepsEntities writes and reads a profile with the groups of its entities, dealt to
// several workers.
func TestAProfileKeepsEntities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyTableRow, 1, 60).Draw(t, "rows")
		kind := rapid.SampledFrom([]StrataKind{NoStrata, WeekendStrata, HourOfDayStrata}).Draw(t, "kind")
		layout, partition := partitionOf(kind, rows)
		p := builderOf(layout, partition, rows).Profile()
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		counters := []*EntityCounter{NewEntityCounter(layout, nil), NewEntityCounter(layout, nil)}
		feedEntities(counters[0], rows[:cut])
		feedEntities(counters[1], rows[cut:])
		p.Entities = counters[1].Clusters(counters[0])
		var q Profile
		if err := q.UnmarshalBinary(profileBytes(t, p)); err != nil {
			t.Fatal(err)
		}
		checkEntities(t, q.Entities, layout, byEntity(rows))
		if !bytes.Equal(profileBytes(t, &q), profileBytes(t, p)) {
			t.Fatal("what was read is written otherwise")
		}
	})
}
