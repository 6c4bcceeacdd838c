//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestObjstoreConformance runs the conformance suite of the object stores on the real
// S3 server and on the emulators of the others.
func TestObjstoreConformance(t *testing.T) {
	t.Parallel()
	e := setup(t)
	for name, tt := range map[string]struct {
		variable, url string
		env           []string
	}{
		"TestS3":    {"HINDCAST_TEST_S3_URL", e.Stack.URL(unique(t, "conformance")), nil},
		"TestGCS":   {"HINDCAST_TEST_GCS_URL", e.GCSURL(e.gcsBucket(t), "conformance"), nil},
		"TestAzure": {"HINDCAST_TEST_AZURE_URL", e.AzureURL(e.azureContainer(t, nil), "conformance"), e.azureKey()},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-run", "^"+name+"$", "./objstore/cloud")
			cmd.Dir = ".."
			cmd.Env = append(append(os.Environ(), tt.variable+"="+tt.url), tt.env...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			// A suite that was skipped must not pass for a success.
			if text := string(out); !strings.Contains(text, "--- PASS: "+name+"/Create_race") || strings.Contains(text, "--- SKIP") {
				t.Errorf("the suite didn't run whole:\n%s", out)
			}
		})
	}
}

// TestEvaluation is the evaluation of a day in the bucket: every figure is computed
// again by the book, and asked back from Prometheus.
func TestEvaluation(t *testing.T) {
	t.Parallel()
	s := newScenario(t, healthyNoise, func(c *settings) { c.KFP = "" })
	matched := s.untidy(t)

	o := s.judged(t)
	if !o.Window.Start.Equal(s.day) || o.Stage != "mature" || !o.AsOfApplied || o.Revision != 1 || o.Model != s.Model {
		t.Errorf("judged %s %s of %s, as_of_applied %t, revision %d", o.Window.Start, o.Stage, o.Model, o.AsOfApplied, o.Revision)
	}
	o.coverageIs(t, int64(len(matched)))
	o.figuresAre(t, s, matched)
	if o.Verdict != "healthy" || o.Decision.Action != "none" {
		t.Errorf("verdict %s, decision %+v", o.Verdict, o.Decision)
	}
	s.pushed(t, o, matched)

	// The same again is no new window, and the ledger remembers the old one.
	again := s.judged(t)
	if again.Window.Start.Equal(s.day) && again.Stage == "mature" && again.Revision > 2 {
		t.Errorf("the window is judged as new: revision %d", again.Revision)
	}
	h := s.hindcast(t, "history", "-c", s.config, "--model", s.Model, "-o", "json")
	if h.code != 0 || !strings.Contains(h.stdout, s.day.Format(time.RFC3339)) {
		t.Errorf("history: status %d\n%s", h.code, h.stdout)
	}
	s.slackClean(t)
	if n := len(s.slack.Messages()); n != 0 {
		t.Errorf("%d messages about a healthy window", n)
	}
}

// untidy writes the day as logs are: predictions written twice, labels corrected, taken
// back, late for good, for other days, and broken. It returns the predictions that have a
// label.
func (s *scenario) untidy(t *testing.T) []house {
	t.Helper()
	date := "dt=" + s.day.Format(time.DateOnly)
	twice := append([]house(nil), s.window[:5]...)
	for i := range twice {
		twice[i].At = twice[i].At.Add(-time.Second)
		twice[i].Predicted = 1
		if twice[i].At.Before(s.day) {
			twice[i].At = s.window[i].At // the greater key then wins
		}
	}
	labels := [][]string{labelHeader}
	matched := s.window[:0:0]
	for i, h := range s.window {
		switch {
		case i < 20: // never sold
			continue
		case i < 23: // corrected
			labels = append(labels, labelRow(h, "1", 90*time.Minute, "c"))
		case i == 23: // the price is no number
			labels = append(labels, labelRow(h, "about 1,000", 2*time.Hour, "c"))
			continue
		case i < 26: // taken back
			labels = append(labels, labelRow(h, number(h.Sold), 2*time.Hour, "c"), labelRow(h, "", 3*time.Hour, "d"))
			continue
		}
		labels = append(labels, labelRow(h, number(h.Sold), 2*time.Hour, "c"))
		matched = append(matched, h)
	}
	for i := range 10 { // of another day's predictions
		other := s.window[i]
		other.ID = fmt.Sprintf("other-%d", i)
		labels = append(labels, labelRow(other, "1000", 2*time.Hour, "c"))
	}
	s.put(t, map[string][]byte{
		s.Model + "/predictions/" + date + "/0-twice.parquet": parquetOf(t, twice),
		s.Model + "/sales/" + date + "/sales.csv":             csvOf(t, labels),
	})
	return matched
}

// coverageIs checks the counts of what untidy wrote.
func (o outcome) coverageIs(t *testing.T, matched int64) {
	t.Helper()
	c := o.Coverage
	if c.Predictions != 500 || c.DuplicatePredictions != 5 || c.Matched != matched || c.UnmatchedLabels != 10 ||
		c.Labels != c.Matched+10 || !near(c.Coverage, float64(matched)/500) || c.DuplicateLabels < 3 {
		t.Errorf("coverage %+v", c)
	}
	bad := int64(0)
	for _, n := range c.Skipped {
		bad += n
	}
	if bad != 1 || c.Skipped["bad_number"] != 1 {
		t.Errorf("skipped %v, want bad_number once", c.Skipped)
	}
}

// figuresAre computes every figure again, of the day, the reference, and each version and
// city.
func (o outcome) figuresAre(t *testing.T, s *scenario, matched []house) {
	t.Helper()
	for name, want := range figures(matched) {
		m := o.Metrics[name]
		if m.Value == nil || !near(*m.Value, want) || m.N != int64(len(matched)) {
			t.Errorf("%s: %+v, want %v of %d", name, m, want, len(matched))
			continue
		}
		if (name == "rmse" || name == "mae" || name == "me") && (m.Low == nil || m.High == nil || *m.Low >= want || *m.High <= want) {
			t.Errorf("%s: no interval around %v", name, want)
		}
	}
	for name, want := range figures(s.reference) {
		if m := o.Reference.Metrics[name]; m.Value == nil || !near(*m.Value, want) {
			t.Errorf("reference %s: %+v, want %v", name, m, want)
		}
	}
	ks, wasserstein := distances(sizes(s.window), sizes(s.reference))
	size := o.Drift.Columns["size"]
	if got := size.Measures["ks"].Value; !near(got, ks) {
		t.Errorf("ks of size: %v, want %v", got, ks)
	}
	if got := size.Measures["wasserstein"].Value; !near(got, wasserstein) {
		t.Errorf("wasserstein of size: %v, want %v", got, wasserstein)
	}
	if size.Drifted || o.Drift.Share != 0 {
		t.Errorf("drift where there is none: %+v", o.Drift)
	}
	groups := map[string][]house{}
	for _, h := range matched {
		groups["version "+h.Version] = append(groups["version "+h.Version], h)
		groups["city "+h.City] = append(groups["city "+h.City], h)
	}
	for name, rows := range groups {
		want := figures(rows)["rmse"]
		kind, value, _ := strings.Cut(name, " ")
		n, m := o.Versions[value].N, o.Versions[value].Metrics["rmse"]
		if kind == "city" {
			n, m = o.Segments["city"][value].N, o.Segments["city"][value].Metrics["rmse"]
		}
		if n != int64(len(rows)) || m.Value == nil || !near(*m.Value, want) {
			t.Errorf("%s: n %d, rmse %+v; want %d, %v", name, n, m, len(rows), want)
		}
	}
}

// pushed checks that Prometheus has scraped what the Pushgateway holds of an outcome.
func (s *scenario) pushed(t *testing.T, o outcome, matched []house) {
	t.Helper()
	ks, _ := distances(sizes(s.window), sizes(s.reference))
	selector := fmt.Sprintf(`{model=%q,namespace="e2e",model_version="",segment=""}`, s.Model)
	for series, want := range map[string]float64{
		"hindcast_rmse" + selector:                                                  *o.Metrics["rmse"].Value,
		"hindcast_mae" + selector:                                                   *o.Metrics["mae"].Value,
		"hindcast_reference_rmse" + selector:                                        *o.Reference.Metrics["rmse"].Value,
		"hindcast_predictions" + selector:                                           500,
		"hindcast_matched_predictions" + selector:                                   float64(len(matched)),
		"hindcast_label_coverage_ratio" + selector:                                  o.Coverage.Coverage,
		"hindcast_last_run_success" + selector:                                      1,
		"hindcast_drift_share_ratio" + selector:                                     0,
		"hindcast_drift_score" + with(selector, "column", "size", "method", "ks"):   ks,
		"hindcast_rule_breached" + with(selector, "rule", "rmse"):                   0,
		"hindcast_window_end_timestamp_seconds" + with(selector, "stage", "mature"): float64(s.day.AddDate(0, 0, 1).Unix()),
	} {
		if got := s.sample(t, series); !near(got.Value, want) {
			t.Errorf("%s is %v, want %v", series, got.Value, want)
		}
	}
}

// with adds labels to a selector.
func with(selector string, labels ...string) string {
	s := strings.TrimSuffix(selector, "}")
	for i := 0; i < len(labels); i += 2 {
		s += fmt.Sprintf(",%s=%q", labels[i], labels[i+1])
	}
	return s + "}"
}

// TestFailureIsPushed shows that an outage is an error, pushed without touching what
// the last success said, and told once.
func TestFailureIsPushed(t *testing.T) {
	t.Parallel()
	s := newScenario(t, healthyNoise, func(c *settings) { c.KFP = "" })
	s.judged(t)
	selector := fmt.Sprintf(`{model=%q}`, s.Model)
	before := s.sample(t, "hindcast_last_success_timestamp_seconds"+selector)
	rmseSeries := fmt.Sprintf(`hindcast_rmse{model=%q,model_version="",segment=""}`, s.Model)
	rmse := s.sample(t, rmseSeries)

	s.settings.URL = func(key string) string { return s.BucketURL("no-such-bucket", key) }
	s.write(t)
	for range 2 {
		r := s.pass(t)
		if r.code != 1 || !strings.Contains(r.stderr, "no-such-bucket") {
			t.Errorf("status %d, want 1 and the bucket's name\n%s", r.code, r.stderr)
		}
	}
	failed := s.sample(t, "hindcast_last_run_success"+selector+" == 0")
	run := s.sample(t, "hindcast_last_run_timestamp_seconds"+selector+" > "+number(before.Value))
	after := s.sample(t, "hindcast_last_success_timestamp_seconds"+selector)
	if after.Value != before.Value {
		t.Errorf("last success moved from %v to %v", before.Value, after.Value)
	}
	if kept := s.sample(t, rmseSeries); kept.Value != rmse.Value {
		t.Errorf("rmse changed from %v to %v (%v, %v)", rmse.Value, kept.Value, failed, run)
	}
	if n := s.told(s.Model, "fail"); n != 1 {
		t.Errorf("told %d times, want once: %v", n, s.slack.Messages())
	}
	s.slackClean(t)

	// Forgetting the model takes its series away.
	if r := s.hindcast(t, "forget", "-c", s.config, "--model", s.Model); r.code != 0 {
		t.Errorf("forget: status %d", r.code)
	}
	s.sample(t, "absent(hindcast_last_run_success"+selector+")")
}

// TestSameBytesEverywhere shows that an evaluation over S3, over the emulators of GCS and
// Azure, and over files, with the rows dealt over other files, gives the same bytes.
func TestSameBytesEverywhere(t *testing.T) {
	t.Parallel()
	s := newScenario(t, worseNoise, func(c *settings) { c.KFP, c.Push, c.Slack = "", "", nil })
	asOf := time.Now().UTC().Format(time.RFC3339)
	window := s.day.Format(time.DateOnly) + "/" + s.day.AddDate(0, 0, 1).Format(time.DateOnly)
	flags := []string{"--window", window, "--as-of", asOf}
	overS3 := s.pass(t, flags...)
	if overS3.code != 0 {
		t.Fatal(overS3.stderr)
	}
	one(t, overS3)

	// The same files.
	root := t.TempDir()
	for key, data := range s.files(t) {
		write(t, filepath.Join(root, "a", strings.TrimPrefix(key, s.Model+"/")), data)
	}
	// The same rows, dealt over four files in the opposite order.
	date := "dt=" + s.day.Format(time.DateOnly)
	var deals [3][]house
	for i := len(s.window) - 1; i >= 0; i-- {
		deals[i%3] = append(deals[i%3], s.window[i])
	}
	write(t, filepath.Join(root, "b/predictions", date, "x.jsonl"), jsonlOf(t, deals[0]))
	write(t, filepath.Join(root, "b/predictions", date, "y.parquet"), parquetOf(t, deals[1]))
	write(t, filepath.Join(root, "b/predictions", date, "z.parquet"), parquetOf(t, deals[2]))
	for i, rows := range deals {
		write(t, filepath.Join(root, "b/sales", date, fmt.Sprintf("%d.csv", i)), labelsOf(t, rows))
	}
	write(t, filepath.Join(root, "b/training/1.csv.gz"), gzipOf(t, referenceOf(t, s.reference[700:])))
	write(t, filepath.Join(root, "b/training/2.csv.gz"), gzipOf(t, referenceOf(t, s.reference[:700])))

	for _, folder := range []string{"a", "b"} {
		s.settings.URL = func(key string) string { return "file://" + filepath.Join(root, folder, key) }
		s.State = "file://" + filepath.Join(root, folder, "state")
		s.write(t)
		if r := s.pass(t, flags...); r.code != 0 || r.stdout != overS3.stdout {
			t.Errorf("files %s: status %d, and the output differs from that over S3:\n%s\n%s", folder, r.code, r.stdout, overS3.stdout)
		}
	}

	// The other clouds, with the state there.
	gcs, azure := s.gcsBucket(t), s.azureContainer(t, nil)
	s.fill(t, s.GCSURL(gcs, ""))
	s.fillAzure(t, azure)
	for name, url := range map[string]func(key string) string{
		"gcs":   func(key string) string { return s.GCSURL(gcs, key) },
		"azure": func(key string) string { return s.AzureURL(azure, key) },
	} {
		s.settings.URL, s.State = url, url("state")
		s.write(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		cmd := s.command(ctx, s.Binary, s.azureKey(), append([]string{"run", "-c", s.config, "-o", "json"}, flags...)...)
		if r := finish(t, cmd, cmd.Run); r.code != 0 || r.stdout != overS3.stdout {
			t.Errorf("%s: status %d, and the output differs from that over S3:\n%s\n%s", name, r.code, r.stdout, overS3.stdout)
		}
		cancel()
	}
}

// write writes a file and its folders.
func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(data))
}
