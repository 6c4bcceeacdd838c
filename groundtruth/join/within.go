package join

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/hindcast/hindcast/groundtruth"
)

// With Spec.Within, ids are those of entities, such as stores, which are predicted again
// and again and have a label each time. A label then counts for the predictions of its id
// that were made at most so much before its timestamp, and not after it.
//
// What is resolved is a prediction's labels rather than an id's, so each prediction of a
// partition has a state. Labels pass by it in any order, and none is kept: memory is that
// of the predictions, however many labels an id has. Deletes have to be known before the
// labels that they take back. Where there is a column of operations the labels therefore
// pass twice, and where a table of deletes becomes too large, once more for each half of
// the event times.

// predictionLabels is what is known of the labels that count for a prediction.
type predictionLabels struct {
	labelState       // of the versions that no delete takes back, deletes not among them
	gone       int64 // deletes, and versions that they take back
	several    bool  // versions have timestamps that differ
}

// predictionLabelsBytes bounds the size of a predictionLabels.
const predictionLabelsBytes = labelStateBytes + 16

// noEvent stands for the timestamp of a delete that has none and takes back all that came
// before it.
const noEvent = math.MinInt64

// deleted is the newest delete of an id's labels that have one timestamp.
type deleted struct {
	hash   idHash
	event  int64 // noEvent is any
	newest labelVersion
}

// deletedBytes bounds the size of a deleted.
const deletedBytes = 64

// deleteTable holds the deletes of a partition.
type deleteTable struct {
	hashTable
	deletes []deleted
}

// reset empties the table.
func (t *deleteTable) reset() {
	t.hashTable.reset()
	t.deletes = t.deletes[:0]
}

// free gives the memory back.
func (t *deleteTable) free() {
	t.hashTable.free()
	t.deletes = nil
}

// spread mixes an event time into all bits of a word.
func spread(event int64) uint64 {
	const golden = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio: odd, with well-mixed bits.
	return uint64(event) * golden
}

// lookup returns the deletes of an id's labels of a timestamp, or nil.
func (t *deleteTable) lookup(h idHash, event int64) *deleted {
	if t.n == 0 {
		return nil
	}
	e := t.slots[t.find(h.lo^spread(event), func(e uint32) bool { return t.deletes[e].hash == h && t.deletes[e].event == event })]
	if e == 0 {
		return nil
	}
	return &t.deletes[e-1]
}

// add takes a delete.
func (t *deleteTable) add(h idHash, event int64, l labelVersion, bound bool) error {
	if d := t.lookup(h, event); d != nil {
		if l.newer(d.newest) {
			d.newest = l
		}
		return nil
	}
	n, err := t.room(deletedBytes, cap(t.deletes), bound, func(e uint32) uint64 { return t.deletes[e].hash.lo ^ spread(t.deletes[e].event) })
	if err != nil {
		return err
	}
	if n > 0 {
		t.deletes = append(make([]deleted, 0, n), t.deletes...)
	}
	t.deletes = append(t.deletes, deleted{h, event, l})
	t.n++
	t.slots[t.find(h.lo^spread(event), func(uint32) bool { return false })] = uint32(t.n)
	return nil
}

// takes reports whether a delete takes a version back: one of its timestamp or of none
// that came after it.
func (t *deleteTable) takes(h idHash, l labelVersion) bool {
	for _, event := range [...]int64{l.event, noEvent} {
		if d := t.lookup(h, event); d != nil && d.newest.newer(l) {
			return true
		}
	}
	return false
}

// eventSlice is a part of all event times: those whose spread begins with some bits.
type eventSlice struct {
	bits   uint // how many
	prefix uint64
}

// maxSliceBits ends the halving of slices. Many deletes of one time are of as many
// predictions, whose table is bounded.
const maxSliceBits = 16

// has reports whether an event time is of the slice; noEvent is of each.
func (s eventSlice) has(event int64) bool {
	return event == noEvent || spread(event)>>(64-s.bits) == s.prefix
}

// halves returns the two slices that the slice is made of.
func (s eventSlice) halves() [2]eventSlice {
	return [2]eventSlice{{s.bits + 1, s.prefix << 1}, {s.bits + 1, s.prefix<<1 | 1}}
}

// counting yields the predictions that a label of an event time counts for, by their
// entries in the table; with noEvent all of the id.
func (w *joinWorker) counting(h idHash, event int64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for e := range w.preds.ofID(h) {
			at := w.layout.predictionTime(w.preds.rec(e))
			counts := event == noEvent || event >= at && uint64(event)-uint64(at) <= w.within
			if counts && !yield(e) {
				return
			}
		}
	}
}

// fillWithin does what fill does where labels count within a time.
func (w *joinWorker) fillWithin(ctx context.Context, parts *stored, part int, bound bool) error {
	w.preds.reset()
	duplicates, err := w.fillPredictions(ctx, parts, part, bound)
	if err != nil {
		return err
	}
	w.states = zeroed(w.states, w.preds.n) // The table of predictions has counted it.
	unmatched, err := w.takeLabels(ctx, parts, part, eventSlice{})
	if err != nil {
		return err
	}
	w.coverage.DuplicatePredictions += duplicates
	w.coverage.Labels += unmatched
	w.coverage.UnmatchedLabels += unmatched
	return nil
}

// takeLabels has the labels of a slice of event times pass by the states, and returns how
// many known ones count for no prediction.
func (w *joinWorker) takeLabels(ctx context.Context, parts *stored, part int, slice eventSlice) (int64, error) {
	w.deletes.reset()
	err := w.eachDelete(ctx, parts, part, slice)
	if errors.Is(err, errTableFull) {
		var unmatched int64
		for _, half := range slice.halves() {
			n, err := w.takeLabels(ctx, parts, part, half)
			if err != nil {
				return 0, err
			}
			unmatched += n
		}
		return unmatched, nil
	}
	if err != nil {
		return 0, err
	}
	return w.takeSlice(ctx, parts, part, slice)
}

// eachDelete gathers the deletes that take labels of a prediction back.
func (w *joinWorker) eachDelete(ctx context.Context, parts *stored, part int, slice eventSlice) error {
	if !w.hasDeletes {
		return nil
	}
	return w.eachLabel(ctx, parts, part, slice, func(h idHash, event int64, rec []byte) error {
		if rec[w.layout.flagsAt]&labelDeleted == 0 {
			return nil
		}
		for range w.counting(h, event) {
			// It is kept once, though it may take labels of several predictions back.
			if err := w.deletes.add(h, event, w.layout.label(rec), slice.bits < maxSliceBits); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeSlice adds the labels of a slice to the states of the predictions that they count
// for. A delete without a timestamp is of every slice, and counts in the first.
func (w *joinWorker) takeSlice(ctx context.Context, parts *stored, part int, slice eventSlice) (unmatched int64, err error) {
	err = w.eachLabel(ctx, parts, part, slice, func(h idHash, event int64, rec []byte) error {
		if event == noEvent && slice.prefix != 0 {
			return nil
		}
		l := w.layout.label(rec)
		gone := l.flags&labelDeleted != 0 || w.deletes.takes(h, l)
		none := true
		for e := range w.counting(h, event) {
			none = false
			s := &w.states[e]
			if gone {
				s.gone++
				continue
			}
			s.several = s.several || s.versions > 0 && s.latest.event != l.event
			s.add(l)
		}
		if none && l.flags&(labelDeleted|labelNull) == 0 {
			unmatched++
		}
		return nil
	})
	return unmatched, err
}

// eachLabel calls fn with the label records of a slice, their hashes and event times.
func (w *joinWorker) eachLabel(ctx context.Context, parts *stored, part int, slice eventSlice, fn func(h idHash, event int64, rec []byte) error) error {
	l := w.layout
	size := l.size[labelRecords]
	return parts.each(ctx, labelRecords, part, w.scratch(), func(records []byte) error {
		for at := 0; at < len(records); at += size {
			rec := records[at : at+size+recordSlack]
			event := int64(noEvent)
			if rec[l.flagsAt]&labelTimed != 0 {
				event = l.eventTime(rec)
			}
			if !slice.has(event) {
				continue
			}
			if err := fn(getHash(rec), event, rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// emitWithin sends the matches and counts. Counts are of the predictions: what
// Coverage tells of an id is told of each prediction that has labels.
func (w *joinWorker) emitWithin() {
	for e := range uint32(w.preds.n) {
		w.coverage.Predictions++
		s := &w.states[e]
		if s.versions+s.gone == 0 {
			continue
		}
		w.coverage.DuplicateLabels += s.versions + s.gone - 1
		if s.conflict {
			w.coverage.ConflictingLabels++
			if s.several {
				w.mixed.Add(1)
			}
		}
		l, what := labelVersion{}, labelIsDeleted
		if s.versions > 0 {
			l, what = s.resolve(w.how)
		}
		countOutcome(&w.coverage, what, true)
		if what == labelKnown {
			w.match(w.preds.rec(e), l.value, l.event, s.came, l.flags)
		}
	}
}

// withinNotes says where ids or the time within which labels count are not what they
// should be. A tenth may be: rows that were logged twice, labels that were restated.
func (j *joinPhase) withinNotes(c groundtruth.Coverage) []string {
	var notes []string
	if all := c.Predictions + c.DuplicatePredictions; c.DuplicatePredictions > all/10 {
		notes = append(notes, fmt.Sprintf("%d of %d predictions do not count, since there is a later one of the same id and model version in the window: where ids that ground_truth.match.within joins are predicted several times in a window, make `window` shorter, or the time a part of the id (columns.id: [id, hour], on both sides)",
			c.DuplicatePredictions, all))
	}
	if n := j.mixed.Load(); n > c.Predictions/10 {
		notes = append(notes, fmt.Sprintf("%d of %d predictions have labels of several timestamps that differ, among which resolve: %s chooses: make ground_truth.match.within shorter, so that it holds one label of each prediction",
			n, c.Predictions, j.how))
	}
	return notes
}
