package job_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/job"
)

const (
	ruleRolling = "{name: rolling, when: rmse > 1.4 * rolling.rmse, min_samples: 100, action: alert}"
	ruleFixed   = "{name: fixed, when: rmse > 1.4 * reference.rmse, min_samples: 100, action: alert}"
)

// rolledDays are the first days of the windows that an outcome's rolling reference is made
// of, with their revisions.
func rolledDays(o *job.Outcome) string {
	if o.Rolling == nil {
		return "none"
	}
	var out []string
	for _, w := range o.Rolling.Windows {
		out = append(out, fmt.Sprintf("%dr%d", w.Start.YearDay(), w.Revision))
	}
	return strings.Join(out, " ")
}

// days writes "1r1 2r1 3r2 ..", the mature windows of these days, as nights record them:
// closed first, but for those before the first night, then mature.
func days(from, to int) string {
	var out []string
	for n := from; n <= to; n++ {
		out = append(out, fmt.Sprintf("%dr%d", n, 1+min(1, n/3)))
	}
	return strings.Join(out, " ")
}

// matureNights does the passes at which the days from one to another are mature, and returns the
// outcomes on these.
func (w *world) matureNights(from, to int) map[int]job.Outcome {
	w.t.Helper()
	out := map[int]job.Outcome{}
	for n := from; n <= to; n++ {
		for _, o := range w.night(n + 1 + labelDelay) {
			if o.Stage == "mature" {
				out[o.Window.Start.YearDay()] = o
			}
		}
	}
	return out
}

// A slow decline stays within each step of the rolling reference, and the fixed one beside
// it finds it.
func TestSemantics8_ARollingReferenceFollowsASlowDecline(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + ", " + ruleFixed + "]", rolling: "{windows: 10}"})
	const windows = 22
	for n := 1; n <= windows+3; n++ {
		w.logs(n, kind{noise: 1 + 0.03*float64(n)})
	}
	out := w.matureNights(1, windows)
	if got := out[8].Rules[0].Reason; got != "rolling.rmse is missing: of the windows before it 7 can serve and it needs 8: mature ones of version v1 without a breach or an open episode" {
		t.Errorf("day 8: %s", got)
	}
	if r := out[8].Rolling; r == nil || len(r.Windows) != 0 || r.Rows != 0 || !math.IsNaN(float64(r.Metrics["rmse"].Value)) {
		t.Errorf("day 8 has a rolling reference: %s", encode(t, r))
	}
	breached := 0
	for n := 9; n <= windows; n++ {
		o := out[n]
		if got := ruleOf(&o, "rolling"); got != "healthy 0" {
			t.Errorf("day %d: the rolling rule is %s", n, got)
		}
		if strings.HasPrefix(ruleOf(&o, "fixed"), "breached") {
			breached++
			if breached == 1 && o.Rolling.Metrics["rmse"].Value <= o.Reference.Metrics["rmse"].Value {
				t.Error("the rolling reference has not followed")
			}
		}
	}
	if breached == 0 {
		t.Error("the fixed reference has not found the decline")
	}
	nine, twelve := out[9], out[12]
	if got, want := rolledDays(&nine), days(1, 8); got != want {
		t.Errorf("day 9 is compared with %s, want %s", got, want)
	}
	if got, want := rolledDays(&twelve), days(2, 11); got != want {
		t.Errorf("day 12 is compared with %s, want the newest ten, %s", got, want)
	}
	if m := nine.Rolling.Metrics["rmse"]; nine.Rolling.Rows != 8*perDay || m.N != 8*perDay || !(m.Low < m.Value && m.Value < m.High) {
		t.Errorf("day 9: %s", encode(t, nine.Rolling))
	}
	// A closed window is compared with the one that the same pass has judged, too.
	closed := w.night(windows + 2 + labelDelay)
	if o := of(t, closed, windows+3); !strings.HasSuffix(rolledDays(o), fmt.Sprintf(" %dr2", w.newestHealthy(windows+1))) {
		t.Errorf("the closed window is compared with %s", rolledDays(o))
	}
	for _, r := range w.records() {
		if r.Window.Start.YearDay() == 12 && r.Stage == "mature" && !strings.Contains(string(r.Output), `"rolling":{"windows":[{"start":"2026-01-02T00:00:00Z","end":"2026-01-03T00:00:00Z","revision":1},`) {
			t.Errorf("the record does not say which windows were used: %s", r.Output)
		}
	}
}

// newestHealthy is the newest day up to n that is recorded as mature and not breached.
func (w *world) newestHealthy(n int) int {
	newest := 0
	for _, r := range w.records() {
		if day := r.Window.Start.YearDay(); r.Stage == "mature" && day <= n && r.Verdict.String() != "breached" {
			newest = max(newest, day)
		}
	}
	return newest
}

// Windows that a rule on labels found breached are left out, and so are all of an episode
// that goes on; those of one that has ended, and that are not breached, come back. Breaches
// of rules without labels don't count.
func TestSemantics8_ARollingReferenceIsWithoutBreachesAndOpenEpisodes(t *testing.T) {
	few := kind{noise: 1}
	for _, c := range []struct {
		name  string
		rules string
		kinds map[int]kind
		rows  map[int]int // 0: perDay
		on    int
		want  string
	}{
		{"an alert leaves out its day alone", "[" + strings.Replace(ruleRMSE, "retrain", "alert", 1) + "]", map[int]kind{10: wrong}, nil, 12, days(1, 9) + " 11r2"},
		{"an open episode with a day that nobody can tell", "[" + ruleRMSE + "]", map[int]kind{10: wrong, 11: few}, map[int]int{11: 50}, 12, days(1, 9)},
		{"an episode that has ended", "[" + ruleRMSE + "]", map[int]kind{10: wrong, 11: few}, map[int]int{11: 50}, 13, days(1, 9) + " 11r2 12r2"},
		{"drift is nothing of the labels", "[" + ruleDrift + "]", map[int]kind{10: drifted}, nil, 12, days(1, 11)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{rules: c.rules, rolling: "{}", mode: "suggest"})
			for n := 1; n <= c.on+2; n++ {
				k, ok := c.kinds[n]
				if !ok {
					k = good
				}
				rows := c.rows[n]
				if rows == 0 {
					rows = perDay
				}
				pairs := makePairs(rows, dayStart(n), k, "v1")
				w.predictions(n, pairs)
				w.labels(n, pairs)
			}
			out := w.matureNights(1, c.on)[c.on]
			if got := rolledDays(&out); got != c.want {
				t.Errorf("compared with %s, want %s", got, c.want)
			}
			if len(out.Notes) > 0 {
				t.Errorf("notes: %q", out.Notes)
			}
		})
	}
}

// A window belongs to the version with most of its predictions, and a new version has a
// rolling reference once eight of its windows are mature.
func TestSemantics8_ARollingReferenceIsOfOneVersion(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + "]", rolling: "{windows: 28}"})
	const last = 20
	for n := 1; n <= last+2; n++ {
		pairs := makePairs(perDay, dayStart(n), good, "v1")
		for i := range pairs {
			// On day 10 the second version has a third of the predictions, on day 11 two thirds.
			if n > 11 || n == 10 && i%3 == 0 || n == 11 && i%3 != 0 {
				pairs[i].version = "v2"
			}
		}
		w.predictions(n, pairs)
		w.labels(n, pairs)
	}
	out := w.matureNights(1, last)
	for n, want := range map[int]string{10: days(1, 9), 11: "", 18: "", 19: days(11, 18), 20: days(11, 19)} {
		o := out[n]
		if got := rolledDays(&o); got != want {
			t.Errorf("day %d is compared with %q, want %q", n, got, want)
		}
	}
	eighteen := out[18]
	if got := eighteen.Rules[0].Reason; !strings.Contains(got, "of the windows before it 7 can serve and it needs 8: mature ones of version v2") {
		t.Errorf("day 18: %s", got)
	}
	for _, r := range w.records() {
		want := map[int]string{10: "v1", 11: "v2"}[r.Window.Start.YearDay()]
		if r.Mostly != want {
			t.Errorf("day %d is recorded as mostly of %q, want %q", r.Window.Start.YearDay(), r.Mostly, want)
		}
	}
}

// With a kind, a window is compared with those of its kind.
func TestSemantics8_ARollingReferenceOfOneKindOfDay(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + "]", rolling: "{windows: 9, same: weekend}"})
	const last = 31 // a Saturday
	for n := 1; n <= last+2; n++ {
		w.logs(n, good)
	}
	out := w.matureNights(1, last)
	saturday, friday := out[31], out[30]
	if got, want := rolledDays(&saturday), "3r2 4r2 10r2 11r2 17r2 18r2 24r2 25r2"; got != want {
		t.Errorf("a Saturday is compared with %s, want %s", got, want)
	}
	if got, want := rolledDays(&friday), "19r2 20r2 21r2 22r2 23r2 26r2 27r2 28r2 29r2"; got != want {
		t.Errorf("a Friday is compared with %s, want %s", got, want)
	}
}

// A later revision of a window that was used judges nothing again; a window that is judged
// again is compared with those before it as they are now, and with none after it.
func TestSemantics8_ARollingReferenceKnowsRevisions(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + "]", rolling: "{windows: 28}"})
	for n := 1; n <= 14; n++ {
		w.logs(n, good)
	}
	w.matureNights(1, 11)
	w.someLabels(5, "corrected", makePairs(perDay, dayStart(5), kind{noise: 1.2}, "v1"), 3*day24)
	five := day(5)
	if o := w.pass(job.Options{Window: &five})[0]; o.Revision != 3 || rolledDays(&o) != "" {
		t.Fatalf("day 5 is judged again as r%d, compared with %q", o.Revision, rolledDays(&o))
	}
	reads := w.count()
	before := w.revisions(11, "rolling")
	w.pass(job.Options{})
	wantLines(t, "day 11", w.revisions(11, "rolling"), before...)
	ten := day(10)
	again := w.pass(job.Options{Window: &ten})[0]
	if got, want := rolledDays(&again), "1r1 2r1 3r2 4r2 5r3 "+days(6, 9); got != want {
		t.Errorf("day 10 is compared with %s, want %s", got, want)
	}
	if slices.Contains(slices.Collect(maps.Keys(reads.read)), 9) {
		t.Errorf("rows were read of windows that were used: %v", reads.read)
	}
}

// Summaries are read once each, at most as many as there are to be windows, and what cannot
// be read is left out and said.
func TestSemantics8_ARollingReferenceIsBounded(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + "]", rolling: "{windows: 9}"})
	for n := 1; n <= 18; n++ {
		w.logs(n, good)
	}
	w.matureNights(1, 13)
	out := w.night(14 + 1 + labelDelay)
	if got, want := rolledDays(of(t, out, 14)), days(5, 13); got != want {
		t.Errorf("compared with %s, want %s", got, want)
	}
	for key := range w.stateObjects() {
		switch {
		case strings.HasPrefix(key, job.SummariesDir+"m/20260112"):
			if err := w.state.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		case strings.HasPrefix(key, job.SummariesDir+"m/20260110"):
			if err := w.state.Write(t.Context(), key, []byte("{}\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	fifteen := of(t, w.night(15+1+labelDelay), 15)
	if got, want := rolledDays(fifteen), ""; got != want {
		t.Errorf("compared with %q, want %q", got, want)
	}
	if want := "the rolling reference lacks 2 windows: of the newest, 2026-01-12/2026-01-13, no Summary of it is kept"; !slices.Contains(fifteen.Notes, want) {
		t.Errorf("notes: %q", fifteen.Notes)
	}
}

// A prune leaves what rolling references are made of.
func TestSemantics8_ARollingReferenceOutlivesAPrune(t *testing.T) {
	s := settings{rules: "[" + ruleRolling + "]", rolling: "{windows: 20}", model: "catch_up: 2\nrelook: 0s", data: memory() + "/data"}
	w := newWorld(t, s)
	for n := 1; n <= 26; n++ {
		w.logs(n, good)
	}
	w.matureNights(1, 22)
	whole := w.copied(s)
	if _, err := w.r.Prune(t.Context(), w.model, 6*day24, false); err != nil {
		t.Fatal(err)
	}
	pruned, kept := w.night(23+1+labelDelay), whole.night(23+1+labelDelay)
	if a, b := encode(t, pruned), encode(t, kept); a != b || rolledDays(of(t, pruned, 23)) != days(3, 22) {
		t.Errorf("after a prune\n%s\nwithout\n%s", a, b)
	}
}

// A backfill of windows whose Summaries passes of now would not keep any more compares them as
// passes of then would have, also where it records nothing; the next passes remove them.
func TestSemantics8_ARollingReferenceOfABackfill(t *testing.T) {
	s := settings{rules: "[" + ruleRolling + "]", rolling: "{windows: 10}", mode: "suggest", data: memory() + "/data"}
	w := newWorld(t, s)
	w.r.KeepSummaries = 15 * day24
	for n := 1; n <= 26; n++ {
		w.logs(n, good)
	}
	w.at(60)
	from, to := dayStart(1), dayStart(26)
	show := func(outcomes []job.Outcome) string {
		lines := ""
		for _, o := range outcomes {
			lines += o.Window.String() + " " + o.Stage
			for _, of := range o.Rolling.Windows {
				lines += " " + of.String()
			}
			lines += "\n"
		}
		return lines
	}
	dry := show(w.backfill(from, to, job.BackfillOptions{DryRun: true}))
	outcomes := w.backfill(from, to, job.BackfillOptions{})
	if got := show(outcomes); got != dry {
		t.Errorf("a dry run shows\n%s\nwhat was recorded is\n%s", dry, got)
	}
	last := outcomes[len(outcomes)-1]
	if last.Stage != "mature" || len(last.Rolling.Windows) != 10 || !last.Rolling.Windows[9].Equal(day(24)) || len(last.Notes) > 0 {
		t.Errorf("day 25 is compared with %v, noted is %q", last.Rolling.Windows, last.Notes)
	}
	outcomes = w.backfill(from, dayStart(27), job.BackfillOptions{}) // goes on from what the first recorded
	last = outcomes[len(outcomes)-1]
	if len(last.Rolling.Windows) != 10 || !last.Rolling.Windows[9].Equal(day(25)) || len(last.Notes) > 0 {
		t.Errorf("day 26 is compared with %v, noted is %q", last.Rolling.Windows, last.Notes)
	}
	summaries := func() (n int) {
		for key := range w.stateObjects() {
			if strings.HasPrefix(key, job.SummariesDir) {
				n++
			}
		}
		return n
	}
	if before := summaries(); before < 25 {
		t.Errorf("%d Summaries are kept", before)
	}
	if w.night(61); summaries() > 2 {
		t.Errorf("%d Summaries are left after a pass", summaries())
	}
}

// A window off the grid has none, and says so.
func TestSemantics8_NoRollingReferenceOffTheGrid(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + "]", rolling: "{}"})
	for n := 1; n <= 12; n++ {
		w.logs(n, good)
	}
	w.matureNights(1, 9)
	window := day(9)
	window.Start = window.Start.Add(-day24)
	o := w.pass(job.Options{Window: &window})[0]
	if got := o.Rules[0].Reason; got != "rolling.rmse is missing: the window is off the grid" {
		t.Error(got)
	}
}

// Windows that would serve but for their age are said to be too old: they have no breach.
func TestSemantics8_ARollingReferenceSaysWhatIsTooOld(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + "]", rolling: "{}"})
	for n := 1; n <= 14; n++ {
		w.logs(n, good)
	}
	w.matureNights(1, 11)
	w.at(200)
	window := day(12)
	o := w.pass(job.Options{Window: &window, DryRun: true})[0]
	if want := "rolling.rmse is missing: of the windows before it 0 can serve and it needs 8: mature ones of version v1 without a breach or an open episode; others are older than state.keep_summaries"; o.Rules[0].Reason != want {
		t.Error(o.Rules[0].Reason)
	}
}
