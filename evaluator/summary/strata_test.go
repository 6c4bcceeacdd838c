package summary_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// monday is the first day of the references below.
var monday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// daysOf returns n rows an hour of some days from monday on, whose feature x is drawn, and has
// one more on weekends.
func daysOf(days, n int) []summarytest.Row {
	rng := rand.New(rand.NewPCG(1, 2))
	var rows []summarytest.Row
	for h := range days * 24 {
		at := monday.Add(time.Duration(h) * time.Hour)
		for i := range n {
			x := rng.NormFloat64()
			if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
				x++
			}
			kind := []string{"a", "b", "c", ""}[rng.IntN(4)]
			label := x + rng.NormFloat64()
			if rng.IntN(10) == 0 {
				label = math.NaN()
			}
			if rng.IntN(20) == 0 {
				x = math.NaN()
			}
			rows = append(rows, summarytest.Row{
				Time: at.Add(time.Duration(i) * time.Minute).UnixNano(), Features: map[string]any{"x": x, "kind": kind},
				Prediction: rng.NormFloat64(), Label: label,
			})
		}
	}
	return rows
}

// window returns the window that begins some hours after monday.
func window(from, hours int) groundtruth.Window {
	start := monday.Add(time.Duration(from) * time.Hour)
	return groundtruth.Window{Start: start, End: start.Add(time.Duration(hours) * time.Hour)}
}

// TestAWindowIsComparedWithItsKindOfTime asks what serves windows of several lengths.
func TestAWindowIsComparedWithItsKindOfTime(t *testing.T) {
	type want struct {
		name string
		days int
		rows int64
	}
	const day = 24
	for name, c := range map[string]struct {
		kind summary.StrataKind
		days int // of the reference
		w    groundtruth.Window
		want want
	}{
		"no strata":                 {summary.NoStrata, 28, window(0, day), want{"", 28, 28 * 48}},
		"a working day":             {summary.WeekendStrata, 28, window(0, day), want{"weekday", 20, 20 * 48}},
		"a Sunday":                  {summary.WeekendStrata, 28, window(6*day, day), want{"weekend", 8, 8 * 48}},
		"a weekend":                 {summary.WeekendStrata, 28, window(5*day, 2*day), want{"weekend", 8, 8 * 48}},
		"Friday and Saturday":       {summary.WeekendStrata, 28, window(4*day, 2*day), want{"", 28, 28 * 48}},
		"a week":                    {summary.WeekendStrata, 28, window(0, 7*day), want{"", 28, 28 * 48}},
		"six days of weekend":       {summary.WeekendStrata, 21, window(6*day, day), want{"", 21, 21 * 48}},
		"an hour of Sunday":         {summary.WeekendStrata, 28, window(6*day, 1), want{"weekend", 8, 8 * 48}},
		"a Monday":                  {summary.DayOfWeekStrata, 56, window(0, day), want{"monday", 8, 8 * 48}},
		"two days":                  {summary.DayOfWeekStrata, 56, window(0, 2*day), want{"monday+tuesday", 16, 16 * 48}},
		"four Mondays":              {summary.DayOfWeekStrata, 28, window(0, day), want{"weekday", 20, 20 * 48}},
		"four Sundays":              {summary.DayOfWeekStrata, 28, window(6*day, day), want{"weekend", 8, 8 * 48}},
		"six days of weekend again": {summary.DayOfWeekStrata, 21, window(6*day, day), want{"", 21, 21 * 48}},
		"an hour":                   {summary.HourOfDayStrata, 28, window(30, 1), want{"06:00-07:00", 28, 28 * 2}},
		"half of an hour":           {summary.HourOfDayStrata, 28, groundtruth.Window{Start: monday, End: monday.Add(30 * time.Minute)}, want{"00:00-01:00", 28, 28 * 2}},
		"a quarter over the hour":   {summary.HourOfDayStrata, 28, groundtruth.Window{Start: monday.Add(50 * time.Minute), End: monday.Add(65 * time.Minute)}, want{"00:00-02:00", 28, 28 * 4}},
		"six hours":                 {summary.HourOfDayStrata, 28, window(18, 6), want{"18:00-24:00", 28, 28 * 12}},
		"over midnight":             {summary.HourOfDayStrata, 28, window(22, 4), want{"22:00-02:00", 28, 28 * 8}},
		"hours of seven days":       {summary.HourOfDayStrata, 7, window(18, 6), want{"", 7, 7 * 48}},
		"a day":                     {summary.HourOfDayStrata, 28, window(0, day), want{"", 28, 28 * 48}},
		"no window":                 {summary.WeekendStrata, 28, groundtruth.Window{}, want{"", 28, 28 * 48}},
	} {
		t.Run(name, func(t *testing.T) {
			p := summarytest.Profile(daysOf(c.days, 2), summary.ProfilerOptions{Strata: c.kind})
			s := p.For(c.w, 0)
			if got := (want{s.Name, s.Days.Len(), s.Summary.Predictions()}); got != c.want {
				t.Errorf("%s is compared with %+v, want %+v", c.w, got, c.want)
			}
		})
	}
}

// TestStrataOfFewRowsGiveWay asks for more rows than an hour has, or a day of the week.
func TestStrataOfFewRowsGiveWay(t *testing.T) {
	for _, c := range []struct {
		kind    summary.StrataKind
		hours   int // of the window
		minRows int64
		want    string
	}{
		{summary.HourOfDayStrata, 1, 56 * 2, "00:00-01:00"},
		{summary.HourOfDayStrata, 1, 56*2 + 1, ""},
		{summary.HourOfDayStrata, 2, 56*2 + 1, "00:00-02:00"},
		{summary.DayOfWeekStrata, 24, 8*48 + 1, "weekday"},
		{summary.DayOfWeekStrata, 24, 40*48 + 1, ""},
	} {
		p := summarytest.Profile(daysOf(56, 2), summary.ProfilerOptions{Strata: c.kind})
		if got := p.For(window(0, c.hours), c.minRows).Name; got != c.want {
			t.Errorf("%d hours of at least %d rows are compared with %q, want %q", c.hours, c.minRows, got, c.want)
		}
	}
}

// TestDaysOfAZone has rows of one hour that is another date in Oslo.
func TestDaysOfAZone(t *testing.T) {
	oslo, err := groundtruth.ParseZone("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	// 23:30 on Sunday in UTC is Monday in Oslo.
	row := summarytest.Row{Time: monday.Add(-30 * time.Minute).UnixNano(), Features: map[string]any{"x": 1.0}}
	for zone, want := range map[groundtruth.Zone]string{{}: "weekend", oslo: "weekday"} {
		p := summarytest.Profile([]summarytest.Row{row}, summary.ProfilerOptions{Strata: summary.WeekendStrata, Zone: zone})
		for _, s := range p.Strata {
			if n := s.Summary.Predictions(); (n == 1) != (s.Name == want) {
				t.Errorf("in %s %s has %d rows, and %s should have the one", zone, s.Name, n, want)
			}
		}
		hour := 23
		if !zone.IsUTC() {
			hour = 0
		}
		if hours := p.Summary.Hours(); hours[hour] != 1 {
			t.Errorf("in %s the hours are %v, want the row in %d", zone, hours, hour)
		}
	}
}

// coarseOf counts values into the coarse bins slowly.
func coarseOf(c *summary.Coarse, l *summary.ColumnLayout, rows []summarytest.Row, value func(summarytest.Row) any) []int64 {
	out := make([]int64, c.Bins()+2)
	for _, r := range rows {
		bin := c.Bins()
		switch x := value(r).(type) {
		case string:
			if x == "" {
				bin++
			} else if i, ok := slices.BinarySearch(l.Categories, x); ok {
				bin = c.Category(i)
			}
		case float64:
			if math.IsNaN(x) {
				bin++
			} else {
				for i := range l.Edges {
					if x <= l.Edges[i] {
						bin = coarseBinOf(c, l, i)
						break
					}
				}
			}
		}
		out[bin]++
	}
	return out
}

// coarseBinOf returns the coarse bin of an edge: a quarter of its decile, by the number of its
// edges.
func coarseBinOf(c *summary.Coarse, l *summary.ColumnLayout, edge int) int {
	below, bin := -1, 0
	for _, cut := range append(slices.Clone(l.Cuts), len(l.Edges)-1) {
		n := cut - below
		parts := min(4, n)
		if edge <= cut {
			for p := 1; p <= parts; p++ {
				if edge-below <= int(math.Ceil(float64(p*n)/float64(parts))) {
					return bin + p - 1
				}
			}
		}
		below, bin = cut, bin+parts
	}
	return c.Bins()
}

// TestDaysCountTheirRows compares what is kept of each day with its rows, and the days together
// with the whole.
func TestDaysCountTheirRows(t *testing.T) {
	rows := daysOf(10, 20)
	p := summarytest.Profile(rows, summary.ProfilerOptions{})
	if p.Days.Len() != 10 {
		t.Fatalf("%d days, want 10", p.Days.Len())
	}
	x, kind := p.Days.Feature("x"), p.Days.Feature("kind")
	if p.Days.Feature("y") != nil {
		t.Error("there is a feature y")
	}
	if got := x.Coarse().Bins(); got != 40 {
		t.Errorf("%d coarse bins of a column of many values, want 40", got)
	}
	var wholeX, wholeKind []int64
	for g := range p.Days.Len() {
		day := slices.DeleteFunc(slices.Clone(rows), func(r summarytest.Row) bool {
			return groundtruth.NewCalendar(groundtruth.Zone{}, monday, monday).Day(r.Time) != p.Days.Key(g)
		})
		if got := p.Days.Rows(g); got != int64(len(day)) {
			t.Errorf("day %d has %d rows, want %d", g, got, len(day))
		}
		for _, c := range []struct {
			name   string
			column *summary.ClusterColumn
			layout *summary.ColumnLayout
			of     func(summarytest.Row) any
		}{
			{"x", x, p.Layout.Feature("x"), func(r summarytest.Row) any { return r.Features["x"] }},
			{"kind", kind, p.Layout.Feature("kind"), func(r summarytest.Row) any { return r.Features["kind"] }},
			{"prediction", p.Days.Prediction(), &p.Layout.Prediction, func(r summarytest.Row) any { return r.Prediction }},
		} {
			if got, want := c.column.Counts(g), coarseOf(c.column.Coarse(), c.layout, day, c.of); !slices.Equal(got, want) {
				t.Errorf("day %d has the counts %v of %s, want %v", g, got, c.name, want)
			}
		}
		var sumE, labels float64
		var partE, partLabels [summary.DayParts]float64
		for _, r := range day {
			if !math.IsNaN(r.Label) {
				sumE += r.Prediction - r.Label
				labels++
				part := time.Unix(0, r.Time).UTC().Hour() / 6
				partE[part] += r.Prediction - r.Label
				partLabels[part]++
			}
		}
		parts := p.Days.DayParts()
		for i := range partE {
			at := g*summary.DayParts + i
			if float64(parts.BlockN(at)) != partLabels[i] || math.Abs(parts.BlockSum(at, summary.SumE)-partE[i]) > 1e-9 {
				t.Errorf("part %d of day %d has %d labels and the sum of errors %g, want %g and %g", i, g, parts.BlockN(at), parts.BlockSum(at, summary.SumE), partLabels[i], partE[i])
			}
		}
		e := p.Days.Errors()
		if e.Blocks() != 10 || float64(e.BlockN(g)) != labels || math.Abs(e.BlockSum(g, summary.SumE)-sumE) > 1e-9 {
			t.Errorf("day %d of %d has %d labels and the sum of errors %g, want %g and %g", g, e.Blocks(), e.BlockN(g), e.BlockSum(g, summary.SumE), labels, sumE)
		}
		wholeX, wholeKind = added(wholeX, x.Counts(g)), added(wholeKind, kind.Counts(g))
	}
	for name, whole := range map[string][]int64{"x": wholeX, "kind": wholeKind} {
		if want := p.Days.Feature(name).Coarse().Counts(p.Summary.Feature(name)); !slices.Equal(whole, want) {
			t.Errorf("the days together have the counts %v of %s, the whole has %v", whole, name, want)
		}
	}
	if got, want := p.Days.Errors().Sum(summary.SumZ2), p.Summary.Errors().Sum(summary.SumZ2); got != want {
		t.Errorf("the days together have the sum %g, the whole has %g", got, want)
	}
}

func added(a, b []int64) []int64 {
	out := slices.Clone(b)
	for i, n := range a {
		out[i] += n
	}
	return out
}

// TestManyDaysAreThinned has a reference of a year and four months.
func TestManyDaysAreThinned(t *testing.T) {
	p := summarytest.Profile(daysOf(500, 1), summary.ProfilerOptions{Strata: summary.WeekendStrata})
	if got := p.Days.Len(); got != 125 {
		t.Errorf("%d days are kept of 500, want every fourth", got)
	}
	for g := range p.Days.Len() {
		if p.Days.Key(g)%4 != 0 {
			t.Errorf("day %d is kept", p.Days.Key(g))
		}
	}
	if a, b := p.Strata[0].Days.Len(), p.Strata[1].Days.Len(); a+b != 125 || b < 34 || b > 37 {
		t.Errorf("%d working days and %d of weekends are kept", a, b)
	}
}
