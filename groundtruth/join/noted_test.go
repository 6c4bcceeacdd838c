package join

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// TestKeysThatNoRecordHas maps columns that no record of JSON Lines has. Where all records
// are bad for it, or many labels would be unknown, that is the error of a file that lacks
// a column; else a note says so, with the keys that there are.
func TestKeysThatNoRecordHas(t *testing.T) {
	preds := make([]tableRow, 5)
	for i := range preds {
		preds[i] = pred(fmt.Sprint("p", i), 5, 1)
	}
	labels := func(n int, change ...tableCell) []tableRow {
		rows := make([]tableRow, n)
		for i := range rows {
			rows[i] = label(fmt.Sprint("p", i), 1.0, 30, change...)
		}
		return rows
	}
	for _, tc := range []struct {
		name   string
		change func(*groundtruth.Spec)
		labels []tableObject
		err    string
		note   string // without, there is none
	}{
		{
			"label", func(s *groundtruth.Spec) { s.LabelColumns.Label = "labels" }, []tableObject{{"a.jsonl", labels(60)}, {"b.jsonl", labels(60)}},
			`labels/a.jsonl has no column "labels": it has "id", "label", "loaded_at", "op", "sold_at" (did you mean "label"?)`, "",
		},
		{
			"label of few records", func(s *groundtruth.Spec) { s.LabelColumns.Label = "labels" }, []tableObject{{"a.jsonl", labels(3)}, {"b.jsonl", labels(3)}}, "",
			`column "labels" is in no record of labels, first a.jsonl: its values count as missing; the records there have "id", "label", "loaded_at", "op", "sold_at" (did you mean "label"?)`,
		},
		{"label that one object has", nil, []tableObject{{"a.jsonl", labels(120, "label", nil)}, {"b.jsonl", labels(1)}}, "", ""},
		{"label that one object of another format has", nil, []tableObject{{"a.jsonl", labels(120, "label", nil)}, {"b.csv", labels(1)}}, "", ""},
		{"deletes without a label", nil, []tableObject{{"a.jsonl", labels(120, "label", nil, "op", "delete")}}, "", ""},
		{"operation", func(s *groundtruth.Spec) { s.LabelColumns.Op = "Op" }, []tableObject{{"a.jsonl", labels(2)}}, "", `column "Op" is in no record of labels, first a.jsonl: its values count as missing; the records there have "id", "label", "loaded_at", "op", "sold_at" (did you mean "op"?)`},
		{"ingest time", func(s *groundtruth.Spec) { s.LabelColumns.IngestedAt = "loaded" }, []tableObject{{"a.jsonl", labels(2)}}, `has no column "loaded": it has "id", "label", "loaded_at", "op", "sold_at" (did you mean "loaded_at"?)`, ""},
		{"id of labels", func(s *groundtruth.Spec) { s.LabelColumns.ID = groundtruth.IDColumns{"key"} }, []tableObject{{"a.jsonl", labels(2)}}, `has no column "key"`, ""},
		{"prediction", func(s *groundtruth.Spec) { s.PredictionColumns.Prediction = "prediction" }, nil, `preds/p.jsonl has no column "prediction": it has "at", "city", "color", "id", "pred" and 2 more (did you mean "pred"?)`, ""},
		{"time", func(s *groundtruth.Spec) { s.PredictionColumns.Timestamp = "ts" }, nil, `has no column "ts"`, ""},
		{"version", func(s *groundtruth.Spec) { s.PredictionColumns.ModelVersion = "model_version" }, nil, "", `column "model_version" is in no record of predictions, first p.jsonl: its values count as missing; the records there have "at", "city", "color", "id", "pred" and 2 more (did you mean "version"?)`},
		{"feature", func(s *groundtruth.Spec) {
			s.Features = []groundtruth.FeatureSpec{{Name: "size", Kind: groundtruth.Number}}
		}, nil, "", `column "size" is in no record of predictions`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for workers := 1; workers <= 3; workers++ {
				res, _, err := run(t, func(s *groundtruth.Spec, o *Options) {
					s.MaxBadShare, o.Limits.Workers = 0.01, workers
					if tc.change != nil {
						tc.change(s)
					}
				}, []tableObject{{"p.jsonl", preds}}, tc.labels)
				if tc.err != "" {
					var missing *table.MissingColumnError
					if !errors.As(err, &missing) || !strings.Contains(err.Error(), tc.err) {
						t.Errorf("%d workers: error %v, want %s", workers, err, tc.err)
					}
					continue
				}
				must(t, err)
				noted := slices.DeleteFunc(res.Notes, func(s string) bool { return !strings.Contains(s, "in no record") })
				if len(noted) > 1 || tc.note != "" && (len(noted) == 0 || !strings.HasPrefix(noted[0], tc.note)) || tc.note == "" && len(noted) > 0 {
					t.Errorf("%d workers: notes %q, want %q", workers, noted, tc.note)
				}
			}
		})
	}
}

// TestOperationsThatNobodyKnows reads labels with operations that are neither deletes nor
// words for setting the label: they set it, and a note counts them.
func TestOperationsThatNobodyKnows(t *testing.T) {
	ops := func(words ...string) []tableObject {
		objects := []tableObject{{"a.csv", nil}, {"b.jsonl", nil}, {"c.parquet", nil}}
		for i, op := range words {
			o := &objects[i%len(objects)]
			o.rows = append(o.rows, label(fmt.Sprint("p", i), 1.0, 30, "op", op))
		}
		return objects
	}
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("op%03d", 199-i), "op007")
	}
	for _, tc := range []struct {
		name  string
		words []string
		sets  int64 // labels that are known then
		note  string
	}{
		{"known", []string{"c", "u", "r", "I", "Insert", "UPDATE", "d", "DELETE", "", "update_postimage"}, 8, ""},
		{"unknown", []string{"update_preimage", "u", "true", "update_preimage", "d", "DEL"}, 5, `column "op" of labels says neither insert, update nor delete in 4 records ("update_preimage" in 2, "DEL" in 1, "true" in 1): they set the label; where such a word`},
		{"four", []string{"w", "x", "y", "z"}, 4, `in 4 records ("w" in 1, "x" in 1, "y" in 1, and others)`},
		{"many", many, 400, `in 400 records ("op007" in 201, "op000" in 1, "op001" in 1, and others)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for workers := 1; workers <= 3; workers++ {
				res, _, err := run(t, func(_ *groundtruth.Spec, o *Options) { o.Limits.Workers = workers }, nil, ops(tc.words...))
				must(t, err)
				noted := strings.Join(slices.DeleteFunc(res.Notes, func(s string) bool { return !strings.Contains(s, `column "op"`) }), "\n")
				if tc.note == "" && noted != "" || !strings.Contains(noted, tc.note) || res.Coverage.Labels != tc.sets {
					t.Errorf("%d workers: %d labels, want %d; note %q, want %q", workers, res.Coverage.Labels, tc.sets, noted, tc.note)
				}
			}
		})
	}
}
