package report

import (
	"math"
	"testing"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// judged is a rule with one comparison.
func judged(name string, v rule.Verdict, variable, op, limit string, value, threshold, level float64) rule.Result {
	return rule.Result{
		Name: name, Verdict: v, Action: rule.ActionAlert, For: 1, Reason: "the rule's own reason",
		Comparisons: []rule.Comparison{{
			Left: variable, Op: op, Right: limit, LeftValue: stat.Number(value), RightValue: stat.Number(threshold), Variable: variable, Level: level,
		}},
	}
}

// of is a window that such rules were judged on.
func of(v rule.Verdict, rules ...rule.Result) job.Outcome {
	yes, no, limit := true, false, stat.Number(0.2)
	o := job.Outcome{Model: "m", Window: day(5), Stage: "mature", Verdict: v, Rules: rules}
	matched := int64(955)
	o.Coverage = job.Coverage{Predictions: 1000, Matched: &matched, Coverage: 0.955}
	o.Metrics = map[string]metric.Result{"rmse": {Value: 1.9, Low: 1.8, High: 2}, "roc_auc": {Value: 0.65}}
	o.Reference = &evaluator.Reference{
		Metrics:  map[string]metric.Result{"rmse": {Value: 1.4}, "roc_auc": {Value: 0.84}},
		Segments: map[string]map[string]evaluator.Group{"city": {"Oslo, \"S\"": {Metrics: map[string]metric.Result{"rmse": {Value: 1.1}}}}},
	}
	o.Rolling = &evaluator.Rolling{Metrics: map[string]metric.Result{"rmse": {Value: 1.5}}}
	o.Drift = &drift.Drift{Share: 0.6, Count: 3, Judged: 5, Columns: map[string]drift.Column{
		"a":          {Drifted: &yes, Measures: map[string]drift.Measure{"psi": {Value: 0.5, Threshold: &limit, Drifted: &yes}}},
		"b":          {Drifted: &yes, Measures: map[string]drift.Measure{"psi": {Value: 0.9, Threshold: &limit, Drifted: &yes}}},
		"c":          {Drifted: &no, Measures: map[string]drift.Measure{"psi": {Value: 0.1, Threshold: &limit, Drifted: &no}}},
		"prediction": {Drifted: &yes, Measures: map[string]drift.Measure{"psi": {Value: 5, Threshold: &limit, Drifted: &yes}}},
	}}
	return o
}

func TestSentence(t *testing.T) {
	t.Parallel()
	before := of(rule.Healthy)
	before.Metrics = map[string]metric.Result{"rmse": {Value: 1.6}, "roc_auc": {Value: 0.6}}
	before.Coverage.Coverage, before.Coverage.Predictions = 0.99, 4000
	before.Quality = &evaluator.Quality{MissingShare: 0.01, Columns: map[string]evaluator.ColumnQuality{"age": {Missing: 0.002}}}
	before.Prometheus = map[string]rule.Answer{"p99": {Value: 0.2}}
	before.Estimated = &estimate.Estimated{Metrics: map[string]metric.Result{"roc_auc": {Value: 0.8}}}
	nan := math.NaN()

	retrain := judged("rmse", rule.Breached, "rmse", ">", "1.2 * reference.rmse", 1.9, 1.68, 0.95)
	retrain.Action = rule.ActionRetrain
	share := judged("drift", rule.Breached, "drift.share", ">=", "0.5", 0.6, 0.5, 0)
	missing := judged("missing", rule.Breached, "quality.missing_share", ">", "0.05", 0.12, 0.05, 0)
	turned := rule.Result{Name: "turned", Verdict: rule.Breached, Comparisons: []rule.Comparison{{
		Left: "0.9 * reference.roc_auc", Op: ">", Right: "roc_auc", LeftValue: 0.756, RightValue: 0.65, Variable: "roc_auc", Level: 0.99,
	}}}
	flag := rule.Result{Name: "absent", Verdict: rule.Breached, Reason: "age has no value"}
	unsure := judged("rmse", rule.Inconclusive, "rmse", ">", "1.2 * reference.rmse", 1.9, 1.68, 0.95)
	unsure.Reason, unsure.NeedsRows = "rmse 1.9 > 1.68 is not significant at 95 %: the difference 0.22 may be as low as -0.1", 400
	few := judged("rmse", rule.Inconclusive, "rmse", ">", "2", nan, 2, 0.95)
	few.Reason = "matched 45 < min_samples 200"
	blocked := judged("block", rule.Inconclusive, "drift.share", ">", "0.3", nan, 0.3, 0)
	blocked.Action = rule.ActionBlock

	closed := of(rule.Healthy, judged("drift", rule.Healthy, "drift.share", ">=", "0.9", 0, 0.9, 0))
	closed.Drift = &drift.Drift{Judged: 4}
	closed.NotJudged = []job.NotJudged{{Name: "rmse", Reason: "labels are mature at 2026-01-14T00:00:00Z"}, {Name: "mae", Reason: "labels are mature at 2026-01-14T00:00:00Z"}}
	waits := of(rule.Inconclusive)
	waits.NotJudged, waits.TimeZone = closed.NotJudged[:1], zone(t, "Europe/Oslo")
	decided := of(rule.Breached, retrain, share)
	decided.Decision = trigger.Decision{Rule: "drift"}

	for name, tt := range map[string]struct {
		o    job.Outcome
		want string
	}{
		"performance beside the reference": {of(rule.Breached, retrain), "RMSE rose from 1.4 on the reference to 1.9; with 95 % certainty above the limit 1.68."},
		"a metric of which more is better": {of(rule.Breached, judged("auc", rule.Breached, "roc_auc", "<", "0.9 * reference.roc_auc", 0.65, 0.756, 0.95)), "ROC AUC fell from 0.84 on the reference to 0.65; with 95 % certainty below the limit 0.756."},
		"the variable on the right":        {of(rule.Breached, turned), "ROC AUC fell from 0.84 on the reference to 0.65; with 99 % certainty below the limit 0.756."},
		"beside the rolling reference":     {of(rule.Breached, judged("r", rule.Breached, "rmse", ">", "1.2 * rolling.rmse", 1.9, 1.8, 0.9)), "RMSE rose from 1.5 in the windows before to 1.9; with 90 % certainty above the limit 1.8."},
		"beside the window before":         {of(rule.Breached, judged("r", rule.Breached, "rmse", ">", "1.7", 1.9, 1.7, 0)), "RMSE rose from 1.6 in the window before to 1.9, above the limit 1.7."},
		"against the way it went":          {of(rule.Breached, judged("r", rule.Breached, "roc_auc", "<", "0.7", 0.65, 0.7, 0)), "ROC AUC rose from 0.6 in the window before to 0.65, below the limit 0.7."},
		"drift":                            {of(rule.Breached, share), "3 of 5 columns drifted (b, a and 1 more); the limit is 50 %."},
		"drift of one column":              {of(rule.Breached, judged("d", rule.Breached, `drift.columns["b"].psi`, ">", "0.2", 0.9, 0.2, 0)), "PSI of b is 0.9, as in the window before, above the limit 0.2."},
		"a segment": {of(rule.Breached, judged("s", rule.Breached, `segments["city"]["Oslo, \"S\""].rmse`, ">", `reference.segments["city"]["Oslo, \"S\""].rmse`, 1.9, 1.1, 0.95)),
			`RMSE of city Oslo, "S" rose from 1.1 on the reference to 1.9; with 95 % certainty above the limit 1.1.`},
		"an estimate":             {of(rule.Breached, judged("e", rule.Breached, "estimated.roc_auc", "<", "0.7", 0.6, 0.7, 0.95)), "Estimated ROC AUC fell from 0.8 in the window before to 0.6; with 95 % certainty below the limit 0.7."},
		"missing values":          {of(rule.Breached, missing), "The share of missing values rose from 1 % in the window before to 12 %, above the limit 5 %."},
		"a column's quality":      {of(rule.Breached, judged("q", rule.Breached, `quality.columns["age"].missing`, ">", "0.01", 0.12, 0.01, 0)), "The share of missing values of age rose from 0.2 % in the window before to 12 %, above the limit 1 %."},
		"coverage":                {of(rule.Breached, judged("c", rule.Breached, "coverage", "<", "0.97", 0.955, 0.97, 0)), "Coverage by labels fell from 99 % in the window before to 95.5 %, below the limit 97 %."},
		"volume":                  {of(rule.Breached, judged("v", rule.Breached, "predictions", "<", "2000", 1000, 2000, 0)), "The number of predictions fell from 4000 in the window before to 1000, below the limit 2000."},
		"prometheus":              {of(rule.Breached, judged("p", rule.Breached, "prometheus.p99", ">", "0.5", 0.7, 0.5, 0)), "The answer of Prometheus to p99 rose from 0.2 in the window before to 0.7, above the limit 0.5."},
		"true or false":           {of(rule.Breached, flag), "Rule absent: age has no value."},
		"the most severe first":   {of(rule.Breached, missing, share, retrain), "RMSE rose from 1.4 on the reference to 1.9; with 95 % certainty above the limit 1.68, and 2 more rules are breached."},
		"what the decision is on": {decided, "3 of 5 columns drifted (b, a and 1 more); the limit is 50 %, and 1 more rule is breached."},
		"healthy": {of(rule.Healthy, judged("rmse", rule.Healthy, "rmse", ">", "2 * reference.rmse", 1.9, 2.8, 0.95), judged("drift", rule.Healthy, "drift.share", ">", "0.9", 0.6, 0.9, 0)),
			"Healthy: RMSE is 1.9, below the limit 2.8 (1.4 on the reference), and 1 more rule is healthy."},
		"closed":              {closed, "Healthy so far: none of 4 columns drifted; the limit is 90 %; rmse and mae wait for labels until 2026-01-14 00:00 UTC."},
		"nothing but waiting": {waits, "Nothing is judged yet: rmse waits for labels until 2026-01-14 01:00 Europe/Oslo."},
		"chance":              {of(rule.Inconclusive, unsure), "Inconclusive: RMSE is 1.9, above the limit 1.68 (1.4 on the reference), but not with 95 % certainty; about 400 rows would tell."},
		"too few rows":        {of(rule.Inconclusive, few, blocked), "Inconclusive: rule block is undecided, as the rule's own reason, and 1 more rule is inconclusive."},
		"a guard":             {of(rule.Inconclusive, few), "Inconclusive: rule rmse is undecided, as matched 45 < min_samples 200."},
		"no rules":            {of(rule.Inconclusive), "No rule is configured, so that there is no verdict."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Sentence(tt.o, &before); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
	if got, want := Sentence(of(rule.Breached, judged("r", rule.Breached, "rmse", ">", "1.7", 1.9, 1.7, 0)), nil), "RMSE is 1.9, above the limit 1.7."; got != want {
		t.Errorf("without a window before: %s\nwant %s", got, want)
	}
}

// Of a rule that asks for one thing or another, the sentence is about what decided.
func TestSentenceNamesWhatDecided(t *testing.T) {
	t.Parallel()
	compare := func(variable, op string, value, limit stat.Number, level float64) rule.Comparison {
		return rule.Comparison{Left: variable, Op: op, Right: "x", LeftValue: value, RightValue: limit, Variable: variable, Level: level}
	}
	of := func(v rule.Verdict, reason string, comparisons ...rule.Comparison) job.Outcome {
		return job.Outcome{Verdict: v, Rules: []rule.Result{{Name: "r", Verdict: v, Reason: reason, Comparisons: comparisons}}}
	}
	rmse, mae := compare("rmse", ">", 1.9, 1.7, 0.95), compare("mae", ">", 1.5, 1.1, 0.95)
	for name, tt := range map[string]struct {
		o    job.Outcome
		want string
	}{
		"the second": {of(rule.Breached, "mae 1.5 > 1.1 at 95 %", rmse, mae), "MAE is 1.5; with 95 % certainty above the limit 1.1."},
		"both":       {of(rule.Breached, "rmse 1.9 > 1.7 at 95 %; mae 1.5 > 1.1 at 95 %", rmse, mae), "RMSE is 1.9; with 95 % certainty above the limit 1.7."},
		"an estimate": {of(rule.Breached, "estimated mae 1.5 > 1.1 at 95 %", compare("estimated.rmse", ">", 1.9, 1.7, 0.95), compare("estimated.mae", ">", 1.5, 1.1, 0.95)),
			"Estimated MAE is 1.5; with 95 % certainty above the limit 1.1."},
		"what is cut off":  {of(rule.Breached, "what is long; and 1 more", rmse, mae), "Rule r: what is long; and 1 more."},
		"what is doubtful": {of(rule.Inconclusive, "mae 1.5 > 1.1 is not significant at 95 %: the difference 0.4 may be as low as -0.1", rmse, mae), "Inconclusive: MAE is 1.5, above the limit 1.1, but not with 95 % certainty."},
	} {
		if got := Sentence(tt.o, nil); got != tt.want {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

func zone(t *testing.T, name string) groundtruth.Zone {
	t.Helper()
	z, err := groundtruth.ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestTrendTitle(t *testing.T) {
	t.Parallel()
	none := stat.Number(math.NaN())
	point := func(value, low, high, reference, threshold stat.Number) job.TrendPoint {
		return job.TrendPoint{
			Window: day(1), Value: value, Low: low, High: high, Reference: reference, Threshold: threshold, Rolling: none, Estimated: none, Coverage: 0.5,
		}
	}
	breached := point(1.9, none, none, 1.4, 1.68)
	breached.Judged, breached.Verdict = true, rule.Breached
	for want, points := range map[string][]job.TrendPoint{
		"RMSE rose from 1.4 on the reference to 1.9; limit 1.68": {breached},
		"RMSE rose from 1.4 on the reference to 1.8":             {point(1.8, 1.7, 1.9, 1.4, none)},
		"RMSE is 1.5, 1.4 on the reference; limit 2":             {point(1.5, 1.3, 1.7, 1.4, 2)},
		"RMSE fell from 1.5 in the window before to 1.1":         {point(1.5, none, none, none, none), point(1.1, 1, 1.2, none, none)},
		"RMSE has no value yet":                                  {point(none, none, none, 1.4, none)},
		"RMSE is 1.2":                                            {point(1.2, none, none, none, none), point(none, none, none, none, none)},
	} {
		if got := TrendTitle(job.Trend{Metric: "rmse", Title: "RMSE", Points: points}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got, want := TrendTitle(job.Trend{Metric: job.DriftShare, Title: "Share", Points: []job.TrendPoint{point(0.25, 0.25, 0.25, none, 0.5)}}), "Share is 25 %; limit 50 %"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string][]string{
		"rmse":                               {"rmse"},
		"drift.share":                        {"drift", "share"},
		`segments["a.b"]["c[\"d\"] e"].rmse`: {"segments", "a.b", `c["d"] e`, "rmse"},
		`quality.columns["\u00e6"].missing`:  {"quality", "columns", "æ", "missing"},
		`quality.columns[x].missing`:         nil,
		`0s["open`:                           nil,
	} {
		got := path(variable)
		if len(got) != len(want) {
			t.Errorf("%s: %q, want %q", variable, got, want)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", variable, got, want)
			}
		}
	}
}
