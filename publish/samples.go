// Package publish shows results to Prometheus: through a Pushgateway, a text file of
// the node exporter, and the /metrics of serve.
package publish

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// prefix begins every metric name.
const prefix = "hindcast_"

// The metrics of how a pass went, which a failed pass pushes alone.
const (
	lastRun     = "last_run_timestamp_seconds"
	lastSuccess = "last_success_timestamp_seconds"
	runSuccess  = "last_run_success"
	runDuration = "run_duration_seconds"
	runState    = "retrain_run_state"
	lastTrigger = "retrain_last_trigger_timestamp_seconds"
)

// ownLabels are the labels that Hindcast sets, which a group cannot have.
func ownLabels() []string {
	return []string{
		"job", "model", "model_version", "segment", "column", "method", "rule", "state", "stage",
		"version", "revision", "goversion", // of build_info
	}
}

// sample is one series; its labels are pairs of name and value.
type sample struct {
	name   string // without prefix
	help   string
	value  float64
	labels []string
}

// BuildInfo is what hindcast_build_info says.
type BuildInfo struct {
	Version, Revision string
}

func (b BuildInfo) samples() []sample {
	return []sample{{"build_info", "The build of Hindcast that pushed this; always 1.", 1, []string{
		"version", b.Version, "revision", b.Revision, "goversion", runtime.Version(),
	}}}
}

// statusSamples are how a pass went. Its end is its start and duration.
func statusSamples(s job.RunStatus) []sample {
	end := float64(s.Start.Add(s.Duration).UnixMilli()) / 1000
	out := []sample{
		{lastRun, "Unix time at which the last pass ended, failed or not.", end, nil},
		{runSuccess, "Whether the last pass succeeded.", zeroOne(s.Err == nil), nil},
		{runDuration, "How long the last pass took.", s.Duration.Seconds(), nil},
	}
	if s.Err == nil {
		out = append(out, sample{lastSuccess, "Unix time at which the last successful pass ended.", end, nil})
	}
	return out
}

// runSamples are the state of the newest started run.
func runSamples(runs []trigger.LaunchStatus) []sample {
	if len(runs) == 0 {
		return nil
	}
	newest := runs[len(runs)-1]
	out := []sample{{lastTrigger, "Unix time at which the last retraining run was started.", float64(newest.Launch.LaunchedAt.Unix()), nil}}
	states := []string{
		trigger.StatePending, trigger.StateRunning, trigger.StateSucceeded, trigger.StateSkipped, trigger.StateFailed,
		trigger.StateCanceling, trigger.StateCanceled, trigger.StatePaused, trigger.StateGone,
	}
	if newest.Latest != "" && !slices.Contains(states, newest.Latest) {
		states = append(states, newest.Latest)
	}
	for _, s := range states {
		out = append(out, sample{runState, "State of the last retraining run: 1 for the state that it is in.", zeroOne(s == newest.Latest), []string{"state", s}})
	}
	return out
}

// samples is the full set of a model after a successful pass.
func samples(s job.Snapshot) []sample {
	out := append(statusSamples(s.Status), runSamples(s.Launches)...)
	if o := s.Performance; o != nil {
		out = append(out, windowSamples(o, trigger.StageMature)...)
		out = append(out, performance(o)...)
	}
	if o := s.Drift; o != nil {
		out = append(out, windowSamples(o, trigger.StageClosed)...)
		out = append(out, sample{"predictions", "Unique predictions in the newest closed window.", float64(o.Coverage.Predictions), nil})
		out = append(out, drift(o)...)
		out = append(out, quality(o)...)
	}
	return append(out, rules(s)...)
}

func windowSamples(o *job.Outcome, stage string) []sample {
	labels := []string{"stage", stage}
	return []sample{
		{"window_start_timestamp_seconds", "Start of the newest window of the stage.", float64(o.Window.Start.Unix()), labels},
		{"window_end_timestamp_seconds", "End of the newest window of the stage.", float64(o.Window.End.Unix()), labels},
	}
}

func performance(o *job.Outcome) []sample {
	var out []sample
	if m := o.Coverage.Matched; m != nil {
		out = append(out, sample{"matched_predictions", "Predictions with a label in the newest mature window.", float64(*m), nil})
	}
	out = append(out, sample{"label_coverage_ratio", "Share of predictions with a label in the newest mature window.", float64(o.Coverage.Coverage), nil})
	for name, m := range sorted(o.Metrics) {
		help := metricHelp(name)
		out = append(out,
			sample{name, help, float64(m.Value), nil},
			sample{name + "_low", "Lower end of the 95 % interval: " + help, float64(m.Low), nil},
			sample{name + "_high", "Upper end of the 95 % interval: " + help, float64(m.High), nil})
	}
	for version, g := range sorted(o.Versions) {
		if version == "" {
			continue // an empty label is none to Prometheus: the series would be the overall one again
		}
		for name, m := range sorted(g.Metrics) {
			out = append(out, sample{name, metricHelp(name), float64(m.Value), []string{"model_version", version}})
		}
	}
	for column, values := range sorted(o.Segments) {
		for value, g := range sorted(values) {
			for name, m := range sorted(g.Metrics) {
				out = append(out, sample{name, metricHelp(name), float64(m.Value), []string{"column", column, "segment", value}})
			}
		}
	}
	if o.Reference != nil {
		for name, m := range sorted(o.Reference.Metrics) {
			out = append(out, sample{"reference_" + name, "On the reference: " + metricHelp(name), float64(m.Value), nil})
		}
	}
	return out
}

func metricHelp(name string) string {
	switch name {
	case "me":
		return "Mean error, prediction less label."
	case "mae":
		return "Mean absolute error."
	case "mse":
		return "Mean squared error."
	case "rmse":
		return "Root mean squared error."
	case "medae":
		return "Median absolute error."
	case "mape":
		return "Mean absolute error relative to the label."
	case "smape":
		return "Mean symmetric relative error."
	case "r2":
		return "Coefficient of determination."
	case "max_error":
		return "Greatest absolute error."
	default:
		return "Performance metric " + name + "."
	}
}

func drift(o *job.Outcome) []sample {
	if o.Drift == nil {
		return nil
	}
	out := []sample{{"drift_share_ratio", "Share of the conclusive feature columns that drifted.", float64(o.Drift.Share), nil}}
	for column, c := range sorted(o.Drift.Columns) {
		for method, m := range sorted(c.Measures) {
			out = append(out, sample{"drift_score", "Distance of a column from the reference, by measure.", float64(m.Value), []string{"column", column, "method", method}})
		}
		if c.Drifted != nil {
			out = append(out, sample{"drift_detected", "Whether a column drifted; absent when inconclusive.", zeroOne(*c.Drifted), []string{"column", column}})
		}
	}
	return out
}

func quality(o *job.Outcome) []sample {
	if o.Quality == nil {
		return nil
	}
	out := []sample{{"missing_values_ratio", "Share of feature values that are missing.", float64(o.Quality.MissingShare), nil}}
	for column, q := range sorted(o.Quality.Columns) {
		labels := []string{"column", column}
		out = append(out,
			sample{"column_missing_ratio", "Share of a column's values that are missing.", float64(q.Missing), labels},
			sample{"column_out_of_range_ratio", "Share of a column's values outside the reference's range.", float64(q.OutOfRange), labels},
			sample{"column_unseen_ratio", "Share of a column's values that the reference does not have.", float64(q.Unseen), labels},
			sample{"column_invalid_ratio", "Share of a column's values that are not of its kind.", float64(q.Invalid), labels})
	}
	return out
}

// rules shows each rule's newest verdict.
func rules(s job.Snapshot) []sample {
	seen := map[string]bool{}
	var out []sample
	for _, o := range []*job.Outcome{s.Drift, s.Performance} { // the newest window first
		if o == nil {
			continue
		}
		for _, r := range o.Rules {
			if seen[r.Name] {
				continue
			}
			seen[r.Name] = true
			labels := []string{"rule", r.Name}
			out = append(out,
				sample{"rule_breached", "Whether a rule is breached on the newest window that it was judged on.", zeroOne(r.Verdict == evaluator.Breached), labels},
				sample{"rule_inconclusive", "Whether a rule is inconclusive on the newest window that it was judged on.", zeroOne(r.Verdict == evaluator.Inconclusive), labels})
		}
	}
	return out
}

// sorted goes over a map in the order of its keys, so that the same figures are always
// the same samples.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

func zeroOne(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// collector shows samples as gauges. It describes nothing: which series there are
// depends on the samples.
type collector struct{ samples []sample }

// Describe implements prometheus.Collector.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector. What isn't a number is left out, and so is
// a series that is there already: one such would spoil the whole set.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	seen := map[string]bool{}
	for _, s := range c.samples {
		if math.IsNaN(s.value) || math.IsInf(s.value, 0) {
			continue
		}
		var names, values []string
		key := s.name
		for i := 0; i < len(s.labels); i += 2 {
			value := labelValue(s.labels[i+1])
			names, values = append(names, s.labels[i]), append(values, value)
			key += "\xff" + s.labels[i] + "\xff" + value
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		desc := prometheus.NewDesc(prefix+s.name, s.help, names, nil)
		m, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, s.value, values...)
		if err != nil {
			m = prometheus.NewInvalidMetric(desc, err)
		}
		ch <- m
	}
}

// labelValue writes what is not UTF-8, which Prometheus refuses, as \xNN, so that
// values stay apart: segments and versions are whatever the logs hold.
func labelValue(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// withModel adds the model's label to every sample.
func withModel(model string, in []sample) []sample {
	out := make([]sample, 0, len(in))
	for _, s := range in {
		s.labels = append([]string{"model", model}, s.labels...)
		out = append(out, s)
	}
	return out
}

// gather turns samples into families, sorted and checked.
func gather(in []sample) prometheus.Gatherer {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(collector{in})
	return r
}
