package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/trigger"
)

// Warnings returns what is allowed and probably not meant, a sentence each, models
// in the file's order.
func (c *Config) Warnings() []string {
	var out []string
	if strings.HasPrefix(c.State.URL, "mem:") {
		out = append(out, "state.url: mem:// forgets everything when the process ends: no window counts as judged, no retraining as started")
	}
	if strings.HasPrefix(c.Report.URL, "mem:") {
		out = append(out, "report.url: mem:// forgets everything when the process ends, so that nobody can open a report")
	}
	if c.Prometheus != nil && !slices.ContainsFunc(c.Models, func(m *Model) bool { return len(m.Prometheus) > 0 }) {
		out = append(out, "prometheus: no model has a query, so nothing is asked of it")
	}
	if (c.Notify == Notify{Links: c.Notify.Links}) && c.Notify.Links != (Links{}) {
		out = append(out, "notify.links: no receiver is given, so that nobody is sent a link")
	}
	for _, m := range c.Models {
		for _, w := range m.warnings(c.State.KeepSummaries) {
			out = append(out, fmt.Sprintf("model %s: %s", m.Name, w))
		}
	}
	for _, alias := range slices.Sorted(maps.Keys(c.Publish.Aliases)) {
		for _, suffix := range []string{"_total", "_count", "_sum", "_bucket", "_info"} {
			if strings.HasSuffix(alias, suffix) {
				out = append(out, fmt.Sprintf("publish.aliases.%s: a gauge whose name ends in %s is taken for something else by people and tools", alias, suffix))
			}
		}
	}
	if p := c.Publish.Pushgateway; p != nil {
		for _, label := range []string{"instance", "pod", "run_id"} {
			if _, ok := p.Grouping[label]; ok {
				out = append(out, fmt.Sprintf(
					"publish.pushgateway.grouping: a label %s that differs from run to run leaves stale groups behind, which the Pushgateway keeps forever", label))
			}
		}
	}
	return out
}

// warnings are those of one model, whose windows' Summaries are kept for so long.
func (m *Model) warnings(kept time.Duration) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch {
	case len(m.RuleList) == 0 && !m.defaultRules:
		add("rules is an empty list: nothing is judged")
	case len(m.RuleList) == 0:
		add("no rules, and no reference that the default rules could compare with: nothing is judged")
	}
	if m.GroundTruth.Delay == 0 {
		add("ground_truth.delay is 0: windows are judged as soon as they close, whatever labels are in by then")
	}
	if m.Predictions.Columns.Timestamp == "" && len(m.partition()) == 0 {
		add("predictions have neither a timestamp column nor a placeholder such as {date} in their url: every window reads the same rows")
	}
	if w := m.retrainWarning(); w != "" {
		out = append(out, w)
	}
	if m.Drift.Threshold != nil && len(m.Drift.Methods) != 1 {
		add("drift.threshold is one number for several measures, whose scales differ; a map by measure says which")
	}
	if m.Task == groundtruth.Binary && m.Threshold != defaultThreshold && m.Predictions.Columns.Prediction != "" && (m.Reference == nil || m.Reference.Columns == nil || m.Reference.Columns.Prediction != "") {
		add("threshold does not count: predictions.columns.prediction (%s) says which class is predicted", m.Predictions.Columns.Prediction)
	}
	if m.Estimated.Method != auto && m.Estimates() && m.weighted() {
		add("estimated.method %s does not count: rows have weights (predictions.columns.weight), and performance is estimated of rows that all count alike", m.Estimated.Method)
	}
	out = append(out, m.classWarnings()...)
	if r := m.Rolling(); r != nil {
		if takes := m.GroundTruth.Delay + r.takes(r.Windows, m); takes > kept {
			add("reference.rolling takes up to %d windows, and state.keep_summaries (%s) keeps fewer of them: %s would keep all", r.Windows, FormatDuration(kept), FormatDuration(takes))
		}
	}
	if m.rules != nil {
		out = append(out, m.rules.Warnings()...)
	}
	return out
}

// retrainWarning says where what starts retraining and what rules ask for don't go together.
func (m *Model) retrainWarning() string {
	proposes := slices.ContainsFunc(m.RuleList, func(r Rule) bool { return r.Action == rule.ActionRetrain })
	switch k := m.Retrain.Kubeflow; {
	case m.Retrain.Mode == trigger.ModeAuto && !proposes:
		return "retrain.mode is auto, but no rule has the action retrain: nothing is ever started"
	case m.Retrain.Mode == trigger.ModeOff && proposes:
		return "rules have the action retrain, but retrain.mode is off: they only alert"
	case k != nil && m.Retrain.Settle < 3*k.Timeout:
		return fmt.Sprintf("retrain.settle (%s) should be at least three times retrain.kubeflow.timeout (%s), so that an unclear launch is looked for before it is given up",
			FormatDuration(m.Retrain.Settle), FormatDuration(k.Timeout))
	}
	return ""
}

// classWarnings are of rules that name classes without a score.
func (m *Model) classWarnings() (out []string) {
	if m.rules == nil {
		return nil
	}
	scored := m.scoredClasses()
	for _, class := range m.rules.Classes() {
		if len(scored) > 0 && !slices.Contains(scored, class) {
			out = append(out, fmt.Sprintf("a rule names the class %q, which has no score%s: predictions.columns.scores has %s", class, table.DidYouMean(class, scored), table.QuoteNames(scored)))
		}
	}
	return out
}

// partition lists the placeholders in the predictions' URL.
func (m *Model) partition() []string {
	names, err := placeholderNames(m.Predictions.URL)
	if err != nil {
		return nil
	}
	return names
}
