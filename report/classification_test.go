package report

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// golden is testdata/classification.json, which the SDK of Kubeflow Pipelines made by
// classification.py beside it.
type golden struct {
	Scores   []float64      `json:"scores"`
	Labels   []float64      `json:"labels"`
	Metadata map[string]any `json:"metadata"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/classification.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// classified is the outcome of a window with these rows of a binary classifier.
func classified(g golden) job.Outcome {
	n := len(g.Scores)
	options := summary.BuilderOptions{Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Positive: "1", Scored: true}}
	b := summary.NewBuilder(nil, day(1), nil, options)
	positive := make([]bool, n)
	for i, s := range g.Scores {
		positive[i] = s >= 0.5
	}
	absent := groundtruth.Column{Kind: groundtruth.Absent}
	classifier := groundtruth.Classifier{Positive: positive}
	b.AddPredictions(&groundtruth.Batch{Len: n, Times: make([]int64, n), Predictions: g.Scores, Classifier: classifier, Version: groundtruth.Values{Kind: groundtruth.Absent}})
	b.AddMatches(&groundtruth.Matches{Len: n, Times: make([]int64, n), Predictions: g.Scores, Labels: g.Labels, Classifier: classifier, Version: absent})
	o := job.Outcome{Model: "late", Window: day(1), Stage: "mature"}
	o.Evaluation = *evaluator.Evaluate(b.Summary(), nil, evaluator.Options{Metric: metric.Options{Task: groundtruth.Binary}})
	return o
}

// decoded is a value as its JSON is read.
func decoded[T any](t *testing.T, v any) T {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What is told of a classifier is what the SDK would log of its rows.
func TestClassificationIsTheSDKs(t *testing.T) {
	t.Parallel()
	g := readGolden(t)
	got := decoded[map[string]any](t, Classification([]job.Outcome{{Model: "house"}, classified(g)}))
	if got["model"] != "late" || got["window"] != "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z" {
		t.Errorf("it is of %v, %v", got["model"], got["window"])
	}
	if !reflect.DeepEqual(got["confusionMatrix"], g.Metadata["confusionMatrix"]) {
		t.Errorf("the matrix is %v, want %v", got["confusionMatrix"], g.Metadata["confusionMatrix"])
	}
	points := decoded[[]map[string]float64](t, got["confidenceMetrics"])
	want := decoded[[]map[string]float64](t, g.Metadata["confidenceMetrics"])
	if len(points) != len(want) {
		t.Fatalf("%d points, want %d: %v", len(points), len(want), points)
	}
	for i := range want {
		p, w := points[i], want[i]
		if len(p) != len(w) {
			t.Errorf("point %d is %v, want %v", i, p, w)
		}
		for name, value := range w {
			if x, ok := p[name]; !ok || math.Abs(x-value) > 1e-12 {
				t.Errorf("point %d is %v, want %v", i, p, w)
			}
		}
	}
}

func TestTaskTellsOfAClassifier(t *testing.T) {
	t.Parallel()
	input := strings.Replace(executorInput, `"artifacts": {`,
		`"artifacts": {"classification": {"artifacts": [{"name": "classification", "uri": "minio://mlpipeline/v2/run/classification"}]},`, 1)
	for _, tt := range []struct {
		name     string
		outcomes []job.Outcome
		told     bool
	}{{"a classifier", []job.Outcome{classified(readGolden(t))}, true}, {"a regression", outcomes(), false}} {
		task, err := ParseTask(input)
		if err != nil {
			t.Fatal(err)
		}
		task.root = t.TempDir()
		if err := task.Write(Page{Outcomes: tt.outcomes}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(task.root, "/tmp/kfp_outputs/output_metadata.json"))
		if err != nil {
			t.Fatal(err)
		}
		var out map[string]map[string]struct{ Artifacts []artifact }
		if err := json.Unmarshal(data, &out); err != nil {
			t.Fatal(err)
		}
		list := out["artifacts"]["classification"].Artifacts
		if told := len(list) == 1 && list[0].URI == "minio://mlpipeline/v2/run/classification" && list[0].Metadata["confusionMatrix"] != nil; told != tt.told || len(out["artifacts"]) < 1 {
			t.Errorf("of %s is told %s", tt.name, data)
		}
	}
}

// A matrix of many classes is small enough to be drawn, and holds all rows.
func TestClassificationOfManyClasses(t *testing.T) {
	t.Parallel()
	c := &metric.Confusion{}
	for i := range 120 {
		c.Labels = append(c.Labels, fmt.Sprintf("class %d", i))
		c.Counts = append(c.Counts, make([]float64, 120))
		c.Counts[i][119-i] = 2
	}
	o := job.Outcome{Model: "many"}
	o.Confusion = c
	matrix := decoded[struct {
		ConfusionMatrix struct {
			AnnotationSpecs []struct{ DisplayName string }
			Rows            []struct{ Row []float64 }
		}
	}](t, Classification([]job.Outcome{o})).ConfusionMatrix
	names, rows := matrix.AnnotationSpecs, matrix.Rows
	sum := 0.0
	for _, row := range rows {
		for _, x := range row.Row {
			sum += x
		}
	}
	if last := names[len(names)-1].DisplayName; len(names) != 50 || len(rows) != 50 || last != "other" || sum != 240 {
		t.Errorf("%d classes and %d rows, the last is %v, with %v rows in all", len(names), len(rows), last, sum)
	}
}
