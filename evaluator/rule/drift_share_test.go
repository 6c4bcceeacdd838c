package rule

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/drift"
)

// columnsJudged is the drift of so many features that drifted, did not, and are inconclusive.
func columnsJudged(drifted, steady, inconclusive int) *drift.Drift {
	yes, no := true, false
	var features []drift.Column
	add := func(n int, c drift.Column) {
		for range n {
			features = append(features, c)
		}
	}
	add(drifted, drift.Column{Drifted: &yes})
	add(steady, drift.Column{Drifted: &no})
	add(inconclusive, drift.Column{Reason: "too few rows"})
	d := drift.Of(features)
	for i, c := range features {
		d.Columns[fmt.Sprintf("f%d", i)] = c
	}
	return &d
}

// TestDriftShareIsNullWhereMostColumnsAreInconclusive holds that one column flagged by
// chance among many that nobody could judge is no share of drift, while rules go on by
// what the share is at least and at most.
func TestDriftShareIsNullWhereMostColumnsAreInconclusive(t *testing.T) {
	for name, c := range map[string]struct {
		drifted, steady, inconclusive int
		share, low, high              float64
		reason                        string
	}{
		"one flagged by chance":  {1, 0, 39, math.NaN(), 0.025, 1, "39 of 40 feature columns are inconclusive: the share is between 0.025 and 1"},
		"none flagged":           {0, 1, 39, math.NaN(), 0, 0.975, "39 of 40 feature columns are inconclusive: the share is between 0 and 0.975"},
		"just over half unknown": {2, 2, 5, math.NaN(), 2. / 9, 7. / 9, "5 of 9 feature columns are inconclusive: the share is between 0.2222 and 0.7778"},
		"just half unknown":      {1, 1, 2, 0.5, 0.25, 0.75, ""},
		"all unknown":            {0, 0, 3, math.NaN(), 0, 1, "all 3 feature columns are inconclusive"},
		"all judged":             {3, 1, 0, 0.75, 0.75, 0.75, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := columnsJudged(c.drifted, c.steady, c.inconclusive)
			same := float64(d.Share) == c.share || math.IsNaN(float64(d.Share)) && math.IsNaN(c.share)
			if !same || float64(d.Low) != c.low || float64(d.High) != c.high || d.Reason != c.reason {
				t.Errorf("share %g (%g to %g), reason %q; want %g (%g to %g), %q", d.Share, d.Low, d.High, d.Reason, c.share, c.low, c.high, c.reason)
			}
			data, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			if null := strings.Contains(string(data), `"share":null`); null != math.IsNaN(c.share) {
				t.Errorf("written as %s", data)
			}
		})
	}
}

func TestRulesOnANullShareGoByItsBounds(t *testing.T) {
	for _, c := range []struct {
		when    string
		verdict Verdict
		reason  string
	}{
		{"drift.share >= 0.5", Inconclusive, "drift.share 0.3 to 0.9 with 6 columns inconclusive >= 0.5 is undecided"},
		{"drift.share >= 0.3", Breached, "drift.share 0.3 to 0.9 with 6 columns inconclusive >= 0.3"},
		{"drift.share > 0.9", Healthy, "drift.share 0.3 to 0.9 with 6 columns inconclusive <= 0.9"},
		{"0.2 < drift.share", Breached, "0.2 < drift.share 0.3 to 0.9 with 6 columns inconclusive"},
		{"1 - drift.share < 0.05", Healthy, "1 - drift.share 0.3 to 0.9 with 6 columns inconclusive >= 0.05"},
		{"drift.share == 0.5", Inconclusive, "drift.share 0.3 to 0.9 with 6 columns inconclusive == 0.5 is undecided"},
		{"drift.count >= 3", Breached, "drift.count 3 (3 to 9 with 6 columns inconclusive) >= 3"},
		{"rmse > 1 + drift.share / 10", Breached, "rmse 1.9 (1.7 to 2.1) > 1 + drift.share 0.3 to 0.9 with 6 columns inconclusive / 10 at 95 %"},
		{"rmse > 1.7 + drift.share / 10", Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.7 + drift.share 0.3 to 0.9 with 6 columns inconclusive / 10 is undecided"},
		{"rmse > 1.8 + drift.share / 100", Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.8 + drift.share 0.3 to 0.9 with 6 columns inconclusive / 100 is not significant at 95 %: the difference 0.097 may be as low as -0.06749"},
	} {
		t.Run(c.when, func(t *testing.T) {
			facts := testFacts()
			facts.Evaluation.Drift = columnsJudged(3, 1, 6)
			got := judgeOne(t, defaultSpec(c.when), facts)
			if got.Verdict != c.verdict || got.Reason != c.reason {
				t.Errorf("got  %v: %s\nwant %v: %s", got.Verdict, got.Reason, c.verdict, c.reason)
			}
			for _, cmp := range got.Comparisons {
				if variable, value, _, ok := cmp.Threshold(); ok && variable == "drift.share" && !math.IsNaN(float64(value)) {
					t.Errorf("%s compares %g: an undefined share has no value", c.when, value)
				}
			}
		})
	}
}
