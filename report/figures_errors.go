package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// notCounted says why figures of the newest kind are not there of a window that has labels.
const notCounted = "This is not known of the window: it was read by an earlier version of Hindcast, which did not count it."

// predicted shows where predictions and labels lie.
func (d *figureSource) predicted() section {
	s := section{ID: "predicted", Title: "Predicted against actual"}
	if s.Lead = d.missing(); s.Lead != "" {
		return s
	}
	density := d.cur.Density()
	if density == nil {
		s.Lead = notCounted
		return s
	}
	cells, beyond := densityCells(density.Cells)
	c := chart.Density{
		Title: d.biasWords(), Cells: cells, Diagonal: true,
		Desc: "On the line predictions are right; above it they are too low.",
		X:    chart.Axis{Title: "predicted"}, Y: chart.Axis{Title: "actual"},
	}
	if beyond > 0 {
		c.Desc += " " + capital(counted(beyond, "row")) + " far from all others " + isOrAre(beyond) + " left out."
	}
	s.Figures = []figure{{Chart: c, Width: half, Caption: c.Desc}}
	predicted, actual := marginals(density.Cells)
	if m, ok := spreads(cells, predicted, actual); ok {
		s.Figures = append(s.Figures, figure{Chart: m, Width: half, Caption: m.Desc})
	}
	return s
}

func isOrAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// biasWords says by the mean error and its interval on which side predictions are.
func (d *figureSource) biasWords() string {
	me, mae := d.o.Metrics["me"], d.o.Metrics["mae"]
	words := "Predictions are neither too high nor too low on average"
	switch {
	case !isNumber(me.Value):
		return "Predicted against actual"
	case me.Low > 0:
		words = "Predictions are " + figureText(me.Value) + " too high on average"
	case me.High < 0:
		words = "Predictions are " + figureText(-me.Value) + " too low on average"
	case !isNumber(me.Low):
		words = metricTitle("me") + " is " + figureText(me.Value)
	}
	if isNumber(mae.Value) {
		words += "; the mean absolute error is " + figureText(mae.Value)
	}
	return words
}

// errors shows the errors by the size of predictions.
func (d *figureSource) errors() section {
	s := section{ID: "errors", Title: "Errors by size of prediction"}
	if d.missing() != "" {
		return s // as the section before says
	}
	cells := d.cur.BySize()
	if len(cells) < 2 {
		return s
	}
	cells = wideTails(cells)
	sums := make([]errorTotals, len(cells))
	names := make([]string, len(cells))
	var all errorTotals
	for i, c := range cells {
		sums[i] = totalsOf(c.N, c.ME, c.MAE, c.RMSE)
		all.add(sums[i])
		names[i] = chart.Short(c.Low)
	}
	const sizes = "size of the prediction, from"
	mae := errorBars("", sizes, names, sums, all, (*errorTotals).mae)
	me := errorBars("", sizes, names, sums, all, (*errorTotals).me)
	for i, c := range cells {
		note := "predictions from " + chart.Number(c.Low) + " to " + chart.Number(c.High)
		mae.Bars[i].Note, me.Bars[i].Note = note, note
	}
	mae.Title, me.Title = sizeWords(cells, sums)
	mae.Axis.Title, me.Axis.Title = metricTitle("mae"), metricTitle("me")
	s.Figures = []figure{{Chart: mae, Width: half}, {Chart: me, Width: half}}
	s.Notes = []string{alikeNote}
	return s
}

// wideTails joins the cells at either end until they have rows enough for an interval.
func wideTails(cells []summary.SizeCell) []summary.SizeCell {
	join := func(a, b summary.SizeCell) summary.SizeCell {
		t, of := totalsOf(a.N, a.ME, a.MAE, a.RMSE), totalsOf(b.N, b.ME, b.MAE, b.RMSE)
		t.add(of)
		return summary.SizeCell{Low: a.Low, High: b.High, N: t.rows, ME: t.e / t.n, MAE: t.abs / t.n, RMSE: math.Sqrt(t.sq / t.n)}
	}
	for len(cells) > 2 && cells[0].N < leastBar {
		cells = append([]summary.SizeCell{join(cells[0], cells[1])}, cells[2:]...)
	}
	for len(cells) > 2 && cells[len(cells)-1].N < leastBar {
		n := len(cells)
		cells = append(slices.Clone(cells[:n-2]), join(cells[n-2], cells[n-1]))
	}
	return cells
}

// alikeNote is said of intervals that are made of sums alone.
const alikeNote = "The intervals are at 95 % and take rows for independent."

// sizeWords compares the errors of small predictions with those of large ones: below and above
// the end of a cell that half of the rows are about below.
func sizeWords(cells []summary.SizeCell, sums []errorTotals) (mae, me string) {
	var all, below, above errorTotals
	for i := range sums {
		all.add(sums[i])
	}
	at := 0
	for i := range sums[:len(sums)-1] {
		if i > 0 && below.n >= all.n/2 {
			break
		}
		below.add(sums[i])
		at = i
	}
	for i := at + 1; i < len(sums); i++ {
		above.add(sums[i])
	}
	cut := chart.Number(cells[at].High)
	small, smallErr := below.mae()
	large, largeErr := above.mae()
	if apart(small, smallErr, large, largeErr) {
		mae = fmt.Sprintf("MAE is %s where predictions are %s or more, and %s below", chart.Number(large), cut, chart.Number(small))
	} else {
		mae = "MAE does not clearly differ by the size of the prediction"
	}
	small, smallErr = below.me()
	large, largeErr = above.me()
	switch {
	case apart(small, smallErr, large, largeErr):
		me = fmt.Sprintf("Predictions of %s or more are %s on average, those below %s", cut, sideWords(large), sideWords(small))
	default:
		me = "The mean error does not clearly differ by the size of the prediction"
	}
	return mae, me
}

// sideWords says how far predictions are off on average.
func sideWords(me float64) string {
	switch {
	case me == 0:
		return "neither too high nor too low"
	case me < 0:
		return chart.Number(-me) + " too low"
	}
	return chart.Number(me) + " too high"
}

// manyErrors is how many standard errors apart two figures have to be for a title to say that they
// differ: there are many pairs to choose from.
const manyErrors = 3

func apart(a, errorOfA, b, errorOfB float64) bool {
	return math.Abs(a-b) > float64(manyErrors*math.Sqrt(float64(errorOfA*errorOfA)+float64(errorOfB*errorOfB)))
}

// errorTotals are sums over rows, by which figures of parts are pooled.
type errorTotals struct {
	rows                   int64
	n, e, abs, sq, correct float64
}

// totalsOf returns the sums that the means of so many rows were made of.
func totalsOf(rows int64, me, mae, rmse float64) errorTotals {
	n := float64(rows)
	return errorTotals{rows: rows, n: n, e: float64(me * n), abs: float64(mae * n), sq: float64(rmse * rmse * n)}
}

func (t *errorTotals) add(o errorTotals) {
	t.rows += o.rows
	t.n, t.e, t.abs, t.sq, t.correct = t.n+o.n, t.e+o.e, t.abs+o.abs, t.sq+o.sq, t.correct+o.correct
}

// me, mae and accuracy return a figure and its standard error, NaN without rows.
func (t *errorTotals) me() (value, se float64)  { return t.mean(t.e, t.sq) }
func (t *errorTotals) mae() (value, se float64) { return t.mean(t.abs, t.sq) }
func (t *errorTotals) accuracy() (value, se float64) {
	// As if four more rows, half of them right, had been seen: where all rows are right, or none, chance
	// explains something still.
	share := (t.correct + 2) / (t.n + 4)
	return t.correct / t.n, math.Sqrt(float64(share*(1-share)) / t.n)
}

// mean returns a mean by its sum and that of the squares.
func (t *errorTotals) mean(sum, squares float64) (value, se float64) {
	value = sum / t.n
	variance := math.Max(0, squares/t.n-float64(value*value))
	return value, math.Sqrt(variance / t.n)
}

// leastBar is how many rows a bar needs for an interval, and to be named in a title.
const leastBar = 20

// errorBars draws a figure of parts beside that of all rows.
func errorBars(title, of string, names []string, parts []errorTotals, all errorTotals, figure func(*errorTotals) (value, se float64)) chart.Bars {
	c := chart.Bars{Title: title, NameTitle: of}
	c.Line, _ = figure(&all)
	c.LineName = "all rows"
	z := portable.NormalQuantile(0.5 + stat.IntervalLevel/2)
	for i := range parts {
		value, se := figure(&parts[i])
		bar := chart.Bar{Name: names[i], Value: value, Low: math.NaN(), High: math.NaN(), N: parts[i].rows}
		if parts[i].rows >= leastBar {
			bar.Low, bar.High = value-float64(z*se), value+float64(z*se)
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}

// times shows performance by the hour of the day and the day of the week, over all windows that
// have it.
func (d *figureSource) times() section {
	s := section{ID: "hours", Title: "By hour and weekday"}
	hours, days := make([]errorTotals, 24), make([]errorTotals, 7)
	var all errorTotals
	var first, last groundtruth.Window
	windows := 0
	for i := range d.story.Windows {
		o := &d.story.Windows[i].Outcome
		if len(o.ByHour) == 0 {
			continue
		}
		if windows++; windows == 1 {
			first = o.Window
		}
		last = o.Window
		for _, h := range o.ByHour {
			t := timesOf(h.N, h.ME, h.MAE, h.RMSE, h.Accuracy)
			all.add(t)
			if h.Hour >= 0 && h.Hour < len(hours) {
				hours[h.Hour].add(t)
			}
		}
		for _, w := range o.ByWeekday {
			if at := weekdayOf(w.Weekday); at >= 0 {
				days[at].add(timesOf(w.N, w.ME, w.MAE, w.RMSE, w.Accuracy))
			}
		}
	}
	if all.rows == 0 {
		return s
	}
	clock := "UTC"
	if !d.story.TimeZone.IsUTC() {
		clock = d.story.TimeZone.String()
	}
	s.Lead = fmt.Sprintf("%s with a label in %s from %s, by the clocks of %s when they were predicted.", capital(counted(all.rows, "prediction")),
		counted(windows, "window"), groundtruth.Window{Start: first.Start, End: last.End}.Days(d.story.TimeZone), clock)
	s.Notes = []string{alikeNote}
	names := make([]string, len(hours))
	for h := range names {
		names[h] = fmt.Sprintf("%02d", h)
	}
	s.Figures = d.timeBars("hour of the day", "at %s:00", names, hours, all)
	if withRows(days) > 1 {
		names = names[:0]
		for i := range days {
			names = append(names, time.Weekday((i+1)%7).String())
		}
		figures := d.timeBars("day of the week", "on %s", names, days, all)
		if slices.Min(weeksOf(d.story.Windows)) < leastWeeks {
			// What happened once on a Saturday is not what happens on Saturdays.
			for i := range figures {
				bars := figures[i].Chart.(chart.Bars) //nolint:forcetypeassert // timeBars makes no other
				bars.Title = bars.Axis.Title + " by the day of the week, of fewer than three weeks"
				figures[i].Chart = bars
			}
		}
		s.Figures = append(s.Figures, figures...)
	}
	return s
}

// leastWeeks is of how many weeks windows have to be for a title to compare days of the week.
const leastWeeks = 3

// weeksOf counts of each day of the week, Monday first, of how many weeks windows have rows of it.
func weeksOf(windows []job.Told) []int {
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	weeks, counted := make([]int, 7), make([]time.Time, 7)
	for i := range windows {
		w := windows[i].Window
		for _, f := range windows[i].ByWeekday {
			at := weekdayOf(f.Weekday)
			if at < 0 || weeks[at] > 0 && w.Start.Sub(counted[at]) < day {
				continue // a window of the same day has been counted
			}
			weeks[at] += max(1, int(w.Duration()/week))
			counted[at] = w.Start
		}
	}
	return weeks
}

// withRows counts the parts that have rows.
func withRows(parts []errorTotals) (n int) {
	for _, p := range parts {
		if p.rows > 0 {
			n++
		}
	}
	return n
}

// weekdayOf returns the place of a day in a week that begins on Monday, -1 of another word.
func weekdayOf(name string) int {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if capital(name) == day.String() {
			return (int(day) + 6) % 7
		}
	}
	return -1
}

// timesOf returns the sums of rows that were made at some time.
func timesOf(n int64, me, mae, rmse, accuracy *stat.Number) errorTotals {
	number := func(p *stat.Number) float64 {
		if p == nil {
			return 0
		}
		return float64(*p)
	}
	t := totalsOf(n, number(me), number(mae), number(rmse))
	t.correct = float64(number(accuracy) * t.n)
	return t
}

// timeBars draws the figures of times, each called by a phrase with its name.
func (d *figureSource) timeBars(of, phrase string, names []string, parts []errorTotals, all errorTotals) []figure {
	draw := func(name, title string, value func(*errorTotals) (value, se float64)) figure {
		c := errorBars(title, of, names, parts, all, value)
		c.Axis.Title = metricTitle(name)
		return figure{Chart: c, Width: half}
	}
	if d.story.Task != groundtruth.Regression {
		title := timeWords(metricTitle("accuracy"), "lowest", -1, of, phrase, names, parts, all, (*errorTotals).accuracy)
		c := errorBars(title, of, names, parts, all, (*errorTotals).accuracy)
		c.Axis.Title = metricTitle("accuracy")
		for i := range c.Bars {
			if b := &c.Bars[i]; b.N >= leastBar {
				b.Low, b.High = metric.Wilson(b.Value, float64(b.N))
			}
		}
		return []figure{{Chart: c, Width: half}}
	}
	title := timeWords(metricTitle("mae"), "highest", 1, of, phrase, names, parts, all, (*errorTotals).mae)
	return []figure{draw("mae", title, (*errorTotals).mae), draw("me", biasAt(of, phrase, names, parts, all), (*errorTotals).me)}
}

// farthest returns the part whose figure is farthest from that of all, to the side that is asked
// for or to both, where it differs by more than chance; -1 where there is none.
func farthest(side float64, parts []errorTotals, all errorTotals, figure func(*errorTotals) (value, se float64)) int {
	whole, _ := figure(&all)
	at, most := -1, 0.0
	for i := range parts {
		value, se := figure(&parts[i])
		off := value - whole
		if side != 0 {
			off = float64(off * side)
		}
		if parts[i].rows >= leastBar && math.Abs(off) > float64(manyErrors*se) && (side == 0 || off > 0) && math.Abs(off) > most {
			at, most = i, math.Abs(off)
		}
	}
	return at
}

// timeWords says when a figure is worst.
func timeWords(figureName, worst string, side float64, of, phrase string, names []string, parts []errorTotals, all errorTotals, figure func(*errorTotals) (value, se float64)) string {
	at := farthest(side, parts, all, figure)
	if at < 0 {
		return "No " + of + " stands out in " + figureName
	}
	value, _ := figure(&parts[at])
	whole, _ := figure(&all)
	return fmt.Sprintf("%s is %s "+phrase+": %s, and %s over all", figureName, worst, names[at], chart.Number(value), chart.Number(whole))
}

// biasAt says when predictions are most off to one side.
func biasAt(of, phrase string, names []string, parts []errorTotals, all errorTotals) string {
	at := farthest(0, parts, all, (*errorTotals).me)
	if at < 0 {
		return "No " + of + " stands out in the mean error"
	}
	value, _ := parts[at].me()
	whole, _ := all.me()
	return fmt.Sprintf("Predictions are %s on average "+phrase+", and %s over all", sideWords(value), names[at], sideWords(whole))
}
