package summary

import "slices"

// PoolErrors returns the sums over all rows of several windows, which it leaves unchanged.
// Its blocks are those of Clusters.DayParts, DayParts for each window in their order: the
// windows are taken for days. So Summaries of windows, whose time blocks are of different
// spans and which do not merge, make one sample of windows. What it returns can be pooled
// again. It is nil without windows, and panics where they are centred differently, as those
// of two layouts are.
func PoolErrors(windows []*ErrorSums) *ErrorSums {
	if len(windows) == 0 {
		return nil
	}
	classes := poolClasses(windows)
	out := newSumsOf(classes, windows[0].center, wholeBuckets, false)
	if classes != nil {
		out.n = classes.N()
		return out
	}
	out.labels = &tally{limit: wholeBuckets} // as long as all know theirs
	blocks := make([]blockSums, DayParts*len(windows))
	for i, w := range windows {
		if w.center != out.center {
			panic("summary: errors that are centred differently are pooled")
		}
		out.mergeFrom(w)
		out.addLabels(w.label)
		parts := blocks[DayParts*i : DayParts*(i+1)]
		if len(w.blocks) == 0 || w.timeless != 0 {
			parts[0] = w.asBlock()
			continue
		}
		for b := range w.blocks {
			parts[b*DayParts/len(w.blocks)].mergeFrom(&w.blocks[b])
		}
	}
	out.blocks, out.timeless = blocks, 0
	return out
}

// asBlock returns what a block of all the rows has.
func (e *ErrorSums) asBlock() blockSums {
	b := blockSums{n: e.n, nonZero: e.nonZero}
	for k := range b.sums {
		b.sums[k].Merge(&e.sums[k])
	}
	if e.logs != nil {
		b.logs = &moreSums{e.logs.n, slices.Clone(e.logs.sums[:blockLogSums])}
	}
	if e.quantiles != nil {
		b.quantiles = &moreSums{e.quantiles.n, slices.Clone(e.quantiles.sums[:blockQuantileSums])}
	}
	if e.weights != nil {
		b.mass = new(blockMass)
		for r := range b.mass {
			b.mass[r] = e.weights.mass[r][0]
		}
	}
	return b
}
