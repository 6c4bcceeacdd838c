package report

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

const executorInput = `{
 "inputs": {"parameterValues": {"config": "dmVyc2lvbjogMQo=", "models": ["a", "b"], "dry_run": true}},
 "outputs": {"outputFile": "/tmp/kfp_outputs/output_metadata.json", "artifacts": {
  "metrics": {"artifacts": [{"name": "metrics", "type": {"schemaTitle": "system.Metrics"}, "uri": "minio://mlpipeline/v2/run/metrics"}]},
  "report": {"artifacts": [{"name": "report", "type": {"schemaTitle": "system.HTML"}, "uri": "minio://mlpipeline/v2/run/report"}]}}}}`

func day(n int) groundtruth.Window {
	start := time.Date(2026, time.January, n, 0, 0, 0, 0, time.UTC)
	return groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}
}

func outcomes() []job.Outcome {
	matched, nan := int64(90), stat.Number(math.NaN())
	threshold, yes := stat.Number(0.2), true
	mature := job.Outcome{Model: "house", Window: day(1), Stage: "mature", Verdict: rule.Breached}
	mature.Coverage = job.Coverage{Predictions: 100, Matched: &matched, Coverage: 0.9}
	mature.Metrics = map[string]metric.Result{"rmse": {Value: 2, Low: 1.5, High: 2.5, N: 90}, "r2": {Value: nan, Low: nan, High: nan}}
	mature.Reference = &evaluator.Reference{Metrics: map[string]metric.Result{"rmse": {Value: 1}}}
	mature.Rules = []rule.Result{{Name: "<script>alert(1)</script>", Verdict: rule.Breached, Reason: "rmse 2 > 1.2 & more"}}
	closed := job.Outcome{Model: "house", Window: day(3), Stage: "closed", Verdict: rule.Healthy}
	closed.Coverage = job.Coverage{Predictions: 70, Coverage: nan}
	closed.Drift = &drift.Drift{Share: 0.25, Low: 0.2, High: 0.4, Columns: map[string]drift.Column{
		"size": {Drifted: &yes, Measures: map[string]drift.Measure{"psi": {Value: 0.31, Threshold: &threshold}, "ks": {Value: 0.1}}},
		"age":  {Reason: "too few rows"},
	}, Reason: "39 of 40 feature columns are inconclusive"}
	return []job.Outcome{mature, closed}
}

func TestTask(t *testing.T) {
	t.Parallel()
	task, err := ParseTask(executorInput)
	if err != nil {
		t.Fatal(err)
	}
	if string(task.Config) != "version: 1\n" || !slices.Equal(task.Models, []string{"a", "b"}) || !task.DryRun {
		t.Errorf("read %q, %v, %v", task.Config, task.Models, task.DryRun)
	}
	task.root = t.TempDir()
	p := Page{Title: "Hindcast", Outcomes: outcomes(), Failures: []Failure{{Model: "b<i>", Err: errors.New("no & such bucket")}}}
	if err := task.Write(p); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(task.root, "/tmp/kfp_outputs/output_metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]map[string]struct {
		Artifacts []artifact
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	list := out["artifacts"]["metrics"].Artifacts
	want := map[string]float64{
		"house.breached": 1, "house.healthy": 0, "house.inconclusive": 0,
		"house.rmse": 2, "house.coverage": 0.9, "house.predictions": 70, "house.drift_share": 0.25, "house.drift_share_low": 0.2, "house.drift_share_high": 0.4,
	}
	if len(list) != 1 || list[0].URI != "minio://mlpipeline/v2/run/metrics" || len(list[0].Metadata) != len(want) {
		t.Fatalf("told %s", data)
	}
	for name, v := range want {
		if list[0].Metadata[name] != v {
			t.Errorf("%s is %v, want %v", name, list[0].Metadata[name], v)
		}
	}
	page, err := os.ReadFile(filepath.Join(task.root, "/minio/mlpipeline/v2/run/report"))
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", "1.2 &amp; more", "1.5 to 2.5", "Breached", "2026-01-01",
		"b&lt;i&gt;", "no &amp; such bucket", "too few rows", "0.31", "39 of 40 feature columns are inconclusive",
	} {
		if !strings.Contains(string(page), words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	checkPage(t, page)
}

// What the newest mature window has not is not taken from an older one.
func TestMetricsAreOfOneWindow(t *testing.T) {
	t.Parallel()
	older := outcomes()[0]
	newer := older
	nan := stat.Number(math.NaN())
	newer.Window, newer.Coverage.Coverage = day(2), nan
	newer.Metrics = map[string]metric.Result{"rmse": {Value: nan}, "r2": {Value: nan}}
	other := older
	other.Model = "flat"
	got := Metrics([]job.Outcome{newer, older, other})
	for _, name := range []string{"house.rmse", "house.r2", "house.coverage"} {
		if v, have := got[name]; have {
			t.Errorf("%s is %v of the older window", name, v)
		}
	}
	if got["flat.rmse"] != 2.0 || got["flat.coverage"] != 0.9 {
		t.Errorf("another model's are %v", got)
	}
}

func TestPageWithoutWindows(t *testing.T) {
	t.Parallel()
	page, err := Page{Title: "Hindcast"}.HTML()
	if err != nil || !strings.Contains(string(page), "in the ledger already") {
		t.Errorf("%v\n%s", err, page)
	}
}

func TestParseTaskRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ input, want string }{
		"placeholder":    {"{{$}}", "only the launcher"},
		"no JSON":        {"x", "not the JSON"},
		"no output file": {"{}", "outputFile"},
		"models":         {`{"inputs":{"parameterValues":{"models":"a"}},"outputs":{"outputFile":"/o"}}`, "input models"},
		"config":         {`{"inputs":{"parameterValues":{"config":"?"}},"outputs":{"outputFile":"/o"}}`, "nor base64"},
		"store":          {`{"outputs":{"outputFile":"/o","artifacts":{"report":{"artifacts":[{"uri":"ftp://a/b"}]}}}}`, "ftp://"},
		"folder":         {`{"outputs":{"outputFile":"/o","artifacts":{"report":{"artifacts":[{"uri":"s3://../../etc/passwd"}]}}}}`, "leaves the folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseTask(tt.input); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// TestConfigTravels shows that a configuration comes through as it was, whatever is in
// it, and that no braces of its are left for others to replace.
func TestConfigTravels(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"version: 1\nmodels: ['{{ .Model }}', '[[a]]']\n", "a: \x22\u00e6\x22\n"} {
		sent := EncodeConfig([]byte(text))
		if strings.ContainsAny(sent, "{}[]$:") {
			t.Errorf("sent as %q", sent)
		}
		for _, s := range []string{sent, text} {
			if got, err := decodeConfig(s); err != nil || string(got) != text {
				t.Errorf("%q came as %q, %v", text, got, err)
			}
		}
	}
}

func FuzzParseTask(f *testing.F) {
	f.Add(executorInput)
	f.Add(`{"outputs":{"outputFile":"/o","artifacts":{"report":{"artifacts":[{"uri":"gs://a/../b"}]}}}}`)
	f.Fuzz(func(t *testing.T, input string) {
		task, err := ParseTask(input)
		if err != nil {
			return
		}
		for name, a := range task.artifacts {
			path, err := localPath(a.URI)
			if err != nil || !filepath.IsAbs(path) || strings.Contains(path, "..") && filepath.Clean(path) != path {
				t.Errorf("output %s of %q goes to %q, %v", name, input, path, err)
			}
		}
	})
}
