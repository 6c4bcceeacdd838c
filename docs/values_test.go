package docs_test

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/trigger/kubeflow"
)

// keyRows returns the rows of configuration.md's tables of keys by key.
func keyRows(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, s := range read(t, "configuration.md").under("Keys") {
		prefix := ""
		if names := ticked(s.title); len(names) > 0 {
			prefix = names[0] + "."
		}
		for _, row := range s.rows {
			for _, key := range ticked(row[0]) {
				out[prefix+key] = row
			}
		}
	}
	return out
}

func noEnv(string) (string, bool) { return "", false }

// TestDefaults compares the defaults in configuration.md with what a configuration has
// that gives the required keys only.
func TestDefaults(t *testing.T) {
	c, err := config.Parse("hindcast.yaml", []byte(`
version: 1
state: {url: state}
models:
- name: m
  task: regression
  predictions: {url: p, columns: {id: id, prediction: p}}
  ground_truth: {url: l, columns: {id: id, label: y}}
  reference: {url: r, rolling: {}}
  rules: [{name: r, when: rmse > 1}]
  retrain: {kubeflow: {endpoint: "http://k", pipeline: p}}
- name: binary
  task: binary
  predictions: {url: p, columns: {id: id, score: p}}
  ground_truth: {url: l, columns: {id: id, label: y}}
- name: multiclass
  task: multiclass
  predictions: {url: p, columns: {id: id, scores: {a: p, b: q}}}
  ground_truth: {url: l, columns: {id: id, label: y}}
prometheus: {url: "http://p", http_config: {}}
report: {when: always}
publish: {pushgateway: {url: "http://p"}, textfile: {path: m.prom}}
notify:
  slack: {webhook_url: "http://s"}
  email: {smarthost: "m:25", from: a@example.com, to: [b@example.com]}
  webhook: {url: "http://w"}
  alertmanager: {url: "http://a"}
`), ".", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	valuesByKey(reflect.ValueOf(*c), "", want)
	for _, m := range c.Models[1:] { // what they have that the first one, a regression, has not
		own := map[string]string{}
		valuesByKey(reflect.ValueOf(*m), "models[].", own)
		for key, value := range own {
			if want[key] == "" {
				want[key] = value
			}
		}
	}
	valuesByKey(reflect.ValueOf(c.Prometheus.HTTP.Config()), "http_config.", want)
	for _, given := range []string{"models[].reference.url", "models[].predictions.columns.score", "notify.alertmanager.url"} { // one of two keys that will do
		delete(want, given)
	}
	// What is chosen where it is used.
	want["models[].rules[].significance"] = strconv.FormatFloat(rule.DefaultSignificance, 'g', -1, 64)
	want["models[].retrain.kubeflow.experiment"] = kubeflow.DefaultExperiment
	if m := c.Models[0]; m.Predictions.Features.Auto && m.Drift.Methods == nil {
		want["models[].predictions.features"], want["models[].drift.method"] = "auto", "auto"
	}
	if m := c.Models[0]; m.Reference.Strata == "" && m.Strata() != summary.NoStrata {
		want["models[].reference.strata"] = "auto"
	}

	value, compared := regexp.MustCompile("^(?:`([^`]+)`|([0-9.,]+))$"), 0
	for key, row := range keyRows(t) {
		if row[1] == "*required*" {
			continue
		}
		documented := "" // nothing, or words for what is no value
		if m := value.FindStringSubmatch(row[1]); m != nil {
			documented = m[1] + strings.ReplaceAll(m[2], ",", "")
			compared++
		}
		if canonical(documented) != canonical(want[key]) {
			t.Errorf("configuration.md gives %s the default %q, it is %q", key, documented, want[key])
		}
	}
	if compared < 30 {
		t.Errorf("only %d defaults were compared: the test looks in the wrong place", compared)
	}
}

// canonical writes durations alike, however they are written.
func canonical(value string) string {
	if d, err := config.ParseDuration(value); err == nil {
		return d.String()
	}
	return value
}

// valuesByKey adds the values of a struct's fields, by their keys; of those that
// nothing means no default, the zero value is nothing.
func valuesByKey(v reflect.Value, prefix string, to map[string]string) {
	for i := range v.NumField() {
		key, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if options == "inline" {
			valuesByKey(v.Field(i), prefix, to)
		}
		if key == "" {
			continue
		}
		path, of := prefix+key, v.Field(i)
		below := path + "."
		if of.Kind() == reflect.Slice && of.Len() > 0 {
			of, below = of.Index(0), path+"[]."
		}
		if of.Kind() == reflect.Pointer && !of.IsNil() {
			of = of.Elem()
		}
		switch d, isDuration := of.Interface().(time.Duration); {
		case isDuration:
			to[path] = d.String()
		case of.Kind() == reflect.Struct:
			valuesByKey(of, below, to)
		case of.Kind() == reflect.Bool:
			to[path] = strconv.FormatBool(of.Bool())
		case of.IsZero():
		case of.CanInt():
			to[path] = strconv.FormatInt(of.Int(), 10)
		case of.CanFloat():
			to[path] = strconv.FormatFloat(of.Float(), 'g', -1, 64)
		case of.Kind() == reflect.String:
			to[path] = of.String()
		}
	}
}

// TestWords looks in configuration.md for every word that a key may have, as the loader
// lists them where a word is not known.
func TestWords(t *testing.T) {
	const odd = "zzzzzzzzzzzzzzzz"
	_, err := config.Parse("hindcast.yaml", []byte(strings.ReplaceAll(`
version: 1
state: {url: state}
models:
- name: m
  task: ODD
  predictions: {url: p, format: ODD, features: ODD, columns: {id: id, prediction: p}}
  ground_truth: {url: l, format: ODD, resolve: ODD, columns: {id: id, label: y}}
  reference: {url: r, format: ODD}
  drift: {profile: ODD, method: ODD}
  rules: [{name: r, when: rmse > 1, action: ODD}]
  retrain: {mode: ODD}
report: {when: ODD}
notify:
  email: {smarthost: "m:25", from: a@example.com, to: [b@example.com], tls: ODD}
`, "ODD", odd)), ".", noEnv)
	var faults config.Errors
	if !errors.As(err, &faults) || len(faults) != 12 {
		t.Fatalf("%d faults, want 12: %v", len(faults), err)
	}
	index := regexp.MustCompile(`\[[0-9]+\]`)
	rows := keyRows(t)
	for _, f := range faults {
		key := index.ReplaceAllString(f.Path, "[]")
		_, known, ok := strings.Cut(f.Message, "; known: ")
		if !ok {
			t.Errorf("%s: %s", f.Path, f.Message)
			continue
		}
		text := strings.Join(rows[key], " ")
		if strings.Contains(text, "as for predictions") {
			text += strings.Join(rows["models[].predictions.format"], " ")
		}
		documented := ticked(text)
		for word := range strings.SplitSeq(known, ", ") {
			if !slices.Contains(documented, word) {
				t.Errorf("configuration.md does not say that %s may be %s", key, word)
			}
		}
	}
}
