package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const secretText = "hunter2-xoxb"

func TestSecretNeverPrints(t *testing.T) {
	text := readTestdata(t, "full.yaml")
	text = edit(t, text, "grouping: {namespace: team-a}", "username: u, password: "+secretText)
	text = edit(t, text, "token_file: /secrets/slack", `token: "${SLACK}"`)
	text = edit(t, text, "        service_account: pipeline-runner\n", "        token: "+secretText+"\n")
	c := mustParse(t, text, envOf(map[string]string{"SLACK": secretText}))
	s := c.Notify.Slack.Token
	for _, secret := range []Secret{s, c.Publish.Pushgateway.Password, c.Models[0].Retrain.Kubeflow.Token} {
		if v, err := secret.Value(); err != nil || v != secretText {
			t.Fatalf("value = %q, %v", v, err)
		}
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "%T"} {
		for _, v := range []any{s, &s, c, *c, *c.Notify.Slack, c.Publish, *c.Publish.Pushgateway, *c.Models[0].Retrain.Kubeflow, []Secret{s}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "secret", s, "config", c, "slack", *c.Notify.Slack)
	log = slog.New(slog.NewTextHandler(&out, nil))
	log.Info("x", "secret", s, "config", c, "slack", *c.Notify.Slack)
	out.WriteString(strings.Join(c.Warnings(), "\n"))
	for _, form := range []string{secretText, fmt.Sprintf("%x", secretText), fmt.Sprintf("%X", secretText)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret shows as %q", form)
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing says that there is a secret")
	}
}

func TestSecretFile(t *testing.T) {
	dir := t.TempDir()
	text := edit(t, readTestdata(t, "small.yaml"), "models:\n", "notify: {slack: {webhook_url_file: keys/hook}}\nmodels:\n")
	c, err := Parse("hindcast.yaml", []byte(text), dir, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Notify.Slack.WebhookURL
	file := filepath.Join(dir, "keys", "hook")
	if s.File() != file {
		t.Errorf("file = %q, want it beside the configuration", s.File())
	}
	if _, err := s.Value(); err == nil || !strings.HasPrefix(err.Error(), "read secret: ") {
		t.Errorf("a missing file gives %v", err)
	}
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first", "second"} { // read every time, for it may be rotated
		if err := os.WriteFile(file, []byte(" "+want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Value(); err != nil || v != want {
			t.Errorf("value = %q, %v", v, err)
		}
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Value(); err == nil || err.Error() != "read secret "+file+": file is empty" {
		t.Errorf("an empty file gives %v", err)
	}
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Value(); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") || len(err.Error()) > 500 {
		t.Errorf("a large file gives %v", err)
	}
	if v, err := (Secret{}).Value(); v != "" || err != nil || (Secret{}).IsSet() {
		t.Error("the zero value is an unset secret")
	}
}

// A file that the parser refuses must not print the line with the secret in it.
func TestSyntaxErrorShowsNoSource(t *testing.T) {
	text := edit(t, readTestdata(t, "full.yaml"), "token_file: /secrets/slack", "token: "+secretText+": [")
	if got := parseError(t, text, noEnv); strings.Contains(got, secretText) {
		t.Errorf("got %s", got)
	}
}

func TestVariables(t *testing.T) {
	env := envOf(map[string]string{
		"NAME": "from-env", "N": "17", "SHARE": "0.25", "INJECT": "a: b\nmodels: []", "EMPTY": "", "ZIP": "0150", "YES": "true",
		"NESTED": "${NAME}", "BAD": "\xff", "MODE": "auto-matic-secret",
	})
	base := readTestdata(t, "full.yaml")
	base = edit(t, base, `parameters: {model_name: "{{ .Model }}", data_until: "{{ .Window.End }}", learning_rate: 0.1}`, `parameters:
          plain: ${N}
          quoted: "${N}"
          inside: v${N}-${NAME}
          escaped: $${NAME} $$${NAME}
          dollars: rate(x[$window]) $5 $
          inject: ${INJECT}
          nested: ${NESTED}
          zip: ${ZIP}
          yes: ${YES}
          block: |
            a ${NAME}
            b
        # a ${COMMENT} is not replaced`)
	base = edit(t, base, "name: house-price", "name: ${NAME}")
	base = edit(t, base, "min_samples: 200", "min_samples: ${N}")
	base = edit(t, base, "min_coverage: 0.8", `min_coverage: ${SHARE}`)
	base = edit(t, base, "namespace: team-a\n", "namespace: ${N}\n")
	base = edit(t, base, "delay: 7d", "delay: ${N}d")
	base = edit(t, base, "runs: 4", `runs: "${N}"`)
	c := mustParse(t, base, env)
	m := c.Models[0]
	if r := m.RuleSpecs()[0]; m.Name != "from-env" || r.MinSamples != 17 || r.MinCoverage != 0.25 || m.GroundTruth.Delay.Hours() != 17*24 {
		t.Errorf("model = %+v", m)
	}
	if m.Retrain.Kubeflow.Namespace != "17" || m.Retrain.Budget.Runs != 17 {
		t.Errorf("namespace = %q, runs = %d", m.Retrain.Kubeflow.Namespace, m.Retrain.Budget.Runs)
	}
	want := map[string]any{
		"plain": int64(17), "quoted": "17", "inside": "v17-from-env", "escaped": "${NAME} $${NAME}",
		"dollars": "rate(x[$window]) $5 $", "inject": "a: b\nmodels: []", "nested": "${NAME}", "zip": "0150", "yes": true,
		"block": "a from-env\nb\n",
	}
	for k, w := range want {
		if got := m.Retrain.Kubeflow.Parameters[k]; got != w {
			t.Errorf("parameter %s = %#v, want %#v", k, got, w)
		}
	}
	for _, c := range []struct{ old, replacement, want string }{
		{"name: ${NAME}", "name: ${EMPTY}", `hindcast.yaml:5:11: models[0].name: "${EMPTY}" is empty`},
		{"name: ${NAME}", "name: ${BAD}", "hindcast.yaml:5:11: models[0].name: the environment variable BAD is not UTF-8 text"},
		{"mode: auto", "mode: ${MODE}", `hindcast.yaml:41:13: models[0].retrain.mode: unknown value "${MODE}" (did you mean "auto"?)`},
		{"delay: ${N}d", "delay: ${MODE}", `hindcast.yaml:22:14: models[0].ground_truth.delay: "${MODE}": ` + errDuration.Error()},
	} {
		got := parseError(t, edit(t, base, c.old, c.replacement), env)
		if strings.Contains(got, "secret") {
			t.Errorf("the message shows the value of a variable: %s", got)
		}
		if c.replacement != "mode: ${MODE}" && got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
