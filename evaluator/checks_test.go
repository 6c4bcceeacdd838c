package evaluator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// qualityRows returns the rows of a day: 240 on a working day and 60 on others, from 6 to 22
// o'clock. Feature x varies, weekday tells the day, city is one of three, and rare is there in one
// row of fifty.
func qualityRows(rng *rand.Rand, d int) []summarytest.Row {
	var rows []summarytest.Row
	n := 240
	if d%7 >= 5 {
		n = 60
	}
	for i := range n {
		at := time.Date(2026, 1, 5+d, 6, i*16*60/n, 0, 0, time.UTC)
		rare := math.NaN()
		if i%80 == 0 {
			rare = rng.Float64()
		}
		rows = append(rows, summarytest.Row{
			Time: at.UnixNano(), Prediction: 10 + rng.NormFloat64(), Label: math.NaN(),
			Features: map[string]any{"x": rng.NormFloat64(), "weekday": float64(d % 7), "city": []string{"a", "b", "c"}[rng.IntN(3)], "rare": rare},
		})
	}
	return rows
}

// checked evaluates the rows of a window against nine weeks of qualityRows.
func checked(strata summary.StrataKind, w groundtruth.Window, rows []summarytest.Row, opt Options) *Quality {
	rng := rand.New(rand.NewPCG(1, 1))
	var reference []summarytest.Row
	for d := range 63 {
		reference = append(reference, qualityRows(rng, d)...)
	}
	p := summarytest.Profile(reference, summary.ProfilerOptions{Strata: strata})
	builder := summary.BuilderOptions{Bounds: opt.Bounds}
	if w.End.Sub(w.Start) >= 24*time.Hour {
		builder.Calendar = groundtruth.NewCalendar(groundtruth.Zone{}, w.Start, w.End)
	}
	if len(rows) == 0 {
		return Evaluate(summary.NewBuilder(p.Layout, w, nil, builder).Summary(), p, opt).Quality
	}
	return Evaluate(summarytest.Window(p, w, rows, builder), p, opt).Quality
}

func TestColumnsAreHeldToTheReference(t *testing.T) {
	day := func(d int) []summarytest.Row { return qualityRows(rand.New(rand.NewPCG(2, 2)), d) }
	set := func(name string, value any) func([]summarytest.Row) {
		return func(rows []summarytest.Row) {
			for i := range rows {
				rows[i].Features[name] = value
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func([]summarytest.Row)
		want   map[string]float64
		column string
		flags  [3]bool // absent, type changed, constant
		note   string
	}{
		{"healthy", func([]summarytest.Row) {}, nil, "weekday", [3]bool{}, ""},
		{"no value", set("x", math.NaN()), map[string]float64{"absent_columns": 1}, "x", [3]bool{true, false, false},
			`1 column without a value in this window, and with values in the reference: "x" (100 % of the reference's rows have one); was it renamed, or is it no longer logged?`},
		{"no value of a column of few", set("rare", math.NaN()), nil, "rare", [3]bool{}, ""},
		{"text for numbers", set("x", "n/a"), map[string]float64{"type_changes": 1}, "x", [3]bool{false, true, false},
			`1 column with values that are not of the reference's kind, and count as missing: "x" (240 of 240 values, and in the reference 0 of 11880); look at what writes them`},
		{"one number", set("x", 0.25), map[string]float64{"constant_columns": 1}, "x", [3]bool{false, false, true},
			`1 column with one value in all of this window, and several in the reference: "x" (240 rows, and at most `},
		{"one number that is new", set("x", 99.0), map[string]float64{"constant_columns": 1}, "x", [3]bool{false, false, true}, "at most 0 % of the reference's have that value"},
		{"one category", set("city", "b"), map[string]float64{"constant_columns": 1}, "city", [3]bool{false, false, true}, `"city" (240 rows`},
		{"one prediction", func(rows []summarytest.Row) {
			for i := range rows {
				rows[i].Prediction = 10
			}
		}, map[string]float64{"constant_columns": 1}, "prediction", [3]bool{false, false, true}, `"prediction" (240 rows`},
		{"two values", func(rows []summarytest.Row) { set("x", 0.25)(rows); rows[7].Features["x"] = 0.26 }, nil, "x", [3]bool{}, ""},
	} {
		rows := day(63)
		c.change(rows)
		q := checked(summary.NoStrata, dayOf(63), rows, Options{})
		for _, check := range []string{"absent_columns", "type_changes", "constant_columns"} {
			if got := float64(q.Checks[check].Value); got != c.want[check] {
				t.Errorf("%s: %s is %g, want %g", c.name, check, got, c.want[check])
			}
		}
		col := q.Columns[c.column]
		if got := [3]bool{col.Absent, col.TypeChanged, col.Constant}; got != c.flags {
			t.Errorf("%s: %s is %v, want %v", c.name, c.column, got, c.flags)
		}
		if notes := strings.Join(q.Notes(), "\n"); (notes == "") != (c.note == "") || !strings.Contains(notes, c.note) {
			t.Errorf("%s: notes %q, want %q", c.name, notes, c.note)
		}
	}
	// Of two or three rows nothing is told.
	few := day(63)[:3]
	set("x", 0.25)(few)
	if q := checked(summary.NoStrata, dayOf(63), few, Options{}); len(q.Notes()) > 0 || q.Columns["x"].Constant {
		t.Errorf("three rows: %q", q.Notes())
	}
}

// TestVolumeIsThatOfTheReferencesDays counts by hand what a window was to be expected to have.
func TestVolumeIsThatOfTheReferencesDays(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	monday, saturday := qualityRows(rng, 63), qualityRows(rng, 68)
	hour := func(d, from, hours int) groundtruth.Window {
		start := dayOf(d).Start.Add(time.Duration(from) * time.Hour)
		return groundtruth.Window{Start: start, End: start.Add(time.Duration(hours) * time.Hour)}
	}
	within := func(w groundtruth.Window, rows []summarytest.Row) (out []summarytest.Row) {
		for _, r := range rows {
			if at := time.Unix(0, r.Time); !at.Before(w.Start) && at.Before(w.End) {
				out = append(out, r)
			}
		}
		return out
	}
	week := groundtruth.Window{Start: dayOf(63).Start, End: dayOf(70).Start}
	morning, noon, part := hour(63, 8, 4), hour(63, 12, 1), hour(63, 12, 0)
	part.End = part.Start.Add(20 * time.Minute)
	var ofWeek []summarytest.Row
	for d := range 7 {
		ofWeek = append(ofWeek, qualityRows(rng, 63+d)...)
	}
	// Of the inner 61 of the 63 days 44 are working days: the first is a Monday and the last a Sunday.
	meanDay := (44*240.0 + 17*60) / 61
	for _, c := range []struct {
		name     string
		strata   summary.StrataKind
		window   groundtruth.Window
		rows     []summarytest.Row
		expected float64
	}{
		{"a Monday and the median of all days", summary.NoStrata, dayOf(63), monday, 240},
		{"a Saturday and the median of all days", summary.NoStrata, dayOf(68), saturday, 240},
		{"a Saturday and the weekends", summary.WeekendStrata, dayOf(68), saturday, 60},
		{"a third of a Monday", summary.WeekendStrata, dayOf(63), monday[:80], 240},
		{"no rows", summary.WeekendStrata, dayOf(63), nil, 240},
		{"a week", summary.NoStrata, week, ofWeek, 7 * meanDay},
		{"four hours of sixteen", summary.NoStrata, morning, within(morning, monday), 60},
		{"an hour and the reference's of the same hour", summary.HourOfDayStrata, noon, within(noon, monday), 15},
		{"a third of an hour", summary.NoStrata, part, within(part, monday), 5},
	} {
		q := checked(c.strata, c.window, c.rows, Options{})
		got := q.Checks["volume"]
		if want := float64(len(c.rows)) / c.expected; math.Abs(float64(got.Value)-want) > 0.02*want {
			t.Errorf("%s: volume %g of %d rows (%s%s), want %g", c.name, got.Value, len(c.rows), got.Note, got.Reason, want)
		}
	}
	if got := checked(summary.NoStrata, hour(63, 1, 2), nil, Options{}).Checks["volume"]; !math.IsNaN(float64(got.Value)) || got.Reason != "the reference has no rows at such hours" {
		t.Errorf("two hours of the night: %+v", got)
	}
}

func TestGapsAreHoursThatTheReferenceHas(t *testing.T) {
	all := qualityRows(rand.New(rand.NewPCG(4, 4)), 63)
	for _, c := range []struct {
		without     []int
		want, most  float64
		note        string
		halfTheRows bool
	}{
		{nil, 0, 0, "", false},
		{[]int{1, 2, 3}, 0, 0, "", false}, // nor has the reference
		{[]int{8, 9, 12, 13, 14}, 5, 3, "08:00 to 10:00 and 12:00 to 15:00", false},
		{[]int{6, 21}, 2, 1, "06:00 to 07:00 and 21:00 to 22:00", false},
	} {
		rows := slices.DeleteFunc(slices.Clone(all), func(r summarytest.Row) bool {
			return slices.Contains(c.without, time.Unix(0, r.Time).UTC().Hour())
		})
		q := checked(summary.NoStrata, dayOf(63), rows, Options{})
		empty, longest := q.Checks["empty_hours"], q.Checks["longest_gap_hours"]
		if float64(empty.Value) != c.want || float64(longest.Value) != c.most || empty.Note != c.note {
			t.Errorf("without %v: %+v, longest %+v", c.without, empty, longest)
		}
	}
	hour := groundtruth.Window{Start: dayOf(63).Start.Add(8 * time.Hour), End: dayOf(63).Start.Add(9 * time.Hour)}
	if got := checked(summary.NoStrata, hour, all[40:50], Options{}).Checks["empty_hours"]; !strings.HasPrefix(got.Reason, "the hours of the day are counted of windows of a day or longer") {
		t.Errorf("an hour: %+v", got)
	}
	if got := checked(summary.NoStrata, dayOf(63), nil, Options{}).Checks["empty_hours"]; got.Reason != noRows {
		t.Errorf("no rows: %+v", got)
	}
}

func TestDuplicatesAndBoundsAreShares(t *testing.T) {
	rows := qualityRows(rand.New(rand.NewPCG(5, 5)), 63)
	rows[3].Prediction, rows[4].Prediction, rows[5].Prediction = -1, 41, 40
	joined := groundtruth.Coverage{Predictions: 240, DuplicatePredictions: 60, Labels: 150, DeletedLabels: 30, NullLabels: 20, DuplicateLabels: 50, ConflictingLabels: 10}
	bounds := &summary.Bounds{Min: 0, Max: 40}
	q := checked(summary.NoStrata, dayOf(63), rows, Options{Coverage: &joined, LabelsRead: true, Bounds: bounds})
	for name, want := range map[string]Check{
		"duplicate_predictions": {Value: 0.2, Note: "60 of 300 prediction rows"},
		"duplicate_labels":      {Value: 0.2, Note: "50 of 250 label rows"},
		"conflicting_labels":    {Value: 0.05, Note: "10 of 200 ids with a label"},
		"out_of_bounds":         {Value: 2.0 / 240, Note: "2 of 240 predictions"},
	} {
		if got := q.Checks[name]; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if want := "2 of 240 predictions are beyond predictions.bounds, 0 to 40: they are from -1 to 41"; !slices.Contains(q.Notes(), want) {
		t.Errorf("notes %q, want %q", q.Notes(), want)
	}
	// What is not known says why.
	q = checked(summary.NoStrata, dayOf(63), nil, Options{Coverage: new(groundtruth.Coverage), Bounds: bounds})
	for name, want := range map[string]string{"duplicate_predictions": noRows, "duplicate_labels": labelsNotRead, "conflicting_labels": labelsNotRead, "out_of_bounds": noRows} {
		if got := q.Checks[name]; !math.IsNaN(float64(got.Value)) || got.Reason != want {
			t.Errorf("%s of nothing: %+v", name, got)
		}
	}
	rebounded := Evaluate(summary.NewBuilder(nil, dayOf(1), nil, summary.BuilderOptions{Bounds: bounds}).Summary(), nil, Options{Bounds: &summary.Bounds{Min: 0, Max: 41}})
	if got := rebounded.Quality.Checks["out_of_bounds"]; got.Reason != "the window's predictions were not counted by these bounds" {
		t.Errorf("by other bounds: %+v", got)
	}
	if _, counted := rebounded.Quality.Checks["volume"]; counted {
		t.Error("there is a volume without a reference")
	}
}

// TestVolumeNeedsDays leaves the volume out where the reference doesn't tell of it.
func TestVolumeNeedsDays(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	var rows []summarytest.Row
	for d := range leastDays - 1 {
		rows = append(rows, qualityRows(rng, d)...)
	}
	p := summarytest.Profile(rows, summary.ProfilerOptions{})
	ev := Evaluate(summarytest.Window(p, dayOf(7), qualityRows(rng, 7), summary.BuilderOptions{}), p, Options{})
	if got, want := ev.Quality.Checks["volume"].Reason, fmt.Sprintf("the reference has %d days of rows, and %d tell what is ordinary", leastDays-1, leastDays); got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
}
