package job_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// shardWorlds makes two worlds with one log between them and a state each, in which day
// 1 was judged, days 2 to 6 have become mature since, and day 8 has closed.
func shardWorlds(t *testing.T) (plain, sharded *world) {
	t.Helper()
	s := settings{model: "catch_up: 5", data: memory() + "/data"}
	plain, sharded = newWorld(t, s), newWorld(t, s)
	plain.logs(1, good, good, good, wrong, wrong, wrong, good, drifted)
	for _, w := range []*world{plain, sharded} {
		w.night(4)
		w.at(9)
	}
	return plain, sharded
}

// keep reads a shard's part of the windows, as of the world's now.
func (w *world) keep(index, of int) []job.Unit {
	w.t.Helper()
	units, err := w.r.Units(w.t.Context(), w.model, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	var mine []job.Unit
	for rank, u := range units {
		if rank%of == index {
			mine = append(mine, u)
		}
	}
	kept, err := w.r.Keep(w.t.Context(), w.model, w.now, mine)
	if err != nil {
		w.t.Fatal(err)
	}
	return kept
}

// wantSameWorld fails unless both worlds show, record, push, tell and start the same.
func wantSameWorld(t *testing.T, plain, merged *world, a, b []job.Outcome) {
	t.Helper()
	if x, y := encode(t, a), encode(t, b); x != y {
		t.Errorf("a plain pass gives\n%s\nthe merge\n%s", x, y)
	}
	wantSame(t, plain.stateObjects(), merged.stateObjects())
	if x, y := encode(t, plain.pub.snapshots), encode(t, merged.pub.snapshots); x != y {
		t.Errorf("a plain pass pushes\n%s\nthe merge\n%s", x, y)
	}
	wantLines(t, "told", merged.told.take(), plain.told.take()...)
	for _, w := range []*world{plain, merged} {
		for i := range w.kfp.requests {
			w.kfp.requests[i].NotAfter = time.Time{} // by the process's own clock
		}
	}
	if x, y := encode(t, plain.kfp.requests), encode(t, merged.kfp.requests); x != y {
		t.Errorf("a plain pass starts\n%s\nthe merge\n%s", x, y)
	}
}

// reads counts the windows that were read, by the log's line about each.
func (w *world) reads(message string) int { return strings.Count(w.log.String(), `msg="`+message+`"`) }

// TestMergeIsAPlainPass holds a merge, after shards of any number in any order, some of
// which never came, to what one pass gives.
func TestMergeIsAPlainPass(t *testing.T) {
	for _, tc := range []struct{ shards, missing int }{{1, 0}, {2, 0}, {3, 1}, {4, 0}, {9, 0}, {4, 4}} {
		t.Run(fmt.Sprintf("%d shards less %d", tc.shards, tc.missing), func(t *testing.T) {
			plain, sharded := shardWorlds(t)
			outcomes := plain.pass(job.Options{})
			before := sharded.stateObjects()
			kept := 0
			order := rand.New(rand.NewPCG(uint64(tc.shards), 3)).Perm(tc.shards)
			for _, i := range order[tc.missing:] {
				kept += len(sharded.keep(i, tc.shards))
			}
			// A shard judges, pushes, tells and records nothing.
			after := sharded.stateObjects()
			maps.DeleteFunc(after, func(key, _ string) bool { return strings.HasPrefix(key, "shards/m/") })
			wantSame(t, before, after)
			if len(sharded.pub.snapshots) != len(plain.pub.snapshots)-1 {
				t.Error("a shard has pushed")
			}
			if tc.missing == 0 && kept != 6 || tc.missing == tc.shards && kept != 0 {
				t.Fatalf("%d windows are kept", kept)
			}
			joins := 0
			sharded.r.Progress = func(string) func(done, total int64) {
				joins++
				return func(int64, int64) {}
			}
			wantSameWorld(t, plain, sharded, outcomes, sharded.pass(job.Options{AsOf: sharded.now, Merge: true}))
			if joins != 6-kept {
				t.Errorf("the merge reads %d windows, of which %d of 6 are kept", joins, kept)
			}
		})
	}
}

// TestShardsOfOneUnit has two shards read the same windows: the second finds them kept.
func TestShardsOfOneUnit(t *testing.T) {
	_, w := shardWorlds(t)
	first := w.keep(0, 1)
	objects := w.stateObjects()
	for i, u := range w.keep(0, 1) {
		if !u.There || u.Key != first[i].Key || first[i].There {
			t.Errorf("the second shard finds %+v after %+v", u, first[i])
		}
	}
	wantSame(t, objects, w.stateObjects())
	if n := w.reads("window kept"); n != len(first) {
		t.Errorf("%d windows were read, want each once: %d", n, len(first))
	}
}

// TestChangedInputsAreReadAnew changes a log between shard and merge.
func TestChangedInputsAreReadAnew(t *testing.T) {
	plain, sharded := shardWorlds(t)
	kept := sharded.keep(0, 1)
	pairs := makePairs(perDay+20, dayStart(3), good, "v1")
	plain.predictions(3, pairs)
	outcomes := plain.pass(job.Options{})
	wantSameWorld(t, plain, sharded, outcomes, sharded.pass(job.Options{AsOf: sharded.now, Merge: true}))
	if n := sharded.reads("a kept window cannot be used and is read anew"); n != 1 {
		t.Errorf("%d of %d windows were read anew, want the one with the changed object", n, len(kept))
	}
	if got := of(t, outcomes, 3).Coverage.Predictions; got != perDay+20 {
		t.Errorf("%d predictions", got)
	}

	// A shard that is tried again replaces what it kept of the old objects.
	_, w := shardWorlds(t)
	first := w.keep(0, 1)
	old := w.stateObjects()[first[1].Key]
	w.predictions(first[1].Window.Start.Day(), makePairs(perDay+10, first[1].Window.Start, good, "v1"))
	for i, u := range w.keep(0, 1) {
		if u.There != (i != 1) {
			t.Errorf("after a change of unit 1, unit %d: %+v", i, u)
		}
	}
	if w.stateObjects()[first[1].Key] == old {
		t.Error("the old summary is kept on")
	}
}

// TestDamagedUnitsAreReadAnew damages what shards have kept.
func TestDamagedUnitsAreReadAnew(t *testing.T) {
	plain, sharded := shardWorlds(t)
	outcomes := plain.pass(job.Options{})
	kept := sharded.keep(0, 1)
	objects := sharded.stateObjects()
	for i, text := range []string{"", "{", objects[kept[3].Key], strings.Replace(objects[kept[3].Key], `"schema":1`, `"schema":2`, 1)} {
		if err := sharded.state.Write(t.Context(), kept[i].Key, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	wantSameWorld(t, plain, sharded, outcomes, sharded.pass(job.Options{AsOf: sharded.now, Merge: true}))
	if n := sharded.reads("a kept window cannot be used and is read anew"); n != 4 {
		t.Errorf("%d windows were read anew, want 4", n)
	}
}

// TestMergeForgets removes what it has merged, and what an earlier merge has left.
func TestMergeForgets(t *testing.T) {
	_, w := shardWorlds(t)
	w.at(8)
	w.keep(0, 2) // never merged
	w.at(10)
	later := w.keep(1, 2)
	w.at(9)
	w.keep(0, 1)
	asOf := w.now
	newest, ok, err := w.r.KeptAsOf(t.Context(), nil)
	if ok || err != nil {
		t.Errorf("of no models there is something kept as of %s, %v", newest, err)
	}
	w.pass(job.Options{AsOf: asOf, Merge: true, DryRun: true})
	if n := len(w.shards()); n != 3+3+6 {
		t.Errorf("%d kept windows after a dry run", n)
	}
	w.pass(job.Options{AsOf: asOf, Merge: true})
	var want []string
	for _, u := range later {
		want = append(want, u.Key)
	}
	slices.Sort(want)
	wantLines(t, "left are those of a later as-of", w.shards(), want...)

	// Once a later pass has judged more, neither shards nor a merge act on the past.
	w.at(10)
	w.pass(job.Options{})
	if _, err := w.r.Pass(t.Context(), w.model, job.Options{AsOf: asOf, Merge: true}); !errors.Is(err, job.ErrJudgedSince) {
		t.Errorf("a merge after a later pass: %v", err)
	}
	if _, err := w.r.Units(t.Context(), w.model, asOf); !errors.Is(err, job.ErrJudgedSince) {
		t.Errorf("a shard after a later pass: %v", err)
	}
}

// shards lists what is kept.
func (w *world) shards() []string {
	w.t.Helper()
	out := []string{}
	for _, key := range slices.Sorted(maps.Keys(w.stateObjects())) {
		if strings.HasPrefix(key, "shards/") {
			out = append(out, key)
		}
	}
	return out
}

// TestUnitKeysDiffer changes one setting at a time: what was kept under another is not
// taken.
func TestUnitKeysDiffer(t *testing.T) {
	_, w := shardWorlds(t)
	seen := map[string]string{}
	for _, tc := range []struct {
		name   string
		change func()
	}{
		{"as it is", func() {}},
		{"resolve", func() { w.model.GroundTruth.Resolve = groundtruth.ResolveFirst }},
		{"segments", func() { w.model.Segments = []string{"x"} }},
		{"max_segments", func() { w.model.MaxSegments = 7 }},
		{"slack", func() { w.model.Predictions.Slack = 1 }},
		{"exact_values, by the profile", func() { w.model.Drift.ExactValues = 5 }},
		{"as-of", func() { w.now = w.now.Add(1) }},
	} {
		tc.change()
		for _, u := range w.keep(0, 1) {
			if u.There {
				t.Errorf("%s: a window kept under other settings is taken", tc.name)
			}
			if other, ok := seen[u.Key]; ok {
				t.Errorf("%s has the key of %s", tc.name, other)
			}
			seen[u.Key] = tc.name
		}
	}
}

// TestSemantics7_ShardsReadAgain has windows judged again by shards and a merge, and by a
// plain pass: the shards have the same list, but for those that are not read.
func TestSemantics7_ShardsReadAgain(t *testing.T) {
	s := settings{model: "catch_up: 5", data: memory() + "/data"}
	plain, sharded := newWorld(t, s), newWorld(t, s)
	plain.logs(1, good, wrong, good, good, good, good, good)
	for _, w := range []*world{plain, sharded} {
		for n := 4; n <= 6; n++ { // days 1 to 3
			w.night(n)
		}
		w.at(8) // days 4 and 5, day 7, and day 1 to 3 again
		w.model.GroundTruth.Resolve = groundtruth.ResolveFirst
	}
	units, err := sharded.r.Units(t.Context(), sharded.model, sharded.now)
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, u := range units {
		days = append(days, fmt.Sprintf("%d %s", u.Window.Start.Day(), u.Stage))
	}
	wantLines(t, "units", days, "1 mature", "2 mature", "3 mature", "4 mature", "5 mature", "7 closed")
	for i := range 3 {
		sharded.keep(i, 3)
	}
	reads := sharded.count()
	outcomes := plain.pass(job.Options{})
	wantSameWorld(t, plain, sharded, outcomes, sharded.pass(job.Options{AsOf: sharded.now, Merge: true}))
	if len(reads.read) != 0 {
		t.Errorf("the merge reads %v", reads.read)
	}
	wantLines(t, "day 2", plain.revisions(2, "rmse"), "r1 breached 240", "r2 breached 240 again of r1")
}

// A window that is judged again and cannot be read fails no shard, and so keeps no merge
// from coming: the merge leaves it as it is, and says so.
func TestSemantics7_AShardThatCannotReadAgain(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good, good, good)
	for n := 4; n <= 6; n++ { // days 1 to 3
		w.night(n)
	}
	w.at(7)
	w.model.GroundTruth.Resolve = groundtruth.ResolveFirst
	w.count().fails[2] = errors.New("the disk is gone")
	if kept := w.keep(0, 1); len(kept) != 4 {
		t.Errorf("kept: %+v", kept)
	}
	out, err := w.r.Pass(t.Context(), w.model, job.Options{AsOf: w.now, Merge: true})
	if err == nil || !strings.Contains(err.Error(), "judge window 2026-01-02/2026-01-03 again, which stays as it was judged") {
		t.Errorf("the merge ends with %v", err)
	}
	wantLines(t, "judged", brief(out), "4 mature healthy none", "3 mature healthy none", "1 mature healthy none", "6 closed healthy none")
}
