package summary

import (
	"errors"
	"math"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// seedShapes are Summaries that keep shapes: of no rows, of few, of extreme ones and of a classifier.
func seedShapes(t interface{ Fatal(...any) }) []*Summary {
	rows := []shapeRow{
		{p: 1, y: 2, at: tableWindow.Start.UnixNano()}, {p: -3, y: 0, at: tableWindow.Start.UnixNano() + 7e12},
		{p: math.MaxFloat64, y: -math.MaxFloat64, at: tableWindow.Start.UnixNano()},
	}
	var out []*Summary
	for n := range rows {
		b := shapeBuilder(t, "Europe/Berlin", tableWindow)
		if n > 0 {
			feedShapes(b, rows[:n+1])
		}
		out = append(out, b.Summary())
	}
	calendar := groundtruth.NewCalendar(groundtruth.Zone{}, tableWindow.Start, tableWindow.End)
	b := NewBuilder(nil, tableWindow, nil, BuilderOptions{Task: groundtruth.Binary, Shapes: calendar})
	b.AddMatches(&groundtruth.Matches{
		Len: 1, HasTime: true, Times: []int64{rows[0].at}, Predictions: []float64{1}, Labels: []float64{1}, Classifier: groundtruth.Classifier{Positive: []bool{true}},
	})
	return append(out, b.Summary())
}

// TestShapesThatNoRowsHaveAreRefused writes what contradicts the matched rows, or itself.
func TestShapesThatNoRowsHaveAreRefused(t *testing.T) {
	const few, binary = 1, 3
	for what, tt := range map[string]struct {
		seed   int
		change func(*Summary)
	}{
		"a row of another hour":          {few, func(s *Summary) { s.clock.hours[5] = plainSums{n: 1}; s.clock.hours[5].ready() }},
		"an hour without its sums":       {few, func(s *Summary) { s.clock.hours[73].sums = nil }},
		"more right than rows":           {binary, func(s *Summary) { s.clock.hours[72].right = 2 }},
		"a density of a classifier":      {binary, func(s *Summary) { s.density = newDensity(); s.density.insert(0, 1) }},
		"sizes of a classifier":          {binary, func(s *Summary) { s.sizes = newSizes() }},
		"a row too many in the density":  {few, func(s *Summary) { s.density.insert(0, 1) }},
		"a coarser grid than there is":   {few, func(s *Summary) { s.density.level = coarsestLevel + 1 }},
		"a finer grid than there is":     {few, func(s *Summary) { s.sizes.level = finestLevel - 1 }},
		"a row too many among the sizes": {few, func(s *Summary) { s.sizes.sums[0].n++ }},
		"a cell of predictions twice":    {few, func(s *Summary) { s.sizes.cells[1] = s.sizes.cells[0] }},
		"a cell without rows":            {few, func(s *Summary) { s.sizes.sums[0] = plainSums{} }},
		"more cells than there are": {few, func(s *Summary) {
			s.density.slots = append(s.density.slots, make([]densitySlot, maxDensityCells)...)
			fill(s.density)
		}},
		"a pair of cells twice":            {few, func(s *Summary) { s.density.slots = append(s.density.slots, s.density.sorted()[0]) }},
		"a pair of cells that has no rows": {few, func(s *Summary) { s.density.slots = append(s.density.slots, densitySlot{key: 7, n: -1}) }},
	} {
		t.Run(what, func(t *testing.T) {
			s := seedShapes(t)[tt.seed]
			if _, err := reread(t, s); err != nil {
				t.Fatal(err)
			}
			tt.change(s)
			if _, err := reread(t, s); !errors.Is(err, errCorrupt) {
				t.Errorf("error %v, want %v", err, errCorrupt)
			}
		})
	}
}

// fill gives each slot rows of a pair of its own.
func fill(d *density) {
	for i := range d.slots {
		d.slots[i] = densitySlot{key: uint64(i), n: 1}
	}
}

func reread(t *testing.T, s *Summary) (*Summary, error) {
	t.Helper()
	var u Summary
	return &u, u.UnmarshalBinary(summaryBytes(t, s))
}
