package rule

import (
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestABlockRuleThatIsNeverHealthy holds that a rule that would hold every run for good is
// found by what the columns are, and no rule that may yet be healthy.
func TestABlockRuleThatIsNeverHealthy(t *testing.T) {
	texts := map[string]groundtruth.Kind{"city": groundtruth.Text}
	mixed := map[string]groundtruth.Kind{"city": groundtruth.Text, "size": groundtruth.Number}
	unknown := map[string]groundtruth.Kind{"city": groundtruth.Absent}
	ks := []string{"ks"}
	for _, c := range []struct {
		when     string
		features map[string]groundtruth.Kind
		methods  []string
		want     string // a part of why; empty where it may be healthy
	}{
		{"drift.share >= 0.5", texts, ks, "drift.share is never known: ks compares numbers"},
		{"drift.count >= 1", texts, ks, "drift.count is never known: ks compares numbers"},
		{"drift.share >= 0.5", texts, nil, ""},
		{"drift.share >= 0.5", mixed, ks, ""},
		{"drift.share >= 0.5", unknown, ks, ""},
		{"drift.share >= 0.5", nil, ks, ""},
		{"drift.share >= 0.5", map[string]groundtruth.Kind{}, nil, "drift.share is never known: no column is a feature"},
		{`drift.columns["city"].drifted`, mixed, ks, `drift.columns["city"].drifted is never known: ks compares numbers`},
		{`drift.columns["city"].drifted`, mixed, nil, ""},
		{`drift.columns["town"].drifted`, mixed, nil, `drift.columns["town"].drifted is never known: no feature is called that`},
		{`drift.columns["town"].drifted`, nil, ks, ""},
		{`drift.columns["prediction"].ks > 0.2`, mixed, ks, ""},
		{`drift.columns["city"].ks > 0.2`, mixed, nil, `drift.columns["city"].ks is never known: ks compares numbers`},
		{`drift.columns["city"].js > 0.2`, mixed, ks, ""},
		// Whether the other side is false decides.
		{"drift.share >= 0.5 || rmse > 1", texts, ks, "drift.share"},
		{"drift.share >= 0.5 && rmse > 1", texts, ks, ""},
		{"drift.share >= 0.5 || false", texts, ks, "drift.share"},
		{"rmse > 1 ? drift.share > 0.5 : mae > 1", texts, ks, ""},
		{"rmse > (mae > 1 ? drift.share : 2)", texts, ks, ""},
		{"rmse > abs(drift.share)", texts, ks, "drift.share"},
		{"(drift.share > 0.5) == (drift.share > 0.4)", texts, ks, "drift.share"},
		{`!drift.columns["city"].drifted`, mixed, ks, ""},
		{"predictions > 10", texts, ks, ""},
		{"predictions > 10 || true", texts, ks, ""},
	} {
		env := fullEnv()
		env.Drift = drift.Prospects{Options: drift.Options{Methods: c.methods}, Features: c.features}
		spec := defaultSpec(c.when)
		set, errs := Compile([]Spec{spec}, env)
		if len(errs) > 0 {
			t.Errorf("%s: an alert is refused: %v", c.when, errs)
			continue
		}
		if never := set.NeverHealthy(env.Drift); len(never) > 0 {
			t.Errorf("%s: an alert holds no run: %v", c.when, never)
		}
		spec.Action = ActionBlock
		_, errs = Compile([]Spec{spec}, env)
		if (c.want == "") != (len(errs) == 0) || c.want != "" && !strings.Contains(errs[0].Error(), "this one never is: "+c.want) {
			t.Errorf("%s of %v by %v: %v, want %q", c.when, c.features, c.methods, errs, c.want)
		}
	}
}
