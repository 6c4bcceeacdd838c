package main

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// A reference without predictions has no metrics. That of a window stood beside a reference of 0.
func TestNightsBesideAReferenceWithoutMetrics(t *testing.T) {
	matched := int64(10)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o := &job.Outcome{
		Model: "m", Window: groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}, Stage: "mature",
		Coverage: job.Coverage{Predictions: 10, Matched: &matched, Coverage: 1},
		Evaluation: evaluator.Evaluation{
			Metrics:   map[string]metric.Result{"rmse": {Value: 2, Low: 1, High: 3}},
			Reference: &evaluator.Reference{}, Rolling: &evaluator.Rolling{},
		},
	}
	if _, line := nightLine(look{}, start, o); !strings.Contains(line.String(), "rmse 2 (1 to 3), coverage 100 %") {
		t.Error(line)
	}
	list := csvList{[]metric.Spec{{Name: "rmse"}}}
	row, err := list.item(o)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(list.begin()) + string(row))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range records[0] {
		if (name == "reference_rmse" || name == "rolling_rmse") && records[1][i] != "" {
			t.Errorf("%s is %s", name, records[1][i])
		}
	}
}
