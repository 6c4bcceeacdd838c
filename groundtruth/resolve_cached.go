package groundtruth

import (
	"math/bits"
	"slices"
)

// cachedJoin joins a partition whose records lie side by side in memory, which is
// the core's own cache where there are as many partitions as planned. Ids with one
// label version, nearly all of them, are resolved in their record; the others have a
// labelState.
type cachedJoin struct {
	labels, preds []byte
	labelSlots    []uint64
	predSlots     []uint64
	states        []labelState
	stateOf       []int32 // by label record: index of its state plus one; 0 is none
	matched       []bool  // by label record
	dead          []bool  // by prediction record: a duplicate that doesn't count
	bytes         int64   // counted as tables
}

// A slot holds the upper half of a hash and the number of a record plus one; 0 is a
// free slot. maxCached keeps numbers in half a slot.
const (
	slotTag   = 0xffffffff << 32
	maxCached = 1 << 31
)

// slotsFor returns how many slots n records need.
func slotsFor(n int) int { return max(minSlots, 1<<bits.Len(uint(n+n/2))) }

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
	const perLabel, perPrediction = 8*2 + 4 + 1, 8*2 + 1
	need := labelBytes + predBytes + labels*perLabel + preds*perPrediction + 2*8*minSlots
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
	s = resize(s, n)
	clear(s)
	return s
}

// addLabels puts the labels into their slots.
func (w *joinWorker) addLabels(n int) {
	c, size := &w.cached, w.layout.size[labelRecords]
	c.labelSlots = zeroed(c.labelSlots, slotsFor(n))
	c.matched = zeroed(c.matched, n)
	c.states, c.stateOf = c.states[:0], c.stateOf[:0]
	mask := uint64(len(c.labelSlots) - 1)
	records := c.labels[:cap(c.labels)]
next:
	for i := range n {
		rec := records[i*size:]
		h := getHash(rec)
		at := h.lo & mask
		for ; c.labelSlots[at] != 0; at = (at + 1) & mask {
			slot := c.labelSlots[at]
			if (slot^h.lo)&slotTag != 0 {
				continue
			}
			first := int(uint32(slot)) - 1
			if other := records[first*size:]; getHash(other) == h {
				w.addVersion(first, n, h, other, rec)
				continue next
			}
		}
		c.labelSlots[at] = h.lo&slotTag | uint64(i+1)
	}
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
	c.predSlots = zeroed(c.predSlots, slotsFor(n))
	c.dead = zeroed(c.dead, n)
	mask := uint64(len(c.predSlots) - 1)
	records := c.preds[:cap(c.preds)]
next:
	for i := range n {
		rec := records[i*size:]
		h, version := getHash(rec), l.version(rec)
		home := predictionHome(h.lo, version)
		at := home & mask
		for ; c.predSlots[at] != 0; at = (at + 1) & mask {
			slot := c.predSlots[at]
			if (slot^home)&slotTag != 0 {
				continue
			}
			held := int(uint32(slot)) - 1
			other := records[held*size:]
			if getHash(other) != h || l.version(other) != version {
				continue
			}
			w.coverage.DuplicatePredictions++
			p, q := l.prediction(rec), l.prediction(other)
			if p.newer(q) {
				c.predSlots[at] = slot&slotTag | uint64(i+1)
				c.dead[held] = true
				w.lose(q.place)
			} else {
				c.dead[i] = true
				w.lose(p.place)
			}
			continue next
		}
		c.predSlots[at] = home&slotTag | uint64(i+1)
	}
}

// emitCached sends the matches and counts.
func (w *joinWorker) emitCached(labels, preds int) {
	c, l := &w.cached, w.layout
	mask := uint64(len(c.labelSlots) - 1)
	labelRecs, predRecs := c.labels[:cap(c.labels)], c.preds[:cap(c.preds)]
	labelSize, predSize := l.size[labelRecords], l.size[predictionRecords]
	for i := range preds {
		if c.dead[i] {
			continue
		}
		w.coverage.Predictions++
		rec := predRecs[i*predSize:]
		h := getHash(rec)
		for at := h.lo & mask; c.labelSlots[at] != 0; at = (at + 1) & mask {
			slot := c.labelSlots[at]
			if (slot^h.lo)&slotTag != 0 {
				continue
			}
			first := int(uint32(slot)) - 1
			label := labelRecs[first*labelSize:]
			if getHash(label) != h {
				continue
			}
			w.matchLabel(rec, label, first)
			break
		}
	}
	for i := range labels {
		flags := labelRecs[i*labelSize+l.flagsAt]
		if len(c.stateOf) > 0 {
			if s := c.stateOf[i]; s != 0 {
				c.states[s-1].matched = c.matched[i]
				w.coverage.addLabel(&c.states[s-1], w.how)
				continue
			}
			if !w.isFirst(i, labelRecs[i*labelSize:]) {
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
		w.coverage.addOutcome(what, c.matched[i])
	}
}

// isFirst reports whether label record i is the one in its id's slot.
func (w *joinWorker) isFirst(i int, rec []byte) bool {
	c := &w.cached
	mask := uint64(len(c.labelSlots) - 1)
	lo := getHash(rec).lo
	for at := lo & mask; c.labelSlots[at] != 0; at = (at + 1) & mask {
		if uint32(c.labelSlots[at]) == uint32(i+1) {
			return true
		}
	}
	return false
}

// matchLabel sends a prediction with the label of its id, if that is known.
func (w *joinWorker) matchLabel(rec, label []byte, first int) {
	c := &w.cached
	if len(c.stateOf) > 0 && c.stateOf[first] != 0 {
		v, what := c.states[c.stateOf[first]-1].resolve(w.how)
		if what == labelKnown {
			c.matched[first] = true
			w.match(rec, v.value, v.event, v.flags)
		}
		return
	}
	v := w.layout.label(label)
	if v.flags&(labelDeleted|labelNull) == 0 {
		c.matched[first] = true
		w.match(rec, v.value, v.event, v.flags)
	}
}
