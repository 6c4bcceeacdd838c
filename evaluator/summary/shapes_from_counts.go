package summary

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/groundtruth"
)

// ShapeCounts is what pictures are drawn from: of each part nil where it is not known. A cell of
// a level has the numbers from Cell*2^Level on and below (Cell+1)*2^Level. The levels are the
// least that are not below -1000, nor 30 less than the exponent of the greatest absolute value
// (that is floor(log2)), and at which there are no more cells than may be.
type ShapeCounts struct {
	Hours        []PlainCounts  // by hour of the week, from Monday's first, groundtruth.HoursOfWeek of them
	Density      []DensityCount // of a regression: pairs of cells that have rows, at most 1,024
	DensityLevel int
	Sizes        []SizeCount // of a regression: cells of predictions that have rows, at most 32
	SizesLevel   int
}

// PlainCounts counts matched rows.
type PlainCounts struct {
	N     int64
	Right int64     // of a classifier: rows whose class was predicted
	Sums  []float64 // of a regression: by SumKind up to SumE2; nil without rows
}

// DensityCount counts the matched rows of a cell of the prediction and one of the label.
type DensityCount struct {
	Prediction, Label int32
	N                 int64
}

// SizeCount counts the matched rows of a cell of the prediction.
type SizeCount struct {
	Cell int32
	PlainCounts
}

// setShapes sets those of no rows that are kept.
func (s *Summary) setShapes(from *ShapeCounts) error {
	if from.Hours == nil {
		s.clock = nil
	}
	if from.Density == nil {
		s.density = nil
	}
	if from.Sizes == nil {
		s.sizes = nil
	}
	if s.clock != nil {
		if len(from.Hours) != groundtruth.HoursOfWeek {
			return fmt.Errorf("%d hours of the week, want %d", len(from.Hours), groundtruth.HoursOfWeek)
		}
		for h, c := range from.Hours {
			if err := s.clock.hours[h].setCounts(&c, s.task); err != nil {
				return fmt.Errorf("hour %d of the week: %w", h, err)
			}
		}
	}
	for _, level := range []int{from.DensityLevel, from.SizesLevel} {
		if level < finestLevel || level > coarsestLevel {
			return fmt.Errorf("a level of %d, want %d to %d", level, finestLevel, coarsestLevel)
		}
	}
	if s.density != nil {
		s.density.grid = gridOf(from.DensityLevel)
		for _, c := range from.Density {
			s.density.insert(densityKey(c.Prediction, c.Label), c.N)
		}
		if s.density.level != from.DensityLevel {
			return fmt.Errorf("more than %d cells of the density have rows", maxDensityCells)
		}
	}
	if s.sizes != nil {
		s.sizes.grid = gridOf(from.SizesLevel)
		for _, c := range from.Sizes {
			size, ok := s.sizes.sizeOf(c.Cell)
			if !ok {
				return fmt.Errorf("more than %d cells of predictions have rows", maxSizes)
			}
			if err := s.sizes.sums[size].setCounts(&c.PlainCounts, s.task); err != nil {
				return fmt.Errorf("cell %d of predictions: %w", c.Cell, err)
			}
		}
	}
	return nil
}

// setCounts sets the counts of no rows of a task.
func (p *plainSums) setCounts(from *PlainCounts, task groundtruth.Task) error {
	sums := 0
	if task == groundtruth.Regression && from.N > 0 {
		sums = numPlainSums
	}
	if from.N < 0 || len(from.Sums) != sums {
		return fmt.Errorf("%d sums over %d rows, want %d", len(from.Sums), from.N, sums)
	}
	p.n, p.right = from.N, from.Right
	for k, x := range from.Sums {
		if math.IsNaN(x) {
			return fmt.Errorf("sum %d is not a number", k)
		}
		p.ready()[k].Add(x)
	}
	return nil
}
