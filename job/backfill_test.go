package job_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// backfill judges the windows of [from, to) and returns them in the order of time.
func (w *world) backfill(from, to time.Time, opt job.BackfillOptions) []job.Outcome {
	w.t.Helper()
	plan, err := w.r.PlanBackfill(w.model, from, to)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []job.Outcome
	opt.Night = func(_ time.Time, outcomes []job.Outcome) error {
		out = append(out, outcomes...)
		return nil
	}
	if err := w.r.Backfill(w.t.Context(), plan, opt); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// twin is a world with the same configuration and logs, and a state of its own.
func (w *world) twin(s settings, data string) *world {
	w.t.Helper()
	s.data = data
	twin := newWorld(w.t, s)
	twin.model.GroundTruth.Delay = w.model.GroundTruth.Delay
	return twin
}

// judgements returns the recorded evaluations of the windows that lie in [from, to), by
// the window and the stage, without what a backfill does not share with passes.
func (w *world) judgements(from, to time.Time) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for key, text := range w.stateObjects() {
		if !strings.HasPrefix(key, "evaluations/") {
			continue
		}
		var record map[string]any
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			w.t.Fatal(err)
		}
		var at struct {
			Window groundtruth.Window
			Stage  string
		}
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			w.t.Fatal(err)
		}
		if at.Window.Start.Before(from) || at.Window.End.After(to) {
			continue
		}
		delete(record, "recorded_at")
		delete(record, "revision")
		if output, ok := record["output"].(map[string]any); ok {
			delete(output, "revision")
		}
		name := at.Window.String() + " " + at.Stage
		if out[name] != "" {
			w.t.Errorf("%s is recorded twice", name)
		}
		out[name] = encode(w.t, record)
	}
	return out
}

// ragged writes windows of a log that has everything a streak or an episode goes by: spells
// of wrong and of drifted windows, windows without predictions, without labels, and with
// labels that are corrected late. Labels come in within a time. Of many windows the first 30
// have no spells: 28 stand in for the days of a reference without times, and what they vary
// by is taken for ordinary.
func (w *world) ragged(first time.Time, size time.Duration, windows, rows int, within time.Duration) {
	w.t.Helper()
	rng := rand.New(rand.NewPCG(3, uint64(within)))
	predictions, labels := map[string][]string{}, map[string][]string{}
	k, calm := good, 2
	if windows > 60 {
		calm = 30
	}
	for i := range windows {
		start := first.Add(time.Duration(i) * size)
		if rng.IntN(3) == 0 && i > calm {
			k = []kind{good, good, wrong, wrong, drifted}[rng.IntN(5)]
		}
		unlabelled := rng.IntN(12) == 0
		if rng.IntN(12) == 0 && i > 2 {
			continue
		}
		version := "v1"
		if i > windows/2 {
			version = "v2"
		}
		for n, p := range makePairs(rows, start, k, version) {
			p.id = fmt.Sprintf("%d-%d", i, n)
			p.at = start.Add(time.Duration(n) * size / time.Duration(rows))
			day := p.at.Format(time.DateOnly)
			predictions[day] = append(predictions[day], p.prediction())
			if unlabelled {
				continue
			}
			after := time.Duration(rng.Int64N(int64(within)))
			add := func(after time.Duration) {
				day := p.at.Add(after).Format(time.DateOnly)
				labels[day] = append(labels[day], p.label(after))
			}
			add(after)
			if n%10 == 0 {
				p.y = p.pred // a correction that comes when the window may be judged already
				add(after + within*2)
			}
		}
	}
	for day, rows := range predictions {
		w.write("predictions/dt="+day+"/part.csv", predictionHeader, rows)
	}
	for day, rows := range labels {
		w.write("labels/dt="+day+"/part.csv", labelHeader, rows)
	}
}

const raggedRules = "[" +
	"{name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 40, for: 2, action: retrain}, " +
	"{name: shape, when: drift.share >= 0.5, min_samples: 40, for: 2, action: retrain}, " +
	"{name: drift, when: drift.share >= 0.5, min_samples: 40, action: alert}, " +
	"{name: empty, when: predictions < 1, action: block}]"

// A backfill stands for passes made then: what it records is what they would have, to the
// byte, but for when that was and the number of the revision.
func TestSemantics7_BackfillEqualsPasses(t *testing.T) {
	const day24 = 24 * time.Hour
	for _, c := range []struct {
		name, schedule, model string
		rolling               string
		size, delay, within   time.Duration
		behind                time.Duration // how much later than in UTC days begin
		windows, rows         int
	}{
		{name: "nightly, no delay", schedule: "0 3 * * *", size: day24, windows: 90, rows: 60, within: time.Hour},
		{name: "nightly, 7d", schedule: "0 3 * * *", size: day24, delay: 7 * day24, windows: 90, rows: 60, within: 6 * day24},
		{name: "nightly, 30d", schedule: "30 2 * * *", size: day24, delay: 30 * day24, windows: 90, rows: 60, within: 29 * day24},
		{name: "hourly windows, four times a day", schedule: "0 */6 * * *", model: "window: 1h\ncatch_up: 100", size: time.Hour, delay: 26 * time.Hour, windows: 24 * 5, rows: 45, within: 20 * time.Hour},
		{name: "hourly windows, no delay, daily", schedule: "0 3 * * *", model: "window: 1h\ncatch_up: 100", size: time.Hour, windows: 24 * 4, rows: 45, within: time.Minute},
		{name: "weekly, in another zone", schedule: "0 3 * * 1", model: "catch_up: 100\ntime_zone: Europe/Oslo", size: day24, delay: 3 * day24, windows: 60, rows: 60, within: 2 * day24},
		{name: "days of another zone", schedule: "0 3 * * *", model: "window_time_zone: Europe/Oslo", behind: -time.Hour, size: day24, delay: 2 * day24, windows: 30, rows: 60, within: day24},
		{name: "a rolling reference", schedule: "0 3 * * *", rolling: "{windows: 10}", size: day24, delay: 2 * day24, windows: 60, rows: 60, within: day24},
		{name: "a rolling reference of hours", schedule: "0 */6 * * *", model: "window: 1h\ncatch_up: 100", rolling: "{windows: 12}", size: time.Hour, delay: 26 * time.Hour, windows: 24 * 4, rows: 45, within: 20 * time.Hour},
		{name: "maturity between two nights", schedule: "0 3,15 * * *", size: day24, delay: 36 * time.Hour, windows: 40, rows: 60, within: day24},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.windows > 30 {
				long(t)
			}
			s := settings{rules: raggedRules, mode: "suggest", rolling: c.rolling, model: "relook: 0s\nschedule: '" + c.schedule + "'\n" + c.model, data: memory() + "/data"}
			if c.rolling != "" {
				s.rules = strings.Replace(s.rules, "[", "[{name: rolling, when: rmse > 1.2 * rolling.rmse, min_samples: 40, action: alert}, {name: slow, when: rolling.rmse > reference.rmse, min_samples: 1, action: alert}, ", 1)
			}
			passes := newWorld(t, s)
			passes.model.GroundTruth.Delay = c.delay
			from := dayStart(1).Add(c.behind)
			to := from.Add(time.Duration(c.windows) * c.size)
			passes.ragged(from, c.size, c.windows, c.rows, c.within)
			cron := passes.model.Cron()
			// The passes begin earlier, for the first one on a grid judges the newest window alone.
			for at := cron.AtOrAfter(from.AddDate(0, 0, -8)).UTC(); !at.After(to.Add(day24)); at = cron.Next(at).UTC() {
				passes.now = at
				passes.pass(job.Options{})
			}
			filled := passes.twin(s, s.data)
			filled.now = passes.now.Add(17 * time.Minute)
			outcomes := filled.backfill(from, to, job.BackfillOptions{})

			want, got := passes.judgements(from, to), filled.judgements(from, to)
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if got[name] == "" {
					t.Errorf("%s is not recorded", name)
				} else if got[name] != want[name] {
					t.Errorf("%s differs:\n%s", name, firstDifference(got[name], want[name]))
				}
			}
			for _, name := range slices.Sorted(maps.Keys(got)) {
				if want[name] == "" {
					t.Errorf("%s is recorded by the backfill alone", name)
				}
			}
			if len(outcomes) != len(want) {
				t.Errorf("%d judgements are shown, %d are recorded", len(outcomes), len(want))
			}
			if !slices.IsSortedFunc(outcomes, func(a, b job.Outcome) int { return a.AsOf.Compare(b.AsOf) }) {
				t.Error("the judgements are not in the order of time")
			}
			suggested, streaks := 0, 0
			for _, o := range outcomes {
				if o.Decision.Guard == trigger.GuardMode {
					suggested++
				}
				for _, r := range o.Rules {
					if r.Verdict == rule.Breached && r.Streak > 1 {
						streaks++
					}
				}
			}
			if len(want) < c.windows/2 || suggested == 0 || streaks == 0 {
				t.Errorf("nothing is shown: %d records, %d suggestions, %d streaks", len(want), suggested, streaks)
			}

			// Only evaluations, their marks, Summaries, the profile and copies are written.
			for key := range filled.stateObjects() {
				if dir, _, _ := strings.Cut(key, "/"); !slices.Contains([]string{"evaluations", "mature", "profiles", "index", "summaries"}, dir) {
					t.Errorf("%s was written", key)
				}
			}
			if events := filled.told.take(); len(events)+len(filled.pub.snapshots)+len(filled.kfp.requests) > 0 {
				t.Errorf("told %q, pushed %d times, started %d runs", events, len(filled.pub.snapshots), len(filled.kfp.requests))
			}
		})
	}
}

// all is a backfill of the days of January from 1 to 11, of which the logs of a world are.
func (w *world) all(opt job.BackfillOptions) []job.Outcome {
	w.t.Helper()
	return w.backfill(dayStart(1), dayStart(11), opt)
}

// backfillWorld has ten days of logs, of which some are breached, at 03:00 of day 14.
func backfillWorld(t *testing.T, s settings) *world {
	t.Helper()
	s.model = "schedule: '0 3 * * *'"
	w := newWorld(t, s)
	w.logs(1, good, good, wrong, wrong, drifted, good, good, wrong, wrong, good)
	w.at(14)
	return w
}

// unrevised is outcomes as a dry run would show them.
func unrevised(t *testing.T, outcomes []job.Outcome) string {
	t.Helper()
	out := slices.Clone(outcomes)
	for i := range out {
		out[i].Revision, out[i].Decision.DryRun = 0, false
	}
	return encode(t, out)
}

func TestSemantics7_BackfillThatIsKilledGoesOn(t *testing.T) {
	long(t)
	s := settings{rules: raggedRules, mode: "suggest", model: "schedule: '0 3 * * *'", data: memory() + "/data"}
	whole := backfillWorld(t, s)
	want := whole.all(job.BackfillOptions{})
	for n := 1; ; n += 3 {
		w := whole.twin(s, s.data)
		w.now = whole.now
		store := &failingStore{Store: w.state, n: n}
		w.r.Ledger = trigger.NewLedger(store)
		plan, err := w.r.PlanBackfill(w.model, dayStart(1), dayStart(11))
		if err != nil {
			t.Fatal(err)
		}
		err = w.r.Backfill(t.Context(), plan, job.BackfillOptions{})
		if err == nil {
			if n < 20 {
				t.Errorf("only %d writes could fail", n)
			}
			break
		}
		store.n = 0 // from here on none fails
		if got := w.all(job.BackfillOptions{}); encode(t, got) != encode(t, want) {
			t.Fatalf("after write %d failed: %s", n, firstDifference(encode(t, got), encode(t, want)))
		}
		if got, want := w.judgements(dayStart(1), dayStart(11)), whole.judgements(dayStart(1), dayStart(11)); !maps.Equal(got, want) {
			t.Fatalf("after write %d failed, something else is recorded", n)
		}
	}
	before := whole.history()
	if again := whole.all(job.BackfillOptions{}); encode(t, again) != encode(t, want) {
		t.Errorf("a second backfill shows something else: %s", firstDifference(encode(t, again), encode(t, want)))
	}
	wantLines(t, "history", whole.history(), before...)
}

func TestSemantics7_BackfillDryRunShowsTheSameAndWritesNothing(t *testing.T) {
	s := settings{rules: raggedRules, mode: "suggest"}
	w := backfillWorld(t, s)
	w.pass(job.Options{Window: ptr(day(2))}) // a window that is recorded already, from later
	before := w.stateObjects()
	dry := w.all(job.BackfillOptions{DryRun: true, Push: true})
	wantSame(t, before, w.stateObjects())
	if len(w.pub.snapshots) > 0 {
		t.Errorf("pushed %d times", len(w.pub.snapshots))
	}
	wet := w.all(job.BackfillOptions{})
	if got, want := unrevised(t, dry), unrevised(t, wet); got != want {
		t.Error(firstDifference(got, want))
	}
	if ruleOf(of(t, slices.DeleteFunc(dry, func(o job.Outcome) bool { return o.Stage == trigger.StageClosed }), 4), "rmse") != "breached 2 acts" {
		t.Errorf("no streak in a dry run: %q", brief(dry))
	}
}

// What passes recorded stays the newest, and what they recorded or started later is not
// seen at earlier moments.
func TestSemantics7_BackfillBesidePasses(t *testing.T) {
	w := backfillWorld(t, settings{rules: "[" + ruleRMSE2 + ", " + ruleDrift + "]"})
	w.at(6)
	for d := 6; d <= 8; d++ { // passes judge days 3, 4 and 5, and start a run for day 4
		w.night(d)
	}
	w.told.take()
	w.at(14)
	if n := len(w.kfp.requests); n != 1 {
		t.Fatalf("%d runs were started", n)
	}
	before := w.stateObjects()
	out := w.all(job.BackfillOptions{})
	for key, text := range before {
		if after := w.stateObjects()[key]; after != text && !strings.HasPrefix(key, "index/") {
			t.Errorf("%s was changed", key)
		}
	}
	wantLines(t, "history", w.history(),
		"1 r1 closed healthy none", "1 r2 mature healthy none", "2 r1 closed healthy none", "2 r2 mature healthy none",
		"3 r1 mature breached none", "4 r1 mature breached retrain", "5 r1 closed breached alert", "5 r2 mature breached none",
		"6 r1 closed healthy none", "6 r2 mature healthy none", "7 r1 closed healthy none", "7 r2 mature healthy none",
		"8 r1 closed healthy none", "8 r2 mature breached none", "9 r1 closed healthy none", "9 r2 mature breached suppressed", "10 r1 closed healthy none", "10 r2 mature healthy none")
	for _, o := range out {
		if o.Window.Equal(day(3)) && o.Stage == trigger.StageClosed && o.Revision != 0 {
			t.Errorf("day 3 was recorded as mature, and its earlier stage has revision %d", o.Revision)
		}
	}
	if events := w.told.take(); len(events) > 0 || len(w.kfp.requests) != 1 {
		t.Errorf("told %q, %d runs", events, len(w.kfp.requests))
	}
}

// A window that was judged again is shown, and counts in streaks, by its newest revision.
func TestSemantics7_BackfillShowsTheNewestRevision(t *testing.T) {
	data := memory() + "/data"
	s := settings{rules: "[" + ruleRMSE + "]", mode: "suggest", model: "relook: 0s\nschedule: '0 3 * * *'", data: data}
	broken := newWorld(t, s)
	broken.logs(1, good, good, wrong, wrong, wrong)
	pattern := broken.model.Predictions.URL
	broken.model.Predictions.URL = strings.Replace(pattern, "dt={date}", "day={date}", 1)
	for n := 4; n <= 6; n++ { // days 1 to 3 as mature
		broken.night(n)
	}
	w := broken.another(s)
	w.now = dayStart(7).Add(5 * time.Hour)
	for n := 2; n <= 3; n++ {
		w.pass(job.Options{Window: ptr(day(n))})
	}
	var shown []string
	for _, o := range w.all(job.BackfillOptions{}) {
		if o.Stage == trigger.StageMature {
			shown = append(shown, fmt.Sprintf("%d r%d %s %d %t", o.Window.Start.Day(), o.Revision, ruleOf(&o, "rmse"), o.Coverage.Predictions, o.Recorded))
		}
	}
	wantLines(t, "shown", shown,
		"1 r1 inconclusive 0 0 true", "2 r2 healthy 0 240 true", "3 r3 breached 1 acts 240 true", "4 r2 breached 2 acts 240 false")
}

// A backfill sets no beginning: the first pass after it takes the newest mature window, and
// tells of what is breached now alone.
func TestSemantics7_BackfillThenPasses(t *testing.T) {
	s := settings{rules: "[" + ruleRMSE + ", " + ruleDrift + "]", mode: "suggest"}
	w := backfillWorld(t, s)
	w.logs(11, wrong, wrong, good, good, good)
	w.all(job.BackfillOptions{})
	history := w.history()
	wantLines(t, "first pass", brief(w.pass(job.Options{})), "11 mature breached suppressed mode", "13 closed healthy none")
	wantLines(t, "told", w.told.take(), "breach rmse 11", "retrain_suggested 11")
	wantLines(t, "history", w.history(), append(history, "11 r1 mature breached suppressed", "13 r1 closed healthy none")...)
	wantLines(t, "next pass", brief(w.night(15)), "12 mature breached suppressed mode", "14 closed healthy none")
}

func TestSemantics7_BackfillPushesTheNewestWindowOnly(t *testing.T) {
	w := backfillWorld(t, settings{mode: "suggest"})
	w.all(job.BackfillOptions{Push: true})
	if len(w.pub.snapshots) != 1 {
		t.Fatalf("pushed %d times", len(w.pub.snapshots))
	}
	s := w.pub.snapshots[0]
	if !s.Performance.Window.Equal(day(10)) || !s.Drift.Window.Equal(day(10)) || s.Status.Err != nil {
		t.Errorf("pushed: %v, %v", s.Performance.Window, s.Drift.Window)
	}
	if events := w.told.take(); len(events) > 0 {
		t.Errorf("told %q", events)
	}
}

func TestSemantics7_BackfillSaysWhereLaterLabelsAreSeen(t *testing.T) {
	said := func(outcomes []job.Outcome) (n int) {
		for _, o := range outcomes {
			for _, note := range o.Notes {
				if strings.Contains(note, "labels have no ingest time") {
					n++
				}
			}
		}
		return n
	}
	w := backfillWorld(t, settings{mode: "suggest"})
	if n := said(w.all(job.BackfillOptions{DryRun: true})); n != 0 {
		t.Errorf("said %d times of labels with ingest times", n)
	}
	w.model.GroundTruth.URL = strings.Replace(w.model.GroundTruth.URL, "dt={date}", "*", 1)
	w.model.GroundTruth.Columns.IngestedAt = ""
	if n := said(w.all(job.BackfillOptions{})); n != 1 {
		t.Errorf("said %d times of labels without", n)
	}
	for key, text := range w.stateObjects() {
		if strings.Contains(text, "labels have no ingest time") {
			t.Errorf("%s has it", key)
		}
	}
}

func TestPlanBackfill(t *testing.T) {
	for _, c := range []struct {
		name, model string
		delay       time.Duration
		from, to    time.Time
		want        string // of the error
		lines       []string
	}{
		{name: "no schedule", delay: 36 * time.Hour, from: dayStart(1), to: dayStart(3), lines: []string{
			"2026-01-02T00:00:00Z 1 closed", "2026-01-03T00:00:00Z 2 closed", "2026-01-03T12:00:00Z 1 mature", "2026-01-04T12:00:00Z 2 mature"}},
		{name: "no delay", from: dayStart(1), to: dayStart(3), lines: []string{"2026-01-02T00:00:00Z 1 mature", "2026-01-03T00:00:00Z 2 mature"}},
		{name: "an interval has no slots of the past", model: "schedule: '@every 6h'", from: dayStart(1), to: dayStart(2), lines: []string{"2026-01-02T00:00:00Z 1 mature"}},
		{name: "a slot at the moment itself", model: "schedule: '0 0 * * *'", from: dayStart(1), to: dayStart(2), lines: []string{"2026-01-02T00:00:00Z 1 mature"}},
		{name: "weekly: the newest closed alone", model: "schedule: '0 3 * * 1'", delay: 24 * time.Hour, from: dayStart(1), to: dayStart(5), lines: []string{
			"2026-01-05T03:00:00Z 1 mature", "2026-01-05T03:00:00Z 2 mature", "2026-01-05T03:00:00Z 3 mature", "2026-01-05T03:00:00Z 4 closed", "2026-01-12T03:00:00Z 4 mature"}},
		{name: "moments after now are left out", model: "schedule: '0 3 * * *'", delay: 48 * time.Hour, from: dayStart(18), to: dayStart(30), lines: []string{
			"2026-01-19T03:00:00Z 18 closed"}},
		{name: "windows that are not whole", from: dayStart(1).Add(time.Hour), to: dayStart(3).Add(23 * time.Hour), lines: []string{"2026-01-03T00:00:00Z 2 mature"}},
		{name: "none", from: dayStart(1).Add(time.Hour), to: dayStart(2).Add(23 * time.Hour), want: "m has no window of 1d from 2026-01-01T01:00:00Z to 2026-01-02T23:00:00Z that is due by now"},
		{name: "absurd", model: "window: 1m", from: dayStart(1).AddDate(-1, 0, 0), to: dayStart(2), want: "m has about 527040 windows of 1m from 2025-01-01T00:00:00Z to 2026-01-02T00:00:00Z, and a backfill takes 100000 at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, settings{model: c.model})
			w.model.GroundTruth.Delay = c.delay
			w.now = dayStart(19).Add(4 * time.Hour)
			plan, err := w.r.PlanBackfill(w.model, c.from, c.to)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantLines(t, "plan", job.PlanLines(plan), c.lines...)
		})
	}
}

func ptr[T any](v T) *T { return &v }

// What a pass records while a backfill goes on stays the newest, as what was there before
// does, and counts in the streaks that the backfill goes on with.
func TestSemantics7_BackfillBesideAPassThatGoesOn(t *testing.T) {
	w := backfillWorld(t, settings{rules: "[" + ruleRMSE2 + ", " + ruleDrift + "]"})
	plan, err := w.r.PlanBackfill(w.model, dayStart(1), dayStart(11))
	if err != nil {
		t.Fatal(err)
	}
	judged := false
	var shown []job.Outcome
	err = w.r.Backfill(t.Context(), plan, job.BackfillOptions{Night: func(_ time.Time, outcomes []job.Outcome) error {
		shown = append(shown, outcomes...)
		if !judged {
			judged = true
			w.pass(job.Options{Window: ptr(day(3))})
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(w.history(), func(line string) bool { return !strings.HasPrefix(line, "3 ") })
	wantLines(t, "day 3", got, "3 r1 mature breached none")
	for _, o := range shown {
		if o.Window.Equal(day(3)) && o.Revision != 0 {
			t.Errorf("day 3 is shown as revision %d", o.Revision)
		}
		if o.Window.Equal(day(4)) && o.Stage == trigger.StageMature && ruleOf(&o, "rmse") != "breached 2 acts" {
			t.Errorf("day 4: %s", ruleOf(&o, "rmse"))
		}
	}
}
