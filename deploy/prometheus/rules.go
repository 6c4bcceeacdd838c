// Package prometheus makes the alerting rules that go with Hindcast: as files for a
// Prometheus, and as the PrometheusRule of its operator. `go test -update` writes them.
package prometheus

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Severity says how soon somebody has to look.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // now
	Warning  Severity = "warning"  // today
	Info     Severity = "info"     // when it is looked for
)

// Rule is one alerting rule, or one that records a series for those after it.
type Rule struct {
	Record      string            `yaml:"record,omitempty" json:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty" json:"alert,omitempty"`
	Expr        string            `yaml:"expr" json:"expr"`
	For         model.Duration    `yaml:"for,omitempty" json:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty" json:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty" json:"annotations,omitempty"`
}

// Group is rules that are evaluated together.
type Group struct {
	Name  string `yaml:"name" json:"name"`
	Rules []Rule `yaml:"rules" json:"rules"`
}

// Options are the thresholds and durations of the rules. DefaultOptions has the ones
// of the files.
type Options struct {
	Stale        time.Duration // since the last successful pass
	Failing      time.Duration // that passes fail
	Inconclusive time.Duration // that a rule has no verdict
	Coverage     float64       // share of predictions with a label
	DriftShare   float64       // share of features that drifted, whatever the inconclusive ones would be
	Stuck        time.Duration // since a run was started that has not ended
	Absent       time.Duration // that nothing at all is pushed
	Gap          time.Duration // without a scrape of the Pushgateway that changes nothing

	Window          time.Duration // of the rates of a model server
	Sustained       time.Duration // that a rate is bad
	MinRate         float64       // predictions per second below which no ratio is judged
	ErrorRatio      float64       // errors per prediction
	Latency         float64       // seconds, 95 % of predictions
	VolumeLow       float64       // this hour's predictions per those of the hour a week ago
	VolumeHigh      float64       // likewise
	MinVolume       float64       // predictions of the hour a week ago below which volume is not judged
	FeedbackLow     float64       // labels per prediction, over FeedbackWindow
	FeedbackWindow  time.Duration // long enough for feedback to come in
	MinFeedbackBase float64       // predictions in FeedbackWindow below which feedback is not judged
	Cost            float64       // per prediction, in the currency of model_prediction_cost_total

	ErrorObjective   float64       // share of predictions that succeed
	LatencyObjective float64       // share of predictions that take at most Latency
	BudgetPeriod     time.Duration // that the objectives are of
	FastBurn         []Burn        // of a budget, that need somebody now
	SlowBurn         []Burn        // that need somebody today
}

// DefaultOptions suit a daily evaluation and a server that answers people.
func DefaultOptions() Options {
	const hour = time.Hour
	return Options{
		Stale: 50 * hour, Failing: 15 * time.Minute, Inconclusive: 72 * hour, Coverage: 0.8, DriftShare: 0.5, Stuck: 30 * hour, Absent: hour, Gap: 15 * time.Minute,
		Window: 5 * time.Minute, Sustained: 10 * time.Minute, MinRate: 0.1, ErrorRatio: 0.05, Latency: 0.5,
		VolumeLow: 0.5, VolumeHigh: 2, MinVolume: 100,
		FeedbackLow: 0.01, FeedbackWindow: 24 * hour, MinFeedbackBase: 100, Cost: 0.01,
		ErrorObjective: 0.999, LatencyObjective: 0.99, BudgetPeriod: 30 * 24 * hour,
		// 2 and 5 % of the budget, then twice 10 %, are gone when they fire.
		FastBurn: []Burn{{14.4, hour, 5 * time.Minute}, {6, 6 * hour, 30 * time.Minute}},
		SlowBurn: []Burn{{3, 24 * hour, 2 * hour}, {1, 72 * hour, 6 * hour}},
	}
}

// Runbooks is where the alerts' runbooks are.
const Runbooks = "https://github.com/hindcast/hindcast/blob/main/docs/runbooks/"

func rule(alert string, severity Severity, wait time.Duration, expr, summary, description string) Rule {
	return Rule{
		Alert: alert, Expr: expr, For: model.Duration(wait),
		Labels: map[string]string{"severity": string(severity)},
		Annotations: map[string]string{
			"summary": summary, "description": description, "runbook_url": Runbooks + alert + ".md",
		},
	}
}

// fill puts values for NAME in the text, longest names first as they are given.
func fill(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func seconds(d time.Duration) string { return number(d.Seconds()) }

func span(d time.Duration) string { return model.Duration(d).String() }

// Hindcast are the rules on what Hindcast pushes. A Pushgateway shows the last push
// until the next, so that each condition lasts until a pass ends it. A model that was
// forgotten has none, once Gap is over.
func Hindcast(o Options) Group {
	// A scrape that fails, or a Pushgateway that moves, is no recovery.
	last := func(series string) string { return "last_over_time(" + series + "[" + span(o.Gap) + "])" }
	return Group{Name: "hindcast", Rules: []Rule{
		rule("HindcastEvaluationStale", Critical, 0,
			"time() - "+last("hindcast_last_success_timestamp_seconds")+" > "+seconds(o.Stale),
			"{{ $labels.model }} has not been evaluated for {{ $value | humanizeDuration }}",
			"The last successful pass over {{ $labels.model }} (namespace {{ $labels.namespace }}) ended {{ $value | humanizeDuration }} ago; more than "+span(o.Stale)+" is too long. Every figure and verdict of it is as old."),
		rule("HindcastEvaluationFailing", Warning, o.Failing,
			last("hindcast_last_run_success")+" == 0",
			"The evaluation of {{ $labels.model }} fails",
			"The last pass over {{ $labels.model }} (namespace {{ $labels.namespace }}) failed, and no later one succeeded within "+span(o.Failing)+". That says nothing about the model: it is not being watched."),
		rule("HindcastRuleBreached", Warning, 0,
			last("hindcast_rule_breached")+" == 1",
			"{{ $labels.model }}: rule {{ $labels.rule }} is breached",
			"Rule {{ $labels.rule }} of {{ $labels.model }} (namespace {{ $labels.namespace }}) is breached on the newest window that it was judged on."),
		rule("HindcastRuleInconclusive", Warning, o.Inconclusive,
			last("hindcast_rule_inconclusive")+" == 1",
			"{{ $labels.model }}: rule {{ $labels.rule }} has had no verdict for "+span(o.Inconclusive),
			"Rule {{ $labels.rule }} of {{ $labels.model }} (namespace {{ $labels.namespace }}) has been inconclusive for "+span(o.Inconclusive)+": too few rows or labels, or a figure that is missing. The model may be bad without anyone being told."),
		rule("HindcastCoverageLow", Warning, 0,
			last("hindcast_label_coverage_ratio")+" < "+number(o.Coverage),
			"{{ $labels.model }}: only {{ $value | humanizePercentage }} of predictions have a label",
			"In the newest mature window of {{ $labels.model }} (namespace {{ $labels.namespace }}) {{ $value | humanizePercentage }} of predictions have a label; "+number(o.Coverage*100)+" % are wanted. Labels are late or lost, or ids do not match."),
		rule("HindcastLabelBias", Warning, 0,
			last("hindcast_label_bias_detected")+" == 1",
			"{{ $labels.model }}: labels come for some kinds of its predictions only",
			"In the newest mature window of {{ $labels.model }} (namespace {{ $labels.namespace }}) the rows with a label differ from those without, in what was predicted. Performance is that of some rows, and nobody knows that of the window."),
		rule("HindcastNoPredictions", Warning, 0,
			last("hindcast_predictions")+" == 0",
			"{{ $labels.model }} logged no predictions in its newest window",
			"The newest closed window of {{ $labels.model }} (namespace {{ $labels.namespace }}) holds no predictions: the model is not asked, or its log is not written where Hindcast reads."),
		rule("HindcastDriftHigh", Warning, 0,
			// The share of the conclusive features says nothing where few are; the lower bound does.
			last("hindcast_drift_share_low_ratio")+" >= "+number(o.DriftShare),
			"{{ $labels.model }}: {{ $value | humanizePercentage }} of its features drifted, or more",
			"{{ $value | humanizePercentage }} of the features of {{ $labels.model }} (namespace {{ $labels.namespace }}) drifted from the reference, and those that could not be judged may add to it; "+number(o.DriftShare*100)+" % is the limit. Its error may follow when the labels come in."),
		rule("HindcastColumnDrifted", Info, 0,
			last("hindcast_drift_detected")+" == 1",
			"{{ $labels.model }}: column {{ $labels.column }} drifted",
			"Column {{ $labels.column }} of {{ $labels.model }} (namespace {{ $labels.namespace }}) is distributed otherwise than in the reference, beyond the measure's threshold and its noise floor."),
		rule("HindcastRetrainingFailed", Warning, 0,
			last(`hindcast_retrain_run_state{state=~"FAILED|CANCELED|GONE"}`)+" == 1",
			"The retraining of {{ $labels.model }} ended as {{ $labels.state }}",
			"The last retraining run of {{ $labels.model }} (namespace {{ $labels.namespace }}) ended as {{ $labels.state }}. The old model goes on serving; after the cooldown another attempt may follow."),
		rule("HindcastRetrainingStuck", Warning, 0,
			// A run whose state nobody has asked for yet is in none of them.
			"time() - "+last("hindcast_retrain_last_trigger_timestamp_seconds")+" > "+seconds(o.Stuck)+"\n"+
				"unless max without (state) ("+last(`hindcast_retrain_run_state{state=~"SUCCEEDED|SKIPPED|FAILED|CANCELED|GONE"}`)+") == 1",
			"The retraining of {{ $labels.model }} has not ended within {{ $value | humanizeDuration }}",
			"The last retraining run of {{ $labels.model }} (namespace {{ $labels.namespace }}) was started {{ $value | humanizeDuration }} ago and was not over when last looked at; more than "+span(o.Stuck)+" is unusual. Until it is, no other run of the model starts."),
		rule("HindcastAbsent", Warning, o.Absent,
			"absent("+last("hindcast_last_run_timestamp_seconds")+")",
			"Nothing of Hindcast reaches Prometheus",
			"There are no series of any model: the Pushgateway is not scraped or lost what was pushed, or no pass has run since. All other alerts on models are blind."),
	}}
}

// ModelService are the rules on what a model server exposes, as docs/model-service.md
// asks. Each is on a namespace's model, all its versions and pods together.
func ModelService(o Options) Group {
	const (
		by          = ` by (namespace, model) `
		predictions = `model_predictions_total`
	)
	sum := func(fn, metric, over string) string { return `sum` + by + `(` + fn + `(` + metric + `[` + over + `))` }
	rate := func(metric string) string { return rateOf(metric, span(o.Window)) }
	increase := func(metric string, over time.Duration) string { return sum("increase", metric, span(over)+`]`) }
	hour := increase(predictions, time.Hour)
	lastWeek := sum("increase", predictions, `1h] offset 7d`)
	busy := rate(predictions) + ` >= ` + number(o.MinRate)

	volume := func(now, op string, share float64) string {
		return fill("NOW\n  / (LAST >= MIN)\n  OP SHARE", "NOW", now, "LAST", lastWeek, "MIN", number(o.MinVolume), "OP", op, "SHARE", number(share))
	}
	// A server that is gone has no series: that is no traffic too.
	orNone := "(" + hour + "\n  or 0 * " + lastWeek + ")"
	return Group{Name: "model-service", Rules: []Rule{
		rule("ModelServiceErrorRatioHigh", Critical, o.Sustained,
			fill("ERRORS\n  / PREDICTIONS\n  > LIMIT\nand BUSY", "ERRORS", rate("model_prediction_errors_total"), "PREDICTIONS", rate(predictions), "LIMIT", number(o.ErrorRatio), "BUSY", busy),
			"{{ $labels.model }}: {{ $value | humanizePercentage }} of predictions fail",
			"{{ $value | humanizePercentage }} of the predictions of {{ $labels.model }} (namespace {{ $labels.namespace }}) failed over "+span(o.Window)+"; "+number(o.ErrorRatio*100)+" % is the limit."),
		rule("ModelServiceLatencyHigh", Warning, o.Sustained,
			fill("histogram_quantile(0.95, sum by (namespace, model, le) (rate(model_prediction_latency_seconds_bucket[WINDOW])))\n  > LIMIT\nand BUSY",
				"WINDOW", span(o.Window), "LIMIT", number(o.Latency), "BUSY", busy),
			"{{ $labels.model }}: 5 % of predictions take longer than {{ $value | humanizeDuration }}",
			"The 95th percentile of the latency of {{ $labels.model }} (namespace {{ $labels.namespace }}) is {{ $value | humanizeDuration }}; "+number(o.Latency)+" s is the limit."),
		rule("ModelServiceVolumeLow", Warning, o.Sustained, volume(orNone, "<", o.VolumeLow),
			"{{ $labels.model }} is asked {{ $value | humanizePercentage }} of what it was a week ago",
			"Within the last hour {{ $labels.model }} (namespace {{ $labels.namespace }}) made {{ $value | humanizePercentage }} of the predictions of the same hour a week ago; less than "+number(o.VolumeLow*100)+" % is unusual. Who asks may be down, or is sent elsewhere."),
		rule("ModelServiceVolumeHigh", Warning, o.Sustained, volume(hour, ">", o.VolumeHigh),
			"{{ $labels.model }} is asked {{ $value | humanizePercentage }} of what it was a week ago",
			"Within the last hour {{ $labels.model }} (namespace {{ $labels.namespace }}) made {{ $value | humanizePercentage }} of the predictions of the same hour a week ago; more than "+number(o.VolumeHigh*100)+" % is unusual. Somebody retries, or asks for what nobody reads."),
		rule("ModelServiceFeedbackLow", Warning, o.Sustained,
			fill("(FEEDBACK\n  or 0 * LAST)\n  / (PREDICTIONS >= MIN)\n  < LIMIT", "FEEDBACK", increase("model_feedback_total", o.FeedbackWindow),
				// What counts feedback may be gone, which is none; who never counted any is left alone.
				"LAST", sum("increase", "model_feedback_total", span(o.FeedbackWindow)+"] offset 7d"),
				"PREDICTIONS", increase(predictions, o.FeedbackWindow), "MIN", number(o.MinFeedbackBase), "LIMIT", number(o.FeedbackLow)),
			"{{ $labels.model }}: feedback on only {{ $value | humanizePercentage }} of predictions",
			"Within "+span(o.FeedbackWindow)+" feedback came in on {{ $value | humanizePercentage }} of the predictions of {{ $labels.model }} (namespace {{ $labels.namespace }}); less than "+number(o.FeedbackLow*100)+" % means that labels will be missing."),
		rule("ModelServiceCostHigh", Warning, o.Sustained,
			fill("COST\n  / (PREDICTIONS > 0)\n  > LIMIT\nand BUSY", "COST", rate("model_prediction_cost_total"), "PREDICTIONS", rate(predictions), "LIMIT", number(o.Cost), "BUSY", busy),
			"{{ $labels.model }}: a prediction costs {{ $value | humanize }}",
			"A prediction of {{ $labels.model }} (namespace {{ $labels.namespace }}) costs {{ $value | humanize }} on average over "+span(o.Window)+"; "+number(o.Cost)+" is the limit, in the currency that the server counts in."),
	}}
}
