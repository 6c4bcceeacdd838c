package config

import (
	"strings"
	"testing"
)

// edits of testdata/full.yaml, one thing wrong in each, and the exact message.
func TestBad(t *testing.T) {
	tests := []struct{ name, old, replacement, want string }{
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
			"relook without a unit", "    window: 1d\n", "    window: 1d\n    relook: 14\n",
			"hindcast.yaml:25:13: models[0].relook: the duration 14 has no unit: want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)",
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
			"missing key", "      url: s3://logs/house-price/dt={date}/*.parquet\n", "",
			"hindcast.yaml:10:7: models[0].predictions: url is missing",
		},
		{
			"missing column", "id: request_id, label", "label",
			"hindcast.yaml:21:16: models[0].ground_truth.columns: id is missing",
		},
		{
			"no column of an id", "id: request_id\n", "id: []\n",
			"hindcast.yaml:14:13: models[0].predictions.columns.id: the list is empty: give it columns",
		},
		{
			"a column of an id twice", "id: request_id\n", "id: [store, store]\n",
			`hindcast.yaml:14:21: models[0].predictions.columns.id[1]: "store" is listed twice`,
		},
		{
			"more columns of an id on one side", "id: request_id\n", "id: [store, day]\n",
			"hindcast.yaml:21:21: models[0].ground_truth.columns.id: the ids here have one column (request_id), and those of predictions 2 columns (store, day): name as many on both sides, in the same order",
		},
		{
			"within of no length", "      delay: 7d\n", "      delay: 7d\n      match: {within: 0s}\n",
			"hindcast.yaml:23:23: models[0].ground_truth.match.within: must be longer than 0",
		},
		{
			"within without a timestamp of labels", ", timestamp: sold_at, ingested_at: loaded_at, op: op}\n", "}\n      match: {within: 1d}\n",
			"hindcast.yaml:22:15: models[0].ground_truth.match.within: it compares the times of predictions and labels: map timestamp in ground_truth.columns",
		},
		{
			"within without a timestamp of predictions", "        timestamp: predicted_at\n        prediction: predicted_price\n        model_version: version\n      features: auto\n    ground_truth:\n",
			"        prediction: predicted_price\n    ground_truth:\n      match: {within: 1d}\n",
			"hindcast.yaml:17:15: models[0].ground_truth.match.within: it compares the times of predictions and labels: map timestamp in predictions.columns",
		},
		{
			"match of nothing", "      delay: 7d\n", "      delay: 7d\n      match: {}\n",
			"hindcast.yaml:23:14: models[0].ground_truth.match: within is missing",
		},
		{
			"label that is in the id", "{id: request_id, label: sold_price", "{id: [request_id, sold_price], label: sold_price",
			"hindcast.yaml:21:21: models[0].ground_truth.columns.id: the ids here have 2 columns (request_id, sold_price), and those of predictions one column (request_id): name as many on both sides, in the same order\n" +
				`hindcast.yaml:21:54: models[0].ground_truth.columns.label: the column "sold_price" is the id; it cannot be the label too`,
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
			"significance of 1", "significance: 0.95", "significance: 1",
			"hindcast.yaml:34:23: models[0].rules[0].significance: must be from 0.5 to below 1, or 0 to turn it off, got 1",
		},
		{
			"for 0", "for: 2", "for: 0",
			"hindcast.yaml:35:14: models[0].rules[0].for: must be at least 1, got 0",
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
			"window without unit", "window: 1d", "window: 24",
			"hindcast.yaml:24:13: models[0].window: the window 24 has no unit: want 1h, 1d, 7d, 1mo ...",
		},
		{
			"task of nobody", "task: regression", "task: regresion",
			`hindcast.yaml:6:11: models[0].task: unknown value "regresion" (did you mean "regression"?)`,
		},
		{
			"task of another name", "    task: regression\n", "    task: classification\n    threshold: 0.5\n    windw: 1d\n",
			"hindcast.yaml:6:11: models[0].task: \"classification\" is either binary, of two classes, or multiclass\n" +
				`hindcast.yaml:8:5: models[0]: unknown key "windw" (did you mean "window"?)`,
		},
		{
			"window of two units", "window: 1d", "window: 1w2d",
			`hindcast.yaml:24:13: models[0].window: "1w2d" is no window, which is one number with one unit (did you mean "9d"?)`,
		},
		{
			"window of a day and a half", "window: 1d", "window: 1d12h",
			`hindcast.yaml:24:13: models[0].window: "1d12h" is no window, which is one number with one unit (did you mean "36h"?)`,
		},
		{
			"window in words", "window: 1d", "window: Daily",
			`hindcast.yaml:24:13: models[0].window: "Daily" is no window, which is one number with one unit (did you mean "1d"?)`,
		},
		{
			"choice in a URL", "house-price/*.parquet", "house-price/*.{csv,parquet}",
			`hindcast.yaml:26:12: models[0].reference.url: {csv,parquet} chooses between names, which a URL cannot: write * there`,
		},
		{
			"scheme of another tool", "url: file://./state", "url: abfss://c/state",
			`hindcast.yaml:3:8: state.url: unknown scheme "abfss" (did you mean "azblob"?): use s3, gs, azblob, file, mem or a path`,
		},
		{
			"positive_label", "    task: regression\n", "    task: regression\n    positive_label: \"1\"\n",
			"hindcast.yaml:7:5: models[0].positive_label: belongs to the task binary; this model's is regression",
		},
		{
			"bounds of nothing", "      features: auto\n", "      features: auto\n      bounds: {}\n",
			"hindcast.yaml:19:15: models[0].predictions.bounds: min and max are missing: give one of them, or both",
		},
		{
			"bounds that are turned", "      features: auto\n", "      features: auto\n      bounds: {min: 2, max: 1}\n",
			"hindcast.yaml:19:24: models[0].predictions.bounds.max: must be above min, 2, got 1",
		},
		{
			"bound that is no number", "      features: auto\n", "      features: auto\n      bounds: {min: low}\n",
			`hindcast.yaml:19:21: models[0].predictions.bounds.min: want a number, got "low"`,
		},
		{
			"threshold of a score", "    task: regression\n", "    task: regression\n    threshold: 0.5\n",
			"hindcast.yaml:7:5: models[0].threshold: belongs to the task binary; this model's is regression",
		},
		{
			"score", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        score: p\n",
			"hindcast.yaml:16:9: models[0].predictions.columns.score: belongs to the task binary; this model's is regression",
		},
		{
			"entity that is the id", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        entity: request_id\n",
			`hindcast.yaml:16:17: models[0].predictions.columns.entity: the column "request_id" is the id, which tells each row from the others; name the column of what rows are about, such as a customer, or leave entity out`,
		},
		{
			"entity that is the prediction", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        entity: predicted_price\n",
			`hindcast.yaml:16:17: models[0].predictions.columns.entity: the column "predicted_price" is mapped already; name the column of what rows are about, such as a customer`,
		},
		{
			"entity that is empty", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        entity: ''\n",
			"hindcast.yaml:16:17: models[0].predictions.columns.entity: is empty: give it a value or leave the key out",
		},
		{
			"format of the future", "format: auto", "format: kserve",
			`hindcast.yaml:11:15: models[0].predictions.format: "kserve" is not supported by this version; supported: auto, parquet, csv, jsonl`,
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
			"mode approve", "mode: auto", "mode: approve",
			`hindcast.yaml:41:13: models[0].retrain.mode: "approve" is not supported by this version; supported: off, suggest, auto`,
		},
		{
			"breaker", "      cooldown: 24h\n", "      cooldown: 24h\n      breaker: {runs: 3}\n",
			"hindcast.yaml:43:7: models[0].retrain.breaker: not supported by this version",
		},
		{
			"queries without a Prometheus", "    window: 1d\n", "    window: 1d\n    prometheus: {p95: up}\n",
			"hindcast.yaml:25:5: models[0].prometheus: there is no prometheus: {url: ...} at the top level to ask",
		},
		{
			"alias of nothing", "publish:\n", "publish:\n  aliases: {model_mae: meae}\n",
			`hindcast.yaml:54:24: publish.aliases.model_mae: there is no metric "meae" to show as model_mae (did you mean "mae"?)`,
		},
		{
			"alias of a full name", "publish:\n", "publish:\n  aliases: {model_mae: hindcast_mae}\n",
			`hindcast.yaml:54:24: publish.aliases.model_mae: there is no metric "hindcast_mae" to show as model_mae: write mae, without hindcast_`,
		},
		{
			"alias of a metric of the future", "publish:\n", "publish:\n  aliases: {model_ndcg: ndcg}\n",
			`hindcast.yaml:54:25: publish.aliases.model_ndcg: there is no metric "ndcg" to show as model_ndcg; docs/metrics.md lists them`,
		},
		{
			"alias of a counter", "publish:\n", "publish:\n  aliases: {passes: serve_passes_total}\n",
			`hindcast.yaml:54:21: publish.aliases.passes: there is no metric "serve_passes_total" to show as passes; docs/metrics.md lists them`,
		},
		{
			"alias that is Hindcast's", "publish:\n", "publish:\n  aliases: {hindcast_error: mae}\n",
			"hindcast.yaml:54:13: publish.aliases.hindcast_error: names that begin with hindcast_ are Hindcast's own",
		},
		{
			"alias that is the Go runtime's", "publish:\n", "publish:\n  aliases: {go_goroutines: mae}\n",
			"hindcast.yaml:54:13: publish.aliases.go_goroutines: names that begin with go_ are shown beside Hindcast's by others",
		},
		{
			"alias that is no name", "publish:\n", "publish:\n  aliases: {model-mae: mae}\n",
			"hindcast.yaml:54:13: publish.aliases.model-mae: no metric can be called that: letters, digits, _ and :, not beginning with a digit",
		},
		{
			"alias given twice", "publish:\n", "publish:\n  aliases: {model_mae: mae, model_mae: rmse}\n",
			"hindcast.yaml:54:29: publish.aliases.model_mae: the key is given twice; first at line 54",
		},
		{
			"Prometheus without a URL", "notify:\n", "prometheus: {timeout: 5s}\nnotify:\n",
			"hindcast.yaml:56:13: prometheus: url is missing",
		},
		{
			"Prometheus with a password in its URL", "notify:\n", "prometheus: {url: http://u:p@p:9090}\nnotify:\n",
			"hindcast.yaml:56:19: prometheus.url: the URL holds credentials; use the keys for them and their *_file twins",
		},
		{
			"Prometheus in no time", "notify:\n", "prometheus: {url: http://p:9090, timeout: 0s}\nnotify:\n",
			"hindcast.yaml:56:43: prometheus.timeout: must be longer than 0",
		},
		{
			"model name with a space", "name: house-price", "name: house price",
			"hindcast.yaml:5:11: models[0].name: a model's name has lower-case letters, digits, '-', '.' and '_', at most 63, and begins and ends with a letter or a digit",
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
			"time zone in the schedule", `"0 3 * * *"`, `"CRON_TZ=UTC 0 3 * * *"`,
			"hindcast.yaml:7:15: models[0].schedule: the time zone stands beside the schedule, in time_zone, not in it",
		},
		{
			"schedule with seconds", `"0 3 * * *"`, `"0 0 3 * * *"`,
			`hindcast.yaml:7:15: models[0].schedule: six fields; a schedule has five, without seconds: "0 3 * * *"`,
		},
		{
			"schedule that never fires", `"0 3 * * *"`, `"0 0 30 2 *"`,
			"hindcast.yaml:7:15: models[0].schedule: the schedule never fires: there is no such day",
		},
		{
			"unknown time zone", "time_zone: UTC", "time_zone: Europe/Olso",
			`hindcast.yaml:8:16: models[0].time_zone: unknown time zone "Europe/Olso" (did you mean "Europe/Oslo"?); want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of the windows in another case", "    window: 1d\n", "    window: 1d\n    window_time_zone: europe/oslo\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: unknown time zone "europe/oslo" (did you mean "Europe/Oslo"?); want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of the windows by its place", "    window: 1d\n", "    window: 1d\n    window_time_zone: New York\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: unknown time zone "New York" (did you mean "America/New_York"?); want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of nowhere", "    window: 1d\n", "    window: 1d\n    window_time_zone: Middle Earth\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: unknown time zone "Middle Earth"; want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"offset for a time zone", "    window: 1d\n", "    window: 1d\n    window_time_zone: CET+1\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: "CET+1" is an offset from UTC: name a place whose clocks count, such as Europe/Oslo, or Etc/GMT-1, which is UTC+01:00 all year`,
		},
		{
			"window that fits no day of a zone", "    window: 1d\n", "    window: 36h\n    window_time_zone: Europe/Oslo\n",
			"hindcast.yaml:24:13: models[0].window: windows of 36h cannot be cut in the zone Europe/Oslo: days there begin at midnight, so a window is whole days or shorter than a day",
		},
		{
			"time zone of partitions", "delay: 7d", "delay: 7d\n      partition_time_zone: Oslo/Europe",
			`hindcast.yaml:23:28: models[0].ground_truth.partition_time_zone: unknown time zone "Oslo/Europe"; want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of no partitions", "sales/dt={date}/*.csv\n", "sales/*.csv\n      partition_time_zone: Europe/Oslo\n",
			"hindcast.yaml:21:7: models[0].ground_truth.partition_time_zone: partition_time_zone is of {date}, {hour} and the like in url, which has none",
		},
		{
			"time zone of the machine", "time_zone: UTC", "time_zone: Local",
			"hindcast.yaml:8:16: models[0].time_zone: the time zone must be named, such as UTC or Europe/Oslo: Local differs from machine to machine",
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
			"unknown placeholder", "logs/house-price/dt={date}", "logs/house-price/dt={dt}",
			"hindcast.yaml:10:12: models[0].predictions.url: unknown placeholder {dt}; known: {date}, {hour}, {year}, {month}, {day}",
		},
		{
			"hour without date", "logs/house-price/dt={date}", "logs/house-price/h={hour}",
			"hindcast.yaml:10:12: models[0].predictions.url: {hour} needs the date too: {date}, or {year}, {month} and {day}",
		},
		{
			"placeholder in the reference", "training/house-price/*", "training/{date}/*",
			"hindcast.yaml:26:12: models[0].reference.url: {date} has no window to take its value from here; use *",
		},
		{
			"reference of two kinds", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      profile: saved\n",
			"hindcast.yaml:27:7: models[0].reference.profile: url is given too; a reference is rows or a profile, not both",
		},
		{
			"reference of no kind", "      url: s3://training/house-price/*.parquet\n", "      format: csv\n",
			"hindcast.yaml:26:7: models[0].reference: url or profile is missing",
		},
		{
			"format of a profile", "      url: s3://training/house-price/*.parquet\n", "      profile: saved\n      format: csv\n",
			"hindcast.yaml:27:7: models[0].reference.format: a profile has no format; it belongs to url",
		},
		{
			"columns of a profile", "      url: s3://training/house-price/*.parquet\n", "      profile: saved\n      columns: {label: target}\n",
			"hindcast.yaml:27:7: models[0].reference.columns: a profile has its columns in it; the key belongs to url, from which hindcast baseline made it",
		},
		{
			"strata of a profile", "      url: s3://training/house-price/*.parquet\n", "      profile: saved\n      strata: weekend\n",
			"hindcast.yaml:27:7: models[0].reference.strata: a profile has its strata in it; the key belongs to url, from which hindcast baseline made it",
		},
		{
			"strata of no kind", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      strata: weekends\n",
			`hindcast.yaml:27:15: models[0].reference.strata: unknown value "weekends" (did you mean "weekend"?)`,
		},
		{
			"strata shorter than windows", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      strata: hour_of_day\n",
			"hindcast.yaml:27:15: models[0].reference.strata: hour_of_day serves windows shorter than 1d, and those of this model are 1d: each has all of them; leave the key out, or write none",
		},
		{
			"reference whose label is the prediction", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      columns: {label: predicted_price}\n",
			`hindcast.yaml:27:16: models[0].reference.columns: the column "predicted_price" cannot be both the prediction and the label`,
		},
		{
			"unknown column of a reference", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      columns: {lable: y}\n",
			`hindcast.yaml:27:17: models[0].reference.columns: unknown key "lable" (did you mean "label"?)`,
		},
		{
			"rolling reference of too few windows", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {windows: 7}\n",
			"hindcast.yaml:27:26: models[0].reference.rolling.windows: must be at least 8, got 7",
		},
		{
			"rolling reference of too many windows", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {windows: 367}\n",
			"hindcast.yaml:27:26: models[0].reference.rolling.windows: must be at most 366, got 367",
		},
		{
			"rolling reference of an unknown kind", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {same: weekends}\n",
			`hindcast.yaml:27:23: models[0].reference.rolling.same: unknown value "weekends" (did you mean "weekend"?)`,
		},
		{
			"rolling reference by the hour of days", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {same: hour_of_day}\n",
			"hindcast.yaml:27:23: models[0].reference.rolling.same: hour_of_day serves windows shorter than 1d, and those of this model are 1d: each has all of them; leave the key out, or write none",
		},
		{
			"profile that is many", "      url: s3://training/house-price/*.parquet\n", "      profile: s3://b/*\n",
			"hindcast.yaml:26:16: models[0].reference.profile: must name one place: no wildcard or placeholder",
		},
		{
			"profile that is a folder", "      url: s3://training/house-price/*.parquet\n", "      profile: s3://b/p/\n",
			"hindcast.yaml:26:16: models[0].reference.profile: want the URL of a profile, or the word saved; this is a folder",
		},
		{
			"label that is the id", "label: sold_price", "label: request_id",
			`hindcast.yaml:21:40: models[0].ground_truth.columns.label: the column "request_id" is the id; it cannot be the label too`,
		},
		{
			"number beyond all", "min_samples: 200", "min_samples: 99999999999999999999",
			"hindcast.yaml:32:22: models[0].rules[0].min_samples: the number 99999999999999999999 is too large",
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
		{
			"key that is a list", "grouping: {namespace: team-a}", "grouping: {[a]: b}",
			"hindcast.yaml:54:61: found an invalid key for this map\n    54 |   pushgateway: {url: http: [redacted]",
		},
		{
			"password without a username", "grouping: {namespace: team-a}", "password: hunter2",
			"hindcast.yaml:54:16: publish.pushgateway: username is missing beside the password",
		},
		{
			"username without a password", "grouping: {namespace: team-a}", "username: u",
			"hindcast.yaml:54:47: publish.pushgateway.username: a username needs a password or password_file",
		},
		{
			"endpoint with a query", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: http://kfp:8888/?token=hunter2",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL must end before any ? or #",
		},
		{
			"endpoint without a host", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: http://:8888",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL names no host",
		},
		{
			"parameter that JSON cannot hold", "learning_rate: 0.1", "x: [1, .inf]",
			"hindcast.yaml:51:90: models[0].retrain.kubeflow.parameters.x[1]: .inf is read as different numbers by different programs: write it in decimal digits, or in quotes if it is text",
		},
		{
			"feature that is the id", "features: auto", "features: [size, request_id]",
			`hindcast.yaml:18:24: models[0].predictions.features[1]: the column "request_id" is the id; it cannot be a feature too`,
		},
		{
			"auto without a pipeline",
			"      kubeflow:\n        endpoint: http://ml-pipeline.kubeflow:8888\n        namespace: team-a\n        experiment: retraining\n        pipeline: retrain-house-price\n        version: latest\n        parameters: {model_name: \"{{ .Model }}\", data_until: \"{{ .Window.End }}\", learning_rate: 0.1}\n        service_account: pipeline-runner\n", "",
			"hindcast.yaml:41:13: models[0].retrain.mode: mode auto starts runs and needs retrain.kubeflow to say which; or choose suggest",
		},
		{
			"password in an endpoint", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: http://u:hunter2@kfp",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL holds credentials; use the keys for them and their *_file twins",
		},
		{
			"endpoint without scheme", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: ml-pipeline:8888",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL must begin with http:// or https://",
		},
		{
			"unknown template field", "{{ .Window.End }}", "{{ .Window.Ends }}",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: unknown field .Window.Ends; known: .Model, .Window.Start, .Window.End, .Rule, .Reason, .Key, .Attempt, .AsOf",
		},
		{
			"template that is cut off", "{{ .Window.End }}", "{{ .Window.End",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: bad template: unclosed action",
		},
		{
			"unknown method in a template", "{{ .Window.End }}", "{{ .Window.End.Foo }}",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: bad template: can't evaluate field Foo in type string",
		},
		{
			"loop in a template", "{{ .Window.End }}", "{{ range 5 }}x{{ end }}",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: only fields, functions and if are allowed in a template",
		},
		{
			"placeholder of recurring runs", "{{ .Window.End }}", "[[ScheduledTime]]",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: [[ScheduledTime]] is a placeholder of recurring runs, which this run would take literally; use a template such as {{ .Window.End }}",
		},
		{
			"parameter that reads two ways", "learning_rate: 0.1", "zip: 0150",
			"hindcast.yaml:51:88: models[0].retrain.kubeflow.parameters.zip: 0150 is read as different numbers by different programs: write it in decimal digits, or in quotes if it is text",
		},
		{
			"own label in the grouping", "namespace: team-a}}", "model: m}}",
			"hindcast.yaml:54:58: publish.pushgateway.grouping.model: Hindcast sets the label model itself",
		},
		{
			"space in the grouping", "namespace: team-a}}", "namespace: team a}}",
			"hindcast.yaml:54:69: publish.pushgateway.grouping.namespace: a grouping value cannot hold a space, which the Pushgateway's client would turn into +",
		},
		{
			"label that is none", "namespace: team-a}}", "a-b: c}}",
			`hindcast.yaml:54:58: publish.pushgateway.grouping.a-b: no Prometheus label can be called "a-b": letters, digits and _, not beginning with a digit or __`,
		},
		{
			"text file of another name", "hindcast.prom", "hindcast.txt",
			"hindcast.yaml:55:20: publish.textfile.path: the name must end in .prom: node_exporter reads no other file",
		},
		{
			"token without channel", `, channel: "#ml-alerts"`, "",
			"hindcast.yaml:57:10: notify.slack: channel is missing beside the token",
		},
		{
			"token twice", "token_file: /secrets/slack", "token: hunter2, token_file: /secrets/slack",
			"hindcast.yaml:57:27: notify.slack.token_file: token is given too; use one of them",
		},
		{
			"token and webhook", "token_file: /secrets/slack", "token_file: /secrets/slack, webhook_url_file: /secrets/hook",
			"hindcast.yaml:57:10: notify.slack: a token and a webhook are given; use one of them",
		},
		{
			"webhook with a channel", "token_file: /secrets/slack", "webhook_url_file: /secrets/hook",
			"hindcast.yaml:57:44: notify.slack.channel: a webhook has its own channel; leave this out",
		},
		{
			"webhook that is no URL", `token_file: /secrets/slack, channel: "#ml-alerts"`, `webhook_url: "hunter2"`,
			"hindcast.yaml:57:24: notify.slack.webhook_url: the URL must begin with http:// or https://",
		},
		{
			"mail server without a port", "smtp.example.com:587", "smtp.example.com",
			"hindcast.yaml:59:16: notify.email.smarthost: want HOST:PORT, such as smtp.example.com:587",
		},
		{
			"mail server with a port that is none", "smtp.example.com:587", "smtp.example.com:submission",
			"hindcast.yaml:59:16: notify.email.smarthost: want HOST:PORT, such as smtp.example.com:587",
		},
		{
			"sender that is no address", "Hindcast <hindcast@example.com>", "Hindcast",
			`hindcast.yaml:60:11: notify.email.from: "Hindcast" is no mail address; want name@example.com, or Name <name@example.com>`,
		},
		{
			"two addresses in one", "ml-team@example.com, ", `"a@example.com, b@example.com", `,
			`hindcast.yaml:61:10: notify.email.to[0]: "a@example.com, b@example.com" is no mail address; want name@example.com, or Name <name@example.com>`,
		},
		{
			"address with a second header", "ml-team@example.com, ", `"=?utf-8?q?x=0D=0ABcc:_y?= <a@example.com>", `,
			`hindcast.yaml:61:10: notify.email.to[0]: "=?utf-8?q?x=0D=0ABcc:_y?= <a@example.com>" is no mail address; want name@example.com, or Name <name@example.com>`,
		},
		{
			"no recipients", `[ml-team@example.com, "Ærlig Måling <oncall@example.com>"]`, "[]",
			"hindcast.yaml:61:9: notify.email.to: the list is empty: give it addresses or leave the key out",
		},
		{
			"password in plain text", "tls: starttls\n    tls_config: {ca_file: /secrets/smtp-ca.pem}\n", "tls: none\n",
			"hindcast.yaml:64:5: notify.email.tls: without TLS the password would be sent in plain text: use starttls or implicit, or leave username and password out",
		},
		{
			"TLS of another kind", "tls: starttls", "tls: opportunistic",
			`hindcast.yaml:64:10: notify.email.tls: unknown value "opportunistic"; known: implicit, none, starttls`,
		},
		{
			"user without a password", "    password_file: /secrets/smtp\n", "",
			"hindcast.yaml:62:5: notify.email.username: a username needs a password or password_file",
		},
		{
			"greeting that is no host", "hello: hindcast.example.com", "hello: a b",
			"hindcast.yaml:66:12: notify.email.hello: want the name of a host",
		},
		{
			"webhook that follows redirects", "{authorization: {credentials_file: /secrets/webhook-token}}", "{follow_redirects: true}",
			"hindcast.yaml:71:5: notify.webhook.http_config.follow_redirects: a message follows no redirect, which could take it elsewhere; leave this out",
		},
		{
			"webhook without a URL", "    url_file: /secrets/webhook\n", "",
			"hindcast.yaml:69:5: notify.webhook: url (or url_file) is missing",
		},
		{
			"webhook of another scheme", "url_file: /secrets/webhook", "url: ftp://hunter2",
			"hindcast.yaml:69:10: notify.webhook.url: the URL must begin with http:// or https://",
		},
		{
			"label that Hindcast sets", "{namespace: team-a, team: pricing}", "{alertname: x}",
			"hindcast.yaml:74:25: notify.alertmanager.labels.alertname: Hindcast sets the label alertname itself",
		},
		{
			"label with a dash", "{namespace: team-a, team: pricing}", "{a-b: x}",
			`hindcast.yaml:74:19: notify.alertmanager.labels.a-b: no Prometheus label can be called "a-b": letters, digits and _, not beginning with a digit or __`,
		},
		{
			"one Alertmanager and several", "    timeout: 5s\n", "    url: http://am:9093\n",
			"hindcast.yaml:75:5: notify.alertmanager.url: urls is given too; use one of them",
		},
		{
			"Alertmanager that is no URL", `"http://alertmanager-0:9093"`, "alertmanager-0:9093",
			"hindcast.yaml:73:12: notify.alertmanager.urls[0]: the URL must begin with http:// or https://",
		},
		{
			"secret in the wrong place", `{token_file: /secrets/slack, channel: "#ml-alerts"}`, "hunter2",
			"hindcast.yaml:57:10: notify.slack: want keys and values, got text",
		},
		{
			"secret that is a number", "token_file: /secrets/slack", "token: 12345",
			"hindcast.yaml:57:18: notify.slack.token: want text: put it in quotes",
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
	}
	base := readTestdata(t, "full.yaml")
	for _, c := range tests {
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
