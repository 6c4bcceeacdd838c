//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	alerting "github.com/hindcast/hindcast/deploy/prometheus"
)

// TestAlertRules has Prometheus's own tool check the rules and run their unit tests.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	must(t, "promtool", append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, glob(t, "../deploy/prometheus/*.rules.yml")...)...)
	must(t, "promtool", append([]string{"test", "rules"}, glob(t, "../deploy/prometheus/testdata/*.test.yml")...)...)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	return names
}

// TestAlerts takes every alert the whole way: figures that hindcast pushes and a model
// server exposes, Prometheus, Alertmanager, a webhook. The servers are the test's own,
// since one alert is about a Prometheus that sees nothing. Durations are shortened by
// the rules' options; the expressions are those that ship.
func TestAlerts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := alerting.DefaultOptions()
	o.Stale, o.Failing, o.Inconclusive, o.Stuck, o.Absent = 15*time.Second, time.Second, time.Second, 2*time.Second, time.Second
	o.Window, o.Sustained, o.FeedbackWindow = 5*time.Second, time.Second, 30*time.Second
	rules, err := alerting.RuleFile(alerting.Hindcast(o), alerting.ModelService(o))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "rules.yml"), string(rules))

	hook := newHook(t)
	alertmanager := startServer(t, "prometheus-alertmanager", "/-/ready", func(address string) []string {
		config := writeFile(t, filepath.Join(dir, "alertmanager.yml"), fmt.Sprintf(`
route: {receiver: hook, group_by: ["..."], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: %q, send_resolved: true}]}]
`, hook.URL))
		return []string{"--config.file=" + config, "--storage.path=" + filepath.Join(dir, "alertmanager"), "--web.listen-address=" + address, "--cluster.listen-address=", "--log.level=error"}
	})
	gateway := startServer(t, "prometheus-pushgateway", "/-/ready", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--persistence.file=", "--log.level=error"}
	})
	service := newModelService(t)
	data := filepath.Join(dir, "tsdb")
	(&history{dir: dir}).backfill(t, data, service.lastWeek)
	startServer(t, "prometheus", "/-/ready", func(address string) []string {
		config := writeFile(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
- {job_name: pushgateway, honor_labels: true, static_configs: [{targets: [%q]}]}
- {job_name: model-server, static_configs: [{targets: [%q], labels: {namespace: e2e, instance: server}}]}
`, alertmanager, gateway, strings.TrimPrefix(service.URL, "http://")))
		return []string{"--config.file=" + config, "--storage.tsdb.path=" + data, "--web.listen-address=" + address, "--rules.alert.resend-delay=2s", "--log.level=error"}
	})
	hook.wait(t, "firing", "HindcastAbsent", "") // nothing was pushed yet

	plain := func(c *settings) { c.KFP, c.Slack, c.Push = "", nil, "http://"+gateway }
	healthy := newScenario(t, healthyNoise, plain)
	healthy.judged(t)

	drifted := newScenario(t, healthyNoise, plain)
	for i := range drifted.window {
		drifted.window[i].Size += 300
		drifted.window[i].Rooms += 20
	}
	drifted.put(t, drifted.files(t))
	drifted.judged(t)

	unlabelled := newScenario(t, healthyNoise, plain)
	files := unlabelled.files(t)
	sales := unlabelled.Model + "/sales/dt=" + unlabelled.day.Format(time.DateOnly) + "/sales.csv"
	files[sales] = labelsOf(t, unlabelled.window[:300]) // of 500
	unlabelled.put(t, files)
	unlabelled.judged(t)

	biased := newScenario(t, healthyNoise, plain)
	slices.SortFunc(biased.window, func(a, b house) int { return cmp.Compare(a.Predicted, b.Predicted) })
	files = biased.files(t)
	sales = biased.Model + "/sales/dt=" + biased.day.Format(time.DateOnly) + "/sales.csv"
	files[sales] = labelsOf(t, biased.window[:430]) // of 500: the dearest have none
	biased.put(t, files)
	biased.judged(t)

	few := newScenario(t, healthyNoise, plain)
	few.window = few.window[:50] // the rule wants 100
	few.put(t, few.files(t))
	few.judged(t)

	failing := newScenario(t, healthyNoise, plain)
	failing.put(t, map[string][]byte{failing.Model + "/predictions/dt=" + failing.day.Format(time.DateOnly) + "/a.parquet": []byte("PAR1")})
	if r := failing.pass(t); r.code != 1 {
		t.Fatalf("status %d, want 1\n%s", r.code, r.stderr)
	}

	silent := newScenario(t, healthyNoise, func(c *settings) {
		plain(c)
		c.URL = func(key string) string { return setup(t).URL("empty/" + c.Model + "/" + key) }
	})
	silent.put(t, map[string][]byte{"empty/" + silent.Model + "/training/all.csv.gz": silent.files(t)[silent.Model+"/training/all.csv.gz"]})
	silent.judged(t)

	retrained := newScenario(t, worseNoise, func(c *settings) { c.Push = "http://" + gateway })
	run := retrained.judged(t).Decision.RunID
	hook.wait(t, "firing", "HindcastRetrainingStuck", retrained.Model)
	retrained.move(t, run, "Running", "RUNNING")
	retrained.move(t, run, "Failed", "FAILED")
	if r := retrained.hindcast(t, "follow", "-c", retrained.config); r.code != 0 {
		t.Fatalf("follow: status %d\n%s", r.code, r.stderr)
	}

	want := map[string]string{
		"HindcastAbsent":             "",
		"HindcastEvaluationStale":    healthy.Model,
		"HindcastEvaluationFailing":  failing.Model,
		"HindcastRuleBreached":       retrained.Model,
		"HindcastRuleInconclusive":   few.Model,
		"HindcastCoverageLow":        unlabelled.Model,
		"HindcastLabelBias":          biased.Model,
		"HindcastNoPredictions":      silent.Model,
		"HindcastDriftHigh":          drifted.Model,
		"HindcastColumnDrifted":      drifted.Model,
		"HindcastRetrainingFailed":   retrained.Model,
		"HindcastRetrainingStuck":    retrained.Model,
		"ModelServiceErrorRatioHigh": "failing",
		"ModelServiceLatencyHigh":    "slow",
		"ModelServiceVolumeLow":      "left",
		"ModelServiceVolumeHigh":     "flooded",
		"ModelServiceFeedbackLow":    "unheard",
		"ModelServiceCostHigh":       "costly",
	}
	for _, g := range []alerting.Group{alerting.Hindcast(o), alerting.ModelService(o)} {
		for _, r := range g.Rules {
			model, ok := want[r.Alert]
			if !ok {
				t.Errorf("%s is not shown", r.Alert)
				continue
			}
			hook.wait(t, "firing", r.Alert, model)
		}
	}
	// What is over is told, and who is well is left alone.
	hook.wait(t, "resolved", "HindcastAbsent", "")
	hook.wait(t, "resolved", "HindcastRetrainingStuck", retrained.Model)
	if got := hook.of(healthy.Model); !slices.Equal(got, []string{"firing HindcastEvaluationStale"}) {
		t.Errorf("a healthy model has %q, want nothing but that its evaluation is, by the test's limit, stale", got)
	}
	if got := hook.of("well"); len(got) > 0 {
		t.Errorf("a server that is well has %q", got)
	}
}

// hook receives what Alertmanager posts.
type hook struct {
	*httptest.Server

	mu   sync.Mutex
	got  map[[3]string]bool // status, alert, model
	errs []error
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{got: map[[3]string]bool{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Alerts []struct {
				Status      string            `json:"status"`
				Labels      map[string]string `json:"labels"`
				Annotations map[string]string `json:"annotations"`
			} `json:"alerts"`
		}
		err := json.NewDecoder(r.Body).Decode(&m)
		h.mu.Lock()
		defer h.mu.Unlock()
		if err != nil {
			h.errs = append(h.errs, err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, a := range m.Alerts {
			h.got[[3]string{a.Status, a.Labels["alertname"], a.Labels["model"]}] = true
			for _, key := range []string{"summary", "description", "runbook_url"} {
				if text := a.Annotations[key]; text == "" || strings.Contains(text, "<no value>") || strings.Contains(text, "<error") {
					h.errs = append(h.errs, fmt.Errorf("%s of %v: %q", key, a.Labels, text))
				}
			}
			if a.Labels["model"] != "" && a.Labels["namespace"] != "e2e" || a.Labels["severity"] == "" {
				h.errs = append(h.errs, fmt.Errorf("labels %v", a.Labels))
			}
		}
	}))
	t.Cleanup(func() {
		h.Close()
		for _, err := range h.errs {
			t.Errorf("webhook: %v", err)
		}
	})
	return h
}

// wait waits until the alert of the model came with the status.
func (h *hook) wait(t *testing.T, status, alert, model string) {
	t.Helper()
	eventually(t, 45*time.Second, func(context.Context) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.got[[3]string{status, alert, model}] {
			return fmt.Errorf("the webhook has no %s %s of %q, only %v", status, alert, model, slices.Collect(maps.Keys(h.got)))
		}
		return nil
	})
}

// of lists what came of a model.
func (h *hook) of(model string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for k := range h.got {
		if k[2] == model {
			out = append(out, k[0]+" "+k[1])
		}
	}
	slices.Sort(out)
	return out
}

// modelService is a server with a model for each thing that can be wrong with one, and
// one that is well: real counters and histograms of client_golang that grow.
type modelService struct {
	*httptest.Server

	asked map[string]float64 // predictions of the same hour last week
}

func newModelService(t *testing.T) *modelService {
	t.Helper()
	p := newReplica()
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			for model, c := range map[string]struct{ n, errs, seconds, feedback, cost float64 }{
				"well":    {20, 0, 0.02, 1, 0.0001},
				"failing": {20, 2, 0.02, 1, 0.0001},
				"slow":    {20, 0, 0.8, 1, 0.0001},
				"left":    {1, 0, 0.02, 1, 0.0001},
				"flooded": {20, 0, 0.02, 1, 0.0001},
				"unheard": {20, 0, 0.02, 0, 0.0001},
				"costly":  {20, 0, 0.02, 1, 0.05},
			} {
				p.predictions.WithLabelValues(model, "v1").Add(c.n)
				p.errs.WithLabelValues(model, "v1").Add(c.errs)
				p.feedback.WithLabelValues(model, "v1").Add(c.feedback)
				p.cost.WithLabelValues(model, "v1").Add(c.cost * c.n)
				for range int(c.n) {
					p.latency.WithLabelValues(model, "v1").Observe(c.seconds)
				}
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	s := &modelService{
		Server: httptest.NewServer(promhttp.HandlerFor(p.server, promhttp.HandlerOpts{})),
		asked:  map[string]float64{"left": 1e6, "flooded": 120},
	}
	t.Cleanup(func() {
		close(stop)
		done.Wait()
		s.Close()
	})
	return s
}

// lastWeek writes what was scraped around the same hour a week ago.
func (s *modelService) lastWeek(w io.Writer) {
	const step = time.Minute
	from := time.Now().AddDate(0, 0, -7).Add(-2 * time.Hour).Truncate(step)
	fmt.Fprintln(w, "# TYPE model_predictions counter")
	for _, model := range slices.Sorted(maps.Keys(s.asked)) {
		for i := range int(3 * time.Hour / step) {
			fmt.Fprintf(w, "model_predictions_total{job=\"model-server\",instance=\"server\",namespace=\"e2e\",model=%q,model_version=\"v1\"} %g %d\n",
				model, s.asked[model]/60*float64(i), from.Add(time.Duration(i)*step).Unix())
		}
	}
}
