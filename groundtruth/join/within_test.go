package join

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// at gives a label row its own timestamp.
func at(event tableCell, row tableRow) tableRow {
	row["sold_at"] = event
	return row
}

// TestSemantics2_LabelsWithin joins predictions of "a" at 5 h and, by another version, at
// 9 h with labels that count for six hours.
func TestSemantics2_LabelsWithin(t *testing.T) {
	const first, conflict = groundtruth.ResolveFirst, groundtruth.ResolveConflictIsMissing
	gone := func(event tableCell, loaded int) tableRow { return at(event, label("a", nil, loaded, "op", "d")) }
	for _, tc := range []struct {
		name    string
		resolve groundtruth.Resolve
		labels  []tableRow
		want    string
		cov     groundtruth.Coverage // what differs from no labels
	}{
		{"of the prediction's own time", "", []tableRow{at(hours(5), label("a", 1.0, 30))}, "7=1", groundtruth.Coverage{Labels: 1, Matched: 1}},
		{"at most so much later", "", []tableRow{at(hours(11), label("a", 1.0, 30))}, "7=1 8=1", groundtruth.Coverage{Labels: 2, Matched: 2}},
		{"and no more", "", []tableRow{at(hours(11).Add(1), label("a", 1.0, 30))}, "8=1", groundtruth.Coverage{Labels: 1, Matched: 1}},
		{"not after it", "", []tableRow{at(hours(5).Add(-1), label("a", 1.0, 30))}, "", groundtruth.Coverage{Labels: 1, UnmatchedLabels: 1}},
		{"each its own", "", []tableRow{at(hours(6), label("a", 1.0, 31)), at(hours(12), label("a", 2.0, 30))}, "7=1 8=2", groundtruth.Coverage{Labels: 2, Matched: 2}},
		{"labels of other windows are nobody's concern", "", []tableRow{at(hours(-1), label("a", "x", 30)), at(hours(30), label("", 1.0, 30)), at(hours(40), label("a", 1.0, 30))}, "", groundtruth.Coverage{}},
		{"the latest of those that count", "", []tableRow{at(hours(6), label("a", 1.0, 31)), at(hours(8), label("a", 2.0, 30)), at(hours(4), label("a", 3.0, 32))}, "7=1",
			groundtruth.Coverage{Labels: 2, Matched: 1, UnmatchedLabels: 1, DuplicateLabels: 1, ConflictingLabels: 1}},
		{"the first of those that count", first, []tableRow{at(hours(6), label("a", 1.0, 31)), at(hours(8), label("a", 2.0, 30)), at(hours(4), label("a", 3.0, 29))}, "7=2",
			groundtruth.Coverage{Labels: 2, Matched: 1, UnmatchedLabels: 1, DuplicateLabels: 1, ConflictingLabels: 1}},
		{"a conflict of those that count", conflict, []tableRow{at(hours(6), label("a", 1.0, 31)), at(hours(10), label("a", 2.0, 30)), at(hours(13), label("a", 2.0, 30))}, "8=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 2, ConflictingLabels: 1}},
		{"a delete takes back labels of its timestamp", "", []tableRow{at(hours(6), label("a", 1.0, 30)), at(hours(7), label("a", 2.0, 31)), gone(hours(7), 32)}, "7=1",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 2}},
		{"a delete without a timestamp takes back all earlier ones", "", []tableRow{at(hours(6), label("a", 1.0, 30)), at(hours(10), label("a", 2.0, 31)), gone(nil, 32), at(hours(14), label("a", 3.0, 33))}, "8=3",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 4, DeletedLabels: 1}},
		{"a label after its delete is the first", first, []tableRow{at(hours(6), label("a", 1.0, 30)), gone(hours(6), 31), at(hours(6), label("a", 2.0, 32))}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 2}},
		{"an empty label is unknown", "", []tableRow{at(hours(6), label("a", nil, 30))}, "", groundtruth.Coverage{NullLabels: 1}},
		{"pending labels have no timestamp", "", []tableRow{at(nil, label("a", nil, 0, "loaded_at", nil)), at(hours(6), label("a", 1.0, 30))}, "7=1", groundtruth.Coverage{Labels: 1, Matched: 1, NullLabels: 1}},
		{"of another id", "", []tableRow{at(hours(6), label("b", 1.0, 30))}, "", groundtruth.Coverage{Labels: 1, UnmatchedLabels: 1}},
		{"hidden by as-of", "", []tableRow{at(hours(6), label("a", 1.0, 24*7+1))}, "", groundtruth.Coverage{HiddenLabels: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, file := range []string{"l.csv", "l.parquet"} {
				preds := []tableObject{{"p.csv", []tableRow{pred("a", 5, 7), pred("a", 9, 8, "version", "v2")}}}
				res, rows, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.Resolve, s.Within, s.MaxBadShare = tc.resolve, 6*time.Hour, 0 }, preds, []tableObject{{file, tc.labels}})
				must(t, err)
				if got := matched(rows); got != tc.want {
					t.Errorf("%s: matches %q, want %q", file, got, tc.want)
				}
				want := tc.cov
				want.Predictions = 2
				if res.Coverage != want {
					t.Errorf("%s: coverage:\n got %+v\nwant %+v", file, res.Coverage, want)
				}
			}
		})
	}
	t.Run("a label without a timestamp is bad", func(t *testing.T) {
		res, _, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.Within = time.Hour }, nil, []tableObject{{"l.csv", []tableRow{at(nil, label("a", 1.0, 30))}}})
		must(t, err)
		if res.Skipped.Counts[groundtruth.MissingValue] != 1 {
			t.Errorf("skipped %v", res.Skipped.Counts)
		}
	})
	t.Run("times must be known", func(t *testing.T) {
		_, _, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.Within, s.LabelColumns.Timestamp = time.Hour, "" }, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "timestamp") {
			t.Errorf("error %v", err)
		}
	})
}

// TestWithinNotes tells of predictions of an entity that a later one of the window stands
// for, and of those with labels of several times, but not of a few of either.
func TestWithinNotes(t *testing.T) {
	for _, tc := range []struct {
		again, mixed, restated int
		within                 time.Duration
		want                   string
	}{
		{2, 2, 20, 2 * time.Hour, ""},
		{3, 2, 0, 2 * time.Hour, "3 of 23 predictions do not count, since there is a later one of the same id and model version in the window: where ids that ground_truth.match.within joins are predicted several times in a window, make `window` shorter, or the time a part of the id (columns.id: [id, hour], on both sides)"},
		{0, 3, 0, 2 * time.Hour, "3 of 20 predictions have labels of several timestamps that differ, among which resolve: latest chooses: make ground_truth.match.within shorter, so that it holds one label of each prediction"},
		{3, 3, 0, 0, ""},
	} {
		var preds, labels []tableRow
		for i := range 20 {
			preds = append(preds, pred(fmt.Sprint(i), 6, 1))
			labels = append(labels, at(hours(6), label(fmt.Sprint(i), 1.0, 30)))
		}
		for i := range tc.again {
			preds = append(preds, pred(fmt.Sprint(i), 5, 1))
		}
		for i := range tc.mixed {
			labels = append(labels, at(hours(7), label(fmt.Sprint(i), 2.0, 30)))
		}
		for i := range tc.restated {
			labels = append(labels, at(hours(6), label(fmt.Sprint(i), 3.0, 31)))
		}
		res, _, err := run(t, func(s *groundtruth.Spec, o *Options) { s.Within, o.Delay = tc.within, 24*time.Hour }, []tableObject{{"p.csv", preds}}, []tableObject{{"l.csv", labels}})
		must(t, err)
		notes := slices.DeleteFunc(res.Notes, func(n string) bool { return strings.Contains(n, "and were left out") })
		if got := strings.Join(notes, "\n"); got != tc.want {
			t.Errorf("%+v: notes %q", tc, got)
		}
	}
}

// TestJoinWithinMemoryIsBounded joins entities with more labels and deletes than fit into
// memory, which is that of the predictions alone.
func TestJoinWithinMemoryIsBounded(t *testing.T) {
	if n := unsafe.Sizeof(predictionLabels{}); n > predictionLabelsBytes {
		t.Errorf("the labels of a prediction take %d bytes", n)
	}
	if n := unsafe.Sizeof(deleted{}); n > deletedBytes {
		t.Errorf("a delete takes %d bytes", n)
	}
	const labels, limit, workers = 40_000, 1 << 20, 2
	for _, ids := range []int{1, 20, 2_000} {
		t.Run(fmt.Sprint(ids, " ids"), func(t *testing.T) {
			var p, l bytes.Buffer
			p.WriteString("id,at,pred,version,city,x,color\n")
			for i := range ids {
				fmt.Fprintf(&p, "%d,%s,%d,v1,Oslo,1,red\n", i, hours(0).Format(time.RFC3339), i)
			}
			l.WriteString("id,label,sold_at,loaded_at,op\n")
			loaded := hours(30).Format(time.RFC3339)
			for i := range ids { // came before all others, takes nothing back and counts once
				fmt.Fprintf(&l, "%d,,,%s,d\n", i, hours(29).Format(time.RFC3339))
			}
			latest := map[int]int{}
			for i := range labels {
				event := hours(0).Add(time.Duration(i) * time.Second).Format(time.RFC3339)
				fmt.Fprintf(&l, "%d,%d,%s,%s,\n", i%ids, i, event, loaded)
				if i/ids%2 == 1 {
					fmt.Fprintf(&l, "%d,,%s,%s,d\n", i%ids, event, loaded)
				} else {
					latest[i%ids] = i
				}
			}
			dir, spill := t.TempDir(), t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "p.csv"), p.Bytes(), 0o600))
			must(t, os.WriteFile(filepath.Join(dir, "l.csv"), l.Bytes(), 0o600))
			opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: workers, SpillDir: spill}}
			opt.hooks.memory = limit
			var peak, left int64
			opt.hooks.done = func(j *joiner) { peak, left = j.mem.peak.Load(), j.mem.tables.Load() }
			spec := testSpec(dir+"/p.csv", dir+"/l.csv")
			spec.Within = 24 * time.Hour
			res, sinks, err := Join(context.Background(), objstore.NewOpener(""), spec, groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), opt, newRecorder)
			must(t, err)
			want := tally{}
			for id, label := range latest {
				want[fmt.Sprint(id, "=", label)]++
			}
			compareTally(t, "pairs", mergeRecorders(sinks).pairs, want)
			cov := groundtruth.Coverage{Predictions: int64(ids), Labels: int64(ids), Matched: int64(ids), DuplicateLabels: labels * 3 / 2, ConflictingLabels: int64(ids)}
			if res.Coverage != cov {
				t.Errorf("coverage\n got %+v\nwant %+v", res.Coverage, cov)
			}
			if peak > limit+2*workers*maxBlock {
				t.Errorf("held %d bytes, want at most %d", peak, limit)
			}
			if left != 0 {
				t.Errorf("%d bytes of tables are still counted", left)
			}
			if res.SpilledBytes == 0 {
				t.Error("nothing was spilled")
			}
			noSpillLeft(t, spill)
		})
	}
}
