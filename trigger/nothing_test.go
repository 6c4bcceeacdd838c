package trigger

import (
	"testing"

	"github.com/hindcast/hindcast/evaluator/rule"
)

// The reason names every rule that is not healthy on the window, whichever window it goes by,
// and says that all are healthy only where all are.
func TestNoRuleActsIsSaidInWords(t *testing.T) {
	result := func(name string, v rule.Verdict, needs int64) rule.Result {
		return rule.Result{Name: name, Verdict: v, Reason: "because", NeedsRows: needs}
	}
	mature := func(results ...rule.Result) Record { r := rec(1, "", healthy); r.Rules = results; return r }
	closed := func(n int, results ...rule.Result) Record {
		r := rec(n, "", healthy)
		r.Stage, r.Rules = StageClosed, results
		return r
	}
	for _, c := range []struct {
		name    string
		records []Record
		window  int
		want    string
	}{
		{"all are healthy", []Record{mature(result("drift", healthy, 0), result("rmse", healthy, 0), result("block", healthy, 0))}, 1, "every rule is healthy"},
		{"one is undecided", []Record{mature(result("drift", inconclusive, 690), result("rmse", healthy, 0), result("block", healthy, 0))}, 1,
			"drift is inconclusive (needs about 690 rows); rmse and block are healthy"},
		{"one is undecided and goes by a newer window", []Record{
			mature(result("drift", inconclusive, 0), result("rmse", healthy, 0), result("block", healthy, 0)), closed(2, result("drift", healthy, 0)),
		}, 1, "drift is inconclusive; rmse and block are healthy"},
		{"one is breached and goes by a newer window", []Record{
			mature(result("drift", breached, 0), result("rmse", healthy, 0), result("block", healthy, 0)), closed(2, result("drift", healthy, 0)),
		}, 1, "drift breached, but acts on its newest window; rmse and block are healthy"},
		{"labels are waited for", []Record{mature(result("drift", healthy, 0), result("rmse", healthy, 0), result("block", healthy, 0)), closed(2, result("drift", healthy, 0))}, 2,
			"drift is healthy; rmse and block wait for labels"},
		{"no rule was judged", []Record{mature(result("rmse", healthy, 0)), closed(2)}, 2, "drift, rmse and block wait for labels"},
		{"a rule is new", []Record{mature(result("drift", healthy, 0), result("rmse", healthy, 0))}, 1, "drift and rmse are healthy; block was not judged"},
		{"a block rule is breached", []Record{mature(result("drift", healthy, 0), result("rmse", breached, 0), result("block", breached, 0))}, 1,
			"rmse breached in 1 of 2 consecutive windows needed; block breached and holds retraining; drift is healthy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := input("h", 1)
			in.Records, in.Window = c.records, day(c.window)
			in.Rules = NewestVerdicts(days{}, c.records, []Rule{
				{Name: "drift", Action: rule.ActionAlert, For: 1}, {Name: "rmse", Action: rule.ActionAlert, For: 2}, {Name: "block", Action: rule.ActionBlock, For: 1},
			})
			d := Decide(in)
			want(t, d, ActionNone, "")
			if d.Reason != c.want {
				t.Errorf("reason %q, want %q", d.Reason, c.want)
			}
		})
	}
	none := input("h", 1)
	none.Rules = nil
	want(t, Decide(none), ActionNone, "", "there are no rules")
}
