package join

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// TestJoinBadInput holds what a user may give: the message names it and says more.
func TestJoinBadInput(t *testing.T) {
	good := []tableObject{{"p.csv", []tableRow{pred("a", 5, 7)}}}
	labels := []tableObject{{"l.csv", []tableRow{label("a", 1.0, 30)}}}
	for _, tc := range []struct {
		name   string
		change func(*groundtruth.Spec, *Options)
		want   []string
	}{
		{"missing folder", func(s *groundtruth.Spec, _ *Options) { s.Predictions.URL = filepath.Join(t.TempDir(), "none", "*.csv") }, []string{"find predictions", "none"}},
		{"missing label folder", func(s *groundtruth.Spec, _ *Options) { s.Labels.URL = filepath.Join(t.TempDir(), "none", "*.csv") }, []string{"find labels", "none"}},
		{"wrong header of predictions", func(s *groundtruth.Spec, _ *Options) { s.PredictionColumns.Prediction = "price" },
			[]string{"p.csv", `no column "price"`, "it has ", "city"}},
		{"wrong version column", func(s *groundtruth.Spec, _ *Options) { s.PredictionColumns.ModelVersion = "release" }, []string{"p.csv", `"release"`}},
		{"wrong header of labels", func(s *groundtruth.Spec, _ *Options) { s.LabelColumns.IngestedAt = "ingested" },
			[]string{"l.csv", `no column "ingested"`, "it has ", "sold_at"}},
		{"unknown resolve", func(s *groundtruth.Spec, _ *Options) { s.Resolve = "newest" }, []string{`"newest"`, "latest, first or conflict-is-missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := run(t, tc.change, good, labels)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
	t.Run("empty window", func(t *testing.T) {
		_, _, err := Join(context.Background(), objstore.NewOpener(""), groundtruth.Spec{}, groundtruth.Window{Start: day0(), End: day0()}, day0(), Options{}, newRecorder)
		if err == nil || !strings.Contains(err.Error(), "it is empty") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("as-of not set", func(t *testing.T) {
		_, _, err := Join(context.Background(), objstore.NewOpener(""), groundtruth.Spec{}, groundtruth.Window{Start: day0(), End: hours(1)}, time.Time{}, Options{}, newRecorder)
		if err == nil || !strings.Contains(err.Error(), "as-of") {
			t.Errorf("error %v", err)
		}
	})
}

// TestJoinNothingThere has no objects, or none of the window: counts of zero and a
// note, since missing data is the evaluator's to judge.
func TestJoinNothingThere(t *testing.T) {
	future := func(s *groundtruth.Spec, _ *Options) {
		s.Predictions.URL = strings.Replace(s.Predictions.URL, "**", "dt={date}/*", 1)
		s.Labels.URL = strings.Replace(s.Labels.URL, "**", "dt={date}/*", 1)
	}
	for _, tc := range []struct {
		name          string
		preds, labels []tableObject
	}{
		{"no object", nil, nil},
		{"none in the window", []tableObject{{"dt=2025-06-01/p.csv", []tableRow{pred("a", 5, 7)}}}, []tableObject{{"dt=2025-06-01/l.csv", nil}}},
		{"empty files", []tableObject{{"dt=2026-01-01/p.csv", nil}, {"dt=2026-01-01/p.jsonl", nil}, {"dt=2026-01-01/p.parquet", nil}}, []tableObject{{"dt=2026-01-01/l.csv", nil}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, rows, err := run(t, future, tc.preds, tc.labels)
			must(t, err)
			if res.Coverage != (groundtruth.Coverage{}) || len(rows.preds)+len(rows.matches) > 0 {
				t.Errorf("coverage %+v, rows %v %v", res.Coverage, rows.preds, rows.matches)
			}
			if tc.name != "empty files" && !slices.ContainsFunc(res.Notes, func(n string) bool { return strings.Contains(n, "no object matches") }) {
				t.Errorf("notes %q do not say that nothing matches", res.Notes)
			}
		})
	}
	t.Run("window in the future", func(t *testing.T) {
		var names memNames
		base := names.next(t)
		joinTable{preds: []tableObject{{"p.csv", []tableRow{pred("a", 5, 7)}}}}.write(t, base)
		res, _, err := Join(context.Background(), objstore.NewOpener(""), testSpec(base+"/preds/*", base+"/labels/*"), groundtruth.Window{Start: hours(2400), End: hours(2424)}, hours(24), Options{ReadLabels: true}, newRecorder)
		must(t, err)
		if res.Coverage != (groundtruth.Coverage{}) {
			t.Errorf("coverage %+v", res.Coverage)
		}
	})
}

// TestJoinTypesDifferOverFiles joins ids and features that are integers in one file
// and text in another.
func TestJoinTypesDifferOverFiles(t *testing.T) {
	preds := []tableObject{
		{"a.parquet", []tableRow{pred("", 5, 7, "id", int64(1), "x", 2.5)}},
		{"b.parquet", []tableRow{pred("2", 5, 8, "x", "3.5"), pred("3", 5, 9, "x", "tall")}},
	}
	labels := []tableObject{{"a.jsonl", []tableRow{label("1", 1.0, 30), label("", 2.0, 30, "id", int64(2))}}, {"b.csv", []tableRow{label("3", "4", 30)}}}
	_, rows, err := run(t, nil, preds, labels)
	must(t, err)
	if got := matched(rows); got != "7=1 8=2 9=4" {
		t.Errorf("matches %q", got)
	}
	for _, want := range []string{"x 2.5", "x 3.5", "x -"} {
		if rows.columns[want] != 1 {
			t.Errorf("no prediction with feature %s in %v", want, rows.columns)
		}
	}
}

// TestJoinColumnsAbsentInSomeFiles has a feature and a segment that came later.
func TestJoinColumnsAbsentInSomeFiles(t *testing.T) {
	dir := t.TempDir()
	at := hours(5).Format(time.RFC3339)
	must(t, os.Mkdir(filepath.Join(dir, "p"), 0o700))
	for name, text := range map[string]string{
		"p/0.csv": "id,at,pred,version\na," + at + ",1,v1\n",
		"p/1.csv": "id,at,pred,version,x,city,color\nb," + at + ",2,v1,9,Oslo,red\n",
		"l.csv":   "id,label,sold_at,loaded_at,op\na,1,," + at + ",\nb,1,," + at + ",\n",
	} {
		must(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o600))
	}
	res, sinks, err := Join(context.Background(), objstore.NewOpener(""), testSpec(dir+"/p/*", dir+"/l.csv"), groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), Options{ReadLabels: true}, newRecorder)
	must(t, err)
	rows := mergeRecorders(sinks)
	if len(rows.preds) != 2 || len(rows.matches) != 2 {
		t.Errorf("rows %v %v", rows.preds, rows.matches)
	}
	want := `column "city" is not in 1 of 2 objects of predictions`
	if !slices.ContainsFunc(res.Notes, func(n string) bool { return strings.Contains(n, want) }) {
		t.Errorf("notes %q do not say %q", res.Notes, want)
	}
}

// TestJoinObjectChangesInBetween writes an object anew between the two passes that
// duplicates make necessary.
func TestJoinObjectChangesInBetween(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, s *objstore.Store)
		want   string
	}{
		{"other size", func(t *testing.T, s *objstore.Store) {
			must(t, s.Write(context.Background(), "preds/p.csv", []byte("x\n")))
		}, "bytes and now has 2"},
		{"other content", func(t *testing.T, s *objstore.Store) {
			b, err := s.Read(context.Background(), "preds/p.csv")
			must(t, err)
			must(t, s.Write(context.Background(), "preds/p.csv", []byte(strings.Replace(string(b), "red", "dim", 1))))
		}, "it was written again"},
		{"gone", func(t *testing.T, s *objstore.Store) { must(t, s.Delete(context.Background(), "preds/p.csv")) }, "it is gone"},
		{"unchanged", func(*testing.T, *objstore.Store) {}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			preds := []tableObject{{"p.csv", []tableRow{pred("a", 5, 7), pred("a", 6, 8)}}}
			_, _, err := run(t, func(s *groundtruth.Spec, o *Options) {
				base := strings.TrimSuffix(s.Predictions.URL, "/preds/**")
				o.hooks.scanned = func() {
					st, err := objstore.NewOpener("").Open(context.Background(), base)
					must(t, err)
					tc.change(t, st)
				}
			}, preds, nil)
			if tc.want == "" {
				must(t, err)
			} else if err == nil || !strings.Contains(err.Error(), "p.csv changed while it was read") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestJoinProgressAndInputs(t *testing.T) {
	var last [2]int64
	preds := []tableObject{{"b.csv", []tableRow{pred("a", 5, 7)}}, {"a.csv", []tableRow{pred("a", 6, 7)}}}
	res, _, err := run(t, func(_ *groundtruth.Spec, o *Options) {
		o.Progress = func(done, total int64) {
			if done < last[0] || total < last[1] || done > total {
				t.Errorf("progress %d of %d after %d of %d", done, total, last[0], last[1])
			}
			last = [2]int64{done, total}
		}
	}, preds, []tableObject{{"l.csv", []tableRow{label("a", 1.0, 30)}}})
	must(t, err)
	var size, predSize int64
	var names []string
	for _, in := range res.Inputs {
		size += in.Size
		if strings.Contains(in.URL, "/preds/") {
			predSize += in.Size
		}
		names = append(names, in.URL[strings.LastIndex(in.URL, "/")+1:])
	}
	if fmt.Sprint(names) != "[l.csv a.csv b.csv]" {
		t.Errorf("inputs %v, want them by url", names)
	}
	// There is a duplicate, so that predictions are read twice.
	if want := size + predSize; last != [2]int64{want, want} || res.BytesRead != want || res.RowsRead != 3 {
		t.Errorf("progress ended at %v, %d bytes read, %d rows; want %d bytes and 3 rows", last, res.BytesRead, res.RowsRead, want)
	}
}
