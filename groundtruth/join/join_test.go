package join

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

var (
	predColumns  = []string{"id", "at", "pred", "version", "city", "x", "color", "day"}
	labelColumns = []string{"id", "label", "sold_at", "loaded_at", "op", "day"}
)

// day0 is the start of the window of most tests.
func day0() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func hours(n int) time.Time { return day0().Add(time.Duration(n) * time.Hour) }

// testSpec maps all columns of the test tables.
func testSpec(predURL, labelURL string) groundtruth.Spec {
	return groundtruth.Spec{
		Predictions:       groundtruth.Source{URL: predURL, Format: "auto"},
		PredictionColumns: groundtruth.PredictionColumns{ID: groundtruth.IDColumns{"id"}, Timestamp: "at", Prediction: "pred", ModelVersion: "version"},
		Labels:            groundtruth.Source{URL: labelURL, Format: "auto"},
		LabelColumns:      groundtruth.LabelColumns{ID: groundtruth.IDColumns{"id"}, Label: "label", Timestamp: "sold_at", IngestedAt: "loaded_at", Op: "op"},
		Resolve:           groundtruth.ResolveLatest,
		Segments:          []string{"city"},
		Features:          []groundtruth.FeatureSpec{{Name: "x", Kind: groundtruth.Number}, {Name: "color", Kind: groundtruth.Text}},
		MaxBadShare:       1,
	}
}

// genFloat draws numbers. Small ones of a range and the first of samples are drawn far more often
// than others, so here and below what makes a row bad, or match none, stands last: else few
// tables have a match.
func genFloat() *rapid.Generator[tableCell] {
	return rapid.Custom(func(t *rapid.T) tableCell {
		switch rapid.IntRange(0, 24).Draw(t, "number kind") {
		case 24:
			return nil
		case 23:
			return math.NaN()
		case 22:
			return math.Inf(1 - 2*rapid.IntRange(0, 1).Draw(t, "sign"))
		case 21:
			return "abc"
		case 20:
			return "1.5"
		case 19:
			return int64(2)
		default:
			return float64(rapid.IntRange(-3, 12).Draw(t, "quarters")) / 4
		}
	})
}

// genTime draws times of the window more often than those before it.
func genTime(from, to int, bad bool) *rapid.Generator[tableCell] {
	return rapid.Custom(func(t *rapid.T) tableCell {
		switch rapid.IntRange(0, 30).Draw(t, "time kind") {
		case 30:
			return nil
		case 29:
			if bad {
				return "soon"
			}
		}
		n := rapid.IntRange(0, to-from).Draw(t, "six hours")
		if n > to {
			n = to - n
		}
		return hours(6 * n)
	})
}

func genID(pool int) *rapid.Generator[tableCell] {
	special := []tableCell{"1", "2", int64(1), int64(2), "日本", "é", "e\u0301", "with,comma", "quo\"te", "two\nlines", " space ", "007", nil, ""}
	return rapid.Custom(func(t *rapid.T) tableCell {
		n := rapid.IntRange(0, pool+len(special)-1).Draw(t, "id")
		if n >= pool {
			return special[n-pool]
		}
		return fmt.Sprintf("id-%d", n)
	})
}

// genTable draws two tables dealt over objects of all formats.
func genTable(t *rapid.T, name string) joinTable {
	tab := joinTable{
		window: groundtruth.Window{Start: day0(), End: hours(24)},
		asOf:   hours(24*3 + 12),
	}
	tab.spec = testSpec(name+"/preds/**", name+"/labels/**")
	tab.partitioned = rapid.Bool().Draw(t, "partitioned")
	if tab.partitioned {
		tab.spec.Labels.URL = name + "/labels/dt={date}/*"
		tab.spec.Labels.Slack = 72 * time.Hour
	}
	if rapid.IntRange(0, 3).Draw(t, "no ingest column") == 0 {
		tab.spec.LabelColumns.IngestedAt = ""
	}
	if rapid.IntRange(0, 5).Draw(t, "no time column") == 5 {
		tab.spec.PredictionColumns.Timestamp = ""
	}
	if rapid.IntRange(0, 5).Draw(t, "no version column") == 0 {
		tab.spec.PredictionColumns.ModelVersion = ""
	}
	if tab.spec.PredictionColumns.Timestamp != "" {
		tab.spec.Within = rapid.SampledFrom([]time.Duration{0, 24 * time.Hour, 6 * time.Hour, 24 * time.Hour, 6 * time.Hour, time.Nanosecond}).Draw(t, "within")
	}
	if rapid.IntRange(0, 2).Draw(t, "id of two columns") == 2 {
		tab.spec.PredictionColumns.ID = groundtruth.IDColumns{"id", "day"}
		tab.spec.LabelColumns.ID = groundtruth.IDColumns{"id", "day"}
	}
	tab.spec.PredictionColumns.Entity = rapid.SampledFrom([]string{"", "", "city", "day", "id"}).Draw(t, "entity")
	tab.spec.Resolve = rapid.SampledFrom([]groundtruth.Resolve{groundtruth.ResolveLatest, groundtruth.ResolveFirst, groundtruth.ResolveConflictIsMissing}).Draw(t, "resolve")
	drawTask(t, &tab.spec)
	predictions := genLabel(tab.spec.Task)
	pool := rapid.SampledFrom([]int{1, 10, 20, 1, 150}).Draw(t, "pool")
	ids := genID(pool)
	days := rapid.SampledFrom([]tableCell{"1", int64(1), "2026-01-01", int64(2), "2", nil})
	texts := rapid.SampledFrom([]tableCell{"Oslo", "Bergen", "Ålesund", nil, "v1", ""})
	malformed := func(t *rapid.T, rel string) bool {
		return !strings.HasSuffix(rel, ".parquet") && rapid.IntRange(0, 40).Draw(t, "malformed") == 40
	}
	objects := func(kind string, key func(t *rapid.T, i int) string, row func(t *rapid.T) tableRow) []tableObject {
		var out []tableObject
		for i := range rapid.SampledFrom([]int{1, 2, 3, 4, 1, 2, 3, 4, 2, 3, 4, 0, 1}).Draw(t, kind+" objects") {
			o := tableObject{rel: key(t, i) + rapid.SampledFrom([]string{".csv", ".jsonl", ".parquet"}).Draw(t, "format")}
			for range rapid.SampledFrom([]int{40, 120, 5, 40, 120, 5, 40, 0, 1}).Draw(t, "rows") {
				if malformed(t, o.rel) {
					o.rows = append(o.rows, tableRow{"!": "!"})
					continue
				}
				o.rows = append(o.rows, row(t))
			}
			out = append(out, o)
		}
		return out
	}
	tab.preds = objects("prediction", func(_ *rapid.T, i int) string { return fmt.Sprintf("p%d", i) }, func(t *rapid.T) tableRow {
		r := tableRow{
			"id": ids.Draw(t, "id"), "day": days.Draw(t, "day"), "at": genTime(-2, 6, true).Draw(t, "at"), "pred": predictions.Draw(t, "pred"),
			"version": rapid.SampledFrom([]tableCell{"v1", "v2", nil, ""}).Draw(t, "version"), "city": texts.Draw(t, "city"),
			"x": genFloat().Draw(t, "x"), "color": rapid.SampledFrom([]tableCell{"red", "blå", nil}).Draw(t, "color"),
		}
		drawFurther(t, &tab.spec, r)
		return r
	})
	tab.labels = objects("label", func(t *rapid.T, i int) string {
		if tab.partitioned {
			return fmt.Sprintf("dt=2026-01-0%d/l%d", rapid.IntRange(1, 6).Draw(t, "day"), i)
		}
		return fmt.Sprintf("l%d", i)
	}, func(t *rapid.T) tableRow {
		return tableRow{
			"id": ids.Draw(t, "id"), "day": days.Draw(t, "day"), "label": predictions.Draw(t, "label"), "sold_at": genTime(-2, 6, true).Draw(t, "sold"),
			"loaded_at": genTime(0, 20, true).Draw(t, "loaded"), "op": rapid.SampledFrom([]tableCell{nil, "d", "u", "c", "DELETE"}).Draw(t, "op"),
		}
	})
	slices.SortFunc(tab.labels, func(a, b tableObject) int { return strings.Compare(a.rel, b.rel) })
	return tab
}

// write stores the objects of a table below its base URL, in random order.
func (t joinTable) write(tb testing.TB, base string) {
	tb.Helper()
	// An empty folder and no folder are different things.
	storeTables(tb, base, []tableObject{{rel: "preds/_hidden.csv"}, {rel: "labels/_hidden.csv"}}, nil)
	storeTables(tb, base+"/preds", t.preds, slices.Concat(predColumns, furtherColumns()))
	storeTables(tb, base+"/labels", t.labels, labelColumns)
}

// TestSemantics2_JoinEqualsReference compares the join with the simple one on random tables, in
// memory and spilling, on one worker and several.
func TestSemantics2_JoinEqualsReference(t *testing.T) {
	var names memNames
	dir := t.TempDir()
	spilled, resent, matched, within, deleted := 0, 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		base := names.next(t)
		if rapid.IntRange(0, 3).Draw(rt, "file") == 0 {
			folder, err := os.MkdirTemp(dir, "t")
			must(t, err)
			base = "file://" + folder
		}
		tab := genTable(rt, base)
		tab.write(t, base)
		want := tab.join()
		opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: rapid.IntRange(1, 8).Draw(rt, "workers"), SpillDir: dir}}
		opt.hooks.memory = rapid.SampledFrom([]int64{0, 1 << 10, 4 << 10, 64 << 10}).Draw(rt, "memory")
		opt.hooks.sample = rapid.SampledFrom([]int{0, 1, 2, 10}).Draw(rt, "sample")
		opt.hooks.far = rapid.Bool().Draw(rt, "far")
		res, sinks, err := Join(context.Background(), objstore.NewOpener(""), tab.spec, tab.window, tab.asOf, opt, newRecorder)
		if err != nil {
			rt.Fatal(err)
		}
		want.compare(rt, res, sinks)
		want.compareSample(rt, cmp.Or(opt.hooks.sample, groundtruth.SampleSize), sinks)
		if got, wantApplied := res.AsOfApplied, tab.partitioned || tab.spec.LabelColumns.IngestedAt != ""; got != wantApplied {
			rt.Fatalf("as-of applied %t, want %t", got, wantApplied)
		}
		if (mergeRecorders(sinks).resets > 0) != (res.Coverage.DuplicatePredictions > 0) {
			rt.Fatal("predictions must be sent again just when there are duplicates")
		}
		if res.SpilledBytes > 0 {
			spilled++
		}
		if res.Coverage.DuplicatePredictions > 0 {
			resent++
		}
		if res.Coverage.Matched > 0 {
			matched++
		}
		if tab.spec.Within > 0 && res.Coverage.Matched > 0 {
			within++
		}
		if tab.spec.Within > 0 && res.Coverage.DeletedLabels > 0 {
			deleted++
		}
	})
	if spilled == 0 || resent == 0 || matched == 0 || within == 0 || deleted == 0 {
		t.Errorf("the tables drawn exercise too little: %d spilled, %d resent, %d matched, %d within a time, %d deleted of these", spilled, resent, matched, within, deleted)
	}
	noSpillLeft(t, dir)
}

// noSpillLeft fails when a spill folder was not removed.
func noSpillLeft(t testing.TB, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, spillPrefix+"*"))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("spill folders left: %v", left)
	}
}

// TestSemantics2_DealtOverAnyFiles deals the same rows, no two versions tied in time,
// over different objects, stores and numbers of workers.
func TestSemantics2_DealtOverAnyFiles(t *testing.T) {
	var names memNames
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		ids := genID(20)
		var preds, labels []tableRow
		for i := range rapid.IntRange(0, 50).Draw(rt, "predictions") {
			preds = append(preds, tableRow{"id": ids.Draw(rt, "id"), "at": day0().Add(time.Duration(i) * time.Minute), "pred": genFloat().Draw(rt, "pred"),
				"version": rapid.SampledFrom([]tableCell{"v1", "v2", nil}).Draw(rt, "version"), "city": "Oslo", "x": genFloat().Draw(rt, "x"), "color": "red"})
		}
		for i := range rapid.IntRange(0, 50).Draw(rt, "labels") {
			labels = append(labels, tableRow{"id": ids.Draw(rt, "id"), "label": genFloat().Draw(rt, "label"), "sold_at": hours(i % 30),
				"loaded_at": hours(24).Add(time.Duration(i) * time.Minute), "op": rapid.SampledFrom([]tableCell{nil, "d"}).Draw(rt, "op")})
		}
		resolve := rapid.SampledFrom([]groundtruth.Resolve{groundtruth.ResolveLatest, groundtruth.ResolveFirst, groundtruth.ResolveConflictIsMissing}).Draw(rt, "resolve")
		within := rapid.SampledFrom([]time.Duration{0, 3 * time.Hour}).Draw(rt, "within")
		// How rows are dealt need not shrink, so a plain generator does it.
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		deal := func(rows []tableRow) []tableObject {
			objects := make([]tableObject, rapid.IntRange(1, 6).Draw(rt, "objects"))
			for i := range objects {
				objects[i].rel = fmt.Sprintf("%d%s", i, rapid.SampledFrom([]string{".csv", ".jsonl", ".parquet"}).Draw(rt, "format"))
			}
			for _, i := range rng.Perm(len(rows)) {
				o := &objects[rng.IntN(len(objects))]
				o.rows = append(o.rows, rows[i])
			}
			return objects
		}
		var first groundtruth.Result
		var firstRows *recorder
		for k := range 3 {
			base := names.next(t)
			if k == 1 {
				folder, err := os.MkdirTemp(dir, "t")
				must(t, err)
				base = "file://" + folder
			}
			tab := joinTable{spec: testSpec(base+"/preds/*", base+"/labels/*"), preds: deal(preds), labels: deal(labels)}
			tab.spec.Resolve, tab.spec.Within = resolve, within
			tab.write(t, base)
			opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: rapid.IntRange(1, 4).Draw(rt, "workers"), SpillDir: dir}}
			opt.hooks.memory = rapid.SampledFrom([]int64{0, 2 << 10}).Draw(rt, "memory")
			opt.hooks.far = rapid.Bool().Draw(rt, "far")
			res, sinks, err := Join(context.Background(), objstore.NewOpener(""), tab.spec, groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), opt, newRecorder)
			if err != nil {
				rt.Fatal(err)
			}
			rows := mergeRecorders(sinks)
			if k == 0 {
				first, firstRows = res, rows
				continue
			}
			if res.Coverage != first.Coverage || !reflect.DeepEqual(res.Skipped.Counts, first.Skipped.Counts) || res.RowsRead != first.RowsRead {
				rt.Fatalf("dealt otherwise:\n%+v %v\n%+v %v", res.Coverage, res.Skipped.Counts, first.Coverage, first.Skipped.Counts)
			}
			compareTally(rt, "predictions", rows.preds, firstRows.preds)
			compareTally(rt, "columns", rows.columns, firstRows.columns)
			compareTally(rt, "matches", rows.matches, firstRows.matches)
		}
	})
}

// TestJoinIsDeterministic compares the whole result over numbers of workers.
func TestJoinIsDeterministic(t *testing.T) {
	var names memNames
	rapid.Check(t, func(rt *rapid.T) {
		base := names.next(t)
		tab := genTable(rt, base)
		tab.write(t, base)
		var first []byte
		for _, workers := range []int{1, 2, 5} {
			opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: workers, SpillDir: t.TempDir()}}
			opt.hooks.memory = int64(workers) << 10
			res, _, err := Join(context.Background(), objstore.NewOpener(""), tab.spec, tab.window, tab.asOf, opt, newRecorder)
			if err != nil {
				rt.Fatal(err)
			}
			res.SpilledBytes = 0
			b, err := json.Marshal(res)
			must(t, err)
			if first == nil {
				first = b
			} else if string(b) != string(first) {
				rt.Fatalf("with %d workers:\n%s\nwith 1:\n%s", workers, b, first)
			}
		}
	})
}

// run writes objects to mem and joins them.
func run(t *testing.T, change func(*groundtruth.Spec, *Options), preds, labels []tableObject) (groundtruth.Result, *recorder, error) {
	t.Helper()
	var names memNames
	base := names.next(t)
	joinTable{preds: preds, labels: labels}.write(t, base)
	spec := testSpec(base+"/preds/**", base+"/labels/**")
	opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: 2, SpillDir: t.TempDir()}}
	if change != nil {
		change(&spec, &opt)
	}
	res, sinks, err := Join(context.Background(), objstore.NewOpener(""), spec, groundtruth.Window{Start: day0(), End: hours(24)}, hours(24*7), opt, newRecorder)
	s, err2 := objstore.NewOpener("").Open(context.Background(), base)
	must(t, err2)
	for o, err := range s.List(context.Background(), "") {
		must(t, err)
		must(t, s.Delete(context.Background(), o.Key))
	}
	return res, mergeRecorders(sinks), err
}
