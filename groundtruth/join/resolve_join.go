package join

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/groundtruth"
)

// matchRows is how many joined rows are sent to a sink at a time.
const matchRows = 1 << 15

// joinPhase is the second half of a join, from records to matches. It holds what its
// goroutines share.
type joinPhase struct {
	layout   *recordLayout
	how      groundtruth.Resolve
	hasTime  bool
	narrow   bool // some labels are of a column of 32 bits
	spec     *groundtruth.Spec
	classes  *dictTexts   // of Multiclass
	versions *dictTexts   // nil when no version column is mapped
	segments []*dictTexts // in the order of Spec.Segments
	names    []string     // of the segments
	version  string       // name of the version column
	losers   []rowSet     // by prediction object
	delays   delayLimits
	sampled  *sampledIDs
	mem      *memory
	arena    *arena
	share    int64 // bytes that each worker's tables may take
	block    int   // bytes of a block when a partition is split further

	within     uint64       // how long before its timestamp a label counts, in nanoseconds; 0: for all predictions of its id
	hasDeletes bool         // there is a column of operations
	mixed      atomic.Int64 // with within: predictions with labels of several timestamps that differ
}

// dictTexts holds the texts of a complete dictionary in order, and the rank of each code
// among them. Matches carry ranks, which no order of reading changes.
type dictTexts struct {
	texts []string
	rank  []uint32
}

// rowSet is a set of row numbers of one object, those of duplicates: pages of bits, made
// when first needed.
type rowSet struct {
	mu    sync.Mutex
	pages map[int64]*rowPage
}

const rowPageBits = 1 << 16

type rowPage [rowPageBits / 64]uint64

// add puts a row into the set.
func (s *rowSet) add(row int64, mem *memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pages[row/rowPageBits]
	if p == nil {
		if s.pages == nil {
			s.pages = map[int64]*rowPage{}
		}
		p = new(rowPage)
		s.pages[row/rowPageBits] = p
		mem.add(rowPageBits / 8)
	}
	bit := row % rowPageBits
	p[bit/64] |= 1 << (bit % 64)
}

// has reports whether a row is in the set. Nothing may be added meanwhile.
func (s *rowSet) has(row int64) bool {
	p := s.pages[row/rowPageBits]
	bit := row % rowPageBits
	return p != nil && p[bit/64]&(1<<(bit%64)) != 0
}

// run joins every partition, on one goroutine for each sink.
func (j *joinPhase) run(ctx context.Context, parts *stored, sinks []groundtruth.Sink) (groundtruth.Coverage, *labelDelays, error) {
	workers := make([]*joinWorker, len(sinks))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for i, sink := range sinks {
		w := newJoinWorker(j, sink, parts.of[i].spill)
		workers[i] = w
		g.Go(func() error {
			defer w.free()
			for {
				part := int(next.Add(1)) - 1
				if part >= 1<<parts.bits {
					w.flush()
					return nil
				}
				if err := w.partition(ctx, parts, part); err != nil {
					return err
				}
			}
		})
	}
	err := g.Wait()
	var c groundtruth.Coverage
	var d labelDelays
	for _, w := range workers {
		c.Add(w.coverage)
		d.merge(&w.came)
	}
	return c, &d, err
}

// joinWorker joins partitions for one goroutine, one at a time, and sends the matches to
// its sink.
type joinWorker struct {
	*joinPhase
	sink     groundtruth.Sink
	spill    *spillLog
	coverage groundtruth.Coverage
	came     labelDelays
	cached   cachedJoin
	labels   labelTable
	preds    predictionTable
	deletes  deleteTable        // with joinPhase.within, and so is the next
	states   []predictionLabels // by entry of preds
	buf      []byte
	out      groundtruth.Matches
	rows     int           // how many are sent at a time
	further  bool          // matches have more than predictions and labels
	entities entityMatches // where records have groups
}

// newJoinWorker returns a worker that sends to sink.
func newJoinWorker(j *joinPhase, sink groundtruth.Sink, spill *spillLog) *joinWorker {
	w := &joinWorker{joinPhase: j, sink: sink, spill: spill}
	w.labels.hashTable = hashTable{mem: j.mem, share: j.share / 2}
	w.preds.hashTable = hashTable{mem: j.mem, share: j.share / 2}
	w.preds.layout = j.layout
	w.preds.size = j.layout.size[predictionRecords] + recordSlack
	if j.within > 0 {
		w.preds.byID, w.preds.beside = true, predictionLabelsBytes
		w.deletes.hashTable = hashTable{mem: j.mem, share: j.share / 2}
	}
	w.out.HasTime = j.hasTime
	if j.versions != nil {
		w.out.Version = groundtruth.Column{Name: j.version, Kind: groundtruth.Text, Dict: j.versions.texts}
	}
	w.out.Segments = make([]groundtruth.Column, len(j.segments))
	for k, d := range j.segments {
		w.out.Segments[k] = groundtruth.Column{Name: j.names[k], Kind: groundtruth.Text, Dict: d.texts}
	}
	w.prepareFurther()
	return w
}

// free gives the tables' memory back.
func (w *joinWorker) free() {
	w.labels.free()
	w.preds.free()
	if w.within > 0 {
		w.deletes.free()
		w.states = nil
	}
	w.cached.free(w.mem)
}

// partition joins one partition and releases it: as a whole where it fits into the
// worker's share of memory. A larger one goes through tables that hold each id once,
// and what doesn't fit into these is split by further bits of the hash. So is first what
// fits into no near cache.
func (w *joinWorker) partition(ctx context.Context, parts *stored, part int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	exhausted := parts.off >= hashBits
	if !parts.split && parts.bytes(labelRecords, part)+parts.bytes(predictionRecords, part) > maxNear {
		return w.split(ctx, parts, part)
	}
	if w.within == 0 {
		if fits, err := w.joinCached(parts, part); fits || err != nil {
			return err
		}
	}
	err := w.fill(ctx, parts, part, !exhausted)
	switch {
	case errors.Is(err, errTableFull):
		if err := w.split(ctx, parts, part); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		parts.release(predictionRecords, part)
		parts.release(labelRecords, part)
		if w.within > 0 {
			w.emitWithin()
		} else {
			w.emit()
		}
	}
	if exhausted {
		w.free() // These tables may have outgrown their share.
	}
	return nil
}

// scratch returns memory for runs of records.
func (w *joinWorker) scratch() []byte {
	if w.buf == nil {
		w.buf = make([]byte, max(w.block, w.layout.size[predictionRecords], w.layout.size[labelRecords])+recordSlack)
	}
	return w.buf
}

// fill reads a partition into the tables and counts what it loses. Counts are kept
// only when all of it fitted; the rows that lost did so either way.
func (w *joinWorker) fill(ctx context.Context, parts *stored, part int, bound bool) error {
	if w.within > 0 {
		return w.fillWithin(ctx, parts, part, bound)
	}
	w.labels.reset()
	w.preds.reset()
	size := w.layout.size[labelRecords]
	err := parts.each(ctx, labelRecords, part, w.scratch(), func(records []byte) error {
		for at := 0; at < len(records); at += size {
			rec := records[at : at+size+recordSlack]
			if err := w.labels.add(getHash(rec), w.layout.label(rec), bound); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	duplicates, err := w.fillPredictions(ctx, parts, part, bound)
	if err != nil {
		return err
	}
	w.coverage.DuplicatePredictions += duplicates
	return nil
}

// fillPredictions reads the predictions of a partition into their table, and returns how
// many were duplicates.
func (w *joinWorker) fillPredictions(ctx context.Context, parts *stored, part int, bound bool) (duplicates int64, err error) {
	size := w.layout.size[predictionRecords]
	err = parts.each(ctx, predictionRecords, part, w.scratch(), func(records []byte) error {
		for at := 0; at < len(records); at += size {
			err := w.preds.add(records[at:at+size+recordSlack], bound, func(p prediction) {
				duplicates++
				w.lose(p.place)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return duplicates, err
}

// lose marks the row of a duplicate that doesn't count.
func (w *joinWorker) lose(place uint64) {
	object, row := w.layout.rowOf(place)
	w.losers[object].add(row, w.mem)
}

// split deals a partition to smaller ones and joins those.
func (w *joinWorker) split(ctx context.Context, parts *stored, part int) error {
	child := newPartitions(splitRadix, w.layout, w.arena, w.spill, w.block)
	for _, kind := range []recordKind{labelRecords, predictionRecords} {
		size := w.layout.size[kind]
		err := parts.each(ctx, kind, part, w.scratch(), func(records []byte) error {
			for at := 0; at < len(records); at += size {
				rec := records[at : at+size+recordSlack]
				copy(child.room(kind, getHash(rec).bits(parts.off, splitRadix)), rec)
			}
			return child.err
		})
		if err != nil {
			return err
		}
		parts.release(kind, part)
	}
	child.finish()
	children := &stored{of: []*partitions{child}, bits: splitRadix, off: parts.off + splitRadix, split: true}
	for i := range 1 << splitRadix {
		if err := w.partition(ctx, children, i); err != nil {
			return err
		}
	}
	return nil
}

// emit sends the matches of the tables and counts.
func (w *joinWorker) emit() {
	for e := range uint32(w.preds.n) {
		rec := w.preds.rec(e)
		w.coverage.Predictions++
		s := w.labels.lookup(getHash(rec))
		if s == nil {
			continue
		}
		l, what := s.resolve(w.how)
		if what != labelKnown {
			continue
		}
		s.matched = true
		w.match(rec, l.value, l.event, s.came, l.flags)
	}
	for i := range w.labels.states {
		countLabel(&w.coverage, &w.labels.states[i], w.how)
	}
}

// countLabel counts the label versions of an id.
func countLabel(c *groundtruth.Coverage, s *labelState, how groundtruth.Resolve) {
	c.DuplicateLabels += s.versions - 1
	if s.conflict {
		c.ConflictingLabels++
	}
	_, what := s.resolve(how)
	countOutcome(c, what, s.matched)
}

// countOutcome counts what became of an id that has label versions.
func countOutcome(c *groundtruth.Coverage, what outcome, matched bool) {
	switch what {
	case labelKnown:
		c.Labels++
		if !matched {
			c.UnmatchedLabels++
		}
	case labelIsDeleted:
		c.DeletedLabels++
	case labelIsNull:
		c.NullLabels++
	case labelConflicts:
	}
}

// match counts and appends a joined row.
func (w *joinWorker) match(rec []byte, label float64, event, came int64, flags uint8) {
	o, l := &w.out, w.layout
	w.coverage.Matched++
	time := l.predictionTime(rec)
	if w.hasTime && flags&labelTimed != 0 && event < time {
		w.coverage.LabelsBefore++
	}
	if w.delays.known {
		w.came.add(&w.delays, came, time)
	}
	if id := getHash(rec); w.sampled.may(id.lo) {
		if hash, ok := w.sampled.hashes[id]; ok {
			o.Sampled = append(o.Sampled, groundtruth.SampledRow{Row: o.Len, Hash: hash})
		}
	}
	o.Len++
	o.Times = append(o.Times, time)
	if w.further {
		w.appendFurther(rec, label)
	} else {
		o.Predictions = append(o.Predictions, getValue(rec))
		o.Labels = append(o.Labels, label)
	}
	if w.versions != nil {
		w.versions.appendTo(&o.Version, l.version(rec))
	}
	for k, d := range w.segments {
		d.appendTo(&o.Segments[k], l.segment(rec, k))
	}
	if l.groupAt > 0 {
		w.entities.of = append(w.entities.of, l.group(rec))
	}
	if o.Len == w.rows {
		w.flush()
	}
}

// appendTo appends a code plus one to a text column.
func (d *dictTexts) appendTo(c *groundtruth.Column, code uint32) {
	if code == 0 {
		c.Codes, c.Valid = append(c.Codes, 0), append(c.Valid, false)
		return
	}
	c.Codes, c.Valid = append(c.Codes, d.rank[code-1]), append(c.Valid, true)
}

// flush sends the joined rows that wait.
func (w *joinWorker) flush() {
	if w.out.Len > 0 {
		w.out.Narrow = w.narrow
		if w.layout.groupAt > 0 {
			w.entities.send(&w.out, w.sink)
		} else {
			w.sink.AddMatches(&w.out)
		}
	}
	o := &w.out
	o.Len = 0
	o.Times, o.Sampled = o.Times[:0], o.Sampled[:0]
	o.Predictions, o.Labels = o.Predictions[:0], o.Labels[:0]
	if w.further {
		w.emptyFurther()
	}
	emptyColumn(&o.Version)
	for k := range o.Segments {
		emptyColumn(&o.Segments[k])
	}
}

// emptyColumn empties a column and keeps its memory.
func emptyColumn(c *groundtruth.Column) {
	c.Codes, c.Valid = c.Codes[:0], c.Valid[:0]
}
