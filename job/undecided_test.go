package job_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/job"
)

// What would decide an inconclusive rule is a note on its window, and in the log.
func TestUndecidedRulesSayWhatWouldDecideThem(t *testing.T) {
	const ruleMAE = "{name: mae, when: mae > 1.5 * reference.mae, min_samples: 300}"
	for _, c := range []struct {
		name    string
		rules   string
		model   string
		small   bool    // small drift is to be seen
		labeled float64 // share of the rows
		want    string  // the notes, joined; a regular expression
	}{
		{"nothing is undecided", "[" + ruleRMSE + ", " + ruleDrift + "]", "", false, 1, ``},
		{"too few labels", "[" + strings.Replace(ruleRMSE, "100", "300", 1) + "]", "", false, 1,
			"rule rmse is inconclusive with 240 labelled rows, where about 300 are needed: set `window: 2d`, or a lower `min_samples`"},
		{"of two rules", "[" + strings.Replace(ruleRMSE, "100", "300", 1) + ", " + ruleDrift + ", " + ruleMAE + "]", "", false, 1,
			"rules rmse and mae are inconclusive with 240 labelled rows, where about 300 are needed: .*"},
		{"labels that may yet come", "[" + strings.Replace(ruleRMSE, "100", "220", 1) + "]", "", false, 0.9,
			"rule rmse is inconclusive with 216 labelled rows, where about 220 are needed: set `window: 2d`, or a longer `ground_truth.delay` if more labels come later, or a lower `min_samples`"},
		{"far too few", "[" + strings.Replace(ruleRMSE, "100", "10000", 1) + "]", "", false, 1,
			"rule rmse is inconclusive with 240 labelled rows, where about 10000 are needed: set a lower `min_samples`"},
		{"coverage", "[" + ruleRMSE + "]", "", false, 0.6,
			"rule rmse is inconclusive with labels for 144 of 240 predictions, a coverage of 0.6 below min_coverage 0.8: set a longer `ground_truth.delay` if the labels come later, or a lower `min_coverage`"},
		{"a difference that may be chance", "[{name: rmse, when: rmse > 0.95}]", "", false, 1,
			"rule rmse is inconclusive with 240 labelled rows, where about [0-9]+ are needed: set `window: [0-9]+d`"},
		{"a small reference", "[" + ruleDrift + "]", "", true, 1,
			"rule drift is inconclusive as column x is: wasserstein_normed: chance alone hides drift up to 0[.][0-9]+, more than twice the threshold 0.03: needs about [0-9]+ rows in the window and in the reference, there are 240 and 600, or set `drift.method: psi`"},
		{"nothing matched", "[" + ruleRMSE + "]", "", false, 0, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, settings{rules: c.rules, model: c.model})
			if c.small {
				w.model.Drift.Methods, w.model.Drift.Threshold = []string{"wasserstein_normed"}, nil
				w.model.Drift.Thresholds = map[string]float64{"wasserstein_normed": 0.03}
			}
			pairs := makePairs(perDay, dayStart(1), good, "v1")
			w.predictions(1, pairs)
			w.labels(1, pairs[:int(c.labeled*perDay)])
			w.logs(2, good, good)
			w.at(4)
			window := day(1)
			out := w.pass(job.Options{Window: &window})
			notes := slices.DeleteFunc(slices.Clone(out[0].Notes), func(note string) bool { return !strings.HasPrefix(note, "rule") })
			got := strings.Join(notes, "\n")
			if !regexp.MustCompile("^(?:" + c.want + ")$").MatchString(got) {
				t.Errorf("notes %q", got)
			}
			if logged := strings.Count(w.log.String(), "msg=noted"); logged != len(out[0].Notes) {
				t.Errorf("%d notes, and %d in the log: %s", len(out[0].Notes), logged, w.log.String())
			}
		})
	}
}
