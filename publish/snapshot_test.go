package publish

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
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
	"github.com/hindcast/hindcast/series"
	"github.com/hindcast/hindcast/trigger"
)

var update = flag.Bool("update", false, "write the golden files anew")

var errLaunch = errors.New("the run could not be started")

func start() time.Time { return time.Date(2026, 1, 9, 3, 0, 0, 0, time.UTC) }

func window(day int) groundtruth.Window {
	from := time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)
	return groundtruth.Window{Start: from, End: from.AddDate(0, 0, 1)}
}

// rich is a snapshot that has every metric, and figures that don't exist.
func rich(name string) job.Snapshot {
	matched, yes, no := int64(940), true, false
	failedReports := 1
	nan := stat.Number(math.NaN())
	rmse := func(v stat.Number) evaluator.Group {
		return evaluator.Group{N: 100, Metrics: map[string]metric.Result{"rmse": {Value: v}, "r2": {Value: nan}}}
	}
	metrics := map[string]metric.Result{"r2": {Value: nan, Low: nan, High: nan}, "max_error": {Value: 9, Low: nan, High: nan}}
	for i, m := range []string{"me", "mae", "mse", "rmse", "medae", "mape", "smape"} {
		v := stat.Number(i) + 1.5
		metrics[m] = metric.Result{Value: v, Low: v - 0.25, High: v + 0.25}
	}
	finished := start().Add(-time.Hour)
	return job.Snapshot{
		Status: job.RunStatus{Model: name, Start: start(), Duration: 90 * time.Second, ReportErrors: &failedReports},
		Performance: &job.Outcome{
			Model: name, Window: window(1), Stage: trigger.StageMature,
			Coverage: job.Coverage{Predictions: 1000, Matched: &matched, Coverage: 0.94},
			Evaluation: evaluator.Evaluation{
				Metrics:   metrics,
				Reference: &evaluator.Reference{Rows: 5000, Metrics: map[string]metric.Result{"rmse": {Value: 1.4}, "r2": {Value: 0.8}, "mape": {Value: nan}}},
				Rolling:   &evaluator.Rolling{Rows: 9000, Metrics: map[string]metric.Result{"rmse": {Value: 1.6}, "r2": {Value: nan}}},
				Versions:  map[string]evaluator.Group{"v2": rmse(1.8), "v3": rmse(2.25), "": rmse(7)},
				Segments: map[string]map[string]evaluator.Group{
					"city": {"Oslo": rmse(2.2), "São \"Paulo\"\n\\": rmse(1.1), "bad \xff byte": rmse(3), "bad \xfe byte": rmse(4), "": rmse(5)},
					"v2":   {"Oslo": rmse(6)},
				},
				LabelBias: &evaluator.LabelBias{Biased: true, Columns: map[string]evaluator.LabelShift{"prediction": {Distance: 0.5, Effect: 0.03}}},
				Drift:     &drift.Drift{Share: 1}, // of the mature window, which isn't shown
			},
			Rules: []rule.Result{
				{Name: "rmse", Verdict: rule.Breached, Comparisons: []rule.Comparison{
					{Left: "rmse", Op: ">", Right: "1.2 * reference.rmse", LeftValue: 4.5, RightValue: 1.68, Variable: "rmse"},
					{Left: "rmse", Op: ">", Right: "5", LeftValue: 4.5, RightValue: 5, Variable: "rmse"}, // the first counts
					{Left: "rmse - mae", Op: ">", Right: "1", LeftValue: 2, RightValue: 1},               // no variable by itself
					{Left: "10", Op: ">", Right: "prometheus.volume", LeftValue: 10, RightValue: 1200, Variable: "prometheus.volume"},
				}},
				{Name: "mae", Verdict: rule.Inconclusive, Comparisons: []rule.Comparison{
					{Left: `segments["city"]["Oslo"].mae`, Op: ">", Right: "2", LeftValue: nan, RightValue: 2, Variable: `segments["city"]["Oslo"].mae`},
				}},
				{Name: "drift", Verdict: rule.Breached}, // older than the closed window's
			},
		},
		Drift: &job.Outcome{
			Model: name, Window: window(8), Stage: trigger.StageClosed,
			Coverage: job.Coverage{Predictions: 1200, Coverage: nan},
			Evaluation: evaluator.Evaluation{
				Metrics: map[string]metric.Result{"rmse": {Value: nan}},
				Drift: &drift.Drift{Share: 0.5, Low: 0.3, High: 0.7, Columns: map[string]drift.Column{
					"size": {Drifted: &yes, Measures: map[string]drift.Measure{"psi": {Value: 0.31}, "ks": {Value: 0.12}}},
					"age":  {Drifted: &no, Measures: map[string]drift.Measure{"psi": {Value: 0.01}, "ks": {Value: nan}}},
					"city": {Measures: map[string]drift.Measure{"psi": {Value: nan, Reason: "too few rows"}}},
				}},
				Estimated: &estimate.Estimated{
					Metrics: map[string]metric.Result{"roc_auc": {Value: 0.75, Low: 0.5, High: 1}, "mcc": {Value: nan, Low: nan, High: nan}},
					Scored:  &estimate.Scored{Metric: "roc_auc", Windows: 30, Bias: -0.25, Within: 0.875},
				},
				Prediction: &evaluator.Prediction{
					Mean: 12.5, Quantiles: map[string]stat.Number{"0.05": 1, "0.25": 8.25, "0.5": 12, "0.75": 16, "0.95": nan},
					Ratios: map[string]stat.Number{"cat": 0.75, "dog": 0.25},
				},
				Quality: &evaluator.Quality{MissingShare: 0.01, Columns: map[string]evaluator.ColumnQuality{
					"size": {Missing: 0.02, OutOfRange: 0, Unseen: nan, Invalid: 0.001}, "city": {Missing: 0, OutOfRange: nan, Unseen: 0.1, Invalid: nan},
				}},
			},
			Rules: []rule.Result{{Name: "drift", Verdict: rule.Healthy}},
		},
		Launches: []trigger.LaunchStatus{
			{Launch: trigger.Launch{LaunchedAt: start().Add(-48 * time.Hour)}, Latest: trigger.StateFailed},
			{Launch: trigger.Launch{LaunchedAt: start().Add(-2 * time.Hour)}, Latest: trigger.StateSucceeded, Terminal: true, FinishedAt: finished},
		},
	}
}

// encode is the text format of what is gathered.
func encode(t *testing.T, g prometheus.Gatherer) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&buf, f); err != nil {
			t.Fatal(err)
		}
	}
	return buf.String()
}

func parse(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return families
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (-update writes it):\n%s", file, got)
	}
}

func TestSnapshotGolden(t *testing.T) {
	got := encode(t, gather(withModel("prices", samples(rich("prices")))))
	golden(t, "snapshot.prom", got)
	if strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Error("a figure that doesn't exist is shown")
	}
	for range 20 {
		if again := encode(t, gather(withModel("prices", samples(rich("prices"))))); again != got {
			t.Fatal("the same snapshot gives other text")
		}
	}
}

// TestSnapshotNames holds the names of the interface, and no others.
func TestSnapshotNames(t *testing.T) {
	want := []string{
		"last_run_timestamp_seconds", "last_success_timestamp_seconds", "last_run_success", "run_duration_seconds", "report_errors",
		"window_start_timestamp_seconds", "window_end_timestamp_seconds",
		"predictions", "matched_predictions", "label_coverage_ratio",
		"me", "me_low", "me_high", "mae", "mae_low", "mae_high", "mse", "mse_low", "mse_high", "rmse", "rmse_low", "rmse_high",
		"medae", "medae_low", "medae_high", "mape", "mape_low", "mape_high", "smape", "smape_low", "smape_high", "max_error",
		"reference_rmse", "reference_r2", "rolling_rmse",
		"drift_score", "drift_detected", "drift_share_ratio", "drift_share_low_ratio", "drift_share_high_ratio",
		"prediction_mean", "prediction_quantile", "prediction_ratio", "label_bias_detected", "label_bias_effect_ratio",
		"estimated_roc_auc", "estimated_roc_auc_low", "estimated_roc_auc_high", "estimated_bias", "estimated_within_band_ratio",
		"missing_values_ratio", "column_missing_ratio", "column_out_of_range_ratio", "column_unseen_ratio", "column_invalid_ratio",
		"rule_breached", "rule_inconclusive", "rule_threshold", "rule_value", "retrain_last_trigger_timestamp_seconds", "retrain_run_state", "build_info",
	}
	families, err := gather(append(samples(rich("prices")), BuildInfo{"v1", "abc"}.samples()...)).Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		got = append(got, strings.TrimPrefix(f.GetName(), "hindcast_"))
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if !slices.Contains(series.OwnLabels(), l.GetName()) {
					t.Errorf("%s has the label %s, which a group could have too", f.GetName(), l.GetName())
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("names\n%v, want\n%v", got, want)
	}
}

// TestNullDriftShareIsPushedAsItsBounds holds that one column flagged by chance among
// many that nobody could judge is not shown as a share of 1.
func TestNullDriftShareIsPushedAsItsBounds(t *testing.T) {
	s := rich("m")
	s.Drift.Drift.Share, s.Drift.Drift.Low, s.Drift.Drift.High = stat.Number(math.NaN()), 0.025, 1
	text := encode(t, gather(samples(s)))
	if strings.Contains(text, "\nhindcast_drift_share_ratio") {
		t.Errorf("an undefined share is shown in\n%s", text)
	}
	for _, want := range []string{"\nhindcast_drift_share_low_ratio 0.025\n", "\nhindcast_drift_share_high_ratio 1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestEmptySnapshot(t *testing.T) {
	got := encode(t, gather(samples(job.Snapshot{Status: job.RunStatus{Model: "m", Start: start()}})))
	for _, name := range []string{"last_run_timestamp_seconds", "last_success_timestamp_seconds", "last_run_success", "run_duration_seconds"} {
		if !strings.Contains(got, prefix+name+" ") {
			t.Errorf("no %s in\n%s", name, got)
		}
	}
	if n := strings.Count(got, "# TYPE"); n != 4 {
		t.Errorf("%d metrics of a pass without windows:\n%s", n, got)
	}
}

func TestPromlint(t *testing.T) {
	text := encode(t, gather(append(withModel("prices", samples(rich("prices"))), BuildInfo{"v1", "abc"}.samples()...)))
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestPromtool has Prometheus' own tool read what is written, where there is one.
func TestPromtool(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	cmd := exec.CommandContext(t.Context(), tool, "check", "metrics")
	cmd.Stdin = strings.NewReader(encode(t, gather(append(withModel("prices", samples(rich("prices"))), BuildInfo{"v1", "abc"}.samples()...))))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRunSamples(t *testing.T) {
	states := func(latest string) map[string]float64 {
		out := map[string]float64{}
		for _, s := range runSamples([]trigger.LaunchStatus{{Launch: trigger.Launch{LaunchedAt: start()}, Latest: latest}}) {
			if s.name == runState {
				out[s.labels[1]] = s.value
			}
		}
		return out
	}
	for latest, want := range map[string]int{"": 9, trigger.StateRunning: 9, trigger.StateGone: 9, "OF_THE_FUTURE": 10} {
		got := states(latest)
		ones := 0.0
		for _, v := range got {
			ones += v
		}
		if len(got) != want || got[latest] != zeroOne(latest != "") || ones != zeroOne(latest != "") {
			t.Errorf("%q: %v", latest, got)
		}
	}
	if runSamples(nil) != nil {
		t.Error("no run has a state")
	}
}

func TestLabelValue(t *testing.T) {
	for in, want := range map[string]string{"": "", "Oslo": "Oslo", "é\n": "é\n", "a\xffb": `a\xffb`, "\xe2\x82": `\xe2\x82`, "\uFFFD": "\uFFFD"} {
		if got := labelValue(in); got != want {
			t.Errorf("labelValue(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestSameSeriesTwice shows that values that come to be written alike spoil nothing.
func TestSameSeriesTwice(t *testing.T) {
	s := rich("m")
	city := s.Performance.Segments["city"]
	city[`bad \xff byte`] = city["Oslo"]
	if text := encode(t, gather(samples(s))); strings.Count(text, `segment="bad \\xff byte"`) != 1 {
		t.Errorf("want it once in\n%s", text)
	}
}
