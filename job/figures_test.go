package job_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

func TestFiguresOf(t *testing.T) {
	nan := stat.Number(math.NaN())
	result := func(value float64) metric.Result {
		return metric.Result{Value: stat.Number(value), Low: stat.Number(value - 1), High: stat.Number(value + 1)}
	}
	matched := int64(90)
	none := trigger.Figures{Value: nan, Low: nan, High: nan, Reference: nan, Rolling: nan, Estimated: nan, EstimatedLow: nan, EstimatedHigh: nan, Coverage: nan, DriftShare: nan}
	with := func(change func(*trigger.Figures)) trigger.Figures {
		f := none
		change(&f)
		return f
	}
	unmapped := metric.Result{Value: nan, Reason: metric.NoWorth}
	for name, c := range map[string]struct {
		of   job.Outcome
		want trigger.Figures
	}{
		"nothing": {job.Outcome{Coverage: job.Coverage{Coverage: nan}}, none},
		"labels": {
			job.Outcome{Coverage: job.Coverage{Predictions: 100, Matched: &matched, Coverage: 0.9}, Evaluation: evaluator.Evaluation{
				Metrics:   map[string]metric.Result{"mae": result(3), "rmse": result(5), "zzz": result(1)},
				Reference: &evaluator.Reference{Metrics: map[string]metric.Result{"rmse": result(4)}},
				Rolling:   &evaluator.Rolling{Metrics: map[string]metric.Result{"rmse": result(4.5)}},
				Drift:     &drift.Drift{Share: 0.25, Count: 1, Judged: 4},
			}},
			with(func(f *trigger.Figures) {
				f.Metric, f.Value, f.Low, f.High, f.Reference, f.Rolling = "rmse", 5, 4, 6, 4, 4.5
				f.Predictions, f.Matched, f.Coverage = 100, &matched, 0.9
				f.DriftShare, f.DriftCount, f.DriftJudged = 0.25, 1, 4
			}),
		},
		"a classifier without scores, of which rank 1 is unmapped": {
			job.Outcome{Coverage: job.Coverage{Coverage: nan}, Evaluation: evaluator.Evaluation{Metrics: map[string]metric.Result{"roc_auc": unmapped, "f1": result(0.5)}}},
			with(func(f *trigger.Figures) { f.Metric, f.Value, f.Low, f.High = "f1", 0.5, -0.5, 1.5 }),
		},
		"estimated before labels": {
			job.Outcome{Coverage: job.Coverage{Predictions: 7, Coverage: nan}, Evaluation: evaluator.Evaluation{
				Estimated: &estimate.Estimated{Metrics: map[string]metric.Result{"f1": result(0.4), "roc_auc": result(0.75)}},
				Reference: &evaluator.Reference{Metrics: map[string]metric.Result{"roc_auc": result(0.9)}},
			}},
			with(func(f *trigger.Figures) {
				f.Metric, f.Estimated, f.EstimatedLow, f.EstimatedHigh, f.Reference, f.Predictions = "roc_auc", 0.75, -0.25, 1.75, 0.9, 7
			}),
		},
	} {
		got, _ := json.Marshal(job.FiguresOf(&c.of))
		want, _ := json.Marshal(c.want)
		if string(got) != string(want) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		output, err := json.Marshal(c.of)
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := job.RecordedFigures(output)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, _ := json.Marshal(recorded); string(got) != string(want) {
			t.Errorf("%s, recorded:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestRecordedFiguresOfSchema1(t *testing.T) {
	data, err := os.ReadFile("../trigger/testdata/record-schema1.json")
	if err != nil {
		t.Fatal(err)
	}
	var record struct{ Output json.RawMessage }
	if err := json.Unmarshal(data, &record); err != nil {
		t.Fatal(err)
	}
	f, err := job.RecordedFigures(record.Output)
	if err != nil || f.Metric != "rmse" || f.Value < 80000 || !(f.Low < f.Value && f.Value < f.High) || f.Reference < 40000 || f.DriftShare != 0.5 || f.Coverage < 0.9 || *f.Matched == 0 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := job.RecordedFigures(json.RawMessage(`{"metrics":[]}`)); err == nil {
		t.Error("an output that is none is read")
	}
}
