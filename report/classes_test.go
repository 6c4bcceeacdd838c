package report

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Of many classes those that most rows are of are shown, in their own order, and no row is lost.
func TestMatrixOf(t *testing.T) {
	t.Parallel()
	c := &metric.Confusion{Labels: []string{"ant", "bee", "cat", "dog"}, Counts: [][]float64{{1, 0, 0, 2}, {0, 20, 5, 1}, {0, 0, 0, 0}, {3, 1, 0, 30}}}
	m := MatrixOf(c, 2)
	if !slices.Equal(m.Classes, []string{"bee", "dog", "other"}) || fmt.Sprint(m.Counts) != "[[20 1 5] [1 30 3] [0 2 1]]" {
		t.Errorf("%v %v", m.Classes, m.Counts)
	}
	if m.About != "other: the other 2 of 4 classes, of which 4.8 % of the rows are" || !math.IsNaN(float64(m.Recall[2])) {
		t.Errorf("%q, recall %v", m.About, m.Recall)
	}
	whole := MatrixOf(c, 10)
	if !slices.Equal(whole.Classes, c.Labels) || fmt.Sprint(whole.Counts) != fmt.Sprint(c.Counts) || whole.About != "" {
		t.Errorf("%+v", whole)
	}
	if !math.IsNaN(float64(whole.Recall[2])) || whole.Recall[3] != 30.0/34 {
		t.Errorf("recall %v", whole.Recall)
	}
	if none := MatrixOf(nil, 3); none.Classes != nil {
		t.Errorf("%+v of no matrix", none)
	}
}

func TestWorstClasses(t *testing.T) {
	t.Parallel()
	f1 := func(n int64, v float64) evaluator.Group {
		return evaluator.Group{N: n, Metrics: map[string]metric.Result{"f1": {Value: stat.Number(v)}}}
	}
	classes := map[string]evaluator.Group{"a": f1(9, 0.9), "b": f1(9, 0.1), "c": f1(20, 0.1), "none": f1(0, 0), "nan": f1(3, math.NaN())}
	if got := WorstClasses(classes, 9); !slices.Equal(got, []string{"c", "b", "a"}) {
		t.Errorf("%q", got)
	}
	if got := WorstClasses(classes, 1); !slices.Equal(got, []string{"c"}) {
		t.Errorf("%q", got)
	}
}

// Metrics of what a model hasn't are shown nowhere, and why others have no value is said once.
func TestWithout(t *testing.T) {
	t.Parallel()
	nan := stat.Number(math.NaN())
	none := func(reason string) metric.Result {
		return metric.Result{Value: nan, Low: nan, High: nan, N: 9, Reason: reason}
	}
	few := metric.Result{Value: 0.5, Low: nan, High: nan, N: 60, Reason: "50 % of 60 rows: too few"}
	metrics := map[string]metric.Result{
		"business_value": none(metric.NoWorth), "precision": none("nothing is predicted to be 1"), "recall": few, "accuracy": few,
		"f1": {Value: 1, Low: 0.5, High: 1}, "max_error": {Value: 3, Low: nan, High: nan, Reason: "a maximum has no interval"}, "of_another_version": {Value: 1},
	}
	if got := MetricNames(metrics); !slices.Equal(got, []string{"f1", "precision", "recall", "accuracy", "max_error", "of_another_version"}) {
		t.Errorf("shown are %q", got)
	}
	want := []string{"no value of precision: nothing is predicted to be 1", "no interval of recall, accuracy: 50 % of 60 rows: too few"}
	if got := Without(metrics); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestScored(t *testing.T) {
	t.Parallel()
	nan := stat.Number(math.NaN())
	for want, e := range map[string]*estimate.Estimated{
		"": nil,
		"no estimated performance: the reference has no labels":                                         {Reason: "the reference has no labels"},
		"no window tells yet how estimates compare with labels":                                         {Scored: &estimate.Scored{Metric: "roc_auc", Bias: nan, Within: nan}},
		"estimated roc_auc beside labels, last window: 0.25 too low on average":                         {Scored: &estimate.Scored{Metric: "roc_auc", Windows: 1, Bias: -0.25, Within: nan}},
		"estimated f1 beside labels, last 30 windows: 0.01 too high on average, 96.7 % within the band": {Scored: &estimate.Scored{Metric: "f1", Windows: 30, Bias: 0.01, Within: 29.0 / 30}},
	} {
		if got := Scored(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLabelBias(t *testing.T) {
	t.Parallel()
	b := &evaluator.LabelBias{Biased: true, Reason: "label bias: of some rows"}
	if got := LabelBias(b, []string{"another note"}); got != b.Reason {
		t.Errorf("%q", got)
	}
	if got := LabelBias(b, []string{"label bias: of some rows; wait for more"}); got != "" {
		t.Errorf("%q is said twice", got)
	}
	if got := LabelBias(nil, nil) + LabelBias(&evaluator.LabelBias{Reason: "too few rows"}, nil); got != "" {
		t.Errorf("%q of no bias", got)
	}
}

// The page of a classifier, with the rows that classification.json has.
func TestPageOfAClassifier(t *testing.T) {
	t.Parallel()
	o := classified(readGolden(t))
	n := int64(len(readGolden(t).Scores))
	o.Coverage = job.Coverage{Predictions: n, Matched: &n, Coverage: 1}
	o.Classes = map[string]evaluator.Group{"<cat>": {N: 5, Metrics: map[string]metric.Result{"f1": {Value: 0.25, Low: 0.125, High: 0.5}, "precision": {Value: 1}, "recall": {Value: 0.5}}}}
	o.Estimated = &estimate.Estimated{Metrics: map[string]metric.Result{"roc_auc": {Value: 0.75, Low: 0.5, High: 1}}, Scored: &estimate.Scored{Metric: "roc_auc", Windows: 1, Bias: 0.5, Within: 1}}
	o.LabelBias = &evaluator.LabelBias{Biased: true, Reason: "label bias: of some rows"}
	page, err := Page{Title: "Late parcels", Outcomes: []job.Outcome{o}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, "classifier.txt", textOf(t, page))
	if strings.Contains(string(page), "business_value") || strings.Contains(string(page), "<cat>") {
		t.Error("the page shows a metric that the model hasn't, or a class as markup")
	}
}
