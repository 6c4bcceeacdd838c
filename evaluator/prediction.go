package evaluator

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Prediction tells how the predictions of a window are distributed, those without a label
// too: numbers, or the scores of a binary classifier, and the shares of predicted classes.
type Prediction struct {
	Mean stat.Number `json:"mean"` // NaN of classes that are no numbers
	// Quantiles by their order, such as "0.05": the least value with at least that share of
	// all at or below it. They need the bins of a reference that has predictions.
	Quantiles map[string]stat.Number `json:"quantiles,omitempty"`
	Ratios    map[string]stat.Number `json:"ratios,omitempty"` // of a classifier, by predicted class
}

// quantileOrders are the orders of Prediction.Quantiles in percent, ascending, with their names.
func quantileOrders() []quantileOrder {
	return []quantileOrder{{5, "0.05"}, {25, "0.25"}, {50, "0.5"}, {75, "0.75"}, {95, "0.95"}}
}

// quantileOrder is the order of a quantile.
type quantileOrder struct {
	percent int64
	name    string
}

// PredictionOf computes the distribution of a window's predictions, or of the reference's for charts
// that show both; nil without any.
func PredictionOf(cur *summary.Summary) *Prediction {
	if cur.Predictions() == 0 {
		return nil
	}
	p := &Prediction{Mean: stat.Number(math.NaN())}
	if c := cur.Prediction(); c.Kind() == groundtruth.Number {
		p.Mean, p.Quantiles = stat.Number(c.Mean()), quantilesOf(c)
	}
	classes := cur.PredictedClasses()
	var rows int64
	for _, n := range classes {
		rows += n
	}
	if rows > 0 {
		p.Ratios = make(map[string]stat.Number, len(classes))
	}
	for class, n := range classes {
		p.Ratios[UniqueName(class)] = stat.Number(float64(n) / float64(rows))
	}
	return p
}

// quantilesOf returns the quantiles of a column of numbers; nil where it has no values, or no
// layout. A value on one of the layout's edges is exact, and so is one between two of them where
// the distinct values there are known. Of others the column knows how many lie between the
// edges, and they are taken to lie evenly there.
func quantilesOf(c *summary.Column) map[string]stat.Number {
	edges := c.Edges()
	if c.N() == 0 || len(edges) == 0 {
		return nil
	}
	out := map[string]stat.Number{}
	orders := quantileOrders()
	below := int64(0) // values that were passed
	// take notes the quantiles that are among the next n values: value(i) is the i-th of them.
	take := func(n int64, value func(i int64) float64) {
		for len(orders) > 0 {
			rank := (orders[0].percent*c.N() + 99) / 100 // rounded up; the first value has rank 1
			if rank > below+n {
				break
			}
			out[orders[0].name] = stat.Number(value(rank - below))
			orders = orders[1:]
		}
		below += n
	}
	known, entries := c.InteriorKnown(), c.InteriorEntries()
	for i := range len(edges) + 1 {
		n := c.Open(i)
		for at := int64(0); known && at < n; entries = entries[1:] {
			x := summary.OrderValue(entries[0].Key)
			take(entries[0].Count, func(int64) float64 { return x })
			at += entries[0].Count
		}
		if !known && n > 0 {
			low, high := c.Min(), c.Max()
			if i > 0 {
				low = edges[i-1]
			}
			if i < len(edges) {
				high = edges[i]
			}
			take(n, func(k int64) float64 {
				t := (float64(k) - 0.5) / float64(n)
				return float64(low*(1-t)) + float64(high*t)
			})
		}
		if i < len(edges) {
			x := edges[i]
			take(c.Point(i), func(int64) float64 { return x })
		}
	}
	return out
}
