package report

import (
	"testing"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/rule"
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

func TestLacks(t *testing.T) {
	t.Parallel()
	yes := true
	for _, c := range []struct {
		column       drift.Column
		lacks, shown string
	}{
		{drift.Column{Reason: "ks: noise floor", NeedsRows: 690}, "needs about 690 rows", "inconclusive: needs about 690 rows"},
		{drift.Column{Reason: "no values in the window"}, "no values in the window", "inconclusive"},
		{drift.Column{Drifted: &yes}, "", "drifted"},
	} {
		if got := Lacks(c.column); got != c.lacks {
			t.Errorf("lacks %q, want %q", got, c.lacks)
		}
		if got := drifted(c.column); got != c.shown {
			t.Errorf("shown as %q, want %q", got, c.shown)
		}
	}
}
