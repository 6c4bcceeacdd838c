package evaluator_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestRowsThatAllAgreeLeaveOthersUnknown has rows of three classes that are all right, or all
// wrong, with and without weights: no metric is so sure of the next rows that its interval is one
// number.
func TestRowsThatAllAgreeLeaveOthersUnknown(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	for _, shift := range []int{0, 1} {
		for _, weighted := range []bool{false, true} {
			rows := summarytest.Multiclass{Names: names}
			for i := range 600 {
				actual, predicted := i*i%7%3, (i*i%7%3+shift)%3
				scores := make([]float64, 3)
				scores[predicted] = 1
				rows.Actual, rows.Predicted = append(rows.Actual, names[actual]), append(rows.Predicted, names[predicted])
				rows.Scores = append(rows.Scores, scores)
				if weighted {
					rows.Weights = append(rows.Weights, 0.1+float64(i%13)/7)
				}
			}
			e := evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{})
			check := func(name string, m metric.Result) {
				const rounding = 1e-12
				switch value := float64(m.Value); {
				case math.IsNaN(value):
				case !(float64(m.High-m.Low) > 1e-4), value < float64(m.Low)-rounding, value > float64(m.High)+rounding:
					t.Errorf("shifted by %d, weighted %v: %s is %v from %v to %v", shift, weighted, name, m.Value, m.Low, m.High)
				}
			}
			for _, spec := range metric.Specs(groundtruth.Multiclass) {
				check(spec.Name, e.Metrics[spec.Name])
			}
			for class, c := range e.Classes {
				for name, m := range c.Metrics {
					check(class+" "+name, m)
				}
			}
		}
	}
}

// TestChanceFindsNoClassOfTheRest has 3,000 classes, most of which are the rest, and predictions
// that have nothing to do with them.
func TestChanceFindsNoClassOfTheRest(t *testing.T) {
	t.Parallel()
	var rows summarytest.Multiclass
	for i := range 6000 {
		rows.Actual = append(rows.Actual, fmt.Sprint("class ", i%3000))
		rows.Predicted = append(rows.Predicted, fmt.Sprint("class ", (i*7+i/3000)%3000))
	}
	e := evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{})
	for _, name := range []string{"cohen_kappa", "mcc"} {
		if m := e.Metrics[name]; math.Abs(float64(m.Value)) > 0.005 || m.Note == "" {
			t.Errorf("%s is %v, want about 0, and its note is %q", name, m.Value, m.Note)
		}
	}
}

// TestValuesKeepWithinTheirLimits has rows that are all right or all wrong, of any numbers of both
// classes: no rounding takes a metric beyond the best and the worst that it can be.
func TestValuesKeepWithinTheirLimits(t *testing.T) {
	t.Parallel()
	for rows := 2; rows <= 60; rows++ {
		for positive := 1; positive < rows; positive++ {
			for _, right := range []bool{true, false} {
				var two summarytest.Binary
				var many summarytest.Multiclass
				for i := range rows {
					label := i < positive
					two.Labels = append(two.Labels, map[bool]float64{true: 1}[label])
					two.Predicted = append(two.Predicted, label == right)
					many.Actual, many.Predicted = append(many.Actual, strconv.FormatBool(label)), append(many.Predicted, strconv.FormatBool(label == right))
				}
				for task, s := range map[groundtruth.Task]*summary.Summary{groundtruth.Binary: two.Summary(time.Hour), groundtruth.Multiclass: many.Summary(time.Hour)} {
					for name, m := range evaluator.Evaluate(s, nil, evaluator.Options{}).Metrics {
						if spec, _ := metric.Find(name); float64(m.Value) < spec.Least || float64(m.Value) > spec.Most {
							t.Errorf("%s: %s of %d rows, %d positive, is %v, beyond %g and %g", task, name, rows, positive, float64(m.Value), spec.Least, spec.Most)
						}
					}
				}
			}
		}
	}
}
