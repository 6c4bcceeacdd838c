package publish

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/series"
	"github.com/hindcast/hindcast/trigger"
)

// aliasLines is every line of a text about a metric called NAME, less the model's label
// and the order, with NAME for the name.
func aliasLines(text, name string) []string {
	var out []string
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		out = append(out, strings.ReplaceAll(rest, `,model="prices"`, ""))
	}
	slices.Sort(out)
	return out
}

// An alias shows what its metric shows, overall, by version and by segment, and goes
// and stays with it, on every way out.
func TestAliases(t *testing.T) {
	aliases := Aliases{"model_rmse": "rmse", "team:error": "rmse", "last_good": lastSuccess, "runs": runState}
	file := filepath.Join(t.TempDir(), "hindcast.prom")
	g, registry := newGateway(t), NewRegistry(BuildInfo{})
	receivers := map[string]struct {
		job.Publisher
		text func() string
	}{
		"Pushgateway": {NewPushgateway(g.URL, PushgatewayOptions{Aliases: aliases}), func() string { return g.text(group) }},
		"text file":   {NewTextfile(file, aliases), func() string { return content(t, file) }},
		"/metrics": {registry.With(aliases), func() string {
			w := httptest.NewRecorder()
			registry.Handler(0).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
			return w.Body.String()
		}},
	}
	for name, r := range receivers {
		t.Run(name, func(t *testing.T) {
			same := func(when string) {
				t.Helper()
				for _, alias := range slices.Sorted(maps.Keys(aliases)) {
					got, want := aliasLines(r.text(), alias), aliasLines(r.text(), prefix+aliases[alias])
					if len(want) == 0 || !slices.Equal(got, want) {
						t.Errorf("%s: %s shows %q, %s%s %q", when, alias, got, prefix, aliases[alias], want)
					}
				}
			}
			if err := r.Publish(t.Context(), rich("prices")); err != nil {
				t.Fatal(err)
			}
			same("after a pass")
			if n := len(aliasLines(r.text(), "model_rmse")); n != 9 {
				t.Errorf("%d series of model_rmse in\n%s", n, r.text())
			}
			if help := "# HELP model_rmse Root mean squared error. The same as hindcast_rmse.\n# TYPE model_rmse gauge\n"; !strings.Contains(r.text(), help) {
				t.Errorf("no %q", help)
			}
			failed := job.RunStatus{Model: "prices", Start: start().Add(time.Hour), Duration: time.Second, Err: errLaunch}
			if err := r.PublishFailure(t.Context(), failed); err != nil {
				t.Fatal(err)
			}
			same("after a failure")
			s := rich("prices")
			s.Status = failed
			if err := r.Publish(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			same("after a pass that evaluated and failed")
			runs := s.Launches[:1]
			if err := r.PublishRuns(t.Context(), "prices", runs); err != nil {
				t.Fatal(err)
			}
			same("after a follow")
		})
	}
}

// Many teams have a gauge model_accuracy already. Of single classes, which have other metrics, it
// shows nothing.
func TestModelAccuracy(t *testing.T) {
	t.Parallel()
	accuracy := func(v stat.Number) map[string]metric.Result {
		return map[string]metric.Result{"accuracy": {Value: v, Low: v - 0.0625, High: v + 0.0625}}
	}
	s := job.Snapshot{
		Status: job.RunStatus{Model: "late", Start: start()},
		Performance: &job.Outcome{Window: window(1), Stage: trigger.StageMature, Evaluation: evaluator.Evaluation{
			Metrics:  accuracy(0.875),
			Versions: map[string]evaluator.Group{"v2": {N: 50, Metrics: accuracy(0.75)}},
			Segments: map[string]map[string]evaluator.Group{"city": {"Oslo": {N: 20, Metrics: accuracy(0.5)}}},
			Classes:  map[string]evaluator.Group{"1": {N: 20, Metrics: map[string]metric.Result{"recall": {Value: 0.25}}}},
		}},
	}
	text := encode(t, gather(Aliases{"model_accuracy": "accuracy"}.extend(samples(s))))
	want := []string{" 0.875\n", `{column="city",segment="Oslo"} 0.5` + "\n", `{model_version="v2"} 0.75` + "\n"}
	if got := aliasLines(text, "model_accuracy"); !slices.Equal(got, want) {
		t.Errorf("model_accuracy shows %q, want %q", got, want)
	}
}

// What is shown is what the list of metrics says.
func TestMetricsAreAsListed(t *testing.T) {
	all := append(Aliases{"model_rmse": "rmse"}.extend(samples(rich("prices"))), BuildInfo{"v1", "abc"}.samples()...)
	known := map[string]series.Metric{}
	for _, m := range series.All() {
		known[m.FullName()] = m
	}
	for name, f := range parse(t, encode(t, gather(all))) {
		m, ok := known[name]
		if name == "model_rmse" {
			continue
		}
		if !ok || f.GetHelp() != m.Help || !strings.EqualFold(f.GetType().String(), m.Type) {
			t.Errorf("%s: %s %q, listed as %+v", name, f.GetType(), f.GetHelp(), m)
		}
	}
}
