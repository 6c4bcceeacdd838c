package config

import (
	"os"
	"strings"
	"testing"
)

// TestHashes changes one key at a time: the hash of what is read, and that of what judges,
// differ where they are to, and nowhere else.
func TestHashes(t *testing.T) {
	data, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	hashes := func(text string) (read, rules string) {
		t.Helper()
		c, err := Parse("hindcast.yaml", []byte(text), t.TempDir(), func(string) (string, bool) { return "x", true })
		if err != nil {
			t.Fatal(err)
		}
		return c.Models[0].ReadHash(), c.Models[0].RulesHash()
	}
	full := string(data)
	read, rules := hashes(full)
	const model = "    task: regression\n"
	for _, tc := range []struct {
		old, replacement string
		reads, judges    bool
	}{
		{"url: s3://logs/house-price/dt={date}", "url: s3://logs/house/dt={date}", true, false},
		{"url: s3://warehouse/sales/", "url: s3://warehouse/sold/", true, false},
		{"format: auto", "format: csv", true, false},
		{"slack: 0h", "slack: 1h", true, false},
		{"label: sold_price", "label: price", true, false},
		{"resolve: latest", "resolve: first", true, false},
		{"features: auto", "features: [size]", true, false},
		{"slack: 0h", "partition_time_zone: Europe/Oslo", true, false},
		{"slack: 0h", "partition_time_zone: UTC", false, false},
		{"model_version: version\n", "model_version: version\n        entity: customer\n", true, false},
		{"url: s3://training/house-price/*.parquet", "{url: 's3://training/house-price/*.parquet', columns: {entity: customer}}", false, true},
		{"delay: 7d", "match: {within: 1d}", true, false},
		{model, model + "    window_time_zone: Europe/Oslo\n", false, false},
		{"url: s3://training/house-price/*.parquet", "{url: 's3://training/house-price/*.parquet', columns: {label: price}}", false, true},
		{"segments: [city]", "segments: [city, size]", true, false},
		{model, model + "    max_segments: 3\n", true, false},
		{"url: s3://training/house-price/", "url: s3://training/house/", false, true},
		{"segments: [city]", "  rolling: {}\n    segments: [city]", false, true},
		{"method: auto}", "method: psi}", false, true},
		{"method: auto}", "method: psi, threshold: 0}", false, true},
		{"method: auto}", "method: auto, min_rows: 7}", false, true},
		{"      - name: rmse\n", "      - {name: more, when: mae > 3}\n      - name: rmse\n", false, true},
		{"        significance: 0.95\n", "", false, true},
		{"significance: 0.95", "significance: 0", false, true},
		{"min_coverage: 0.8", "min_coverage: 0.1", false, true},
		{"for: 2", "for: 3", false, false},
		{"action: retrain", "action: alert", false, false},
		{"mode: auto", "mode: suggest", false, false},
		{"cooldown: 24h", "cooldown: 1h", false, false},
		{"delay: 7d", "delay: 3d", false, false},
		{model, model + "    catch_up: 3\n    relook: 3d\n    max_bad_share: 0.02\n", false, false},
	} {
		text := strings.Replace(full, tc.old, tc.replacement, 1)
		if text == full {
			t.Errorf("%q is not in the file", tc.old)
			continue
		}
		r, j := hashes(text)
		if (r != read) != tc.reads || (j != rules) != tc.judges {
			t.Errorf("%q for %q: read differs %v, rules differ %v", tc.replacement, tc.old, r != read, j != rules)
		}
	}
}

// A field that a later version adds is zero in an older configuration, and leaves its
// hash as it was; what is given as zero is told from what is not given.
func TestHashOfLaterVersion(t *testing.T) {
	type now struct{ A string }
	type later struct {
		A string
		B int
		C struct{ D []string }
		E *float64
	}
	was := hashOf(now{"x"})
	if got := hashOf(later{A: "x"}); got != was {
		t.Error("zero fields change the hash")
	}
	zero := 0.0
	if got := hashOf(later{A: "x", E: &zero}); got == was {
		t.Error("a pointer to zero is taken for none")
	}
}

// Kept Summaries, verdicts and launches of earlier versions carry these hashes: those of models
// without newer keys stay.
func TestHashesStay(t *testing.T) {
	for file, want := range map[string][3]string{
		"full.yaml":  {"410f9d4ab6d18e10c11296754616b87f", "3d01e9c805464ef431a3d127d07ccbcb", "b3752dee5031a8e7b0f8a1875ea72475"},
		"small.yaml": {"68254853169e163233c9fa588f3c81bf", "9d90d239123f62afcae7f1a6beff8f8e", "6f396bd4e824ecf45178f2a83c863d4a"},
	} {
		m := mustParse(t, readTestdata(t, file), noEnv).Models[0]
		if got := [3]string{m.ReadHash(), m.RulesHash(), m.PolicyHash()}; got != want {
			t.Errorf("%s: hashes %q, want %q", file, got, want)
		}
	}
}

// TestHashesOfKinds changes one key of a kind of model at a time, as TestHashes does.
func TestHashesOfKinds(t *testing.T) {
	hashes := func(task, columns, keys string) [3]string {
		m := mustParse(t, kindText(task, columns, "  rules: []\n"+keys), noEnv).Models[0]
		return [3]string{m.ReadHash(), m.RulesHash(), m.PolicyHash()}
	}
	const score, scores = ", score: s", ", scores: {a: x, b: z}"
	for _, c := range []struct {
		task, columns, changed, keys string
		reads, judges                bool
	}{
		{"binary", score, score, "  positive_label: fraud\n", true, false},
		{"binary", score, score, "  threshold: 0.3\n", true, false},
		{"binary", score, ", score: t", "", true, false},
		{"binary", score, score + ", weight: w", "", true, false},
		{"binary", score, score, "  business_value: {tp: 1}\n", false, true},
		{"binary", score, score, "  metrics: {f_beta: {beta: 1}}\n", false, true},
		{"binary", score, score, "  estimated: {method: cbpe}\n", false, true},
		{"binary", score, score, "  label_bias: {action: none}\n", false, true},
		{"multiclass", scores, scores, "  metrics: {top_k_accuracy: {k: 1}}\n", false, true},
		{"multiclass", scores, scores, "  business_value: [{actual: a, predicted: b, value: 3}]\n", false, true},
		{"multiclass", scores, ", scores: {b: z, a: x}", "", true, false},
		{"regression", ", prediction: p", ", prediction: p, quantiles: [{q: 0.5, column: m}]", "", true, false},
		{"regression", ", prediction: p", ", prediction: p, weight: w", "", true, false},
		{"regression", ", prediction: p", ", prediction: p", "  label_bias: {action: none}\n", false, true},
		{"regression", ", prediction: p", ", prediction: p", "  label_bias: {action: inconclusive}\n", false, false},
		{"regression", ", prediction: p", ", prediction: p}\n    bounds: {min: 0", "", true, false},
		{"binary", score, score, "  positive_label: 1\n  threshold: 0.5\n  metrics: {f_beta: {beta: 2}}\n", false, false},
	} {
		before, after := hashes(c.task, c.columns, ""), hashes(c.task, c.changed, c.keys)
		if (before[0] != after[0]) != c.reads || (before[1] != after[1]) != c.judges || (before[2] != after[2]) != (c.reads || c.judges) {
			t.Errorf("%s%s%s: before %q, after %q", c.task, c.changed, c.keys, before, after)
		}
	}
	value := "  business_value: {tp: 1}\n"
	if hashes("binary", score, value)[1] == hashes("binary", score, value+"  cost_per_prediction: 1\n")[1] {
		t.Error("the cost of a prediction is not in the hash")
	}
}
