package summary

import "time"

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
func (s *Summary) Density() *Density { return nil }

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
func (s *Summary) BySize() []SizeCell { return nil }

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
func (s *Summary) ByHour() []TimeCell { return nil }

// ByWeekday is ByHour by the day of the week, from Monday on.
func (s *Summary) ByWeekday() []TimeCell { return nil }
