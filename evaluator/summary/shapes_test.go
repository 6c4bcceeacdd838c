package summary

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

// shapeRow is a matched row.
type shapeRow struct {
	p, y float64
	at   int64
}

// shapeWindow is two days of which clocks are set forward on one.
var shapeWindow = groundtruth.Window{
	Start: time.Date(2026, 3, 27, 23, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC),
}

func shapeZone(t interface{ Fatal(...any) }, name string) groundtruth.Zone {
	z, err := groundtruth.ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// shapeBuilder returns a Builder that keeps shapes by the clocks of a zone.
func shapeBuilder(t interface{ Fatal(...any) }, zone string, w groundtruth.Window) *Builder {
	return NewBuilder(nil, w, nil, BuilderOptions{Shapes: groundtruth.NewCalendar(shapeZone(t, zone), w.Start, w.End)})
}

func feedShapes(b *Builder, rows []shapeRow) {
	m := groundtruth.Matches{Len: len(rows), HasTime: true}
	for _, r := range rows {
		m.Predictions, m.Labels, m.Times = append(m.Predictions, r.p), append(m.Labels, r.y), append(m.Times, r.at)
	}
	b.AddMatches(&m)
}

// shapeValues draw numbers that a model may predict, of some scale.
var shapeValues = map[string]func(r *rand.Rand) float64{
	"about 1":      func(r *rand.Rand) float64 { return 1 + r.NormFloat64()/10 },
	"around 0":     func(r *rand.Rand) float64 { return r.NormFloat64() },
	"lognormal":    func(r *rand.Rand) float64 { return 300 * math.Exp(2*r.NormFloat64()) },
	"whole":        func(r *rand.Rand) float64 { return float64(r.IntN(50) - 10) },
	"one value":    func(*rand.Rand) float64 { return 42.5 },
	"zeros":        func(r *rand.Rand) float64 { return math.Copysign(0, r.Float64()-0.5) },
	"denormal":     func(r *rand.Rand) float64 { return math.Ldexp(float64(r.IntN(1000)-500), -1074) },
	"greatest":     func(r *rand.Rand) float64 { return math.Copysign(math.MaxFloat64, r.Float64()-0.5) },
	"any exponent": func(r *rand.Rand) float64 { return math.Ldexp(r.NormFloat64(), r.IntN(2000)-1000) },
	"huge outlier": func(r *rand.Rand) float64 {
		if r.IntN(500) == 0 {
			return 1e300
		}
		return 1 + r.NormFloat64()/10
	},
}

func drawShapeRows(t *rapid.T) []shapeRow {
	n := rapid.SampledFrom([]int{0, 1, 2, 40, 900, 4000}).Draw(t, "rows")
	kinds := make([]string, 0, len(shapeValues))
	for kind := range shapeValues {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	p := shapeValues[rapid.SampledFrom(kinds).Draw(t, "predictions")]
	y := shapeValues[rapid.SampledFrom(kinds).Draw(t, "labels")]
	near := rapid.Bool().Draw(t, "near") // the label is about the prediction
	// Of rows that lie near one another many are of one hour and one time block.
	span := rapid.SampledFrom([]time.Duration{shapeWindow.Duration(), 90 * time.Minute}).Draw(t, "span")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	rows := make([]shapeRow, n)
	for i := range rows {
		rows[i] = shapeRow{p: p(r), y: y(r), at: shapeWindow.Start.UnixNano() + r.Int64N(int64(span))}
		if near {
			if v := rows[i].p * (1 + r.NormFloat64()/20); math.Abs(v) <= math.MaxFloat64 {
				rows[i].y = v
			}
		}
	}
	return rows
}

// TestShapesDependOnTheRowsAlone builds the Summary of rows in one piece, and merges those of
// parts of them, in any order: the bytes are equal.
func TestShapesDependOnTheRowsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawShapeRows(t)
		whole := shapeBuilder(t, "Europe/Berlin", shapeWindow)
		feedShapes(whole, rows)
		want := summaryBytes(t, whole.Summary())

		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 2))
		rows = slices.Clone(rows)
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		builders := make([]*Builder, rapid.IntRange(1, 5).Draw(t, "parts"))
		for i := range builders {
			builders[i] = shapeBuilder(t, "Europe/Berlin", shapeWindow)
		}
		for len(rows) > 0 {
			n := 1 + r.IntN(min(len(rows), 700))
			feedShapes(builders[r.IntN(len(builders))], rows[:n])
			rows = rows[n:]
		}
		var parts []*Summary
		for _, b := range builders {
			s := b.Summary()
			if rapid.Bool().Draw(t, "stored") {
				s = stored(t, s)
			}
			parts = append(parts, s)
		}
		for len(parts) > 1 {
			i := r.IntN(len(parts) - 1)
			if err := parts[i].Merge(parts[i+1]); err != nil {
				t.Fatal(err)
			}
			parts = slices.Delete(parts, i+1, i+2)
		}
		if !bytes.Equal(summaryBytes(t, parts[0]), want) {
			t.Fatal("parts of rows, merged, have other bytes than the rows")
		}
	})
}

// floorOf returns floor(x / 2^level).
func floorOf(x float64, level int) int64 {
	q := math.Floor(math.Ldexp(x, -level))
	if x < 0 && q == 0 {
		return -1 // x is so near to 0 that the quotient has no number
	}
	return int64(q)
}

// leastLevelOf returns the least level of the definition at which at most so many keys are distinct.
func leastLevelOf[K comparable](rows []shapeRow, greatest float64, most int, key func(shapeRow, int) K) (level int, count map[K]int64) {
	level = -1000
	if greatest > 0 {
		level = max(level, math.Ilogb(greatest)-30)
	}
	for ; ; level++ {
		count = map[K]int64{}
		for _, r := range rows {
			count[key(r, level)]++
		}
		if len(count) <= most {
			return level, count
		}
	}
}

func cellEdge(cell int64, level int) float64 {
	return max(-math.MaxFloat64, min(math.MaxFloat64, math.Ldexp(float64(cell), level)))
}

// TestShapesAreThoseOfTheDefinition compares with counts and sums that are made row by row.
func TestShapesAreThoseOfTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawShapeRows(t)
		b := shapeBuilder(t, "Europe/Berlin", shapeWindow)
		feedShapes(b, rows)
		s := b.Summary()
		if len(rows) == 0 {
			if s.Density() != nil || s.BySize() != nil || s.ByHour() != nil || s.ByWeekday() != nil {
				t.Fatal("shapes of no rows")
			}
			return
		}
		p, y := 0.0, 0.0
		for _, r := range rows {
			p, y = max(p, math.Abs(r.p)), max(y, math.Abs(r.y))
		}
		level, cells := leastLevelOf(rows, max(p, y), 1024, func(r shapeRow, level int) [2]int64 {
			return [2]int64{floorOf(r.p, level), floorOf(r.y, level)}
		})
		got := s.Density().Cells
		if len(got) != len(cells) {
			t.Fatalf("%d cells, want %d at level %d", len(got), len(cells), level)
		}
		for _, c := range got {
			for key, n := range cells {
				if c.X0 == cellEdge(key[0], level) && c.Y0 == cellEdge(key[1], level) && c.X1 == cellEdge(key[0]+1, level) && c.Y1 == cellEdge(key[1]+1, level) && c.N == n {
					delete(cells, key)
					break
				}
			}
		}
		if len(cells) > 0 {
			t.Fatalf("cells %v of level %d are missing", cells, level)
		}

		level, sizes := leastLevelOf(rows, p, 32, func(r shapeRow, level int) int64 { return floorOf(r.p, level) })
		bySize := s.BySize()
		if len(bySize) != len(sizes) {
			t.Fatalf("%d sizes, want %d at level %d", len(bySize), len(sizes), level)
		}
		for _, c := range bySize {
			want := sumsOf(rows, func(r shapeRow) bool { return cellEdge(floorOf(r.p, level), level) == c.Low })
			want.Low, want.High = c.Low, cellEdge(floorOf(c.Low, level)+1, level)
			if fmt.Sprint(c) != fmt.Sprint(want) { // NaN is NaN here
				t.Fatalf("size %+v, want %+v", c, want)
			}
		}
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		var hours, days int64
		for _, h := range s.ByHour() {
			sameTimeCell(t, h, sumsOf(rows, func(r shapeRow) bool { return time.Unix(0, r.at).In(berlin).Hour() == h.Hour }))
			hours += h.N
		}
		for _, d := range s.ByWeekday() {
			sameTimeCell(t, d, sumsOf(rows, func(r shapeRow) bool { return time.Unix(0, r.at).In(berlin).Weekday() == d.Weekday }))
			days += d.N
		}
		if hours != int64(len(rows)) || days != hours {
			t.Fatalf("%d and %d rows, want %d", hours, days, len(rows))
		}
	})
}

// sumsOf returns the errors of some rows, added one by one.
func sumsOf(rows []shapeRow, of func(shapeRow) bool) (c SizeCell) {
	var e, abs, squares exact.Sum
	for _, r := range rows {
		if of(r) {
			d := r.p - r.y
			c.N++
			e.Add(d)
			abs.Add(math.Abs(d))
			squares.Add(float64(d * d))
		}
	}
	n := float64(c.N)
	c.ME, c.MAE, c.RMSE = e.Float64()/n, abs.Float64()/n, math.Sqrt(squares.Float64()/n)
	return c
}

func sameTimeCell(t *rapid.T, got TimeCell, want SizeCell) {
	same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
	if got.N != want.N || !same(got.ME, want.ME) || !same(got.MAE, want.MAE) || !same(got.RMSE, want.RMSE) || !math.IsNaN(got.Accuracy) {
		t.Fatalf("%+v, want %+v", got, want)
	}
}

// TestShapesOfADayThatClocksAreSetOn counts by what clocks show: in a day of 23 hours no row is of
// the hour that is left out, and in one of 25 those of two hours are of one.
func TestShapesOfADayThatClocksAreSetOn(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start time.Time
		hours int
		want  map[int]int64 // rows that are not 1
	}{
		{"23 hours", time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC), 23, map[int]int64{2: 0}},
		{"25 hours", time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC), 25, map[int]int64{2: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := groundtruth.Window{Start: tt.start, End: tt.start.Add(time.Duration(tt.hours) * time.Hour)}
			b := shapeBuilder(t, "Europe/Berlin", w)
			for h := range tt.hours {
				feedShapes(b, []shapeRow{{p: 3, y: 1, at: tt.start.Add(time.Duration(h) * time.Hour).UnixNano()}})
			}
			s := b.Summary()
			got := map[int]int64{}
			for _, c := range s.ByHour() {
				got[c.Hour] = c.N
			}
			for hour := range 24 {
				want, other := tt.want[hour]
				if !other {
					want = 1
				}
				if got[hour] != want {
					t.Errorf("%d rows at %d o'clock, want %d", got[hour], hour, want)
				}
			}
			days := s.ByWeekday()
			if len(days) != 1 || days[0].Weekday != time.Sunday || days[0].N != int64(tt.hours) || days[0].ME != 2 || days[0].RMSE != 2 {
				t.Errorf("by weekday %+v", days)
			}
		})
	}
}

// TestShapesWithoutTime forgets the hours of all rows where some have no time, and keeps the rest.
func TestShapesWithoutTime(t *testing.T) {
	timeless := groundtruth.Matches{Len: 1, Times: []int64{0}, Predictions: []float64{2}, Labels: []float64{1}}
	b := shapeBuilder(t, "UTC", tableWindow)
	b.AddMatches(&timeless)
	b.AddMatches(&timeless)
	timed := shapeBuilder(t, "UTC", tableWindow)
	feedShapes(timed, []shapeRow{{p: 2, y: 1, at: tableWindow.Start.UnixNano()}})
	s := timed.Summary()
	if len(s.ByHour()) != 1 {
		t.Fatalf("by hour %+v", s.ByHour())
	}
	if err := s.Merge(b.Summary()); err != nil {
		t.Fatal(err)
	}
	if s.ByHour() != nil || s.ByWeekday() != nil || s.Density().Cells[0].N != 3 || s.BySize()[0].N != 3 {
		t.Errorf("by hour %+v, by weekday %+v, density %+v, sizes %+v", s.ByHour(), s.ByWeekday(), s.Density(), s.BySize())
	}
	other := shapeBuilder(t, "Asia/Tokyo", tableWindow)
	feedShapes(other, []shapeRow{{p: 2, y: 1, at: tableWindow.Start.UnixNano()}})
	if err := s.Merge(other.Summary()); err != nil || s.ByHour() != nil {
		t.Errorf("by hour %+v, error %v", s.ByHour(), err)
	}
}

// TestShapesCountRowsNotWeights has rows of weight 0 and 2.
func TestShapesCountRowsNotWeights(t *testing.T) {
	b := shapeBuilder(t, "UTC", tableWindow)
	at := tableWindow.Start.Add(5 * time.Hour).UnixNano()
	b.AddMatches(&groundtruth.Matches{
		Len: 2, HasTime: true, Times: []int64{at, at}, Predictions: []float64{4, 8}, Labels: []float64{1, 7}, Weights: []float64{0, 2},
	})
	s := b.Summary()
	if c := s.ByHour(); len(c) != 1 || c[0].Hour != 5 || c[0].N != 2 || c[0].ME != 2 || c[0].MAE != 2 || c[0].RMSE != math.Sqrt(5) {
		t.Errorf("by hour %+v", c)
	}
	if c := s.BySize(); len(c) != 2 || c[0].N != 1 || c[0].ME != 3 || c[1].ME != 1 {
		t.Errorf("by size %+v", c)
	}
	if c := s.Density().Cells; len(c) != 2 || c[0].N != 1 {
		t.Errorf("density %+v", c)
	}
}

// TestShapesOfClassifiers counts rows, and those whose class was predicted.
func TestShapesOfClassifiers(t *testing.T) {
	at := func(hours int) int64 { return tableWindow.Start.Add(time.Duration(hours) * time.Hour).UnixNano() }
	times := []int64{at(1), at(1), at(1), at(9)}
	calendar := groundtruth.NewCalendar(groundtruth.Zone{}, tableWindow.Start, tableWindow.End)
	class := func(codes ...uint32) groundtruth.Column {
		return groundtruth.Column{Kind: groundtruth.Text, Dict: []string{"a", "b", "c"}, Codes: codes, Valid: []bool{true, true, true, true}}
	}
	for _, tt := range []struct {
		name string
		opts BuilderOptions
		m    groundtruth.Matches
	}{
		{"binary", BuilderOptions{Task: groundtruth.Binary, Classifier: ClassifierOptions{Positive: "1"}}, groundtruth.Matches{
			Predictions: []float64{1, 0, 1, 0}, Labels: []float64{1, 0, 0, 1}, Classifier: groundtruth.Classifier{Positive: []bool{true, false, true, false}},
		}},
		{"multiclass", BuilderOptions{Task: groundtruth.Multiclass}, groundtruth.Matches{
			Classifier: groundtruth.Classifier{Class: class(0, 2, 1, 1)}, LabelClass: class(0, 2, 2, 0),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Shapes = calendar
			b := NewBuilder(nil, tableWindow, nil, tt.opts)
			tt.m.Len, tt.m.HasTime, tt.m.Times = len(times), true, times
			b.AddMatches(&tt.m)
			s := stored(t, b.Summary())
			hours := s.ByHour()
			if len(hours) != 2 || hours[0].Hour != 1 || hours[0].N != 3 || hours[0].Accuracy != 2.0/3 || hours[1].Hour != 9 || hours[1].Accuracy != 0 || !math.IsNaN(hours[0].RMSE) {
				t.Errorf("by hour %+v", hours)
			}
			if days := s.ByWeekday(); len(days) != 1 || days[0].Weekday != time.Thursday || days[0].N != 4 || days[0].Accuracy != 0.5 {
				t.Errorf("by weekday %+v", days)
			}
			if s.Density() != nil || s.BySize() != nil {
				t.Errorf("density %+v, sizes %+v", s.Density(), s.BySize())
			}
		})
	}
}

// TestShapesAreKeptWhereTheyAreAskedFor leaves earlier bytes as they were, and says nothing of them.
func TestShapesAreKeptWhereTheyAreAskedFor(t *testing.T) {
	rows := []shapeRow{{p: 2, y: 1, at: tableWindow.Start.UnixNano()}}
	without := NewBuilder(nil, tableWindow, nil, BuilderOptions{})
	feedShapes(without, rows)
	with := shapeBuilder(t, "UTC", tableWindow)
	feedShapes(with, rows)
	before, s := without.Summary(), with.Summary()
	if before.ByHour() != nil || before.Density() != nil || before.BySize() != nil {
		t.Error("shapes that nobody asked for")
	}
	if !bytes.HasPrefix(summaryBytes(t, s), summaryBytes(t, before)) {
		t.Error("the sections that were there before have changed")
	}
	if most := before.Bytes() + densitySlots*densitySlotBytes + 20_000; s.Bytes() <= before.Bytes()+densitySlots*densitySlotBytes || s.Bytes() > most {
		t.Errorf("%d bytes, without shapes %d", s.Bytes(), before.Bytes())
	}
	if err := s.Merge(before); err != nil || s.ByHour() != nil || s.Density() != nil || s.BySize() != nil {
		t.Errorf("shapes of some of the rows; error %v", err)
	}
	if !bytes.Equal(summaryBytes(t, s), summaryBytes(t, mergedTwice(t, without.Summary()))) {
		t.Error("other bytes than those without shapes")
	}
}

// mergedTwice returns s with all its rows once more.
func mergedTwice(t *testing.T, s *Summary) *Summary {
	t.Helper()
	u := stored(t, s)
	if err := u.Merge(stored(t, s)); err != nil {
		t.Fatal(err)
	}
	return u
}
