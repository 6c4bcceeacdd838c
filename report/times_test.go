package report

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// hoursOf tells of a classifier that was right in so many of n rows at each hour.
func hoursOf(n int64, right ...int64) *job.Story {
	told := job.Told{}
	for hour, k := range right {
		share := stat.Number(float64(k) / float64(n))
		told.ByHour = append(told.ByHour, evaluator.HourFigures{Hour: hour, TimeFigures: evaluator.TimeFigures{N: n, Accuracy: &share}})
	}
	return &job.Story{Task: groundtruth.Binary, Windows: []job.Told{told}}
}

// That no row of a few is wrong doesn't say that none ever is.
func TestAccuracyOfAllRowsHasAnInterval(t *testing.T) {
	c := chartOf[chart.Bars](t, figuresOf(t, hoursOf(20, 20, 19))["hours"], 0)
	for i, share := range []float64{1, 0.95} {
		low, high := metric.Wilson(share, 20)
		if b := c.Bars[i]; b.Low != low || b.High != high || b.Low >= b.Value {
			t.Errorf("%+v, want from %g to %g", b, low, high)
		}
	}
}

// Of few rows it is chance that none is right where few are.
func TestNoHourStandsOutByChance(t *testing.T) {
	right := []int64{0}
	for range 23 {
		right = append(right, 2)
	}
	if title := chartOf[chart.Bars](t, figuresOf(t, hoursOf(20, right...))["hours"], 0).Title; title != "No hour of the day stands out in Accuracy" {
		t.Error(title)
	}
}

// Three hours of one Saturday are not three weeks.
func TestHoursAreNoWeeks(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 14))
	s := storyOf(houses(rng, 500, 0), houses(rng, 500, 0))
	one := s.Windows[0]
	s.Windows = nil
	for hour := range 48 {
		told, size := one, stat.Number(1)
		start := time.Date(2026, 1, 3, hour, 0, 0, 0, time.UTC)
		told.Window = groundtruth.Window{Start: start, End: start.Add(time.Hour)}
		f := evaluator.TimeFigures{N: 50, ME: &size, MAE: &size, RMSE: &size}
		told.ByHour = []evaluator.HourFigures{{Hour: start.Hour(), TimeFigures: f}}
		told.ByWeekday = nil
		for day := time.Sunday; day <= time.Saturday; day++ {
			if day == start.Weekday() {
				told.ByWeekday = []evaluator.WeekdayFigures{{Weekday: strings.ToLower(day.String()), TimeFigures: f}}
			}
		}
		s.Windows = append(s.Windows, told)
	}
	weeks := weeksOf(s.Windows)
	if weeks[5] != 1 || weeks[6] != 1 || weeks[0] != 0 {
		t.Errorf("of two days of hours there are %v weeks", weeks)
	}
	s.Windows = s.Windows[:1]
	s.Windows[0].Window.End = s.Windows[0].Window.Start.AddDate(0, 0, 28)
	if weeks := weeksOf(s.Windows); weeks[5] != 4 {
		t.Errorf("of four weeks there are %v", weeks)
	}
}

// That none of a few rows is positive doesn't say that scores are too high.
func TestScoresOfFewRowsAreNotTooHigh(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 14))
	s := storyOf(late(rng, 500, 0), late(rng, 500, 0))
	s.Windows[0].Calibration = []metric.CalibrationBin{{Score: 0.02, Rate: 0, N: 40}}
	if title := chartOf[chart.Curves](t, figuresOf(t, s)["calibration"], 0).Title; !strings.HasSuffix(title, "on average scores are right") {
		t.Error(title)
	}
	s.Windows[0].Calibration[0].N = 4000
	if title := chartOf[chart.Curves](t, figuresOf(t, s)["calibration"], 0).Title; !strings.HasPrefix(title, "Scores are too high: ") {
		t.Error(title)
	}
}
