package evaluator

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestFiguresByHourAndWeekday shows a regression's errors, a figure beyond the range of numbers
// among them, and the accuracy of a classifier.
func TestFiguresByHourAndWeekday(t *testing.T) {
	w := groundtruth.Window{Start: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)}
	saturday, sunday := w.Start.Add(7*time.Hour).UnixNano(), w.Start.Add(31*time.Hour).UnixNano()
	times := []int64{saturday, saturday, sunday + int64(time.Hour)}
	for _, tt := range []struct {
		name, hours, weekdays string
		opts                  summary.BuilderOptions
		m                     groundtruth.Matches
	}{
		{
			name:     "regression",
			m:        groundtruth.Matches{Predictions: []float64{4, 2, 1e300}, Labels: []float64{1, 3, 0}},
			hours:    `[{"hour":7,"n":2,"me":1,"mae":2,"rmse":2.23606797749979},{"hour":8,"n":1,"me":1e+300,"mae":1e+300,"rmse":null}]`,
			weekdays: `[{"weekday":"saturday","n":2,"me":1,"mae":2,"rmse":2.23606797749979},{"weekday":"sunday","n":1,"me":1e+300,"mae":1e+300,"rmse":null}]`,
		},
		{
			name:     "binary",
			opts:     summary.BuilderOptions{Task: groundtruth.Binary},
			m:        groundtruth.Matches{Predictions: []float64{1, 0, 1}, Labels: []float64{1, 1, 0}, Classifier: groundtruth.Classifier{Positive: []bool{true, false, true}}},
			hours:    `[{"hour":7,"n":2,"accuracy":0.5},{"hour":8,"n":1,"accuracy":0}]`,
			weekdays: `[{"weekday":"saturday","n":2,"accuracy":0.5},{"weekday":"sunday","n":1,"accuracy":0}]`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Shapes = groundtruth.NewCalendar(groundtruth.Zone{}, w.Start, w.End)
			b := summary.NewBuilder(nil, w, nil, tt.opts)
			tt.m.Len, tt.m.HasTime, tt.m.Times = len(times), true, times
			b.AddMatches(&tt.m)
			e := Evaluate(b.Summary(), nil, Options{})
			for what, c := range map[string]struct {
				got  any
				want string
			}{"by hour": {e.ByHour, tt.hours}, "by weekday": {e.ByWeekday, tt.weekdays}} {
				got, err := json.Marshal(c.got)
				if err != nil || string(got) != c.want {
					t.Errorf("%s %s, error %v; want %s", what, got, err, c.want)
				}
			}
			var read Evaluation
			if err := json.Unmarshal([]byte(evaltest.AsJSON(t, e)), &read); err != nil || read.ByHour[0].N != 2 || read.ByWeekday[1].Weekday != "sunday" {
				t.Errorf("read %+v, error %v", read.ByHour, err)
			}
		})
	}
}
