package summary

import (
	"math"
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// keepShapes has the shapes of matched rows kept: what pictures are drawn from.
func (s *Summary) keepShapes(zone groundtruth.Zone) {
	s.clock = &clock{zone: zone}
	if s.task == groundtruth.Regression {
		s.density, s.sizes = newDensity(), newSizes()
	}
}

// hoursOf returns the hours of the week of a piece of matches, nil where they are not kept.
func (b *Builder) hoursOf(m *groundtruth.Matches, from, to int) []int32 {
	if !m.HasTime {
		b.s.clock = nil // without knowing the hours of all rows, none are known
	}
	if b.s.clock == nil {
		return nil
	}
	b.hourOf = slices.Grow(b.hourOf[:0], to-from)[:to-from]
	b.shapes.SetHoursOfWeek(b.hourOf, m.Times[from:to])
	return b.hourOf
}

// mergeShapes adds what o has; what is not known of one is not known of both.
func (s *Summary) mergeShapes(o *Summary) {
	if s.clock == nil || o.clock == nil || s.clock.zone != o.clock.zone {
		s.clock = nil
	} else {
		s.clock.mergeFrom(o.clock)
	}
	if s.density == nil || o.density == nil {
		s.density = nil
	} else {
		s.density.mergeFrom(o.density)
	}
	if s.sizes == nil || o.sizes == nil {
		s.sizes = nil
	} else {
		s.sizes.mergeFrom(o.sizes)
	}
}

// DensityCell counts the matched rows whose prediction is from X0 to X1 and whose label is from
// Y0 to Y1: the lower end belongs to it, the upper doesn't.
type DensityCell struct {
	X0, X1, Y0, Y1 float64
	N              int64
}

// Density is how predictions and labels of a regression lie together.
type Density struct {
	// Cells are those that have rows, at most 1,024, in the order of X0 and then Y0. All are of
	// one width and height.
	Cells []DensityCell
}

// Density returns how the predictions and labels of the matched rows lie together: counts of
// rows, also where these have weights. It is nil of classifiers, without matched rows, and of
// what earlier versions kept.
func (s *Summary) Density() *Density {
	if s.density == nil || s.density.used == 0 {
		return nil
	}
	out := &Density{}
	g := s.density.grid
	for _, slot := range s.density.sorted() {
		x, y := slot.cells()
		out.Cells = append(out.Cells, DensityCell{
			X0: g.edge(int64(x)), X1: g.edge(int64(x) + 1), Y0: g.edge(int64(y)), Y1: g.edge(int64(y) + 1), N: slot.n,
		})
	}
	return out
}

// SizeCell tells of the errors of the rows whose prediction is from Low to High: the lower end
// belongs to it, the upper doesn't.
type SizeCell struct {
	Low, High     float64
	N             int64
	ME, MAE, RMSE float64
}

// BySize returns the errors of the matched rows by the size of their predictions, in at most 32
// cells of one width that have rows, by ascending predictions: every row counts once, also where
// rows have weights. It is nil where Density is.
func (s *Summary) BySize() []SizeCell {
	if s.sizes == nil {
		return nil
	}
	var out []SizeCell
	for _, i := range s.sizes.sorted() {
		p, cell := &s.sizes.sums[i], int64(s.sizes.cells[i])
		c := SizeCell{Low: s.sizes.edge(cell), High: s.sizes.edge(cell + 1), N: p.n}
		c.ME, c.MAE, c.RMSE = p.errors()
		out = append(out, c)
	}
	return out
}

// TimeCell tells of the matched rows of an hour of the day or of a day of the week.
type TimeCell struct {
	Hour          int          // of ByHour, from 0 to 23
	Weekday       time.Weekday // of ByWeekday
	N             int64
	ME, MAE, RMSE float64 // of regressions; NaN of classifiers
	Accuracy      float64 // of classifiers; NaN of regressions
}

// ByHour returns the performance of the matched rows by the hour of the day that the clocks of
// the grid's zone show at their predictions, of the hours that have rows, ascending: every row
// counts once, also where rows have weights. It is nil where that is not known: of rows without
// time, and of what earlier versions kept.
func (s *Summary) ByHour() []TimeCell {
	return s.byTime(24, func(hourOfWeek int) int { return hourOfWeek % 24 }, func(c *TimeCell, hour int) { c.Hour = hour })
}

// ByWeekday is ByHour by the day of the week, from Monday on.
func (s *Summary) ByWeekday() []TimeCell {
	return s.byTime(7, func(hourOfWeek int) int { return hourOfWeek / 24 }, func(c *TimeCell, fromMonday int) {
		c.Weekday = time.Weekday((fromMonday + 1) % 7)
	})
}

// byTime puts the hours of the week together to so many parts, and has each named.
func (s *Summary) byTime(parts int, partOf func(hourOfWeek int) int, name func(*TimeCell, int)) []TimeCell {
	if s.clock == nil {
		return nil
	}
	sums := make([]plainSums, parts)
	for h := range s.clock.hours {
		sums[partOf(h)].mergeFrom(&s.clock.hours[h])
	}
	var out []TimeCell
	for i := range sums {
		p := &sums[i]
		if p.n == 0 {
			continue
		}
		c := TimeCell{N: p.n, Accuracy: math.NaN()}
		if c.ME, c.MAE, c.RMSE = p.errors(); p.sums == nil {
			c.Accuracy = float64(p.right) / float64(p.n)
		}
		name(&c, i)
		out = append(out, c)
	}
	return out
}

// errors returns the mean of the errors, of their absolute values, and the root of that of their
// squares; NaN of a classifier's.
func (p *plainSums) errors() (me, mae, rmse float64) {
	if p.sums == nil {
		return math.NaN(), math.NaN(), math.NaN()
	}
	mean := func(k SumKind) float64 { return p.sums[k].Float64() / float64(p.n) }
	return mean(SumE), mean(SumAbsE), math.Sqrt(mean(SumE2))
}
