package metric

import (
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

func TestPrimaryIsOneNotion(t *testing.T) {
	for name, c := range map[string]struct {
		task  groundtruth.Task
		lacks []Input
		want  string
	}{
		"regression":                   {groundtruth.Regression, nil, "rmse"},
		"regression without quantiles": {groundtruth.Regression, []Input{PredictedQuantiles}, "rmse"},
		"binary":                       {groundtruth.Binary, nil, "roc_auc"},
		"binary without scores":        {groundtruth.Binary, []Input{Scores}, "f1"},
		"multiclass":                   {groundtruth.Multiclass, nil, "roc_auc"},
		"multiclass without scores":    {groundtruth.Multiclass, []Input{Scores, WorthOfRows}, "f1"},
		"a task that nobody evaluates": {"ranking", nil, ""},
	} {
		lacks := map[Input]bool{}
		for _, of := range c.lacks {
			lacks[of] = true
		}
		spec, ok := PrimaryOf(c.task, func(of Input) bool { return lacks[of] })
		if spec.Name != c.want || ok != (c.want != "") {
			t.Errorf("%s: of the task %q", name, spec.Name)
		}
		metrics := map[string]Result{} // as a window of such a model has them
		for _, s := range Specs(c.task) {
			metrics[s.Name] = Result{Value: 1}
			if lacks[s.Needs] {
				metrics[s.Name] = Result{Reason: map[Input]string{Scores: noScore, PredictedQuantiles: noQuantiles, WorthOfRows: NoWorth}[s.Needs]}
			}
		}
		if got := Primary(metrics); got != c.want {
			t.Errorf("%s: of a window %q", name, got)
		}
	}
}
