package job_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// Rules that judge windows without rows, so that a test needs no logs.
const (
	ruleQuiet = "{name: quiet, when: predictions > 5, action: alert}"
	ruleEmpty = "{name: empty, when: predictions < 1, for: %d, action: alert}"
)

func (w *world) records() []trigger.Record {
	w.t.Helper()
	records, err := w.r.Ledger.History(w.t.Context(), w.model.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}

// matureAt returns the windows of the outcomes that were judged as mature, oldest first.
func matureAt(outcomes []job.Outcome) []groundtruth.Window {
	var out []groundtruth.Window
	for _, o := range slices.Backward(outcomes) {
		if o.Stage == trigger.StageMature {
			out = append(out, o.Window)
		}
	}
	return out
}

// A backlog longer than catch_up is worked off by later passes, oldest first, and no
// window is lost, whatever the grid and the delay.
func TestSemantics1_GapsAreClosed(t *testing.T) {
	const catchUp = 4
	for _, size := range []string{"1h", "1d", "1w", "1mo"} {
		for _, delay := range []time.Duration{0, 24 * time.Hour, 30 * 24 * time.Hour} {
			t.Run(fmt.Sprintf("%s after %s", size, delay), func(t *testing.T) {
				w := newWorld(t, settings{rules: "[" + ruleQuiet + "]", model: fmt.Sprintf("window: %s\ncatch_up: %d", size, catchUp)})
				w.model.GroundTruth.Delay = delay
				grid := w.model.Grid()
				// Each pass is half an hour after a window's end.
				passAt := func(end time.Time) []job.Outcome {
					w.now = end.Add(30 * time.Minute)
					return w.pass(job.Options{})
				}
				closing := grid.Containing(time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC))
				first := grid.LastMature(closing.End.Add(30*time.Minute), delay)
				passAt(closing.End)
				for range 3 * catchUp { // nobody passes meanwhile
					closing = grid.Next(closing)
				}
				last := false
				for pass := 0; !last; pass++ {
					if pass > 3*catchUp {
						t.Fatal("the backlog does not end")
					}
					there := map[string]bool{}
					for _, r := range w.records() {
						if r.Stage == trigger.StageMature {
							there[r.Window.String()] = true
						}
					}
					out := passAt(closing.End)
					newest := grid.LastMature(w.now, delay)
					var want []groundtruth.Window
					left := 0
					for next := first; !next.Start.After(newest.Start); next = grid.Next(next) {
						switch {
						case there[next.String()]:
						case len(want) < catchUp:
							want = append(want, next)
						default:
							left++
						}
					}
					if closing.Mature(w.now, delay) && !slices.ContainsFunc(want, closing.Equal) {
						want = append(want, closing)
						left--
					}
					if got := matureAt(out); !slices.EqualFunc(got, want, groundtruth.Window.Equal) {
						t.Fatalf("pass %d judged %v, want %v", pass, got, want)
					}
					if said := slices.ContainsFunc(out[0].Notes, func(n string) bool {
						return strings.Contains(n, fmt.Sprintf("%d mature window", left)) || left == 1 && strings.Contains(n, "a mature window waits")
					}); said != (left > 0) {
						t.Errorf("pass %d leaves %d windows and says %q", pass, left, out[0].Notes)
					}
					last = left == 0
					closing = grid.Next(closing)
				}
				// Every window once as mature, none left out.
				next := first
				for _, r := range w.records() {
					if r.Stage != trigger.StageMature {
						continue
					}
					if !r.Window.Equal(next) {
						t.Fatalf("%s is recorded, want %s", r.Window, next)
					}
					next = grid.Next(next)
				}
				if newest := grid.LastMature(w.now, delay); !next.Equal(grid.Next(newest)) {
					t.Errorf("recorded up to %s, want up to %s", next, newest)
				}
			})
		}
	}
}

// What closes the gap before the newest window lengthens its streak: it is decided
// again, whether its labels are due at once or not.
func TestSemantics1_AClosedGapLengthensTheStreak(t *testing.T) {
	t.Run("the newest window is judged again", func(t *testing.T) {
		w := newWorld(t, settings{rules: "[" + fmt.Sprintf(ruleEmpty, 7) + "]", model: "catch_up: 2"})
		w.model.GroundTruth.Delay = 0
		w.night(2) // day 1
		w.night(8) // days 2 and 3, and day 7
		if got := ruleOf(of(t, w.night(8), 7), "empty"); got != "breached 1" {
			t.Errorf("behind a gap: %s", got) // days 4 and 5
		}
		wantLines(t, "told", w.told.take())
		if got := ruleOf(of(t, w.night(8), 7), "empty"); got != "breached 7 acts" {
			t.Errorf("without a gap: %s", got)
		}
		wantLines(t, "told", w.told.take(), "breach empty 7")
		w.night(8)
		wantLines(t, "told again", w.told.take())
		wantLines(t, "history", w.history(), "1 r1 mature breached none", "2 r1 mature breached none", "3 r1 mature breached none", "4 r1 mature breached none",
			"5 r1 mature breached none", "6 r1 mature breached none", "7 r1 mature breached none", "7 r2 mature breached alert")
	})
	for action, want := range map[string][]string{"alert": {"breach rmse 6"}, "retrain": {"breach rmse 6", "retrain_started 6"}} {
		t.Run("the newest window is of an earlier pass, "+action, func(t *testing.T) {
			w := newWorld(t, settings{rules: "[{name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 100, for: 5, action: " + action + "}]", model: "catch_up: 2"})
			w.logs(1, good, wrong, wrong, wrong, wrong, wrong, good, good)
			w.night(4) // day 1
			w.at(9)
			win := day(6)
			w.pass(job.Options{Window: &win}) // a look records the newest mature window
			w.pass(job.Options{})             // days 2 and 3
			wantLines(t, "told", w.told.take())
			out := w.pass(job.Options{}) // days 4 and 5: the gap is closed
			wantLines(t, "told", w.told.take(), want...)
			if o := of(t, out, 6); ruleOf(o, "rmse") != "breached 5 acts" || string(o.Decision.Action) != action || o.Revision != 2 {
				t.Errorf("decided again: %s, %+v, revision %d", ruleOf(o, "rmse"), o.Decision, o.Revision)
			}
			w.pass(job.Options{}) // sees the run that was started
			before := w.stateObjects()
			w.pass(job.Options{})
			wantSame(t, before, w.stateObjects())
			wantLines(t, "told again", w.told.take())
		})
	}
}

// A pass that is killed after it closed a gap and before it decided leaves the decision
// to the next one.
func TestSemantics1_AGapThatAKilledPassClosedIsDecidedOn(t *testing.T) {
	w := newWorld(t, settings{rules: "[{name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 100, for: 5, action: alert}]", model: "catch_up: 9"})
	w.logs(1, good, wrong, wrong, wrong, wrong, wrong, good, good)
	w.night(4)
	w.at(9)
	for _, n := range []int{6, 2, 3, 4, 5} { // as looks do: recorded, and nothing decided of day 6
		win := day(n)
		w.pass(job.Options{Window: &win})
	}
	w.told.take()
	wantLines(t, "pass", brief(w.pass(job.Options{})), "6 mature breached alert", "8 closed inconclusive none")
	wantLines(t, "told", w.told.take(), "breach rmse 6")
}

func TestSemantics1_WhereAGridBegins(t *testing.T) {
	t.Run("a look before the first pass begins nothing", func(t *testing.T) {
		w := newWorld(t, settings{rules: "[" + ruleQuiet + "]"})
		w.at(20)
		win := day(2)
		w.pass(job.Options{Window: &win})
		w.pass(job.Options{AsOf: dayStart(9)})
		wantLines(t, "first pass", brief(w.pass(job.Options{})), "17 mature healthy none", "19 closed healthy none")
		wantLines(t, "second pass", brief(w.night(21)), "18 mature healthy none", "20 closed healthy none")
	})
	t.Run("before the first pass looks go on from one another", func(t *testing.T) {
		w := newWorld(t, settings{rules: "[" + ruleQuiet + "]"})
		w.at(20)
		wantLines(t, "first look", brief(w.pass(job.Options{AsOf: dayStart(9)})), "6 mature healthy none", "8 closed healthy none")
		wantLines(t, "later look", brief(w.pass(job.Options{AsOf: dayStart(11)})), "8 mature healthy none", "7 mature healthy none", "10 closed healthy none")
		wantLines(t, "earlier look", brief(w.pass(job.Options{AsOf: dayStart(5)})), "2 mature healthy none", "4 closed healthy none")
		wantLines(t, "first pass", brief(w.pass(job.Options{})), "17 mature healthy none", "19 closed healthy none")
	})
	t.Run("the first pass begins with a window that a look has recorded", func(t *testing.T) {
		w := newWorld(t, settings{rules: "[" + ruleQuiet + "]"})
		w.at(20)
		win := day(17)
		w.pass(job.Options{Window: &win})
		wantLines(t, "first pass", brief(w.pass(job.Options{})), "19 closed healthy none")
		wantLines(t, "after an outage", brief(w.night(23)), "20 mature healthy none", "19 mature healthy none", "18 mature healthy none", "22 closed healthy none")
	})
	t.Run("a state of an earlier version begins with its oldest mature window", func(t *testing.T) {
		w := newWorld(t, settings{rules: "[" + ruleQuiet + "]"})
		w.night(4)  // day 1
		w.night(15) // days 2 to 8
		w.at(13)
		win := day(10)
		w.pass(job.Options{Window: &win}) // and day 10 behind a gap
		w.asOfAnEarlierVersion()
		wantLines(t, "pass", brief(w.night(15)), "12 mature healthy none", "11 mature healthy none", "9 mature healthy none", "14 closed healthy none")
		wantLines(t, "pass after it", brief(w.night(15)), "14 closed healthy none")
	})
	t.Run("a pass that fails has begun", func(t *testing.T) {
		w := newWorld(t, settings{rules: "[" + ruleQuiet + "]"})
		w.at(4)
		w.write("predictions/dt="+dayStart(1).Format(time.DateOnly)+"/part.csv", "nothing,to,read", []string{"1,2,3"})
		if _, err := w.r.Pass(t.Context(), w.model, job.Options{}); err == nil {
			t.Fatal("the pass did not fail")
		}
		w.predictions(1, makePairs(3, dayStart(1), good, "v1"))
		wantLines(t, "the pass after it", brief(w.night(5)), "2 mature healthy none", "1 mature healthy none", "4 closed healthy none")
	})
}

// asOfAnEarlierVersion makes the state what a version that knew no grids would have
// written: it takes the grids out of the marks and records.
func (w *world) asOfAnEarlierVersion() {
	w.t.Helper()
	for key, text := range w.stateObjects() {
		switch {
		case strings.HasPrefix(key, "grids/"):
			if err := w.state.Delete(w.t.Context(), key); err != nil {
				w.t.Fatal(err)
			}
		case strings.HasPrefix(key, "mature/"), strings.HasPrefix(key, "evaluations/"):
			if strings.Contains(key, "@") {
				w.t.Fatalf("an earlier version cannot read %s", key)
			}
			old := strings.Replace(text, fmt.Sprintf(`,"grid":%q`, w.model.Grid()), "", 1)
			if old == text {
				w.t.Fatalf("%s has no grid", key)
			}
			if err := w.state.Write(w.t.Context(), key, []byte(old)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// another is a world with another configuration on the same state and data.
func (w *world) another(s settings) *world {
	w.t.Helper()
	o := newWorld(w.t, s)
	o.r.State, o.r.Ledger, o.state = w.r.State, w.r.Ledger, w.state
	o.data, o.now = w.data, w.now
	return o
}

// A model judged on another grid begins anew: only windows of the grid count, and the
// change is said once.
func TestSemantics8_OnlyWindowsOfTheGridCount(t *testing.T) {
	data := memory() + "/data"
	daily := newWorld(t, settings{data: data, rules: "[" + fmt.Sprintf(ruleEmpty, 1) + "]"})
	daily.model.GroundTruth.Delay = 0
	daily.night(3)
	daily.night(4)
	daily.told.take()
	hourly := daily.another(settings{data: data, rules: "[" + fmt.Sprintf(ruleEmpty, 2) + "]", model: "window: 1h"})
	hourly.model.GroundTruth.Delay = 0

	// The day 3 ends at midnight, and is recorded as mature; the hour begins after it.
	hourly.now = dayStart(4).Add(3 * time.Hour)
	out := hourly.pass(job.Options{})
	if len(out) != 1 || ruleOf(&out[0], "empty") != "breached 1" || !strings.Contains(out[0].Decision.Reason, "1 of 2 consecutive") {
		t.Fatalf("first pass by the hour: %s", encode(t, out))
	}
	const note = "windows are of 1h from this pass on; those of 1d stay in the ledger and count in no streak, gap or decision"
	if !slices.Contains(out[0].Notes, note) {
		t.Errorf("the change of the grid is not noted: %q", out[0].Notes)
	}
	hourly.now = dayStart(4).Add(4 * time.Hour)
	out = hourly.pass(job.Options{})
	if said := strings.Count(hourly.log.String(), note); said != 1 {
		t.Errorf("the change is logged %d times", said)
	}
	if len(out) != 1 || ruleOf(&out[0], "empty") != "breached 2 acts" || slices.Contains(out[0].Notes, note) {
		t.Fatalf("second pass by the hour: %s", encode(t, out))
	}
	wantLines(t, "told", hourly.told.take(), "breach empty 4")

	// By the day it goes on where it was, and the hours do not count there.
	daily.at(6)
	got := daily.pass(job.Options{})
	wantLines(t, "by the day", brief(got), "5 mature breached alert", "4 mature breached none")
	if ruleOf(of(t, got, 5), "empty") != "breached 4 acts" {
		t.Errorf("by the day: %s", ruleOf(of(t, got, 5), "empty"))
	}
	if s := daily.pub.snapshots[len(daily.pub.snapshots)-1]; !s.Performance.Window.Equal(day(5)) {
		t.Errorf("shown is %s", s.Performance.Window)
	}
	grids := []string{}
	for _, r := range daily.records() {
		grids = append(grids, r.GridName())
	}
	slices.SortFunc(grids, cmp.Compare)
	wantLines(t, "grids", grids, "1d", "1d", "1d", "1d", "1h", "1h")
}

// The same interval on two grids is two windows with revisions of their own.
func TestSemantics8_OneIntervalOnTwoGrids(t *testing.T) {
	// Of the grid of 31 days from the epoch, one window is a month by the calendar.
	var both groundtruth.Window
	months, err := groundtruth.ParseGrid("1mo")
	if err != nil {
		t.Fatal(err)
	}
	days, err := groundtruth.ParseGrid("31d")
	if err != nil {
		t.Fatal(err)
	}
	for both = months.Containing(dayStart(1)); !days.OnGrid(both); both = months.Next(both) {
	}
	data := memory() + "/data"
	monthly := newWorld(t, settings{data: data, rules: "[" + ruleQuiet + "]", model: "window: 1mo"})
	monthly.model.GroundTruth.Delay = 0
	monthly.now = both.End.Add(time.Hour)
	byDays := monthly.another(settings{data: data, rules: "[" + ruleQuiet + "]", model: "window: 31d"})
	byDays.model.GroundTruth.Delay = 0
	for _, w := range []*world{monthly, byDays, monthly, byDays} {
		out := w.pass(job.Options{})
		if len(out) != 1 || !out[0].Window.Equal(both) || out[0].Revision != 1 {
			t.Errorf("%s: %s", w.model.Grid(), encode(t, out))
		}
	}
	var got []string
	for _, r := range monthly.records() {
		got = append(got, fmt.Sprintf("%s r%d", r.GridName(), r.Revision))
	}
	wantLines(t, "history", got, "1mo r1", "31d r1")
}

// failingStore is a state whose nth write from now fails, once.
type failingStore struct {
	trigger.Store
	n int
}

func (s *failingStore) Create(ctx context.Context, key string, data []byte) error {
	if s.n--; s.n == 0 {
		return fmt.Errorf("write %s: the disk is gone", key)
	}
	return s.Store.Create(ctx, key, data)
}

// Whatever write fails while a gap is closed, later passes close it, and people are told
// once of what follows.
func TestSemantics1_AGapIsClosedWhateverWriteFails(t *testing.T) {
	for n := 1; ; n++ {
		w := newWorld(t, settings{rules: "[" + fmt.Sprintf(ruleEmpty, 7) + "]", model: "catch_up: 2"})
		w.model.GroundTruth.Delay = 0
		w.night(2) // day 1
		store := &failingStore{Store: w.state, n: n}
		w.r.Ledger = trigger.NewLedger(store)
		w.at(8)
		for range 3 { // one of them fails
			_, _ = w.r.Pass(t.Context(), w.model, job.Options{})
		}
		reached := store.n <= 0
		store.n = 0 // from here on none
		for range 3 {
			w.pass(job.Options{})
		}
		breaches := slices.DeleteFunc(w.told.take(), func(s string) bool { return !strings.HasPrefix(s, "breach") })
		wantLines(t, fmt.Sprintf("told after write %d failed", n), breaches, "breach empty 7")
		var days []string
		for _, r := range w.records() {
			if r.Stage == trigger.StageMature && r.Revision == 1 {
				days = append(days, fmt.Sprint(r.Window.Start.Day()))
			}
		}
		wantLines(t, fmt.Sprintf("recorded after write %d failed", n), days, "1", "2", "3", "4", "5", "6", "7")
		if !reached {
			if n < 10 {
				t.Errorf("only %d writes were made to fail", n-1)
			}
			return
		}
	}
}
