package docs_test

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/publish"
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
					labels := ticked(row[1])
					slices.Sort(labels)
					got[name+"{"+strings.Join(labels, ",")+"}"] = true
				}
			}
		}
	}
	compare(t, want, got, "metrics.md", "metric")
}

// published returns the labels of every metric, less the model's.
func published(t *testing.T) map[string][]string {
	t.Helper()
	r := publish.NewRegistry(publish.BuildInfo{Version: "v1", Revision: "abc"})
	if err := r.Publish(t.Context(), everything()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(w.Body.Bytes()))
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

// everything is a snapshot with every figure that a pass can have.
func everything() job.Snapshot {
	yes, matched := true, int64(90)
	figures := evaluator.Regression(nil, 0.95)
	for name, m := range figures {
		m.Value = 2
		if name != "max_error" { // a maximum has no interval
			m.Low, m.High = 1, 3
		}
		figures[name] = m
	}
	day := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	measures := map[string]evaluator.Measure{}
	for _, name := range evaluator.Measures() {
		measures[name] = evaluator.Measure{Value: 1}
	}
	outcome := &job.Outcome{
		Window:   groundtruth.Window{Start: day, End: day.AddDate(0, 0, 1)},
		Coverage: job.Coverage{Predictions: 100, Matched: &matched, Coverage: 0.9},
		Evaluation: evaluator.Evaluation{
			Metrics:   figures,
			Reference: &evaluator.Reference{Metrics: figures},
			Drift:     &evaluator.Drift{Share: 1, Columns: map[string]evaluator.ColumnDrift{"size": {Drifted: &yes, Measures: measures}}},
			Versions:  map[string]evaluator.Group{"v1": {N: 90, Metrics: figures}},
			Segments:  map[string]map[string]evaluator.Group{"city": {"Oslo": {N: 90, Metrics: figures}}},
			Quality:   &evaluator.Quality{Columns: map[string]evaluator.ColumnQuality{"size": {}}},
		},
		Rules: []evaluator.RuleResult{{Name: "rmse", Verdict: evaluator.Breached}},
	}
	return job.Snapshot{
		Status: job.RunStatus{Model: "m", Start: day, Duration: time.Second}, Performance: outcome, Drift: outcome,
		Launches: []trigger.LaunchStatus{{Launch: trigger.Launch{LaunchedAt: day}, Latest: trigger.StateRunning}},
	}
}
