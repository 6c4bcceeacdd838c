package config

import "testing"

// What is wrong with where figures go, and with the Prometheus that is asked.
func TestBadPublishing(t *testing.T) {
	testBad(t, []badCase{
		{
			"reports at no time", "notify:\n", "report: {url: \"file://./reports\"}\nnotify:\n",
			"hindcast.yaml:56:9: report: when is missing",
		},
		{
			"reports at another time", "notify:\n", "report: {when: breech}\nnotify:\n",
			`hindcast.yaml:56:16: report.when: unknown value "breech"; known: always, breached, never`,
		},
		{
			"reports by date", "notify:\n", "report: {url: \"s3://bucket/{date}\", when: always}\nnotify:\n",
			"hindcast.yaml:56:15: report.url: must name one place: no wildcard or placeholder",
		},
		{
			"reports with a password", "notify:\n", "report: {url: \"s3://u:hunter2@bucket\", when: always}\nnotify:\n",
			"hindcast.yaml:56:15: report.url: the URL holds credentials; they come from the environment, never from the URL",
		},
		{
			"reports among the records", "notify:\n", "report: {url: file://./state, when: always}\nnotify:\n",
			"hindcast.yaml:56:15: report.url: this is state.url, which Hindcast's records have to themselves; give reports another folder",
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
			"password without a username", "grouping: {namespace: team-a}", "password: hunter2",
			"hindcast.yaml:54:16: publish.pushgateway: username is missing beside the password",
		},
		{
			"username without a password", "grouping: {namespace: team-a}", "username: u",
			"hindcast.yaml:54:47: publish.pushgateway.username: a username needs a password or password_file",
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
	})
}
