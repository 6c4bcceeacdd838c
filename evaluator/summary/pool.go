package summary

// PoolErrors returns the sums over all rows of the parts, which it leaves unchanged, with a
// block for each part: rows of one may vary together, and those of two are independent. So
// Summaries of several windows, whose time blocks are of different spans and which do not
// merge, make one sample of windows. It is nil without parts, and panics where they are
// centred differently, as those of two layouts are.
func PoolErrors(parts []*ErrorSums) *ErrorSums {
	if len(parts) == 0 {
		return nil
	}
	out := NewErrorSums(parts[0].center, wholeBuckets, false)
	blocks := make([]blockSums, len(parts))
	for i, p := range parts {
		if p.center != out.center {
			panic("summary: errors that are centred differently are pooled")
		}
		out.mergeFrom(p)
		b := &blocks[i]
		b.n, b.nonZero = p.n, p.nonZero
		for k := range b.sums {
			b.sums[k].Merge(&p.sums[k])
		}
	}
	out.blocks, out.timeless = blocks, 0
	return out
}
