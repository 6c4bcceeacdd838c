package trigger

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestOutage(t *testing.T) {
	l, ctx := NewLedger(newMemStore()), t.Context()
	start := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		after  time.Duration
		failed bool
		tell   bool
		n      int
		count  int
	}{
		{0, false, false, 0, 0}, // there is nothing to end
		{0, true, true, 1, 1},
		{time.Hour, true, false, 1, 2},
		{22 * time.Hour, true, false, 1, 3},
		{24*time.Hour - 30*time.Second, true, true, 1, 4}, // a daily pass that was earlier by seconds
		{25 * time.Hour, true, false, 1, 5},
		{80 * time.Hour, true, true, 1, 6}, // a reminder for the days that nobody was told of
		{81 * time.Hour, true, false, 1, 7},
		{82 * time.Hour, false, true, 1, 7},
		{83 * time.Hour, false, false, 0, 0},
		{84 * time.Hour, true, true, 2, 1},
		{85 * time.Hour, false, true, 2, 1},
	} {
		do := l.Worked
		if step.failed {
			do = l.Failed
		}
		o, tell, err := do(ctx, "m", OutageEvaluation, day(i+1), start.Add(step.after))
		if err != nil || tell != step.tell || o.Number != step.n || o.Failures != step.count {
			t.Errorf("step %d: %+v, tell %t, %v; want %+v", i, o, tell, err, step)
		}
		if o.Number == 1 && (!o.Since.Equal(start) || !o.Window.Equal(day(2))) {
			t.Errorf("step %d: began at %s on %s", i, o.Since, o.Window)
		}
	}
	if _, tell, err := l.Failed(ctx, "m", Key("m", start, 1), day(1), start); err != nil || !tell {
		t.Errorf("another outage of the model: %t, %v", tell, err)
	}
}

// Several processes that fail at once: one tells, and each is counted.
func TestOutageOfSeveralProcesses(t *testing.T) {
	store := newMemStore()
	at := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	for _, round := range []struct {
		after time.Duration
		count int
	}{{0, 8}, {24 * time.Hour, 16}} {
		var group sync.WaitGroup
		tells := make([]bool, 8)
		errs := make([]error, 8)
		counts := make([]int, 8)
		for i := range tells {
			group.Go(func() {
				var o Outage
				o, tells[i], errs[i] = NewLedger(store).Failed(t.Context(), "m", OutageEvaluation, day(1), at.Add(round.after))
				counts[i] = o.Failures
			})
		}
		group.Wait()
		told := 0
		for i := range tells {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if tells[i] {
				told++
			}
		}
		slices.Sort(counts)
		if want := fmt.Sprint([]int{round.count - 7, round.count - 6, round.count - 5, round.count - 4, round.count - 3, round.count - 2, round.count - 1, round.count}); told != 1 || fmt.Sprint(counts) != want {
			t.Errorf("%d told, counts %v, want one and %s", told, counts, want)
		}
	}
}

func TestOpenBreaches(t *testing.T) {
	l, ctx := NewLedger(newMemStore()), t.Context()
	rules := []Rule{{Name: "rmse"}, {Name: "drift"}}
	tell := func(w int, rule, state string, since int) {
		t.Helper()
		told := Told{Model: "m", Window: day(w), Rule: rule, State: state, At: day(w).End.Add(time.Hour), Reason: fmt.Sprintf("%s %d", rule, w)}
		if since > 0 {
			told.Since = day(since).Start
		}
		if ok, err := l.Tell(ctx, told); err != nil || !ok {
			t.Fatalf("tell: %t, %v", ok, err)
		}
	}
	open := func(want string) {
		t.Helper()
		got, err := l.OpenBreaches(ctx, "m", rules, day(8), day(8).Start)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, r := range rules {
			if b, ok := got[r.Name]; ok {
				text += fmt.Sprintf("%s %d-%d since %d; ", r.Name, b.First.Window.Start.Day(), b.Last.Window.Start.Day(), b.First.Since.Day())
			}
		}
		if text != want {
			t.Errorf("open %q, want %q", text, want)
		}
	}
	open("")
	tell(1, "rmse", ToldBreached, 1)
	tell(3, "rmse", ToldBreached, 1)
	tell(3, "gone", ToldBreached, 3) // a rule that the configuration has no more
	tell(3, "rmse", "started", 0)    // of old: a state that is no breach
	open("rmse 1-3 since 1; ")
	tell(3, "rmse", ToldResolved, 0)
	open("")
	tell(5, "rmse", ToldBreached, 5)
	open("rmse 5-5 since 5; ")
	// A record of old says neither since when nor at what time, and nobody told its end.
	old := Told{Model: "m", Window: day(4), Rule: "drift", State: ToldBreached}
	if ok, err := l.Tell(ctx, old); err != nil || !ok {
		t.Fatalf("tell: %t, %v", ok, err)
	}
	open("rmse 5-5 since 5; ")
	tell(6, "drift", ToldBreached, 6) // the next incident is not that of the old one
	tell(8, "drift", ToldBreached, 6)
	open("rmse 5-5 since 5; drift 6-8 since 6; ")
	if _, err := l.createOnce(ctx, toldDir+part("m")+"/yesterday/"+part("rmse")+"/"+ToldBreached, old); err != nil {
		t.Fatal(err)
	}
	open("rmse 5-5 since 5; drift 6-8 since 6; ")

	if _, ok, err := l.BreachTold(ctx, "m", "1d", day(2), "rmse"); ok || err != nil {
		t.Errorf("told of day 2: %t, %v", ok, err)
	}
	if told, ok, err := l.BreachTold(ctx, "m", "1d", day(3), "rmse"); !ok || err != nil || told.Reason != "rmse 3" || !told.Since.Equal(day(1).Start) {
		t.Errorf("told of day 3: %+v, %t, %v", told, ok, err)
	}
}
