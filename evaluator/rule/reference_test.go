package rule_test

import (
	"slices"
	"testing"

	"github.com/hindcast/hindcast/evaluator/rule"
)

// TestNeedReference compares the rules that are named with those that a model without a
// reference refuses.
func TestNeedReference(t *testing.T) {
	t.Parallel()
	var specs []rule.Spec
	var want []string
	for _, when := range []string{
		"rmse > 1", "rmse > 1.2 * reference.rmse", "predictions < reference.rows", "drift.share > 0.5", "drift.count > 1",
		`drift.columns["x"].psi > 0.2`, `drift.columns["x"].drifted`, "quality.missing_share > 0.1",
		`quality.columns["x"].missing > 0.1`, `quality.columns["x"].out_of_range > 0.1`, `quality.columns["x"].unseen > 0.1`, "predictions < 10",
		"rmse > rolling.rmse", `rmse > reference.segments["city"]["Oslo"].rmse`,
	} {
		spec := rule.Spec{Name: when, When: when, Action: rule.ActionAlert, For: 1}
		if _, err := rule.Compile([]rule.Spec{spec}, rule.Env{Segments: []string{"city"}}); err != nil {
			want = append(want, when)
		}
		specs = append(specs, spec)
	}
	set, err := rule.Compile(specs, rule.Env{HasReference: true, HasRolling: true, Segments: []string{"city"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := set.NeedReference(); !slices.Equal(got, want) || len(want) != 10 {
		t.Errorf("named are %q, want %q", got, want)
	}
}
