package config

import (
	"fmt"
	"strings"
	"testing"
)

// What is wrong with rules and with how drift is judged.
func TestBadRules(t *testing.T) {
	testBad(t, []badCase{
		{
			"significance of 1", "significance: 0.95", "significance: 1",
			"hindcast.yaml:34:23: models[0].rules[0].significance: must be from 0.5 to below 1, or 0 to turn it off, got 1",
		},
		{
			"for 0", "for: 2", "for: 0",
			"hindcast.yaml:35:14: models[0].rules[0].for: must be at least 1, got 0",
		},
		{
			"drift profile of the future", "profile: hindcast", "profile: evidently",
			`hindcast.yaml:28:22: models[0].drift.profile: "evidently" is not supported by this version; supported: hindcast`,
		},
		{
			"drift method of the future", "method: auto", "method: hellinger",
			`hindcast.yaml:28:40: models[0].drift.method: "hellinger" is not supported by this version; supported: auto, psi, ks, wasserstein, wasserstein_normed, js, tvd, cohen_w, missing, out_of_range`,
		},
		{
			"auto in a list of methods", "method: auto", "method: [psi, auto]",
			`hindcast.yaml:28:46: models[0].drift.method[1]: unknown value "auto"; known: cohen_w, js, ks, missing, out_of_range, psi, tvd, wasserstein, wasserstein_normed`,
		},
		{
			"threshold of a measure that does not judge", "method: auto", "method: [psi], threshold: {ks: 0.1}",
			"hindcast.yaml:28:59: models[0].drift.threshold.ks: ks is not among the measures of method, so its threshold would not count",
		},
		{
			"threshold of an unknown measure", "method: auto", "threshold: {pis: 0.1}",
			`hindcast.yaml:28:44: models[0].drift.threshold: unknown measure "pis" (did you mean "psi"?)`,
		},
		{
			"negative threshold", "method: auto", "threshold: {psi: -0.1}",
			"hindcast.yaml:28:49: models[0].drift.threshold.psi: must be at least 0, got -0.1",
		},
		{
			"threshold of no standard deviation", "method: auto", "threshold: {std: 0}",
			"hindcast.yaml:28:49: models[0].drift.threshold.std: must be above 0, got 0",
		},
		{
			"threshold of a measure in an unknown way", "method: auto", "threshold: {psi: {sd: 3}}",
			"hindcast.yaml:28:49: models[0].drift.threshold.psi: want a number or {std: NUMBER}",
		},
		{
			"std beside measures", "method: auto", "threshold: {psi: 0.2, std: 3}",
			"hindcast.yaml:28:54: models[0].drift.threshold.std: stands alone, for all measures; beside others each has its own, as in {psi: {std: 3}}",
		},
		{
			"threshold of a share in percent", "method: auto", "threshold: {missing: 5}",
			"hindcast.yaml:28:53: models[0].drift.threshold.missing: is a share of the rows, at most 1, which no column is above: write 0.05 for 5 %",
		},
		{
			"false discovery rate of 0", "method: auto", "false_discovery_rate: 0",
			"hindcast.yaml:28:54: models[0].drift.false_discovery_rate: must be above 0 and at most 1, which corrects nothing, got 0",
		},
		{
			"rule name with a slash", "name: rmse", "name: a/b",
			"hindcast.yaml:30:15: models[0].rules[0].name: a rule's name has letters, digits, '-', '.' and '_', at most 63, and begins and ends with a letter or a digit",
		},
		{
			"two rules of one name", "name: drift", "name: rmse",
			`hindcast.yaml:37:15: models[0].rules[1].name: a rule before this one is called "rmse" too`,
		},
		{
			"action of nobody", "action: alert", "action: alrt",
			`hindcast.yaml:39:17: models[0].rules[1].action: unknown value "alrt" (did you mean "alert"?)`,
		},
		{
			"count beyond reason", "for: 2", "for: 100000",
			"hindcast.yaml:35:14: models[0].rules[0].for: must be at most 10000, got 100000",
		},
		{
			"method given twice", "method: auto", "method: [psi, psi]",
			`hindcast.yaml:28:46: models[0].drift.method[1]: "psi" is listed twice`,
		},
		{
			"threshold of the future", "method: auto", "threshold: {kl: 1}",
			`hindcast.yaml:28:44: models[0].drift.threshold.kl: "kl" is not supported by this version; supported: psi, ks, wasserstein, wasserstein_normed, js, tvd, cohen_w, missing, out_of_range`,
		},
	})
}

// Measures that judge beside every method have thresholds whatever the method is.
func TestThresholdsOfMeasuresBesideTheMethod(t *testing.T) {
	for _, method := range []string{"auto", "ks", "[psi, js]", "missing"} {
		text := edit(t, readTestdata(t, "full.yaml"), "method: auto", "method: "+method+", threshold: {missing: 0.05, out_of_range: 0.02}")
		cfg, err := Parse("hindcast.yaml", []byte(text), "", noEnv)
		if err != nil {
			t.Errorf("%s: %v", method, err)
			continue
		}
		if got := cfg.Models[0].DriftOptions().Thresholds; got["missing"] != 0.05 || got["out_of_range"] != 0.02 {
			t.Errorf("%s: thresholds %v", method, got)
		}
	}
}

// A rule with the action block on a column that is no feature would hold every run for good.
func TestBlockRuleThatIsNeverHealthy(t *testing.T) {
	text := edit(t, readTestdata(t, "full.yaml"), "features: auto", "features: [size]")
	text = edit(t, text, "action: alert", "action: block")
	for when, want := range map[string]string{
		`drift.columns["size"].drifted`: "",
		`drift.columns["city"].drifted`: `hindcast.yaml:38:15: models[0].rules[1].when: a rule with action block holds every run unless it is healthy, and this one never is: drift.columns["city"].drifted is never known: no feature is called that`,
	} {
		_, err := Parse("hindcast.yaml", []byte(edit(t, text, "drift.share >= 0.5", when)), "", noEnv)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
}

// The words of the messages about expressions are evaluator/rule's; where they
// point to is checked here.
func TestBadExpressions(t *testing.T) {
	base := readTestdata(t, "full.yaml")
	tests := []struct{ name, when, prefix, contains string }{
		{"plain", "drift.share >= 0.5 && nope > 1", "hindcast.yaml:38:37: models[0].rules[1].when: ", "nope"},
		{"quoted", `"drift.share >= 0.5 && nope > 1"`, "hindcast.yaml:38:38: models[0].rules[1].when: ", "nope"},
		{"folded", ">-\n          drift.share >= 0.5\n          && nope > 1", "hindcast.yaml:38:15: models[0].rules[1].when: character 23: ", "nope"},
		{"unknown segment", `segments["town"]["Oslo"].rmse > 1`, "hindcast.yaml:38:", "city"},
		{"not boolean", "drift.share", "hindcast.yaml:38:15: models[0].rules[1].when: ", ""},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got := parseError(t, edit(t, base, "when: drift.share >= 0.5", "when: "+c.when), noEnv)
			if !strings.HasPrefix(got, c.prefix) || !strings.Contains(got, c.contains) || strings.Contains(got, "\n") {
				t.Errorf("got %s\nwant the prefix %s with %q in it", got, c.prefix, c.contains)
			}
		})
	}
	t.Run("reference without one", func(t *testing.T) {
		text := edit(t, base, "    reference:\n      url: s3://training/house-price/*.parquet\n", "")
		text = edit(t, text, "    segments: [city]\n    drift: {profile: hindcast, method: auto}\n", "    segments: [city]\n")
		got := parseError(t, text, noEnv)
		for _, want := range []string{"hindcast.yaml:28:28: models[0].rules[0].when: ", "hindcast.yaml:35:15: models[0].rules[1].when: "} {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
	})
	t.Run("rolling reference without Summaries", func(t *testing.T) {
		text := edit(t, base, "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {}\n")
		got := parseError(t, edit(t, text, "  url: file://./state\n", "  url: file://./state\n  keep_summaries: 0s\n"), noEnv)
		if want := "hindcast.yaml:28:16: models[0].reference.rolling: it is made of the Summaries of 8 windows or more, and state.keep_summaries keeps them for 0s: give that 16d at least"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("reference without predictions", func(t *testing.T) {
		text := edit(t, base, "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      columns: {prediction: ''}\n")
		got := parseError(t, text, noEnv)
		if want := "models[0].rules[0].when: reference.rmse can never be known: the reference has no predictions, as reference.columns.prediction says"; !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("got %s\nwant %s alone", got, want)
		}
		text = edit(t, text, "prediction: ''", "label: ''")
		text = edit(t, text, "when: drift.share >= 0.5", "when: drift.columns['label'].drifted || reference.rows > 3")
		got = parseError(t, text, noEnv)
		for _, want := range []string{"reference.rmse can never be known: the reference has no labels, as reference.columns.label says", `drift.columns["label"].drifted can never be known`} {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
	})
	t.Run("significance where nothing qualifies", func(t *testing.T) {
		got := parseError(t, edit(t, base, "        action: alert\n", "        action: alert\n        significance: 0.9\n"), noEnv)
		if !strings.HasPrefix(got, "hindcast.yaml:40:23: models[0].rules[1].significance: ") {
			t.Errorf("got %s", got)
		}
	})
}
