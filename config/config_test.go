package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

func noEnv(string) (string, bool) { return "", false }

func envOf(m map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

func readTestdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// edit replaces the one occurrence of old, and fails where there is not just one.
func edit(t testing.TB, text, old, replacement string) string {
	t.Helper()
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%q occurs %d times in the base file", old, n)
	}
	return strings.Replace(text, old, replacement, 1)
}

func mustParse(t testing.TB, text string, env func(string) (string, bool)) *Config {
	t.Helper()
	c, err := Parse("hindcast.yaml", []byte(text), "/etc/hindcast", env)
	if err != nil {
		t.Fatalf("parse:\n%v", err)
	}
	return c
}

func parseError(t testing.TB, text string, env func(string) (string, bool)) string {
	t.Helper()
	c, err := Parse("hindcast.yaml", []byte(text), "/etc/hindcast", env)
	if err == nil {
		t.Fatal("no error")
	}
	if c != nil {
		t.Fatal("a configuration beside the error")
	}
	var list Errors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("error is %T, want Errors", err)
	}
	return err.Error()
}

func TestFullExample(t *testing.T) {
	c, err := Load(filepath.Join("testdata", "full.yaml"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if c.Dir != "testdata" || c.State.URL != "file://./state" || len(c.Models) != 1 {
		t.Fatalf("config = %+v", c)
	}
	m := c.Model("house-price")
	if m == nil || c.Model("other") != nil {
		t.Fatal("Model does not find by name")
	}
	wantSpec := groundtruth.Spec{
		Predictions: groundtruth.Source{URL: "s3://logs/house-price/dt={date}/*.parquet", Format: "auto"},
		PredictionColumns: groundtruth.PredictionColumns{
			ID: groundtruth.IDColumns{"request_id"}, Timestamp: "predicted_at", Prediction: "predicted_price", ModelVersion: "version",
		},
		Labels: groundtruth.Source{URL: "s3://warehouse/sales/dt={date}/*.csv", Format: "auto"},
		LabelColumns: groundtruth.LabelColumns{
			ID: groundtruth.IDColumns{"request_id"}, Label: "sold_price", Timestamp: "sold_at", IngestedAt: "loaded_at", Op: "op",
		},
		Resolve:     groundtruth.ResolveLatest,
		Reference:   groundtruth.Source{URL: "s3://training/house-price/*.parquet", Format: "auto"},
		Segments:    []string{"city"},
		MaxBadShare: 0.01,
	}
	if got := m.GroundtruthSpec(); !reflect.DeepEqual(got, wantSpec) {
		t.Errorf("spec = %+v\nwant   %+v", got, wantSpec)
	}
	wantPolicy := trigger.Policy{
		Mode: trigger.ModeAuto, Cooldown: 24 * time.Hour, Settle: time.Minute,
		Budget: trigger.Budget{Runs: 4, Per: 30 * 24 * time.Hour},
	}
	if got := m.Policy(); got != wantPolicy {
		t.Errorf("policy = %+v", got)
	}
	level := 0.95
	wantRules := []rule.Spec{
		{Name: "rmse", When: "rmse > 1.2 * reference.rmse", MinSamples: 200, MinCoverage: 0.8, Significance: &level, For: 2, Action: "retrain"},
		{Name: "drift", When: "drift.share >= 0.5", MinSamples: 200, MinCoverage: 0.8, For: 1, Action: "alert"},
	}
	if got := m.RuleSpecs(); !reflect.DeepEqual(got, wantRules) {
		t.Errorf("rules = %+v", got)
	}
	if rules := m.Rules().Rules(); len(rules) != 2 || rules[0].Name != "rmse" || rules[0].Significance != 0.95 {
		t.Errorf("compiled rules = %+v", rules)
	}
	if m.DefaultRules() != nil {
		t.Error("default rules although the file has its own")
	}
	wantEnv := rule.Env{Task: "regression", HasReference: true, Segments: []string{"city"},
		OfPrediction: []string{"predicted_price"},
		Lacks:        map[metric.Input]string{metric.PredictedQuantiles: "predictions.columns.quantiles"},
		Drift:        drift.Prospects{Options: drift.Options{MinRows: 200}}}
	env := m.RuleEnv()
	if got := env.ClassText("1.0"); got != "1" {
		t.Errorf("rules name the class 1.0, which rows have as 1, %q", got)
	}
	env.ClassText = nil // functions compare with nil alone
	if !reflect.DeepEqual(env, wantEnv) {
		t.Errorf("env = %+v", env)
	}
	if m.GroundTruth.Delay != 7*24*time.Hour || m.Grid().String() != "1d" || !m.Predictions.Features.Auto || len(m.Drift.Methods) != 0 {
		t.Errorf("model = %+v", m)
	}
	next := m.Cron().Next(time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC))
	if want := time.Date(2026, 1, 3, 3, 0, 0, 0, time.UTC); !next.Equal(want) {
		t.Errorf("next = %v", next)
	}
	k := m.Retrain.Kubeflow
	wantParameters := map[string]any{"model_name": "{{ .Model }}", "data_until": "{{ .Window.End }}", "learning_rate": 0.1}
	if !reflect.DeepEqual(k.Parameters, wantParameters) || k.Version != "latest" || k.Timeout != 10*time.Second || k.Token.IsSet() {
		t.Errorf("kubeflow = %+v", k)
	}
}

// TestFullExampleTells looks at those who are told.
func TestFullExampleTells(t *testing.T) {
	c, err := Load(filepath.Join("testdata", "full.yaml"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Publish.Pushgateway; p.URL != "http://pushgateway:9091" || p.Grouping["namespace"] != "team-a" || p.Timeout != 10*time.Second {
		t.Errorf("pushgateway = %+v", p)
	}
	if c.Publish.Textfile.Path != "/var/lib/node_exporter/hindcast.prom" {
		t.Errorf("textfile = %+v", c.Publish.Textfile)
	}
	if s := c.Notify.Slack; s.Token.File() != "/secrets/slack" || s.Channel != "#ml-alerts" || s.WebhookURL.IsSet() {
		t.Errorf("slack = %+v", s)
	}
	if e := c.Notify.Email; e.Smarthost != "smtp.example.com:587" || e.From != "Hindcast <hindcast@example.com>" || len(e.To) != 2 || e.Username != "hindcast" ||
		e.Password.File() != "/secrets/smtp" || e.TLS != "starttls" || !e.TLSConfig.IsSet() || e.TLSConfig.Config().CAFile != "/secrets/smtp-ca.pem" ||
		e.Hello != "hindcast.example.com" || e.Timeout != 20*time.Second {
		t.Errorf("email = %+v", e)
	}
	if w := c.Notify.Webhook; w.URL.File() != "/secrets/webhook" || w.Labels["namespace"] != "team-a" || w.HTTP.Config().Authorization.CredentialsFile != "/secrets/webhook-token" || w.Timeout != 10*time.Second {
		t.Errorf("webhook = %+v", w)
	}
	if a := c.Notify.Alertmanager; len(a.Servers()) != 2 || a.Servers()[1] != "http://alertmanager-1:9093/am" || a.Labels["team"] != "pricing" || a.HTTP.IsSet() || a.Timeout != 5*time.Second {
		t.Errorf("alertmanager = %+v", a)
	}
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("warnings = %q", w)
	}
}

func TestDefaults(t *testing.T) {
	c := mustParse(t, readTestdata(t, "small.yaml"), noEnv)
	m := c.Models[0]
	if !reflect.DeepEqual(c.Publish, Publish{}) || c.Notify != (Notify{}) {
		t.Errorf("outputs = %+v %+v", c.Publish, c.Notify)
	}
	if m.Window != "1d" || m.CatchUp != 7 || m.MaxBadShare != 0.01 || m.MaxSegments != 100 || m.TimeZone != "UTC" || m.Cron() != nil {
		t.Errorf("model = %+v", m)
	}
	if m.GroundTruth.Resolve != groundtruth.ResolveLatest || m.GroundTruth.Delay != 0 || m.GroundTruth.Slack != 0 || m.Predictions.Slack != 0 {
		t.Errorf("ground truth = %+v", m.GroundTruth)
	}
	if d := m.Drift; d.Profile != "hindcast" || d.MinRows != 200 || d.ExactValues != 10_000 || d.Threshold != nil || d.Thresholds != nil {
		t.Errorf("drift = %+v", d)
	}
	want := trigger.Policy{
		Mode: trigger.ModeSuggest, Cooldown: 24 * time.Hour, Settle: time.Minute,
		Budget: trigger.Budget{Runs: 4, Per: 30 * 24 * time.Hour},
	}
	if got := m.Policy(); got != want {
		t.Errorf("policy = %+v", got)
	}
	if len(m.RuleSpecs()) != 0 || m.Rules() == nil || m.Reference.Saved() {
		t.Error("a model without a reference has no default rules")
	}
	if got := m.GroundtruthSpec().Reference; got != (groundtruth.Source{}) {
		t.Errorf("reference = %+v", got)
	}
}

func TestConcurrency(t *testing.T) {
	text := readTestdata(t, "small.yaml")
	if c := mustParse(t, text, noEnv); c.Concurrency != 0 {
		t.Errorf("concurrency is %d by default, want 0", c.Concurrency)
	}
	if c := mustParse(t, text+"\nconcurrency: 16\n", noEnv); c.Concurrency != 16 {
		t.Errorf("concurrency is %d, want 16", c.Concurrency)
	}
}

func TestDefaultRulesWithReference(t *testing.T) {
	c := mustParse(t, readTestdata(t, "small.yaml")+"    reference: {profile: saved}\n", noEnv)
	m := c.Models[0]
	want := []rule.Spec{
		{Name: "drift", When: "drift.share >= 0.5", MinSamples: 200, MinCoverage: 0.8, For: 1, Action: "alert"},
		{Name: "rmse", When: "rmse > 1.1 * reference.rmse", MinSamples: 200, MinCoverage: 0.8, For: 1, Action: "alert"},
	}
	if got := m.DefaultRules(); !reflect.DeepEqual(got, want) {
		t.Errorf("default rules = %+v", got)
	}
	if !m.Reference.Saved() {
		t.Error("the profile is the saved one")
	}
	if got := m.GroundtruthSpec().Reference; got != (groundtruth.Source{}) {
		t.Errorf("a profile is no source of rows: %+v", got)
	}
	if compiled := m.Rules().Rules(); len(compiled) != 2 {
		t.Errorf("compiled = %+v", compiled)
	}
}

// A reference that lacks what errors are computed of has no rule on them by default.
func TestReferenceColumns(t *testing.T) {
	for columns, want := range map[string]groundtruth.ReferenceColumns{
		`{label: target}`:                 {PredictionColumns: groundtruth.PredictionColumns{ID: groundtruth.IDColumns{"id"}, Prediction: "p"}, Label: "target"},
		`{prediction: "", label: target}`: {PredictionColumns: groundtruth.PredictionColumns{ID: groundtruth.IDColumns{"id"}}, Label: "target"},
		`{label: ''}`:                     {PredictionColumns: groundtruth.PredictionColumns{ID: groundtruth.IDColumns{"id"}, Prediction: "p"}},
		`{id: "", timestamp: day, model_version: v, label: y}`: {PredictionColumns: groundtruth.PredictionColumns{Timestamp: "day", Prediction: "p", ModelVersion: "v"}, Label: "y"},
	} {
		m := mustParse(t, readTestdata(t, "small.yaml")+"    reference: {url: ./training.csv, columns: "+columns+"}\n", noEnv).Models[0]
		spec := m.GroundtruthSpec()
		if got := spec.ColumnsOfReference(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", columns, got, want)
		}
		rules := 2
		if want.Prediction == "" || want.Label == "" {
			rules = 1
		}
		if got := m.DefaultRules(); len(got) != rules || got[0].Name != "drift" {
			t.Errorf("%s: default rules %+v, want %d", columns, got, rules)
		}
	}
}

// An explicit zero is a choice, not a missing value.
func TestExplicitZero(t *testing.T) {
	text := readTestdata(t, "small.yaml") + `    max_bad_share: 0
    drift: {threshold: 0}
    rules:
      - {name: r, when: rmse > 1, min_samples: 0, min_coverage: 0, significance: 0}
    retrain: {cooldown: 0}
`
	m := mustParse(t, text, noEnv).Models[0]
	r := m.RuleSpecs()[0]
	if r.MinSamples != 0 || r.MinCoverage != 0 || r.Significance == nil || *r.Significance != 0 {
		t.Errorf("rule = %+v", r)
	}
	if m.MaxBadShare != 0 || m.Drift.Threshold == nil || *m.Drift.Threshold != 0 || m.Policy().Cooldown != 0 {
		t.Errorf("model = %+v", m)
	}
}

// An empty list is a choice too.
func TestExplicitEmpty(t *testing.T) {
	text := edit(t, readTestdata(t, "full.yaml"), "features: auto", "features: []")
	text = edit(t, text, "segments: [city]", "segments: []")
	head, rest, _ := strings.Cut(text, "    rules:\n")
	_, tail, _ := strings.Cut(rest, "    retrain:\n")
	c := mustParse(t, head+"    rules: []\n    retrain:\n"+tail, noEnv)
	m := c.Models[0]
	if len(m.RuleSpecs()) != 0 || m.DefaultRules() != nil || m.Rules() == nil || len(m.Segments) != 0 {
		t.Errorf("rules = %+v, segments = %v", m.RuleSpecs(), m.Segments)
	}
	if m.Predictions.Features.Auto || len(m.Predictions.Features.Columns) != 0 {
		t.Errorf("features = %+v", m.Predictions.Features)
	}
	if w := c.Warnings(); len(w) == 0 || !strings.Contains(w[0], "rules is an empty list") {
		t.Errorf("warnings = %q", w)
	}
}

func TestPolicyHash(t *testing.T) {
	base := readTestdata(t, "full.yaml")
	hash := mustParse(t, base, noEnv).Models[0].PolicyHash()
	// What versions before the keys of ordinary days wrote into ledgers and parameters of runs.
	if want := "b3752dee5031a8e7b0f8a1875ea72475"; hash != want {
		t.Fatalf("hash = %q, want %q: a key that a file does not have changes it", hash, want)
	}
	changes := []struct {
		name, old, replacement string
		same                   bool
	}{
		{"a comment", "version: 1\n", "version: 1 # one\n", true},
		{"a default written out", "        action: alert\n", "        action: alert\n        min_samples: 200\n", true},
		{"another spelling of the window", "window: 1d", "window: 24h", true},
		{"where data are", "s3://logs/", "s3://other/", true},
		{"a secret", "token_file: /secrets/slack", "token: abc", true},
		{"a parameter", "learning_rate: 0.1", "learning_rate: 0.2", true},
		{"a rule", "1.2 * reference", "1.3 * reference", false},
		{"a guard", "min_samples: 200", "min_samples: 201", false},
		{"turned-off significance", "significance: 0.95", "significance: 0", false},
		{"the mode", "mode: auto", "mode: suggest", false},
		{"the budget", "runs: 4", "runs: 5", false},
		{"a threshold", "method: auto", "method: auto, threshold: 0.1", false},
		{"a threshold by chance", "method: auto", "method: auto, threshold: {std: 3}", false},
		{"a rate", "method: auto", "method: auto, false_discovery_rate: 0.05", false},
		{"strata", "url: s3://training/house-price/*.parquet", "{url: 's3://training/house-price/*.parquet', strata: none}", false},
		{"the delay", "delay: 7d", "delay: 8d", false},
		{"the time within which labels count", "delay: 7d", "delay: 7d\n      match: {within: 1d}", false},
		{"a Prometheus that nothing asks", "notify:\n", "prometheus: {url: http://p:9090}\nnotify:\n", true},
	}
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			got := mustParse(t, edit(t, base, c.old, c.replacement), noEnv).Models[0].PolicyHash()
			if (got == hash) != c.same {
				t.Errorf("hash equal = %v, want %v", got == hash, c.same)
			}
		})
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	text := readTestdata(t, "small.yaml")
	text = edit(t, text, "  - name: m\n", "  - &base\n    name: m\n")
	text += `    retrain: {cooldown: 1h}
  - <<: *base
    name: second
    catch_up: 3
`
	c := mustParse(t, text, noEnv)
	if len(c.Models) != 2 {
		t.Fatalf("%d models", len(c.Models))
	}
	s := c.Models[1]
	if s.Name != "second" || s.CatchUp != 3 || s.Retrain.Cooldown != time.Hour || s.Predictions.URL != "logs/*.csv" {
		t.Errorf("second = %+v", s)
	}
	if c.Models[0].Name != "m" || c.Models[0].CatchUp != 7 {
		t.Errorf("first = %+v", c.Models[0])
	}
}

func TestWarnings(t *testing.T) {
	text := edit(t, readTestdata(t, "small.yaml"), "url: ./state", "url: mem://s")
	text += `    retrain: {mode: auto, settle: 20s, kubeflow: {endpoint: "http://kfp:8888", pipeline: p}}
    drift: {threshold: 0.2}
publish:
  pushgateway: {url: "http://p:9091", grouping: {pod: a}}
report: {url: mem://r, when: always}
`
	got := strings.Join(mustParse(t, text, noEnv).Warnings(), "\n")
	for _, want := range []string{
		"state.url: mem:// forgets",
		"report.url: mem:// forgets",
		"model m: no rules, and no reference",
		"model m: ground_truth.delay is 0",
		"model m: predictions have neither",
		"model m: retrain.mode is auto, but no rule",
		"model m: drift.threshold is one number",
		"a label pod that differs",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no warning %q in\n%s", want, got)
		}
	}
	text = edit(t, readTestdata(t, "full.yaml"), "settle: 60s", "settle: 20s")
	got = strings.Join(mustParse(t, text, noEnv).Warnings(), "\n")
	if want := "model house-price: retrain.settle (20s) should be at least three times retrain.kubeflow.timeout (10s)"; !strings.HasPrefix(got, want) {
		t.Errorf("warnings = %s", got)
	}
	text = edit(t, readTestdata(t, "full.yaml"), "mode: auto", "mode: off")
	if got := mustParse(t, text, noEnv).Warnings(); len(got) != 1 || !strings.Contains(got[0], "retrain.mode is off") {
		t.Errorf("warnings = %q", got)
	}
}

func TestLoadMissingFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "no.yaml"), noEnv)
	if err == nil || !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "read configuration: ") {
		t.Errorf("err = %v", err)
	}
}

// Every key that a struct's tag names is read, and nothing else is.
func TestTagsMatchKnownKeys(t *testing.T) {
	known := map[string][]string{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() != reflect.TypeFor[Config]().PkgPath() || known[typ.Name()] != nil {
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			if tag := f.Tag.Get("yaml"); tag != "" {
				known[typ.Name()] = append(known[typ.Name()], tag)
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
	// The error about an unknown key lists what is known.
	const odd = "zzzzzzzzzzzzzzzz: 1"
	tests := []struct{ typ, old, replacement string }{
		{"Config", "version: 1\n", "version: 1\n" + odd + "\n"},
		{"State", "  url: file://./state\n", "  url: file://./state\n  " + odd + "\n"},
		{"Model", "    task: regression\n", "    task: regression\n    " + odd + "\n"},
		{"Predictions", "      format: auto\n", "      format: auto\n      " + odd + "\n"},
		{"PredictionColumns", "        model_version: version\n", "        model_version: version\n        " + odd + "\n"},
		{"GroundTruth", "      resolve: latest\n", "      resolve: latest\n      " + odd + "\n"},
		{"Match", "      delay: 7d\n", "      delay: 7d\n      match: {within: 1d, " + odd + "}\n"},
		{"LabelColumns", "op: op}", "op: op, " + odd + "}"},
		{"Reference", "    segments: [city]\n", "      " + odd + "\n    segments: [city]\n"},
		{"Drift", "method: auto", "method: auto, " + odd},
		{"Rule", "        for: 2\n", "        for: 2\n        " + odd + "\n"},
		{"Retrain", "      mode: auto\n", "      mode: auto\n      " + odd + "\n"},
		{"Budget", "runs: 4", "runs: 4, " + odd},
		{"Kubeflow", "        version: latest\n", "        version: latest\n        " + odd + "\n"},
		{"Publish", "publish:\n", "publish:\n  " + odd + "\n"},
		{"Pushgateway", "grouping: {namespace: team-a}", odd},
		{"Textfile", "hindcast.prom", "hindcast.prom, " + odd},
		{"Notify", "notify:\n", "notify:\n  " + odd + "\n"},
		{"Slack", "token_file: /secrets/slack", "token_file: /secrets/slack, " + odd},
		{"Email", "    tls: starttls\n", "    " + odd + "\n"},
		{"Webhook", "    url_file: /secrets/webhook\n", "    url_file: /secrets/webhook\n    " + odd + "\n"},
		{"Alertmanager", "    timeout: 5s\n", "    " + odd + "\n"},
	}
	for _, c := range tests {
		t.Run(c.typ, func(t *testing.T) {
			msg := parseError(t, edit(t, readTestdata(t, "full.yaml"), c.old, c.replacement), noEnv)
			_, list, ok := strings.Cut(msg, "; known: ")
			if !ok {
				t.Fatalf("message = %s", msg)
			}
			got := map[string]bool{}
			for _, k := range strings.Split(list, ", ") {
				got[strings.TrimSuffix(k, "_file")] = true
			}
			want := map[string]bool{}
			for _, k := range known[c.typ] {
				want[k] = true
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the loader knows %v, the struct has %v", got, want)
			}
		})
	}
}
