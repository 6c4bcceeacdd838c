package join

import (
	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// entityGroup deals an entity to one of groundtruth.EntityGroups groups, by the hash of its
// text. Groups of many entities that chance has put together vary as entities do, and are few.
func entityGroup(h xxh3.Uint128) uint8 { return uint8(h.Hi % groundtruth.EntityGroups) }

// entityGroups appends the groups of the rows sel of a chunk, nil being all, by the hashes of
// their entities. A row without one is an entity by itself, whose hash own tells.
func entityGroups(dst []uint8, c *table.Chunk, entities *table.Column, sel []int32, own func(row int) xxh3.Uint128) []uint8 {
	one := func(i int) {
		if entities.Kind == table.ID && entities.Valid[i] {
			dst = append(dst, entityGroup(entities.Hashes[i]))
		} else {
			dst = append(dst, entityGroup(own(i)))
		}
	}
	if sel == nil {
		for i := range c.Len {
			one(i)
		}
		return dst
	}
	for _, i := range sel {
		one(int(i))
	}
	return dst
}

// groupedRows holds some rows dealt to the groups of their entities.
type groupedRows struct {
	rows  []int32 // by group, and within it in their order
	until [groundtruth.EntityGroups]int32
}

// deal deals rows by their groups.
func (g *groupedRows) deal(of []uint8) {
	g.until = [groundtruth.EntityGroups]int32{}
	for _, group := range of {
		g.until[group]++
	}
	n := int32(0)
	for group, rows := range g.until {
		g.until[group] = n
		n += rows
	}
	g.rows = table.Resize(g.rows, len(of))
	for k, group := range of {
		g.rows[g.until[group]] = int32(k)
		g.until[group]++
	}
}

// each calls fn with the groups that have rows, and these, whose memory fn may use.
func (g *groupedRows) each(fn func(group int64, rows []int32)) {
	from := int32(0)
	for group, to := range g.until {
		if to > from {
			fn(int64(group), g.rows[from:to])
		}
		from = to
	}
}

// groupedMatches sends the matches of a joinWorker group by group.
type groupedMatches struct {
	of     []uint8 // the groups of the rows that wait
	dealt  groupedRows
	memory matchColumns
	picked []groundtruth.SampledRow
}

// send sends the matches and forgets their groups.
func (g *groupedMatches) send(m *groundtruth.Matches, sink groundtruth.Sink) {
	g.dealt.deal(g.of)
	g.of = g.of[:0]
	out := &g.memory.out
	out.HasTime, out.Narrow = m.HasTime, m.Narrow
	out.Segments = table.Resize(out.Segments, len(m.Segments))
	g.memory.segments = table.Resize(g.memory.segments, len(m.Segments))
	g.dealt.each(func(group int64, rows []int32) {
		out.Group, out.Len = group, len(rows)
		out.Times = pick(&g.memory.times, m.Times, rows, m.Len)
		out.Predictions = pick(&g.memory.predictions, m.Predictions, rows, m.Len)
		out.Labels = pick(&g.memory.labels, m.Labels, rows, m.Len)
		g.picked = pickSampled(g.picked[:0], m.Sampled, rows)
		out.Sampled = g.picked
		out.Version = g.memory.version.pickRows(&m.Version, rows)
		for k := range m.Segments {
			out.Segments[k] = g.memory.segments[k].pickRows(&m.Segments[k], rows)
		}
		sink.AddMatches(out)
	})
}

// pickRows returns the rows of a text column of matches.
func (t *textRows) pickRows(c *groundtruth.Column, rows []int32) groundtruth.Column {
	out := *c
	if c.Kind == groundtruth.Text {
		out.Codes, out.Valid = pick(&t.codes, c.Codes, rows, 0), pick(&t.valid, c.Valid, rows, 0)
	}
	return out
}
