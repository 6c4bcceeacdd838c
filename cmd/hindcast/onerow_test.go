package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What it takes to add a metric, of regressions or of classifiers, and a drift measure: a row and
// a function each. The metric of regressions falls as the model gets worse.
const (
	metricRow = `{
		Name: "closeness", Title: "Closeness", Help: "One over one more than the mean squared error.",
		About: "One over one more than the mean squared error: 1 is perfect",
		Unit: Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 10, Headline: true, regression: closeness,
	},`
	metricFunction = `package metric

import "github.com/hindcast/hindcast/evaluator/summary"

func closeness(s *Spec, m *errorMoments) Result {
	value := 1 / (1 + m.squared.Mean)
	return s.metric(m.estimate(m.squared, centred(summary.SumE2, summary.AllRows, m.squared.Mean), value, -value*value, -2*value), m.n, m.errors.Kurtosis)
}`
	classifierRow = `{
		Name: "caution", Title: "Caution", Help: "Share of rows that are predicted to be positive.",
		About: "Share of rows that are predicted to be positive",
		Unit: Share, Worse: WorseRises, Most: 1, HasInterval: true, Rank: 20, Headline: true, binary: caution,
	},`
	classifierFunction = `package metric

func caution(r *binaryRows) figure {
	value := r.predicted.W / r.all.W
	return figure{value: value, of: r.all, influence: byClass(func(_, p float64) float64 { return p - value })}
}`
	measureRow      = `{Name: "widest", Threshold: 0.1, bins: &distance{of: widest}},`
	measureFunction = `package drift

import "math"

func widest(ref, cur bins) float64 {
	most := 0.0
	for i := range ref {
		most = max(most, math.Abs(ref[i]/ref.total()-cur[i]/cur.total()))
	}
	return most
}`
)

// TestARowAndAFunctionAreEnough builds the program, the tests of the documentation and
// those of the dashboards with one more metric and one more measure, and looks for them
// wherever metrics and measures are.
func TestARowAndAFunctionAreEnough(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program anew")
	}
	t.Parallel()
	added := withRows(t)
	for name, check := range map[string]func(*testing.T, string){
		"program": checkProgram, "documentation": checkDocumentation, "dashboards": checkDashboards,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, added)
		})
	}
}

// withRows returns the overlay that adds the rows and the functions to what is built.
func withRows(t *testing.T) (overlay string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir, replace := t.TempDir(), map[string]string{}
	put := func(original, text string) {
		path := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		writeFile(t, path, text)
		replace[filepath.Join(root, original)] = path
	}
	tables := map[string]string{}
	for i, of := range []struct{ folder, file, table, row, function string }{
		{"evaluator/metric", "table.go", "func regressions() []Spec {", metricRow, metricFunction},
		{"evaluator/metric", "table.go", "func classifiers() []Spec {", classifierRow, classifierFunction},
		{"evaluator/drift", "spec.go", "func Specs() []Spec {", measureRow, measureFunction},
	} {
		path := of.folder + "/" + of.file
		text, ok := tables[path]
		if !ok {
			text = readFile(t, filepath.Join(root, path))
		}
		begin := strings.Index(text, of.table)
		end := begin + strings.Index(text[max(begin, 0):], "\n\t}\n}\n")
		if begin < 0 || end <= begin {
			t.Fatalf("%s/%s has no table that begins with %q", of.folder, of.file, of.table)
		}
		tables[path] = text[:end] + "\n" + of.row + text[end:]
		put(fmt.Sprintf("%s/added%d.go", of.folder, i), of.function)
	}
	for path, text := range tables {
		put(path, text)
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, "overlay.json")
	writeFile(t, overlay, string(data))
	return overlay
}

// oneRowConfig judges a day of the scripts' logs by what was added. WEBHOOK is a URL.
const oneRowConfig = `version: 1
state: {url: ./state}
publish: {textfile: {path: ./metrics.prom}}
notify: {webhook: {url: WEBHOOK}}
models:
  - name: house
    task: regression
    predictions:
      url: ./predictions/dt={date}/*
      columns: {id: id, timestamp: ts, prediction: pred, model_version: version}
    ground_truth:
      url: ./labels/dt={date}/*
      columns: {id: id, label: y, timestamp: sold, ingested_at: loaded}
      delay: 2d
    reference: {url: ./reference/*.csv}
    drift: {method: widest, threshold: {widest: 0.15}}
    rules:
      - {name: close, when: closeness < 0.8 * reference.closeness, min_samples: 50, significance: 0.9}
      - {name: moved, when: 'drift.columns["x"].widest > 0.2', min_samples: 50}
`

func checkProgram(t *testing.T, overlay string) {
	dir := t.TempDir()
	told := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told <- string(body)
	}))
	defer server.Close()
	files, err := logs(1, "wrong")
	if err != nil {
		t.Fatal(err)
	}
	if files[referenceFile], err = reference(referenceDays); err != nil {
		t.Fatal(err)
	}
	files["hindcast.yaml"] = strings.ReplaceAll(oneRowConfig, "WEBHOOK", server.URL)
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	binary := filepath.Join(dir, "hindcast")
	if out, err := command(t, ".", "go", "build", "-buildvcs=false", "-overlay", overlay, "-o", binary, "."); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	valid := func(edits ...string) string {
		t.Helper()
		return checked(t, binary, files["hindcast.yaml"], edits, 0)
	}
	refused := func(edits ...string) string {
		t.Helper()
		return checked(t, binary, files["hindcast.yaml"], edits, 3)
	}
	if out := valid(); strings.Contains(out, "reversed") {
		t.Errorf("a rule on a metric that falls as the model gets worse:\n%s", out)
	}
	contains(t, "a reversed rule", valid("closeness < 0.8", "closeness > 1.2"), "looks reversed: it turns true as the model gets better")
	contains(t, "a misspelt metric", refused("when: closeness", "when: closenes"), "did you mean closeness?", "interval_width, closeness, ci.METRIC")
	contains(t, "significance of a metric without an interval", refused("closeness < 0.8 * reference.closeness", "max_error > 9"), "interval_width, closeness;")
	contains(t, "a misspelt measure", refused("method: widest", "method: widets"), `did you mean "widest"?`)
	contains(t, "a misspelt measure of a rule", refused(`"x"].widest`, `"x"].widets`), `did you mean drift.columns["x"].widest?`)
	contains(t, "a threshold that doesn't count", refused("method: widest, ", ""), "widest does not judge with method auto")

	page, outputs := filepath.Join(dir, "page.html"), filepath.Join(dir, "outputs.json")
	task := fmt.Sprintf(`{"outputs": {"artifacts": {"report": {"artifacts": [{"name": "report", "uri": %q}]}, "metrics": {"artifacts": [{"name": "metrics", "uri": %q}]}}, "outputFile": %q}}`,
		page, filepath.Join(dir, "metrics"), outputs)
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"run", "--window", "2026-01-01/2026-01-02", "--as-of", "2026-01-07", "--push"}, args...)...)
		var said strings.Builder
		cmd.Dir, cmd.Stderr = dir, &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
		return string(out)
	}
	checkOutcome(t, run("-o", "json", "--executor-input", task))
	contains(t, "the table", run(), "\n max_error", "\n closeness", "widest", "closeness 0.")
	contains(t, "the page", readFile(t, page), `title="closeness: `, "widest")
	contains(t, "the task's metrics", readFile(t, outputs), "house.closeness")
	contains(t, "the text file", readFile(t, filepath.Join(dir, "metrics.prom")),
		"# HELP hindcast_closeness One over one more than the mean squared error.\n", `hindcast_closeness{model="house"} 0.1`, `hindcast_closeness{model="house",model_version="v1"} 0.1`,
		"# HELP hindcast_closeness_low Lower end of the 95 % interval of the overall figure: One over", "\nhindcast_closeness_low{", "\nhindcast_closeness_high{",
		"# HELP hindcast_reference_closeness On the reference: One over", "\nhindcast_reference_closeness{", `column="x",method="widest"`,
		`hindcast_rule_value{metric="closeness",model="house",rule="close"}`)
	select {
	case message := <-told:
		contains(t, "the message", message, "closeness: 0.", "rmse: ")
	default:
		t.Error("the breach was told nobody")
	}
	checkClassifier(t, binary)
}

// checkClassifier judges a window of a classifier, which predicts the positive class of a tenth of
// the rows and did so of a half of the reference's, by the metric of classifiers that was added.
func checkClassifier(t *testing.T, binary string) {
	dir := t.TempDir()
	rows := func(header string, n int, row func(i int) string) string {
		lines := []string{header}
		for i := range n {
			lines = append(lines, row(i))
		}
		return strings.Join(lines, "\n") + "\n"
	}
	writeFile(t, filepath.Join(dir, "predictions.csv"), rows("id,ts,score", 400, func(i int) string {
		return fmt.Sprintf("%d,2026-01-01T%02d:%02d:00Z,%g", i, i/60, i%60, 0.05+float64(i%10)/20)
	}))
	writeFile(t, filepath.Join(dir, "labels.csv"), rows("id,y", 400, func(i int) string { return fmt.Sprintf("%d,%d", i, i%3%2) }))
	writeFile(t, filepath.Join(dir, "reference.csv"), rows("id,score,y", 400, func(i int) string {
		return fmt.Sprintf("%d,%g,%d", i, 0.05+float64(i%10)/10, i%3%2)
	}))
	config := filepath.Join(dir, "hindcast.yaml")
	text := `version: 1
state: {url: ./state}
publish: {textfile: {path: ./metrics.prom}}
models:
  - name: fraud
    task: binary
    predictions: {url: ./predictions.csv, columns: {id: id, timestamp: ts, score: score}}
    ground_truth: {url: ./labels.csv, columns: {id: id, label: y}, delay: 0d}
    reference: {url: ./reference.csv}
    rules:
      - {name: careless, when: caution < 0.5 * reference.caution, min_samples: 50}
`
	contains(t, "a rule of a classifier that is reversed", checked(t, binary, text, nil, 0), "caution < 0.5 * reference.caution looks reversed")
	contains(t, "a metric of the other task", checked(t, binary, text, []string{"when: caution", "when: closeness"}, 3), "closeness is a metric of task regression; this model's task is binary")
	writeFile(t, config, text)
	out, err := command(t, ".", binary, "run", "-c", config, "--window", "2026-01-01/2026-01-02", "--as-of", "2026-01-07", "--push")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	contains(t, "the table of a classifier", out, "\n roc_auc", "\n caution", "caution 0.1 (0.07", " at 95 %")
	contains(t, "the text file", readFile(t, filepath.Join(dir, "metrics.prom")),
		"hindcast_caution{model=\"fraud\"} 0.1\n", "hindcast_reference_caution{model=\"fraud\"} 0.5\n", "hindcast_accuracy{", "hindcast_caution_high{")
}

// checked runs check on the configuration with each first text of edits replaced by the
// one after it, and returns what it said.
func checked(t *testing.T, binary, text string, edits []string, status int) string {
	t.Helper()
	for pair := range slices.Chunk(edits, 2) {
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("the configuration does not hold %q", pair[0])
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	path := filepath.Join(t.TempDir(), "hindcast.yaml")
	writeFile(t, path, text)
	out, err := command(t, ".", binary, "check", "-c", path)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code, err = exit.ExitCode(), nil
	}
	if err != nil || code != status {
		t.Errorf("check of %q: %v, want the status %d\n%s", edits, err, status, out)
	}
	return out
}

// checkOutcome looks for what was added in the JSON that run prints.
func checkOutcome(t *testing.T, out string) {
	t.Helper()
	type result struct{ Value, Low, High float64 }
	var outcomes []struct {
		Metrics   map[string]result
		Versions  map[string]struct{ Metrics map[string]result }
		Reference struct{ Metrics map[string]result }
		Drift     struct {
			Columns map[string]struct {
				Drifted  *bool
				Measures map[string]struct {
					Value, Threshold float64
					NoiseFloor       float64 `json:"noise_floor"`
				}
			}
		}
		Rules []struct{ Name, Verdict, Reason string }
	}
	if err := json.Unmarshal([]byte(out), &outcomes); err != nil || len(outcomes) != 1 {
		t.Fatalf("%d outcomes (%v):\n%s", len(outcomes), err, out)
	}
	o := outcomes[0]
	// The errors of the window are three times the reference's, whose variance is 1.
	now, then := o.Metrics["closeness"], o.Reference.Metrics["closeness"]
	if !(0.05 < now.Low && now.Low < now.Value && now.Value < now.High && now.High < 0.2 && 0.4 < then.Value && then.Value < 0.6) {
		t.Errorf("closeness is %+v, of the reference %+v", now, then)
	}
	if v := o.Versions["v1"].Metrics["closeness"]; v.Value != now.Value {
		t.Errorf("closeness of the version is %+v, want %+v", v, now)
	}
	x := o.Drift.Columns["x"]
	if m := x.Measures["widest"]; !(0 < m.Value && m.Value < m.Threshold && m.Threshold == 0.15 && m.NoiseFloor > 0) || x.Drifted == nil || *x.Drifted {
		t.Errorf("drift of x: %+v", x)
	}
	if len(o.Rules) != 2 || o.Rules[0].Verdict != "breached" || o.Rules[1].Verdict != "healthy" ||
		!strings.HasPrefix(o.Rules[0].Reason, "closeness 0.1") || !strings.HasSuffix(o.Rules[0].Reason, " at 90 %") {
		t.Errorf("rules: %+v", o.Rules)
	}
}

func checkDocumentation(t *testing.T, overlay string) {
	out, err := command(t, "../../docs", "go", "test", "-overlay", overlay, "-run", "^(TestMeasuresAndMetrics|TestMetrics|TestMetricsAreGenerated|TestWords)$", ".")
	if err == nil {
		t.Errorf("nothing misses the documentation of what was added:\n%s", out)
	}
	contains(t, "the documentation's tests", out,
		"statistics.md does not define closeness", "statistics.md does not define widest",
		"configuration.md does not list the variable closeness", "commands.md does not list the metric closeness",
		"metrics.md does not document the metric hindcast_closeness_low{}", "metrics.md is stale",
		"configuration.md does not say that models[].drift.method may be widest")
}

func checkDashboards(t *testing.T, overlay string) {
	out, err := command(t, "../../deploy/grafana", "go", "test", "-overlay", overlay, "-run", "^(TestFiles|TestMetricNames|TestDocumentation|TestPanels)$", ".")
	if err == nil {
		t.Errorf("nothing misses the new panel in the dashboard's file:\n%s", out)
	}
	contains(t, "the dashboards' tests", out,
		"hindcast-evaluation.json is not what the code makes", `panel "Closeness" is not in grafana.md`,
		"hindcast_closeness is documented nowhere", "hindcast_closeness_high is documented nowhere", "hindcast_reference_closeness is documented nowhere")
	if strings.Contains(out, "TestPanels") {
		t.Errorf("the panel is not whole:\n%s", out)
	}
}

// command runs a program in a folder and returns all that it wrote.
func command(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q is not in\n%s", what, part, text)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
