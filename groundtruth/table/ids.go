package table

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
)

// JoinedIDs makes one column of ids of several columns that make an id together. Each
// goroutine that reads has one, which keeps its memory from chunk to chunk.
type JoinedIDs struct {
	out   Column
	parts []idPart
	joins []byte // of a row: the hashes of its parts that the join goes by
	least []byte // those that the sample goes by
}

// idPart is a column of those that make an id, and what of its sampled rows is left.
type idPart struct {
	*Column
	sampled []groundtruth.SampledRow
}

// Column returns the ids of a chunk of which the given columns are the parts: the column
// itself where there is one. Of several an id is there where all its parts are. Its hash
// is that of the parts' hashes, one after the other, which are of one width: so "a" and
// "bc" are not "ab" and "c". With a bar, the ids that are not above it are sampled, by
// the XXH64 of the parts' XXH64, one after the other with their first byte first. Columns
// that are parts then had a bar of their own (Want.Bar) that no hash is above.
func (j *JoinedIDs) Column(c *Chunk, columns []int, bar *Bar) *Column {
	if len(columns) == 0 {
		return &Column{}
	}
	if len(columns) == 1 {
		return &c.Cols[columns[0]]
	}
	j.parts = j.parts[:0]
	for _, i := range columns {
		col := &c.Cols[i]
		if col.Kind == Absent {
			return &Column{}
		}
		j.parts = append(j.parts, idPart{col, col.Sampled})
	}
	o := &j.out
	o.Kind = ID
	o.Hashes, o.Valid, o.Sampled = Resize(o.Hashes, c.Len), Resize(o.Valid, c.Len), o.Sampled[:0]
	var below uint64
	if bar != nil {
		below = bar.Hash()
	}
	for i := range c.Len {
		o.Hashes[i], o.Valid[i] = j.hash(i), j.valid(i)
		if bar == nil {
			continue
		}
		if hash := j.sampleHash(i); o.Valid[i] && hash <= below {
			o.Sampled = append(o.Sampled, groundtruth.SampledRow{Row: i, Hash: hash})
		}
	}
	return o
}

// valid reports whether all parts of row i are there.
func (j *JoinedIDs) valid(i int) bool {
	for _, p := range j.parts {
		if !p.Valid[i] {
			return false
		}
	}
	return true
}

// hash returns the hash that the join knows row i by.
func (j *JoinedIDs) hash(i int) xxh3.Uint128 {
	j.joins = j.joins[:0]
	for _, p := range j.parts {
		j.joins = binary.LittleEndian.AppendUint64(j.joins, p.Hashes[i].Lo)
		j.joins = binary.LittleEndian.AppendUint64(j.joins, p.Hashes[i].Hi)
	}
	return xxh3.Hash128(j.joins)
}

// sampleHash returns the hash that the sample knows row i by. It is asked for one row
// after the other, and means nothing where a part is missing.
func (j *JoinedIDs) sampleHash(i int) uint64 {
	j.least = j.least[:0]
	for k := range j.parts {
		p := &j.parts[k]
		if len(p.sampled) > 0 && p.sampled[0].Row == i {
			j.least = binary.BigEndian.AppendUint64(j.least, p.sampled[0].Hash)
			p.sampled = p.sampled[1:]
		}
	}
	return SampleHash(j.least)
}
