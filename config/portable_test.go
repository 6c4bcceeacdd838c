package config

import (
	"strings"
	"testing"
)

func TestPortable(t *testing.T) {
	t.Parallel()
	const base = `version: 1
state: {url: STATE}
models:
  - name: house
    task: regression
    predictions: {url: 's3://logs/dt={date}/*', columns: {id: id, timestamp: at, prediction: p}}
    ground_truth: {url: 's3://labels/dt={date}/*', columns: {id: id, label: y}}
publish: {textfile: {path: TEXTFILE}}
notify: {slack: {channel: "#a", SECRET}}
`
	env := func(string) (string, bool) { return "xoxb-1", true }
	for name, tt := range map[string]struct {
		state, secret string
		textfile      bool
		want          []string
	}{
		"as it should be":   {"s3://state/a", "token: '${SLACK}'", false, nil},
		"a file that stays": {"s3://state/a", "token_file: /var/run/slack", false, nil},
		"a local state":     {"file://./state", "token: '${SLACK}'", false, []string{"state.url"}},
		"a state in memory": {"mem://", "token: '${SLACK}'", false, []string{"state.url"}},
		"a secret in it":    {"s3://state/a", "token: xoxb-1", false, []string{"notify.slack.token stands in the file"}},
		"a file beside it":  {"s3://state/a", "token_file: slack", false, []string{"notify.slack.token_file"}},
		"a text file":       {"s3://state/a", "token: '${SLACK}'", true, []string{"publish.textfile"}},
		"all that is wrong": {"./state", "token: xoxb-1", true, []string{"state.url", "publish.textfile", "notify.slack.token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.NewReplacer("STATE", tt.state, "SECRET", tt.secret, "TEXTFILE", "/m/h.prom").Replace(base)
			if !tt.textfile {
				text = strings.Replace(text, "publish: {textfile: {path: /m/h.prom}}\n", "", 1)
			}
			c, err := Parse("hindcast.yaml", []byte(text), "/home/me", env)
			if err != nil {
				t.Fatal(err)
			}
			got := c.Portable([]byte(text))
			if len(got) != len(tt.want) {
				t.Fatalf("%q, want %q", got, tt.want)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q, want %q", got[i], want)
				}
				if strings.Contains(got[i], "xoxb") {
					t.Errorf("the secret is shown: %q", got[i])
				}
			}
		})
	}
}
