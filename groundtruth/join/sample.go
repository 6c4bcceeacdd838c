package join

import (
	"cmp"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// sampledID is an id: the hash that the join knows it by, and the one that the sample
// goes by.
type sampledID struct {
	id   xxh3.Uint128
	hash uint64
}

func compareSampled(a, b sampledID) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.id.Hi, b.id.Hi), cmp.Compare(a.id.Lo, b.id.Lo))
}

// leastIDs finds the ids of the least hashes among those that it is told of, whatever
// the number of their rows. It is one goroutine's; the bar is the scan's.
type leastIDs struct {
	bar  *table.Bar
	size int // how many it finds
	ids  []sampledID
}

// add takes the id of a row, and reports whether it may be among the least: the bar may
// have been lowered since the row was read.
func (l *leastIDs) add(id xxh3.Uint128, hash uint64) bool {
	if l.over(hash) {
		return false
	}
	l.ids = append(l.ids, sampledID{id, hash})
	if len(l.ids) == 4*l.size {
		l.compact()
	}
	return true
}

// over reports whether a hash is not among the least.
func (l *leastIDs) over(hash uint64) bool { return hash > l.bar.Hash() }

// compact forgets all but the least, and lowers the bar to the greatest of them.
func (l *leastIDs) compact() {
	slices.SortFunc(l.ids, compareSampled)
	l.ids = slices.Compact(l.ids)
	if len(l.ids) >= l.size {
		l.ids = l.ids[:l.size]
		l.bar.Lower(l.ids[l.size-1].hash)
	}
}

// sampledIDs are the ids of a window's sample, for the matches, whose records do not
// have the hash that the sample goes by. They are looked up for every match; a filter,
// small enough for a core's nearest cache, says no to nearly all others.
type sampledIDs struct {
	filter [1 << sampleFilterBits / 64]uint64
	hashes map[idHash]uint64
}

const sampleFilterBits = 16

// newSampledIDs returns what the goroutines, of which there is one at least, found
// together.
func newSampledIDs(of []*leastIDs) *sampledIDs {
	s := &sampledIDs{hashes: map[idHash]uint64{}}
	all := leastIDs{bar: of[0].bar, size: of[0].size}
	for _, l := range of {
		all.ids = append(all.ids, l.ids...)
	}
	all.compact()
	for _, x := range all.ids {
		h := idHash{lo: x.id.Lo, hi: uint16(x.id.Hi)}
		s.hashes[h] = x.hash
		s.filter[h.lo%(1<<sampleFilterBits)/64] |= 1 << (h.lo % 64)
	}
	return s
}

// may reports whether an id may be one of the sample's, by the lower half of its hash.
func (s *sampledIDs) may(lo uint64) bool {
	return s.filter[lo%(1<<sampleFilterBits)/64]&(1<<(lo%64)) != 0
}

// pickSampled appends the sampled rows of a chunk that are among the rows sel, numbered
// as they are there.
func pickSampled(dst, sampled []groundtruth.SampledRow, sel []int32) []groundtruth.SampledRow {
	numbers := rowNumbers{sel: sel}
	for _, r := range sampled {
		if at, ok := numbers.next(r.Row); ok {
			dst = append(dst, groundtruth.SampledRow{Row: at, Hash: r.Hash})
		}
	}
	return dst
}

// rowNumbers numbers the rows of a chunk as they are among the rows sel; nil is all. It is
// asked for one row after the other, in order.
type rowNumbers struct {
	sel  []int32
	from int // those of sel before it are passed
}

// next returns the number of a row, and whether it is one of sel.
func (n *rowNumbers) next(row int) (int, bool) {
	if n.sel == nil {
		return row, true
	}
	at, ok := slices.BinarySearch(n.sel[n.from:], int32(row))
	n.from += at
	return n.from, ok
}
