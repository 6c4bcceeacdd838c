package publish

import (
	"fmt"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/job"
)

// TestFewOfManyClassesAreShown has more classes than are shown: those with the most labels are.
func TestFewOfManyClassesAreShown(t *testing.T) {
	o := &job.Outcome{}
	o.Evaluation = evaluator.Evaluation{Classes: map[string]evaluator.Group{}}
	for i := range 150 {
		o.Classes[fmt.Sprintf("c%03d", i)] = evaluator.Group{N: int64(i / 2), Metrics: map[string]metric.Result{"recall": {Value: 0.5}}}
	}
	shown := map[string]bool{}
	for _, s := range performance(o) {
		if s.name == "class_recall" && s.labels[0] == "class" {
			shown[s.labels[1]] = true
		}
	}
	if len(shown) != mostClasses || !shown["c149"] || !shown["c050"] || shown["c049"] {
		t.Errorf("%d classes are shown", len(shown))
	}
}
