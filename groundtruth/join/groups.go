package join

import (
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// rowGroups takes rows of a chunk apart by group. The groups come in the order of their first
// rows, and the rows of each in their order. It is one goroutine's and keeps its memory from
// chunk to chunk.
type rowGroups struct {
	keys   []int64         // of the groups
	index  map[int64]int32 // of a key among keys
	number []int32         // of each row's group
	rows   []int32         // by group
	starts []int32         // of each group among rows, and the end of the last
	// sampledAt has for each row of the chunk one more than its place among the sampled
	// rows, 0 for those that are not.
	sampledAt []int32
	picked    []groundtruth.SampledRow
}

// take takes the rows sel apart, of which group tells the group.
func (g *rowGroups) take(sel []int32, group func(row int32) int64) {
	if g.index == nil {
		g.index = map[int64]int32{}
	}
	clear(g.index)
	g.keys, g.starts = g.keys[:0], append(g.starts[:0], 0)
	g.number = table.Resize(g.number, len(sel))
	last := int32(-1) // most rows are of the group of the one before
	for k, i := range sel {
		key := group(i)
		if last < 0 || g.keys[last] != key {
			at, ok := g.index[key]
			if !ok {
				at = int32(len(g.keys))
				g.index[key] = at
				g.keys, g.starts = append(g.keys, key), append(g.starts, 0)
			}
			last = at
		}
		g.number[k] = last
		g.starts[last+1]++
	}
	for i := range g.keys {
		g.starts[i+1] += g.starts[i]
	}
	g.rows = table.Resize(g.rows, len(sel))
	for k, i := range sel {
		at := &g.starts[g.number[k]]
		g.rows[*at] = i
		*at++
	}
	// Each start has moved to the end of its group.
	copy(g.starts[1:], g.starts)
	g.starts[0] = 0
}

// of returns the rows of a group by its index in keys.
func (g *rowGroups) of(i int) []int32 { return g.rows[g.starts[i]:g.starts[i+1]] }

// sample notes which of a chunk's rows, of which there are n, are sampled.
func (g *rowGroups) sample(sampled []groundtruth.SampledRow, n int) {
	g.sampledAt = zeroed(g.sampledAt, n)
	for at, r := range sampled {
		g.sampledAt[r.Row] = int32(at) + 1
	}
}

// pick returns those sampled rows that are among rows, numbered as they are there. The result
// is valid until the next call.
func (g *rowGroups) pick(sampled []groundtruth.SampledRow, rows []int32) []groundtruth.SampledRow {
	g.picked = g.picked[:0]
	if len(sampled) == 0 {
		return nil
	}
	for k, i := range rows {
		if at := g.sampledAt[i]; at > 0 {
			g.picked = append(g.picked, groundtruth.SampledRow{Row: k, Hash: sampled[at-1].Hash})
		}
	}
	return g.picked
}

// sendGroups is send of the rows that were taken apart, those of each group by themselves.
func (b *batcher) sendGroups(c *table.Chunk, groups *rowGroups, sampled []groundtruth.SampledRow, sink groundtruth.Sink) {
	o := &b.out
	for g, key := range groups.keys {
		o.Group = key
		b.sendRows(c, groups.of(g), groups.pick(sampled, groups.of(g)), sink)
	}
	for f, spec := range b.features {
		// A lazy column gives its values once, so all its cells are read, for all groups.
		column := c.Cells(b.cols.features[f])
		for g, key := range groups.keys {
			o.Group = key
			v := b.sender.Values(column, groups.of(g))
			b.sendFeature(spec.Name, &v, sink)
		}
	}
}
