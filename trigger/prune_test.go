package trigger

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What is old and needed stays, and what goes leaves readable records wherever it is cut off.
func TestOld(t *testing.T) {
	ctx := t.Context()
	store := newMemStore()
	l := NewLedger(store)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n <= 12; n++ {
		_, _, err := l.Append(ctx, evaluatedAsOf(n, StageClosed, n, 1))
		must(err)
		_, _, err = l.Append(ctx, evaluatedAsOf(n, StageMature, n, 2))
		must(err)
		for _, rule := range []string{"rmse", "drift"} {
			_, err := l.Tell(ctx, Told{Model: "m", Window: day(n), Rule: rule, State: ToldBreached, At: day(n).End})
			must(err)
		}
	}
	_, err := l.Tell(ctx, Told{Model: "m", Rule: "m-0123456789abcdef", State: "started", At: day(1).End})
	must(err)
	for n, key := range []string{"old", "going on"} {
		_, err := l.Suggest(ctx, Suggestion{Key: ManualKey("m", key), Model: "m", Episode: day(1 + 7*n).Start, At: day(3).Start})
		must(err)
	}
	for _, n := range []int{1, 2, 3, 11} { // outages, of which the last goes on
		_, _, err := l.Failed(ctx, "m", OutageEvaluation, day(n), day(n).End)
		must(err)
		if n != 11 {
			_, _, err = l.Worked(ctx, "m", OutageEvaluation, day(n), day(n).End.Add(time.Hour))
			must(err)
		}
	}
	must(l.create(ctx, "launches/m-0123456789abcdef", Launch{Schema: 1}))
	must(l.create(ctx, "evaluations/mm/20260101T000000Z_20260102T000000Z/r000001.json", 1)) // another model's

	removals, kept, err := l.Old(ctx, "m", day(10).Start, Needs{
		Since: day(8).Start, Shown: day(2),
		Open:     map[string]OpenBreach{"drift": {First: Told{Window: day(4)}, Last: Told{Window: day(5)}}},
		Launches: []LaunchStatus{{Launch: Launch{Rule: "rmse", Window: ptrTo(day(6))}}, {Launch: Launch{Rule: "rmse", Window: ptrTo(day(7))}, Terminal: true}},
	})
	must(err)
	var gone []string
	for _, r := range removals {
		for _, unit := range r.Units {
			for i, o := range unit {
				gone = append(gone, o.Key)
				if i+1 < len(unit) && (strings.HasSuffix(o.Key, "/over") || strings.HasSuffix(o.Key, "r000002.json")) {
					t.Errorf("%s goes before %s", o.Key, unit[i+1].Key)
				}
			}
		}
	}
	isGone := func(part string) bool {
		return slices.ContainsFunc(gone, func(k string) bool { return strings.Contains(k, part) })
	}
	place := func(n int) string { return windowPart(day(n)) }
	for part, want := range map[string]bool{
		"evaluations/m/" + place(1): true, "evaluations/m/" + place(2): false, "evaluations/m/" + place(7): true,
		"evaluations/m/" + place(8): false, "evaluations/m/" + place(12): false, "evaluations/mm": false,
		"told/m/" + place(1): true, "told/m/" + place(8): false, "told/m/-": false,
		"told/m/" + place(4) + "/drift": false, "told/m/" + place(4) + "/rmse": true, "told/m/" + place(5) + "/drift": false,
		"told/m/" + place(6) + "/rmse": false, "told/m/" + place(7) + "/rmse": true,
		ManualKey("m", "old"): true, ManualKey("m", "going on"): false,
		"outages/m/evaluation/000001": true, "outages/m/evaluation/000003": true, "outages/m/evaluation/000004": false,
		"mature/": false, "launches/": false,
	} {
		if isGone(part) != want {
			t.Errorf("%s is removed: %t, want %t", part, !want, want)
		}
	}
	for _, kind := range []string{"evaluations", "told", "suggestions", "outages", "mature", "launches"} {
		if !slices.ContainsFunc(kept, func(k Kept) bool { return k.Kind == kind && k.Objects > 0 && k.Why != "" }) {
			t.Errorf("nothing is said of the %s that are kept: %v", kind, kept)
		}
	}
}

func ptrTo[T any](v T) *T { return &v }

// A page keeps no copy of what is gone, and one with nothing else is given up.
func TestForgetCopies(t *testing.T) {
	ctx := t.Context()
	store := newMemStore()
	l := NewLedger(store).WithIndex(store)
	for n := 1; n <= 20; n++ {
		if _, _, err := l.Append(ctx, evaluated(n, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Brief(ctx, "m"); err != nil { // writes the page
		t.Fatal(err)
	}
	for _, key := range store.keys("evaluations/m/202601") {
		if key < "evaluations/m/20260110" {
			delete(store.objects, key)
		}
	}
	empty, err := l.ForgetCopies(ctx, "m", day(30).Start)
	if err != nil || len(empty) > 0 {
		t.Fatalf("%v, %v", empty, err)
	}
	if page := string(store.objects["index/m/records-2026"]); strings.Contains(page, "20260109T000000Z_") || !strings.Contains(page, "20260110T000000Z_") {
		t.Errorf("the page holds %s", page)
	}
	store.reads = 0
	if _, err := l.Brief(ctx, "m"); err != nil || store.reads > 1 {
		t.Errorf("%d reads, %v", store.reads, err)
	}
	for _, key := range store.keys("evaluations/") {
		delete(store.objects, key)
	}
	if empty, err = l.ForgetCopies(ctx, "m", day(30).Start); err != nil || len(empty) != 1 || empty[0].Key != "index/m/records-2026" {
		t.Errorf("%v, %v", empty, err)
	}
}
