package trigger

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// evaluatedAsOf is day n judged in a stage at the end of another day.
func evaluatedAsOf(n int, stage string, asOf, mae int) Record {
	r := evaluated(n, mae)
	r.Stage, r.AsOf = stage, day(asOf).End
	return r
}

func TestLedgerAsOf(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	for _, r := range []Record{
		evaluatedAsOf(1, StageClosed, 1, 1), evaluatedAsOf(1, StageMature, 3, 2), evaluatedAsOf(1, StageMature, 9, 3),
		evaluatedAsOf(2, StageMature, 8, 1),
		evaluatedAsOf(3, StageClosed, 3, 1),
	} {
		if _, _, err := l.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		asOf int
		want []string
	}{
		{0, []string{}},
		{1, []string{"1 r1 closed"}},
		{3, []string{"1 r2 mature", "3 r1 closed"}},
		{7, []string{"1 r2 mature", "3 r1 closed"}},
		{8, []string{"1 r2 mature", "2 r1 mature", "3 r1 closed"}},
		{9, []string{"1 r3 mature", "2 r1 mature", "3 r1 closed"}},
	} {
		got, err := l.AsOf(day(c.asOf).End).Recent(ctx, "m", "1d", day(9), day(1), []Rule{{Name: "rmse"}}, nil, never)
		if err != nil {
			t.Fatal(err)
		}
		lines := []string{}
		for _, r := range got {
			lines = append(lines, fmt.Sprintf("%d r%d %s", r.Window.Start.Day(), r.Revision, r.Stage))
		}
		if !slices.Equal(lines, c.want) {
			t.Errorf("as of day %d: %q, want %q", c.asOf, lines, c.want)
		}
	}
	got, err := l.AsOf(day(9).End).Recent(ctx, "m", "1d", day(2), day(1), []Rule{{Name: "rmse"}}, nil, never)
	if err != nil || len(got) != 2 {
		t.Errorf("%d records up to day 2, %v", len(got), err)
	}
	stages, err := l.NewestOfStages(ctx, "m", "1d", day(1), day(2))
	if err != nil || fmt.Sprint(stages[day(1).Start.Unix()]) != "map[closed:1 mature:3]" || fmt.Sprint(stages[day(2).Start.Unix()]) != "map[mature:1]" || len(stages) != 2 {
		t.Errorf("stages: %v, %v", stages, err)
	}
}

func TestLaunchesAsOf(t *testing.T) {
	at := func(d int) time.Time { return day(d).Start }
	end := at(4).Add(time.Hour)
	launches := []LaunchStatus{
		{
			Launch: Launch{Key: "a", LaunchedAt: at(2)},
			States: []RunState{{State: StateRunning, ObservedAt: at(3)}, {State: StateSucceeded, ObservedAt: at(5), FinishedAt: &end}},
			Latest: StateSucceeded, Terminal: true, FinishedAt: end,
		},
		{Launch: Launch{Key: "b", LaunchedAt: at(6)}},
	}
	for d, want := range map[int]string{1: "", 2: "a  false", 3: "a RUNNING false", 4: "a RUNNING false", 5: "a SUCCEEDED true", 6: "a SUCCEEDED true b  false"} {
		then := LaunchesAsOf(launches, at(d))
		got := ""
		for i, l := range then {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("%s %s %t", l.Launch.Key, l.Latest, l.Terminal)
			if l.Terminal != !l.FinishedAt.IsZero() {
				t.Errorf("on day %d %s ended at %v", d, l.Launch.Key, l.FinishedAt)
			}
		}
		if got != want || then == nil {
			t.Errorf("on day %d: %q, want %q", d, got, want)
		}
	}
	if len(launches[0].States) != 2 {
		t.Error("the launches that were passed in were changed")
	}
}
