package join

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/objstore"
)

// widths notes of which width a sink is told that numbers are.
type widths map[string]bool

func (w widths) AddPredictions(b *groundtruth.Batch) {
	if b.Len > 0 {
		w["prediction"] = b.Narrow
	}
	for _, v := range b.Features {
		w[v.Name] = v.Narrow
	}
}
func (widths) AddMatches(*groundtruth.Matches) {}
func (widths) ResetPredictions()               {}

// TestColumnsOf32BitsSaySo holds that a sink is told of which width numbers were, in
// whatever way a column is read.
func TestColumnsOf32BitsSaySo(t *testing.T) {
	type row struct {
		Prediction float32  `parquet:"prediction"`
		Label      float64  `parquet:"label"`
		F32        float32  `parquet:"f32"`
		Dict       float32  `parquet:"dict,dict"`
		Opt        *float32 `parquet:"opt,optional"`
		F64        float64  `parquet:"f64"`
		I32        int32    `parquet:"i32"`
	}
	x := float32(0.1)
	data := readtest.Parquet(t, []row{{0.1, 1, 0.1, 0.1, &x, 0.1, 1}, {0.2, 1, 0.1, 0.1, nil, 0.1, 2}})
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "ref.parquet"), data, 0o600))
	want := widths{"prediction": true, "f32": true, "dict": true, "opt": true, "f64": false, "i32": false}
	spec := groundtruth.Spec{
		Reference:         groundtruth.Source{URL: "file://" + dir + "/ref.parquet"},
		PredictionColumns: groundtruth.PredictionColumns{Prediction: "prediction"},
		LabelColumns:      groundtruth.LabelColumns{Label: "label"},
	}
	for _, name := range []string{"f32", "dict", "opt", "f64", "i32"} {
		spec.Features = append(spec.Features, groundtruth.FeatureSpec{Name: name, Kind: groundtruth.Number})
	}
	got := widths{}
	_, _, err := ScanReference(context.Background(), objstore.NewOpener(""), spec, Options{Limits: groundtruth.Limits{Workers: 1, SpillDir: t.TempDir()}}, func() groundtruth.Sink { return got })
	must(t, err)
	if !maps.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}
