package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

var _ Store = (*objstore.Store)(nil)

func TestKeys(t *testing.T) {
	e := day(1).Start
	k := Key("house-price", e, 1)
	// printf '11:house-price7:episode10:17672256001:1' | sha256sum
	if want := "house-price-973fc40171174267"; k != want {
		t.Fatalf("key %s, want %s", k, want)
	}
	if k != Key("house-price", e.In(time.FixedZone("x", 3600)), 1) {
		t.Error("key depends on the time zone")
	}
	for _, other := range []string{Key("house-price", e, 2), Key("house-price", e.Add(time.Second), 1), Key("house", e, 1), ManualKey("house-price", "1")} {
		if other == k {
			t.Errorf("%s twice", k)
		}
	}
	if first, second := RandomKey("m"), RandomKey("m"); first == second {
		t.Error("random keys repeat")
	}
	if !keyOf("house-price", k) || keyOf("house", k) || keyOf("house-price", k+"0") || keyOf("house", "house-price-0123456789abcdef") {
		t.Error("keyOf mixes models up")
	}
	// A longer model whose name ends like a key of the shorter one.
	if tricky := "m-0123456789abcdef"; keyOf("m", Key(tricky, e, 1)) {
		t.Error("a longer model's key is taken for the shorter one's")
	}
}

func TestPart(t *testing.T) {
	long := strings.Repeat("x", maxPart+1)
	seen := map[string]string{}
	for _, name := range []string{"a", "a b", "a-b", "a/b", "", ".", "..", "ä", "ö", long, long + "y", "a~b", "../../etc"} {
		p := part(name)
		if p == "" || len(p) > maxPart || strings.ContainsAny(p, "/ %") || strings.Trim(p, ".") == "" {
			t.Errorf("part(%q) = %q", name, p)
		}
		if other, ok := seen[p]; ok {
			t.Errorf("%q and %q share %q", name, other, p)
		}
		seen[p] = name
	}
	if part("house-price_v1.2") != "house-price_v1.2" {
		t.Error("a fitting name is changed")
	}
}

func FuzzEvaluationKey(f *testing.F) {
	f.Add("evaluations/m/20260101T000000Z_20260102T000000Z/r000001.json")
	f.Add("evaluations/m/20260101T000000Z_20260201T000000Z@31d/r000001.json")
	f.Add("evaluations/m/20260101T000000.5Z_20260102T000000Z/r1.json")
	f.Fuzz(func(t *testing.T, key string) {
		at, n, err := parseEvaluationKey("evaluations/m/", key)
		if err != nil || !strings.HasPrefix(key, "evaluations/m/") {
			return
		}
		if got := evaluationKey("m", at, true, n); got != key {
			// Another spelling of a time reads as the same window; it must at least be stable.
			at2, n2, err := parseEvaluationKey("evaluations/m/", got)
			if err != nil || n2 != n || at.grid != at2.grid || compareWindows(at.window, at2.window) != 0 {
				t.Fatalf("%q reads as %v, %d and comes back as %q", key, at, n, got)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema":1,"model":"m"}`))
	f.Add([]byte(`{"schema":2}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r evaluationRecord
		if err := decode("k/1", data, RecordSchema, &r); err != nil && !strings.Contains(err.Error(), "k/1") {
			t.Fatalf("error does not name the record: %v", err)
		}
	})
}

func evaluated(n, mae int) Record {
	r := rec(n, "rmse", breached)
	r.Revision = 0
	r.PolicyHash, r.AsOf = "p1", day(n).End
	r.Versions = []string{"v1"}
	r.Inputs = []groundtruth.Input{{URL: "s3://b/k", Size: 3, ETag: "e", ModTime: day(n).End}}
	r.Output = json.RawMessage(fmt.Sprintf(`{"model":"m","as_of":"x","nested":{"revision":7},"revision":0,"metrics":{"mae":%d},"decision":{"action":"none"}}`, mae))
	r.Decision = Decision{Action: ActionNone}
	return r
}

func TestAppend(t *testing.T) {
	ctx := t.Context()
	store := newMemStore()
	l := NewLedger(store)
	first, created, err := l.Append(ctx, evaluated(1, 5))
	if err != nil || !created || first.Revision != 1 {
		t.Fatalf("first append: %+v %v %v", first, created, err)
	}
	if want := `"nested":{"revision":7},"revision":1,`; !strings.Contains(string(first.Output), want) {
		t.Errorf("output %s lacks %s", first.Output, want)
	}
	again := evaluated(1, 5)
	again.AsOf = again.AsOf.Add(time.Hour)
	again.Output = json.RawMessage(`{"revision":9,"as_of":"y","metrics":{"mae":5},"nested":{"revision":7},"decision":{"action":"retrain"},"model":"m"}`)
	again.Decision = Decision{Action: ActionRetrain}
	same, created, err := l.Append(ctx, again)
	if err != nil || created || same.Revision != 1 || same.Decision.Action != ActionNone {
		t.Fatalf("same again: %+v %v %v", same, created, err)
	}
	for name, change := range map[string]func(*Record){
		"stage":   func(r *Record) { r.Stage = StageClosed },
		"policy":  func(r *Record) { r.PolicyHash = "p2" },
		"verdict": func(r *Record) { r.Rules[0].Verdict = healthy },
		"output":  func(r *Record) { r.Output = evaluated(1, 6).Output },
		"version": func(r *Record) { r.Versions = nil },
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLedger(newMemStore())
			if _, _, err := l.Append(ctx, evaluated(1, 5)); err != nil {
				t.Fatal(err)
			}
			r := evaluated(1, 5)
			change(&r)
			got, created, err := l.Append(ctx, r)
			if err != nil || !created || got.Revision != 2 {
				t.Fatalf("changed %s: revision %d, created %v, %v", name, got.Revision, created, err)
			}
		})
	}
}

// TestAppendOfOtherWindowsLabels holds that labels which belong to other windows are no
// change, nor is what earlier versions did not say of the same rows, and that one which belongs
// to this window is.
func TestAppendOfOtherWindowsLabels(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	withCounts := func(counts string) Record {
		r := evaluated(1, 5)
		r.Output = json.RawMessage(strings.Replace(string(r.Output), `"metrics"`, counts+`,"metrics"`, 1))
		return r
	}
	counted := withCounts(`"coverage":{"labels":5,"unmatched_labels":0,"skipped":{},"label_delay":{"n":5},"matched":5}`)
	if _, _, err := l.Append(ctx, counted); err != nil {
		t.Fatal(err)
	}
	others := withCounts(`"coverage":{"labels":9,"unmatched_labels":4,"skipped":{"bad_row":1},"label_delay":{"n":5,"late":2},"matched":5},"notes":["x"],"by_hour":[{"hour":7,"n":5}],"by_weekday":[{"weekday":"monday","n":5}]`)
	others.Inputs[0].ETag = "f"
	if got, created, err := l.Append(ctx, others); err != nil || created || got.Revision != 1 {
		t.Fatalf("other windows' labels: revision %d, created %v, %v", got.Revision, created, err)
	}
	if got, created, err := l.Append(ctx, withCounts(`"coverage":{"labels":5,"unmatched_labels":0,"skipped":{},"label_delay":{"n":5},"matched":4}`)); err != nil || !created || got.Revision != 2 {
		t.Fatalf("one of its own: revision %d, created %v, %v", got.Revision, created, err)
	}
}

func TestAppendOfWhatAnOlderRevisionSaid(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	if _, _, err := l.Append(ctx, evaluated(1, 5)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Append(ctx, evaluated(1, 6)); err != nil {
		t.Fatal(err)
	}
	third, created, err := l.Append(ctx, evaluated(1, 5))
	if err != nil || !created || third.Revision != 3 {
		t.Fatalf("back again: %+v %v %v", third, created, err)
	}
	history, err := l.History(ctx, "m")
	if err != nil || len(history) != 3 || history[2].Revision != 3 {
		t.Fatalf("history: %d %v", len(history), err)
	}
	latest, err := l.Newest(ctx, "m", "1d", day(1))
	if err != nil || len(latest) != 1 || latest[0].Revision != 3 || string(latest[0].Output) != string(third.Output) {
		t.Fatalf("latest: %+v %v", latest, err)
	}
}

func TestAppendRace(t *testing.T) {
	l := NewLedger(newMemStore())
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			if _, _, err := l.Append(context.Background(), evaluated(1, n)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	history, err := l.History(t.Context(), "m")
	if err != nil || len(history) != 16 {
		t.Fatalf("%d revisions, %v", len(history), err)
	}
	seen := map[string]bool{}
	for n, r := range history {
		if r.Revision != n+1 {
			t.Errorf("revision %d at %d", r.Revision, n)
		}
		var out struct{ Revision int }
		if json.Unmarshal(r.Output, &out) != nil || out.Revision != r.Revision {
			t.Errorf("revision %d says %d in its output", r.Revision, out.Revision)
		}
		seen[string(r.Output)] = true
	}
	if len(seen) != 16 {
		t.Errorf("%d different outputs", len(seen))
	}
}

func TestSemantics1_OffGridIsKeptApart(t *testing.T) {
	ctx := t.Context()
	store := newMemStore()
	l := NewLedger(store)
	r := evaluated(1, 5)
	r.OnGrid = false
	r.Window.Start = r.Window.Start.Add(90*time.Minute + 500*time.Millisecond)
	if _, created, err := l.Append(ctx, r); err != nil || !created {
		t.Fatal(created, err)
	}
	if h, err := l.History(ctx, "m"); err != nil || len(h) != 0 {
		t.Errorf("history has it: %v %v", h, err)
	}
	if _, ok, err := l.LastMature(ctx, "m", "1d", day(9)); err != nil || ok {
		t.Errorf("it counts as mature: %v", err)
	}
	apart := "adhoc/m/20260101T013000.5Z_20260102T000000Z/r000001.json"
	if keys := store.keys(""); !slices.Equal(keys, []string{apart}) {
		t.Errorf("the ledger holds %v, want %s", keys, apart)
	}
}

func TestSemantics1_LastMature(t *testing.T) {
	ctx := t.Context()
	store := newMemStore()
	l := NewLedger(store)
	for n, stage := range []string{StageMature, StageMature, StageClosed} {
		r := evaluated(n+1, 1)
		r.Stage = stage
		if _, _, err := l.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	last, ok, err := l.LastMature(ctx, "m", "1d", day(9))
	if err != nil || !ok || !last.Equal(day(2)) {
		t.Fatalf("last mature %v %v %v", last, ok, err)
	}
	// A kill between the record and the index is mended by the retried pass.
	delete(store.objects, matureDir+"m/"+windowPart(day(2)))
	if last, _, _ := l.LastMature(ctx, "m", "1d", day(9)); !last.Equal(day(1)) {
		t.Fatalf("last mature %v", last)
	}
	if _, created, err := l.Append(ctx, evaluated(2, 1)); err != nil || created {
		t.Fatal(created, err)
	}
	if last, _, _ := l.LastMature(ctx, "m", "1d", day(9)); !last.Equal(day(2)) {
		t.Errorf("last mature %v", last)
	}
}

// never and atLeast say when the records that Recent reads are enough.
func never([]Record) bool { return false }

func atLeast(n int) func([]Record) bool { return func(r []Record) bool { return len(r) >= n } }

func TestSemantics3_LatestKeepsTheMatureVerdict(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	for n := range 3 {
		if _, _, err := l.Append(ctx, evaluated(n+1, 1)); err != nil {
			t.Fatal(err)
		}
	}
	// Day 2 is judged again with an early as-of: closed only, so without rmse.
	early := evaluated(2, 2)
	early.Stage, early.Rules = StageClosed, []rule.Result{{Name: "drift", Verdict: healthy}}
	if _, _, err := l.Append(ctx, early); err != nil {
		t.Fatal(err)
	}
	latest, err := l.Recent(ctx, "m", "1d", day(3), day(3), nil, nil, never)
	if err != nil || len(latest) != 4 || latest[1].Revision != 1 || latest[2].Revision != 2 || !latest[3].Window.Start.Equal(day(3).Start) {
		t.Fatalf("latest: %+v %v", latest, err)
	}
	states := NewestVerdicts(days{}, latest, []Rule{{Name: "rmse", Action: rule.ActionRetrain, For: 2}})
	if states[0].Streak != 3 {
		t.Errorf("streak %d", states[0].Streak)
	}
}

func TestDamagedRecords(t *testing.T) {
	ctx := t.Context()
	good := func() (*memStore, *Ledger, string) {
		store := newMemStore()
		l := NewLedger(store)
		if _, _, err := l.Append(ctx, evaluated(1, 5)); err != nil {
			t.Fatal(err)
		}
		return store, l, evaluationKey("m", placeOf(day(1), "1d"), true, 1)
	}
	cases := map[string]func(b []byte) []byte{
		"truncated":     func(b []byte) []byte { return b[:len(b)/2] },
		"empty":         func([]byte) []byte { return nil },
		"no schema":     func([]byte) []byte { return []byte(`{}`) },
		"other window":  func(b []byte) []byte { return []byte(strings.Replace(string(b), "2026-01-01T", "2025-01-01T", 1)) },
		"unknown stage": func(b []byte) []byte { return []byte(strings.Replace(string(b), `"mature"`, `"ripe"`, 1)) },
		"newer schema":  func(b []byte) []byte { return []byte(strings.Replace(string(b), `"schema":1`, `"schema":2`, 1)) },
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			store, l, key := good()
			store.objects[key] = damage(store.objects[key])
			for what, read := range map[string]func() error{
				"history": func() error { _, err := l.History(ctx, "m"); return err },
				"brief":   func() error { _, err := l.Brief(ctx, "m"); return err },
				"last":    func() error { _, err := l.LastWindows(ctx, "m", day(1), 1); return err },
				"newest":  func() error { _, err := l.Newest(ctx, "m", "1d", day(1)); return err },
				"recent":  func() error { _, err := l.Recent(ctx, "m", "1d", day(1), day(1), nil, nil, never); return err },
				"append":  func() error { _, _, err := l.Append(ctx, evaluated(1, 6)); return err },
			} {
				err := read()
				if err == nil || !strings.Contains(err.Error(), key) {
					t.Errorf("%s: %v", what, err)
				}
				if got := errors.Is(err, ErrNewerSchema); got != (name == "newer schema") {
					t.Errorf("%s: newer schema %v: %v", what, got, err)
				}
			}
		})
	}
	store, l, _ := good()
	store.objects["evaluations/m/junk"] = []byte("x")
	if _, err := l.History(ctx, "m"); err == nil || !strings.Contains(err.Error(), "evaluations/m/junk") {
		t.Errorf("a foreign object is passed over: %v", err)
	}
}

func TestReadOnlyState(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	s, err := objstore.NewOpener(dir).Open(ctx, "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLedger(s)
	if got, err := l.History(ctx, "m"); err != nil || len(got) != 0 {
		t.Fatalf("empty ledger: %v %v", got, err)
	}
	if _, created, err := l.Append(ctx, evaluated(1, 5)); err != nil || !created {
		t.Fatal(created, err)
	}
	if got, err := l.History(ctx, "m"); err != nil || len(got) != 1 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	// A file where a folder must go is refused to root too.
	if err := os.WriteFile(dir+"/claims", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = l.createOnce(ctx, claimKey("m-0123456789abcdef", 1), Claim{Schema: 1})
	if err == nil || !strings.Contains(err.Error(), "state.url") || !strings.Contains(err.Error(), "claims/") {
		t.Errorf("read-only state: %v", err)
	}
}

func TestRecent(t *testing.T) {
	ctx := t.Context()
	rules := []Rule{{Name: "rmse", Action: rule.ActionRetrain, For: 1}, {Name: "drift", Action: rule.ActionAlert}}
	fill := func(t *testing.T, verdicts string) (*memStore, *Ledger) {
		store := newMemStore()
		l := NewLedger(store)
		for _, r := range recs("rmse", verdicts) {
			if _, _, err := l.Append(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		store.reads = 0
		return store, l
	}
	t.Run("stops at health", func(t *testing.T) {
		store, l := fill(t, strings.Repeat("h", 200))
		got, err := l.Recent(ctx, "m", "1d", day(200), day(200), rules, nil, atLeast(3))
		if err != nil || len(got) < 3 || store.reads > 3*readers {
			t.Errorf("%d records, %d reads, %v", len(got), store.reads, err)
		}
	})
	t.Run("goes back to health", func(t *testing.T) {
		_, l := fill(t, "bh"+strings.Repeat("i", 50)+"b"+strings.Repeat("i", 50))
		got, err := l.Recent(ctx, "m", "1d", day(103), day(103), rules, nil, atLeast(3))
		if err != nil {
			t.Fatal(err)
		}
		start, ok := episodeStart(byWindow(got), []string{"rmse"}, day(103), nil)
		if !ok || !start.Equal(day(53).Start) {
			t.Errorf("episode from %v", start)
		}
	})
	t.Run("goes back to the launched episode", func(t *testing.T) {
		store, l := fill(t, strings.Repeat("b", 200))
		e := day(150).Start
		launches := []LaunchStatus{{Launch: Launch{Episode: &e}}}
		got, err := l.Recent(ctx, "m", "1d", day(200), day(200), rules, launches, atLeast(3))
		if err != nil || store.reads > 51+2*readers {
			t.Fatalf("%d records, %d reads, %v", len(got), store.reads, err)
		}
		if start, _ := episodeStart(byWindow(got), []string{"rmse"}, day(200), launches); !start.Equal(e) {
			t.Errorf("episode from %v", start)
		}
	})
}

func TestTellOnce(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	var mu sync.Mutex
	first := 0
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			ok, err := l.Tell(ctx, Told{Model: "m", Window: day(1), Rule: "rmse", State: "breached"})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if ok {
				first++
			}
		})
	}
	wg.Wait()
	if first != 1 {
		t.Errorf("told %d times", first)
	}
	for n, told := range []Told{
		{Model: "m2", Window: day(1), Rule: "rmse", State: "breached"},
		{Model: "m", Window: day(2), Rule: "rmse", State: "breached"},
		{Model: "m", Window: day(1), Rule: "mae", State: "breached"},
		{Model: "m", Window: day(1), Rule: "rmse", State: "inconclusive"},
		{Model: "m", Rule: "rmse", State: "breached"},
		{Model: "m", Window: day(1), Rule: strings.Repeat("rmse ", 100), State: "breached"},
		{Model: "m", Window: day(1), Rule: strings.Repeat("rmse ", 101), State: "breached"},
	} {
		for try := range 2 {
			ok, err := l.Tell(ctx, told)
			if err != nil || ok != (try == 0) {
				t.Errorf("%d, try %d: %v %v", n, try, ok, err)
			}
		}
	}
}

func TestSuggestions(t *testing.T) {
	ctx := t.Context()
	l := NewLedger(newMemStore())
	for n, want := range []bool{true, false} {
		s := Suggestion{Key: Key("m", day(1).Start, 1), Model: "m", Rule: "rmse", Episode: day(1).Start, Attempt: 1, At: day(2).Start}
		if got, err := l.Suggest(ctx, s); err != nil || got != want {
			t.Errorf("%d: %v %v", n, got, err)
		}
	}
	if _, err := l.Suggest(ctx, Suggestion{Key: Key("m-2", day(1).Start, 1), Model: "m-2"}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Suggestions(ctx, "m")
	if err != nil || len(got) != 1 || got[0].Rule != "rmse" {
		t.Errorf("%v %v", got, err)
	}
}

func TestLaunches(t *testing.T) {
	ctx := t.Context()
	store := newMemStore()
	l := NewLedger(store)
	put := func(model string, n int) string {
		e := day(n).Start
		key := Key(model, e, 1)
		launch := Launch{Schema: 1, Key: key, Model: model, Run: RunName(key), RunID: fmt.Sprint("id-", n), Episode: &e, Attempt: 1, LaunchedAt: e.Add(time.Hour)}
		if _, err := l.createOnce(ctx, launchesDir+key, launch); err != nil {
			t.Fatal(err)
		}
		return key
	}
	key := put("m", 2)
	put("m", 1)
	put("m-2", 3)
	state := func(s, id, kept string, at, end int) {
		r := RunState{Key: key, RunID: id, State: s, Kept: kept, ObservedAt: day(at).Start}
		if end > 0 {
			e := day(end).Start
			r.FinishedAt = &e
		}
		if first, err := l.recordState(ctx, r); err != nil || !first {
			t.Fatal(first, err)
		}
		if again, err := l.recordState(ctx, r); err != nil || again {
			t.Fatal(again, err)
		}
	}
	state(StateRunning, "id-2", "", 3, 0)
	state(StatePending, "id-2", "", 2, 0)
	got, err := l.Launches(ctx, "m")
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	if got[0].Launch.RunID != "id-1" || got[0].Latest != "" || got[0].Terminal {
		t.Errorf("%+v", got[0])
	}
	if s := got[1]; s.Latest != StateRunning || s.Terminal || len(s.States) != 2 || !s.FinishedAt.IsZero() {
		t.Errorf("%+v", s)
	}
	state(StateFailed, "id-2", "", 5, 4)
	state(StateDuplicate, "id-9", "id-2", 5, 0)
	if got, err = l.Launches(ctx, "m"); err != nil {
		t.Fatal(err)
	}
	if s := got[1]; s.Latest != StateFailed || !s.Terminal || !s.FinishedAt.Equal(day(4).Start) || len(s.Duplicates) != 1 || len(s.States) != 3 {
		t.Errorf("%+v", s)
	}
	// The recorded run turns out to be the younger one: the other counts from now on.
	state(StateDuplicate, "id-2", "id-8", 6, 0)
	if got, err = l.Launches(ctx, "m"); err != nil {
		t.Fatal(err)
	}
	if s := got[1]; s.Launch.RunID != "id-8" || s.Terminal || s.Latest != "" {
		t.Errorf("%+v", s)
	}
	store.objects[launchesDir+key] = []byte(`{"schema":1,"key":"other"}`)
	if _, err := l.Launches(ctx, "m"); err == nil || !strings.Contains(err.Error(), launchesDir+key) {
		t.Errorf("damaged launch: %v", err)
	}
}
