package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/summary"
)

const (
	// mostAcross is how many cells a density has across at most: smaller ones don't show.
	mostAcross = 44
	// leastAcross is down to how many bins a distribution of few rows has.
	leastAcross = 12
	// outerShare is the share of rows at either end of an axis that may be left out, and outerWider
	// how many times as wide as without them the range has to be for that.
	outerShare = 0.002
	outerWider = 1.5
)

// densityCells returns cells that are large enough to be seen, and how many rows are left out since
// they lie so far from all others that these would be in a corner.
func densityCells(cells []summary.DensityCell) (out []chart.Cell, beyond int64) {
	low, high := densityRange(cells)
	size := 0.0
	for i := range cells {
		c := &cells[i]
		if c.X0 < low || c.Y0 < low || c.X1 > high || c.Y1 > high {
			beyond += c.N
			continue
		}
		out = append(out, chart.Cell{X0: c.X0, X1: c.X1, Y0: c.Y0, Y1: c.Y1, N: c.N})
		size = c.X1 - c.X0
	}
	// Cells begin at multiples of their size, a power of 2: twice as large ones hold four each.
	for size > 0 && high-low > float64(mostAcross*size) {
		size = float64(size * 2)
	}
	return joined(out, size), beyond
}

// joined returns the cells of a size that others lie in, in their order.
func joined(cells []chart.Cell, size float64) []chart.Cell {
	at := map[[2]float64]int{}
	var out []chart.Cell
	for _, c := range cells {
		key := [2]float64{math.Floor(c.X0 / size), math.Floor(c.Y0 / size)}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			x, y := float64(key[0]*size), float64(key[1]*size)
			out = append(out, chart.Cell{X0: x, X1: x + size, Y0: y, Y1: y + size})
		}
		out[i].N += c.N
	}
	slices.SortFunc(out, func(a, b chart.Cell) int { return cmp.Or(cmp.Compare(a.X0, b.X0), cmp.Compare(a.Y0, b.Y0)) })
	return out
}

// densityRange returns the range of both axes that is drawn: that of all cells, or of nearly all
// rows where that is much less.
func densityRange(cells []summary.DensityCell) (low, high float64) {
	wholeLow, wholeHigh := math.Inf(1), math.Inf(-1)
	low, high = wholeLow, wholeHigh
	predicted, actual := marginals(cells)
	for _, axis := range []marginal{predicted, actual} {
		first, last := axis[0], axis[len(axis)-1]
		wholeLow, wholeHigh = min(wholeLow, first.low), max(wholeHigh, last.high)
		low, high = min(low, axis.at(outerShare).low), max(high, axis.at(1-outerShare).high)
	}
	if wholeHigh-wholeLow <= float64(outerWider*(high-low)) {
		return wholeLow, wholeHigh
	}
	return low, high
}

// stretch is how many rows lie in a part of one axis.
type stretch struct {
	low, high float64
	n         int64
}

// marginal is what one axis has, ascending.
type marginal []stretch

// marginals returns those of predictions and of labels.
func marginals(cells []summary.DensityCell) (predicted, actual marginal) {
	for i := range cells {
		c := &cells[i]
		predicted = append(predicted, stretch{c.X0, c.X1, c.N})
		actual = append(actual, stretch{c.Y0, c.Y1, c.N})
	}
	byLow := func(a, b stretch) int { return cmp.Compare(a.low, b.low) }
	slices.SortFunc(predicted, byLow)
	slices.SortFunc(actual, byLow)
	return predicted, actual
}

// at returns the stretch that has, with those before it, at least a share of all rows.
func (m marginal) at(share float64) stretch {
	var all int64
	for _, s := range m {
		all += s.n
	}
	need := int64(math.Ceil(share * float64(all)))
	for _, s := range m {
		if need -= s.n; need <= 0 {
			return s
		}
	}
	return m[len(m)-1]
}

// middle returns about how wide the middle 80 % of rows lie.
func (m marginal) middle() float64 { return m.at(0.9).high - m.at(0.1).low }

// acrossOf returns how many cells of a size are beside one another on either axis, and where the
// first begins.
func acrossOf(cells []chart.Cell, size float64) (n int, first float64) {
	first, last := math.Inf(1), math.Inf(-1)
	for _, c := range cells {
		first, last = min(first, c.X0, c.Y0), max(last, c.X1, c.Y1)
	}
	return int(math.Round((last - first) / size)), first
}

// spreads shows how predictions and labels are distributed by themselves, on the cells of a
// density, which are of one size. It is false where there is one cell.
func spreads(cells []chart.Cell, predicted, actual marginal) (chart.Overlay, bool) {
	if len(cells) < 2 {
		return chart.Overlay{}, false
	}
	var all int64
	for _, c := range cells {
		all += c.N
	}
	size := cells[0].X1 - cells[0].X0
	bins, first := acrossOf(cells, size)
	for bins > leastAcross && float64(bins*bins*bins) > float64(8*all) { // twice the cube root
		size = float64(size * 2)
		cells = joined(cells, size)
		bins, first = acrossOf(cells, size)
	}
	o := chart.Overlay{
		ReferenceName: "actual", CurrentName: "predicted", X: chart.Axis{Title: "value"},
		Desc: "Of the rows that have a label; shares of predictions, and of labels.",
	}
	counts := make([][2]int64, bins)
	for _, c := range cells {
		counts[int(math.Round((c.X0-first)/size))][0] += c.N
		counts[int(math.Round((c.Y0-first)/size))][1] += c.N
	}
	for i, n := range counts {
		low := first + float64(float64(i)*size)
		o.Bins = append(o.Bins, chart.Bin{Low: low, High: low + size, Current: shareOf(n[0], all), Reference: shareOf(n[1], all)})
	}
	p, a := predicted.middle(), actual.middle()
	words := fmt.Sprintf("80 %% of them within about %s, of actual values within %s", chart.Number(p), chart.Number(a))
	switch {
	case p < float64(0.9*a):
		o.Title = "Predictions are less spread than actual values: " + words
	case a < float64(0.9*p):
		o.Title = "Predictions are more spread than actual values: " + words
	default:
		o.Title = "Predictions are spread about as actual values are"
	}
	return o, true
}
