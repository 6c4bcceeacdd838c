package trigger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
)

func hour(n int) groundtruth.Window {
	start := time.Date(2020, 1, 1, n, 0, 0, 0, time.UTC)
	return groundtruth.Window{Start: start, End: start.Add(time.Hour)}
}

// fillHours records n hours of one verdict, told where it is breached, and what
// became of n/100 runs.
func fillHours(t *testing.T, store *memStore, n int, v rule.Verdict) {
	t.Helper()
	l, ctx := NewLedger(store), t.Context()
	for i := range n {
		w := hour(i)
		r := rec(1, "rmse", v)
		r.Window, r.Rules[0].Streak = w, 1
		if err := l.create(ctx, evaluationKey("m", placeOf(w, "1h"), true, 1), newEvaluationRecord(r)); err != nil {
			t.Fatal(err)
		}
		if v == breached {
			if _, err := l.Tell(ctx, Told{Model: "m", Window: w, Rule: "rmse", State: ToldBreached, Since: hour(0).Start, At: w.End}); err != nil {
				t.Fatal(err)
			}
		}
		if i%100 != 0 {
			continue
		}
		key := Key("m", w.Start, 1)
		launch := Launch{Schema: 1, Key: key, Model: "m", RunID: fmt.Sprint(i), Manual: true, LaunchedAt: w.End}
		if err := l.create(ctx, launchesDir+key, launch); err != nil {
			t.Fatal(err)
		}
		if _, err := l.recordState(ctx, RunState{Key: key, RunID: launch.RunID, State: StateSucceeded, ObservedAt: w.End}); err != nil {
			t.Fatal(err)
		}
	}
}

// passReads makes the reads of a pass after n hours.
func passReads(t *testing.T, l *Ledger, n int) ([]Record, map[string]OpenBreach) {
	t.Helper()
	ctx, rules := t.Context(), []Rule{{Name: "rmse", Action: rule.ActionRetrain, For: 1}}
	launches, err := l.Launches(ctx, "m")
	if err != nil {
		t.Fatal(err)
	}
	records, err := l.Recent(ctx, "m", "1h", hour(n), hour(n), rules, launches, func(r []Record) bool {
		return len(r) >= 10 && r[len(r)-1].Verdict == healthy
	})
	if err != nil {
		t.Fatal(err)
	}
	open, err := l.OpenBreaches(ctx, "m", rules, hour(n), hour(n-24).Start)
	if err != nil {
		t.Fatal(err)
	}
	return records, open
}

// A pass of a long breach read 5,120 objects at 1,200 windows, and every pass listed
// the whole ledger.
func TestIndex_RequestsDoNotGrowWithTheLedger(t *testing.T) {
	for _, v := range []rule.Verdict{healthy, breached} {
		asked := map[int]int{}
		for _, n := range []int{1200, 12000} {
			store := newMemStore()
			fillHours(t, store, n, v)
			l := NewLedger(store).WithIndex(store)
			passReads(t, l, n) // makes the index
			store.requests = 0
			records, open := passReads(t, l, n)
			asked[n] = store.requests
			if v == breached && (len(records) < Farthest || len(open) != 1) {
				t.Errorf("%v: %d records, %d open breaches", v, len(records), len(open))
			}
		}
		if asked[12000] > asked[1200]+2 || asked[12000] > 40 {
			t.Errorf("%v: requests by windows: %v", v, asked)
		}
	}
}

func TestIndex_IsCheckedAgainstTheRecords(t *testing.T) {
	const n = 100
	fresh := func() (*memStore, *Ledger) {
		store := newMemStore()
		fillHours(t, store, n, breached)
		l := NewLedger(store).WithIndex(store)
		passReads(t, l, n)
		return store, l
	}
	pages := func(store *memStore) []string { return store.keys(indexDir) }
	store, _ := fresh()
	if got := pages(store); len(got) != 2 {
		t.Fatalf("index is %q", got)
	}
	for name, spoil := range map[string]func(*memStore){
		"lost": func(s *memStore) {
			maps.DeleteFunc(s.objects, func(k string, _ []byte) bool { return strings.HasPrefix(k, indexDir) })
		},
		"torn":    func(s *memStore) { eachPage(s, func(d []byte) []byte { return d[:len(d)/2] }) },
		"rubbish": func(s *memStore) { eachPage(s, func([]byte) []byte { return []byte("\x00") }) },
		"another version's": func(s *memStore) {
			eachPage(s, func(d []byte) []byte { return []byte(strings.Replace(string(d), `"schema":1`, `"schema":9`, 1)) })
		},
		"of other records": func(s *memStore) { // a state that was put back to an earlier one and went on from there
			for i := range n {
				key := evaluationKey("m", placeOf(hour(i), "1h"), true, 1)
				s.objects[key] = []byte(strings.ReplaceAll(string(s.objects[key]), `"because"`, `"otherwise"`))
			}
		},
		"of records that are gone": func(s *memStore) {
			for i := range n / 2 {
				delete(s.objects, evaluationKey("m", placeOf(hour(i), "1h"), true, 1))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, l := fresh()
			spoil(store)
			plain := &memStore{objects: maps.Clone(store.objects)}
			maps.DeleteFunc(plain.objects, func(k string, _ []byte) bool { return strings.HasPrefix(k, indexDir) })
			wantRecords, wantOpen := passReads(t, NewLedger(plain), n)
			for range 2 { // with the spoilt index, and with the one made anew
				records, open := passReads(t, l, n)
				if !reflect.DeepEqual(records, wantRecords) || !reflect.DeepEqual(open, wantOpen) {
					t.Errorf("%d records, %v open; without an index %d, %v", len(records), open, len(wantRecords), wantOpen)
				}
			}
		})
	}
}

func eachPage(s *memStore, change func([]byte) []byte) {
	for k, data := range s.objects {
		if strings.HasPrefix(k, indexDir) {
			s.objects[k] = change(data)
		}
	}
}

func TestIndex_LedgerWithoutWriterLeavesItAlone(t *testing.T) {
	store := newMemStore()
	fillHours(t, store, 100, breached)
	passReads(t, NewLedger(store), 100)
	if got := store.keys(indexDir); len(got) != 0 {
		t.Errorf("a ledger that writes no index wrote %q", got)
	}
}

// Whatever people are told in whatever order, and whenever the index is made, the open
// breaches are those that all the marks show.
func TestIndex_OpenBreachesAreThoseOfAllMarks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		store := newMemStore()
		l, ctx := NewLedger(store).WithIndex(store), t.Context()
		rules := []Rule{{Name: "a"}, {Name: "b"}}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			w := day(rapid.IntRange(1, 1500).Draw(rt, "day"))
			if rapid.Bool().Draw(rt, "look") {
				if _, err := l.OpenBreaches(ctx, "m", rules, day(1500), w.Start); err != nil {
					rt.Fatal(err)
				}
				continue
			}
			told := Told{Model: "m", Window: w, Rule: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "rule"), State: rapid.SampledFrom([]string{ToldBreached, ToldResolved}).Draw(rt, "state"), At: w.End}
			if _, err := l.Tell(ctx, told); err != nil {
				rt.Fatal(err)
			}
		}
		got, err := l.OpenBreaches(ctx, "m", rules, day(1500), day(1400).Start)
		if err != nil {
			rt.Fatal(err)
		}
		maps.DeleteFunc(store.objects, func(k string, _ []byte) bool { return strings.HasPrefix(k, indexDir) })
		want, err := l.OpenBreaches(ctx, "m", rules, day(1500), day(1).Start)
		if err != nil || !reflect.DeepEqual(got, want) {
			rt.Fatalf("open %v, of all marks %v, %v", got, want, err)
		}
	})
}

func TestIndex_HistoryInBrief(t *testing.T) {
	store := newMemStore()
	fillHours(t, store, 2000, healthy)
	l, ctx := NewLedger(store).WithIndex(store), t.Context()
	again := rec(1, "rmse", breached)
	again.Window = hour(1999)
	if _, _, err := l.Append(ctx, again); err != nil {
		t.Fatal(err)
	}
	want, err := l.History(ctx, "m")
	if err != nil || len(want) != 2001 {
		t.Fatal(len(want), err)
	}
	for i := range want {
		want[i].Inputs, want[i].Output = nil, nil
	}
	for _, way := range []string{"one by one", "from pages"} {
		store.requests = 0
		got, err := l.Brief(ctx, "m")
		if err != nil || !slices.EqualFunc(got, want, func(a, b Record) bool { return reflect.DeepEqual(a, b) }) {
			t.Fatalf("%s: %d records, %v", way, len(got), err)
		}
		if way == "from pages" && store.requests > 10 {
			t.Errorf("%d requests", store.requests)
		}
	}
	store.requests = 0
	got, err := l.LastWindows(ctx, "m", hour(2100), 50)
	if err != nil || !reflect.DeepEqual(got, want[len(want)-51:]) || store.requests > 6 {
		t.Errorf("newest 50 windows: %d records, %d requests, %v", len(got), store.requests, err)
	}
	if got, err := l.LastWindows(ctx, "m", hour(20000), 50); err != nil || !reflect.DeepEqual(got, want[len(want)-51:]) {
		t.Errorf("newest 50 windows of long ago: %d records, %v", len(got), err)
	}
}

func TestEras(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		size time.Duration
		want string
	}{
		{time.Minute, "20260301 20260228 20260227"},
		{time.Hour, "202603 202602 202601"},
		{24 * time.Hour, "2026 2025 2024"},
		{7 * 24 * time.Hour, "202 201 200"},
		{10 * time.Second, "2026030100 2026022823 2026022822"},
	} {
		digits := eraDigits(groundtruth.Window{Start: from, End: from.Add(c.size)})
		var got []string
		for era := eraOf(from, digits); len(got) < 3; era = eraOf(eraStart(era).Add(-1), digits) {
			got = append(got, era)
		}
		// Hours are written behind a T.
		if text := strings.ReplaceAll(strings.Join(got, " "), "T", ""); text != c.want {
			t.Errorf("%v: %s, want %s", c.size, text, c.want)
		}
	}
	long := groundtruth.Window{Start: from, End: from.AddDate(10, 0, 0)}
	if n := len(erasBetween(farthestBefore(long), from, eraDigits(long))); n > 20 {
		t.Errorf("windows of ten years: %d eras", n)
	}
}

// deafStore answers no read of the index, or takes no write of it.
type deafStore struct {
	*memStore
	reads, writes bool
}

var errDeaf = errors.New("503")

func (s *deafStore) Read(ctx context.Context, key string) ([]byte, error) {
	if s.reads && strings.HasPrefix(key, indexDir) {
		return nil, errDeaf
	}
	return s.memStore.Read(ctx, key)
}

func (s *deafStore) Write(ctx context.Context, key string, data []byte) error {
	if s.writes {
		return errDeaf
	}
	return s.memStore.Write(ctx, key, data)
}

func TestIndex_ItsFaultsLoseNoTelling(t *testing.T) {
	ctx, rules := t.Context(), []Rule{{Name: "rmse"}}
	store := &deafStore{memStore: newMemStore()}
	l := NewLedger(store).WithIndex(store)
	told := Told{Model: "m", Window: day(3), Rule: "rmse", State: ToldBreached, Since: day(3).Start, At: day(3).End}
	store.reads = true
	if first, err := l.Tell(ctx, told); err != nil || !first {
		t.Errorf("nobody is told: %v, %v", first, err)
	}
	store.reads = false
	if open, err := l.OpenBreaches(ctx, "m", rules, day(900), day(800).Start); err != nil || len(open) != 1 {
		t.Errorf("open %v, %v", open, err)
	}
	store.writes, told.State = true, ToldResolved
	if first, err := l.Tell(ctx, told); err != nil || !first {
		t.Errorf("nobody is told of the end: %v, %v", first, err)
	}
	if open, err := l.OpenBreaches(ctx, "m", rules, day(900), day(800).Start); err != nil || len(open) != 0 {
		t.Errorf("open %v, %v", open, err)
	}
}

func TestIndex_KeepsFieldsOfLaterVersions(t *testing.T) {
	data := []byte(`{"schema":1,"model":"m","window":{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"},"on_grid":true,"stage":"mature","revision":1,"read":"HASH","inputs":[],"output":{}}`)
	got, err := NewLedger(newMemStore()).brief(false)(data, evaluationKey("m", placeOf(day(1), ""), true, 1))
	if err != nil || !strings.Contains(string(got), `"read":"HASH"`) || strings.Contains(string(got), "output") {
		t.Errorf("%s, %v", got, err)
	}
}
