package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// queryText is full.yaml with queries, and a rule that names one.
func queryText(t testing.TB, queries, rule string) string {
	t.Helper()
	text := edit(t, readTestdata(t, "full.yaml"), "    window: 1d\n", "    window: 1d\n    prometheus:\n"+queries)
	text = edit(t, text, "when: drift.share >= 0.5", "when: "+rule)
	return edit(t, text, "notify:\n", "prometheus: {url: \"https://prometheus.example/select/0/prometheus/\", http_config: {authorization: {credentials_file: token}}}\nnotify:\n")
}

func TestPrometheus(t *testing.T) {
	c := mustParse(t, queryText(t, `      p95_latency: histogram_quantile(0.95, sum by (le) (rate(latency_bucket{path=~"/v1|$window$"}[$window])))
      volume: |
        # $ is no variable in a comment
        sum(increase(predictions_total{env="${ENV}"}[$window]))
`, "prometheus.p95_latency > 0.5 || prometheus.volume < 10"), envOf(map[string]string{"ENV": "prod"}))
	p := c.Prometheus
	if p.URL != "https://prometheus.example/select/0/prometheus" || p.Timeout != 10*time.Second || p.HTTP.Config().Authorization.CredentialsFile != "/etc/hindcast/token" {
		t.Errorf("prometheus = %+v", p)
	}
	m := c.Models[0]
	if got := m.RuleEnv().Prometheus; !slices.Equal(got, []string{"p95_latency", "volume"}) {
		t.Errorf("rules may name %q", got)
	}
	start := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for length, want := range map[time.Duration]string{
		24 * time.Hour: "1d", time.Hour: "1h", 90 * time.Minute: "1h30m", 7 * 24 * time.Hour: "1w", 28 * 24 * time.Hour: "4w", 31 * 24 * time.Hour: "31d",
		23 * time.Hour: "23h", 25 * time.Hour: "1d1h", 24*time.Hour + 30*time.Minute: "1d30m", // days of a time zone
	} {
		got := m.Queries(groundtruth.Window{Start: start, End: start.Add(length)})
		if !reflect.DeepEqual(got, map[string]string{
			"p95_latency": `histogram_quantile(0.95, sum by (le) (rate(latency_bucket{path=~"/v1|$window$"}[` + want + `])))`,
			"volume":      "# $ is no variable in a comment\nsum(increase(predictions_total{env=\"prod\"}[" + want + "]))\n",
		}) {
			t.Errorf("for %s: %q", length, got)
		}
	}
	if rules := m.Rules().Rules(); rules[1].NeedsLabels {
		t.Error("a rule on queries waits for labels")
	}
	one := mustParse(t, queryText(t, "      up: up\n", "prometheus.up < 1"), noEnv).Models[0].PolicyHash()
	other := mustParse(t, queryText(t, "      up: sum(up)\n", "prometheus.up < 1"), noEnv).Models[0].PolicyHash()
	if one == other {
		t.Error("another query decides by the same policy hash")
	}
	idle := mustParse(t, edit(t, readTestdata(t, "full.yaml"), "notify:\n", "prometheus: {url: http://p:9090}\nnotify:\n"), noEnv)
	if w := idle.Warnings(); !slices.Equal(w, []string{"prometheus: no model has a query, so nothing is asked of it"}) {
		t.Errorf("warnings %q", w)
	}
}

func TestBadQueries(t *testing.T) {
	const fine = "drift.share >= 0.5"
	tests := []struct{ name, queries, rule, want string }{
		{"name with a dash", "      p95-latency: up\n", fine, "hindcast.yaml:26:7: models[0].prometheus.p95-latency: a query's name has letters, digits and _"},
		{"name of a digit", "      95: up\n", fine, "a query's name has letters, digits and _"},
		{"twice", "      up: up\n      up: up\n", fine, "the key is given twice"},
		{"empty", "      up: ''\n", fine, "hindcast.yaml:26:11: models[0].prometheus.up: is empty"},
		{"number", "      up: 1\n", fine, "want text, got the number 1: put it in quotes"},
		{"no queries", "      {}\n", fine, "models[0].prometheus: is empty: give it NAME: QUERY or leave the key out"},
		{"list", "      - up\n", fine, "want keys and values, got a list"},
		{"Grafana's variable", "      up: rate(x[$__rate_interval])\n", fine, "hindcast.yaml:26:11: models[0].prometheus.up: the query names $__rate_interval, which is not replaced here"},
		{"near the variable", "      up: rate(x[$windows])\n", fine, "the query names $windows, which is not replaced here"},
		{"dollar", "      up: x$\n", fine, "the query has a $ that no variable follows"},
		{"bracket", "      up: sum(rate(x[$window])\n", fine, "the query has a ( that is not closed"},
		{"brackets crossed", "      up: sum(rate(x[$window)])\n", fine, "the query has a ) that closes nothing"},
		{"quote", "      up: x{a=\"b}\n", fine, `the query has a " without its other`},
		{"unset variable", "      up: x{a=\"${NOT_SET}\"}\n", fine, "the environment variable NOT_SET is not set"},
		{"rule of an unknown query", "      p95_latency: up\n", "prometheus.p95_latncy > 1", "unknown variable prometheus.p95_latncy; did you mean prometheus.p95_latency? known are p95_latency"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseError(t, queryText(t, tt.queries, tt.rule), noEnv); !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	if got := parseError(t, edit(t, readTestdata(t, "full.yaml"), "when: drift.share >= 0.5", "when: prometheus.up > 1"), noEnv); !strings.Contains(got, "this model has no prometheus queries to name") {
		t.Errorf("got %s", got)
	}
}

// FuzzQuery checks that what is replaced is $window alone, whatever the text.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"up", "rate(x[$window])", `x{a="\"$window"}`, "`$`", "# $x\n$window", "(", "'", "$", "$window_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := resolveQuery(query, "1d")
		if err != nil {
			return
		}
		if same, err := resolveQuery(query, windowVariable); err != nil || same != query {
			t.Errorf("%q became %q, %v", query, same, err)
		}
		if again, err := resolveQuery(got, "1h"); err != nil || again != got {
			t.Errorf("%q, resolved, becomes %q, %v", got, again, err)
		}
	})
}
