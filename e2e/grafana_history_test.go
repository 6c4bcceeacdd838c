//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/hindcast/hindcast/e2e/internal/promquery"
)

// history is a month in the life of a model, for dashboards to look back on: real
// passes of the real binary, each as of its day, what they really pushed to a
// Pushgateway, and the retraining that a real Kubeflow Pipelines ran. Only time is made
// up: what was pushed within seconds is stored as if it had been scraped over the days
// that the passes were of, and clock readings among the values are moved alike.
type history struct {
	env
	dir     string
	start   time.Time // of the first day of logs
	gateway string
	config  string
	records []record
}

// record is what the Pushgateway showed from a time on, after a command that really ran
// from another on.
type record struct {
	from, ran time.Time
	text      string
}

// The history's days, from 0.
const (
	historyDays      = 34
	historyDelay     = 2  // until labels are due
	historySecond    = 6  // v2 serves half of the requests
	historyDrift     = 12 // the world changes: larger houses, and they fetch more
	historyRetrained = 17 // v3, trained on the new world, serves all
	historyModel     = "house-price"
	historyNamespace = "team-a"
)

const (
	scrapeEvaluation = 2 * time.Hour
	scrapeService    = 5 * time.Minute
)

// newHistory lives through the days and returns a Prometheus server that holds them,
// with the times between which it has data.
func newHistory(t *testing.T) (p *promquery.Client, from, to time.Time) {
	t.Helper()
	e := setup(t)
	h := &history{env: e, dir: t.TempDir()}
	const after = 22 * time.Hour // the last day's beginning, when its pass runs
	h.start = time.Now().UTC().Add(-after).Truncate(24*time.Hour).AddDate(0, 0, 1-historyDays)
	h.gateway = "http://" + startServer(t, "prometheus-pushgateway", "/-/ready", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--persistence.file=", "--log.level=error"}
	})
	h.write(t)
	h.live(t)
	from, to = h.day(historyDelay+1), h.day(historyDays-1).Add(after)

	data := filepath.Join(h.dir, "tsdb")
	h.backfill(t, data, func(w io.Writer) { h.stamp(w, to) })
	h.backfill(t, data, func(w io.Writer) { serve(t, w, to.Add(-9*24*time.Hour), to) })
	config := writeFile(t, filepath.Join(h.dir, "prometheus.yml"), "global: {}\n")
	address := startServer(t, "prometheus", "/-/ready", func(address string) []string {
		return []string{
			"--config.file=" + config, "--storage.tsdb.path=" + data, "--web.listen-address=" + address, "--log.level=error",
			"--storage.tsdb.retention.time=1000d", "--query.lookback-delta=" + (scrapeEvaluation + scrapeService).String(),
		}
	})
	return promquery.New("http://" + address), from, to
}

func (h *history) day(d int) time.Time { return h.start.AddDate(0, 0, d) }

// sales draws the predictions of a day, with what came of them.
func (h *history) sales(prefix string, d, n int, version func(i int) string) []house {
	r := rand.New(rand.NewPCG(uint64(d+1000), 7))
	changed := d >= historyDrift
	rough := 1 + 0.12*(r.Float64()-0.5)
	out := make([]house, n)
	for i := range out {
		mean := 95.0
		if changed {
			mean = 128
		}
		s := house{
			ID: fmt.Sprintf("%s-%03d-%05d", prefix, d, i), Version: version(i),
			At:   h.day(d).Add(time.Duration(i) * 24 * time.Hour / time.Duration(n)).Truncate(time.Second),
			Size: math.Round(math.Max(25, mean+30*r.NormFloat64())),
			City: []string{"Oslo", "Oslo", "Bergen", "Trondheim", "Tromsø"}[r.IntN(5)],
		}
		s.Rooms = int64(min(max(math.Round(s.Size/32+0.6*r.NormFloat64()), 1), 8))
		price := 5200 * s.Size
		if s.City == "Oslo" {
			price *= 1.25
		}
		price += 15_000 * float64(s.Rooms)
		extra := 1_500 * math.Max(0, s.Size-110) // what large houses fetch in the new world
		s.Sold = price + rough*42_000*r.NormFloat64()
		if changed {
			s.Sold += extra
		}
		skill := map[string]float64{"v1": 14_000, "v2": 6_000, "v3": 4_000}[s.Version]
		s.Predicted = price + skill*r.NormFloat64()
		if s.Version == "v3" {
			s.Predicted += extra
		}
		s.Sold, s.Predicted = math.Round(s.Sold), math.Round(s.Predicted)
		switch { // what goes wrong with data
		case d >= 20 && d < 23 && r.Float64() < 0.03:
			s.Size = math.NaN()
		case d == 9 && r.Float64() < 0.02:
			s.Rooms = 40
		case d >= 26 && r.Float64() < 0.015:
			s.City = "Bodø"
		}
		out[i] = s
	}
	return out
}

// write writes the logs of all days, the first reference and the configuration.
func (h *history) write(t *testing.T) {
	t.Helper()
	put := func(name string, data []byte) {
		path := filepath.Join(h.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, string(data))
	}
	for d := range historyDays {
		n := 1300
		if w := h.day(d).Weekday(); w == time.Saturday || w == time.Sunday {
			n = 950
		}
		rows := h.sales("w", d, n, func(i int) string {
			switch {
			case d >= historyRetrained:
				return "v3"
			case d >= historySecond && i%2 == 1:
				return "v2"
			}
			return "v1"
		})
		date := "dt=" + h.day(d).Format(time.DateOnly)
		put("predictions/"+date+"/a.parquet", parquetOf(t, rows))
		r := rand.New(rand.NewPCG(uint64(d), 9))
		share := 0.96
		if d == 24 || d == 25 { // the feed of labels breaks
			share = 0.62
		}
		labelled := rows[:0:0]
		for _, s := range rows {
			if r.Float64() < share+0.02*(r.Float64()-0.5) {
				labelled = append(labelled, s)
			}
		}
		put("sales/"+date+"/sales.csv", labelsOf(t, labelled))
	}
	h.reference(t, -90, "v1")
	name := unique(t, "history")
	if _, err := h.kfp.Upload(t.Context(), name, "", retrainSpec); err != nil {
		t.Fatal(err)
	}
	h.config = writeFile(t, filepath.Join(h.dir, "hindcast.yaml"), fmt.Sprintf(`version: 1
state: {url: file://./state}
models:
  - name: %s
    task: regression
    predictions:
      url: file://./predictions/dt={date}/*
      columns: {id: request_id, timestamp: predicted_at, prediction: predicted_price, model_version: version}
    ground_truth:
      url: file://./sales/dt={date}/*.csv
      columns: {id: request_id, label: sold_price, timestamp: sold_at, ingested_at: loaded_at, op: op}
      delay: %dd
    window: 1d
    reference: {url: file://./training.csv}
    segments: [city]
    rules:
      - {name: rmse, when: rmse > 1.2 * reference.rmse, for: 2, action: retrain}
      - {name: mae, when: mae > 1.3 * reference.mae, action: alert}
      - {name: drift, when: drift.share >= 0.5, action: alert}
      - {name: labels, when: coverage < 0.75, min_coverage: 0, action: alert}
    retrain:
      mode: auto
      cooldown: 24h
      kubeflow:
        endpoint: %s
        experiment: %s
        pipeline: %s
        parameters: {model_name: "{{ .Model }}", data_until: "{{ .Window.End }}"}
publish:
  pushgateway: {url: %s, grouping: {namespace: %s}}
`, historyModel, historyDelay, h.KFP, name, name, h.gateway, historyNamespace))
}

// reference writes what a model version was trained on.
func (h *history) reference(t *testing.T, d int, version string) {
	t.Helper()
	writeFile(t, filepath.Join(h.dir, "training.csv"), string(referenceOf(t, h.sales("r"+version, d, 5000, func(int) string { return version }))))
}

// live does each day's pass, and what a pipeline does once a run is started.
func (h *history) live(t *testing.T) {
	t.Helper()
	for d := historyDelay + 1; d < historyDays; d++ {
		if d == historyRetrained {
			h.reference(t, historyRetrained-1, "v3")
		}
		at := h.day(d).Add(30 * time.Minute)
		r := h.run(t, at, "run", "-c", h.config, "--as-of", at.Format(time.RFC3339), "--push", "--launch", "-q", "-o", "json")
		var outcomes []outcome
		decode(t, []byte(r.stdout), &outcomes)
		for _, o := range outcomes {
			if o.Decision.Started {
				h.move(t, o.Decision.RunID, "Running", "RUNNING")
				h.run(t, at.Add(4*time.Hour), "follow", "-c", h.config, "-q")
				h.move(t, o.Decision.RunID, "Succeeded", "SUCCEEDED")
				h.run(t, at.Add(14*time.Hour), "follow", "-c", h.config, "-q")
			}
		}
	}
}

// run runs a command and keeps what the Pushgateway shows after it.
func (h *history) run(t *testing.T, story time.Time, args ...string) result {
	t.Helper()
	from := time.Now()
	r := h.hindcast(t, args...)
	if r.code != 0 {
		t.Fatalf("%v: exit status %d", args, r.code)
	}
	res, err := http.Get(h.gateway + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("read the Pushgateway: %s, %v", res.Status, err)
	}
	h.records = append(h.records, record{story, from, string(text)})
	return r
}

var ownTime = regexp.MustCompile(`^(push_time_seconds|hindcast_last_run_timestamp_seconds|hindcast_last_success_timestamp_seconds|hindcast_retrain_last_trigger_timestamp_seconds)\{`)

// stamp writes the records as scrapes until a time. On the last days a second team has
// a model of the same name: what a dashboard shows must not get mixed up by it.
func (h *history) stamp(w io.Writer, until time.Time) {
	seen := map[string]string{}
	for i, r := range h.records {
		end := until
		if i+1 < len(h.records) {
			end = h.records[i+1].from
		}
		var lines []string
		for line := range strings.Lines(r.text) {
			line = strings.TrimSuffix(line, "\n")
			if !strings.Contains(line, `model="`+historyModel+`"`) {
				continue // the gateway's own
			}
			line = strings.Replace(line, `instance="",`, "", 1)
			if ownTime.MatchString(line) {
				line = r.moved(line, seen)
			}
			lines = append(lines, line)
		}
		// As a scrape falls: at the time of the record, and on the clock's even hours.
		for at := r.from; at.Before(end); at = at.Truncate(scrapeEvaluation).Add(scrapeEvaluation) {
			for _, line := range lines {
				fmt.Fprintf(w, "%s %d\n", line, at.Unix())
				if at.After(until.AddDate(0, 0, -2)) {
					fmt.Fprintf(w, "%s %d\n", strings.Replace(line, `namespace="`+historyNamespace+`"`, `namespace="team-b"`, 1), at.Unix())
				}
			}
		}
	}
}

// moved moves a line's clock reading to when it was made in the history: by the command
// after which it was first seen.
func (r record) moved(line string, seen map[string]string) string {
	series, text, _ := cutLast(line)
	if seen[text] == "" {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return line
		}
		after := max(time.UnixMilli(int64(v*1000)).Sub(r.ran), 0) // whole seconds may be of the one before
		seen[text] = strconv.FormatFloat(float64(r.from.Add(after).UnixMilli())/1000, 'f', -1, 64)
	}
	return series + " " + seen[text]
}

// cutLast cuts at the last space.
func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// backfill turns OpenMetrics text into blocks of Prometheus's storage.
func (h *history) backfill(t *testing.T, into string, write func(w io.Writer)) {
	t.Helper()
	f, err := os.CreateTemp(h.dir, "metrics")
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	write(w)
	fmt.Fprintln(w, "# EOF")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	// Hours per block are what the server itself would make of a month.
	out, err := exec.CommandContext(t.Context(), "promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=486h", f.Name(), into).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
}

// replica is one pod of a model server: real counters and a real histogram of
// client_golang, and what cAdvisor and kube-state-metrics say of its containers.
type replica struct {
	server, cadvisor, kubeState       *prometheus.Registry
	predictions, errs, feedback, cost *prometheus.CounterVec
	latency                           *prometheus.HistogramVec
	processCPU                        prometheus.Counter
	processMemory                     prometheus.Gauge
	containerCPU                      *prometheus.CounterVec
	containerMemory                   *prometheus.GaugeVec
	restarts                          *prometheus.CounterVec
}

func newReplica() *replica {
	counter := func(name string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: name}, labels)
	}
	r := &replica{
		server: prometheus.NewRegistry(), cadvisor: prometheus.NewRegistry(), kubeState: prometheus.NewRegistry(),
		predictions: counter("model_predictions_total", "model", "model_version"),
		errs:        counter("model_prediction_errors_total", "model", "model_version"),
		feedback:    counter("model_feedback_total", "model", "model_version"),
		cost:        counter("model_prediction_cost_total", "model", "model_version"),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "model_prediction_latency_seconds", Help: "l", Buckets: []float64{.005, .01, .02, .03, .05, .075, .1, .15, .2, .3, .5, 1},
		}, []string{"model", "model_version"}),
		processCPU:      prometheus.NewCounter(prometheus.CounterOpts{Name: "process_cpu_seconds_total", Help: "c"}),
		processMemory:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "process_resident_memory_bytes", Help: "m"}),
		containerCPU:    counter("container_cpu_usage_seconds_total", "container"),
		containerMemory: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "container_memory_working_set_bytes", Help: "m"}, []string{"container"}),
		restarts:        counter("kube_pod_container_status_restarts_total", "container"),
	}
	r.server.MustRegister(r.predictions, r.errs, r.feedback, r.cost, r.latency, r.processCPU, r.processMemory)
	r.cadvisor.MustRegister(r.containerCPU, r.containerMemory)
	r.kubeState.MustRegister(r.restarts)
	return r
}

// serve has two replicas answer made-up requests over some days, and reads them every
// five minutes.
func serve(t *testing.T, w io.Writer, from, to time.Time) {
	t.Helper()
	replicas := []*replica{newReplica(), newReplica()}
	r := rand.New(rand.NewPCG(11, 12))
	for at := from; !at.After(to); at = at.Add(scrapeService) {
		hour := at.Sub(at.Truncate(24 * time.Hour)).Hours()
		rate := 1.6 * (1 - 0.75*math.Cos((hour-3)/24*2*math.Pi)) // of a replica, a second
		if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
			rate *= 0.7
		}
		if at.After(to.AddDate(0, 0, -1)) {
			rate *= 1.15
		}
		for i, p := range replicas {
			p.answer(r, rate*(1-0.15*float64(i)), to.Sub(at))
			pod := fmt.Sprintf(`namespace="%s",pod="%s-%d"`, historyNamespace, historyModel, i)
			expose(t, w, p.server, at, fmt.Sprintf(`%s,job="%s",instance="10.0.0.%d:8080"`, pod, historyModel, i+1))
			expose(t, w, p.cadvisor, at, pod+`,job="kubelet",metrics_path="/metrics/cadvisor",instance="10.0.1.1:10250"`)
			expose(t, w, p.kubeState, at, pod+`,job="kube-state-metrics",instance="10.0.2.1:8080"`)
		}
	}
}

// answer counts the requests between two scrapes, so long before the end: a canary of
// v3 on the last day, and three hours with a slow dependency.
func (p *replica) answer(r *rand.Rand, rate float64, left time.Duration) {
	trouble := left < 11*time.Hour && left > 8*time.Hour
	n := int(rate * scrapeService.Seconds() * (1 + 0.06*r.NormFloat64()))
	var work float64
	for range n {
		version, price, seconds, fails := "v2", 0.00042, 0.024*math.Exp(0.5*r.NormFloat64()), 0.002
		if left < 16*time.Hour && r.Float64() < 0.3 {
			version, price, seconds = "v3", 0.00031, 0.7*seconds
		}
		if trouble {
			seconds, fails = seconds*2.2, 0.018
		}
		work += seconds
		p.predictions.WithLabelValues(historyModel, version).Inc()
		p.latency.WithLabelValues(historyModel, version).Observe(seconds)
		if r.Float64() < fails {
			p.errs.WithLabelValues(historyModel, version).Inc()
		}
		if r.Float64() < 0.31 {
			p.feedback.WithLabelValues(historyModel, version).Inc()
		}
		p.cost.WithLabelValues(historyModel, version).Add(price * (1 + 0.1*r.NormFloat64()))
	}
	p.processCPU.Add(0.9*work + 2)
	p.processMemory.Set(300<<20 + 6e7*rate + 4e6*r.NormFloat64())
	for _, c := range []string{"server", ""} { // and the pod's whole, which has no container's name
		p.containerCPU.WithLabelValues(c).Add(0.95*work + 3)
		p.containerMemory.WithLabelValues(c).Set(330<<20 + 6e7*rate + 5e6*r.NormFloat64())
	}
	restarts := p.restarts.WithLabelValues("server")
	if left == 9*time.Hour { // in the midst of the trouble
		restarts.Inc()
	}
	p.containerCPU.WithLabelValues("POD").Add(0.01)
	p.containerMemory.WithLabelValues("POD").Set(1 << 20)
}

// expose writes what a registry shows, as scraped at a time from a target.
func expose(t *testing.T, w io.Writer, g prometheus.Gatherer, at time.Time, target string) {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		series, value, _ := cutLast(strings.TrimSuffix(line, "\n"))
		name, rest, labelled := strings.Cut(series, "{")
		if labelled {
			rest = "," + strings.TrimSuffix(rest, "}")
		}
		fmt.Fprintf(w, "%s{%s%s} %s %d\n", name, target, rest, value, at.Unix())
	}
}
