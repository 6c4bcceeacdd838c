package config

import (
	"strings"
	"testing"
)

// badCase is an edit of testdata/full.yaml that puts one thing wrong, and the exact message.
type badCase struct{ name, old, replacement, want string }

func testBad(t *testing.T, cases []badCase) {
	t.Helper()
	base := readTestdata(t, "full.yaml")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := parseError(t, edit(t, base, c.old, c.replacement), noEnv)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("the message shows a secret")
			}
		})
	}
}

// What is wrong with the text of a file, its keys and the kinds of their values, whatever they are
// about, and with what stands above its models.
func TestBad(t *testing.T) {
	testBad(t, []badCase{
		{
			"unknown key", "    task: regression\n", "    task: regression\n    windwo: 1h\n",
			`hindcast.yaml:7:5: models[0]: unknown key "windwo" (did you mean "window"?)`,
		},
		{
			"unknown key at the top", "publish:\n", "publishing:\n",
			`hindcast.yaml:53:1: unknown key "publishing" (did you mean "publish"?)`,
		},
		{
			"no model at once", "version: 1\n", "version: 1\nconcurrency: 0\n",
			"hindcast.yaml:2:14: concurrency: must be at least 1, got 0",
		},
		{
			"too many models at once", "version: 1\n", "version: 1\nconcurrency: 1001\n",
			"hindcast.yaml:2:14: concurrency: must be at most 1000, got 1001",
		},
		{
			"keep_summaries that is negative", "  url: file://./state\n", "  url: file://./state\n  keep_summaries: -1d\n",
			`hindcast.yaml:4:19: state.keep_summaries: "-1d" is negative: want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)`,
		},
		{
			"unknown key in a flow mapping", "runs: 4", "rnus: 4",
			`hindcast.yaml:43:16: models[0].retrain.budget: unknown key "rnus" (did you mean "runs"?)`,
		},
		{
			"unknown key near nothing", "runs: 4", "xylophone: 4",
			`hindcast.yaml:43:16: models[0].retrain.budget: unknown key "xylophone"; known: per, runs`,
		},
		{
			"key in another case", "delay: 7d", "Delay: 7d",
			`hindcast.yaml:22:7: models[0].ground_truth: unknown key "Delay" (did you mean "delay"?)`,
		},
		{
			"key given twice", "    window: 1d\n", "    window: 1d\n    window: 1h\n",
			"hindcast.yaml:25:5: models[0].window: the key is given twice; first at line 24",
		},
		{
			"key given twice in a flow mapping", "runs: 4", "runs: 4, runs: 4",
			"hindcast.yaml:43:25: models[0].retrain.budget.runs: the key is given twice; first at line 43",
		},
		{
			"second document", "notify:\n", "---\nnotify:\n",
			"hindcast.yaml:57:1: a second YAML document begins here; a configuration is one document",
		},
		{
			"syntax", "runs: 4, per: 30d}", "runs: 4, per: 30d",
			"hindcast.yaml:43:15: the { that begins here is not closed\n    43 |       budget: {runs: 4, per: 30d\n       |               ^",
		},
		{
			"version of the future", "version: 1\n", "version: 2\n",
			"hindcast.yaml:1:10: version: version 2 is not known to this version of Hindcast, which reads version 1",
		},
		{
			"version missing", "version: 1\n", "",
			"hindcast.yaml:1:1: version is missing",
		},
		{
			"version as text", "version: 1\n", "version: one\n",
			`hindcast.yaml:1:10: version: want a number, got "one"`,
		},
		{
			"empty value", "window: 1d", "window:",
			"hindcast.yaml:24:12: models[0].window: is empty: give it a value or leave the key out",
		},
		{
			"empty text", "pipeline: retrain-house-price", `pipeline: ""`,
			"hindcast.yaml:49:19: models[0].retrain.kubeflow.pipeline: is empty: give it a value or leave the key out",
		},
		{
			"number for text", "namespace: team-a\n", "namespace: 12\n",
			"hindcast.yaml:47:20: models[0].retrain.kubeflow.namespace: want text, got the number 12: put it in quotes",
		},
		{
			"boolean for text", "namespace: team-a\n", "namespace: true\n",
			"hindcast.yaml:47:20: models[0].retrain.kubeflow.namespace: want text, got the boolean true: put it in quotes",
		},
		{
			"text for a number", "min_samples: 200", `min_samples: "200"`,
			`hindcast.yaml:32:22: models[0].rules[0].min_samples: want a number, got "200": write it without quotes`,
		},
		{
			"fraction for a count", "min_samples: 200", "min_samples: 0.5",
			"hindcast.yaml:32:22: models[0].rules[0].min_samples: want a whole number, got 0.5",
		},
		{
			"negative count", "min_samples: 200", "min_samples: -1",
			"hindcast.yaml:32:22: models[0].rules[0].min_samples: must be at least 0, got -1",
		},
		{
			"octal", "min_samples: 200", "min_samples: 0200",
			"hindcast.yaml:32:22: models[0].rules[0].min_samples: 0200 is not a plain number: write it in decimal digits, without leading zeros or _",
		},
		{
			"not a number", "min_coverage: 0.8", "min_coverage: .nan",
			"hindcast.yaml:33:23: models[0].rules[0].min_coverage: .nan is not a plain number: write it in decimal digits, without leading zeros or _",
		},
		{
			"share above 1", "min_coverage: 0.8", "min_coverage: 80",
			"hindcast.yaml:33:23: models[0].rules[0].min_coverage: must be from 0 to 1, got 80",
		},
		{
			"list for a mapping", "columns: {id: request_id, label: sold_price, timestamp: sold_at, ingested_at: loaded_at, op: op}", "columns: [id]",
			"hindcast.yaml:21:16: models[0].ground_truth.columns: want keys and values, got a list",
		},
		{
			"text for a list", "segments: [city]", "segments: city",
			"hindcast.yaml:27:15: models[0].segments: want a list of columns, got text",
		},
		{
			"empty list", "method: auto", "method: []",
			"hindcast.yaml:28:40: models[0].drift.method: the list is empty: give it measures or leave the key out",
		},
		{
			"column listed twice", "segments: [city]", "segments: [city, city]",
			`hindcast.yaml:27:22: models[0].segments[1]: "city" is listed twice`,
		},
		{
			"duration without unit", "delay: 7d", "delay: 7",
			"hindcast.yaml:22:14: models[0].ground_truth.delay: the duration 7 has no unit: want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)",
		},
		{
			"duration in months", "delay: 7d", "delay: 1mo",
			`hindcast.yaml:22:14: models[0].ground_truth.delay: "1mo" counts months, which only a window may: write days instead`,
		},
		{
			"negative duration", "cooldown: 24h", "cooldown: -24h",
			`hindcast.yaml:42:17: models[0].retrain.cooldown: "-24h" is negative: want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)`,
		},
		{
			"settle of nothing", "settle: 60s", "settle: 0s",
			"hindcast.yaml:44:15: models[0].retrain.settle: must be longer than 0",
		},
		{
			"scheme of another tool", "url: file://./state", "url: abfss://c/state",
			`hindcast.yaml:3:8: state.url: unknown scheme "abfss" (did you mean "azblob"?): use s3, gs, azblob, file, mem or a path`,
		},
		{
			"scheme", "url: file://./state", "url: https://bucket/state",
			`hindcast.yaml:3:8: state.url: unknown scheme "https": use s3, gs, azblob, file, mem or a path`,
		},
		{
			"placeholder in the state", "url: file://./state", "url: file://./{date}",
			"hindcast.yaml:3:8: state.url: must name one place: no wildcard or placeholder",
		},
		{
			"credentials in a bucket URL", "url: file://./state", "url: s3://key:hunter2@bucket/state",
			"hindcast.yaml:3:8: state.url: the URL holds credentials; they come from the environment, never from the URL",
		},
		{
			"number beyond all", "min_samples: 200", "min_samples: 99999999999999999999",
			"hindcast.yaml:32:22: models[0].rules[0].min_samples: the number 99999999999999999999 is too large",
		},
		{
			"key that is a list", "grouping: {namespace: team-a}", "grouping: {[a]: b}",
			"hindcast.yaml:54:61: found an invalid key for this map\n    54 |   pushgateway: {url: http: [redacted]",
		},
		{
			"variable that is not set", "pipeline: retrain-house-price", "pipeline: ${PIPELINE}",
			"hindcast.yaml:49:19: models[0].retrain.kubeflow.pipeline: the environment variable PIPELINE is not set",
		},
		{
			"variable without an end", "pipeline: retrain-house-price", "pipeline: ${PIPELINE",
			"hindcast.yaml:49:19: models[0].retrain.kubeflow.pipeline: ${ without a closing }; write $${ for a literal ${",
		},
		{
			"default of a variable", "pipeline: retrain-house-price", "pipeline: ${PIPELINE:-p}",
			"hindcast.yaml:49:19: models[0].retrain.kubeflow.pipeline: ${...} needs the name of a variable, of letters, digits and _; write $${ for a literal ${",
		},
		{
			"variable in a flow mapping", "runs: 4", "runs: ${RUNS}",
			"hindcast.yaml:43:23: inside { } or [ ] a variable needs quotes: \"${VAR}\"\n    43 |       budget: {runs: ${RUNS}, per: 30d}\n       |                       ^",
		},
		{
			"alias of nothing", "segments: [city]", "segments: *nope",
			"hindcast.yaml:27:15: models[0].segments: alias *nope refers to no anchor before it; a text that begins with * has to stand in quotes",
		},
		{
			"tag", "namespace: team-a\n", "namespace: !!str 12\n",
			"hindcast.yaml:47:20: models[0].retrain.kubeflow.namespace: tags such as !!str are not supported; quote a value to make it text",
		},
	})
}
