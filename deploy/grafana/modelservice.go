package grafana

import (
	"math"
	"slices"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/prometheus/common/model"

	alerts "github.com/hindcast/hindcast/deploy/prometheus"
)

// served picks the series of the chosen model and versions that its server exposes.
const served = ofModel + `, model_version=~"$version"`

// modelService is the dashboard of what serves one model: the counters and the
// histogram that docs/grafana.md asks of a server, and its pods.
func modelService() *builder {
	b := newBuilder("hindcast-model-service", "Hindcast / Model service",
		"How a model is served: traffic, latency, errors, volume, feedback, cost and resources, from what its server exposes.",
		"now-24h", modelServiceVariables(), retrainings(ofModel))

	const (
		predictions = `model_predictions_total{` + served + `}`
		errs        = `model_prediction_errors_total{` + served + `}`
		latency     = `model_prediction_latency_seconds_bucket{` + served + `}`
		feedback    = `model_feedback_total{` + served + `}`
		cost        = `model_prediction_cost_total{` + served + `}`

		recent = `[$__rate_interval]`
	)
	quantile := func(q, by string) string {
		return `histogram_quantile(` + q + `, sum by (` + by + `) (rate(` + latency + recent + `)))`
	}
	ratio := func(by, fn, over, above, below string) string {
		return `sum` + by + ` (` + fn + `(` + above + over + `)) / sum` + by + ` (` + fn + `(` + below + over + `))`
	}
	const byVersion = ` by (model_version)`
	at := alerts.DefaultOptions() // colours change where alerts fire

	b.add(4, 4, figure("Predictions", "reqps", "Answers per second, all chosen versions together.",
		query{`sum(rate(` + predictions + recent + `))`, "rate"}))
	b.add(4, 4, figure("Error ratio", "percentunit", "Share of prediction requests that failed.",
		query{ratio("", "rate", recent, errs, predictions), "errors"}).decimals(2).limits(blue, limit{at.ErrorRatio, vermilion}))
	b.add(4, 4, figure("p95 latency", "s", "95 % of predictions are answered within this time.",
		query{quantile("0.95", "le"), "p95"}).limits(blue, limit{at.Latency, vermilion}))
	b.add(4, 4, figure("Volume against last week", "percentunit", "Predictions of the last hour, as a share of those of the same hour a week ago. Half of it, or twice, is worth a look.",
		query{`sum(increase(` + predictions + `[1h])) / sum(increase(` + predictions + `[1h] offset 1w))`, "of last week"}).decimals(0).
		limits(vermilion, limit{at.VolumeLow, blue}, limit{at.VolumeHigh, orange}))
	b.add(4, 4, figure("Feedback per prediction", "percentunit", "Labels or user feedback that came in within the last day, per prediction of the day. Feedback is late by nature: a step in traffic moves it.",
		query{ratio("", "increase", "[1d]", feedback, predictions), "feedback"}).decimals(1).limits(vermilion, limit{at.FeedbackLow, blue}))
	b.add(4, 4, figure("Cost per prediction", "none", "What the server says that it spent within the last day, per prediction, in the currency that it counts in.",
		query{ratio("", "increase", "[1d]", cost, predictions), "cost"}).decimals(5).limits(blue, limit{at.Cost, vermilion}))

	b.open("Objectives")
	bucket := func(le, over string) string {
		return `sum(increase(model_prediction_latency_seconds_bucket{` + served + `, ` + le + `}` + over + `))`
	}
	failed := func(over string) string { return `sum(increase(` + errs + over + `))` }
	slow := func(over string) string {
		return `(` + bucket(`le="+Inf"`, over) + ` - ` + bucket(alerts.Within(at.Latency), over) + `)`
	}
	for _, o := range []struct {
		name, promise string
		objective     float64
		bad           func(over string) string
	}{
		{"Error", percent(at.ErrorObjective) + " of predictions succeed", at.ErrorObjective, failed},
		{"Latency", percent(at.LatencyObjective) + " of predictions take at most " + short(at.Latency) + " s", at.LatencyObjective, slow},
	} {
		burn := func(over time.Duration) string {
			window := `[` + model.Duration(over).String() + `]`
			return o.bad(window) + ` / sum(increase(` + predictions + window + `)) / ` + short(alerts.Budget(o.objective))
		}
		b.add(4, 8, figure(o.name+" budget left", "percentunit", "What is left of the budget of "+model.Duration(at.BudgetPeriod).String()+", or of as long as Prometheus keeps: the objective is that "+o.promise+". Below 0 it is broken.",
			query{`1 - ` + burn(at.BudgetPeriod), "left"}).decimals(0).limits(vermilion, limit{0, orange}, limit{0.25, blue}))
		var queries []query
		var limits []limit
		for _, pair := range slices.Concat(at.FastBurn, at.SlowBurn) {
			over := model.Duration(pair.Long).String()
			queries = append(queries, query{burn(pair.Long), "over " + over})
			limits = append(limits, limit{pair.Rate, vermilion})
		}
		slices.Reverse(limits) // the lowest first
		rates := curves(o.name+" budget burn rate", "none", "How many times too fast the budget is used up, over the windows that the alerts look at. At 1 it lasts just as long as it should; the level lines are where alerts fire, the highest for the shortest window.",
			queries...).fromZero().decimals(1).limits(blue, limits...).limitLines()
		for i, q := range queries { // the shorter the window, the bolder
			rates = rates.named(q.legend, burnLine(i)...)
		}
		b.add(8, 8, rates)
	}

	b.open("Traffic")
	b.add(8, 8, curves("Prediction rate by version", "reqps", "Answers per second of each version.",
		query{`sum` + byVersion + ` (rate(` + predictions + recent + `))`, "{{model_version}}"}).fromZero().with(fill(15)))
	b.add(8, 8, curves("Latency", "s", "Quantiles over all chosen versions, interpolated within the histogram's buckets: no finer than those.",
		query{quantile("0.50", "le"), "p50"}, query{quantile("0.95", "le"), "p95"}, query{quantile("0.99", "le"), "p99"}).fromZero().
		named("p50", color(grey), dashed(4, 4)).named("p95", color(blue)).named("p99", color(orange), dashed(10, 6)))
	b.add(8, 8, curves("p95 latency by version", "s", "95 % of each version's predictions are answered within this time.",
		query{quantile("0.95", "le, model_version"), "{{model_version}}"}).fromZero())

	b.open("Errors, feedback and cost")
	b.add(8, 8, curves("Error ratio by version", "percentunit", "Share of each version's prediction requests that failed.",
		query{ratio(byVersion, "rate", recent, errs, predictions), "{{model_version}}"}).fromZero().between(0, 0.02))
	b.add(8, 8, curves("Feedback per prediction by version", "percentunit", "Labels or user feedback of the last day per prediction of the last day.",
		query{ratio(byVersion, "increase", "[1d]", feedback, predictions), "{{model_version}}"}).fromZero())
	b.add(8, 8, curves("Cost per prediction by version", "none", "Of the last day, in the currency that the server counts in.",
		query{ratio(byVersion, "increase", "[1d]", cost, predictions), "{{model_version}}"}).fromZero())

	b.open("Volume")
	b.add(12, 8, curves("Predictions per hour", "short", "Of the hour before each point, against the same hour a week earlier.",
		query{`sum(increase(` + predictions + `[1h]))`, "per hour"}, query{`sum(increase(` + predictions + `[1h] offset 1w))`, "a week earlier"}).fromZero().
		named("per hour", color(blue), fill(15)).named("a week earlier", color(grey), dashed(4, 4)))
	b.add(12, 8, curves("Predictions per day", "short", "Of the 24 hours before each point, against the same a week earlier.",
		query{`sum(increase(` + predictions + `[1d]))`, "per day"}, query{`sum(increase(` + predictions + `[1d] offset 1w))`, "a week earlier"}).fromZero().
		named("per day", color(blue), fill(15)).named("a week earlier", color(grey), dashed(4, 4)))

	// `and` keeps, of all containers and processes, those that also expose the model's
	// predictions; it matches many to many, so that no duplicate can break it.
	const (
		inPods    = ` and on (namespace, pod) ` + predictions
		inTargets = ` and on (namespace, job, instance) ` + predictions
	)
	b.open("Resources")
	b.add(8, 8, curves("CPU of containers (cores)", "short", "Cores in use by container, of the pods that expose the model's predictions (cAdvisor).",
		query{`sum by (pod, container) (rate(container_cpu_usage_seconds_total{namespace=~"$namespace", container!="", container!="POD"}` + recent + `)` + inPods + `)`, "{{pod}} · {{container}}"}).fromZero())
	b.add(8, 8, curves("Memory of containers", "bytes", "Working set by container, of the pods that expose the model's predictions (cAdvisor). The kernel kills by it.",
		query{`sum by (pod, container) (container_memory_working_set_bytes{namespace=~"$namespace", container!="", container!="POD"}` + inPods + `)`, "{{pod}} · {{container}}"}).fromZero())
	b.add(8, 8, curves("Restarts of containers", "short", "Restarts within the hour before each point by container, of the pods that exposed the model's predictions within it (kube-state-metrics). One after the other is a crash loop, most often for memory.",
		query{`sum by (pod, container) (increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[1h]) and on (namespace, pod) last_over_time(` + predictions + `[1h]))`, "{{pod}} · {{container}}"}).fromZero())
	b.add(12, 8, curves("CPU of processes (cores)", "short", "Cores in use by process, as the server itself says: for one that runs in no pod.",
		query{`rate(process_cpu_seconds_total{namespace=~"$namespace"}` + recent + `)` + inTargets, "{{job}} {{instance}}"}).fromZero())
	b.add(12, 8, curves("Memory of processes", "bytes", "Resident memory by process, as the server itself says.",
		query{`process_resident_memory_bytes{namespace=~"$namespace"}` + inTargets, "{{job}} {{instance}}"}).fromZero())
	return b
}

func modelServiceVariables() []dashboard.VariableModel {
	return []dashboard.VariableModel{
		datasourceVariable(),
		choice{name: "namespace", label: "Namespace", of: "namespace", all: true, metric: "model_predictions_total",
			description: "As the scrape says; series without one are among All."}.variable(),
		choice{name: "model", label: "Model", of: "model", metric: `model_predictions_total{namespace=~"$namespace"}`,
			description: "As the server names it: as the configuration of Hindcast does."}.variable(),
		choice{name: "version", label: "Version", of: "model_version", all: true, multi: true, metric: `model_predictions_total{` + ofModel + `}`,
			description: "Model versions."}.variable(),
	}
}

// percent writes a share for people.
func percent(share float64) string { return short(math.Round(share*1e6)/1e4) + " %" }

// burnLine is how the i-th of the windows of burn rates is drawn, the shortest first.
func burnLine(i int) []dashboard.DynamicConfigValue {
	lines := [][]dashboard.DynamicConfigValue{
		{color(orange)}, {color(blue)}, {color(purple), dashed(10, 6)}, {color(grey), dashed(4, 4)},
	}
	return lines[min(i, len(lines)-1)]
}
