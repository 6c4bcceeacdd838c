package evaluator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// weekendRows returns so many weeks of days with 40 rows each, whose errors are 3 times as large on
// weekends and differ from day to day by a standard deviation of 0.3 of their logarithm.
func weekendRows(seed uint64, weeks int) []summarytest.Row {
	rng := rand.New(rand.NewPCG(seed, 0))
	var rows []summarytest.Row
	for d := range 7 * weeks {
		size := math.Exp(0.3 * rng.NormFloat64())
		if d%7 >= 5 {
			size *= 3
		}
		for i := range 40 {
			at := time.Date(2026, 1, 5+d, 0, 36*i, 0, 0, time.UTC)
			label := 10 * rng.NormFloat64()
			rows = append(rows, summarytest.Row{Time: at.UnixNano(), Label: label, Prediction: label + size*rng.NormFloat64()})
		}
	}
	return rows
}

// dayOf returns day d after the first.
func dayOf(d int) groundtruth.Window {
	start := time.Date(2026, 1, 5+d, 0, 0, 0, 0, time.UTC)
	return groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}
}

// evaluateDay evaluates the rows of day d against a reference of eight weeks.
func evaluateDay(strata summary.StrataKind, d int, rows []summarytest.Row) *Evaluation {
	p := summarytest.Profile(weekendRows(1, 8), summary.ProfilerOptions{Strata: strata})
	calendar := groundtruth.NewCalendar(groundtruth.Zone{}, time.Time{}, time.Time{})
	return Evaluate(summarytest.Window(p, dayOf(d), rows, summary.BuilderOptions{Calendar: calendar}), p, Options{})
}

// TestReferenceIsThatOfItsKindOfDay compares a Saturday with weekends and a Monday with
// working days.
func TestReferenceIsThatOfItsKindOfDay(t *testing.T) {
	rows := weekendRows(2, 9)
	saturday, monday := evaluateDay(summary.WeekendStrata, 61, rows[61*40:62*40]), evaluateDay(summary.WeekendStrata, 56, rows[56*40:57*40])
	for _, c := range []struct {
		ev            *Evaluation
		stratum       string
		days          int
		least, atMost float64
	}{{saturday, "weekend", 16, 2.4, 4.5}, {monday, "weekday", 40, 0.9, 1.3}} {
		ref := c.ev.Reference
		if ref.Stratum != c.stratum || ref.Days != c.days || ref.Rows != int64(40*c.days) {
			t.Errorf("compared with %d rows of %d days of stratum %q, want %d of %q", ref.Rows, ref.Days, ref.Stratum, c.days, c.stratum)
		}
		if v := float64(ref.Metrics["rmse"].Value); v < c.least || v > c.atMost {
			t.Errorf("the reference's rmse of %s is %g, want %g to %g", c.stratum, v, c.least, c.atMost)
		}
		for _, name := range []string{"mae", "mse", "rmse", "medae", "r2"} {
			m := ref.Metrics[name]
			if !(m.DaySD > 0) || !(m.DayDF > 1) {
				t.Errorf("%s of %s has the standard deviation %g from day to day with %g degrees of freedom", name, c.stratum, m.DaySD, m.DayDF)
			}
		}
		mae, medae := ref.Metrics["mae"], ref.Metrics["medae"]
		if got, want := medae.DaySD/medae.Value, mae.DaySD/mae.Value; math.Abs(float64(got/want)-1) > 1e-12 {
			t.Errorf("medae varies by %g of itself, want that of mae, %g", got, want)
		}
		if got := ref.Metrics["max_error"].DaySD; got != 0 {
			t.Errorf("max_error has the standard deviation %g from day to day", got)
		}
	}
	// What both kinds of days vary by is one figure.
	if a, b := saturday.Reference.Metrics["rmse"].DaySD, monday.Reference.Metrics["rmse"].DaySD; a != b {
		t.Errorf("rmse varies by %g on weekends and %g on working days", a, b)
	}
}

// TestDaysOfTheWeekArePooled has strata of too few days each: the interval is that of rows, and
// days are taken from the mean of their own all the same.
func TestDaysOfTheWeekArePooled(t *testing.T) {
	p := summarytest.Profile(weekendRows(1, 6), summary.ProfilerOptions{Strata: summary.DayOfWeekStrata})
	m := Evaluate(summarytest.Window(p, dayOf(60), weekendRows(2, 9)[60*40:61*40], summary.BuilderOptions{}), p, Options{}).Reference.Metrics["rmse"]
	if !(m.DaySD > 0.1) || m.DaySD > 1 {
		t.Errorf("rmse varies by %g from day to day, want 0.1 to 1: weekends are apart", m.DaySD)
	}
}

// TestReferenceOfAnHour has strata whose days are not theirs alone: the interval is that of the
// hour's rows, and the days are taken whole.
func TestReferenceOfAnHour(t *testing.T) {
	p := summarytest.Profile(weekendRows(1, 8), summary.ProfilerOptions{Strata: summary.HourOfDayStrata})
	w := groundtruth.Window{Start: dayOf(60).Start, End: dayOf(60).Start.Add(6 * time.Hour)}
	ref := Evaluate(summarytest.Window(p, w, weekendRows(2, 9)[60*40:60*40+10], summary.BuilderOptions{}), p, Options{}).Reference
	rows := metric.OfWindow(p.For(w, 0).Summary().Errors(), nil, metric.Options{})["rmse"]
	if got := ref.Metrics["rmse"]; ref.Stratum == "" || got.Value != rows.Value || fmt.Sprint(got.Low) != fmt.Sprint(rows.Low) {
		t.Errorf("the reference of %q has the rmse %g from %g, want %g from %g", ref.Stratum, got.Value, got.Low, rows.Value, rows.Low)
	}
	if got, want := ref.Metrics["rmse"].DaySD, evaluateDay(summary.NoStrata, 60, nil).Reference.Metrics["rmse"].DaySD; !(got > 0) || got != want {
		t.Errorf("rmse varies by %g from day to day, want that of whole days, %g", got, want)
	}
}

// TestHoursOfFewRowsGiveWay has a reference with 93 rows of each hour, which judge nothing where
// drift takes 200 of each side.
func TestHoursOfFewRowsGiveWay(t *testing.T) {
	p := summarytest.Profile(weekendRows(1, 8), summary.ProfilerOptions{Strata: summary.HourOfDayStrata})
	w := groundtruth.Window{Start: dayOf(60).Start, End: dayOf(60).Start.Add(time.Hour)}
	s := summarytest.Window(p, w, weekendRows(2, 16)[:300], summary.BuilderOptions{})
	for minRows, want := range map[int64]string{0: "", 50: "00:00-01:00"} {
		ev := Evaluate(s, p, Options{Drift: drift.Options{MinRows: minRows}})
		if got := ev.Drift.Columns["prediction"]; got.Drifted == nil || ev.Reference.Stratum != want {
			t.Errorf("min_rows %d: compared with %q, want %q: %s", minRows, ev.Reference.Stratum, want, got.Reason)
		}
	}
}

// TestEmptyHours has windows that lack hours, or seem to.
func TestEmptyHours(t *testing.T) {
	even, office := slices.Repeat([]int64{100}, 24), make([]int64, 24)
	for h := 8; h < 18; h++ {
		office[h] = 240
	}
	for name, c := range map[string]struct {
		window, reference []int64
		want              []int
		share             float64
	}{
		"a whole day":               {even, even, nil, 0},
		"half a day":                {slices.Concat(even[:12], make([]int64, 12)), even, []int{12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}, 0.5},
		"nights without rows":       {office, office, nil, 0},
		"a morning of office hours": {slices.Concat(office[:13], make([]int64, 11)), office, []int{13, 14, 15, 16, 17}, 0.5},
		"an hour":                   {slices.Concat(even[:23], []int64{0}), even, []int{23}, 1.0 / 24},
		"few rows":                  {slices.Concat(slices.Repeat([]int64{3}, 12), make([]int64, 12)), even, nil, 0},
		"no rows":                   {make([]int64, 24), even, nil, 0},
		"hours that are not known":  {even, nil, nil, 0},
	} {
		hours, share := emptyHours(c.window, c.reference)
		if !slices.Equal(hours, c.want) || math.Abs(share-c.share) > 1e-12 {
			t.Errorf("%s: hours %v with the share %g, want %v with %g", name, hours, share, c.want, c.share)
		}
	}
}

// TestHalfADayIsShown evaluates the first half of a day, and a day less two hours.
func TestHalfADayIsShown(t *testing.T) {
	rows := func(parts ...[]summarytest.Row) []summarytest.Row {
		var out []summarytest.Row
		for _, part := range parts {
			for range 20 { // 40 rows a day are too few to miss an hour of
				out = append(out, part...)
			}
		}
		return out
	}
	day := weekendRows(2, 9)[60*40 : 61*40]
	if ref := evaluateDay(summary.NoStrata, 60, rows(day[:20])).Reference; len(ref.EmptyHours) != 12 || ref.EmptyHours[0] != 12 || math.Abs(float64(ref.EmptyShare)-0.5) > 0.02 {
		t.Errorf("half a day has the empty hours %v with %g of the reference's rows", ref.EmptyHours, ref.EmptyShare)
	}
	almost := evaluateDay(summary.NoStrata, 60, rows(day[:36])).Reference
	if len(almost.EmptyHours) != 0 {
		t.Errorf("a day less two hours has the empty hours %v", almost.EmptyHours)
	}
	if got := evaltest.AsJSON(t, almost); strings.Contains(got, "empty") {
		t.Errorf("it shows %v", got)
	}
}

// TestOrdinaryVariationOfAWindow divides what days vary by by their number.
func TestOrdinaryVariationOfAWindow(t *testing.T) {
	r := &Reference{WindowDays: 4, Metrics: map[string]metric.Result{"rmse": {DaySD: 0.3, DayDF: 20}}}
	if got := r.Ordinary("rmse"); got.SE != 0.15 || got.DF != 20 {
		t.Errorf("four days vary by %g with %g degrees of freedom", got.SE, got.DF)
	}
	if got := r.Ordinary("mae"); got.SE != 0 {
		t.Errorf("what is not known is %g", got.SE)
	}
}
