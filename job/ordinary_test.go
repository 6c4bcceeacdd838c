package job_test

import (
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
)

// ordinaryWorld has logs of days whose errors are of all sizes between 0.7 and 1.4 of the reference's,
// which has no times. Day 10 and days 31 on have errors 1.85 times as large.
func ordinaryWorld(t *testing.T, s settings) *world {
	t.Helper()
	w := newWorld(t, s)
	for d := 1; d <= 36; d++ {
		k := kind{noise: []float64{0.7, 1.2, 0.85, 1.4, 1}[d%5]}
		if d == 10 || d > 30 {
			k.noise = 1.85
		}
		w.logs(d, k)
	}
	return w
}

// ordinaryOf returns what the state has of ordinary windows, one object at most.
func ordinaryOf(t *testing.T, w *world) (key, text string) {
	t.Helper()
	for k, v := range w.stateObjects() {
		if strings.HasPrefix(k, job.OrdinaryDir) {
			if key != "" {
				t.Errorf("both %s and %s are there", key, k)
			}
			key, text = k, v
		}
	}
	return key, text
}

// TestSemantics8_TheModelsOwnWindowsStandInForDays judges nights of a model whose reference has
// no times. A bad day breaches a rule while it isn't known how days differ, and a note says
// so; from 28 windows on it does not.
func TestSemantics8_TheModelsOwnWindowsStandInForDays(t *testing.T) {
	w := ordinaryWorld(t, settings{rules: "[" + ruleRMSE + "]", mode: "suggest"})
	const missing = "of the model's own first 28 mature windows, which stand in for them, "
	notes := func(out []job.Outcome, n int) string { return strings.Join(of(t, out, n).Notes, "\n") }
	for d := 4; d <= 30; d++ { // days 1 to 27 become mature
		out := w.night(d)
		switch n := d - 3; {
		case n == 10:
			if got := ruleOf(of(t, out, n), "rmse"); !strings.HasPrefix(got, "breached") || !strings.Contains(notes(out, n), missing+"19 are missing") {
				t.Errorf("day 10 is %s, with the notes %q", got, notes(out, n))
			}
		case notes(out, n) != "" && !strings.Contains(notes(out, n), "windows before"):
			t.Errorf("day %d, which is not breached, has the notes %q", n, notes(out, n))
		}
		if sd := of(t, out, d-3).Reference.Metrics["rmse"].DaySD; sd != 0 {
			t.Errorf("day %d has day_sd %g before it can be known", d-3, sd)
		}
	}
	for d := 31; d <= 35; d++ { // days 28 to 32
		w.night(d)
	}
	key, kept := ordinaryOf(t, w)
	if !strings.HasPrefix(key, job.OrdinaryDir+"m/") || strings.Count(kept, `"start"`) != 28 {
		t.Fatalf("%q has %d windows, want 28", key, strings.Count(kept, `"start"`))
	}
	// What is kept is enough: no Summary is read again.
	for k := range w.stateObjects() {
		if strings.HasPrefix(k, job.SummariesDir) {
			if err := w.state.Delete(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
	}
	out := w.night(36)
	o := of(t, out, 33)
	if sd := float64(o.Reference.Metrics["rmse"].DaySD); sd < 0.15 || sd > 0.45 {
		t.Errorf("rmse varies by %g from day to day, want 0.15 to 0.45", sd)
	}
	if o.Reference.Days != 0 || o.Reference.Metrics["rmse"].Note != "" {
		t.Errorf("the reference has %d days, and its interval the note %q: the windows are none of its rows", o.Reference.Days, o.Reference.Metrics["rmse"].Note)
	}
	if r := o.Rules[0]; r.Verdict != rule.Inconclusive || !strings.Contains(r.Reason, "as ordinary days make it vary by ±") || strings.Contains(notes(out, 33), missing) {
		t.Errorf("day 33 is %s: %s, with the notes %q", r.Verdict, r.Reason, notes(out, 33))
	}
	if _, text := ordinaryOf(t, w); text != kept {
		t.Error("more windows changed what is kept of the first 28")
	}
}

// TestSemantics8_KeptSummariesTellOfOrdinaryWindows has a state whose passes kept nothing else.
func TestSemantics8_KeptSummariesTellOfOrdinaryWindows(t *testing.T) {
	w := ordinaryWorld(t, settings{rules: "[" + ruleRMSE + "]", mode: "suggest", model: "catch_up: 40"})
	w.night(4)
	w.night(34) // days 2 to 31
	key, want := ordinaryOf(t, w)
	if err := w.state.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if o := of(t, w.night(35), 32); o.Rules[0].Verdict != rule.Inconclusive {
		t.Errorf("day 32 is %s: %s", o.Rules[0].Verdict, o.Rules[0].Reason)
	}
	if err := w.state.Write(t.Context(), key, []byte("{")); err != nil {
		t.Fatal(err)
	}
	if o := of(t, w.night(36), 33); !(o.Reference.Metrics["rmse"].DaySD > 0) {
		t.Error("a damaged object is not made anew")
	}
	if _, text := ordinaryOf(t, w); text != want {
		t.Error("what was gathered anew is not what passes had kept")
	}
	if strings.Count(want, `"start"`) != 28 {
		t.Errorf("kept were %d windows", strings.Count(want, `"start"`))
	}
}

// TestSemantics8_OrdinaryWindowsAreKeptWhereRulesNeedThem has rules that compare with nothing.
func TestSemantics8_OrdinaryWindowsAreKeptWhereRulesNeedThem(t *testing.T) {
	w := ordinaryWorld(t, settings{rules: "[{name: mae, when: mae > 5, min_samples: 100, action: alert}]", mode: "suggest"})
	w.night(4)
	if key, _ := ordinaryOf(t, w); key != "" {
		t.Errorf("%s was kept", key)
	}
}
