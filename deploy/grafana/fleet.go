package grafana

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	alerts "github.com/hindcast/hindcast/deploy/prometheus"
)

const (
	fleetUID      = "hindcast-fleet"
	evaluationUID = "hindcast-evaluation"
)

// ofModels picks the series of all chosen models.
const ofModels = `namespace=~"$namespace", model=~"$model"`

// each is a figure of every chosen model: one, whatever other labels its series have.
func each(expr string) string { return `max by (namespace, model) (` + expr + `)` }

// fleet is the dashboard of all models: a row for each, which leads to the evaluation of
// that model.
func fleet() *builder {
	b := newBuilder(fleetUID, "Hindcast / Fleet",
		"All models at once: which are healthy, which are not, and which nobody watches. A model's name leads to its evaluation.",
		"now-30d", fleetVariables(), retrainings(ofModels))
	at := alerts.DefaultOptions() // colours change where alerts fire
	worst := each(`2 * hindcast_rule_breached{` + ofModels + `} + hindcast_rule_inconclusive{` + ofModels + `}`)
	age := `time() - ` + each(`hindcast_last_success_timestamp_seconds{`+ofModels+`}`)
	count := func(which string) string { return `count(` + which + `) or vector(0)` }

	b.add(6, 4, figure("Models", "short", "Models that Hindcast has made a pass over, of those chosen above.",
		query{count(each(`hindcast_last_run_timestamp_seconds{` + ofModels + `}`)), "models"}))
	b.add(6, 4, figure("Breached models", "short", "Models with a rule that is breached on the newest window that it was judged on.",
		query{count(worst + ` == 2`), "breached"}).limits(blue, limit{1, vermilion}))
	b.add(6, 4, figure("Inconclusive models", "short", "Models without a breach, but with a rule that has no verdict: rows, labels or significance are missing. They are not known to be healthy.",
		query{count(worst + ` == 1`), "inconclusive"}).limits(blue, limit{1, orange}))
	b.add(6, 4, figure("Stale models", "short", "Models whose last successful pass is so long ago that the alert on it fires. Their figures are as old.",
		query{count(age + ` > ` + short(at.Stale.Seconds())), "stale"}).limits(blue, limit{1, vermilion}))

	columns := []column{
		{query: query{worst, "Verdict"}, unit: "none", states: worstOf()},
		{query: query{age, "Last success"}, unit: "s", limits: []limit{{at.Stale.Seconds(), vermilion}}},
	}
	for _, m := range []struct{ name, title, unit string }{
		{"rmse", "RMSE", "short"}, {"mae", "MAE", "short"}, {"roc_auc", "ROC AUC", "none"}, {"f1", "F1", "percentunit"}, {"accuracy", "Accuracy", "percentunit"},
	} {
		columns = append(columns, column{query: query{each(`hindcast_` + m.name + `{` + ofModels + `, model_version="", segment=""}`), m.title}, unit: m.unit})
	}
	columns = append(columns,
		column{query: query{againstReference(), "Of the reference's"}, unit: "percentunit"},
		column{query: query{each(`hindcast_label_coverage_ratio{` + ofModels + `}`), "Coverage"}, unit: "percentunit", below: orange, limits: []limit{{at.Coverage, blue}}},
		column{query: query{each(`hindcast_drift_share_ratio{` + ofModels + `}`), "Drift share"}, unit: "percentunit", limits: []limit{{at.DriftShare, vermilion}}},
		column{query: query{each(`hindcast_predictions{` + ofModels + `}`), "Predictions"}, unit: "short"},
		column{query: query{runState(ofModels), "Run"}, unit: "none", states: runStates()},
		column{query: query{`time() - ` + each(`hindcast_retrain_last_trigger_timestamp_seconds{`+ofModels+`}`), "Last retraining"}, unit: "s"},
	)
	b.add(24, 14, table("Models and what is known of them",
		"A row for each model, as of its last pass. The verdict is the worst of its rules; a model has the metrics of its task; *Of the reference's* compares RMSE, ROC AUC or accuracy, the first that there is, with the reference's. A model's name leads to its evaluation.",
		columns...))

	b.open("Over time")
	b.add(24, 9, timeline("Worst verdict by model", "The worst verdict of each model's rules, from pass to pass. A click leads to the model's evaluation.",
		worstOf(), query{worst, "{{model}}"}).leads())
	b.add(8, 8, steps("Metric against the reference's", "percentunit", "RMSE, ROC AUC or accuracy, the first that a model has, as a share of the reference's: models of one kind become worse in one direction.",
		query{againstReference(), "{{model}}"}).leads())
	b.add(8, 8, steps("Drift share by model", "percentunit", "Features that drifted, of those that could be judged, of each model's newest closed window.",
		query{each(`hindcast_drift_share_ratio{` + ofModels + `}`), "{{model}}"}).fromZero().between(0, 1).leads())
	b.add(8, 8, steps("Coverage by model", "percentunit", "Share of predictions with a label, of each model's newest mature window.",
		query{each(`hindcast_label_coverage_ratio{` + ofModels + `}`), "{{model}}"}).between(0.5, 1).leads())
	return b
}

// againstReference is the first metric that a model has, as a share of the reference's.
func againstReference() string {
	var terms []string
	for _, name := range []string{"rmse", "roc_auc", "accuracy"} {
		terms = append(terms, each(`hindcast_`+name+`{`+ofModels+`, model_version="", segment=""}`)+` / `+each(`hindcast_reference_`+name+`{`+ofModels+`}`))
	}
	return strings.Join(terms, " or ")
}

// worstOf orders verdicts, so that the highest is the one to look at.
func worstOf() []state {
	return []state{{"0", "● healthy", green}, {"1", "○ inconclusive", orange}, {"2", "▲ breached", vermilion}}
}

func fleetVariables() []dashboard.VariableModel {
	return []dashboard.VariableModel{
		datasourceVariable(),
		choice{name: "namespace", label: "Namespace", of: "namespace", all: true, multi: true, metric: "hindcast_last_run_timestamp_seconds",
			description: "As publish.pushgateway.grouping or the scrape says; series without one are among All."}.variable(),
		choice{name: "model", label: "Model", of: "model", all: true, multi: true, metric: `hindcast_last_run_timestamp_seconds{namespace=~"$namespace"}`,
			description: "As the configuration names it; one, several or All."}.variable(),
	}
}
