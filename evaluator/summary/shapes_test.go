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
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	rows := make([]shapeRow, n)
	for i := range rows {
		rows[i] = shapeRow{p: p(r), y: y(r), at: shapeWindow.Start.UnixNano() + r.Int64N(shapeWindow.End.UnixNano()-shapeWindow.Start.UnixNano())}
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
