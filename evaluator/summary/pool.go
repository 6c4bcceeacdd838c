package summary

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
	out := NewErrorSums(windows[0].center, wholeBuckets, false)
	if out.classes = poolClasses(windows); out.classes != nil {
		out.n = out.classes.N()
		return out
	}
	blocks := make([]blockSums, DayParts*len(windows))
	for i, w := range windows {
		if w.center != out.center {
			panic("summary: errors that are centred differently are pooled")
		}
		out.mergeFrom(w)
		parts := blocks[DayParts*i : DayParts*(i+1)]
		if len(w.blocks) == 0 || w.timeless != 0 {
			parts[0].n, parts[0].nonZero = w.n, w.nonZero
			for k := range parts[0].sums {
				parts[0].sums[k].Merge(&w.sums[k])
			}
			continue
		}
		for b := range w.blocks {
			parts[b*DayParts/len(w.blocks)].mergeFrom(&w.blocks[b])
		}
	}
	out.blocks, out.timeless = blocks, 0
	return out
}
