package main

import (
	"math/rand/v2"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/groundtruth"
)

// dayKind is how days differ though nothing changes, in standard deviations of each column.
type dayKind struct {
	name    string
	weekend float64 // by how much Saturdays and Sundays are off, every column
	noise   float64 // the standard deviation of a day's own deviation, of each column by itself
}

func dayKinds() []dayKind {
	return []dayKind{
		{name: "plain"},
		{name: "weekend 0.3", weekend: 0.3},
		{name: "weekend 0.5", weekend: 0.5},
		{name: "day noise 0.05", noise: 0.05},
		{name: "day noise 0.1", noise: 0.1},
		{name: "weekend 0.5, noise 0.1", weekend: 0.5, noise: 0.1},
	}
}

const (
	referenceDays    = 56
	referenceDayRows = 90
	driftTrials      = 420
	// shiftEvery is of how many trials one has a changed window too.
	shiftEvery = 3
	// shifted is the change that is to be found, in standard deviations of each column.
	shifted = 0.3
)

// driftCells is the grid of drift: days, and rows of the window.
func driftCells() []cell {
	rules := compile(groundtruth.Regression, map[string]string{"share ≥ 0.5": "drift.share >= 0.5", "share ≥ 0.1": "drift.share >= 0.1", "count ≥ 1": "drift.count >= 1"})
	kinds := columnKinds()
	var out []cell
	for _, d := range dayKinds() {
		for _, n := range []int{600, 1000, 10000} {
			c := cell{
				name:   d.name + " days, " + thousands(n) + " rows",
				at:     map[string]string{"days": d.name, "rows": thousands(n)},
				trials: driftTrials,
				promises: []promise{
					{figure: "flagged", high: 5, alarm: true}, {figure: "share ≥ 0.5", high: 5, alarm: true},
					{figure: "share ≥ 0.1", high: 5, alarm: true}, {figure: "count ≥ 1", high: 5, alarm: true},
				},
			}
			if n >= 1000 && d.noise == 0 {
				c.promises = append(c.promises, promise{figure: "found", low: 95, high: 100})
			}
			if d.weekend > 0 {
				c.promises = append(c.promises, promise{figure: "flagged at weekends", high: 5, alarm: true})
			}
			c.trial = func(r *rand.Rand, number int, into counts) {
				draw := func(at, n int, change float64) part {
					return columnRows(r, kinds, n, days(at, 1), d.effects(r, at, len(kinds), change))
				}
				reference := rows{window: days(0, referenceDays)}
				for at := range referenceDays {
					reference.days = append(reference.days, draw(at, referenceDayRows, 0))
				}
				profile := profileOf(reference, featureSpecs(kinds))
				at := referenceDays + number%7
				window := func(change float64) (rows, *evaluator.Evaluation) {
					w := rows{window: days(at, 1), days: []part{draw(at, n, change)}}
					return w, evaluate(w, profile, drift.Options{CountRate: drift.DefaultCountRate})
				}
				w, ev := window(0)
				judge(rules, ev, w, into, "")
				figures := []string{"flagged"}
				if isWeekend(at) {
					figures = append(figures, "flagged at weekends")
				}
				countColumns(ev, kinds, into, figures, false)
				if number%shiftEvery == 0 {
					_, ev = window(shifted)
					countColumns(ev, kinds, into, []string{"found"}, true)
				}
			}
			out = append(out, c)
		}
	}
	return out
}

// driftSmoke names the cells of the smoke.
func driftSmoke() []string {
	return []string{"plain days, 1,000 rows", "weekend 0.5, noise 0.1 days, 1,000 rows"}
}

// isWeekend says whether that many days after a Monday is a Saturday or a Sunday.
func isWeekend(at int) bool { return at%7 >= 5 }

// effects draws by how much the columns of a day are off, and adds a change.
func (d dayKind) effects(r *rand.Rand, at, columns int, change float64) []float64 {
	out := make([]float64, columns)
	for i := range out {
		out[i] = change + d.noise*r.NormFloat64()
		if isWeekend(at) {
			out[i] += d.weekend
		}
	}
	return out
}

// countColumns counts the columns that are flagged, under the names of the figures and, where
// wanted, by kind of column.
func countColumns(ev *evaluator.Evaluation, kinds []columnKind, into counts, figures []string, byKind bool) {
	for i, k := range kinds {
		c := ev.Drift.Columns[columnName(i)]
		names := figures
		if byKind {
			names = append(names[:len(names):len(names)], figures[0]+": "+k.name)
		}
		for _, figure := range names {
			if c.Drifted == nil {
				into.unanswered(figure, c.Reason)
			} else {
				into.yesOrNo(figure, *c.Drifted)
			}
		}
	}
}
