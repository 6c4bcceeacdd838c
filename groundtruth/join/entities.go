package join

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// entityGroup deals an entity to one of groundtruth.EntityGroups groups, by the hash of its
// text. Groups of many entities that chance has put together vary as entities do, and are few.
func entityGroup(h xxh3.Uint128) int64 { return int64(h.Hi % groundtruth.EntityGroups) }

// entityOf returns the group of a good prediction's entity. One without an entity is an entity by
// itself, by its id.
func (w *predictionWorker) entityOf(c *table.Chunk, row int32) int64 {
	if entities := c.Column(w.cols.entity); entities.Kind == table.ID && entities.Valid[row] {
		return entityGroup(entities.Hashes[row])
	}
	return entityGroup(w.ids.Hashes[row])
}

// sendEntities sends the kept rows, those of each group of entities by themselves.
func (w *predictionWorker) sendEntities(c *table.Chunk) {
	w.listRows(c)
	for i := range w.sampled { // which are numbered among the kept rows
		w.sampled[i].Row = int(w.sel[w.sampled[i].Row])
	}
	w.groups.sample(w.sampled, c.Len)
	w.groups.take(w.sel, func(row int32) int64 { return w.entityOf(c, row) })
	w.batch.sendGroups(c, &w.groups, w.sampled, w.sink)
}

// entityOf returns the group of the entity of a reference's row. One without an entity is an
// entity by itself: by its id, or where it has none by its object's key and its number there.
func (w *referenceWorker) entityOf(c *table.Chunk, ord int, row int32) int64 {
	if entities := c.Column(w.cols.entity); entities.Kind == table.ID && entities.Valid[row] {
		return entityGroup(entities.Hashes[row])
	}
	if w.ids.Kind == table.ID && w.ids.Valid[row] {
		return entityGroup(w.ids.Hashes[row])
	}
	w.nameRow(c, ord, row)
	return entityGroup(xxh3.Hash128(w.rowName))
}

// nameRow sets rowName to what stands for the id of a row that has none.
func (w *referenceWorker) nameRow(c *table.Chunk, ord int, row int32) {
	number := binary.LittleEndian.AppendUint64(w.rowName[:0], uint64(c.Row(int(row))))
	w.rowName = append(number, w.j.preds.Objects[ord].Rel...)
}

// entityMatches sends the matches of a joinWorker by the groups of their entities.
type entityMatches struct {
	of     []uint8 // the groups of the rows that wait
	all    []int32 // the numbers of these rows
	groups rowGroups
	memory matchColumns
}

// send sends the matches and forgets their groups.
func (e *entityMatches) send(m *groundtruth.Matches, sink groundtruth.Sink) {
	for i := len(e.all); i < m.Len; i++ {
		e.all = append(e.all, int32(i))
	}
	e.groups.sample(m.Sampled, m.Len)
	e.groups.take(e.all[:m.Len], func(row int32) int64 { return int64(e.of[row]) })
	e.of = e.of[:0]
	out := &e.memory.out
	out.HasTime, out.Narrow = m.HasTime, m.Narrow
	out.Segments = table.Resize(out.Segments, len(m.Segments))
	e.memory.segments = table.Resize(e.memory.segments, len(m.Segments))
	for i, group := range e.groups.keys {
		rows := e.groups.of(i)
		out.Group, out.Len = group, len(rows)
		out.Times = pick(&e.memory.times, m.Times, rows, m.Len)
		e.memory.pickValues(m, rows, m.Len)
		out.Sampled = e.groups.pick(m.Sampled, rows)
		out.Version = e.memory.version.pickRows(&m.Version, rows, m.Len)
		for k := range m.Segments {
			out.Segments[k] = e.memory.segments[k].pickRows(&m.Segments[k], rows, m.Len)
		}
		sink.AddMatches(out)
	}
}
