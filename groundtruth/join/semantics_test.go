package join

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// pred is a prediction row; only what a test is about differs.
func pred(id string, at int, value float64, change ...tableCell) tableRow {
	r := tableRow{"id": id, "at": hours(at), "pred": value, "version": "v1", "city": "Oslo", "x": 1.0, "color": "red"}
	for i := 0; i < len(change); i += 2 {
		r[wordOf(change[i])] = change[i+1]
	}
	return r
}

// label is a label row, loaded at an hour.
func label(id string, value tableCell, loaded int, change ...tableCell) tableRow {
	r := tableRow{"id": id, "label": value, "sold_at": hours(12), "loaded_at": hours(loaded), "op": "u"}
	for i := 0; i < len(change); i += 2 {
		r[wordOf(change[i])] = change[i+1]
	}
	return r
}

// matched returns the predictions and labels of the matches, in order.
func matched(r *recorder) string { return inOrder(r.pairs) }

// kept returns the prediction values that the sinks took, in order.
func kept(r *recorder) string { return inOrder(r.values) }

// inOrder lists the words of a tally, each as often as it came.
func inOrder(t tally) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(t)) {
		out = append(out, slices.Repeat([]string{k}, t[k])...)
	}
	return strings.Join(out, " ")
}

func TestSemantics2_UniquePredictions(t *testing.T) {
	for _, tc := range []struct {
		name       string
		preds      []tableObject
		want       string
		duplicates int64
	}{
		{"latest timestamp wins", []tableObject{{"b.csv", []tableRow{pred("a", 5, 1)}}, {"a.csv", []tableRow{pred("a", 6, 2)}}}, "2", 1},
		{"then the greater key", []tableObject{{"b.csv", []tableRow{pred("a", 5, 1)}}, {"a.csv", []tableRow{pred("a", 5, 2), pred("a", 5, 3)}}}, "1", 2},
		{"then the later row", []tableObject{{"a.csv", []tableRow{pred("a", 5, 1), pred("a", 5, 2)}}}, "2", 1},
		{"versions are apart", []tableObject{{"a.csv", []tableRow{pred("a", 5, 1), pred("a", 5, 2, "version", "v2"), pred("a", 5, 3, "version", nil)}}}, "1 2 3", 0},
		{"outside of the window does not count", []tableObject{{"a.csv", []tableRow{pred("a", 5, 1), pred("a", 24, 2), pred("a", -1, 3)}}}, "1", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, rows, err := run(t, nil, tc.preds, []tableObject{{"l.csv", []tableRow{label("a", 9.0, 30)}}})
			must(t, err)
			if got := kept(rows); got != tc.want || res.Coverage.DuplicatePredictions != tc.duplicates {
				t.Errorf("kept %q with %d duplicates, want %q with %d", got, res.Coverage.DuplicatePredictions, tc.want, tc.duplicates)
			}
			if n := int64(len(strings.Fields(tc.want))); res.Coverage.Predictions != n || res.Coverage.Matched != n {
				t.Errorf("coverage %+v, want %d predictions, all matched", res.Coverage, n)
			}
		})
	}
}

func TestSemantics2_KeyOrderIsRelative(t *testing.T) {
	// Below the fixed part the keys are y/1 and z/0, whatever comes before.
	_, rows, err := run(t, nil, []tableObject{{"z/0.csv", []tableRow{pred("a", 5, 1)}}, {"y/1.csv", []tableRow{pred("a", 5, 2)}}}, nil)
	must(t, err)
	if got := kept(rows); got != "1" {
		t.Errorf("kept %s, want the row of z/0.csv", got)
	}
}

func TestSemantics2_ResolveLabels(t *testing.T) {
	for _, tc := range []struct {
		name    string
		resolve groundtruth.Resolve
		labels  []tableObject
		want    string
		cov     groundtruth.Coverage // what differs from no labels
	}{
		{"latest by ingest time", groundtruth.ResolveLatest, []tableObject{{"b.csv", []tableRow{label("a", 1.0, 30)}}, {"a.csv", []tableRow{label("a", 2.0, 31)}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1, ConflictingLabels: 1}},
		{"then key", groundtruth.ResolveLatest, []tableObject{{"b.csv", []tableRow{label("a", 1.0, 30)}}, {"a.csv", []tableRow{label("a", 2.0, 30)}}}, "7=1",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1, ConflictingLabels: 1}},
		{"then row", groundtruth.ResolveLatest, []tableObject{{"b.csv", []tableRow{label("a", 1.0, 30), label("a", 2.0, 30)}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1, ConflictingLabels: 1}},
		{"a delete removes", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", 1.0, 30), label("a", nil, 31, "op", "Delete")}}}, "",
			groundtruth.Coverage{DuplicateLabels: 1, DeletedLabels: 1}},
		{"a label after a delete counts", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", 1.0, 30, "op", "d"), label("a", 2.0, 31)}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1}},
		{"null is unknown, not deleted", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", 1.0, 30), label("a", nil, 31)}}}, "",
			groundtruth.Coverage{DuplicateLabels: 1, NullLabels: 1}},
		{"a null before does not matter", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", nil, 30), label("a", 2.0, 31)}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1}},
		{"first", groundtruth.ResolveFirst, []tableObject{{"a.csv", []tableRow{label("a", 2.0, 31), label("a", 1.0, 30)}}}, "7=1",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1, ConflictingLabels: 1}},
		{"first, then deleted", groundtruth.ResolveFirst, []tableObject{{"a.csv", []tableRow{label("a", 2.0, 31), label("a", 1.0, 32, "op", "D")}}}, "",
			groundtruth.Coverage{DuplicateLabels: 1, DeletedLabels: 1}},
		{"conflict is missing", groundtruth.ResolveConflictIsMissing, []tableObject{{"a.csv", []tableRow{label("a", 2.0, 31), label("a", 1.0, 30)}}}, "",
			groundtruth.Coverage{DuplicateLabels: 1, ConflictingLabels: 1}},
		{"equal versions are no conflict", groundtruth.ResolveConflictIsMissing, []tableObject{{"a.csv", []tableRow{label("a", 2.0, 31), label("a", 2.0, 30)}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1}},
		{"NaN is unknown", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", math.NaN(), 30)}}, {"b.parquet", []tableRow{label("b", math.NaN(), 30)}}, {"c.jsonl", []tableRow{label("c", math.NaN(), 30)}}}, "",
			groundtruth.Coverage{NullLabels: 3}},
		{"pending: neither label nor ingest time", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", nil, 0, "loaded_at", nil)}}, {"b.parquet", []tableRow{label("b", math.NaN(), 0, "loaded_at", nil)}}, {"c.jsonl", []tableRow{label("c", nil, 0, "loaded_at", nil)}}}, "",
			groundtruth.Coverage{NullLabels: 3}},
		{"a pending label is older than every other", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", 2.0, 30)}}, {"b.csv", []tableRow{label("a", nil, 0, "loaded_at", nil)}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 1}},
		{"a pending label is not the first", groundtruth.ResolveFirst, []tableObject{{"a.csv", []tableRow{label("a", nil, 0, "loaded_at", nil), label("a", 2.0, 30), label("a", 3.0, 31)}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, DuplicateLabels: 2, ConflictingLabels: 1}},
		{"pending labels alone, first", groundtruth.ResolveFirst, []tableObject{{"a.csv", []tableRow{label("a", nil, 0, "loaded_at", nil), label("a", nil, 0, "loaded_at", nil)}}}, "",
			groundtruth.Coverage{DuplicateLabels: 1, NullLabels: 1}},
		{"a pending label of an id that was deleted", groundtruth.ResolveFirst, []tableObject{{"a.csv", []tableRow{label("a", nil, 30, "op", "d"), label("a", nil, 0, "loaded_at", nil)}}}, "",
			groundtruth.Coverage{DuplicateLabels: 1, DeletedLabels: 1}},
		{"labels of other windows", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("other", 2.0, 31), label("a", 2.0, 30)}}}, "7=2",
			groundtruth.Coverage{Labels: 2, Matched: 1, UnmatchedLabels: 1}},
		{"a label before its prediction", groundtruth.ResolveLatest, []tableObject{{"a.csv", []tableRow{label("a", 2.0, 31, "sold_at", hours(4))}}}, "7=2",
			groundtruth.Coverage{Labels: 1, Matched: 1, LabelsBefore: 1}},
		{"integers and text join", groundtruth.ResolveLatest, []tableObject{{"a.parquet", []tableRow{label("", 3.0, 30, "id", int64(42))}}}, "8=3",
			groundtruth.Coverage{Labels: 1, Matched: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			preds := []tableObject{{"p.csv", []tableRow{pred("a", 5, 7), pred("42", 5, 8)}}}
			res, rows, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.Resolve, s.MaxBadShare = tc.resolve, 0 }, preds, tc.labels)
			must(t, err)
			if got := matched(rows); got != tc.want {
				t.Errorf("matches %q, want %q", got, tc.want)
			}
			want := tc.cov
			want.Predictions = 2
			if res.Coverage != want {
				t.Errorf("coverage:\n got %+v\nwant %+v", res.Coverage, want)
			}
		})
	}
}

func TestSemantics2_OneLabelOfSeveralVersions(t *testing.T) {
	res, rows, err := run(t, nil, []tableObject{{"p.csv", []tableRow{pred("a", 5, 7), pred("a", 6, 8, "version", "v2")}}},
		[]tableObject{{"a.csv", []tableRow{label("a", 2.0, 31)}}})
	must(t, err)
	if got := matched(rows); got != "7=2 8=2" || res.Coverage.Labels != 1 || res.Coverage.UnmatchedLabels != 0 {
		t.Errorf("matches %q, coverage %+v", got, res.Coverage)
	}
}

func TestSemantics2_AsOf(t *testing.T) {
	preds := []tableObject{{"p.csv", []tableRow{pred("a", 5, 7)}}}
	later := 24 * 7 // the tests' as-of
	folders := func(pattern string, past bool) func(*groundtruth.Spec, *Options) {
		return func(s *groundtruth.Spec, o *Options) {
			s.LabelColumns.IngestedAt, o.Past = "", past
			s.Labels.URL = strings.Replace(s.Labels.URL, "**", pattern, 1)
		}
	}
	inZone := func(name string) func(*groundtruth.Spec, *Options) {
		zone, err := groundtruth.ParseZone(name)
		must(t, err)
		return func(s *groundtruth.Spec, o *Options) {
			folders("dt={date}/*", true)(s, o)
			s.Labels.PartitionZone = zone
		}
	}
	for _, tc := range []struct {
		name    string
		labels  []tableObject
		change  func(*groundtruth.Spec, *Options)
		want    string
		hidden  int64
		applied bool
	}{
		{"hides what was ingested later, not at as-of", []tableObject{{"a.csv", []tableRow{label("a", 1.0, 30), label("a", 2.0, later), label("a", 3.0, later+1)}}}, nil, "7=2", 1, true},
		{"bad records of the future are not bad yet", []tableObject{{"a.csv", []tableRow{label("a", 1.0, 30), label("a", "x", later+1)}}},
			func(s *groundtruth.Spec, _ *Options) { s.MaxBadShare = 0 }, "7=1", 1, true},
		{"the partition's date serves",
			[]tableObject{{"dt=2026-01-07/a.csv", []tableRow{label("a", 1.0, 0)}}, {"dt=2026-01-08/0.csv", []tableRow{label("a", 2.0, 0)}}, {"dt=2026-01-09/a.csv", []tableRow{label("a", 3.0, 0)}}},
			func(s *groundtruth.Spec, _ *Options) {
				s.LabelColumns.IngestedAt = ""
				s.Labels.URL = strings.Replace(s.Labels.URL, "**", "dt={date}/*", 1)
			}, "7=2", 0, true}, // The 9th is not even listed.
		{"slack reaches the next partition, which is hidden",
			[]tableObject{{"dt=2026-01-07/a.csv", []tableRow{label("a", 1.0, 0)}}, {"dt=2026-01-09/a.csv", []tableRow{label("a", 3.0, 0)}}},
			func(s *groundtruth.Spec, _ *Options) {
				s.LabelColumns.IngestedAt = ""
				s.Labels.Slack = hours(48).Sub(hours(0))
				s.Labels.URL = strings.Replace(s.Labels.URL, "**", "dt={date}/*", 1)
			}, "7=1", 1, true},
		{"a folder's labels count from its end: a day",
			[]tableObject{{"dt=2026-01-07/a.csv", []tableRow{label("a", 1.0, 0)}}, {"dt=2026-01-08/0.csv", []tableRow{label("a", 2.0, 0)}}},
			folders("dt={date}/*", true), "7=1", 1, true},
		{"a folder's labels count from its end: a day that ends later in its zone",
			[]tableObject{{"dt=2026-01-06/a.csv", []tableRow{label("a", 1.0, 0)}}, {"dt=2026-01-07/0.csv", []tableRow{label("a", 2.0, 0)}}},
			inZone("America/New_York"), "7=1", 1, true},
		{"a folder's labels count from its end: a day that ends earlier in its zone",
			[]tableObject{{"dt=2026-01-07/a.csv", []tableRow{label("a", 1.0, 0)}}, {"dt=2026-01-08/0.csv", []tableRow{label("a", 2.0, 0)}}},
			inZone("Asia/Tokyo"), "7=1", 1, true},
		{"a folder's labels count from its end: an hour",
			[]tableObject{{"dt=2026-01-07/hour=23/a.csv", []tableRow{label("a", 1.0, 0)}}, {"dt=2026-01-08/hour=00/0.csv", []tableRow{label("a", 2.0, 0)}}},
			folders("dt={date}/hour={hour}/*", true), "7=1", 1, true},
		{"a folder's labels count from its end: a month",
			[]tableObject{{"year=2026/month=01/a.csv", []tableRow{label("a", 2.0, 0)}}},
			folders("year={year}/month={month}/*", true), "", 1, true},
		{"a pass of now sees what there is: an hour",
			[]tableObject{{"dt=2026-01-07/hour=23/a.csv", []tableRow{label("a", 1.0, 0)}}, {"dt=2026-01-08/hour=00/0.csv", []tableRow{label("a", 2.0, 0)}}},
			folders("dt={date}/hour={hour}/*", false), "7=2", 0, true},
		{"a pass of now sees what there is: a month",
			[]tableObject{{"year=2026/month=01/a.csv", []tableRow{label("a", 2.0, 0)}}},
			folders("year={year}/month={month}/*", false), "7=2", 0, true},
		{"without either nothing is hidden and it says so", []tableObject{{"a.csv", []tableRow{label("a", 1.0, 30), label("a", 2.0, later+1)}}},
			func(s *groundtruth.Spec, _ *Options) { s.LabelColumns.IngestedAt = "" }, "7=2", 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, rows, err := run(t, tc.change, preds, tc.labels)
			must(t, err)
			if got := matched(rows); got != tc.want || res.Coverage.HiddenLabels != tc.hidden || res.AsOfApplied != tc.applied {
				t.Errorf("matches %q, hidden %d, applied %t; want %q, %d, %t", got, res.Coverage.HiddenLabels, res.AsOfApplied, tc.want, tc.hidden, tc.applied)
			}
		})
	}
}

func TestSemantics2_LabelsFromWindowStartLessSlack(t *testing.T) {
	labels := []tableObject{
		{"dt=2025-12-30/a.csv", []tableRow{label("a", 1.0, 1)}},
		{"dt=2025-12-31/a.csv", []tableRow{label("b", 2.0, 1)}},
		{"dt=2026-01-05/a.csv", []tableRow{label("c", 3.0, 1)}}, // a correction long after the window
	}
	preds := []tableObject{{"p.csv", []tableRow{pred("a", 5, 7), pred("b", 5, 8), pred("c", 5, 9)}}}
	for slack, want := range map[int]string{0: "9=3", 24: "8=2 9=3", 48: "7=1 8=2 9=3"} {
		_, rows, err := run(t, func(s *groundtruth.Spec, _ *Options) {
			s.Labels.Slack = hours(slack).Sub(hours(0))
			s.Labels.URL = strings.Replace(s.Labels.URL, "**", "dt={date}/*", 1)
		}, preds, labels)
		must(t, err)
		if got := matched(rows); got != want {
			t.Errorf("slack %d h: matches %q, want %q", slack, got, want)
		}
	}
}

func TestSemantics1_WindowIsHalfOpenOnPredictionTime(t *testing.T) {
	preds := []tableObject{
		{"dt=2025-12-31/a.csv", []tableRow{pred("a", -1, 1), pred("b", 0, 2)}}, // arrived early
		{"dt=2026-01-01/a.csv", []tableRow{pred("c", 0, 3), pred("d", 23, 4), pred("e", 24, 5)}},
		{"dt=2026-01-02/a.csv", []tableRow{pred("f", 23, 6), pred("g", 24, 7)}}, // arrived late
	}
	for slack, want := range map[int]string{0: "3 4", 1: "2 3 4 6"} {
		_, rows, err := run(t, func(s *groundtruth.Spec, _ *Options) {
			s.Predictions.Slack = hours(slack).Sub(hours(0))
			s.Predictions.URL = strings.Replace(s.Predictions.URL, "**", "dt={date}/*", 1)
		}, preds, nil)
		must(t, err)
		if got := kept(rows); got != want {
			t.Errorf("slack %d h: kept %q, want %q", slack, got, want)
		}
	}
}

func TestSemantics1_WithoutTimesThePartitionDecides(t *testing.T) {
	preds := []tableObject{
		{"dt=2025-12-31/a.csv", []tableRow{pred("a", 5, 1)}},
		{"dt=2026-01-01/a.csv", []tableRow{pred("b", 50, 2), pred("c", 5, 3, "at", nil)}},
	}
	res, rows, err := run(t, func(s *groundtruth.Spec, _ *Options) {
		s.Predictions.Slack = hours(24).Sub(hours(0))
		s.PredictionColumns.Timestamp = ""
		s.Predictions.URL = strings.Replace(s.Predictions.URL, "**", "dt={date}/*", 1)
	}, preds, nil)
	must(t, err)
	if got := kept(rows); got != "2 3" {
		t.Errorf("kept %q, want the rows of the window's partition", got)
	}
	if !slices.ContainsFunc(res.Notes, func(n string) bool { return strings.Contains(n, "no timestamp column") }) {
		t.Errorf("notes %q do not say so", res.Notes)
	}
}

func TestSemantics1_ClosedWindowReadsNoLabels(t *testing.T) {
	res, rows, err := run(t, func(s *groundtruth.Spec, o *Options) { o.ReadLabels = false; s.Labels.URL = "mem://nothing-there/*" },
		[]tableObject{{"p.csv", []tableRow{pred("a", 5, 1), pred("a", 6, 2)}}}, nil)
	must(t, err)
	if res.LabelsRead || len(rows.matches) > 0 || kept(rows) != "2" || res.Coverage != (groundtruth.Coverage{Predictions: 1, DuplicatePredictions: 1}) {
		t.Errorf("result %+v, rows %v", res, rows)
	}
}

func TestSemantics2_BadRecords(t *testing.T) {
	good := make([]tableRow, 0, 90)
	for i := range 90 {
		good = append(good, pred(fmt.Sprint("g", i), 5, 1))
	}
	bad := []tableRow{
		pred("a", 5, 0, "pred", "abc"), pred("b", 5, 0, "pred", "NaN"), pred("c", 5, 0, "pred", nil), pred("", 5, 1),
		pred("e", 5, 1, "at", "yesterday"), pred("f", 5, 1, "at", nil), {"!": "!"}, pred("g", 5, 0, "pred", "-Inf"),
		pred("out", 30, 0, "pred", "abc"), pred("", 30, 0), // not of this window
	}
	preds := []tableObject{{"a.csv", good}, {"b.csv", bad}}
	labels := []tableObject{{"l.csv", append([]tableRow{
		label("g0", "x", 30), label("", 1.0, 30), label("g1", 1.0, 30, "loaded_at", "x"), label("g1", 1.0, 30, "loaded_at", nil),
		label("g1", 1.0, 30, "sold_at", "x"), label("g2", 1.0, 30, "sold_at", nil), label("g3", "x", 30, "op", "d"),
		label("g1", nil, 30, "loaded_at", nil, "op", "d"), label("g1", nil, 30, "loaded_at", "x"), label("g1", "-Inf", 30),
	}, slices.Repeat([]tableRow{label("g4", 1.0, 30)}, 90)...)}}
	res, _, err := run(t, nil, preds, labels)
	must(t, err)
	want := map[string]int64{groundtruth.BadNumber: 5, groundtruth.MissingValue: 4, groundtruth.MissingID: 2, groundtruth.BadTime: 4, groundtruth.BadRow: 1}
	if !maps.Equal(res.Skipped.Counts, want) {
		t.Errorf("skipped %v, want %v", res.Skipped.Counts, want)
	}
	first := res.Skipped.Samples[groundtruth.BadNumber][0]
	if first != (groundtruth.BadSample{Source: fromPredictions, Object: "b.csv", Row: 1, Column: "pred", Value: "abc"}) {
		t.Errorf("first sample %+v", first)
	}
	columns := map[string]map[string]int64{
		groundtruth.BadNumber: {"pred": 3, "label": 2}, groundtruth.MissingValue: {"pred": 1, "at": 1, "loaded_at": 2},
		groundtruth.MissingID: {"id": 2}, groundtruth.BadTime: {"at": 1, "loaded_at": 2, "sold_at": 1},
	}
	if !reflect.DeepEqual(res.Skipped.Columns, columns) {
		t.Errorf("by column %v, want %v", res.Skipped.Columns, columns)
	}
	for _, want := range []string{
		`left out of predictions: 3 bad_number in column "pred" (first in b.csv, record 1: "abc"), 1 bad_row (first in b.csv, record 7: "short"), 1 bad_time in column "at" (first in b.csv, record 5: "yesterday"), 1 missing_id in column "id" (first in b.csv, record 4), 2 missing_value in columns "at" (1), "pred" (1) (first in b.csv, record 3)`,
		`left out of labels: 2 bad_number in column "label" (first in l.csv, record 1: "x"), 3 bad_time in columns "loaded_at" (2), "sold_at" (1) (first in l.csv, record 3: "x"), 1 missing_id in column "id" (first in l.csv, record 2), 2 missing_value in column "loaded_at" (first in l.csv, record 4)`,
	} {
		if !slices.Contains(res.Notes, want) {
			t.Errorf("no note %s\nin %q", want, res.Notes)
		}
	}
	if res.Coverage.Labels != 2 || res.Coverage.DeletedLabels != 1 {
		t.Errorf("coverage %+v, want labels of g2 and g4, and g3 deleted", res.Coverage)
	}

	for _, tc := range []struct {
		name  string
		share float64
		want  string // in the error; none when empty
	}{
		{"just allowed", 8.0 / 96, ""},
		{"more than allowed", 0.06, `predictions: 8 of 100 records read are bad, a share above max_bad_share 0.06: 3 bad_number in column "pred" (first in b.csv, record 1: "abc"), 1 bad_row (first in b.csv, record 7`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.MaxBadShare = tc.share }, preds, nil)
			if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
	t.Run("a bad window in a long log", func(t *testing.T) {
		long := make([]tableRow, 0, 1000)
		for i := range 995 {
			long = append(long, pred(fmt.Sprint("g", i), 30, 1))
		}
		long = append(long, pred("a", 5, 1), pred("b", 5, 1, "pred", "x"))
		_, _, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.MaxBadShare = 0.01 }, []tableObject{{"a.csv", long}}, nil)
		if err == nil || !strings.Contains(err.Error(), "1 of 2 records of the window are bad") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("labels", func(t *testing.T) {
		_, _, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.MaxBadShare = 0.04 }, preds[:1], labels)
		if err == nil || !strings.Contains(err.Error(), "labels: 8 of 100 records read are bad") {
			t.Errorf("error %v", err)
		}
	})
}

// TestJoinIDOfSeveralColumns joins ids that two columns make.
func TestJoinIDOfSeveralColumns(t *testing.T) {
	part := func(r tableRow, day tableCell) tableRow { r["day"] = day; return r }
	preds := []tableObject{
		{"p.parquet", []tableRow{part(pred("a", 5, 1), int64(1)), part(pred("a", 5, 2), int64(2)), part(pred("b", 5, 3), nil)}},
		{"q.csv", []tableRow{part(pred("a", 5, 4), "bc"), part(pred("ab", 5, 5), "c"), part(pred("c", 5, 6), "a"), part(pred("d", 5, 7), "2026-01-02"), part(pred("", 5, 8), "1")}},
		{"r.parquet", []tableRow{part(pred("e", 5, 9), hours(24))}},
	}
	labels := []tableObject{
		{"l.csv", []tableRow{part(label("a", 11.0, 30), "1"), part(label("a", 14.0, 30), "bc"), part(label("a", 16.0, 30), "c"), part(label("e", 19.0, 30), hours(24))}},
		{"m.jsonl", []tableRow{part(label("a", 12.0, 30), int64(2)), part(label("c", 99.0, 30), nil), part(label("d", 17.0, 30), "2026-01-02")}},
	}
	res, rows, err := run(t, func(s *groundtruth.Spec, _ *Options) {
		s.PredictionColumns.ID, s.LabelColumns.ID = groundtruth.IDColumns{"id", "day"}, groundtruth.IDColumns{"id", "day"}
	}, preds, labels)
	must(t, err)
	if got, want := matched(rows), "1=11 2=12 4=14 7=17 9=19"; got != want {
		t.Errorf("matches %q, want %q", got, want)
	}
	want := []groundtruth.BadSample{
		{Source: fromLabels, Object: "m.jsonl", Row: 2, Column: "day"},
		{Source: fromPredictions, Object: "p.parquet", Row: 3, Column: "day"},
		{Source: fromPredictions, Object: "q.csv", Row: 5, Column: "id"},
	}
	if got := res.Skipped.Samples[groundtruth.MissingID]; !slices.Equal(got, want) {
		t.Errorf("missing ids %+v, want %+v", got, want)
	}
}
