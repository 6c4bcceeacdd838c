package evaluator

import (
	"math"
	"strings"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

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

// byHour returns the figures of the hours of the day that have matched rows.
func byHour(cur *summary.Summary) []HourFigures {
	var out []HourFigures
	for _, c := range cur.ByHour() {
		out = append(out, HourFigures{c.Hour, timeFigures(c)})
	}
	return out
}

// byWeekday returns the figures of the days of the week that have matched rows.
func byWeekday(cur *summary.Summary) []WeekdayFigures {
	var out []WeekdayFigures
	for _, c := range cur.ByWeekday() {
		out = append(out, WeekdayFigures{strings.ToLower(c.Weekday.String()), timeFigures(c)})
	}
	return out
}

// timeFigures returns the figures of rows, of a regression or of a classifier.
func timeFigures(c summary.TimeCell) TimeFigures {
	number := func(v float64) *stat.Number { return new(stat.Number(v)) }
	if !math.IsNaN(c.Accuracy) {
		return TimeFigures{N: c.N, Accuracy: number(c.Accuracy)}
	}
	return TimeFigures{N: c.N, ME: number(c.ME), MAE: number(c.MAE), RMSE: number(c.RMSE)}
}
