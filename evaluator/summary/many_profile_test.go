package summary

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// TestDaysOfManyClasses has a reference of several classes and weeks: its profile is what was
// written, for each kind of strata, its days have their rows by class, and windows in their place,
// and pooled, have the same.
func TestDaysOfManyClasses(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	const days, perDay = 12, 24
	var rows []manyTestRow
	for i := range days * perDay {
		row := manyTestRow{
			actual: []string{"cat", "dog", "ø"}[r.IntN(3)], predicted: []string{"cat", "dog"}[r.IntN(2)], labelled: true,
			weight: r.Float64(), time: tableWindow.Start.UnixNano() + int64(i)*int64(time.Hour), city: "Oslo",
		}
		for range manyScored {
			row.scores = append(row.scores, float64(r.IntN(9))/8)
		}
		rows = append(rows, row)
	}
	for _, kind := range []StrataKind{NoStrata, WeekendStrata} {
		profiler := NewProfiler(nil, tableSegments, ProfilerOptions{Task: groundtruth.Multiclass, Classifier: manyOptions.Classifier, Strata: kind})
		feedMany(profiler, rows, 50, true, true)
		layout, partition := profiler.Layout(), profiler.Partition()
		b := NewProfileBuilder(layout, partition, tableSegments, nil)
		for _, row := range rows {
			feedMany(groupSink{b, partition.Group(row.time)}, []manyTestRow{row}, 1, true, true)
		}
		p := b.Profile()
		want := profileBytes(t, p)
		var read Profile
		if err := read.UnmarshalBinary(want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(profileBytes(t, &read), want) {
			t.Fatalf("strata %s: other bytes after a round trip", kind)
		}
		checkDayParts(t, read.Days.DayParts(), rows, layout.Start)

		var windows []WindowCounts
		var errors []*ErrorSums
		for d := range days {
			start := tableWindow.Start.AddDate(0, 0, d)
			w := NewBuilder(layout, groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}, tableSegments, manyOptions)
			feedMany(w, rows[d*perDay:(d+1)*perDay], 50, true, true)
			s := w.Summary()
			errors = append(errors, s.Errors())
			counts, ok := CountsOf(s)
			if !ok {
				t.Fatal("no counts")
			}
			windows = append(windows, counts)
		}
		kept := keptWindows(t, windows)
		q, err := p.WithWindows(kept)
		if err != nil {
			t.Fatal(err)
		}
		checkDayParts(t, q.Days.DayParts(), rows, layout.Start)
		if q.Days.Errors().N() != int64(len(rows)) {
			t.Errorf("windows have %d rows", q.Days.Errors().N())
		}
		kept[3].Many = kept[3].Many[:len(kept[3].Many)-1]
		if _, err := p.WithWindows(kept); err == nil {
			t.Error("a window that is cut off is taken for a day")
		}
		pooled := PoolErrors(errors)
		checkDayParts(t, pooled, rows, layout.Start)
		if got, want := pooled.Classes().Loss(BrierScore), p.Summary().Errors().Classes().Loss(BrierScore); got != want {
			t.Errorf("pooled windows have the losses %+v, want %+v", got, want)
		}
		if got := PoolErrors([]*ErrorSums{pooled, pooled}).Classes(); got.N() != int64(2*len(rows)) || got.Blocks() != 2*DayParts {
			t.Errorf("%d rows in %d blocks pooled again", got.N(), got.Blocks())
		}
	}
}

// checkDayParts compares blocks that are quarters of days with the rows.
func checkDayParts(t *testing.T, e *ErrorSums, rows []manyTestRow, start int64) {
	t.Helper()
	const quarter = int64(24/DayParts) * int64(time.Hour)
	c := e.Classes()
	if c.N() != int64(len(rows)) {
		t.Fatalf("%d rows, want %d", c.N(), len(rows))
	}
	for b := range c.Blocks() {
		for k, name := range c.Names() {
			var actual, predicted, correct int64
			for _, r := range rows {
				if (r.time-start)/quarter != int64(b) {
					continue
				}
				actual += int64(one(r.actual == name))
				predicted += int64(one(r.predicted == name))
				correct += int64(one(r.actual == name && r.predicted == name))
			}
			if got := [3]int64{c.BlockActual(b, k).N, c.BlockPredicted(b, k).N, c.BlockCorrect(b, k).N}; got != [3]int64{actual, predicted, correct} {
				t.Fatalf("block %d has %v of %s, want %d, %d and %d", b, got, name, actual, predicted, correct)
			}
		}
	}
}
