package evaluator

import "github.com/hindcast/hindcast/evaluator/stat"

// HourFigures tell of the matched rows of an hour of the day, from 0 to 23 by the clocks of the
// grid's zone.
type HourFigures struct {
	Hour int `json:"hour"`
	TimeFigures
}

// WeekdayFigures tell of the matched rows of a day of the week, by the same clocks.
type WeekdayFigures struct {
	Weekday string `json:"weekday"` // monday to sunday
	TimeFigures
}

// TimeFigures is how well some rows were predicted, each counted once, also where rows have
// weights.
type TimeFigures struct {
	N        int64        `json:"n"`
	ME       *stat.Number `json:"me,omitempty"` // the first three are of regressions, nil of classifiers
	MAE      *stat.Number `json:"mae,omitempty"`
	RMSE     *stat.Number `json:"rmse,omitempty"`
	Accuracy *stat.Number `json:"accuracy,omitempty"` // of classifiers, nil of regressions
}
