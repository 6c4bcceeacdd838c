package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

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

var update = flag.Bool("update", false, "write the golden files anew")

// events has an event of each kind, all with something that has to be escaped.
func events() map[string]job.Event {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	matched, yes, no := int64(940), true, false
	nan := stat.Number(math.NaN())
	outcome := &job.Outcome{
		Model:    "a&b <prices>",
		Window:   groundtruth.Window{Start: day, End: day.AddDate(0, 0, 1)},
		Stage:    trigger.StageMature,
		Verdict:  rule.Breached,
		Coverage: job.Coverage{Predictions: 1000, Matched: &matched, Coverage: 0.94},
		Evaluation: evaluator.Evaluation{
			Metrics: map[string]metric.Result{
				"rmse": {Value: 1.9, Low: 1.7, High: 2.1, N: 940},
				"mae":  {Value: 123456.7, Low: nan, High: nan, N: 940},
				"r2":   {Value: nan, Low: nan, High: nan, Reason: "no variance"},
			},
			Reference: &evaluator.Reference{Rows: 5000, Metrics: map[string]metric.Result{"rmse": {Value: 1.4}, "mae": {Value: nan}}},
			Rolling:   &evaluator.Rolling{Rows: 9000, Metrics: map[string]metric.Result{"rmse": {Value: 1.6}, "mae": {Value: nan}}},
			Drift: &drift.Drift{Columns: map[string]drift.Column{
				"size": {Drifted: &yes}, "age<5": {Drifted: &yes}, "city": {Drifted: &no}, "rooms": {},
			}},
		},
	}
	episode := day.AddDate(0, 0, -1)
	decision := &trigger.Decision{Action: trigger.ActionRetrain, Reason: "rmse breached in 2 consecutive windows", Rule: "rmse", Episode: &episode, Attempt: 1, Key: "prices-0123456789abcdef"}
	launch := &trigger.Launch{Key: decision.Key, Run: "hindcast-prices-0123456789abcdef", RunID: "3f2c-44", Reason: decision.Reason, LaunchedAt: day.AddDate(0, 0, 8)}
	finished := launch.LaunchedAt.Add(92 * time.Minute)
	url := "https://kfp.example.com/pipeline/?ns=a&b|c#/runs/details/3f2c-44"
	out := map[string]job.Event{
		"breach": {Kind: job.EventBreach, Outcome: outcome, Decision: decision, Rules: []rule.Result{
			{Name: "rmse", Verdict: rule.Breached, Reason: "rmse 1.9 (1.7 to 2.1) > 1.2 * reference 1.4 = 1.68 at 95 %", Action: "retrain", For: 2, Streak: 2, Acts: true},
			{Name: "drift", Verdict: rule.Breached, Reason: "drift.share 0.67 >= 0.5 && predictions 1000 < 2000", Action: "alert", For: 1, Streak: 1, Acts: true},
		}},
		"retrain_suggested": {Kind: job.EventRetrainSuggested, Outcome: outcome, Decision: &trigger.Decision{Action: trigger.ActionSuppressed, Guard: trigger.GuardMode, Reason: "rmse breached; mode suggest starts nothing", Key: decision.Key}},
		"retrain_started":   {Kind: job.EventRetrainStarted, Outcome: outcome, Decision: decision, Launch: launch, RunURL: url},
		"started_by_hand":   {Kind: job.EventRetrainStarted, Launch: &trigger.Launch{Key: "k", Run: "by-hand", RunID: "1", Reason: "new <data> & labels", Manual: true}},
		"retrain_not_started": {Kind: job.EventLaunchFailed, Outcome: outcome, Decision: decision,
			Err: errors.New("start run: pipeline \"retrain\" <unknown>: the request is refused; ```curl http://bob:pa55@ml-pipeline:8888```")},
		"retrain_finished":  {Kind: job.EventRetrainFinished, Launch: launch, State: &trigger.RunState{State: trigger.StateSucceeded, FinishedAt: &finished}, RunURL: url},
		"retrain_failed":    {Kind: job.EventRetrainFailed, Launch: launch, State: &trigger.RunState{State: trigger.StateFailed, Error: "task train: exit <1> & out of memory", FinishedAt: &finished}, RunURL: "javascript:alert(1)"},
		"retrain_gone":      {Kind: job.EventRetrainFailed, Launch: launch, State: &trigger.RunState{State: trigger.StateGone}},
		"retrain_duplicate": {Kind: job.EventRetrainDuplicate, Launch: launch, State: &trigger.RunState{State: trigger.StateDuplicate, RunID: "9999-55", Kept: "3f2c-44"}},
		"revised": {Kind: job.EventRevised,
			Revised: []job.Revised{
				{Window: outcome.Window, Result: rule.Result{Name: "rmse", Verdict: rule.Healthy, Reason: "rmse 1.4 <= 1.2 * reference 1.4 = 1.68"}},
				{Window: groundtruth.Window{Start: day.AddDate(0, 0, 1), End: day.AddDate(0, 0, 2)}, Result: rule.Result{Name: "drift<1", Verdict: rule.Inconclusive}},
			},
			Retracted: []trigger.Retraction{{Launch: trigger.LaunchStatus{Launch: *launch}, Reason: "rmse is healthy on the window from 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z by now, and breached in 0 of 2 consecutive windows needed"}},
		},
		"resolved": {Kind: job.EventResolved, Outcome: outcome, Rules: []rule.Result{
			{Name: "rmse", Verdict: rule.Healthy, Reason: "rmse 1.4 (1.3 to 1.5) <= 1.2 * reference 1.4 = 1.68", Action: "retrain", For: 2},
		}},
		"evaluation_failing_still": {Kind: job.EventEvaluationFailing, Failures: 9, Err: errors.New("open state: denied")},
		"evaluation_works":         {Kind: job.EventEvaluationWorks, Failures: 11},
		"retrain_started_late":     {Kind: job.EventRetrainStarted, Outcome: outcome, Decision: decision, Launch: launch, Failures: 1},
		"evaluation_failing":       {Kind: job.EventEvaluationFailing, Err: errors.New("evaluate window: list s3://logs/<!channel>/dt=2026-01-01/: NoSuchBucket\nopen state: denied")},
	}
	addClassifiers(out, outcome, decision)
	linked := out["breach_classifier"]
	linked.Sentence = "ROC AUC fell from 0.9079 on the reference to 0.6698; with 95 % certainty below the limit 0.8171."
	linked.Links = job.Links{
		Report: "https://reports.example.com/a%26b/2026-01-01.html", Dashboard: "https://grafana.example.com/d/eval?var-model=a%26b&from=1767225600000", Runbook: "https://wiki.example.com/run|books?x=<1>",
	}
	out["breach_linked"] = linked
	for name, e := range out {
		e.Model, e.Time, e.Until = "a&b <prices>", day.AddDate(0, 0, 8).Add(3*time.Hour), day.AddDate(0, 0, 10).Add(4*time.Hour)
		e.Incident = job.Incident{ID: e.Model + "/rule/rmse/1", Rule: "rmse", Since: day, Opened: day.AddDate(0, 0, 8), First: e.Kind == job.EventBreach}
		switch {
		case e.Kind == job.EventEvaluationFailing, e.Kind == job.EventEvaluationWorks:
			e.Incident = job.Incident{ID: e.Model + "/evaluation/1", Since: day, Opened: day.AddDate(0, 0, 8), First: e.Failures < 2}
		case e.Launch != nil && e.Launch.Manual:
			e.Incident = job.Incident{ID: e.Model + "/run/k", Since: day.AddDate(0, 0, 8), Opened: day.AddDate(0, 0, 8), First: true}
		}
		out[name] = e
	}
	return out
}

// addClassifiers adds the breaches of a classifier: with labels, of some kinds of predictions only,
// and estimated before these are in.
func addClassifiers(out map[string]job.Event, of *job.Outcome, decision *trigger.Decision) {
	nan := stat.Number(math.NaN())
	realised, early := *of, *of
	realised.Evaluation = evaluator.Evaluation{
		Metrics: map[string]metric.Result{
			"roc_auc": {Value: 0.6698, Low: 0.5975, High: 0.7382, N: 940}, "f1": {Value: 0, Low: 0, High: 0.011, N: 940}, "log_loss": {Value: 0.7961, Low: 0.58, High: 1.04, N: 940},
			"precision": {Value: nan, Low: nan, High: nan, N: 940, Reason: "nothing is predicted to be 1"}, "accuracy": {Value: 0.5167, Low: 0.306, High: 0.723, N: 940},
		},
		Reference: &evaluator.Reference{Rows: 5832, Metrics: map[string]metric.Result{"roc_auc": {Value: 0.9079}, "f1": {Value: 0.6564}, "log_loss": {Value: 0.4155}}},
		LabelBias: &evaluator.LabelBias{Labelled: 940, Unlabelled: 60, Biased: true, Reason: "label bias: 30 % of 80 rows predicted to be 1 have a label, and 94 % of all"},
	}
	compared := func(variable string, value, limit stat.Number, op string) []rule.Comparison {
		return []rule.Comparison{{Left: variable, Op: op, Right: "0.9 * reference", LeftValue: value, RightValue: limit, Variable: variable}}
	}
	out["breach_classifier"] = job.Event{Kind: job.EventBreach, Outcome: &realised, Decision: decision, Rules: []rule.Result{
		{Name: "roc_auc", Verdict: rule.Breached, Reason: "roc_auc 0.6698 (0.5975 to 0.7382) < 0.9 * reference 0.9079 = 0.8171 at 95 %", For: 1, Streak: 1, Acts: true, Comparisons: compared("roc_auc", 0.6698, 0.8171, "<")},
		{Name: "loss", Verdict: rule.Breached, Reason: "log_loss 0.7961 (0.58 to 1.04) > 1.3 * reference 0.4155 = 0.5402 at 95 %", For: 1, Streak: 1, Acts: true, Comparisons: compared("log_loss", 0.7961, 0.5402, ">")},
	}}
	early.Stage, early.Coverage.Matched = trigger.StageClosed, nil
	early.Evaluation = evaluator.Evaluation{
		Metrics: map[string]metric.Result{"roc_auc": {Value: nan, Low: nan, High: nan}},
		Estimated: &estimate.Estimated{Method: estimate.CBPE, Metrics: map[string]metric.Result{
			"roc_auc": {Value: 0.72, Low: 0.66, High: 0.78, N: 1000}, "f1": {Value: 0.41, Low: nan, High: nan, N: 1000}, "log_loss": {Value: 0.6, Low: 0.5, High: 0.7, N: 1000},
		}},
		Reference: realised.Reference,
	}
	out["breach_estimated"] = job.Event{Kind: job.EventBreach, Outcome: &early, Decision: decision, Rules: []rule.Result{
		{Name: "early", Verdict: rule.Breached, Reason: "estimated.roc_auc 0.72 (0.66 to 0.78) < 0.9 * reference 0.9079 = 0.8171 at 95 %", For: 1, Streak: 1, Acts: true, Comparisons: compared("estimated.roc_auc", 0.72, 0.8171, "<")},
	}}
}

func TestGolden(t *testing.T) {
	for name, e := range events() {
		t.Run(name, func(t *testing.T) {
			m := newMessage(e)
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false) // for people; JSON is the same either way
			enc.SetIndent("", "  ")
			if err := enc.Encode(m); err != nil {
				t.Fatal(err)
			}
			got := buf.Bytes()
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("differs from %s (-update writes it):\n%s", file, got)
			}
		})
	}
}

// Windows read as the clocks of the model's zone show them, in mails' subjects too.
func TestMessagesOfATimeZone(t *testing.T) {
	oslo, err := groundtruth.ParseZone("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	e := events()["resolved"]
	start := time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC) // midnight; clocks are put forward on the 29th
	outcome := *e.Outcome
	outcome.Window, outcome.TimeZone = groundtruth.Window{Start: start, End: start.Add(23 * time.Hour)}, oslo
	e.Outcome, e.TimeZone, e.Incident.Since = &outcome, oslo, start
	_, text := shown(t, e)
	for _, want := range []string{"2026-03-29 00:00 to 2026-03-30 00:00 Europe/Oslo, mature", "first on the window from 2026-03-29 00:00 Europe/Oslo."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	if got := subject(e); !strings.HasSuffix(got, "rmse breached (2026-03-29)") {
		t.Errorf("the subject is %q", got)
	}
	byHand := events()["started_by_hand"]
	byHand.TimeZone = oslo
	if got := subject(byHand); !strings.HasSuffix(got, "by hand (2026-01-09)") {
		t.Errorf("the subject of a run by hand is %q", got)
	}
}

// shown is the message as the API gets it.
func shown(t interface{ Fatal(...any) }, e job.Event) (map[string]json.RawMessage, string) {
	raw, err := json.Marshal(newMessage(e))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m, string(raw)
}

func TestEveryKindHasWords(t *testing.T) {
	for _, kind := range []job.EventKind{
		job.EventBreach, job.EventResolved, job.EventEvaluationWorks, job.EventRetrainSuggested, job.EventRetrainStarted, job.EventLaunchFailed,
		job.EventRetrainFinished, job.EventRetrainFailed, job.EventRetrainDuplicate, job.EventRevised, job.EventEvaluationFailing, "of_the_future",
	} {
		t.Run(string(kind), func(t *testing.T) {
			// An event that lacks all that may be missing is worded all the same.
			m, raw := shown(t, job.Event{Kind: kind, Model: "m"})
			if f := faults(m); len(f) > 0 {
				t.Errorf("%v in %s", f, raw)
			}
			if !strings.Contains(raw, "m: ") {
				t.Errorf("the model is not named: %s", raw)
			}
		})
	}
}

func TestLongTexts(t *testing.T) {
	e := events()["breach"]
	e.Model = strings.Repeat("m&", 500)
	e.Rules = nil
	for i := range 60 {
		e.Rules = append(e.Rules, rule.Result{Name: fmt.Sprintf("rule-%d", i), Reason: strings.Repeat("a < b && ", 1000)})
	}
	m, raw := shown(t, e)
	if f := faults(m); len(f) > 0 {
		t.Errorf("%v", f)
	}
	if !strings.Contains(raw, "rule-19") || !strings.Contains(raw, "And 40 more rules.") || !strings.Contains(raw, "*Decision:*") {
		t.Error("a long reason crowds out the rest")
	}

	o := *e.Outcome
	columns := map[string]drift.Column{}
	for i := range 500 {
		yes := true
		columns[fmt.Sprintf("column-%03d-%s", i, strings.Repeat("x", 90))] = drift.Column{Drifted: &yes}
	}
	o.Drift = &drift.Drift{Columns: columns}
	e.Outcome, e.Rules = &o, e.Rules[:1]
	if m, raw = shown(t, e); len(faults(m)) > 0 || !strings.Contains(raw, "and 496 more") {
		t.Errorf("%v", faults(m))
	}

	e = events()["evaluation_failing"]
	e.Err = errors.New(strings.Repeat("<&>", 5000))
	if m, _ = shown(t, e); len(faults(m)) > 0 {
		t.Errorf("%v", faults(m))
	}
}

// arbitrary draws texts with all that is special: markup, entities, control
// characters, invalid bytes, characters beyond 16 bits.
func arbitrary() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{"&", "<", ">", "&amp;", "<!channel>", "<@U1>", "<http://x|y>", "```", "`", "*", "|", "\x00", "\xff", "\U0001F600", "\n", "://u:p@h/", strings.Repeat("&", 1500), strings.Repeat("\U0001F600", 800)}),
	)
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "") })
}

func TestAnyTextIsAccepted(t *testing.T) {
	kinds := []job.EventKind{
		job.EventBreach, job.EventResolved, job.EventEvaluationWorks, job.EventRetrainSuggested, job.EventRetrainStarted, job.EventLaunchFailed,
		job.EventRetrainFinished, job.EventRetrainFailed, job.EventRetrainDuplicate, job.EventRevised, job.EventEvaluationFailing,
	}
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(arbitrary(), 3, 3).Draw(t, "texts")
		draw := func(name string) string { return rapid.SampledFrom(texts).Draw(t, name) }
		yes := true
		e := job.Event{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Model: "m" + draw("model"),
			Rules:     []rule.Result{{Name: draw("rule"), Reason: draw("reason"), Streak: 2}},
			Decision:  &trigger.Decision{Action: trigger.ActionRetrain, Reason: draw("decision"), Rule: draw("rule"), Key: draw("key")},
			Launch:    &trigger.Launch{Run: draw("run"), RunID: draw("id"), Reason: draw("why"), Key: draw("key")},
			State:     &trigger.RunState{RunID: draw("id"), Kept: draw("kept"), State: draw("state"), Error: draw("error")},
			RunURL:    rapid.SampledFrom([]string{"", "https://h/", "http://u:p@h/?"}).Draw(t, "base") + draw("url"),
			Revised:   []job.Revised{{Result: rule.Result{Name: draw("rule"), Reason: draw("reason")}}},
			Retracted: []trigger.Retraction{{Launch: trigger.LaunchStatus{Launch: trigger.Launch{Run: draw("run")}}, Reason: draw("why")}},
			Err:       errors.New(draw("error message")),
			Outcome:   &job.Outcome{Stage: draw("stage"), Evaluation: evaluator.Evaluation{Drift: &drift.Drift{Columns: map[string]drift.Column{draw("column"): {Drifted: &yes}}}}},
		}
		m, raw := shown(t, e)
		if f := faults(m); len(f) > 0 {
			t.Fatalf("%v\n%s", f, raw)
		}
	})
}

// TestTruncate shows that what is left is a prefix of whole characters and entities
// that is as long as it may be.
func TestTruncate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := arbitrary().Draw(t, "text")
		n := rapid.IntRange(1, 200).Draw(t, "limit")
		escaped := escape(raw)
		got := truncate(escaped, n)
		switch {
		case !utf8.ValidString(got):
			t.Fatalf("not UTF-8: %q", got)
		case length(got) > n:
			t.Fatalf("%d characters, at most %d: %q", length(got), n, got)
		case length(escaped) <= n:
			if got != escaped {
				t.Fatalf("%q was cut to %q", escaped, got)
			}
			return
		}
		kept, ok := strings.CutSuffix(got, ellipsis)
		if !ok || !strings.HasPrefix(escaped, kept) {
			t.Fatalf("%q is no cut of %q", got, escaped)
		}
		if f := markupFaults(kept); len(f) > 0 {
			t.Fatalf("%v", f)
		}
		// At most an entity less one character, or half a character, may be lost.
		if length(got) < n-4 {
			t.Fatalf("%d characters of %d: %q", length(got), n, got)
		}
	})
}

func TestTruncateTable(t *testing.T) {
	for _, tc := range []struct {
		in   string
		n    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"a&amp;b", 7, "a&amp;b"},
		{"a&amp;bc", 7, "a&amp;…"},
		{"a&amp;bc", 6, "a…"},
		{"a&lt;bcd", 6, "a&lt;…"},
		{"ééé", 2, "é…"},
		{"\U0001F600\U0001F600", 4, "\U0001F600\U0001F600"},
		{"\U0001F600\U0001F600", 3, "\U0001F600…"},
		{"\U0001F600\U0001F600", 2, "…"},
		{"ab", 1, "…"},
		{"", 1, ""},
	} {
		if got := truncate(tc.in, tc.n); got != tc.want {
			t.Errorf("truncate(%q, %d) = %q, want %q", tc.in, tc.n, got, tc.want)
		}
	}
}

func TestLink(t *testing.T) {
	for raw, want := range map[string]string{
		"https://kfp/#/runs/details/1":             "<https://kfp/#/runs/details/1|run>",
		"http://kfp:8080/?a=1&b=2":                 "<http://kfp:8080/?a=1&amp;b=2|run>",
		"https://kfp/a|b?c|d=<!channel>#e|f>":      "<https://kfp/a%7Cb?c%7Cd=%3C!channel%3E#e%7Cf%3E|run>",
		"https://me:pa55@kfp/x":                    "<https://kfp/x|run>",
		"javascript:alert(1)":                      "",
		"ftp://kfp/x":                              "",
		"https://":                                 "",
		"https://kfp:port/":                        "",
		"/runs/1":                                  "",
		"https://kfp/" + strings.Repeat("x", 3000): "",
	} {
		got, ok := mrkdwnLink(raw, "run")
		if got != want && (ok || want != "") || ok != (want != "") {
			t.Errorf("mrkdwnLink(%.60q) = %q, %v, want %q", raw, got, ok, want)
		}
	}
}

func TestNoSecretsInMessages(t *testing.T) {
	for name, e := range events() {
		if _, raw := shown(t, e); strings.Contains(raw, "pa55") {
			t.Errorf("%s shows a password: %s", name, raw)
		}
	}
}
