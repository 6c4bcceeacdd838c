package join

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// refColumns are those of a reference: prediction and label side by side.
var refColumns = []string{"id", "at", "pred", "version", "city", "x", "color", "label"}

// TestScanReferenceEqualsReference compares the scan with a simple one on random
// tables. Ids are all there, so that the rows may be dealt in any way.
func TestScanReferenceEqualsReference(t *testing.T) {
	var names memNames
	rapid.Check(t, func(rt *rapid.T) {
		var rows []tableRow
		spec := testSpec("", "")
		drawTask(rt, &spec)
		if rapid.IntRange(0, 3).Draw(rt, "without predictions") == 0 {
			spec.ReferenceColumns = &groundtruth.ReferenceColumns{PredictionColumns: spec.PredictionColumns, Label: "label"}
			p := &spec.ReferenceColumns.PredictionColumns
			p.Prediction, p.Score, p.Scores, p.Quantiles, p.Weight = "", "", nil, nil, ""
		}
		cols := spec.ColumnsOfReference()
		outcomes := genLabel(spec.Task)
		for i := range rapid.IntRange(0, 80).Draw(rt, "rows") {
			rows = append(rows, tableRow{
				"id": fmt.Sprint(i), "at": genTime(0, 5, true).Draw(rt, "at"), "pred": outcomes.Draw(rt, "pred"), "label": outcomes.Draw(rt, "label"),
				"version": rapid.SampledFrom([]tableCell{"v1", "v2", nil, ""}).Draw(rt, "version"), "city": rapid.SampledFrom([]tableCell{"Oslo", nil, ""}).Draw(rt, "city"),
				"x": genFloat().Draw(rt, "x"), "color": rapid.SampledFrom([]tableCell{"red", nil}).Draw(rt, "color"),
			})
			drawFurther(rt, &spec, rows[i])
		}
		// The second scan is asked for groups.
		groupOf := []func(int64) int64{func(int64) int64 { return 0 }, func(t int64) int64 { return -t / int64(6*time.Hour) % 3 }}
		want, skipped := []map[int64]*recorder{{}, {}}, map[string]int64{}
		sampled := expectation{sampledPreds: map[uint64]tally{}, sampledMatches: map[uint64]tally{}}
		for _, r := range rows {
			at, badTime := refTime(r["at"])
			p, further, badPred := refPredicted(&spec, &cols.PredictionColumns, r)
			l, noLabel, badLabel := refLabelValue(&spec, r["label"])
			why := badTime
			for _, w := range []string{badPred, badLabel} {
				if why == "" {
					why = w
				}
			}
			if why != "" {
				skipped[why]++
				continue
			}
			x := "-"
			if v, why := refNumber(r["x"]); why == "" {
				x = strconv.FormatFloat(v, 'g', -1, 64)
			}
			hash := idHash64(wordOf(r["id"]))
			if p != "-" { // no row without a prediction is sampled
				addSampled(sampled.sampledPreds, hash, words(true, at, p), 1)
			}
			for k := range want {
				g := groupOf[k](at)
				if want[k][g] == nil {
					want[k][g] = newRecorder()
				}
				of := want[k][g]
				of.preds[words(true, at, p)]++
				of.columns[words("version", refText(r["version"]))]++
				of.columns[words("x", x)]++
				of.columns[words("color", refText(r["color"]))]++
				if !noLabel {
					of.matches[words(words(true, at, p, l, refText(r["version"]), further), refText(r["city"]))]++
				}
			}
			if !noLabel && p != "-" {
				addSampled(sampled.sampledMatches, hash, words(true, at, p, l), 1)
			}
		}
		var first groundtruth.Result
		for k := range 2 {
			base := names.next(t)
			objects := make([]tableObject, rapid.IntRange(1, 4).Draw(rt, "objects"))
			for i := range objects {
				objects[i].rel = fmt.Sprintf("%d%s", i, rapid.SampledFrom([]string{".csv", ".jsonl", ".parquet"}).Draw(rt, "format"))
			}
			for _, r := range rows {
				o := &objects[rapid.IntRange(0, len(objects)-1).Draw(rt, "object")]
				o.rows = append(o.rows, r)
			}
			storeTables(t, base, objects, slices.Concat(refColumns, furtherColumns()))
			spec.Reference = groundtruth.Source{URL: base + "/*", Format: "auto"}
			opt := Options{Limits: groundtruth.Limits{Workers: rapid.IntRange(1, 4).Draw(rt, "workers")}}
			opt.hooks.sample = rapid.SampledFrom([]int{1, 5, 1000}).Draw(rt, "sample")
			if k == 1 {
				opt.Group = groupOf[k]
			}
			res, sinks, err := ScanReference(context.Background(), objstore.NewOpener(""), spec, opt, newGroupRecorder)
			if err != nil {
				rt.Fatal(err)
			}
			var all []*recorder
			got := map[int64][]*recorder{}
			for _, s := range sinks {
				for g, r := range s.of {
					all, got[g] = append(all, r), append(got[g], r)
				}
			}
			for g := range got {
				of, want := mergeRecorders(got[g]), want[k][g]
				if want == nil { // an object without rows tells of its columns
					want = newRecorder()
				}
				compareTally(rt, "predictions", of.preds, want.preds)
				compareTally(rt, "columns", of.columns, want.columns)
				compareTally(rt, "matches", of.matches, want.matches)
			}
			if len(got) < len(want[k]) {
				rt.Fatalf("rows of %d groups, want %d", len(got), len(want[k]))
			}
			sampled.compareSample(rt, opt.hooks.sample, all)
			if !maps.Equal(res.Skipped.Counts, skipped) {
				rt.Fatalf("skipped %v, want %v", res.Skipped.Counts, skipped)
			}
			if k == 0 {
				first = res
			} else if res.Coverage != first.Coverage {
				rt.Fatalf("dealt otherwise: %+v and %+v", res.Coverage, first.Coverage)
			}
		}
	})
}

// groupRecorder is a Sink that remembers what it was sent of each group.
type groupRecorder struct{ of map[int64]*recorder }

func newGroupRecorder() *groupRecorder { return &groupRecorder{map[int64]*recorder{}} }

func (g *groupRecorder) group(n int64) *recorder {
	if g.of[n] == nil {
		g.of[n] = newRecorder()
	}
	return g.of[n]
}

func (g *groupRecorder) AddPredictions(b *groundtruth.Batch) { g.group(b.Group).AddPredictions(b) }
func (g *groupRecorder) AddMatches(m *groundtruth.Matches)   { g.group(m.Group).AddMatches(m) }
func (g *groupRecorder) ResetPredictions()                   { panic("a reference has no duplicates") }

func TestScanReferenceWithoutOptionalColumns(t *testing.T) {
	var names memNames
	base := names.next(t)
	storeTables(t, base, []tableObject{{"a.csv", []tableRow{{"pred": 1.0, "label": 2.0}, {"pred": 3.0}, {"label": 4.0}}}}, []string{"pred", "label"})
	spec := testSpec("", "")
	spec.Reference = groundtruth.Source{URL: base + "/*"}
	res, sinks, err := ScanReference(context.Background(), objstore.NewOpener(""), spec, Options{}, newRecorder)
	must(t, err)
	all := mergeRecorders(sinks)
	if want := (tally{"false 0 1": 1, "false 0 3": 1}); !reflect.DeepEqual(all.preds, want) {
		t.Errorf("predictions %v, want %v", all.preds, want)
	}
	if want := (tally{words(false, 0, 1, 2, "-", "-"): 1}); !reflect.DeepEqual(all.matches, want) {
		t.Errorf("matches %v, want %v", all.matches, want)
	}
	row := func(i int) uint64 { return idHash64(string(append([]byte{byte(i), 7: 0}, "a.csv"...))) }
	if want := (map[uint64]tally{row(0): {"false 0 1": 1}, row(1): {"false 0 3": 1}}); !reflect.DeepEqual(all.sampledPreds, want) {
		t.Errorf("sampled predictions %v, want %v", all.sampledPreds, want)
	}
	if want := (map[uint64]tally{row(0): {"false 0 1 2": 1}}); !reflect.DeepEqual(all.sampledMatches, want) {
		t.Errorf("sampled matches %v, want %v", all.sampledMatches, want)
	}
	if want := (groundtruth.Coverage{Predictions: 2, Labels: 1, Matched: 1}); res.Coverage != want || res.Skipped.Counts[groundtruth.MissingValue] != 1 {
		t.Errorf("coverage %+v, skipped %v", res.Coverage, res.Skipped.Counts)
	}
	if len(res.Notes) == 0 || !strings.Contains(res.Notes[0], "is not in 1 of 1 objects of reference") {
		t.Errorf("notes %q do not name the absent columns", res.Notes)
	}
}

// TestScanReferenceOfOtherColumns reads references whose columns have other names than the
// log's, or that have no predictions or no labels.
func TestScanReferenceOfOtherColumns(t *testing.T) {
	var names memNames
	base := names.next(t)
	header := []string{"when", "estimate", "release", "target", "city"}
	at := func(day int) tableCell { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }
	storeTables(t, base, []tableObject{{"a.csv", []tableRow{
		{"when": at(1), "estimate": 1.0, "release": "v1", "target": 2.0, "city": "Oslo"},
		{"when": at(1), "release": "v1", "target": 4.0, "city": "Oslo"},
		{"when": at(1), "estimate": 5.0},
	}}}, header)
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	for _, tc := range []struct {
		name    string
		columns groundtruth.ReferenceColumns
		matches tally
		want    groundtruth.Coverage
	}{
		{
			"all renamed", groundtruth.ReferenceColumns{PredictionColumns: groundtruth.PredictionColumns{Timestamp: "when", Prediction: "estimate", ModelVersion: "release"}, Label: "target"},
			tally{words(true, first, 1, 2, `"v1"`, `"Oslo"`): 1},
			groundtruth.Coverage{Predictions: 2, Labels: 1, Matched: 1},
		},
		{
			"no predictions", groundtruth.ReferenceColumns{Label: "target"},
			tally{words(false, 0, "-", 2, "-", `"Oslo"`): 1, words(false, 0, "-", 4, "-", `"Oslo"`): 1},
			groundtruth.Coverage{Predictions: 3, Labels: 2, Matched: 2},
		},
		{
			"no labels", groundtruth.ReferenceColumns{PredictionColumns: groundtruth.PredictionColumns{Prediction: "estimate"}},
			tally{}, groundtruth.Coverage{Predictions: 2},
		},
		{"neither", groundtruth.ReferenceColumns{}, tally{}, groundtruth.Coverage{Predictions: 3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := testSpec("", "")
			spec.Reference = groundtruth.Source{URL: base + "/*"}
			spec.ReferenceColumns = &tc.columns
			spec.MaxBadShare = 1
			res, sinks, err := ScanReference(context.Background(), objstore.NewOpener(""), spec, Options{}, newRecorder)
			must(t, err)
			if res.Coverage != tc.want {
				t.Errorf("coverage %+v, want %+v", res.Coverage, tc.want)
			}
			compareTally(t, "matches", mergeRecorders(sinks).matches, tc.matches)
		})
	}
}

func TestScanReferenceFails(t *testing.T) {
	var names memNames
	base := names.next(t)
	storeTables(t, base, []tableObject{{"a.csv", []tableRow{{"pred": math.NaN(), "label": 2.0}, {"pred": 3.0}}}}, []string{"pred", "label"})
	for _, tc := range []struct {
		name   string
		change func(*groundtruth.Spec)
		want   string
	}{
		{"no url", func(s *groundtruth.Spec) { s.Reference.URL = "" }, "no url is set"},
		{"wrong label column", func(s *groundtruth.Spec) { s.LabelColumns.Label = "price" }, `a.csv has no column "price": it has `},
		{"how to write another label column", func(s *groundtruth.Spec) { s.LabelColumns.Label = "price" }, `; write reference: {columns: {label: NAME}}, with the name that it has in the reference, or "" where it has none; if the log calls it so too, correct ground_truth.columns.label instead`},
		{"how to write that there is no prediction", func(s *groundtruth.Spec) { s.PredictionColumns.Prediction = "p" }, `write reference: {columns: {prediction: NAME}}, with the name that it has in the reference, or "" where it has none; if the log calls it so too, correct predictions.columns.prediction instead`},
		{"a name of the reference alone", func(s *groundtruth.Spec) {
			s.ReferenceColumns = &groundtruth.ReferenceColumns{PredictionColumns: groundtruth.PredictionColumns{Prediction: "score"}, Label: "label"}
		}, `write reference: {columns: {prediction: NAME}}, with the name that it has in the reference, or "" where it has none;END`},
		{"both", func(s *groundtruth.Spec) { s.PredictionColumns.Prediction, s.LabelColumns.Label = "p", "price" }, `write reference: {columns: {prediction: NAME, label: NAME}}, with the name that it has in the reference, or "" where it has none; if the log calls it so too, correct predictions.columns.prediction and ground_truth.columns.label instead`},
		{"too many bad rows", func(s *groundtruth.Spec) { s.MaxBadShare = 0.4 }, `reference: 1 of 2 records read are bad, a share above max_bad_share 0.4: 1 bad_number in column "pred" (first in a.csv, record 1: "NaN")`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := testSpec("", "")
			spec.Reference = groundtruth.Source{URL: base + "/*"}
			tc.change(&spec)
			_, _, err := ScanReference(context.Background(), objstore.NewOpener(""), spec, Options{}, newRecorder)
			if err == nil || !strings.Contains(err.Error()+";END", tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}
