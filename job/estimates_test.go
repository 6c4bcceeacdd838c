package job_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

const ruleEstimated = "{name: auc, when: estimated.roc_auc < 0.95 * reference.roc_auc, min_samples: 100, action: alert}"

// scorePairs draws a day's predictions with a score, which is worth what it says where spoilt is
// 0: of the share spoilt of rows the label is any.
func scorePairs(n, rows int, spoilt float64) []pair {
	rng := rand.New(rand.NewPCG(uint64(n), 44))
	out := makePairs(rows, dayStart(n), good, "v1")
	for i := range out {
		p := &out[i]
		p.pred, p.y = math.Round(1000*rng.Float64())/1000, 0
		probability := p.pred
		if rng.Float64() < spoilt {
			probability = 0.5
		}
		if rng.Float64() < probability {
			p.y = 1
		}
	}
	return out
}

// newScoredWorld makes a world whose model is a classifier with scores, and has a reference of 3,000
// rows.
func newScoredWorld(t *testing.T, s settings) *world {
	t.Helper()
	s.task, s.columns = "binary", "score: pred"
	if s.rules == "" {
		s.rules = "[" + ruleEstimated + "]"
	}
	w := newWorld(t, s)
	var rows []string
	for i, p := range scorePairs(-40, 3000, 0) {
		rows = append(rows, fmt.Sprintf("ref-%d,%v,%v,%v", i, p.x, p.pred, p.y))
	}
	w.write("reference/rows.csv", "id,x,pred,y", rows)
	return w
}

// scoredLogs writes days, from day first on.
func (w *world) scoredLogs(first, last int, spoilt float64) {
	w.t.Helper()
	for n := first; n <= last; n++ {
		pairs := scorePairs(n, 600, spoilt)
		w.predictions(n, pairs)
		w.labels(n, pairs)
	}
}

// Estimates are there when a window has closed, and are scored by the newest 30 windows that have
// labels: of records, so that a pass asks the store as much of a long ledger as of a short one.
func TestEstimatesAreScoredByWhatCameTrue(t *testing.T) {
	w := newScoredWorld(t, settings{})
	store := &countingStore{Store: w.state}
	w.r.Ledger = trigger.NewLedger(store).WithIndex(store)
	w.scoredLogs(1, 44, 0)
	var errors []float64
	within := 0
	asked := map[int]int64{}
	for n := 4; n <= 44; n++ {
		store.requests.Store(0)
		out := w.night(n)
		asked[n] = store.requests.Load()
		mature, closed := of(t, out, n-1-labelDelay), of(t, out, n-1)
		e, real := mature.Estimated.Metrics["roc_auc"], mature.Metrics["roc_auc"]
		errors = append(errors, float64(e.Value-real.Value))
		if real.Value < e.Low || real.Value > e.High {
			errors[len(errors)-1] += 1000 // outside the band
		} else {
			within++
		}
		newest := errors[max(0, len(errors)-30):]
		bias, inside := 0.0, 0.0
		for _, d := range newest {
			if d < 500 {
				inside++
			}
			bias += math.Remainder(d, 1000) / float64(len(newest))
		}
		for _, o := range []*job.Outcome{mature, closed} {
			s := o.Estimated.Scored
			if s == nil || s.Metric != "roc_auc" || s.Windows != len(newest) || math.Abs(float64(s.Bias)-bias) > 1e-9 || math.Abs(float64(s.Within)-inside/float64(len(newest))) > 1e-9 {
				t.Fatalf("night %d, %s: %+v, want %d windows, bias %v, %v within", n, o.Stage, s, len(newest), bias, inside)
			}
		}
		if ruleOf(closed, "auc") == "-" || closed.Coverage.Labels != nil {
			t.Fatalf("night %d: the rule on estimates waits for labels: %+v", n, closed.NotJudged)
		}
		if slices.ContainsFunc(closed.Notes, func(s string) bool { return strings.Contains(s, "estimates") }) {
			t.Fatalf("night %d: %q", n, closed.Notes)
		}
	}
	if within < 37 {
		t.Errorf("%d of 41 windows lie within the band", within)
	}
	if asked[44] > asked[20]+8 {
		t.Errorf("requests by night: %v", asked)
	}
}

// Where scores are no longer worth what they were, estimates stay and metrics fall, and a note says
// so to who goes by estimates.
func TestEstimatesThatDoNotHoldAreNoted(t *testing.T) {
	for rules, noted := range map[string]bool{
		"[" + ruleEstimated + "]":                           true,
		"[{name: auc, when: roc_auc < 0.5, action: alert}]": false,
	} {
		w := newScoredWorld(t, settings{rules: rules})
		w.scoredLogs(1, 14, 0.6)
		var closed *job.Outcome
		for n := 4; n <= 13; n++ {
			closed = of(t, w.night(n), n-1)
			if s := closed.Estimated.Scored; s.Windows != n-3 || s.Bias < 0.1 || s.Within != 0 {
				t.Fatalf("night %d: %+v", n, s)
			}
			is := slices.ContainsFunc(closed.Notes, func(s string) bool {
				return strings.HasPrefix(s, "estimates do not hold: of the last 10 windows with labels, 0 % lay within the band of the estimated roc_auc, which is 0.1")
			})
			if want := noted && n == 13; is != want {
				t.Errorf("%s, night %d: notes %q", rules, n, closed.Notes)
			}
		}
	}
}

// A backfill records of estimates what passes did, their scores too.
func TestEstimatesOfABackfill(t *testing.T) {
	s := settings{mode: "suggest", model: "relook: 0s\nschedule: '0 3 * * *'", data: memory() + "/data"}
	w := newScoredWorld(t, s)
	w.scoredLogs(1, 12, 0)
	for n := 4; n <= 12; n++ {
		w.night(n)
	}
	s.state = ""
	other := newScoredWorld(t, s)
	other.at(30)
	other.backfill(dayStart(1), dayStart(10), job.BackfillOptions{})
	want, got := w.judgements(dayStart(3), dayStart(10)), other.judgements(dayStart(3), dayStart(10))
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is recorded by a backfill as\n%s\nby a pass as\n%s", name, got[name], text)
		}
	}
	if len(want) != len(got) || len(want) < 10 {
		t.Errorf("passes recorded %d judgements, the backfill %d", len(want), len(got))
	}
}

// Judging a window once more makes no revision because others have been scored since.
func TestScoresOfEstimatesMakeNoRevision(t *testing.T) {
	w := newScoredWorld(t, settings{})
	w.scoredLogs(1, 8, 0)
	w.at(20)
	for _, look := range []struct{ day, scored int }{{5, 1}, {4, 1}, {3, 1}, {5, 3}} {
		of := day(look.day)
		if o := w.pass(job.Options{Window: &of})[0]; o.Estimated.Scored.Windows != look.scored || o.Revision != 1 {
			t.Errorf("day %d: r%d, %+v", look.day, o.Revision, o.Estimated.Scored)
		}
	}
}

// Labels of some rows only leave rules that need them inconclusive, or are noted, or nobody looks.
func TestLabelBiasAsConfigured(t *testing.T) {
	const rules = "[{name: auc, when: roc_auc < 0.5, min_samples: 100, min_coverage: 0.3, action: alert}, {name: cover, when: coverage < 0.1, action: alert}]"
	for action, want := range map[string]struct {
		verdict rule.Verdict
		noted   bool
		found   bool
	}{
		"inconclusive": {rule.Inconclusive, false, true},
		"warn":         {rule.Healthy, true, true},
		"none":         {rule.Healthy, false, false},
	} {
		w := newScoredWorld(t, settings{rules: rules, model: "label_bias: {action: " + action + "}"})
		pairs := scorePairs(1, 600, 0)
		w.predictions(1, pairs)
		w.labels(1, slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return p.pred > 0.6 }))
		o := of(t, w.night(4), 1)
		isBias := func(s string) bool { return strings.HasPrefix(s, "label bias: the 3") }
		switch {
		case (o.LabelBias != nil) != want.found, want.found && !o.LabelBias.Biased:
			t.Errorf("%s: %+v", action, o.LabelBias)
		case o.Rules[0].Verdict != want.verdict, isBias(o.Rules[0].Reason) != (want.verdict == rule.Inconclusive):
			t.Errorf("%s: %v: %s", action, o.Rules[0].Verdict, o.Rules[0].Reason)
		case o.Rules[1].Verdict != rule.Healthy:
			t.Errorf("%s: a rule on coverage is %v: %s", action, o.Rules[1].Verdict, o.Rules[1].Reason)
		case slices.ContainsFunc(o.Notes, isBias) != want.noted:
			t.Errorf("%s: notes %q", action, o.Notes)
		case slices.ContainsFunc(o.Notes, func(s string) bool { return strings.Contains(s, "`label_bias.action: warn`") }) != (want.verdict == rule.Inconclusive),
			slices.ContainsFunc(o.Notes, func(s string) bool { return strings.Contains(s, "min_coverage") }):
			t.Errorf("%s: what would decide the rule is %q", action, o.Notes)
		}
	}
}
