// Package series is the one list of what Hindcast shows Prometheus: the names, types
// and labels of its metrics, what they mean, and when they are there. Publishers take
// their help texts from it, the configuration what may have an alias, and the
// documentation its tables.
//
// A [Metric] is a name with its labels; with values for those it is a series. A
// [Section] is what metrics are about. An alias is another name that the configuration
// gives a metric.
//
// Begin at [All], where a new metric is added; one of performance is added in package
// evaluator/metric, and is listed here by itself.
package series

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
)

// Prefix begins the name of every metric.
const Prefix = "hindcast_"

// A metric is of one of these types.
const (
	Gauge   = "gauge"
	Counter = "counter"
	Untyped = "untyped" // a gauge whose label quantile Prometheus keeps for summaries
)

// OwnLabels are the labels that Hindcast sets itself, which nobody else may.
func OwnLabels() []string {
	return []string{
		"job", "model", "model_version", "segment", "column", "method", "rule", "metric", "state", "stage",
		"class", "quantile",
		"version", "revision", "goversion", // of build_info
	}
}

// Section says what a metric is about. The documentation has a table for each.
type Section string

// These are the sections, in the order of the documentation.
const (
	Pass        Section = "pass"
	Window      Section = "window"
	Performance Section = "performance"
	Estimated   Section = "estimated"
	Prediction  Section = "prediction"
	Drift       Section = "drift"
	Rules       Section = "rules"
	Retraining  Section = "retraining"
	Serve       Section = "serve"
)

// Metric describes a metric: what publishers, the configuration and the documentation
// have to know of it.
type Metric struct {
	Name    string   // without Prefix
	Type    string   // Gauge, Counter or Untyped
	Labels  []string // beside the model's
	Help    string
	When    string // when it is there; empty for always
	Section Section
}

// FullName is the name under which Prometheus has the metric.
func (m Metric) FullName() string { return Prefix + m.Name }

// All lists the metrics, by section and in the order of the documentation.
func All() []Metric {
	var out []Metric
	add := func(section Section, name, labels, help, when string) {
		m := Metric{Name: name, Type: Gauge, Help: help, When: when, Section: section}
		if labels != "" {
			m.Labels = strings.Split(labels, ",")
		}
		switch {
		case section == Serve:
			m.Type = Counter
		case slices.Contains(m.Labels, "quantile"):
			m.Type = Untyped
		}
		out = append(out, m)
	}
	add(Pass, "last_run_timestamp_seconds", "", "Unix time at which the last pass ended, failed or not.", "")
	add(Pass, "last_success_timestamp_seconds", "", "Unix time at which the last successful pass ended.", "from the first success on")
	add(Pass, "last_run_success", "", "Whether the last pass succeeded. A push, message or query that failed is no failure here: it could not be told this way.", "")
	add(Pass, "run_duration_seconds", "", "How long the last pass took.", "")
	add(Pass, "report_errors", "", "How often the last pass failed to write reports. Its verdicts, decision and records stand.", "where `report` has passes write reports")
	add(Pass, "build_info", "version,revision,goversion", "The build of Hindcast that shows this; always 1.", "not in the text file")

	add(Window, "window_start_timestamp_seconds", "stage", "Start of the newest window: mature, which performance is of, and closed, which drift, quality and volume are of.", "once a window of the stage was judged")
	add(Window, "window_end_timestamp_seconds", "stage", "End of the newest window of the stage.", "as its start")
	add(Window, "predictions", "", "Unique predictions in the newest closed window.", "")
	add(Window, "matched_predictions", "", "Predictions with a label in the newest mature window.", "once there is one")
	add(Window, "label_coverage_ratio", "", "Share of predictions with a label in the newest mature window.", "once there is one with predictions")

	add(Window, "label_bias_detected", "", "Whether the rows with a label differ from those without, in the newest mature window.", "where some rows have a label and others don't, and that is looked for")
	add(Window, "label_bias_effect_ratio", "column", "How far the rows with a label are from all rows, there: in predictions and, of classifiers, in scores.", "as above, with rows enough")

	for _, m := range metric.All() {
		add(Performance, m.Name, "model_version,column,segment", m.Help, "once a label matched")
	}
	for _, m := range metric.All() {
		if slices.Contains(metric.OfClassNames(), m.Name) {
			add(Performance, "class_"+m.Name, "class", "Of one class against all others: "+m.Help, "of several classes, for the 100 that most labels are of")
		}
	}
	for _, m := range metric.All() {
		if m.HasInterval {
			add(Performance, m.Name+"_low", "", "Lower end of the 95 % interval of the overall figure: "+m.Help, "with an interval")
			add(Performance, m.Name+"_high", "", "Upper end of the 95 % interval of the overall figure: "+m.Help, "with an interval")
		}
	}
	for _, m := range metric.All() {
		add(Performance, "reference_"+m.Name, "", "On the reference: "+m.Help, "with a reference that has labels")
	}
	for _, m := range metric.All() {
		add(Performance, "rolling_"+m.Name, "", "On the rolling reference: "+m.Help, "with a rolling reference that has windows enough")
	}
	for _, c := range evaluator.Checks() {
		if c.NeedsLabels {
			add(Performance, c.Series, "", c.Help, c.When)
		}
	}

	estimated := slices.Concat(estimate.Names(groundtruth.Binary), estimate.Names(groundtruth.Multiclass))
	for _, m := range metric.All() {
		if slices.Contains(estimated, m.Name) {
			add(Estimated, "estimated_"+m.Name, "", "Estimated without labels: "+m.Help, "of a classifier with scores, and with a reference that has labels")
			add(Estimated, "estimated_"+m.Name+"_low", "", "Lower end of the estimate's 95 % band: "+m.Help, "with a band")
			add(Estimated, "estimated_"+m.Name+"_high", "", "Upper end of the estimate's 95 % band: "+m.Help, "with a band")
		}
	}
	add(Estimated, "estimated_bias", "metric", "Mean of estimated less realised, over the last 30 windows with labels, of the metric that the label names.", "once a window has an estimate and labels")
	add(Estimated, "estimated_within_band_ratio", "metric", "Share of these windows whose realised metric lay within the estimate's band.", "likewise, with a band")

	add(Prediction, "prediction_mean", "", "Mean of the predictions, or of a binary classifier's scores.", "once there is one; not of classes by name")
	add(Prediction, "prediction_quantile", "quantile", "Quantiles 0.05, 0.25, 0.5, 0.75 and 0.95 of the predictions, or of a binary classifier's scores.", "as the mean, with a reference that has predictions")
	add(Prediction, "prediction_ratio", "class", "Share of the predictions that are of a class.", "of classifiers")

	add(Drift, "drift_share_ratio", "", "Share of the conclusive feature columns that drifted.", "with a reference, and where at most half of the feature columns are inconclusive")
	add(Drift, "drift_share_low_ratio", "", "Share of the feature columns that drifted, if none of the inconclusive ones did.", "with a reference and a feature column")
	add(Drift, "drift_share_high_ratio", "", "Share of the feature columns that drifted, if all of the inconclusive ones did.", "with a reference and a feature column")
	add(Drift, "drift_score", "column,method", "Distance of a column from the reference, by measure.", "with a reference")
	add(Drift, "drift_detected", "column", "Whether a column drifted.", "where that is conclusive")
	add(Drift, "missing_values_ratio", "", "Share of feature values that are missing.", "")
	add(Drift, "column_missing_ratio", "column", "Share of rows without a usable value of a feature.", "")
	add(Drift, "column_invalid_ratio", "column", "Share of rows whose value is not of the column's kind.", "")
	add(Drift, "column_out_of_range_ratio", "column", "Share of rows outside the reference's range.", "of numbers, with a reference")
	add(Drift, "column_unseen_ratio", "column", "Share of rows with a category that the reference does not have.", "of text, with a reference")
	for _, c := range evaluator.Checks() {
		if !c.NeedsLabels {
			add(Drift, c.Series, "", c.Help, c.When)
		}
	}

	add(Rules, "rule_breached", "rule", "Whether a rule is breached on the newest window that it was judged on.", "once it was judged")
	add(Rules, "rule_inconclusive", "rule", "Whether a rule is inconclusive on the newest window that it was judged on.", "once it was judged")
	add(Rules, "rule_value", "rule,metric", "Value, there, of a variable that a rule compares by itself.", "where the variable has a value")
	add(Rules, "rule_threshold", "rule,metric", "What a rule compares the variable with, there.", "where that has a value")

	add(Retraining, "retrain_last_trigger_timestamp_seconds", "", "Unix time at which the last retraining run was started.", "from the first on")
	add(Retraining, "retrain_run_state", "state", "1 for the state that the last retraining run is in, 0 for the others: Kubeflow's, and GONE.", "from the first on")

	add(Serve, "serve_passes_total", "model,result", "Passes that ended, by result: done or failed.", "")
	add(Serve, "serve_skipped_slots_total", "model", "Slots of the schedule that were skipped because the model was still being evaluated.", "")
	return out
}

// Find returns the metric that has the name, without Prefix.
func Find(name string) (Metric, bool) {
	all := All()
	i := slices.IndexFunc(all, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return all[i], true
}

// Aliasable lists the names, without Prefix, that may be shown under another one too:
// every figure of a model.
func Aliasable() []string {
	var out []string
	for _, m := range All() {
		if m.Type != Counter && m.Name != "build_info" {
			out = append(out, m.Name)
		}
	}
	return out
}

// namePattern is what Prometheus takes for the name of a metric.
var namePattern = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// AliasFault says why a metric cannot have name as its alias, or "".
func AliasFault(name string) string {
	switch {
	case !namePattern.MatchString(name):
		return "no metric can be called that: letters, digits, _ and :, not beginning with a digit"
	case strings.HasPrefix(name, Prefix):
		return "names that begin with " + Prefix + " are Hindcast's own"
	}
	if name == "up" {
		return "Prometheus sets the metric up itself"
	}
	for _, own := range []string{"go_", "process_", "promhttp_", "push_", "pushgateway_", "scrape_", "node_textfile_", "ALERTS"} {
		if strings.HasPrefix(name, own) {
			return "names that begin with " + own + " are shown beside Hindcast's by others"
		}
	}
	return ""
}
