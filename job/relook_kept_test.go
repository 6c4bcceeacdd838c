package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

const ruleStrict = "{name: rmse, when: rmse > 0.5 * reference.rmse, min_samples: 100, action: alert}"

// Windows that other rules judged are judged again from their kept Summaries, and nothing
// is read: what comes out is what reading gives.
func TestSemantics7_OtherRulesJudgeKeptSummaries(t *testing.T) {
	data := memory() + "/data"
	rules := settings{data: data, rules: "[" + ruleRMSE + ", " + ruleDrift + "]"}
	strict := settings{data: data, rules: "[" + ruleStrict + ", " + ruleDrift + "]"}
	before := newWorld(t, rules)
	before.logs(1, good, wrong, drifted, good, good, good, good)
	for n := 4; n <= 7; n++ { // days 1 to 4
		before.night(n)
	}
	after := before.another(strict)
	reads := after.count()
	out := after.night(7)
	wantLines(t, "judged", brief(out), "4 mature breached alert", "3 mature breached none", "2 mature breached none", "1 mature breached none", "6 closed healthy none")
	if len(reads.read) != 1 || reads.read[6] != 1 || reads.listings != 0 {
		t.Errorf("read are %v, with %d listings, want the newest closed day alone", reads.read, reads.listings)
	}
	for n := 1; n <= 4; n++ {
		win := day(n)
		got := after.pass(job.Options{Window: &win})[0]
		again := *of(t, out, n)
		for _, o := range []*job.Outcome{&got, &again} {
			o.Decision, o.Notes, o.Revision = trigger.Decision{}, nil, 0
			o.Coverage.Labels, o.Coverage.UnmatchedLabels, o.Coverage.HiddenLabels = nil, 0, 0 // other windows' too, which came since
			for _, check := range []string{"duplicate_labels", "conflicting_labels"} {
				delete(o.Quality.Checks, check) // likewise
			}
			for i := range o.Rules {
				o.Rules[i].Acts = false
			}
		}
		if a, b := encode(t, got), encode(t, again); a != b {
			t.Errorf("day %d: reading gives\n%s\nthe kept Summary\n%s", n, a, b)
		}
	}
	// Once is enough, though the kept Summaries stay.
	objects := after.stateObjects()
	after.pass(job.Options{})
	wantSame(t, objects, after.stateObjects())
}

// A Summary that is gone, damaged, or of another layout leaves the window as it is, and
// one note says what to do.
func TestSemantics7_WithoutAKeptSummaryAWindowStaysAsItIs(t *testing.T) {
	data := memory() + "/data"
	strict := settings{data: data, rules: "[" + ruleStrict + "]"}
	start := func(t *testing.T) *world {
		w := newWorld(t, settings{data: data, rules: "[" + ruleRMSE + "]"})
		w.logs(1, good, good, good, good, good, good)
		w.night(4)
		w.night(5)
		w.night(6)
		return w.another(strict)
	}
	const note = "3 windows, from 2026-01-01/2026-01-02 to 2026-01-03/2026-01-04, were judged by other rules and stay as they are: of the newest, "
	const advice = "; hindcast run --window 2026-01-03/2026-01-04 reads it and judges it by the rules of now"
	other := newWorld(t, settings{rules: "[" + ruleRMSE + "]"})
	other.write("reference/rows.csv", "id,x,pred,y", []string{"r-1,100,1,2", "r-2,200,1,2"})
	other.logs(1, good, good, good)
	for n := 4; n <= 6; n++ {
		other.night(n)
	}
	byWindow := map[string]string{}
	for key, text := range other.stateObjects() {
		if strings.HasPrefix(key, job.SummariesDir) {
			byWindow[key[:len(key)-16]] = text
		}
	}
	for name, tc := range map[string]struct {
		harm func(w *world, key string)
		why  string
	}{
		"written by somebody else": {func(w *world, key string) {
			if err := w.state.Write(t.Context(), key, []byte(byWindow[key[:len(key)-16]])); err != nil {
				t.Fatal(err)
			}
		}, "its Summary cannot be used: it was counted on the layout of another reference"},
		"gone": {func(w *world, key string) {
			if err := w.state.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}, "no Summary of it is kept"},
		"damaged": {func(w *world, key string) {
			if err := w.state.Write(t.Context(), key, []byte("{}\n")); err != nil {
				t.Fatal(err)
			}
		}, "its Summary cannot be used: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			n := 0
			for key := range w.stateObjects() {
				if strings.HasPrefix(key, job.SummariesDir) {
					n++
					tc.harm(w, key)
				}
			}
			if n != 3 {
				t.Fatalf("%d Summaries are kept", n)
			}
			out := w.pass(job.Options{})
			wantLines(t, "judged", brief(out), "5 closed inconclusive none")
			if got := out[0].Notes; len(got) != 1 || !strings.HasPrefix(got[0], note+tc.why) || !strings.HasSuffix(got[0], advice) {
				t.Errorf("notes: %q", got)
			}
			if !strings.Contains(w.log.String(), "judged by other rules and stay as they are") {
				t.Error("the note is not logged")
			}
		})
	}
	t.Run("another reference", func(t *testing.T) {
		w := start(t)
		w.write("reference/more.csv", "id,x,pred,y", []string{"r-1,100,1,2", "r-2,200,1,2"})
		out := w.pass(job.Options{})
		if got := out[0].Notes; len(got) != 1 || got[0] != note+"its Summary was counted on the layout of another reference"+advice {
			t.Errorf("notes: %q", got)
		}
	})
	t.Run("keep_summaries 0s", func(t *testing.T) {
		w := start(t)
		w.r.KeepSummaries = 0
		w.pass(job.Options{})
		for key := range w.stateObjects() {
			if strings.HasPrefix(key, job.SummariesDir) {
				t.Errorf("%s is kept", key)
			}
		}
	})
	t.Run("expired", func(t *testing.T) {
		w := start(t)
		w.r.KeepSummaries = 3 * day24
		w.night(6) // day 1 and day 2 ended longer ago than that, day 3 did not
		var kept []string
		for key := range w.stateObjects() {
			if strings.HasPrefix(key, job.SummariesDir) {
				kept = append(kept, key[:len(job.SummariesDir)+2+8])
			}
		}
		wantLines(t, "kept", kept, job.SummariesDir+"m/20260103")
	})
}

// A Summary that is older than the record, as where a pass was stopped between the two, is
// not what the window was judged by: it has fewer labels.
func TestSemantics7_AnOlderSummaryIsNotUsed(t *testing.T) {
	data := memory() + "/data"
	w := newWorld(t, settings{data: data, rules: "[" + ruleRMSE + "]"})
	w.logs(1, good, good, good, good)
	w.night(4)
	var key, old string
	for k, text := range w.stateObjects() {
		if strings.HasPrefix(k, job.SummariesDir) {
			key, old = k, text
		}
	}
	w.someLabels(1, "corrected", makePairs(perDay, dayStart(1), wrong, "v1"), 3*day24)
	w.now = dayStart(4).Add(20 * time.Hour)
	win := day(1)
	w.pass(job.Options{Window: &win})
	if err := w.state.Write(t.Context(), key, []byte(old)); err != nil {
		t.Fatal(err)
	}
	strict := w.another(settings{data: data, rules: "[" + ruleStrict + "]"})
	out := strict.pass(job.Options{})
	if got := out[0].Notes; len(got) != 1 || !strings.Contains(got[0], "its Summary cannot be used: it is of a reading as of 2026-01-04T03:00:00Z, and the window was judged by one as of 2026-01-04T20:00:00Z") {
		t.Errorf("notes: %q", got)
	}
	wantLines(t, "day 1", strict.revisions(1, "rmse"), "r1 healthy 240", "r2 breached 240")
}
