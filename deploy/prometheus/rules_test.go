package prometheus_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/hindcast/hindcast/deploy/prometheus"
)

var update = flag.Bool("update", false, "write the files anew")

// groups are all rules.
func groups() []prometheus.Group {
	o := prometheus.DefaultOptions()
	return []prometheus.Group{prometheus.Hindcast(o), prometheus.ModelService(o), prometheus.Objectives(o)}
}

// alerts are the rules that fire; the others record.
func alerts() []prometheus.Rule {
	var out []prometheus.Rule
	for _, g := range groups() {
		for _, r := range g.Rules {
			if r.Record == "" {
				out = append(out, r)
			}
		}
	}
	return out
}

func TestFilesAreMadeFromTheRules(t *testing.T) {
	t.Parallel()
	all := groups()
	for name, make := range map[string]func() ([]byte, error){
		"hindcast.rules.yml":                func() ([]byte, error) { return prometheus.RuleFile(all[0]) },
		"model-service.rules.yml":           func() ([]byte, error) { return prometheus.RuleFile(all[1:]...) },
		"../monitoring/prometheusrule.yaml": func() ([]byte, error) { return prometheus.PrometheusRule("hindcast", all...) },
	} {
		want, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what rules.go makes: run go test ./deploy/prometheus -update", name)
		}
	}
}

// A case of promtool's unit tests.
type unitTests struct {
	Tests []struct {
		AlertRuleTest []struct {
			Alertname string           `yaml:"alertname"`
			ExpAlerts []map[string]any `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	} `yaml:"tests"`
}

func TestEveryRuleIsShownFiringAndNotFiring(t *testing.T) {
	t.Parallel()
	firing, quiet := map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob("testdata/*.test.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no unit tests", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var u unitTests
		if err := yaml.Unmarshal(data, &u); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, test := range u.Tests {
			for _, c := range test.AlertRuleTest {
				if len(c.ExpAlerts) > 0 {
					firing[c.Alertname] = true
				} else {
					quiet[c.Alertname] = true
				}
			}
		}
	}
	for _, r := range alerts() {
		if !firing[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: shown firing %t, not firing %t", r.Alert, firing[r.Alert], quiet[r.Alert])
		}
	}
}

// TestRunbooks holds runbooks and rules together.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	const folder = "../../docs/runbooks"
	var want []string
	index, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range alerts() {
		want = append(want, r.Alert+".md")
		if url := r.Annotations["runbook_url"]; url != prometheus.Runbooks+r.Alert+".md" {
			t.Errorf("%s: runbook_url %s", r.Alert, url)
		}
		text, err := os.ReadFile(filepath.Join(folder, r.Alert+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(string(text), "# "+r.Alert+"\n") {
			t.Errorf("the runbook of %s begins otherwise", r.Alert)
		}
		if !strings.Contains(string(index), "]("+r.Alert+".md)") {
			t.Errorf("the index of runbooks leaves %s out", r.Alert)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "README.md" && !slices.Contains(want, e.Name()) {
			t.Errorf("runbook %s has no alert", e.Name())
		}
	}
}

func TestNamesAndWords(t *testing.T) {
	t.Parallel()
	camel := regexp.MustCompile(`^(Hindcast|ModelService)([A-Z][a-z]+)+$`)
	for _, r := range alerts() {
		if !camel.MatchString(r.Alert) {
			t.Errorf("%s is not CamelCase with a prefix", r.Alert)
		}
		if s := r.Labels["severity"]; s != "critical" && s != "warning" && s != "info" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		for _, key := range []string{"summary", "description"} {
			text := r.Annotations[key]
			if text == "" || r.Alert != "HindcastAbsent" && !strings.Contains(text, "{{ $labels.model }}") {
				t.Errorf("%s: %s does not name the model: %q", r.Alert, key, text)
			}
		}
	}
}

// TestPromtool runs Prometheus's own checks where they are installed. The end-to-end
// tests install them and run the same.
func TestPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; the end-to-end tests run it")
	}
	rules, err := filepath.Glob("*.rules.yml")
	if err != nil || len(rules) != 2 {
		t.Fatal(rules, err)
	}
	tests, err := filepath.Glob("testdata/*.test.yml")
	if err != nil || len(tests) < 2 {
		t.Fatal(tests, err)
	}
	for _, args := range [][]string{
		append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, rules...),
		append([]string{"test", "rules"}, tests...),
	} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
