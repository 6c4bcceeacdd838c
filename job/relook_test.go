package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// readings counts the windows whose rows a world's passes read, by day of their start,
// and the listings of their objects.
type readings struct {
	job.Summaries
	read     map[int]int
	listings int
	fails    map[int]error // of reading these days
	hangs    error         // of every listing
}

func (r *readings) Inputs(ctx context.Context, q job.WindowQuery) ([]groundtruth.Input, error) {
	r.listings++
	if r.hangs != nil {
		return nil, r.hangs
	}
	return r.Summaries.Inputs(ctx, q)
}

func (r *readings) Window(ctx context.Context, q job.WindowQuery) (*summary.Summary, groundtruth.Result, error) {
	n := q.Window.Start.YearDay()
	r.read[n]++
	if err := r.fails[n]; err != nil {
		return nil, groundtruth.Result{}, err
	}
	return r.Summaries.Window(ctx, q)
}

// count has the world count its readings from now on.
func (w *world) count() *readings {
	r := &readings{Summaries: job.Logs{Stores: w.r.Stores, Limits: w.r.Limits, Log: w.r.Log}, read: map[int]int{}, fails: map[int]error{}}
	w.r.Summaries = r
	return r
}

// someLabels writes the labels of a share of day n's predictions, loaded so long after
// the prediction, in an object of its own.
func (w *world) someLabels(n int, name string, pairs []pair, after time.Duration) {
	w.t.Helper()
	byDay := map[string][]string{}
	for _, p := range pairs {
		d := p.at.Add(after).Format(time.DateOnly)
		byDay[d] = append(byDay[d], p.label(after))
	}
	for d, rows := range byDay {
		w.write(fmt.Sprintf("labels/dt=%s/%s-of-day-%d.csv", d, name, n), labelHeader, rows)
	}
}

// revisions are the revisions of day n: verdict of a rule, labels matched, and decision.
func (w *world) revisions(n int, name string) []string {
	w.t.Helper()
	out := []string{}
	for _, r := range w.records() {
		if r.Window.Start.YearDay() != n || r.Stage != trigger.StageMature {
			continue
		}
		s := fmt.Sprintf("r%d", r.Revision)
		for _, of := range r.Rules {
			if of.Name == name {
				s += " " + of.Verdict.String()
			}
		}
		if r.Matched != nil {
			s += fmt.Sprintf(" %d", *r.Matched)
		}
		if r.JudgedAgain > 0 {
			s += fmt.Sprintf(" again of r%d", r.JudgedAgain)
		}
		out = append(out, s)
	}
	return out
}

const day24 = 24 * time.Hour

// Labels that come later than delay, whatever it is, have their window judged again.
func TestSemantics7_LateLabelsAreJudged(t *testing.T) {
	for _, delay := range []int{0, 7, 30} {
		t.Run(fmt.Sprintf("delay %dd", delay), func(t *testing.T) {
			w := newWorld(t, settings{model: "catch_up: 40"})
			w.model.GroundTruth.Delay = time.Duration(delay) * day24
			first := 1
			for n := 1; n <= delay+14; n++ {
				pairs := makePairs(perDay, dayStart(n), good, "v1")
				w.predictions(n, pairs)
				// Of day 3 most labels come four days after they are due.
				some := pairs
				if n == 3 {
					some = pairs[:100]
					w.someLabels(n, "late", pairs[100:], time.Duration(delay+5)*day24)
				}
				if after := time.Duration(delay) * day24; after == 0 {
					w.someLabels(n, "all", some, 0)
				} else {
					w.someLabels(n, "all", some, after-time.Hour)
				}
			}
			for n := first + 1 + delay; n <= delay+14; n++ {
				w.night(n)
			}
			got := w.revisions(3, "rmse")
			if len(got) < 2 || len(got) > 4 || !strings.HasPrefix(got[0], "r1 inconclusive 100") || !strings.HasPrefix(got[len(got)-1], fmt.Sprintf("r%d healthy 240 again", len(got))) {
				t.Errorf("day 3: %q", got)
			}
			for _, n := range []int{2, 5} {
				if got := w.revisions(n, "rmse"); len(got) != 1 {
					t.Errorf("day %d: %q", n, got)
				}
			}
		})
	}
}

// A window that a wrong pattern left empty is read again once the configuration is mended,
// and so is one of the same pattern once its objects have come.
func TestSemantics7_EmptyWindowsAreJudgedAgain(t *testing.T) {
	t.Run("mended after ten days", func(t *testing.T) {
		data := memory() + "/data"
		broken := newWorld(t, settings{data: data, model: "catch_up: 20"})
		broken.model.Predictions.URL = strings.Replace(broken.model.Predictions.URL, "dt={date}", "day={date}", 1)
		for n := 1; n <= 14; n++ {
			broken.versionLogs(n, good, "v1")
		}
		for n := 4; n <= 13; n++ {
			broken.night(n)
		}
		mended := broken.another(settings{data: data, model: "catch_up: 20"})
		mended.night(14)
		for n := 1; n <= 10; n++ {
			// While it was broken, labels came for the empty windows, and they were read for those.
			got := mended.revisions(n, "rmse")
			last := got[len(got)-1]
			if len(got) > 4 || !strings.Contains(last, "healthy 240 again of") || strings.Contains(strings.Join(got[:len(got)-1], ""), "healthy") {
				t.Errorf("day %d: %q", n, got)
			}
		}
		mended.pass(job.Options{}) // writes the index
		before := mended.stateObjects()
		mended.pass(job.Options{})
		wantSame(t, before, mended.stateObjects())
	})
	t.Run("within catch_up, after those never judged", func(t *testing.T) {
		data := memory() + "/data"
		broken := newWorld(t, settings{data: data, model: "catch_up: 3"})
		broken.model.Predictions.URL = strings.Replace(broken.model.Predictions.URL, "dt={date}", "day={date}", 1)
		for n := 1; n <= 12; n++ {
			broken.versionLogs(n, good, "v1")
		}
		for n := 4; n <= 8; n++ { // days 1 to 5
			broken.night(n)
		}
		mended := broken.another(settings{data: data, model: "catch_up: 3"})
		wantLines(t, "first", brief(mended.night(10)), "7 mature healthy none", "6 mature healthy none", "3 mature healthy none", "9 closed healthy none")
		wantLines(t, "second", brief(mended.night(11)), "8 mature healthy none", "4 mature healthy none", "1 mature healthy none", "10 closed healthy none")
		wantLines(t, "third", brief(mended.pass(job.Options{})), "5 mature healthy none", "2 mature healthy none", "10 closed healthy none")
		wantLines(t, "fourth", brief(mended.pass(job.Options{})), "10 closed healthy none")
	})
	t.Run("objects come under the same pattern", func(t *testing.T) {
		w := newWorld(t, settings{})
		for n := 1; n <= 12; n++ {
			if n != 3 {
				w.versionLogs(n, good, "v1")
			}
		}
		for n := 4; n <= 7; n++ {
			w.night(n)
		}
		w.versionLogs(3, good, "v1")
		for n := 8; n <= 12; n++ {
			w.night(n)
		}
		got := w.revisions(3, "rmse")
		if len(got) != 2 || got[0] != "r2 inconclusive 0" || !strings.Contains(got[len(got)-1], "healthy 240 again") {
			t.Errorf("day 3: %q", got)
		}
	})
	t.Run("relook 0s", func(t *testing.T) {
		data := memory() + "/data"
		broken := newWorld(t, settings{data: data, model: "catch_up: 20"})
		broken.model.Predictions.URL = strings.Replace(broken.model.Predictions.URL, "dt={date}", "day={date}", 1)
		broken.logs(1, good, good, good, good, good)
		broken.night(4)
		mended := broken.another(settings{data: data, model: "relook: 0s"})
		mended.night(5)
		wantLines(t, "day 1", mended.revisions(1, "rmse"), "r1 inconclusive 0")
	})
}

// Coverage that stays low for ever costs a bounded number of readings, and each says
// when the next is.
func TestSemantics7_LowCoverageCostsABoundedNumberOfReadings(t *testing.T) {
	long(t)
	w := newWorld(t, settings{model: "catch_up: 40"})
	const last = 40
	for n := 1; n <= last; n++ {
		pairs := makePairs(perDay, dayStart(n), good, "v1")
		w.predictions(n, pairs)
		w.labels(n, pairs[:perDay*6/10])
	}
	reads := w.count()
	notes := map[int][]string{}
	for n := 4; n <= last; n++ {
		for _, o := range w.night(n) {
			for _, note := range o.Notes {
				if strings.Contains(note, "fewer than a rule asks for") {
					notes[o.Window.Start.YearDay()] = append(notes[o.Window.Start.YearDay()], note)
				}
			}
		}
	}
	for n := 1; n <= last-20; n++ {
		// As closed, as mature, and again after about 3 and 7 days.
		if reads.read[n] != 4 && !(n <= 2 && reads.read[n] == 3) {
			t.Errorf("day %d is read %d times", n, reads.read[n])
		}
	}
	wantLines(t, "notes of day 5", notes[5],
		"the window has labels for 144 of its 240 predictions, fewer than a rule asks for; passes read it again from 2026-01-10T19:12:00Z on if other objects are there then, and as soon as the configuration reads its logs otherwise; hindcast run --window 2026-01-05/2026-01-06 reads it now",
		"read again, the window still has labels for 144 of its 240 predictions, fewer than a rule asks for; passes read it again from 2026-01-14T06:00:00Z on if other objects are there then, and as soon as the configuration reads its logs otherwise; hindcast run --window 2026-01-05/2026-01-06 reads it now",
		"read again, the window still has labels for 144 of its 240 predictions, fewer than a rule asks for; no pass reads it again (relook), hindcast run --window 2026-01-05/2026-01-06 does")
	if !strings.Contains(w.log.String(), "no pass reads it again (relook)") {
		t.Error("that it was the last time is not in the log")
	}
}

// A window that lacks labels, and for which nothing came, costs a listing and is not read.
func TestSemantics7_AnUnchangedWindowCostsAListing(t *testing.T) {
	w := newWorld(t, settings{})
	for n := 1; n <= 3; n++ {
		pairs := makePairs(perDay, dayStart(n), good, "v1")
		w.predictions(n, pairs)
		w.labels(n, pairs[:100])
	}
	w.night(4)
	reads := w.count()
	listed := map[int]int{}
	for n := 5; n <= 8; n++ {
		before := reads.listings
		w.night(n)
		listed[n] = reads.listings - before
	}
	if reads.read[1] != 0 || reads.listings == 0 || listed[5]+listed[6] > 0 {
		t.Errorf("day 1 is read %d times, and windows are listed in nights %v", reads.read[1], listed)
	}
	wantLines(t, "day 1", w.revisions(1, "rmse"), "r1 inconclusive 100")
}

// Labels that are corrected after relook change nothing until somebody asks for it.
func TestSemantics7_CorrectionsAfterRelookAreJudgedByHand(t *testing.T) {
	w := newWorld(t, settings{})
	for n := 1; n <= 25; n++ {
		w.versionLogs(n, good, "v1")
	}
	for n := 4; n <= 22; n++ {
		w.night(n)
	}
	w.someLabels(1, "corrected", makePairs(perDay, dayStart(1), wrong, "v1"), 20*day24)
	for n := 23; n <= 25; n++ {
		w.night(n)
	}
	wantLines(t, "by passes", w.revisions(1, "rmse"), "r1 healthy 240")
	win := day(1)
	w.pass(job.Options{Window: &win})
	wantLines(t, "by hand", w.revisions(1, "rmse"), "r1 healthy 240", "r2 breached 240")
}

// A window that was to be judged again and cannot be read stays as it is, and keeps
// nothing else from being judged.
func TestSemantics7_AWindowThatCannotBeReadAgain(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good, good, good, good, good)
	for n := 4; n <= 6; n++ {
		w.night(n)
	}
	w.model.GroundTruth.Resolve = groundtruth.ResolveFirst
	w.count().fails[2] = errors.New("the disk is gone")
	w.at(7)
	out, err := w.r.Pass(t.Context(), w.model, job.Options{})
	var delivery *job.DeliveryError
	if !errors.As(err, &delivery) || !strings.Contains(err.Error(), "judge window 2026-01-02/2026-01-03 again, which stays as it was judged") {
		t.Errorf("the pass ends with %v", err)
	}
	wantLines(t, "judged", brief(out), "4 mature healthy none", "3 mature healthy none", "1 mature healthy none", "6 closed healthy none")
	wantLines(t, "day 2", w.revisions(2, "rmse"), "r1 healthy 240")
}

// The newest window, judged again, acts; an older one starts nothing, neither in its pass
// nor later, until a new window is breached.
func TestSemantics7_RulesActOnTheNewestWindow(t *testing.T) {
	for _, delay := range []int{0, labelDelay} {
		t.Run(fmt.Sprintf("delay %dd", delay), func(t *testing.T) {
			data := memory() + "/data"
			loose := settings{data: data, rules: "[{name: rmse, when: rmse > 9 * reference.rmse, min_samples: 100, for: 2, action: retrain}]"}
			w := newWorld(t, loose)
			w.model.GroundTruth.Delay = time.Duration(delay) * day24
			for n := 1; n <= 8; n++ {
				pairs := makePairs(perDay, dayStart(n), wrong, "v1")
				w.predictions(n, pairs)
				w.someLabels(n, "all", pairs, 0)
			}
			for n := 2; n <= 4; n++ { // days 1 to 3
				w.night(n + delay)
			}
			w.told.take()
			strict := w.another(settings{data: data, rules: "[" + ruleRMSE2 + "]"})
			strict.model.GroundTruth.Delay = w.model.GroundTruth.Delay
			out := strict.pass(job.Options{})
			if got := ruleOf(of(t, out, 3), "rmse"); got != "breached 3 acts" {
				t.Errorf("the newest window, judged again: %s", got)
			}
			wantLines(t, "told", strict.told.take(), "breach rmse 3", "retrain_started 3")
		})
		t.Run(fmt.Sprintf("an older one, delay %dd", delay), func(t *testing.T) {
			w := newWorld(t, settings{rules: "[" + ruleRMSE2 + "]", model: "relook: 7d"})
			w.model.GroundTruth.Delay = time.Duration(delay) * day24
			labelled := func(n int, k kind, share int) {
				pairs := makePairs(perDay, dayStart(n), k, "v1")
				w.predictions(n, pairs)
				w.someLabels(n, "all", pairs[:share], 0)
			}
			labelled(1, good, perDay)
			labelled(2, wrong, 50) // inconclusive until its labels come
			labelled(3, good, perDay)
			w.night(2 + delay)
			w.night(3 + delay)
			w.night(4 + delay)
			labelled(3, wrong, perDay)
			win := day(3)
			w.pass(job.Options{Window: &win}) // the newest is breached, with a streak of 1
			w.told.take()
			labelled(2, wrong, perDay) // comes late
			w.now = w.now.Add(15 * time.Hour)
			for pass := range 3 {
				out := w.pass(job.Options{})
				w.now = w.now.Add(time.Hour)
				if pass == 0 {
					if o := of(t, out, 2); ruleOf(o, "rmse") != "breached 1" || o.Decision.Reason != "recorded: judged again; rules act on the newest window" {
						t.Errorf("the older window: %s, %+v", ruleOf(o, "rmse"), o.Decision)
					}
				}
				wantLines(t, fmt.Sprintf("told in pass %d", pass), w.told.take())
				if s := w.pub.snapshots[len(w.pub.snapshots)-1]; !s.Performance.Window.Equal(day(3)) {
					t.Errorf("pass %d shows the performance of %s, which is not the newest window", pass, s.Performance.Window)
				}
				if n := len(w.kfp.requests); n != 0 {
					t.Errorf("pass %d starts %d runs", pass, n)
				}
			}
			labelled(4, wrong, perDay)
			out := w.night(5 + delay)
			if got := ruleOf(of(t, out, 4), "rmse"); got != "breached 3 acts" {
				t.Errorf("the next breached window: %s", got)
			}
			wantLines(t, "told", w.told.take(), "breach rmse 4", "retrain_started 4")
		})
	}
}

// What people were told and is so no more is summed up in one message, once, and a run
// that nothing would have asked for is retracted. It still counts as the last run.
func TestSemantics7_RetractedAndRevised(t *testing.T) {
	data := memory() + "/data"
	w := newWorld(t, settings{data: data, rules: "[" + ruleRMSE2 + "]", retrain: "cooldown: 100d"})
	w.logs(1, wrong, wrong, wrong, good, good, wrong, wrong, wrong)
	for n := 4; n <= 7; n++ { // days 1 to 4
		w.night(n)
	}
	if n := len(w.kfp.requests); n != 1 {
		t.Fatalf("%d runs are started", n)
	}
	w.told.take()
	mended := w.another(settings{data: data, rules: "[" + ruleRMSE2 + "]", retrain: "cooldown: 100d"})
	mended.kfp = w.kfp
	mended.r.Pipelines = w.r.Pipelines
	mended.model.GroundTruth.Resolve = groundtruth.ResolveFirst // reads the old labels again, and these
	for n := 1; n <= 3; n++ {
		pairs := makePairs(perDay, dayStart(n), wrong, "v1")
		for i := range pairs {
			pairs[i].y = pairs[i].pred
		}
		mended.someLabels(n, "first", pairs, time.Hour)
	}
	mended.night(8)
	var event job.Event
	for _, e := range mended.told.events {
		if e.Kind == job.EventRevised {
			event = e
		}
	}
	wantLines(t, "told", mended.told.take(), "revised")
	var revised []string
	for _, r := range event.Revised {
		revised = append(revised, fmt.Sprintf("%d %s %s", r.Window.Start.Day(), r.Result.Name, r.Result.Verdict))
	}
	wantLines(t, "revised", revised, "2 rmse healthy", "3 rmse healthy")
	if len(event.Retracted) != 1 || event.Retracted[0].Reason != "rmse is healthy on the window from 2026-01-02T00:00:00Z to 2026-01-03T00:00:00Z by now, and breached in 0 of 2 consecutive windows needed" {
		t.Errorf("retracted: %+v", event.Retracted)
	}
	launches, err := mended.r.Ledger.Launches(t.Context(), "m")
	if err != nil || len(launches) != 1 || launches[0].Retracted == nil || launches[0].Latest == trigger.StateRetracted {
		t.Errorf("launches: %+v, %v", launches, err)
	}
	mended.night(9)
	out := mended.night(10) // days 6 and 7 are breached
	if o := of(t, out, 7); ruleOf(o, "rmse") != "breached 2 acts" || o.Decision.Guard != trigger.GuardInFlight {
		t.Errorf("after it: %s %+v", ruleOf(o, "rmse"), o.Decision)
	}
	w.kfp.set("run-1", trigger.StateSucceeded, dayStart(9))
	out = mended.night(11)
	if o := of(t, out, 8); o.Decision.Guard != trigger.GuardNewWindows && o.Decision.Guard != trigger.GuardCooldown {
		t.Errorf("after it: %+v", o.Decision)
	}
	if got := slices.Compact(mended.told.take()); slices.Contains(got, "revised") {
		t.Errorf("told again: %q", got)
	}
}

// Whatever write fails, or wherever a pass is stopped, later passes judge what there is
// again once, and make no further revision.
func TestSemantics7_AFailedWriteMakesNoEndlessRevisions(t *testing.T) {
	long(t)
	for n := 1; ; n++ {
		data := memory() + "/data"
		w := newWorld(t, settings{data: data})
		w.logs(1, good, wrong, good, good, good, good)
		for d := 4; d <= 6; d++ {
			w.night(d)
		}
		w.model.GroundTruth.Resolve = groundtruth.ResolveFirst
		store := &failingStore{Store: w.state, n: n}
		w.r.Ledger = trigger.NewLedger(store)
		w.at(7)
		for range 3 {
			_, _ = w.r.Pass(t.Context(), w.model, job.Options{})
		}
		reached := store.n <= 0
		store.n = 0
		w.pass(job.Options{})
		w.pass(job.Options{})
		before := w.stateObjects()
		w.pass(job.Options{})
		wantSame(t, before, w.stateObjects())
		for d := 1; d <= 3; d++ {
			if got := w.revisions(d, "rmse"); len(got) != 2 || !strings.HasSuffix(got[1], "again of "+got[0][:2]) {
				t.Errorf("write %d failed: day %d: %q", n, d, got)
			}
		}
		if !reached {
			if n < 6 {
				t.Errorf("only %d writes were made to fail", n-1)
			}
			return
		}
	}
}

// A run that is started because for was lowered is no run that nothing would have asked for.
func TestSemantics7_ALoweredForRetractsNothing(t *testing.T) {
	data := memory() + "/data"
	w := newWorld(t, settings{data: data, rules: "[" + strings.Replace(ruleRMSE2, "for: 2", "for: 3", 1) + "]"})
	w.logs(1, good, wrong, wrong, good, good)
	for n := 4; n <= 6; n++ {
		w.night(n) // days 1 to 3: a streak of 2
	}
	lowered := w.another(settings{data: data, rules: "[" + ruleRMSE2 + "]"})
	for range 3 {
		lowered.pass(job.Options{})
	}
	launches, err := lowered.r.Ledger.Launches(t.Context(), "m")
	if err != nil || len(launches) != 1 || launches[0].Retracted != nil {
		t.Errorf("launches: %+v, %v", launches, err)
	}
}
