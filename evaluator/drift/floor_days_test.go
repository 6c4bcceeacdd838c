package drift

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

var dayColumns = []string{"a", "b", "c", "d", "e", "f", "g", "h"}

// rowsOfDays draws rows of some days, from a Monday on: normal numbers, each of which comes as
// many times in a row, and whose mean is off by a normal number of each day, and at weekends.
func rowsOfDays(r *rand.Rand, days, rows, times int, noise, weekend, change float64) []summarytest.Row {
	var out []summarytest.Row
	for day := range days {
		start := time.Date(2024, 1, 1+day, 0, 0, 0, 0, time.UTC).UnixNano()
		off := map[string]float64{}
		for _, name := range dayColumns {
			off[name] = change + noise*r.NormFloat64()
			if day%7 >= 5 {
				off[name] += weekend
			}
		}
		for range rows / times {
			features := map[string]any{}
			for _, name := range dayColumns {
				features[name] = off[name] + r.NormFloat64()
			}
			for range times {
				out = append(out, summarytest.Row{Time: start + int64(len(out)), Features: features, Prediction: r.NormFloat64(), Label: math.NaN()})
			}
		}
	}
	return out
}

// flaggedOf compares windows of a day with a reference of 56 days and returns the shares of
// columns that drifted, knowing the reference's days and not knowing them.
func flaggedOf(t *testing.T, noise, weekend, change float64) (knowing, without float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	const references, windows = 3, 7
	for range references {
		p := summarytest.Profile(rowsOfDays(r, 56, 90, 1, noise, weekend, 0), summary.ProfilerOptions{Strata: summary.WeekendStrata})
		for day := range windows {
			start := time.Date(2024, 2, 26+day, 0, 0, 0, 0, time.UTC)
			w := groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}
			off := change
			if day >= 5 {
				off += weekend
			}
			s := summarytest.Window(p, w, rowsOfDays(r, 1, 1000, 1, noise, 0, off), summary.BuilderOptions{})
			stratum := p.For(w, 0)
			days := NewDays(p, stratum, 1)
			for _, name := range dayColumns {
				ref, cur := stratum.Summary.Feature(name), s.Feature(name)
				c := Compare(new(Scratch), ref, cur, Likeness{Days: days.Feature(name)}, Options{})
				switch {
				case c.Drifted == nil:
					t.Errorf("%s of %s is inconclusive, of 1000 rows: %s", name, start, c.Reason)
				case *c.Drifted:
					knowing++
				}
				if c := Compare(new(Scratch), ref, cur, Likeness{}, Options{}); c.Drifted != nil && *c.Drifted {
					without++
				}
			}
		}
	}
	of := float64(references * windows * len(dayColumns))
	return knowing / of, without / of
}

func TestOrdinaryDaysAreNoDrift(t *testing.T) {
	for _, c := range []struct {
		name                          string
		noise, weekend, change        float64
		most, least                   float64 // that drift, knowing the days
		mostWithout, leastWithoutThem float64
	}{
		{name: "days that do not differ", most: 0.05, mostWithout: 0.05},
		{name: "days that differ", noise: 0.1, most: 0.05, leastWithoutThem: 0.15, mostWithout: 1},
		{name: "weekends that do too", noise: 0.1, weekend: 0.5, most: 0.05, leastWithoutThem: 0.15, mostWithout: 1},
		{name: "a change", change: 0.3, most: 1, least: 0.95, mostWithout: 1, leastWithoutThem: 0.95},
		{name: "a change of days that differ", noise: 0.05, change: 0.4, most: 1, least: 0.9, mostWithout: 1, leastWithoutThem: 0.9},
	} {
		t.Run(c.name, func(t *testing.T) {
			knowing, without := flaggedOf(t, c.noise, c.weekend, c.change)
			if knowing > c.most || knowing < c.least {
				t.Errorf("%.3f of the columns drift, want %g to %g", knowing, c.least, c.most)
			}
			if without > c.mostWithout || without < c.leastWithoutThem {
				t.Errorf("without the days %.3f of the columns drift, want %g to %g", without, c.leastWithoutThem, c.mostWithout)
			}
		})
	}
}

// The mean square of a shift by a tenth of a standard deviation is 0.0093 in the chi-squared
// distance of deciles, and 0.0055 of what one row comes to in that of distribution functions.
func TestVarianceBetweenDaysHasNoSamplingInIt(t *testing.T) {
	for _, rows := range []int{90, 1000} {
		r := rand.New(rand.NewPCG(uint64(rows), 1))
		p := summarytest.Profile(rowsOfDays(r, 56, rows, 1, 0.1, 0, 0), summary.ProfilerOptions{})
		days := NewDays(p, p.For(groundtruth.Window{}, 0), 1)
		var inBins, inOrder float64
		for _, name := range dayColumns {
			c := days.Feature(name)
			inBins += c.inBins.variance / float64(len(dayColumns))
			inOrder += c.inOrder.variance / float64(len(dayColumns))
		}
		if math.Abs(inBins/0.0093-1) > 0.3 || math.Abs(inOrder/0.0055-1) > 0.3 {
			t.Errorf("%d rows a day: %.5f and %.5f, want 0.0093 and 0.0055", rows, inBins, inOrder)
		}
	}
}

// A column whose days differ more than the others' has its own variance; others share theirs.
func TestUsualVariance(t *testing.T) {
	own := between{observed: 0.02, variance: 0.01, se: 0.002}
	own.settle(variance{of: 0.001, se: 0.0003})
	usual := between{observed: 0.02, variance: 0.003, se: 0.002}
	usual.settle(variance{of: 0.001, se: 0.0003})
	if own.scale != math.Sqrt(0.01/0.02) || usual.scale != math.Sqrt(0.001/0.02) {
		t.Errorf("scales are %g and %g", own.scale, usual.scale)
	}
	quiet := between{observed: 0.02, variance: -0.001, se: 0.002}
	quiet.settle(variance{se: 0.0003})
	if quiet.scale != 0 {
		t.Errorf("days that do not differ have the scale %g", quiet.scale)
	}
}

func TestDaysThatAreNotKnown(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := summarytest.Profile(rowsOfDays(r, leastDays-1, 90, 1, 0, 0, 0), summary.ProfilerOptions{})
	days := NewDays(p, p.For(groundtruth.Window{}, 0), 1)
	if days != nil || days.Feature("a") != nil || days.Prediction() != nil || days.Label() != nil {
		t.Error("fewer days than eight are known")
	}
	if NewDays(p, summary.Stratum{Summary: p.Summary}, 1) != nil {
		t.Error("days are known of a reference without times")
	}
}

// A window of a week averages what its days differ by.
func TestWindowOfManyDays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := summarytest.Profile(rowsOfDays(r, 56, 90, 1, 0.2, 0, 0), summary.ProfilerOptions{})
	s := summarytest.Window(p, groundtruth.Window{}, rowsOfDays(r, 1, 1000, 1, 0, 0, 0), summary.BuilderOptions{})
	floor := func(days float64) float64 {
		alike := Likeness{Days: NewDays(p, p.For(groundtruth.Window{}, 0), days).Feature("a")}
		c := Compare(new(Scratch), p.Summary.Feature("a"), s.Feature("a"), alike, Options{})
		return float64(*c.Measures["wasserstein_normed"].NoiseFloor)
	}
	if day, week := floor(1), floor(7); week > day/2 || week < day/4 {
		t.Errorf("the floor of a week is %g, of a day %g", week, day)
	}
}

// A column that has one value at weekends tells by its working days how far days differ.
func TestDaysOfOneValue(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	rows := rowsOfDays(r, 56, 90, 1, 0.5, 0, 0)
	for i := range rows {
		if day := time.Unix(0, rows[i].Time).UTC().Weekday(); day == time.Saturday || day == time.Sunday {
			rows[i].Features["a"] = 0.0
		}
	}
	p := summarytest.Profile(rows, summary.ProfilerOptions{Strata: summary.WeekendStrata})
	c := NewDays(p, p.Strata[0], 1).Feature("a")
	if !c.binsVary() || !c.orderVaries() {
		t.Errorf("days do not differ in bins, %+v, or in order, %+v", c.inBins, c.inOrder)
	}
}

// A week in which clocks are put forward is compared as one of 168 hours: with days of its kinds.
func TestWeekOfAnHourLess(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	p := summarytest.Profile(rowsOfDays(r, 56, 90, 1, 0, 0.5, 0), summary.ProfilerOptions{Strata: summary.WeekendStrata})
	of := func(window float64) between {
		return NewDays(p, p.For(groundtruth.Window{}, 0), window).Feature("a").inOrder
	}
	if short, whole, day := of(167.0/24), of(7), of(6); short != whole || short == day {
		t.Errorf("a week of 167 hours has %+v, of 168 %+v, six days have %+v", short, whole, day)
	}
}

// Rows that come ten times in one group tell as much as a tenth of them; independent rows are
// what they are.
func TestDesignEffect(t *testing.T) {
	for _, times := range []int{1, 10} {
		r := rand.New(rand.NewPCG(3, uint64(times)))
		p := summarytest.Profile(rowsOfDays(r, 64, 200, times, 0, 0, 0), summary.ProfilerOptions{})
		for _, name := range dayColumns {
			effect := DesignEffect(p.Days, p.Days.Feature(name))
			if times == 1 && effect > 1.15 || times == 10 && (effect < 8 || effect > 12) {
				t.Errorf("rows that come %d times have the effect %g", times, effect)
			}
		}
		if DesignEffect(nil, nil) != 1 {
			t.Error("groups that are not known have an effect")
		}
	}
}

// All rows of one group may be of one entity, and tell as much as one row.
func TestDesignEffectOfOneGroup(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	p := summarytest.Profile(rowsOfDays(r, 1, 1000, 1, 0, 0, 0), summary.ProfilerOptions{})
	effect := DesignEffect(p.Days, p.Days.Feature("a"))
	if effect != 1000 {
		t.Errorf("1000 rows of one group have the effect %g", effect)
	}
	s := summarytest.Window(p, groundtruth.Window{}, rowsOfDays(r, 1, 1000, 1, 0, 0, 0.3), summary.BuilderOptions{})
	for _, opt := range []Options{{}, {Methods: Names()[:2]}, {Methods: []string{"js", "tvd", "cohen_w"}}} {
		if c := Compare(new(Scratch), p.Summary.Feature("a"), s.Feature("a"), Likeness{Window: effect}, opt); !c.Inconclusive() || strings.Contains(c.Reason, "Inf") {
			t.Errorf("%v: a window of one entity comes to %s", opt.Methods, evaltest.AsJSON(t, c))
		}
	}
}

// Columns whose rows come ten times drift seldom where that is known.
func TestRowsThatAreAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	known, unknown, all := 0, 0, 0
	for range 20 {
		p := summarytest.Profile(rowsOfDays(r, 1, 5000, 10, 0, 0, 0), summary.ProfilerOptions{})
		s := summarytest.Window(p, groundtruth.Window{}, rowsOfDays(r, 1, 1000, 10, 0, 0, 0), summary.BuilderOptions{})
		for _, name := range dayColumns {
			all++
			for alike, count := range map[Likeness]*int{{}: &unknown, {Reference: 10, Window: 10}: &known} {
				if c := Compare(new(Scratch), p.Summary.Feature(name), s.Feature(name), alike, Options{}); c.Drifted != nil && *c.Drifted {
					*count++
				}
			}
		}
	}
	if 10*known > all || 2*unknown < all {
		t.Errorf("of %d columns %d drift, and %d where it is not known", all, known, unknown)
	}
}
