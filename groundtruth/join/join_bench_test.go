package join

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// idle is a Sink that does nothing with rows.
type idle struct{ matches int }

func (*idle) AddPredictions(*groundtruth.Batch)   {}
func (*idle) ResetPredictions()                   {}
func (i *idle) AddMatches(m *groundtruth.Matches) { i.matches += m.Len }

// BenchmarkJoin joins Parquet files on one goroutine: what a regression logs, and what a binary
// model does with and without texts for classes.
func BenchmarkJoin(b *testing.B) {
	const rows = 1 << 19
	type prediction struct {
		ID    string  `parquet:"id"`
		At    int64   `parquet:"at,timestamp(nanosecond)"`
		Score float64 `parquet:"score"`
		Class int64   `parquet:"class"`
		Name  string  `parquet:"name,dict"`
		W     float64 `parquet:"w"`
	}
	type label struct {
		ID    string `parquet:"id"`
		Class int64  `parquet:"class"`
		Name  string `parquet:"name,dict"`
	}
	dir, r := b.TempDir(), rand.New(rand.NewPCG(1, 2))
	var preds []prediction
	var labels []label
	names := [...]string{"ok", "fraud"}
	for i := range rows {
		id, class := fmt.Sprintf("%016x-%08x", r.Uint64(), i), r.Int64N(2)
		preds = append(preds, prediction{id, day0().UnixNano() + int64(i), r.Float64(), class, names[class], 1})
		labels = append(labels, label{id, class, names[class]})
	}
	write := func(name string, put func(f *os.File) error) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		must(b, err)
		must(b, put(f))
		must(b, f.Close())
		return path
	}
	spec := groundtruth.Spec{
		Predictions:       groundtruth.Source{URL: write("p.parquet", func(f *os.File) error { return parquet.Write(f, preds) })},
		Labels:            groundtruth.Source{URL: write("l.parquet", func(f *os.File) error { return parquet.Write(f, labels) })},
		PredictionColumns: groundtruth.PredictionColumns{ID: groundtruth.IDColumns{"id"}, Timestamp: "at", Prediction: "score"},
		LabelColumns:      groundtruth.LabelColumns{ID: groundtruth.IDColumns{"id"}, Label: "class"},
	}
	for _, c := range []struct {
		name   string
		change func(*groundtruth.Spec)
	}{
		{"regression", func(*groundtruth.Spec) {}},
		{"binary", func(s *groundtruth.Spec) {
			s.Task, s.PredictionColumns.Prediction, s.PredictionColumns.Score = groundtruth.Binary, "", "score"
		}},
		{"binary-with-class", func(s *groundtruth.Spec) {
			s.Task, s.PredictionColumns.Prediction, s.PredictionColumns.Score = groundtruth.Binary, "class", "score"
		}},
		{"binary-text", func(s *groundtruth.Spec) {
			s.Task, s.Positive, s.PredictionColumns.Prediction, s.PredictionColumns.Score, s.LabelColumns.Label = groundtruth.Binary, "fraud", "name", "score", "name"
		}},
		{"multiclass", func(s *groundtruth.Spec) {
			s.Task, s.PredictionColumns.Prediction, s.LabelColumns.Label = groundtruth.Multiclass, "name", "name"
		}},
		{"weighted", func(s *groundtruth.Spec) { s.PredictionColumns.Weight = "w" }},
	} {
		b.Run(c.name, func(b *testing.B) {
			spec := spec
			c.change(&spec)
			for b.Loop() {
				opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: 1, SpillDir: dir}}
				_, sinks, err := Join(context.Background(), objstore.NewOpener(""), spec, groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), opt, func() *idle { return &idle{} })
				must(b, err)
				if sinks[0].matches != rows {
					b.Fatalf("%d matches", sinks[0].matches)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
