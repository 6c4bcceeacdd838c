package config

import (
	"strings"
	"testing"
)

func TestEveryErrorAtOnce(t *testing.T) {
	text := readTestdata(t, "full.yaml")
	for _, e := range [][2]string{
		{"version: 1\n", "version: 3\n"},
		{"task: regression", "task: regresion"},
		{"delay: 7d", "delay: soon"},
		{"min_samples: 200", "min_samples: many"},
		{"when: drift.share >= 0.5", "when: drift.shares >= 0.5"},
		{"mode: auto", "mode: automatic"},
		{"http://pushgateway:9091", `"http://${GATEWAY}"`},
		{"textfile:", "textfiles:"},
		{`"#ml-alerts"`, "7"},
	} {
		text = edit(t, text, e[0], e[1])
	}
	got := strings.Split(parseError(t, text, noEnv), "\n")
	want := []string{
		"hindcast.yaml:1:10: version: ",
		"hindcast.yaml:6:11: models[0].task: ",
		"hindcast.yaml:22:14: models[0].ground_truth.delay: ",
		"hindcast.yaml:32:22: models[0].rules[0].min_samples: ",
		"hindcast.yaml:38:20: models[0].rules[1].when: ",
		"hindcast.yaml:41:13: models[0].retrain.mode: ",
		"hindcast.yaml:54:22: publish.pushgateway.url: the environment variable GATEWAY is not set",
		"hindcast.yaml:55:3: publish: unknown key",
		"hindcast.yaml:57:48: notify.slack.channel: ",
	}
	if len(got) != len(want) {
		t.Fatalf("%d errors, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("error %d = %s\nwant the prefix %s", i, got[i], want[i])
		}
	}
}

func TestWholeFileErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "hindcast.yaml:1:1: the file is empty; it starts with version: 1"},
		{"comments alone", "# nothing\n", "hindcast.yaml:1:1: the file is empty; it starts with version: 1"},
		{"a list", "- 1\n", "hindcast.yaml:1:1: want keys and values, got a list"},
		{"text", "hello\n", "hindcast.yaml:1:1: want keys and values, got text"},
		{"not UTF-8", "version: 1\nstate: \xff\n", "hindcast.yaml:2:8: the file is not UTF-8 text"},
		{"a NUL", "version: 1\x00\n", "hindcast.yaml:1:11: the file is not UTF-8 text"},
		{"brackets without end", strings.Repeat("[", 100_000), "hindcast.yaml:1:101: nested too deeply"},
		{"entries without end", strings.Repeat("- ", 100_000), "hindcast.yaml:1:201: nested too deeply"},
		{"too large", strings.Repeat("#\n", 3<<20), "hindcast.yaml: the file is larger than 4 MiB"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if got := parseError(t, c.text, noEnv); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Aliases that refer to what holds them, or to each other over and over, end.
func TestAliasBombs(t *testing.T) {
	base := edit(t, readTestdata(t, "full.yaml"), `parameters: {model_name: "{{ .Model }}", data_until: "{{ .Window.End }}", learning_rate: 0.1}`, "parameters: PLACE")
	loop := edit(t, base, "PLACE", "&p {a: *p}")
	if got := parseError(t, loop, noEnv); !strings.Contains(got, "nested too deeply") {
		t.Errorf("loop: %s", got)
	}
	bomb := "\n          a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
	for _, i := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		before := string(i[0] - 1)
		bomb += "\n          a" + i + ": &a" + i + " [" + strings.TrimSuffix(strings.Repeat("*a"+before+", ", 10), ", ") + "]"
	}
	if got := parseError(t, edit(t, base, "PLACE", bomb), noEnv); !strings.Contains(got, "too many values") || strings.Count(got, "\n") > 0 {
		t.Errorf("bomb: %.300s", got)
	}
	twice := edit(t, base, "PLACE", "{a: &x 1, b: &x 2}")
	if got := parseError(t, twice, noEnv); !strings.Contains(got, "anchor &x is already defined at line 51") {
		t.Errorf("twice: %s", got)
	}
}

func TestModelsOfOneName(t *testing.T) {
	text := readTestdata(t, "small.yaml")
	_, model, _ := strings.Cut(text, "models:\n")
	got := parseError(t, text+model, noEnv)
	if want := `hindcast.yaml:13:5: models[1].name: a model before this one is called "m" too`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
