package join

import (
	"errors"
	"iter"

	"github.com/hindcast/hindcast/groundtruth"
)

// errTableFull says that a partition has more distinct ids than a table may hold.
var errTableFull = errors.New("table is full")

// labelState is what is known of one id's label versions. It is kept up one
// version at a time, whatever their order, so its size doesn't depend on how many
// there are.
type labelState struct {
	hash     idHash
	versions int64
	latest   labelVersion
	first    labelVersion // the earliest version that is neither a delete nor pending, when hasFirst
	known    float64      // a known value, when hasKnown
	came     int64        // when the first known value was ingested, when hasKnown
	hasFirst bool
	hasKnown bool
	conflict bool // known values differ
	matched  bool
}

// labelStateBytes bounds the size of a labelState.
const labelStateBytes = 136

// add takes one more version.
func (s *labelState) add(l labelVersion) {
	if s.versions == 0 || l.newer(s.latest) {
		s.latest = l
	}
	s.versions++
	if l.flags&labelDeleted != 0 {
		return
	}
	if l.flags&labelPending == 0 && (!s.hasFirst || s.first.newer(l)) {
		s.first, s.hasFirst = l, true
	}
	if l.flags&labelNull != 0 {
		return
	}
	if s.hasKnown && s.known != l.value {
		s.conflict = true
	}
	if !s.hasKnown || l.ingest < s.came {
		s.came = l.ingest
	}
	s.known, s.hasKnown = l.value, true
}

// outcome says what resolving an id's label versions came to.
type outcome uint8

const (
	labelKnown outcome = iota
	labelIsDeleted
	labelIsNull
	labelConflicts
)

// resolve returns the version that counts. Under latest the latest version does. Under
// first it is the earliest that is neither a delete nor pending, under
// conflict-is-missing the latest, unless known values differ. Under each, a delete that is the latest
// version removes the label, and a null that wins leaves it unknown.
func (s *labelState) resolve(how groundtruth.Resolve) (labelVersion, outcome) {
	if s.latest.flags&labelDeleted != 0 {
		return labelVersion{}, labelIsDeleted
	}
	winner := s.latest
	if how == groundtruth.ResolveFirst && s.hasFirst {
		winner = s.first
	}
	switch {
	case winner.flags&labelNull != 0:
		return labelVersion{}, labelIsNull
	case how == groundtruth.ResolveConflictIsMissing && s.conflict:
		return labelVersion{}, labelConflicts
	}
	return winner, labelKnown
}

// hashTable is the open addressing that the tables of labels and predictions share: it
// maps hashes to entries kept elsewhere.
type hashTable struct {
	mem   *memory
	share int64 // bytes that index and entries may take together; 0 is no bound
	slots []uint32
	n     int
	bytes int64 // counted in mem
}

// minSlots keeps the smallest tables useful.
const minSlots = 16

// reset empties the table; its memory stays with it.
func (t *hashTable) reset() {
	clear(t.slots)
	t.n = 0
}

// free gives the table's memory back.
func (t *hashTable) free() {
	t.mem.addTable(-t.bytes)
	t.slots, t.n, t.bytes = nil, 0, 0
}

// find returns the slot of the entry for which same is true, or the empty slot
// where it belongs, looking from the slot home on.
func (t *hashTable) find(home uint64, same func(entry uint32) bool) int {
	mask := len(t.slots) - 1
	i := int(home) & mask
	for t.slots[i] != 0 && !same(t.slots[i]-1) {
		i = (i + 1) & mask
	}
	return i
}

// room makes space for one more entry of entryBytes each, of which cap are
// allocated. It returns how many to allocate, or 0 when there are enough; home gives
// the home of an entry. bound tells whether the share holds.
func (t *hashTable) room(entryBytes, capacity int, bound bool, home func(entry uint32) uint64) (int, error) {
	if (t.n+1)*4 > len(t.slots)*3 {
		size := max(2*len(t.slots), minSlots)
		// Old and new index are held together for a moment.
		if err := t.grow(int64(4*size), bound); err != nil {
			return 0, err
		}
		old := len(t.slots)
		t.slots = make([]uint32, size)
		for e := range uint32(t.n) {
			t.slots[t.find(home(e), func(uint32) bool { return false })] = e + 1
		}
		t.mem.addTable(int64(-4 * old))
		t.bytes -= int64(4 * old)
	}
	if t.n < capacity {
		return 0, nil
	}
	grown := max(capacity+capacity/2, minSlots)
	if err := t.grow(int64(entryBytes*grown), bound); err != nil {
		return 0, err
	}
	// The caller copies and drops the smaller allocation before anything else.
	t.mem.addTable(int64(-entryBytes * capacity))
	t.bytes -= int64(entryBytes * capacity)
	return grown, nil
}

// grow counts n more bytes, if the share allows.
func (t *hashTable) grow(n int64, bound bool) error {
	if bound && t.share > 0 && t.n > 0 && t.bytes+n > t.share {
		return errTableFull
	}
	t.bytes += n
	t.mem.addTable(n)
	return nil
}

// labelTable gathers the label versions of a partition by id, and resolves them.
type labelTable struct {
	hashTable
	states []labelState
}

// reset empties the table.
func (t *labelTable) reset() {
	t.hashTable.reset()
	t.states = t.states[:0]
}

// free gives the memory back.
func (t *labelTable) free() {
	t.hashTable.free()
	t.states = nil
}

// lookup returns the state of an id, or nil.
func (t *labelTable) lookup(h idHash) *labelState {
	if t.n == 0 {
		return nil
	}
	e := t.slots[t.find(h.lo, func(e uint32) bool { return t.states[e].hash == h })]
	if e == 0 {
		return nil
	}
	return &t.states[e-1]
}

// add takes a label version of an id.
func (t *labelTable) add(h idHash, l labelVersion, bound bool) error {
	if s := t.lookup(h); s != nil {
		s.add(l)
		return nil
	}
	n, err := t.room(labelStateBytes, cap(t.states), bound, func(e uint32) uint64 { return t.states[e].hash.lo })
	if err != nil {
		return err
	}
	if n > 0 {
		t.states = append(make([]labelState, 0, n), t.states...)
	}
	s := labelState{hash: h}
	s.add(l)
	t.states = append(t.states, s)
	t.n++
	t.slots[t.find(h.lo, func(uint32) bool { return false })] = uint32(t.n)
	return nil
}

// predictionTable keeps the winning prediction of each (id, version) of a
// partition, as records with their slack.
type predictionTable struct {
	hashTable
	layout *recordLayout
	size   int // bytes of an entry
	recs   []byte
	byID   bool // whether the predictions of an id are found by the id alone, see ofID
	beside int  // bytes that are kept elsewhere for each entry
}

// reset empties the table.
func (t *predictionTable) reset() {
	t.hashTable.reset()
	t.recs = t.recs[:0]
}

// free gives the memory back.
func (t *predictionTable) free() {
	t.hashTable.free()
	t.recs = nil
}

// rec returns an entry.
func (t *predictionTable) rec(e uint32) []byte {
	return t.recs[int(e)*t.size:][:t.size]
}

// predictionHome spreads the versions of an id, which share its hash.
func predictionHome(lo uint64, version uint32) uint64 {
	const golden = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio: odd, with well-mixed bits.
	return lo ^ uint64(version)*golden
}

func (t *predictionTable) home(rec []byte) uint64 {
	if t.byID {
		return getHash(rec).lo
	}
	return predictionHome(getHash(rec).lo, t.layout.version(rec))
}

// ofID yields the entries of an id. The table is one by id.
func (t *predictionTable) ofID(h idHash) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if t.n == 0 {
			return
		}
		mask := len(t.slots) - 1
		for i := int(h.lo) & mask; t.slots[i] != 0; i = (i + 1) & mask {
			if e := t.slots[i] - 1; getHash(t.rec(e)) == h && !yield(e) {
				return
			}
		}
	}
}

// add takes a prediction record with its slack. When its (id, version) is there
// already, lost is called with the one of the two that doesn't count.
func (t *predictionTable) add(rec []byte, bound bool, lost func(prediction)) error {
	h, p := getHash(rec), t.layout.prediction(rec)
	home := t.home(rec)
	if t.n > 0 {
		e := t.slots[t.find(home, func(e uint32) bool {
			r := t.rec(e)
			return getHash(r) == h && t.layout.version(r) == p.version
		})]
		if e != 0 {
			held := t.rec(e - 1)
			q := t.layout.prediction(held)
			if p.newer(q) {
				copy(held, rec)
				p = q
			}
			lost(p)
			return nil
		}
	}
	n, err := t.room(t.size+t.beside, cap(t.recs)/t.size, bound, func(e uint32) uint64 { return t.home(t.rec(e)) })
	if err != nil {
		return err
	}
	if n > 0 {
		t.recs = append(make([]byte, 0, n*t.size), t.recs...)
	}
	t.recs = append(t.recs, rec...)
	t.n++
	t.slots[t.find(home, func(uint32) bool { return false })] = uint32(t.n)
	return nil
}
