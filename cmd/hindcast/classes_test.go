package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// manyClasses is a matrix of so many classes, each of which has more rows than the one before.
func manyClasses(n int) *metric.Confusion {
	c := &metric.Confusion{}
	for a := range n {
		c.Labels = append(c.Labels, fmt.Sprintf("a class with a name %02d", a))
		row := make([]float64, n)
		for p := range row {
			row[p] = float64(1000 * (a + 1))
		}
		c.Counts = append(c.Counts, row)
	}
	return c
}

// A matrix is as wide as the screen, with the classes that there is room for, and no row is lost.
func TestConfusionFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{60, 80, 130} {
		for _, n := range []int{2, 3, 10, 40} {
			var out bytes.Buffer
			confusionTable(terminalWriter{visibleWriter{&out}, look{columns: columns}}, manyClasses(n))
			text := out.String()
			for line := range strings.Lines(text) {
				if w := utf8.RuneCountInString(strings.TrimRight(line, "\n")); w > columns && !strings.HasPrefix(line, "other:") {
					t.Errorf("%d classes: %d characters in %d columns: %q", n, w, columns, line)
				}
			}
			if n == 40 && !strings.Contains(text, "other: the other ") {
				t.Errorf("in %d columns nothing is said of what is left out:\n%s", columns, text)
			}
			if n == 3 && columns == 130 && !strings.Contains(text, "PREDICTED a class with a na...  PREDICTED ") {
				t.Errorf("classes have no name where there is room:\n%s", text)
			}
		}
	}
	var none bytes.Buffer
	confusionTable(&none, nil)
	if none.Len() > 0 {
		t.Errorf("%q of no matrix", none.String())
	}
}

// TestClassifierTables shows a window with all that a classifier may have.
func TestClassifierTables(t *testing.T) {
	nan := stat.Number(math.NaN())
	matched := int64(100)
	f1 := func(v stat.Number) map[string]metric.Result {
		return map[string]metric.Result{"f1": {Value: v, Low: v - 0.1, High: v + 0.1}, "precision": {Value: 0.5}, "recall": {Value: nan}}
	}
	classes := map[string]evaluator.Group{}
	for i, name := range []string{"ant", "bee", "cat", "dog", "elk", "\x1b[31mfox"} {
		classes[name] = evaluator.Group{N: 10, Metrics: f1(stat.Number(i) / 10)}
	}
	o := &job.Outcome{Model: "animals", Stage: "mature", Coverage: job.Coverage{Predictions: 110, Matched: &matched, Coverage: 0.9}}
	o.Evaluation = evaluator.Evaluation{
		Metrics: map[string]metric.Result{
			"roc_auc": {Value: 0.75, Low: 0.5, High: 0.875, N: 100}, "business_value": {Value: nan, Low: nan, High: nan, N: 100, Reason: metric.NoWorth},
			"precision": {Value: nan, Low: nan, High: nan, N: 100, Reason: "nothing is predicted to be bee"},
		},
		Reference: &evaluator.Reference{Metrics: map[string]metric.Result{"roc_auc": {Value: 0.9}}, Classes: map[string]evaluator.Group{"ant": {Metrics: f1(0.625)}}},
		Confusion: &metric.Confusion{Labels: []string{"ant", "bee"}, Counts: [][]float64{{40, 10}, {20, 30}}},
		Classes:   classes,
		Estimated: &estimate.Estimated{Metrics: map[string]metric.Result{"roc_auc": {Value: 0.8, Low: 0.7, High: 0.9, N: 110}}, Scored: estimate.NewScored("roc_auc")},
		LabelBias: &evaluator.LabelBias{Biased: true, Reason: "label bias: of some rows"},
	}
	var out bytes.Buffer
	writeOutcome(visibleWriter{&out}, o, nil)
	want := ` METRIC     VALUE  95 % INTERVAL  REFERENCE    N
 roc_auc    0.75   0.5 to 0.875   0.9        100
 precision  -                                100
no value of precision: nothing is predicted to be bee
 ACTUAL  PREDICTED ant  PREDICTED bee  RECALL
 ant                40             10     0.8
 bee                20             30     0.6
 CLASS  F1   95 % INTERVAL  REFERENCE  PRECISION  RECALL   N
 ant    0    -0.1 to 0.1    0.625      0.5        -       10
 bee    0.1  0 to 0.2                  0.5        -       10
 cat    0.2  0.1 to 0.3                0.5        -       10
 dog    0.3  0.2 to 0.4                0.5        -       10
 elk    0.4  0.3 to 0.5                0.5        -       10
the lowest f1 of 6 classes; -o json has all
label bias: of some rows
 ESTIMATED  VALUE  95 % BAND   REFERENCE
 roc_auc    0.8    0.7 to 0.9  0.9
no window tells yet how estimates compare with labels
`
	if _, got, _ := strings.Cut(out.String(), "(coverage 0.9)\n"); !strings.HasPrefix(got, want) {
		t.Errorf("it shows\n%s\nwant\n%s", got, want)
	}
}
