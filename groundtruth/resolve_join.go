package groundtruth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"
)

// matchRows is how many joined rows are sent to a sink at a time.
const matchRows = 4096

// joinPhase is the second half of a join, from narrow rows to matches.
type joinPhase struct {
	how      Resolve
	hasTime  bool
	versions *dictTexts   // nil when no version column is mapped
	segments []*dictTexts // in the order of Spec.Segments
	names    []string     // of the segments
	version  string       // name of the version column
	losers   []rowSet     // by prediction object
	mem      *memory
	spill    *spillStore
	share    int64 // bytes that each worker's tables may take
	block    int   // bytes of a block when a partition is split further
}

// dictTexts are the texts of a dictionary in order, and the place of each code.
type dictTexts struct {
	texts []string
	place []uint32
}

// rowSet is a set of row numbers of one object: pages of bits, made when first
// needed.
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
func (j *joinPhase) run(ctx context.Context, parts *partitions, sinks []Sink) (Coverage, error) {
	workers := make([]*joinWorker, len(sinks))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for i, sink := range sinks {
		w := newJoinWorker(j, sink)
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
	var c Coverage
	for _, w := range workers {
		c.add(w.coverage)
	}
	return c, err
}

// add sums counts.
func (c *Coverage) add(d Coverage) {
	c.Predictions += d.Predictions
	c.Labels += d.Labels
	c.Matched += d.Matched
	c.DuplicatePredictions += d.DuplicatePredictions
	c.DuplicateLabels += d.DuplicateLabels
	c.ConflictingLabels += d.ConflictingLabels
	c.UnmatchedLabels += d.UnmatchedLabels
	c.DeletedLabels += d.DeletedLabels
	c.NullLabels += d.NullLabels
	c.LabelsBefore += d.LabelsBefore
	c.HiddenLabels += d.HiddenLabels
}

// joinWorker joins partitions, one at a time.
type joinWorker struct {
	*joinPhase
	sink     Sink
	coverage Coverage
	labels   labelTable
	preds    predictionTable
	buf      []byte
	out      Matches
}

// newJoinWorker returns a worker that sends to sink.
func newJoinWorker(j *joinPhase, sink Sink) *joinWorker {
	w := &joinWorker{joinPhase: j, sink: sink}
	w.labels.table = table{mem: j.mem, share: j.share / 2}
	w.preds.table = table{mem: j.mem, share: j.share / 2}
	w.preds.size = predictionBytes + segmentBytes*len(j.segments)
	w.buf = make([]byte, max(j.block, w.preds.size, labelBytes))
	w.out.HasTime = j.hasTime
	if j.versions != nil {
		w.out.Version = Column{Name: j.version, Kind: Text, Dict: j.versions.texts}
	}
	w.out.Segments = make([]Column, len(j.segments))
	for k, d := range j.segments {
		w.out.Segments[k] = Column{Name: j.names[k], Kind: Text, Dict: d.texts}
	}
	return w
}

// free gives the tables' memory back.
func (w *joinWorker) free() {
	w.labels.free()
	w.preds.free()
}

// partition joins one partition and releases it. What doesn't fit into the tables
// is split by further bits of the hash.
func (w *joinWorker) partition(ctx context.Context, parts *partitions, part int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	exhausted := parts.off+parts.bits >= hashBits
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
		w.emit()
	}
	if exhausted {
		w.free() // These tables may have outgrown their share.
	}
	return nil
}

// fill reads a partition into the tables and counts what it loses. Counts are kept
// only when all of it fitted; the rows that lost did so either way.
func (w *joinWorker) fill(ctx context.Context, parts *partitions, part int, bound bool) error {
	w.labels.reset()
	w.preds.reset()
	err := parts.each(labelRecords, part, w.buf, func(records []byte) error {
		for ; len(records) > 0; records = records[labelBytes:] {
			if err := w.labels.add(getHash(records), getLabel(records), bound); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	var duplicates int64
	lost := func(p prediction) {
		duplicates++
		w.losers[p.object].add(p.row, w.mem)
	}
	err = parts.each(predictionRecords, part, w.buf, func(records []byte) error {
		for ; len(records) > 0; records = records[w.preds.size:] {
			if err := w.preds.add(records[:w.preds.size], bound, lost); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	w.coverage.DuplicatePredictions += duplicates
	return nil
}

// split deals a partition to smaller ones and joins those.
func (w *joinWorker) split(ctx context.Context, parts *partitions, part int) error {
	child := newPartitions(parts.off+parts.bits, smallRadix, w.mem, w.spill, len(w.segments), w.block)
	var s scatter
	var hashes []xxh3.Uint128
	for _, kind := range []recordKind{labelRecords, predictionRecords} {
		size := parts.size[kind]
		err := parts.each(kind, part, w.buf, func(records []byte) error {
			hashes = hashes[:0]
			for at := 0; at < len(records); at += size {
				hashes = append(hashes, getHash(records[at:]))
			}
			if err := s.run(child, kind, hashes, func(i int, rec []byte) { copy(rec, records[i*size:][:size]) }); err != nil {
				return err
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		parts.release(kind, part)
	}
	for i := range 1 << child.bits {
		if err := w.partition(ctx, child, i); err != nil {
			return err
		}
	}
	return nil
}

// emit sends the matches of the tables and counts.
func (w *joinWorker) emit() {
	c := &w.coverage
	for e := range uint32(w.preds.n) {
		rec := w.preds.rec(e)
		c.Predictions++
		hash := getHash(rec)
		s := w.labels.lookup(hash)
		if s == nil {
			continue
		}
		l, what := s.resolve(w.how)
		if what != labelKnown {
			continue
		}
		s.matched = true
		c.Matched++
		if w.hasTime && l.flags&labelTimed != 0 && l.event < getPrediction(rec).time {
			c.LabelsBefore++
		}
		w.match(rec, l.value)
	}
	for i := range w.labels.states {
		s := &w.labels.states[i]
		c.DuplicateLabels += s.versions - 1
		if s.conflict {
			c.ConflictingLabels++
		}
		switch _, what := s.resolve(w.how); what {
		case labelKnown:
			c.Labels++
			if !s.matched {
				c.UnmatchedLabels++
			}
		case labelIsDeleted:
			c.DeletedLabels++
		case labelIsNull:
			c.NullLabels++
		case labelConflicts:
		}
	}
}

// match appends a joined row.
func (w *joinWorker) match(rec []byte, label float64) {
	o, p := &w.out, getPrediction(rec)
	o.Len++
	o.Times = append(o.Times, p.time)
	o.IDHashes = append(o.IDHashes, getHash(rec).Lo)
	o.Predictions = append(o.Predictions, p.value)
	o.Labels = append(o.Labels, label)
	if w.versions != nil {
		w.versions.appendTo(&o.Version, p.version)
	}
	for k, d := range w.segments {
		d.appendTo(&o.Segments[k], getSegment(rec, k))
	}
	if o.Len == matchRows {
		w.flush()
	}
}

// appendTo appends a code plus one to a text column.
func (d *dictTexts) appendTo(c *Column, code uint32) {
	if code == 0 {
		c.Codes, c.Valid = append(c.Codes, 0), append(c.Valid, false)
		return
	}
	c.Codes, c.Valid = append(c.Codes, d.place[code-1]), append(c.Valid, true)
}

// flush sends the joined rows that wait.
func (w *joinWorker) flush() {
	if w.out.Len > 0 {
		w.sink.AddMatches(&w.out)
	}
	o := &w.out
	o.Len = 0
	o.Times, o.IDHashes = o.Times[:0], o.IDHashes[:0]
	o.Predictions, o.Labels = o.Predictions[:0], o.Labels[:0]
	o.Version.truncate()
	for k := range o.Segments {
		o.Segments[k].truncate()
	}
}

// truncate empties a column and keeps its memory.
func (c *Column) truncate() {
	c.Floats, c.Codes, c.Valid, c.Invalid = c.Floats[:0], c.Codes[:0], c.Valid[:0], 0
}
