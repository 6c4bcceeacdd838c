package job_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// countingStore counts what an object store would be asked: a listing takes one
// request for each thousand keys.
type countingStore struct {
	*objstore.Store
	requests atomic.Int64
	launches atomic.Int64 // listings of the folder launches/
}

func (s *countingStore) Read(ctx context.Context, key string) ([]byte, error) {
	s.requests.Add(1)
	return s.Store.Read(ctx, key)
}

func (s *countingStore) Create(ctx context.Context, key string, data []byte) error {
	s.requests.Add(1)
	return s.Store.Create(ctx, key, data)
}

func (s *countingStore) Write(ctx context.Context, key string, data []byte) error {
	s.requests.Add(1)
	return s.Store.Write(ctx, key, data)
}

func (s *countingStore) List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) {
		s.requests.Add(1)
		if strings.HasPrefix(prefix, "launches/") {
			s.launches.Add(1)
		}
		n := 0
		for o, err := range s.Store.List(ctx, prefix) {
			if n++; n%1000 == 0 {
				s.requests.Add(1)
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// Of a breach of 1,200 hours a pass asked 5,120 times, and of any ledger it listed all.
func TestPassAsksTheStoreAsMuchOfALargeLedger(t *testing.T) {
	for name, k := range map[string]kind{"healthy": good, "breached": wrong} {
		asked := map[int]int64{}
		for _, n := range []int{40, 4000} {
			w := newWorld(t, settings{rules: "[" + ruleRMSE + "]", mode: "suggest"})
			store := &countingStore{Store: w.state}
			w.r.Ledger = trigger.NewLedger(store).WithIndex(store)
			w.logs(1, k, k, k, k, k, k)
			w.night(4)
			w.recordBefore(n)
			for d := 5; d <= 6; d++ { // the first of them makes the index
				store.requests.Store(0)
				out := w.night(d)
				if got := of(t, out, d-3).Rules[0].Streak; k == wrong && got < min(n, trigger.Farthest) {
					t.Errorf("%s, %d windows: a streak of %d", name, n, got)
				}
			}
			asked[n] = store.requests.Load()
		}
		t.Logf("%s: requests by windows: %v", name, asked)
		if asked[4000] > asked[40]+8 {
			t.Errorf("%s: requests by windows: %v", name, asked)
		}
	}
}

// A pass that launched listed them nine times.
func TestPassListsTheLaunchesOnceAndAfterALaunch(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRMSE + "]"})
	store := &countingStore{Store: w.state}
	w.r.Ledger = trigger.NewLedger(store).WithIndex(store)
	w.r.Notifiers = []job.Notifier{&fakeKeeper{}}
	w.logs(1, good, wrong, good, good, good, good)
	for _, night := range []struct {
		name string
		day  int
		want int64
	}{
		{"nothing is launched", 4, 1},
		{"a run is launched: again after it", 5, 2},
		{"its state is recorded: again after it and once the windows are read", 6, 3},
		{"it goes on: again once the windows are read", 7, 2},
		{"it ends: again when that is recorded", 8, 2},
		{"all runs are over", 9, 1},
	} {
		store.launches.Store(0)
		if night.day == 8 {
			w.kfp.set("run-1", trigger.StateSucceeded, dayStart(8))
		}
		w.night(night.day)
		if got := store.launches.Load(); got != night.want {
			t.Errorf("%s: launches/ is listed %d times, want %d", night.name, got, night.want)
		}
	}
	if n := len(w.kfp.requests); n != 1 {
		t.Errorf("%d runs are started", n)
	}
}

// Another process starts a run while the pass reads its windows, or records the end of one.
func TestPassDecidesByTheRunsOfNow(t *testing.T) {
	ask := settings{
		rules: "[" + ruleRMSE + "]", retrain: "cooldown: 0s",
		model: "prometheus:\n  up: up\n", top: "prometheus: {url: 'http://prometheus.test'}\n",
	}
	t.Run("started", func(t *testing.T) {
		w := newWorld(t, ask)
		w.logs(1, wrong)
		w.r.Querier = meanwhile(func() {
			if _, _, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "by hand", Key: "k"}); err != nil {
				t.Error(err)
			}
		})
		wantLines(t, "judged", brief(w.night(4)), "1 mature breached suppressed in_flight", "3 closed inconclusive none")
	})
	t.Run("ended", func(t *testing.T) {
		w := newWorld(t, ask)
		w.logs(1, good, wrong)
		w.night(4)
		if _, _, err := w.r.Retrain(t.Context(), w.model, job.RetrainOptions{Reason: "by hand"}); err != nil {
			t.Fatal(err)
		}
		w.r.Querier = meanwhile(func() {
			w.kfp.set("run-1", trigger.StateFailed, w.now)
			if _, err := w.r.Follow(t.Context(), w.model); err != nil {
				t.Error(err)
			}
		})
		wantLines(t, "judged", brief(w.night(5)), "2 mature breached retrain", "4 closed inconclusive none")
	})
}

// meanwhile does something while a pass reads its windows. It is a monitoring system that
// knows nothing.
type meanwhile func()

func (m meanwhile) Query(_ context.Context, query string, at time.Time) (rule.Answer, error) {
	m()
	return rule.Answer{Value: stat.Number(math.NaN()), Reason: "no series", Query: query, Time: at}, nil
}

// recordBefore records the first day n times more, on the days before it.
func (w *world) recordBefore(n int) {
	w.t.Helper()
	ctx, first := w.t.Context(), day(1)
	place := func(d groundtruth.Window) string {
		const layout = "20060102T150405Z"
		return d.Start.Format(layout) + "_" + d.End.Format(layout)
	}
	copyOf := func(key string) {
		data, err := w.state.Read(ctx, strings.ReplaceAll(key, "DAY", place(first)))
		if err != nil {
			return // a healthy day is told to nobody
		}
		for i := 1; i <= n; i++ {
			d := groundtruth.Window{Start: first.Start.AddDate(0, 0, -i), End: first.Start.AddDate(0, 0, 1-i)}
			text := strings.NewReplacer(
				first.Start.Format(time.RFC3339), d.Start.Format(time.RFC3339), first.End.Format(time.RFC3339), d.End.Format(time.RFC3339), place(first), place(d),
			).Replace(string(data))
			if err := w.state.Create(ctx, strings.ReplaceAll(key, "DAY", place(d)), []byte(text)); err != nil {
				w.t.Fatal(fmt.Errorf("record day %s: %w", d, err))
			}
		}
	}
	copyOf("evaluations/m/DAY/r000001.json")
	copyOf("mature/m/DAY")
	copyOf("told/m/DAY/rmse/breached")
	// As in the state of an earlier version, which begins with its oldest window.
	if err := w.state.Delete(ctx, "grids/m/1d"); err != nil {
		w.t.Fatal(err)
	}
}

// Between now and the newest mature window lie more windows than a pass looks back.
func TestSemantics3_StreaksAreCountedFromTheNewestMatureWindow(t *testing.T) {
	w := newWorld(t, settings{mode: "suggest", model: "window: 1h",
		rules: "[{name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 5, for: 2, significance: 0, action: retrain}]"})
	w.model.GroundTruth.Delay = 90 * 24 * time.Hour
	w.versionLogs(1, wrong, "v1")
	w.now = dayStart(1).Add(w.model.GroundTruth.Delay + 10*time.Hour + 30*time.Minute)
	for want := 1; want <= 4; want++ {
		for range 2 { // the second pass of an hour judges no mature window
			for _, o := range w.pass(job.Options{}) {
				if got := o.Rules; o.Stage == trigger.StageMature && got[0].Streak != want {
					t.Errorf("hour %d: a streak of %d", want, got[0].Streak)
				}
			}
		}
		w.now = w.now.Add(time.Hour)
	}
	suggestions, err := w.r.Ledger.Suggestions(t.Context(), "m")
	if err != nil || len(suggestions) != 1 {
		t.Errorf("%d suggestions for one cause, %v", len(suggestions), err)
	}
}

// Windows that have all they need cost no request to the logs once they are recorded, and
// to the state as many as without relook but for a page of the index.
func TestSemantics7_HealthyWindowsCostNoRequests(t *testing.T) {
	long(t)
	asked := map[string]int64{}
	for _, relook := range []string{"0s", "14d"} {
		for name, window := range map[string]string{"days": "1d", "hours": "6h"} {
			w := newWorld(t, settings{rules: "[" + ruleRMSE + ", " + ruleDrift + "]", model: "window: " + window + "\nrelook: " + relook + "\ncatch_up: 1000"})
			store := &countingStore{Store: w.state}
			w.r.Ledger = trigger.NewLedger(store).WithIndex(store)
			const last = 20
			for n := 1; n <= last; n++ {
				w.logs(n, good)
			}
			w.night(4)
			w.night(last - 1)
			w.pass(job.Options{}) // writes the index
			reads := w.count()
			store.requests.Store(0)
			w.night(last)
			asked[name+" "+relook] = store.requests.Load()
			if reads.listings > 0 {
				t.Errorf("%s, relook %s: the objects of %d windows are listed", name, relook, reads.listings)
			}
			read := 0
			for _, n := range reads.read {
				read += n
			}
			if want := map[string]int{"days": 2, "hours": 5}[name]; read != want {
				t.Errorf("%s, relook %s: %d windows are read, want those of a day and the closed one: %d", name, relook, read, want)
			}
		}
	}
	t.Logf("requests to the ledger: %v", asked)
	for _, name := range []string{"days", "hours"} {
		if asked[name+" 14d"] > asked[name+" 0s"]+4 {
			t.Errorf("%s: requests to the ledger: %v", name, asked)
		}
	}
}
