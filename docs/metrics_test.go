package docs_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/publish"
	"github.com/hindcast/hindcast/series"
	"github.com/hindcast/hindcast/trigger"
)

// TestMetrics compares the tables of metrics.md with the series of a snapshot that has
// everything: their names and labels.
func TestMetrics(t *testing.T) {
	want, got := set{}, set{}
	for name, labels := range published(t) {
		want[name+"{"+strings.Join(labels, ",")+"}"] = true
	}
	for _, name := range serveMetrics(t) {
		want[name] = true
	}
	for _, s := range read(t, "metrics.md").sections {
		for _, row := range s.rows {
			for _, name := range ticked(row[0]) {
				switch {
				case strings.HasPrefix(name, "hindcast_serve_"):
					got[name] = true
				case strings.HasPrefix(name, "hindcast_"):
					labels := ticked(row[2])
					slices.Sort(labels)
					got[name+"{"+strings.Join(labels, ",")+"}"] = true
				}
			}
		}
	}
	compare(t, want, got, "metrics.md", "metric")
}

var update = flag.Bool("update", false, "write the generated parts of the documentation anew")

// TestMetricsAreGenerated compares the tables of metrics.md with the list that the
// publishers go by.
func TestMetricsAreGenerated(t *testing.T) {
	const begin, end = "<!-- generated: ", "<!-- end -->\n"
	text, err := os.ReadFile("metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[series.Section]bool{}
	var fresh strings.Builder
	rest := string(text)
	for {
		before, after, ok := strings.Cut(rest, begin)
		fresh.WriteString(before)
		if !ok {
			break
		}
		name, after, named := strings.Cut(after, " -->\n")
		_, after, closed := strings.Cut(after, end)
		if !named || !closed {
			t.Fatalf("%s%s is not closed", begin, name)
		}
		section := series.Section(name)
		written[section] = true
		fresh.WriteString(begin + name + " -->\n" + metricTable(section) + end)
		rest = after
	}
	for _, m := range series.All() {
		if !written[m.Section] {
			t.Errorf("metrics.md has no place for the section %s", m.Section)
		}
	}
	if fresh.String() == string(text) {
		return
	}
	if !*update {
		t.Fatal("metrics.md is stale: go test ./docs -update writes it anew")
	}
	if err := os.WriteFile("metrics.md", []byte(fresh.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// metricTable is the table of a section.
func metricTable(section series.Section) string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | meaning | there |\n|---|---|---|---|---|\n")
	for _, m := range series.All() {
		if m.Section != section {
			continue
		}
		labels := " "
		if len(m.Labels) > 0 {
			labels = " `" + strings.Join(m.Labels, "`, `") + "` "
		}
		fmt.Fprintf(&b, "| `%s` | %s |%s| %s | %s |\n", m.FullName(), m.Type, labels, m.Help, cmp.Or(m.When, "always"))
	}
	return b.String()
}

// TestMetricNames has Prometheus's own linter look at everything that there can be.
func TestMetricNames(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(scraped(t))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// published returns the labels of every metric, less the model's.
func published(t *testing.T) map[string][]string {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(scraped(t)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for name, f := range families {
		if !strings.HasPrefix(name, "hindcast_") {
			continue
		}
		labels := set{}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		delete(labels, "model")
		out[name] = slices.Sorted(maps.Keys(labels))
	}
	return out
}

// scraped is what /metrics shows of everything.
func scraped(t *testing.T) string {
	t.Helper()
	r := publish.NewRegistry(publish.BuildInfo{Version: "v1", Revision: "abc"})
	if err := r.With(publish.Aliases{"model_mae": "mae"}).Publish(t.Context(), everything()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r.Handler(0).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// everything is a snapshot with every figure that a pass can have.
func everything() job.Snapshot {
	yes, matched := true, int64(90)
	figures := map[string]metric.Result{}
	for _, spec := range metric.All() {
		m := metric.Result{Value: 2, Low: stat.Number(math.NaN()), High: stat.Number(math.NaN())}
		if spec.HasInterval {
			m.Low, m.High = 1, 3
		}
		figures[spec.Name] = m
	}
	estimated := &estimate.Estimated{Metrics: map[string]metric.Result{}, Scored: &estimate.Scored{Metric: "roc_auc", Windows: 1}}
	for _, name := range slices.Concat(estimate.Names(groundtruth.Binary), estimate.Names(groundtruth.Multiclass)) {
		estimated.Metrics[name] = figures[name]
	}
	ofClass := map[string]metric.Result{}
	for _, name := range metric.OfClassNames() {
		ofClass[name] = figures[name]
	}
	day := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	measures := map[string]drift.Measure{}
	for _, name := range drift.Names() {
		measures[name] = drift.Measure{Value: 1}
	}
	checks := map[string]evaluator.Check{}
	for _, c := range evaluator.Checks() {
		checks[c.Name] = evaluator.Check{Value: 1}
	}
	outcome := &job.Outcome{
		Window:   groundtruth.Window{Start: day, End: day.AddDate(0, 0, 1)},
		Coverage: job.Coverage{Predictions: 100, Matched: &matched, Coverage: 0.9},
		Evaluation: evaluator.Evaluation{
			Metrics:    figures,
			Reference:  &evaluator.Reference{Metrics: figures},
			Rolling:    &evaluator.Rolling{Metrics: figures},
			Drift:      &drift.Drift{Share: 1, Columns: map[string]drift.Column{"size": {Drifted: &yes, Measures: measures}}},
			Versions:   map[string]evaluator.Group{"v1": {N: 90, Metrics: figures}},
			Segments:   map[string]map[string]evaluator.Group{"city": {"Oslo": {N: 90, Metrics: figures}}},
			Classes:    map[string]evaluator.Group{"cat": {N: 90, Metrics: ofClass}},
			Estimated:  estimated,
			LabelBias:  &evaluator.LabelBias{Columns: map[string]evaluator.LabelShift{"score": {}}},
			Prediction: &evaluator.Prediction{Mean: 1, Quantiles: map[string]stat.Number{"0.5": 1}, Ratios: map[string]stat.Number{"cat": 1}},
			Quality:    &evaluator.Quality{Columns: map[string]evaluator.ColumnQuality{"size": {}}, Checks: checks},
		},
		Rules: []rule.Result{{Name: "rmse", Verdict: rule.Breached, Comparisons: []rule.Comparison{
			{Left: "rmse", Op: ">", Right: "1", LeftValue: 2, RightValue: 1, Variable: "rmse"},
		}}},
	}
	return job.Snapshot{
		Status: job.RunStatus{Model: "m", Start: day, Duration: time.Second, ReportErrors: new(int)}, Performance: outcome, Drift: outcome,
		Launches: []trigger.LaunchStatus{{Launch: trigger.Launch{LaunchedAt: day}, Latest: trigger.StateRunning}},
	}
}
