package main

import (
	"math"
	"math/rand/v2"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
)

// labelSD is the standard deviation of labels, around 100.
const labelSD = 3

// covered lists the metrics whose intervals are counted.
func covered() []string { return []string{"me", "mae", "rmse", "r2", "medae"} }

// factors are how many times as large as the reference's the errors of windows are: at the
// threshold of the rules, unchanged, and well above it.
func factors() []float64 { return []float64{1.2, 1, 1.4} }

const (
	metricTrials = 1500
	// Of windows whose errors are not at the threshold.
	otherTrials = 300
)

// metricCells is the grid of metrics: errors, rows of the window, rows of the reference.
func metricCells() []cell {
	rules := compile(groundtruth.Regression, map[string]string{"rmse fires": "rmse > 1.2 * reference.rmse", "mae fires": "mae > 1.2 * reference.mae"})
	var out []cell
	for _, kind := range errorKinds() {
		for _, n := range []int{200, 1000, 10000} {
			for _, ref := range []struct{ rows, days int }{{200, 28}, {5040, 56}} {
				c := cell{
					name:   kind.name + " errors, " + thousands(n) + " rows, reference of " + thousands(ref.rows),
					at:     map[string]string{"errors": kind.name, "rows": thousands(n), "reference": thousands(ref.rows)},
					trials: metricTrials,
				}
				others := metricTrials / otherTrials
				c.trial = func(r *rand.Rand, number int, into counts) {
					reference := errorRows(r, kind, ref.rows, days(0, ref.days), 1)
					profile := profileOf(reference, nil)
					// Two to four weeks after the reference, every day of the week in its turn.
					window := days(ref.days+14+number%14, 1)
					for i, factor := range factors() {
						if i > 0 && number%others > 0 {
							break
						}
						w := errorRows(r, kind, n, window, factor)
						ev := evaluate(w, profile, drift.Options{})
						suffix := suffixOf(factor)
						judge(rules, ev, w, into, suffix)
						if i == 0 {
							countCoverage(ev.Metrics, kind, factor, into)
						}
					}
				}
				if ref.rows >= 5000 {
					for _, name := range covered() {
						c.promises = append(c.promises, promise{figure: name, low: 93, high: 97})
					}
					for _, name := range []string{"rmse fires", "mae fires"} {
						c.promises = append(c.promises, promise{figure: name + suffixOf(1.2), low: 3, high: 7, alarm: true},
							promise{figure: name + suffixOf(1), high: 5, alarm: true})
						// A pattern of the day takes no power away.
						if n >= 1000 && (kind.name == "normal" || kind.name == "hourly pattern") {
							c.promises = append(c.promises, promise{figure: name + suffixOf(1.4), low: 95, high: 100})
						}
					}
				}
				out = append(out, c)
			}
		}
	}
	return out
}

// metricSmoke names the cells of the smoke.
func metricSmoke() []string {
	return []string{"normal errors, 1,000 rows, reference of 5,040", "pattern with AR(1) errors, 1,000 rows, reference of 5,040"}
}

// errorRows draws rows whose errors are of this kind, so many times as large.
func errorRows(r *rand.Rand, kind errorKind, n int, w groundtruth.Window, factor float64) rows {
	at := times(n, w, r.Float64)
	var errors []float64
	var groups []int64
	if kind.draw != nil {
		errors = kind.draw(r, at)
	} else {
		errors, groups = entityErrors(r, n)
	}
	out := rows{window: w}
	byDay, byGroup := map[int64]int{}, map[int64]int{}
	for i, e := range errors {
		label := 100 + labelSD*r.NormFloat64()
		add(&out.days, byDay, at[i]/int64(day), at[i], label+factor*e, label)
		if groups != nil {
			add(&out.entities, byGroup, groups[i], at[i], label+factor*e, label)
		}
	}
	return out
}

// add adds a row to the part of its group, which is made where there is none yet and returned.
func add(parts *[]part, of map[int64]int, group, at int64, prediction, label float64) part {
	i, ok := of[group]
	if !ok {
		i = len(*parts)
		of[group] = i
		*parts = append(*parts, part{
			predictions: &groundtruth.Batch{HasTime: true, Group: group},
			matches:     &groundtruth.Matches{HasTime: true, Group: group},
		})
	}
	p := (*parts)[i]
	b, m := p.predictions, p.matches
	b.Len, m.Len = b.Len+1, m.Len+1
	b.Times, m.Times = append(b.Times, at), append(m.Times, at)
	b.Predictions, m.Predictions = append(b.Predictions, prediction), append(m.Predictions, prediction)
	m.Labels = append(m.Labels, label)
	return p
}

// countCoverage counts which intervals hold the truth.
func countCoverage(found map[string]metric.Result, kind errorKind, factor float64, into counts) {
	mse := factor * factor * kind.mse
	truth := map[string]float64{
		"me": factor * kind.me, "mae": factor * kind.mae, "rmse": math.Sqrt(mse),
		"r2": 1 - mse/(labelSD*labelSD), "medae": factor * kind.medae,
	}
	for _, name := range covered() {
		countInterval(name, found[name], truth[name], into)
	}
}
