// Package publish shows results to Prometheus: through a Pushgateway, a text file of
// the node exporter, and the /metrics of serve.
//
// A sample is one series with its value, and a model's samples are made once, from what
// a pass found ([job.Snapshot]), for all ways out. A publisher ([job.Publisher]) is one
// way out: [Pushgateway], [Textfile] and [Scraped]. The samples of a successful pass
// take the place of all that the model showed before; those of a failed one leave the
// last success. An alias is another name under which a metric is shown as well.
//
// Begin at samples, which lists them. Their help texts are in package series.
package publish

import (
	"cmp"
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
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/series"
	"github.com/hindcast/hindcast/trigger"
)

// prefix begins every metric name.
const prefix = series.Prefix

// These metrics say how a pass went and what became of a run. A failed pass shows no
// others.
const (
	lastRun     = "last_run_timestamp_seconds"
	lastSuccess = "last_success_timestamp_seconds"
	runSuccess  = "last_run_success"
	runDuration = "run_duration_seconds"
	runReports  = "report_errors"
	runState    = "retrain_run_state"
	lastTrigger = "retrain_last_trigger_timestamp_seconds"
)

// sample is one series of a model with its value. Every publisher shows samples.
type sample struct {
	name   string // without prefix
	value  float64
	labels []string
	alias  string // the name it is shown under instead; empty for its own
}

// of returns a sample with pairs of a label's name and value.
func of(name string, value float64, labels ...string) sample {
	return sample{name: name, value: value, labels: labels}
}

// fullName is the name that the sample is shown under.
func (s sample) fullName() string {
	if s.alias != "" {
		return s.alias
	}
	return prefix + s.name
}

// Aliases are further names of metrics, for who has dashboards that ask for them: a
// metric's name without prefix by its alias.
type Aliases map[string]string

// extend returns the samples, followed by those that have an alias under that.
func (a Aliases) extend(set []sample) []sample {
	out := slices.Clip(set)
	for alias, name := range sorted(a) {
		for _, s := range set {
			if s.name == name {
				s.alias = alias
				out = append(out, s)
			}
		}
	}
	return out
}

// BuildInfo is what hindcast_build_info says of the program.
type BuildInfo struct {
	Version, Revision string
}

// samples has the one sample of hindcast_build_info.
func (b BuildInfo) samples() []sample {
	return []sample{of("build_info", 1, "version", b.Version, "revision", b.Revision, "goversion", runtime.Version())}
}

// statusSamples say how a pass went. They hold its end, which is its duration after its
// start.
func statusSamples(s job.RunStatus) []sample {
	end := float64(s.Start.Add(s.Duration).UnixMilli()) / 1000
	out := []sample{
		of(lastRun, end),
		of(runSuccess, zeroOne(s.Err == nil)),
		of(runDuration, s.Duration.Seconds()),
	}
	if s.Err == nil {
		out = append(out, of(lastSuccess, end))
	}
	if s.ReportErrors != nil {
		out = append(out, of(runReports, float64(*s.ReportErrors)))
	}
	return out
}

// runSamples say in which state the newest started run is.
func runSamples(runs []trigger.LaunchStatus) []sample {
	if len(runs) == 0 {
		return nil
	}
	newest := runs[len(runs)-1]
	out := []sample{of(lastTrigger, float64(newest.Launch.LaunchedAt.Unix()))}
	states := []string{
		trigger.StatePending, trigger.StateRunning, trigger.StateSucceeded, trigger.StateSkipped, trigger.StateFailed,
		trigger.StateCanceling, trigger.StateCanceled, trigger.StatePaused, trigger.StateGone,
	}
	if newest.Latest != "" && !slices.Contains(states, newest.Latest) {
		states = append(states, newest.Latest)
	}
	for _, s := range states {
		out = append(out, of(runState, zeroOne(s == newest.Latest), "state", s))
	}
	return out
}

// samples lists all samples of a model after a pass that evaluated.
func samples(s job.Snapshot) []sample {
	out := append(statusSamples(s.Status), runSamples(s.Launches)...)
	if o := s.Performance; o != nil {
		out = append(out, windowSamples(o, trigger.StageMature)...)
		out = append(out, performance(o)...)
	}
	if o := s.Drift; o != nil {
		out = append(out, windowSamples(o, trigger.StageClosed)...)
		out = append(out, of("predictions", float64(o.Coverage.Predictions)))
		out = append(out, estimated(o)...)
		out = append(out, predictions(o)...)
		out = append(out, driftOf(o)...)
		out = append(out, quality(o)...)
	}
	return append(out, rules(s)...)
}

// windowSamples say which window the figures of a stage are of.
func windowSamples(o *job.Outcome, stage string) []sample {
	labels := []string{"stage", stage}
	return []sample{
		of("window_start_timestamp_seconds", float64(o.Window.Start.Unix()), labels...),
		of("window_end_timestamp_seconds", float64(o.Window.End.Unix()), labels...),
	}
}

// performance lists the samples of the newest mature window: metrics, also by version
// and segment, and those of the reference and of the rolling one.
func performance(o *job.Outcome) []sample {
	var out []sample
	if m := o.Coverage.Matched; m != nil {
		out = append(out, of("matched_predictions", float64(*m)))
	}
	out = append(out, of("label_coverage_ratio", float64(o.Coverage.Coverage)))
	if b := o.LabelBias; b != nil {
		out = append(out, of("label_bias_detected", zeroOne(b.Biased)))
		for column, shift := range sorted(b.Columns) {
			out = append(out, of("label_bias_effect_ratio", float64(shift.Effect), "column", column))
		}
	}
	for name, m := range sorted(o.Metrics) {
		out = append(out,
			of(name, float64(m.Value)),
			of(name+"_low", float64(m.Low)),
			of(name+"_high", float64(m.High)))
	}
	for version, g := range sorted(o.Versions) {
		if version == "" {
			continue // an empty label is none to Prometheus: the series would be the overall one again
		}
		for name, m := range sorted(g.Metrics) {
			out = append(out, of(name, float64(m.Value), "model_version", version))
		}
	}
	for column, values := range sorted(o.Segments) {
		for value, g := range sorted(values) {
			for name, m := range sorted(g.Metrics) {
				out = append(out, of(name, float64(m.Value), "column", column, "segment", value))
			}
		}
	}
	out = append(out, checks(o, true)...)
	for _, class := range mostLabelled(o.Classes) {
		for name, m := range sorted(o.Classes[class].Metrics) {
			out = append(out, of("class_"+name, float64(m.Value), "class", class))
		}
	}
	if o.Reference != nil {
		for name, m := range sorted(o.Reference.Metrics) {
			out = append(out, of("reference_"+name, float64(m.Value)))
		}
	}
	if o.Rolling != nil {
		for name, m := range sorted(o.Rolling.Metrics) {
			out = append(out, of("rolling_"+name, float64(m.Value)))
		}
	}
	return out
}

// mostClasses bounds the classes that are shown.
const mostClasses = 100

// mostLabelled returns the classes that are shown, by their labels, ties by name.
func mostLabelled(classes map[string]evaluator.Group) []string {
	names := slices.SortedFunc(maps.Keys(classes), func(a, b string) int {
		return cmp.Or(cmp.Compare(classes[b].N, classes[a].N), cmp.Compare(a, b))
	})
	return names[:min(mostClasses, len(names))]
}

// estimated lists the samples of the performance of the newest window as it is estimated without
// labels, and of what such estimates were worth.
func estimated(o *job.Outcome) []sample {
	if o.Estimated == nil {
		return nil
	}
	var out []sample
	for name, m := range sorted(o.Estimated.Metrics) {
		name = "estimated_" + name
		out = append(out, of(name, float64(m.Value)), of(name+"_low", float64(m.Low)), of(name+"_high", float64(m.High)))
	}
	if s := o.Estimated.Scored; s != nil && s.Windows > 0 {
		out = append(out,
			of("estimated_bias", float64(s.Bias), "metric", s.Metric),
			of("estimated_within_band_ratio", float64(s.Within), "metric", s.Metric))
	}
	return out
}

// predictions lists the samples of how the predictions of the newest window are distributed.
func predictions(o *job.Outcome) []sample {
	if o.Prediction == nil {
		return nil
	}
	out := []sample{of("prediction_mean", float64(o.Prediction.Mean))}
	for order, x := range sorted(o.Prediction.Quantiles) {
		out = append(out, of("prediction_quantile", float64(x), "quantile", order))
	}
	for class, share := range sorted(o.Prediction.Ratios) {
		out = append(out, of("prediction_ratio", float64(share), "class", class))
	}
	return out
}

// driftOf lists the samples that compare the newest window with the reference.
func driftOf(o *job.Outcome) []sample {
	if o.Drift == nil {
		return nil
	}
	out := []sample{
		of("drift_share_ratio", float64(o.Drift.Share)),
		of("drift_share_low_ratio", float64(o.Drift.Low)),
		of("drift_share_high_ratio", float64(o.Drift.High)),
	}
	for column, c := range sorted(o.Drift.Columns) {
		for method, m := range sorted(c.Measures) {
			out = append(out, of("drift_score", float64(m.Value), "column", column, "method", method))
		}
		if c.Drifted != nil {
			out = append(out, of("drift_detected", zeroOne(*c.Drifted), "column", column))
		}
	}
	return out
}

// quality lists the samples of how good the data of the newest window are.
func quality(o *job.Outcome) []sample {
	if o.Quality == nil {
		return nil
	}
	out := []sample{of("missing_values_ratio", float64(o.Quality.MissingShare))}
	for column, q := range sorted(o.Quality.Columns) {
		labels := []string{"column", column}
		out = append(out,
			of("column_missing_ratio", float64(q.Missing), labels...),
			of("column_out_of_range_ratio", float64(q.OutOfRange), labels...),
			of("column_unseen_ratio", float64(q.Unseen), labels...),
			of("column_invalid_ratio", float64(q.Invalid), labels...))
	}
	return append(out, checks(o, false)...)
}

// checks lists the samples of the checks of a window's data quality: those that need labels, or the
// others.
func checks(o *job.Outcome, labels bool) []sample {
	if o.Quality == nil {
		return nil
	}
	var out []sample
	for _, spec := range evaluator.Checks() {
		if c, ok := o.Quality.Checks[spec.Name]; ok && spec.NeedsLabels == labels {
			out = append(out, of(spec.Series, float64(float64(c.Value)*spec.Scale)))
		}
	}
	return out
}

// rules lists the samples of the newest verdict of each rule.
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
				of("rule_breached", zeroOne(r.Verdict == rule.Breached), labels...),
				of("rule_inconclusive", zeroOne(r.Verdict == rule.Inconclusive), labels...))
			// Of two comparisons of one variable the first counts, as of any series.
			for _, c := range r.Comparisons {
				if variable, value, threshold, ok := c.Threshold(); ok {
					labels := []string{"rule", r.Name, "metric", variable}
					out = append(out, of("rule_value", float64(value), labels...), of("rule_threshold", float64(threshold), labels...))
				}
			}
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

// zeroOne writes a yes or no as Prometheus has it.
func zeroOne(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// collector shows samples by the types of their metrics. It describes nothing: which series there are
// depends on the samples.
type collector struct{ samples []sample }

// Describe implements prometheus.Collector.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector. What isn't a number is left out, and so is
// a series that is there already: one such would spoil the whole set.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	known := map[string]series.Metric{}
	for _, m := range series.All() {
		known[m.Name] = m
	}
	seen := map[string]bool{}
	for _, s := range c.samples {
		if math.IsNaN(s.value) || math.IsInf(s.value, 0) {
			continue
		}
		var names, values []string
		key := s.fullName()
		for i := 0; i < len(s.labels); i += 2 {
			value := labelValue(s.labels[i+1])
			names, values = append(names, s.labels[i]), append(values, value)
			key += "\xff" + s.labels[i] + "\xff" + value
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		desc := prometheus.NewDesc(s.fullName(), s.help(known), names, nil)
		kind := prometheus.GaugeValue
		if known[s.name].Type == series.Untyped {
			kind = prometheus.UntypedValue
		}
		m, err := prometheus.NewConstMetric(desc, kind, s.value, values...)
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

// help is the help text of the sample's metric; known has all metrics that this version
// shows. Another version's record may hold others.
func (s sample) help(known map[string]series.Metric) string {
	text := known[s.name].Help
	if text == "" {
		text = "Performance metric " + s.name + "."
	}
	if s.alias != "" {
		text += " The same as " + prefix + s.name + "."
	}
	return text
}

// withModel adds the label of the model to every sample, for publishers that hold
// several models.
func withModel(model string, in []sample) []sample {
	out := make([]sample, 0, len(in))
	for _, s := range in {
		s.labels = append([]string{"model", model}, s.labels...)
		out = append(out, s)
	}
	return out
}

// gather turns samples into families, sorted and checked, for the library and the text
// file.
func gather(in []sample) prometheus.Gatherer {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(collector{in})
	return r
}
