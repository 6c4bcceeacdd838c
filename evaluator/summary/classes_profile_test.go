package summary

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// classDays draws rows of a classifier over some days from a Monday on.
func classDays(r *rand.Rand, days, rowsOfDay int) (rows []classRow) {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for i := range days * rowsOfDay {
		s := math.Pow(r.Float64(), 3)
		row := classRow{
			score: s, positive: s >= 0.4, actual: -1, weight: math.Exp(r.NormFloat64()),
			time: start.Add(time.Duration(i) * 24 * time.Hour / time.Duration(rowsOfDay)).UnixNano(),
			city: []string{"Oslo", "Rome", "Lima"}[r.IntN(3)], hash: r.Uint64(),
		}
		if r.IntN(5) > 0 {
			row.actual = one(r.Float64() < s)
		}
		rows = append(rows, row)
	}
	return rows
}

// groupSink sets the group of all that it hands on.
type classGroup struct {
	groundtruth.Sink
	group int64
}

func (s classGroup) AddPredictions(b *groundtruth.Batch) { b.Group = s.group; s.Sink.AddPredictions(b) }
func (s classGroup) AddMatches(m *groundtruth.Matches)   { m.Group = s.group; s.Sink.AddMatches(m) }

// feedGroups sends rows by group.
func feedGroups(to groundtruth.Sink, rows []classRow, group func(classRow) int64, weighted bool) {
	by := map[int64][]classRow{}
	for _, r := range rows {
		by[group(r)] = append(by[group(r)], r)
	}
	for g, of := range by { // in any order
		feedBinary(classGroup{to, g}, of, 13, true, weighted)
	}
}

func entityOf(r classRow) int64 { return int64(r.hash % groundtruth.EntityGroups) }

// classProfile returns the profile of rows that so many workers have a part of each.
func classProfile(rows []classRow, workers int, weighted bool) *Profile {
	p := NewProfiler(nil, tableSegments, ProfilerOptions{Strata: WeekendStrata, Task: groundtruth.Binary, Classifier: ClassifierOptions{Positive: "fraud", Scored: true}})
	feedBinary(p, rows, 100, true, weighted)
	layout, partition := p.Layout(), p.Partition()
	var builders []*ProfileBuilder
	var counters []*EntityCounter
	for w := range workers {
		var part []classRow
		for i, r := range rows {
			if int(r.hash>>7)%workers == w || workers == 1 {
				part = append(part, rows[i])
			}
		}
		b, e := NewProfileBuilder(layout, partition, tableSegments, nil), NewEntityCounter(layout, nil)
		feedGroups(b, part, func(r classRow) int64 { return partition.Group(r.time) }, weighted)
		feedGroups(e, part, entityOf, weighted)
		builders, counters = append(builders, b), append(counters, e)
	}
	out := builders[0].Profile(builders[1:]...)
	out.Entities = counters[0].Clusters(counters[1:]...)
	return out
}

// blockMasses returns what blocks have, by block and class.
func blockMasses(c *Classes) (out [][2][2]Mass) {
	for b := range c.Blocks() {
		var all [2][2]Mass
		for coarse := range c.Coarse() {
			for a := range 2 {
				for p := range 2 {
					m := c.BlockMass(b, coarse, a, p)
					all[a][p] = Mass{all[a][p].N + m.N, all[a][p].W + m.W, all[a][p].W2 + m.W2}
				}
			}
		}
		out = append(out, all)
	}
	return out
}

// massesBy counts rows into blocks.
func massesBy(rows []classRow, blocks int, block func(classRow) int, weighted bool) [][2][2]Mass {
	out := make([][2][2]Mass, blocks)
	for _, r := range rows {
		if r.actual < 0 {
			continue
		}
		w := 1.0
		if weighted {
			w = r.weight
		}
		m := &out[block(r)][r.actual][r.predicted()]
		*m = Mass{m.N + 1, m.W + w, m.W2 + w*w}
	}
	return out
}

func sameMasses(t *testing.T, what string, got, want [][2][2]Mass) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d blocks, want %d", what, len(got), len(want))
	}
	for i := range want {
		for a := range 2 {
			for p := range 2 {
				g, w := got[i][a][p], want[i][a][p]
				if g.N != w.N || math.Abs(g.W-w.W) > 1e-9*w.W || math.Abs(g.W2-w.W2) > 1e-9*w.W2 {
					t.Fatalf("%s: block %d has %v of %d and %d, want %v", what, i, g, a, p, w)
				}
			}
		}
	}
}

// TestProfileOfAClassifier compares what a profile has of days, their parts, entities and strata
// with its rows, in memory and read; and profiles that several workers made.
func TestProfileOfAClassifier(t *testing.T) {
	for _, weighted := range []bool{false, true} {
		rows := classDays(rand.New(rand.NewPCG(1, 2)), 28, 100)
		p := classProfile(rows, 1, weighted)
		data, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{2, 5} {
			if other, err := classProfile(rows, workers, weighted).MarshalBinary(); err != nil || !bytes.Equal(other, data) {
				t.Errorf("weighted %v: the profile that %d workers made differs: %v", weighted, workers, err)
			}
		}
		read := new(Profile)
		if err := read.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if again, err := read.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("weighted %v: what was read is written differently: %v", weighted, err)
		}
		calendar := groundtruth.NewCalendar(groundtruth.Zone{}, time.Unix(0, 0), time.Unix(0, 0))
		first := calendar.Day(rows[0].time)
		for name, p := range map[string]*Profile{"made": p, "read": read} {
			day := func(r classRow) int { return int(calendar.Day(r.time) - first) }
			sameMasses(t, name+", days", blockMasses(p.Days.Errors().Classes()), massesBy(rows, 28, day, weighted))
			part := func(r classRow) int { return DayParts*day(r) + calendar.Hour(r.time)/6 }
			sameMasses(t, name+", parts", blockMasses(p.Days.DayParts().Classes()), massesBy(rows, 28*DayParts, part, weighted))
			entity := func(r classRow) int { return int(entityOf(r)) }
			sameMasses(t, name+", entities", blockMasses(p.Entities.Errors().Classes()), massesBy(rows, groundtruth.EntityGroups, entity, weighted))
			if got := p.Summary().Errors().Classes().Names(); !slices.Equal(got, []string{"not fraud", "fraud"}) {
				t.Errorf("%s: the classes are %v", name, got)
			}
			for i, s := range p.Strata {
				of := slices.DeleteFunc(slices.Clone(rows), func(r classRow) bool { return one(day(r)%7 >= 5) != i })
				c := s.Errors().Classes()
				confusion := [][2][2]Mass{{{c.Mass(0, 0), c.Mass(0, 1)}, {c.Mass(1, 0), c.Mass(1, 1)}}}
				sameMasses(t, name+", "+s.Name, confusion, massesBy(of, 1, func(classRow) int { return 0 }, weighted))
				whole := s.Summary().Errors().Classes()
				if !reflect.DeepEqual(c.Scores(), whole.Scores()) || !reflect.DeepEqual(blockMasses(c), blockMasses(whole)) || c.Blocks() != NumBlocks {
					t.Errorf("%s, %s: the errors read alone differ from those of the Summary", name, s.Name)
				}
			}
		}
		if !reflect.DeepEqual(read.Summary().Scored(), p.Summary().Scored()) || !reflect.DeepEqual(read.Whole().Errors().Classes().Scores(), p.Summary().Errors().Classes().Scores()) {
			t.Error("what was read has other scores")
		}
	}
}

// keptWindows returns windows as they are after a round trip.
func keptWindows(t *testing.T, windows []WindowCounts) (kept []WindowCounts) {
	t.Helper()
	text, err := json.Marshal(windows)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// TestWindowsOfAClassifierAreOrdinaryDays counts each day of a reference as a window: pooled, and
// by way of what is kept of it.
func TestWindowsOfAClassifierAreOrdinaryDays(t *testing.T) {
	for _, weighted := range []bool{false, true} {
		rows := classDays(rand.New(rand.NewPCG(3, 4)), 10, 200)
		p := classProfile(rows, 1, weighted)
		var windows []WindowCounts
		var errors []*ErrorSums
		for d := range 10 {
			start := time.Unix(0, rows[200*d].time).UTC()
			b := NewBuilder(p.Layout, groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}, tableSegments, BuilderOptions{})
			feedBinary(b, rows[200*d:200*(d+1)], 50, true, weighted)
			s := b.Summary()
			c, ok := CountsOf(s)
			if !ok {
				t.Fatal("no counts")
			}
			windows, errors = append(windows, c), append(errors, s.Errors())
		}
		want := p.Days.DayParts().Classes()
		pooled := PoolErrors(errors).Classes()
		sameMasses(t, "pooled", blockMasses(pooled), blockMasses(want))
		if !reflect.DeepEqual(pooled.Scores(), p.Summary().Errors().Classes().Scores()) {
			t.Error("pooled windows have other scores")
		}
		again := PoolErrors([]*ErrorSums{PoolErrors(errors[:1])})
		sameMasses(t, "pooled again", blockMasses(again.Classes()), blockMasses(want)[:DayParts])
		kept := keptWindows(t, windows)
		q, err := p.WithWindows(kept)
		if err != nil {
			t.Fatal(err)
		}
		sameMasses(t, "kept", blockMasses(q.Days.DayParts().Classes()), blockMasses(want))
		kept[3].Parts[1].Classes[0].Cell = coarseScores * classCells
		if _, err := p.WithWindows(kept); err == nil {
			t.Error("a cell that there is none of was taken")
		}
	}
}

// TestSummariesOfAClassifierMergeToTheWhole deals many rows, whose scores need bins, to several
// builders, and merges these in several orders.
func TestSummariesOfAClassifierMergeToTheWhole(t *testing.T) {
	for _, rowsOf := range []int{300, 20_000, 70_000} {
		for _, weighted := range []bool{false, true} {
			r := rand.New(rand.NewPCG(5, uint64(rowsOf)))
			rows := classDays(r, 1, rowsOf)
			layout := classProfile(rows[:200], 1, weighted).Layout
			whole := summaryBytes(t, buildBinary(layout, rows, weighted))
			for _, parts := range []int{2, 7} {
				dealt := make([][]classRow, parts)
				for _, row := range rows {
					at := min(r.IntN(parts), r.IntN(parts))
					dealt[at] = append(dealt[at], row)
				}
				got := buildBinary(layout, nil, weighted)
				for _, at := range r.Perm(parts) {
					if err := got.Merge(stored(t, buildBinary(layout, dealt[at], weighted))); err != nil {
						t.Fatal(err)
					}
				}
				if !bytes.Equal(summaryBytes(t, got), whole) {
					t.Errorf("%d rows in %d parts, weighted %v: they come to another Summary", rowsOf, parts, weighted)
				}
			}
			// The whole, three cities, and the predictions.
			if n := len(whole); rowsOf == 70_000 && n > map[bool]int{false: 1 << 20, true: 12 << 20}[weighted] {
				t.Errorf("%d bytes of %d rows, weighted %v", n, rowsOf, weighted)
			} else {
				t.Logf("%d rows, weighted %v: %d bytes", rowsOf, weighted, n)
			}
		}
	}
}

// TestSummariesOfOtherTasksDoNotMerge names what differs.
func TestSummariesOfOtherTasksDoNotMerge(t *testing.T) {
	of := func(task groundtruth.Task, o ClassifierOptions) *Summary {
		return NewBuilder(nil, tableWindow, nil, BuilderOptions{Task: task, Classifier: o}).Summary()
	}
	for _, c := range []struct{ a, b *Summary }{
		{of(groundtruth.Binary, ClassifierOptions{}), of(groundtruth.Regression, ClassifierOptions{})},
		{of(groundtruth.Binary, ClassifierOptions{}), of(groundtruth.Binary, ClassifierOptions{Scored: true})},
		{of(groundtruth.Binary, ClassifierOptions{Positive: "fraud"}), of(groundtruth.Binary, ClassifierOptions{})},
		{of(groundtruth.Multiclass, ClassifierOptions{Classes: []string{"a", "b"}}), of(groundtruth.Multiclass, ClassifierOptions{Classes: []string{"b", "a"}})},
	} {
		if err := c.a.Merge(c.b); err == nil {
			t.Error("they merge")
		}
	}
	for positive, want := range map[string]string{"": "[0 1]", "1.0": "[0 1]", "TRUE": "[false true]", "fraud": "[not fraud fraud]", "0": "[1 0]"} {
		c := of(groundtruth.Binary, ClassifierOptions{Positive: positive}).Errors().Classes()
		if got := fmt.Sprint(c.Names()); got != want || c.Scores() != nil || c.Coarse() != 1 {
			t.Errorf("the classes of %q are %s, want %s", positive, got, want)
		}
	}
}

// seedBinary returns Summaries of a binary classifier for the fuzz targets.
func seedBinary() []*Summary {
	r := rand.New(rand.NewPCG(9, 10))
	rows := classDays(r, 1, 40)
	layout := classProfile(rows, 1, false).Layout
	binned := buildBinary(layout, rows, true)
	scores := binned.errors.classes.scores
	scores.limit = 5 // so that few rows need bins; a reader takes them for a table that they don't fit
	scores.toBins()
	unscored := NewBuilder(nil, tableWindow, tableSegments, BuilderOptions{Task: groundtruth.Binary, Entities: true})
	feedBinary(unscored, rows, 10, false, true)
	return []*Summary{buildBinary(nil, rows, false), buildBinary(layout, rows, true), binned, unscored.Summary()}
}

// readBinary reads all that there is to read of a Summary of a binary classifier. Cells that bytes
// are read as are in order, and come to the same rows as all.
func readBinary(t *testing.T, s *Summary, c *Classes) {
	var n int64
	cells := c.Scores()
	for i, cell := range cells {
		if !(cell.Low <= cell.Score && cell.Score <= cell.High) || i > 0 && cell.Low < cells[i-1].High {
			t.Fatalf("the cell %v comes after others", cell)
		}
		for a := range 2 {
			for p := range 2 {
				n += cell.Mass[a][p].N
			}
		}
	}
	if cells != nil && n != c.N() {
		t.Fatalf("%d rows by score, %d in all", n, c.N())
	}
	_, _, _ = s.Scored(), s.PredictedClasses(), c.Names()
	for b := range c.Blocks() {
		_ = c.BlockMass(b, c.Coarse()-1, 1, 1)
	}
	_ = PoolErrors([]*ErrorSums{s.Errors()}).Classes().Scores()
}
