package grafana

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	alerts "github.com/hindcast/hindcast/deploy/prometheus"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// ofModel picks the chosen model's series.
const ofModel = `namespace=~"$namespace", model="$model"`

// overall picks, of a performance metric, neither a version's nor a segment's series.
const overall = ofModel + `, model_version="", segment=""`

// evaluation is the dashboard of what Hindcast found out about one model.
func evaluation() *builder {
	b := newBuilder(evaluationUID, "Hindcast / Evaluation",
		"What predictions were worth once the truth came in, how far the world has drifted, and what was done about it. "+
			"A figure holds from the pass that computed it to the next.",
		"now-30d", evaluationVariables(), retrainings(ofModel))
	at := alerts.DefaultOptions() // colours change where alerts fire

	b.add(8, 4, figure("Verdict now", "none",
		"Of each rule, on the newest window that it was judged on. Inconclusive is no health: rows, labels or significance are missing, and hindcast history says which.",
		query{verdict(), "{{rule}}"}).states(verdicts()...).sideBySide())
	b.add(4, 4, figure("Last successful pass", "s",
		"How long ago the last pass ended that evaluated everything. The figures below are no newer. The colour changes when the alert on it fires, which suits a daily schedule.",
		query{`time() - max(hindcast_last_success_timestamp_seconds{` + ofModel + `})`, "ago"}).decimals(1).limits(blue, limit{at.Stale.Seconds(), vermilion}))
	b.add(3, 4, figure("Label coverage", "percentunit",
		"Share of predictions with a label, newest mature window. Below a rule's min_coverage (0.8 by default) it is inconclusive.",
		query{`hindcast_label_coverage_ratio{` + ofModel + `}`, "coverage"}).decimals(1).limits(orange, limit{at.Coverage, blue}))
	b.add(3, 4, figure("Matched predictions", "short",
		"Predictions with a label, newest mature window: the rows that performance is of.",
		query{`hindcast_matched_predictions{` + ofModel + `}`, "matched"}))
	b.add(3, 4, figure("Last retraining", "s",
		"How long ago the last run was started.",
		query{`time() - max(hindcast_retrain_last_trigger_timestamp_seconds{` + ofModel + `})`, "ago"}).decimals(1))
	b.add(3, 4, figure("Its run", "none",
		"The state that Kubeflow Pipelines gives the last retraining run, as the last pass or hindcast follow saw it. GONE: it no longer knows the run.",
		query{runState(ofModel), "run"}).states(runStates()...))

	b.open("Performance")
	// Every model has one of each, so that neither is empty.
	b.add(12, 9, first("MAE or F1", "mae", "f1"))
	b.add(12, 9, first("RMSE or ROC AUC or accuracy", "rmse", "roc_auc", "accuracy"))

	b.folded("Other metrics of regressions")
	for _, m := range metrics(groundtruth.Regression, "mae", "rmse", "me", "medae", "mse", "max_error")[2:] {
		b.add(6, 7, performance(m).none(ofRegressions))
	}

	b.folded("Classification")
	classification(b)

	b.open("Verdicts")
	b.add(12, 6, timeline("Verdicts", "The verdict of each rule from pass to pass, on the newest window that it was judged on. Drift is seen as soon as a window has closed, performance when its labels are in.",
		verdicts(), query{verdict(), "{{rule}}"}))
	b.add(7, 6, steps("Rules: share of their threshold", "percentunit", "What each rule looks at, as a share of what it compares it with: how near a verdict is to turning. Whether more is worse is the rule's to say, and significance comes on top.",
		query{`hindcast_rule_value{` + ofModel + `} / hindcast_rule_threshold{` + ofModel + `}`, "{{rule}} · {{metric}}"}).fromZero())
	b.add(5, 6, timeline("Passes", "Whether the last pass did its work. A failed one leaves the figures of the last success standing.",
		[]state{{"0", "failed", vermilion}, {"1", "done", green}}, query{`hindcast_last_run_success{` + ofModel + `}`, "pass"}))

	b.open("Drift, of the newest closed window")
	b.add(8, 8, steps("Drift share", "percentunit", "Features that drifted, of those that could be judged, with the threshold of every rule on drift.share. The band is what the share may be over all features; where it is wider than a half there is no line.",
		query{`hindcast_drift_share_ratio{` + ofModel + `}`, "drift share"}, threshold("drift.share"),
		query{`hindcast_drift_share_low_ratio{` + ofModel + `}`, "at least"}, query{`hindcast_drift_share_high_ratio{` + ofModel + `}`, "at most"}).
		named("drift share", color(blue)).asked("B", color(vermilion), dashed(10, 6)).
		named("at least", color(blue), width(0), noLegend()).named("at most", color(blue), width(0), fill(20), fillTo("at least"), noLegend()).
		fromZero().between(0, 1))
	b.add(8, 8, steps("Drift score by column", "none", "Distance of each column from the reference, by the measures that the variable Measure names. Thresholds differ by measure: docs/configuration.md.",
		query{`hindcast_drift_score{` + ofModel + `, method=~"$method"}`, "{{column}} · {{method}}"}).fromZero())
	b.add(8, 8, timeline("Drifted columns", "Whether a column drifted: a judging measure is above its threshold and above what chance gives. A gap is a window in which it could not be judged.",
		[]state{{"0", "same", deepBlue}, {"1", "drifted", vermilion}}, query{`hindcast_drift_detected{` + ofModel + `}`, "{{column}}"}))

	b.open("Labels and volume")
	b.add(6, 7, steps("Coverage", "percentunit", "Share of predictions with a label, newest mature window, with the threshold of every rule on coverage.",
		query{`hindcast_label_coverage_ratio{` + ofModel + `}`, "coverage"}, threshold("coverage")).
		named("coverage", color(blue), fill(15)).asked("B", color(vermilion), dashed(10, 6)).between(0.5, 1))
	b.add(6, 7, steps("Label bias", "percentunit", "How far the rows with a label are from all rows of the newest mature window, in what was predicted. Far from 0, performance is that of some rows: the alert HindcastLabelBias says so. A gap is a window in which all rows have a label, or none.",
		query{`hindcast_label_bias_effect_ratio{` + ofModel + `}`, "{{column}}"}).fromZero().between(0, 0.1).none("all rows have a label, or none"))
	b.add(6, 7, steps("Predictions", "short", "Unique predictions of the newest closed window, and those with a label of the newest mature one, which is older by the label delay.",
		query{`hindcast_predictions{` + ofModel + `}`, "predictions"}, query{`hindcast_matched_predictions{` + ofModel + `}`, "matched"}).
		named("predictions", color(blue)).named("matched", color(green), dashed(4, 4)).fromZero())
	b.add(6, 7, figure("Windows", "dateTimeAsIso", "The newest mature window, which performance is of, and the newest closed one, which drift, quality and volume are of. Half-open, UTC.",
		windows(trigger.StageMature, "start", "from"), windows(trigger.StageMature, "end", "to"),
		windows(trigger.StageClosed, "start", "from"), windows(trigger.StageClosed, "end", "to")).stacked())

	b.open("Predictions, of the newest closed window")
	b.add(16, 8, distribution())
	b.add(8, 8, steps("Predicted classes", "percentunit", "Share of the predictions of the newest closed window that are of each class. No labels are needed: a share that moves says that inputs have changed, or the model.",
		query{`hindcast_prediction_ratio{` + ofModel + `}`, "{{class}}"}).fromZero().none(ofClassifiers))

	b.open("Data quality, of the newest closed window")
	for _, q := range []struct{ name, title, what string }{
		{"missing", "Missing", "Share of rows without a usable value, by column"},
		{"invalid", "Invalid", "Share of rows whose value is not of the column's kind, by column"},
		{"out_of_range", "Out of range", "Share of rows outside the reference's range, by column"},
		{"unseen", "Unseen categories", "Share of rows with a category that the reference does not have, by column"},
	} {
		queries := []query{{`hindcast_column_` + q.name + `_ratio{` + ofModel + `}`, "{{column}}"}}
		if q.name == "missing" {
			queries = append(queries, query{`hindcast_missing_values_ratio{` + ofModel + `}`, "all features"})
		}
		p := steps(q.title, "percentunit", q.what+". A new default, a new unit or a broken feed shows here first.", queries...).fromZero().between(0, 0.05)
		if len(queries) > 1 {
			p = p.named("all features", color(grey), dashed(10, 6))
		}
		b.add(6, 7, p)
	}

	b.open("By version and segment")
	b.add(12, 8, steps("$metric by version", "short", "The metric that the variable Metric names, of each model version with matched predictions in the newest mature window.",
		query{`hindcast_${metric}{` + ofModel + `, model_version!="", model_version=~"$version"}`, "{{model_version}}"}).none(chooseMetric))
	b.add(12, 8, steps("$metric by $column", "short", "The metric that the variable Metric names, of each segment of the column; rows without a value are (missing), those beyond max_segments are other.",
		query{`hindcast_${metric}{` + ofModel + `, column="$column", segment!="", segment=~"$segment"}`, "{{segment}}"}).none(chooseMetric))

	b.open("Retraining and passes")
	b.add(16, 6, timeline("Retraining run", "The state of the last retraining run over time. The marks across all panels are where a run was started.",
		runStates(), query{runState(ofModel), "last run"}))
	b.add(8, 6, steps("Duration of a pass", "s", "How long the last pass took. One that nears the schedule's interval needs more memory, or more workers.",
		query{`hindcast_run_duration_seconds{` + ofModel + `}`, "duration"}).named("duration", color(blue), fill(15)).fromZero())
	return b
}

func evaluationVariables() []dashboard.VariableModel {
	anyMetric := func(more string) string { return `{__name__=~"hindcast_.+", ` + ofModel + more + `}` }
	return []dashboard.VariableModel{
		datasourceVariable(),
		choice{name: "namespace", label: "Namespace", of: "namespace", all: true, metric: "hindcast_last_run_timestamp_seconds",
			description: "As publish.pushgateway.grouping or the scrape says; series without one are among All."}.variable(),
		choice{name: "model", label: "Model", of: "model", metric: `hindcast_last_run_timestamp_seconds{namespace=~"$namespace"}`,
			description: "As the configuration names it."}.variable(),
		choice{name: "version", label: "Version", of: "model_version", all: true, multi: true, metric: anyMetric(`, model_version!=""`),
			description: "Model versions, for the panels by version."}.variable(),
		choice{name: "column", label: "Segment column", of: "column", metric: anyMetric(`, segment!=""`),
			description: "A column of segments in the configuration."}.variable(),
		choice{name: "segment", label: "Segment", of: "segment", all: true, multi: true, metric: anyMetric(`, column="$column", segment!=""`),
			description: "Its values."}.variable(),
		fixed("metric", "Metric", "For the panels by version and by segment: one that the model has.", ofEveryTask()...),
		choice{name: "method", label: "Measure", of: "method", all: true, multi: true, first: "psi", metric: `hindcast_drift_score{` + ofModel + `}`,
			description: "Measures of drift, for the score by column."}.variable(),
	}
}

// retrainings marks where a run was started. The metric's value is the time, which the
// data source wants in milliseconds.
func retrainings(of string) []dashboard.AnnotationQuery {
	return []dashboard.AnnotationQuery{{
		Name: "Retrainings", Datasource: datasource(), Enable: true, Hide: ptr(false), IconColor: purple,
		Expr:        ptr(`max by (namespace, model) (hindcast_retrain_last_trigger_timestamp_seconds{` + of + `}) * 1000`),
		TitleFormat: ptr("Retraining started"), TextFormat: ptr("{{model}}"), TagKeys: ptr("namespace"), Step: ptr("5m"), UseValueForTime: ptr(true),
	}}
}

// windows asks for an end of the newest window of a stage.
func windows(stage, end, name string) query {
	return query{fmt.Sprintf(`max(hindcast_window_%s_timestamp_seconds{%s, stage=%q}) * 1000`, end, ofModel, stage), stage + " " + name}
}

// verdict is 0, 1 or 2 for each rule.
func verdict() string {
	return `hindcast_rule_breached{` + ofModel + `} + 2 * hindcast_rule_inconclusive{` + ofModel + `}`
}

func verdicts() []state {
	return []state{{"0", "healthy", green}, {"1", "breached", vermilion}, {"2", "inconclusive", orange}}
}

// runStates are those of Kubeflow Pipelines, and GONE. A run that was just started has
// none yet.
func runStates() []state {
	return []state{
		{"0", "not known yet", grey}, {"1", "PENDING", grey}, {"2", "RUNNING", blue}, {"3", "SUCCEEDED", green}, {"4", "FAILED", vermilion}, {"5", "CANCELED", orange},
		{"6", "CANCELING", orange}, {"7", "SKIPPED", grey}, {"8", "PAUSED", yellow}, {"9", "GONE", purple},
	}
}

// runState makes one number of the series per state, of which one is 1, for each model that the
// selector picks.
func runState(of string) string {
	var terms []string
	for _, s := range runStates()[1:] {
		terms = append(terms, fmt.Sprintf(`%s * hindcast_retrain_run_state{%s, state=%q}`, s.value, of, s.name))
	}
	return `max by (namespace, model) (` + strings.Join(terms, " or ") + `)`
}

// threshold is a rule's, of the metric on its left side.
func threshold(metric string) query {
	return query{`hindcast_rule_threshold{` + ofModel + `, metric=` + strconv.Quote(metric) + `}`, "threshold of {{rule}}"}
}

// What panels say in the place of data of another kind of model.
const (
	ofRegressions = "no such metric: of regressions only"
	ofClassifiers = "no such metric: of classifiers only, some of those with scores"
	chooseMetric  = "nothing: choose a Metric that the model has"
)

// classification adds what is shown of classifiers: their metrics, performance as it was estimated
// before labels came, and classes.
func classification(b *builder) {
	large := []string{"roc_auc", "f1", "precision", "recall", "accuracy", "log_loss", "ece"}
	var others []string
	for _, m := range classifiers() {
		if !slices.Contains(large, m.Name) {
			others = append(others, "hindcast_"+m.Name)
		} else {
			b.add(6, 7, performance(m).none(ofClassifiers))
		}
	}
	b.add(6, 7, steps("Other metrics of classifiers", "short", "All others that the model has, of the newest mature window, as rules call them.",
		query{`{__name__=~"` + strings.Join(others, "|") + `", ` + overall + `}`, "{{__name__}}"}).none(ofClassifiers))
	for _, name := range []string{"roc_auc", "f1"} {
		b.add(12, 8, estimated(name).none(ofClassifiers))
	}
	b.add(12, 7, steps("Recall by class", "percentunit", "Share of what is of each class that was predicted to be, of models of several classes. Newest mature window; the 100 classes that most labels are of.",
		query{`hindcast_class_recall{` + ofModel + `}`, "{{class}}"}).fromZero().between(0, 1).none("of models of several classes only"))
	b.add(12, 7, steps("Estimates within their band", "percentunit", "Of the last 30 windows with labels, the share whose metric lay within the band that was estimated before: 95 % where scores are worth what they were in the reference.",
		query{`hindcast_estimated_within_band_ratio{` + ofModel + `}`, "{{metric}}"}).fromZero().between(0, 1).none("no window has an estimate and labels yet"))
}

// distribution shows where predictions lie: the median and the mean, within half of them and within
// nine in ten.
func distribution() panel {
	const low, lower, upper, high = "5 %", "25 %", "75 %", "95 %"
	quantile := func(q, name string) query {
		return query{`hindcast_prediction_quantile{` + ofModel + `, quantile="` + q + `"}`, name}
	}
	return steps("Distribution of predictions", "short", "Mean and median of the predictions, or of a binary classifier's scores, with the bands that hold half of them and nine in ten. No labels are needed: a band that moves or widens says that inputs have changed, or the model.",
		quantile("0.5", "median"), query{`hindcast_prediction_mean{` + ofModel + `}`, "mean"},
		quantile("0.05", low), quantile("0.25", lower), quantile("0.75", upper), quantile("0.95", high)).
		named("median", color(blue)).named("mean", color(grey), dashed(4, 4)).
		named(low, color(blue), width(0), noLegend()).named(high, color(blue), width(0), fill(12), fillTo(low), noLegend()).
		named(lower, color(blue), width(0), noLegend()).named(upper, color(blue), width(0), fill(25), fillTo(lower), noLegend()).
		none("no numbers: predictions are classes by name")
}

// estimated is a metric as it is estimated before labels come, with its band, beside what came true.
func estimated(name string) panel {
	const low, high = "95 % low", "95 % high"
	m, _ := metric.Find(name)
	return steps(m.Title+" before labels and after", unitOf(m), "What the metric is expected to be, of the newest closed window, with the band that it is expected in, if scores are worth what they were in the reference. What came true is of the newest mature window, and so later by the label delay.",
		query{`hindcast_estimated_` + name + `{` + ofModel + `}`, "estimated"},
		query{`hindcast_` + name + `{` + overall + `}`, "realised"}, threshold("estimated."+name),
		query{`hindcast_estimated_` + name + `_low{` + ofModel + `}`, low}, query{`hindcast_estimated_` + name + `_high{` + ofModel + `}`, high}).
		named("estimated", color(orange), dashed(4, 4)).named("realised", color(blue)).asked("C", color(vermilion), dashed(10, 6)).
		named(low, color(orange), width(0), noLegend()).named(high, color(orange), width(0), fill(20), fillTo(low), noLegend())
}

// first is performance by the first of some metrics that the model has, for models of every task.
func first(title string, names ...string) panel {
	const low, high = "95 % low", "95 % high"
	of := func(before, after, selector string) string {
		var terms []string
		for _, name := range names {
			terms = append(terms, `hindcast_`+before+name+after+`{`+selector+`}`)
		}
		return strings.Join(terms, " or ")
	}
	return steps(title, "short", "The first of these that the model has, of the newest mature window, beside the reference's and the threshold of every rule on it. The band is its 95 % interval.",
		query{of("", "", overall), "{{__name__}}"}, query{of("reference_", "", ofModel), "reference"},
		query{`hindcast_rule_threshold{` + ofModel + `, metric=~` + strconv.Quote(strings.Join(names, "|")) + `}`, "threshold of {{rule}}"},
		query{of("", "_low", ofModel), low}, query{of("", "_high", ofModel), high}).
		asked("A", color(blue)).named("reference", color(grey), dashed(4, 4)).asked("C", color(vermilion), dashed(10, 6)).
		named(low, color(blue), width(0), noLegend()).named(high, color(blue), width(0), fill(20), fillTo(low), noLegend())
}

// classifiers lists the metrics of classifiers, of two classes or of several, in the order in which
// people look at them.
func classifiers() []metric.Spec {
	has := names(append(metric.Specs(groundtruth.Binary), metric.Specs(groundtruth.Multiclass)...))
	return slices.DeleteFunc(metric.ForPeople(), func(m metric.Spec) bool { return !slices.Contains(has, m.Name) })
}

// ofEveryTask names the metrics of every kind of model.
func ofEveryTask() []string {
	return append(names(metrics(groundtruth.Regression, "mae", "rmse", "medae", "me")), names(classifiers())...)
}

// metrics lists the metrics of a task: those that are named, then all others in their own order.
func metrics(task groundtruth.Task, first ...string) []metric.Spec {
	all := metric.Specs(task)
	place := func(m metric.Spec) int {
		if i := slices.Index(first, m.Name); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(all, func(a, b metric.Spec) int { return cmp.Compare(place(a), place(b)) })
	return all
}

// names lists the names of metrics.
func names(all []metric.Spec) []string {
	var out []string
	for _, m := range all {
		out = append(out, m.Name)
	}
	return out
}

// performance is a metric with its interval, its reference and the thresholds of the rules
// on it.
func performance(m metric.Spec) panel {
	const low, high = "95 % low", "95 % high"
	queries := []query{
		{`hindcast_` + m.Name + `{` + overall + `}`, m.Title},
		{`hindcast_reference_` + m.Name + `{` + ofModel + `}`, "reference"},
		threshold(m.Name),
	}
	description := m.About + ". Of the newest mature window, beside the reference's and the threshold of every rule on it."
	if m.HasInterval {
		description += " The band is its 95 % interval."
		queries = append(queries, query{`hindcast_` + m.Name + `_low{` + ofModel + `}`, low}, query{`hindcast_` + m.Name + `_high{` + ofModel + `}`, high})
	}
	p := steps(m.Title, unitOf(m), description, queries...).
		named(m.Title, color(blue)).named("reference", color(grey), dashed(4, 4)).asked("C", color(vermilion), dashed(10, 6))
	if m.HasInterval {
		p = p.named(low, color(blue), width(0), noLegend()).named(high, color(blue), width(0), fill(20), fillTo(low), noLegend())
	}
	return p
}

// unitOf is what Grafana calls the unit of a metric.
func unitOf(m metric.Spec) string {
	switch m.Unit {
	case metric.Share:
		return "percentunit"
	case metric.NoUnit:
		return "none"
	default:
		return "short"
	}
}
