package prometheus

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Burn is a pair of windows that both have to be bad. An objective leaves a budget of
// bad predictions for a period; a burn rate is how many times too fast that is used up.
// The long window says that it matters, the short one that it still goes on: so the alert
// ends soon after the trouble does.
type Burn struct {
	Rate        float64
	Long, Short time.Duration
}

// Objectives are the rules on what a model server promises: that predictions succeed, and
// that they are answered in time. Alerts are on the rate at which their budgets burn, in
// several windows at once, as chapter 5 of the Site Reliability Workbook has them; the
// shares of bad predictions that they look at are recorded.
func Objectives(o Options) Group {
	bad := []objective{
		{
			name: "Error", recorded: "namespace_model:model_prediction_errors:ratio_rate", budget: Budget(o.ErrorObjective),
			count:  func(over string) string { return rateOf("model_prediction_errors_total", over) },
			failed: "failed", promise: number(o.ErrorObjective*100) + " % of predictions succeed",
		},
		{
			name: "Latency", recorded: "namespace_model:model_predictions_slow:ratio_rate", budget: Budget(o.LatencyObjective),
			count: func(over string) string {
				const bucket = "model_prediction_latency_seconds_bucket"
				return "(" + rateOf(bucket+`{le="+Inf"}`, over) + "\n  - " + rateOf(bucket+"{"+Within(o.Latency)+"}", over) + ")"
			},
			failed: "took longer than " + number(o.Latency) + " s", promise: number(o.LatencyObjective*100) + " % of predictions take at most " + number(o.Latency) + " s",
		},
	}
	g := Group{Name: "model-service-objectives"}
	for _, b := range bad {
		for _, over := range windowsOf(o.FastBurn, o.SlowBurn) {
			g.Rules = append(g.Rules, Rule{Record: b.recorded + over, Expr: b.count(over) + "\n  / " + rateOf("model_predictions_total", over)})
		}
	}
	for _, b := range bad {
		g.Rules = append(g.Rules,
			b.alert("BurnsFast", Critical, o.FastBurn, o),
			b.alert("BurnsSlowly", Warning, o.SlowBurn, o))
	}
	return g
}

// objective is what is promised of predictions, and how those are counted that break it.
type objective struct {
	name, recorded  string
	budget          float64
	count           func(over string) string
	failed, promise string
}

// alert fires where one of the pairs of windows has used up the budget too fast.
func (b objective) alert(speed string, severity Severity, burns []Burn, o Options) Rule {
	var pairs, least []string
	for _, burn := range burns {
		long, short := span(burn.Long), span(burn.Short)
		pairs = append(pairs, fmt.Sprintf("(\n  %s / %s > %s\n  and %s / %s > %s\n  and %s >= %s\n)",
			b.recorded+long, number(b.budget), number(burn.Rate), b.recorded+short, number(b.budget), number(burn.Rate),
			rateOf("model_predictions_total", long), number(o.MinRate)))
		least = append(least, number(burn.Rate)+" over "+long)
	}
	period := span(o.BudgetPeriod)
	return rule("ModelService"+b.name+"Budget"+speed, severity, 0, strings.Join(pairs, "\nor\n"),
		"{{ $labels.model }} uses up its "+strings.ToLower(b.name)+" budget {{ $value | humanize }} times too fast",
		"Predictions of {{ $labels.model }} (namespace {{ $labels.namespace }}) "+b.failed+" {{ $value | humanize }} times as often as the objective allows, by which "+b.promise+" over "+period+"; the limits are "+strings.Join(least, " and ")+".")
}

// Budget is the share of predictions that may be bad under an objective.
func Budget(objective float64) float64 {
	return math.Round((1-objective)*1e9) / 1e9 // 0.001, not 0.0010000000000000009
}

// Within picks the bucket of the predictions that took at most so long. Some write a bound of
// 1 as 1, others, and newer Prometheus servers, as 1.0.
func Within(seconds float64) string {
	if seconds == math.Trunc(seconds) {
		return `le=~"` + number(seconds) + `([.]0)?"`
	}
	return `le="` + number(seconds) + `"`
}

// windowsOf lists the windows of burns, the shortest first.
func windowsOf(all ...[]Burn) []string {
	var windows []time.Duration
	for _, b := range slices.Concat(all...) {
		windows = append(windows, b.Long, b.Short)
	}
	slices.Sort(windows)
	var out []string
	for _, w := range slices.Compact(windows) {
		out = append(out, span(w))
	}
	return out
}

// rateOf is the rate of a counter, of all of a model's versions and pods together.
func rateOf(series, over string) string {
	return "sum by (namespace, model) (rate(" + series + "[" + over + "]))"
}
