package job

import (
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestProfilesOfOtherTasksAreRefused names both tasks, or both classes, and says what to do.
func TestProfilesOfOtherTasksAreRefused(t *testing.T) {
	regression := &summary.Layout{Task: groundtruth.Regression}
	fraud := &summary.Layout{Task: groundtruth.Binary, Binary: summary.BinaryOptions{Positive: "fraud"}}
	for _, c := range []struct {
		name   string
		layout *summary.Layout
		spec   groundtruth.Spec
		want   string
	}{
		{"regression", regression, groundtruth.Spec{}, ""},
		{"regression by name", regression, groundtruth.Spec{Task: groundtruth.Regression}, ""},
		{"binary", fraud, groundtruth.Spec{Task: groundtruth.Binary, Positive: "fraud"}, ""},
		{
			"another task", regression, groundtruth.Spec{Task: groundtruth.Binary, Positive: "1"},
			"it was made for the task regression, and the model has the task binary; make it anew with hindcast baseline, or correct task",
		},
		{
			"another class", fraud, groundtruth.Spec{Task: groundtruth.Binary, Positive: "1"},
			`its positive class is "fraud", and the model's is "1"; make it anew with hindcast baseline, or correct positive_label`,
		},
	} {
		err := ofTask(c.layout, c.spec)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
