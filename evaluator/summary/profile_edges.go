package summary

import (
	"maps"
	"math"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// numDeciles is the number of PSI's bins.
const numDeciles = 10

// layout returns the bins of the column.
func (c *columnProfile) layout(exactValues int) ColumnLayout {
	l := ColumnLayout{Name: c.name, Kind: c.kind}
	switch c.kind {
	case groundtruth.Text:
		l.Categories = slices.Sorted(maps.Keys(c.categories.counts))
	case groundtruth.Number:
		l.Narrow = c.narrow
		if c.valid > 0 {
			l.Center = c.center()
			c.setEdges(&l, exactValues)
		} else {
			l.Exact = true
		}
	}
	return l
}

// center returns the mean of the values. Where their sum is beyond the range of
// float64 it is the middle of the range.
func (c *columnProfile) center() float64 {
	if m := c.total.Float64() / float64(c.valid); !math.IsInf(m, 0) {
		return m
	}
	return float64(c.min/2) + float64(c.max/2)
}

// setEdges sets Edges, Exact, Bound and Cuts.
//
// The quantile j/k of n values is the least value v with #{x <= v} >= j n / k. With
// more than exactValues distinct values the edges are the quantiles j/exactValues,
// the deciles, the least and the greatest value, which leaves less than n/exactValues
// values between two edges. Where the values are known by bucket only, the edge is
// the bucket's greatest number, so that a bucket lies on one side, and the count
// between two edges may be greater by one bucket's.
func (c *columnProfile) setEdges(l *ColumnLayout, exactValues int) {
	entries := c.numbers.sorted()
	l.Exact = c.numbers.shift == 0 && len(entries) <= exactValues
	n := c.valid
	parts := int64(exactValues)
	as := func(x float64) float64 { return x }
	if c.narrow && c.numbers.shift == 0 {
		// Files of 64 bits beside ones of 32 hold the same values.
		as = narrowed
	}
	greatest := as(c.max)
	edges := []float64{as(c.min)}
	var (
		cuts        []float64
		cum         int64        // values up to and with the present entry
		beneath     int64        // values up to and with the last edge
		widest      int64        // the most values between two edges
		part, tenth int64 = 1, 1 // the next quantiles to meet
	)
	if c.numbers.shift == 0 {
		beneath = entries[0].Count
	}
	for i, e := range entries {
		cum += e.Count
		_, v := c.numbers.bucket(e.Key)
		v = min(as(v), greatest)
		isPart, isTenth := reached(cum, parts, n, &part), reached(cum, numDeciles, n, &tenth)
		if isTenth && v < greatest {
			cuts = append(cuts, v)
		}
		if !l.Exact && !isPart && !isTenth && i < len(entries)-1 {
			continue
		}
		between := cum - beneath
		if c.numbers.shift == 0 {
			// The entry's values lie on the edge.
			between -= e.Count
		}
		widest = max(widest, between)
		beneath = cum
		if v > edges[len(edges)-1] {
			edges = append(edges, v)
		}
	}
	l.Edges = slices.Clip(edges)
	l.Bound = float64(widest) / float64(n)
	for _, v := range cuts {
		i, _ := slices.BinarySearch(l.Edges, v)
		l.Cuts = append(l.Cuts, i)
	}
	l.Cuts = slices.Compact(l.Cuts)
}

// reached reports whether cum of n values reach the quantile next/parts, and then
// moves next beyond.
func reached(cum, parts, n int64, next *int64) bool {
	if cum*parts < *next*n {
		return false
	}
	*next = cum*parts/n + 1
	return true
}
