package join

import (
	"math/bits"
	"slices"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// cachedJoin joins a partition whose records lie side by side in memory, which is
// the core's own cache where there are as many partitions as planned. Ids with one
// label version, nearly all of them, are resolved in their record; the others have a
// labelState.
type cachedJoin struct {
	labels, preds []byte
	labelSlots    slots
	predSlots     slots
	states        []labelState
	stateOf       []int32  // by label record: index of its state plus one; 0 is none
	matched       []bool   // by label record
	dead          []bool   // by prediction record: a duplicate that doesn't count
	found         []uint32 // by prediction record of a block: what slots.find gave
	bytes         int64    // counted as tables
}

// slots are a hash table of records' numbers with linear probing. A slot holds the
// number plus one in its lower bits and bits of the hash above; 0 is a free one.
type slots struct {
	slots []uint32 // the first nearSlots come once more at the end
	mask  uint64   // of the home of a hash
	index uint32   // of a slot's number
}

const (
	// maxCached leaves at least nine bits of a slot to the hash.
	maxCached = 1 << 22
	// nearSlots are looked at without a branch.
	nearSlots = 4
	// foundAtOnce predictions are looked up before the first of them is matched.
	foundAtOnce = 1 << 9
)

// reset makes an empty table for n records.
func (s *slots) reset(n int) {
	size := slotsFor(n)
	s.slots = zeroed(s.slots, size+nearSlots)
	s.mask = uint64(size - 1)
	s.index = 1<<bits.Len(uint(n+1)) - 1
}

// slotsFor returns how many slots n records need.
func slotsFor(n int) int { return max(minSlots, 1<<bits.Len(uint(n+n/2))) }

// tag returns the bits of a hash that a slot holds.
func (s *slots) tag(hash uint64) uint32 { return uint32(hash>>32) &^ s.index }

// number returns the number plus one in a slot that may be the hash's, 0 in another.
func (s *slots) number(at uint64, tag uint32) uint32 {
	slot := s.slots[at]
	if (slot^tag)&^s.index != 0 {
		return 0
	}
	return slot & s.index
}

// set fills a slot with a number plus one.
func (s *slots) set(at uint64, tag, number uint32) { s.slots[at] = tag | number }

// close ends the filling.
func (s *slots) close() { copy(s.slots[s.mask+1:], s.slots[:nearSlots]) }

// find returns the number plus one of the first record near the hash's home that may
// have the hash, 0 when none has it, and unsure when more slots must be looked at. There
// is no branch on what the slots hold, which cannot be foretold.
func (s *slots) find(hash uint64) uint32 {
	at, tag, found := hash&s.mask, s.tag(hash), s.unsure()
	near := s.slots[at : at+nearSlots : len(s.slots)]
	for k := nearSlots - 1; k >= 0; k-- {
		slot := near[k]
		if (slot^tag)&^s.index == 0 {
			found = slot
		}
		if slot == 0 {
			found = 0
		}
	}
	return found & s.index
}

// unsure is no record's number plus one.
func (s *slots) unsure() uint32 { return s.index }

// joinCached joins a partition if it fits into the worker's share of memory, or is a
// small one, and reports whether it did.
func (w *joinWorker) joinCached(parts *stored, part int) (bool, error) {
	labelBytes, predBytes := parts.bytes(labelRecords, part), parts.bytes(predictionRecords, part)
	labels, preds := labelBytes/int64(w.layout.size[labelRecords]), predBytes/int64(w.layout.size[predictionRecords])
	if labels+preds == 0 {
		return true, nil
	}
	if labels >= maxCached || preds >= maxCached {
		return false, nil
	}
	const perLabel, perPrediction = 4*3 + 4 + 1, 4*3 + 1
	need := labelBytes + predBytes + labels*perLabel + preds*perPrediction + 2*4*(minSlots+nearSlots)
	if need > w.share {
		return false, nil
	}
	c := &w.cached
	c.reserve(w, need)
	var err error
	if c.labels, err = parts.load(labelRecords, part, slices.Grow(c.labels[:0], int(labelBytes)+recordSlack)); err != nil {
		return true, err
	}
	if c.preds, err = parts.load(predictionRecords, part, slices.Grow(c.preds[:0], int(predBytes)+recordSlack)); err != nil {
		return true, err
	}
	parts.release(labelRecords, part)
	parts.release(predictionRecords, part)
	w.addLabels(int(labels))
	w.addPredictions(int(preds))
	w.emitCached(int(labels), int(preds))
	return true, nil
}

// reserve counts the memory that a partition needs; what a larger one before it took
// is kept.
func (c *cachedJoin) reserve(w *joinWorker, need int64) {
	if more := need - c.bytes; more > 0 {
		w.mem.addTable(more)
		c.bytes = need
	}
}

// free gives the memory back.
func (c *cachedJoin) free(mem *memory) {
	mem.addTable(-c.bytes)
	*c = cachedJoin{}
}

// zeroed returns n zero elements in the memory of s where it has room.
func zeroed[T any](s []T, n int) []T {
	s = table.Resize(s, n)
	clear(s)
	return s
}

// addLabels puts the labels into their slots.
func (w *joinWorker) addLabels(n int) {
	c, size := &w.cached, w.layout.size[labelRecords]
	s := &c.labelSlots
	s.reset(n)
	c.matched = zeroed(c.matched, n)
	c.states, c.stateOf = c.states[:0], c.stateOf[:0]
	records := c.labels[:cap(c.labels)]
next:
	for i := range n {
		rec := records[i*size:]
		h := getHash(rec)
		at, tag := h.lo&s.mask, s.tag(h.lo)
		for ; s.slots[at] != 0; at = (at + 1) & s.mask {
			number := s.number(at, tag)
			if number == 0 {
				continue
			}
			first := int(number) - 1
			if other := records[first*size:]; getHash(other) == h {
				w.addVersion(first, n, h, other, rec)
				continue next
			}
		}
		s.set(at, tag, uint32(i+1))
	}
	s.close()
}

// addVersion takes one more version of the id whose first record is known.
func (w *joinWorker) addVersion(first, n int, h idHash, other, rec []byte) {
	c := &w.cached
	if len(c.stateOf) == 0 {
		c.stateOf = zeroed(c.stateOf, n)
	}
	if c.stateOf[first] == 0 {
		c.states = append(c.states, labelState{hash: h})
		c.stateOf[first] = int32(len(c.states))
		c.states[len(c.states)-1].add(w.layout.label(other))
	}
	c.states[c.stateOf[first]-1].add(w.layout.label(rec))
}

// addPredictions puts the predictions into their slots and marks duplicates.
func (w *joinWorker) addPredictions(n int) {
	c, size, l := &w.cached, w.layout.size[predictionRecords], w.layout
	s := &c.predSlots
	s.reset(n)
	c.dead = zeroed(c.dead, n)
	records := c.preds[:cap(c.preds)]
next:
	for i := range n {
		rec := records[i*size:]
		h, version := getHash(rec), l.version(rec)
		home := predictionHome(h.lo, version)
		at, tag := home&s.mask, s.tag(home)
		for ; s.slots[at] != 0; at = (at + 1) & s.mask {
			number := s.number(at, tag)
			if number == 0 {
				continue
			}
			held := int(number) - 1
			other := records[held*size:]
			if getHash(other) != h || l.version(other) != version {
				continue
			}
			w.coverage.DuplicatePredictions++
			p, q := l.prediction(rec), l.prediction(other)
			if p.newer(q) {
				s.set(at, tag, uint32(i+1))
				c.dead[held] = true
				w.lose(q.place)
			} else {
				c.dead[i] = true
				w.lose(p.place)
			}
			continue next
		}
		s.set(at, tag, uint32(i+1))
	}
}

// emitCached sends the matches and counts.
func (w *joinWorker) emitCached(labels, preds int) {
	c, l := &w.cached, w.layout
	labelRecs, predRecs := c.labels[:cap(c.labels)], c.preds[:cap(c.preds)]
	labelSize, predSize := l.size[labelRecords], l.size[predictionRecords]
	s := &c.labelSlots
	c.found = table.Resize(c.found, foundAtOnce)
	for from := 0; from < preds; from += foundAtOnce {
		found := c.found[:min(foundAtOnce, preds-from)]
		for k := range found {
			found[k] = s.find(getHash(predRecs[(from+k)*predSize:]).lo)
		}
		for k, number := range found {
			i := from + k
			if c.dead[i] {
				continue
			}
			w.coverage.Predictions++
			if number == 0 {
				continue
			}
			rec := predRecs[i*predSize:]
			first := int(number) - 1
			if h := getHash(rec); number == s.unsure() || getHash(labelRecs[first*labelSize:]) != h {
				if first = w.firstLabel(h); first < 0 {
					continue
				}
			}
			w.matchLabel(rec, labelRecs[first*labelSize:], first)
		}
	}
	for i := range labels {
		flags := labelRecs[i*labelSize+l.flagsAt]
		if len(c.stateOf) > 0 {
			if s := c.stateOf[i]; s != 0 {
				c.states[s-1].matched = c.matched[i]
				countLabel(&w.coverage, &c.states[s-1], w.how)
				continue
			}
			if w.firstLabel(getHash(labelRecs[i*labelSize:])) != i {
				continue // a later version, which its id's state counts
			}
		}
		what := labelKnown
		switch {
		case flags&labelDeleted != 0:
			what = labelIsDeleted
		case flags&labelNull != 0:
			what = labelIsNull
		}
		countOutcome(&w.coverage, what, c.matched[i])
	}
}

// firstLabel returns the label record in the slot of an id, -1 where there is none.
func (w *joinWorker) firstLabel(h idHash) int {
	c, size := &w.cached, w.layout.size[labelRecords]
	s, records := &c.labelSlots, c.labels[:cap(c.labels)]
	tag := s.tag(h.lo)
	for at := h.lo & s.mask; s.slots[at] != 0; at = (at + 1) & s.mask {
		number := s.number(at, tag)
		if number != 0 && getHash(records[(int(number)-1)*size:]) == h {
			return int(number) - 1
		}
	}
	return -1
}

// matchLabel sends a prediction with the label of its id, if that is known.
func (w *joinWorker) matchLabel(rec, label []byte, first int) {
	c := &w.cached
	if len(c.stateOf) > 0 && c.stateOf[first] != 0 {
		s := &c.states[c.stateOf[first]-1]
		v, what := s.resolve(w.how)
		if what == labelKnown {
			c.matched[first] = true
			w.match(rec, v.value, v.event, s.came, v.flags)
		}
		return
	}
	if flags := label[w.layout.flagsAt]; flags&(labelDeleted|labelNull) == 0 {
		c.matched[first] = true
		w.match(rec, getValue(label), w.layout.eventTime(label), w.layout.ingest(label), flags)
	}
}
