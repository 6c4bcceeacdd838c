package job

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/join"
	"github.com/hindcast/hindcast/objstore"
)

// sampledLog is a log of more predictions than a sample holds, some sent twice, some
// without a label, and some of another window.
type sampledLog struct {
	window      groundtruth.Window
	predictions []string // rows of CSV
	labels      []string
	expected    []summary.SampleRow
}

func newSampledLog(r *rand.Rand) sampledLog {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := sampledLog{window: groundtruth.Window{Start: start, End: start.Add(24 * time.Hour)}}
	for i := range 3 * groundtruth.SampleSize {
		id := fmt.Sprintf("id-%d", i)
		label := math.NaN()
		if i%3 > 0 {
			label = float64(r.IntN(100))
			l.labels = append(l.labels, fmt.Sprintf("%s,%v", id, label))
		}
		for version := range 1 + i%2 {
			row := summary.SampleRow{Hash: xxhash.Sum64String(id), Label: label}
			for range 1 + r.IntN(2) {
				// The latest counts.
				at := start.Add(time.Duration(r.IntN(48*3600)) * time.Second)
				value := float64(r.IntN(1000)) / 8
				l.predictions = append(l.predictions, fmt.Sprintf("%s,%s,%v,v%d", id, at.Format(time.RFC3339), value, version))
				if at.Before(l.window.End) && at.UnixNano() > row.Time {
					row.Time, row.Prediction = at.UnixNano(), value
				}
			}
			if row.Time > 0 {
				l.expected = append(l.expected, row)
			}
		}
	}
	slices.SortFunc(l.expected, func(a, b summary.SampleRow) int {
		return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Prediction, b.Prediction), cmp.Compare(a.Time, b.Time))
	})
	l.expected = l.expected[:groundtruth.SampleSize]
	return l
}

// deal writes rows to so many files, in random order.
func deal(t *testing.T, r *rand.Rand, folder, header string, rows []string, files int) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	text := make([]bytes.Buffer, files)
	for i := range text {
		fmt.Fprintln(&text[i], header)
	}
	for _, row := range rows {
		fmt.Fprintln(&text[r.IntN(files)], row)
	}
	for i := range text {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.csv", i)), text[i].Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheSampleIsThatOfTheRows joins one log as it is dealt over any files and workers,
// with memory and without.
func TestTheSampleIsThatOfTheRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	log := newSampledLog(r)
	for range 6 {
		dir := t.TempDir()
		deal(t, r, filepath.Join(dir, "p"), "id,at,value,version", log.predictions, 1+r.IntN(4))
		deal(t, r, filepath.Join(dir, "l"), "id,label", log.labels, 1+r.IntN(3))
		spec := groundtruth.Spec{
			Predictions:       groundtruth.Source{URL: filepath.Join(dir, "p", "*.csv")},
			PredictionColumns: groundtruth.PredictionColumns{ID: groundtruth.IDColumns{"id"}, Timestamp: "at", Prediction: "value", ModelVersion: "version"},
			Labels:            groundtruth.Source{URL: filepath.Join(dir, "l", "*.csv")},
			LabelColumns:      groundtruth.LabelColumns{ID: groundtruth.IDColumns{"id"}, Label: "label"},
		}
		opt := join.Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: 1 + r.IntN(4), MemoryBytes: 1 << (10 + r.IntN(20)), SpillDir: t.TempDir()}}
		res, builders, err := join.Join(context.Background(), objstore.NewOpener(""), spec, log.window, log.window.End, opt, func() *summary.Builder {
			return summary.NewBuilder(nil, log.window, nil, summary.BuilderOptions{})
		})
		if err != nil {
			t.Fatal(err)
		}
		if res.Coverage.DuplicatePredictions == 0 {
			t.Fatal("no duplicates")
		}
		s := builders[0].Summary()
		for _, b := range builders[1:] {
			if err := s.Merge(b.Summary()); err != nil {
				t.Fatal(err)
			}
		}
		got, _ := s.Sample()
		if fmt.Sprint(got) != fmt.Sprint(log.expected) {
			t.Fatalf("%d files and %+v: sample of %d rows\n%v\nwant %d\n%v", len(res.Inputs), opt.Limits, len(got), got[:3], len(log.expected), log.expected[:3])
		}
	}
}
