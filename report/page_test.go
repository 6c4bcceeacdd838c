package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

func TestStreak(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]rule.Result{
		"0 windows, acts from 2":  {For: 2},
		"1 window, acts from 1":   {Streak: 1, For: 1},
		"10 windows, acts from 1": {Streak: 10, For: 1},
	} {
		if got := Streak(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRollingSaysWhatItIsMadeOf(t *testing.T) {
	t.Parallel()
	window := func(day int) evaluator.RollingWindow {
		start := time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)
		return evaluator.RollingWindow{Window: groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}}
	}
	for want, r := range map[string]*evaluator.Rolling{
		"": nil,
		"no rolling reference: of the windows before it 3 can serve":           {Reason: "of the windows before it 3 can serve"},
		"rolling reference: 2 windows from 2026-01-03 to 2026-01-06, 480 rows": {Windows: []evaluator.RollingWindow{window(3), window(5)}, Rows: 480},
	} {
		if got := Rolling(r, groundtruth.Zone{}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	page, err := Page{Outcomes: []job.Outcome{{
		Coverage: job.Coverage{Matched: new(int64)},
		Evaluation: evaluator.Evaluation{
			Metrics:   map[string]metric.Result{"rmse": {Value: 2}},
			Reference: &evaluator.Reference{Stratum: "weekend"},
			Rolling:   &evaluator.Rolling{Windows: []evaluator.RollingWindow{window(3), window(5)}, Metrics: map[string]metric.Result{"rmse": {Value: 1.25}}},
		},
	}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">Rolling</th>", `<td class="n" data-value="1.25">1.25</td>`, "rolling reference: 2 windows", "0 rows of weekend"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestLacks(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, c := range []struct {
		column              drift.Column
		lacks, word, remark string
	}{
		{drift.Column{Reason: "ks: noise floor", NeedsRows: 690}, "needs about 690 rows", "inconclusive", "needs about 690 rows"},
		{drift.Column{Reason: "no values in the window"}, "no values in the window", "inconclusive", "no values in the window"},
		{drift.Column{NotApplicable: true, Reason: "the reference has no labels"}, "the reference has no labels", "not judged", "the reference has no labels"},
		{drift.Column{Drifted: &yes}, "", "drifted", ""},
		{drift.Column{Drifted: &no}, "", "no drift", ""},
		{drift.Column{Drifted: &no, Reason: "above the floor, but among 20 features chance brings that too"}, "above the floor, but among 20 features chance brings that too", "no drift", "above the floor, but among 20 features chance brings that too"},
		{drift.Column{Drifted: &no, Measures: map[string]drift.Measure{"js": {}}, Reason: "js: no drift beyond 0.14, which is what 1000 rows show; the threshold is 0.1"}, "js: no drift beyond 0.14", "no drift", "Jensen-Shannon distance: no drift beyond 0.14, which is what 1000 rows show; the threshold is 0.1"},
	} {
		if got := Lacks(c.column); got != c.lacks {
			t.Errorf("lacks %q, want %q", got, c.lacks)
		}
		if word, remark := driftWord(c.column), driftReason(c.column); word != c.word || remark != c.remark {
			t.Errorf("shown as %q with %q, want %q with %q", word, remark, c.word, c.remark)
		}
	}
}

func TestJudgingLeavesOutQuietShares(t *testing.T) {
	t.Parallel()
	yes, no, limit := true, false, stat.Number(0.01)
	c := drift.Column{Measures: map[string]drift.Measure{
		"ks":           {Value: 0, Threshold: &limit, Drifted: &no},
		"psi":          {Value: 0.3},
		"missing":      {Value: 0, Threshold: &limit, Drifted: &no},
		"out_of_range": {Value: 0, Threshold: &limit},
	}}
	if got := Judging(c); !slices.Equal(got, []string{"ks"}) {
		t.Errorf("%q, want ks alone", got)
	}
	c.Measures["missing"] = drift.Measure{Value: 0.001, Threshold: &limit, Drifted: &no}
	c.Measures["out_of_range"] = drift.Measure{Value: 0, Threshold: &limit, Drifted: &yes}
	if got := Judging(c); !slices.Equal(got, []string{"ks", "missing", "out_of_range"}) {
		t.Errorf("%q, want ks and both shares", got)
	}
}
