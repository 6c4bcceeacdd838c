package rule

import (
	"fmt"
	"testing"

	"github.com/hindcast/hindcast/evaluator/drift"
)

func TestNeedsRows(t *testing.T) {
	// Of eight columns four are inconclusive. They need 300, 700, 800 and nobody knows how many.
	partly := columnsJudged(0, 4, 4)
	for name, rows := range map[string]int64{"f4": 300, "f5": 700, "f6": 800} {
		c := partly.Columns[name]
		c.NeedsRows = rows
		partly.Columns[name] = c
	}
	withDrift := func(facts Facts, d *drift.Drift) Facts {
		ev := *facts.Evaluation
		ev.Drift = d
		facts.Evaluation = &ev
		return facts
	}
	small := withDrift(testFacts(), partly)
	small.Predictions, small.Matched = 250, 120
	low := testFacts()
	low.Matched, low.Coverage = 600, 0.6
	for _, c := range []struct {
		name  string
		when  string
		facts Facts
		want  int64
	}{
		// The standard error 0.1 has to fall to 0.1/1.64485: 940 * 2.7055 rows are 2543.2.
		{"a difference that is not significant", "rmse > 1.8", testFacts(), 2600},
		{"a lower limit", "2 >= rmse", testFacts(), 2600},
		// Half of the difference needs four times the rows.
		{"half of that difference", "rmse > 1.85", testFacts(), 11000},
		{"no difference at all", "rmse >= 1.9", testFacts(), 0},
		// The reference's own error, 0.02, does not fall: 0.02 < 1.64485 * 1.0 * 0.02.
		{"a difference within the error of the reference", "rmse - 0.48 > reference.rmse", testFacts(), 0},
		{"a metric without an interval", "mse > 3", testFacts(), 0},
		{"a metric without a value", "mape > 3", testFacts(), 0},
		{"too few labels", "rmse > 2", small, 200},
		{"too few labels, and a small difference", "rmse > 1.8", small, 330},
		{"too few labels, and no difference", "rmse >= 1.9", small, 200},
		{"coverage", "rmse > 2", low, 0},
		{"nothing missing", "rmse > 2", testFacts(), 0},
		// 0 to 4 of 8 are a share of 0 to 0.5; one column less that may drift decides.
		{"a share", "drift.share >= 0.5", small, 300},
		{"a share that takes two columns", "drift.share > 0.3", small, 700},
		{"a share that the unknown column decides", "drift.share >= 0.125", small, 0},
		{"a column", `drift.columns["f6"].drifted`, small, 800},
		{"a column of which nothing is known", `drift.columns["f7"].drifted`, small, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := judgeOne(t, defaultSpec(c.when), c.facts); got.NeedsRows != c.want {
				t.Errorf("%s: needs %d rows, want %d (%s)", c.when, got.NeedsRows, c.want, got.Reason)
			}
		})
	}
	none := testFacts()
	none.Predictions, none.Matched = 0, 0
	if got := judgeOne(t, defaultSpec("drift.share > 0.3"), none); got.NeedsRows != 0 {
		t.Errorf("an empty window needs %d rows", got.NeedsRows)
	}
}

// With the rows that a rule says it needs, and the same figures, it is decided.
func TestNeededRowsDecideARule(t *testing.T) {
	for limit := 0.05; limit < 0.2; limit += 0.01 {
		spec := defaultSpec(fmt.Sprintf("rmse > %g - %g * reference.rmse", 1.9-limit+1.4, 1.))
		set := mustCompile(t, spec)
		facts := testFacts()
		results, _ := set.Judge(facts)
		if results[0].NeedsRows == 0 {
			continue
		}
		grown := set.rules[0].withRows(&facts, float64(results[0].NeedsRows)/float64(facts.Matched))
		if with, _ := set.Judge(grown); with[0].Verdict != Breached {
			t.Errorf("a difference of %g: %d rows do not decide: %s", limit, results[0].NeedsRows, with[0].Reason)
		}
	}
}
