package metric

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// KnowTails takes the intervals from the metrics of some rows for which errors of a reference, or
// of the window that the rows are a part of, have too heavy tails. Such tails are the model's
// own, and a few rows seldom show them.
func KnowTails(metrics, of map[string]Result) {
	for name, m := range metrics {
		worse := of[name].worse
		if worse == 0 || m.worse != 0 || !stat.IsNumber(float64(m.Low)) {
			continue
		}
		m.worse = worse
		m.Low, m.High, m.Note = stat.Number(math.NaN()), stat.Number(math.NaN()), ""
		m.Reason = "a few great errors decide on it, which so few rows need not show, so that no interval holds: judge mae or medae instead"
		metrics[name] = m
	}
}
