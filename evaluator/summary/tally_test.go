package summary

import "math"

// What the tests read of a tally and a place in one go, and products by rank alone.

// exact returns the sorted distinct values and their counts, if it holds them.
func (t *tally) exact() (values []float64, counts []int64, ok bool) {
	if !t.isExact() {
		return nil, nil, false
	}
	entries := t.sorted()
	values, counts = make([]float64, len(entries)), make([]int64, len(entries))
	for i, e := range entries {
		values[i], counts[i] = OrderValue(e.Key), e.Count
	}
	return values, counts, true
}

// quantile returns the quantile q of type 7 and its greatest absolute error. It
// panics when q isn't in [0, 1]; both are NaN when nothing was counted.
func (t *tally) quantile(q float64) (value, bound float64) {
	if !(q >= 0 && q <= 1) {
		panic("summary: quantile outside [0, 1]")
	}
	entries := t.sorted()
	var n int64
	for _, e := range entries {
		n += e.Count
	}
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	h := float64(float64(n-1) * q)
	rank := min(int64(h), n-1)
	part := h - float64(rank)
	low, lowBound := t.orderStatistic(entries, rank)
	if part == 0 {
		return low, lowBound
	}
	high, highBound := t.orderStatistic(entries, min(rank+1, n-1))
	if math.IsInf(high, 0) || math.IsInf(highBound, 0) {
		return high, highBound
	}
	// The conversions keep the products from being fused on some architectures.
	value = low + float64(part*(high-low))
	bound = float64((1-part)*lowBound) + float64(part*highBound)
	return value, bound
}

// add adds v.
func (p *place) add(v uint64) { p.addTimes(v, 1) }
